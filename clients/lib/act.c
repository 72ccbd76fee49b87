#include "clients/lib/client.h"

#include "proto/decision.h"
#include "proto/time.h"

#include <stdio.h>
#include <time.h>

/* Members of an act's data (protocol.md 5.4), in the order in which they are written. */
typedef enum member {
    CASE,
    SIGNAL,
    HOUSEHOLD,
    INTO,
    FROM,
    BSN,
    TO,
    REGISSEUR,
    REASON,
    RESULT,
    OUTCOME,
    AGENCY,
    DECISION,
    CORRECTION,
    SERVICE,
    TEXT,
    ABSENT_FROM,
    ABSENT_TO,
    OTHER,
    DUE,
    OCCURRED_AT,
    PERSONS,
    ADDRESSES,
    REVISION,
    GOALS,
    MEMBERS
} member;

static const char *const names[MEMBERS] = {
    [CASE] = "case",
    [SIGNAL] = "signal",
    [HOUSEHOLD] = "household",
    [INTO] = "into",
    [FROM] = "from",
    [BSN] = "bsn",
    [TO] = "to",
    [REGISSEUR] = "regisseur",
    [REASON] = "reason",
    [RESULT] = "result",
    [OUTCOME] = "outcome",
    [AGENCY] = "agency",
    [DECISION] = "decision",
    [CORRECTION] = "correction",
    [SERVICE] = "service",
    [TEXT] = "text",
    [ABSENT_FROM] = "from",
    [ABSENT_TO] = "to",
    [OTHER] = "other",
    [DUE] = "due",
    [OCCURRED_AT] = "occurred_at",
    [PERSONS] = "persons",
    [ADDRESSES] = "addresses",
    [REVISION] = "revision",
    [GOALS] = "goals",
};

#define M(member) (1u << (member))
#define ONE       (M(HOUSEHOLD) | M(SIGNAL) | M(AGENCY) | M(BSN)) /* what it is about; the broker asks for one */

static const struct {
    unsigned needs, may;
} acts[] = {
    [VDR_ACT_SIGNAL_WITHDRAWN] = {M(SIGNAL) | M(REASON), 0},
    [VDR_ACT_SIGNAL_ENDED] = {M(SIGNAL), M(OCCURRED_AT)},
    [VDR_ACT_FEEDBACK] = {M(SIGNAL) | M(RESULT), M(AGENCY)},
    [VDR_ACT_CASE_ACCEPTED] = {M(CASE), 0},
    [VDR_ACT_CASE_DECLINED] = {M(CASE) | M(REASON), 0},
    [VDR_ACT_CASE_DISMISSED] = {M(CASE) | M(REASON), 0},
    [VDR_ACT_CASE_ASSIGNED] = {M(CASE) | M(REGISSEUR), 0},
    [VDR_ACT_HANDOVER_OFFERED] = {M(CASE) | M(TO), 0},
    [VDR_ACT_HANDOVER_ACCEPTED] = {M(CASE), 0},
    [VDR_ACT_CASE_ESCALATED] = {M(CASE) | M(TO) | M(REASON), 0},
    [VDR_ACT_PLAN_SET] = {M(CASE) | M(REVISION), M(GOALS)},
    [VDR_ACT_CASE_CLOSED] = {M(CASE) | M(OUTCOME), 0},
    [VDR_ACT_HOUSEHOLD_MERGED] = {M(INTO) | M(FROM), 0},
    [VDR_ACT_HOUSEHOLD_SPLIT] = {M(HOUSEHOLD), M(PERSONS) | M(ADDRESSES)},
    [VDR_ACT_PERSON_MOVED] = {M(BSN) | M(TO), 0},
    [VDR_ACT_ERASED] = {M(HOUSEHOLD), 0},
    [VDR_ACT_CONFLICT_DECLARED] = {M(REGISSEUR), M(HOUSEHOLD) | M(BSN)},
    [VDR_ACT_CONFLICT_LIFTED] = {M(REGISSEUR), M(HOUSEHOLD) | M(BSN)},
    [VDR_ACT_OBJECTED] = {M(REASON), ONE | M(DUE)},
    [VDR_ACT_OBJECTION_DECIDED] = {M(REASON) | M(DECISION), ONE},
    [VDR_ACT_RESTRICTED] = {M(REASON), ONE},
    [VDR_ACT_RESTRICTION_LIFTED] = {M(REASON), ONE},
    [VDR_ACT_ERASURE_REQUESTED] = {M(HOUSEHOLD) | M(REASON), M(DUE)},
    [VDR_ACT_ERASURE_REQUEST_WITHDRAWN] = {M(HOUSEHOLD) | M(REASON), 0},
    [VDR_ACT_HOLD_PLACED] = {M(HOUSEHOLD) | M(REASON), 0},
    [VDR_ACT_HOLD_CONFIRMED] = {M(HOUSEHOLD), 0},
    [VDR_ACT_HOLD_LIFTED] = {M(HOUSEHOLD) | M(REASON), 0},
    [VDR_ACT_PERSON_ERASED] = {M(HOUSEHOLD) | M(BSN), 0},
    [VDR_ACT_RECTIFICATION_REQUESTED] = {M(SIGNAL) | M(CORRECTION), M(AGENCY) | M(DUE)},
    [VDR_ACT_NOTE_SENT] = {M(CASE) | M(TEXT), M(AGENCY) | M(SERVICE)}, /* the broker asks for one */
    [VDR_ACT_NOTE_ANSWERED] = {M(SIGNAL) | M(TEXT), M(AGENCY)},
    [VDR_ACT_ABSENCE_SET] = {M(REGISSEUR) | M(ABSENT_FROM) | M(ABSENT_TO), 0},
    [VDR_ACT_ABSENCE_LIFTED] = {M(REGISSEUR) | M(ABSENT_FROM) | M(ABSENT_TO), 0},
    [VDR_ACT_REVIEW_SET_ASIDE] = {M(HOUSEHOLD) | M(OTHER), M(REASON)},
};

static void
put(vdr_bytes *out, const char *text)
{
    vdr_bytes_add(out, vdr_span_str(text));
}

static void
put_string(vdr_bytes *out, vdr_span text)
{
    size_t bytes = vdr_json_string(text, NULL, 0);
    (void)vdr_json_string(text, (char *)vdr_bytes_extend(out, bytes), bytes);
}

static void
put_instant(vdr_bytes *out, vdr_ms ms)
{
    char text[VDR_TIME_TEXT_BYTES];
    vdr_time_format(ms, text);
    put_string(out, vdr_span_of(text, sizeof text));
}

/* "H12" */
static void
put_numbered(vdr_bytes *out, char letter, uint64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "\"%c%llu\"", letter, (unsigned long long)number);
    put(out, text);
}

static void
put_array(vdr_bytes *out, const char *const *texts, size_t count)
{
    put(out, "[");
    for (size_t i = 0; i < count; i++) {
        put(out, i > 0 ? "," : "");
        put_string(out, vdr_span_str(texts[i]));
    }
    put(out, "]");
}

static void
put_goals(vdr_bytes *out, const vdr_wire_goal *goals, size_t count)
{
    put(out, "[");
    for (size_t i = 0; i < count; i++) {
        put(out, i > 0 ? ",{\"domain\":" : "{\"domain\":");
        put_string(out, goals[i].domain);
        put(out, ",\"text\":");
        put_string(out, goals[i].text);
        put(out, ",\"owner\":");
        put_string(out, goals[i].owner);
        put(out, ",\"due\":");
        put_instant(out, goals[i].due_ms);
        put(out, ",\"state\":");
        put_string(out, goals[i].state);
        put(out, "}");
    }
    put(out, "]");
}

/* The members that are texts; NULL for the others. */
static const char *
text_of(const vdr_client_act *act, member m)
{
    const char *const texts[MEMBERS] = {
        [SIGNAL] = act->signal,         [BSN] = act->bsn,         [TO] = act->to,
        [REGISSEUR] = act->regisseur,   [REASON] = act->reason,   [RESULT] = act->result,
        [OUTCOME] = act->outcome,       [AGENCY] = act->agency,   [DECISION] = act->decision,
        [CORRECTION] = act->correction, [SERVICE] = act->service, [TEXT] = act->text,
    };
    return texts[m];
}

static bool
has(const vdr_client_act *act, member m)
{
    switch (m) {
    case CASE:
        return act->case_id.number != 0;
    case HOUSEHOLD:
        return act->household.number != 0;
    case INTO:
        return act->into.number != 0;
    case FROM:
        return act->from.number != 0;
    case OCCURRED_AT:
        return act->occurred_at != 0;
    case DUE:
        return act->due != 0;
    case OTHER:
        return act->other.number != 0;
    case ABSENT_FROM:
        return act->absent_from != 0;
    case ABSENT_TO:
        return act->absent_to != 0;
    case PERSONS:
        return act->person_count != 0;
    case ADDRESSES:
        return act->address_count != 0;
    case REVISION:
        return act->plan_revision != 0;
    case GOALS:
        return act->act == VDR_ACT_PLAN_SET; /* a plan without goals has an empty array */
    case SIGNAL:
    case BSN:
    case TO:
    case REGISSEUR:
    case REASON:
    case RESULT:
    case OUTCOME:
    case AGENCY:
    case DECISION:
    case CORRECTION:
    case SERVICE:
    case TEXT:
    case MEMBERS:
        break;
    }
    return text_of(act, m) != NULL;
}

static void
put_member(vdr_bytes *out, const vdr_client_act *act, member m)
{
    char number[24];

    put(out, ",\"");
    put(out, names[m]);
    put(out, "\":");
    switch (m) {
    case CASE:
        put_numbered(out, 'C', act->case_id.number);
        break;
    case HOUSEHOLD:
        put_numbered(out, 'H', act->household.number);
        break;
    case INTO:
        put_numbered(out, 'H', act->into.number);
        break;
    case FROM:
        put_numbered(out, 'H', act->from.number);
        break;
    case OTHER:
        put_numbered(out, 'H', act->other.number);
        break;
    case OCCURRED_AT:
        put_instant(out, act->occurred_at);
        break;
    case DUE:
        put_instant(out, act->due);
        break;
    case ABSENT_FROM:
        put_instant(out, act->absent_from);
        break;
    case ABSENT_TO:
        put_instant(out, act->absent_to);
        break;
    case PERSONS:
        put_array(out, act->persons, act->person_count);
        break;
    case ADDRESSES:
        put_array(out, act->addresses, act->address_count);
        break;
    case REVISION:
        snprintf(number, sizeof number, "%llu", (unsigned long long)act->plan_revision);
        put(out, number);
        break;
    case GOALS:
        put_goals(out, act->goals, act->goal_count);
        break;
    case SIGNAL:
    case BSN:
    case TO:
    case REGISSEUR:
    case REASON:
    case RESULT:
    case OUTCOME:
    case AGENCY:
    case DECISION:
    case CORRECTION:
    case SERVICE:
    case TEXT:
    case MEMBERS:
        put_string(out, vdr_span_str(text_of(act, m)));
    }
}

/* Its id: the caller's, or 128 random bits. */
static void
put_id(vdr_bytes *out, const vdr_client_act *act)
{
    char text[40];

    if (act->id == NULL) {
        snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)vdr_lib_random(UINT64_MAX),
                 (unsigned long long)vdr_lib_random(UINT64_MAX));
    }
    put_string(out, vdr_span_str(act->id != NULL ? act->id : text));
}

static vdr_ms
now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_REALTIME, &time);
    return (vdr_ms)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool
good_instant(vdr_ms ms)
{
    return ms >= 0 && ms <= VDR_TIME_MAX;
}

/* False: the words say what is missing, does not belong, or cannot be written. */
static bool
has_its_members(const vdr_client_act *act, char *ret_words)
{
    for (member m = 0; m < MEMBERS; m++) {
        bool needed = (acts[act->act].needs & M(m)) != 0, known = needed || (acts[act->act].may & M(m)) != 0;
        if (has(act, m) ? known : !needed)
            continue;
        snprintf(ret_words, 256, "%s %s %s", vdr_act_name(act->act), needed ? "needs" : "has no", names[m]);
        return false;
    }
    bool good = good_instant(act->time) && good_instant(act->occurred_at) && good_instant(act->due) &&
                good_instant(act->absent_from) && good_instant(act->absent_to);
    for (size_t i = 0; i < act->goal_count; i++)
        good = good && good_instant(act->goals[i].due_ms);
    if (good)
        return true;
    snprintf(ret_words, 256, "an instant is not in the years 1970 to 9999");
    return false;
}

vdr_err
vdr_lib_act_write(const vdr_client_act *act, vdr_span source, vdr_span municipality, vdr_bytes *out,
                  char *ret_words)
{
    VDR_ASSERT(act->act >= VDR_ACT_SIGNAL_WITHDRAWN && act->act <= VDR_ACT_LAST);
    if (!has_its_members(act, ret_words))
        return VDR_E_USAGE;
    put(out, "{\"specversion\":\"1.0\",\"id\":");
    put_id(out, act);
    put(out, ",\"source\":");
    put_string(out, source);
    put(out, ",\"type\":\"nl.voordeur.");
    put(out, vdr_act_name(act->act));
    put(out, ".v1\",\"time\":");
    put_instant(out, act->time != 0 ? act->time : now());
    put(out, ",\"data\":{\"municipality\":");
    put_string(out, municipality);
    for (member m = 0; m < MEMBERS; m++) {
        if (has(act, m))
            put_member(out, act, m);
    }
    put(out, "}}");
    return VDR_OK;
}

/* As this party, in this session. A broker whose clock is that of its events (a demonstration) must not be
 * sent the wall's time: the town would jump to it. */
static vdr_err
write_own(const vdr_client *client, const vdr_client_act *act, vdr_bytes *out, char *ret_words)
{
    const vdr_wire_welcome *welcome = &client->session.welcome;
    vdr_client_act timed = *act;
    if (timed.time == 0 && welcome->clock == VDR_WIRE_CLOCK_EVENT)
        timed.time = welcome->broker_time_ms;
    vdr_err err = vdr_lib_act_write(&timed, welcome->source, welcome->municipality, out, ret_words);
    if (err != VDR_OK || welcome->limits.event_bytes == 0 || out->len <= welcome->limits.event_bytes)
        return err;
    (void)snprintf(ret_words, 256, "its event has %zu bytes, and at most %u are taken", out->len,
                   welcome->limits.event_bytes);
    return VDR_E_TOO_BIG; /* the broker could only call it malformed */
}

vdr_err
vdr_client_act_async(vdr_client *client, const vdr_client_act *act, uint64_t *ret_number)
{
    char words[256];
    vdr_bytes json = {0};

    if (!client->session.welcomed)
        return vdr_lib_fail(client, VDR_E_DISCONNECTED, "there was no session yet");
    vdr_err err = write_own(client, act, &json, words);
    if (err != VDR_OK) {
        (void)vdr_lib_fail(client, err, words);
    } else {
        vdr_wire_item item = {
            .json = vdr_bytes_span(&json), .check_revision = act->check_revision, .revision = act->revision};
        err = vdr_client_publish_async(client, &item, 1, ret_number);
    }
    vdr_bytes_done(&json);
    return err;
}

vdr_err
vdr_client_act_send(vdr_client *client, const vdr_client_act *act, vdr_wire_result *ret_result,
                    int64_t timeout_ms)
{
    int64_t until = timeout_ms < 0 ? INT64_MAX : vdr_lib_now_ms() + timeout_ms;
    char words[256];
    vdr_bytes json = {0};

    if (!client->session.welcomed) {
        vdr_err err = vdr_client_connect(client, timeout_ms);
        if (err != VDR_OK)
            return err;
    }
    vdr_err err = write_own(client, act, &json, words);
    if (err != VDR_OK) {
        (void)vdr_lib_fail(client, err, words);
    } else {
        vdr_wire_item item = {
            .json = vdr_bytes_span(&json), .check_revision = act->check_revision, .revision = act->revision};
        int64_t left = until == INT64_MAX ? -1 : until - vdr_lib_now_ms();
        err = vdr_client_publish(client, &item, 1, ret_result, left < 0 && timeout_ms >= 0 ? 0 : left);
    }
    vdr_bytes_done(&json);
    return err;
}

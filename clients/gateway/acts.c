/* Acts: what people do, as events of protocol.md 5.4, 5.10 and 5.14. One table says which members a body has and where
 * they go; the path names what the act is about. */
#include "clients/gateway/acts.h"

#include "clients/gateway/routes.h"
#include "clients/gateway/stream.h"

#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define GOALS_MAX   100
#define PERSONS_MAX 100
#define KEY_BYTES   64
#define DAY_MS      86400000

typedef enum kind { TEXT, NAME, DIGITS, CASE, HOUSEHOLD, INSTANT, NUMBER, TEXTS, GOALS } kind;

typedef struct member {
    const char *name; /* NULL: the last one */
    kind kind;
    bool required;
    size_t most; /* bytes; of DIGITS exactly so many */
    size_t offset;
} member;

typedef struct spec {
    vdr_act act;
    bool body;    /* there may be one */
    bool missing; /* it may be left out */
    char path; /* what the path names: S signal, C case, H household, I household `into`, R regisseur, or 0 */
    member members[6];
} spec;

#define AT(field) offsetof(vdr_client_act, field)
#define FREE      VDR_TEXT_MAX

/* clang-format off */
static const spec specs[] = {
    {VDR_ACT_SIGNAL_WITHDRAWN, true, false, 'S', {{"reason", TEXT, true, FREE, AT(reason)}}},
    {VDR_ACT_SIGNAL_ENDED, true, true, 'S', {{"occurredAt", INSTANT, false, 0, AT(occurred_at)}}},
    {VDR_ACT_FEEDBACK, true, false, 'S', {{"result", TEXT, true, FREE, AT(result)},
                                          {"agency", NAME, false, 256, AT(agency)}}},
    {VDR_ACT_NOTE_ANSWERED, true, false, 'S', {{"text", TEXT, true, FREE, AT(text)},
                                               {"agency", NAME, false, 256, AT(agency)}}},
    {VDR_ACT_CASE_ACCEPTED, true, true, 'C', {{0}}},
    {VDR_ACT_CASE_DECLINED, true, false, 'C', {{"reason", TEXT, true, FREE, AT(reason)}}},
    {VDR_ACT_CASE_DISMISSED, true, false, 'C', {{"reason", TEXT, true, FREE, AT(reason)}}},
    {VDR_ACT_HANDOVER_OFFERED, true, false, 'C', {{"to", NAME, true, 256, AT(to)}}},
    {VDR_ACT_HANDOVER_ACCEPTED, true, true, 'C', {{0}}},
    {VDR_ACT_CASE_ESCALATED, true, false, 'C', {{"to", TEXT, true, 1024, AT(to)},
                                                {"reason", TEXT, true, FREE, AT(reason)}}},
    {VDR_ACT_CASE_CLOSED, true, false, 'C', {{"outcome", TEXT, true, FREE, AT(outcome)}}},
    {VDR_ACT_PLAN_SET, true, false, 'C', {{"revision", NUMBER, true, 0, AT(plan_revision)},
                                          {"goals", GOALS, true, GOALS_MAX, AT(goals)}}},
    {VDR_ACT_CASE_ASSIGNED, true, false, 'C', {{"regisseur", NAME, true, 256, AT(regisseur)}}},
    {VDR_ACT_NOTE_SENT, true, false, 'C', {{"text", TEXT, true, FREE, AT(text)},
                                           {"agency", NAME, false, 256, AT(agency)},
                                           {"service", NAME, false, 256, AT(service)}}},
    {VDR_ACT_HOUSEHOLD_MERGED, true, false, 'I', {{"from", HOUSEHOLD, true, 0, AT(from)}}},
    {VDR_ACT_HOUSEHOLD_SPLIT, true, false, 'H', {{"persons", TEXTS, false, PERSONS_MAX, AT(persons)},
                                                 {"addresses", TEXTS, false, PERSONS_MAX, AT(addresses)}}},
    {VDR_ACT_CONFLICT_DECLARED, true, false, 'H', {{"regisseur", NAME, true, 256, AT(regisseur)}}},
    {VDR_ACT_CONFLICT_DECLARED, true, false, 0, {{"regisseur", NAME, true, 256, AT(regisseur)},
                                                 {"bsn", DIGITS, true, 9, AT(bsn)}}},
    {VDR_ACT_CONFLICT_LIFTED, false, true, 'H', {{0}}},
    {VDR_ACT_CONFLICT_LIFTED, true, false, 0, {{"regisseur", NAME, true, 256, AT(regisseur)},
                                               {"bsn", DIGITS, true, 9, AT(bsn)}}},
    {VDR_ACT_REVIEW_SET_ASIDE, true, false, 0, {{"household", HOUSEHOLD, true, 0, AT(household)},
                                                {"other", HOUSEHOLD, true, 0, AT(other)},
                                                {"reason", TEXT, false, FREE, AT(reason)}}},
    {VDR_ACT_ABSENCE_SET, true, false, 'R', {{"from", INSTANT, true, 0, AT(absent_from)},
                                             {"to", INSTANT, true, 0, AT(absent_to)}}},
    {VDR_ACT_PERSON_MOVED, true, false, 0, {{"bsn", DIGITS, true, 9, AT(bsn)}, {"to", DIGITS, true, 16, AT(to)}}},
    {VDR_ACT_ERASED, true, false, 0, {{"household", HOUSEHOLD, true, 0, AT(household)},
                                      {"bsn", DIGITS, false, 9, AT(bsn)}}},
};
/* clang-format on */

/* ---- Reading ---- */

static void *
field_of(vdr_acting *acting, const member *m)
{
    return (uint8_t *)&acting->act + m->offset;
}

static void
read_texts(vdr_form *form, vdr_acting *acting, const member *m)
{
    const json_t *array = vdr_form_array(form, m->name, m->required, 0, m->most);
    bool persons = m->offset == AT(persons);
    size_t count = json_array_size(array);
    if (count == 0)
        return;
    const char **texts = vdr_alloc(count, sizeof *texts);
    void *kept = texts;
    for (size_t i = 0; i < count; i++) {
        char at[VDR_POINTER_BYTES];
        const json_t *value = json_array_get(array, i);
        texts[i] = json_string_value(value);
        size_t len = json_string_length(value);
        if (texts[i] != NULL && len != 0 && len <= 256)
            continue;
        (void)snprintf(at, sizeof at, "%s/%s/%zu", form->at, m->name, i);
        vdr_faults_add(form->faults, at, "bad_value", "a text of 1 to 256 bytes is asked for");
    }
    if (persons) {
        acting->persons = kept;
        acting->act.persons = texts;
        acting->act.person_count = count;
    } else {
        acting->addresses = kept;
        acting->act.addresses = texts;
        acting->act.address_count = count;
    }
}

static vdr_span
span_of(const char *text)
{
    return vdr_span_of(text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

static void
read_goals(vdr_form *form, vdr_acting *acting, const member *m)
{
    const json_t *array = vdr_form_array(form, m->name, m->required, 0, m->most);
    size_t count = json_array_size(array);
    acting->goals = vdr_alloc(count + 1, sizeof *acting->goals);
    for (size_t i = 0; i < count; i++) {
        char at[64];
        vdr_form goal;
        vdr_wire_goal *to = &acting->goals[i];
        (void)snprintf(at, sizeof at, "/%s/%zu", m->name, i);
        vdr_form_begin(&goal, json_array_get(array, i), at, form->faults);
        if (!json_is_object(goal.object)) {
            vdr_faults_add(form->faults, at, "wrong_type", "an object is asked for");
            continue;
        }
        to->domain = span_of(vdr_form_text(&goal, "domain", true, 1, 256));
        to->text = span_of(vdr_form_text(&goal, "text", true, 1, FREE));
        to->owner = span_of(vdr_form_text(&goal, "owner", true, 1, 1024));
        vdr_form_instant(&goal, "due", true, &to->due_ms);
        to->state = span_of(vdr_form_text(&goal, "state", true, 1, 256));
        vdr_form_end(&goal);
    }
    acting->act.goals = acting->goals;
    acting->act.goal_count = count;
}

static void
read_member(vdr_form *form, vdr_acting *acting, const member *m)
{
    void *field = field_of(acting, m);
    switch (m->kind) {
    case TEXT:
    case NAME:
        *(const char **)field = vdr_form_text(form, m->name, m->required, 1, m->most);
        break;
    case DIGITS:
        *(const char **)field = vdr_form_digits(form, m->name, m->required, m->most);
        break;
    case CASE:
        vdr_form_id(form, m->name, m->required, 'C', &((vdr_case_id *)field)->number);
        break;
    case HOUSEHOLD:
        vdr_form_id(form, m->name, m->required, 'H', &((vdr_household_id *)field)->number);
        break;
    case INSTANT:
        vdr_form_instant(form, m->name, m->required, field);
        break;
    case NUMBER:
        vdr_form_number(form, m->name, m->required, 1, INT64_MAX, field);
        break;
    case TEXTS:
        read_texts(form, acting, m);
        break;
    case GOALS:
        read_goals(form, acting, m);
        break;
    }
}

/* ---- Which act it is: its id and its time ---- */

/* The time of an act is part of its event, and equal events have equal times: so one with a key has the time that lies
 * in the key, a UUID of version 7, or else always this one. The broker then knows the act again from its log, whatever
 * became of this process; when it was done, the log says. */
#define TIMELESS_MS 1000

/* Milliseconds of a UUID of version 7, the first 48 bits. */
static bool
uuid_time(vdr_span key, vdr_ms *ret_at)
{
    vdr_ms at = 0;
    if (key.len != 36 || key.at[8] != '-' || key.at[13] != '-' || key.at[14] != '7')
        return false;
    for (size_t i = 0; i < 13; i++) {
        uint8_t c = key.at[i];
        if (i == 8)
            continue;
        uint8_t letter = c | 0x20; /* written small, and read in either case (RFC 9562 section 4) */
        int digit = c >= '0' && c <= '9' ? c - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        at = at * 16 + digit;
    }
    *ret_at = at;
    return true;
}

static bool
good_key(vdr_span key)
{
    bool good = key.len >= 1 && key.len <= KEY_BYTES;
    for (size_t i = 0; i < key.len && good; i++) {
        uint8_t c = key.at[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_' || c == '~';
    }
    return good;
}

static void
read_identity(vdr_ask *ask, vdr_acting *acting)
{
    vdr_span key = vdr_http_header(ask->request, "idempotency-key");
    char boot[2 * sizeof ask->api->boot + 1];
    /* A town whose clock is that of its events must not jump to what a client says. */
    bool told = vdr_party_welcome(ask->party)->clock == VDR_WIRE_CLOCK_WALL;
    acting->act.id = acting->id;
    if (key.at == NULL) {
        (void)sodium_bin2hex(boot, sizeof boot, ask->api->boot, sizeof ask->api->boot);
        (void)snprintf(acting->id, sizeof acting->id, "http-%s-%llu", boot,
                       (unsigned long long)++ask->api->next_act); /* and its time is now */
        return;
    }
    if (!good_key(key)) {
        vdr_faults_add(&ask->faults, "#Idempotency-Key", "bad_value",
                       "1 to 64 of the signs A-Z a-z 0-9 - . _ ~ are asked for");
        return;
    }
    (void)snprintf(acting->id, sizeof acting->id, "http-key-%.*s", (int)key.len, (const char *)key.at);
    if (!told || !uuid_time(key, &acting->act.time))
        acting->act.time = TIMELESS_MS;
    else if (acting->act.time > vdr_api_now_ms() + DAY_MS)
        vdr_faults_add(&ask->faults, "#Idempotency-Key", "bad_value",
                       "it is a UUID of version 7 whose time lies in the future");
    if (acting->act.act == VDR_ACT_SIGNAL_ENDED && acting->act.time == TIMELESS_MS &&
        acting->act.occurred_at == 0)
        vdr_faults_add(
            &ask->faults, "/occurredAt", "required",
            "an Idempotency-Key that is no UUID of version 7 has no time, so the end must be told");
}

static void
read_revision(vdr_ask *ask, vdr_acting *acting)
{
    vdr_span match = vdr_http_header(ask->request, "if-match");
    if (match.at == NULL || acting->act.case_id.number == 0)
        return;
    acting->act.check_revision = true;
    if (match.len < 3 || match.at[0] != '"' || match.at[match.len - 1] != '"' ||
        !vdr_number_read(vdr_span_of(match.at + 1, match.len - 2), &acting->act.revision))
        vdr_faults_add(&ask->faults, "#If-Match", "bad_value", "the ETag of the case is asked for, as \"7\"");
}

/* ---- Doing ---- */

static void
on_result(void *context, size_t index, vdr_err err, const vdr_client_result *result)
{
    vdr_ask *ask = context;
    vdr_acting *acting = ask->own;
    vdr_writer *w = &ask->w;
    (void)index;
    if (err != VDR_E_ACCEPTED && err != VDR_E_DUPLICATE) {
        vdr_ask_refuse(ask, err, result != NULL ? result->text : (vdr_span){0},
                       result != NULL ? result->retry_after_ms : 0);
        return;
    }
    if (err == VDR_E_ACCEPTED)
        vdr_streams_tell(ask->api->streams, ask->request->identity.party, acting->id, &result->detail);
    vdr_write_open(w, NULL, '{');
    vdr_write_string(w, "id", acting->id);
    vdr_write_number(w, "position", result->detail.position);
    vdr_write_instant_if(w, "receivedAt", result->detail.at_ms);
    vdr_write_string(w, "result", vdr_err_code(VDR_E_ACCEPTED));
    vdr_write_id_if(w, "case", 'C', result->detail.case_id.number);
    if (result->detail.case_id.number != 0)
        vdr_write_number(w, "revision", result->detail.revision);
    vdr_write_close(w, '}');
    vdr_ask_answer(ask, err == VDR_E_ACCEPTED ? 201 : 200);
}

void
vdr_acting_begin(vdr_ask *ask)
{
    vdr_acting *acting = ask->own;
    read_identity(ask, acting);
    read_revision(ask, acting);
    if (vdr_ask_sound(ask))
        vdr_party_act(ask->party, &acting->act, on_result, ask);
}

static void
acting_done(void *own)
{
    vdr_acting *acting = own;
    free(acting->signal);
    free(acting->other);
    free(acting->persons);
    free(acting->addresses);
    free(acting->goals);
}

vdr_acting *
vdr_acting_new(vdr_ask *ask, vdr_act act)
{
    vdr_acting *acting = vdr_alloc(1, sizeof *acting);
    acting->act.act = act;
    ask->own = acting;
    ask->own_done = acting_done;
    return acting;
}

/* What the path names. False: it is no name, so there is nothing of it. */
static bool
read_path(vdr_ask *ask, vdr_acting *acting, char path)
{
    switch (path) {
    case 'S':
        acting->signal = vdr_ask_copy(vdr_ask_path(ask, 0));
        acting->act.signal = acting->signal;
        return true;
    case 'C':
        return vdr_ask_path_id(ask, 0, 'C', &acting->act.case_id.number);
    case 'H':
        return vdr_ask_path_id(ask, 0, 'H', &acting->act.household.number);
    case 'R':
        acting->other = vdr_ask_copy(vdr_ask_path(ask, 0));
        acting->act.regisseur = acting->other;
        return true;
    case 'I':
        return vdr_ask_path_id(ask, 0, 'H', &acting->act.into.number);
    default:
        return true;
    }
}

static const spec *
spec_of(const vdr_route *route)
{
    bool in_path = strchr(route->pattern, '{') != NULL;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        if ((unsigned)specs[i].act == route->what && (specs[i].path != 0) == in_path)
            return &specs[i];
    }
    vdr_assert_failed(__FILE__, __LINE__, "every route of an act has its members");
}

void
vdr_call_act(vdr_ask *ask)
{
    const spec *s = spec_of(ask->route);
    vdr_form form;
    vdr_acting *acting = vdr_acting_new(ask, s->act);
    if (!read_path(ask, acting, s->path)) {
        vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
        return;
    }
    if (s->body) {
        if (!vdr_ask_form(ask, !s->missing, &form))
            return;
        for (const member *m = s->members; m < s->members + 6 && m->name != NULL; m++)
            read_member(&form, acting, m);
        if (s->act == VDR_ACT_ABSENCE_SET && form.faults->count == 0 &&
            acting->act.absent_from >= acting->act.absent_to)
            vdr_form_fault(&form, "to", "bad_value", "it is not after from");
        if (s->act == VDR_ACT_NOTE_SENT && (acting->act.agency != NULL) == (acting->act.service != NULL))
            vdr_faults_add(&ask->faults, "", "required", "one of agency and service is asked for");
        vdr_form_end(&form);
    } else { /* the path's other name */
        acting->other = vdr_ask_copy(vdr_ask_path(ask, 1));
        acting->act.regisseur = acting->other;
    }
    if (s->act == VDR_ACT_ERASED && acting->act.bsn != NULL)
        acting->act.act = VDR_ACT_PERSON_ERASED;
    vdr_acting_begin(ask);
}

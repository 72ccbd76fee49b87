/* What a client of session_fuzz says, made from the fuzzer's bytes: each frame in good form, with values from small
 * pools so that frames have to do with each other. Bytes that are used up are zeros. */
#ifndef TESTS_FUZZ_SESSION_FRAMES_H
#define TESTS_FUZZ_SESSION_FRAMES_H

#include "proto/codec.h"
#include "proto/time.h"
#include "tests/fuzz/session_clients.h"
#include "tests/fuzz/session_town.h"

#include <stdarg.h>

typedef struct dice {
    const uint8_t *at, *end;
    unsigned acts; /* said so far: their ids */
} dice;

static inline uint8_t
roll(dice *d)
{
    return d->at < d->end ? *d->at++ : 0;
}

static inline unsigned
roll_of(dice *d, unsigned sides)
{
    return roll(d) % sides;
}

static inline bool
one_in(dice *d, unsigned sides)
{
    return roll(d) % sides == sides - 1;
}

/* So many of the bytes that are left. */
static inline vdr_span
roll_bytes(dice *d, size_t max)
{
    size_t left = (size_t)(d->end - d->at), len = roll(d);
    len = len | (size_t)(max > 255 ? roll_of(d, 4) : 0) << 8;
    left = (size_t)(d->end - d->at);
    len = len < max ? len : max;
    len = len < left ? len : left;
    vdr_span bytes = vdr_span_of(d->at, len);
    d->at += len;
    return len != 0 ? bytes : (vdr_span){0};
}

/* ---- texts */

typedef struct page {
    char at[4096];
    size_t len;
} page;

static inline void __attribute__((format(printf, 2, 3))) put(page *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(p->at + p->len, sizeof p->at - p->len, format, args);
    va_end(args);
    VDR_ASSERT(len >= 0 && p->len + (size_t)len < sizeof p->at);
    p->len += (size_t)len;
}

static inline vdr_span
page_span(const page *p)
{
    return vdr_span_of(p->at, p->len);
}

static const char *const bsns[] = {"999990342", "999990354", "999990366", "999990378", "123456789", ""};
static const char *const bags[] = {"9901200000000001", "9901200000000002", "9901200000000009", "99"};
static const char *const regisseurs[] = {"anna", "bo", "nobody"};
static const char *const agencies[] = {"school", "police", "housing", "brp", "nobody"};

#define PICK(d, list) (list[roll_of(d, sizeof list / sizeof list[0])])

static inline void
put_instant(page *p, vdr_ms at)
{
    char text[VDR_TIME_TEXT_BYTES];
    vdr_time_format(at < 0 ? 0 : at > VDR_TIME_MAX ? VDR_TIME_MAX : at, text);
    put(p, "%.*s", (int)sizeof text, text);
}

/* About now, on either side. */
static inline vdr_ms
roll_instant(dice *d, vdr_ms now)
{
    static const int64_t steps[] = {
        0, 1000, 3600000, VDR_DAY_MS, 20 * VDR_DAY_MS, 61 * VDR_DAY_MS, 100 * VDR_DAY_MS};
    int64_t step = PICK(d, steps);
    return one_in(d, 3) ? now + step : now - step;
}

static inline void
put_source(page *p, const client *c, dice *d)
{
    size_t who = one_in(d, 16) ? roll_of(d, TOWN_PARTIES) : TOWN_PARTIES;
    const vdr_session *session = vdr_session_by_peer(net.daemon->sessions, c->peer);
    vdr_party_kind kind = who < TOWN_PARTIES ? town_parties[who].kind : c->kind;
    const char *id = who < TOWN_PARTIES ? town_parties[who].id : session != NULL ? session->party : "school";
    if (kind == VDR_PARTY_AGENCY)
        put(p, "urn:a:%s", id);
    else
        put(p, "urn:voordeur:%s:%s", vdr_party_kind_name(kind), id);
}

/* ---- events */

static inline void
put_signal(page *p, const client *c, dice *d, vdr_ms now)
{
    static const char *const types[] = {"t.absent", "t.fight", "t.rent", "t.none"};
    put(p, "{\"specversion\":\"1.0\",\"id\":\"s-%u\",\"source\":\"", roll_of(d, 32));
    put_source(p, c, d);
    put(p, "\",\"type\":\"%s\",\"time\":\"", PICK(d, types));
    put_instant(p, now);
    put(p, "\",\"data\":{\"municipality\":\"%s\"", one_in(d, 32) ? "GM1" : "GM9901");
    if (one_in(d, 2)) {
        put(p, ",\"occurred_at\":\"");
        put_instant(p, roll_instant(d, now));
        put(p, "\"");
    }
    unsigned persons = roll_of(d, 4);
    for (unsigned i = 0; i < persons; i++)
        put(p, "%s{\"bsn\":\"%s\"%s}", i == 0 ? ",\"persons\":[" : ",", PICK(d, bsns),
            one_in(d, 2) ? ",\"role\":\"youth\"" : "");
    if (persons != 0)
        put(p, "]");
    if (one_in(d, 2)) {
        put(p, ",\"address\":{\"bag\":\"%s\"", PICK(d, bags));
        put(p, "%s}", one_in(d, 2) ? ",\"buurt\":\"BU99010101\"" : "");
    }
    if (one_in(d, 4))
        put(p, ",\"severity\":%d", (int)roll_of(d, 8) - 1);
    if (one_in(d, 8))
        put(p, ",\"supersedes\":\"s-%u\"", roll_of(d, 32));
    if (one_in(d, 8)) {
        put(p, ",\"act_before\":\"");
        put_instant(p, roll_instant(d, now));
        put(p, "\"");
    }
    put(p, "%s}}", one_in(d, 4) ? ",\"detail\":\"words\"" : "");
}

/* What each act has: s signal, a agency, c case, h household, o other, i into, f from, b bsn, t to (bag), T to
 * (a regisseur), g regisseur, r reason, x text, R result, O outcome, p persons, q addresses, e occurred_at,
 * D due, C correction, V decision, F from and to (instants), P revision and goals, S agency or service. Upper and
 * lower case are different; one behind a question mark may be left out. */
static const struct {
    const char *name, *members;
} acts[] = {
    {"signal_withdrawn", "sr"},
    {"signal_ended", "s?e"},
    {"feedback", "sR?a"},
    {"case_accepted", "c"},
    {"case_declined", "cr"},
    {"case_dismissed", "cr"},
    {"case_assigned", "cg"},
    {"handover_offered", "cT"},
    {"handover_accepted", "c"},
    {"case_escalated", "cTr"},
    {"plan_set", "cP"},
    {"case_closed", "cO"},
    {"household_merged", "if"},
    {"household_split", "h?p?q"},
    {"person_moved", "bt"},
    {"erased", "h"},
    {"conflict_declared", "g?h?b"},
    {"conflict_lifted", "g?h?b"},
    {"objected", "?h?s?a?br?D"},
    {"objection_decided", "?h?s?a?bVr"},
    {"restricted", "?h?s?a?br"},
    {"restriction_lifted", "?h?s?a?br"},
    {"erasure_requested", "hr?D"},
    {"erasure_request_withdrawn", "hr"},
    {"hold_placed", "hr"},
    {"hold_confirmed", "h"},
    {"hold_lifted", "hr"},
    {"person_erased", "hb"},
    {"rectification_requested", "s?aC?D"},
    {"note_sent", "cxS"},
    {"note_answered", "sx?a"},
    {"absence_set", "gF"},
    {"absence_lifted", "gF"},
    {"review_set_aside", "ho?r"},
};

static inline void
put_list(page *p, dice *d, const char *name, const char *const *list, unsigned sides)
{
    put(p, ",\"%s\":[", name);
    for (unsigned i = 0, count = 1 + roll_of(d, 2); i < count; i++)
        put(p, "%s\"%s\"", i == 0 ? "" : ",", list[roll_of(d, sides)]);
    put(p, "]");
}

static inline void
put_member(page *p, dice *d, char member, vdr_ms now)
{
    static const struct {
        char letter;
        const char *name, *start;
        unsigned sides;
    } numbered[] = {{'s', "signal", "s-", 32}, {'c', "case", "C", 6}, {'h', "household", "H", 8},
                    {'o', "other", "H", 8},    {'i', "into", "H", 8}, {'f', "from", "H", 8}};
    static const struct {
        char letter;
        const char *name;
    } words[] = {{'r', "reason"}, {'x', "text"}, {'R', "result"}, {'O', "outcome"}, {'C', "correction"}};
    for (size_t i = 0; i < sizeof numbered / sizeof numbered[0]; i++) {
        if (member == numbered[i].letter)
            put(p, ",\"%s\":\"%s%u\"", numbered[i].name, numbered[i].start, roll_of(d, numbered[i].sides));
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (member == words[i].letter)
            put(p, ",\"%s\":\"words\"", words[i].name);
    }
    if (member == 'a')
        put(p, ",\"agency\":\"%s\"", PICK(d, agencies));
    if (member == 'b')
        put(p, ",\"bsn\":\"%s\"", PICK(d, bsns));
    if (member == 't')
        put(p, ",\"to\":\"%s\"", PICK(d, bags));
    if (member == 'T' || member == 'g')
        put(p, ",\"%s\":\"%s\"", member == 'T' ? "to" : "regisseur", PICK(d, regisseurs));
    if (member == 'p')
        put_list(p, d, "persons", bsns, sizeof bsns / sizeof bsns[0]);
    if (member == 'q')
        put_list(p, d, "addresses", bags, sizeof bags / sizeof bags[0]);
    if (member == 'V')
        put(p, ",\"decision\":\"%s\"", one_in(d, 2) ? "upheld" : "rejected");
    if (member == 'S')
        put(p, one_in(d, 2) ? ",\"service\":\"team\"" : ",\"agency\":\"%s\"", PICK(d, agencies));
    if (member == 'P')
        put(p, ",\"revision\":%u,\"goals\":[]", roll_of(d, 4));
    if (member == 'e' || member == 'D') {
        put(p, ",\"%s\":\"", member == 'e' ? "occurred_at" : "due");
        put_instant(p, roll_instant(d, now));
        put(p, "\"");
    }
    if (member == 'F') {
        put(p, ",\"from\":\"");
        put_instant(p, roll_instant(d, TOWN_T0));
        put(p, "\",\"to\":\"");
        put_instant(p, roll_instant(d, TOWN_T0 + VDR_DAY_MS * 20));
        put(p, "\"");
    }
}

static inline void
put_act(page *p, const client *c, dice *d, vdr_ms now)
{
    size_t which = roll_of(d, sizeof acts / sizeof acts[0]);
    put(p, "{\"specversion\":\"1.0\",\"id\":\"a-%u\",\"source\":\"",
        one_in(d, 8) ? roll_of(d, 8) : ++d->acts);
    put_source(p, c, d);
    put(p, "\",\"type\":\"nl.voordeur.%s.v1\",\"time\":\"", acts[which].name);
    put_instant(p, now);
    put(p, "\",\"data\":{\"municipality\":\"GM9901\"");
    for (const char *m = acts[which].members; *m != '\0'; m++) {
        if (*m == '?' && one_in(d, 2))
            m++;
        else if (*m != '?')
            put_member(p, d, *m, now);
    }
    put(p, "}}");
}

/* ---- frames */

#define ITEMS_MAX 4u

typedef struct said {
    vdr_wire wire;
    page pages[ITEMS_MAX];
    vdr_wire_item items[ITEMS_MAX];
    vdr_wire_typed typed[ITEMS_MAX];
    vdr_wire_person persons[2];
    vdr_wire_address address;
    vdr_wire_member member;
    vdr_wire_file files[4];
    vdr_span allowed;
    page name;
    uint8_t key[VDR_KEY_BYTES];
    char time[VDR_TIME_TEXT_BYTES];
} said;

static inline void
say_typed(said *s, dice *d, const client *c, vdr_wire_typed *typed, page *p, vdr_ms now)
{
    static const char *const types[] = {"t.absent", "t.fight", "t.rent", "nl.voordeur.erased.v1"};
    put_source(p, c, d);
    size_t source = p->len;
    put(p, "s-%u", roll_of(d, 32));
    vdr_time_format(now, s->time);
    for (size_t i = 0; i < 2; i++)
        s->persons[i] =
            (vdr_wire_person){vdr_span_str(PICK(d, bsns)), vdr_span_str(one_in(d, 2) ? "youth" : NULL)};
    s->address.bag = vdr_span_str(PICK(d, bags));
    s->member =
        (vdr_wire_member){vdr_span_str("traceparent"),
                          vdr_span_str("\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"")};
    *typed = (vdr_wire_typed){.source = vdr_span_of(p->at, source),
                              .id = vdr_span_of(p->at + source, p->len - source),
                              .type = vdr_span_str(PICK(d, types)),
                              .time = vdr_span_of(s->time, sizeof s->time),
                              .municipality = vdr_span_str("GM9901"),
                              .severity = roll_of(d, 7),
                              .persons = s->persons,
                              .person_count = roll_of(d, 3),
                              .address = one_in(d, 2) ? &s->address : NULL,
                              .members = &s->member,
                              .member_count = roll_of(d, 2),
                              .detail = vdr_span_str(one_in(d, 4) ? "words" : NULL)};
}

static inline void
say_publish(said *s, dice *d, const client *c, vdr_ms now)
{
    size_t count = 1 + roll_of(d, ITEMS_MAX);
    for (size_t i = 0; i < count; i++) {
        vdr_wire_item *item = &s->items[i];
        unsigned how = roll_of(d, 8);
        if (how < 3)
            put_signal(&s->pages[i], c, d, now);
        else if (how < 6)
            put_act(&s->pages[i], c, d, now);
        if (how < 6)
            item->json = page_span(&s->pages[i]);
        else if (how == 6)
            say_typed(s, d, c, &s->typed[i], &s->pages[i], now);
        else
            item->json = roll_bytes(d, 255);
        if (how == 6)
            item->typed = &s->typed[i];
        else if (item->json.len == 0)
            item->json = vdr_span_str("{}");
        item->check_revision = one_in(d, 8);
        item->revision = item->check_revision ? roll_of(d, 6) : 0;
    }
    s->wire = (vdr_wire){.type = VDR_FRAME_PUBLISH,
                         .publish = {.first = c->say_item + (one_in(d, 64) ? 1 : 0),
                                     .items = s->items,
                                     .item_count = count,
                                     .want_results = one_in(d, 2)}};
}

static inline void
say_read(said *s, dice *d, const client *c, vdr_ms now)
{
    vdr_wire_read *read = &s->wire.read;
    s->wire = (vdr_wire){.type = VDR_FRAME_READ};
    read->request = roll(d);
    read->query = (vdr_query)(1 + roll_of(d, VDR_QUERY_LAST));
    unsigned about = roll_of(d, 8);
    if ((about & 1) != 0)
        read->case_id.number = roll_of(d, 6);
    if ((about & 2) != 0)
        read->household.number = roll_of(d, 8);
    if ((about & 4) != 0) {
        put(&s->name, "s-%u", roll_of(d, 32));
        read->signal.id = page_span(&s->name);
        read->signal.source = vdr_span_str(one_in(d, 2) ? "urn:a:school" : NULL);
        read->agency = vdr_span_str(one_in(d, 4) ? PICK(d, agencies) : NULL);
    }
    read->list = (vdr_inbox_part)roll_of(d, 4);
    read->page_items = one_in(d, 2) ? roll_of(d, 4) : 0;
    if (one_in(d, 2))
        read->resume =
            one_in(d, 4) ? roll_bytes(d, VDR_RESUME_BYTES_MAX) : vdr_span_of(c->resume, c->resume_len);
    if (read->query == VDR_QUERY_EXPLAIN && one_in(d, 2))
        read->rule = vdr_span_str(one_in(d, 2) ? "two" : "late");
    if (read->query == VDR_QUERY_EXPLAIN && one_in(d, 3))
        read->at_ms = roll_instant(d, now);
    if (read->query == VDR_QUERY_TRY) {
        put_signal(&s->pages[0], c, d, now);
        read->event = page_span(&s->pages[0]);
    }
    if (one_in(d, 3))
        read->break_glass = vdr_span_str(one_in(d, 4) ? "x" : "a neighbour called about the youngest child");
    if (one_in(d, 8))
        read->traceparent = vdr_span_str("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    if (read->query == VDR_QUERY_PERSON)
        read->bsn = vdr_span_str(PICK(d, bsns));
}

static const vdr_verb verbs[] = {
    VDR_VERB_STATUS,        VDR_VERB_RELOAD,       VDR_VERB_CLOCK_ADVANCE, VDR_VERB_BACKUP,
    VDR_VERB_CHECKPOINT,    VDR_VERB_SESSIONS,     VDR_VERB_MAILBOXES,     VDR_VERB_DRAIN,
    VDR_VERB_UNDRAIN,       VDR_VERB_REPORT,       VDR_VERB_CHECK,         VDR_VERB_PROPOSE,
    VDR_VERB_APPROVE,       VDR_VERB_REJECT,       VDR_VERB_WITHDRAW,      VDR_VERB_ROLLBACK,
    VDR_VERB_PROPOSALS,     VDR_VERB_VERSIONS,     VDR_VERB_TEXTS,         VDR_VERB_PAUSE,
    VDR_VERB_PAUSES,        VDR_VERB_RESUME,       VDR_VERB_BACKTEST,      VDR_VERB_BACKTEST_LOOK,
    VDR_VERB_BACKTEST_STOP, VDR_VERB_SHADOW_START, VDR_VERB_SHADOW_STOP,   VDR_VERB_SHADOW_LOOK,
    VDR_VERB_KEY_ADD,       VDR_VERB_KEY_ROTATE,   VDR_VERB_KEY_REVOKE,    VDR_VERB_KEYS,
    VDR_VERB_VERIFY,        VDR_VERB_VERIFY_LOOK,  VDR_VERB_HEADS,         VDR_VERB_AUDIT,
    VDR_VERB_AUDIT_LOOK,    VDR_VERB_LOGBOEK,      VDR_VERB_LOGBOEK_LOOK,  VDR_VERB_ERASE,
    VDR_VERB_ERASE_LOOK,    VDR_VERB_PROOFS,       VDR_VERB_ROTATE,        VDR_VERB_ROTATE_LOOK,
    VDR_VERB_ROTATE_FINISH, VDR_VERB_LINT,         VDR_VERB_SENTENCES,     VDR_VERB_STOP,
};

static inline void
say_files(said *s, dice *d, vdr_wire_admin *admin)
{
    static const char *const names[] = {"town.yaml", "catalogue.yaml", "rules.yaml"};
    static const char *const texts[] = {town_text, catalogue_text, rules_text};
    size_t count = 0;
    for (size_t i = 0; i < 3; i++) {
        if (one_in(d, 8))
            continue;
        s->files[count++] = (vdr_wire_file){vdr_span_str(names[i]), vdr_span_str(texts[i])};
    }
    if (count != 0 && one_in(d, 2)) { /* one digit is another */
        vdr_span *text = &s->files[count - 1].text;
        size_t at = (size_t)roll(d) * 8 + roll_of(d, 8);
        if (text->len < sizeof s->pages[0].at && at < text->len && text->at[at] >= '1' &&
            text->at[at] <= '9') {
            memcpy(s->pages[0].at, text->at, text->len);
            s->pages[0].at[at] = (char)('1' + roll_of(d, 9));
            *text = vdr_span_of(s->pages[0].at, text->len);
        }
    }
    if (one_in(d, 4))
        s->files[count++] = (vdr_wire_file){vdr_span_str("tests/a.yaml"), roll_bytes(d, 255)};
    s->allowed = vdr_span_str("never-holds");
    admin->files = s->files;
    admin->file_count = count;
    admin->allowed = &s->allowed;
    admin->allowed_count = roll_of(d, 2);
}

static inline void
say_admin(said *s, dice *d, vdr_ms now)
{
    static const char *const names[] = {"queues",
                                        "cases",
                                        "follow-up",
                                        "rules",
                                        "agencies",
                                        "two",
                                        "school",
                                        "agency:school",
                                        "operator:ann",
                                        "regisseur:anna",
                                        "household=1 kinds=255",
                                        "case=1",
                                        "position=1",
                                        "follow=1 from=1",
                                        "x",
                                        ""};
    vdr_wire_admin *admin = &s->wire.admin;
    s->wire = (vdr_wire){.type = VDR_FRAME_ADMIN};
    admin->request = roll(d);
    admin->verb = PICK(d, verbs);
    admin->time = one_in(d, 2) ? roll_instant(d, now) : VDR_MS_NONE;
    admin->name = vdr_span_str(PICK(d, names));
    admin->reason = vdr_span_str(one_in(d, 4) ? NULL : "because");
    admin->number = roll_of(d, 6);
    admin->kind = (vdr_proposal_kind)roll_of(d, 5);
    admin->overlap_ms = one_in(d, 4) ? 60000 : 0;
    if (one_in(d, 2)) {
        town_key(roll_of(d, TOWN_KEYS), s->key);
        admin->public_key = vdr_span_of(s->key, sizeof s->key);
    }
    if (admin->verb == VDR_VERB_PROPOSE || admin->verb == VDR_VERB_LINT || admin->verb == VDR_VERB_BACKTEST ||
        admin->verb == VDR_VERB_SHADOW_START)
        say_files(s, d, admin);
}

static inline void
say_subscribe(said *s, dice *d)
{
    size_t who = one_in(d, 2) ? roll_of(d, TOWN_PARTIES) : TOWN_PARTIES;
    s->wire = (vdr_wire){.type = VDR_FRAME_SUBSCRIBE, .subscribe = {.window = roll_of(d, 9)}};
    if (who < TOWN_PARTIES) {
        s->wire.subscribe.mailbox_kind = town_parties[who].kind;
        s->wire.subscribe.mailbox_id = vdr_span_str(town_parties[who].id);
    }
    s->wire.subscribe.after_given = one_in(d, 2);
    s->wire.subscribe.after = s->wire.subscribe.after_given ? roll_of(d, 12) : 0;
}

/* A frame of a session that is open. */
static inline void
say(said *s, dice *d, const client *c, vdr_ms now)
{
    static const uint64_t far[] = {0, 1, 2, 3, 5, 9, UINT64_MAX / 2, UINT64_MAX};
    unsigned what = roll_of(d, 16);
    bool operates = c->peer.zone == VDR_ZONE_OPERATORS;
    if (what < 5)
        operates ? say_admin(s, d, now) : say_publish(s, d, c, now);
    else if (what < 8)
        say_read(s, d, c, now);
    else if (what == 8)
        say_subscribe(s, d);
    else if (what == 9)
        s->wire = (vdr_wire){.type = VDR_FRAME_ACK, .ack = {.up_to = PICK(d, far)}};
    else if (what == 10)
        s->wire = (vdr_wire){.type = VDR_FRAME_CREDIT,
                             .credit = {.stream = one_in(d, 2) ? VDR_STREAM_DECISIONS : VDR_STREAM_MAILBOX,
                                        .done = PICK(d, far),
                                        .window = roll_of(d, 9)}};
    else if (what == 11)
        s->wire = (vdr_wire){.type = VDR_FRAME_DECISIONS,
                             .decisions = {.from_given = one_in(d, 2),
                                           .position = PICK(d, far),
                                           .window = one_in(d, 8) ? UINT32_MAX : roll(d),
                                           .stop = one_in(d, 8)}};
    else if (what == 12)
        s->wire = (vdr_wire){.type = VDR_FRAME_PING, .ping = {.number = PICK(d, far)}};
    else if (what == 13)
        say_admin(s, d, now);
    else if (what == 14)
        say_publish(s, d, c, now);
    else
        s->wire = (vdr_wire){.type = one_in(d, 4) ? VDR_FRAME_BYE : VDR_FRAME_PONG};
}

#endif

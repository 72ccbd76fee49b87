/* Operators give, rotate and revoke the keys of parties (protocol.md 7.12). What the log cannot know is judged here:
 * the keys of node.yaml, and the terms that it allows. */
#include "broker/daemon.h"
#include "broker/history/rows.h"

#include "broker/core/control.h"
#include "broker/core/keys.h"
#include "proto/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#define ROWS_BYTES  (8u * 1024 * 1024)
#define ROWS_MAX    4000u
#define Z85_CHARS   40u
#define EXPIRING_MS (30 * VDR_DAY_MS)
#define VIEW_BYTES  8192u

static const vdr_core *
core_of(const vdr_daemon *daemon)
{
    return vdr_engine_core(daemon->engine);
}

/* ---- the list */

static void
put_key(vdr_rows *rows, const char *name, vdr_span public_key)
{
    char text[Z85_CHARS + 1];
    if (public_key.at != NULL && zmq_z85_encode(text, public_key.at, public_key.len) != NULL)
        vdr_row_text(rows, name, vdr_span_of(text, Z85_CHARS));
}

static void
put_of_log(vdr_rows *rows, const vdr_party_key_view *view, vdr_ms now)
{
    bool soon = view->state == VDR_PARTY_KEY_VALID && view->until != VDR_MS_NONE && now != VDR_MS_NONE &&
                view->until - now <= EXPIRING_MS;
    vdr_row(rows, "key");
    vdr_row_number(rows, "number", view->number);
    vdr_row_text(rows, "party", view->party);
    vdr_row_text(rows, "state", vdr_span_str(soon ? "expiring" : vdr_party_key_state_name(view->state)));
    put_key(rows, "public_key", view->public_key);
    put_key(rows, "replaced", view->replaced);
    vdr_row_text(rows, "in", vdr_span_str(view->of_file ? "node.yaml" : "log"));
    vdr_row_text(rows, "author", view->author);
    vdr_row_text(rows, "approver", view->approver);
    vdr_row_text(rows, "reason", view->reason);
    vdr_row_text(rows, "ended_by", view->ended_by);
    vdr_row_text(rows, "ended_why", view->ended_why);
    vdr_row_number(rows, "position", view->position);
    vdr_row_instant(rows, "at_ms", view->at);
    vdr_row_instant(rows, "from_ms", view->from);
    vdr_row_instant(rows, "until_ms", view->until);
    vdr_row_instant(rows, "ended_ms", view->ended);
    if (view->ended_position != 0)
        vdr_row_number(rows, "ended_position", view->ended_position);
    if (view->overlap_ms != 0)
        vdr_row_number(rows, "overlap_ms", (uint64_t)view->overlap_ms);
    if (view->proposal != 0)
        vdr_row_number(rows, "proposal", view->proposal);
}

static void
put_of_file(vdr_rows *rows, const vdr_key_party *key, bool known)
{
    char party[2 * VDR_CONF_NAME_MAX];
    (void)snprintf(party, sizeof party, "%s:%s", vdr_party_kind_name(key->kind), key->id);
    vdr_row(rows, "key");
    vdr_row_text(rows, "party", vdr_span_str(party));
    vdr_row_text(rows, "state", vdr_span_str(known ? "valid" : "not in town.yaml"));
    put_key(rows, "public_key", vdr_span_of(key->public_key, sizeof key->public_key));
    vdr_row_text(rows, "in", vdr_span_str("node.yaml"));
}

/* Does the log speak of this key of node.yaml? One that is only proposed counts as the file says. */
static bool
log_knows(const vdr_daemon *daemon, const uint8_t *public_key, vdr_party_key_view *ret_view)
{
    vdr_arena arena;
    vdr_arena_init(&arena, VIEW_BYTES);
    bool known = vdr_key_view(core_of(daemon), vdr_key_find(core_of(daemon), public_key), &arena, ret_view);
    vdr_arena_done(&arena);
    ret_view->reason = ret_view->ended_why = (vdr_span){0};
    return known && ret_view->state != VDR_PARTY_KEY_PROPOSED;
}

static void
list(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    const vdr_core *core = core_of(daemon);
    vdr_ms now = vdr_admit_now(daemon);
    vdr_arena arena, texts;
    vdr_rows *rows = (vdr_rows *)vdr_alloc(1, sizeof *rows);
    vdr_arena_init(&arena, ROWS_BYTES);
    vdr_arena_init(&texts, VIEW_BYTES);
    vdr_rows_begin(rows, &arena);
    uint64_t last = vdr_key_last(core), first = last > ROWS_MAX ? last - ROWS_MAX + 1 : 1;
    for (size_t i = 0; i < daemon->node->party_count; i++) {
        const vdr_key_party *key = &daemon->node->parties[i].key;
        vdr_party_key_view view;
        if (!log_knows(daemon, key->public_key, &view))
            put_of_file(rows, key, vdr_node_party_known(vdr_core_config(core), key->kind, key->id));
    }
    for (uint64_t number = first; number <= last; number++) {
        vdr_party_key_view view;
        vdr_arena_reset(&texts);
        (void)vdr_key_view(core, number, &texts, &view);
        put_of_log(rows, &view, now);
    }
    vdr_rows_end(rows);
    const vdr_wire_counter counters[] = {
        {.name = vdr_span_str("time_ms"), .value = now == VDR_MS_NONE ? 0 : (uint64_t)now},
        {.name = vdr_span_str("rows_left_out"), .value = rows->left_out + first - 1}};
    vdr_wire_admin_result result = {.verb = VDR_VERB_KEYS,
                                    .request = request,
                                    .counters = counters,
                                    .counter_count = 2,
                                    .rows = rows->at,
                                    .row_count = rows->count};
    vdr_admin_answer(daemon, session, &result);
    vdr_arena_done(&texts);
    vdr_arena_done(&arena);
    free(rows);
}

/* ---- changing */

typedef struct party_name {
    vdr_party_kind kind;
    vdr_span id;
} party_name;

static bool
party_of(vdr_span text, party_name *ret_party)
{
    const uint8_t *colon = text.len != 0 ? (const uint8_t *)memchr(text.at, ':', text.len) : NULL;
    if (colon == NULL)
        return false;
    vdr_span kind = vdr_span_of(text.at, (size_t)(colon - text.at));
    vdr_span id = vdr_span_of(colon + 1, text.len - kind.len - 1);
    *ret_party = (party_name){.kind = vdr_party_kind_of(kind), .id = id};
    return ret_party->kind != VDR_PARTY_NONE && vdr_node_is_id(id);
}

static bool
is_party(const vdr_key_party *key, const party_name *party)
{
    return key->kind == party->kind && vdr_span_equal(vdr_span_str(key->id), party->id);
}

/* Of node.yaml, by its bytes. */
static const vdr_key_party *
of_file(const vdr_daemon *daemon, const uint8_t *public_key)
{
    for (size_t i = 0; i < daemon->node->party_count; i++)
        if (memcmp(daemon->node->parties[i].key.public_key, public_key, VDR_KEY_BYTES) == 0)
            return &daemon->node->parties[i].key;
    return NULL;
}

/* The keys that a party has now: how many, and a copy of the last one found. */
static size_t
keys_of(const vdr_daemon *daemon, const party_name *party, uint8_t ret_key[VDR_KEY_BYTES])
{
    size_t count = 0;
    vdr_party_key_view view;
    vdr_arena arena;
    for (size_t i = 0; i < daemon->node->party_count; i++) {
        const vdr_key_party *key = &daemon->node->parties[i].key;
        if (!is_party(key, party) || log_knows(daemon, key->public_key, &view))
            continue;
        memcpy(ret_key, key->public_key, VDR_KEY_BYTES);
        count++;
    }
    vdr_arena_init(&arena, VIEW_BYTES);
    for (uint64_t number = 1; number <= vdr_key_last(core_of(daemon)); number++) {
        vdr_arena_reset(&arena);
        (void)vdr_key_view(core_of(daemon), number, &arena, &view);
        if (view.state != VDR_PARTY_KEY_VALID || view.kind != party->kind ||
            !vdr_span_equal(view.id, party->id))
            continue;
        memcpy(ret_key, view.public_key.at, VDR_KEY_BYTES);
        count++;
    }
    vdr_arena_done(&arena);
    return count;
}

static vdr_err
judge_term(const vdr_daemon *daemon, vdr_ms wished, vdr_ms *ret_until, char *ret_words)
{
    vdr_ms now = vdr_admit_now(daemon);
    int64_t term = daemon->node->limits.key_term_ms;
    if (now == VDR_MS_NONE)
        return vdr_admin_words(ret_words, VDR_E_WRONG_STATE,
                               "there is no log time yet: advance the clock first");
    if (wished != VDR_MS_NONE && wished - now > term) {
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES,
                       "the end lies further ahead than limits.key_term of node.yaml allows: %lld days",
                       (long long)(term / VDR_DAY_MS));
        return VDR_E_WRONG_STATE;
    }
    *ret_until = wished != VDR_MS_NONE ? wished : now + term;
    return VDR_OK;
}

/* What the party has now must go with what is asked. */
/* old: of a rotation, the key that it is about. */
static vdr_err
judge_others(vdr_daemon *daemon, const vdr_wire_admin *admin, const party_name *party,
             uint8_t old[VDR_KEY_BYTES], vdr_engine_key_wish *wish, char *ret_words)
{
    size_t count = keys_of(daemon, party, old);
    const vdr_key_party *file = of_file(daemon, admin->public_key.at);
    if (file != NULL && !is_party(file, party))
        return vdr_admin_words(
            ret_words, VDR_E_WRONG_STATE,
            "this key is of another party already (node.yaml): every party makes a key pair "
            "of its own");
    if (admin->verb == VDR_VERB_KEY_ADD) {
        /* That very key of node.yaml may get an end: from then on the log has it. */
        bool same = count == 1 && memcmp(old, admin->public_key.at, VDR_KEY_BYTES) == 0;
        return count == 0 || same
                   ? VDR_OK
                   : vdr_admin_words(ret_words, VDR_E_WRONG_STATE,
                                     "the party has a key: rotate puts a new one in its place");
    }
    if (count != 1)
        return vdr_admin_words(ret_words, VDR_E_WRONG_STATE,
                               count == 0 ? "the party has no key to rotate: add one"
                                          : "the party has two keys already: wait for the old one to end, or "
                                            "revoke one");
    wish->replaced = vdr_span_of(old, VDR_KEY_BYTES);
    wish->overlap_ms = admin->overlap_ms != 0 && admin->overlap_ms <= VDR_KEY_TERM_MAX_MS
                           ? (int64_t)admin->overlap_ms
                           : daemon->node->limits.key_overlap_ms;
    return VDR_OK;
}

static vdr_err
give(vdr_daemon *daemon, const vdr_wire_admin *admin, vdr_ticket ticket, const vdr_engine_by *by,
     char *ret_words)
{
    party_name party;
    uint8_t old[VDR_KEY_BYTES];
    if (!party_of(admin->name, &party))
        return vdr_admin_words(
            ret_words, VDR_E_BAD_FRAME,
            "the party is KIND:ID, with KIND one of agency, regisseur, service, coordinator, "
            "privacy_officer, operator, auditor");
    if (admin->public_key.len != VDR_KEY_BYTES)
        return vdr_admin_words(ret_words, VDR_E_BAD_FRAME, "a public key has 32 bytes");
    vdr_engine_key_wish wish = {.kind = party.kind, .id = party.id, .public_key = admin->public_key};
    vdr_err err = judge_term(daemon, admin->time, &wish.until, ret_words);
    if (err == VDR_OK)
        err = judge_others(daemon, admin, &party, old, &wish, ret_words);
    return err == VDR_OK ? vdr_engine_key(daemon->engine, ticket, &wish, by, ret_words) : err;
}

/* Operators' keys that are let in, besides this one. */
static size_t
other_operators(const vdr_daemon *daemon, const uint8_t *public_key)
{
    size_t count = 0;
    vdr_party_key_view view;
    vdr_arena arena;
    for (size_t i = 0; i < daemon->node->party_count; i++) {
        const vdr_key_party *key = &daemon->node->parties[i].key;
        count += key->kind == VDR_PARTY_OPERATOR && memcmp(key->public_key, public_key, VDR_KEY_BYTES) != 0 &&
                 !log_knows(daemon, key->public_key, &view);
    }
    vdr_arena_init(&arena, VIEW_BYTES);
    for (uint64_t number = 1; number <= vdr_key_last(core_of(daemon)); number++) {
        vdr_arena_reset(&arena);
        (void)vdr_key_view(core_of(daemon), number, &arena, &view);
        count += view.kind == VDR_PARTY_OPERATOR && view.state == VDR_PARTY_KEY_VALID && !view.of_file &&
                 memcmp(view.public_key.at, public_key, VDR_KEY_BYTES) != 0;
    }
    vdr_arena_done(&arena);
    return count;
}

typedef struct named_key {
    vdr_party_kind kind;
    uint8_t public_key[VDR_KEY_BYTES];
    char id[VDR_CONF_NAME_MAX + 1];
} named_key;

/* By its number in the log, or by its bytes, as node.yaml may have it. */
static bool
find_key(const vdr_daemon *daemon, const vdr_wire_admin *admin, named_key *ret_key)
{
    vdr_party_key_view view;
    vdr_arena arena;
    bool bytes = admin->public_key.len == VDR_KEY_BYTES;
    const vdr_key_party *file = bytes ? of_file(daemon, admin->public_key.at) : NULL;
    uint64_t number = bytes ? vdr_key_find(core_of(daemon), admin->public_key.at) : admin->number;
    vdr_arena_init(&arena, VIEW_BYTES);
    bool known = vdr_key_view(core_of(daemon), number, &arena, &view);
    vdr_arena_done(&arena);
    *ret_key = (named_key){.kind = known ? view.kind : file != NULL ? file->kind : VDR_PARTY_NONE};
    if (known) {
        memcpy(ret_key->public_key, view.public_key.at, VDR_KEY_BYTES);
        memcpy(ret_key->id, view.id.at, view.id.len);
    } else if (file != NULL) {
        memcpy(ret_key->public_key, file->public_key, VDR_KEY_BYTES);
        memcpy(ret_key->id, file->id, sizeof file->id);
    }
    return known || file != NULL;
}

static vdr_err
revoke(vdr_daemon *daemon, const vdr_wire_admin *admin, vdr_ticket ticket, const vdr_engine_by *by,
       char *ret_words)
{
    named_key key;
    if (admin->reason.len == 0)
        return vdr_admin_words(ret_words, VDR_E_BAD_FRAME, "say why: a reason is needed");
    if (!find_key(daemon, admin, &key))
        return vdr_admin_words(ret_words, VDR_E_NOT_FOUND,
                               "there is no such key: voordeur key list has their numbers");
    if (key.kind == VDR_PARTY_OPERATOR && other_operators(daemon, key.public_key) == 0)
        return vdr_admin_words(ret_words, VDR_E_WRONG_STATE,
                               "this is the last key of an operator: give another operator one first");
    const vdr_engine_key_wish wish = {.kind = key.kind,
                                      .id = vdr_span_str(key.id),
                                      .public_key = vdr_span_of(key.public_key, VDR_KEY_BYTES)};
    return vdr_engine_key_revoke(daemon->engine, ticket, &wish, by, ret_words);
}

/* What the RESULT says when it is durable. */
static void
note(vdr_daemon *daemon, const vdr_wire_admin *admin, uint64_t errand, const char *words, uint64_t proposals)
{
    bool bytes = admin->public_key.len == VDR_KEY_BYTES;
    uint64_t key = bytes ? vdr_key_find(core_of(daemon), admin->public_key.at) : admin->number;
    uint64_t last = vdr_control_proposal_last(core_of(daemon));
    if (last != proposals)
        vdr_admin_note(daemon, errand, words, "proposal", last);
    else
        vdr_admin_note(daemon, errand, words, "key", key);
}

void
vdr_keys_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    if (admin->verb == VDR_VERB_KEYS) {
        list(daemon, session, admin->request);
        return;
    }
    const vdr_admin_wait *wait = vdr_admin_wait_for(daemon, session, admin);
    if (wait == NULL) {
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BUSY, "too many verbs are at work");
        return;
    }
    char *words = (char *)vdr_alloc(VDR_ENGINE_WORDS_BYTES, 1);
    uint64_t errand = wait->number, proposals = vdr_control_proposal_last(core_of(daemon));
    vdr_ticket ticket = vdr_errand_ticket(VDR_ERRAND_ADMIN, session->number, errand);
    vdr_engine_by by = {.operator_id = vdr_span_str(session->party),
                        .reason = admin->reason,
                        .alone = !daemon->node->four_eyes};
    vdr_err err = admin->verb == VDR_VERB_KEY_REVOKE ? revoke(daemon, admin, ticket, &by, words)
                                                     : give(daemon, admin, ticket, &by, words);
    if (err != VDR_OK)
        vdr_admin_give_up(daemon, session, errand, err, *words != '\0' ? words : vdr_err_text(err));
    else
        note(daemon, admin, errand, words, proposals);
    free(words);
}

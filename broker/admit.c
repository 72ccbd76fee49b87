/* Who may connect: the keys of node.yaml and those of the log, together. A key that the log knows follows the log
 * alone, so that one that was revoked does not come back by a line of a file. What changed holds when its record is
 * durable; sessions of keys that ended hear BYE in the same turn. */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"
#include "proto/time.h"

#include "broker/core/keys.h"

#include <stdio.h>
#include <stdlib.h>

#define LOOK_MS    60000 /* ends that come near are looked for so often */
#define VIEW_BYTES 8192u /* of the texts of one key */

static const vdr_core *
core_of(const vdr_daemon *daemon)
{
    return vdr_engine_core(daemon->engine);
}

vdr_ms
vdr_admit_now(const vdr_daemon *daemon)
{
    vdr_ms now = vdr_clock_now(daemon->clock);
    return now != VDR_MS_NONE ? now : vdr_core_now(core_of(daemon));
}

/* ---- keys that the log knows, in order of their bytes: there may be thousands, of many years */

typedef struct known_key {
    const uint8_t *bytes; /* in the state: until the next step */
    uint64_t number;
} known_key;

typedef struct known_keys {
    known_key *at;
    size_t count;
} known_keys;

static int
compare_known(const void *a, const void *b)
{
    return memcmp(((const known_key *)a)->bytes, ((const known_key *)b)->bytes, VDR_KEY_BYTES);
}

/* Without those that were refused; of the others each key is there once. */
static known_keys
know(const vdr_core *core, vdr_arena *arena)
{
    known_keys known = {.at = (known_key *)vdr_alloc((size_t)vdr_key_last(core) + 1, sizeof *known.at)};
    for (uint64_t number = 1; number <= vdr_key_last(core); number++) {
        vdr_party_key_view view;
        vdr_arena_reset(arena);
        (void)vdr_key_view(core, number, arena, &view);
        if (view.state != VDR_PARTY_KEY_REFUSED)
            known.at[known.count++] = (known_key){.bytes = view.public_key.at, .number = number};
    }
    qsort(known.at, known.count, sizeof *known.at, compare_known);
    return known;
}

/* Its number; 0: the log does not know it. */
static uint64_t
number_of(const known_keys *known, const uint8_t *bytes)
{
    const known_key asked = {.bytes = bytes};
    const known_key *found = known->count != 0 ? (const known_key *)bsearch(&asked, known->at, known->count,
                                                                            sizeof asked, compare_known)
                                               : NULL;
    return found != NULL ? found->number : 0;
}

/* ---- the two lists together */

typedef struct admission {
    vdr_key_party *parties;
    size_t count;
} admission;

/* Four eyes need two operators. */
static void
warn_alone(const vdr_daemon *daemon, const admission *of)
{
    const char *first = NULL;
    for (size_t i = 0; i < of->count; i++) {
        const vdr_key_party *key = &of->parties[i];
        if (key->kind != VDR_PARTY_OPERATOR || key->standing != VDR_KEY_IN)
            continue;
        if (first != NULL && strcmp(first, key->id) != 0)
            return;
        first = key->id;
    }
    if (daemon->node->four_eyes)
        VDR_NOTE(CONFIG_WARNING, vdr_field_text("place", daemon->node->path),
                 vdr_field_text("text", "approvals: two, but there are no two operators: nothing that is "
                                        "proposed can be approved"));
}

static void
warn_unknown(const char *place, vdr_party_kind kind, const char *id)
{
    char text[VDR_CONF_NAME_MAX + 100];
    (void)snprintf(text, sizeof text, "%s:%s is not in town.yaml; its key is not let in",
                   vdr_party_kind_name(kind), id);
    VDR_NOTE(CONFIG_WARNING, vdr_field_text("place", place), vdr_field_text("text", text));
}

/* Those that the log does not know; and those that it only ends, while they last. */
static void
add_of_file(vdr_daemon *daemon, const known_keys *known, vdr_arena *arena, admission *to)
{
    const vdr_node *node = daemon->node;
    for (size_t i = 0; i < node->party_count; i++) {
        const vdr_node_party *party = &node->parties[i];
        vdr_party_key_view view = {0};
        vdr_arena_reset(arena);
        bool told = vdr_key_view(core_of(daemon), number_of(known, party->key.public_key), arena, &view) &&
                    view.state != VDR_PARTY_KEY_PROPOSED;
        bool ends = told && view.of_file && view.state == VDR_PARTY_KEY_VALID;
        if (told && !ends)
            continue;
        if (vdr_node_party_known(vdr_core_config(core_of(daemon)), party->key.kind, party->key.id)) {
            to->parties[to->count] = party->key;
            to->parties[to->count].until = ends ? view.until : 0;
            to->count++;
            continue;
        }
        char place[512];
        (void)snprintf(place, sizeof place, "%s:%u:%u", node->path, party->line, party->column);
        warn_unknown(place, party->key.kind, party->key.id);
    }
}

static void
add_of_log(vdr_daemon *daemon, vdr_arena *arena, admission *to)
{
    for (uint64_t number = 1; number <= vdr_key_last(core_of(daemon)); number++) {
        vdr_party_key_view view;
        vdr_arena_reset(arena);
        (void)vdr_key_view(core_of(daemon), number, arena, &view);
        bool valid = view.state == VDR_PARTY_KEY_VALID;
        if (view.state == VDR_PARTY_KEY_PROPOSED || view.state == VDR_PARTY_KEY_REFUSED ||
            (valid && view.of_file))
            continue;
        vdr_key_party *party = &to->parties[to->count];
        *party = (vdr_key_party){.kind = view.kind,
                                 .standing = valid                                 ? VDR_KEY_IN
                                             : view.state == VDR_PARTY_KEY_REVOKED ? VDR_KEY_REVOKED
                                                                                   : VDR_KEY_EXPIRED,
                                 .until = valid ? view.until : 0};
        memcpy(party->public_key, view.public_key.at, VDR_KEY_BYTES);
        memcpy(party->id, view.id.at, view.id.len);
        if (!valid || vdr_node_party_known(vdr_core_config(core_of(daemon)), party->kind, party->id))
            to->count++;
        else
            warn_unknown("voordeur key list", party->kind, party->id);
    }
}

/* A session of a key that is let in no more is over. */
static void
end_sessions(vdr_daemon *daemon)
{
    for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL;
         s = vdr_session_next(daemon->sessions, s)) {
        vdr_key key;
        if (!vdr_session_live(s) || vdr_keyring_by_id(daemon->keyring, s->key_id, &key))
            continue;
        bool expired = vdr_keyring_standing(daemon->keyring, s->key_id) == VDR_KEY_EXPIRED;
        vdr_speak_bye(daemon, s, expired ? VDR_E_KEY_EXPIRED : VDR_E_KEY_REVOKED, 0);
    }
}

static void
admit(vdr_daemon *daemon)
{
    size_t most = daemon->node->party_count + (size_t)vdr_key_last(core_of(daemon)) + 1;
    admission all = {.parties = (vdr_key_party *)vdr_alloc(most, sizeof *all.parties)};
    vdr_arena arena;
    vdr_arena_init(&arena, VIEW_BYTES);
    known_keys known = know(core_of(daemon), &arena);
    add_of_file(daemon, &known, &arena, &all);
    add_of_log(daemon, &arena, &all);
    free(known.at);
    vdr_arena_done(&arena);
    warn_alone(daemon, &all);
    vdr_keyring_replace(daemon->keyring, all.parties, all.count);
    free(all.parties);
    VDR_NOTE(KEYS_ACTIVE, vdr_field_number("keys", vdr_keyring_count(daemon->keyring)));
    end_sessions(daemon);
}

/* ---- ends that come near */

#define STEPS 3u
static const struct {
    int64_t ms;
    const char *text;
} steps[STEPS] = {
    {30 * VDR_DAY_MS, "ends within 30 days"}, {7 * VDR_DAY_MS, "ends within 7 days"}, {0, "has ended"}};

/* How many of the steps are behind: 0 long to go, 3 it has ended. */
static uint8_t
step_of(vdr_ms until, vdr_ms now)
{
    uint8_t step = 0;
    while (step < STEPS && until - now <= steps[step].ms)
        step++;
    return step;
}

static void
note_term(const char *what, vdr_span whose, vdr_ms until, uint8_t step, const char *next)
{
    char party[VDR_NAME_BYTES_MAX + 1], when[VDR_TIME_TEXT_BYTES + 1];
    (void)snprintf(party, sizeof party, "%.*s", (int)whose.len, (const char *)whose.at);
    vdr_time_format(until, when);
    when[VDR_TIME_TEXT_BYTES] = '\0';
    VDR_NOTE(KEY_TERM, vdr_field_text("what", what), vdr_field_text("party", party),
             vdr_field_text("until", when), vdr_field_text("text", steps[step - 1].text),
             vdr_field_text("hint", next));
}

/* Keys in whose place others have come: their end is wanted. One byte a number. */
static uint8_t *
find_replaced(const vdr_core *core, vdr_arena *arena)
{
    known_keys known = know(core, arena);
    uint8_t *replaced = (uint8_t *)vdr_alloc((size_t)vdr_key_last(core) + 1, 1);
    for (uint64_t number = 1; number <= vdr_key_last(core); number++) {
        vdr_party_key_view view;
        vdr_arena_reset(arena);
        (void)vdr_key_view(core, number, arena, &view);
        if (view.state == VDR_PARTY_KEY_VALID && view.replaced.at != NULL)
            replaced[number_of(&known, view.replaced.at)] = 1;
    }
    free(known.at);
    return replaced;
}

/* What was told of a key before the start of the process is told again, but for ends that are over. */
static void
look_at(vdr_daemon *daemon, const vdr_party_key_view *view, vdr_ms now)
{
    bool valid = view->state == VDR_PARTY_KEY_VALID;
    uint8_t *told = &daemon->key_told[view->number];
    uint8_t step = valid ? step_of(view->until, now) : STEPS;
    if (valid && (daemon->key_soonest[view->kind] == 0 || view->until < daemon->key_soonest[view->kind]))
        daemon->key_soonest[view->kind] = view->until;
    daemon->keys_expiring += valid && step > 0;
    bool news = step > *told && (valid || (*told != 0 && view->state == VDR_PARTY_KEY_EXPIRED));
    if (news)
        note_term("key", view->party, view->until, step,
                  valid ? "voordeur key rotate" : "nobody gets in with it: voordeur key add");
    *told = valid || *told != 0 ? step : 0;
}

/* The same of convenants: what was told lasts as long as the configuration. */
static void
look_at_convenants(vdr_daemon *daemon, vdr_ms now)
{
    const vdr_config *config = vdr_core_config(core_of(daemon));
    vdr_position position = vdr_core_config_position(core_of(daemon));
    if (daemon->convenant_told == NULL || daemon->convenant_position != position) {
        free(daemon->convenant_told);
        daemon->convenant_told = (uint8_t *)vdr_alloc(config->agency_count + 1, 1);
        daemon->convenant_position = position;
    }
    daemon->convenant_soonest = 0;
    daemon->convenants_ended = 0;
    for (size_t i = 0; i < config->agency_count; i++) {
        const vdr_config_convenant *convenant = &config->agencies[i].convenant;
        if (convenant->id.at == NULL)
            continue;
        uint8_t step = step_of(convenant->until, now), *told = &daemon->convenant_told[i];
        daemon->convenants_ended += step == STEPS;
        if (step < STEPS && (daemon->convenant_soonest == 0 || convenant->until < daemon->convenant_soonest))
            daemon->convenant_soonest = convenant->until;
        if (step > *told)
            note_term(
                "convenant", config->agencies[i].id, convenant->until, step,
                "renew it and set its dates in town.yaml; outside them the agency's signals are refused");
        *told = step;
    }
}

static void
look(vdr_daemon *daemon)
{
    const vdr_core *core = core_of(daemon);
    vdr_ms now = vdr_admit_now(daemon);
    uint64_t last = vdr_key_last(core);
    vdr_arena arena;
    if (now == VDR_MS_NONE)
        return;
    if (last >= daemon->key_told_size) {
        size_t size = (size_t)last + 64;
        daemon->key_told = (uint8_t *)vdr_realloc(daemon->key_told, size, 1);
        memset(daemon->key_told + daemon->key_told_size, 0, size - daemon->key_told_size);
        daemon->key_told_size = size;
    }
    vdr_arena_init(&arena, VIEW_BYTES);
    uint8_t *replaced = find_replaced(core, &arena);
    memset(daemon->key_soonest, 0, sizeof daemon->key_soonest);
    daemon->keys_expiring = 0;
    for (uint64_t number = 1; number <= last; number++) {
        vdr_party_key_view view;
        vdr_arena_reset(&arena);
        (void)vdr_key_view(core, number, &arena, &view);
        if (replaced[number] == 0 && !view.of_file)
            look_at(daemon, &view, now);
        else
            daemon->key_told[number] = 0;
    }
    free(replaced);
    vdr_arena_done(&arena);
    look_at_convenants(daemon, now);
}

/* ---- when */

void
vdr_admit_soon(vdr_daemon *daemon)
{
    daemon->admit_position = vdr_core_position(core_of(daemon));
    daemon->admit_waits = true;
}

void
vdr_admit_turn(vdr_daemon *daemon)
{
    uint64_t changes = vdr_key_changes(core_of(daemon));
    if (changes != daemon->key_changes) {
        daemon->key_changes = changes;
        vdr_admit_soon(daemon);
    }
    if (daemon->admit_waits && vdr_engine_durable(daemon->engine) >= daemon->admit_position) {
        daemon->admit_waits = false;
        admit(daemon);
        daemon->key_look_ms = daemon->now_ms;
    }
    if (daemon->now_ms >= daemon->key_look_ms) {
        look(daemon);
        daemon->key_look_ms = daemon->now_ms + LOOK_MS;
    }
}

void
vdr_admit_done(vdr_daemon *daemon)
{
    free(daemon->key_told);
    free(daemon->convenant_told);
    daemon->key_told = daemon->convenant_told = NULL;
}

/* The pseudonym key changes while an engine runs: every conformance case, and the year of Zomerdal, tell the same lines
 * as without, wherever the change begins, and also when the engine crashes on the way and starts again. */
#include "tests/unit/engine_fixture.h"

#include "broker/core/rekey.h"

#include <dirent.h>

#define LINES_MAX 4096u
#define KEYS      4u

static uint8_t keys[KEYS][32] = {{1}, {2}, {3}, {4}};

/* ---- a case: three files and its events */

typedef struct scene {
    vdr_arena arena;
    vdr_config_texts texts;
    char *input;
    char *lines[LINES_MAX];
    size_t count;
    vdr_ms until; /* VDR_MS_NONE: to the last line */
} scene;

static char *
file_text(const char *dir, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *text = calloc(1, 1 << 21);
    assert_non_null(text);
    size_t len = fread(text, 1, (1 << 21) - 1, file);
    assert_true(len < (1 << 21) - 1);
    (void)fclose(file);
    return text;
}

/* False: there is no such case here. */
static bool
scene_open(scene *of, const char *dir, const char *input)
{
    char words[512];
    *of = (scene){.until = VDR_MS_NONE};
    of->input = file_text(dir, input);
    if (of->input == NULL)
        return false;
    vdr_arena_init(&of->arena, 8u << 20);
    assert_int_equal(vdr_config_texts_load(dir, &of->arena, &of->texts, words), VDR_OK);
    for (char *at = of->input; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        bool last = at[len] == '\0';
        at[len] = '\0';
        assert_true(of->count < LINES_MAX);
        if (len != 0)
            of->lines[of->count++] = at;
        at += last ? len : len + 1;
    }
    char *until = file_text(dir, "until.txt");
    if (until != NULL)
        assert_true(vdr_time_parse(vdr_span_of(until, strcspn(until, "\n")), &of->until));
    free(until);
    return true;
}

static void
scene_close(scene *of)
{
    vdr_arena_done(&of->arena);
    free(of->input);
}

/* ---- a run of it */

typedef struct plan {
    size_t begin;     /* the change begins before this line; SIZE_MAX: never */
    size_t again;     /* and, when it is complete, another so many lines later; 0: none */
    unsigned crash;   /* one line in so many: the engine crashes after it; 0: never */
    bool checkpoints; /* also written on the way */
} plan;

typedef struct play {
    world *w;
    const scene *of;
    char *told;
    size_t len, size;
    unsigned era; /* the key that the state is under */
    size_t ended; /* line at which the last change was complete */
} play;

static unsigned changes_complete, crashes_within;

static void
tell(play *at, const vdr_told *told)
{
    vdr_arena arena;
    uint32_t offset = 0;
    vdr_effect effect;
    vdr_arena_init(&arena, 1 << 20);
    while (vdr_effect_next(told->tale, &offset, &effect) == VDR_OK) {
        vdr_decision decision;
        vdr_arena_reset(&arena);
        assert_int_equal(vdr_core_decision(vdr_engine_core(at->w->engine), &effect, &arena, &decision),
                         VDR_OK);
        if (at->size - at->len < 65536) {
            at->size = at->size * 2 + (1 << 18);
            at->told = realloc(at->told, at->size);
            assert_non_null(at->told);
        }
        at->len += vdr_decision_line(&decision, at->told + at->len, at->size - at->len - 2);
        at->told[at->len++] = '\n';
    }
    vdr_arena_done(&arena);
}

/* Turns until everything that was submitted is spoken; a change goes on by a slice or two meanwhile. */
static void
settle(play *at)
{
    const vdr_group *group;
    vdr_engine_status status;
    do {
        assert_int_equal(vdr_engine_turn(at->w->engine), VDR_OK);
        while (vdr_engine_collect(at->w->engine, &group)) {
            for (size_t i = 0; i < group->told_count; i++)
                tell(at, &group->told[i]);
            vdr_engine_release(at->w->engine, group);
        }
        vdr_engine_status_get(at->w->engine, &status);
    } while (status.durable != status.stepped || status.unspoken != 0);
}

static bool
runs(const play *at)
{
    vdr_rekey_view view;
    vdr_rekey_view_get(vdr_engine_core(at->w->engine), &view);
    return view.running;
}

static void
start(play *at)
{
    vdr_err err = world_try_start(at->w, &at->of->texts);
    if (err != VDR_OK)
        fail_msg("start: %s", at->w->words);
}

static void
begin(play *at)
{
    char words[VDR_ENGINE_WORDS_BYTES];
    at->w->next_key = keys[at->era + 1];
    vdr_engine_by by = {.operator_id = vdr_span_str("kees"), .reason = vdr_span_str("it was seen")};
    assert_int_equal(vdr_engine_rekey(at->w->engine, (vdr_ticket){0}, at->w->next_key, &by, words), VDR_OK);
}

/* The operator makes the next key the key, once it is. */
static void
look(play *at, size_t line)
{
    if (at->w->next_key == NULL || runs(at))
        return;
    changes_complete++;
    at->era++;
    at->w->key = keys[at->era];
    at->w->next_key = NULL;
    at->ended = line;
    assert_null(vdr_engine_check(at->w->engine));
}

/* The start goes on with a change by itself; where none is at work, or nothing can be done, it finds the state as it
 * was. */
static void
crash(play *at)
{
    uint64_t hash = vdr_engine_state_hash(at->w->engine);
    bool works = runs(at) && !vdr_engine_rekey_waits(at->w->engine);
    crashes_within += works;
    world_crash(at->w);
    start(at);
    if (!works)
        assert_true(vdr_engine_state_hash(at->w->engine) == hash);
}

static play
run(const scene *of, const plan *how)
{
    play at = {.w = world_new(VDR_CLOCK_EVENT, false), .of = of};
    at.w->key = keys[0];
    at.w->rekey_items = 1 + (unsigned)how->begin % 5;
    at.w->checkpoint_records = how->checkpoints ? 20 : 1000000;
    start(&at);
    for (size_t line = 0; line < of->count; line++) {
        if (line == how->begin || (how->again != 0 && at.ended != 0 && line == at.ended + how->again &&
                                   at.era + 2 < KEYS && at.w->next_key == NULL))
            begin(&at);
        assert_int_equal(submit_text(at.w, line, of->lines[line]), VDR_OK);
        settle(&at);
        look(&at, line);
        if (how->crash != 0 && line % how->crash == how->crash - 1)
            crash(&at);
    }
    if (of->until != VDR_MS_NONE && of->until > vdr_core_now(vdr_engine_core(at.w->engine))) {
        assert_int_equal(vdr_engine_submit_advance(at.w->engine, (vdr_ticket){0}, of->until), VDR_OK);
        settle(&at);
    }
    for (unsigned i = 0; i < 2000 && runs(&at) && !vdr_engine_rekey_waits(at.w->engine); i++)
        settle(&at);
    look(&at, of->count);
    crash(&at); /* the log, or checkpoint and tail, give the very state */
    assert_null(vdr_engine_check(at.w->engine));
    return at;
}

static void
play_free(play *at)
{
    world_free(at->w);
    free(at->told);
}

static void
compare(const char *name, const scene *of, const play *plain, const plan *how)
{
    play changed = run(of, how);
    size_t same = 0;
    while (same < plain->len && same < changed.len && plain->told[same] == changed.told[same])
        same++;
    if (same != plain->len || same != changed.len)
        fail_msg("%s, change before line %zu: %.*s\n--- instead of\n%.*s", name, how->begin,
                 (int)(changed.len - same < 400 ? changed.len - same : 400), changed.told + same,
                 (int)(plain->len - same < 400 ? plain->len - same : 400), plain->told + same);
    play_free(&changed);
}

static void
play_scene(const char *name, const scene *of, size_t stride)
{
    const plan never = {.begin = SIZE_MAX};
    play plain = run(of, &never);
    for (size_t begin_at = 0; begin_at < of->count; begin_at += stride) {
        compare(name, of, &plain, &(plan){.begin = begin_at, .again = 2});
        compare(name, of, &plain,
                &(plan){.begin = begin_at,
                        .crash = 1 + (unsigned)begin_at % 3,
                        .checkpoints = begin_at % 2 == 0});
    }
    play_free(&plain);
}

static void
every_case_tells_the_same_wherever_the_key_changes(void **unused)
{
    (void)unused;
    static const char cases[] = VDR_SOURCE_DIR "/tests/conformance";
    DIR *dir = opendir(cases);
    assert_non_null(dir);
    unsigned played = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char path[512];
        scene of;
        (void)snprintf(path, sizeof path, "%s/%.200s", cases, entry->d_name);
        if (entry->d_name[0] == '.' || !scene_open(&of, path, "input.jsonl"))
            continue;
        play_scene(entry->d_name, &of, 1 + of.count / 8);
        scene_close(&of);
        played++;
    }
    (void)closedir(dir);
    assert_true(played > 50);
    assert_true(changes_complete > played * 2);
    assert_true(crashes_within > played);
}

static void
a_year_tells_the_same_though_the_key_changes(void **unused)
{
    (void)unused;
    scene of;
    assert_true(scene_open(&of, VDR_SOURCE_DIR "/deploy/zomerdal", "year.jsonl"));
    play plain = run(&of, &(plan){.begin = SIZE_MAX});
    compare("year", &of, &plain, &(plan){.begin = 700, .crash = 97, .checkpoints = true});
    play_free(&plain);
    scene_close(&of);
}

/* ---- what nobody can name */

/* Somebody whose signal left, in a household that is here for somebody else. */
static void
say(play *at, const char *id, const char *source, const char *type, const char *day, const char *persons)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"urn:a:%s\",\"type\":\"nl.t.%s.v1\","
                   "\"time\":\"2026-%sT09:00:00Z\",\"data\":{\"municipality\":\"GM9901\",\"persons\":[%s]}}",
                   id, source, type, day, persons);
    assert_int_equal(submit_text(at->w, 1, text), VDR_OK);
    at->len = 0;
    settle(at);
    assert_non_null(at->told);
    at->told[at->len] = 0;
}

#define ONE   "{\"bsn\":\"999990342\"}"
#define OTHER "{\"bsn\":\"999990019\"}"

static play
wait_for_nobody(const scene *of)
{
    play at = {.w = world_new(VDR_CLOCK_EVENT, false), .of = of};
    at.w->key = keys[0];
    start(&at);
    say(&at, "s-1", "woonstad", "overlast", "03-02", ONE "," OTHER);
    say(&at, "s-2", "school", "verzuim", "03-03", ONE);
    say(&at, "s-3", "school", "verzuim", "05-01", ONE); /* s-1 left: kept for 30 days */
    begin(&at);
    for (unsigned i = 0; i < 100; i++)
        settle(&at);
    assert_true(runs(&at));
    assert_true(vdr_engine_rekey_waits(at.w->engine));
    vdr_rekey_view view;
    vdr_rekey_view_get(vdr_engine_core(at.w->engine), &view);
    assert_int_equal(view.old_members, 1);
    assert_int_equal(view.old_signals + view.old_acts, 0);
    assert_non_null(strstr(at.w->notices, "voordeur rotate finish"));
    crash(&at);
    settle(&at);
    assert_true(runs(&at));
    return at;
}

static void
whom_nobody_can_name_is_known_by_the_key_before_until_named(void **unused)
{
    (void)unused;
    scene of = {.texts = texts_of(town_text, catalogue_text, rules_text)};
    play at = wait_for_nobody(&of);
    say(&at, "s-4", "school", "verzuim", "05-02", OTHER);
    assert_non_null(strstr(at.told, "\"household\":\"H1\",\"match\":\"person\""));
    settle(&at);
    assert_false(runs(&at)); /* named, and so it went over, and so it ended */
    look(&at, 0);
    say(&at, "s-5", "school", "verzuim", "05-03", OTHER);
    assert_non_null(strstr(at.told, "\"household\":\"H1\",\"match\":\"person\""));
    play_free(&at);
}

static void
whom_nobody_can_name_is_not_known_again_once_given_up(void **unused)
{
    (void)unused;
    scene of = {.texts = texts_of(town_text, catalogue_text, rules_text)};
    play at = wait_for_nobody(&of);
    char words[VDR_ENGINE_WORDS_BYTES];
    vdr_engine_by by = {.operator_id = vdr_span_str("kees"), .reason = vdr_span_str("the old key must go")};
    assert_int_equal(vdr_engine_rekey_finish(at.w->engine, (vdr_ticket){0}, &by, words), VDR_OK);
    assert_int_equal(vdr_engine_rekey_finish(at.w->engine, (vdr_ticket){0}, &by, words), VDR_E_WRONG_STATE);
    for (unsigned i = 0; i < 10; i++)
        settle(&at);
    assert_false(runs(&at));
    look(&at, 0);
    say(&at, "s-4", "school", "verzuim", "05-02", OTHER);
    assert_non_null(strstr(at.told, "\"household\":\"H2\",\"match\":\"new\""));
    say(&at, "s-5", "school", "verzuim", "05-03", ONE);
    assert_non_null(strstr(at.told, "\"household\":\"H1\",\"match\":\"person\""));
    crash(&at);
    play_free(&at);
}

/* ---- handles */

static void
split_off(play *at, const char *id, const uint8_t *key, const char *bsn, const char *household)
{
    char text[1024], handle[40] = "p-";
    vdr_door *door = vdr_door_new(key);
    vdr_key16 pseudonym = vdr_door_pseudonym(door, false, vdr_span_str(bsn));
    vdr_door_free(&door);
    for (size_t i = 0; i < sizeof pseudonym.bytes; i++)
        (void)snprintf(handle + 2 + 2 * i, 3, "%02x", pseudonym.bytes[i]);
    (void)snprintf(text, sizeof text,
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"urn:voordeur:coordinator:c-piet\","
                   "\"type\":\"nl.voordeur.household_split.v1\",\"time\":\"2026-05-02T09:00:00Z\","
                   "\"data\":{\"municipality\":\"GM9901\",\"household\":\"%s\",\"persons\":[\"%s\"]}}",
                   id, household, handle);
    assert_int_equal(submit_text(at->w, 1, text), VDR_OK);
    at->len = 0;
    settle(at);
    at->told[at->len] = 0;
}

static void
a_handle_of_before_is_taken_until_the_change_is_complete(void **unused)
{
    (void)unused;
    scene of = {.texts = texts_of(town_text, catalogue_text, rules_text)};
    play at = wait_for_nobody(&of);
    /* This one has gone over, and the handle that was shown before does not say so. */
    split_off(&at, "k-1", keys[0], "999990342", "H1");
    assert_non_null(strstr(at.told, "\"verdict\":\"accepted\""));
    split_off(&at, "k-1", keys[0], "999990342", "H1");
    assert_non_null(strstr(at.told, "\"verdict\":\"duplicate\"")); /* though not of H1 any more */
    split_off(&at, "k-2", keys[1], "999990342", "H2");
    assert_non_null(strstr(at.told, "\"verdict\":\"accepted\""));
    say(&at, "s-4", "school", "verzuim", "05-02", OTHER);
    settle(&at);
    assert_false(runs(&at));
    look(&at, 0);
    split_off(&at, "k-3", keys[0], "999990342", "H3");
    assert_non_null(strstr(at.told, "\"verdict\":\"wrong_state\""));
    split_off(&at, "k-4", keys[1], "999990342", "H3");
    assert_non_null(strstr(at.told, "\"verdict\":\"accepted\""));
    play_free(&at);
}

/* ---- what a start says of keys */

static vdr_err
start_with(play *at, const uint8_t *key, const uint8_t *next_key)
{
    at->w->key = key;
    at->w->next_key = next_key;
    vdr_err err = world_try_start(at->w, &at->of->texts);
    if (err == VDR_OK)
        world_crash(at->w);
    return err;
}

static void
a_start_needs_the_keys_that_the_state_is_under(void **unused)
{
    (void)unused;
    scene of;
    assert_true(scene_open(&of, VDR_SOURCE_DIR "/tests/conformance/46-merge", "input.jsonl"));
    play at = run(&of, &(plan){.begin = of.count - 1});
    /* It is at work, or complete already: begin another, and crash before its first slice. */
    if (!runs(&at)) {
        begin(&at);
        world_collect(at.w);
    }
    settle(&at);
    while (runs(&at) && !vdr_engine_rekey_waits(at.w->engine))
        settle(&at);
    look(&at, 0);
    begin(&at);
    assert_int_equal(vdr_engine_turn(at.w->engine), VDR_OK);
    world_collect(at.w);
    assert_true(runs(&at));
    unsigned era = at.era;
    world_crash(at.w);
    assert_int_equal(start_with(&at, keys[era], NULL), VDR_E_WRONG_KEY);
    assert_non_null(strstr(at.w->words, "pseudonym_key_next"));
    assert_int_equal(start_with(&at, keys[era], keys[era]), VDR_E_WRONG_KEY);
    assert_int_equal(start_with(&at, keys[era + 1], keys[era + 1]), VDR_E_WRONG_KEY);
    at.w->key = keys[era];
    at.w->next_key = keys[era + 1];
    start(&at);
    for (unsigned i = 0; i < 2000 && runs(&at); i++)
        settle(&at);
    assert_false(runs(&at));
    assert_non_null(strstr(at.w->notices, "the pseudonym key is changed"));
    world_crash(at.w);
    assert_int_equal(start_with(&at, keys[era], NULL), VDR_E_WRONG_KEY);
    assert_non_null(strstr(at.w->words, "it was changed"));
    assert_int_equal(start_with(&at, keys[era], keys[era + 1]), VDR_OK); /* nobody has moved the file yet */
    assert_non_null(strstr(at.w->notices, "make that file the pseudonym_key"));
    assert_int_equal(start_with(&at, keys[era + 1], NULL), VDR_OK);
    at.w->engine = NULL;
    play_free(&at);
    scene_close(&of);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_tells_the_same_wherever_the_key_changes),
        cmocka_unit_test(a_year_tells_the_same_though_the_key_changes),
        cmocka_unit_test(whom_nobody_can_name_is_known_by_the_key_before_until_named),
        cmocka_unit_test(whom_nobody_can_name_is_not_known_again_once_given_up),
        cmocka_unit_test(a_handle_of_before_is_taken_until_the_change_is_complete),
        cmocka_unit_test(a_start_needs_the_keys_that_the_state_is_under),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Goal: a configuration is swapped whole or not at all (I18); whoever is in the way, and where a file is wrong,
 * is told; what the log holds wins over nothing, and the directory over the log. */
#include "engine_fixture.h"

static const char bad_rules[] = "rules:\n"
                                "  - {id: multi, text: x, level: case, priority: normal,\n"
                                "     purposes: [youth], at_least: {domainz: 3}}\n";

/* town_text with one thing replaced; free() it. */
static char *
town_with(const char *what, const char *by)
{
    const char *at = strstr(town_text, what);
    assert_non_null(at);
    size_t size = sizeof town_text + strlen(by);
    char *town = malloc(size);
    assert_non_null(town);
    (void)snprintf(town, size, "%.*s%s%s", (int)(at - town_text), town_text, by, at + strlen(what));
    return town;
}

static vdr_engine_status
status_of(world *w)
{
    vdr_engine_status status;
    vdr_engine_status_get(w->engine, &status);
    return status;
}

/* Enough about one family for a case with r-anna. */
static void
make_case(world *w)
{
    submit_events(w, 0, 60);
    assert_true(world_settle(w));
    assert_true(status_of(w).counts.offered > 0);
}

static void
a_reload_changes_all_or_nothing(void **state)
{
    (void)state;
    char *more = town_with("coordinators: [c-piet]", "coordinators: [c-piet, c-nel]");
    char *without_anna = town_with(
        "  - {id: r-anna, districts: [BU990101], capacity: 10, hard_capacity: 12, expertise: [education]}\n",
        "");
    char *without_wijkteam = town_with("{id: wijkteam,", "{id: buurtteam,");
    char *elsewhere = town_with("municipality: GM9901", "municipality: GM9902");
    const struct {
        const char *name, *town, *rules, *words;
        vdr_err err;
        bool changes;
    } rows[] = {
        {"the same again", town_text, rules_text, "no difference", VDR_OK, false},
        {"a broken rule", town_text, bad_rules, "rules.yaml:3:", VDR_E_BAD_CONFIG, false},
        {"no YAML", "municipality: [", rules_text, "town.yaml:", VDR_E_BAD_CONFIG, false},
        {"a regisseur with an open case goes", without_anna, rules_text, "r-anna", VDR_E_BAD_CONFIG, false},
        {"a service with messages goes", without_wijkteam, rules_text, "wijkteam", VDR_E_BAD_CONFIG, false},
        {"another municipality", elsewhere, rules_text, "municipality", VDR_E_BAD_CONFIG, false},
        {"a coordinator comes", more, rules_text, "in force from record", VDR_OK, true},
    };
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    make_case(w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_config_texts texts = texts_of(rows[i].town, catalogue_text, rows[i].rules);
        uint64_t hash = vdr_engine_state_hash(w->engine);
        vdr_position before = status_of(w).config_position;
        char words[VDR_ENGINE_WORDS_BYTES] = "", checked[VDR_ENGINE_WORDS_BYTES] = "";
        vdr_err e = vdr_engine_check_config(w->engine, &texts, checked);
        if (e != rows[i].err || (e != VDR_OK && strstr(checked, rows[i].words) == NULL))
            fail_msg("check: %s: %s: %s", rows[i].name, vdr_err_code(e), checked);
        assert_int_equal(vdr_engine_state_hash(w->engine), hash);
        w->result_count = 0;
        e = vdr_engine_submit_config(w->engine, (vdr_ticket){.seq = i}, &texts, words);
        if (e != rows[i].err || strstr(words, rows[i].words) == NULL)
            fail_msg("%s: %s: %s", rows[i].name, vdr_err_code(e), words);
        assert_true(world_settle(w));
        assert_int_equal(w->result_count, e == VDR_OK ? 1 : 0);
        bool changed = status_of(w).config_position != before;
        if (changed != rows[i].changes || (vdr_engine_state_hash(w->engine) != hash) != rows[i].changes)
            fail_msg("%s: changed %d", rows[i].name, changed);
        if (e == VDR_OK)
            assert_int_equal(w->results[0].position, changed ? status_of(w).config_position : 0);
    }
    /* And it holds: c-nel is told too, also after a start without a directory. */
    assert_int_equal(vdr_core_config(vdr_engine_core(w->engine))->coordinators.count, 2);
    uint64_t hash = vdr_engine_state_hash(w->engine);
    world_crash(w);
    assert_int_equal(world_try_start(w, NULL), VDR_OK);
    assert_int_equal(vdr_core_config(vdr_engine_core(w->engine))->coordinators.count, 2);
    assert_int_equal(vdr_engine_state_hash(w->engine), hash);
    world_free(w);
    free(more);
    free(without_anna);
    free(without_wijkteam);
    free(elsewhere);
}

static void
a_start_takes_the_directory_or_refuses_it(void **state)
{
    (void)state;
    char *more = town_with("coordinators: [c-piet]", "coordinators: [c-piet, c-nel]");
    char *without_anna = town_with(
        "  - {id: r-anna, districts: [BU990101], capacity: 10, hard_capacity: 12, expertise: [education]}\n",
        "");
    const struct {
        const char *name, *town, *rules, *words;
        vdr_err err, kept;
    } rows[] = {
        {"a new one", more, rules_text, "", VDR_OK, VDR_OK},
        {"a broken one", town_text, bad_rules, "rules.yaml:3:", VDR_E_BAD_CONFIG, VDR_OK},
        {"one that is refused", without_anna, rules_text, "r-anna", VDR_E_BAD_CONFIG, VDR_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned keep = 0; keep < 2; keep++) {
            world *w = world_new(VDR_CLOCK_EVENT, false);
            world_start(w);
            make_case(w);
            vdr_position last = status_of(w).durable;
            world_crash(w);
            vdr_config_texts texts = texts_of(rows[i].town, catalogue_text, rows[i].rules);
            w->keep_config = keep != 0;
            vdr_err e = world_try_start(w, &texts);
            if (e != (keep ? rows[i].kept : rows[i].err))
                fail_msg("%s, keep %u: %s: %s", rows[i].name, keep, vdr_err_code(e), w->words);
            if (rows[i].err != VDR_OK) {
                assert_non_null(strstr(keep ? w->notices : w->words, rows[i].words));
                if (keep)
                    assert_int_equal(status_of(w).config_position, 1);
            } else {
                assert_int_equal(status_of(w).config_position, last + 1);
            }
            world_free(w);
        }
    }
    free(more);
    free(without_anna);
}

/* Every open case is dismissed by who has it. */
static void
dismiss_all(world *w)
{
    for (unsigned number = 1; number <= status_of(w).counts.cases; number++) {
        vdr_at at;
        vdr_case_view view;
        char text[512];
        assert_true(vdr_view_case(vdr_engine_core(w->engine), (vdr_case_id){number}, &at, &view));
        if (!vdr_case_state_open(view.state))
            continue;
        (void)snprintf(text, sizeof text,
                       "{\"specversion\":\"1.0\",\"id\":\"d-%u\",\"source\":\"urn:voordeur:regisseur:%.*s\","
                       "\"type\":\"nl.voordeur.case_dismissed.v1\",\"time\":\"2026-03-03T09:00:00Z\","
                       "\"data\":{\"municipality\":\"GM9901\",\"case\":\"C%u\",\"reason\":\"x\"}}",
                       number, (int)view.regisseur.len, (const char *)view.regisseur.at, number);
        assert_int_equal(submit_text(w, number, text), VDR_OK);
        assert_true(world_settle(w));
        assert_int_equal(w->results[w->result_count - 1].verdict, VDR_E_ACCEPTED);
    }
}

/* All mailboxes but those of r-anna are read. */
static void
all_but_anna_read(world *w)
{
    const vdr_core *core = vdr_engine_core(w->engine);
    for (uint32_t m = 1; m <= vdr_core_mailbox_count(core); m++) {
        vdr_mailbox_view view;
        assert_true(vdr_core_mailbox_view(core, m, &view));
        vdr_command_ack ack = {.mailbox = m, .seq = view.last};
        if (!vdr_span_equal(view.id, vdr_span_str("r-anna")))
            assert_int_equal(vdr_engine_submit_acks(w->engine, (vdr_ticket){.seq = 0}, &ack, 1), VDR_OK);
    }
    assert_true(world_settle(w));
}

/* Two checkpoints, behind which the log is cut, with something in the log between them. */
static void
checkpoint_twice(world *w)
{
    for (unsigned i = 0; i < 2; i++) {
        vdr_job job;
        vdr_ms at = status_of(w).now + 1000;
        assert_int_equal(vdr_engine_submit_advance(w->engine, (vdr_ticket){.seq = i}, at), VDR_OK);
        assert_int_equal(vdr_engine_checkpoint(w->engine, (vdr_ticket){.seq = i}), VDR_OK);
        while (!vdr_engine_collect_job(w->engine, &job))
            assert_true(world_settle(w));
        assert_int_equal(job.result, VDR_OK);
    }
}

static void
mail_of_a_removed_regisseur_does_not_hold_the_log(void **state)
{
    (void)state;
    char *without_anna = town_with(
        "  - {id: r-anna, districts: [BU990101], capacity: 10, hard_capacity: 12, expertise: [education]}\n",
        "");
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    make_case(w);
    dismiss_all(w);
    /* Everything leaves; what is held of the log is what she has not read. */
    assert_int_equal(
        vdr_engine_submit_advance(w->engine, (vdr_ticket){.seq = 1}, T0 + 3000 * INT64_C(86400000)), VDR_OK);
    all_but_anna_read(w);
    checkpoint_twice(w);
    uint32_t anna = vdr_core_mailbox(vdr_engine_core(w->engine), VDR_PARTY_REGISSEUR, vdr_span_str("r-anna"));
    vdr_mailbox_view view;
    assert_true(vdr_core_mailbox_view(vdr_engine_core(w->engine), anna, &view));
    vdr_position oldest = view.oldest;
    uint64_t last = view.last;
    assert_true(oldest != 0 && status_of(w).first <= oldest);

    vdr_config_texts texts = texts_of(without_anna, catalogue_text, rules_text);
    char words[VDR_ENGINE_WORDS_BYTES] = "";
    assert_int_equal(vdr_engine_submit_config(w->engine, (vdr_ticket){.seq = 2}, &texts, words), VDR_OK);
    if (strstr(words, "unread messages of 1 removed parties are dropped") == NULL ||
        strstr(w->notices, words) == NULL)
        fail_msg("%s; %s", words, w->notices);
    checkpoint_twice(w);
    checkpoint_twice(w);
    if (status_of(w).first <= oldest)
        fail_msg("the log still begins at %llu", (unsigned long long)status_of(w).first);

    /* The same from the checkpoint and the tail; then she comes back and goes on where she was. */
    uint64_t hash = vdr_engine_state_hash(w->engine);
    world_crash(w);
    assert_int_equal(world_try_start(w, NULL), VDR_OK);
    assert_true(vdr_engine_state_hash(w->engine) == hash);
    world_crash(w);
    world_start(w);
    assert_true(vdr_core_mailbox_view(vdr_engine_core(w->engine), anna, &view));
    assert_true(view.last == last && view.acknowledged == last && view.oldest == 0);
    world_free(w);
    free(without_anna);
}

/* With another pseudonym key no person would be known again, and nobody would notice. */
static void
another_key_than_the_stores_is_refused(void **state)
{
    (void)state;
    static const uint8_t other[32] = {1, 2, 4};
    for (unsigned checkpoint = 0; checkpoint < 2; checkpoint++) {
        world *w = world_new(VDR_CLOCK_EVENT, false);
        world_start(w);
        make_case(w);
        uint64_t hash = vdr_engine_state_hash(w->engine);
        if (checkpoint)
            world_stop(w, true);
        else
            world_crash(w);
        vdr_config_texts texts = texts_of(town_text, catalogue_text, rules_text);
        w->key = other;
        assert_int_equal(world_try_start(w, &texts), VDR_E_WRONG_KEY);
        assert_non_null(strstr(w->words, "the pseudonym key is not the one"));
        w->key = NULL; /* nothing was harmed */
        world_start(w);
        assert_true(vdr_engine_state_hash(w->engine) == hash);
        world_free(w);
    }
}

static void
a_first_start_needs_a_good_configuration(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_REAL, false);
    assert_int_equal(world_try_start(w, NULL), VDR_E_BAD_CONFIG);
    assert_non_null(strstr(w->words, "--config"));
    vdr_config_texts texts = texts_of(town_text, catalogue_text, bad_rules);
    w->keep_config = true; /* there is none to keep */
    assert_int_equal(world_try_start(w, &texts), VDR_E_BAD_CONFIG);
    assert_non_null(strstr(w->words, "rules.yaml:3:"));
    w->keep_config = false;
    world_start(w);
    assert_int_equal(status_of(w).config_position, 1);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reload_changes_all_or_nothing),
        cmocka_unit_test(a_start_takes_the_directory_or_refuses_it),
        cmocka_unit_test(mail_of_a_removed_regisseur_does_not_hold_the_log),
        cmocka_unit_test(another_key_than_the_stores_is_refused),
        cmocka_unit_test(a_first_start_needs_a_good_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

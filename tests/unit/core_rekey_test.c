/* The pseudonym key changes while running (rekey.h): whatever comes, whenever it comes, the same is decided as if it
 * had not changed; and what is under which key is always told right. */
#include "broker/core/rekey.h"
#include "tests/core_dice.h"

/* ---- what a run told */

typedef struct story {
    char *at;
    size_t len, size;
} story;

static void
story_add(story *of, const town *t)
{
    if (of->len + t->told_len + 1 > of->size) {
        of->size = (of->len + t->told_len + 1) * 2;
        of->at = realloc(of->at, of->size);
        assert_non_null(of->at);
    }
    memcpy(of->at + of->len, t->told, t->told_len);
    of->len += t->told_len;
}

/* ---- whoever drives the change: it knows everybody by letter, and every event by id */

static uint64_t chance = 1;

static unsigned
toss(unsigned below) /* dice of its own: the events are the same with and without a change */
{
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((chance >> 33) % below);
}

static vdr_rekey_cursor cursor;
static unsigned changes_ended, pairs_made;

static vdr_key16
check_of(unsigned era)
{
    vdr_key16 check = {{1, (uint8_t)era, (uint8_t)(era >> 8)}};
    return check;
}

static void
change_begins(town *t)
{
    vdr_command begin = {.kind = VDR_COMMAND_REKEY,
                         .at = VDR_MS_NONE,
                         .rekey = VDR_REKEY_BEGIN,
                         .key_check = check_of(town_era + 1)};
    town_step(t, &begin);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    town_era++;
    town_changing = true;
    cursor = (vdr_rekey_cursor){VDR_REKEY_OF_SIGNALS, 0};
}

static vdr_command_pair
pair_of(const vdr_rekey_item *item)
{
    vdr_command_pair pair = {.from = item->key, .is_address = item->is_address};
    for (char letter = 'a'; letter <= 'z'; letter++) {
        const char *space = item->is_address ? "address" : "person";
        vdr_key16 before = town_key_of(town_era - 1, letter, space);
        if (vdr_key16_equal(&before, &item->key)) {
            pair.to = town_key(letter, space);
            return pair;
        }
    }
    fail_msg("nobody has this key");
    return pair;
}

static uint64_t
digest_of(const vdr_rekey_item *item)
{
    for (unsigned i = 0; i <= event_last; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "e-%u", i);
        for (char letter = 'a'; letter <= 'b'; letter++) {
            vdr_key16 before = town_key_of(town_era - 1, letter, id), now = town_key(letter, id);
            if (vdr_digest_half(&before) == item->digest && (uint32_t)town_id_hash(id) == item->hash)
                return vdr_digest_half(&now);
        }
    }
    fail_msg("no event has this digest");
    return 0;
}

static bool
nothing_is_old(const town *t)
{
    vdr_rekey_view view;
    vdr_rekey_view_get(t->core, &view);
    return view.old_members + view.old_signals + view.old_acts + view.old_conflicts + view.old_rights == 0;
}

static vdr_err
change_ends(town *t)
{
    vdr_command end = {.kind = VDR_COMMAND_REKEY,
                       .at = VDR_MS_NONE,
                       .rekey = VDR_REKEY_END,
                       .key_check = check_of(town_era)};
    town_step(t, &end);
    return t->step.verdict;
}

/* A batch: as many as come up in so many looks. */
static void
change_goes_on(town *t, uint32_t looks)
{
    vdr_command_pair pairs[64];
    vdr_command_rekeyed rekeyed[64];
    vdr_rekey_item item;
    vdr_command batch = {.kind = VDR_COMMAND_REKEY,
                         .at = VDR_MS_NONE,
                         .rekey = VDR_REKEY_PAIRS,
                         .pairs = pairs,
                         .rekeyed = rekeyed};
    while (batch.pair_count < COUNT(pairs) && batch.rekeyed_count < COUNT(rekeyed) &&
           vdr_rekey_next(t->core, &cursor, &looks, &item)) {
        if (item.table == VDR_REKEY_OF_SIGNALS || item.table == VDR_REKEY_OF_ACTS)
            rekeyed[batch.rekeyed_count++] =
                (vdr_command_rekeyed){item.table == VDR_REKEY_OF_SIGNALS ? VDR_REKEY_SIGNAL : VDR_REKEY_ACT,
                                      item.hash, item.digest, digest_of(&item)};
        else
            pairs[batch.pair_count++] = pair_of(&item);
    }
    pairs_made += (unsigned)(batch.pair_count + batch.rekeyed_count);
    town_step(t, &batch);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    assert_int_equal(t->step.tale.len, 0);
    if (cursor.table != VDR_REKEY_OF_NONE)
        return;
    if (nothing_is_old(t)) {
        assert_int_equal(change_ends(t), VDR_E_ACCEPTED);
        town_changing = false;
        changes_ended++;
    } else {
        assert_int_equal(change_ends(t), VDR_E_WRONG_STATE);
        cursor = (vdr_rekey_cursor){VDR_REKEY_OF_SIGNALS, 0};
    }
}

/* Now and then a change begins, now and then it goes on by some. */
static void
change(town *t)
{
    if (!town_changing && toss(15) == 0)
        change_begins(t);
    else if (town_changing && toss(3) == 0)
        change_goes_on(t, 1 + toss(40));
}

/* ---- the same events twice */

static story
run(uint64_t seed, unsigned steps, bool changes)
{
    story told = {0};
    town_era = 1;
    town_changing = false;
    dice_begin(seed);
    town *t = town_new(&town_config);
    t->reload_every = 17;
    /* Before each event, in both runs: a timer that was set for this very instant falls with whatever comes next. */
    const vdr_command moment = {.kind = VDR_COMMAND_TICK, .at = VDR_MS_NONE};
    for (unsigned i = 0; i < steps; i++) {
        town_step(t, &moment);
        story_add(&told, t);
        if (changes)
            change(t);
        t->hour += roll(5) == 0 ? (double)roll(48) : 0.25;
        if (roll(100) < 58)
            random_signal(t);
        else if (roll(100) < 97)
            random_act(t);
        else
            town_tick(t, t->hour + (double)roll(24 * 40));
        story_add(&told, t);
    }
    town_tick(t, t->hour + 400 * 24);
    story_add(&told, t);
    town_free(t);
    return told;
}

static void
the_same_is_decided_as_if_the_key_had_not_changed(void **unused)
{
    (void)unused;
    const char *more = getenv("VDR_RANDOM_SEEDS"); /* for a longer run by hand */
    unsigned seeds = more != NULL ? (unsigned)strtoul(more, NULL, 10) : 6;
    dice_acts = VDR_ACT_LAST;
    dice_look = false;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        town_collides = seed % 3 == 0;
        chance = seed * 977;
        story plain = run(seed, 500, false), changed = run(seed, 500, true);
        size_t same = 0;
        while (same < plain.len && same < changed.len && plain.at[same] == changed.at[same])
            same++;
        if (same != plain.len || same != changed.len)
            fail_msg("seed %u: another story from here on:\n%.200s\n--- and changed:\n%.200s", (unsigned)seed,
                     plain.at + same, changed.at + same);
        free(plain.at);
        free(changed.at);
    }
    assert_true(changes_ended > seeds * 4);
    assert_true(pairs_made > seeds * 100);
}

/* ---- what it says of itself */

static void
a_change_says_how_far_it_is_and_ends_when_nothing_is_left(void **unused)
{
    (void)unused;
    vdr_rekey_view view;
    town_era = 1;
    town_changing = town_collides = false;
    event_last = 2;
    town *t = town_new(&town_config);
    EVENT(t, .id = "e-0", .by = "school", .type = "absence", .who = "ab", .where = 'p');
    EVENT(t, .id = "e-1", .by = "privacy_officer:ada", .act = VDR_ACT_CONFLICT_DECLARED, .who = "z",
          .regisseur = "anna");
    assert_int_equal(change_ends(t), VDR_E_WRONG_STATE);
    change_begins(t);
    vdr_rekey_view_get(t->core, &view);
    assert_true(view.running);
    assert_int_equal(view.begun, 4);
    assert_int_equal(view.old_members, 3);
    assert_int_equal(view.old_signals, 1);
    assert_int_equal(view.old_acts, 1);
    assert_int_equal(view.old_conflicts, 1);

    vdr_command again = {.kind = VDR_COMMAND_REKEY,
                         .at = VDR_MS_NONE,
                         .rekey = VDR_REKEY_BEGIN,
                         .key_check = check_of(town_era + 1)};
    town_step(t, &again);
    assert_int_equal(t->step.verdict, VDR_E_WRONG_STATE);
    assert_int_equal(change_ends(t), VDR_E_WRONG_STATE);

    /* Found by the key before, and then under the next one: those who are named, and no others. */
    EVENT(t, .id = "e-0", .by = "school", .type = "absence", .who = "ab", .where = 'p');
    TOLD(t, "e-0 duplicate\n");
    vdr_rekey_view_get(t->core, &view);
    assert_int_equal(view.old_members, 3);
    EVENT(t, .id = "e-2", .by = "police", .type = "custody", .who = "az");
    TOLD(t, "e-2 accepted H1 person regular\nservice:team regular_signal e-2\n");
    vdr_rekey_view_get(t->core, &view);
    assert_int_equal(view.old_members, 2);
    assert_int_equal(view.old_conflicts, 0); /* z is somebody now, and the conflict goes along */
    assert_int_equal(view.old_signals, 1);

    while (town_changing)
        change_goes_on(t, 2);
    vdr_rekey_view_get(t->core, &view);
    assert_false(view.running);
    vdr_key16 check = check_of(town_era);
    assert_true(vdr_key16_equal(&view.key_check, &check));
    EVENT(t, .id = "e-0", .by = "school", .type = "absence", .who = "ab", .where = 'p');
    TOLD(t, "e-0 duplicate\n");
    town_free(t);
}

/* Given up: to a key that nothing has. The person stays, and is not known again. */
static void
what_nobody_can_name_is_given_up_and_stays_where_it_is(void **unused)
{
    (void)unused;
    town_era = 1;
    town_changing = town_collides = false;
    town *t = town_new(&town_config);
    EVENT(t, .id = "e-0", .by = "school", .type = "absence", .who = "a", .where = 'p');
    vdr_key16 a = town_key('a', "person"), digest = town_key('a', "e-0");
    change_begins(t);
    vdr_command_pair pair = {.from = a, .to = {{1, 2, 3}}};
    vdr_command_rekeyed rekeyed = {VDR_REKEY_SIGNAL, (uint32_t)town_id_hash("e-0"), vdr_digest_half(&digest),
                                   12345};
    vdr_command batch = {.kind = VDR_COMMAND_REKEY,
                         .at = VDR_MS_NONE,
                         .rekey = VDR_REKEY_PAIRS,
                         .pairs = &pair,
                         .pair_count = 1,
                         .rekeyed = &rekeyed,
                         .rekeyed_count = 1};
    town_step(t, &batch);
    EVENT(t, .id = "e-0", .by = "school", .type = "absence", .who = "a", .where = 'p');
    TOLD(t, "e-0 id_reused\n");
    EVENT(t, .id = "e-1", .by = "school", .type = "absence", .who = "a");
    TOLD(t, "e-1 accepted H2 new regular\nservice:team regular_signal e-1\n");
    vdr_at at;
    vdr_household_view household;
    assert_true(vdr_view_household(t->core, (vdr_household_id){1}, &at, &household));
    assert_int_equal(household.person_count, 1);
    town_free(t);
}

/* What guards counted is given up with the rest; what is left of it when the next change begins waits for nothing. */
static void
a_change_does_not_wait_for_what_the_one_before_gave_up(void **unused)
{
    (void)unused;
    static const vdr_config_guard guard = {
        .id = S("crowd"), .agency = S("school"), .count = VDR_GUARD_PERSONS, .per_ms = HOUR, .max = 9};
    vdr_config config = town_config;
    vdr_rekey_view view;
    config.guards = &guard;
    config.guard_count = 1;
    town_era = 1;
    town_changing = town_collides = false;
    event_last = 0;
    town *t = town_new(&config);
    EVENT(t, .id = "e-0", .by = "school", .type = "absence", .who = "ab", .where = 'p');
    for (int times = 0; times < 2; times++) {
        change_begins(t);
        vdr_rekey_view_get(t->core, &view);
        assert_int_equal(view.old_guarded, times == 0 ? 3 : 0);
        vdr_command finish = {.kind = VDR_COMMAND_REKEY,
                              .at = VDR_MS_NONE,
                              .rekey = VDR_REKEY_FINISH,
                              .key_check = check_of(town_era)};
        if (times == 0)
            town_step(t, &finish);
        while (town_changing)
            change_goes_on(t, 100);
        assert_null(vdr_core_check(t->core));
    }
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_decided_as_if_the_key_had_not_changed),
        cmocka_unit_test(a_change_says_how_far_it_is_and_ends_when_nothing_is_left),
        cmocka_unit_test(what_nobody_can_name_is_given_up_and_stays_where_it_is),
        cmocka_unit_test(a_change_does_not_wait_for_what_the_one_before_gave_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Goal: a case that stays open for years does not hold the log: it is cut behind what is carried forward, and what was
 * carried reads, is told and is heard as if it had never moved; wherever a carry is stopped. */
#define _GNU_SOURCE /* memmem, nftw */

#include "engine_place.h"

#include "broker/carry/choice.h"
#include "broker/core/view.h"
#include "broker/record/record.h"
#include "broker/trail/trail.h"

#define REGISSEUR "urn:voordeur:regisseur:r-anna"
#define FAMILY    "\"persons\":[{\"bsn\":\"999990342\"}]"
#define NEVER     UINT64_MAX
#define SMALL     (UINT64_C(8) << 10)
#define CROWD     6u /* signals of a day, of people who have left a month later */

/* ---- a town with one case ---- */

/* What was decided, a line each; and a place to say so of whom the log tells it. */
typedef struct lines {
    char *text;
    size_t len, size;
} lines;

static void
add_line(lines *l, const char *line)
{
    size_t len = strlen(line);
    if (l->len + len + 2 > l->size) {
        l->size = 2 * l->size + len + 4096;
        l->text = realloc(l->text, l->size);
        assert_non_null(l->text);
    }
    memcpy(l->text + l->len, line, len);
    l->len += len;
    l->text[l->len++] = '\n';
    l->text[l->len] = '\0';
}

static void
hear(void *context, const place *p, const vdr_told *told)
{
    vdr_arena arena;
    vdr_effect effect;
    vdr_decision decision;
    char line[8192];
    uint32_t offset = 0;
    vdr_arena_init(&arena, 1 << 20);
    while (vdr_effect_next(told->tale, &offset, &effect) == VDR_OK) {
        assert_int_equal(vdr_core_decision(vdr_engine_core(p->engine), &effect, &arena, &decision), VDR_OK);
        size_t len = vdr_decision_line(&decision, line, sizeof line - 1);
        assert_true(len < sizeof line);
        line[len] = '\0';
        add_line(context, line);
    }
    vdr_arena_done(&arena);
}

/* Everything is durable, and nothing wants a turn. */
static void
settle(place *p)
{
    vdr_engine_status status;
    do {
        turn(p);
        vdr_engine_status_get(p->engine, &status);
    } while (status.durable != status.stepped || status.unspoken != 0 || vdr_engine_wait_ms(p->engine) == 0);
}

static void
put_event(place *p, const char *id, const char *source, const char *type, const char *more)
{
    char text[2048], at[VDR_TIME_TEXT_BYTES + 1] = "";
    vdr_time_format(p->clock.wall, at);
    (void)snprintf(text, sizeof text,
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%s\",\"type\":\"%s\",\"time\":\"%s\","
                   "\"data\":{\"municipality\":\"GM9901\",%s}}",
                   id, source, type, at, more);
    vdr_submission submission = {.ticket = {.session = 1, .seq = ++p->seq}, .json = vdr_span_str(text)};
    assert_int_equal(vdr_engine_submit(p->engine, &submission), VDR_OK);
}

static uint32_t
mailbox(const place *p, vdr_party_kind kind, const char *id)
{
    return vdr_core_mailbox(vdr_engine_core(p->engine), kind, vdr_span_str(id));
}

/* All that was told to it is read. */
static void
read_mail(place *p, vdr_party_kind kind, const char *id)
{
    vdr_mailbox_view view;
    uint32_t number = mailbox(p, kind, id);
    if (number == 0 || !vdr_core_mailbox_view(vdr_engine_core(p->engine), number, &view) ||
        view.last == view.acknowledged)
        return;
    const vdr_command_ack ack = {.mailbox = number, .seq = view.last};
    assert_int_equal(vdr_engine_submit_acks(p->engine, (vdr_ticket){1, ++p->seq}, &ack, 1), VDR_OK);
}

static void
look(place *p, const char *reason)
{
    static const vdr_command_seen seen[] = {{VDR_SEEN_CASE, VDR_SEEN_PLAN, {1}, {1}, 0},
                                            {VDR_SEEN_HOUSEHOLD, VDR_SEEN_MEMBERS, {1}, {0}, 0}};
    const vdr_command view = {.sender_kind = reason != NULL ? VDR_PARTY_COORDINATOR : VDR_PARTY_REGISSEUR,
                              .sender_id = vdr_span_str(reason != NULL ? "c-piet" : "r-anna"),
                              .reason = reason != NULL ? vdr_span_str(reason) : (vdr_span){0},
                              .query = VDR_QUERY_CASE,
                              .seen = seen,
                              .seen_count = 2};
    assert_int_equal(vdr_engine_submit_view(p->engine, (vdr_ticket){1, ++p->seq}, &view), VDR_OK);
}

#define PLAN(number, text)                                                                                   \
    "\"case\":\"C1\",\"revision\":" number ",\"goals\":[{\"domain\":\"education\",\"text\":\"" text          \
    "\",\"owner\":\"r-anna\",\"due\":\"2026-06-01T00:00:00.000Z\",\"state\":\"open\"}]"

/* One day of the town: the case's own, and people who come and go. Nobody reads what r-anna gets. */
static void
live_day(place *p, unsigned day)
{
    char id[32], more[64], bsn[10];
    if (day == 0) {
        put_event(p, "f-1", "urn:a:school", "nl.t.verzuim.v1", FAMILY);
        put_event(p, "f-2", "urn:a:politie", "nl.t.geweld.v1", FAMILY);
        put_event(p, "f-3", "urn:a:woonstad", "nl.t.overlast.v1", FAMILY);
    } else if (day == 1) {
        put_event(p, "a-1", REGISSEUR, "nl.voordeur.case_accepted.v1", "\"case\":\"C1\"");
    } else if (day == 3) {
        put_event(p, "a-2", REGISSEUR, "nl.voordeur.plan_set.v1", PLAN("1", "rust in huis"));
    } else if (day == 400) {
        put_event(p, "a-3", REGISSEUR, "nl.voordeur.plan_set.v1", PLAN("2", "weer naar school"));
    }
    if (day % 100 == 8)
        look(p, day == 208 ? "a neighbour called" : NULL);
    for (unsigned i = 0; i < CROWD; i++) {
        bsn_of(day * CROWD + i, bsn);
        (void)snprintf(id, sizeof id, "s-%u-%u", day, i);
        (void)snprintf(more, sizeof more, "\"persons\":[{\"bsn\":\"%s\"}]", bsn);
        put_event(p, id, "urn:a:woonstad", "nl.t.overlast.v1", more);
    }
    settle(p);
    move_ms(p, VDR_DAY_MS / 2);
    read_mail(p, VDR_PARTY_SERVICE, "wijkteam");
    read_mail(p, VDR_PARTY_COORDINATOR, "c-piet");
    read_mail(p, VDR_PARTY_PRIVACY_OFFICER, "p-els");
    move_ms(p, VDR_DAY_MS / 2);
    settle(p);
}

static place *
town_new(uint64_t carry_bytes, lines *l)
{
    place *p = place_new();
    p->carry_bytes = carry_bytes;
    p->erasure_ms = 20 * VDR_DAY_MS;
    p->checkpoint_ms = 9 * VDR_DAY_MS;
    p->told = l != NULL ? hear : NULL;
    p->told_context = l;
    open_place(p);
    return p;
}

/* ---- what must hold ---- */

static bool
mailbox_of(void *context, uint32_t number, vdr_party_kind *ret_kind, vdr_span *ret_id)
{
    vdr_mailbox_view view;
    if (!vdr_core_mailbox_view(vdr_engine_core(((place *)context)->engine), number, &view))
        return false;
    *ret_kind = view.kind;
    *ret_id = view.id;
    return true;
}

/* Who did and saw what of household 1, without positions: those may differ. */
static void
tell_trail(place *p, lines *l)
{
    vdr_trail_ask ask = VDR_TRAIL_ASK_NEW;
    vdr_trail *trail;
    vdr_trail_row row;
    vdr_err err;
    ask.household.number = 1;
    assert_int_equal(vdr_trail_open(p->log, &ask, mailbox_of, p, &trail), VDR_OK);
    while ((err = vdr_trail_next(trail, SIZE_MAX, &row)) == VDR_OK) {
        char line[1024];
        (void)snprintf(line, sizeof line,
                       "%s at %lld by %d %.*s to %d %.*s: %.*s H%llu C%llu %.*s %u %.*s %lld",
                       vdr_trail_kind_name(row.kind), (long long)row.at, (int)row.by_kind, (int)row.by.len,
                       (const char *)row.by.at, (int)row.to_kind, (int)row.to.len, (const char *)row.to.at,
                       (int)row.what.len, (const char *)row.what.at, (unsigned long long)row.household.number,
                       (unsigned long long)row.case_id.number, (int)row.id.len, (const char *)row.id.at,
                       row.parts, (int)row.reason.len, (const char *)row.reason.at, (long long)row.since);
        add_line(l, line);
    }
    assert_int_equal(err, VDR_E_END);
    vdr_trail_close(&trail);
}

/* Every message that r-anna did not read is where the index says. */
static void
check_mail(place *p)
{
    vdr_log_mail mails[64];
    vdr_log_reader *reader;
    vdr_mailbox_view view;
    uint32_t number = mailbox(p, VDR_PARTY_REGISSEUR, "r-anna");
    size_t count = 0;
    assert_true(vdr_core_mailbox_view(vdr_engine_core(p->engine), number, &view));
    assert_true(view.last >= 1 && view.acknowledged == 0);
    assert_int_equal(vdr_log_reader_open(p->log, &reader), VDR_OK);
    assert_int_equal(vdr_log_read_mail(reader, number, 1, mails, 64, &count), VDR_OK);
    assert_int_equal(count, view.last);
    for (size_t i = 0; i < count; i++) {
        vdr_log_record record;
        vdr_effect effect;
        uint32_t offset = mails[i].offset;
        vdr_err err = vdr_log_read(reader, mails[i].position, &record);
        if (err != VDR_OK) { /* of a signal that left: kept apart */
            assert_true(err == VDR_E_ERASED || err == VDR_E_NOT_FOUND);
            assert_true(vdr_engine_kept(p->engine, mails[i].position, offset, &record.tale));
            offset = 0;
        }
        assert_int_equal(vdr_effect_next(record.tale, &offset, &effect), VDR_OK);
        assert_int_equal(effect.kind, VDR_EFFECT_MESSAGE);
        assert_int_equal(effect.mailbox, number);
        assert_int_equal(effect.seq, mails[i].seq);
    }
    vdr_log_reader_close(&reader);
}

/* The event of a record, as it came, and when. */
static void
check_event(place *p, vdr_position position, const char *words, vdr_ms at)
{
    vdr_log_record record;
    vdr_command command;
    vdr_span json;
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 20);
    assert_int_equal(vdr_engine_record(p->engine, position, &record), VDR_OK);
    assert_int_equal(vdr_command_read(record.routing, &arena, &command), VDR_OK);
    assert_int_equal(command.at, at);
    assert_int_equal(vdr_content_json(record.content, &arena, &json), VDR_OK);
    if (memmem(json.at, json.len, words, strlen(words)) == NULL)
        fail_msg("record %llu: %.*s", (unsigned long long)position, (int)json.len, (const char *)json.at);
    vdr_engine_record_done(p->engine);
    vdr_arena_done(&arena);
}

/* The case and its signals read as they did, whatever was cut. */
static void
check_family(place *p, const char *plan, unsigned plan_day)
{
    vdr_at at, cursor = {0};
    vdr_case_view of;
    vdr_signal_view signal;
    unsigned count = 0;
    assert_true(vdr_view_case(vdr_engine_core(p->engine), (vdr_case_id){1}, &at, &of));
    assert_int_equal(of.state, VDR_CASE_ACTIVE);
    check_event(p, of.plan_position, plan, T0 + (int64_t)plan_day * VDR_DAY_MS);
    while (vdr_view_case_signal(vdr_engine_core(p->engine), at, &cursor, &signal)) {
        check_event(p, signal.content, "999990342", T0);
        count++;
    }
    assert_true(count >= 2);
    check_mail(p);
    assert_null(vdr_engine_check(p->engine));
}

static void
check_store(place *p)
{
    vdr_store_fault fault;
    vdr_err err = vdr_log_proofread(p->log, 1, NULL, NULL, &fault);
    if (err != VDR_OK)
        fail_msg("%s: %s at %llu", vdr_err_code(err), fault.text, (unsigned long long)fault.position);
}

static uint64_t
records_kept(const place *p)
{
    vdr_log_stats stats;
    vdr_log_stats_get(p->log, &stats);
    return stats.next - stats.first;
}

static uint64_t
file_bytes(const place *p)
{
    char path[128];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/log/data.mdb", p->dir);
    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_size;
}

static uint64_t
carried(const place *p)
{
    vdr_engine_erasure seen;
    vdr_engine_erasure_get(p->engine, &seen);
    return seen.carried;
}

/* A run that somebody asks for, and what follows it. */
static void
run_now(place *p)
{
    p->job_done = false;
    assert_int_equal(vdr_engine_erase(p->engine, (vdr_ticket){1, 7}), VDR_OK);
    while (!p->job_done)
        turn(p);
    assert_int_equal(p->job.result, VDR_OK);
    settle(p);
}

/* A checkpoint after a carry lets go of the log before it. */
static void
cut_now(place *p)
{
    for (unsigned i = 0; i < 2; i++) {
        look(p, NULL);
        p->job_done = false;
        assert_int_equal(vdr_engine_checkpoint(p->engine, (vdr_ticket){1, 8}), VDR_OK);
        while (!p->job_done)
            turn(p);
    }
    for (unsigned i = 0; i < 64; i++) /* a piece of it after each */
        turn(p);
}

/* A copy of the store as a backup has it, with the wrapping key of now. */
static place *
restored(place *p, bool threads)
{
    char path[128];
    place *copy = place_new();
    vdr_vault_status status;
    vdr_vault_status_get(p->vault, &status);
    assert_int_equal(vdr_checkpoint_backup(p->checkpoint, copy->dir), VDR_OK);
    assert_int_equal(vdr_log_backup(p->log, copy->dir), VDR_OK);
    assert_int_equal(vdr_vault_backup(p->vault, copy->dir, status.oldest), VDR_OK);
    (void)snprintf(path, sizeof path, "%s/wrap", p->escrow);
    assert_int_equal(vdr_vault_place(path, copy->dir), VDR_OK);
    copy->clock = p->clock;
    copy->carry_bytes = p->carry_bytes;
    copy->threads = threads;
    open_place(copy);
    return copy;
}

/* ---- tests ---- */

static void
two_years_with_an_open_case_leave_a_short_log_and_the_same_lines(void **state)
{
    (void)state;
    lines said[2] = {{0}}, trails[2] = {{0}}, copied = {0};
    place *towns[2] = {town_new(NEVER, &said[0]), town_new(SMALL, &said[1])};
    uint64_t most[2] = {0}, file[2] = {0}; /* records and bytes, in the first and the second year */
    for (unsigned day = 0; day < 720; day += day < 10 ? 1 : 2) {
        for (size_t i = 0; i < 2; i++) {
            live_day(towns[i], day);
            move_ms(towns[i], day < 10 ? 0 : VDR_DAY_MS);
        }
        if (records_kept(towns[1]) > most[day >= 360])
            most[day >= 360] = records_kept(towns[1]);
        file[day >= 360] = file_bytes(towns[1]); /* it never shrinks while it is open */
        if (day == 366) {                        /* a restart in the middle changes nothing */
            close_place(towns[1]);
            open_place(towns[1]);
        }
    }
    assert_string_equal(said[0].text, said[1].text);
    for (size_t i = 0; i < 2; i++) {
        tell_trail(towns[i], &trails[i]);
        check_family(towns[i], "weer naar school", 400);
        check_store(towns[i]);
    }
    assert_string_equal(trails[0].text, trails[1].text);
    assert_non_null(strstr(trails[1].text, "a neighbour called"));
    assert_int_equal(carried(towns[0]), 0);
    assert_true(carried(towns[1]) > 0);
    vdr_log_stats whole, cut;
    vdr_log_stats_get(towns[0]->log, &whole);
    vdr_log_stats_get(towns[1]->log, &cut);
    print_message(
        "%llu records of %llu kept, never more than %llu in the first year and %llu in the second; %llu "
        "carried; file %llu bytes after a year, %llu after two, %llu without\n",
        (unsigned long long)records_kept(towns[1]), (unsigned long long)records_kept(towns[0]),
        (unsigned long long)most[0], (unsigned long long)most[1], (unsigned long long)carried(towns[1]),
        (unsigned long long)file[0], (unsigned long long)file[1], (unsigned long long)file_bytes(towns[0]));
    assert_int_equal(whole.first, 1);
    assert_true(most[1] < most[0] + most[0] / 4); /* the case is told once a year or so: that is what grows */
    assert_true(file[1] < file[0] + file[0] / 4); /* what was cut is written over */
    assert_true(most[1] * 2 < records_kept(towns[0]) && cut.used_bytes * 2 < whole.used_bytes);

    /* A backup has what is carried; so has who starts on it. */
    place *copy = restored(towns[1], false);
    check_family(copy, "weer naar school", 400);
    tell_trail(copy, &copied);
    assert_string_equal(copied.text, trails[1].text);
    place_free(copy);
    for (size_t i = 0; i < 2; i++) {
        place_free(towns[i]);
        free(said[i].text);
        free(trails[i].text);
    }
    free(copied.text);
}

static const char other_rules[] = "rules:\n"
                                  "  - {id: multi, text: three domains, level: case, priority: normal,\n"
                                  "     purposes: [youth, safety, housing], at_least: {domains: 3}}\n";

/* Some months, ready to be carried when they are copied. */
static place *
ripe_town(void)
{
    place *p = town_new(NEVER, NULL);
    for (unsigned day = 0; day < 60; day++)
        live_day(p, day);
    /* Who starts on a copy brings back the one of before: so the record of the configuration is a late one. */
    const vdr_config_texts texts = texts_of(officer_town, catalogue_text, other_rules);
    assert_int_equal(vdr_engine_submit_config(p->engine, (vdr_ticket){1, ++p->seq}, &texts, p->words),
                     VDR_OK);
    settle(p);
    p->carry_bytes = 1;
    return p;
}

static void
a_carry_that_is_stopped_anywhere_loses_nothing(void **state)
{
    (void)state;
    lines told = {0};
    unsigned turns = 0, partly = 0;
    place *ripe = ripe_town();
    tell_trail(ripe, &told);
    for (bool over = false; !over; turns++) {
        lines now = {0};
        place *p = restored(ripe, false);
        p->job_done = false;
        assert_int_equal(vdr_engine_erase(p->engine, (vdr_ticket){1, 7}), VDR_OK);
        while (!p->job_done)
            turn(p);
        for (unsigned i = 0; i < turns; i++)
            turn(p);
        over = vdr_engine_wait_ms(p->engine) != 0;
        close_place(p);
        open_place(p);
        check_family(p, "rust in huis", 3);
        run_now(p); /* again: what is carried already is not carried twice */
        vdr_log_stats stats;
        partly += carried(p) != 0;
        cut_now(p);
        vdr_log_stats_get(p->log, &stats);
        check_family(p, "rust in huis", 3);
        check_store(p);
        assert_true(stats.first > 100);
        tell_trail(p, &now);
        if (strncmp(told.text, now.text, told.len) != 0) /* then come the looks of cut_now */
            fail_msg("%s\nis now\n%s", told.text, now.text);
        close_place(p);
        open_place(p);
        check_family(p, "rust in huis", 3);
        free(now.text);
        place_free(p);
    }
    assert_true(partly > 0);
    print_message("stopped after each of %u turns\n", turns);
    place_free(ripe);
    free(told.text);
}

/* The scout in a thread of its own, cuts while it reads. */
static void
threads_of_their_own_change_nothing(void **state)
{
    (void)state;
    place *ripe = ripe_town();
    for (unsigned turns = 0; turns < 24; turns += 8) {
        place *p = restored(ripe, true);
        assert_int_equal(vdr_engine_erase(p->engine, (vdr_ticket){1, 7}), VDR_OK);
        for (unsigned i = 0; i < turns; i++)
            turn(p);
        close_place(p);
        open_place(p);
        run_now(p);
        check_family(p, "rust in huis", 3);
        check_store(p);
        place_free(p);
    }
    place_free(ripe);
}

/* What is erased after it was carried cannot be opened, neither there nor where it was. */
static void
what_is_carried_is_erased_like_all_else(void **state)
{
    (void)state;
    place *ripe = ripe_town(), *p = restored(ripe, false);
    vdr_at at;
    vdr_case_view of;
    run_now(p);
    cut_now(p);
    assert_true(vdr_view_case(vdr_engine_core(p->engine), (vdr_case_id){1}, &at, &of));
    vdr_position plan = of.plan_position;
    check_event(p, plan, "rust in huis", T0 + 3 * VDR_DAY_MS);
    (void)submit(p, "a-9", REGISSEUR, "nl.voordeur.case_closed.v1", "\"case\":\"C1\",\"outcome\":\"done\"");
    (void)submit(p, "e-9", "urn:voordeur:privacy_officer:p-els", "nl.voordeur.erased.v1",
                 "\"household\":\"H1\"");
    run_now(p);
    vdr_log_record record;
    vdr_err err = vdr_engine_record(p->engine, plan, &record);
    assert_true(err == VDR_E_ERASED || err == VDR_E_NOT_FOUND);
    vdr_engine_record_done(p->engine);
    check_store(p);
    place_free(p);
    place_free(ripe);
}

/* ---- how far, and what ---- */

typedef struct stretch {
    const char *name;
    unsigned dense_from, dense_to; /* every record from the one to before the other is needed */
    unsigned every;                /* and beyond, each so many */
    vdr_position end;
} stretch;

static bool
nobody(void *context, vdr_household_id household)
{
    (void)context;
    return household.number == 9;
}

static void
a_stretch_is_given_up_as_far_as_it_pays(void **state)
{
    (void)state;
    static const stretch rows[] = {
        {"nothing is needed", 0, 0, 0, 1001}, {"one in fifty", 0, 0, 50, 1001},
        {"one in two", 0, 0, 2, 0},           {"a dense middle that the rest pays for", 500, 540, 0, 1001},
        {"a dense end", 900, 1000, 0, 947}, /* 47 of 946 */
        {"a dense begin", 1, 100, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stretch *row = &rows[i];
        vdr_choice *choice = vdr_choice_new(1, 1001);
        for (vdr_position at = 1; at <= 1000; at++) {
            bool needed =
                (at >= row->dense_from && at < row->dense_to) || (row->every != 0 && at % row->every == 0);
            vdr_choice_stands(choice, at, 100);
            if (needed)
                vdr_choice_needs(choice, at, at, 100, (vdr_span){0});
        }
        vdr_position end = vdr_choice_end(choice, 10000, nobody, NULL);
        if (end != row->end)
            fail_msg("%s: %llu", row->name, (unsigned long long)end);
        vdr_choice_free(&choice);
    }
}

static void
what_waited_for_a_merge_is_needed_after_it(void **state)
{
    (void)state;
    vdr_choice *choice = vdr_choice_new(10, 1010);
    const vdr_command_seen seen[] = {{VDR_SEEN_HOUSEHOLD, VDR_SEEN_MEMBERS, {4}, {0}, 0},
                                     {VDR_SEEN_HOUSEHOLD, VDR_SEEN_MEMBERS, {5}, {0}, 0}};
    const vdr_command views[] = {{.seen = seen, .seen_count = 2}, {.seen = seen + 1, .seen_count = 1}};
    for (vdr_position at = 10; at < 1010; at++)
        vdr_choice_stands(choice, at, 100);
    vdr_choice_may_need(choice, 20, 20, 100, &views[0]);
    vdr_choice_may_need(choice, 21, 21, 100, &views[1]);
    vdr_choice_may_need(choice, 3, 2000, 100, &views[0]); /* carried beyond the stretch */
    vdr_choice_merged(choice, (vdr_household_id){4}, (vdr_household_id){8});
    vdr_choice_merged(choice, (vdr_household_id){8}, (vdr_household_id){9});
    assert_int_equal(vdr_choice_end(choice, 1, nobody, NULL), 1010);
    vdr_position position[4];
    assert_int_equal(vdr_choice_get(choice, 0, position, 4), 1);
    assert_int_equal(position[0], 20);
    vdr_choice_free(&choice);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stretch_is_given_up_as_far_as_it_pays),
        cmocka_unit_test(what_waited_for_a_merge_is_needed_after_it),
        cmocka_unit_test(two_years_with_an_open_case_leave_a_short_log_and_the_same_lines),
        cmocka_unit_test(a_carry_that_is_stopped_anywhere_loses_nothing),
        cmocka_unit_test(threads_of_their_own_change_nothing),
        cmocka_unit_test(what_is_carried_is_erased_like_all_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

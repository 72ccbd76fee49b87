/* Laws of the audit (broker/trail/trail.h): any text is an ask or refused, and what was read says the same when it is
 * written out and read again; an ask gives those rows of the log that a plain look through all of them picks out, in
 * their order, however few records a call may read and whenever the reader rests; it takes no more rows than there are.
 *
 * The logs are those of towns whose core stepped random commands; what stands in a log is its seal's to say. An ask for
 * a household may say more of a row than a look at all of them: whose signal an act named.
 *
 * The first byte says which log and how it is read; the rest is an ask's text. */
#include "broker/daemon.h"
#include "broker/record/record.h"
#include "broker/trail/trail.h"
#include "store/memory.h"
#include "tests/core_dice.h"
#include "tests/fuzz/fuzz.h"

#define LOGS      3u
#define STEPS     400u
#define ROW_BYTES 512u
#define HOMES     4096u /* more than a log has households or cases */

/* A row of all of them. */
typedef struct seen {
    vdr_trail_row row; /* its spans are not looked at later */
    char by[VDR_CONF_NAME_MAX + 1], to[VDR_CONF_NAME_MAX + 1];
    uint64_t case_household; /* of its case, as of then */
    char words[ROW_BYTES], less[ROW_BYTES];
} seen;

typedef struct book {
    vdr_memory *memory;
    vdr_log *log;
    uint64_t into[HOMES]; /* merges of all times */
    seen *rows;
    size_t count, size;
} book;

static book books[LOGS], *making;

/* ---- a log */

static void
append(const vdr_command *command, const vdr_step *step)
{
    static uint8_t routing[65536];
    vdr_log_mail mails[1024];
    vdr_log_stats stats;
    size_t len = vdr_command_write(command, routing, sizeof routing);
    VDR_ASSERT(len <= sizeof routing && step->mail_count <= COUNT(mails));
    vdr_log_stats_get(making->log, &stats);
    for (size_t i = 0; i < step->mail_count; i++)
        mails[i] = (vdr_log_mail){.mailbox = step->mails[i].mailbox,
                                  .offset = step->mails[i].offset,
                                  .seq = step->mails[i].seq,
                                  .position = stats.next};
    const vdr_log_record record = {.routing = vdr_span_of(routing, len), .tale = step->tale};
    VDR_ASSERT(vdr_log_append(making->log, 1, stats.next, &record, 1, mails, step->mail_count) == VDR_OK);
}

static void
stepped(town *t, const vdr_command *command)
{
    const vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = t->step.at};
    if (t->step.record)
        append(command, &t->step);
    else if (t->step.tick)
        append(&tick, &t->step);
    if (command->kind == VDR_COMMAND_ACT && command->act == VDR_ACT_HOUSEHOLD_MERGED &&
        t->step.verdict == VDR_E_ACCEPTED) {
        VDR_ASSERT(command->from.number < HOMES && command->into.number < HOMES);
        making->into[command->from.number] = command->into.number;
    }
}

static void
view(town *t)
{
    const vdr_command_seen things[2] = {{.kind = VDR_SEEN_HOUSEHOLD,
                                         .parts = 1 + roll(VDR_SEEN_ALL),
                                         .household = {(uint64_t)near(household_last)}},
                                        {.kind = VDR_SEEN_CASE,
                                         .parts = VDR_SEEN_FACTS,
                                         .case_id = {(uint64_t)near(case_last)},
                                         .position = roll(9)}};
    const vdr_command command = {.kind = VDR_COMMAND_VIEW,
                                 .at = TOWN_T0 + (vdr_ms)(t->hour * (double)HOUR),
                                 .sender_kind = VDR_PARTY_REGISSEUR,
                                 .sender_id = vdr_span_str(ONE_OF("anna", "bram")),
                                 .reason = vdr_span_str(roll(3) == 0 ? "it was urgent" : NULL),
                                 .query = 1 + roll(12),
                                 .seen = things,
                                 .seen_count = 1 + roll(2),
                                 .cover_ms = roll(2) == 0 ? 60000 : 0};
    town_step(t, &command);
}

static void
acknowledge(town *t)
{
    uint32_t count = vdr_core_mailbox_count(t->core);
    vdr_command_ack ack = {.mailbox = count != 0 ? 1 + roll(count) : 0};
    vdr_mailbox_view box;
    const vdr_command command = {.kind = VDR_COMMAND_ACKS,
                                 .at = TOWN_T0 + (vdr_ms)(t->hour * (double)HOUR),
                                 .acks = &ack,
                                 .ack_count = 1};
    if (!vdr_core_mailbox_view(t->core, ack.mailbox, &box) || box.last == box.acknowledged)
        return;
    ack.seq = box.acknowledged + 1 + roll((unsigned)(box.last - box.acknowledged));
    town_step(t, &command);
}

/* What the core need not have stepped: the audit only reads it. */
static void
append_rest(const town *t)
{
    static const vdr_step nothing = {.tale = {0}};
    const vdr_ms at = TOWN_T0 + (vdr_ms)(t->hour * (double)HOUR);
    const vdr_command_left left[] = {
        {.kind = VDR_LEFT_SIGNAL,
         .reason = VDR_LEFT_BY_ERASURE,
         .number = 2,
         .at = at,
         .time = at - DAY,
         .id = S("e-1"),
         .source = S("urn:school"),
         .type = S("absence"),
         .hash = (uint32_t)town_id_hash("e-1")},
        {VDR_LEFT_CASE, VDR_LEFT_BY_TERM, .number = 1, .at = at, .time = at},
        {VDR_LEFT_HOUSEHOLD, VDR_LEFT_BY_HOUSEHOLD, .number = 1, .at = at, .time = VDR_MS_NONE}};
    const vdr_command rest[] = {
        {.kind = VDR_COMMAND_ERASURE, .at = at, .left = left, .left_count = COUNT(left), .through = 3},
        {.kind = VDR_COMMAND_DECIDE,
         .at = at,
         .author = S("ann"),
         .reason = S("no"),
         .number = 1,
         .decide = VDR_DECIDE_REJECT},
        {.kind = VDR_COMMAND_REWRITE, .at = at, .number = 2, .until = at},
        {.kind = VDR_COMMAND_RESUME, .at = at, .author = S("ben"), .reason = S("over"), .number = 1}};
    for (size_t i = 0; i < COUNT(rest); i++)
        append(&rest[i], &nothing);
}

/* ---- rows */

/* Mailbox n is the nth party's of a made list: an audit asks whoever knows. */
static bool
mailbox_of(void *context, uint32_t mailbox, vdr_party_kind *ret_kind, vdr_span *ret_id)
{
    static const vdr_span ids[] = {S("school"), S("anna"), S("team"), S("bram")};
    static const vdr_party_kind kinds[] = {VDR_PARTY_AGENCY, VDR_PARTY_REGISSEUR, VDR_PARTY_SERVICE,
                                           VDR_PARTY_REGISSEUR};
    (void)context;
    *ret_kind = kinds[mailbox % COUNT(kinds)];
    *ret_id = ids[mailbox % COUNT(ids)];
    return true;
}

#define WORDS(span) (int)(span).len, (const char *)(span).at

/* less: without what an ask for a household may know better. */
static void
row_words(const vdr_trail_row *row, bool less, char words[ROW_BYTES])
{
    bool better = less && row->kind != VDR_TRAIL_SIGNAL && row->kind != VDR_TRAIL_SEEN;
    int len =
        snprintf(words, ROW_BYTES,
                 "%s %llu %lld %d:%.*s %d:%.*s %.*s H%llu H%llu C%llu %llu %.*s %.*s %u \"%.*s\" %lld %lld",
                 vdr_trail_kind_name(row->kind), (unsigned long long)row->position, (long long)row->at,
                 (int)row->by_kind, WORDS(row->by), (int)row->to_kind, WORDS(row->to), WORDS(row->what),
                 better ? 0 : (unsigned long long)row->household.number,
                 (unsigned long long)row->other.number, (unsigned long long)row->case_id.number,
                 better ? 0 : (unsigned long long)row->signal, WORDS(row->source), WORDS(row->id), row->parts,
                 WORDS(row->reason), (long long)row->since, (long long)row->until);
    VDR_ASSERT(len > 0 && (size_t)len < ROW_BYTES);
}

static void
keep_row(book *b, const vdr_trail_row *row, uint64_t households[HOMES])
{
    if (b->count == b->size) {
        b->size = b->size == 0 ? 256 : 2 * b->size;
        b->rows = vdr_realloc(b->rows, b->size, sizeof *b->rows);
    }
    VDR_ASSERT(row->case_id.number < HOMES && row->household.number < HOMES);
    if (row->kind == VDR_TRAIL_DECIDED && !vdr_span_equal(row->what, vdr_span_str("watch")))
        households[row->case_id.number] = row->household.number;
    seen *kept = &b->rows[b->count++];
    *kept = (seen){.row = *row, .case_household = households[row->case_id.number]};
    (void)snprintf(kept->by, sizeof kept->by, "%.*s", WORDS(row->by));
    (void)snprintf(kept->to, sizeof kept->to, "%.*s", WORDS(row->to));
    row_words(row, false, kept->words);
    row_words(row, true, kept->less);
}

static void
make_book(book *b, uint64_t seed)
{
    static uint64_t households[HOMES];
    static const vdr_step nothing = {.tale = {0}};
    const vdr_log_options options = {.create = true};
    const vdr_trail_ask all = VDR_TRAIL_ASK_NEW;
    vdr_trail_row row;
    vdr_trail *trail;
    vdr_err err;
    making = b;
    b->memory = vdr_memory_new();
    VDR_ASSERT(vdr_log_open_memory(b->memory, &options, &b->log) == VDR_OK);
    dice_begin(seed);
    dice_acts = VDR_ACT_LAST;
    town *t = town_new(&town_config);
    append(&(vdr_command){.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .author = S("ann")}, &nothing);
    t->stepped = stepped;
    t->reload_every = UINT32_MAX;
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned what = roll(16);
        t->hour += roll(5) == 0 ? (double)roll(200) : 0;
        if (what < 6)
            random_signal(t);
        else if (what < 12)
            random_act(t);
        else if (what < 14)
            acknowledge(t);
        else
            view(t);
    }
    append_rest(t);
    town_free(t);
    memset(households, 0, sizeof households);
    VDR_ASSERT(vdr_trail_open(b->log, &all, mailbox_of, NULL, &trail) == VDR_OK);
    while ((err = vdr_trail_next(trail, SIZE_MAX, &row)) == VDR_OK)
        keep_row(b, &row, households);
    VDR_ASSERT(err == VDR_E_END && b->count > STEPS);
    for (size_t i = 0; i < b->count; i++) /* keys and the like are somebody's doing */
        VDR_ASSERT(b->rows[i].row.kind != VDR_TRAIL_CONTROL || b->rows[i].by[0] != '\0');
    vdr_trail_close(&trail);
}

/* ---- the laws */

static uint64_t
home(const book *b, uint64_t household)
{
    while (household < HOMES && b->into[household] != 0)
        household = b->into[household];
    return household;
}

static bool
is_of(const vdr_trail_ask *ask, vdr_party_kind kind, const char *id)
{
    return kind == ask->party_kind && (ask->party.len == 0 || vdr_span_equal(ask->party, vdr_span_str(id)));
}

static bool
is_asked(const book *b, const vdr_trail_ask *ask, const seen *s)
{
    const uint64_t homes[] = {s->row.household.number, s->row.other.number, s->case_household};
    bool at_home = ask->household.number == 0;
    for (size_t i = 0; i < COUNT(homes); i++)
        at_home = at_home || (homes[i] != 0 && home(b, homes[i]) == home(b, ask->household.number));
    if (ask->kinds != 0 && (ask->kinds >> s->row.kind & 1) == 0)
        return false;
    if (ask->from != VDR_MS_NONE && s->row.at < ask->from)
        return false;
    if (ask->until != VDR_MS_NONE && s->row.at >= ask->until)
        return false;
    if (ask->case_id.number != 0 && s->row.case_id.number != ask->case_id.number)
        return false;
    if (ask->party_kind != VDR_PARTY_NONE && !is_of(ask, s->row.by_kind, s->by) &&
        !is_of(ask, s->row.to_kind, s->to))
        return false;
    return at_home;
}

/* The next row of all that this one can be; those between were not asked for. Of two that look alike it is the one that
 * was asked for. */
static size_t
match(const book *b, const vdr_trail_ask *ask, size_t from, const char *less)
{
    size_t found = SIZE_MAX;
    for (size_t i = from; i < b->count; i++) {
        if (strcmp(b->rows[i].less, less) == 0) {
            if (found == SIZE_MAX)
                found = i;
            if (is_asked(b, ask, &b->rows[i]))
                return i;
        } else if (is_asked(b, ask, &b->rows[i])) {
            break;
        }
    }
    return found;
}

static void
rows_law(const book *b, const vdr_trail_ask *ask, size_t records_max, bool rests)
{
    char words[ROW_BYTES];
    vdr_trail_row row;
    vdr_trail *trail;
    size_t next = 0;
    vdr_err err;
    VDR_ASSERT(vdr_trail_open(b->log, ask, mailbox_of, NULL, &trail) == VDR_OK);
    while ((err = vdr_trail_next(trail, records_max, &row)) != VDR_E_END) {
        if (rests)
            vdr_trail_rest(trail);
        if (err == VDR_E_BUSY)
            continue;
        VDR_ASSERT(err == VDR_OK);
        row_words(&row, true, words);
        size_t at = match(b, ask, next, words);
        VDR_ASSERT(at != SIZE_MAX); /* one that is in no look at all of them, or one was left out before */
        next = at + 1;
        if (ask->household.number == 0) {
            row_words(&row, false, words);
            VDR_ASSERT(is_asked(b, ask, &b->rows[at]) && strcmp(words, b->rows[at].words) == 0);
        }
    }
    for (; next < b->count; next++)
        VDR_ASSERT(!is_asked(b, ask, &b->rows[next]));
    vdr_trail_sum sum = vdr_trail_sum_get(trail);
    VDR_ASSERT(sum.erased == 0 && sum.at == sum.last);
    vdr_trail_close(&trail);
}

/* Written out and read again. */
static void
text_law(const vdr_trail_ask *ask)
{
    char text[512];
    vdr_trail_ask again;
    int len = snprintf(text, sizeof text, "household=%llu case=%llu kinds=%u",
                       (unsigned long long)ask->household.number, (unsigned long long)ask->case_id.number,
                       ask->kinds);
    if (ask->from != VDR_MS_NONE)
        len += snprintf(text + len, sizeof text - (size_t)len, " from=%lld", (long long)ask->from);
    if (ask->until != VDR_MS_NONE)
        len += snprintf(text + len, sizeof text - (size_t)len, " until=%lld", (long long)ask->until);
    if (ask->party_kind != VDR_PARTY_NONE)
        len += snprintf(text + len, sizeof text - (size_t)len, " party=%s:%.*s",
                        vdr_party_kind_name(ask->party_kind), WORDS(ask->party));
    VDR_ASSERT(len > 0 && (size_t)len < sizeof text);
    VDR_ASSERT(vdr_trail_ask_read(vdr_span_of(text, (size_t)len), &again));
    VDR_ASSERT(again.household.number == ask->household.number &&
               again.case_id.number == ask->case_id.number && again.kinds == ask->kinds &&
               again.from == ask->from && again.until == ask->until && again.party_kind == ask->party_kind &&
               vdr_span_equal(again.party, ask->party));
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static const size_t records[] = {1, 2, 3, 17, SIZE_MAX, SIZE_MAX, 1, 64};
    vdr_trail_ask ask;
    if (making == NULL) {
        for (size_t i = 0; i < LOGS; i++)
            make_book(&books[i], i + 1);
    }
    if (len == 0 || !vdr_trail_ask_read(vdr_span_of(at + 1, len - 1), &ask))
        return 0;
    /* A party's id ends at its first zero byte, as a frame's text never has one. */
    if (memchr(at + 1, 0, len - 1) != NULL)
        return 0;
    text_law(&ask);
    rows_law(&books[at[0] % LOGS], &ask, records[at[0] / 8 % 8], (at[0] & 64) != 0);
    return 0;
}

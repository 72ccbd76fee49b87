/* Goal: the twin in memory answers as LMDB does: the same calls, drawn by a seed, on both. */
#include "store_bed.h"

#define BOXES 5u

typedef struct draw {
    uint64_t x;
} draw;

static uint64_t
below(draw *d, uint64_t bound)
{
    d->x ^= d->x << 13;
    d->x ^= d->x >> 7;
    d->x ^= d->x << 17;
    return (d->x >> 11) % bound;
}

typedef struct twins {
    bed beds[2];
    vdr_log_reader *readers[2];
    bool resting;
    vdr_position next;
    uint64_t epoch;
    uint64_t seqs[BOXES];
} twins;

static void
same(uint64_t seed, const char *call, vdr_err a, vdr_err b)
{
    if (a != b)
        fail_msg("seed %llu: %s: LMDB says %s, memory says %s", (unsigned long long)seed, call,
                 vdr_err_code(a), vdr_err_code(b));
}

/* Some record of before is carried: what stands in it is drawn, too. */
static void
carry_some(const twins *t, draw *d, vdr_span bytes, vdr_log_record *record)
{
    static uint8_t packed[12][400];
    if (t->next == 1 || below(d, 5) != 0)
        return;
    uint8_t *room = packed[below(d, 12)];
    vdr_log_record inner = {.routing = vdr_span_of(bytes.at, 1 + below(d, 40)),
                            .content = vdr_span_of(bytes.at, below(d, 200)),
                            .tale = vdr_span_of(bytes.at, below(d, 100))};
    room[0] = 4;
    vdr_log_pack(&inner, room + 1);
    record->carries = 1 + below(d, t->next - 1);
    record->content = vdr_span_of(room, 1 + vdr_log_packed_bytes(&inner));
}

static void
append(twins *t, draw *d, uint64_t seed)
{
    static uint8_t bytes[3000];
    vdr_log_record records[12];
    vdr_log_mail mails[24];
    uint64_t seqs[BOXES];
    size_t count = 1 + below(d, 12), mail_count = below(d, 24);
    vdr_err err[2];
    memcpy(seqs, t->seqs, sizeof seqs);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(d->x >> (i % 57));
    for (size_t i = 0; i < count; i++)
        records[i] = (vdr_log_record){.key_id = below(d, 3),
                                      .routing = vdr_span_of(bytes, below(d, 50)),
                                      .content = vdr_span_of(bytes, below(d, 20) == 0 ? 3000 : below(d, 300)),
                                      .tale = vdr_span_of(bytes + 9, 1 + below(d, 60))};
    for (size_t i = 0; i < count; i++)
        carry_some(t, d, vdr_span_of(bytes, sizeof bytes), &records[i]);
    for (size_t i = 0; i < mail_count; i++) {
        uint32_t box = (uint32_t)below(d, BOXES);
        size_t at = below(d, count);
        bool wrong = below(d, 200) == 0;
        seqs[box] += 1 + wrong;
        mails[i] = (vdr_log_mail){.mailbox = box * 1000,
                                  .seq = seqs[box],
                                  .position = t->next + at,
                                  .offset = (uint32_t)below(d, records[at].tale.len)};
    }
    uint64_t epoch = below(d, 15) == 0                   ? t->epoch + below(d, 3)
                     : below(d, 40) == 0 && t->epoch > 0 ? t->epoch - 1
                                                         : t->epoch;
    vdr_position expected = below(d, 25) == 0 ? t->next + below(d, 3) : t->next;
    for (size_t i = 0; i < mail_count; i++)
        mails[i].position += expected - t->next;
    for (int i = 0; i < 2; i++)
        err[i] = vdr_log_append(t->beds[i].log, epoch, expected, records, count, mails, mail_count);
    same(seed, "append", err[0], err[1]);
    if (err[0] != VDR_OK)
        return;
    t->next += count;
    t->epoch = epoch;
    memcpy(t->seqs, seqs, sizeof seqs);
}

static void
compare_records(twins *t, draw *d, uint64_t seed)
{
    vdr_position at = below(d, t->next + 2);
    for (size_t i = 0; i < 20; i++, at++) {
        vdr_log_record a = {0}, b = {0};
        vdr_err err = vdr_log_read(t->readers[0], at, &a);
        same(seed, "read", err, vdr_log_read(t->readers[1], at, &b));
        if (a.key_id != b.key_id || a.carries != b.carries || !vdr_span_equal(a.routing, b.routing) ||
            !vdr_span_equal(a.content, b.content) || !vdr_span_equal(a.tale, b.tale))
            fail_msg("seed %llu: record %llu differs", (unsigned long long)seed, (unsigned long long)at);
        vdr_position next[2] = {0, 0}, carrier[2] = {0, 0};
        vdr_log_look look[2] = {{0}, {0}};
        err = vdr_log_next(t->readers[0], at, &next[0]);
        same(seed, "next", err, vdr_log_next(t->readers[1], at, &next[1]));
        err = vdr_log_carrier(t->readers[0], at, &carrier[0]);
        same(seed, "carrier", err, vdr_log_carrier(t->readers[1], at, &carrier[1]));
        err = vdr_log_look_at(t->readers[0], at, &look[0]);
        same(seed, "look", err, vdr_log_look_at(t->readers[1], at, &look[1]));
        if (next[0] != next[1] || carrier[0] != carrier[1] || look[0].bytes != look[1].bytes ||
            look[0].carries != look[1].carries)
            fail_msg("seed %llu: what carries %llu, or comes after it, differs", (unsigned long long)seed,
                     (unsigned long long)at);
    }
}

static void
compare_mails(twins *t, draw *d, uint64_t seed)
{
    vdr_log_mail a[40], b[40];
    size_t count_a = 0, count_b = 0;
    size_t box = below(d, BOXES), max = below(d, 41);
    uint64_t from = below(d, t->seqs[box] + 3);
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    vdr_err err = vdr_log_read_mail(t->readers[0], (uint32_t)box * 1000, from, a, max, &count_a);
    same(seed, "read mail", err,
         vdr_log_read_mail(t->readers[1], (uint32_t)box * 1000, from, b, max, &count_b));
    if (count_a != count_b || memcmp(a, b, sizeof a) != 0)
        fail_msg("seed %llu: mailbox %zu from %llu: %zu and %zu", (unsigned long long)seed, box,
                 (unsigned long long)from, count_a, count_b);
}

static void
cut_or_forget(twins *t, draw *d, uint64_t seed)
{
    size_t removed[2] = {0, 0};
    vdr_err err[2];
    size_t box = below(d, BOXES), max = 1 + below(d, 30);
    bool cut = below(d, 2) == 0;
    uint64_t to = cut ? below(d, t->next + 1) : below(d, t->seqs[box] + 2);
    for (int i = 0; i < 2; i++)
        err[i] = cut ? vdr_log_cut(t->beds[i].log, to, max, &removed[i])
                     : vdr_log_forget_mail(t->beds[i].log, (uint32_t)box * 1000, to, max, &removed[i]);
    same(seed, cut ? "cut" : "forget mail", err[0], err[1]);
    if (removed[0] != removed[1])
        fail_msg("seed %llu: %s removed %zu and %zu", (unsigned long long)seed, cut ? "cut" : "forget",
                 removed[0], removed[1]);
}

static void
compare_ends(twins *t, draw *d, uint64_t seed)
{
    vdr_log_stats a, b;
    uint8_t hashes[2][32] = {{0}, {0}};
    vdr_position at = below(d, 4) == 0 ? t->next : below(d, t->next + 2);
    vdr_log_stats_get(t->beds[0].log, &a);
    vdr_log_stats_get(t->beds[1].log, &b);
    if (a.first != b.first || a.next != b.next || a.next != t->next || a.epoch != b.epoch ||
        a.groups != b.groups)
        fail_msg("seed %llu: the ends differ", (unsigned long long)seed);
    vdr_err err = vdr_log_chain(t->beds[0].log, at, hashes[0]);
    same(seed, "chain", err, vdr_log_chain(t->beds[1].log, at, hashes[1]));
    if (t->beds[0].vault == NULL || err != VDR_OK || at == 1) /* sealed bytes differ each time */
        assert_memory_equal(hashes[0], hashes[1], 32);
    bed_verify(&t->beds[0]);
    bed_verify(&t->beds[1]);
}

static void
open_readers(twins *t)
{
    for (int i = 0; i < 2; i++)
        assert_int_equal(vdr_log_reader_open(t->beds[i].log, &t->readers[i]), VDR_OK);
    t->resting = false;
}

static void
one_step(twins *t, draw *d, uint64_t seed)
{
    switch (below(d, 10)) {
    case 0:
        cut_or_forget(t, d, seed);
        break;
    case 1:
        for (int i = 0; i < 2; i++)
            assert_int_equal(vdr_log_reader_refresh(t->readers[i]), VDR_OK);
        t->resting = false;
        break;
    case 2:
        for (int i = 0; i < 2; i++)
            vdr_log_reader_rest(t->readers[i]);
        t->resting = true;
        break;
    case 3:
        compare_ends(t, d, seed);
        break;
    case 4:
        if (below(d, 4) != 0)
            break;
        for (int i = 0; i < 2; i++) {
            vdr_log_reader_close(&t->readers[i]);
            bed_reopen(&t->beds[i]);
        }
        open_readers(t);
        break;
    case 5:
    case 6:
        if (!t->resting) {
            compare_records(t, d, seed);
            compare_mails(t, d, seed);
        }
        break;
    default:
        append(t, d, seed);
        break;
    }
}

static void
the_twins_give_the_same_answers(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        twins t = {.next = 1};
        draw d = {.x = seed * UINT64_C(0x9E3779B97F4A7C15)};
        for (int i = 0; i < 2; i++) {
            bed_init(&t.beds[i], i == 0);
            if (seed % 2 == 0)
                bed_open_vault(&t.beds[i]);
            bed_open(&t.beds[i]);
        }
        open_readers(&t);
        for (int step = 0; step < 250; step++)
            one_step(&t, &d, seed);
        assert_true(t.next > 200);
        for (int i = 0; i < 2; i++) {
            vdr_log_reader_close(&t.readers[i]);
            bed_done(&t.beds[i]);
        }
    }
}

typedef struct sum {
    uint64_t blocks, value;
} sum;

static vdr_err
add_block(void *context, vdr_block_id id, vdr_span bytes)
{
    sum *s = context;
    s->blocks++;
    s->value = s->value * 1000003 + id.table * 100 + id.number;
    for (size_t i = 0; i < bytes.len; i++)
        s->value = s->value * 31 + bytes.at[i];
    return VDR_OK;
}

static void
compare_checkpoints(bed beds[2], uint64_t seed)
{
    sum sums[2] = {{0, 0}, {0, 0}};
    vdr_checkpoint_manifest manifests[2] = {{0}, {0}};
    vdr_err err[2], loaded[2];
    for (int i = 0; i < 2; i++) {
        err[i] = vdr_checkpoint_manifest_get(beds[i].checkpoint, &manifests[i]);
        loaded[i] = vdr_checkpoint_load(beds[i].checkpoint, add_block, &sums[i]);
    }
    same(seed, "manifest", err[0], err[1]);
    same(seed, "load", loaded[0], loaded[1]);
    if (manifests[0].position != manifests[1].position || manifests[0].blocks != manifests[1].blocks ||
        sums[0].blocks != manifests[0].blocks || sums[0].value != sums[1].value)
        fail_msg("seed %llu: the checkpoints differ", (unsigned long long)seed);
}

/* One checkpoint with drawn puts and drops, committed or abandoned; *blocks follows what it has. */
static void
one_checkpoint(bed beds[2], draw *d, uint64_t seed, vdr_position position, bool present[4][8])
{
    uint8_t bytes[300];
    bool has[4][8];
    uint64_t count = 0;
    memcpy(has, present, sizeof has);
    for (int i = 0; i < 2; i++)
        assert_int_equal(vdr_checkpoint_begin(beds[i].checkpoint), VDR_OK);
    for (uint64_t n = below(d, 12); n > 0; n--) {
        vdr_block_id id = {.table = (uint32_t)below(d, 4), .number = (uint32_t)below(d, 8)};
        bool drop = below(d, 3) == 0;
        memset(bytes, (int)below(d, 256), sizeof bytes);
        vdr_span span = vdr_span_of(bytes, below(d, sizeof bytes));
        vdr_err err[2];
        for (int i = 0; i < 2; i++)
            err[i] = drop ? vdr_checkpoint_drop(beds[i].checkpoint, id)
                          : vdr_checkpoint_put(beds[i].checkpoint, id, span);
        same(seed, drop ? "drop" : "put", err[0], err[1]);
        assert_int_equal(err[0], drop && !has[id.table][id.number] ? VDR_E_NOT_FOUND : VDR_OK);
        has[id.table][id.number] = !drop;
    }
    if (below(d, 4) == 0) {
        for (int i = 0; i < 2; i++)
            vdr_checkpoint_abandon(beds[i].checkpoint);
        return;
    }
    for (size_t i = 0; i < 32; i++)
        count += has[i / 8][i % 8];
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            vdr_checkpoint_commit(beds[i].checkpoint,
                                  &(vdr_checkpoint_manifest){.position = position, .blocks = count}),
            VDR_OK);
    memcpy(present, has, sizeof has);
}

static vdr_err
note_block(void *context, vdr_block_id id, vdr_span bytes)
{
    bool(*present)[8] = context;
    (void)bytes;
    present[id.table][id.number] = true;
    return VDR_OK;
}

static void
the_twins_have_the_same_checkpoints(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        bed beds[2];
        draw d = {.x = seed * UINT64_C(0xD1B54A32D192ED03)};
        bool present[4][8] = {{false}};
        for (int i = 0; i < 2; i++) {
            bed_init(&beds[i], i == 0);
            if (seed % 2 == 0)
                bed_open_vault(&beds[i]);
            bed_open_checkpoint(&beds[i]);
        }
        for (vdr_position step = 1; step <= 60; step++) {
            one_checkpoint(beds, &d, seed, step, present);
            if (below(&d, 8) == 0) {
                vdr_err a = vdr_checkpoint_fall_back(beds[0].checkpoint);
                same(seed, "fall back", a, vdr_checkpoint_fall_back(beds[1].checkpoint));
                memset(present, 0, sizeof present);
                vdr_err err = vdr_checkpoint_load(beds[1].checkpoint, note_block, present);
                assert_true(err == VDR_OK || err == VDR_E_NOT_FOUND);
            }
            for (int i = 0; i < 2 && step % 9 == 0; i++)
                bed_open_checkpoint(&beds[i]);
            compare_checkpoints(beds, seed);
        }
        bed_done(&beds[0]);
        bed_done(&beds[1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_twins_give_the_same_answers),
        cmocka_unit_test(the_twins_have_the_same_checkpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

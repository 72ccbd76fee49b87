/* store_load - fills a store with what can be checked from outside, and checks it.
 *
 *   store_load DIR append N         appends groups until record N, with mail, cuts and checkpoints between;
 *                                   tells on standard output what is durable: "told P", "cut P",
 *                                   "checkpoint P", and failures: "full", "failed CODE: words"
 *   store_load DIR grow N           the same without cuts and checkpoints
 *   store_load DIR check P C        everything told is there: records up to P, checkpoint C; tells "next P"
 *   store_load DIR fill             appends until the volume is full, then cuts, and goes on
 *
 * Status 0: good; 3: a failure was met and nothing was confirmed after it; 1: a broken promise, with words. */
#include "store/checkpoint.h"
#include "store/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GROUP_MAX 9u
#define BOXES     3u
#define KEPT      40u /* records that stay when the log is cut */

static void __attribute__((format(printf, 1, 2))) tell(const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len < 0 || write(STDOUT_FILENO, line, (size_t)len) != len)
        exit(1);
}

static void __attribute__((format(printf, 1, 2), noreturn)) broken(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "broken: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

/* Everything follows from the position. */
static size_t
group_count(vdr_position first)
{
    return 1 + (size_t)(first * 2654435761u >> 7) % GROUP_MAX;
}

static size_t
content_of(vdr_position position, uint8_t *ret_bytes)
{
    size_t len = position % 11 == 0 ? 5000 : 20 + (size_t)(position * 37) % 400;
    for (size_t i = 0; i < len; i++)
        ret_bytes[i] = (uint8_t)(position * 131 + i * 7);
    return len;
}

/* Record p is mail number 1 + (p - 1) / BOXES of mailbox p % BOXES. */
static vdr_log_mail
mail_of(vdr_position position)
{
    return (vdr_log_mail){.mailbox = (uint32_t)(position % BOXES),
                          .seq = 1 + (position - 1) / BOXES,
                          .position = position,
                          .offset = (uint32_t)(position % 16)};
}

static vdr_err
append(vdr_log *log, vdr_position first, size_t count)
{
    static uint8_t bytes[GROUP_MAX][5000];
    vdr_log_record records[GROUP_MAX];
    vdr_log_mail mails[GROUP_MAX];
    for (size_t i = 0; i < count; i++) {
        size_t len = content_of(first + i, bytes[i]);
        records[i] = (vdr_log_record){.key_id = first + i,
                                      .routing = vdr_span_str("to whom"),
                                      .content = vdr_span_of(bytes[i], len),
                                      .tale = vdr_span_str("sixteen bytes...")};
        mails[i] = mail_of(first + i);
    }
    return vdr_log_append(log, 1, first, records, count, mails, count);
}

static vdr_err
put(vdr_checkpoint *checkpoint, uint32_t table, uint32_t number, vdr_position position)
{
    uint8_t bytes[3000];
    memset(bytes, (int)(position & 0xff), sizeof bytes);
    memcpy(bytes, &position, sizeof position);
    return vdr_checkpoint_put(checkpoint, (vdr_block_id){.table = table, .number = number},
                              vdr_span_of(bytes, sizeof bytes));
}

/* A checkpoint at position: block 0/0 says it; 1/0 to 1/3 are each from the checkpoint whose turn it was,
 * which head says. */
static vdr_err
write_checkpoint(vdr_checkpoint *checkpoint, vdr_log *log, vdr_position position)
{
    vdr_checkpoint_manifest before, manifest = {.position = position, .blocks = 5};
    vdr_position head[5] = {0};
    vdr_err err = vdr_checkpoint_manifest_get(checkpoint, &before);
    bool first = err == VDR_E_NOT_FOUND;
    if (err == VDR_OK)
        memcpy(head, before.head.at, sizeof head);
    if (err == VDR_OK || first)
        err = vdr_checkpoint_begin(checkpoint);
    if (err != VDR_OK)
        return err;
    size_t turn = (size_t)(head[4] % 4);
    head[4]++;
    err = put(checkpoint, 0, 0, position);
    for (size_t i = 0; i < 4 && err == VDR_OK; i++) {
        if (!first && i != turn)
            continue;
        head[i] = position;
        err = put(checkpoint, 1, (uint32_t)i, position);
    }
    manifest.head = vdr_span_of(head, sizeof head);
    if (err == VDR_OK)
        err = vdr_log_chain(log, position + 1, manifest.chain);
    if (err == VDR_OK)
        return vdr_checkpoint_commit(checkpoint, &manifest);
    vdr_checkpoint_abandon(checkpoint);
    return err;
}

/* Cuts all but the last KEPT records, then forgets the mail of what was cut: in this order, so that a
 * record that is there has its mail. */
static vdr_err
tidy(vdr_log *log, vdr_position next)
{
    vdr_log_stats stats;
    size_t removed = 1;
    vdr_err err = VDR_OK;
    while (err == VDR_OK && removed != 0 && next > KEPT)
        err = vdr_log_cut(log, next - KEPT, 200, &removed);
    vdr_log_stats_get(log, &stats);
    for (uint32_t box = 0; box < BOXES; box++) {
        removed = 1;
        while (err == VDR_OK && removed != 0)
            err = vdr_log_forget_mail(log, box, (stats.first - 1) / BOXES, 1000, &removed);
    }
    return err;
}

/* After STORE_FAILED nothing is appended any more, whatever is tried. */
static int
stop(vdr_log *log, vdr_position next, vdr_err err)
{
    tell("failed %s: %s\n", vdr_err_code(err), vdr_log_reason(log));
    for (int i = 0; i < 3 && err == VDR_E_STORE_FAILED; i++) {
        if (append(log, next, group_count(next)) != VDR_E_STORE_FAILED)
            broken("a group was appended after a failure");
    }
    return 3;
}

static int
run_append(vdr_log *log, vdr_checkpoint *checkpoint, vdr_position end, bool grow)
{
    vdr_log_stats stats;
    vdr_log_stats_get(log, &stats);
    int full = 0;
    for (unsigned step = 1; stats.next <= end; step++) {
        size_t count = group_count(stats.next);
        vdr_err err = append(log, stats.next, count);
        if (err == VDR_E_STORE_FULL && ++full < 5) {
            tell("full\n");
            continue;
        }
        if (err != VDR_OK)
            return stop(log, stats.next, err);
        stats.next += count;
        tell("told %llu\n", (unsigned long long)stats.next - 1);
        if (grow)
            continue;
        if (step % 4 == 0) {
            err = tidy(log, stats.next);
            if (err != VDR_OK && err != VDR_E_STORE_FULL)
                return stop(log, stats.next, err);
        }
        if (step % 3 == 0 && write_checkpoint(checkpoint, log, stats.next - 1) == VDR_OK)
            tell("checkpoint %llu\n", (unsigned long long)stats.next - 1);
    }
    return 0;
}

typedef struct expected {
    vdr_position positions[5];
    unsigned blocks;
} expected;

static vdr_err
check_block(void *context, vdr_block_id id, vdr_span bytes)
{
    expected *e = context;
    vdr_position position;
    unsigned i = id.table == 0 ? 4 : id.number;
    if (i > 4 || bytes.len != 3000)
        broken("a block that was never written");
    memcpy(&position, bytes.at, sizeof position);
    if (position != e->positions[i])
        broken("block %u/%u is of %llu, not of %llu", id.table, id.number, (unsigned long long)position,
               (unsigned long long)e->positions[i]);
    e->blocks++;
    return VDR_OK;
}

static void
check_checkpoint(vdr_checkpoint *checkpoint, vdr_log *log, vdr_position told, const vdr_log_stats *stats)
{
    vdr_checkpoint_manifest manifest;
    expected e = {.blocks = 0};
    uint8_t hash[32];
    vdr_err err = vdr_checkpoint_manifest_get(checkpoint, &manifest);
    if (err == VDR_E_NOT_FOUND && told == 0)
        return;
    if (err != VDR_OK || manifest.position < told || manifest.position >= stats->next)
        broken("checkpoint %llu was told: %s", (unsigned long long)told, vdr_err_code(err));
    memcpy(e.positions, manifest.head.at, sizeof e.positions);
    e.positions[4] = manifest.position;
    err = vdr_checkpoint_load(checkpoint, check_block, &e);
    if (err != VDR_OK || e.blocks != 5)
        broken("the checkpoint cannot be loaded: %s", vdr_err_code(err));
    err = vdr_log_chain(log, manifest.position + 1, hash);
    if (err != VDR_E_NOT_FOUND && (err != VDR_OK || memcmp(hash, manifest.chain, 32) != 0))
        broken("the checkpoint is not of this log");
}

static void
check_records(vdr_log *log, const vdr_log_stats *stats)
{
    static uint8_t bytes[5000];
    vdr_log_reader *reader;
    vdr_log_record record;
    if (vdr_log_reader_open(log, &reader) != VDR_OK)
        broken("no reader");
    for (vdr_position at = stats->first; at < stats->next; at++) {
        vdr_log_mail mail, want = mail_of(at);
        size_t found = 0, len = content_of(at, bytes);
        vdr_err err = vdr_log_read(reader, at, &record);
        if (err != VDR_OK || record.key_id != at || !vdr_span_equal(record.content, vdr_span_of(bytes, len)))
            broken("record %llu: %s", (unsigned long long)at, vdr_err_code(err));
        err = vdr_log_read_mail(reader, want.mailbox, want.seq, &mail, 1, &found);
        if (err != VDR_OK || found != 1 || mail.position != at || mail.seq != want.seq)
            broken("the mail of record %llu: %s", (unsigned long long)at, vdr_err_code(err));
    }
    for (uint32_t box = 0; box < BOXES; box++) {
        vdr_log_mail mail;
        size_t found = 9;
        if (vdr_log_read_mail(reader, box, stats->next / BOXES + 2, &mail, 1, &found) != VDR_OK || found != 0)
            broken("mail of a record that is not there");
    }
    vdr_log_reader_close(&reader);
}

static int
run_check(vdr_log *log, vdr_checkpoint *checkpoint, vdr_position told, vdr_position checkpoint_told)
{
    vdr_log_stats stats;
    vdr_position bad = 0;
    vdr_log_stats_get(log, &stats);
    vdr_err err = vdr_log_verify(log, 0, NULL, NULL, &bad);
    if (err != VDR_OK)
        broken("verify: %s at %llu", vdr_err_code(err), (unsigned long long)bad);
    if (stats.next <= told)
        broken("%llu was told, the log ends before %llu", (unsigned long long)told,
               (unsigned long long)stats.next);
    if (stats.first > 1 && stats.first + KEPT > stats.next + GROUP_MAX)
        broken("more was cut than should be");
    check_records(log, &stats);
    check_checkpoint(checkpoint, log, checkpoint_told, &stats);
    tell("next %llu\n", (unsigned long long)stats.next);
    return 0;
}

/* Full, and usable again after a cut, three times over. */
static int
run_fill(vdr_log *log)
{
    vdr_log_stats stats;
    vdr_log_stats_get(log, &stats);
    for (int round = 0; round < 3; round++) {
        vdr_position begin = stats.next;
        vdr_err err;
        while ((err = append(log, stats.next, group_count(stats.next))) == VDR_OK)
            stats.next += group_count(stats.next);
        if (err != VDR_E_STORE_FULL || append(log, stats.next, group_count(stats.next)) != VDR_E_STORE_FULL)
            broken("a full volume gives %s: %s", vdr_err_code(err), vdr_log_reason(log));
        tell("full at %llu: %s\n", (unsigned long long)stats.next, vdr_log_reason(log));
        if (stats.next < begin + 100)
            broken("full again after %llu records", (unsigned long long)(stats.next - begin));
        vdr_log_stats_get(log, &stats);
        if (!stats.full)
            broken("the log does not say that it is full");
        err = tidy(log, stats.next);
        if (err != VDR_OK)
            broken("a full log cannot be cut: %s", vdr_log_reason(log));
    }
    return 0;
}

int
main(int argc, char **argv)
{
    char words[256] = "";
    vdr_log *log = NULL;
    vdr_checkpoint *checkpoint = NULL;
    int status = 2;
    if (argc < 3)
        return status;
    bool check = strcmp(argv[2], "check") == 0;
    unsigned long long told = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    unsigned long long checkpoint_told = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
    vdr_log_options options = {.create = true, .reserve_bytes = 1 << 20};
    vdr_err err = vdr_log_open_lmdb(argv[1], &options, &log, words);
    if (err == VDR_OK)
        err = vdr_checkpoint_open_lmdb(argv[1], NULL, true, &checkpoint, words);
    if (err != VDR_OK) {
        tell("failed %s: %s\n", vdr_err_code(err), words);
        vdr_log_close(&log);
        return check ? 1 : 3;
    }
    if (check)
        status = run_check(log, checkpoint, told, checkpoint_told);
    else if (strcmp(argv[2], "fill") == 0)
        status = run_fill(log);
    else
        status = run_append(log, checkpoint, told, strcmp(argv[2], "grow") == 0);
    vdr_checkpoint_close(&checkpoint);
    vdr_log_close(&log);
    return status;
}

#include "broker/trust/verify.h"

#include "broker/erasure/proofs.h"
#include "proto/utf8.h"
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define PATH_BYTES  4096
#define STORE_WORDS 256 /* what the store's open functions fill */
#define ID_CHARS    (2 * VDR_HEAD_STORE_BYTES)

static const char next_restore[] =
    "do not start on it and keep it for study; restore a backup: voordeur restore BACKUP DIR";
static const char next_heads[] =
    "do not start on it and keep it for study; compare with heads that others kept (voordeur head check) and "
    "restore a backup that has them: voordeur restore BACKUP DIR";
static const char next_state[] = "if the log is well: move DIR/state aside and start, it is made anew from "
                                 "the log (when the log was cut, from "
                                 "a backup: voordeur restore BACKUP DIR)";

static const char next_proofs[] = "put back proofs.jsonl and proofs.last from the escrow, whose are as good";
static const char next_keys[] = "do not start on it and keep it for study; put back keys/wrap from the "
                                "escrow folder, or restore a backup with it: "
                                "voordeur restore BACKUP DIR";
static const char next_table[] =
    "do not start on it and keep it for study; restore a backup that was made since "
    "that run: voordeur restore BACKUP DIR";

/* ---- the store's own number */

static void
id_line(const uint8_t id[VDR_HEAD_STORE_BYTES], char ret_line[VDR_STORE_ID_LINE + 1])
{
    uint8_t check[crypto_generichash_BYTES_MIN];
    (void)crypto_generichash(check, sizeof check, id, VDR_HEAD_STORE_BYTES, NULL, 0);
    (void)sodium_bin2hex(ret_line, ID_CHARS + 1, id, VDR_HEAD_STORE_BYTES);
    ret_line[ID_CHARS] = '-';
    (void)sodium_bin2hex(ret_line + ID_CHARS + 1, 9, check, 4);
    ret_line[VDR_STORE_ID_LINE - 1] = '\n';
    ret_line[VDR_STORE_ID_LINE] = '\0';
}

vdr_err
vdr_store_id_make(const char *store_dir, uint8_t ret_id[VDR_HEAD_STORE_BYTES])
{
    char line[VDR_STORE_ID_LINE + 1];
    uint8_t id[VDR_HEAD_STORE_BYTES];
    randombytes_buf(id, sizeof id);
    id_line(id, line);
    if (vdr_file_write(store_dir, "id.new", (const uint8_t *)line, VDR_STORE_ID_LINE) != 0 ||
        vdr_file_replace(store_dir, "id.new", "id", NULL) != 0)
        return VDR_E_IO;
    memcpy(ret_id, id, sizeof id);
    return VDR_OK;
}

vdr_err
vdr_store_id_read(const char *store_dir, uint8_t ret_id[VDR_HEAD_STORE_BYTES])
{
    char path[PATH_BYTES], text[VDR_STORE_ID_LINE + 1], again[VDR_STORE_ID_LINE + 1];
    uint8_t id[VDR_HEAD_STORE_BYTES];
    size_t made = 0;
    int len = snprintf(path, sizeof path, "%s/id", store_dir);
    if (len < 0 || (size_t)len >= sizeof path)
        return VDR_E_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? VDR_E_NOT_FOUND : VDR_E_IO;
    ssize_t got = read(fd, text, sizeof text);
    (void)close(fd);
    bool good = got > (ssize_t)ID_CHARS &&
                sodium_hex2bin(id, sizeof id, text, ID_CHARS, NULL, &made, NULL) == 0 && made == sizeof id;
    if (good)
        id_line(id, again);
    /* The first releases wrote the digits only. */
    bool first =
        good && got == (ssize_t)ID_CHARS + 1 && memcmp(text, again, ID_CHARS) == 0 && text[ID_CHARS] == '\n';
    bool whole = good && got == (ssize_t)VDR_STORE_ID_LINE && memcmp(text, again, VDR_STORE_ID_LINE) == 0;
    if (!first && !whole)
        return VDR_E_STORE_CORRUPT;
    memcpy(ret_id, id, sizeof id);
    return VDR_OK;
}

/* ---- telling */

typedef struct verifying {
    const vdr_verify_ask *ask;
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    vdr_log_stats stats;
    vdr_err worst; /* the first part that is bad */
} verifying;

__attribute__((format(printf, 3, 4))) static void
tell(verifying *v, vdr_verify_part part, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(part.text, sizeof part.text, format, arguments);
    va_end(arguments);
    if (part.file == NULL)
        part.file = "";
    part.result = part.err == VDR_OK ? VDR_VERIFY_GOOD : VDR_VERIFY_BAD;
    if (v->worst == VDR_OK)
        v->worst = part.err;
    v->ask->tell(v->ask->context, &part);
}

__attribute__((format(printf, 3, 4))) static void
tell_none(verifying *v, const char *name, const char *format, ...)
{
    vdr_verify_part part = {.part = name, .result = VDR_VERIFY_NONE, .file = ""};
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(part.text, sizeof part.text, format, arguments);
    va_end(arguments);
    v->ask->tell(v->ask->context, &part);
}

/* ---- the parts */

static void
check_id(verifying *v)
{
    uint8_t id[VDR_HEAD_STORE_BYTES];
    vdr_verify_part part = {.part = "id", .file = "id", .next = next_restore};
    part.err = vdr_store_id_read(v->ask->store_dir, id);
    if (part.err == VDR_E_NOT_FOUND)
        tell_none(v, "id", "it has no number yet, as a backup: the first start gives it one");
    else
        tell(v, part, "%s",
             part.err == VDR_OK ? "the store's own number is whole"
                                : "id: the store's own number is not what was written");
}

static void
check_log(verifying *v)
{
    const vdr_head *from = v->ask->from;
    vdr_store_fault fault;
    vdr_position begin = from != NULL ? from->log.position + 1 : v->stats.first;
    vdr_verify_part part = {.part = "log"};
    if (begin < v->stats.first)
        begin = v->stats.first;
    part.err = vdr_log_proofread(v->log, begin, v->ask->progress, v->ask->context, &fault);
    if (part.err == VDR_E_CLOSING) {
        v->worst = part.err;
        return;
    }
    if (part.err == VDR_OK) {
        tell(v, part, "records %llu to %llu: checksums, both chains, tales, index of mailboxes, every page",
             (unsigned long long)begin, (unsigned long long)v->stats.next - 1);
        return;
    }
    part.file = fault.file;
    part.offset = fault.offset;
    part.record = fault.offset != 0 ? 0 : fault.position;
    part.next = next_restore;
    if (part.record != 0)
        tell(v, part, "record %llu: %s", (unsigned long long)part.record, fault.text);
    else
        tell(v, part, "%s, page at byte %llu: %s", fault.file, (unsigned long long)fault.offset, fault.text);
}

/* The checkpoint belongs to this log: at its position the log has the hash that it names. */
static vdr_err
compare_checkpoint(verifying *v, vdr_position *ret_position, const char **ret_text)
{
    vdr_checkpoint_manifest manifest;
    uint8_t chain[32];
    vdr_err err = vdr_checkpoint_manifest_get(v->checkpoint, &manifest);
    if (err == VDR_E_NOT_FOUND)
        return VDR_OK;
    if (err != VDR_OK && err != VDR_E_SEALED) /* sealed: its position and chain are not */
        return err;
    *ret_position = manifest.position;
    *ret_text =
        "the log ends before the record that the checkpoint was made of: an older log stands beside it";
    if (manifest.position >= v->stats.next)
        return VDR_E_STORE_CORRUPT;
    err = vdr_log_chain(v->log, manifest.position + 1, chain);
    *ret_text = "the checkpoint was made of another log";
    if (err == VDR_E_NOT_FOUND)
        return VDR_E_STORE_CORRUPT;
    return err == VDR_OK && memcmp(chain, manifest.chain, sizeof chain) != 0 ? VDR_E_STORE_CORRUPT : err;
}

/* Rows of the state are no positions: the log is behind us. */
static bool
state_progress(void *context, uint64_t at)
{
    const verifying *v = context;
    (void)at;
    return v->ask->progress == NULL || v->ask->progress(v->ask->context, v->stats.next - 1);
}

static void
check_state(verifying *v)
{
    vdr_store_fault fault;
    vdr_position position = 0;
    const char *text = "";
    vdr_verify_part part = {.part = "state", .file = "state/data.mdb", .next = next_state};
    if (v->checkpoint == NULL) {
        tell_none(v, "state", "there are no checkpoints: the state is made from the log");
        return;
    }
    part.err = vdr_checkpoint_proofread(v->checkpoint, state_progress, v, &fault);
    if (part.err == VDR_E_CLOSING) {
        v->worst = part.err;
        return;
    }
    if (part.err != VDR_OK) {
        part.offset = fault.offset;
        if (fault.offset != 0)
            tell(v, part, "%s, page at byte %llu: %s", fault.file, (unsigned long long)fault.offset,
                 fault.text);
        else
            tell(v, part, "%s: %s", fault.file, fault.text);
        return;
    }
    if (v->ask->alone)
        part.err = compare_checkpoint(v, &position, &text);
    part.record = part.err != VDR_OK ? position : 0;
    if (part.err != VDR_OK) {
        part.next = next_restore;
        tell(v, part, "checkpoint of record %llu: %s", (unsigned long long)position, text);
    } else if (position != 0) {
        tell(v, part, "every block of the checkpoints that are kept, the newest of record %llu",
             (unsigned long long)position);
    } else {
        tell(v, part, "every block of the checkpoints that are kept");
    }
}

static void
count_run(void *context, const vdr_proof_entry *entry)
{
    uint64_t *runs = context;
    *runs = entry->line == VDR_PROOF_RESTORED ? 0 : *runs + (entry->line == VDR_PROOF_RUN);
}

static bool
is_missing(const verifying *v, const char *name)
{
    char path[PATH_BYTES];
    int len = snprintf(path, sizeof path, "%s/%s", v->ask->store_dir, name);
    return len > 0 && (size_t)len < sizeof path && access(path, F_OK) != 0 && errno == ENOENT;
}

/* From the first erasure run on there is a key table, and what proves the run: each tells of the other. A backup has
 * the table only, and no id; a start takes the proofs over from the escrow before it gives it one. */
static vdr_err
check_proofs(const verifying *v, vdr_verify_part *part)
{
    uint64_t runs = 0;
    vdr_err err = vdr_proofs_walk(v->ask->store_dir, count_run, &runs);
    bool table = !is_missing(v, "keys/table");
    if (err == VDR_OK && table && !is_missing(v, "id") && !vdr_proofs_begun(v->ask->store_dir))
        err = VDR_E_STORE_CORRUPT;
    part->err = err;
    part->file = VDR_PROOFS_NAME;
    part->next = next_proofs;
    if (err != VDR_OK || runs == 0 || table)
        return err;
    part->file = "keys/table";
    part->next = next_table;
    part->err = VDR_E_STORE_CORRUPT;
    return part->err;
}

/* What can be seen of them without a key. Of a running broker they may be replaced meanwhile: then once more. */
static void
check_keys(verifying *v)
{
    char words[VDR_VAULT_WORDS_BYTES] = "";
    vdr_verify_part part = {.part = "keys", .file = "keys", .next = next_keys}, proofs = {.part = "keys"};
    for (int i = 0; i == 0 || (i < 3 && !v->ask->alone && part.err == VDR_E_STORE_CORRUPT); i++)
        part.err = vdr_vault_check(v->ask->store_dir, words);
    bool whole = part.err == VDR_OK || part.err == VDR_E_NOT_FOUND;
    bool no_wrap = part.err == VDR_E_NOT_FOUND && v->stats.sealed && !is_missing(v, "id"); /* and no backup */
    for (int i = 0; whole && (i == 0 || (i < 3 && !v->ask->alone && proofs.err == VDR_E_STORE_CORRUPT)); i++)
        (void)check_proofs(v, &proofs);
    if (whole && proofs.err != VDR_OK && proofs.next == next_table)
        tell(v, proofs,
             "the key table is missing, and " VDR_PROOFS_NAME " says that there was an erasure run");
    else if (whole && proofs.err != VDR_OK)
        tell(v, proofs, "what proves erasures is not what was written, or missing: %s",
             vdr_err_text(proofs.err));
    else if (no_wrap) {
        part.err = VDR_E_STORE_CORRUPT;
        tell(v, part, "keys/wrap is missing: without it nothing of this store can be opened");
    } else if (part.err == VDR_E_NOT_FOUND)
        tell_none(v, "keys", "there is no file wrap, as in a backup, or the store is not sealed");
    else if (part.err == VDR_OK)
        tell(v, part,
             "the wrapping key and the key table are whole, as far as is seen without a key, and what "
             "proves erasures");
    else
        tell(v, part, "%s", *words != '\0' ? words : vdr_err_text(part.err));
}

/* ---- heads */

typedef struct reading {
    const vdr_verify_ask *ask;
    vdr_log *log;
    vdr_log_stats stats;
    bool signatures;
    uint64_t count, compared;
    uint64_t bad; /* number of the head */
    char *words;
} reading;

__attribute__((format(printf, 3, 4))) static vdr_err
bad_head(reading *r, const vdr_head *head, const char *format, ...)
{
    char time[VDR_HEADBOOK_WORDS];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(time, sizeof time, format, arguments);
    va_end(arguments);
    r->bad = head->number;
    (void)snprintf(r->words, VDR_HEADBOOK_WORDS, "head %llu, of record %llu: %.300s",
                   (unsigned long long)head->number, (unsigned long long)head->log.position, time);
    return VDR_E_STORE_CORRUPT;
}

static bool
key_known(const vdr_verify_ask *ask, const uint8_t *key)
{
    bool known = ask->key_count == 0;
    for (size_t i = 0; i < ask->key_count && !known; i++)
        known = memcmp(ask->keys + i * VDR_HEAD_KEY_BYTES, key, VDR_HEAD_KEY_BYTES) == 0;
    return known;
}

vdr_err
vdr_verify_head(vdr_log *log, const vdr_head *head)
{
    vdr_log_head now;
    vdr_log_stats stats;
    vdr_log_stats_get(log, &stats);
    if (head->log.position >= stats.next)
        return VDR_E_STORE_CORRUPT;
    if (head->log.position + 1 < stats.first)
        return VDR_E_NOT_FOUND;
    vdr_err err = vdr_log_head_get(log, head->log.position, &now);
    if (err == VDR_E_NOT_FOUND)
        return VDR_E_STORE_CORRUPT;
    if (err != VDR_OK)
        return err;
    bool same = now.epoch == head->log.epoch && memcmp(now.chain, head->log.chain, sizeof now.chain) == 0 &&
                memcmp(now.told, head->log.told, sizeof now.told) == 0;
    return same ? VDR_OK : VDR_E_STORE_CORRUPT;
}

static vdr_err
take_head(void *context, const vdr_head *head, vdr_span line)
{
    reading *r = context;
    (void)line;
    r->count++;
    if (!key_known(r->ask, head->key))
        return bad_head(r, head, "it is signed by another key than the one that was given");
    if (r->signatures && !vdr_head_signed(head))
        return bad_head(r, head, "its signature is not good");
    vdr_err err = vdr_verify_head(r->log, head);
    if (err == VDR_E_NOT_FOUND)
        return VDR_OK; /* that part of the log was cut */
    if (err == VDR_E_STORE_CORRUPT && head->log.position >= r->stats.next)
        return bad_head(r, head, "the log ends with record %llu: it is an older copy, or its end was removed",
                        (unsigned long long)r->stats.next - 1);
    if (err == VDR_E_STORE_CORRUPT)
        return bad_head(r, head, "the log has another hash there: it is not the log that was signed");
    r->compared += err == VDR_OK;
    return err;
}

/* The book belongs to the store with this number. */
static vdr_err
check_owner(reading *r, const vdr_headbook_end *end)
{
    uint8_t id[VDR_HEAD_STORE_BYTES];
    if (end->last.number == 0)
        return VDR_OK;
    vdr_err err = vdr_store_id_read(r->ask->store_dir, id);
    if (err == VDR_OK && memcmp(id, end->last.store, sizeof id) == 0)
        return VDR_OK;
    return bad_head(r, &end->last, "it is of a store with another number than the file id says");
}

static vdr_err
read_heads(reading *r, const vdr_verify_ask *ask, vdr_headbook_end *ret_end)
{
    char dir[PATH_BYTES];
    int len = snprintf(dir, sizeof dir, "%s/heads", ask->store_dir);
    if (len < 0 || (size_t)len >= sizeof dir)
        return VDR_E_IO;
    vdr_log_stats_get(r->log, &r->stats);
    vdr_err err =
        vdr_headbook_walk(ask->heads_dir != NULL ? ask->heads_dir : dir, take_head, r, ret_end, r->words);
    return err == VDR_OK ? check_owner(r, ret_end) : err;
}

vdr_err
vdr_verify_heads(const vdr_verify_ask *ask, vdr_log *log, bool signatures, char *ret_words,
                 uint64_t *ret_count)
{
    reading r = {.ask = ask, .log = log, .signatures = signatures, .words = ret_words};
    vdr_headbook_end end;
    vdr_err err = read_heads(&r, ask, &end);
    if (err == VDR_OK)
        *ret_count = r.count;
    return err;
}

static void
check_heads(verifying *v)
{
    char words[VDR_HEADBOOK_WORDS] = "", key[2 * VDR_HEAD_KEY_BYTES + 1];
    reading r = {.ask = v->ask, .log = v->log, .signatures = true, .words = words};
    vdr_headbook_end end = {0};
    vdr_verify_part part = {.part = "heads", .file = "heads/heads.jsonl", .next = next_heads};
    part.err = read_heads(&r, v->ask, &end);
    if (part.err != VDR_OK) {
        part.head = r.bad;
        tell(v, part, "%s", *words != '\0' ? words : vdr_err_text(part.err));
        return;
    }
    if (r.count == 0) {
        tell_none(v, "heads",
                  "there are none: nobody outside can know this log from one that was written anew "
                  "(signing_key in node.yaml makes them)");
        return;
    }
    (void)sodium_bin2hex(key, sizeof key, end.last.key, sizeof end.last.key);
    part.head = end.last.number;
    part.next = NULL;
    tell(v, part, "%llu heads, all signed%s; the log has what %llu of them say, up to record %llu; key %s%s",
         (unsigned long long)r.count, v->ask->key_count != 0 ? " with the key that was given" : "",
         (unsigned long long)r.compared, (unsigned long long)end.last.log.position, key,
         v->ask->key_count != 0 ? "" : ": compare it with the one that `voordeur init` printed");
}

/* Heads that somebody kept. */
static void
check_kept(verifying *v)
{
    uint64_t compared = 0, cut = 0;
    vdr_verify_part part = {.part = "kept", .next = next_heads};
    for (size_t i = 0; i < v->ask->kept_count; i++) {
        const vdr_head *kept = &v->ask->kept[i];
        part.head = kept->number;
        if (!key_known(v->ask, kept->key) || !vdr_head_signed(kept)) {
            part.err = VDR_E_STORE_CORRUPT;
            tell(v, part, "kept head %llu is not signed by the key that was given",
                 (unsigned long long)kept->number);
            return;
        }
        part.err = vdr_verify_head(v->log, kept);
        cut += part.err == VDR_E_NOT_FOUND;
        compared += part.err == VDR_OK;
        if (part.err == VDR_OK || part.err == VDR_E_NOT_FOUND)
            continue;
        part.record = kept->log.position;
        tell(v, part, "this is not the log that kept head %llu was made of: it %s record %llu",
             (unsigned long long)kept->number,
             kept->log.position >= v->stats.next ? "ends before" : "is another up to",
             (unsigned long long)kept->log.position);
        return;
    }
    if (compared == 0) {
        tell_none(v, "kept",
                  "what the heads that were kept are about was cut: they can no longer be compared");
        return;
    }
    part = (vdr_verify_part){.part = "kept"};
    tell(v, part, "the log has what %llu of the heads that were kept say%s", (unsigned long long)compared,
         cut != 0 ? "; the others are about records that were cut" : "");
}

static vdr_err
verify(verifying *v)
{
    vdr_log_stats_get(v->log, &v->stats);
    check_id(v);
    check_log(v);
    if (v->worst != VDR_E_CLOSING)
        check_state(v);
    if (v->worst != VDR_E_CLOSING)
        check_keys(v);
    if (v->worst != VDR_E_CLOSING)
        check_heads(v);
    if (v->worst != VDR_E_CLOSING && v->ask->kept_count != 0)
        check_kept(v);
    return v->worst;
}

vdr_err
vdr_verify_open(const vdr_verify_ask *ask, vdr_log *log, vdr_checkpoint *checkpoint)
{
    verifying v = {.ask = ask, .log = log, .checkpoint = checkpoint};
    return verify(&v);
}

/* Opening looks at pages and ends already: what it finds is a part like the others. */
static bool
open_store(verifying *v)
{
    char words[STORE_WORDS] = "";
    vdr_log_options options = {.create = false};
    vdr_verify_part part = {.part = "log", .file = "log/data.mdb", .next = next_restore};
    part.err = vdr_log_open_lmdb(v->ask->store_dir, &options, &v->log, words);
    if (part.err == VDR_OK) {
        part = (vdr_verify_part){.part = "state", .file = "state/data.mdb", .next = next_state};
        part.err = vdr_checkpoint_open_lmdb(v->ask->store_dir, NULL, false, &v->checkpoint, words);
        if (part.err == VDR_E_NOT_FOUND)
            return true;
    }
    if (part.err == VDR_E_STORE_BUSY)
        part.next = "ask the broker that runs on it: voordeur verify --home DIR";
    if (part.err == VDR_E_NOT_FOUND)
        part.next = "give the folder that voordeurd has as --store";
    if (part.err != VDR_OK)
        tell(v, part, "%s", *words != '\0' ? words : vdr_err_text(part.err));
    return part.err == VDR_OK;
}

vdr_err
vdr_verify_store(const vdr_verify_ask *ask)
{
    VDR_ASSERT(sodium_init() >= 0);
    vdr_verify_ask alone = *ask;
    alone.alone = true;
    verifying v = {.ask = &alone};
    vdr_err err = open_store(&v) ? verify(&v) : v.worst;
    vdr_checkpoint_close(&v.checkpoint);
    vdr_log_close(&v.log);
    return err;
}

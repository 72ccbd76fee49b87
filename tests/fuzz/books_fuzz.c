/* Laws of the two books that stand beside a store, as whole files, whatever became of them. Heads: what is walked is the
 * book as it was signed, or its beginning, or it is signed by another key; what a crash cut short is completed, and then
 * it is whole; a copy has the same bytes. Proofs: every line that was counted is told as it was written and nothing
 * before it is left out; one more line can be added, and a restored store takes all of them over.
 *
 * The first byte says which book; then 4 bytes are a change: of which file, what, and two numbers. */
#include "broker/erasure/proofs.h"
#include "broker/trust/headbook.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES      9u
#define FILE_BYTES 16384u

typedef struct text {
    char at[FILE_BYTES];
    size_t len;
    bool none;
} text;

/* A book: the file that grows, and the one that says where it ends, after each line. */
typedef struct book {
    const char *lines_name, *last_name;
    text lines, last[LINES + 1];
} book;

static book heads = {.lines_name = "heads.jsonl", .last_name = "last"};
static book fork_of_heads = {.lines_name = "heads.jsonl", .last_name = "last"}; /* signed by the same key */
static book proofs = {.lines_name = VDR_PROOFS_NAME, .last_name = VDR_PROOFS_LAST};
static char dir[] = "/tmp/voordeur-books-XXXXXX", copy[64];
static const uint8_t seed[VDR_HEAD_KEY_BYTES] = {9}, other_seed[VDR_HEAD_KEY_BYTES] = {10};

/* Nothing here need survive a power cut. */
int
fsync(int fd)
{
    (void)fd;
    return 0;
}

static void
get_file(const char *folder, const char *name, text *ret_text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ret_text->none = fd < 0;
    ssize_t len = fd < 0 ? 0 : read(fd, ret_text->at, sizeof ret_text->at);
    VDR_ASSERT(len >= 0 && (size_t)len < sizeof ret_text->at);
    ret_text->len = (size_t)len;
    if (fd >= 0)
        (void)close(fd);
}

static void
put_file(const char *folder, const char *name, const text *of)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
    if (of->none)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    VDR_ASSERT(fd >= 0 && write(fd, of->at, of->len) == (ssize_t)of->len);
    (void)close(fd);
}

static void
clear(const char *folder)
{
    static const text none = {.none = true};
    put_file(folder, heads.lines_name, &none);
    put_file(folder, heads.last_name, &none);
    put_file(folder, "last.new", &none);
    put_file(folder, proofs.lines_name, &none);
    put_file(folder, proofs.last_name, &none);
}

static void
remove_all(void)
{
    clear(dir);
    clear(copy);
    (void)rmdir(copy);
    (void)rmdir(dir);
}

/* ---- the books as they were written */

static void
make_heads(book *b, unsigned from, uint8_t first)
{
    char words[VDR_HEADBOOK_WORDS];
    vdr_headbook_end end;
    VDR_ASSERT(vdr_headbook_open(dir, &end, words) == VDR_OK);
    for (unsigned i = 0; i < LINES; i++) {
        vdr_head head = {.time = 1772442000000 + (vdr_ms)i, .release = "0.1.0"};
        head.store[0] = 3;
        head.log.position = 10 * i;
        head.log.epoch = 1 + i / 4;
        head.log.chain[0] = head.log.told[0] = (uint8_t)(i < from ? i : i + first);
        VDR_ASSERT(vdr_headbook_add(dir, &end, &head, seed, words) == VDR_OK);
        get_file(dir, b->last_name, &b->last[i + 1]);
    }
    get_file(dir, b->lines_name, &b->lines);
    b->last[0].none = true;
    clear(dir);
}

static void
write_proof(unsigned i, vdr_bytes *bytes)
{
    vdr_proof_entry entry = {.at = 1772442000000 + (vdr_ms)i};
    entry.line = (vdr_proof_line)(1 + i % 5);
    entry.order = i + 1;
    entry.left = (vdr_command_left){.kind = i % 2 == 0 ? VDR_LEFT_SIGNAL : VDR_LEFT_CASE,
                                    .reason = VDR_LEFT_BY_TERM,
                                    .at = entry.at,
                                    .time = entry.at - 1000,
                                    .number = i + 7,
                                    .hash = 77 + i};
    if (vdr_left_of_signal(entry.left.kind)) {
        entry.left.source = vdr_span_str("urn:x");
        entry.left.type = vdr_span_str("a.type");
    }
    entry.generation = 2;
    entry.through = i;
    entry.kept = 3;
    entry.position = 40 + i;
    entry.party = vdr_span_str("agency:school");
    entry.public_key = vdr_span_of(seed, sizeof seed);
    vdr_proof_write(&entry, bytes);
}

static void
make_proofs(book *b)
{
    VDR_ASSERT(vdr_proofs_begin(dir, NULL, 0, 0) == VDR_OK);
    get_file(dir, b->last_name, &b->last[0]);
    for (unsigned i = 0; i < LINES; i++) {
        vdr_bytes bytes = {0};
        write_proof(i, &bytes);
        VDR_ASSERT(vdr_proofs_append(dir, vdr_bytes_span(&bytes)) == VDR_OK);
        vdr_bytes_done(&bytes);
        get_file(dir, b->last_name, &b->last[i + 1]);
    }
    get_file(dir, b->lines_name, &b->lines);
    clear(dir);
}

static void
make_books(void)
{
    VDR_ASSERT(mkdtemp(dir) != NULL && atexit(remove_all) == 0);
    (void)snprintf(copy, sizeof copy, "%s/copy", dir);
    VDR_ASSERT(mkdir(copy, 0700) == 0);
    make_heads(&heads, LINES, 0);
    make_heads(&fork_of_heads, LINES / 2, 100);
    make_proofs(&proofs);
}

/* ---- what becomes of them */

/* Line n, with its end; the last one may have none. */
static vdr_span
line_of(const text *of, unsigned n)
{
    const char *at = of->at, *end = of->at + of->len;
    for (; n > 0 && at < end; n--) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        at = stop != NULL ? stop + 1 : end;
    }
    const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return vdr_span_of(at, stop != NULL ? (size_t)(stop - at) + 1 : (size_t)(end - at));
}

static void
replace(text *of, vdr_span part, vdr_span by)
{
    size_t at = (size_t)((const char *)part.at - of->at), behind = of->len - at - part.len;
    if (of->len - part.len + by.len >= sizeof of->at)
        return;
    memmove(of->at + at + by.len, of->at + at + part.len, behind);
    if (by.len != 0)
        memcpy(of->at + at, by.at, by.len);
    of->len = of->len - part.len + by.len;
}

/* A head, changed and signed again by somebody else. */
static void
sign_again(text *of, vdr_span line, uint8_t number)
{
    char again[VDR_HEAD_LINE_BYTES + 1];
    vdr_head head;
    if (line.len < 2 || vdr_head_read(vdr_span_of(line.at, line.len - 1), &head) != VDR_OK)
        return;
    head.log.position += number;
    vdr_head_sign(&head, other_seed);
    size_t len = vdr_head_write(&head, again);
    again[len++] = '\n';
    replace(of, line, vdr_span_of(again, len));
}

static void
change(const book *b, text *of, const uint8_t at[4])
{
    char kept[VDR_HEAD_LINE_BYTES];
    vdr_span line = line_of(of, at[2] % (LINES + 1)), other = line_of(of, at[3] % (LINES + 1));
    size_t place = of->len != 0 ? (at[2] | (size_t)at[3] << 8) % of->len : 0;
    size_t keeps = other.len < sizeof kept ? other.len : sizeof kept;
    if (keeps != 0)
        memcpy(kept, other.at, keeps);
    switch (at[1] % 10) {
    case 0:
        if (of->len != 0)
            of->at[place] ^= (char)(1 << (at[1] / 32));
        break;
    case 1:
        replace(of, line, (vdr_span){0});
        break;
    case 2:
        replace(of, line, vdr_span_of(kept, keeps));
        break;
    case 3:
        replace(of, vdr_span_of(line.at, 0), vdr_span_of(kept, keeps));
        break;
    case 4: /* cut off */
        of->len = place;
        break;
    case 5:
        of->none = at[3] % 8 == 0;
        of->len = of->none ? 0 : of->len;
        break;
    case 6: /* as it was when there were fewer lines */
        *of = b->last[at[2] % (LINES + 1)];
        break;
    case 7: /* written with zeros, as after a power cut */
        if (of->len != 0)
            memset(of->at + place, 0, of->len - place < at[1] ? of->len - place : at[1]);
        break;
    case 8:
        replace(of, line, line_of(&fork_of_heads.lines, at[3] % (LINES + 1)));
        break;
    default:
        sign_again(of, line, at[3]);
        break;
    }
}

/* ---- heads */

static bool
begins(const text *whole, const text *part)
{
    return part->len <= whole->len && memcmp(whole->at, part->at, part->len) == 0;
}

/* Completed, it is whole, and copied it is the same. */
static void
completed_law(const vdr_headbook_end *found)
{
    static text lines, copied;
    char words[VDR_HEADBOOK_WORDS] = "", tail[2000];
    vdr_headbook_end end;
    size_t len = 0;
    VDR_ASSERT(vdr_headbook_open(dir, &end, words) == VDR_OK && !end.cut_short);
    VDR_ASSERT(end.last.number == found->last.number && memcmp(end.hash, found->hash, sizeof end.hash) == 0);
    VDR_ASSERT(vdr_headbook_walk(dir, NULL, NULL, &end, words) == VDR_OK && !end.cut_short);
    get_file(dir, heads.lines_name, &lines);
    VDR_ASSERT(end.bytes == lines.len);
    clear(copy);
    VDR_ASSERT(vdr_headbook_copy(dir, copy, words) == VDR_OK);
    get_file(copy, heads.lines_name, &copied);
    VDR_ASSERT(lines.len == copied.len && begins(&lines, &copied));
    if (vdr_headbook_tail(dir, tail, sizeof tail, &len, words) == VDR_OK)
        VDR_ASSERT(len <= lines.len && memcmp(lines.at + lines.len - len, tail, len) == 0 &&
                   (len == 0 || tail[len - 1] == '\n'));
    if (end.last.number == 0)
        return;
    uint8_t key[VDR_HEAD_KEY_BYTES];
    vdr_head_key(seed, key);
    if (memcmp(end.last.key, key, sizeof key) == 0)
        VDR_ASSERT(begins(&heads.lines, &lines) || begins(&fork_of_heads.lines, &lines));
}

static void
heads_law(bool changed)
{
    char words[VDR_HEADBOOK_WORDS] = "";
    vdr_headbook_end end;
    vdr_err err = vdr_headbook_walk(dir, NULL, NULL, &end, words);
    VDR_ASSERT(err == VDR_OK || err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION);
    VDR_ASSERT(err == VDR_OK ? changed || end.last.number == LINES : changed && words[0] != '\0');
    if (err == VDR_OK) {
        completed_law(&end);
        return;
    }
    VDR_ASSERT(vdr_headbook_open(dir, &end, words) == err); /* nothing is added to it */
}

/* ---- proofs */

static void
tell(void *context, const vdr_proof_entry *entry)
{
    vdr_bytes *bytes = context;
    vdr_proof_write(entry, bytes);
}

/* All lines that are told, as they are written. */
static vdr_err
told(const char *folder, vdr_bytes *ret_bytes)
{
    *ret_bytes = (vdr_bytes){0};
    vdr_err err = vdr_proofs_walk(folder, tell, ret_bytes);
    VDR_ASSERT(err == VDR_OK || err == VDR_E_STORE_CORRUPT);
    return err;
}

static void
proofs_law(bool changed, bool last_changed)
{
    static text lines;
    vdr_bytes before, after, more = {0};
    get_file(dir, proofs.lines_name, &lines);
    vdr_err err = told(dir, &before);
    VDR_ASSERT(err == VDR_OK || changed);
    if (err == VDR_OK) {
        VDR_ASSERT(before.len <= lines.len &&
                   (before.len == 0 || memcmp(before.at, lines.at, before.len) == 0));
        VDR_ASSERT(last_changed || (before.len >= proofs.lines.len &&
                                    memcmp(before.at, proofs.lines.at, proofs.lines.len) == 0));
        write_proof(4, &more);
        VDR_ASSERT(vdr_proofs_append(dir, vdr_bytes_span(&more)) == VDR_OK);
        VDR_ASSERT(told(dir, &after) == VDR_OK && after.len == before.len + more.len);
        VDR_ASSERT(before.len == 0 || memcmp(after.at, before.at, before.len) == 0);
        VDR_ASSERT(memcmp(after.at + before.len, more.at, more.len) == 0);
        vdr_bytes_done(&before);
        clear(copy);
        VDR_ASSERT(vdr_proofs_begin(copy, dir, 99, 1772442000000) == VDR_OK);
        VDR_ASSERT(told(copy, &before) == VDR_OK && before.len > after.len &&
                   memcmp(before.at, after.at, after.len) == 0);
        vdr_bytes_done(&after);
        vdr_bytes_done(&more);
    }
    vdr_bytes_done(&before);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static text lines, last;
    if (heads.lines.len == 0)
        make_books();
    if (len == 0 || len > 256)
        return 0;
    const book *b = at[0] % 2 == 0 ? &heads : &proofs;
    lines = b->lines;
    last = b->last[LINES];
    for (size_t i = 1; i + 4 <= len; i += 4)
        change(b, at[i] % 2 == 0 ? &lines : &last, at + i);
    bool last_changed = last.none || last.len != b->last[LINES].len || !begins(&b->last[LINES], &last);
    bool changed = last_changed || lines.none || lines.len != b->lines.len || !begins(&b->lines, &lines);
    clear(dir);
    put_file(dir, b->lines_name, &lines);
    put_file(dir, b->last_name, &last);
    if (b == &heads)
        heads_law(changed);
    else
        proofs_law(changed, last_changed);
    return 0;
}

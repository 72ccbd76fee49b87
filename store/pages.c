#include "store/pages.h"

#include "proto/types.h"
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* LMDB's file format, data version 1, as far as it is read here. Integers are native. */
enum {
    PAGE_HEAD = 16, /* number u64, pad u16, flags u16, then lower u16, upper u16 or run length u32 */
    PAGE_FLAGS_AT = 10,
    PAGE_LOWER_AT = 12,
    PAGE_UPPER_AT = 14,
    NODE_HEAD = 8, /* lo u16, hi u16, flags u16, key size u16 */
    TREE_BYTES = 48,
    META_PAGES = 2,
    META_END = PAGE_HEAD + 136, /* zeroes from here to the end of a meta page */
    DEPTH_MAX = 32,
};

#define PAGE_BRANCH   1u
#define PAGE_LEAF     2u
#define PAGE_OVERFLOW 4u
#define PAGE_META     8u
#define NODE_BIG      1u
#define NODE_TREE     2u
#define META_MAGIC    0xBEEFC0DEu
#define META_FORMAT   1u
#define NUMBER_KEYS   8u /* flag of a table */
#define NO_PAGE       UINT64_MAX

#define WHOLE_TREE_PAGES 16384u  /* trees up to 64 MiB are walked whole at start */
#define UNWRITTEN_MAX    131072u /* pages that one transaction may take and give back unwritten */

typedef struct tree {
    uint32_t pad;
    uint16_t flags, depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
} tree;

typedef struct meta {
    uint32_t magic, version;
    uint64_t address, map_bytes;
    tree trees[2]; /* free list, main */
    uint64_t last_page, txnid;
} meta;

_Static_assert(sizeof(tree) == TREE_BYTES && sizeof(meta) == 136, "layout of LMDB's meta page");

typedef enum tree_kind {
    FREE_LIST,
    MAIN,
    TABLE,
} tree_kind;

typedef struct check {
    int fd;
    bool whole;
    bool runs;    /* look at the heads of overflow runs, too */
    bool partial; /* of the free list only the edges were looked at */
    uint64_t page_bytes, last_page, txnid;
    uint64_t file_bytes;
    uint64_t freed; /* by which transaction the newest entry of the free list was */
    uint64_t held;  /* pages that the heads of trees say they have, and free ones */
    uint8_t *used;  /* a bit for each page */
    const char *bad;
    uint64_t at; /* the page that is looked at */
    bool failed_io;
} check;

typedef struct tally {
    uint64_t branch_pages, leaf_pages, overflow_pages, entries;
} tally;

typedef struct node {
    unsigned flags;
    vdr_span key;
    uint64_t child;    /* of a branch */
    uint64_t size;     /* of a leaf's value */
    const uint8_t *at; /* the value, or the number of its first overflow page */
} node;

static bool check_tree(check *c, const tree *t, tree_kind kind);

static bool
bad(check *c, const char *text)
{
    c->bad = text;
    return false;
}

static uint16_t
u16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t
u64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static bool
read_at(check *c, uint64_t offset, void *ret_bytes, size_t len)
{
    ssize_t n;
    do {
        n = pread(c->fd, ret_bytes, len, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    c->failed_io = n < 0;
    return n == (ssize_t)len ||
           bad(c, n < 0 ? "a page cannot be read" : "a page is beyond the end of the file");
}

/* Marks a run of pages as used. */
static bool
use(check *c, uint64_t page, uint64_t count)
{
    if (page < META_PAGES || page > c->last_page || count > c->last_page - page + 1)
        return bad(c, "a page number is out of range");
    for (uint64_t i = page; i < page + count; i++) {
        uint8_t bit = (uint8_t)(1u << (i & 7));
        if ((c->used[i >> 3] & bit) != 0)
            return bad(c, "a page is used twice");
        c->used[i >> 3] |= bit;
    }
    return true;
}

static bool
read_page(check *c, uint64_t page, unsigned flags, uint8_t *ret_page)
{
    if (!use(c, page, 1))
        return false;
    c->at = page;
    if (!read_at(c, page * c->page_bytes, ret_page, c->page_bytes))
        return false;
    unsigned lower = u16(ret_page + PAGE_LOWER_AT), upper = u16(ret_page + PAGE_UPPER_AT);
    if (u64(ret_page) != page || u16(ret_page + PAGE_FLAGS_AT) != flags)
        return bad(c, "a page has the wrong number or kind");
    if (lower <= PAGE_HEAD || lower % 2 != 0 || lower > upper || upper > c->page_bytes)
        return bad(c, "a page has impossible bounds");
    return true;
}

static unsigned
node_count(const uint8_t *page)
{
    return (u16(page + PAGE_LOWER_AT) - (unsigned)PAGE_HEAD) / 2;
}

static bool
node_read(check *c, const uint8_t *page, unsigned i, bool branch, node *ret_node)
{
    unsigned offset = u16(page + PAGE_HEAD + 2 * i);
    if (offset < u16(page + PAGE_UPPER_AT) || offset + NODE_HEAD > c->page_bytes)
        return bad(c, "a node is outside its page");
    const uint8_t *at = page + offset;
    unsigned key_len = u16(at + 6);
    uint64_t low = u16(at) | (uint64_t)u16(at + 2) << 16;
    node n = {.flags = u16(at + 4), .key = vdr_span_of(at + NODE_HEAD, key_len)};
    n.child = low | (uint64_t)n.flags << 32;
    n.size = branch ? 0 : low;
    n.at = at + NODE_HEAD + key_len;
    if (branch)
        n.flags = 0;
    uint64_t here = (n.flags & NODE_BIG) != 0 ? sizeof(uint64_t) : n.size;
    if (offset + NODE_HEAD + key_len + here > c->page_bytes)
        return bad(c, "a node is longer than its page");
    if ((n.flags & ~(NODE_BIG | NODE_TREE)) != 0)
        return bad(c, "a node has unknown flags");
    *ret_node = n;
    return true;
}

/* Keys of a page lie in [low, high): what the pages above it say. No high: at is NULL. */
typedef struct bounds {
    vdr_span low, high;
} bounds;

static bool
in_order(tree_kind kind, vdr_span before, vdr_span after)
{
    if (kind == FREE_LIST)
        return before.len == 8 && after.len == 8 && u64(before.at) < u64(after.at);
    return vdr_span_compare(before, after) < 0;
}

static bool
inside(tree_kind kind, const bounds *b, vdr_span key)
{
    return (b->low.len == 0 || !in_order(kind, key, b->low)) &&
           (b->high.at == NULL || in_order(kind, key, b->high));
}

/* Nodes lie one against the other at the end of their page. */
typedef struct packing {
    unsigned lowest, bytes;
} packing;

static void
pack(packing *p, const uint8_t *page, const node *n, bool branch)
{
    uint64_t here = branch ? 0 : (n->flags & NODE_BIG) != 0 ? sizeof(uint64_t) : n->size;
    unsigned offset = (unsigned)(n->key.at - page) - NODE_HEAD;
    p->lowest = offset < p->lowest ? offset : p->lowest;
    p->bytes += (unsigned)((NODE_HEAD + n->key.len + here + 1) & ~(uint64_t)1);
}

static bool
is_packed(check *c, const packing *p, const uint8_t *page)
{
    unsigned upper = u16(page + PAGE_UPPER_AT);
    return (p->lowest == upper && p->bytes == c->page_bytes - upper) ||
           bad(c, "a page has gaps between its nodes");
}

/* The page numbers of one entry of the free list: count, then so many, falling. */
static bool
check_free(check *c, const uint8_t *value, uint64_t size)
{
    if (size < 8 || u64(value) > size / 8 - 1)
        return bad(c, "an entry of the free list is too short");
    uint64_t above = NO_PAGE;
    for (uint64_t i = 1; i <= u64(value); i++) {
        uint64_t page = u64(value + 8 * i);
        if (page >= above)
            return bad(c, "the free list is out of order");
        if (!use(c, page, 1))
            return false;
        above = page;
    }
    c->held += u64(value);
    return true;
}

/* LMDB maps the file: whoever reads behind its end is stopped. */
static bool
is_in_file(check *c, uint64_t first, uint64_t size)
{
    return first * c->page_bytes + PAGE_HEAD + size <= c->file_bytes ||
           bad(c, "a row is beyond the end of the file");
}

static bool
check_overflow(check *c, const node *n, tree_kind kind, tally *counts)
{
    uint8_t head[PAGE_HEAD];
    uint64_t first = u64(n->at);
    uint64_t pages = (PAGE_HEAD - 1 + n->size) / c->page_bytes + 1;
    uint32_t run;
    if (!c->runs) {
        counts->overflow_pages += pages;
        return use(c, first, pages) && is_in_file(c, first, n->size);
    }
    if (!use(c, first, 1) || !is_in_file(c, first, n->size) ||
        !read_at(c, first * c->page_bytes, head, sizeof head))
        return false;
    memcpy(&run, head + PAGE_LOWER_AT, sizeof run);
    counts->overflow_pages += run;
    /* Longer than its value where a transaction wrote two, the second one shorter. */
    if (u64(head) != first || u16(head + PAGE_FLAGS_AT) != PAGE_OVERFLOW || run < pages)
        return bad(c, "an overflow run has a wrong head");
    if (run > 1 && !use(c, first + 1, run - 1))
        return false;
    if (kind != FREE_LIST)
        return true;
    uint8_t *value = vdr_alloc(n->size, 1);
    bool good =
        read_at(c, first * c->page_bytes + PAGE_HEAD, value, n->size) && check_free(c, value, n->size);
    free(value);
    return good;
}

static bool
check_leaf(check *c, const uint8_t *page, tree_kind kind, const bounds *b, tally *counts)
{
    node n, before = {0};
    packing packed = {.lowest = (unsigned)c->page_bytes};
    unsigned count = node_count(page);
    for (unsigned i = 0; i < count; i++, before = n) {
        if (!node_read(c, page, i, false, &n))
            return false;
        if (n.key.len == 0 || (i > 0 && !in_order(kind, before.key, n.key)) || !inside(kind, b, n.key))
            return bad(c, "keys are out of order");
        if (kind == FREE_LIST) {
            if (n.key.len != 8 || u64(n.key.at) == 0 || u64(n.key.at) > c->txnid)
                return bad(c, "the free list is of a transaction that was not");
            c->freed = u64(n.key.at);
        }
        pack(&packed, page, &n, false);
        if (((n.flags & NODE_TREE) != 0) != (kind == MAIN) || (kind == MAIN && n.flags != NODE_TREE))
            return bad(c, "a node is of the wrong kind");
        if ((n.flags & NODE_BIG) != 0 && !check_overflow(c, &n, kind, counts))
            return false;
        if (kind == FREE_LIST && n.flags == 0 && !check_free(c, n.at, n.size))
            return false;
        if (kind == MAIN) {
            tree t;
            if (n.size != sizeof t)
                return bad(c, "a table has no head");
            memcpy(&t, n.at, sizeof t);
            if (!check_tree(c, &t, TABLE))
                return false;
        }
    }
    counts->leaf_pages++;
    counts->entries += count;
    return is_packed(c, &packed, page);
}

static bool
check_branch(check *c, const uint8_t *page, tree_kind kind, const bounds *b)
{
    node n, before = {0};
    packing packed = {.lowest = (unsigned)c->page_bytes};
    unsigned count = node_count(page);
    for (unsigned i = 0; i < count; i++, before = n) {
        if (!node_read(c, page, i, true, &n))
            return false;
        /* the first key is never looked at */
        if ((i > 1 && !in_order(kind, before.key, n.key)) || (i > 0 && !inside(kind, b, n.key)))
            return bad(c, "keys are out of order");
        pack(&packed, page, &n, true);
    }
    return is_packed(c, &packed, page);
}

/* What a branch page says of the keys under its node i. */
static bool
bounds_of(check *c, const uint8_t *page, unsigned i, const bounds *above, bounds *ret_bounds)
{
    node n;
    *ret_bounds = *above;
    if (i > 0) {
        if (!node_read(c, page, i, true, &n))
            return false;
        ret_bounds->low = n.key;
    }
    if (i + 1 < node_count(page)) {
        if (!node_read(c, page, i + 1, true, &n))
            return false;
        ret_bounds->high = n.key;
    }
    return true;
}

/* Walks what is under a page; of a large tree at start only the first and the last child. */
static bool
walk(check *c, uint64_t number, unsigned levels, bool edges, tree_kind kind, const bounds *above,
     tally *counts)
{
    uint8_t *page = vdr_alloc(1, c->page_bytes);
    bool good = read_page(c, number, levels > 1 ? PAGE_BRANCH : PAGE_LEAF, page);
    if (good && levels == 1) {
        good = check_leaf(c, page, kind, above, counts);
    } else if (good) {
        counts->branch_pages++;
        good = check_branch(c, page, kind, above);
        unsigned count = node_count(page);
        for (unsigned i = 0; good && i < count; i++) {
            node n;
            if (edges && i > 0 && i + 1 < count)
                i = count - 1;
            bounds under;
            good = node_read(c, page, i, true, &n) && bounds_of(c, page, i, above, &under) &&
                   walk(c, n.child, levels - 1, edges, kind, &under, counts);
        }
    }
    free(page);
    return good;
}

static bool
check_tree(check *c, const tree *t, tree_kind kind)
{
    tally found = {0};
    uint32_t pad = kind == FREE_LIST ? (uint32_t)c->page_bytes : 0;
    if (t->flags != (kind == FREE_LIST ? NUMBER_KEYS : 0) || t->pad != pad)
        return bad(c, "a table is of another kind");
    if (t->root == NO_PAGE) {
        bool none = t->depth == 0 && t->branch_pages == 0 && t->leaf_pages == 0 && t->overflow_pages == 0 &&
                    t->entries == 0;
        return none || bad(c, "a table has entries and no pages");
    }
    if (t->depth == 0 || t->depth > DEPTH_MAX)
        return bad(c, "a table has an impossible depth");
    if (t->branch_pages > c->last_page || t->leaf_pages > c->last_page || t->overflow_pages > c->last_page)
        return bad(c, "a table has more pages than there are");
    c->held += t->branch_pages + t->leaf_pages + t->overflow_pages;
    bool edges = !c->whole && t->branch_pages + t->leaf_pages > WHOLE_TREE_PAGES;
    bool runs = c->whole || kind == FREE_LIST || t->overflow_pages <= WHOLE_TREE_PAGES;
    c->runs = runs;
    c->partial = c->partial || (edges && kind == FREE_LIST);
    const bounds all = {{0}, {0}};
    if (!walk(c, t->root, t->depth, edges, kind, &all, &found))
        return false;
    if (!edges && (found.entries != t->entries || found.branch_pages != t->branch_pages ||
                   found.leaf_pages != t->leaf_pages || found.overflow_pages > t->overflow_pages ||
                   (runs && found.overflow_pages != t->overflow_pages)))
        return bad(c, "a table does not have what its head says");
    return true;
}

/* All that a meta page leads to. Each transaction but the first replaces pages, at least the one with the heads of
 * the tables, and says so in the free list: that tells its number once more. And LMDB loses no page: those that
 * are neither of a tree nor free are not there. */
static bool
check_trees(check *c, const meta *m)
{
    c->last_page = m->last_page;
    c->txnid = m->txnid;
    c->freed = c->held = 0;
    c->partial = false;
    c->used = vdr_alloc(m->last_page / 8 + 1, 1);
    bool good = check_tree(c, &m->trees[0], FREE_LIST);
    if (good && m->txnid >= 2 && c->freed != m->txnid)
        good = bad(c, "its last commit is not the one that was written");
    good = good && check_tree(c, &m->trees[1], MAIN);
    if (good && !c->partial && c->held != m->last_page + 1 - META_PAGES)
        good = bad(c, "pages are missing: neither in use nor free");
    free(c->used);
    c->used = NULL;
    return good;
}

/* Reads meta page i. LMDB writes it once, and later only what is behind the address. */
static bool
read_meta(check *c, unsigned i, meta *ret_meta)
{
    uint8_t *page = vdr_alloc(1, c->page_bytes);
    bool good = read_at(c, i * c->page_bytes, page, c->page_bytes);
    if (good) {
        memcpy(ret_meta, page + PAGE_HEAD, sizeof *ret_meta);
        good = u64(page) == i && u16(page + PAGE_FLAGS_AT) == PAGE_META &&
               u16(page + PAGE_FLAGS_AT - 2) == 0 && u16(page + PAGE_LOWER_AT) == 0 &&
               u16(page + PAGE_UPPER_AT) == 0;
        for (size_t at = META_END; at < c->page_bytes; at++)
            good = good && page[at] == 0;
    }
    free(page);
    return good && ret_meta->magic == META_MAGIC && ret_meta->version == META_FORMAT &&
           ret_meta->address == 0 && ret_meta->trees[0].pad == c->page_bytes && ret_meta->last_page >= 1 &&
           ret_meta->map_bytes / c->page_bytes > ret_meta->last_page;
}

/* Reads both meta pages. */
static vdr_err
read_metas(check *c, meta ret_metas[2])
{
    struct stat st;
    meta metas[2];
    if (!read_at(c, PAGE_HEAD, &metas[0], sizeof metas[0]))
        return VDR_E_STORE_CORRUPT;
    c->page_bytes = metas[0].trees[0].pad;
    bool good = c->page_bytes >= 512 && c->page_bytes <= 65536 && (c->page_bytes & (c->page_bytes - 1)) == 0;
    if (good && metas[0].version != META_FORMAT && /* of one page alone it rotted */
        read_at(c, c->page_bytes + PAGE_HEAD, &metas[1], sizeof metas[1]) && metas[0].magic == META_MAGIC &&
        metas[1].magic == META_MAGIC && metas[0].version == metas[1].version) {
        c->bad = "it was written by another release of LMDB";
        return VDR_E_STORE_VERSION;
    }
    for (unsigned i = 0; good && i < 2; i++)
        good = read_meta(c, i, &metas[i]);
    if (good && fstat(c->fd, &st) == 0) {
        c->file_bytes = (uint64_t)st.st_size;
        uint64_t pages = c->file_bytes / c->page_bytes + UNWRITTEN_MAX;
        good = metas[0].last_page < pages && metas[1].last_page < pages;
    }
    if (!good) {
        c->bad = "its meta pages are damaged";
        return VDR_E_STORE_CORRUPT;
    }
    memcpy(ret_metas, metas, sizeof metas);
    return VDR_OK;
}

/* Commits alternate between the two, so each tells the other's number: without this a rotten bit in one could bring
 * back the commit before the last. Legal are 0 and 0, of an environment that is being made; 0 and 1, its first
 * commit or a compacted copy; and any two that follow each other, also after a crash, as a commit that did not come
 * to its meta page has left no trace there. The file never becomes shorter, nor the map, which grows to
 * powers of two (store/env.c). */
static bool
metas_agree(check *c, const meta metas[2])
{
    uint64_t even = metas[0].txnid, odd = metas[1].txnid;
    bool fresh = even == 0 && odd == 0;
    if (!fresh && (even % 2 != 0 || odd % 2 != 1 || (even + 1 != odd && odd + 1 != even)))
        return bad(c, "its meta pages do not follow each other");
    const meta *newer = &metas[odd > even], *older = &metas[odd <= even];
    uint64_t map = newer->map_bytes;
    bool grown = map > older->map_bytes && (map & (map - 1)) == 0;
    return (newer->last_page >= older->last_page && (map == older->map_bytes || grown)) ||
           bad(c, "its meta pages contradict each other");
}

/* The last commit, and the one before it: no commit that LMDB makes later touches its pages before the last one is
 * two back. So both are whole at any time, and what does not hold in either was not written so. */
static bool
check_both(check *c, const meta metas[2])
{
    unsigned newer = metas[1].txnid > metas[0].txnid;
    return metas_agree(c, metas) && check_trees(c, &metas[newer]) && check_trees(c, &metas[newer ^ 1]);
}

static vdr_err
finish(const check *c, bool good, vdr_pages_bad *ret_bad)
{
    if (good)
        return VDR_OK;
    *ret_bad = (vdr_pages_bad){.text = c->bad, .offset = c->at * c->page_bytes};
    return c->failed_io ? VDR_E_IO : VDR_E_STORE_CORRUPT;
}

vdr_err
vdr_pages_check_folder(const char *path, uint64_t *ret_end_bytes, vdr_pages_bad *ret_bad)
{
    char file[VDR_PATH_BYTES];
    meta metas[2];
    check c = {.bad = "data.mdb cannot be opened"};
    *ret_bad = (vdr_pages_bad){.text = c.bad};
    if (vdr_folder_path(path, "data.mdb", file) != 0)
        return VDR_E_IO;
    c.fd = open(file, O_RDONLY | O_CLOEXEC);
    if (c.fd < 0)
        return errno == ENOENT ? VDR_E_STORE_CORRUPT : VDR_E_IO;
    vdr_err err = read_metas(&c, metas);
    if (err == VDR_OK)
        err = finish(&c, check_both(&c, metas), ret_bad);
    else
        ret_bad->text = c.bad;
    (void)close(c.fd);
    if (err == VDR_OK)
        *ret_end_bytes = (metas[metas[1].txnid > metas[0].txnid].last_page + 1) * c.page_bytes;
    return err;
}

vdr_err
vdr_pages_check_all(int fd, uint64_t txnid, vdr_pages_bad *ret_bad)
{
    meta metas[2];
    check c = {.fd = fd, .whole = true};
    vdr_err err = read_metas(&c, metas);
    if (err != VDR_OK) /* one of them may just be written */
        err = read_metas(&c, metas);
    if (err != VDR_OK) {
        *ret_bad = (vdr_pages_bad){.text = c.bad};
        return err;
    }
    const meta *m = &metas[txnid & 1];
    if (m->txnid != txnid)
        return VDR_E_BUSY;
    return finish(&c, check_trees(&c, m), ret_bad);
}

/* Law: a checkpoint of the core is loaded or refused, whatever its head says and whichever blocks come, of whatever
 * length and as often; what is loaded can be looked at whole and put away. Without a change it gives the same state.
 * What stands in a block is its checksum's and its seal's to say (store/checkpoint.h; the target pages changes that).
 * Where it is changed all the same, behind both, the load ends, too: with another state's hash, refused, or with the
 * words of a broken invariant, and nothing is read beyond.
 *
 * The bytes are changes to a good image: 2 of place and 1 of value for the head; and blocks that are left out, come
 * twice, under another number, or shorter, or have a bit changed. */
#include "tests/core_dice.h"
#include "tests/fuzz/fuzz.h"

#define BLOCKS_MAX 256u
#define STEPS      300u

static struct {
    uint8_t head[8192];
    size_t head_len;
    vdr_core_block blocks[BLOCKS_MAX];
    size_t count;
    uint64_t hash;
    town *of;
} image;

static void
make_image(void)
{
    vdr_position position;
    uint64_t blocks;
    vdr_core_block block;
    dice_acts = VDR_ACT_LAST;
    dice_begin(7);
    town *t = image.of = town_new(&town_config);
    t->reload_every = UINT32_MAX;
    for (unsigned i = 0; i < STEPS; i++) {
        if (roll(3) == 0)
            random_act(t);
        else
            random_signal(t);
    }
    image.hash = vdr_core_state_hash(t->core);
    vdr_core_image_begin(t->core);
    vdr_span head = vdr_core_image_head(t->core, &position, &blocks);
    VDR_ASSERT(head.len <= sizeof image.head);
    memcpy(image.head, head.at, head.len);
    image.head_len = head.len;
    while (vdr_core_image_next(t->core, true, &block)) {
        uint8_t *copy = malloc(block.bytes.len);
        VDR_ASSERT(image.count < BLOCKS_MAX && copy != NULL);
        memcpy(copy, block.bytes.at, block.bytes.len);
        image.blocks[image.count] = block;
        image.blocks[image.count++].bytes = vdr_span_of(copy, block.bytes.len);
    }
    vdr_core_image_end(t->core, true);
}

/* What is done to a block: 3 bytes each. */
typedef struct change {
    uint8_t block, how, value;
} change;

/* Is a bit of some block's content changed? */
static bool
changed_inside(const change *changes, size_t count)
{
    bool inside = false;
    for (size_t i = 0; i < count; i++)
        inside = inside || changes[i].how % 6 == 4;
    return inside;
}

static vdr_err
load_block(vdr_core *core, size_t number, const change *changes, size_t count)
{
    vdr_core_block block = image.blocks[number];
    uint8_t *content = malloc(block.bytes.len + 1); /* so that a sanitizer sees a read beyond */
    size_t times = 1;
    VDR_ASSERT(content != NULL);
    memcpy(content, block.bytes.at, block.bytes.len);
    block.bytes.at = content;
    for (size_t i = 0; i < count; i++) {
        if (changes[i].block % image.count != number)
            continue;
        size_t place = (changes[i].value + (size_t)256 * (changes[i].how / 6)) * block.bytes.len / (256 * 43);
        switch (changes[i].how % 6) {
        case 0:
            times = 0;
            break;
        case 1:
            times = 2;
            break;
        case 2:
            block.number ^= changes[i].value;
            break;
        case 3:
            block.table ^= changes[i].value;
            break;
        case 4:
            if (place < block.bytes.len)
                content[place] ^= (uint8_t)(1u << changes[i].value % 8);
            break;
        default:
            block.bytes.len = block.bytes.len * changes[i].value / 256;
            break;
        }
    }
    vdr_err err = VDR_OK;
    for (; times > 0 && err == VDR_OK; times--)
        err = vdr_core_load_block(core, block);
    free(content);
    return err;
}

/* ---- a broken invariant, found in a changed block */

static jmp_buf broken;
static bool may_break;

void __real_vdr_assert_failed(const char *file, int line, const char *expression) __attribute__((noreturn));
void __wrap_vdr_assert_failed(const char *file, int line, const char *expression) __attribute__((noreturn));

void
__wrap_vdr_assert_failed(const char *file, int line, const char *expression)
{
    if (may_break)
        longjmp(broken, 1);
    __real_vdr_assert_failed(file, line, expression);
}

/* What was being made when an invariant broke is lost: no leak. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static void
allow_breaking(bool allow)
{
    may_break = allow;
    if (allow && __lsan_disable != NULL)
        __lsan_disable();
    else if (!allow && __lsan_enable != NULL)
        __lsan_enable();
}

static vdr_err
load(vdr_core *core, vdr_span head, const change *changes, size_t count)
{
    vdr_err err = vdr_core_load_begin(core, head);
    for (size_t i = 0; i < image.count && err == VDR_OK; i++)
        err = load_block(core, i, changes, count);
    if (err != VDR_OK || !changed_inside(changes, count))
        return err == VDR_OK ? vdr_core_load_end(core, &town_config) : err;
    allow_breaking(true);
    if (setjmp(broken) == 0)
        err = vdr_core_load_end(core, &town_config);
    else
        err = VDR_E_STORE_CORRUPT;
    allow_breaking(false);
    return err;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    if (image.of == NULL)
        make_image();
    change changes[16];
    size_t count = 0, edits = len != 0 ? at[0] % 16 : 0, from = len != 0 ? 1 : 0;
    uint8_t *head = malloc(image.head_len); /* so that a sanitizer sees a read beyond */
    VDR_ASSERT(head != NULL);
    memcpy(head, image.head, image.head_len);
    bool same = true;
    for (; edits > 0 && from + 3 <= len; edits--, from += 3) {
        size_t place = (at[from] | (size_t)at[from + 1] << 8) % image.head_len;
        head[place] ^= at[from + 2];
    }
    same = memcmp(head, image.head, image.head_len) == 0;
    for (; count < 16 && from + 3 <= len; from += 3)
        changes[count++] = (change){at[from], at[from + 1], at[from + 2]};
    vdr_core *core = vdr_core_new();
    vdr_err err = load(core, vdr_span_of(head, image.head_len), changes, count);
    VDR_ASSERT(err == VDR_OK || err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION);
    if (err == VDR_OK) {
        uint64_t hash = vdr_core_state_hash(core);
        VDR_ASSERT(!same || count != 0 || hash == image.hash);
    }
    VDR_ASSERT(!same || count != 0 || err == VDR_OK);
    vdr_core_free(&core);
    free(head);
    return 0;
}

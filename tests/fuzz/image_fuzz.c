/* Law: a checkpoint of the core is loaded or refused, whatever its head says and whichever blocks come, of whatever
 * length and as often; what is loaded can be looked at whole and put away. Without a change it gives the same state.
 *
 * The bytes are changes to a good image: 2 of place and 1 of value for the head; and blocks that are left out, come
 * twice, under another number, or shorter. What stands in a block is its checksum's to say (store/checkpoint.h). */
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

static vdr_err
load_block(vdr_core *core, size_t number, const change *changes, size_t count)
{
    vdr_core_block block = image.blocks[number];
    size_t times = 1;
    for (size_t i = 0; i < count; i++) {
        if (changes[i].block % image.count != number)
            continue;
        switch (changes[i].how % 5) {
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
        default:
            block.bytes.len = block.bytes.len * changes[i].value / 256;
            break;
        }
    }
    vdr_err err = VDR_OK;
    for (; times > 0 && err == VDR_OK; times--)
        err = vdr_core_load_block(core, block);
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
    vdr_err err = vdr_core_load_begin(core, vdr_span_of(head, image.head_len));
    for (size_t i = 0; i < image.count && err == VDR_OK; i++)
        err = load_block(core, i, changes, count);
    if (err == VDR_OK)
        err = vdr_core_load_end(core, &town_config);
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

#include "broker/net/porter.h"

#include "broker/door/keyed_batch.h"
#include "broker/engine/thread.h"

#include <stdatomic.h>
#include <stdlib.h>

#define PERSONS_MAX 64u /* of an item that is read ahead */
#define ITEM_BYTES  (PERSONS_MAX * 128u)
#define TOGETHER    8u /* items whose hashes are made side by side */
#define DISTANCE    8u /* nearer to the reactor, which reads so many itself, it would only be in its way */
#define FEW_ITEMS   8u /* not worth waking it */

typedef enum porter_state { RESTING, WANTED, READING, ENDING } porter_state;
typedef enum item_state { UNREAD, TAKEN, READ } item_state; /* TAKEN: somebody is at it */

struct vdr_porter {
    pthread_t thread;

    pthread_mutex_t lock; /* state */
    pthread_cond_t wanted, idle;
    porter_state state;

    /* the reactor's while it rests, read by both otherwise */
    const vdr_door *door;
    const vdr_config *config;
    const vdr_wire_typed *items[VDR_PORTER_ITEMS];
    size_t count;

    size_t readable; /* items that are not NULL */
    bool started;    /* the thread may be at the list: the reactor's */

    /* a command is whose its item was taken by, and the reactor's once it is read */
    vdr_arena arena;     /* the thread's; the reactor's while it rests */
    vdr_arena own_arena; /* the reactor's */
    vdr_keyed_batch batch, own_batch;
    vdr_command commands[VDR_PORTER_ITEMS];
    _Atomic(item_state) read[VDR_PORTER_ITEMS];

    atomic_size_t reached; /* where the reactor is; count or more: no more is wanted */
};

/* Unless somebody has, or is at it. */
static bool
take(vdr_porter *porter, size_t place)
{
    item_state unread = UNREAD;
    return porter->items[place] != NULL &&
           atomic_compare_exchange_strong_explicit(&porter->read[place], &unread, TAKEN, memory_order_relaxed,
                                                   memory_order_relaxed);
}

/* Those of count items that nobody has, nor is at. */
static void
read_items(vdr_porter *porter, size_t place, size_t count, vdr_arena *arena, vdr_keyed_batch *batch)
{
    vdr_event_options options = {.config = porter->config, .batch = batch};
    size_t taken[TOGETHER], n = 0;
    VDR_ASSERT(count <= TOGETHER);
    for (size_t i = place; i < place + count && i < porter->count; i++) {
        if (!take(porter, i))
            continue;
        vdr_event_typed(porter->door, &options, porter->items[i], arena, &porter->commands[i]);
        taken[n++] = i;
    }
    vdr_keyed_batch_end(batch);
    for (size_t i = 0; i < n; i++)
        atomic_store_explicit(&porter->read[taken[i]], READ, memory_order_release);
}

static void
read_list(vdr_porter *porter)
{
    for (size_t i = 0; i < porter->count; i += TOGETHER) {
        size_t reached = atomic_load_explicit(&porter->reached, memory_order_relaxed);
        if (i < reached + DISTANCE)
            i = reached + DISTANCE;
        read_items(porter, i, TOGETHER, &porter->arena, &porter->batch);
    }
}

static void *
run(void *context)
{
    vdr_porter *porter = context;
    pthread_mutex_lock(&porter->lock);
    while (porter->state != ENDING) {
        if (porter->state != WANTED) {
            pthread_cond_wait(&porter->wanted, &porter->lock);
            continue;
        }
        porter->state = READING;
        pthread_mutex_unlock(&porter->lock);
        read_list(porter);
        pthread_mutex_lock(&porter->lock);
        porter->state = RESTING;
        pthread_cond_signal(&porter->idle);
    }
    pthread_mutex_unlock(&porter->lock);
    return NULL;
}

vdr_porter *
vdr_porter_new(void)
{
    vdr_porter *porter = vdr_alloc(1, sizeof *porter);
    porter->state = RESTING;
    vdr_arena_init(&porter->arena, VDR_PORTER_ITEMS * ITEM_BYTES);
    vdr_arena_init(&porter->own_arena, VDR_PORTER_ITEMS * ITEM_BYTES);
    vdr_keyed_batch_begin(&porter->batch);
    vdr_keyed_batch_begin(&porter->own_batch);
    vdr_thread_lock_init(&porter->lock);
    vdr_thread_cond_init(&porter->wanted);
    vdr_thread_cond_init(&porter->idle);
    vdr_thread_start(&porter->thread, "porter", run, porter);
    return porter;
}

void
vdr_porter_free(vdr_porter **porter_p)
{
    vdr_porter *porter = *porter_p;
    if (porter == NULL)
        return;
    vdr_porter_rest(porter);
    pthread_mutex_lock(&porter->lock);
    porter->state = ENDING;
    pthread_cond_signal(&porter->wanted);
    pthread_mutex_unlock(&porter->lock);
    pthread_join(porter->thread, NULL);
    pthread_cond_destroy(&porter->idle);
    pthread_cond_destroy(&porter->wanted);
    pthread_mutex_destroy(&porter->lock);
    vdr_arena_done(&porter->arena);
    vdr_arena_done(&porter->own_arena);
    free(porter);
    *porter_p = NULL;
}

void
vdr_porter_begin(vdr_porter *porter, const vdr_door *door, const vdr_config *config)
{
    vdr_arena_reset(&porter->arena);
    vdr_arena_reset(&porter->own_arena);
    porter->door = door;
    porter->config = config;
    porter->count = porter->readable = 0;
    atomic_store_explicit(&porter->reached, 0, memory_order_relaxed);
}

size_t
vdr_porter_room(const vdr_porter *porter)
{
    return VDR_PORTER_ITEMS - porter->count;
}

size_t
vdr_porter_add(vdr_porter *porter, const vdr_wire_typed *typed)
{
    VDR_ASSERT(porter->count < VDR_PORTER_ITEMS);
    /* What could take much memory is left to the reactor, whose arena is made for it. */
    bool small = typed != NULL && typed->member_count == 0 && typed->person_count <= PERSONS_MAX;
    porter->items[porter->count] = small ? typed : NULL;
    porter->readable += small;
    atomic_store_explicit(&porter->read[porter->count], UNREAD, memory_order_relaxed);
    return porter->count++;
}

void
vdr_porter_start(vdr_porter *porter)
{
    VDR_ASSERT(!porter->started);
    if (porter->readable < FEW_ITEMS)
        return;
    porter->started = true;
    pthread_mutex_lock(&porter->lock);
    VDR_ASSERT(porter->state == RESTING);
    porter->state = WANTED;
    pthread_cond_signal(&porter->wanted);
    pthread_mutex_unlock(&porter->lock);
}

const vdr_command *
vdr_porter_look(const vdr_porter *porter, size_t place)
{
    if (place >= porter->count || atomic_load_explicit(&porter->read[place], memory_order_acquire) != READ)
        return NULL;
    return &porter->commands[place];
}

void
vdr_porter_read(vdr_porter *porter, size_t place, size_t count)
{
    if (place >= porter->count)
        return;
    atomic_store_explicit(&porter->reached, place, memory_order_relaxed);
    for (size_t i = 0; i < count; i += TOGETHER)
        read_items(porter, place + i, count - i < TOGETHER ? count - i : TOGETHER, &porter->own_arena,
                   &porter->own_batch);
}

void
vdr_porter_rest(vdr_porter *porter)
{
    if (!porter->started) {
        porter->count = 0;
        return;
    }
    atomic_store_explicit(&porter->reached, VDR_PORTER_ITEMS, memory_order_relaxed);
    pthread_mutex_lock(&porter->lock);
    if (porter->state == WANTED) /* it has not even begun */
        porter->state = RESTING;
    while (porter->state == READING)
        pthread_cond_wait(&porter->idle, &porter->lock);
    pthread_mutex_unlock(&porter->lock);
    porter->started = false;
    porter->count = 0;
}

#include "broker/engine/warmer.h"

#include "broker/engine/thread.h"
#include "proto/assert.h"
#include "proto/pages.h"

#include <stdbool.h>
#include <stdlib.h>

struct vdr_warmer {
    pthread_t thread;
    pthread_mutex_t lock; /* the two below */
    pthread_cond_t wanted;
    bool make, stop;
};

static void *
run(void *context)
{
    vdr_warmer *warmer = context;
    vdr_thread_modest();
    pthread_mutex_lock(&warmer->lock);
    while (!warmer->stop) {
        if (!warmer->make) {
            pthread_cond_wait(&warmer->wanted, &warmer->lock);
            continue;
        }
        pthread_mutex_unlock(&warmer->lock);
        vdr_pages_spare_make();
        pthread_mutex_lock(&warmer->lock);
        warmer->make = false;
    }
    pthread_mutex_unlock(&warmer->lock);
    return NULL;
}

vdr_warmer *
vdr_warmer_new(void)
{
    vdr_warmer *warmer = vdr_alloc(1, sizeof *warmer);
    vdr_thread_lock_init(&warmer->lock);
    vdr_thread_cond_init(&warmer->wanted);
    vdr_thread_start(&warmer->thread, "warmer", run, warmer);
    return warmer;
}

void
vdr_warmer_free(vdr_warmer **warmer_p)
{
    vdr_warmer *warmer = *warmer_p;
    if (warmer == NULL)
        return;
    pthread_mutex_lock(&warmer->lock);
    warmer->stop = true;
    pthread_cond_signal(&warmer->wanted);
    pthread_mutex_unlock(&warmer->lock);
    pthread_join(warmer->thread, NULL);
    pthread_cond_destroy(&warmer->wanted);
    pthread_mutex_destroy(&warmer->lock);
    vdr_pages_spare_drop();
    free(warmer);
    *warmer_p = NULL;
}

void
vdr_warmer_turn(vdr_warmer *warmer)
{
    if (!vdr_pages_spare_wanted())
        return;
    pthread_mutex_lock(&warmer->lock);
    warmer->make = true;
    pthread_cond_signal(&warmer->wanted);
    pthread_mutex_unlock(&warmer->lock);
}

#include "broker/trail/pager.h"

#include "broker/engine/thread.h"

#include <stdlib.h>

#define PAGE_ROWS   200u
#define PAGE_BYTES  (96u * 1024) /* of the rows: a page fits a frame of the parties' listener */
#define ARENA_BYTES ((size_t)8 * 1024 * 1024)

typedef enum pager_state { IDLE, ASKED, FULL } pager_state;

typedef struct work {
    const vdr_pager_job *job; /* NULL: none */
    void *of;
} work;

struct vdr_pager {
    const char *name;
    pthread_t thread;
    bool started;
    pthread_mutex_t
        lock; /* of state, after and stop; the rest is the thread's while ASKED, else the reactor's */
    pthread_cond_t changed;
    pager_state state;
    work after; /* takes the place of what is there */
    bool stop;
    atomic_bool leave; /* the thread lets go of what it is at */

    work at;
    vdr_arena arena;
    vdr_rows rows;
    bool end;
    vdr_err err;
    char words[VDR_PAGER_WORDS];
};

vdr_pager *
vdr_pager_new(const char *name)
{
    vdr_pager *pager = vdr_alloc(1, sizeof *pager);
    pager->name = name;
    vdr_arena_init(&pager->arena, ARENA_BYTES);
    vdr_thread_lock_init(&pager->lock);
    vdr_thread_cond_init(&pager->changed);
    return pager;
}

static void
work_free(work *of)
{
    if (of->job != NULL)
        of->job->free(of->of);
    *of = (work){0};
}

/* ---- the thread */

static size_t
row_bytes(const vdr_wire_row *row)
{
    size_t bytes = 32 + row->kind.len;
    for (size_t i = 0; i < row->text_count; i++)
        bytes += 8 + row->texts[i].name.len + row->texts[i].text.len;
    for (size_t i = 0; i < row->number_count; i++)
        bytes += 16 + row->numbers[i].name.len;
    return bytes;
}

static void
fill(vdr_pager *pager)
{
    const vdr_pager_job *job = pager->at.job;
    size_t bytes = 0, counted = 0;
    vdr_err err = VDR_OK;
    if (pager->err != VDR_OK)
        return; /* it failed: nothing more comes of it */
    vdr_arena_reset(&pager->arena);
    vdr_rows_begin(&pager->rows, &pager->arena);
    pager->words[0] = '\0';
    while (err == VDR_OK && pager->rows.count < PAGE_ROWS && bytes < PAGE_BYTES &&
           !atomic_load(&pager->leave)) {
        err = job->next(pager->at.of, &pager->rows, pager->words);
        vdr_rows_end(&pager->rows);
        for (; counted < pager->rows.count; counted++)
            bytes += row_bytes(&pager->rows.at[counted]);
        if (err == VDR_E_BUSY) {
            job->rest(pager->at.of);
            err = VDR_OK;
        }
    }
    job->rest(pager->at.of);
    pager->end = err == VDR_E_END;
    pager->err = pager->end ? VDR_OK : err;
}

static void *
run(void *context)
{
    vdr_pager *pager = context;
    vdr_thread_polite();
    (void)pthread_mutex_lock(&pager->lock);
    while (!pager->stop) {
        if (pager->state != ASKED) {
            (void)pthread_cond_wait(&pager->changed, &pager->lock);
            continue;
        }
        work before = {0};
        if (pager->after.job != NULL) {
            before = pager->at;
            pager->at = pager->after;
            pager->after = (work){0};
            pager->err = VDR_OK;
            atomic_store(&pager->leave, false);
        }
        (void)pthread_mutex_unlock(&pager->lock);
        work_free(&before);
        fill(pager);
        (void)pthread_mutex_lock(&pager->lock);
        if (pager->after.job == NULL)
            pager->state = FULL;
    }
    (void)pthread_mutex_unlock(&pager->lock);
    return NULL;
}

/* ---- the reactor */

void
vdr_pager_free(vdr_pager **pager_p)
{
    vdr_pager *pager = *pager_p;
    if (pager == NULL)
        return;
    atomic_store(&pager->leave, true);
    (void)pthread_mutex_lock(&pager->lock);
    pager->stop = true;
    (void)pthread_cond_broadcast(&pager->changed);
    (void)pthread_mutex_unlock(&pager->lock);
    if (pager->started)
        (void)pthread_join(pager->thread, NULL);
    work_free(&pager->at);
    work_free(&pager->after);
    vdr_arena_done(&pager->arena);
    (void)pthread_cond_destroy(&pager->changed);
    (void)pthread_mutex_destroy(&pager->lock);
    free(pager);
    *pager_p = NULL;
}

void
vdr_pager_begin(vdr_pager *pager, const vdr_pager_job *job, void *of)
{
    if (!pager->started)
        vdr_thread_start(&pager->thread, pager->name, run, pager);
    pager->started = true;
    (void)pthread_mutex_lock(&pager->lock);
    work never = pager->after;
    pager->after = (work){job, of};
    atomic_store(&pager->leave, true); /* the thread takes it back when it takes this up */
    pager->state = ASKED;
    (void)pthread_cond_broadcast(&pager->changed);
    (void)pthread_mutex_unlock(&pager->lock);
    work_free(&never); /* nothing of it was begun */
}

bool
vdr_pager_leaves(const vdr_pager *pager)
{
    return atomic_load(&pager->leave);
}

void
vdr_pager_take(vdr_pager *pager, vdr_pager_page *ret_page)
{
    *ret_page = (vdr_pager_page){.words = ""};
    (void)pthread_mutex_lock(&pager->lock);
    pager_state state = pager->state;
    if (state == IDLE && pager->at.job != NULL) { /* the page before was given */
        pager->state = ASKED;
        (void)pthread_cond_broadcast(&pager->changed);
    }
    if (state == FULL)
        pager->state = IDLE;
    (void)pthread_mutex_unlock(&pager->lock);
    ret_page->running = state == ASKED || (state == IDLE && pager->at.job != NULL);
    if (state != FULL)
        return;
    ret_page->end = pager->end;
    ret_page->err = pager->err;
    ret_page->words = pager->words;
    ret_page->rows = pager->rows.at;
    ret_page->row_count = pager->rows.count;
    ret_page->of = pager->at.of;
}

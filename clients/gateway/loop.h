/* clients/gateway/loop.h - the one loop in which the gateway lives: descriptors, timers, libvoordeur handles,
 * and work that would hold it up, which goes to threads of its own.
 *
 * Thread:  everything here is called on the loop's thread, and calls back on it, but for vdr_loop_stop()
 *          (any thread, signal handlers too) and the work of vdr_loop_work().
 * Memory:  a handle given out lives until it is freed; freeing one inside its own callback is allowed. A
 *          callback is never run after its handle was freed.
 * Units:   milliseconds of a clock that never goes back. */
#ifndef VDR_GATEWAY_LOOP_H
#define VDR_GATEWAY_LOOP_H

#include "clients/lib/voordeur.h"

typedef struct vdr_loop vdr_loop;
typedef struct vdr_loop_watch vdr_loop_watch;
typedef struct vdr_loop_timer vdr_loop_timer;
typedef struct vdr_loop_client vdr_loop_client;
struct event_base;

typedef void (*vdr_loop_call)(void *context);

/* NULL: the machine gives no descriptors. */
vdr_loop *vdr_loop_new(void);
void vdr_loop_free(vdr_loop **loop_p); /* everything that lives in it is freed before; NULL-safe */
void vdr_loop_run(vdr_loop *loop);     /* until vdr_loop_stop() */
void vdr_loop_stop(vdr_loop *loop);
int64_t vdr_loop_now_ms(void);
struct event_base *vdr_loop_base(vdr_loop *loop); /* for the HTTP server */

/* After the run: waits for all work, calls finished for it, and what waits for later. NULL-safe */
void vdr_loop_finish(vdr_loop *loop);

/* ---- Descriptors: call is called while fd can be read ---- */

vdr_loop_watch *vdr_loop_watch_new(vdr_loop *loop, int fd, vdr_loop_call call, void *context);
void vdr_loop_watch_free(vdr_loop_watch **watch_p); /* the descriptor stays open; NULL-safe */

/* ---- Timers ---- */

vdr_loop_timer *vdr_loop_timer_new(vdr_loop *loop, vdr_loop_call call, void *context);
void vdr_loop_timer_set(vdr_loop_timer *timer,
                        int64_t after_ms);          /* once, from now; replaces; -1: not at all */
void vdr_loop_timer_free(vdr_loop_timer **timer_p); /* NULL-safe */

/* Calls once, after the callbacks that run now have returned: for what may not be done inside them, as closing
 * a libvoordeur handle. It cannot be taken back; what is left when the loop ends is called then. */
void vdr_loop_later(vdr_loop *loop, vdr_loop_call call, void *context);

/* ---- libvoordeur handles ---- */

/* The handle is watched, asked for its timeout before each sleep, and processed. settled, which may be NULL, is
 * called after each vdr_client_process(), with its result, outside all callbacks of the handle. */
vdr_loop_client *vdr_loop_client_new(vdr_loop *loop, vdr_client *client,
                                     void (*settled)(void *context, vdr_err err), void *context);
/* The handle has something to do now: after publish, read, subscribe, acknowledge. It is processed before the
 * loop sleeps; many touches of one round cost one call. */
void vdr_loop_client_touch(vdr_loop_client *handle);
/* Forgets the handle; vdr_client_close() is the caller's, later. Not in a callback of libvoordeur. NULL-safe */
void vdr_loop_client_free(vdr_loop_client **handle_p);

/* ---- Work that would hold the loop up ---- */

/* Runs work on one of a few threads, then finished on the loop's. What context holds belongs to work until then.
 * BUSY: too much of it waits already, or the loop has been finished; nothing is called. */
VDR_MUST_CHECK vdr_err vdr_loop_work(vdr_loop *loop, vdr_loop_call work, vdr_loop_call finished,
                                     void *context);

#endif

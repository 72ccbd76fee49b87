/* broker/engine/thread.h - how the engine starts its own threads, and how they wake the reactor. */
#ifndef VDR_BROKER_THREAD_H
#define VDR_BROKER_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* Starts a thread that takes no signals: those are the main thread's. The name (at most 15 bytes) is what
 * top and a debugger show; it outlives the thread. A thread that cannot be had stops the program: it happens at start only. */
void vdr_thread_start(pthread_t *thread, const char *name, void *(*run)(void *context), void *context);

/* The calling thread, and those it begins, give way to all others: for work that nobody waits for at the moment.
 * Its turns on a processor are short, too, so that who wakes up need not wait for the end of a long one (Linux 6.12
 * and later; before, the low weight alone must do). Not SCHED_IDLE: a thread that is not let run at all while it has
 * a lock of the store or the kernel would hold up the committer. */
void vdr_thread_polite(void);
/* Likewise, but with a share that lets it get on whatever the others do: for work that must be done in time, behind what a
 * confirm waits for. */
void vdr_thread_modest(void);

void vdr_thread_lock_init(pthread_mutex_t *lock);
void vdr_thread_cond_init(pthread_cond_t *cond);
/* Until it is told, or so long, whatever the wall clock does meanwhile (I20). cond is one of vdr_thread_cond_init(). */
void vdr_thread_cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms);
void vdr_thread_cond_wait_us(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t us);

/* Makes the eventfd readable. Any thread. */
void vdr_thread_wake(int fd);

#endif

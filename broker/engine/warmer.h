/* broker/engine/warmer.h - a thread that has memory ready before the state grows into it, so that no turn waits for
 * the system to find and clear a page (proto/pages.h).
 *
 * Thread: the reactor. Errors: none; without it the reactor touches the pages itself. */
#ifndef VDR_BROKER_WARMER_H
#define VDR_BROKER_WARMER_H

typedef struct vdr_warmer vdr_warmer;

vdr_warmer *vdr_warmer_new(void);
void vdr_warmer_free(vdr_warmer **warmer_p); /* NULL-safe */
void vdr_warmer_turn(vdr_warmer *warmer);    /* once a turn: costs nothing until the spare memory is taken */

#endif

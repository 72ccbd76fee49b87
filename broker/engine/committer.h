/* broker/engine/committer.h - appends closed groups to the log, in order, beside the reactor.
 *
 * Between groups it does the upkeep that only the appending thread may do: cutting the log behind what is
 * needed, and forgetting index entries of acknowledged messages; in small pieces, so that a group never waits
 * longer than one piece.
 *
 * Thread:  the functions are the reactor's; the committer's own thread is inside. Without a thread the same
 *          work is done in vdr_committer_give and vdr_committer_turn.
 * Errors:  a group for which there is no room (STORE_FULL) was not written: it waits and is tried again, and
 *          all later ones behind it. Any other failed append, or upkeep, stops it for good: that group and all
 *          later ones come back with the error, nothing of them may be spoken. */
#ifndef VDR_BROKER_COMMITTER_H
#define VDR_BROKER_COMMITTER_H

#include "broker/engine/group.h"

#define VDR_COMMITTER_DEPTH 2 /* groups given and not done */

typedef struct vdr_committer vdr_committer;

/* fd: an eventfd that is written when a group is done. */
vdr_committer *vdr_committer_new(vdr_log *log, uint64_t epoch, bool thread, int fd);
void vdr_committer_free(vdr_committer **committer_p); /* finishes what has room; NULL-safe */

/* At most VDR_COMMITTER_DEPTH at a time. The group is the committer's until done. */
void vdr_committer_give(vdr_committer *committer, vdr_gather *gather);

/* A group waits for room. */
bool vdr_committer_stuck(vdr_committer *committer);

/* What may go: records before keep; of mailbox forget[i].mailbox what is up to forget[i].seq (not 0). Comes to
 * what was asked before and is not done yet; copies. */
void vdr_committer_upkeep(vdr_committer *committer, vdr_position keep, const vdr_command_ack *forget,
                          size_t count);
/* Without a thread: tries again a group that found no room, and does one piece of upkeep. */
void vdr_committer_turn(vdr_committer *committer);
/* Waits until the upkeep asked for is done or failed; for a clean stop. */
void vdr_committer_upkeep_wait(vdr_committer *committer);

/* The first failure; words are at least VDR_ENGINE_WORDS_BYTES and filled when it is not OK. */
vdr_err vdr_committer_failed(vdr_committer *committer, char *ret_words);

#endif

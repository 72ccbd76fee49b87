/* broker/carry/choice.h - how far a stretch of the log can be given up, and what of it has to be carried for that.
 *
 * The records of the stretch are told in the order in which they were logged, what is carried already first. Besides
 * those that the state needs (broker/core/needed.h) a trail of who saw what needs two more, which only the order shows:
 * an acknowledgement of a message that is needed, and a view of a household that was merged into one that is here.
 *
 * The end is as far as carrying is worth it: of the bytes before it at most one part in VDR_CHOICE_PART is needed. So
 * what carrying appends is paid by what it lets go, whatever the log looks like.
 *
 * Thread: one. Memory: 16 bytes for each needed record, VDR_CHOICE_MAX at most, beyond which the end cannot go. */
#ifndef VDR_BROKER_CARRY_CHOICE_H
#define VDR_BROKER_CARRY_CHOICE_H

#include "broker/core/command.h"
#include "broker/core/effect.h"

typedef struct vdr_choice vdr_choice;

#define VDR_CHOICE_PART 20u /* 5 % */
#define VDR_CHOICE_MAX  1000000u

/* Of the records from first on and before end. */
vdr_choice *vdr_choice_new(vdr_position first, vdr_position end);
void vdr_choice_free(vdr_choice **choice_p); /* NULL-safe */

/* A record that stands at position takes so many bytes. */
void vdr_choice_stands(vdr_choice *choice, vdr_position position, uint64_t bytes);
/* The record of position, which stands at place (or is carried there), is needed; tale: what it told. */
void vdr_choice_needs(vdr_choice *choice, vdr_position position, vdr_position place, uint64_t bytes,
                      vdr_span tale);
/* Does it acknowledge something that is needed? In order, once each. */
bool vdr_choice_acknowledges(vdr_choice *choice, const vdr_command *acks);
/* A view of nothing that is here, unless a household of it was merged into another later. */
void vdr_choice_may_need(vdr_choice *choice, vdr_position position, vdr_position place, uint64_t bytes,
                         const vdr_command *view);
void vdr_choice_merged(vdr_choice *choice, vdr_household_id from, vdr_household_id into);

/* All was told. is_here: is this household in the state? Returns where the part that is worth it ends: 0 where none is
 * of bytes_min. Then the needed records of it: how many, and their positions, ascending. */
vdr_position vdr_choice_end(vdr_choice *choice, uint64_t bytes_min,
                            bool (*is_here)(void *context, vdr_household_id household), void *context);
size_t vdr_choice_count(const vdr_choice *choice);
size_t vdr_choice_get(const vdr_choice *choice, size_t from, vdr_position *ret_positions, size_t max);

#endif

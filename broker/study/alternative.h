/* broker/study/alternative.h - the history that other rules would have given: a second core that is stepped with the
 * same log, while the recorded history, one record ahead, says what people did in it.
 *
 * What is done with the acts of the log, since the cases of the two histories are not the same:
 *
 *   - An act about a case is done about the open case of the same household. What the regisseur of the case did is
 *     done by whoever has it here; to decline is one's own: it is dropped where somebody else has it.
 *   - An act that finds no open case, or one that cannot take it, is dropped and counted. To accept a case that is
 *     active already is neither.
 *   - A case that only the new rules have open is accepted at once by whom it is offered to, and closed when it is as
 *     old as the median closed case of the recorded history. The same where the recorded one was accepted earlier.
 *   - Households are the same where the same signal came to them; acts about households are translated so.
 *   - A regisseur who leaves the town hands what only this history gave over to the least loaded.
 *
 * Thread: one at a time. Memory: the core's, 8 bytes a household, and the book. */
#ifndef VDR_STUDY_ALTERNATIVE_H
#define VDR_STUDY_ALTERNATIVE_H

#include "broker/door/config_read.h"
#include "broker/study/book.h"

/* How the recorded case of a household stands. state 0: it has none that is open. */
typedef struct vdr_recorded_case {
    uint64_t household;
    vdr_case_state state;
} vdr_recorded_case;

/* What the recorded history says about one record of the log. */
typedef struct vdr_recorded {
    vdr_position position;
    vdr_ms at;                      /* log time after it */
    vdr_outcome outcome;            /* of a signal */
    uint64_t household;             /* of the signal, or of the case that the act is about; 0: none */
    uint64_t made;                  /* a household that was split off or moved to; 0: none */
    uint64_t pauses;                /* the number of the last pause or silence */
    const vdr_recorded_case *cases; /* how they stand after it: of every household where that changed */
    size_t case_count;
} vdr_recorded;

typedef struct vdr_alternative_counts {
    /* acts about cases, from when the new texts hold */
    uint64_t applied, already, dropped_no_case, dropped_state;
    uint64_t others_dropped; /* other acts that cannot be done here */
    uint64_t by_other;       /* applied, but by another regisseur than recorded */
    uint64_t accepted_at_once, closed_by_age, handed_over;
    uint64_t signals_refused; /* accepted then, not here */
    uint64_t differ;          /* signals that went another way */
    uint64_t config_misfits; /* recorded configurations that the new texts do not go with: those held alone */
} vdr_alternative_counts;

typedef struct vdr_alternative vdr_alternative;

/* core is the caller's, new or loaded, and stepped by the alternative only. candidate: the texts that are other, the
 * rest absent; its texts live as long as the alternative. since: they hold from the first record at or after this;
 * VDR_MS_NONE: from the first. age_ms: how old a case becomes; 0: it is not closed. */
vdr_alternative *vdr_alternative_new(vdr_core *core, const vdr_config_texts *candidate, vdr_ms since,
                                     int64_t age_ms);
void vdr_alternative_free(vdr_alternative **alternative_p); /* NULL-safe; not the core */

/* The texts of the configuration that a loaded core has. */
void vdr_alternative_loaded(vdr_alternative *alternative, const vdr_config_texts *texts);

/* The next record; of a CONFIG the texts are read from the command. */
VDR_MUST_CHECK vdr_err vdr_alternative_step(vdr_alternative *alternative, const vdr_command *command,
                                            const vdr_recorded *recorded);

vdr_book *vdr_alternative_book(vdr_alternative *alternative);
const vdr_alternative_counts *vdr_alternative_counted(const vdr_alternative *alternative);
/* Log time from which the new texts hold; VDR_MS_NONE: not yet, or from before the first. */
bool vdr_alternative_begun(const vdr_alternative *alternative, vdr_ms *ret_at);

#endif

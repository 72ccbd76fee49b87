/* broker/core/control.h - the routing under control: proposals that somebody else approves, versions of the
 * configuration, rules that are paused and agencies that are silenced for a while.
 *
 * All of it is state: it is changed by commands of the log (PROPOSE, DECIDE, RESUME, CONFIG) and by timers, so a
 * replay and every node know the same. None of it tells anything: what decisions look like does not change.
 *
 * A paused rule does nothing new: it opens no case, raises none, and sets no latch. A silenced agency's signals
 * are taken, stored, routed and attached as ever, but count for no rule while it is silenced; afterwards those
 * that are still live count. What is open stays: neither plays a part in Retract (semantics section 8). When
 * either begins or ends no rule is evaluated.
 *
 * Thread:  as broker/core/core.h. Errors: verdicts, with words.
 * Memory:  views are filled from the core's names and the arena. */
#ifndef VDR_CORE_CONTROL_H
#define VDR_CORE_CONTROL_H

#include "broker/core/core.h"
#include "proto/control.h"

/* May this PROPOSE, DECIDE, RESUME or CONFIG be done now? ACCEPTED, or what the step would say, with words for
 * people: FOUR_EYES, NOT_FOUND, WRONG_STATE, NOT_ALLOWED, BUSY. Timers that are due are not fired. */
vdr_err vdr_control_verdict(const vdr_core *core, const vdr_command *command, const char **ret_words);

/* Numbers are 1 .. last. */
uint64_t vdr_control_proposal_last(const vdr_core *core);
uint64_t vdr_control_version_last(const vdr_core *core); /* the one in force */
uint64_t vdr_control_pause_last(const vdr_core *core);
/* False: there is no such number. NO_MEMORY is seen by the arena's overflow mark: a reason is absent then. */
bool vdr_control_proposal(const vdr_core *core, uint64_t number, vdr_arena *arena,
                          vdr_proposal_view *ret_view);
bool vdr_control_version(const vdr_core *core, uint64_t number, vdr_arena *arena, vdr_version_view *ret_view);
bool vdr_control_pause(const vdr_core *core, uint64_t number, vdr_arena *arena, vdr_pause_view *ret_view);

/* The three texts of a version, or of an open proposal of a configuration, in the arena. NOT_FOUND: there is
 * none, or it is no longer kept; NO_MEMORY. */
VDR_MUST_CHECK vdr_err vdr_control_version_texts(const vdr_core *core, uint64_t number, vdr_arena *arena,
                                                 vdr_span ret_texts[3]);
VDR_MUST_CHECK vdr_err vdr_control_proposal_texts(const vdr_core *core, uint64_t number, vdr_arena *arena,
                                                  vdr_span ret_texts[3]);

/* The version that decided what the record at this position tells; 0: before the first. */
uint64_t vdr_control_version_at(const vdr_core *core, vdr_position position);
uint64_t vdr_control_open(const vdr_core *core);                            /* proposals */
uint64_t vdr_control_holding(const vdr_core *core, vdr_proposal_kind kind); /* pauses, or silences */
/* Does a pause of this rule, or a silence of this agency, hold now? Its number; 0: no. */
uint64_t vdr_control_paused(const vdr_core *core, vdr_proposal_kind kind, vdr_span subject);
vdr_ms vdr_control_until(const vdr_core *core, vdr_proposal_kind kind,
                         vdr_span subject); /* VDR_MS_NONE: no */

#endif

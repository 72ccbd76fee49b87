/* broker/core/needed.h - what of the log the state still needs: whose data keys an erasure run keeps.
 *
 * The rule. The data key of a record is kept as long as what the record is about is in the state; whatever it is
 * about, all of it. A record that no longer is about anything here loses its key at the next run.
 *
 *   a signal          while the state has that signal from that very record. Superseded and withdrawn ones are in
 *                     the state until their term. A merge, split or move changes whose signal it is, not that it
 *                     is there.
 *   an act            while everything it names is here: its case; its household (of a merge: the one that went
 *                     on); its signal, accepted before the act (an id may be used again after a signal left: then
 *                     the act is about the earlier one); its persons and addresses, as members of some household.
 *                     All of it, and not some: a split holds the numbers of those who left for another household,
 *                     and must go when either is erased. An act on a household that was merged into another since
 *                     names one that is no more, and goes: its effect is in the state, and nobody reads its
 *                     content. Acts on an ended case, and all its plans, stay while the case does.
 *   conflict_declared of a person: while that conflict stands, be the person known here or not (protocol.md 5.10).
 *                     One whose event was written anew (rewrite.h) needs its REWRITE alone.
 *   person_erased     never: it was about somebody who is no longer here.
 *   erased            stays until the log is cut: that it was asked, by whom, is part of the proof, and it names
 *                     no person.
 *   a broken glass    (a view with a reason, which is free text) while the case or the household that was looked at is
 *                     here. Other views stay until the log is cut: who saw what, by number.
 *   rekey             of pairs of pseudonyms: no more, once a checkpoint stands behind it.
 *   carry             as the record that it carries, which the caller asks about; of two that carry the same one the
 *                     later.
 *   all others        (ticks, acknowledgements, configurations, what operators asked for, proofs) until the log is
 *                     cut. Their tales name signals, cases and households as a tombstone does: by id and number.
 *
 * Refused lines and duplicates are not in the log. An act without content (a move of nobody known) names nobody.
 *
 * Messages are in the tale of the record that caused them, which may be about somebody else: a timer of one
 * household fires before the signal of another, a regisseur that one case leaves takes the next. So where a key
 * goes, the messages in that tale that nobody has read yet, and that are about what is still here, are kept apart
 * (broker/erasure/kept.h); the others are delivered as `erased`. A message is about its signal, its case and its
 * households, all of them; one that names none is about its record.
 *
 * Thread:  as broker/core/core.h; nothing is changed. Each call is a few lookups, whatever the size of the state. */
#ifndef VDR_CORE_NEEDED_H
#define VDR_CORE_NEEDED_H

#include "broker/core/core.h"

/* Is the record at position still needed? tale: what it told. Persons and addresses of the command must be under the
 * pseudonym key of now (and the one before, while it changes): of an older record, made anew from its content. */
bool vdr_needed_record(const vdr_core *core, const vdr_command *command, vdr_position position,
                       vdr_span tale);

/* Is what this message is about still here? id_hash: of its signal's id; used where it has one. */
bool vdr_needed_message(const vdr_core *core, const vdr_effect *message, uint64_t id_hash);
/* The same of its signal and its case alone: what is read to whoever gets it. A merged household is no reason to
 * hide that one was asked about it. */
bool vdr_needed_to_read(const vdr_core *core, const vdr_effect *message, uint64_t id_hash);

/* Is the record still worth a place in the log where what is before it is to be cut (broker/carry/carry.h)? It is
 * where somebody has not read a message that it told, and where it can be opened still and is about what is here:
 *
 *   signals, rewrites   as above
 *   acts                as above, where they name something; an erasure that was asked is done
 *   views               while a household or case that was looked at is here
 *   all others          while a line of theirs is about a case or household that is here: a tick that let a term end,
 *                       a change of rules that fired one
 *
 * Acknowledgements are the caller's to judge: they are needed with the messages that they acknowledge. */
bool vdr_needed_to_carry(const vdr_core *core, const vdr_command *command, vdr_position position,
                         vdr_span tale);

#endif

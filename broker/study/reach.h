/* broker/study/reach.h - what a rule could see at most, by the catalogue and the town alone.
 *
 * Every measure and spread only grow with the counted set (semantics section 6). So a rule can hold if and only
 * if it holds for a household about which everything is said that may be said: every type that passes its
 * filters, by every agency that may send it, as often as one likes. What is left are bounds by names
 * (domains, types, agencies, core areas) and by time (days, spread, overdue).
 *
 * Thread: any; pure. */
#ifndef VDR_STUDY_REACH_H
#define VDR_STUDY_REACH_H

#include "broker/core/config.h"

#define VDR_REACH_ALL  SIZE_MAX   /* any agency */
#define VDR_REACH_MANY UINT64_MAX /* as many as one likes */

/* The most that one group of the rule (all of the counted set without within_same) can reach. */
typedef struct vdr_reach {
    uint64_t most[VDR_MEASURES];
    int64_t lifetime_ms; /* how long the longest-lived signal counts for the rule; spread stays below it */
    vdr_span group;      /* its name; absent without within_same, or within the same person */
} vdr_reach;

/* Does a type pass purposes and where, if this agency (its place in the town, or VDR_REACH_ALL) sends it? */
bool vdr_reach_passes(const vdr_config *config, const vdr_config_rule *rule, const vdr_config_type *type,
                      size_t agency);
/* How long a signal of the type counts for the rule at most: its kind, its leaving, and `over`. */
int64_t vdr_reach_lifetime(const vdr_config_rule *rule, const vdr_config_type *type);

/* Can it ever hold, with signals of this agency only (or of all)? ret_best: the group that comes nearest. */
bool vdr_reach_holds(const vdr_config *config, const vdr_config_rule *rule, size_t agency,
                     vdr_reach *ret_best);
/* Is this clause (spread: VDR_MEASURES) out of the group's reach? */
bool vdr_reach_misses(const vdr_config_rule *rule, const vdr_reach *reach, vdr_measure clause);

/* The least that each measure has where the rule holds, as its other clauses say: with `without` left out of
 * account (VDR_MEASURES: none is). domains: 3 gives signals 3, too. */
void vdr_reach_implied(const vdr_config *config, const vdr_config_rule *rule, vdr_measure without,
                       uint64_t ret_least[VDR_MEASURES]);
/* Could this measure be the only thing that is missing, in a town of these agencies and types? Where every domain
 * has an agency of its own, two domains are two agencies. */
bool vdr_reach_matters(const vdr_config *config, const vdr_config_rule *rule, vdr_measure measure);
/* Does `wide` hold, and count at least the same signals, whenever `narrow` holds? */
bool vdr_reach_covers(const vdr_config *config, const vdr_config_rule *wide, const vdr_config_rule *narrow);

/* Is the name in the list? */
bool vdr_study_has(vdr_names names, vdr_span name);

#endif

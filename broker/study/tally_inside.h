/* broker/study/tally_inside.h - what the files of the tally share. Nobody else includes it. */
#ifndef VDR_STUDY_TALLY_INSIDE_H
#define VDR_STUDY_TALLY_INSIDE_H

#include "broker/core/config.h"
#include "broker/core/map.h"
#include "broker/study/tally.h"

/* What a number in the index stands for (vdr_map_key.what). All are places + 1. */
enum vdr_tally_key {
    VDR_KEY_SOURCE = 1,   /* hash of a source's text: agency */
    VDR_KEY_NAME_AGENCY,  /* a source as a name of tales: agency */
    VDR_KEY_AGENCY,       /* hash of an agency's id */
    VDR_KEY_TYPE,         /* hash of a type's id: type of the configuration */
    VDR_KEY_LOOK,         /* hash of a rule's id */
    VDR_KEY_RULE,         /* a rule as a name */
    VDR_KEY_CASE,         /* number */
    VDR_KEY_FOLLOW,       /* position */
    VDR_KEY_FOLLOW_BY_ID, /* hash of the id; group: agency */
    VDR_KEY_SERVICE,      /* mailbox */
    VDR_KEY_PAIR          /* rule; group: agency */
};

/* Which rules may count a signal of a type: what does not depend on the signal. */
typedef struct vdr_tally_type {
    uint32_t *rules; /* places in the configuration */
    uint32_t rule_count;
} vdr_tally_type;

typedef struct vdr_tally_list { /* an array that grows */
    void *at;
    size_t count, room;
} vdr_tally_list;

struct vdr_tally {
    const vdr_config *config; /* NULL before the first */
    vdr_map index;
    vdr_tally_list rules, looks, agencies, pairs, services, cases, follows;
    vdr_tally_type *types;
    size_t type_count;
    uint32_t *look_of_rule; /* of the configuration's rules: place in looks */
    size_t follows_pruned;  /* how many were left when it was last looked for those that left */
    vdr_position first, last;
    vdr_ms from, at;
};

/* Number of a key; 0: not there. */
static inline uint32_t
vdr_tally_find(const vdr_tally *tally, enum vdr_tally_key what, uint64_t value, uint32_t group)
{
    const uint32_t *number =
        vdr_map_at(&tally->index, (vdr_map_key){.value = (int64_t)value, .what = what, .group = group});
    return number != NULL ? *number : 0;
}

static inline void
vdr_tally_set(vdr_tally *tally, enum vdr_tally_key what, uint64_t value, uint32_t group, uint32_t number)
{
    *vdr_map_put(&tally->index, (vdr_map_key){.value = (int64_t)value, .what = what, .group = group}) =
        number;
}

static inline void
vdr_tally_unset(vdr_tally *tally, enum vdr_tally_key what, uint64_t value, uint32_t group)
{
    vdr_map_remove(&tally->index, (vdr_map_key){.value = (int64_t)value, .what = what, .group = group});
}

/* A zeroed element more at the end. */
void *vdr_tally_add(vdr_tally_list *list, size_t bytes);

static inline vdr_tally_agency *
vdr_tally_agency_at(const vdr_tally *tally, uint32_t place)
{
    return (vdr_tally_agency *)tally->agencies.at + place;
}

static inline vdr_tally_follow *
vdr_tally_follow_at(const vdr_tally *tally, uint32_t place)
{
    return (vdr_tally_follow *)tally->follows.at + place;
}

/* The agency of a source as a name; -1: not known. */
int64_t vdr_tally_agency_of(const vdr_tally *tally, vdr_name source);

/* tally_case.c */
void vdr_tally_case_line(vdr_tally *tally, const vdr_effect *effect);
void vdr_tally_case_attached(vdr_tally *tally, uint64_t number, vdr_ms at);
vdr_tally_rule *vdr_tally_rule_of(vdr_tally *tally, vdr_name name);
void vdr_tally_cases_done(vdr_tally *tally);

/* tally_follow.c */
void vdr_tally_follow_begin(vdr_tally *tally, vdr_position position, const vdr_command *command,
                            uint32_t agency, const vdr_config_type *type);
void vdr_tally_follow_message(vdr_tally *tally, const vdr_effect *effect);
/* A case has it from now on. */
void vdr_tally_follow_taken(vdr_tally *tally, vdr_position position, uint64_t case_number);
/* The agency takes it back. */
void vdr_tally_follow_withdrawn(vdr_tally *tally, uint64_t id_hash, uint32_t agency);
/* Forgets those that left, now and then. */
void vdr_tally_follow_tidy(vdr_tally *tally);

#endif

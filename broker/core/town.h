/* broker/core/town.h - the configuration that holds, its names bound to the core's name table. Core only.
 *
 * Derived from state->config and never in an image. What a name means in this configuration is looked up by
 * its number; places are positions in the lists of the configuration.
 *
 * Thread: one. Memory: owned by the state, lives until the next bind. */
#ifndef VDR_CORE_TOWN_H
#define VDR_CORE_TOWN_H

#include "broker/core/state.h"

#define VDR_TOWN_NONE UINT32_MAX /* no such place */

typedef struct vdr_town_agency {
    vdr_name id, kind;
    vdr_slot sender; /* what signals from now on keep of it */
    bool sees_match;
} vdr_town_agency;

typedef struct vdr_town_regisseur {
    vdr_name id;
    vdr_slot record; /* in REGISSEURS */
    const vdr_name *expertise;
    size_t expertise_count;
} vdr_town_regisseur;

typedef struct vdr_town_type {
    vdr_slot terms;          /* what signals from now on keep of it */
    const vdr_name *senders; /* kinds of agency that may send it */
    size_t sender_count;
} vdr_town_type;

typedef struct vdr_town_guard {
    vdr_name id, agency, kind; /* 0: not given */
    uint32_t type;             /* place; VDR_TOWN_NONE: any */
} vdr_town_guard;

/* What a name means: places, VDR_TOWN_NONE where it means nothing of the kind. */
typedef struct vdr_town_name {
    uint32_t agency, source, service, regisseur, coordinator, officer, type, purpose;
    uint32_t domain_service; /* of a domain: the service for it */
} vdr_town_name;

struct vdr_town {
    vdr_town_agency *agencies;
    vdr_town_regisseur *regisseurs;
    vdr_town_type *types;
    vdr_town_guard *guards;
    vdr_name *services, *coordinators, *officers;
    vdr_town_name *names; /* by number of the name */
    size_t name_count;
    uint32_t service_otherwise; /* for a domain that the configuration does not know any more */
    uint8_t *combine;           /* by purpose and purpose: 1 where the two may be combined */
    size_t purpose_count;
    vdr_name *lists; /* where the lists above lie */
    size_t list_count, list_size;
};

/* Binds state->config, which must be set: pins its names, finds or makes the records of its agencies, types
 * and regisseurs. Binding the same configuration again, as after loading, changes nothing in the state. */
void vdr_town_bind(vdr_state *state);
void vdr_town_free(vdr_town **town_p); /* NULL-safe */

/* Never NULL; of a name that the configuration does not have: nothing. */
const vdr_town_name *vdr_town_name_of(const vdr_town *town, vdr_name name);
/* May signals of these two purposes be in one case (section 4, may_combine)? Any purpose with itself. */
bool vdr_town_combines(const vdr_town *town, vdr_name a, vdr_name b);
/* The service for a domain: the first in file order that names it, else the first that has "*" (section 7).
 * A domain that is no longer in the configuration goes to the first with "*", else to the first of all:
 * nothing may vanish. */
vdr_name vdr_town_service(const vdr_town *town, vdr_name domain);
bool vdr_town_type_allows(const vdr_town *town, uint32_t type, vdr_name kind);
bool vdr_town_convened(const vdr_config_agency *agency, vdr_ms t); /* no convenant, or from <= t < until */
bool vdr_town_absent(const vdr_config_regisseur *regisseur, vdr_ms t); /* from <= t < to */

#endif

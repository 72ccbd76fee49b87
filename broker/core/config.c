/* A configuration comes into force, or is objected to (section 4, last item). */
#include "broker/core/config.h"

#include "broker/core/core_inside.h"
#include "broker/core/mailbox.h"
#include "broker/core/names.h"
#include "broker/core/rules.h"
#include "broker/core/town.h"
#include "broker/core/waiting.h"

void
vdr_config_bind(vdr_state *state)
{
    vdr_town_bind(state);
    vdr_rulebook_bind(state);
    vdr_waiting_bind(state);
}

/* ---- objections ---- */

static bool
has_name(vdr_names names, vdr_span name)
{
    for (size_t i = 0; i < names.count; i++)
        if (vdr_span_equal(names.at[i], name))
            return true;
    return false;
}

bool
vdr_config_has_party(const vdr_config *config, vdr_party_kind kind, vdr_span name)
{
    switch (kind) {
    case VDR_PARTY_AGENCY:
        for (size_t i = 0; i < config->agency_count; i++)
            if (vdr_span_equal(config->agencies[i].id, name))
                return true;
        return false;
    case VDR_PARTY_REGISSEUR:
        for (size_t i = 0; i < config->regisseur_count; i++)
            if (vdr_span_equal(config->regisseurs[i].id, name))
                return true;
        return false;
    case VDR_PARTY_SERVICE:
        for (size_t i = 0; i < config->service_count; i++)
            if (vdr_span_equal(config->services[i].id, name))
                return true;
        return false;
    case VDR_PARTY_COORDINATOR:
        return has_name(config->coordinators, name);
    case VDR_PARTY_PRIVACY_OFFICER:
        return has_name(config->privacy_officers, name);
    case VDR_PARTY_NONE:
    case VDR_PARTY_OPERATOR:
    case VDR_PARTY_AUDITOR:
        break;
    }
    return false;
}

static const char *
object_to_cases(vdr_core *core, const vdr_config *config)
{
    vdr_state *state = &core->state;
    for (size_t i = 0; i < state->config->regisseur_count; i++) {
        vdr_span id = state->config->regisseurs[i].id;
        const vdr_regisseur *regisseur = vdr_slab_at(&state->regisseurs, state->town->regisseurs[i].record);
        if (regisseur->load == 0 || vdr_config_has_party(config, VDR_PARTY_REGISSEUR, id))
            continue;
        vdr_phrase_begin(&core->objection, "regisseur ");
        vdr_phrase_text(&core->objection, id);
        vdr_phrase_words(&core->objection, " is removed but has open cases: ");
        vdr_phrase_number(&core->objection, regisseur->load);
        return core->objection.text;
    }
    return NULL;
}

static const char *
object_to_mail(vdr_core *core, const vdr_config *config)
{
    const vdr_state *state = &core->state;
    for (uint32_t number = 1; number < state->mailboxes.next; number++) {
        const vdr_mailbox *mailbox = vdr_slab_at(&state->mailboxes, number);
        vdr_party_kind kind = (vdr_party_kind)mailbox->kind;
        vdr_span name = vdr_name_text(state, mailbox->name);
        if (kind == VDR_PARTY_REGISSEUR || mailbox->acknowledged == mailbox->last ||
            !vdr_config_has_party(state->config, kind, name) || vdr_config_has_party(config, kind, name))
            continue;
        vdr_phrase_begin(&core->objection, vdr_party_kind_name(kind));
        vdr_phrase_words(&core->objection, " ");
        vdr_phrase_text(&core->objection, name);
        vdr_phrase_words(&core->objection, " is removed but has undelivered messages: ");
        vdr_phrase_number(&core->objection, mailbox->last - mailbox->acknowledged);
        return core->objection.text;
    }
    return NULL;
}

uint64_t
vdr_core_config_unread(const vdr_core *core, const vdr_config *config, uint32_t *ret_mailboxes)
{
    const vdr_state *state = &core->state;
    uint64_t unread = 0;
    *ret_mailboxes = 0;
    for (uint32_t number = 1; number < state->mailboxes.next; number++) {
        const vdr_mailbox *mailbox = vdr_slab_at(&state->mailboxes, number);
        vdr_party_kind kind = (vdr_party_kind)mailbox->kind;
        if (mailbox->acknowledged == mailbox->last ||
            vdr_config_has_party(config, kind, vdr_name_text(state, mailbox->name)))
            continue;
        unread += mailbox->last - mailbox->acknowledged;
        ++*ret_mailboxes;
    }
    return unread;
}

const char *
vdr_core_config_objection(vdr_core *core, const vdr_config *config)
{
    const vdr_config *now = core->state.config;
    if (now == NULL)
        return NULL;
    if (!vdr_span_equal(now->municipality, config->municipality)) {
        vdr_phrase_begin(&core->objection, "the municipality of this store is ");
        vdr_phrase_text(&core->objection, now->municipality);
        vdr_phrase_words(&core->objection, " and cannot become ");
        vdr_phrase_text(&core->objection, config->municipality);
        return core->objection.text;
    }
    const char *words = object_to_cases(core, config);
    return words != NULL ? words : object_to_mail(core, config);
}

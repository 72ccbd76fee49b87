/* Configurations and pauses of the log in a history with other rules. */
#include "broker/study/alternative_inside.h"

#include "broker/core/keys.h"

#include <stdlib.h>

/* The recorded texts, and in their place those of the candidate. */
static vdr_config *
read_texts(vdr_alternative *a, bool with_candidate)
{
    vdr_config_texts texts = a->recorded;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    for (unsigned i = 0; with_candidate && i < VDR_CONFIG_FILES; i++)
        if (a->candidate.text[i].at != NULL) {
            texts.text[i] = a->candidate.text[i];
            texts.name[i] = a->candidate.name[i];
        }
    vdr_config_faults_init(&faults);
    if (vdr_config_read(&texts, &faults, &config) != VDR_OK)
        config = NULL;
    vdr_config_faults_done(&faults);
    return config;
}

/* What was told to those who leave is read: nobody would, here. */
static void
read_mail(vdr_alternative *a, vdr_ms at)
{
    uint32_t count = vdr_core_mailbox_count(a->core);
    vdr_command_ack *acks = (vdr_command_ack *)vdr_alloc((size_t)count + 1, sizeof *acks);
    vdr_step step;
    vdr_book_line line;
    for (uint32_t i = 0; i < count; i++)
        acks[i] = (vdr_command_ack){.mailbox = i + 1, .seq = UINT64_MAX};
    const vdr_command command = {.kind = VDR_COMMAND_ACKS, .at = at, .acks = acks, .ack_count = count};
    (void)vdr_alternative_one(a, &command, &step, &line);
    free(acks);
}

static const vdr_config_regisseur *
find(const vdr_config *config, vdr_span id)
{
    for (size_t i = 0; i < config->regisseur_count; i++)
        if (vdr_span_equal(config->regisseurs[i].id, id))
            return &config->regisseurs[i];
    return NULL;
}

/* Of those who stay, the one with the least load for the capacity. */
static vdr_span
least_loaded(const vdr_alternative *a, const vdr_config *next)
{
    vdr_span id, best = {0};
    uint64_t load, capacity, hard, best_load = 0, best_capacity = 1;
    bool absent;
    for (size_t i = 0; vdr_view_regisseur(a->core, i, &id, &load, &capacity, &hard, &absent); i++)
        if (find(next, id) != NULL && (best.at == NULL || load * best_capacity < best_load * capacity)) {
            best = id;
            best_load = load;
            best_capacity = capacity;
        }
    return best;
}

/* Cases of regisseurs whom the next configuration does not have. */
static void
hand_over(vdr_alternative *a, const vdr_config *next, vdr_ms at)
{
    const vdr_config *now = vdr_core_config(a->core);
    for (size_t i = 0; i < now->regisseur_count; i++) {
        vdr_span id = now->regisseurs[i].id;
        vdr_case_view view = {0};
        while (find(next, id) == NULL && vdr_view_open_case(a->core, id, view.id, &view)) {
            vdr_span to = least_loaded(a, next);
            if (to.at == NULL ||
                vdr_alternative_make(a, VDR_ACT_CASE_ASSIGNED, VDR_PARTY_COORDINATOR, now->coordinators.at[0],
                                     view.id, to, at) != VDR_E_ACCEPTED)
                return;
            a->counts.handed_over++;
        }
    }
}

/* Takes the configuration over. */
static void
put_in_force(vdr_alternative *a, vdr_config *config, const vdr_command *command)
{
    vdr_step step;
    vdr_book_line line;
    if (vdr_core_config(a->core) != NULL) {
        read_mail(a, command->at);
        hand_over(a, config, command->at);
        read_mail(a, command->at);
    }
    if (vdr_core_config_objection(a->core, config) != NULL) {
        a->counts.config_misfits++;
        vdr_config_free(&config);
        return;
    }
    /* Nobody proposed it here. */
    const vdr_command here = {.kind = VDR_COMMAND_CONFIG, .at = command->at, .config = config};
    if (!vdr_alternative_one(a, &here, &step, &line)) {
        vdr_config_free(&config);
        return;
    }
    vdr_config_free(&a->config);
    a->config = config;
}

void
vdr_alternative_begin(vdr_alternative *a, vdr_ms at)
{
    const vdr_command command = {.kind = VDR_COMMAND_CONFIG, .at = at};
    vdr_config *config = read_texts(a, true);
    if (config != NULL)
        put_in_force(a, config, &command);
    else
        a->counts.config_misfits++;
}

void
vdr_alternative_config(vdr_alternative *a, const vdr_command *command)
{
    vdr_step step;
    vdr_book_line line;
    for (unsigned i = 0; i < VDR_CONFIG_FILES && command->texts != NULL; i++) {
        a->texts[i].len = 0;
        vdr_bytes_add(&a->texts[i], command->texts[i]);
        a->recorded.text[i] = vdr_bytes_span(&a->texts[i]);
        a->recorded.name[i] = vdr_span_str(i == VDR_CONFIG_TOWN        ? "town.yaml"
                                           : i == VDR_CONFIG_CATALOGUE ? "catalogue.yaml"
                                                                       : "rules.yaml");
    }
    vdr_config *config = read_texts(a, a->begun);
    if (config == NULL && a->begun) {
        a->counts.config_misfits++;
        config = read_texts(a, false);
    }
    if (config == NULL) {
        a->failed = VDR_E_STORE_CORRUPT; /* the recorded history has it */
        return;
    }
    put_in_force(a, config, command);
    /* Its proposal is done with. */
    const vdr_command end = {.kind = VDR_COMMAND_DECIDE,
                             .at = command->at,
                             .number = command->number,
                             .decide = VDR_DECIDE_REJECT,
                             .author = vdr_span_str("history"),
                             .alone = true};
    if (command->number != 0)
        (void)vdr_alternative_one(a, &end, &step, &line);
}

/* ---- proposals, keys, pauses and silences: their numbers count up in both histories */

/* The next recorded pause is this one here; 0: none is. */
static void
note_pause(vdr_alternative *a, uint64_t number)
{
    if (a->pause_count == a->pause_size) {
        a->pause_size = a->pause_size != 0 ? a->pause_size * 2 : 16;
        a->pauses = vdr_realloc(a->pauses, a->pause_size, sizeof *a->pauses);
    }
    a->pauses[a->pause_count++] = number;
}

void
vdr_alternative_pauses(vdr_alternative *a)
{
    uint64_t last = vdr_control_pause_last(a->core);
    while (a->pause_count < last)
        note_pause(a, a->pause_count + 1);
}

void
vdr_alternative_control(vdr_alternative *a, const vdr_command *command, const vdr_recorded *recorded)
{
    vdr_command here = *command;
    vdr_step step;
    vdr_book_line line;
    uint64_t before = vdr_control_pause_last(a->core);
    if (here.kind == VDR_COMMAND_RESUME)
        here.number = here.number >= 1 && here.number <= a->pause_count ? a->pauses[here.number - 1] : 0;
    /* A configuration that is proposed never is the one in force, here. */
    bool proposes = here.kind == VDR_COMMAND_PROPOSE;
    vdr_command config = {
        .kind = VDR_COMMAND_PROPOSE, .at = here.at, .author = here.author, .proposal = VDR_PROPOSAL_CONFIG};
    memcpy(config.fingerprint.bytes, &recorded->position, sizeof recorded->position);
    if (proposes && here.proposal == VDR_PROPOSAL_CONFIG)
        here = config;
    if (!vdr_alternative_one(a, &here, &step, &line))
        return;
    bool key = proposes && here.proposal == VDR_PROPOSAL_KEY;
    bool waits = !key || (!here.alone && vdr_key_needs_two(here.party_kind));
    if (proposes && waits && step.verdict != VDR_E_ACCEPTED)
        (void)vdr_alternative_one(a, &config, &step, &line); /* its number is taken all the same */
    uint64_t last = vdr_control_pause_last(a->core);
    while (a->pause_count < recorded->pauses)
        note_pause(a, last > before ? last : 0);
}

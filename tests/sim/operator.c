#include "tests/sim/actor.h"

#include "tests/sim/clock.h"
#include "tests/sim/keys.h"
#include "tests/sim/trials.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE_MS 60000

static bool
number_of(const vdr_wire_counter *counters, size_t count, const char *name, uint64_t *ret_number)
{
    for (size_t i = 0; i < count; i++) {
        if (!vdr_span_equal(counters[i].name, vdr_span_str(name)))
            continue;
        *ret_number = counters[i].value;
        return true;
    }
    return false;
}

/* What a verb did is in the log, and durable, when its RESULT says so; and a report of all records counts right. */
static void
on_result(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    sim_actor *actor = context;
    uint64_t position, first, open, last;
    if (err != VDR_OK || result == NULL || /* what looks at a work shows how far that came */
        number_of(result->counters, result->counter_count, "position_last", &last) ||
        !number_of(result->counters, result->counter_count, "position", &position))
        return;
    (void)number_of(result->counters, result->counter_count, "proposal", &actor->proposal);
    sim_audit_shown(actor->as->id, position);
    if (!number_of(result->counters, result->counter_count, "position_first", &first) || first != 1)
        return;
    for (size_t i = 0; i < result->row_count; i++) {
        const vdr_wire_row *row = &result->rows[i];
        if (vdr_span_equal(row->kind, vdr_span_str("total")) &&
            number_of(row->numbers, row->number_count, "open", &open))
            sim_audit_reported(open, position);
    }
}

void
sim_operator_says(sim_actor *actor, const vdr_wire_admin *admin)
{
    (void)(vdr_client_admin_async(actor->handle, admin, 20000, on_result, actor) == VDR_OK);
}

/* Files: another configuration is proposed, or the one on disk is looked at. */
static void
say_files(sim_actor *actor, sim_town *town, vdr_verb verb)
{
    static const char *const names[] = {"town.yaml", "catalogue.yaml", "rules.yaml"};
    static const vdr_span allowed[] = {{(const uint8_t *)"unreachable", 11}};
    vdr_wire_file files[3];
    char *texts[3];
    if (verb == VDR_VERB_PROPOSE)
        sim_town_change(town, &actor->dice);
    for (size_t i = 0; i < 3; i++) {
        texts[i] = sim_town_text(town, names[i]);
        files[i] = (vdr_wire_file){.name = vdr_span_str(names[i]), .text = vdr_span_str(texts[i])};
    }
    vdr_wire_admin admin = {.verb = verb,
                            .time = VDR_MS_NONE,
                            .reason = vdr_span_str("another one"),
                            .files = files,
                            .file_count = 3,
                            .allowed = allowed,
                            .allowed_count = 1};
    sim_operator_says(actor, &admin);
    for (size_t i = 0; i < 3; i++)
        free(texts[i]);
}

static void
back_up(sim_actor *actor)
{
    char name[40];
    (void)snprintf(name, sizeof name, "b-%u-%llu", actor->number, (unsigned long long)++actor->made);
    const vdr_wire_admin admin = {.verb = VDR_VERB_BACKUP, .time = VDR_MS_NONE, .name = vdr_span_str(name)};
    sim_operator_says(actor, &admin);
}

void
sim_operator_acts(sim_actor *actor, sim_town *town)
{
    static const vdr_verb verbs[] = {
        VDR_VERB_STATUS,   VDR_VERB_SESSIONS,    VDR_VERB_MAILBOXES, VDR_VERB_CHECKPOINT, VDR_VERB_CHECKPOINT,
        VDR_VERB_CHECK,    VDR_VERB_ERASE,       VDR_VERB_PROPOSALS, VDR_VERB_PROPOSE,    VDR_VERB_APPROVE,
        VDR_VERB_APPROVE,  VDR_VERB_REJECT,      VDR_VERB_ROLLBACK,  VDR_VERB_PAUSE,      VDR_VERB_RESUME,
        VDR_VERB_VERSIONS, VDR_VERB_VERIFY_LOOK, VDR_VERB_VERIFY,    VDR_VERB_REPORT,     VDR_VERB_REPORT,
        VDR_VERB_KEYS,     VDR_VERB_HEADS,       VDR_VERB_PROOFS,    VDR_VERB_ERASE_LOOK, VDR_VERB_PAUSES,
        VDR_VERB_TEXTS,    VDR_VERB_SENTENCES,   VDR_VERB_WITHDRAW,  VDR_VERB_LINT};
    static const char *const reports[] = {"cases", "cases", "queues", "follow-up", "rules", "agencies"};
    static const char *const rules[] = {"domains", "violence", "often", "school"};
    if (town->proposal < actor->proposal)
        town->proposal = actor->proposal;
    if (town->keys && sim_below(&actor->dice, 4) == 0) {
        sim_keys_act(actor, town);
        return;
    }
    if (town->trials && sim_below(&actor->dice, 6) == 0) {
        sim_trials_act(actor, town);
        return;
    }
    if (town->backs && sim_below(&actor->dice, 16) == 0) {
        back_up(actor);
        return;
    }
    uint64_t which = sim_below(&actor->dice, 4);
    vdr_wire_admin admin = {.verb = verbs[sim_below(&actor->dice, sizeof verbs / sizeof verbs[0])],
                            .time = VDR_MS_NONE,
                            .number = 1 + sim_below(&actor->dice, 6)};
    if (admin.verb == VDR_VERB_ERASE && !town->erases)
        admin.verb = VDR_VERB_CHECKPOINT;
    if (admin.verb == VDR_VERB_PROPOSE || admin.verb == VDR_VERB_LINT) {
        say_files(actor, town, admin.verb);
        return;
    }
    if (admin.verb == VDR_VERB_REPORT)
        admin.name = vdr_span_str(reports[sim_below(&actor->dice, 6)]);
    if (admin.verb == VDR_VERB_TEXTS)
        admin.number = sim_below(&actor->dice, 3);
    if (admin.verb == VDR_VERB_VERIFY_LOOK || admin.verb == VDR_VERB_KEYS)
        admin.number = 0;
    if (admin.verb == VDR_VERB_PAUSE) {
        admin.kind = which == 3 ? VDR_PROPOSAL_SILENCE : VDR_PROPOSAL_PAUSE;
        admin.name = vdr_span_str(rules[which]);
        admin.time = sim_clock_wall_ms() + sim_between(&actor->dice, 1, 60) * MINUTE_MS;
    }
    if (admin.verb == VDR_VERB_PAUSE || admin.verb == VDR_VERB_REJECT || admin.verb == VDR_VERB_ROLLBACK ||
        admin.verb == VDR_VERB_APPROVE || admin.verb == VDR_VERB_RESUME || admin.verb == VDR_VERB_WITHDRAW)
        admin.reason = vdr_span_str("so it is");
    sim_operator_says(actor, &admin);
}

#include "tests/sim/actor.h"

#include "tests/sim/clock.h"

#include <stdlib.h>

#define MINUTE_MS 60000

/* What a verb did is in the log, and durable, when its RESULT says so. */
static void
on_result(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    const sim_actor *actor = context;
    if (err != VDR_OK || result == NULL)
        return;
    for (size_t i = 0; i < result->counter_count; i++) {
        if (vdr_span_equal(result->counters[i].name, vdr_span_str("position")))
            sim_audit_shown(actor->as->id, result->counters[i].value);
    }
}

static void
say(sim_actor *actor, const vdr_wire_admin *admin)
{
    (void)(vdr_client_admin_async(actor->handle, admin, 20000, on_result, actor) == VDR_OK);
}

static void
propose(sim_actor *actor, sim_town *town)
{
    static const char *const names[] = {"town.yaml", "catalogue.yaml", "rules.yaml"};
    static const vdr_span allowed[] = {{(const uint8_t *)"unreachable", 11}};
    vdr_wire_file files[3];
    char *texts[3];
    sim_town_change(town, &actor->dice);
    for (size_t i = 0; i < 3; i++) {
        texts[i] = sim_town_text(town, names[i]);
        files[i] = (vdr_wire_file){.name = vdr_span_str(names[i]), .text = vdr_span_str(texts[i])};
    }
    vdr_wire_admin admin = {.verb = VDR_VERB_PROPOSE,
                            .time = VDR_MS_NONE,
                            .reason = vdr_span_str("another one"),
                            .files = files,
                            .file_count = 3,
                            .allowed = allowed,
                            .allowed_count = 1};
    say(actor, &admin);
    for (size_t i = 0; i < 3; i++)
        free(texts[i]);
}

void
sim_operator_acts(sim_actor *actor, sim_town *town)
{
    static const vdr_verb verbs[] = {
        VDR_VERB_STATUS,   VDR_VERB_SESSIONS, VDR_VERB_MAILBOXES, VDR_VERB_CHECKPOINT, VDR_VERB_CHECKPOINT,
        VDR_VERB_CHECK,    VDR_VERB_ERASE,    VDR_VERB_PROPOSALS, VDR_VERB_PROPOSE,    VDR_VERB_APPROVE,
        VDR_VERB_APPROVE,  VDR_VERB_REJECT,   VDR_VERB_ROLLBACK,  VDR_VERB_PAUSE,      VDR_VERB_RESUME,
        VDR_VERB_VERSIONS, VDR_VERB_VERIFY};
    static const char *const rules[] = {"domains", "violence", "often", "school"};
    uint64_t which = sim_below(&actor->dice, 4);
    vdr_wire_admin admin = {.verb = verbs[sim_below(&actor->dice, sizeof verbs / sizeof verbs[0])],
                            .time = VDR_MS_NONE,
                            .number = 1 + sim_below(&actor->dice, 6)};
    if (admin.verb == VDR_VERB_ERASE && !town->erases)
        admin.verb = VDR_VERB_CHECKPOINT;
    if (admin.verb == VDR_VERB_PROPOSE) {
        propose(actor, town);
        return;
    }
    if (admin.verb == VDR_VERB_PAUSE) {
        admin.kind = which == 3 ? VDR_PROPOSAL_SILENCE : VDR_PROPOSAL_PAUSE;
        admin.name = vdr_span_str(rules[which]);
        admin.time = sim_clock_wall_ms() + sim_between(&actor->dice, 1, 60) * MINUTE_MS;
    }
    if (admin.verb == VDR_VERB_PAUSE || admin.verb == VDR_VERB_REJECT || admin.verb == VDR_VERB_ROLLBACK ||
        admin.verb == VDR_VERB_APPROVE || admin.verb == VDR_VERB_RESUME)
        admin.reason = vdr_span_str("so it is");
    say(actor, &admin);
}

#include "broker/core/view.h"
#include "broker/history/history.h"
#include "tests/sim/audit_inside.h"
#include "tests/sim/broker.h"
#include "tests/sim/clock.h"
#include "tests/sim/disk.h"
#include "tests/sim/keys.h"
#include "tests/sim/wire.h"

#include <stdio.h>

#define LATE_MS 3000 /* a turn comes each quarter of a second, and a swamped one takes a few */

void
sim_audit_state(void)
{
    const vdr_engine *engine = sim_broker_engine();
    if (engine == NULL)
        return;
    sim_audit_tally.looks++;
    const char *words = vdr_engine_check(engine);
    if (words != NULL)
        sim_violation("I5-I9 I19", "%s", words);
    const vdr_core *core = vdr_engine_core(engine);
    if (vdr_core_position(core) + 1 == sim_told.durable && vdr_core_config_position(core) != sim_told.config)
        sim_violation("I18", "the configuration of record %llu is in force, the log says %llu",
                      (unsigned long long)vdr_core_config_position(core),
                      (unsigned long long)sim_told.config);
    sim_keys_compare(core);
}

void
sim_audit_timers(void)
{
    const vdr_engine *engine = sim_broker_engine();
    if (engine == NULL)
        return;
    vdr_ms due = vdr_core_next_due(vdr_engine_core(engine));
    if (due != VDR_MS_MAX && due + LATE_MS < sim_clock_wall_ms())
        sim_violation("I9", "a timer is %lld ms late", (long long)(sim_clock_wall_ms() - due));
    sim_wire_let_in_look(sim_audit_still_there);
}

/* Steps a history to its end; whole: from the first record on. */
static vdr_err
step_all(vdr_history *history, bool whole, char *ret_words)
{
    vdr_history_step step;
    vdr_err err;
    if (whole) {
        sim_cases_begin();
        sim_known_begin();
    }
    while ((err = vdr_history_next(history, VDR_MS_NONE, &step, ret_words)) == VDR_OK) {
        if (!whole)
            continue;
        sim_cases_step(vdr_history_core(history), step.position, step.command, step.step.tale);
        sim_known_step(step.position, step.command, step.step.tale);
    }
    if (whole && err == VDR_E_END)
        sim_cases_end(vdr_history_core(history));
    return err == VDR_E_END ? VDR_OK : err;
}

/* An erasure run turned its key, and a crash, or a disk that lied, took its checkpoint: how the state came about is not
 * told until there is one again. */
static bool
is_between(bool at_the_end)
{
    vdr_checkpoint_manifest manifest;
    return (sim_told.lied || !at_the_end) &&
           vdr_checkpoint_manifest_get(sim_disk_checkpoint(), &manifest) == VDR_E_NOT_FOUND;
}

void
sim_audit_history(bool at_the_end)
{
    const vdr_engine *engine = sim_broker_engine();
    vdr_history *history = NULL;
    char words[VDR_HISTORY_WORDS] = "";
    if (engine == NULL)
        return;
    vdr_err err = vdr_history_open(vdr_engine_log(engine), NULL, &history, words);
    if (err == VDR_OK)
        err = step_all(history, true, words);
    if (err == VDR_E_NOT_FOUND ||
        err == VDR_E_ERASED) { /* it was cut, or some of it cannot be opened any more */
        vdr_history_close(&history);
        if (sim_disk_checkpoint_begun())
            return; /* the twin has no second handle */
        if (is_between(at_the_end))
            return;
        err = vdr_history_open(vdr_engine_log(engine), sim_disk_checkpoint(), &history, words);
        if (err == VDR_OK)
            err = step_all(history, false, words);
    }
    if (err == VDR_E_ERASED && !at_the_end)
        return; /* an erasure run that a crash interrupted: its keys are gone, its proof is not in the log yet */
    sim_audit_tally.folds++;
    if (err != VDR_OK) {
        sim_violation("I4", "the log does not fold: %s: %s", vdr_err_code(err), words);
    } else {
        const vdr_core *fold = vdr_history_core(history), *live = vdr_engine_core(engine);
        if (vdr_core_position(fold) == vdr_core_position(live) &&
            vdr_core_state_hash(fold) != vdr_core_state_hash(live))
            sim_violation("I4", "the state is not what the log up to %llu says",
                          (unsigned long long)vdr_core_position(live));
        const char *broken = vdr_core_check(fold);
        if (broken != NULL)
            sim_violation("I5-I9 I19", "of the fold: %s", broken);
    }
    vdr_history_close(&history);
    sim_rights_check();
    sim_rights_erased(vdr_engine_log(engine));
}

void
sim_audit_rot(void)
{
    const vdr_engine *engine = sim_broker_engine();
    vdr_log_stats stats;
    vdr_position bad = 0;
    vdr_store_fault fault;
    vdr_log_stats_get(vdr_engine_log(engine), &stats);
    if (vdr_log_verify(vdr_engine_log(engine), stats.first, NULL, NULL, &bad) == VDR_OK &&
        vdr_checkpoint_proofread(sim_disk_checkpoint(), NULL, NULL, &fault) == VDR_OK)
        sim_violation("I15", "a changed byte is not found");
}

static size_t
newest(unsigned party)
{
    uint32_t number = sim_audit_mailbox_of(party);
    return number != 0 && number < sim_told.mailbox_max ? sim_told.mailboxes[number].count : 0;
}

const char *
sim_audit_unfinished(void)
{
    static char words[256];
    for (size_t i = 0; i < sim_event_count; i++) {
        if (sim_events[i]->open) {
            (void)snprintf(words, sizeof words, "%s of %s has no answer", sim_events[i]->id,
                           sim_events[i]->by->id);
            return words;
        }
    }
    for (size_t i = 0; i < SIM_ACTORS_MAX; i++) { /* of two that read a mailbox one is enough */
        const sim_reader *r = &sim_readers[i];
        uint64_t acked = r->there ? sim_audit_acked(sim_audit_mailbox_of(r->party)) : 0;
        if (r->there && (acked < newest(r->party) || r->acknowledged < r->highest)) {
            (void)snprintf(words, sizeof words,
                           "of the %zu messages of %s %llu are acknowledged; a reader saw %llu, and %llu",
                           newest(r->party), sim_audit_town->parties[r->party].id, (unsigned long long)acked,
                           (unsigned long long)r->highest, (unsigned long long)r->acknowledged);
            return words;
        }
    }
    /* Over a link that hangs nobody hears BYE: they notice by the silence. */
    sim_wire_let_in_look(sim_audit_ended_there);
    return sim_audit_ended_words();
}

/* What was taken may leave before it is sent again, and is then judged anew (semantics section 3). */
static bool
may_have_left(const sim_event *event)
{
    vdr_ms since = event->signal ? event->occurred_at : sim_audit_town->begun_ms;
    return sim_told.erased || event->answered_at - since >= sim_audit_town->retain_least_ms;
}

/* What was refused and what was taken, each exactly so often as it was told. */
void
sim_audit_end(void)
{
    for (size_t i = 0; i < sim_event_count; i++) {
        const sim_event *event = sim_events[i];
        size_t effects = 0;
        for (vdr_position p = 1; p <= sim_told.log_count; p++)
            effects += sim_audit_is_of(p, event);
        bool taken = event->position != 0;
        if (event->never && effects != 0)
            sim_violation("I12", "%s was sent where nothing counts, and has an effect", event->id);
        if (event->never || event->first != NULL || event->reused) /* who counts is told by the answers */
            continue;
        if (taken && effects == 0)
            sim_violation("I1", "%s was taken, and has no effect", event->id);
        if (effects > 1 && !may_have_left(event))
            sim_violation("I3", "%s has %zu effects", event->id, effects);
        /* Of two copies one may be refused by the state as it was, and the other, which a dead client had left on its
         * way, be taken behind it: full effect, once, as its sender would hear if it asked again (I2). */
        bool late = event->left_behind && effects == 1;
        if (!taken && effects != 0 && !late && !event->excused && !may_have_left(event))
            sim_violation("I2", "%s was refused (%s), and has %zu effects", event->id,
                          vdr_err_code(event->answer), effects);
    }
}

/* Back-tests (protocol.md 7.10): begun here, made beside the turn (rehearsal.h), and looked at here. */
#include "broker/daemon.h"

#include "broker/core/view.h"
#include "proto/time.h"

#define MEMORY_BYTES (UINT64_C(256) * 1024 * 1024) /* of the two states, besides four times the present one */
#define SAMPLES_MAX  100u

bool
vdr_rehearsal_files(const vdr_wire_admin *admin, vdr_config_texts *texts)
{
    static const char *const names[] = {"town.yaml", "catalogue.yaml", "rules.yaml"};
    *texts = (vdr_config_texts){0};
    for (size_t i = 0; i < admin->file_count; i++) {
        unsigned file = 0;
        while (file < VDR_CONFIG_FILES && !vdr_span_equal(admin->files[i].name, vdr_span_str(names[file])))
            file++;
        if (file == VDR_CONFIG_FILES)
            return false;
        texts->name[file] = vdr_span_str(names[file]);
        texts->text[file] = admin->files[i].text;
    }
    return admin->file_count != 0;
}

uint64_t
vdr_rehearsal_memory(const vdr_daemon *daemon)
{
    vdr_core_counts counts;
    vdr_view_counts(vdr_engine_core(daemon->engine), &counts);
    return counts.memory_bytes * 4 + MEMORY_BYTES;
}

static void
begin(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    vdr_backtest_ask ask = {.since = admin->time, .memory_max = vdr_rehearsal_memory(daemon)};
    if (!vdr_rehearsal_files(admin, &ask.candidate) || admin->number > SAMPLES_MAX ||
        (admin->name.len != 0 && !vdr_duration_parse(admin->name, &ask.back_ms))) {
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BAD_FRAME,
                            "town.yaml, catalogue.yaml or rules.yaml; since when; at most 100 samples");
        return;
    }
    vdr_err err = vdr_rehearsal_begin(daemon->backtest, &ask, (unsigned)admin->number);
    vdr_admin_say_error(daemon, session, admin->request, err,
                        err == VDR_OK       ? NULL
                        : err == VDR_E_BUSY ? "another back-test is at work"
                                            : vdr_err_text(err));
}

void
vdr_rehearsal_say(vdr_daemon *daemon, vdr_session *session, uint64_t request, vdr_verb verb,
                  const vdr_wire_counter *counters, size_t count, const vdr_rehearsal_look *seen, bool rows)
{
    vdr_wire_admin_result result = {
        .verb = verb, .request = request, .counters = counters, .counter_count = count};
    if (seen->err != VDR_OK) {
        result.error = seen->err;
        result.text = vdr_span_str(seen->words);
    } else if (rows && seen->rows != NULL) {
        result.rows = seen->rows->at;
        result.row_count = seen->rows->count;
    }
    vdr_admin_say(daemon, session, &result);
}

static void
look(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    vdr_rehearsal_look seen;
    vdr_rehearsal_look_at(daemon->backtest, &seen);
    const vdr_wire_counter counters[] = {
        {vdr_span_str("state"), seen.state},
        {vdr_span_str("done"), seen.done},
        {vdr_span_str("all"), seen.all},
        {vdr_span_str("took_ms"), seen.took_ms},
        {vdr_span_str("rows_left_out"), seen.rows != NULL ? seen.rows->left_out : 0}};
    vdr_rehearsal_say(daemon, session, admin->request, admin->verb, counters,
                      sizeof counters / sizeof counters[0], &seen, true);
}

void
vdr_rehearsal_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    if (admin->verb == VDR_VERB_BACKTEST) {
        begin(daemon, session, admin);
    } else if (admin->verb == VDR_VERB_BACKTEST_LOOK) {
        look(daemon, session, admin);
    } else {
        vdr_rehearsal_stop(daemon->backtest);
        vdr_admin_say_error(daemon, session, admin->request, VDR_OK, NULL);
    }
}

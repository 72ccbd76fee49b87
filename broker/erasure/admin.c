/* The verbs about erasure runs (protocol.md 7.16): how it stands, and what was proved. Nobody is named in either. */
#include "broker/daemon.h"
#include "broker/erasure/proofs.h"

#include <stdlib.h>

#define TAIL_BYTES ((size_t)512 * 1024)

bool
vdr_erasure_wants_backup(const vdr_daemon *daemon, const vdr_engine_erasure *erasure)
{
    return erasure->sealed && daemon->node->backups != NULL && erasure->backup_generation != 0 &&
           erasure->backup_generation < erasure->generation;
}

static uint64_t
instant(vdr_ms at)
{
    return at == VDR_MS_NONE || at < 0 ? 0 : (uint64_t)at;
}

static void
say_look(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    vdr_engine_erasure e;
    vdr_engine_erasure_get(daemon->engine, &e);
    const vdr_wire_counter counters[] = {
        {vdr_span_str("sealed"), e.sealed},
        {vdr_span_str("waiting"), e.waiting},
        {vdr_span_str("erased"), e.erased},
        {vdr_span_str("generation"), e.generation},
        {vdr_span_str("keys"), e.keys},
        {vdr_span_str("kept_messages"), e.kept_messages},
        {vdr_span_str("runs"), e.runs},
        {vdr_span_str("last_ms"), instant(e.last)},
        {vdr_span_str("last_kept"), e.last_kept},
        {vdr_span_str("last_dropped"), e.last_dropped},
        {vdr_span_str("next_ms"), instant(e.next)},
        {vdr_span_str("position"), e.at},
        {vdr_span_str("position_last"), e.of},
        {vdr_span_str("backup_generation"), e.backup_generation},
        {vdr_span_str("backup_stale"), vdr_erasure_wants_backup(daemon, &e)},
        {vdr_span_str("failures"), e.failures},
        {vdr_span_str("carried"), e.carried},
    };
    const vdr_wire_named texts[] = {
        {vdr_span_str("step"), vdr_span_str(e.step)},
        {vdr_span_str("failed"), vdr_span_str(e.failed != VDR_OK ? vdr_err_code(e.failed) : "")},
        {vdr_span_str("escrow"), vdr_span_str(e.escrow != VDR_OK ? vdr_err_code(e.escrow) : "")},
    };
    vdr_wire_admin_result result = {.verb = VDR_VERB_ERASE_LOOK,
                                    .request = request,
                                    .counters = counters,
                                    .counter_count = sizeof counters / sizeof counters[0],
                                    .texts = texts,
                                    .text_count = sizeof texts / sizeof texts[0]};
    vdr_admin_say(daemon, session, &result);
}

static void
say_proofs(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    size_t len = 0;
    char *tail = vdr_alloc(TAIL_BYTES, 1);
    vdr_err err = vdr_proofs_tail(daemon->store_dir, tail, TAIL_BYTES, &len);
    if (err != VDR_OK) {
        vdr_admin_say_error(daemon, session, request, err, VDR_PROOFS_NAME " cannot be read");
    } else {
        vdr_wire_file file = {.name = vdr_span_str(VDR_PROOFS_NAME), .text = vdr_span_of(tail, len)};
        vdr_wire_admin_result result = {
            .verb = VDR_VERB_PROOFS, .request = request, .files = &file, .file_count = len != 0};
        vdr_admin_say(daemon, session, &result);
    }
    free(tail);
}

void
vdr_erasure_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    if (admin->verb == VDR_VERB_PROOFS)
        say_proofs(daemon, session, admin->request);
    else
        say_look(daemon, session, admin->request);
}

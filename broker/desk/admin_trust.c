/* The verbs about the store's trustworthiness (protocol.md 7.12): VERIFY begins a look at the whole store, beside
 * the turn; VERIFY_LOOK tells how far it is and what it found; HEADS gives the newest signed heads. */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"
#include "broker/history/rows.h"

#include <stdio.h>

#define ROWS_BYTES ((size_t)4 * 1024 * 1024)
#define TURN_MS    1000
#define TAIL_BYTES (64u * 1024)

static void
put_part(vdr_rows *rows, const vdr_verify_part *part)
{
    static const char *const results[] = {
        [VDR_VERIFY_GOOD] = "good", [VDR_VERIFY_BAD] = "bad", [VDR_VERIFY_NONE] = "none"};
    vdr_row(rows, "part");
    vdr_row_text(rows, "part", vdr_span_str(part->part));
    vdr_row_text(rows, "result", vdr_span_str(results[part->result]));
    vdr_row_text(rows, "text", vdr_span_str(part->text));
    vdr_row_text(rows, "file", vdr_span_str(part->file));
    if (part->result == VDR_VERIFY_BAD && part->next != NULL)
        vdr_row_text(rows, "next", vdr_span_str(part->next));
    if (part->offset != 0)
        vdr_row_number(rows, "offset", part->offset);
    if (part->record != 0)
        vdr_row_number(rows, "record", part->record);
    if (part->head != 0)
        vdr_row_number(rows, "head", part->head);
}

static void
say_look(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    vdr_keeper_look look;
    vdr_arena arena;
    vdr_rows rows;
    vdr_keeper_look_at(daemon->keeper, &look);
    vdr_arena_init(&arena, ROWS_BYTES);
    vdr_rows_begin(&rows, &arena);
    for (size_t i = 0; i < look.part_count; i++)
        put_part(&rows, &look.parts[i]);
    vdr_rows_end(&rows);
    const vdr_wire_counter counters[] = {{vdr_span_str("running"), look.running},
                                         {vdr_span_str("ever"), look.ever},
                                         {vdr_span_str("position"), look.at},
                                         {vdr_span_str("position_last"), look.end},
                                         {vdr_span_str("took_ms"), look.took_ms}};
    vdr_wire_admin_result result = {.verb = VDR_VERB_VERIFY_LOOK,
                                    .request = request,
                                    .counters = counters,
                                    .counter_count = sizeof counters / sizeof counters[0],
                                    .rows = rows.at,
                                    .row_count = rows.count};
    vdr_admin_say(daemon, session, &result);
    vdr_arena_done(&arena);
}

static void
say_heads(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    static char tail[TAIL_BYTES]; /* one reactor */
    char words[VDR_HEADBOOK_WORDS] = "";
    size_t len = 0;
    vdr_err err = vdr_keeper_tail(daemon->keeper, tail, sizeof tail, &len, words);
    if (err != VDR_OK) {
        vdr_admin_say_error(daemon, session, request, err, words);
        return;
    }
    vdr_wire_file file = {.name = vdr_span_str("heads.jsonl"), .text = vdr_span_of(tail, len)};
    vdr_wire_admin_result result = {
        .verb = VDR_VERB_HEADS, .request = request, .files = &file, .file_count = 1};
    vdr_admin_say(daemon, session, &result);
}

void
vdr_trust_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    if (admin->verb == VDR_VERB_VERIFY) {
        vdr_err err = vdr_keeper_ask(daemon->keeper);
        vdr_admin_say_error(daemon, session, admin->request, err,
                            err != VDR_OK ? "one is running: look at it" : NULL);
    } else if (admin->verb == VDR_VERB_HEADS) {
        say_heads(daemon, session, admin->request);
    } else {
        say_look(daemon, session, admin->request);
    }
}

vdr_err
vdr_trust_turn(vdr_daemon *daemon)
{
    char words[VDR_KEEPER_WORDS];
    if (daemon->now_ms < daemon->trust_ms)
        return VDR_OK;
    daemon->trust_ms = daemon->now_ms + TURN_MS;
    vdr_engine_status status;
    vdr_engine_status_get(daemon->engine, &status);
    if (status.checkpoint_count != daemon->checkpoints)
        vdr_keeper_nudge(daemon->keeper);
    daemon->checkpoints = status.checkpoint_count;
    return vdr_keeper_failed(daemon->keeper, words);
}

/* The operators' stream of decisions (protocol.md 7.4).
 *
 * A stream has a cursor: the next record, and the place in its tale. While it is at the end of the log and has
 * credit, it gets a group's lines as they were told, those of refused events too. When it is behind, or was
 * out of credit, it is brought forward from the log, which holds no refused lines. So memory holds a cursor
 * and the lines of one frame, whatever the operator does. */
#include "broker/access/mask.h"
#include "broker/gauge/journal.h"

#include <stdlib.h>

#define BATCH_LINES  256u         /* of one DECISION */
#define COPY_BYTES   (64u * 1024) /* of a tale, at most: a small part of the arena */
#define PUMP_LINES   1024u        /* from the log in one turn, for each stream */
#define PUMP_RECORDS 4096u        /* looked at for them: many tell nothing */

void
vdr_decisions_forget(vdr_daemon *daemon, vdr_session *session)
{
    if (session->lines.on)
        daemon->streams--;
    session->lines.on = false;
}

void
vdr_decisions_frame(vdr_daemon *daemon, vdr_session *session, const vdr_wire_decisions *decisions)
{
    vdr_decisions_forget(daemon, session);
    if (decisions->stop)
        return;
    vdr_position next = vdr_engine_durable(daemon->engine) + 1;
    session->lines.on = true;
    session->lines.next = decisions->from_given && decisions->position < next ? decisions->position : next;
    if (session->lines.next == 0)
        session->lines.next = 1;
    session->lines.offset = 0;
    session->lines.sent = 0;
    session->lines.caught_up = false;
    session->lines.limit = decisions->window;
    daemon->streams++;
    daemon->lines_work = true;
}

void
vdr_decisions_credit(vdr_daemon *daemon, vdr_session *session, const vdr_wire_credit *credit)
{
    uint64_t done = credit->done < session->lines.sent ? credit->done : session->lines.sent;
    if (!session->lines.on)
        return;
    session->lines.limit = done + credit->window;
    daemon->lines_work = true;
}

/* ---- lines */

/* What does not fit one frame goes in two; a line whose signals do not fit has as many as fit. */
static void
say_lines(vdr_daemon *daemon, vdr_session *session, uint64_t first, vdr_wire_line *lines, size_t count)
{
    vdr_wire wire = {.type = VDR_FRAME_DECISION,
                     .decision = {.first = first, .lines = lines, .line_count = count}};
    if (count == 0 || vdr_speak(daemon, session, &wire) == VDR_OK)
        return;
    if (count == 1) {
        VDR_ASSERT(lines->decision.signal_count > 0);
        lines->decision.signal_count /= 2;
        say_lines(daemon, session, first, lines, 1);
        return;
    }
    say_lines(daemon, session, first, lines, count / 2);
    say_lines(daemon, session, first + count / 2, lines + count / 2, count - count / 2);
}

/* Whatever the lines point to may go afterwards: also a tale that was copied to be given. */
static void
flush(vdr_daemon *daemon, vdr_session *session)
{
    size_t count = session->lines.batch_count;
    say_lines(daemon, session, session->lines.sent - count + 1, session->lines.batch, count);
    session->lines.batch_count = 0;
    vdr_arena_reset(&daemon->tales);
}

static bool
takes(const vdr_session *session)
{
    return vdr_session_live(session) && session->lines.on && session->out.first == NULL &&
           session->lines.sent < session->lines.limit;
}

static vdr_err
resolve(vdr_daemon *daemon, vdr_party_kind kind, const vdr_effect *effect, vdr_position position,
        vdr_wire_line *ret_line)
{
    vdr_position of = position != 0 ? position : vdr_engine_durable(daemon->engine) + 1;
    *ret_line = (vdr_wire_line){.position = position,
                                .version = vdr_control_version_at(vdr_engine_core(daemon->engine), of)};
    vdr_err err =
        vdr_core_decision(vdr_engine_core(daemon->engine), effect, &daemon->tales, &ret_line->decision);
    return err == VDR_OK ? vdr_mask_line(daemon, kind, &daemon->tales, ret_line) : err;
}

/* Gives the rest of a tale, from the cursor's place in it, as far as there is credit and room for lines that
 * wait to be flushed. True: all of it was given. */
static bool
give_tale(vdr_daemon *daemon, vdr_session *session, vdr_position position, vdr_span tale)
{
    if (session->lines.batch == NULL)
        session->lines.batch = (vdr_wire_line *)vdr_alloc(BATCH_LINES, sizeof *session->lines.batch);
    while (session->lines.offset < tale.len) {
        uint32_t offset = session->lines.offset;
        vdr_effect effect;
        vdr_wire_line line;
        if (!takes(session) || session->lines.batch_count == BATCH_LINES)
            return false;
        vdr_err err = vdr_effect_next(tale, &offset, &effect);
        if (err == VDR_OK)
            err = resolve(daemon, session->kind, &effect, position, &line);
        if (err == VDR_E_NO_MEMORY && session->lines.batch_count != 0)
            return false;
        if (err != VDR_OK) {
            VDR_NOTE(READ_FAILED, vdr_field_text("error", vdr_err_code(err)),
                     vdr_field_number("position", position), vdr_field_text("what", "a tale"));
            vdr_speak_bye(daemon, session, VDR_E_STORE_CORRUPT, 0);
            return false;
        }
        session->lines.batch[session->lines.batch_count++] = line;
        session->lines.sent++;
        session->lines.offset = offset;
    }
    session->lines.offset = 0;
    return true;
}

/* The same of a tale that flushing does not take away: as far as there is credit. */
static bool
give_lasting_tale(vdr_daemon *daemon, vdr_session *session, vdr_position position, vdr_span tale)
{
    while (!give_tale(daemon, session, position, tale)) {
        if (session->lines.batch_count == 0)
            return false;
        flush(daemon, session);
    }
    return true;
}

static void
give_told(vdr_daemon *daemon, vdr_session *session, const vdr_group *group)
{
    for (size_t i = 0; i < group->told_count; i++) {
        const vdr_told *told = &group->told[i];
        if (told->position == 0 && !takes(session))
            continue; /* refused, and not in the log: it comes live or not at all */
        if (told->position != 0)
            session->lines.next = told->position;
        if (give_lasting_tale(daemon, session, told->position, told->tale)) {
            session->lines.next += told->position != 0;
        } else if (told->position == 0) {
            session->lines.offset = 0;
        } else {
            daemon->lines_work = true;
            return; /* from here on it comes from the log */
        }
    }
    session->lines.next = group->first + group->record_count;
}

static void
give_group(vdr_daemon *daemon, vdr_session *session, const vdr_group *group)
{
    vdr_arena_reset(&daemon->tales);
    give_told(daemon, session, group);
    flush(daemon, session);
}

void
vdr_decisions_group(vdr_daemon *daemon, const vdr_group *group)
{
    if (daemon->streams == 0)
        return;
    for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL;
         s = vdr_session_next(daemon->sessions, s)) {
        if (!s->lines.on)
            continue;
        bool live = s->lines.next == group->first && s->lines.offset == 0 && takes(s);
        if (live)
            give_group(daemon, s, group);
        else
            daemon->lines_work = true;
    }
}

/* ---- from the log */

/* The next read takes a record away, so its tale is copied until its lines are flushed; one that is too long for
 * that goes at once. False: the rest of it has to be read again. */
static bool
give_record(vdr_daemon *daemon, vdr_session *session, vdr_span tale)
{
    if (tale.len == 0)
        return give_tale(daemon, session, session->lines.next, tale);
    vdr_span copy = {0};
    if (tale.len <= COPY_BYTES)
        copy = vdr_arena_copy(&daemon->tales, tale);
    if (copy.at == NULL) {
        flush(daemon, session);
        copy = tale.len <= COPY_BYTES ? vdr_arena_copy(&daemon->tales, tale) : copy;
    }
    if (copy.at != NULL)
        return give_tale(daemon, session, session->lines.next, copy);
    bool whole = give_lasting_tale(daemon, session, session->lines.next, tale);
    flush(daemon, session);
    return whole;
}

static void
pump_records(vdr_daemon *daemon, vdr_session *session)
{
    vdr_position durable = vdr_engine_durable(daemon->engine);
    uint64_t until = session->lines.sent + PUMP_LINES;
    for (unsigned i = 0; i < PUMP_RECORDS && session->lines.next <= durable && session->lines.sent < until;
         i++) {
        vdr_log_record record;
        if (!takes(session))
            return;
        vdr_err err = vdr_log_read(daemon->reader, session->lines.next, &record);
        if (err == VDR_E_ERASED) { /* it tells nothing any more */
            record = (vdr_log_record){0};
            err = VDR_OK;
        }
        if (err == VDR_E_NOT_FOUND) { /* cut */
            vdr_log_stats stats;
            vdr_log_stats_get(daemon->log, &stats);
            if (stats.first <= session->lines.next)
                return; /* the reader has not seen it yet */
            session->lines.next = stats.first;
            session->lines.offset = 0;
        } else if (err != VDR_OK) {
            VDR_NOTE(READ_FAILED, vdr_field_text("error", vdr_err_code(err)),
                     vdr_field_number("position", session->lines.next), vdr_field_text("what", "a record"));
            vdr_speak_bye(daemon, session, err, 1000);
            return;
        } else if (give_record(daemon, session, record.tale)) {
            session->lines.next++;
        } else {
            flush(daemon, session);
        }
    }
}

static void
pump_stream(vdr_daemon *daemon, vdr_session *session)
{
    vdr_arena_reset(&daemon->tales);
    pump_records(daemon, session);
    flush(daemon, session);
}

/* Whoever asked for the lines learns once where the log ended, and that from here on they come live. */
static void
say_caught_up(vdr_daemon *daemon, vdr_session *session)
{
    vdr_wire wire = {.type = VDR_FRAME_DECISION,
                     .decision = {.first = session->lines.sent + 1, .caught_up = session->lines.next}};
    session->lines.caught_up = true;
    vdr_err err = vdr_speak(daemon, session, &wire);
    VDR_ASSERT(err == VDR_OK); /* it fits */
}

static bool
is_owed_caught_up(const vdr_daemon *daemon, const vdr_session *session)
{
    return vdr_session_live(session) && session->lines.on && !session->lines.caught_up &&
           session->out.first == NULL && session->lines.next > vdr_engine_durable(daemon->engine);
}

static bool
is_behind(const vdr_daemon *daemon, const vdr_session *session)
{
    return session->lines.on && takes(session) && session->lines.next <= vdr_engine_durable(daemon->engine);
}

bool
vdr_decisions_pump(vdr_daemon *daemon)
{
    bool more = false, refreshed = false;
    if (!daemon->lines_work)
        return false;
    for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL;
         s = vdr_session_next(daemon->sessions, s)) {
        if (is_behind(daemon, s)) {
            if (!refreshed && vdr_log_reader_refresh(daemon->reader) != VDR_OK)
                return false; /* the engine tells of a store that fails */
            refreshed = true;
            pump_stream(daemon, s);
            more = more || is_behind(daemon, s);
        }
        if (is_owed_caught_up(daemon, s))
            say_caught_up(daemon, s);
    }
    if (refreshed)
        vdr_log_reader_rest(daemon->reader);
    daemon->lines_work = more;
    return more;
}

/* What residents asked for (protocol.md 5.10), as the acts in the log say, each of which was accepted: could it be? Kept
 * for households only, and where nobody moves: then what stands about one goes nowhere but by a merge. */
#include "tests/sim/audit_inside.h"

#include <string.h>

#define HOUSEHOLDS 4096u

typedef enum hold { NO_HOLD, ASKED, STANDS, ENDING } hold;

typedef struct file {
    hold hold;
    const char *by; /* who asked, to place it or to lift it: a source */
    bool requested, objected, restricted;
    bool gone; /* erased, or merged into another one: its number is never used again */
} file;

static file files[HOUSEHOLDS];

static void
wrong(vdr_position position, uint64_t household, const char *words)
{
    sim_violation("5.10", "record %llu, of H%llu: %s", (unsigned long long)position,
                  (unsigned long long)household, words);
}

static void
ask(bool *stands, bool begin, vdr_position position, const sim_written *w)
{
    if (*stands == begin)
        wrong(position, w->household, begin ? "what stands is asked for again" : "what ends never stood");
    *stands = begin;
}

static void
step_hold(file *f, vdr_position position, const sim_written *w)
{
    switch ((int)w->act) {
    case VDR_ACT_HOLD_PLACED:
        if (f->hold == ASKED || f->hold == STANDS)
            wrong(position, w->household, "a hold is placed again");
        f->hold = f->hold == ENDING ? STANDS : ASKED;
        f->by = w->source;
        break;
    case VDR_ACT_HOLD_CONFIRMED:
        if ((f->hold != ASKED && f->hold != ENDING) || strcmp(f->by, w->source) == 0)
            wrong(position, w->household, "a hold is confirmed by nobody else");
        f->hold = f->hold == ASKED ? STANDS : NO_HOLD;
        break;
    default: /* HOLD_LIFTED */
        if (f->hold != ASKED && f->hold != STANDS)
            wrong(position, w->household, "a hold is lifted that does not stand");
        f->hold = f->hold == ASKED ? NO_HOLD : ENDING;
        f->by = w->source;
    }
}

static bool
is_kept(const file *f)
{
    return f->hold == STANDS || f->hold == ENDING;
}

/* Of two of a kind the one of `into` goes on; a hold that stands before one that waits. */
static void
merge(file *into, file *from)
{
    if (into->hold == NO_HOLD || (into->hold == ASKED && is_kept(from))) {
        into->hold = from->hold;
        into->by = from->by;
    }
    into->requested = into->requested || from->requested;
    into->objected = into->objected || from->objected;
    into->restricted = into->restricted || from->restricted;
    *from = (file){.gone = true};
}

static void
step(vdr_position position, const sim_written *w)
{
    file *f = &files[w->household];
    if (w->household != 0 && f->gone)
        wrong(position, w->household, "its number is used again");
    switch ((int)w->act) {
    case VDR_ACT_HOLD_PLACED:
    case VDR_ACT_HOLD_CONFIRMED:
    case VDR_ACT_HOLD_LIFTED:
        step_hold(f, position, w);
        break;
    case VDR_ACT_ERASURE_REQUESTED:
    case VDR_ACT_ERASURE_REQUEST_WITHDRAWN:
        ask(&f->requested, w->act == VDR_ACT_ERASURE_REQUESTED, position, w);
        break;
    case VDR_ACT_OBJECTED:
    case VDR_ACT_OBJECTION_DECIDED:
        ask(&f->objected, w->act == VDR_ACT_OBJECTED, position, w);
        break;
    case VDR_ACT_RESTRICTED:
    case VDR_ACT_RESTRICTION_LIFTED:
        ask(&f->restricted, w->act == VDR_ACT_RESTRICTED, position, w);
        break;
    case VDR_ACT_ERASED:
    case VDR_ACT_PERSON_ERASED:
        if (is_kept(f))
            wrong(position, w->household, "it is erased, and a hold stands");
        f->gone = w->act == VDR_ACT_ERASED;
        break;
    case VDR_ACT_HOUSEHOLD_MERGED:
        if (files[w->into].gone || files[w->from].gone)
            wrong(position, w->from, "it is merged, and is gone");
        merge(&files[w->into], &files[w->from]);
        break;
    default:
        break;
    }
}

/* While a hold stands nothing leaves. */
static void
check_gone(const sim_gone *gone)
{
    if (gone->kind == VDR_LEFT_HOUSEHOLD && gone->number < HOUSEHOLDS && is_kept(&files[gone->number]))
        wrong(gone->position, gone->number, "it left, and a hold stands");
}

static void
fold(vdr_position to)
{
    size_t next_gone = 0;
    memset(files, 0, sizeof files);
    for (vdr_position p = 1; p <= to && p <= sim_told.log_count; p++) {
        const sim_written *w = &sim_told.log[p - 1];
        bool about_signal = w->household == 0 && w->into == 0;
        if (w->act != VDR_ACT_NONE && !about_signal && w->household < HOUSEHOLDS && w->into < HOUSEHOLDS &&
            w->from < HOUSEHOLDS)
            step(p, w);
        for (; next_gone < sim_told.gone_count && sim_told.gone[next_gone].position == p; next_gone++)
            check_gone(&sim_told.gone[next_gone]);
    }
}

void
sim_rights_check(void)
{
    if (sim_audit_town->still && !sim_told.lied)
        fold(sim_told.log_count);
}

bool
sim_rights_restricted(uint64_t household, vdr_position position)
{
    if (!sim_audit_town->still || sim_told.lied || household >= HOUSEHOLDS)
        return false;
    fold(position);
    return files[household].restricted;
}

void
sim_rights_erased(vdr_log *log)
{
    vdr_log_reader *reader = NULL;
    if (sim_told.lied || vdr_log_reader_open(log, &reader) != VDR_OK)
        return;
    for (size_t i = 0; i < sim_told.gone_count; i++) {
        const sim_gone *gone = &sim_told.gone[i];
        vdr_log_record record;
        if (gone->kind == VDR_LEFT_SIGNAL && gone->position <= sim_told.erased_through &&
            vdr_log_read(reader, gone->number, &record) == VDR_OK)
            sim_violation("I14", "record %llu, of a signal that left, can be opened, says record %llu",
                          (unsigned long long)gone->number, (unsigned long long)gone->position);
    }
    vdr_log_reader_close(&reader);
}

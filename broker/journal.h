/* broker/journal.h - what the daemon writes to standard error: one line an event, as logfmt.
 *
 *   at=2026-03-02T09:00:00.000Z level=info event=session_open session=3 party=agency:school-1
 *
 * Events come from a closed table. A line never holds a person, an address, a free text, the id of a
 * signal or a key: at most log positions, counts, parties of the configuration and words of our own.
 * Whatever a peer can cause often is limited: VDR_NOTES_A_SECOND lines an event and second; the next line
 * of that event says how many were left out (left_out=).
 *
 * Thread:  any. Errors: none; a standard error that is gone is ignored. */
#ifndef VDR_BROKER_JOURNAL_H
#define VDR_BROKER_JOURNAL_H

#include "proto/types.h"

#define VDR_NOTES_A_SECOND 20u

/* X(symbol, level, name) */
#define VDR_NOTE_TABLE(X)                                                                                    \
    X(STARTING, info, "starting")                                                                            \
    X(EVENT_CLOCK, warning, "event_clock")                                                                   \
    X(CONFIG_BAD, error, "config_bad")                                                                       \
    X(CONFIG_WARNING, warning, "config_warning")                                                             \
    X(CONFIG_ACTIVE, info, "config_active")                                                                  \
    X(KEYS_ACTIVE, info, "keys_active")                                                                      \
    X(SELF_TEST, info, "self_test")                                                                          \
    X(LISTENING, info, "listening")                                                                          \
    X(STORE_OPEN, info, "store_open")                                                                        \
    X(STORE_FULL, warning, "store_full")                                                                     \
    X(STORE_ROOM, info, "store_room")                                                                        \
    X(ENGINE, info, "engine")                                                                                \
    X(ENGINE_WARNING, warning, "engine_warning")                                                             \
    X(STEPPING, info, "stepping")                                                                            \
    X(BACKUP, info, "backup")                                                                                \
    X(READY, info, "ready")                                                                                  \
    X(SESSION_OPEN, info, "session_open")                                                                    \
    X(SESSION_END, info, "session_end")                                                                      \
    X(SESSION_REFUSED, warning, "session_refused")                                                           \
    X(ABUSE, warning, "abuse")                                                                               \
    X(OPERATOR, info, "operator")                                                                            \
    X(READ_FAILED, error, "read_failed")                                                                     \
    X(LIMIT, warning, "limit")                                                                               \
    X(STOPPING, info, "stopping")                                                                            \
    X(STOPPED, info, "stopped")                                                                              \
    X(FAILED, error, "failed")

typedef enum vdr_note {
#define X(sym, level, name) VDR_NOTE_##sym,
    VDR_NOTE_TABLE(X)
#undef X
        VDR_NOTES
} vdr_note;

/* A field: key and either a number or a text. Texts are quoted where logfmt needs it. */
typedef struct vdr_field {
    const char *key;
    bool is_text;
    const char *text; /* NULL is written as - */
    uint64_t number;
} vdr_field;

static inline vdr_field
vdr_field_text(const char *key, const char *text)
{
    return (vdr_field){.key = key, .is_text = true, .text = text};
}

static inline vdr_field
vdr_field_number(const char *key, uint64_t number)
{
    return (vdr_field){.key = key, .number = number};
}

void vdr_journal_write(vdr_note note, const vdr_field *fields, size_t count);

#define VDR_NOTE(event, ...)                                                                                 \
    vdr_journal_write(VDR_NOTE_##event, (const vdr_field[]){__VA_ARGS__},                                    \
                      sizeof((const vdr_field[]){__VA_ARGS__}) / sizeof(vdr_field))

/* One line into at (size bytes, with a line end, not terminated); returns its length. For the tests. */
size_t vdr_journal_line(vdr_note note, vdr_ms at, uint64_t left_out, const vdr_field *fields, size_t count,
                        char *at_line, size_t size);

#endif

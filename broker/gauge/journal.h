/* broker/gauge/journal.h - what the daemon tells whoever runs it: one line an event.
 *
 *   text      at=2026-03-02T09:00:00.000Z level=info event=session_open session=3 party=agency:school-1
 *   json      {"at":"2026-03-02T09:00:00.000Z","level":"info","event":"session_open","event_id":300,"session":3,…}
 *   journald  the journal's own protocol: MESSAGE (the text), PRIORITY, MESSAGE_ID, VOORDEUR_EVENT, and
 *             VOORDEUR_SESSION=3 for each field: journalctl VOORDEUR_EVENT=session_open
 *
 * text and json go to standard error. Events come from a closed table, which also is their documentation: a number
 * and a name stay what they are for ever, what is gone leaves a gap. MESSAGE_ID is VDR_NOTE_UUID and the number in
 * four hexadecimal digits. A line never holds a person, an address, a free text, the id of a
 * signal or a key: at most log positions, counts, parties of the configuration and words of our own.
 * Whatever a peer can cause often is limited: VDR_NOTES_A_SECOND lines an event and second; the next line
 * of that event says how many were left out (left_out=).
 *
 * Thread:  any. Errors: none; a standard error that is gone is ignored, and what a journal does not take is written
 *          to standard error as text. */
#ifndef VDR_BROKER_JOURNAL_H
#define VDR_BROKER_JOURNAL_H

#include "proto/types.h"

#define VDR_NOTES_A_SECOND 20u

/* X(symbol, number, level, name, what it says) */
#define VDR_NOTE_TABLE(X)                                                                                    \
    X(STARTING, 100, info, "starting", "a broker begins; its version")                                       \
    X(READY, 101, info, "ready", "it serves")                                                                \
    X(STOPPING, 102, info, "stopping", "it stops; why")                                                      \
    X(STOPPED, 103, info, "stopped", "it stopped in order; the last position")                               \
    X(FAILED, 104, error, "failed", "it cannot start or go on; what, and a hint")                            \
    X(SELF_TEST, 105, info, "self_test", "an unknown key was refused, a known one let in")                   \
    X(LISTENING, 106, info, "listening", "addresses and public key")                                         \
    X(EVENT_CLOCK, 107, warning, "event_clock", "log time comes from the events: never in earnest")          \
    X(DEMONSTRATION, 108, warning, "demonstration", "operators see what parties wrote: for made-up persons") \
    X(SANDBOX, 120, info, "sandbox", "which paths and system calls are left to it")                          \
    X(SANDBOX_OPEN, 121, warning, "sandbox_open", "more is left to it than it needs; what, and why")         \
    X(CONFIG_BAD, 200, error, "config_bad", "a configuration was not taken; the place and what is wrong")    \
    X(CONFIG_WARNING, 201, warning, "config_warning", "it was, but; the place and what to look at")          \
    X(CONFIG_ACTIVE, 202, info, "config_active", "a configuration came into force; position and who")        \
    X(KEYS_ACTIVE, 203, info, "keys_active", "how many keys are let in")                                     \
    X(OPERATOR, 204, info, "operator", "an operator gave a verb that changes something")                     \
    X(KEY_TERM, 205, warning, "key_term", "a key, or a convenant, ends soon; whose, when, what to do")       \
    X(SESSION_OPEN, 300, info, "session_open", "a session; whose")                                           \
    X(SESSION_END, 301, info, "session_end", "it ended; why")                                                \
    X(SESSION_REFUSED, 302, warning, "session_refused", "a session was not let in; why")                     \
    X(ABUSE, 303, warning, "abuse", "a frame that no honest client sends")                                   \
    X(LIMIT, 304, warning, "limit", "a session met a limit of node.yaml")                                    \
    X(READ_FAILED, 305, error, "read_failed", "the store could not be read for an answer")                   \
    X(KEY_REFUSED, 306, warning, "key_refused", "a key that is let in no more was shown; whose and why")     \
    X(GLASS, 309, warning, "glass", "somebody was shown what is not theirs, for a reason; who and what by")  \
    X(DESCRIPTORS, 310, warning, "descriptors",                                                              \
      "none is left, and nobody new is let in; or there are again")                                          \
    X(STORE_OPEN, 400, info, "store_open", "the store is open; how far it goes")                             \
    X(STORE_FULL, 401, warning, "store_full", "no new signals are taken for want of room")                   \
    X(STORE_ROOM, 402, info, "store_room", "they are again")                                                 \
    X(BACKUP, 403, info, "backup", "a backup is complete; up to where")                                      \
    X(HEADS, 404, info, "heads",                                                                             \
      "signed heads of the log are made; how many there are, up to where, the key")                          \
    X(HEADS_WARNING, 405, warning, "heads_warning", "a head, or its copy, could not be written; why")        \
    X(PROVED, 406, info, "proved", "the store was looked at whole and is what was written")                  \
    X(STORE_KEY, 407, info, "store_key", "the store is sealed under the next store key")                     \
    X(ESCROW, 408, warning, "escrow", "the copy of the store's keys there is not current; why")              \
    X(ENGINE, 500, info, "engine", "words of the engine")                                                    \
    X(ENGINE_WARNING, 501, warning, "engine_warning", "the same, worth a look")                              \
    X(STEPPING, 502, info, "stepping", "progress of a start")                                                \
    X(GUARD, 600, warning, "guard", "a guard of town.yaml has been reached; which, of whom, how many")

#define VDR_NOTE_UUID "f3a6c1de58b94207a1e97d40c2b5" /* of a MESSAGE_ID, with the number behind it */

typedef enum vdr_note {
#define X(sym, number, level, name, says) VDR_NOTE_##sym,
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

typedef enum vdr_journal_form { VDR_JOURNAL_TEXT, VDR_JOURNAL_JSON, VDR_JOURNAL_JOURNALD } vdr_journal_form;

#define VDR_JOURNALD_SOCKET "/run/systemd/journal/socket"

/* How it is written from now on; text before. socket_path: of the journal, used with JOURNALD only. Before other
 * threads begin. False: the journal does not listen there; text goes to standard error. */
bool vdr_journal_begin(vdr_journal_form form, const char *socket_path);
void vdr_journal_end(void); /* text from now on */

/* One event into at (size bytes), with a line end, not terminated; returns its length. A text that does not fit is
 * cut, in JSON to a whole value; a field of JSON or of the journal for which there is no room is left out. */
size_t vdr_journal_line(vdr_journal_form form, vdr_note note, vdr_ms at, uint64_t left_out,
                        const vdr_field *fields, size_t count, char *at_line, size_t size);

#endif

/* proto/err.h - every way a Voordeur call, command or frame can fail, in one table.
 *
 * A row is: symbol, number, wire code, class, who must act, text, hint. Numbers and wire codes are
 * published (proto/protocol.md section 9): add rows, never renumber or reuse. The table drives
 * verdicts, replies, log levels, exit codes, HTTP status and the manual.
 * Programming errors are not here; they stop the program (proto/assert.h).
 *
 * class   NEVER      sending the same again cannot succeed
 *         AFTER_FIX  can succeed after somebody changed something
 *         LATER      can succeed unchanged, after a pause
 *         NONE       no failure
 * actor   SENDER, OPERATOR or NOBODY: whose turn it is
 *
 * The rows 100-199 are the verdicts of signals and commands; 200-299 the protocol; 300-399 this
 * node and its store; 400-499 configuration and the command line. */
#ifndef VDR_PROTO_ERR_H
#define VDR_PROTO_ERR_H

#include <stdbool.h>

#define VDR_ERR_TABLE(X)                                                                                     \
    X(ACCEPTED, 100, "accepted", NONE, NOBODY, "accepted", "")                                               \
    X(MALFORMED, 101, "malformed", NEVER, SENDER, "not a CloudEvent 1.0 of the shape asked for",             \
      "compare the event with protocol.md section 5; check types, required members and instants")            \
    X(UNKNOWN_SOURCE, 102, "unknown_source", AFTER_FIX, SENDER, "source belongs to no agency of this key",   \
      "use the source that the municipality registered for this key")                                        \
    X(UNKNOWN_ACTOR, 103, "unknown_actor", AFTER_FIX, SENDER, "no such actor, or not an actor of this key",  \
      "check the id in source; a case can only be given to a regisseur of the town")                         \
    X(DUPLICATE, 104, "duplicate", NONE, NOBODY, "accepted before; counted once", "treat as success")        \
    X(ID_REUSED, 105, "id_reused", NEVER, SENDER, "this id was accepted before with a different event",      \
      "give every event an id of its own; to correct one, send a new id with supersedes")                    \
    X(UNKNOWN_TYPE, 106, "unknown_type", AFTER_FIX, SENDER, "type is not in the catalogue",                  \
      "ask the municipality which types it takes")                                                           \
    X(TYPE_NOT_ALLOWED, 107, "type_not_allowed", AFTER_FIX, SENDER,                                          \
      "this kind of agency may not send this type", "ask the municipality which types your agency may send") \
    X(NOT_ALLOWED, 108, "not_allowed", NEVER, SENDER, "this actor may not do this",                          \
      "only the one who holds the case, signal or role may")                                                 \
    X(WRONG_MUNICIPALITY, 109, "wrong_municipality", NEVER, SENDER, "not this municipality",                 \
      "send it to the broker of the municipality that data.municipality names")                              \
    X(NO_SUBJECT, 110, "no_subject", NEVER, SENDER, "neither a person nor an address",                       \
      "name at least one person or an address with a bag id")                                                \
    X(BAD_BSN, 111, "bad_bsn", NEVER, SENDER, "a BSN does not pass the elfproef", "check the nine digits")   \
    X(BAD_ADDRESS, 112, "bad_address", NEVER, SENDER,                                                        \
      "bag is not 16 digits, or buurt not BU and 8 of 0-9A-Z",                                               \
      "take the ids from the BAG and the CBS neighbourhood list")                                            \
    X(BAD_SEVERITY, 113, "bad_severity", NEVER, SENDER, "severity is not 1 to 5", "1 is light, 5 is acute")  \
    X(FUTURE, 114, "future", LATER, SENDER, "occurred_at lies in the future", "check the sender's clock")    \
    X(TOO_OLD, 115, "too_old", NEVER, SENDER, "occurred_at is beyond the retention of its type",             \
      "what is older than its term may not be kept")                                                         \
    X(UNKNOWN_SIGNAL, 116, "unknown_signal", NEVER, SENDER, "no such signal of this source",                 \
      "name the id of a signal that was accepted and has not left")                                          \
    X(UNKNOWN_CASE, 117, "unknown_case", NEVER, SENDER, "no such case", "cases are named C and a number")    \
    X(UNKNOWN_HOUSEHOLD, 118, "unknown_household", NEVER, SENDER, "no such household",                       \
      "households are named H and a number; a merged or erased one is gone")                                 \
    X(WRONG_STATE, 119, "wrong_state", NEVER, SENDER, "not possible in the present state",                   \
      "look at the case or signal again; somebody may have acted before you")                                \
    X(STALE_REVISION, 120, "stale_revision", AFTER_FIX, SENDER, "the case has changed since it was read",    \
      "read the case again, then act with its new revision")                                                 \
    X(HELD_BACK, 121, "held_back", LATER, SENDER, "the town's guard holds back so many",                     \
      "send it again when the pause has passed, or ask the operator")                                        \
    X(NO_CONVENANT, 122, "no_convenant", AFTER_FIX, SENDER,                                                  \
      "the agency's convenant does not hold at this time",                                                   \
      "ask the municipality to renew the convenant, and its operators to set the new dates in town.yaml")    \
    X(HELLO_FIRST, 200, "hello_first", AFTER_FIX, SENDER, "the session has not begun", "send HELLO first")   \
    X(BAD_FRAME, 201, "bad_frame", NEVER, SENDER, "the frame does not parse", "check protocol.md section 2") \
    X(BAD_VERSION, 202, "bad_version", AFTER_FIX, SENDER, "no protocol version in common",                   \
      "upgrade the client or the broker; WELCOME and this error name the range")                             \
    X(TOO_BIG, 203, "too_big", NEVER, SENDER, "larger than the published limit", "WELCOME names the limits") \
    X(BEYOND_CREDIT, 204, "beyond_credit", LATER, SENDER, "more unconfirmed items than the window allows",   \
      "wait for confirms; WELCOME and CONFIRM name the window")                                              \
    X(SEQUENCE_GAP, 205, "sequence_gap", AFTER_FIX, SENDER, "publish sequence is not the next one",          \
      "start a new session and send again what is not confirmed; that is always safe")                       \
    X(WRONG_ROLE, 206, "wrong_role", NEVER, SENDER, "this role may not use this verb",                       \
      "the table of roles is in protocol.md section 8")                                                      \
    X(UNKNOWN_KEY, 207, "unknown_key", AFTER_FIX, OPERATOR, "the key belongs to no party",                   \
      "register the public key: voordeur key add")                                                           \
    X(KEY_REVOKED, 208, "key_revoked", AFTER_FIX, OPERATOR, "the key is no longer valid",                    \
      "make a new pair and register it: voordeur key add")                                                   \
    X(NOT_FOUND, 209, "not_found", NEVER, SENDER, "no such thing, or not yours to see", "check the id")      \
    X(BUSY, 210, "busy", LATER, NOBODY, "at capacity", "try again after the named pause")                    \
    X(CLOSING, 211, "closing", LATER, NOBODY, "the broker is stopping", "connect again later")               \
    X(FOUR_EYES, 212, "four_eyes", NEVER, OPERATOR, "nobody approves a proposal of their own",               \
      "ask another operator to look at it and approve it")                                                   \
    X(KEY_EXPIRED, 213, "key_expired", AFTER_FIX, OPERATOR, "the term of the key is over",                   \
      "rotate keys before they end: voordeur key rotate; now, add a new one")                                \
    X(STORE_FULL, 300, "store_full", LATER, OPERATOR, "the store has no room for new signals",               \
      "give the volume more room or raise limits.store_bytes; nothing that was confirmed is lost")           \
    X(STORE_FAILED, 301, "store_failed", LATER, OPERATOR, "the disk failed to write or sync",                \
      "nothing more is confirmed; check the disk, then restart: the start verifies the log")                 \
    X(STORE_CORRUPT, 302, "store_corrupt", AFTER_FIX, OPERATOR, "stored bytes fail their check",             \
      "restore from a backup; do not edit the store")                                                        \
    X(STORE_VERSION, 303, "store_version", AFTER_FIX, OPERATOR, "the store was written by another version",  \
      "use the version that wrote it, or a later one that says it can read it")                              \
    X(STORE_BUSY, 304, "store_busy", AFTER_FIX, OPERATOR, "another process uses the store",                  \
      "stop the other voordeurd first")                                                                      \
    X(STORE_POSITION, 305, "store_position", LATER, NOBODY, "the log is not at the expected position", "")   \
    X(STORE_EPOCH, 306, "store_epoch", LATER, NOBODY, "another writer has taken over", "")                   \
    X(NO_MEMORY, 307, "no_memory", LATER, OPERATOR, "out of memory", "give the machine or the unit more")    \
    X(IO, 308, "io", LATER, OPERATOR, "a file or socket failed", "the message names it")                     \
    X(WRONG_KEY, 309, "wrong_key", AFTER_FIX, OPERATOR,                                                      \
      "a key is not the one that the store was written with",                                                \
      "put back the key file that belongs to this store; it is kept apart from its backups")                 \
    X(ERASED, 310, "erased", NEVER, NOBODY, "its content was erased, and its key is gone", "")               \
    X(SEALED, 311, "sealed", AFTER_FIX, OPERATOR, "the store is sealed, and no key to it was given",         \
      "give the tenant's key: store_key in node.yaml, --store-key FILE on the command line")                 \
    X(BAD_CONFIG, 400, "bad_config", AFTER_FIX, OPERATOR, "the configuration has an error",                  \
      "the message names file, line and column")                                                             \
    X(USAGE, 401, "usage", AFTER_FIX, SENDER, "the command line is wrong", "see --help")                     \
    X(TIMEOUT, 402, "timeout", LATER, NOBODY, "no answer in time", "check address, server key and broker")   \
    X(DISCONNECTED, 403, "disconnected", LATER, NOBODY, "not connected",                                     \
      "the client reconnects by itself; check address and server key")                                       \
    X(END, 404, "end", NONE, NOBODY, "nothing more", "")                                                     \
    X(TESTS_FAILED, 405, "tests_failed", AFTER_FIX, OPERATOR, "a rule test fails, or cannot be read",        \
      "the message tells what each shows; mend the rules or the tests: voordeur rules test plays them")

typedef enum vdr_err {
    VDR_OK = 0,
#define X(sym, number, code, class, actor, text, hint) VDR_E_##sym = (number),
    VDR_ERR_TABLE(X)
#undef X
} vdr_err;

typedef enum vdr_err_class {
    VDR_ERR_NONE,
    VDR_ERR_NEVER,
    VDR_ERR_AFTER_FIX,
    VDR_ERR_LATER,
} vdr_err_class;

typedef enum vdr_err_actor {
    VDR_ACTOR_NOBODY,
    VDR_ACTOR_SENDER,
    VDR_ACTOR_OPERATOR,
} vdr_err_actor;

/* All four are total: an unknown number gives "unknown" and class LATER. Never NULL. Any thread. */
const char *vdr_err_code(vdr_err err);
const char *vdr_err_text(vdr_err err);
const char *vdr_err_hint(vdr_err err);
const char *vdr_err_class_name(vdr_err_class error_class); /* "none", "never", "after_fix", "later" */
vdr_err_class vdr_err_class_of(vdr_err err);
vdr_err_actor vdr_err_actor_of(vdr_err err);
bool vdr_err_known(unsigned number); /* is there such a row (or 0)? for numbers from outside */

#endif

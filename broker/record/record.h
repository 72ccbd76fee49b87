/* broker/record/record.h - what a command looks like in the log: a routing part that steps it again without any key,
 * and a content part that holds the event as it came (BSNs, texts), for those who may read it.
 *
 * Routing: a version, the kind, then only what the command has; numbers are varints, lowest seven bits first,
 * never longer than needed; pseudonyms, digests and hashes as they are. What can be read writes as the same
 * bytes. A new form is a new version; old ones stay readable.
 * Content: a form byte, then the JSON event, an encoded typed item (proto/codec.h), or the three texts of a
 * configuration (also of one that is proposed), each with its length. That of a CARRY is the form byte and the record that it carries
 * (store/log.h). All else has none.
 *
 * VIEW, who was shown what (proto/protocol.md 7.13), for whoever audits: the viewer's kind and id; the number of
 * the query (vdr_query); the traceparent, empty where there is none; the reason, empty where it was theirs to see;
 * how many things, and of each kind, parts, household, case and position (vdr_command_seen). It is written when the
 * answer is made, and the answer leaves when it is durable; a page of an answer is one record. With a
 * term (cover_ms) the same answer has no other record until it is over (broker/desk/cover.h). It has no content.
 * What is delivered from mailboxes leaves no VIEW: a message is in the tale of the command that caused it, with its
 * mailbox and number, and the ACKS record that covers that number says when it had been read. It names things
 * (signal, case, household, parties) and, of feedback, its words; content is read, not delivered.
 *
 * REKEY (broker/core/rekey.h): BEGIN and END hold the next key's check, the key of id hashes, who and why; PAIRS
 * hold pseudonyms and digest halves, from and to. While keys change, events hold both of each, the one before last.
 *
 * Thread:  any; pure.
 * Errors:  STORE_CORRUPT: no bytes that were written here; STORE_VERSION: of a later version.
 * Memory:  what is read points into the bytes and into the arena. */
#ifndef VDR_BROKER_RECORD_H
#define VDR_BROKER_RECORD_H

#include "broker/core/command.h"
#include "broker/door/config_read.h"
#include "broker/door/event.h"

/* 2: a tick that says how many timers fire, a configuration that says under which key. 3: what operators ask for:
 * PROPOSE, DECIDE, RESUME, and a CONFIG that says who. 4: a PROPOSE of a key, and the kinds after RESUME. 5: a VIEW that
 * covers a term. All else
 * is of version 1, and so are these where they do not say it. */
#define VDR_RECORD_VERSION 5u

/* Writes the routing part: at most size bytes to at (NULL when size is 0); returns how many it has. Nothing
 * of it may be used when that is more than size. config is not part of it (the texts are the content). */
size_t vdr_command_write(const vdr_command *command, uint8_t *at, size_t size);

/* The command of a routing part. config is NULL. NO_MEMORY: over the arena's budget. */
VDR_MUST_CHECK vdr_err vdr_command_read(vdr_span routing, vdr_arena *arena, vdr_command *ret_command);

typedef enum vdr_content_form {
    VDR_CONTENT_NONE = 0, /* empty */
    VDR_CONTENT_JSON = 1,
    VDR_CONTENT_TYPED = 2,
    VDR_CONTENT_CONFIG = 3,
    VDR_CONTENT_PACKED = 4 /* of a CARRY: vdr_log_unpack reads it, nobody else */
} vdr_content_form;

/* The content of an event: its form and its bytes. NO_MEMORY: over the arena's budget. */
VDR_MUST_CHECK vdr_err vdr_content_write(vdr_content_form form, vdr_span bytes, vdr_arena *arena,
                                         vdr_span *ret_content);
/* The content of a configuration. */
VDR_MUST_CHECK vdr_err vdr_content_write_config(const vdr_config_texts *texts, vdr_arena *arena,
                                                vdr_span *ret_content);

VDR_MUST_CHECK vdr_err vdr_content_read(vdr_span content, vdr_content_form *ret_form, vdr_span *ret_bytes);
/* The texts, named town.yaml, catalogue.yaml and rules.yaml. */
VDR_MUST_CHECK vdr_err vdr_content_read_config(vdr_span content, vdr_config_texts *ret_texts);
/* The texts of a record to its command, which keeps them: of a CONFIG, or a PROPOSE of one. Nothing for another
 * command, or where the content is gone. room lives as long as the command. */
VDR_MUST_CHECK vdr_err vdr_content_attach(vdr_span content, vdr_config_texts *room, vdr_command *command);

/* The command that the door makes of a content now: as it was made when it was taken, but for keys that have changed
 * since (broker/core/rekey.h). STORE_CORRUPT: it is none of an event. */
VDR_MUST_CHECK vdr_err vdr_content_command(vdr_span content, const vdr_door *door, vdr_arena *arena,
                                           vdr_command *ret_command);

/* What the event of a content says, and its JSON text (a typed item's is made). */
VDR_MUST_CHECK vdr_err vdr_content_event(vdr_span content, vdr_arena *arena, vdr_event_content *ret_event);
VDR_MUST_CHECK vdr_err vdr_content_json(vdr_span content, vdr_arena *arena, vdr_span *ret_json);

#endif

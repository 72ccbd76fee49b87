/* broker/record/record_form.h - how a record's routing part is written and read, number by number. For the
 * parts of record.c only.
 *
 * Reading: what cannot be makes the reader bad and gives zeros, so only the end needs to ask. */
#ifndef VDR_BROKER_RECORD_FORM_H
#define VDR_BROKER_RECORD_FORM_H

#include "broker/record/record.h"
#include "proto/time.h"

/* ---- writing */

#define NUMBER_BYTES_MAX 10u

typedef struct writer {
    uint8_t *at;
    size_t size, used;
} writer;

static inline void
put(writer *out, const void *bytes, size_t len)
{
    if (bytes != NULL && out->at != NULL && out->used + len <= out->size)
        memcpy(out->at + out->used, bytes, len);
    out->used += len;
}

static inline void
put_number(writer *out, uint64_t number)
{
    uint8_t bytes[NUMBER_BYTES_MAX];
    bool room = out->at != NULL && out->used + NUMBER_BYTES_MAX <= out->size;
    uint8_t *begin = room ? out->at + out->used : bytes, *end = begin;
    for (; number >= 0x80; number >>= 7)
        *end++ = (uint8_t)(number | 0x80);
    *end++ = (uint8_t)number;
    if (room)
        out->used += (size_t)(end - begin);
    else
        put(out, bytes, (size_t)(end - begin));
}

static inline void
put_fixed64(writer *out, uint64_t number)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    put(out, bytes, sizeof bytes);
}

static inline void
put_text(writer *out, vdr_span text)
{
    put_number(out, text.len);
    put(out, text.at, text.len);
}

/* 0 is none. */
static inline void
put_instant(writer *out, vdr_ms at)
{
    VDR_ASSERT(at == VDR_MS_NONE || (at >= 0 && at <= VDR_TIME_MAX));
    put_number(out, at == VDR_MS_NONE ? 0 : (uint64_t)at + 1);
}

/* ---- reading */

typedef struct reader {
    const uint8_t *at, *end;
    vdr_arena *arena;
    bool bad;
} reader;

static inline const uint8_t *
take(reader *in, size_t len)
{
    if (len > (size_t)(in->end - in->at)) {
        in->bad = true;
        in->at = in->end;
        return NULL;
    }
    const uint8_t *at = in->at;
    in->at += len;
    return at;
}

static inline uint64_t
take_number(reader *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t *at = take(in, 1);
        if (at == NULL || (shift == 63 && *at > 1) || (*at == 0 && shift != 0))
            break; /* over the end, over 64 bits, or longer than needed */
        value |= (uint64_t)(*at & 0x7f) << shift;
        if (*at < 0x80)
            return value;
    }
    in->bad = true;
    return 0;
}

static inline uint64_t
take_fixed64(reader *in)
{
    const uint8_t *at = take(in, 8);
    uint64_t value = 0;
    for (unsigned i = 0; at != NULL && i < 8; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static inline vdr_key16
take_key(reader *in)
{
    vdr_key16 key = {{0}};
    const uint8_t *at = take(in, sizeof key.bytes);
    if (at != NULL)
        memcpy(key.bytes, at, sizeof key.bytes);
    return key;
}

static inline vdr_span
take_text(reader *in)
{
    uint64_t len = take_number(in);
    const uint8_t *at = take(in, (size_t)len);
    return at != NULL ? vdr_span_of(at, (size_t)len) : (vdr_span){0};
}

static inline vdr_ms
take_instant(reader *in)
{
    uint64_t number = take_number(in);
    if (number > (uint64_t)VDR_TIME_MAX + 1)
        in->bad = true;
    return number == 0 || in->bad ? VDR_MS_NONE : (vdr_ms)(number - 1);
}

/* A number that is there only when it is not 0. */
static inline uint64_t
take_some(reader *in)
{
    uint64_t number = take_number(in);
    in->bad |= number == 0;
    return number;
}

/* An array for count things of which each takes at least least bytes of what is left. */
static inline void *
take_array(reader *in, uint64_t count, size_t least, size_t size)
{
    if (in->bad || count == 0 || count > (size_t)(in->end - in->at) / least) {
        in->bad = true;
        return NULL;
    }
    return vdr_arena_alloc(in->arena, (size_t)count * size);
}

/* Empty is absent. */
static inline vdr_span
take_some_text(reader *in)
{
    vdr_span text = take_text(in);
    return text.len != 0 ? text : (vdr_span){0};
}

/* A number that names a kind, 1 .. last. */
static inline unsigned
take_kind(reader *in, unsigned last)
{
    uint64_t number = take_some(in);
    in->bad |= number > last;
    return in->bad ? 1 : (unsigned)number;
}

/* ---- parts of a routing part, behind its version, kind and time */

/* record_event.c: SIGNAL and ACT */
void vdr_record_put_event(writer *out, const vdr_command *c);
void vdr_record_take_event(reader *in, vdr_command *c);

/* record_control.c: PROPOSE, DECIDE, CONFIG, RESUME, REVOKE */
bool vdr_record_is_asked_for(const vdr_command *command); /* a CONFIG: by somebody, or by a number? */
void vdr_record_put_control(writer *out, const vdr_command *c);
/* version: 4 is of keys, 3 of everything before them. */
void vdr_record_take_control(reader *in, uint8_t version, vdr_command *c);

#endif

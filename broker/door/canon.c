#include "broker/door/canon.h"

static void
put(vdr_canon *canon, const void *bytes, size_t len)
{
    if (canon->batch != NULL) {
        if (vdr_keyed_batch_put(canon->batch, bytes, len))
            return;
        vdr_span text = vdr_keyed_batch_drop(canon->batch); /* too long for it */
        canon->batch = NULL;
        vdr_keyed_begin(&canon->hash, canon->key);
        vdr_keyed_add(&canon->hash, text.at, text.len);
    }
    vdr_keyed_add(&canon->hash, bytes, len);
}

static void
put_count(vdr_canon *canon, uint8_t tag, size_t count)
{
    uint8_t bytes[5] = {tag, (uint8_t)count, (uint8_t)(count >> 8), (uint8_t)(count >> 16),
                        (uint8_t)(count >> 24)};
    put(canon, bytes, sizeof bytes);
}

void
vdr_canon_begin(vdr_canon *canon, const vdr_keyed_key *key, vdr_keyed_batch *batch)
{
    canon->key = key;
    canon->batch = batch;
    if (batch != NULL)
        vdr_keyed_batch_open(batch);
    else
        vdr_keyed_begin(&canon->hash, key);
}

void
vdr_canon_object(vdr_canon *canon, size_t count)
{
    put_count(canon, 'o', count);
}

void
vdr_canon_name(vdr_canon *canon, vdr_span name)
{
    put_count(canon, 'm', name.len);
    put(canon, name.at, name.len);
}

void
vdr_canon_list(vdr_canon *canon, size_t count)
{
    put_count(canon, 'l', count);
}

void
vdr_canon_string(vdr_canon *canon, vdr_span text)
{
    put_count(canon, 's', text.len);
    put(canon, text.at, text.len);
}

void
vdr_canon_number(vdr_canon *canon, double number)
{
    uint64_t bits = 0;
    uint8_t bytes[9] = {'n'};
    if (number < 0 || number > 0) /* what is left is zero of either sign; JSON has no NaN */
        memcpy(&bits, &number, sizeof bits);
    for (unsigned i = 0; i < 8; i++)
        bytes[1 + i] = (uint8_t)(bits >> (8 * i));
    put(canon, bytes, sizeof bytes);
}

void
vdr_canon_value(vdr_canon *canon, const vdr_json *value)
{
    switch (value->kind) {
    case VDR_JSON_NULL:
        put(canon, "z", 1);
        break;
    case VDR_JSON_FALSE:
        put(canon, "f", 1);
        break;
    case VDR_JSON_TRUE:
        put(canon, "t", 1);
        break;
    case VDR_JSON_NUMBER:
        vdr_canon_number(canon, value->number);
        break;
    case VDR_JSON_STRING:
        vdr_canon_string(canon, value->text);
        break;
    case VDR_JSON_LIST:
        vdr_canon_list(canon, value->count);
        for (const vdr_json *item = value->first; item != NULL; item = item->next)
            vdr_canon_value(canon, item);
        break;
    case VDR_JSON_OBJECT:
        vdr_canon_object(canon, value->count);
        for (const vdr_json *member = value->first; member != NULL; member = member->next) {
            vdr_canon_name(canon, member->name);
            vdr_canon_value(canon, member);
        }
        break;
    }
}

void
vdr_canon_digest(vdr_canon *canon, vdr_key16 *ret_digest)
{
    if (canon->batch != NULL)
        vdr_keyed_batch_close(canon->batch, canon->key, ret_digest);
    else
        *ret_digest = vdr_keyed_end(&canon->hash);
}

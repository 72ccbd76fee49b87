/* The content part of a record (record.h): the event as it came, or the texts of a configuration. */
#include "broker/record/record.h"

#define LENGTH_BYTES 4u /* of a text in a configuration, little endian */

vdr_err
vdr_content_write(vdr_content_form form, vdr_span bytes, vdr_arena *arena, vdr_span *ret_content)
{
    uint8_t *at = vdr_arena_alloc(arena, bytes.len + 1);
    if (at == NULL)
        return VDR_E_NO_MEMORY;
    at[0] = (uint8_t)form;
    if (bytes.len != 0)
        memcpy(at + 1, bytes.at, bytes.len);
    *ret_content = vdr_span_of(at, bytes.len + 1);
    return VDR_OK;
}

vdr_err
vdr_content_write_config(const vdr_config_texts *texts, vdr_arena *arena, vdr_span *ret_content)
{
    size_t size = 1;
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++)
        size += LENGTH_BYTES + texts->text[i].len;
    uint8_t *at = vdr_arena_alloc(arena, size), *to = at;
    if (at == NULL)
        return VDR_E_NO_MEMORY;
    *to++ = VDR_CONTENT_CONFIG;
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++) {
        vdr_span text = texts->text[i];
        for (unsigned j = 0; j < LENGTH_BYTES; j++)
            *to++ = (uint8_t)(text.len >> (8 * j));
        if (text.len != 0)
            memcpy(to, text.at, text.len);
        to += text.len;
    }
    *ret_content = vdr_span_of(at, size);
    return VDR_OK;
}

/* A length and so many bytes off the front of rest. */
static bool
take_text(vdr_span *rest, vdr_span *ret_text)
{
    size_t len = 0;
    if (rest->len < LENGTH_BYTES)
        return false;
    for (unsigned i = 0; i < LENGTH_BYTES; i++)
        len |= (size_t)rest->at[i] << (8 * i);
    if (len > rest->len - LENGTH_BYTES)
        return false;
    *ret_text = vdr_span_of(rest->at + LENGTH_BYTES, len);
    *rest = vdr_span_of(rest->at + LENGTH_BYTES + len, rest->len - LENGTH_BYTES - len);
    return true;
}

vdr_err
vdr_content_read(vdr_span content, vdr_content_form *ret_form, vdr_span *ret_bytes)
{
    if (content.len == 0) {
        *ret_form = VDR_CONTENT_NONE;
        *ret_bytes = (vdr_span){0};
        return VDR_OK;
    }
    if (content.at[0] < VDR_CONTENT_JSON)
        return VDR_E_STORE_CORRUPT;
    if (content.at[0] > VDR_CONTENT_CONFIG)
        return VDR_E_STORE_VERSION;
    *ret_form = (vdr_content_form)content.at[0];
    *ret_bytes = vdr_span_of(content.at + 1, content.len - 1);
    return VDR_OK;
}

vdr_err
vdr_content_read_config(vdr_span content, vdr_config_texts *ret_texts)
{
    static const char *const names[VDR_CONFIG_FILES] = {"town.yaml", "catalogue.yaml", "rules.yaml"};
    vdr_content_form form;
    vdr_span bytes;
    vdr_config_texts texts;

    vdr_err err = vdr_content_read(content, &form, &bytes);
    if (err != VDR_OK)
        return err;
    if (form != VDR_CONTENT_CONFIG)
        return VDR_E_STORE_CORRUPT;
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++) {
        texts.name[i] = vdr_span_str(names[i]);
        if (!take_text(&bytes, &texts.text[i]))
            return VDR_E_STORE_CORRUPT;
    }
    if (bytes.len != 0)
        return VDR_E_STORE_CORRUPT;
    *ret_texts = texts;
    return VDR_OK;
}

vdr_err
vdr_content_attach(vdr_span content, vdr_config_texts *room, vdr_command *command)
{
    bool config = command->kind == VDR_COMMAND_CONFIG ||
                  (command->kind == VDR_COMMAND_PROPOSE && command->proposal == VDR_PROPOSAL_CONFIG);
    if (!config || content.len == 0)
        return VDR_OK;
    vdr_err err = vdr_content_read_config(content, room);
    if (err == VDR_OK)
        command->texts = room->text;
    return err;
}

/* A typed item that was taken once is taken again, or the bytes are not those. */
static vdr_err
typed_of(vdr_span bytes, vdr_arena *arena, const vdr_wire_typed **ret_typed)
{
    vdr_wire_item item;
    vdr_err err = vdr_item_decode(bytes, arena, &item);
    if (err == VDR_E_NO_MEMORY)
        return err;
    if (err != VDR_OK || item.typed == NULL)
        return VDR_E_STORE_CORRUPT;
    *ret_typed = item.typed;
    return VDR_OK;
}

vdr_err
vdr_content_command(vdr_span content, const vdr_door *door, vdr_arena *arena, vdr_command *ret_command)
{
    const vdr_event_options options = {0};
    vdr_content_form form;
    vdr_span bytes;
    const vdr_wire_typed *typed;

    vdr_err err = vdr_content_read(content, &form, &bytes);
    if (err != VDR_OK)
        return err;
    if (form == VDR_CONTENT_JSON) {
        vdr_event_read(door, &options, bytes, arena, ret_command, NULL);
        return VDR_OK;
    }
    if (form != VDR_CONTENT_TYPED)
        return VDR_E_STORE_CORRUPT;
    err = typed_of(bytes, arena, &typed);
    if (err == VDR_OK)
        vdr_event_typed(door, &options, typed, arena, ret_command);
    return err;
}

vdr_err
vdr_content_event(vdr_span content, vdr_arena *arena, vdr_event_content *ret_event)
{
    vdr_content_form form;
    vdr_span bytes;
    const vdr_wire_typed *typed;

    vdr_err err = vdr_content_read(content, &form, &bytes);
    if (err != VDR_OK)
        return err;
    if (form == VDR_CONTENT_JSON) {
        vdr_event_content_read(bytes, arena, ret_event);
        return VDR_OK;
    }
    if (form != VDR_CONTENT_TYPED)
        return VDR_E_STORE_CORRUPT;
    err = typed_of(bytes, arena, &typed);
    if (err == VDR_OK)
        vdr_event_content_typed(typed, arena, ret_event);
    return err;
}

vdr_err
vdr_content_json(vdr_span content, vdr_arena *arena, vdr_span *ret_json)
{
    vdr_content_form form;
    vdr_span bytes;
    const vdr_wire_typed *typed;

    vdr_err err = vdr_content_read(content, &form, &bytes);
    if (err != VDR_OK)
        return err;
    if (form == VDR_CONTENT_JSON) {
        *ret_json = bytes;
        return VDR_OK;
    }
    if (form != VDR_CONTENT_TYPED)
        return VDR_E_STORE_CORRUPT;
    err = typed_of(bytes, arena, &typed);
    if (err != VDR_OK)
        return err;
    err = vdr_event_render(typed, arena, ret_json);
    return err == VDR_E_MALFORMED || err == VDR_E_TOO_BIG ? VDR_E_STORE_CORRUPT : err;
}

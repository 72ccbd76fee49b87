#include "clients/cli/audit.h"

#include "broker/net/secret.h"
#include "broker/trail/desk.h"
#include "clients/cli/figures.h"
#include "clients/cli/show.h"

#include <stdio.h>
#include <time.h>

#define LOOK_MS 20
#define CHUNK   100000u

const char *
vdr_audit_parts(uint32_t parts)
{
    static const char *const names[] = {"facts", "content", "plan", "members", "numbers", "reasons", "notes"};
    static char text[80];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((parts & 1u << i) != 0)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used == 0 ? "" : ",", names[i]);
    }
    return text;
}

static vdr_ms
instant_of(const vdr_wire_row *row, const char *name)
{
    return vdr_row_has(row, name) ? (vdr_ms)vdr_row_figure(row, name) : VDR_MS_NONE;
}

static void
tell_row(const vdr_wire_row *row, vdr_audit_fn each, void *context)
{
    vdr_audit_line line = {.kind = vdr_row_word(row, "kind"),
                           .by = vdr_row_word(row, "by"),
                           .to = vdr_row_word(row, "to"),
                           .what = vdr_row_word(row, "what"),
                           .source = vdr_row_word(row, "source"),
                           .id = vdr_row_word(row, "id"),
                           .reason = vdr_row_word(row, "reason"),
                           .traceparent = vdr_row_word(row, "traceparent"),
                           .position = vdr_row_figure(row, "position"),
                           .signal = vdr_row_figure(row, "signal"),
                           .at = instant_of(row, "at_ms"),
                           .since = instant_of(row, "since_ms"),
                           .until = instant_of(row, "until_ms"),
                           .household = vdr_row_figure(row, "household"),
                           .other = vdr_row_figure(row, "other"),
                           .case_id = vdr_row_figure(row, "case"),
                           .parts = (uint32_t)vdr_row_figure(row, "parts")};
    each(context, &line);
}

/* ---- a running broker */

static void
write_ask(const vdr_trail_ask *ask, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    const struct {
        const char *name;
        uint64_t value;
    } terms[] = {{"household", ask->household.number},
                 {"case", ask->case_id.number},
                 {"from", ask->from != VDR_MS_NONE ? (uint64_t)ask->from : 0},
                 {"until", ask->until != VDR_MS_NONE ? (uint64_t)ask->until : 0},
                 {"kinds", ask->kinds}};
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        if (terms[i].value != 0)
            used += (size_t)snprintf(text + used, size - used, "%s%s=%llu", used == 0 ? "" : " ",
                                     terms[i].name, (unsigned long long)terms[i].value);
    }
    if (ask->party_kind != VDR_PARTY_NONE)
        (void)snprintf(text + used, size - used, "%sparty=%s:%.*s", used == 0 ? "" : " ",
                       vdr_party_kind_name(ask->party_kind), (int)ask->party.len,
                       (const char *)ask->party.at);
}

int
vdr_audit_ask_broker(const vdr_cli_verb *verb, const vdr_cli_link *link, vdr_client *client,
                     const vdr_trail_ask *ask, vdr_audit_fn each, void *context, vdr_audit_sum *ret_sum)
{
    char text[512];
    const vdr_wire_admin_result *result = NULL;
    vdr_wire_admin begin = {.verb = VDR_VERB_AUDIT, .time = VDR_MS_NONE};
    const vdr_wire_admin look = {.verb = VDR_VERB_AUDIT_LOOK, .time = VDR_MS_NONE};
    write_ask(ask, text, sizeof text);
    begin.name = vdr_span_str(text);
    if (vdr_client_admin(client, &begin, link->timeout_ms, &result) != VDR_OK)
        return vdr_cli_link_failed(link, client, verb->name);
    for (bool end = false; !end && !vdr_cli_stopped();) {
        const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
        if (vdr_client_admin(client, &look, link->timeout_ms, &result) != VDR_OK)
            return vdr_cli_link_failed(link, client, verb->name);
        for (size_t i = 0; i < result->row_count; i++)
            tell_row(&result->rows[i], each, context);
        end = vdr_figure(result, "end") != 0;
        *ret_sum = (vdr_audit_sum){.first = vdr_figure(result, "position_first"),
                                   .last = vdr_figure(result, "position_last"),
                                   .erased = vdr_figure(result, "erased")};
        if (vdr_figure(result, "running") != 0)
            (void)nanosleep(&pause, NULL);
    }
    return VDR_EXIT_OK;
}

/* ---- a store at rest */

int
vdr_audit_open(const vdr_cli_verb *verb, const char *dir, const vdr_cli_store_key *key, vdr_rest **ret_rest)
{
    char words[VDR_ENGINE_WORDS_BYTES] = "";
    uint8_t *secret;
    if (vdr_cli_store_key_read(verb->name, key, dir, &secret) != VDR_OK)
        return VDR_EXIT_FAILED;
    const vdr_store_keys keys = {.key = secret, .wrap = secret != NULL ? key->wrap : NULL};
    vdr_err err = vdr_rest_open(dir, &keys, ret_rest, words);
    vdr_secret_free(&secret);
    if (err == VDR_OK)
        return VDR_EXIT_OK;
    fprintf(stderr, "voordeur %s: %s\n  %s\n", verb->name, words, vdr_err_hint(err));
    return VDR_EXIT_FAILED;
}

int
vdr_audit_ask_store(const vdr_cli_verb *verb, vdr_rest *rest, const vdr_trail_ask *ask, vdr_audit_fn each,
                    void *context, vdr_audit_sum *ret_sum)
{
    vdr_trail *trail = NULL;
    vdr_trail_row row;
    vdr_arena arena;
    vdr_arena_init(&arena, (size_t)16 * 1024 * 1024);
    vdr_err err = vdr_trail_open(vdr_rest_log(rest), ask, vdr_rest_mailbox, rest, &trail);
    while (err == VDR_OK || err == VDR_E_BUSY) {
        err = vdr_trail_next(trail, CHUNK, &row);
        if (err != VDR_OK)
            continue;
        vdr_rows rows;
        vdr_arena_reset(&arena);
        vdr_rows_begin(&rows, &arena);
        vdr_trail_row_put(&rows, &row);
        vdr_rows_end(&rows);
        if (rows.count == 1)
            tell_row(&rows.at[0], each, context);
    }
    if (trail != NULL) {
        vdr_trail_sum sum = vdr_trail_sum_get(trail);
        *ret_sum = (vdr_audit_sum){.first = sum.first, .last = sum.last, .erased = sum.erased};
    }
    vdr_trail_close(&trail);
    vdr_arena_done(&arena);
    if (err == VDR_E_END)
        return VDR_EXIT_OK;
    fprintf(stderr, "voordeur %s: %s\n", verb->name, vdr_err_text(err));
    return VDR_EXIT_FAILED;
}

/* voordeur audit --logboek: the processing log, of a running broker or a store at rest, as JSON lines. */
#include "broker/net/secret.h"
#include "broker/trail/logboek.h"
#include "clients/cli/audit.h"
#include "clients/cli/figures.h"
#include "clients/cli/replay_store.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_MS     20   /* between two questions whether a page is there */
#define FOLLOW_MS   1000 /* between two for what has come since */
#define ARENA_BYTES ((size_t)1024 * 1024)

/* ---- a line */

static json_t *
resource_of(const vdr_wire_row *row)
{
    return json_pack("{s:{s:s, s:s, s:o}}", "attributes", "service.name", "voordeur", "service.version",
                     VDR_VERSION, "voordeur.municipality", vdr_cli_text(vdr_row_word(row, "municipality")));
}

static json_t *
attributes_of(const vdr_wire_row *row)
{
    vdr_span subject = vdr_row_word(row, "subject");
    json_t *o = json_pack("{s:o, s:I}", "dpl.core.processing_activity_id",
                          vdr_cli_text(vdr_row_word(row, "activity")), "voordeur.position",
                          (json_int_t)vdr_row_figure(row, "position"));
    if (subject.len != 0) {
        json_object_set_new(o, "dpl.core.data_subject_id", vdr_cli_text(subject));
        json_object_set_new(o, "dpl.core.data_subject_id_type", json_string(VDR_LOGBOEK_SUBJECT_TYPE));
    }
    return o;
}

static void
print_row(const vdr_wire_row *row)
{
    vdr_span parent = vdr_row_word(row, "parent_operation_id");
    json_t *o = json_pack("{s:o, s:o}", "trace_id", vdr_cli_text(vdr_row_word(row, "trace_id")),
                          "operation_id", vdr_cli_text(vdr_row_word(row, "operation_id")));
    if (parent.len != 0)
        json_object_set_new(o, "parent_operation_id", vdr_cli_text(parent));
    json_object_set_new(o, "status_code", json_integer((json_int_t)vdr_row_figure(row, "status_code")));
    json_object_set_new(o, "name", vdr_cli_text(vdr_row_word(row, "name")));
    json_object_set_new(o, "start_time", json_integer((json_int_t)vdr_row_figure(row, "start_ms")));
    json_object_set_new(o, "end_time", json_integer((json_int_t)vdr_row_figure(row, "end_ms")));
    json_object_set_new(o, "resource", resource_of(row));
    json_object_set_new(o, "attributes", attributes_of(row));
    vdr_cli_print(o);
}

/* first: the oldest record that rows could be had of; last: the newest that was told. */
static void
print_sum(const vdr_cli_verb *verb, const vdr_audit_logboek_ask *ask, vdr_position first, vdr_position last)
{
    vdr_position wanted = ask->position != 0 ? ask->position : 1;
    if (first > wanted)
        fprintf(
            stderr,
            "voordeur %s: of records %llu to %llu there are no lines any more: the log was cut, or erased "
            "in\n",
            verb->name, (unsigned long long)wanted, (unsigned long long)first - 1);
    fprintf(stderr, "told up to record %llu; what comes after: --from %llu\n", (unsigned long long)last,
            (unsigned long long)last + 1);
}

/* ---- a store at rest */

/* The key of the ids: one of their own, or derived from that of the store. */
static vdr_err
read_keys(const char *verb, const char *dir, const vdr_cli_store_key *store_key, const char *file,
          vdr_logboek_keys *ret_keys)
{
    char words[VDR_SECRET_WORDS];
    uint8_t *secret = NULL;
    vdr_err err;
    if (file != NULL) {
        err = vdr_secret_read_hex(file, &secret, words);
        if (err != VDR_OK)
            fprintf(stderr, "voordeur %s: %s\n", verb, words);
    } else {
        err = vdr_cli_store_key_read(verb, store_key, dir, &secret);
        if (err == VDR_OK && secret == NULL) {
            fprintf(
                stderr,
                "voordeur %s: this store has no key that ids of persons could be encrypted with: name one "
                "with --subject-key\n",
                verb);
            err = VDR_E_NOT_FOUND;
        }
    }
    if (err == VDR_OK)
        vdr_logboek_keys_init(ret_keys, secret);
    vdr_secret_free(&secret);
    return err;
}

static bool
is_wanted(const vdr_audit_logboek_ask *ask, const vdr_key16 *person, const vdr_logboek_row *row)
{
    bool is_theirs = ask->subject == NULL || (row->has_subject && memcmp(row->person.bytes, person->bytes,
                                                                         sizeof person->bytes) == 0);
    return is_theirs && row->position >= ask->position &&
           (ask->from == VDR_MS_NONE || row->end >= ask->from) &&
           (ask->until == VDR_MS_NONE || row->end < ask->until);
}

/* Through the form that a broker sends it in. */
static void
print_made(vdr_arena *arena, const vdr_logboek_row *row)
{
    vdr_rows rows;
    vdr_arena_reset(arena);
    vdr_rows_begin(&rows, arena);
    vdr_logboek_row_put(&rows, row);
    vdr_rows_end(&rows);
    if (rows.count == 1)
        print_row(&rows.at[0]);
}

static int
print_all(const vdr_cli_verb *verb, vdr_history *history, const vdr_logboek_keys *keys,
          const vdr_audit_logboek_ask *ask)
{
    char words[VDR_HISTORY_WORDS] = "";
    vdr_key16 person = {0};
    vdr_logboek *logboek = NULL;
    vdr_logboek_row row;
    vdr_arena arena;
    vdr_ms at;
    if (ask->subject != NULL &&
        vdr_logboek_subject_open(keys, vdr_span_str(ask->subject), &person) != VDR_OK) {
        fprintf(stderr, "voordeur %s: --subject is no data_subject_id that was made with this key\n",
                verb->name);
        return VDR_EXIT_FAILED;
    }
    vdr_arena_init(&arena, ARENA_BYTES);
    vdr_position first = vdr_history_from(history, &at) + 1;
    vdr_err err = vdr_logboek_open(history, keys, &logboek, words);
    while (err == VDR_OK) {
        err = vdr_logboek_next(logboek, &row, words);
        if (err == VDR_OK && is_wanted(ask, &person, &row))
            print_made(&arena, &row);
    }
    vdr_logboek_close(&logboek);
    vdr_arena_done(&arena);
    if (err == VDR_E_END) {
        print_sum(verb, ask, first, vdr_history_last(history));
        return vdr_cli_flush();
    }
    fprintf(stderr, "voordeur %s: %s\n", verb->name, words[0] != '\0' ? words : vdr_err_text(err));
    return VDR_EXIT_FAILED;
}

int
vdr_audit_logboek_store(const vdr_cli_verb *verb, const char *dir, const vdr_cli_store_key *key,
                        const vdr_audit_logboek_ask *ask)
{
    vdr_logboek_keys keys;
    vdr_cli_store store;
    int status = VDR_EXIT_FAILED;
    if (read_keys(verb->name, dir, key, ask->key, &keys) != VDR_OK)
        return status;
    if (vdr_cli_store_open(verb->name, dir, key, &store) == VDR_OK) {
        status = print_all(verb, store.history, &keys, ask);
        vdr_cli_store_close(&store);
    }
    vdr_logboek_keys_done(&keys);
    return status;
}

/* ---- a running broker */

static void
write_ask(const vdr_audit_logboek_ask *ask, char *text, size_t size)
{
    int used =
        snprintf(text, size, "position=%llu follow=%d", (unsigned long long)ask->position, ask->follow);
    if (ask->from != VDR_MS_NONE)
        used += snprintf(text + used, size - (size_t)used, " from=%llu", (unsigned long long)ask->from);
    if (ask->until != VDR_MS_NONE)
        (void)snprintf(text + used, size - (size_t)used, " until=%llu", (unsigned long long)ask->until);
}

/* Until the end; where it is followed until it is stopped, or standard output is gone. */
static int
print_pages(const vdr_cli_verb *verb, const vdr_cli_link *link, vdr_client *client,
            const vdr_audit_logboek_ask *ask)
{
    const vdr_wire_admin look = {.verb = VDR_VERB_LOGBOEK_LOOK, .time = VDR_MS_NONE};
    const vdr_wire_admin_result *result;
    vdr_position first = 1, last = 0;
    int status = VDR_EXIT_OK;
    for (bool end = false; (!end || ask->follow) && status == VDR_EXIT_OK && !vdr_cli_stopped();) {
        struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
        if (vdr_client_admin(client, &look, link->timeout_ms, &result) != VDR_OK)
            return vdr_cli_link_failed(link, client, verb->name);
        for (size_t i = 0; i < result->row_count; i++)
            print_row(&result->rows[i]);
        if (result->row_count != 0)
            status = vdr_cli_flush();
        end = vdr_figure(result, "end") != 0;
        if (vdr_figure(result, "running") == 0) {
            first = vdr_figure(result, "position_first");
            last = vdr_figure(result, "position");
        }
        if (end && ask->follow)
            pause = (struct timespec){.tv_sec = FOLLOW_MS / 1000};
        if (vdr_figure(result, "running") != 0 || (end && ask->follow))
            (void)nanosleep(&pause, NULL);
    }
    if (status == VDR_EXIT_OK)
        print_sum(verb, ask, first, last);
    return status;
}

int
vdr_audit_logboek_broker(const vdr_cli_verb *verb, const vdr_cli_link *link, const vdr_audit_logboek_ask *ask)
{
    char text[256];
    vdr_client_options how = {0};
    vdr_client *client;
    const vdr_wire_admin_result *result;
    vdr_wire_admin begin = {.verb = VDR_VERB_LOGBOEK, .time = VDR_MS_NONE};
    write_ask(ask, text, sizeof text);
    begin.name = vdr_span_str(text);
    int status = vdr_cli_link_open(verb, link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_cli_stop_catch();
    if (vdr_client_admin(client, &begin, link->timeout_ms, &result) != VDR_OK)
        status = vdr_cli_link_failed(link, client, verb->name);
    else
        status = print_pages(verb, link, client, ask);
    vdr_client_close(&client);
    return status;
}

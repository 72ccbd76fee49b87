/* voordeur audit --logboek: the processing log of a store at rest, as JSON lines. */
#include "broker/net/secret.h"
#include "broker/trail/logboek.h"
#include "clients/cli/audit.h"
#include "clients/cli/replay_store.h"

#include <stdio.h>
#include <string.h>

static json_t *
resource_of(const vdr_logboek_row *row)
{
    return json_pack("{s:{s:s, s:s, s:o}}", "attributes", "service.name", "voordeur", "service.version",
                     VDR_VERSION, "voordeur.municipality", vdr_cli_text(row->municipality));
}

static json_t *
attributes_of(const vdr_logboek_row *row)
{
    json_t *o = json_pack("{s:o, s:I}", "dpl.core.processing_activity_id", vdr_cli_text(row->activity),
                          "voordeur.position", (json_int_t)row->position);
    if (row->has_subject) {
        json_object_set_new(o, "dpl.core.data_subject_id", json_string(row->subject_id));
        json_object_set_new(o, "dpl.core.data_subject_id_type", json_string(VDR_LOGBOEK_SUBJECT_TYPE));
    }
    return o;
}

static void
print_row(const vdr_logboek_row *row)
{
    json_t *o = json_pack("{s:s, s:s}", "trace_id", row->trace_id, "operation_id", row->operation_id);
    if (row->parent_id[0] != '\0')
        json_object_set_new(o, "parent_operation_id", json_string(row->parent_id));
    json_object_set_new(o, "status_code", json_integer(row->status));
    json_object_set_new(o, "name", json_string(row->name));
    json_object_set_new(o, "start_time", json_integer((json_int_t)row->at));
    json_object_set_new(o, "end_time", json_integer((json_int_t)row->at));
    json_object_set_new(o, "resource", resource_of(row));
    json_object_set_new(o, "attributes", attributes_of(row));
    vdr_cli_print(o);
}

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
    return is_theirs && (ask->from == VDR_MS_NONE || row->at >= ask->from) &&
           (ask->until == VDR_MS_NONE || row->at < ask->until);
}

static int
print_all(const vdr_cli_verb *verb, vdr_history *history, const vdr_logboek_keys *keys,
          const vdr_audit_logboek_ask *ask)
{
    char words[VDR_HISTORY_WORDS] = "";
    vdr_key16 person = {0};
    vdr_logboek *logboek = NULL;
    vdr_logboek_row row;
    if (ask->subject != NULL &&
        vdr_logboek_subject_open(keys, vdr_span_str(ask->subject), &person) != VDR_OK) {
        fprintf(stderr, "voordeur %s: --subject is no data_subject_id that was made with this key\n",
                verb->name);
        return VDR_EXIT_FAILED;
    }
    vdr_err err = vdr_logboek_open(history, keys, &logboek, words);
    while (err == VDR_OK) {
        err = vdr_logboek_next(logboek, &row, words);
        if (err == VDR_OK && is_wanted(ask, &person, &row))
            print_row(&row);
    }
    vdr_logboek_close(&logboek);
    if (err == VDR_E_END)
        return vdr_cli_flush();
    fprintf(stderr, "voordeur %s: %s\n", verb->name, words[0] != '\0' ? words : vdr_err_text(err));
    return VDR_EXIT_FAILED;
}

int
vdr_audit_logboek(const vdr_cli_verb *verb, const char *dir, const vdr_cli_store_key *key,
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

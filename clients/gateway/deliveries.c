/* What the courier (clients/courier) says of itself, and its dead letters: files in its folder. Roles are this gateway's
 * own table, for the broker knows nothing of receivers. */
#include "clients/gateway/gate.h"
#include "clients/gateway/letters.h"
#include "clients/gateway/routes.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_BYTES_MAX ((size_t)1024 * 1024)

typedef struct letter_list {
    vdr_ask *ask;
    const char *delivery;
} letter_list;

static void
show_letter(void *context, const vdr_letter *letter)
{
    const letter_list *list = context;
    vdr_writer *w = &list->ask->w;
    char id[PATH_MAX];
    (void)snprintf(id, sizeof id, "%s.%llu", list->delivery, (unsigned long long)letter->seq);
    vdr_write_open(w, NULL, '{');
    vdr_write_string(w, "id", id);
    vdr_write_string(w, "delivery", list->delivery);
    vdr_write_number(w, "seq", letter->seq);
    vdr_write_string(w, "kind", letter->kind);
    vdr_write_instant(w, "at", letter->at);
    vdr_write_instant(w, "died", letter->died);
    vdr_write_number(w, "attempts", letter->attempts);
    vdr_write_string(w, "why", letter->why);
    vdr_write_flag(w, "again", letter->again);
    vdr_write_close(w, '}');
}

/* "regisseur:r-anna" as its folder is named; "zaken" is itself. */
static void
show_letters_of(vdr_ask *ask, const char *party)
{
    char name[256];
    (void)snprintf(name, sizeof name, "%s", party);
    char *colon = strchr(name, ':');
    if (colon != NULL)
        *colon = '-';
    letter_list list = {.ask = ask, .delivery = name};
    if (strchr(name, '/') == NULL &&
        vdr_letters_list(ask->api->gate->config->courier, name, show_letter, &list) != VDR_OK)
        (void)fprintf(stderr, "level=warn event=letters_unreadable delivery=%s\n", name);
}

/* Its own words, member by member; NULL: it has not run yet. */
static json_t *
read_status(const char *folder)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/status.json", folder) >= PATH_MAX)
        return NULL;
    return json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
}

static void
write_member(vdr_writer *w, const char *name, const json_t *value)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text != NULL)
        vdr_write_raw(w, name, vdr_span_str(text));
    free(text);
}

void
vdr_call_deliveries(vdr_ask *ask)
{
    const char *folder = ask->api->gate->config->courier;
    json_t *status = folder == NULL ? NULL : read_status(folder), *row;
    const json_t *deliveries = json_object_get(status, "deliveries");
    size_t i;
    vdr_write_open(&ask->w, NULL, '{');
    write_member(&ask->w, "at", json_object_get(status, "at"));
    if (json_is_array(deliveries)) {
        write_member(&ask->w, "items", deliveries);
    } else {
        vdr_write_open(&ask->w, "items", '[');
        vdr_write_close(&ask->w, ']');
    }
    write_member(&ask->w, "zaken", json_object_get(status, "zaken"));
    vdr_write_open(&ask->w, "letters", '[');
    json_array_foreach(deliveries, i, row)
    {
        const char *party = json_string_value(json_object_get(row, "party"));
        if (party != NULL)
            show_letters_of(ask, party);
    }
    if (json_object_get(status, "zaken") != NULL)
        show_letters_of(ask, "zaken");
    vdr_write_close(&ask->w, ']');
    vdr_write_close(&ask->w, '}');
    json_decref(status);
    vdr_ask_answer(ask, 200);
}

/* "regisseur-r-anna.12". False: it names nothing. */
static bool
parse_letter(vdr_span id, char name[256], uint64_t *ret_seq)
{
    if (id.len == 0 || id.len >= 256 || memchr(id.at, '/', id.len) != NULL ||
        memchr(id.at, '\0', id.len) != NULL)
        return false;
    memcpy(name, id.at, id.len);
    name[id.len] = '\0';
    char *dot = strrchr(name, '.'), *end;
    if (dot == NULL || dot == name || name[0] == '.' || dot[1] < '1' || dot[1] > '9' || strlen(dot + 1) > 19)
        return false;
    *dot = '\0';
    *ret_seq = strtoull(dot + 1, &end, 10);
    return *end == '\0';
}

/* One line, whatever was written: a reason is a JSON string. "": it is sent again. */
static void
log_letter(const vdr_ask *ask, const char *name, uint64_t seq, const char *reason)
{
    const vdr_identity *by = &ask->request->identity;
    json_t *value = json_string(reason);
    char *quoted = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    bool again = reason[0] == '\0';
    (void)fprintf(stderr, "level=info event=%s letter=%s.%llu by=%s:%s%s%s\n",
                  again ? "letter_again" : "letter_dropped", name, (unsigned long long)seq,
                  vdr_party_kind_name(by->party->kind), by->party->id,
                  again ? "" : " reason=", again || quoted == NULL ? "" : quoted);
    free(quoted);
    json_decref(value);
}

void
vdr_call_letter(vdr_ask *ask)
{
    const char *folder = ask->api->gate->config->courier;
    bool again = ask->route->what == 1;
    char name[256];
    uint64_t seq;
    vdr_form form;
    /* A retry takes no members; an empty body or {} is the same. What is thrown away is said why. */
    if (!vdr_ask_form(ask, !again, &form))
        return;
    const char *reason = again ? "" : vdr_form_text(&form, "reason", true, 1, VDR_REASON_BYTES_MAX);
    vdr_form_end(&form);
    if (!vdr_ask_sound(ask))
        return;
    vdr_err err = folder != NULL && parse_letter(vdr_ask_path(ask, 0), name, &seq) ? VDR_OK : VDR_E_NOT_FOUND;
    if (err == VDR_OK)
        err = again ? vdr_letter_again(folder, name, seq) : vdr_letter_drop(folder, name, seq);
    if (err != VDR_OK) {
        vdr_ask_refuse(ask, err, vdr_span_str(err == VDR_E_NOT_FOUND ? "there is no such letter" : NULL), 0);
        return;
    }
    log_letter(ask, name, seq, reason);
    vdr_ask_answer_empty(ask, again ? 202 : 204);
}

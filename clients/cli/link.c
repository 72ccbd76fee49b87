#include "clients/cli/link.h"

#include "proto/time.h"
#include "proto/utf8.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool
vdr_cli_link_take(vdr_cli_link *link, int option, const char *value)
{
    switch (option) {
    case VDR_OPT_HOME:
        link->home = value;
        return true;
    case VDR_OPT_AS:
        link->as = value;
        return true;
    case VDR_OPT_CONNECT:
        link->connect = value;
        return true;
    case VDR_OPT_SERVER_KEY:
        link->server_key = value;
        return true;
    case VDR_OPT_KEY:
        link->key = value;
        return true;
    case VDR_OPT_JSON:
        link->json = true;
        return true;
    case VDR_OPT_TIMEOUT:
        if (vdr_duration_parse(vdr_span_str(value), &link->timeout_ms))
            return true;
        fprintf(stderr, "voordeur: --timeout %s: an integer and s, m, h or d was expected, as 30s\n", value);
        return false;
    default:
        return false;
    }
}

json_t *
vdr_cli_home_read(const char *home)
{
    char path[PATH_MAX];
    json_error_t error;
    if (snprintf(path, sizeof path, "%s/clients.json", home) >= (int)sizeof path) {
        fprintf(stderr, "voordeur: the name of the folder is too long\n");
        return NULL;
    }
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fprintf(stderr, "voordeur: %s: %s (line %d); a home is made by `voordeur init`\n", path, error.text,
                error.line);
    return root;
}

/* The three paths of a party, from clients.json. */
static bool
look_up(const char *home, const char *as, char address[PATH_MAX], char server[PATH_MAX], char key[PATH_MAX])
{
    json_t *root = vdr_cli_home_read(home);
    if (root == NULL)
        return false;
    bool operators = strncmp(as, "operator:", 9) == 0 || strncmp(as, "auditor:", 8) == 0;
    const char *listen = json_string_value(json_object_get(root, operators ? "operators" : "listen"));
    const char *public_key = json_string_value(json_object_get(root, "server_key"));
    const char *key_file = NULL;
    json_t *party;
    size_t i;
    json_array_foreach(json_object_get(root, "parties"), i, party)
    {
        const char *name = json_string_value(json_object_get(party, "party"));
        if (name != NULL && strcmp(name, as) == 0)
            key_file = json_string_value(json_object_get(party, "key"));
    }
    bool good = listen != NULL && public_key != NULL && key_file != NULL;
    if (good)
        good = snprintf(address, PATH_MAX, "%s", listen) < PATH_MAX &&
               snprintf(server, PATH_MAX, "%s/%s", home, public_key) < PATH_MAX &&
               snprintf(key, PATH_MAX, "%s/%s", home, key_file) < PATH_MAX;
    if (!good)
        fprintf(stderr, "voordeur: %s/clients.json knows no party %s; `voordeur parties` lists them\n", home,
                as);
    json_decref(root);
    return good;
}

int
vdr_cli_link_open(const vdr_cli_verb *verb, const vdr_cli_link *link, vdr_client_options *options, bool wait,
                  vdr_client **ret_client)
{
    static char address[PATH_MAX], server[PATH_MAX], key[PATH_MAX]; /* one link a process */
    const char *home = link->home != NULL ? link->home : getenv("VOORDEUR_HOME");
    const char *as = link->as != NULL ? link->as : getenv("VOORDEUR_AS");

    if (link->connect != NULL || link->server_key != NULL || link->key != NULL) {
        if (link->connect == NULL || link->server_key == NULL || link->key == NULL)
            return vdr_cli_usage(verb, "--connect, --server-key and --key go together");
        options->endpoint = link->connect;
        options->server_key_file = link->server_key;
        options->key_file = link->key;
    } else {
        if (home == NULL || as == NULL)
            return vdr_cli_usage(verb, "say which broker and who you are: --home DIR --as PARTY");
        if (!look_up(home, as, address, server, key))
            return VDR_EXIT_USAGE;
        options->endpoint = address;
        options->server_key_file = server;
        options->key_file = key;
    }
    if (options->name == NULL)
        options->name = "voordeur";

    vdr_client_error error;
    vdr_client *client = NULL;
    if (vdr_client_open(options, &client, &error) != VDR_OK) {
        fprintf(stderr, "voordeur: %s: %s\n", error.code, error.text);
        if (error.hint[0] != '\0')
            fprintf(stderr, "  %s\n", error.hint);
        return VDR_EXIT_USAGE;
    }
    if (wait && vdr_client_connect(client, link->timeout_ms) != VDR_OK) {
        int status = vdr_cli_link_failed(link, client, options->endpoint);
        vdr_client_close(&client);
        return status;
    }
    *ret_client = client;
    return VDR_EXIT_OK;
}

int
vdr_cli_link_failed(const vdr_cli_link *link, const vdr_client *client, const char *what)
{
    vdr_client_error error;
    vdr_client_error_get(client, &error);
    if (link->json) {
        json_t *line = json_pack("{s:s, s:s, s:s, s:s}", "event", "error", "code", error.code, "text",
                                 error.text, "hint", error.hint);
        char *text = json_dumps(line, JSON_COMPACT);
        fprintf(stderr, "%s\n", text);
        free(text);
        json_decref(line);
    } else {
        vdr_cli_calm(error.text, strlen(error.text));
        fprintf(stderr, "voordeur: %s: %s: %s\n", what, error.code, error.text);
        if (error.hint[0] != '\0')
            fprintf(stderr, "  %s\n", error.hint);
    }
    return VDR_EXIT_FAILED;
}

json_t *
vdr_cli_text(vdr_span text)
{
    if (text.at == NULL)
        return json_null();
    json_t *string = json_stringn((const char *)text.at, text.len);
    if (string != NULL)
        return string;
    /* Not UTF-8: a path, or what another program sent. It is told as well as it can be, never left out. */
    char *mended = vdr_alloc(text.len + 1, 1);
    memcpy(mended, text.at, text.len);
    vdr_utf8_mend(mended);
    string = json_string(mended);
    free(mended);
    return string;
}

json_t *
vdr_cli_texts(const vdr_span *texts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, vdr_cli_text(texts[i]));
    return array;
}

void
vdr_cli_set_result(json_t *object, const vdr_wire_admin_result *result)
{
    for (size_t i = 0; i < result->text_count; i++)
        json_object_setn_new_nocheck(object, (const char *)result->texts[i].name.at,
                                     result->texts[i].name.len, vdr_cli_text(result->texts[i].text));
    for (size_t i = 0; i < result->counter_count; i++)
        json_object_setn_new_nocheck(object, (const char *)result->counters[i].name.at,
                                     result->counters[i].name.len,
                                     json_integer((json_int_t)result->counters[i].value));
}

json_t *
vdr_cli_instant(vdr_ms ms)
{
    char text[VDR_TIME_TEXT_BYTES];
    if (ms < 0 || ms > VDR_TIME_MAX)
        return json_null();
    vdr_time_format(ms, text);
    return json_stringn(text, sizeof text);
}

json_t *
vdr_cli_number_id(char letter, uint64_t number)
{
    return number == 0 ? json_null() : json_sprintf("%c%llu", letter, (unsigned long long)number);
}

void
vdr_cli_print(json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);
    VDR_ASSERT(text != NULL);
    puts(text);
    free(text);
    json_decref(value);
}

uint64_t
vdr_cli_number(const char *text, char letter)
{
    char *end;
    if (text[0] != letter || text[1] < '1' || text[1] > '9')
        return 0;
    errno = 0;
    unsigned long long number = strtoull(text + 1, &end, 10);
    return errno == 0 && *end == '\0' ? number : 0;
}

void
vdr_cli_calm(char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t control = vdr_utf8_control(vdr_span_of(text, len), i);
        memset(text + i, ' ', control);
        i += control != 0 ? control : 1;
    }
}

/* ---- Tables ---- */

void
vdr_cli_table_init(vdr_cli_table *table, const char *const *heads, size_t columns)
{
    *table = (vdr_cli_table){.heads = heads, .columns = columns};
}

void
vdr_cli_table_cell(vdr_cli_table *table, const char *format, ...)
{
    va_list arguments;
    char cell[512];
    va_start(arguments, format);
    vsnprintf(cell, sizeof cell, format, arguments);
    va_end(arguments);
    vdr_utf8_mend(cell); /* it may have been cut */
    vdr_cli_calm(cell, strlen(cell));
    if (table->count == table->size) {
        table->size = table->size != 0 ? table->size * 2 : 64;
        table->cells = vdr_realloc(table->cells, table->size, sizeof *table->cells);
    }
    size_t len = strlen(cell) + 1;
    table->cells[table->count] = vdr_alloc(1, len);
    memcpy(table->cells[table->count++], cell, len);
}

/* Characters, not bytes: what begins none is not counted. */
static size_t
width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void
vdr_cli_table_print(vdr_cli_table *table)
{
    size_t widest[16];
    VDR_ASSERT(table->columns <= 16 && table->count % table->columns == 0);
    for (size_t column = 0; column < table->columns; column++)
        widest[column] = width_of(table->heads[column]);
    for (size_t i = 0; i < table->count; i++) {
        size_t width = width_of(table->cells[i]);
        if (width > widest[i % table->columns])
            widest[i % table->columns] = width;
    }
    for (size_t row = 0; row <= table->count / table->columns; row++) {
        for (size_t column = 0; column < table->columns; column++) {
            const char *cell =
                row == 0 ? table->heads[column] : table->cells[(row - 1) * table->columns + column];
            bool last = column + 1 == table->columns;
            printf("%s%*s", cell, last ? 0 : (int)(widest[column] - width_of(cell) + 2), "");
        }
        putchar('\n');
    }
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    table->cells = NULL;
    table->count = table->size = 0;
}

/* ---- Ending ---- */

static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
    (void)number;
    stopped = 1;
}

void
vdr_cli_stop_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool
vdr_cli_stopped(void)
{
    return stopped != 0;
}

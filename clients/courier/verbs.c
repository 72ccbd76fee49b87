#include "clients/courier/verbs.h"

#include "clients/courier/config.h"
#include "clients/gateway/letters.h"
#include "clients/courier/zaken.h"
#include "proto/time.h"

#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char letters_help[] =
    "Usage: voordeur-courier letters list   --config FILE [--json]\n"
    "       voordeur-courier letters replay --config FILE PARTY|zaken SEQ|all\n"
    "       voordeur-courier letters drop   --config FILE PARTY|zaken SEQ|all\n"
    "\n"
    "Dead letters: messages that a receiver did not take. What is in them stays sealed. replay has the\n"
    "courier that runs send them again within seconds, after what it is at; drop throws them away.\n";

static const char status_help[] =
    "Usage: voordeur-courier status --config FILE [--json]\n"
    "\n"
    "How each delivery stands: what waits, what failed last, when it is tried again.\n";

typedef struct letter_verb {
    const char *folder, *name; /* of the party's folder */
    bool json, all, drop;
    uint64_t seq;
    size_t count;
    vdr_err err;
} letter_verb;

static vdr_courier_config *
read_config(const char *path)
{
    vdr_courier_config *config = NULL;
    vdr_bytes words = {0};
    if (path == NULL)
        (void)fputs("voordeur-courier: --config is needed\n", stderr);
    else if (vdr_courier_config_read(path, &config, &words) != VDR_OK)
        (void)fprintf(stderr, "%.*s", (int)words.len, (const char *)words.at);
    vdr_bytes_done(&words);
    return config;
}

static void
print_letter(void *context, const vdr_letter *letter)
{
    letter_verb *verb = context;
    char died[VDR_TIME_TEXT_BYTES];
    vdr_time_format(letter->died, died);
    verb->count++;
    if (verb->json) {
        json_t *line = json_pack("{s:s, s:I, s:s, s:o, s:I, s:s, s:b}", "party", verb->name, "seq",
                                 (json_int_t)letter->seq, "kind", letter->kind, "died",
                                 json_stringn(died, sizeof died), "attempts", (json_int_t)letter->attempts,
                                 "why", letter->why, "again", letter->again ? 1 : 0);
        char *text = json_dumps(line, JSON_COMPACT);
        (void)puts(text);
        free(text);
        json_decref(line);
        return;
    }
    (void)printf("%-28s %8llu  %-24s %.16s  %llu x  %s%s\n", verb->name, (unsigned long long)letter->seq,
                 letter->kind, died, (unsigned long long)letter->attempts, letter->why,
                 letter->again ? "  (waits to go again)" : "");
}

static void
touch_letter(void *context, const vdr_letter *letter)
{
    letter_verb *verb = context;
    if (!verb->all && letter->seq != verb->seq)
        return;
    if (letter->again && !verb->drop)
        return;
    vdr_err err = verb->drop ? vdr_letter_drop(verb->folder, verb->name, letter->seq)
                             : vdr_letter_again(verb->folder, verb->name, letter->seq);
    verb->count += err == VDR_OK;
    if (err != VDR_OK)
        verb->err = err;
}

static int
list_letters(const vdr_courier_config *config, letter_verb *verb)
{
    for (size_t i = 0; i < config->delivery_count + (config->zaken != NULL ? 1 : 0); i++) {
        verb->name = i < config->delivery_count ? config->deliveries[i].name : VDR_ZAKEN_NAME;
        if (vdr_letters_list(config->folder, verb->name, print_letter, verb) != VDR_OK) {
            (void)fprintf(stderr, "voordeur-courier: %s/%s cannot be read\n", config->folder, verb->name);
            return VDR_COURIER_FAILED;
        }
    }
    if (verb->count == 0 && !verb->json)
        (void)puts("no dead letters");
    return VDR_COURIER_DONE;
}

static int
touch_letters(const vdr_courier_config *config, letter_verb *verb, const char *party, const char *seq)
{
    char *end;
    verb->all = strcmp(seq, "all") == 0;
    verb->seq = verb->all ? 0 : strtoull(seq, &end, 10);
    if (!verb->all && (*end != '\0' || verb->seq == 0)) {
        (void)fprintf(stderr, "voordeur-courier: %s: expected a message's number, or all\n", seq);
        return VDR_COURIER_USAGE;
    }
    if (config->zaken != NULL && strcmp(party, VDR_ZAKEN_NAME) == 0)
        verb->name = VDR_ZAKEN_NAME;
    for (size_t i = 0; i < config->delivery_count; i++)
        if (strcmp(config->deliveries[i].party, party) == 0 || strcmp(config->deliveries[i].name, party) == 0)
            verb->name = config->deliveries[i].name;
    if (verb->name == NULL) {
        (void)fprintf(stderr, "voordeur-courier: %s: nothing is delivered for that party\n", party);
        return VDR_COURIER_USAGE;
    }
    vdr_err err = vdr_letters_list(config->folder, verb->name, touch_letter, verb);
    if (err != VDR_OK || verb->err != VDR_OK) {
        (void)fprintf(stderr, "voordeur-courier: %s/%s cannot be changed\n", config->folder, verb->name);
        return VDR_COURIER_FAILED;
    }
    if (verb->count == 0 && !verb->all) {
        (void)fprintf(stderr, "voordeur-courier: %s has no letter %s\n", party, seq);
        return VDR_COURIER_FAILED;
    }
    (void)printf("%zu %s\n", verb->count, verb->drop ? "dropped" : "will be sent again");
    return VDR_COURIER_DONE;
}

static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

int
vdr_courier_letters(int argc, char **argv)
{
    const char *path = NULL, *verb = argc > 1 ? argv[1] : "";
    letter_verb it = {0};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(letters_help, stdout);
            return VDR_COURIER_DONE;
        }
        if (option == 'c')
            path = optarg;
        else if (option == 'j')
            it.json = true;
        else
            return VDR_COURIER_USAGE;
    }
    bool list = strcmp(verb, "list") == 0;
    it.drop = strcmp(verb, "drop") == 0;
    if ((!list && !it.drop && strcmp(verb, "replay") != 0) || argc - optind != (list ? 1 : 3)) {
        (void)fputs(letters_help, stderr);
        return VDR_COURIER_USAGE;
    }
    vdr_courier_config *config = read_config(path);
    if (config == NULL)
        return VDR_COURIER_USAGE;
    it.folder = config->folder;
    int status =
        list ? list_letters(config, &it) : touch_letters(config, &it, argv[optind + 1], argv[optind + 2]);
    vdr_courier_config_free(&config);
    return status;
}

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

static void
print_row(const char *name, const json_t *row, const char *waits)
{
    (void)printf("%-28s %-10s %8lld %8lld %8lld %6lld  %s\n", name, text_of(row, "state"),
                 (long long)json_integer_value(json_object_get(row, waits)),
                 (long long)json_integer_value(json_object_get(row, "failed")),
                 (long long)json_integer_value(json_object_get(row, "dead")),
                 (long long)json_integer_value(json_object_get(row, "attempts")), text_of(row, "why"));
}

int
vdr_courier_status(int argc, char **argv)
{
    const char *config_path = NULL;
    bool as_json = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(status_help, stdout);
            return VDR_COURIER_DONE;
        }
        if (option == 'c')
            config_path = optarg;
        else if (option == 'j')
            as_json = true;
        else
            return VDR_COURIER_USAGE;
    }
    vdr_courier_config *config = read_config(config_path);
    if (config == NULL)
        return VDR_COURIER_USAGE;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/status.json", config->folder);
    vdr_courier_config_free(&config);
    json_t *told = json_load_file(path, 0, NULL), *row;
    if (told == NULL) {
        (void)fprintf(stderr, "voordeur-courier: %s cannot be read: has the courier ever run?\n", path);
        return VDR_COURIER_FAILED;
    }
    if (as_json) {
        (void)json_dumpf(told, stdout, JSON_COMPACT);
        (void)puts("");
    } else {
        size_t i;
        (void)printf("as of %s\n%-28s %-10s %8s %8s %8s %6s  %s\n", text_of(told, "at"), "DELIVERY", "STATE",
                     "WAITING", "FAILED", "DEAD", "TRIES", "WHY");
        json_array_foreach(json_object_get(told, "deliveries"), i, row)
            print_row(text_of(row, "party"), row, "waiting");
        if ((row = json_object_get(told, "zaken")) != NULL)
            print_row("zaken", row, "none");
    }
    json_decref(told);
    return VDR_COURIER_DONE;
}

#include "clients/courier/zaken.h"

#include "clients/gateway/letters.h"
#include "clients/courier/zgw.h"
#include "clients/lib/client.h"
#include "proto/time.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#define STEP_MS    INT64_C(200)
#define WINDOW     256
#define NAME_BYTES 64

/* What a line says of a case. */
typedef struct happening {
    uint64_t position, case_number;
    vdr_change change;
    vdr_case_state state;
    vdr_ms at;
    char regisseur[NAME_BYTES * 4]; /* "": nobody */
} happening;

struct vdr_zaken {
    const vdr_courier_config *config;
    vdr_zgw zgw;
    char zgw_words[VDR_ZGW_WORDS];
    vdr_client *client;
    char municipality[NAME_BYTES];
    pthread_t thread;
    atomic_bool stop;
    uint8_t letter_key[VDR_LETTER_KEY_BYTES];
    happening *queue; /* of this turn */
    size_t count, size;
    uint64_t reached;     /* lines before this position have come */
    uint64_t on_disk;     /* the position in the file */
    pthread_mutex_t lock; /* of status */
    vdr_zaken_status status;
};

void
vdr_zaken_status_get(vdr_zaken *zaken, vdr_zaken_status *ret_status)
{
    (void)pthread_mutex_lock(&zaken->lock);
    *ret_status = zaken->status;
    (void)pthread_mutex_unlock(&zaken->lock);
}

static void
tell(vdr_zaken *zaken, bool retrying, const char *why)
{
    (void)pthread_mutex_lock(&zaken->lock);
    zaken->status.retrying = retrying;
    zaken->status.failed += retrying;
    zaken->status.position = zaken->on_disk;
    (void)snprintf(zaken->status.why, sizeof zaken->status.why, "%s", why);
    (void)pthread_mutex_unlock(&zaken->lock);
}

static bool
rest(vdr_zaken *zaken, int64_t rest_ms)
{
    int64_t until = vdr_lib_now_ms() + rest_ms;
    while (!atomic_load(&zaken->stop)) {
        int64_t left = until - vdr_lib_now_ms();
        if (left <= 0)
            return true;
        (void)vdr_client_wait(zaken->client, left < STEP_MS ? left : STEP_MS);
    }
    return false;
}

/* ---- Where it is ---- */

static vdr_err
read_position(const char *folder, uint64_t *ret_position, char *ret_words)
{
    char path[PATH_MAX], text[32] = {0};
    if (snprintf(path, sizeof path, "%s/zaken.position", folder) >= PATH_MAX)
        return VDR_E_USAGE;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *ret_position = 0; /* from the log's first record */
        return VDR_OK;
    }
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        (void)close(fd);
    char *end;
    unsigned long long position = strtoull(text, &end, 10);
    if (got <= 0 || end == text || *end != '\n') {
        (void)snprintf(ret_words, 256, "%.200s: is no position; remove it to begin again", path);
        return VDR_E_USAGE;
    }
    *ret_position = position;
    return VDR_OK;
}

/* The line at work: not synced each time, for every step looks before it writes. */
static void
write_position(vdr_zaken *zaken, uint64_t position)
{
    char path[PATH_MAX], beside[PATH_MAX], text[32];
    if (position == zaken->on_disk)
        return;
    int len = snprintf(text, sizeof text, "%llu\n", (unsigned long long)position);
    if (snprintf(path, sizeof path, "%s/zaken.position", zaken->config->folder) >= PATH_MAX ||
        snprintf(beside, sizeof beside, "%s/zaken.position.new", zaken->config->folder) >= PATH_MAX)
        return;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, text, (size_t)len) == len && fdatasync(fd) == 0;
    if (fd >= 0)
        good = close(fd) == 0 && good;
    if (good && rename(beside, path) == 0)
        zaken->on_disk = position;
    else
        (void)fprintf(stderr, "level=error event=position_not_written text=\"%s\"\n", strerror(errno));
}

/* ---- One line ---- */

/* (callback) Copies what is about cases. */
static void
on_line(void *context, const vdr_wire_line *line)
{
    vdr_zaken *zaken = context;
    const vdr_decision *d = &line->decision;
    if (line->position > zaken->reached)
        zaken->reached = line->position;
    if (d->kind != VDR_DECISION_CASE)
        return;
    if (zaken->count == zaken->size) {
        zaken->size = zaken->size == 0 ? 64 : 2 * zaken->size;
        zaken->queue = vdr_realloc(zaken->queue, zaken->size, sizeof *zaken->queue);
    }
    happening *h = &zaken->queue[zaken->count++];
    *h = (happening){.position = line->position,
                     .case_number = d->case_id.number,
                     .change = d->change,
                     .state = d->state,
                     .at = vdr_time_fit(d->at)};
    (void)snprintf(h->regisseur, sizeof h->regisseur, "%.*s", (int)d->regisseur.len,
                   (const char *)d->regisseur.at);
}

static vdr_err
ending(vdr_zaken *zaken, const char *zaak, const happening *h)
{
    vdr_zaak_result result = h->state == VDR_CASE_DISMISSED   ? VDR_ZAAK_DISMISSED
                             : h->state == VDR_CASE_RETRACTED ? VDR_ZAAK_RETRACTED
                             : h->state == VDR_CASE_MERGED    ? VDR_ZAAK_MERGED
                                                              : VDR_ZAAK_CLOSED;
    vdr_err err = vdr_zgw_result(&zaken->zgw, zaak, result);
    return err != VDR_OK ? err : vdr_zgw_status(&zaken->zgw, zaak, VDR_ZAAK_ENDED, h->at);
}

static vdr_err
keep_in_step(vdr_zaken *zaken, const happening *h)
{
    char identificatie[NAME_BYTES + 32], zaak[VDR_ZGW_URL_MAX], audit[64];
    (void)snprintf(identificatie, sizeof identificatie, "%s-C%llu", zaken->municipality,
                   (unsigned long long)h->case_number);
    (void)snprintf(audit, sizeof audit, "Voordeur, besluit %llu", (unsigned long long)h->position);
    zaken->zgw.audit = audit;
    vdr_err err = vdr_zgw_zaak(&zaken->zgw, identificatie, h->at, zaak);
    if (err != VDR_OK)
        return err;
    bool held = h->state == VDR_CASE_OFFERED || h->state == VDR_CASE_ACTIVE;
    if (!held && h->state != VDR_CASE_UNASSIGNED)
        return ending(zaken, zaak, h); /* who held it last stays with it */
    err = vdr_zgw_regisseur(&zaken->zgw, zaak, held && h->regisseur[0] != '\0' ? h->regisseur : NULL);
    if (err == VDR_OK && h->change == VDR_CHANGE_PROPOSED)
        err = vdr_zgw_status(&zaken->zgw, zaak, VDR_ZAAK_OPENED, h->at);
    else if (err == VDR_OK && h->change == VDR_CHANGE_ACCEPTED)
        err = vdr_zgw_status(&zaken->zgw, zaak, VDR_ZAAK_ACCEPTED, h->at);
    else if (err == VDR_OK && h->change == VDR_CHANGE_PLAN_SET)
        err = vdr_zgw_status(&zaken->zgw, zaak, VDR_ZAAK_PLANNED, h->at);
    return err;
}

/* What the case system refused, to be tried again when somebody has mended it. */
static vdr_err
write_letter(vdr_zaken *zaken, const happening *h)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    vdr_letter letter = {.seq = h->position,
                         .at = h->at,
                         .died = (vdr_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000,
                         .attempts = 1};
    (void)snprintf(letter.kind, sizeof letter.kind, "C%llu %s", (unsigned long long)h->case_number,
                   vdr_change_name(h->change));
    (void)snprintf(letter.why, sizeof letter.why, "%s", zaken->zgw_words);
    vdr_err err = vdr_letter_write(zaken->config->folder, VDR_ZAKEN_NAME, &letter, vdr_span_of(h, sizeof *h),
                                   zaken->letter_key);
    if (err != VDR_OK)
        return err;
    (void)fprintf(stderr, "level=error event=dead_letter party=zaken seq=%llu text=\"%s\"\n",
                  (unsigned long long)h->position, zaken->zgw_words);
    (void)pthread_mutex_lock(&zaken->lock);
    zaken->status.dead++;
    (void)pthread_mutex_unlock(&zaken->lock);
    return VDR_OK;
}

/* VDR_OK: done, or a letter. */
static vdr_err
handle(vdr_zaken *zaken, const happening *h)
{
    vdr_err err = keep_in_step(zaken, h);
    if (err == VDR_E_MALFORMED)
        err = write_letter(zaken, h);
    return err;
}

/* ---- Letters that are tried again ---- */

static void
find_again(void *context, const vdr_letter *letter)
{
    uint64_t *seq = context;
    if (letter->again && *seq == 0)
        *seq = letter->seq;
}

static void
try_again(vdr_zaken *zaken)
{
    uint64_t seq = 0;
    vdr_bytes bytes = {0};
    const char *folder = zaken->config->folder;
    if (vdr_letters_list(folder, VDR_ZAKEN_NAME, find_again, &seq) != VDR_OK || seq == 0)
        return;
    vdr_err err = vdr_letter_read(folder, VDR_ZAKEN_NAME, seq, true, zaken->letter_key, &bytes);
    happening h;
    if (err == VDR_OK && bytes.len == sizeof h) {
        memcpy(&h, bytes.at, sizeof h);
        err = keep_in_step(zaken, &h);
        bool written = err == VDR_E_MALFORMED && write_letter(zaken, &h) == VDR_OK;
        if (err == VDR_OK)
            err = vdr_letter_drop(folder, VDR_ZAKEN_NAME, seq);
        else if (written) /* it lies there as dead again: the mark goes */
            err = vdr_letter_unmark(folder, VDR_ZAKEN_NAME, seq);
    } else {
        err = vdr_letter_dead(folder, VDR_ZAKEN_NAME, seq);
    }
    if (err != VDR_OK)
        (void)fprintf(stderr, "level=warn event=letter_stays party=zaken seq=%llu text=\"%s\"\n",
                      (unsigned long long)seq, zaken->zgw_words);
    vdr_bytes_done(&bytes);
}

/* ---- Its life ---- */

/* Everything that came. false: it failed, and the stream must begin again where the file says. */
static bool
empty_queue(vdr_zaken *zaken)
{
    for (size_t i = 0; i < zaken->count && !atomic_load(&zaken->stop); i++) {
        const happening *h = &zaken->queue[i];
        write_position(zaken, h->position);
        vdr_err err = handle(zaken, h);
        if (err != VDR_OK) {
            (void)fprintf(stderr, "level=warn event=zaken_failed position=%llu text=\"%s\"\n",
                          (unsigned long long)h->position, zaken->zgw_words);
            return false;
        }
        (void)pthread_mutex_lock(&zaken->lock);
        zaken->status.lines++;
        (void)pthread_mutex_unlock(&zaken->lock);
        tell(zaken, false, "");
    }
    if (atomic_load(&zaken->stop))
        return true;
    zaken->count = 0;
    /* Lines that are about no case have passed too: a later start need not read them again. */
    if (zaken->reached > zaken->on_disk + WINDOW * 4)
        write_position(zaken, zaken->reached);
    return true;
}

static void
begin_stream(vdr_zaken *zaken)
{
    zaken->count = 0;
    vdr_client_stream stream = {.from_given = true,
                                .position = zaken->on_disk,
                                .window = WINDOW,
                                .on_line = on_line,
                                .context = zaken};
    vdr_client_decisions(zaken->client, &stream);
}

static void *
live(void *context)
{
    vdr_zaken *zaken = context;
    int64_t pause_ms = zaken->config->retry_first_ms, letters_ms = 0;
    begin_stream(zaken);
    while (!atomic_load(&zaken->stop)) {
        vdr_client_state state;
        (void)vdr_client_wait(zaken->client, STEP_MS);
        vdr_client_state_get(zaken->client, &state);
        (void)pthread_mutex_lock(&zaken->lock);
        zaken->status.connected = state.phase == VDR_CLIENT_READY;
        (void)pthread_mutex_unlock(&zaken->lock);
        if (state.welcome == NULL)
            continue;
        (void)snprintf(zaken->municipality, sizeof zaken->municipality, "%.*s",
                       (int)state.welcome->municipality.len, (const char *)state.welcome->municipality.at);
        if (!empty_queue(zaken)) {
            /* Meanwhile nothing is taken in: what waits stays in the broker's log. */
            vdr_client_decisions(zaken->client, NULL);
            tell(zaken, true, zaken->zgw_words);
            if (!rest(zaken, pause_ms))
                break;
            pause_ms = pause_ms * zaken->config->retry_factor;
            pause_ms =
                pause_ms < zaken->config->retry_longest_ms ? pause_ms : zaken->config->retry_longest_ms;
            begin_stream(zaken);
            continue;
        }
        pause_ms = zaken->config->retry_first_ms;
        int64_t now_ms = vdr_lib_now_ms();
        if (now_ms - letters_ms >= 1000) {
            letters_ms = now_ms;
            try_again(zaken);
        }
    }
    return NULL;
}

vdr_err
vdr_zaken_start(const vdr_courier_config *config, vdr_zaken **ret_zaken, char *ret_words)
{
    char public_key[VDR_CLIENT_KEY_TEXT], secret_key[VDR_CLIENT_KEY_TEXT];
    uint8_t secret[32];
    uint64_t position = 0;
    vdr_client_error error;
    vdr_err err = vdr_lib_keyfile_read_pair(config->zaken->key_file, public_key, secret_key, ret_words);
    if (err == VDR_OK)
        err = read_position(config->folder, &position, ret_words);
    if (err != VDR_OK)
        return err;
    VDR_ASSERT(zmq_z85_decode(secret, secret_key) != NULL);
    vdr_zaken *zaken = vdr_alloc(1, sizeof *zaken);
    *zaken = (vdr_zaken){.config = config, .on_disk = position, .reached = position};
    vdr_letter_key(secret, zaken->letter_key);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(secret_key, sizeof secret_key);
    vdr_client_options options = {.endpoint = config->zaken->endpoint,
                                  .server_key_file = config->broker_key,
                                  .key_file = config->zaken->key_file,
                                  .name = "voordeur-courier"};
    err = vdr_client_open(&options, &zaken->client, &error);
    if (err != VDR_OK) {
        (void)snprintf(ret_words, 256, "%s", error.text);
        free(zaken);
        return err;
    }
    zaken->zgw =
        (vdr_zgw){.config = config->zaken, .poster = vdr_poster_new(config), .words = zaken->zgw_words};
    (void)pthread_mutex_init(&zaken->lock, NULL);
    VDR_ASSERT(pthread_create(&zaken->thread, NULL, live, zaken) == 0);
    *ret_zaken = zaken;
    return VDR_OK;
}

void
vdr_zaken_stop(vdr_zaken *zaken)
{
    if (zaken != NULL)
        atomic_store(&zaken->stop, true);
}

void
vdr_zaken_join(vdr_zaken **zaken_p)
{
    if (*zaken_p == NULL)
        return;
    vdr_zaken *zaken = *zaken_p;
    vdr_zaken_stop(zaken);
    (void)pthread_join(zaken->thread, NULL);
    vdr_client_close(&zaken->client);
    vdr_poster_free(&zaken->zgw.poster);
    (void)pthread_mutex_destroy(&zaken->lock);
    sodium_memzero(zaken->letter_key, sizeof zaken->letter_key);
    free(zaken->queue);
    free(zaken);
    *zaken_p = NULL;
}

/* clients/courier/config.h - courier.yaml.
 *
 *   broker: tcp://127.0.0.1:7700
 *   operators: tcp://127.0.0.1:7701        # with zaken: the broker's listener for operators
 *   broker_key: keys/server.pub
 *   folder: /var/lib/voordeur-courier      # letters that could not be delivered, and how it stands
 *   origin: voordeur.example               # who we say we are, when we ask a receiver for leave
 *   allow: ["10.1.0.0/16"]                 # networks of receivers that are not public
 *   ca: tls/receivers.pem                  # optional: whom to trust besides the machine's
 *   deliveries:                            # a party's mailbox, pushed
 *     - {party: "regisseur:r-anna", key: keys/r-anna.key, url: "https://zaken.example/voordeur",
 *        secrets: [secrets/anna-new, secrets/anna-old]}
 *   zaken:                                 # optional: every case as a zaak (Zaken API, ZGW)
 *     {key: keys/operator.key, url: "https://zaken.example/zaken/api/v1", organisation: "000000012",
 *      zaaktype: "https://…", roltype: "https://…",
 *      statustypes: {opened: "https://…", accepted: "https://…", planned: "https://…", ended: "https://…"},
 *      resulttypes: {closed: "https://…", dismissed: "https://…", retracted: "https://…", merged: "https://…"},
 *      client_id: voordeur, secret: secrets/zaken}
 *   retries: {first: 25s, factor: 4, longest: 52000s, attempts: 8}   # these; about a day
 *   insecure: yes                          # for tests: http:// too
 *
 * Strict, as the gateway's file is. Paths count from the file's own directory. A secret is one line: "whsec_" and
 * base64 (Standard Webhooks), or for zaken the client's secret; mode 0400 or 0600.
 *
 * Thread: any; immutable once read. Memory: lives until vdr_courier_config_free(). */
#ifndef VDR_COURIER_CONFIG_H
#define VDR_COURIER_CONFIG_H

#include "proto/assert.h"
#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/types.h"

#define VDR_COURIER_SECRETS_MAX      4
#define VDR_COURIER_SECRET_BYTES_MAX 128

typedef struct vdr_courier_secret {
    uint8_t at[VDR_COURIER_SECRET_BYTES_MAX];
    size_t bytes;
} vdr_courier_secret;

typedef struct vdr_courier_delivery {
    const char *party; /* "regisseur:r-anna" */
    const char *name;  /* "regisseur-r-anna": of its folder */
    const char *key_file, *endpoint, *url;
    vdr_courier_secret secrets[VDR_COURIER_SECRETS_MAX];
    size_t secret_count;
} vdr_courier_delivery;

typedef enum vdr_zaak_status {
    VDR_ZAAK_OPENED,
    VDR_ZAAK_ACCEPTED,
    VDR_ZAAK_PLANNED,
    VDR_ZAAK_ENDED
} vdr_zaak_status;
#define VDR_ZAAK_STATUSES 4
typedef enum vdr_zaak_result {
    VDR_ZAAK_CLOSED,
    VDR_ZAAK_DISMISSED,
    VDR_ZAAK_RETRACTED,
    VDR_ZAAK_MERGED
} vdr_zaak_result;
#define VDR_ZAAK_RESULTS 4

typedef struct vdr_courier_zaken {
    const char *key_file, *endpoint;
    const char *url; /* without a slash at its end */
    const char *organisation, *zaaktype, *roltype, *client_id;
    const char *statustypes[VDR_ZAAK_STATUSES], *resulttypes[VDR_ZAAK_RESULTS];
    vdr_courier_secret secret;
} vdr_courier_zaken;

typedef struct vdr_courier_network {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;       /* of 128 */
} vdr_courier_network;

typedef struct vdr_courier_config {
    const char *broker, *operators, *broker_key, *folder, *origin, *ca;
    const vdr_courier_network *allow;
    size_t allow_count;
    const vdr_courier_delivery *deliveries;
    size_t delivery_count;
    const vdr_courier_zaken *zaken; /* NULL: none */
    int64_t retry_first_ms, retry_longest_ms, retry_factor, attempts;
    bool insecure;
} vdr_courier_config;

/* BAD_CONFIG, IO: told in ret_words, which the caller frees with vdr_bytes_done(). */
VDR_MUST_CHECK vdr_err vdr_courier_config_read(const char *path, vdr_courier_config **ret_config,
                                               vdr_bytes *ret_words);
void vdr_courier_config_free(vdr_courier_config **config_p); /* wipes the secrets; NULL-safe */

#endif

/* clients/courier/zgw.h - the Zaken API as far as a case needs it: one call each for what shall be so.
 *
 * Thread: the poster's. Errors: IO: not reached, or it cannot answer now (429, 5xx, 401, 403): try again.
 * MALFORMED: it refuses this (other 4xx), or answers what cannot be understood. ret_words: 256 bytes. */
#ifndef VDR_COURIER_ZGW_H
#define VDR_COURIER_ZGW_H

#include "clients/courier/post.h"

#include <jansson.h>

typedef struct vdr_zgw {
    const vdr_courier_zaken *config;
    vdr_poster *poster;
    char *words;       /* VDR_ZGW_WORDS, of the last failure */
    const char *audit; /* for the case system's own trail: X-Audit-Toelichting */
} vdr_zgw;

#define VDR_ZGW_WORDS   256
#define VDR_ZGW_URL_MAX 1024

/* The zaak with this identificatie, made on that day if there is none. */
VDR_MUST_CHECK vdr_err vdr_zgw_zaak(const vdr_zgw *zgw, const char *identificatie, vdr_ms opened,
                                    char ret_url[VDR_ZGW_URL_MAX]);
/* Exactly this regisseur is its coordinator; regisseur NULL: nobody. */
VDR_MUST_CHECK vdr_err vdr_zgw_regisseur(const vdr_zgw *zgw, const char *zaak, const char *regisseur);
VDR_MUST_CHECK vdr_err vdr_zgw_status(const vdr_zgw *zgw, const char *zaak, vdr_zaak_status status,
                                      vdr_ms at);
VDR_MUST_CHECK vdr_err vdr_zgw_result(const vdr_zgw *zgw, const char *zaak, vdr_zaak_result result);

/* A token of this moment: HS256, as the standard asks. out: terminated. */
void vdr_zgw_token(const vdr_courier_zaken *config, int64_t now_s, vdr_bytes *out);

#endif

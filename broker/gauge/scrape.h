/* broker/gauge/scrape.h - one HTTP/1.1 request of a scraper, read strictly; nothing else of HTTP is spoken.
 *
 * Taken is a GET without a body for one of the paths below: RFC 9112 without its leniencies. Lines end with CR LF, a
 * name of a field is a token and directly followed by its colon, no field is folded, no control character stands
 * anywhere, HTTP/1.1 has one Host, a body is neither announced nor sent, and nothing follows the empty line. One
 * request a connection, so no second one can hide behind the first.
 *
 * Thread:  any; no state. Errors: as an HTTP status. */
#ifndef VDR_BROKER_SCRAPE_H
#define VDR_BROKER_SCRAPE_H

#include "proto/types.h"

#define VDR_SCRAPE_BYTES_MAX 4096u

typedef enum vdr_scrape_path {
    VDR_SCRAPE_METRICS = 1,
    VDR_SCRAPE_HEALTH = 2,
    VDR_SCRAPE_READY = 3
} vdr_scrape_path;

/* 0: it is not whole yet; 200: *ret_path is asked for; 400 not such a request, 404 another path, 405 another method,
 * 431 longer than VDR_SCRAPE_BYTES_MAX, 505 another version. Each but 0 is final. */
unsigned vdr_scrape_read(vdr_span bytes, vdr_scrape_path *ret_path);

/* Status line and fields of an answer with a body of so many bytes; returns the length, less than size. */
size_t vdr_scrape_head(unsigned status, const char *type, size_t body_len, char *at, size_t size);

#endif

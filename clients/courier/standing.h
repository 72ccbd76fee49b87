/* clients/courier/standing.h - how the courier stands, as a file that others read (folder/status.json): the verb
 * status, and the gateway's GET /v1/deliveries. No content, no secrets. */
#ifndef VDR_COURIER_STANDING_H
#define VDR_COURIER_STANDING_H

#include "clients/courier/webhook.h"
#include "clients/courier/zaken.h"

/* Writes it, beside and renamed; webhooks in the order of the deliveries; zaken may be NULL. IO. */
VDR_MUST_CHECK vdr_err vdr_standing_write(const vdr_courier_config *config, vdr_webhook *const *webhooks,
                                          vdr_zaken *zaken);

#endif

/* clients/gateway/address.h - where somebody calls from, as far as limits and pauses are counted by it.
 *
 * Thread: any. */
#ifndef VDR_GATEWAY_ADDRESS_H
#define VDR_GATEWAY_ADDRESS_H

#include "proto/bytes.h"
#include "proto/types.h"

#include <sys/socket.h>

/* IPv6, or IPv4 within it; of IPv6 the first 64 bits, since a household has a whole /64. */
typedef struct vdr_address {
    uint8_t bytes[16];
} vdr_address;

/* False: a unix socket. */
bool vdr_address_of(const struct sockaddr *from, vdr_address *ret_address);

/* As proxies tell it: "192.0.2.7", "2001:db8::7", either with brackets or a port. Of a list, parted by commas, the last:
 * it is what our own proxy saw, while those before it are others' words. False: it is none. */
bool vdr_address_read(vdr_span text, vdr_address *ret_address);

#endif

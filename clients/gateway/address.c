#include "clients/gateway/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define TEXT_BYTES 64

static void
take_v4(const void *v4, vdr_address *ret_address)
{
    *ret_address = (vdr_address){{0}};
    ret_address->bytes[10] = ret_address->bytes[11] = 0xff;
    memcpy(ret_address->bytes + 12, v4, 4);
}

static void
take_v6(const struct in6_addr *v6, vdr_address *ret_address)
{
    if (IN6_IS_ADDR_V4MAPPED(v6)) {
        take_v4(v6->s6_addr + 12, ret_address);
        return;
    }
    *ret_address = (vdr_address){{0}};
    memcpy(ret_address->bytes, v6, 8);
}

bool
vdr_address_of(const struct sockaddr *from, vdr_address *ret_address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (from->sa_family == AF_INET) {
        memcpy(&v4, from, sizeof v4);
        take_v4(&v4.sin_addr, ret_address);
    } else if (from->sa_family == AF_INET6) {
        memcpy(&v6, from, sizeof v6);
        take_v6(&v6.sin6_addr, ret_address);
    } else {
        return false;
    }
    return true;
}

/* The last of a list, without blanks. */
static vdr_span
last_of(vdr_span text)
{
    for (size_t i = text.len; i > 0; i--)
        if (text.at[i - 1] == ',') {
            text = vdr_span_of(text.at + i, text.len - i);
            break;
        }
    while (text.len != 0 && text.at[0] == ' ')
        text = vdr_span_of(text.at + 1, text.len - 1);
    while (text.len != 0 && text.at[text.len - 1] == ' ')
        text.len--;
    return text;
}

bool
vdr_address_read(vdr_span text, vdr_address *ret_address)
{
    char whole[TEXT_BYTES], *host = whole;
    struct in_addr v4;
    struct in6_addr v6;
    text = last_of(text);
    if (text.len == 0 || text.len >= sizeof whole)
        return false;
    memcpy(whole, text.at, text.len);
    whole[text.len] = '\0';
    char *colon = strchr(whole, ':');
    if (whole[0] == '[') {
        char *end = strchr(whole, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return false;
        *end = '\0';
        host++;
    } else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
        *colon = '\0'; /* one colon is that of a port, two are IPv6 */
    }
    if (inet_pton(AF_INET, host, &v4) == 1) {
        take_v4(&v4, ret_address);
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6) != 1)
        return false;
    take_v6(&v6, ret_address);
    return true;
}

#include "clients/courier/post.h"

#include "proto/utf8.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct vdr_poster {
    const vdr_courier_config *config;
    CURL *curl; /* keeps the connection for the next one */
    bool refused;
};

/* What is not on the public network (IANA's registries of special addresses): a receiver there has to be named in
 * `allow`, so that nobody who may set a receiver's name can point us at what lies behind our own walls. */
static const vdr_courier_network not_public[] = {
    {{[10] = 0xff, [11] = 0xff, 0}, 104},            /* 0/8 */
    {{[10] = 0xff, [11] = 0xff, 10}, 104},           /* 10/8 */
    {{[10] = 0xff, [11] = 0xff, 100, 64}, 106},      /* 100.64/10 */
    {{[10] = 0xff, [11] = 0xff, 127}, 104},          /* loopback */
    {{[10] = 0xff, [11] = 0xff, 169, 254}, 112},     /* link-local */
    {{[10] = 0xff, [11] = 0xff, 172, 16}, 108},      /* 172.16/12 */
    {{[10] = 0xff, [11] = 0xff, 192, 0, 0}, 120},    /* protocol assignments */
    {{[10] = 0xff, [11] = 0xff, 192, 0, 2}, 120},    /* for texts */
    {{[10] = 0xff, [11] = 0xff, 192, 88, 99}, 120},  /* 6to4 relays */
    {{[10] = 0xff, [11] = 0xff, 192, 168}, 112},     /* 192.168/16 */
    {{[10] = 0xff, [11] = 0xff, 198, 18}, 111},      /* benchmarking */
    {{[10] = 0xff, [11] = 0xff, 198, 51, 100}, 120}, /* for texts */
    {{[10] = 0xff, [11] = 0xff, 203, 0, 113}, 120},  /* for texts */
    {{[10] = 0xff, [11] = 0xff, 224}, 99},           /* multicast and above */
    {{0}, 96},                                       /* ::, ::1, IPv4-compatible */
    {{[8] = 0xff, [9] = 0xff}, 96},                  /* ::ffff:0:0:0/96, IPv4 translated */
    {{0, 0x64, 0xff, 0x9b}, 96},                     /* 64:ff9b::/96, IPv4 behind a translator */
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48},               /* 64:ff9b:1::/48, the same of one's own */
    {{1}, 64},                                       /* discarded */
    {{0x20, 0x01}, 23},                              /* protocol assignments; with Teredo, IPv4 in tunnels */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},                  /* for texts */
    {{0x20, 0x02}, 16},                              /* 6to4, IPv4 in tunnels */
    {{0xfc}, 7},                                     /* unique local */
    {{0xfe, 0x80}, 10},                              /* link-local */
    {{0xfe, 0xc0}, 10},                              /* site-local, of old */
    {{0xff}, 8},                                     /* multicast */
};

static bool
in_network(const uint8_t address[16], const vdr_courier_network *network)
{
    size_t whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    if (memcmp(address, network->address, whole) != 0)
        return false;
    return rest == 0 || (uint8_t)(address[whole] ^ network->address[whole]) >> (8 - rest) == 0;
}

bool
vdr_post_address_allowed(const vdr_courier_config *config, const uint8_t address[16])
{
    for (size_t i = 0; i < config->allow_count; i++)
        if (in_network(address, &config->allow[i]))
            return true;
    for (size_t i = 0; i < sizeof not_public / sizeof not_public[0]; i++)
        if (in_network(address, &not_public[i]))
            return false;
    return true;
}

/* Just before a connection is made, with the address that it will be made to: a name that changes its address
 * between a look and the use gets nowhere. */
static curl_socket_t
open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    vdr_poster *poster = context;
    uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
    bool known = purpose == CURLSOCKTYPE_IPCXN;
    if (known && to->family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, &to->addr, sizeof v4);
        memcpy(address + 12, &v4.sin_addr, 4);
    } else if (known && to->family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, &to->addr, sizeof v6);
        memcpy(address, &v6.sin6_addr, 16);
    } else {
        known = false;
    }
    if (!known || !vdr_post_address_allowed(poster->config, address)) {
        poster->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t
on_body(char *at, size_t size, size_t count, void *context)
{
    vdr_post_answer *answer = context;
    if (size * count > VDR_POST_BYTES_MAX - answer->body.len)
        return 0; /* ends the transfer */
    vdr_bytes_add(&answer->body, vdr_span_of(at, size * count));
    return size * count;
}

/* The value of the header if it is this one; the line ends in CR LF. */
static bool
is_header(const char *line, size_t len, const char *name, char *ret_value, size_t size)
{
    size_t name_len = strlen(name);
    if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
        return false;
    line += name_len + 1, len -= name_len + 1;
    while (len > 0 && (*line == ' ' || *line == '\t'))
        line++, len--;
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
        len--;
    (void)snprintf(ret_value, size, "%.*s", (int)len, line);
    return true;
}

/* A number of at most nine digits, otherwise absent. */
static int64_t
number_of(const char *text, int64_t absent)
{
    size_t digits = strspn(text, "0123456789");
    return digits == 0 || digits > 9 || text[digits] != '\0' ? absent : strtoll(text, NULL, 10);
}

/* The bytes of the character at text[0]; 0: it is none, or was cut. */
static size_t
character_bytes(const char *text, size_t left)
{
    for (size_t bytes = 1; bytes <= 4 && bytes <= left; bytes++)
        if (vdr_span_is_utf8(vdr_span_of(text, bytes)))
            return bytes;
    return 0;
}

void
vdr_post_words(char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        size_t bytes = character_bytes(text + i, len - i);
        if (bytes == 0)
            text[i] = '?';
        else if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = ' ';
        else if (text[i] == '"' || text[i] == '\\')
            text[i] = '\'';
        i += bytes != 0 ? bytes : 1;
    }
}

static size_t
on_header(char *at, size_t size, size_t count, void *context)
{
    vdr_post_answer *answer = context;
    char value[256];
    answer->head_bytes += size * count;
    if (answer->head_bytes > VDR_POST_HEAD_MAX)
        return 0; /* ends the transfer */
    if (is_header(at, size * count, "retry-after", value, sizeof value))
        answer->retry_after_s = number_of(value, -1);
    else if (is_header(at, size * count, "webhook-allowed-origin", value, sizeof value)) {
        vdr_post_words(value);
        memcpy(answer->allowed_origin, value, sizeof value);
    } else if (is_header(at, size * count, "webhook-allowed-rate", value, sizeof value))
        answer->allowed_rate = number_of(value, 0);
    return size * count;
}

vdr_poster *
vdr_poster_new(const vdr_courier_config *config)
{
    vdr_poster *poster = vdr_alloc(1, sizeof *poster);
    poster->config = config;
    poster->curl = curl_easy_init();
    VDR_ASSERT(poster->curl != NULL);
    return poster;
}

void
vdr_poster_free(vdr_poster **poster_p)
{
    if (*poster_p == NULL)
        return;
    curl_easy_cleanup((*poster_p)->curl);
    free(*poster_p);
    *poster_p = NULL;
}

static void
prepare(vdr_poster *poster, const vdr_post *post, struct curl_slist *headers, vdr_post_answer *answer)
{
    CURL *curl = poster->curl;
    curl_easy_reset(curl); /* connections stay */
    (void)curl_easy_setopt(curl, CURLOPT_URL, post->url);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, post->method);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, poster->config->insecure ? "https,http" : "https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)VDR_POST_SECONDS);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "voordeur-courier/" VDR_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    (void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, poster);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    if (poster->config->ca != NULL)
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, poster->config->ca);
    if (post->body.at != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post->body.at);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.len);
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, post->method);
    }
}

void
vdr_poster_send(vdr_poster *poster, const vdr_post *post, vdr_post_answer *ret_answer)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:"); /* bodies are small: no asking first */
    for (size_t i = 0; i < VDR_POST_HEADERS && post->headers[i] != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(headers, post->headers[i]);
        VDR_ASSERT(longer != NULL);
        headers = longer;
    }
    vdr_bytes body = ret_answer->body;
    body.len = 0;
    *ret_answer = (vdr_post_answer){.retry_after_s = -1, .body = body};
    poster->refused = false;
    prepare(poster, post, headers, ret_answer);
    CURLcode code = curl_easy_perform(poster->curl);
    if (code == CURLE_OK)
        (void)curl_easy_getinfo(poster->curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
    else if (poster->refused)
        (void)snprintf(ret_answer->words, sizeof ret_answer->words,
                       "the receiver's address is not public, and `allow` does not name it");
    else
        (void)snprintf(ret_answer->words, sizeof ret_answer->words, "%.200s", curl_easy_strerror(code));
    ret_answer->refused = poster->refused;
    curl_slist_free_all(headers);
}

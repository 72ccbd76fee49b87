#include "clients/gateway/http_conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG     512
#define CALLERS_MAX 16384
#define SOCKET_MODE 0660

/* ---- Looking at requests ---- */

static vdr_span
field_of(const vdr_http_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (vdr_span_equal(fields[i].name, vdr_span_str(name)))
            return fields[i].value;
    return (vdr_span){0};
}

vdr_span
vdr_http_header(const vdr_http_request *request, const char *name)
{
    return field_of(request->headers, request->header_count, name);
}

vdr_span
vdr_http_query(const vdr_http_request *request, const char *name)
{
    return field_of(request->query, request->query_count, name);
}

static vdr_span
trim(vdr_span text)
{
    while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* The text up to the mark, trimmed; *text is what follows it. */
static vdr_span
cut(vdr_span *text, char mark)
{
    const uint8_t *at = text->len != 0 ? memchr(text->at, mark, text->len) : NULL;
    size_t len = at != NULL ? (size_t)(at - text->at) : text->len;
    vdr_span part = trim(vdr_span_of(text->at, len));
    size_t used = at != NULL ? len + 1 : len;
    *text = vdr_span_of(text->at + used, text->len - used);
    return part;
}

/* q=0, q=0.0 and so on: not that. */
static bool
weighs_nothing(vdr_span parameters)
{
    while (parameters.len != 0) {
        vdr_span one = cut(&parameters, ';');
        if (one.len < 3 || (one.at[0] | 0x20) != 'q' || one.at[1] != '=' || one.at[2] != '0')
            continue;
        bool nothing = true;
        for (size_t i = 3; i < one.len; i++)
            nothing = nothing && (one.at[i] == '0' || one.at[i] == '.');
        return nothing;
    }
    return false;
}

static bool
range_has(vdr_span range, const char *type)
{
    size_t slash = strcspn(type, "/") + 1;
    if (vdr_span_equal(range, vdr_span_str("*/*")))
        return true;
    if (range.len == slash + 1 && range.at[slash] == '*')
        return evutil_ascii_strncasecmp((const char *)range.at, type, slash) == 0;
    return range.len == strlen(type) &&
           evutil_ascii_strncasecmp((const char *)range.at, type, range.len) == 0;
}

bool
vdr_http_accepts(const vdr_http_request *request, const char *type)
{
    vdr_span accept = vdr_http_header(request, "accept");
    if (accept.len == 0)
        return true;
    /* The narrowest range decides: type, then type with *, then all. */
    size_t best = 0;
    bool let = false;
    while (accept.len != 0) {
        vdr_span parameters = cut(&accept, ','), range = cut(&parameters, ';');
        size_t narrow = !range_has(range, type)                      ? 0
                        : vdr_span_equal(range, vdr_span_str("*/*")) ? 1
                        : range.at[range.len - 1] == '*'             ? 2
                                                                     : 3;
        if (narrow <= best)
            continue;
        best = narrow;
        let = !weighs_nothing(parameters);
    }
    return let;
}

bool
vdr_http_request_gone(const vdr_http_request *request)
{
    return ((const vdr_exchange *)request)->conn == NULL;
}

void
vdr_http_route_set(vdr_http_request *request, const char *route)
{
    vdr_exchange_of(request)->route = route;
}

/* ---- Listeners ---- */

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int len,
          void *context)
{
    int one = 1;
    (void)listener;
    (void)len;
    if (address->sa_family != AF_UNIX)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    vdr_conn_new(context, fd, address);
}

/* No descriptors left: the connections that are there go on, and new ones wait a little. */
static void
on_accept_error(struct evconnlistener *listener, void *context)
{
    struct vdr_http_listener *it = context;
    (void)listener;
    vdr_metrics_add(it->http->metrics, VDR_METRIC_CONNECTIONS_REFUSED, 1);
    struct timespec pause = {.tv_nsec = 1000000}; /* rather than a loop that spins */
    (void)nanosleep(&pause, NULL);
}

static socklen_t
address_of(const vdr_gate_address *address, struct sockaddr_storage *ret_storage)
{
    memset(ret_storage, 0, sizeof *ret_storage);
    if (address->path != NULL) {
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        VDR_ASSERT(strlen(address->path) < sizeof at.sun_path);
        memcpy(at.sun_path, address->path, strlen(address->path) + 1);
        memcpy(ret_storage, &at, sizeof at);
        return sizeof at;
    }
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    if (inet_pton(AF_INET, address->host, &v4.sin_addr) == 1) {
        memcpy(ret_storage, &v4, sizeof v4);
        return sizeof v4;
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
    VDR_ASSERT(inet_pton(AF_INET6, address->host, &v6.sin6_addr) == 1);
    memcpy(ret_storage, &v6, sizeof v6);
    return sizeof v6;
}

/* A socket file that nobody listens on any more gives way; one that answers does not. */
static bool
clear_path(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT;
    if (!S_ISSOCK(st.st_mode))
        return false;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answers = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    if (fd >= 0)
        (void)close(fd);
    return !answers && unlink(path) == 0;
}

static vdr_err
listen_on(vdr_http *http, const vdr_gate_address *address, vdr_http_door door, char words[256])
{
    struct vdr_http_listener *it = &http->listeners[http->listener_count];
    struct sockaddr_storage storage;
    socklen_t len = address_of(address, &storage);

    if (address->path != NULL && !clear_path(address->path)) {
        (void)snprintf(words, 256, "%.180s: there is something at this path already", address->path);
        return VDR_E_IO;
    }
    *it = (struct vdr_http_listener){.http = http, .door = door, .address = address};
    mode_t before = umask(address->path != NULL ? (mode_t)~SOCKET_MODE & 0777 : 0077);
    it->listener = evconnlistener_new_bind(vdr_loop_base(http->loop), on_accept, it,
                                           LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE |
                                               LEV_OPT_DISABLED,
                                           BACKLOG, (struct sockaddr *)&storage, (int)len);
    int failure = errno;
    (void)umask(before);
    if (it->listener == NULL) {
        (void)snprintf(words, 256, "cannot listen on %.160s: %s", address->text, strerror(failure));
        return VDR_E_IO;
    }
    evconnlistener_set_error_cb(it->listener, on_accept_error);
    http->listener_count++;
    return VDR_OK;
}

/* ---- Open, start, drain, close ---- */

vdr_err
vdr_http_open(const vdr_http_parts *parts, vdr_http **ret_http, char ret_words[256])
{
    const vdr_gate_config *config = parts->config;
    const vdr_gate_limits *limits = &config->limits;
    vdr_http *http = vdr_alloc(1, sizeof *http);
    vdr_err err = VDR_OK;

    http->config = config;
    http->loop = parts->loop;
    http->metrics = parts->metrics;
    http->callers = parts->callers;
    http->per_address = vdr_limiter_new(
        &(vdr_limiter_limits){.at_once = limits->connections_per_address, .callers = CALLERS_MAX});
    http->per_caller = vdr_limiter_new(&(vdr_limiter_limits){.per_second = limits->requests_per_second,
                                                             .burst = limits->burst,
                                                             .at_once = limits->streams_per_caller,
                                                             .callers = CALLERS_MAX});
    http->listeners = vdr_alloc(config->listen_count + 1, sizeof http->listeners[0]);
    if (config->tls_certificate != NULL)
        err = vdr_tls_open(config, &http->tls, ret_words);
    for (size_t i = 0; i < config->listen_count && err == VDR_OK; i++) {
        bool proxy = config->behind_proxy && config->listen[i].path != NULL;
        err = listen_on(http, &config->listen[i], proxy ? VDR_HTTP_PROXY : VDR_HTTP_PUBLIC, ret_words);
    }
    if (err == VDR_OK && config->admin != NULL)
        err = listen_on(http, config->admin, VDR_HTTP_ADMIN, ret_words);
    if (err != VDR_OK) {
        vdr_http_close(&http);
        return err;
    }
    *ret_http = http;
    return VDR_OK;
}

void
vdr_http_serve(vdr_http *http, vdr_http_door door, vdr_http_handler handler, void *context)
{
    http->handlers[door] = handler;
    http->contexts[door] = context;
}

void
vdr_http_start(vdr_http *http)
{
    for (size_t i = 0; i < http->listener_count; i++) {
        VDR_ASSERT(http->handlers[http->listeners[i].door] != NULL);
        VDR_ASSERT(evconnlistener_enable(http->listeners[i].listener) == 0);
    }
}

static void
close_listeners(vdr_http *http)
{
    for (size_t i = 0; i < http->listener_count; i++) {
        evconnlistener_free(http->listeners[i].listener);
        if (http->listeners[i].address->path != NULL)
            (void)unlink(http->listeners[i].address->path);
    }
    http->listener_count = 0;
}

void
vdr_http_drain(vdr_http *http, vdr_loop_call drained, void *context)
{
    close_listeners(http);
    http->draining = true;
    http->drained = drained;
    http->drained_context = context;
    if (http->conn_count == 0) {
        http->drained = NULL;
        vdr_loop_later(http->loop, drained, context);
        return;
    }
    for (vdr_conn *conn = http->conns, *next; conn != NULL; conn = next) {
        next = conn->next;
        if (conn->state == VDR_CONN_STREAM || (conn->state == VDR_CONN_HEAD && !conn->began))
            vdr_conn_free(conn);
        else
            conn->close = true;
    }
}

void
vdr_http_close(vdr_http **http_p)
{
    vdr_http *http = *http_p;
    if (http == NULL)
        return;
    close_listeners(http);
    http->drained = NULL;
    while (http->conns != NULL)
        vdr_conn_free(http->conns);
    VDR_ASSERT(http->exchange_count == 0 && http->stream_count == 0);
    vdr_tls_close(&http->tls);
    vdr_limiter_free(&http->per_address);
    vdr_limiter_free(&http->per_caller);
    free(http->listeners);
    free(http);
    *http_p = NULL;
}

size_t
vdr_http_addresses(const vdr_http *http, vdr_bytes *ret_lines)
{
    static const char *const doors[] = {
        [VDR_HTTP_PUBLIC] = "listen", [VDR_HTTP_PROXY] = "listen", [VDR_HTTP_ADMIN] = "admin"};
    for (size_t i = 0; i < http->listener_count; i++) {
        const struct vdr_http_listener *it = &http->listeners[i];
        char text[512];
        struct sockaddr_storage storage = {0};
        socklen_t len = sizeof storage;
        int written;
        if (it->address->path != NULL ||
            getsockname(evconnlistener_get_fd(it->listener), (struct sockaddr *)&storage, &len) != 0) {
            written = snprintf(text, sizeof text, "%s unix:%s\n", doors[it->door], it->address->path);
        } else {
            struct sockaddr_in v4;
            memcpy(&v4, &storage, sizeof v4); /* the port of IPv6 stands at the same place */
            bool six = strchr(it->address->host, ':') != NULL;
            written = snprintf(text, sizeof text, "%s %s%s%s:%u\n", doors[it->door], six ? "[" : "",
                               it->address->host, six ? "]" : "", (unsigned)ntohs(v4.sin_port));
        }
        VDR_ASSERT(written > 0 && (size_t)written < sizeof text);
        vdr_bytes_add(ret_lines, vdr_span_of(text, (size_t)written));
    }
    return http->listener_count;
}

#include "clients/courier/standing.h"

#include "clients/gateway/write.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void
write_webhook(vdr_writer *w, const vdr_courier_delivery *delivery, vdr_webhook *webhook)
{
    vdr_webhook_status s;
    vdr_webhook_status_get(webhook, &s);
    const char *host = strstr(delivery->url, "://");
    host = host == NULL ? delivery->url : host + 3;
    vdr_write_open(w, NULL, '{');
    vdr_write_string(w, "party", delivery->party);
    vdr_write_text(w, "receiver", vdr_span_of(host, strcspn(host, "/?")));
    vdr_write_string(w, "state", vdr_webhook_state_name(s.state));
    vdr_write_number(w, "delivered", s.delivered);
    vdr_write_number(w, "failed", s.failed);
    vdr_write_number(w, "dead", s.dead);
    vdr_write_number(w, "waiting", s.waiting);
    vdr_write_number(w, "seq", s.seq);
    vdr_write_number(w, "attempts", s.attempts);
    if (s.next_at != VDR_MS_NONE)
        vdr_write_instant(w, "nextAt", s.next_at);
    vdr_write_string(w, "why", s.why);
    vdr_write_close(w, '}');
}

static void
write_zaken(vdr_writer *w, vdr_zaken *zaken)
{
    vdr_zaken_status s;
    vdr_zaken_status_get(zaken, &s);
    vdr_write_open(w, "zaken", '{');
    vdr_write_string(w, "state", !s.connected ? "connecting" : s.retrying ? "retrying" : "idle");
    vdr_write_number(w, "position", s.position);
    vdr_write_number(w, "lines", s.lines);
    vdr_write_number(w, "failed", s.failed);
    vdr_write_number(w, "dead", s.dead);
    vdr_write_string(w, "why", s.why);
    vdr_write_close(w, '}');
}

vdr_err
vdr_standing_write(const vdr_courier_config *config, vdr_webhook *const *webhooks, vdr_zaken *zaken)
{
    vdr_bytes out = {0};
    vdr_writer w = {.out = &out};
    char path[PATH_MAX], beside[PATH_MAX];
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    vdr_write_open(&w, NULL, '{');
    vdr_write_instant(&w, "at", (vdr_ms)now.tv_sec * 1000);
    vdr_write_open(&w, "deliveries", '[');
    for (size_t i = 0; i < config->delivery_count; i++)
        write_webhook(&w, &config->deliveries[i], webhooks[i]);
    vdr_write_close(&w, ']');
    if (zaken != NULL)
        write_zaken(&w, zaken);
    vdr_write_close(&w, '}');
    vdr_bytes_add(&out, vdr_span_str("\n"));
    bool good = snprintf(path, sizeof path, "%s/status.json", config->folder) < PATH_MAX &&
                snprintf(beside, sizeof beside, "%s/status.json.new", config->folder) < PATH_MAX;
    int fd = good ? open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640) : -1;
    good = fd >= 0 && write(fd, out.at, out.len) == (ssize_t)out.len;
    if (fd >= 0)
        good = close(fd) == 0 && good;
    good = good && rename(beside, path) == 0;
    vdr_bytes_done(&out);
    return good ? VDR_OK : VDR_E_IO;
}

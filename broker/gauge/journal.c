#include "broker/gauge/journal.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 4096u

static int64_t
read_ms(clockid_t which)
{
    struct timespec now = {0};
    (void)clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How often an event was written in the running second, and how many lines of it were left out. */
typedef struct tally {
    int64_t second;
    uint32_t written;
    uint64_t left_out;
} tally;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static tally tallies[VDR_NOTES];

static vdr_journal_form form = VDR_JOURNAL_TEXT;
static int journal_fd = -1;

void
vdr_journal_write(vdr_note note, const vdr_field *fields, size_t count)
{
    char text[LINE_BYTES];
    vdr_journal_form as = form;
    int64_t second = read_ms(CLOCK_MONOTONIC) / 1000;
    uint64_t left_out = 0;
    (void)pthread_mutex_lock(&lock);
    tally *mine = &tallies[note];
    if (mine->second != second) {
        mine->second = second;
        mine->written = 0;
    }
    bool write_it = mine->written < VDR_NOTES_A_SECOND;
    if (write_it) {
        mine->written++;
        left_out = mine->left_out;
        mine->left_out = 0;
    } else {
        mine->left_out++;
    }
    (void)pthread_mutex_unlock(&lock);
    if (!write_it)
        return;
    int64_t now_ms = read_ms(CLOCK_REALTIME);
    size_t len = vdr_journal_line(as, note, now_ms, left_out, fields, count, text, sizeof text);
    if (as == VDR_JOURNAL_JOURNALD &&
        send(journal_fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len)
        return;
    if (as == VDR_JOURNAL_JOURNALD) /* it is gone, or does not keep up */
        len = vdr_journal_line(VDR_JOURNAL_TEXT, note, now_ms, left_out, fields, count, text, sizeof text);
    ssize_t written = write(STDERR_FILENO, text, len); /* one call a line: lines of threads do not mix */
    (void)written;
}

void
vdr_journal_end(void)
{
    form = VDR_JOURNAL_TEXT;
    if (journal_fd >= 0)
        (void)close(journal_fd);
    journal_fd = -1;
}

bool
vdr_journal_begin(vdr_journal_form wanted, const char *socket_path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    vdr_journal_end();
    if (wanted != VDR_JOURNAL_JOURNALD) {
        form = wanted;
        return true;
    }
    size_t len = strlen(socket_path);
    if (len >= sizeof un.sun_path)
        return false;
    memcpy(un.sun_path, socket_path, len);
    journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (journal_fd >= 0 && connect(journal_fd, (const struct sockaddr *)&un, sizeof un) == 0)
        form = VDR_JOURNAL_JOURNALD;
    else
        vdr_journal_end();
    return form == VDR_JOURNAL_JOURNALD;
}

/* shim.so - fails, tears, kills at or records a program's calls that write to a store. For LD_PRELOAD.
 *
 *   VDR_FAULT_CALLS  names with commas of the calls that count: fdatasync fsync pwrite writev ftruncate
 *                    fallocate rename mkdir; default all
 *   VDR_FAULT_NTH    the n-th of them is hit; 0 or absent: none
 *   VDR_FAULT_DOES   error: nothing is done, -1 with VDR_FAULT_ERRNO
 *                    after: the call is made, and then reported as failed
 *                    short: half of a write is done and reported
 *                    kill: the process ends there; torn: after half of a write; done: after the call
 *   VDR_FAULT_STAYS  1: all calls after it are hit as well
 *   VDR_FAULT_QUOTA  bytes that a file may have; beyond: short writes, then ENOSPC
 *   VDR_FAULT_NO_FALLOCATE  1: fallocate is not supported
 *   VDR_FAULT_TRACE  a file that gets every write and sync: what is certain after a power cut can be told
 *
 * A hit is told on standard error: "fault: CALL N". Not thread-safe beyond counting, like its users. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

int fdatasync(int fd);
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at);
int fallocate64(int fd, int mode, off_t at, off_t len);
int ftruncate64(int fd, off_t len);

#define SECTOR 512

static _Atomic unsigned calls_seen;
static int trace_fd = -2; /* -2: not looked for yet */

/* The next definition of a function after this one. */
#define REAL(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

typedef enum verdict {
    PASS,
    FAIL,
    AFTER,
    SHORT,
    KILL,
    TORN,
    DONE,
} verdict;

static const char *
setting(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

static bool
counts(const char *call)
{
    const char *at = setting("VDR_FAULT_CALLS");
    size_t len = strlen(call);
    if (*at == '\0')
        return true;
    for (; (at = strstr(at, call)) != NULL; at += len) {
        if ((at == setting("VDR_FAULT_CALLS") || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

static verdict
judge(const char *call)
{
    static const struct {
        const char *name;
        verdict verdict;
    } names[] = {{"error", FAIL}, {"after", AFTER}, {"short", SHORT},
                 {"kill", KILL},  {"torn", TORN},   {"done", DONE}};
    char words[80];
    unsigned nth = (unsigned)strtoul(setting("VDR_FAULT_NTH"), NULL, 10);
    if (nth == 0 || !counts(call))
        return PASS;
    unsigned n = atomic_fetch_add(&calls_seen, 1) + 1;
    if (n < nth || (n > nth && *setting("VDR_FAULT_STAYS") != '1'))
        return PASS;
    int len = snprintf(words, sizeof words, "fault: %s %u\n", call, n);
    if (write(STDERR_FILENO, words, (size_t)len) < 0)
        abort();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, setting("VDR_FAULT_DOES")) == 0)
            return names[i].verdict;
    }
    return FAIL;
}

static void
end_here(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

static int
failed(void)
{
    int given = (int)strtol(setting("VDR_FAULT_ERRNO"), NULL, 10);
    errno = given != 0 ? given : EIO;
    return -1;
}

/* A line of the trace: what, place in the file, length, is it durable at once, path; then the bytes. */
static void
trace(char what, int fd, off_t at, const void *bytes, size_t len)
{
    char link[64], path[4096], head[4300];
    const char *name = setting("VDR_FAULT_TRACE");
    if (trace_fd == -2)
        trace_fd = *name != '\0' ? open(name, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (trace_fd < 0)
        return;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    bool durable = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
    int head_len =
        snprintf(head, sizeof head, "%c %lld %zu %d %s\n", what, (long long)at, len, durable, path);
    if (REAL(write)(trace_fd, head, (size_t)head_len) != head_len ||
        (len != 0 && REAL(write)(trace_fd, bytes, len) != (ssize_t)len))
        abort();
}

/* How much of a write the volume still takes. */
static size_t
within_quota(off_t at, size_t len)
{
    off_t quota = (off_t)strtoll(setting("VDR_FAULT_QUOTA"), NULL, 10);
    if (quota == 0 || at + (off_t)len <= quota)
        return len;
    return at < quota ? (size_t)(quota - at) : 0;
}

/* What a write of len bytes shall do: how many to write, and what then. A process is not ended within a sector. */
static size_t
share(verdict v, off_t at, size_t len)
{
    bool sector = at / SECTOR == (at + (off_t)len - 1) / SECTOR;
    return v == FAIL || v == KILL || (v == TORN && sector) ? 0 : v == SHORT || v == TORN ? len / 2 : len;
}

static ssize_t
written(verdict v, ssize_t n)
{
    if (v == KILL || v == TORN || v == DONE)
        end_here();
    return v == FAIL || v == AFTER ? failed() : n;
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
    if (fd == STDOUT_FILENO)
        trace('t', fd, 0, bytes, len);
    return REAL(write)(fd, bytes, len);
}

ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    verdict v = judge("pwrite");
    size_t some = share(v, at, len), room = within_quota(at, some);
    if (room == 0 && some != 0) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t n = room != 0 ? REAL(pwrite)(fd, bytes, room, at) : 0;
    if (n > 0)
        trace('w', fd, at, bytes, (size_t)n);
    return written(v, n);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite(fd, bytes, len, at);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
    verdict v = judge("writev");
    size_t len = 0, left;
    off_t at = lseek(fd, 0, SEEK_CUR), begin = at;
    for (int i = 0; i < count; i++)
        len += parts[i].iov_len;
    size_t some = share(v, at, len);
    left = within_quota(at, some);
    if (left == 0 && some != 0) {
        errno = ENOSPC;
        return -1;
    }
    for (int i = 0; i < count && left != 0; i++) {
        size_t piece = parts[i].iov_len < left ? parts[i].iov_len : left;
        if (REAL(pwrite)(fd, parts[i].iov_base, piece, at) != (ssize_t)piece)
            return -1;
        trace('w', fd, at, parts[i].iov_base, piece);
        at += (off_t)piece;
        left -= piece;
    }
    (void)lseek(fd, at, SEEK_SET);
    return written(v, at - begin);
}

int
fdatasync(int fd)
{
    verdict v = judge("fdatasync");
    if (v == PASS || v == AFTER || v == DONE) {
        int rc = REAL(fdatasync)(fd);
        trace('s', fd, 0, NULL, 0);
        if (v == PASS)
            return rc;
    }
    return (int)written(v == SHORT ? FAIL : v, 0);
}

int
fsync(int fd)
{
    verdict v = judge("fsync");
    int rc = v == PASS || v == AFTER || v == DONE ? REAL(fsync)(fd) : 0;
    return v == PASS ? rc : (int)written(v == SHORT ? FAIL : v, 0);
}

int
ftruncate(int fd, off_t len)
{
    verdict v = judge("ftruncate");
    int rc = v == PASS || v == AFTER || v == DONE ? REAL(ftruncate)(fd, len) : 0;
    return v == PASS ? rc : (int)written(v == SHORT ? FAIL : v, 0);
}

int
ftruncate64(int fd, off_t len)
{
    return ftruncate(fd, len);
}

int
fallocate(int fd, int mode, off_t at, off_t len)
{
    verdict v = judge("fallocate");
    if (*setting("VDR_FAULT_NO_FALLOCATE") == '1') {
        errno = EOPNOTSUPP;
        return -1;
    }
    if (within_quota(at, (size_t)len) != (size_t)len) {
        errno = ENOSPC;
        return -1;
    }
    int rc = v == PASS || v == AFTER || v == DONE ? REAL(fallocate)(fd, mode, at, len) : 0;
    return v == PASS ? rc : (int)written(v == SHORT ? FAIL : v, 0);
}

int
fallocate64(int fd, int mode, off_t at, off_t len)
{
    return fallocate(fd, mode, at, len);
}

int
rename(const char *from, const char *to)
{
    verdict v = judge("rename");
    int rc = v == PASS || v == AFTER || v == DONE ? REAL(rename)(from, to) : 0;
    return v == PASS ? rc : (int)written(v == SHORT ? FAIL : v, 0);
}

int
mkdir(const char *path, mode_t mode)
{
    verdict v = judge("mkdir");
    int rc = v == PASS || v == AFTER || v == DONE ? REAL(mkdir)(path, mode) : 0;
    return v == PASS ? rc : (int)written(v == SHORT ? FAIL : v, 0);
}

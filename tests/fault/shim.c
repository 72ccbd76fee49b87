/* shim.so - fails, tears, kills at or records a program's calls that write to a store. For LD_PRELOAD.
 *
 *   VDR_FAULT_CALLS  names with commas of the calls that count: fdatasync fsync write pwrite writev ftruncate
 *                    fallocate rename linkat unlink mkdir mmap open; default all but mmap and open, which are
 *                    those of files
 *   VDR_FAULT_UNDER  a folder: only what is done to files in it counts
 *   VDR_FAULT_NTH    the n-th of them is hit; 0 or absent: none
 *   VDR_FAULT_DOES   error: nothing is done, -1 with VDR_FAULT_ERRNO
 *                    after: the call is made, and then reported as failed
 *                    short: half of a write is done and reported
 *                    kill: the process ends there; torn: after half of a write; done: after the call
 *                    slow: the call takes three seconds longer
 *   VDR_FAULT_STAYS  1: all calls after it are hit as well
 *   VDR_FAULT_QUOTA  bytes that a file may have; beyond: short writes, then ENOSPC
 *   VDR_FAULT_NO_FALLOCATE  1: fallocate is not supported
 *   VDR_FAULT_TRACE  a file that gets every write, sync and change of names: what is certain after a power cut
 *                    can be told
 *
 * A hit is told on standard error: "fault: CALL N PATH". Threads may call at the same time; which call is the n-th
 * then is as it happens. What a sandbox forbids later, such as opening the trace, is done when it is loaded. */
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
#include <time.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

int fdatasync(int fd);
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at);
int fallocate64(int fd, int mode, off_t at, off_t len);
int ftruncate64(int fd, off_t len);
int open64(const char *path, int flags, ...);
void *mmap64(void *at, size_t len, int protection, int flags, int fd, off_t from);

#define SECTOR     512
#define PATH_BYTES 4096

static _Atomic unsigned calls_seen;
static int trace_fd = -1;

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
        return strcmp(call, "mmap") != 0 && strcmp(call, "open") != 0;
    for (; (at = strstr(at, call)) != NULL; at += len) {
        if ((at == setting("VDR_FAULT_CALLS") || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

static bool
under(const char *path)
{
    const char *folder = setting("VDR_FAULT_UNDER");
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && (len == 0 || path[len] == '/' || path[len] == '\0');
}

static void
path_of(int fd, char path[PATH_BYTES])
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_BYTES - 1);
    path[n > 0 ? n : 0] = '\0';
}

/* path: NULL: that of fd. */
static verdict
judge(const char *call, int fd, const char *path)
{
    static const struct {
        const char *name;
        verdict verdict;
    } names[] = {{"error", FAIL}, {"after", AFTER}, {"short", SHORT},
                 {"kill", KILL},  {"torn", TORN},   {"done", DONE}};
    char words[PATH_BYTES + 80], own[PATH_BYTES];
    unsigned nth = (unsigned)strtoul(setting("VDR_FAULT_NTH"), NULL, 10);
    if (nth == 0 || !counts(call))
        return PASS;
    if (path == NULL) {
        path_of(fd, own);
        path = own;
    }
    if (!under(path))
        return PASS;
    unsigned n = atomic_fetch_add(&calls_seen, 1) + 1;
    if (n < nth || (n > nth && *setting("VDR_FAULT_STAYS") != '1'))
        return PASS;
    int len = snprintf(words, sizeof words, "fault: %s %u %s\n", call, n, path);
    if (REAL(write)(STDERR_FILENO, words, (size_t)len) < 0)
        abort();
    if (strcmp(setting("VDR_FAULT_DOES"), "slow") == 0) {
        const struct timespec longer = {.tv_sec = 3};
        (void)nanosleep(&longer, NULL);
        return PASS;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, setting("VDR_FAULT_DOES")) == 0)
            return names[i].verdict;
    }
    return FAIL;
}

static void
end_here(void)
{
    (void)syscall(SYS_tgkill, getpid(), gettid(), SIGKILL);
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

__attribute__((constructor)) static void
open_trace(void)
{
    const char *name = setting("VDR_FAULT_TRACE");
    if (*name != '\0')
        trace_fd = REAL(open)(name, O_WRONLY | O_APPEND | O_CLOEXEC);
}

/* A line of the trace: what, place in the file, length, is it durable at once, inode, path; then the bytes. In one
 * call, so that lines of threads do not mix.
 *   w write, z cut or made longer to a length, s sync of a file, d of a folder, c a file made, m a folder made,
 *   r renamed and l linked (the bytes are the new path), u unlinked, t told on standard output */
static void
trace_at(char what, const char *path, bool durable, off_t at, const void *bytes, size_t len)
{
    char head[PATH_BYTES + 100];
    struct stat st = {0};
    if (trace_fd < 0 || (what != 't' && !under(path)))
        return;
    (void)lstat(what == 'r' || what == 'l' ? (const char *)bytes : path, &st);
    int head_len = snprintf(head, sizeof head, "%c %lld %zu %d %llu %s\n", what, (long long)at, len, durable,
                            (unsigned long long)st.st_ino, path);
    struct iovec parts[2] = {{.iov_base = head, .iov_len = (size_t)head_len},
                             {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len}};
    if (REAL(writev)(trace_fd, parts, len != 0 ? 2 : 1) != (ssize_t)((size_t)head_len + len))
        abort();
}

static void
trace(char what, int fd, off_t at, const void *bytes, size_t len)
{
    char path[PATH_BYTES];
    if (trace_fd < 0)
        return;
    path_of(fd, path);
    trace_at(what, path, (fcntl(fd, F_GETFL) & O_DSYNC) != 0, at, bytes, len);
}

static bool
is_file(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
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

static void
told(int fd, const void *bytes, size_t len)
{
    if (fd == STDOUT_FILENO)
        trace('t', fd, 0, bytes, len);
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
    if (fd == STDOUT_FILENO || fd == STDERR_FILENO || !is_file(fd)) {
        told(fd, bytes, len);
        return REAL(write)(fd, bytes, len);
    }
    verdict v = judge("write", fd, NULL);
    off_t at = lseek(fd, 0, SEEK_CUR);
    size_t some = share(v, at, len), room = within_quota(at, some);
    if (room == 0 && some != 0) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t n = room != 0 ? REAL(write)(fd, bytes, room) : 0;
    if (n > 0)
        trace('w', fd, at, bytes, (size_t)n);
    return written(v, n);
}

ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    verdict v = judge("pwrite", fd, NULL);
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
    if (!is_file(fd))
        return REAL(writev)(fd, parts, count);
    verdict v = judge("writev", fd, NULL);
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
    verdict v = judge("fdatasync", fd, NULL);
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
    verdict v = judge("fsync", fd, NULL);
    int rc = v == PASS || v == AFTER || v == DONE ? REAL(fsync)(fd) : 0;
    if (v == PASS || v == AFTER || v == DONE)
        trace(is_file(fd) ? 's' : 'd', fd, 0, NULL, 0);
    return v == PASS ? rc : (int)written(v == SHORT ? FAIL : v, 0);
}

int
ftruncate(int fd, off_t len)
{
    verdict v = judge("ftruncate", fd, NULL);
    int rc = v == PASS || v == AFTER || v == DONE ? REAL(ftruncate)(fd, len) : 0;
    if (v == PASS || v == AFTER || v == DONE)
        trace('z', fd, len, NULL, 0);
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
    verdict v = judge("fallocate", fd, NULL);
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

/* What changes names: judged, made if it is to be, and traced. */
#define MADE(call, path, made, traced)                                                                       \
    do {                                                                                                     \
        verdict v = judge(call, -1, path);                                                                   \
        int rc = 0;                                                                                          \
        if (v == PASS || v == AFTER || v == DONE) {                                                          \
            rc = made;                                                                                       \
            if (rc == 0)                                                                                     \
                traced;                                                                                      \
        }                                                                                                    \
        return v == PASS ? rc : (int)written(v == SHORT ? FAIL : v, 0);                                      \
    } while (0)

int
rename(const char *from, const char *to)
{
    MADE("rename", from, REAL(rename)(from, to), trace_at('r', from, false, 0, to, strlen(to) + 1));
}

int
linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    MADE("linkat", from, REAL(linkat)(from_fd, from, to_fd, to, flags),
         trace_at('l', from, false, 0, to, strlen(to) + 1));
}

int
unlink(const char *path)
{
    MADE("unlink", path, REAL(unlink)(path), trace_at('u', path, false, 0, NULL, 0));
}

int
mkdir(const char *path, mode_t mode)
{
    MADE("mkdir", path, REAL(mkdir)(path, mode), trace_at('m', path, false, 0, NULL, 0));
}

void *
mmap(void *at, size_t len, int protection, int flags, int fd, off_t from)
{
    if (fd >= 0) {
        verdict v = judge("mmap", fd, NULL);
        if (v != PASS && written(v == SHORT ? FAIL : v, 0) < 0)
            return MAP_FAILED;
    }
    return REAL(mmap)(at, len, protection, flags, fd, from);
}

void *
mmap64(void *at, size_t len, int protection, int flags, int fd, off_t from)
{
    return mmap(at, len, protection, flags, fd, from);
}

int
open(const char *path, int flags, ...)
{
    struct stat st;
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    verdict v = judge("open", -1, path);
    if (v != PASS && written(v == SHORT ? FAIL : v, 0) < 0)
        return -1;
    bool there = trace_fd >= 0 && lstat(path, &st) == 0;
    int fd = REAL(open)(path, flags, mode);
    if (fd >= 0 && !there && (flags & O_CREAT) != 0)
        trace_at('c', path, false, 0, NULL, 0);
    else if (fd >= 0 && there && (flags & O_TRUNC) != 0)
        trace_at('z', path, false, 0, NULL, 0);
    return fd;
}

int
open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open(path, flags, mode);
}

/* A child takes from itself what the daemon does, and tells what it can then still do. */
#include "broker/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NONE 77 /* exit status of a child without a sandbox: this build or this kernel has none */

static char home[64];

/* ---- deeds: 0, or the error */

static int
deed_open(const char *name, int flags)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s%s", name[0] == '/' ? "" : home, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0 ? 0 : errno;
}

static int
read_allowed(void)
{
    return deed_open("read/file", O_RDONLY);
}
static int
write_where_read(void)
{
    return deed_open("read/file", O_WRONLY);
}
static int
make_where_read(void)
{
    return deed_open("read/new", O_WRONLY | O_CREAT);
}
static int
make_where_write(void)
{
    return deed_open("write/new", O_WRONLY | O_CREAT);
}
static int
read_outside(void)
{
    return deed_open("outside/file", O_RDONLY);
}
static int
read_passwords(void)
{
    return deed_open("/etc/passwd", O_RDONLY);
}
static int
leave_by_dots(void)
{
    return deed_open("write/../outside/file", O_RDONLY);
}
static int
rename_within(void)
{
    char from[128], to[128];
    (void)snprintf(from, sizeof from, "%swrite/file", home);
    (void)snprintf(to, sizeof to, "%swrite/renamed", home);
    return rename(from, to) == 0 ? 0 : errno;
}
static int
rename_out(void)
{
    char from[128], to[128];
    (void)snprintf(from, sizeof from, "%swrite/file", home);
    (void)snprintf(to, sizeof to, "%soutside/renamed", home);
    return rename(from, to) == 0 ? 0 : errno;
}
static int
fill_replaced(void)
{
    int rc = deed_open("run/x.new", O_WRONLY | O_TRUNC);
    char from[128], to[128];
    (void)snprintf(from, sizeof from, "%srun/x.new", home);
    (void)snprintf(to, sizeof to, "%srun/x", home);
    return rc != 0 ? rc : rename(from, to) == 0 ? 0 : errno;
}
static int
read_beside_replaced(void)
{
    return deed_open("run/other", O_RDONLY);
}
static int
write_beside_replaced(void)
{
    return deed_open("run/other", O_WRONLY);
}

static int
of(int fd)
{
    int rc = fd >= 0 ? 0 : errno;
    if (fd >= 0)
        (void)close(fd);
    return rc;
}
static int
call_network(void)
{
    return of(socket(AF_INET, SOCK_STREAM, 0));
}
static int
call_packets(void)
{
    return of(socket(AF_PACKET, SOCK_RAW, 0));
}
static int
call_local(void)
{
    return of(socket(AF_UNIX, SOCK_DGRAM, 0));
}
static int
call_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid > 0 ? 0 : errno;
}
static void *
nothing(void *context)
{
    return context;
}
static int
call_thread(void)
{
    pthread_t thread;
    int rc = pthread_create(&thread, NULL, nothing, NULL);
    return rc != 0 ? rc : pthread_join(thread, NULL);
}
static int
map(int protection)
{
    void *at = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at != MAP_FAILED ? 0 : errno;
}
static int
map_to_run(void)
{
    return map(PROT_READ | PROT_WRITE | PROT_EXEC);
}
static int
map_to_write(void)
{
    return map(PROT_READ | PROT_WRITE);
}
static int
make_code(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(at, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
}
static int
call_dumpable(void)
{
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 ? 0 : errno;
}
static int
call_kill(void)
{
    return kill(getppid(), 0) == 0 ? 0 : errno;
}
static int
call_setuid(void)
{
    return syscall(SYS_setuid, 0) == 0 ? 0 : errno;
}
static int
call_exec(void)
{
    char *const arguments[] = {(char[]){"/bin/true"}, NULL};
    (void)execv(arguments[0], arguments);
    return errno;
}
static int
call_ptrace(void)
{
    return syscall(SYS_ptrace, 0, 0, 0, 0) == 0 ? 0 : errno;
}

/* ---- the children */

static bool
take_paths(void)
{
    char names[3][128];
    static const char *const at[] = {"read", "write", "run"};
    for (size_t i = 0; i < 3; i++)
        (void)snprintf(names[i], sizeof names[i], "%s%s", home, at[i]);
    char replaced[128];
    (void)snprintf(replaced, sizeof replaced, "%srun/x.new", home);
    const vdr_sandbox_place places[] = {{names[0], VDR_SANDBOX_READ},   {names[1], VDR_SANDBOX_WRITE},
                                        {names[2], VDR_SANDBOX_RENAME}, {replaced, VDR_SANDBOX_FILL},
                                        {NULL, VDR_SANDBOX_READ},       {"/nowhere", VDR_SANDBOX_WRITE}};
    int level = 0;
    return vdr_sandbox_paths(places, sizeof places / sizeof places[0], &level) == VDR_SANDBOX_ON && level > 0;
}

static bool
take_calls(void)
{
    size_t count = 0;
    return vdr_sandbox_calls(&count) == VDR_SANDBOX_ON && count > 50;
}

/* The child's wait status. */
static int
child(bool (*take)(void), int (*deed)(void))
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(take() ? deed() : NONE);
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static void
make(const char *name, bool folder)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s%s", home, name);
    if (folder) {
        assert_int_equal(mkdir(path, 0700), 0);
    } else {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
    }
}

static int
make_home(void **state)
{
    (void)state;
    (void)snprintf(home, sizeof home, "/tmp/vdr-sandbox-XXXXXX");
    if (mkdtemp(home) == NULL)
        return -1;
    (void)strncat(home, "/", sizeof home - strlen(home) - 1);
    static const char *const folders[] = {"read", "write", "outside", "run"};
    static const char *const files[] = {"read/file", "write/file", "outside/file", "run/x.new", "run/other"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        make(folders[i], true);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        make(files[i], false);
    return 0;
}

static int
clear_home(void **state)
{
    (void)state;
    static const char *const files[] = {
        "read/file", "write/file", "write/renamed", "write/new", "outside/file", "run/x.new", "run/x",
        "run/other", "read",       "write",         "outside",   "run",          ""};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", home, files[i]);
        (void)remove(path);
    }
    return 0;
}

typedef struct row {
    const char *name;
    int (*deed)(void);
    int rc, other; /* what it comes to; other: or this */
} row;

static void
check(const row *rows, size_t count, bool (*take)(void))
{
    for (size_t i = 0; i < count; i++) {
        int status = child(take, rows[i].deed);
        if (WIFEXITED(status) && WEXITSTATUS(status) == NONE)
            skip();
        int rc = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        if (rc != rows[i].rc && rc != rows[i].other)
            fail_msg("%s: came to %d, not %d", rows[i].name, rc, rows[i].rc);
    }
}

static void
paths_beyond_the_given_ones_cannot_be_opened(void **state)
{
    (void)state;
    static const row rows[] = {
        {"reading where one may", read_allowed, 0, 0},
        {"writing where one may only read", write_where_read, EACCES, EACCES},
        {"a new file where one may only read", make_where_read, EACCES, EACCES},
        {"a new file where one may write", make_where_write, 0, 0},
        {"reading elsewhere", read_outside, EACCES, EACCES},
        {"the machine's own files", read_passwords, EACCES, EACCES},
        {"dots do not help", leave_by_dots, EACCES, EACCES},
        {"a name for a file elsewhere", rename_out, EACCES, EXDEV},
        {"another name where one may write", rename_within, 0, 0},
        {"reading beside what is replaced", read_beside_replaced, EACCES, EACCES},
        {"writing beside what is replaced", write_beside_replaced, EACCES, EACCES},
        {"replacing a file", fill_replaced, 0, 0},
    };
    check(rows, sizeof rows / sizeof rows[0], take_paths);
}

static void
calls_that_no_broker_needs_fail(void **state)
{
    (void)state;
    static const row rows[] = {
        {"a connection to elsewhere", call_network, EPERM, EPERM},
        {"packets", call_packets, EPERM, EPERM},
        {"the supervisor's socket", call_local, 0, 0},
        {"another process", call_fork, EPERM, EPERM},
        {"a thread", call_thread, 0, 0},
        {"memory to write", map_to_write, 0, 0},
        {"memory to run from", map_to_run, EPERM, EPERM},
        {"memory that becomes code", make_code, EPERM, EPERM},
        {"core dumps again", call_dumpable, EPERM, EPERM},
        {"a signal to another process", call_kill, EPERM, EPERM},
        {"another user", call_setuid, EPERM, EPERM},
        {"another program", call_exec, -SIGSYS, -SIGSYS},
        {"looking into a process", call_ptrace, -SIGSYS, -SIGSYS},
    };
    check(rows, sizeof rows / sizeof rows[0], take_calls);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths_beyond_the_given_ones_cannot_be_opened, make_home, clear_home),
        cmocka_unit_test(calls_that_no_broker_needs_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

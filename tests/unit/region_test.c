/* Goal: where the system gives no more memory, a large table stops the program with words, as any other allocation
 * does; a spare region is then not made, and nothing else comes of it. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "proto/pages.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool spent;

void *__real_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);

void *
__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    if (!spent || bytes < VDR_PAGES_ALIGNMENT)
        return __real_mmap(at, bytes, protection, flags, fd, offset);
    errno = ENOMEM;
    return MAP_FAILED;
}

static void
a_table_without_memory_ends_with_words(void **state)
{
    (void)state;
    char words[256] = "";
    int pipes[2], status;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)signal(SIGABRT, SIG_DFL); /* cmocka's would go on */
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        (void)dup2(pipes[1], STDERR_FILENO);
        spent = true;
        (void)vdr_pages_new(VDR_PAGES_ALIGNMENT);
        _exit(0);
    }
    (void)close(pipes[1]);
    ssize_t n = read(pipes[0], words, sizeof words - 1);
    assert_true(n > 0);
    (void)close(pipes[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_string_equal(words,
                        "voordeur: out of memory: 1 times 2097152 bytes more are not to be had; stopped\n");
}

static void
a_spare_without_memory_is_not_made(void **state)
{
    (void)state;
    uint8_t *first = vdr_pages_new(VDR_PAGES_REGION_BYTES), *second = vdr_pages_new(VDR_PAGES_REGION_BYTES);
    assert_true(vdr_pages_spare_wanted());
    spent = true;
    vdr_pages_spare_make();
    spent = false;
    assert_true(vdr_pages_spare_wanted());
    vdr_pages_spare_make();
    assert_false(vdr_pages_spare_wanted());
    spent = true; /* the spare is taken, not another */
    uint8_t *third = vdr_pages_new(VDR_PAGES_REGION_BYTES);
    spent = false;
    assert_int_equal((uintptr_t)third % VDR_PAGES_ALIGNMENT, 0);
    for (size_t at = 0; at < VDR_PAGES_REGION_BYTES; at += 4096)
        assert_int_equal(third[at], 0);
    vdr_pages_free(first, VDR_PAGES_REGION_BYTES);
    vdr_pages_free(second, VDR_PAGES_REGION_BYTES);
    vdr_pages_free(third, VDR_PAGES_REGION_BYTES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_without_memory_ends_with_words),
        cmocka_unit_test(a_spare_without_memory_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

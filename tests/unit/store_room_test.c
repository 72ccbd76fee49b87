/* Goal: a volume that others fill, or where they make room, is seen without a commit (I16). */
#include "store_bed.h"

#include <sys/statvfs.h>

#define MIB (UINT64_C(1) << 20)

static uint64_t others_leave; /* bytes */

int __real_fstatvfs(int fd, struct statvfs *ret_st);
int __wrap_fstatvfs(int fd, struct statvfs *ret_st);

int
__wrap_fstatvfs(int fd, struct statvfs *ret_st)
{
    int rc = __real_fstatvfs(fd, ret_st);
    if (rc == 0)
        ret_st->f_bavail = (fsblkcnt_t)(others_leave / ret_st->f_frsize);
    return rc;
}

static bool
is_full(const bed *b)
{
    vdr_log_stats stats;
    vdr_log_stats_get(b->log, &stats);
    return stats.full;
}

static void
a_volume_that_others_fill_is_seen_while_nothing_is_appended(void **state)
{
    bed *b = *state;
    b->options.reserve_bytes = 16 * MIB;
    others_leave = 1024 * MIB;
    bed_open(b);
    bed_append(b, 3);
    assert_false(is_full(b));
    for (unsigned i = 0; i < 3; i++) {
        others_leave = MIB;
        assert_true(is_full(b));
        others_leave = 1024 * MIB;
        assert_false(is_full(b));
    }
    others_leave = MIB; /* what is kept free is for this */
    bed_append(b, 1);
    assert_true(is_full(b));
    others_leave = 1024 * MIB;
    assert_false(is_full(b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LMDB(a_volume_that_others_fill_is_seen_while_nothing_is_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

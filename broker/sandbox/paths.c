#define _GNU_SOURCE /* O_PATH */
#include "broker/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the oldest headers that we build with; the kernel's documentation, "Landlock: unprivileged access
 * control", numbers the rights by version. */
#define RIGHT_REFER     (UINT64_C(1) << 13) /* version 2 */
#define RIGHT_TRUNCATE  (UINT64_C(1) << 14) /* version 3 */
#define RIGHT_IOCTL_DEV (UINT64_C(1) << 15) /* version 5 */

#define READS ((uint64_t)LANDLOCK_ACCESS_FS_READ_FILE | (uint64_t)LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITES                                                                                               \
    (READS | (uint64_t)LANDLOCK_ACCESS_FS_WRITE_FILE | (uint64_t)LANDLOCK_ACCESS_FS_REMOVE_DIR |             \
     (uint64_t)LANDLOCK_ACCESS_FS_REMOVE_FILE | (uint64_t)LANDLOCK_ACCESS_FS_MAKE_DIR |                      \
     (uint64_t)LANDLOCK_ACCESS_FS_MAKE_REG | RIGHT_REFER | RIGHT_TRUNCATE)
#define OF_VERSION_1 ((UINT64_C(1) << 13) - 1)
#define OF_A_FILE                                                                                            \
    ((uint64_t)LANDLOCK_ACCESS_FS_READ_FILE | (uint64_t)LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE)

static const uint64_t rights_of[] = {
    [VDR_SANDBOX_READ] = READS,
    [VDR_SANDBOX_WRITE] = WRITES,
    [VDR_SANDBOX_FILL] = (uint64_t)LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE,
    [VDR_SANDBOX_RENAME] = (uint64_t)LANDLOCK_ACCESS_FS_MAKE_REG | (uint64_t)LANDLOCK_ACCESS_FS_REMOVE_FILE,
    [VDR_SANDBOX_SOCKET] = (uint64_t)LANDLOCK_ACCESS_FS_MAKE_SOCK | (uint64_t)LANDLOCK_ACCESS_FS_REMOVE_FILE,
};

#ifndef VDR_NO_SANDBOX
static uint64_t
known_at(long version)
{
    uint64_t known = OF_VERSION_1;
    if (version >= 2)
        known |= RIGHT_REFER;
    if (version >= 3)
        known |= RIGHT_TRUNCATE;
    if (version >= 5)
        known |= RIGHT_IOCTL_DEV;
    return known;
}

/* A place that is not there gives no right, which is no failure. */
static bool
allow(int ruleset, const vdr_sandbox_place *place, uint64_t known)
{
    struct stat status;
    int fd = place->path == NULL ? -1 : open(place->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return true;
    struct landlock_path_beneath_attr beneath = {.allowed_access = rights_of[place->use] & known,
                                                 .parent_fd = fd};
    bool good = fstat(fd, &status) == 0;
    if (good && !S_ISDIR(status.st_mode))
        beneath.allowed_access &= OF_A_FILE;
    good = good && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
    (void)close(fd);
    return good;
}

vdr_sandbox_state
vdr_sandbox_paths(const vdr_sandbox_place *places, size_t count, int *ret_level)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    *ret_level = version > 0 ? (int)version : 0;
    if (version <= 0)
        return VDR_SANDBOX_NO_KERNEL;
    uint64_t known = known_at(version);
    struct landlock_ruleset_attr handled = {.handled_access_fs = known};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (ruleset < 0)
        return VDR_SANDBOX_FAILED;
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = allow(ruleset, &places[i], known);
    good = good && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    (void)close(ruleset);
    return good ? VDR_SANDBOX_ON : VDR_SANDBOX_FAILED;
}
#else
vdr_sandbox_state
vdr_sandbox_paths(const vdr_sandbox_place *places, size_t count, int *ret_level)
{
    (void)places;
    (void)count;
    (void)rights_of;
    *ret_level = 0;
    return VDR_SANDBOX_NOT_BUILT;
}
#endif

const char *
vdr_sandbox_state_name(vdr_sandbox_state state)
{
    switch (state) {
    case VDR_SANDBOX_ON:
        return "on";
    case VDR_SANDBOX_NOT_BUILT:
        return "not in this build";
    case VDR_SANDBOX_NO_KERNEL:
        return "this kernel has none";
    case VDR_SANDBOX_FAILED:
        return "the kernel refused";
    }
    return "?";
}

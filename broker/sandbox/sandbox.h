/* broker/sandbox/sandbox.h - what a process takes from itself, for good: paths and system calls that it has no
 * business with. What was opened before stays usable.
 *
 *   paths  Landlock: below the given places only what is said there; elsewhere nothing. For the calling thread and
 *          those that it makes afterwards, so before the first one. Linux 5.13 and later.
 *   calls  seccomp: the calls of calls.c's table and no others, in every thread. Others fail with EPERM, and the
 *          kernel's audit log names them; those by which a broken-into process would become another one end it.
 *          After it no program is started, no memory made executable, no process made and no connection opened to
 *          anywhere but a socket of this machine.
 *
 * Both are without effect in a build for a sanitizer or for coverage, whose tools need more.
 *
 * Thread: the process' first. Errors: none that stop a broker; what could not be done is told by the state. Memory:
 * borrows the names during the call. */
#ifndef VDR_BROKER_SANDBOX_SANDBOX_H
#define VDR_BROKER_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

typedef enum vdr_sandbox_state {
    VDR_SANDBOX_ON,
    VDR_SANDBOX_NOT_BUILT, /* a build for a sanitizer */
    VDR_SANDBOX_NO_KERNEL, /* this kernel, or the container around it, does not have it */
    VDR_SANDBOX_FAILED     /* it has, and refused */
} vdr_sandbox_state;

typedef enum vdr_sandbox_use {
    VDR_SANDBOX_READ,   /* a folder and all below it, or a file */
    VDR_SANDBOX_WRITE,  /* the same; everything that files and folders are used for */
    VDR_SANDBOX_FILL,   /* a file that is there: its content may be replaced */
    VDR_SANDBOX_RENAME, /* a folder: names of files in it may be made and taken away, not their content */
    VDR_SANDBOX_SOCKET  /* a folder: sockets may be made and taken away in it */
} vdr_sandbox_use;

typedef struct vdr_sandbox_place {
    const char *path; /* NULL, or nothing there: left out */
    vdr_sandbox_use use;
} vdr_sandbox_place;

/* ret_level: which version of Landlock the kernel has; 0: none. */
vdr_sandbox_state vdr_sandbox_paths(const vdr_sandbox_place *places, size_t count, int *ret_level);

/* ret_count: how many calls are left, some of them only for some arguments. */
vdr_sandbox_state vdr_sandbox_calls(size_t *ret_count);

const char *vdr_sandbox_state_name(vdr_sandbox_state state);

#endif

#define _GNU_SOURCE /* CLONE_THREAD */
#include "broker/sandbox/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef VDR_NO_SANDBOX

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* Everything that the daemon, libzmq, LMDB, libsodium and the C library ask for once it serves, as traced over the
 * integration tests, and their next of kin of other kernels and C libraries. */
static const int allowed[] = {
    /* descriptors and files */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_close,
    SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_getdents64, SYS_openat,
    SYS_fcntl, SYS_flock, SYS_fsync, SYS_fdatasync, SYS_sync_file_range, SYS_ftruncate, SYS_fallocate,
    SYS_fadvise64, SYS_faccessat, SYS_mkdirat, SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_linkat,
    SYS_fchmod, SYS_umask, SYS_copy_file_range, SYS_dup, SYS_dup3, SYS_pipe2,
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
#ifdef SYS_open /* what only the older architectures have */
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_rename, SYS_link,
    SYS_dup2, SYS_pipe, SYS_poll, SYS_epoll_wait, SYS_eventfd, SYS_signalfd, SYS_getrlimit, SYS_time,
    SYS_readlink,
#endif
    SYS_readlinkat,
    /* waiting */
    SYS_ppoll, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_eventfd2, SYS_signalfd4, SYS_futex,
    SYS_nanosleep, SYS_clock_nanosleep, SYS_sched_yield, SYS_restart_syscall,
    /* connections: those that come, and datagrams to the journal and the supervisor */
    SYS_accept4, SYS_accept, SYS_connect, SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt,
    SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_shutdown,
    /* memory; mmap and mprotect: below */
    SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_msync, SYS_mlock, SYS_munlock, SYS_mlock2,
    /* threads of this process; clone, tgkill, prctl: below */
    SYS_exit, SYS_exit_group, SYS_set_robust_list, SYS_rseq, SYS_sched_getaffinity, SYS_sched_setaffinity,
    SYS_sched_getparam, SYS_sched_getscheduler, SYS_sched_setscheduler, SYS_setpriority, SYS_getpriority,
    SYS_sched_setattr, SYS_gettid, SYS_membarrier, SYS_getcpu,
    /* signals, clocks, itself */
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_sigaltstack,
    SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_getpid, SYS_getuid, SYS_geteuid, SYS_getgid,
    SYS_getegid, SYS_getrusage, SYS_prlimit64, SYS_sysinfo, SYS_uname, SYS_getrandom, SYS_times};

/* No broker ever asks for these: whoever does has taken it over. */
static const int fatal[] = {
    SYS_execve,      SYS_execveat,     SYS_ptrace,        SYS_process_vm_readv, SYS_process_vm_writev,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,       SYS_bpf,
    SYS_mount,       SYS_umount2,      SYS_pivot_root,    SYS_chroot,           SYS_setns,
    SYS_unshare,     SYS_add_key,      SYS_keyctl,        SYS_request_key,      SYS_perf_event_open,
    SYS_userfaultfd, SYS_reboot};

/* A call that is allowed if an argument is one of the values, or has none of the bits. */
typedef struct limited {
    int call;
    unsigned argument;
    enum { IS, HAS, LACKS } test;
    uint32_t value;
} limited;

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define LIMITED_MAX 8u
#define PROGRAM_MAX (8 + 2 * COUNT(allowed) + 2 * COUNT(fatal) + 5 * LIMITED_MAX)
#define ARGUMENT(n) ((uint32_t)(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t)))
#define CALL_OF_X32 0x40000000u

typedef struct program {
    struct sock_filter at[PROGRAM_MAX];
    unsigned short count;
} program;

static void
put(program *p, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false)
{
    p->at[p->count++] = (struct sock_filter){.code = code, .jt = if_true, .jf = if_false, .k = value};
}

static void
put_load(program *p, uint32_t offset)
{
    put(p, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void
put_answer(program *p, uint32_t answer)
{
    put(p, BPF_RET | BPF_K, answer, 0, 0);
}

/* This call: that answer. */
static void
put_call(program *p, int call, uint32_t answer)
{
    put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1);
    put_answer(p, answer);
}

/* This call: allowed as its argument says (its lower half; a larger one than fits there is of no use with these).
 * Not allowed: on to the next, with the call's number loaded again. */
static void
put_limited(program *p, const limited *of)
{
    put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)of->call, 0, 4);
    put_load(p, ARGUMENT(of->argument));
    put(p, (uint16_t)(BPF_JMP | BPF_K | (of->test == IS ? BPF_JEQ : BPF_JSET)), of->value,
        of->test == LACKS ? 1 : 0, of->test == LACKS ? 0 : 1);
    put_answer(p, SECCOMP_RET_ALLOW);
    put_load(p, (uint32_t)offsetof(struct seccomp_data, nr));
}

static void
build(program *p)
{
    const limited limits[] = {
        {SYS_clone, 0, HAS, CLONE_THREAD}, /* threads, no processes */
        {SYS_mmap, 2, LACKS, PROT_EXEC},   /* what runs was there at the start */
        {SYS_mprotect, 2, LACKS, PROT_EXEC},
        {SYS_socket, 0, IS, AF_UNIX}, /* the supervisor and the journal; nothing goes out */
        {SYS_prctl, 0, IS, PR_SET_NAME},
        {SYS_tgkill, 0, IS, (uint32_t)getpid()}, /* abort() */
        {SYS_ioctl, 1, IS, 0x5401 /* TCGETS: is it a terminal? */},
    };
    _Static_assert(COUNT(limits) <= LIMITED_MAX, "room for each");
    p->count = 0;
    put_load(p, (uint32_t)offsetof(struct seccomp_data, arch));
    put(p, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    put_answer(p, SECCOMP_RET_KILL_PROCESS);
    put_load(p, (uint32_t)offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
    put(p, BPF_JMP | BPF_JGE | BPF_K, CALL_OF_X32, 0, 1);
    put_answer(p, SECCOMP_RET_KILL_PROCESS);
#endif
    for (size_t i = 0; i < COUNT(allowed); i++)
        put_call(p, allowed[i], SECCOMP_RET_ALLOW);
    for (size_t i = 0; i < COUNT(limits); i++)
        put_limited(p, &limits[i]);
    for (size_t i = 0; i < COUNT(fatal); i++)
        put_call(p, fatal[i], SECCOMP_RET_KILL_PROCESS);
    /* Its arguments cannot be seen; the C library then makes threads by clone. */
    put_call(p, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    put_answer(p, SECCOMP_RET_ERRNO | EPERM);
}

vdr_sandbox_state
vdr_sandbox_calls(size_t *ret_count)
{
    program p;
    build(&p);
    struct sock_fprog filter = {.len = p.count, .filter = p.at};
    *ret_count = COUNT(allowed) + LIMITED_MAX - 1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return VDR_SANDBOX_FAILED;
    long rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                      SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG, &filter);
    if (rc == 0)
        return VDR_SANDBOX_ON;
    *ret_count = 0;
    return rc < 0 && (errno == ENOSYS || errno == EINVAL) ? VDR_SANDBOX_NO_KERNEL : VDR_SANDBOX_FAILED;
}

#else
vdr_sandbox_state
vdr_sandbox_calls(size_t *ret_count)
{
    *ret_count = 0;
    return VDR_SANDBOX_NOT_BUILT;
}
#endif

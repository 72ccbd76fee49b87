#include "tests/sim/switch.h"

#include "proto/assert.h"

#include <stdint.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

static void
tell_made(sim_stack *stack, void *memory, size_t bytes)
{
    stack->bottom = memory;
    stack->bytes = bytes;
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(memory, bytes); /* somebody may have been left on it */
#endif
}

static void
tell_leaving(sim_stack *from, const sim_stack *to)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&from->fake, to->bottom, to->bytes);
#else
    (void)from;
    (void)to;
#endif
}

static void
tell_back(const sim_stack *self)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(self->fake, NULL, NULL);
#else
    (void)self;
#endif
}

void
sim_stack_begun(sim_stack *from)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(NULL, &from->bottom, &from->bytes);
#else
    (void)from;
#endif
}

#if defined(__x86_64__)

/* void sim_stack_go(void **ret_from, void *to): what a call must keep is kept on the stack that is left. */
void sim_stack_go(void **ret_from, void *to);
__asm__(".text\n"
        ".globl sim_stack_go\n"
        ".type sim_stack_go, @function\n"
        "sim_stack_go:\n"
        "    endbr64\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size sim_stack_go, .-sim_stack_go\n");

void
sim_stack_make(sim_stack *stack, void *memory, size_t bytes, void (*begin)(void))
{
    uintptr_t *top = (uintptr_t *)memory + bytes / sizeof *top;
    tell_made(stack, memory, bytes);
    top--; /* begin() is entered as by a call: an address below 16 bytes that are aligned */
    *--top = (uintptr_t)begin;
    for (int i = 0; i < 6; i++)
        *--top = 0;
    stack->at = top;
}

void
sim_stack_switch(sim_stack *from, sim_stack *to)
{
    tell_leaving(from, to);
    sim_stack_go(&from->at, to->at);
    tell_back(from);
}

#else

void
sim_stack_make(sim_stack *stack, void *memory, size_t bytes, void (*begin)(void))
{
    tell_made(stack, memory, bytes);
    VDR_ASSERT(getcontext(&stack->context) == 0);
    stack->context.uc_stack = (stack_t){.ss_sp = memory, .ss_size = bytes};
    stack->context.uc_link = NULL;
    makecontext(&stack->context, begin, 0);
}

void
sim_stack_switch(sim_stack *from, sim_stack *to)
{
    tell_leaving(from, to);
    (void)swapcontext(&from->context, &to->context);
    tell_back(from);
}

#endif

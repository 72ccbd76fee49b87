/* tests/sim/switch.h - from one stack to another. On x86-64 without a call of the system for it, elsewhere by
 * swapcontext(). The address sanitizer is told. */
#ifndef VDR_SIM_SWITCH_H
#define VDR_SIM_SWITCH_H

#include <stddef.h>
#include <ucontext.h>

typedef struct sim_stack {
    void *at; /* where its registers lie */
    ucontext_t context;
    /* for the address sanitizer: */
    const void *bottom;
    size_t bytes;
    void *fake;
} sim_stack;

/* A stack that begins with this, which never returns. */
void sim_stack_make(sim_stack *stack, void *memory, size_t bytes, void (*begin)(void));
/* What begins so says first from where it was gone on with. */
void sim_stack_begun(sim_stack *from);
/* Goes on with the other one; returns when somebody goes on with this one. */
void sim_stack_switch(sim_stack *from, sim_stack *to);

#endif

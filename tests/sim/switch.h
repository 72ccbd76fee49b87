/* tests/sim/switch.h - from one stack to another. On x86-64 without a call of the system for it, elsewhere (and where a
 * sanitizer must know of it) by swapcontext(). */
#ifndef VDR_SIM_SWITCH_H
#define VDR_SIM_SWITCH_H

#include <stddef.h>
#include <ucontext.h>

typedef struct sim_stack {
    void *at; /* where its registers lie */
    ucontext_t context;
} sim_stack;

/* A stack that begins with this, which never returns. */
void sim_stack_make(sim_stack *stack, void *memory, size_t bytes, void (*begin)(void));
/* Goes on with the other one; returns when somebody goes on with this one. */
void sim_stack_switch(sim_stack *from, sim_stack *to);

#endif

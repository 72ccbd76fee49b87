/* proto/assert.h - what only a programmer can get wrong stops the program, also in release builds.
 * Never used on bytes from outside: those give a vdr_err. */
#ifndef VDR_PROTO_ASSERT_H
#define VDR_PROTO_ASSERT_H

#define VDR_MUST_CHECK __attribute__((warn_unused_result))

/* A large array on the stack of which only what was written is read: without the zeros that the compiler would put
 * into all of it first (deploy/hardening.cmake). */
#define VDR_UNZEROED __attribute__((uninitialized))

/* Writes "file:line: expression" to standard error (no other detail: state may be personal) and aborts. */
__attribute__((noreturn, cold)) void vdr_assert_failed(const char *file, int line, const char *expression);

#define VDR_ASSERT(expression) ((expression) ? (void)0 : vdr_assert_failed(__FILE__, __LINE__, #expression))

/* Writes how much could not be had to standard error and aborts. */
__attribute__((noreturn, cold)) void vdr_out_of_memory(unsigned long count, unsigned long bytes);

/* Memory that must be had: state is never left half-changed because an allocation failed. Zeroed.
 * Out of memory stops the program; what was confirmed is in the log. Free with free(). */
__attribute__((malloc, alloc_size(1, 2), returns_nonnull)) void *vdr_alloc(unsigned long count,
                                                                           unsigned long bytes);
/* As realloc for count * bytes, same promise; new bytes are not zeroed. */
__attribute__((alloc_size(2, 3), returns_nonnull)) void *vdr_realloc(void *at, unsigned long count,
                                                                     unsigned long bytes);

#endif

/* broker/notify.h - telling systemd how it goes: one datagram to $NOTIFY_SOCKET, nothing when there is none.
 * Thread: any. Errors: none; a supervisor that does not listen is no reason to stop. */
#ifndef VDR_BROKER_NOTIFY_H
#define VDR_BROKER_NOTIFY_H

#include "proto/types.h"

void vdr_notify(const char *state); /* "READY=1", "STOPPING=1", "WATCHDOG=1", lines of them */

/* How often the watchdog wants to hear, half of what it waits; 0: there is none for this process. */
int64_t vdr_notify_watchdog_ms(void);

#endif

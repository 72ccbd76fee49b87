/* clients/gateway/notify.h - telling systemd how it goes: one datagram to $NOTIFY_SOCKET, nothing when there is none.
 * Thread: any. Errors: none; a supervisor that does not listen is no reason to stop. */
#ifndef VDR_GATEWAY_NOTIFY_H
#define VDR_GATEWAY_NOTIFY_H

void vdr_gate_notify(const char *state); /* "READY=1", "STOPPING=1" */

#endif

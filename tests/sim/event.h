/* tests/sim/event.h - what a thread waits for besides sockets: an eventfd, and the signals that a process is sent. They have
 * descriptors of the system, so that closing them is closing, and are otherwise a table here: they are asked so often. */
#ifndef VDR_SIM_EVENT_H
#define VDR_SIM_EVENT_H

#include <poll.h>

void sim_event_signal(int number); /* to the broker's process */
/* poll() that does not wait. */
int sim_event_poll(struct pollfd *fds, nfds_t count);

#endif

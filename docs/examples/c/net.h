/* What the client needs of a network, so that it runs on BSD sockets and on NetX Duo alike. One connection at a time. */
#ifndef NET_H
#define NET_H

#include <stddef.h>

/* Connect; `host` is an address such as "192.168.1.10" (with BSD sockets also a name). 0: connected, -1: not. */
int net_connect(const char *host, unsigned port);

/* Send all of it. 0, or -1 when the connection is gone. */
int net_send(const char *data, size_t size);

/* Receive some: how many bytes, 0 at the end of the connection, -1 when it is gone or silent for NET_SILENCE_SECONDS. */
int net_receive(char *data, size_t size);

void net_close(void);

/* Seconds. */
void net_sleep(unsigned seconds);

/* Longer than the longest wait of a poll, so that only a dead connection is that silent. */
#define NET_SILENCE_SECONDS 75

#endif

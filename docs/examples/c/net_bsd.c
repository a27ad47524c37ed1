/* net.h on BSD sockets: Linux, lwIP, and NetX Duo's own BSD layer where that is built in. */
#define _POSIX_C_SOURCE 200112L
#include "net.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

static int connection = -1;

int net_connect(const char *host, unsigned port)
{
    struct addrinfo hints = {0}, *found, *each;
    struct timeval silence = {NET_SILENCE_SECONDS, 0};
    char service[12];

    hints.ai_socktype = SOCK_STREAM;
    snprintf(service, sizeof service, "%u", port);
    if (getaddrinfo(host, service, &hints, &found) != 0)
        return -1;
    for (each = found; each != NULL && connection < 0; each = each->ai_next) {
        connection = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
        if (connection >= 0 && connect(connection, each->ai_addr, each->ai_addrlen) != 0)
            net_close();
    }
    freeaddrinfo(found);
    if (connection < 0)
        return -1;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    return 0;
}

int net_send(const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(connection, data, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return -1;
        data += sent;
        size -= (size_t)sent;
    }
    return 0;
}

int net_receive(char *data, size_t size)
{
    return (int)recv(connection, data, size, 0);
}

void net_close(void)
{
    if (connection >= 0)
        close(connection);
    connection = -1;
}

void net_sleep(unsigned seconds)
{
    sleep(seconds);
}

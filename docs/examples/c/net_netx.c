/* net.h on NetX Duo (Eclipse ThreadX). The application makes the IP instance and the packet pool, as usual, and hands them over with
 * net_netx_begin() before jiomosa_watch(). One thread at a time may use it. */
#include "net.h"
#include "nx_api.h"
#include "tx_api.h"

#define WINDOW_BYTES 16384 /* of the receive window: about a picture; more is memory that only makes pictures older */
#define CONNECT_TICKS (10 * NX_IP_PERIODIC_RATE)
#define SEND_TICKS (10 * NX_IP_PERIODIC_RATE)
#define SILENCE_TICKS (NET_SILENCE_SECONDS * NX_IP_PERIODIC_RATE)

static NX_IP *ip;
static NX_PACKET_POOL *pool;
static NX_TCP_SOCKET socket_;
static UINT created;
static NX_PACKET *packet; /* what has come and was not wholly taken yet, from `taken` on */
static ULONG taken;

void net_netx_begin(NX_IP *its_ip, NX_PACKET_POOL *its_pool)
{
    ip = its_ip;
    pool = its_pool;
}

/* "192.168.1.10" as NetX has it; 0 where it is none. */
static ULONG address_of(const char *text)
{
    ULONG address = 0, part = 0;
    UINT parts = 0, digits = 0;

    for (;; text++) {
        if (*text >= '0' && *text <= '9' && digits < 3) {
            part = part * 10 + (ULONG)(*text - '0');
            digits++;
        } else if ((*text == '.' || *text == '\0') && digits > 0 && part <= 255) {
            address = address << 8 | part;
            part = digits = 0;
            parts++;
            if (*text == '\0')
                return parts == 4 ? address : 0;
        } else {
            return 0;
        }
    }
}

int net_connect(const char *host, unsigned port)
{
    ULONG address = address_of(host);

    if (address == 0 || ip == NX_NULL)
        return -1;
    if (nx_tcp_socket_create(ip, &socket_, "jiomosa", NX_IP_NORMAL, NX_FRAGMENT_OKAY, NX_IP_TIME_TO_LIVE, WINDOW_BYTES, NX_NULL,
                             NX_NULL) != NX_SUCCESS)
        return -1;
    created = 1;
    if (nx_tcp_client_socket_bind(&socket_, NX_ANY_PORT, CONNECT_TICKS) != NX_SUCCESS ||
        nx_tcp_client_socket_connect(&socket_, address, port, CONNECT_TICKS) != NX_SUCCESS) {
        net_close();
        return -1;
    }
    return 0;
}

int net_send(const char *data, size_t size)
{
    NX_PACKET *out;

    if (nx_packet_allocate(pool, &out, NX_TCP_PACKET, SEND_TICKS) != NX_SUCCESS)
        return -1;
    if (nx_packet_data_append(out, (VOID *)data, (ULONG)size, pool, SEND_TICKS) != NX_SUCCESS ||
        nx_tcp_socket_send(&socket_, out, SEND_TICKS) != NX_SUCCESS) {
        nx_packet_release(out); /* it is the stack's only where the sending began */
        return -1;
    }
    return 0;
}

int net_receive(char *data, size_t size)
{
    ULONG copied = 0;

    if (packet == NX_NULL) {
        UINT status = nx_tcp_socket_receive(&socket_, &packet, SILENCE_TICKS);
        if (status != NX_SUCCESS) {
            packet = NX_NULL;
            return status == NX_NOT_CONNECTED ? 0 : -1;
        }
        taken = 0;
    }
    if (nx_packet_data_extract_offset(packet, taken, data, (ULONG)size, &copied) != NX_SUCCESS)
        copied = 0;
    taken += copied;
    if (copied == 0 || taken >= packet->nx_packet_length) {
        nx_packet_release(packet);
        packet = NX_NULL;
    }
    return copied > 0 ? (int)copied : -1;
}

void net_close(void)
{
    if (packet != NX_NULL) {
        nx_packet_release(packet);
        packet = NX_NULL;
    }
    if (created) {
        nx_tcp_socket_disconnect(&socket_, NX_NO_WAIT);
        nx_tcp_client_socket_unbind(&socket_);
        nx_tcp_socket_delete(&socket_);
        created = 0;
    }
}

void net_sleep(unsigned seconds)
{
    tx_thread_sleep((ULONG)seconds * TX_TIMER_TICKS_PER_SECOND);
}

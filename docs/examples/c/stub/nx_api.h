/* What net_netx.c uses of NetX Duo, by its documentation, to see on any machine that it compiles. On a device: the real one. */
#ifndef NX_API_H
#define NX_API_H
#include "tx_api.h"
#define NX_NULL 0
#define NX_SUCCESS 0x00
#define NX_NOT_CONNECTED 0x38
#define NX_NO_WAIT 0UL
#define NX_ANY_PORT 0
#define NX_IP_NORMAL 0x00000000UL
#define NX_FRAGMENT_OKAY 0x00000000UL
#define NX_IP_TIME_TO_LIVE 0x00000080UL
#define NX_IP_PERIODIC_RATE 100UL
#define NX_TCP_PACKET 56UL
typedef struct { int unused; } NX_IP;
typedef struct { int unused; } NX_PACKET_POOL;
typedef struct NX_TCP_SOCKET_STRUCT { int unused; } NX_TCP_SOCKET;
typedef struct { ULONG nx_packet_length; } NX_PACKET;
UINT nx_tcp_socket_create(NX_IP *ip_ptr, NX_TCP_SOCKET *socket_ptr, CHAR *name, ULONG type_of_service, ULONG fragment,
                          UINT time_to_live, ULONG window_size, VOID (*tcp_urgent_data_callback)(NX_TCP_SOCKET *),
                          VOID (*tcp_disconnect_callback)(NX_TCP_SOCKET *));
UINT nx_tcp_client_socket_bind(NX_TCP_SOCKET *socket_ptr, UINT port, ULONG wait_option);
UINT nx_tcp_client_socket_connect(NX_TCP_SOCKET *socket_ptr, ULONG server_ip, UINT server_port, ULONG wait_option);
UINT nx_tcp_client_socket_unbind(NX_TCP_SOCKET *socket_ptr);
UINT nx_tcp_socket_disconnect(NX_TCP_SOCKET *socket_ptr, ULONG wait_option);
UINT nx_tcp_socket_delete(NX_TCP_SOCKET *socket_ptr);
UINT nx_tcp_socket_send(NX_TCP_SOCKET *socket_ptr, NX_PACKET *packet_ptr, ULONG wait_option);
UINT nx_tcp_socket_receive(NX_TCP_SOCKET *socket_ptr, NX_PACKET **packet_ptr, ULONG wait_option);
UINT nx_packet_allocate(NX_PACKET_POOL *pool_ptr, NX_PACKET **packet_ptr, ULONG packet_type, ULONG wait_option);
UINT nx_packet_data_append(NX_PACKET *packet_ptr, VOID *data_start, ULONG data_size, NX_PACKET_POOL *pool_ptr, ULONG wait_option);
UINT nx_packet_data_extract_offset(NX_PACKET *packet_ptr, ULONG offset, VOID *buffer_start, ULONG buffer_length,
                                   ULONG *bytes_copied);
UINT nx_packet_release(NX_PACKET *packet_ptr);
#endif

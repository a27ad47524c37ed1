/* What net_netx.c uses of ThreadX, by its documentation, to see on any machine that it compiles. On a device: the real one. */
#ifndef TX_API_H
#define TX_API_H
typedef void VOID;
typedef char CHAR;
typedef unsigned int UINT;
typedef unsigned long ULONG;
#define TX_TIMER_TICKS_PER_SECOND 100UL
UINT tx_thread_sleep(ULONG timer_ticks);
#endif

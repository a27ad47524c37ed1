/* A Jiomosa session's pictures over plain HTTP, for devices without Socket.IO: one buffer, no heap, one thread. */
#ifndef JIOMOSA_H
#define JIOMOSA_H

#include <stddef.h>

#ifndef JIOMOSA_PICTURE_BYTES
#define JIOMOSA_PICTURE_BYTES (256 * 1024) /* the largest picture that is taken; 320x240 at quality 75 is below 30 KB */
#endif

struct jiomosa {
    const char *host;     /* where the server is */
    unsigned port;
    const char *session;  /* its id; the session is made by POST /api/session/create, from the device or elsewhere */
    const char *token;    /* a token or ticket where the server has a login; NULL: it has none */
    unsigned max_width;   /* pixels of the screen: the server scales down to these */
    unsigned max_height;
    unsigned fps;         /* at most; of jiomosa_stream */
    /* Called with each picture, a JPEG file; returns 0 to go on. */
    int (*show)(void *context, const unsigned char *jpeg, size_t size);
    void *context;
};

/* Each connects, and shows pictures until `show` says to stop (0) or the connection is lost (-1; call it again) or the server refuses:
 * its HTTP status then.
 *
 * jiomosa_stream: one response without end (stream.mjpeg), up to `fps` pictures a second.
 * jiomosa_poll:   one request for each change (frame.jpg?wait=), for the poorest of links and stacks. */
int jiomosa_stream(const struct jiomosa *watch);
int jiomosa_poll(const struct jiomosa *watch);

/* Either of the two until `show` says to stop, again after each loss, a little later each time. As they return. */
int jiomosa_watch(const struct jiomosa *watch, int polling);

#endif

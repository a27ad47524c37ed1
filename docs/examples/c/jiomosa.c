/* See jiomosa.h. Everything that comes is read through one small buffer; a picture is put together in another. */
#include "jiomosa.h"
#include "net.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES 512 /* longer header lines are cut: none that matters is as long */
#define TAG_BYTES 64
#define WAIT_SECONDS 30
#define LONGEST_PAUSE 8 /* seconds between two attempts */

static char incoming[2048];
static size_t begin, end; /* what of it has not been read */
static unsigned char picture[JIOMOSA_PICTURE_BYTES];

static int next_byte(void)
{
    if (begin == end) {
        int received = net_receive(incoming, sizeof incoming);
        if (received <= 0)
            return -1;
        begin = 0;
        end = (size_t)received;
    }
    return (unsigned char)incoming[begin++];
}

/* A line without its end; -1 when the connection is lost. */
static int read_line(char *line)
{
    size_t length = 0;
    int byte;

    while ((byte = next_byte()) >= 0 && byte != '\n')
        if (byte != '\r' && length < LINE_BYTES - 1)
            line[length++] = (char)byte;
    line[length] = '\0';
    return byte < 0 ? -1 : (int)length;
}

/* `size` bytes to `to`; what is too large is read and thrown away. */
static int read_bytes(unsigned char *to, size_t room, size_t size)
{
    size_t index;

    for (index = 0; index < size; index++) {
        int byte = next_byte();
        if (byte < 0)
            return -1;
        if (index < room)
            to[index] = (unsigned char)byte;
    }
    return 0;
}

/* The value of the header line where it has this (lower case) name; NULL otherwise. */
static const char *value_of(const char *line, const char *name)
{
    for (; *name != '\0'; name++, line++) {
        char letter = *line >= 'A' && *line <= 'Z' ? (char)(*line + ('a' - 'A')) : *line;
        if (letter != *name)
            return NULL;
    }
    if (*line++ != ':')
        return NULL;
    while (*line == ' ')
        line++;
    return line;
}

static size_t number_of(const char *text)
{
    size_t number = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (size_t)(*text - '0');
    return number;
}

/* Header lines up to the empty one; `length` and `tag` are set where there are such lines. */
static int read_headers(size_t *length, char *tag)
{
    char line[LINE_BYTES];
    const char *value;
    int size;

    while ((size = read_line(line)) > 0) {
        if ((value = value_of(line, "content-length")) != NULL)
            *length = number_of(value);
        else if (tag != NULL && (value = value_of(line, "etag")) != NULL && strlen(value) < TAG_BYTES)
            strcpy(tag, value);
    }
    return size;
}

/* Ask, and read the head of the answer: its status, or -1. */
static int ask(const struct jiomosa *watch, const char *what, const char *tag, size_t *length, char *new_tag)
{
    char text[2 * LINE_BYTES], line[LINE_BYTES];
    int size;

    size = snprintf(text, sizeof text, "GET /api/session/%s/%s&max_width=%u&max_height=%u HTTP/1.1\r\nHost: %s:%u\r\n%s%s%s%s%s%s\r\n",
                    watch->session, what, watch->max_width, watch->max_height, watch->host, watch->port,
                    watch->token ? "Authorization: Bearer " : "", watch->token ? watch->token : "", watch->token ? "\r\n" : "",
                    tag[0] ? "If-None-Match: " : "", tag, tag[0] ? "\r\n" : "");
    if (size < 0 || (size_t)size >= sizeof text || net_send(text, (size_t)size) != 0)
        return -1;
    if (read_line(line) < 12 || strncmp(line, "HTTP/1.", 7) != 0)
        return -1;
    *length = 0;
    return read_headers(length, new_tag) == 0 ? (int)number_of(line + 9) : -1;
}

/* A picture of `size` bytes. 1: go on, 0: stop, -1: lost. */
static int take(const struct jiomosa *watch, size_t size)
{
    if (read_bytes(picture, sizeof picture, size) != 0)
        return -1;
    if (size == 0 || size > sizeof picture)
        return 1; /* none, or too large for us: the next one may not be */
    return watch->show(watch->context, picture, size) == 0 ? 1 : 0;
}

static int begin_connection(const struct jiomosa *watch)
{
    begin = end = 0;
    return net_connect(watch->host, watch->port);
}

int jiomosa_stream(const struct jiomosa *watch)
{
    char what[LINE_BYTES], line[LINE_BYTES];
    size_t length;
    int status, going = 1;

    if (begin_connection(watch) != 0)
        return -1;
    snprintf(what, sizeof what, "stream.mjpeg?lengths=1&fps=%u", watch->fps);
    status = ask(watch, what, "", &length, NULL);
    while (status == 200 && going > 0) {
        length = 0;
        if (read_line(line) < 0 || (line[0] == '-' && read_headers(&length, NULL) != 0))
            going = -1;
        else if (length > 0)
            going = take(watch, length);
    }
    net_close();
    return status == 200 ? going : status;
}

int jiomosa_poll(const struct jiomosa *watch)
{
    char what[LINE_BYTES], tag[TAG_BYTES] = "\"\"";
    size_t length;
    int status, going = 1;

    if (begin_connection(watch) != 0)
        return -1;
    snprintf(what, sizeof what, "frame.jpg?wait=%d", WAIT_SECONDS);
    do {
        status = ask(watch, what, tag, &length, tag);
        if (status == 200)
            going = take(watch, length);
    } while (going > 0 && (status == 200 || status == 304));
    net_close();
    return status == 200 || status == 304 ? going : status;
}

int jiomosa_watch(const struct jiomosa *watch, int polling)
{
    unsigned pause = 1;
    int result;

    /* -1: lost; 429 and 503: try again later. */
    while ((result = polling ? jiomosa_poll(watch) : jiomosa_stream(watch)) == -1 || result == 429 || result == 503) {
        net_sleep(pause);
        pause = pause * 2 > LONGEST_PAUSE ? LONGEST_PAUSE : pause * 2;
    }
    return result;
}

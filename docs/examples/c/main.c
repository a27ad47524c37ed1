/* Shows a session on this machine: decodes its pictures where libjpeg is there (-DHAVE_JPEG -ljpeg), and says of each what it is.
 *
 *   main HOST PORT SESSION [stream|poll [PICTURES [FOLDER]]]
 *
 * On a device `show` decodes into the frame buffer instead; the rest is the same. With a FOLDER the pictures are written there. */
#include "jiomosa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_JPEG
#include <jpeglib.h>
#endif

#define SCREEN_WIDTH 320
#define SCREEN_HEIGHT 240

struct shown {
    unsigned pictures, most;
    const char *folder;
};

#ifdef HAVE_JPEG
static unsigned short screen[SCREEN_WIDTH * SCREEN_HEIGHT]; /* RGB565, as small panels have it */

static void failed(j_common_ptr decoder)
{
    decoder->err->output_message(decoder);
    exit(1);
}

/* Decode into `screen`, row by row. Pixels that are not black, to see that something is on it. */
static unsigned decode(const unsigned char *jpeg, size_t size, unsigned *width, unsigned *height)
{
    static unsigned char row[SCREEN_WIDTH * 3];
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    JSAMPROW rows[1] = {row};
    unsigned lit = 0;

    decoder.err = jpeg_std_error(&errors);
    errors.error_exit = failed;
    jpeg_create_decompress(&decoder);
    jpeg_mem_src(&decoder, (unsigned char *)jpeg, (unsigned long)size);
    jpeg_read_header(&decoder, TRUE);
    decoder.out_color_space = JCS_RGB;
    jpeg_start_decompress(&decoder);
    *width = decoder.output_width;
    *height = decoder.output_height;
    if (*width > SCREEN_WIDTH || *height > SCREEN_HEIGHT) {
        fprintf(stderr, "a picture of %ux%u is larger than was asked for\n", *width, *height);
        exit(1);
    }
    while (decoder.output_scanline < decoder.output_height) {
        unsigned short *to = screen + decoder.output_scanline * SCREEN_WIDTH;
        unsigned x;
        jpeg_read_scanlines(&decoder, rows, 1);
        for (x = 0; x < *width; x++) {
            const unsigned char *rgb = row + 3 * x;
            to[x] = (unsigned short)((rgb[0] >> 3) << 11 | (rgb[1] >> 2) << 5 | rgb[2] >> 3);
            lit += to[x] != 0;
        }
    }
    jpeg_finish_decompress(&decoder);
    jpeg_destroy_decompress(&decoder);
    return lit;
}
#endif

static void write_file(const char *folder, unsigned number, const unsigned char *jpeg, size_t size)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%04u.jpg", folder, number);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(jpeg, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static int show(void *context, const unsigned char *jpeg, size_t size)
{
    struct shown *shown = context;

    shown->pictures++;
    if (shown->folder != NULL)
        write_file(shown->folder, shown->pictures, jpeg, size);
#ifdef HAVE_JPEG
    {
        unsigned width, height, lit = decode(jpeg, size, &width, &height);
        printf("picture %u: %lu bytes, %ux%u, %u pixels lit\n", shown->pictures, (unsigned long)size, width, height, lit);
    }
#else
    printf("picture %u: %lu bytes\n", shown->pictures, (unsigned long)size);
#endif
    fflush(stdout);
    return shown->most != 0 && shown->pictures >= shown->most;
}

int main(int count, char **arguments)
{
    struct shown shown = {0, 0, NULL};
    struct jiomosa watch = {NULL, 0, NULL, NULL, SCREEN_WIDTH, SCREEN_HEIGHT, 15, show, NULL};
    int result;

    if (count < 4) {
        fprintf(stderr, "usage: %s HOST PORT SESSION [stream|poll [PICTURES [FOLDER]]]\n", arguments[0]);
        return 2;
    }
    watch.host = arguments[1];
    watch.port = (unsigned)atoi(arguments[2]);
    watch.session = arguments[3];
    watch.token = getenv("JIOMOSA_TOKEN");
    watch.context = &shown;
    shown.most = count > 5 ? (unsigned)atoi(arguments[5]) : 0;
    shown.folder = count > 6 ? arguments[6] : NULL;
    result = jiomosa_watch(&watch, count > 4 && strcmp(arguments[4], "poll") == 0);
    if (result != 0)
        fprintf(stderr, "the server answered %d\n", result);
    return result != 0;
}

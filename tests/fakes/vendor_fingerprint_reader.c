/* A reader that is a folder: files laid into it (settings names it) are the finger, the cable and the library's bugs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "station_fingerprint.h"

#ifndef REPORTED_ABI
#define REPORTED_ABI STATION_FINGERPRINT_ABI
#endif

static char folder[900];

static int there(const char *name, int take)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (access(path, F_OK) != 0)
        return 0;
    if (take)
        unlink(path);
    return 1;
}

int32_t station_fingerprint_abi(void) { return REPORTED_ABI; }

int32_t station_fingerprint_open(const char *settings, void **reader)
{
    snprintf(folder, sizeof folder, "%s", settings);
    if (there("crash at open", 0))
        abort();
    if (there("unplugged", 0))
        return STATION_FINGERPRINT_NOT_FOUND;
    *reader = folder;
    return STATION_FINGERPRINT_DONE;
}

int32_t station_fingerprint_probe(void *reader)
{
    (void)reader;
    return there("unplugged", 0) ? STATION_FINGERPRINT_GONE : STATION_FINGERPRINT_DONE;
}

int32_t station_fingerprint_capture(void *reader, int32_t finger, int32_t wait_ms, uint8_t *pixels, int32_t capacity,
                                    struct station_fingerprint_picture *picture)
{
    (void)reader;
    for (int32_t waited = 0; waited <= wait_ms; waited += 10) {
        if (there("unplugged", 0))
            return STATION_FINGERPRINT_GONE;
        if (there("crash", 1))
            *(volatile int *)0 = 1;
        if (there("overrun", 1))
            memset(pixels, 7, (size_t)capacity + (64u << 20));
        while (there("hang", 0))
            usleep(10000);
        if (there("broken", 1))
            return STATION_FINGERPRINT_FAILED;
        if (there("garbage", 1)) {
            picture->width = 70000;
            picture->height = 70000;
            picture->dpi = 500;
            return STATION_FINGERPRINT_DONE;
        }
        int preview = there("preview", 1);
        if (preview || there("finger", 1)) {
            picture->width = 200;
            picture->height = 250;
            picture->dpi = 500;
            for (int32_t i = 0; i < 200 * 250; i++)
                pixels[i] = (uint8_t)((i % 9) * 28);
            pixels[0] = (uint8_t)finger;
            return preview ? STATION_FINGERPRINT_PREVIEW : STATION_FINGERPRINT_DONE;
        }
        usleep(10000);
    }
    return STATION_FINGERPRINT_NO_FINGER;
}

void station_fingerprint_error(void *reader, char *text, int32_t capacity)
{
    (void)reader;
    snprintf(text, (size_t)capacity, "lamp\n%s", "dark");
}

void station_fingerprint_close(void *reader) { (void)reader; }

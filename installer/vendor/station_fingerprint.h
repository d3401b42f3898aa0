/* What a shared library must offer for the driver "vendor-fingerprint" (docs/drivers.md).
 *
 * A maker's SDK is wrapped in a few lines of C that export these six functions. The station loads the library in a
 * process of its own: a crash or a hang ends that process, never the station. All calls come from one thread, one at a
 * time. Nothing here may write files, or keep a picture longer than the call. */
#ifndef STATION_FINGERPRINT_H
#define STATION_FINGERPRINT_H

#include <stdint.h>

#define STATION_FINGERPRINT_ABI 1

#if defined(_WIN32)
#define STATION_FINGERPRINT_EXPORT __declspec(dllexport)
#else
#define STATION_FINGERPRINT_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum station_fingerprint_outcome {
    STATION_FINGERPRINT_DONE = 0,       /* a picture, or success of another call */
    STATION_FINGERPRINT_NO_FINGER = 1,  /* nothing in wait_ms; the station calls again */
    STATION_FINGERPRINT_PREVIEW = 2,    /* a live picture; the final one is still to come */
    STATION_FINGERPRINT_NOT_FOUND = -1, /* no such reader is attached */
    STATION_FINGERPRINT_GONE = -2,      /* it was unplugged while open */
    STATION_FINGERPRINT_FAILED = -3     /* anything else; station_fingerprint_error says what */
};

struct station_fingerprint_picture {
    int32_t width;  /* pixels */
    int32_t height; /* pixels */
    int32_t dpi;    /* dots per inch, 300 to 1200, the same across and down */
};

/* STATION_FINGERPRINT_ABI as it was when the library was compiled. */
STATION_FINGERPRINT_EXPORT int32_t station_fingerprint_abi(void);

/* Opens a reader. settings: the profile's text, UTF-8, meant for the library alone. reader: receives a handle. */
STATION_FINGERPRINT_EXPORT int32_t station_fingerprint_open(const char *settings, void **reader);

/* DONE while the reader is there, GONE when it is not. Must be quick. */
STATION_FINGERPRINT_EXPORT int32_t station_fingerprint_probe(void *reader);

/* Waits at most wait_ms for a finger. finger: ISO/IEC 19794-2 position (1 right thumb ... 5 right little, 6 left thumb
 * ... 10 left little), 0 for any. pixels: room for capacity bytes, to be filled row after row, top left first, one byte
 * a pixel, ridges dark. One finger laid down gives one picture: it must be lifted before there is another. */
STATION_FINGERPRINT_EXPORT int32_t station_fingerprint_capture(
    void *reader, int32_t finger, int32_t wait_ms, uint8_t *pixels, int32_t capacity,
    struct station_fingerprint_picture *picture);

/* Text of the last failure, at most capacity bytes with the closing zero, ASCII. Of the device, never of a person. */
STATION_FINGERPRINT_EXPORT void station_fingerprint_error(void *reader, char *text, int32_t capacity);

STATION_FINGERPRINT_EXPORT void station_fingerprint_close(void *reader);

#ifdef __cplusplus
}
#endif

#endif

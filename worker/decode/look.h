// Pictures for people to look at.
#ifndef AIRCHECK_DECODE_LOOK_H
#define AIRCHECK_DECODE_LOOK_H
#include <stdint.h>

// ac_look_rgb converts frame, an AVFrame, to width x height pixels of 4 bytes (red, green, blue, unused) in out, which is made anew. *scaler is kept between calls and
// freed by ac_scaler_free; NULL at first. It returns 0 or FFmpeg's error.
int ac_look_rgb(const void *frame, int width, int height, void *out, void **scaler);
// ac_look_copy copies the rows of a picture made by ac_look_rgb to dst, size bytes without padding. It returns 0, or -1 when the picture does not have that size.
int ac_look_copy(const void *frame, uint8_t *dst, int64_t size);
#endif

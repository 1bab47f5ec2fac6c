// Bringing a picture to the size and format of another one.
#ifndef AIRCHECK_DECODE_COMPARE_H
#define AIRCHECK_DECODE_COMPARE_H

// ac_scale_like scales frame to the size and pixel format of like, both AVFrames, into out, which is made anew. *scaler is kept between calls and freed by ac_scaler_free;
// NULL at first. It returns 0 or FFmpeg's error.
int ac_scale_like(const void *frame, const void *like, void *out, void **scaler);
void ac_scaler_free(void *scaler);
// ac_same_format tells whether two AVFrames have the same size and pixel format.
int ac_same_format(const void *a, const void *b);
#endif

#ifndef AIRCHECK_AUDIO_H
#define AIRCHECK_AUDIO_H

#include <stdint.h>

// Samples that a filter may look back on beyond the start of a piece: 11 for true peak, 3 for the third difference.
#define AC_HISTORY 16
// Milliseconds in a slot.
#define AC_MS 10

enum { AC_U8, AC_S16, AC_S32, AC_F32, AC_F64 };

// Transfer function of second order with a0 = 1.
typedef struct {
    double b0, b1, b2, a1, a2;
} ac_biquad;

// What is measured of one channel; see measurement.Channel.
typedef struct {
    double k, sq, sum, r1, r2, res_sq;
    float peak, true_peak, res_peak;
    int32_t zeros, clipped, clip_run, flat_run, flats, flat_tops, loud_first, loud_last;
} ac_channel;

// One channel's samples, with AC_HISTORY of the past in front, and what runs on from piece to piece.
typedef struct {
    float *raw;   // as they came; cleaned in place
    double *wide; // the same in double precision
    int replaced; // samples of the piece that were no numbers
    int32_t clip_run, flat_run;
    int clip_sign;
    double shelf[2], rlb[2]; // filter state
} ac_track;

typedef struct ac_audio ac_audio;

// Measures a piece with one instruction set.
typedef void (*ac_piece)(ac_audio *a, int n, int offset, int count);

struct ac_audio {
    int rate, channels, longest;
    ac_piece piece;
    ac_biquad shelf, rlb;
    int taps; // of the decimation filter
    float *tap;
    int *mixed; // whether a channel is part of the mono mix
    float mix_gain;
    ac_track *track;
    float *mix;        // taps-1 of the past, then the piece
    const void **from; // where the samples of each channel are, or all of them at the first when interleaved

    // Borders of the milliseconds of the current slot, counted from its start.
    int32_t ms[AC_MS + 1];

    // Output of a piece.
    ac_channel *out;
    double lr;
    float diff;
    uint16_t env[AC_MS];
    int16_t low[AC_MS];
};

// ac_audio_new returns NULL when memory is short. longest is the number of samples in the longest slot. The caller fills in filters, taps and mixed. With best 0 no vector
// extension is used.
ac_audio *ac_audio_new(int rate, int channels, int longest, int taps, int best);
void ac_audio_free(ac_audio *a);

// ac_audio_reset forgets the past.
void ac_audio_reset(ac_audio *a);

// ac_audio_put copies samples [skip, skip+n) of a->from behind the `have` samples of the piece that are there.
void ac_audio_put(ac_audio *a, int format, int interleaved, int skip, int have, int n);

// ac_audio_piece measures a piece of n samples that begins `offset` samples into its slot. When count is 0 only the filters move on.
void ac_audio_piece(ac_audio *a, int n, int offset, int count);

// ac_avx2_piece returns NULL where AVX2 is not to be had.
ac_piece ac_avx2_piece(void);

#endif

// Audio in slots: memory, sample formats, and the arithmetic for processors without vector extensions.
#include "audio.h"

#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#define FN(name) name##_plain
#include "audio_dsp.h"

static int allocate(ac_audio *a) {
    size_t n = (size_t)(AC_HISTORY + a->longest), ch = (size_t)a->channels;
    a->tap = calloc((size_t)a->taps, sizeof *a->tap);
    a->mixed = calloc(ch, sizeof *a->mixed);
    a->track = calloc(ch, sizeof *a->track);
    a->mix = calloc((size_t)(a->taps + a->longest), sizeof *a->mix);
    a->from = calloc(ch, sizeof *a->from);
    a->out = calloc(ch, sizeof *a->out);
    if (!a->tap || !a->mixed || !a->track || !a->mix || !a->from || !a->out) return 0;
    for (int i = 0; i < a->channels; i++) {
        a->track[i].raw = calloc(n, sizeof(float));
        a->track[i].wide = calloc(n, sizeof(double));
        if (!a->track[i].raw || !a->track[i].wide) return 0;
    }
    return 1;
}

ac_audio *ac_audio_new(int rate, int channels, int longest, int taps, int best) {
    ac_audio *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    a->rate = rate, a->channels = channels, a->longest = longest, a->taps = taps;
    a->piece = best > 0 ? ac_avx2_piece() : NULL;
    if (!a->piece) a->piece = piece_plain;
    if (!allocate(a)) {
        ac_audio_free(a);
        return NULL;
    }
    return a;
}

void ac_audio_free(ac_audio *a) {
    if (!a) return;
    for (int i = 0; a->track && i < a->channels; i++) {
        free(a->track[i].raw);
        free(a->track[i].wide);
    }
    free(a->tap);
    free(a->mixed);
    free(a->track);
    free(a->mix);
    free(a->from);
    free(a->out);
    free(a);
}

void ac_audio_reset(ac_audio *a) {
    for (int i = 0; i < a->channels; i++) {
        ac_track *t = &a->track[i];
        float *raw = t->raw;
        double *wide = t->wide;
        memset(raw, 0, sizeof *raw * AC_HISTORY);
        memset(wide, 0, sizeof *wide * AC_HISTORY);
        *t = (ac_track){.raw = raw, .wide = wide};
    }
    memset(a->mix, 0, sizeof *a->mix * (size_t)a->taps);
}

static void convert(float *to, const void *from, int format, int first, int step, int n) {
    switch (format) {
    case AC_U8:
        for (int i = 0; i < n; i++) to[i] = (float)(((const uint8_t *)from)[first + i * step] - 128) / 128.0f;
        break;
    case AC_S16:
        for (int i = 0; i < n; i++) to[i] = (float)((const int16_t *)from)[first + i * step] / 32768.0f;
        break;
    case AC_S32:
        for (int i = 0; i < n; i++) to[i] = (float)((const int32_t *)from)[first + i * step] / 2147483648.0f;
        break;
    case AC_F32:
        for (int i = 0; i < n; i++) to[i] = ((const float *)from)[first + i * step];
        break;
    case AC_F64:
        for (int i = 0; i < n; i++) to[i] = (float)((const double *)from)[first + i * step];
        break;
    }
}

void ac_audio_put(ac_audio *a, int format, int interleaved, int skip, int have, int n) {
    for (int i = 0; i < a->channels; i++) {
        float *to = a->track[i].raw + AC_HISTORY + have;
        if (interleaved) convert(to, a->from[0], format, skip * a->channels + i, a->channels, n);
        else convert(to, a->from[i], format, skip, 1, n);
    }
}

void ac_audio_piece(ac_audio *a, int n, int offset, int count) { a->piece(a, n, offset, count); }

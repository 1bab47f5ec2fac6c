// Audio in slots. Sums are taken in four lanes, sample i in lane i mod 4, and added in one order, so that a vector unit of any width gives the same bits;
// the C standard mode that the package is compiled in keeps the compiler from fusing multiplications and additions.
#include "audio.h"

#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

typedef double v2 __attribute__((vector_size(16)));
typedef float v4 __attribute__((vector_size(16)));
typedef int32_t v4i __attribute__((vector_size(16)));

// Greater samples than 120 dB above full scale are no signal, and could overflow what is computed of them.
static const float loudest = 1048576.0f;
static const float clip_level = 1.0f - 1.0f / 32768.0f;
static const float flat_step = 1.0f / 8192.0f;
static const float flat_level = 0.1f;
static const float loud_level = 0.001f;
// A filter state below this is silence; it is zeroed before it becomes subnormal, which would be slow.
static const double quiet = 1e-30;

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

ac_audio *ac_audio_new(int rate, int channels, int longest, int taps) {
    ac_audio *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    a->rate = rate, a->channels = channels, a->longest = longest, a->taps = taps;
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

// What is no number, or no signal, becomes silence.
static void clean(ac_track *t, int n) {
    float *x = t->raw + AC_HISTORY;
    double *w = t->wide + AC_HISTORY;
    int replaced = 0;
    for (int i = 0; i < n; i++) {
        int good = x[i] <= loudest && x[i] >= -loudest;
        replaced += !good;
        x[i] = good ? x[i] : 0.0f;
        w[i] = x[i];
    }
    t->replaced = replaced;
}

typedef struct {
    v2 b0, b1, b2, a1, a2, s1, s2;
} biquad2;

static biquad2 load_biquad(const ac_biquad *f, const double s[2], const double t[2]) {
    return (biquad2){{f->b0, f->b0}, {f->b1, f->b1}, {f->b2, f->b2}, {f->a1, f->a1}, {f->a2, f->a2}, {s[0], t[0]}, {s[1], t[1]}};
}

static void store_biquad(const biquad2 *f, double s[2], double t[2]) {
    s[0] = f->s1[0], t[0] = f->s1[1], s[1] = f->s2[0], t[1] = f->s2[1];
    for (int i = 0; i < 2; i++) {
        if (s[i] < quiet && s[i] > -quiet) s[i] = 0;
        if (t[i] < quiet && t[i] > -quiet) t[i] = 0;
    }
}

// Direct form II transposed, two channels at a time: the chain from sample to sample is long, and the second channel is free.
static inline v2 step_biquad(biquad2 *f, v2 x) {
    v2 y = f->b0 * x + f->s1;
    f->s1 = (f->b1 * x + f->s2) - f->a1 * y;
    f->s2 = f->b2 * x - f->a2 * y;
    return y;
}

// K weighting of BS.1770 Annex 1. Energy is summed in sample order.
static void weigh(const ac_audio *a, ac_track *t, ac_track *u, int n, double *et, double *eu) {
    const double *x = t->wide + AC_HISTORY, *y = u->wide + AC_HISTORY;
    biquad2 shelf = load_biquad(&a->shelf, t->shelf, u->shelf), rlb = load_biquad(&a->rlb, t->rlb, u->rlb);
    v2 energy = {0, 0};
    for (int i = 0; i < n; i++) {
        v2 k = step_biquad(&rlb, step_biquad(&shelf, (v2){x[i], y[i]}));
        energy += k * k;
    }
    store_biquad(&shelf, t->shelf, u->shelf);
    store_biquad(&rlb, t->rlb, u->rlb);
    *et = energy[0], *eu = energy[1];
}

static void weigh_all(ac_audio *a, int n) {
    for (int i = 0; i < a->channels; i += 2) {
        ac_track spare = {.wide = a->track[i].wide}, *second = i + 1 < a->channels ? &a->track[i + 1] : &spare;
        double unused, *out = i + 1 < a->channels ? &a->out[i + 1].k : &unused;
        weigh(a, &a->track[i], second, n, &a->out[i].k, out);
    }
}

static double add_lanes(const double s[4]) { return (s[0] + s[1]) + (s[2] + s[3]); }

static void sum_up(const double *x, int n, ac_channel *c) {
    double sum[4] = {0}, sq[4] = {0}, r1[4] = {0}, r2[4] = {0}, res_sq[4] = {0}, peak = 0;
    for (int i = 0; i < n; i += 4) {
        int lanes = n - i < 4 ? n - i : 4;
        for (int j = 0; j < lanes; j++) {
            double v = x[i + j], p = x[i + j - 1], q = x[i + j - 2];
            double res = (v - x[i + j - 3]) - 3.0 * (p - q), size = res < 0 ? -res : res;
            sum[j] += v;
            sq[j] += v * v;
            r1[j] += v * p;
            r2[j] += v * q;
            res_sq[j] += res * res;
            peak = size > peak ? size : peak;
        }
    }
    c->sum = add_lanes(sum), c->sq = add_lanes(sq), c->r1 = add_lanes(r1), c->r2 = add_lanes(r2), c->res_sq = add_lanes(res_sq);
    c->res_peak = (float)peak;
}

// The magnitudes of floats are ordered as their bits are, and the greatest integer is quickly found.
static inline uint32_t magnitude(float x) {
    uint32_t b;
    memcpy(&b, &x, sizeof b);
    return b & 0x7fffffff;
}

static float greatest(const float *x, int n) {
    uint32_t max = 0;
    for (int i = 0; i < n; i++) {
        uint32_t m = magnitude(x[i]);
        max = m > max ? m : max;
    }
    float f;
    memcpy(&f, &max, sizeof f);
    return f;
}

// Fourfold interpolation by the 48 taps of BS.1770-5 Annex 2, table of attachment 1: one row a tap, one column a phase.
static const v4 interpolator[12] = {
    {0.0017089843750f, -0.0291748046875f, -0.0189208984375f, -0.0083007812500f}, {0.0109863281250f, 0.0292968750000f, 0.0330810546875f, 0.0148925781250f},
    {-0.0196533203125f, -0.0517578125000f, -0.0582275390625f, -0.0266113281250f}, {0.0332031250000f, 0.0891113281250f, 0.1015625000000f, 0.0476074218750f},
    {-0.0594482421875f, -0.1665039062500f, -0.2003173828125f, -0.1022949218750f}, {0.1373291015625f, 0.4650878906250f, 0.7797851562500f, 0.9721679687500f},
    {0.9721679687500f, 0.7797851562500f, 0.4650878906250f, 0.1373291015625f}, {-0.1022949218750f, -0.2003173828125f, -0.1665039062500f, -0.0594482421875f},
    {0.0476074218750f, 0.1015625000000f, 0.0891113281250f, 0.0332031250000f}, {-0.0266113281250f, -0.0582275390625f, -0.0517578125000f, -0.0196533203125f},
    {0.0148925781250f, 0.0330810546875f, 0.0292968750000f, 0.0109863281250f}, {-0.0083007812500f, -0.0189208984375f, -0.0291748046875f, 0.0017089843750f},
};
// No interpolated value exceeds this many times the greatest of the 12 samples: the phases' sums of magnitudes are 1.43 and 2.02.
static const float overshoot = 2.03f;

static v4 interpolate_max(const float *x, int n, v4 max) {
    for (int i = 0; i < n; i++) {
        v4 y = {0, 0, 0, 0};
        for (int k = 0; k < 12; k++) y += interpolator[k] * (v4){x[i - k], x[i - k], x[i - k], x[i - k]};
        v4 size = (v4)((v4i)y & 0x7fffffff);
        v4i more = size > max;
        max = (v4)((more & (v4i)size) | (~more & (v4i)max));
    }
    return max;
}

// x begins a piece and has its past before it; peak is the piece's sample peak, which the result never falls below. Stretches that cannot reach the greatest value so far
// are left out, which cannot change the result.
static float true_peak(const float *x, int n, float peak) {
    enum { stretch = 32 };
    v4 max = {peak, peak, peak, peak};
    float top = peak;
    for (int i = 0; i < n; i += stretch) {
        int m = n - i < stretch ? n - i : stretch;
        if (greatest(x + i - 11, m + 11) * overshoot <= top) continue;
        max = interpolate_max(x + i, m, max);
        for (int j = 0; j < 4; j++) top = max[j] > top ? max[j] : top;
    }
    return top;
}

static void count_zeros(const ac_track *t, int n, ac_channel *c) {
    const float *x = t->raw + AC_HISTORY;
    int zeros = 0;
    for (int i = 0; i < n; i++) zeros += x[i] == 0.0f;
    c->zeros = zeros - t->replaced;
}

// offset makes positions count from the start of the slot.
static void find_loud(const float *x, int n, int offset, ac_channel *c) {
    c->loud_first = c->loud_last = -1;
    int i = 0, j = n - 1;
    while (i < n && magnitude(x[i]) < magnitude(loud_level)) i++;
    if (i == n) return;
    while (magnitude(x[j]) < magnitude(loud_level)) j--;
    c->loud_first = offset + i, c->loud_last = offset + j;
}

static void find_clips(ac_track *t, int n, ac_channel *c) {
    const float *x = t->raw + AC_HISTORY;
    c->clipped = c->clip_run = 0;
    if (c->peak < clip_level) {
        t->clip_run = 0;
        return;
    }
    for (int i = 0; i < n; i++) {
        int sign = x[i] >= clip_level ? 1 : x[i] <= -clip_level ? -1 : 0;
        t->clip_run = sign == 0 ? 0 : sign == t->clip_sign ? t->clip_run + 1 : 1;
        t->clip_sign = sign;
        c->clipped += sign != 0;
        c->clip_run = t->clip_run > c->clip_run ? t->clip_run : c->clip_run;
    }
}

static void find_flats(ac_track *t, int n, ac_channel *c) {
    const float *x = t->raw + AC_HISTORY;
    int32_t run = t->flat_run, longest = 0;
    if (c->peak <= flat_level) run = 0, n = 0;
    for (int i = 0; i < n; i++) {
        float d = x[i] - x[i - 1];
        int flat = (d <= flat_step) & (d >= -flat_step) & ((x[i] > flat_level) | (x[i] < -flat_level));
        run = flat ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    t->flat_run = run;
    c->flat_run = longest;
}

static void measure_channel(const ac_audio *a, ac_track *t, int n, int offset, ac_channel *c) {
    const float *x = t->raw + AC_HISTORY;
    c->peak = greatest(x, n);
    find_clips(t, n, c);
    find_flats(t, n, c);
    sum_up(t->wide + AC_HISTORY, n, c);
    // Interpolation is for rates where peaks can hide between samples (BS.1770 Annex 2: at least 192 kHz after it).
    c->true_peak = a->rate < 192000 ? true_peak(x, n, c->peak) : c->peak;
    count_zeros(t, n, c);
    find_loud(x, n, offset, c);
}

// The runs go on through what is not counted.
static void warm_channel(ac_track *t, int n) {
    ac_channel c = {.peak = greatest(t->raw + AC_HISTORY, n)};
    find_clips(t, n, &c);
    find_flats(t, n, &c);
}

static void compare_channels(ac_audio *a, int n) {
    a->lr = 0, a->diff = 0;
    if (a->channels < 2) return;
    const double *l = a->track[0].wide + AC_HISTORY, *r = a->track[1].wide + AC_HISTORY;
    double lr[4] = {0}, diff = 0;
    for (int i = 0; i < n; i += 4) {
        int lanes = n - i < 4 ? n - i : 4;
        for (int j = 0; j < lanes; j++) {
            double d = l[i + j] - r[i + j];
            d = d < 0 ? -d : d;
            diff = d > diff ? d : diff;
            lr[j] += l[i + j] * r[i + j];
        }
    }
    a->lr = add_lanes(lr), a->diff = (float)diff;
}

static void mix_down(ac_audio *a, int n) {
    float *mix = a->mix + a->taps - 1;
    memset(mix, 0, sizeof *mix * (size_t)n);
    for (int c = 0; c < a->channels; c++) {
        const float *x = a->track[c].raw + AC_HISTORY;
        if (!a->mixed[c]) continue;
        for (int i = 0; i < n; i++) mix[i] += x[i];
    }
    for (int i = 0; i < n; i++) mix[i] *= a->mix_gain;
}

static float filter(const float *x, const float *tap, int taps) {
    v4 s = {0, 0, 0, 0}, u, v;
    int i = 0;
    for (; i + 4 <= taps; i += 4) {
        memcpy(&u, x + i, sizeof u);
        memcpy(&v, tap + i, sizeof v);
        s += u * v;
    }
    float rest = 0;
    for (; i < taps; i++) rest += x[i] * tap[i];
    return ((s[0] + s[1]) + (s[2] + s[3])) + rest;
}

static int clamp_round(float x, int lo, int hi) {
    if (!(x > (float)lo)) return lo;
    if (x >= (float)hi) return hi;
    return (int)(x < 0 ? x - 0.5f : x + 0.5f);
}

// A millisecond belongs to Env as far as it lies in the piece, and to Low when its last sample does.
static void outline(ac_audio *a, int n, int offset) {
    const float *mix = a->mix + a->taps - 1;
    for (int m = 0; m < AC_MS; m++) {
        int from = a->ms[m] - offset, to = a->ms[m + 1] - offset;
        int first = from > 0 ? from : 0, last = to < n ? to : n;
        a->env[m] = 0, a->low[m] = 0;
        if (first < last) a->env[m] = (uint16_t)clamp_round(greatest(mix + first, last - first) * 65535.0f, 0, 65535);
        if (to > 0 && to <= n) a->low[m] = (int16_t)clamp_round(filter(mix + to - a->taps, a->tap, a->taps) * 32768.0f, -32768, 32767);
    }
}

// The end of the piece becomes the past of the next one.
static void move_on(ac_audio *a, int n) {
    for (int i = 0; i < a->channels; i++) {
        ac_track *t = &a->track[i];
        memmove(t->raw, t->raw + n, sizeof *t->raw * AC_HISTORY);
        memmove(t->wide, t->wide + n, sizeof *t->wide * AC_HISTORY);
    }
    memmove(a->mix, a->mix + n, sizeof *a->mix * (size_t)(a->taps - 1));
}

void ac_audio_piece(ac_audio *a, int n, int offset, int count) {
    for (int i = 0; i < a->channels; i++) clean(&a->track[i], n);
    weigh_all(a, n);
    mix_down(a, n);
    if (count) {
        for (int i = 0; i < a->channels; i++) measure_channel(a, &a->track[i], n, offset, &a->out[i]);
        compare_channels(a, n);
        outline(a, n, offset);
    } else {
        for (int i = 0; i < a->channels; i++) warm_channel(&a->track[i], n);
    }
    move_on(a, n);
}

// Template: the arithmetic of a piece of audio. It is compiled for several instruction sets, and FN names the instance. Sums are taken in four or eight lanes, sample i in
// lane i modulo that number, and lanes are added in one order, so that a vector unit of any width gives the same bits; the standard mode in which the package is compiled
// keeps the compiler from fusing multiplications and additions.

typedef double v2 __attribute__((vector_size(16)));
typedef float v8 __attribute__((vector_size(32)));
typedef int32_t v8i __attribute__((vector_size(32)));

// Greater samples than 120 dB above full scale are no signal, and could overflow what is computed of them.
static const float loudest = 1048576.0f;
static const float clip_level = 1.0f - 1.0f / 32768.0f;
static const float flat_step = 1.0f / 8192.0f;
static const float flat_level = 0.1f;
// Flat samples this near to the peak of the piece, as a share of it, are on top.
static const float flat_top = 0.98f;
static const float loud_level = 0.001f;
// A filter state below this is silence; it is zeroed before it becomes subnormal, which would be slow.
static const double quiet = 1e-30;

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

static double greatest_lane(const double s[4]) {
    double a = s[0] > s[1] ? s[0] : s[1], b = s[2] > s[3] ? s[2] : s[3];
    return a > b ? a : b;
}

typedef struct {
    double sum[4], sq[4], r1[4], r2[4], res_sq[4], peak[4];
} lanes;

static inline __attribute__((always_inline)) void add_sample(lanes *s, const double *x, int j) {
    double v = x[j], p = x[j - 1], q = x[j - 2], res = (v - x[j - 3]) - 3.0 * (p - q), size = res < 0 ? -res : res;
    s->sum[j & 3] += v;
    s->sq[j & 3] += v * v;
    s->r1[j & 3] += v * p;
    s->r2[j & 3] += v * q;
    s->res_sq[j & 3] += res * res;
    s->peak[j & 3] = size > s->peak[j & 3] ? size : s->peak[j & 3];
}

static void sum_up(const double *x, int n, ac_channel *c) {
    lanes s = {{0}, {0}, {0}, {0}, {0}, {0}};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int j = 0; j < 4; j++) add_sample(&s, x + i, j);
    for (int j = 0; i + j < n; j++) add_sample(&s, x + i, j);
    c->sum = add_lanes(s.sum), c->sq = add_lanes(s.sq), c->r1 = add_lanes(s.r1), c->r2 = add_lanes(s.r2), c->res_sq = add_lanes(s.res_sq);
    c->res_peak = (float)greatest_lane(s.peak);
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

// Fourfold interpolation by the 48 taps of BS.1770-5 Annex 2: two of its four phases; the others are these reversed.
enum { phase_taps = 12 };
static const float phase[2][phase_taps] = {
    {0.0017089843750f, 0.0109863281250f, -0.0196533203125f, 0.0332031250000f, -0.0594482421875f, 0.1373291015625f, 0.9721679687500f, -0.1022949218750f, 0.0476074218750f,
     -0.0266113281250f, 0.0148925781250f, -0.0083007812500f},
    {-0.0291748046875f, 0.0292968750000f, -0.0517578125000f, 0.0891113281250f, -0.1665039062500f, 0.4650878906250f, 0.7797851562500f, -0.2003173828125f, 0.1015625000000f,
     -0.0582275390625f, 0.0330810546875f, -0.0189208984375f},
};
// No interpolated value exceeds this many times the greatest of the 12 samples: the phases' sums of magnitudes are 1.43 and 2.02.
static const float overshoot = 2.03f;

static inline void raise_to(v8 *max, const v8 *x) {
    v8i more = *x > *max;
    *max = (v8)((more & (v8i)*x) | (~more & (v8i)*max));
}

// The greatest magnitudes of eight samples each, in lanes.
static inline void interpolate(const float *x, v8 *max) {
    v8 y[4] = {{0}, {0}, {0}, {0}}, s;
    for (int k = 0; k < phase_taps; k++) {
        memcpy(&s, x - k, sizeof s);
        for (int p = 0; p < 2; p++) {
            y[p] += phase[p][k] * s;
            y[3 - p] += phase[p][phase_taps - 1 - k] * s;
        }
    }
    for (int p = 0; p < 4; p++) {
        s = (v8)((v8i)y[p] & 0x7fffffff);
        raise_to(max, &s);
    }
}

// x begins a piece and has its past before it; peak is the piece's sample peak, which the result never falls below. Stretches that cannot reach the greatest value so far
// are left out, which cannot change the result.
static float true_peak(const float *x, int n, float peak) {
    enum { stretch = 32 };
    float top = peak;
    for (int i = 0; i < n; i += stretch) {
        int m = n - i < stretch ? n - i : stretch;
        if (greatest(x + i - (phase_taps - 1), m + phase_taps - 1) * overshoot <= top) continue;
        v8 max = {top, top, top, top, top, top, top, top};
        int j = 0;
        for (; j + 8 <= m; j += 8) interpolate(x + i + j, &max);
        if (j < m) { // the last samples of the piece, with the one before repeated rather than what lies behind
            float last[phase_taps - 1 + 8];
            for (int k = 0; k < phase_taps - 1 + 8; k++) last[k] = x[i + (j - (phase_taps - 1) + k < m ? j - (phase_taps - 1) + k : m - 1)];
            v8 y = max;
            interpolate(last + phase_taps - 1, &y);
            for (int k = 0; k < m - j; k++) max[k] = y[k];
        }
        for (int k = 0; k < 8; k++) top = max[k] > top ? max[k] : top;
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

static inline int is_flat(const float *x, int i) {
    float d = x[i] - x[i - 1];
    return (d <= flat_step) & (d >= -flat_step) & ((x[i] > flat_level) | (x[i] < -flat_level));
}

static void find_flats(ac_track *t, int n, ac_channel *c) {
    const float *x = t->raw + AC_HISTORY;
    int32_t run = t->flat_run, longest = 0;
    float top = flat_top * c->peak;
    int any = 0, flats = 0, tops = 0;
    if (c->peak > flat_level)
        for (int i = 0; i < n; i++) any |= is_flat(x, i);
    if (!any) run = 0, n = 0;
    for (int i = 0; i < n; i++) {
        int flat = is_flat(x, i);
        run = flat ? run + 1 : 0;
        longest = run > longest ? run : longest;
        flats += flat;
        tops += flat & ((x[i] >= top) | (x[i] <= -top));
    }
    t->flat_run = run;
    c->flat_run = longest, c->flats = flats, c->flat_tops = tops;
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

static inline __attribute__((always_inline)) void compare_sample(const double *l, const double *r, int j, double lr[4], double diff[4]) {
    double d = l[j] - r[j];
    d = d < 0 ? -d : d;
    diff[j] = d > diff[j] ? d : diff[j];
    lr[j] += l[j] * r[j];
}

static void compare_channels(ac_audio *a, int n) {
    a->lr = 0, a->diff = 0;
    if (a->channels < 2) return;
    const double *l = a->track[0].wide + AC_HISTORY, *r = a->track[1].wide + AC_HISTORY;
    double lr[4] = {0}, diff[4] = {0};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int j = 0; j < 4; j++) compare_sample(l + i, r + i, j, lr, diff);
    for (int j = 0; i + j < n; j++) compare_sample(l + i, r + i, j, lr, diff);
    a->lr = add_lanes(lr), a->diff = (float)greatest_lane(diff);
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
    v8 s = {0}, u, v;
    int i = 0;
    for (; i + 8 <= taps; i += 8) {
        memcpy(&u, x + i, sizeof u);
        memcpy(&v, tap + i, sizeof v);
        s += u * v;
    }
    float rest = 0;
    for (; i < taps; i++) rest += x[i] * tap[i];
    return (((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))) + rest;
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

static void FN(piece)(ac_audio *a, int n, int offset, int count) {
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

// Template: the features of up to 8 rows of a plane in plain C. video_sample.h must be included before.

typedef struct {
    uint32_t sum, sum2, sad, prev, min, max, moved;
} FN(block);

// One block of w x h <= 8x8 samples; the 64-bit sum of squares goes to the plane at once.
static inline FN(block) FN(measure_block)(const uint8_t *cur, ptrdiff_t cs, const uint8_t *prev, ptrdiff_t ps, int w, int h, ac_plane *t) {
    FN(block) b = {0, 0, 0, 0, UINT32_MAX, 0, 0};
    uint64_t sum2 = 0;
    for (int y = 0; y < h; y++) {
        const SAMPLE *c = FN(line)(cur, cs, y), *p = FN(line)(prev, ps, y);
        for (int x = 0; x < w; x++) {
            uint32_t s = c[x], d = ac_absdiff(s, p[x]);
            b.sum += s;
            sum2 += (uint64_t)s * s;
            b.prev += p[x];
            b.sad += d;
            b.moved = d > b.moved ? d : b.moved;
            b.min = s < b.min ? s : b.min;
            b.max = s > b.max ? s : b.max;
        }
    }
    b.sum2 = (uint32_t)sum2;
    t->sum += b.sum;
    t->sum2 += (int64_t)sum2;
    t->sad += b.sad;
    t->min = b.min < t->min ? b.min : t->min;
    t->max = b.max > t->max ? b.max : t->max;
    return b;
}

// Counters and TI2 look at a block again only where its extremes leave something to count.
static inline void FN(count_block)(const ac_limits *l, const uint8_t *cur, ptrdiff_t cs, int w, int h, int luma, ac_plane *t) {
    for (int y = 0; y < h; y++) {
        const SAMPLE *c = FN(line)(cur, cs, y);
        for (int x = 0; x < w; x++) FN(count)(l, c[x], luma, t);
    }
}

static inline void FN(move_block)(const ac_limits *l, const uint8_t *cur, ptrdiff_t cs, const uint8_t *prev, ptrdiff_t ps, int w, int h, ac_plane *t) {
    for (int y = 0; y < h; y++) {
        const SAMPLE *c = FN(line)(cur, cs, y), *p = FN(line)(prev, ps, y);
        for (int x = 0; x < w; x++) {
            int64_t d = ac_absdiff(c[x], p[x]);
            if (d > l->moved) t->ti2 += d * d;
        }
    }
}

typedef ac_plane FN(totals);

static inline void FN(begin)(FN(totals) *t) { *t = (ac_plane){.min = UINT32_MAX}; }

static inline void FN(finish)(const FN(totals) *t, ac_plane *p) { *p = *t; }

// A strip of h <= 8 rows.
static inline void FN(strip)(const ac_video *v, const uint8_t *cur, ptrdiff_t cs, const uint8_t *prev, ptrdiff_t ps, int w, int h, int luma, int ahead, FN(totals) *t) {
    const ac_limits *l = &v->lim;
    const ac_blocks *row = &v->row;
    (void)ahead;
    for (int x = 0; x < w; x += 8) {
        int n = w - x < 8 ? w - x : 8;
        const uint8_t *c = cur + x * sizeof(SAMPLE), *p = prev + x * sizeof(SAMPLE);
        FN(block) b = FN(measure_block)(c, cs, p, ps, n, h, t);
        if (luma ? b.min <= l->le[3] || b.max > l->hi : b.min < l->chroma_lo || b.max > l->chroma_hi)
            FN(count_block)(l, c, cs, n, h, luma, t);
        if (luma && b.moved > l->moved) FN(move_block)(l, c, cs, p, ps, n, h, t);
        if (n < 8) break;
        row->sum[x / 8] = b.sum;
        row->sum2[x / 8] = b.sum2;
        row->sad[x / 8] = b.sad;
        row->prev[x / 8] = b.prev;
    }
}

// Strips of 9 to 12 bits, 32 columns at a time in two vectors of two blocks each. All sums of 8 rows fit 32-bit lanes, and samples are positive as signed words.

typedef struct {
    __m256i sum, sum2, sad, ti2, le[4], lo, hi, lo103, hi103, chroma_out, min, max, bits;
} sums_16;

static inline __m256i at_16(const uint8_t *p, ptrdiff_t stride, int y) { return _mm256_loadu_si256((const __m256i *)(p + stride * y)); }

static inline __m256i diff_16(__m256i a, __m256i b) { return _mm256_abs_epi16(_mm256_sub_epi16(a, b)); }

// 32-bit lanes of blocks 0 and 1, and of blocks 2 and 3, to one sum a block in order.
static inline __m128i block_sums_16(__m256i a, __m256i b) {
    __m256i s = _mm256_hadd_epi32(a, b); // 0 0 2 2 | 1 1 3 3
    s = _mm256_hadd_epi32(s, s);         // 0 2 0 2 | 1 3 1 3
    __m128i even = _mm256_castsi256_si128(s), odd = _mm256_extracti128_si256(s, 1);
    return _mm_unpacklo_epi32(even, odd);
}

static inline __m256i widen_16(__m128i v) { return _mm256_cvtepu32_epi64(v); }

// Counts in words: comparisons yield -1. Thresholds are below 2^15.
static inline __m256i count_le_16(__m256i n, __m256i v, uint32_t t) { return _mm256_sub_epi16(n, _mm256_cmpgt_epi16(_mm256_set1_epi16((short)(t + 1)), v)); }

static inline __m256i count_gt_16(__m256i n, __m256i v, uint32_t t) { return _mm256_sub_epi16(n, _mm256_cmpgt_epi16(v, _mm256_set1_epi16((short)t))); }

static inline void gather_16(__m256i *total, __m256i counters) {
    __m256i s = _mm256_madd_epi16(counters, _mm256_set1_epi16(1));
    *total = _mm256_add_epi64(*total, widen_sum(s));
}

static void count_luma_8x16(const uint8_t *c, ptrdiff_t cs, int h, const ac_limits *l, sums_16 *t) {
    __m256i z = _mm256_setzero_si256(), n0 = z, n1 = z, n2 = z, n3 = z, lo = z, hi = z, lo103 = z, hi103 = z;
    for (int y = 0; y < h; y++) {
        __m256i v = at_16(c, cs, y);
        n0 = count_le_16(n0, v, l->le[0]);
        n1 = count_le_16(n1, v, l->le[1]);
        n2 = count_le_16(n2, v, l->le[2]);
        n3 = count_le_16(n3, v, l->le[3]);
        lo = count_le_16(lo, v, l->lo - 1);
        lo103 = count_le_16(lo103, v, l->lo103 - 1);
        hi = count_gt_16(hi, v, l->hi);
        hi103 = count_gt_16(hi103, v, l->hi103);
    }
    gather_16(&t->le[0], n0);
    gather_16(&t->le[1], n1);
    gather_16(&t->le[2], n2);
    gather_16(&t->le[3], n3);
    gather_16(&t->lo, lo);
    gather_16(&t->lo103, lo103);
    gather_16(&t->hi, hi);
    gather_16(&t->hi103, hi103);
}

static void count_chroma_8x16(const uint8_t *c, ptrdiff_t cs, int h, const ac_limits *l, sums_16 *t) {
    __m256i n = _mm256_setzero_si256();
    for (int y = 0; y < h; y++) {
        __m256i v = at_16(c, cs, y);
        n = count_gt_16(count_le_16(n, v, l->chroma_lo - 1), v, l->chroma_hi);
    }
    gather_16(&t->chroma_out, n);
}

static void move_8x16(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int h, const ac_limits *l, sums_16 *t) {
    __m256i sum = _mm256_setzero_si256(), limit = _mm256_set1_epi16((short)l->moved);
    for (int y = 0; y < h; y++) {
        __m256i d = diff_16(at_16(c, cs, y), at_16(p, ps, y));
        d = _mm256_and_si256(d, _mm256_cmpgt_epi16(d, limit));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(d, d));
    }
    t->ti2 = _mm256_add_epi64(t->ti2, widen_sum(sum));
}

// The sums of two blocks in 32-bit lanes, and the extremes.
typedef struct {
    __m256i sum, sum2, sad, prev, min, max, moved, bits;
} pair_16;

static inline AC_INLINE pair_16 measure_8x16(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int h, int luma) {
    __m256i z = _mm256_setzero_si256(), one = _mm256_set1_epi16(1);
    pair_16 r = {z, z, z, z, _mm256_set1_epi16(-1), z, z, z};
    for (int y = 0; y < h; y++) {
        __m256i a = at_16(c, cs, y), b = at_16(p, ps, y), d = diff_16(a, b);
        r.sum = _mm256_add_epi32(r.sum, _mm256_madd_epi16(a, one));
        r.sum2 = _mm256_add_epi32(r.sum2, _mm256_madd_epi16(a, a));
        r.sad = _mm256_add_epi32(r.sad, _mm256_madd_epi16(d, one));
        r.bits = _mm256_or_si256(r.bits, _mm256_or_si256(a, b));
        r.min = _mm256_min_epu16(r.min, a);
        r.max = _mm256_max_epu16(r.max, a);
        if (!luma) continue;
        r.prev = _mm256_add_epi32(r.prev, _mm256_madd_epi16(b, one));
        r.moved = _mm256_max_epi16(r.moved, d);
    }
    return r;
}

static inline AC_INLINE void count_8x16(const pair_16 *r, const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int h, int luma,
                                                             const ac_limits *l, sums_16 *t) {
    __m256i floor = _mm256_set1_epi16((short)(luma ? l->le[3] + 1 : l->chroma_lo)), top = _mm256_set1_epi16((short)(luma ? l->hi : l->chroma_hi));
    __m256i loud = _mm256_or_si256(_mm256_cmpgt_epi16(floor, r->min), _mm256_cmpgt_epi16(r->max, top));
    if (_mm256_movemask_epi8(loud)) {
        if (luma) count_luma_8x16(c, cs, h, l, t);
        else count_chroma_8x16(c, cs, h, l, t);
    }
    if (luma && _mm256_movemask_epi8(_mm256_cmpgt_epi16(r->moved, _mm256_set1_epi16((short)l->moved)))) move_8x16(c, cs, p, ps, h, l, t);
}

// One strip of 32 columns. Blocks that are not whole are stored as well; nobody looks at them.
static inline AC_INLINE void strip_8x32_16(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int h, int luma, const ac_limits *l,
                                                                const ac_blocks *row, int x, sums_16 *t) {
    pair_16 a = measure_8x16(c, cs, p, ps, h, luma), b = measure_8x16(c + 32, cs, p + 32, ps, h, luma);
    __m128i sum = block_sums_16(a.sum, b.sum), sum2 = block_sums_16(a.sum2, b.sum2), sad = block_sums_16(a.sad, b.sad);
    t->sum = _mm256_add_epi64(t->sum, widen_16(sum));
    t->sum2 = _mm256_add_epi64(t->sum2, widen_16(sum2));
    t->sad = _mm256_add_epi64(t->sad, widen_16(sad));
    t->bits = _mm256_or_si256(t->bits, _mm256_or_si256(a.bits, b.bits));
    t->min = _mm256_min_epu16(t->min, _mm256_min_epu16(a.min, b.min));
    t->max = _mm256_max_epu16(t->max, _mm256_max_epu16(a.max, b.max));
    _mm_storeu_si128((__m128i *)(row->sum + x / 8), sum);
    _mm_storeu_si128((__m128i *)(row->sum2 + x / 8), sum2);
    count_8x16(&a, c, cs, p, ps, h, luma, l, t);
    count_8x16(&b, c + 32, cs, p + 32, ps, h, luma, l, t);
    if (!luma) return;
    _mm_storeu_si128((__m128i *)(row->sad + x / 8), sad);
    _mm_storeu_si128((__m128i *)(row->prev + x / 8), block_sums_16(a.prev, b.prev));
}

// What the filling of tails makes of sums is kept apart, to be taken off.
typedef struct {
    sums_16 vector;
    ac_plane tail;
} totals_16;

static void finish_16(const totals_16 *totals, ac_plane *t) {
    const sums_16 *v = &totals->vector;
    *t = totals->tail;
    t->sum += add_lanes64(v->sum);
    t->sum2 += add_lanes64(v->sum2);
    t->sad += add_lanes64(v->sad);
    t->ti2 += add_lanes64(v->ti2);
    for (int i = 0; i < 4; i++) t->le[i] += add_lanes64(v->le[i]);
    t->lo += add_lanes64(v->lo);
    t->hi += add_lanes64(v->hi);
    t->lo103 += add_lanes64(v->lo103);
    t->hi103 += add_lanes64(v->hi103);
    t->chroma_out += add_lanes64(v->chroma_out);
    t->bits |= or_lanes(v->bits);
    uint16_t min[16], max[16];
    _mm256_storeu_si256((__m256i *)min, v->min);
    _mm256_storeu_si256((__m256i *)max, v->max);
    for (int i = 0; i < 16; i++) {
        t->min = min[i] < t->min ? min[i] : t->min;
        t->max = max[i] > t->max ? max[i] : t->max;
    }
}

// The last columns, fewer than 32, are measured in a copy.
static void tail_16(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int n, int h, int luma, const ac_limits *l, const ac_blocks *row, int x,
                    sums_16 *v, ac_plane *t) {
    uint16_t cur[8 * 32], prev[8 * 32], fill = *(const uint16_t *)c;
    for (int i = 0; i < 8 * 32; i++) cur[i] = prev[i] = fill;
    for (int y = 0; y < h; y++) {
        memcpy(cur + 32 * y, c + cs * y, 2 * (size_t)n);
        memcpy(prev + 32 * y, p + ps * y, 2 * (size_t)n);
    }
    strip_8x32_16((const uint8_t *)cur, 64, (const uint8_t *)prev, 64, h, luma, l, row, x, v);
    uncount_16(fill, (32 - n) * h, luma, l, t);
}

static inline void begin_16(totals_16 *t) {
    *t = (totals_16){.vector = {.min = _mm256_set1_epi16(-1)}, .tail = {.min = UINT32_MAX}};
}

// ahead says that another whole strip follows.
static inline AC_INLINE void strip_16(const ac_video *v, const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int w, int h, int luma, int ahead, totals_16 *t) {
    const ac_limits *l = &v->lim;
    const ac_blocks *row = &v->row;
    int x = 0;
    if (ahead) {
        for (; x + 32 <= w; x += 32) {
            fetch_ahead(c, cs, p, ps, 2 * x);
            strip_8x32_16(c + 2 * x, cs, p + 2 * x, ps, 8, luma, l, row, x, &t->vector);
        }
    }
    for (; x + 32 <= w; x += 32) strip_8x32_16(c + 2 * x, cs, p + 2 * x, ps, h, luma, l, row, x, &t->vector);
    if (x < w) tail_16(c + 2 * x, cs, p + 2 * x, ps, w - x, h, luma, l, row, x, &t->vector, &t->tail);
}

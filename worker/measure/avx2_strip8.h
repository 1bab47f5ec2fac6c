// 8-bit strips, 32 columns at a time: a vector holds one row of four blocks, and each 64-bit lane of psadbw is one of them.

typedef struct {
    __m256i sum, sum2, sad, ti2, le[4], lo, hi, lo103, hi103, chroma_out, min, max;
} sums_8;

static inline __m256i at_8(const uint8_t *p, ptrdiff_t stride, int y) { return _mm256_loadu_si256((const __m256i *)(p + stride * y)); }

static inline __m256i diff_8(__m256i a, __m256i b) { return _mm256_or_si256(_mm256_subs_epu8(a, b), _mm256_subs_epu8(b, a)); }

// Sums of squares of the 8-byte groups, as 64-bit lanes, from the products of the low and the high halves.
static inline __m256i square_lanes_8(__m256i lo, __m256i hi) {
    return widen_sum(_mm256_hadd_epi32(lo, hi)); // two halves of a group side by side
}

// Adds 1 to the byte counters where v <= t (or, with t one less, v < t).
static inline __m256i count_le_8(__m256i n, __m256i v, uint32_t t) {
    return _mm256_sub_epi8(n, _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8((char)t)), v));
}

static inline __m256i count_gt_8(__m256i n, __m256i v, uint32_t t) {
    return _mm256_sub_epi8(n, _mm256_cmpeq_epi8(_mm256_max_epu8(v, _mm256_set1_epi8((char)(t + 1))), v));
}

static inline void gather_8(__m256i *total, __m256i counters) {
    *total = _mm256_add_epi64(*total, _mm256_sad_epu8(counters, _mm256_setzero_si256()));
}

static void count_luma_8x32(const uint8_t *c, ptrdiff_t cs, int h, const ac_limits *l, sums_8 *t) {
    __m256i z = _mm256_setzero_si256(), n0 = z, n1 = z, n2 = z, n3 = z, lo = z, hi = z, lo103 = z, hi103 = z;
    for (int y = 0; y < h; y++) {
        __m256i v = at_8(c, cs, y);
        n0 = count_le_8(n0, v, l->le[0]);
        n1 = count_le_8(n1, v, l->le[1]);
        n2 = count_le_8(n2, v, l->le[2]);
        n3 = count_le_8(n3, v, l->le[3]);
        lo = count_le_8(lo, v, l->lo - 1);
        lo103 = count_le_8(lo103, v, l->lo103 - 1);
        hi = count_gt_8(hi, v, l->hi);
        hi103 = count_gt_8(hi103, v, l->hi103);
    }
    gather_8(&t->le[0], n0);
    gather_8(&t->le[1], n1);
    gather_8(&t->le[2], n2);
    gather_8(&t->le[3], n3);
    gather_8(&t->lo, lo);
    gather_8(&t->lo103, lo103);
    gather_8(&t->hi, hi);
    gather_8(&t->hi103, hi103);
}

static void count_chroma_8x32(const uint8_t *c, ptrdiff_t cs, int h, const ac_limits *l, sums_8 *t) {
    __m256i n = _mm256_setzero_si256();
    for (int y = 0; y < h; y++) {
        __m256i v = at_8(c, cs, y);
        n = count_gt_8(count_le_8(n, v, l->chroma_lo - 1), v, l->chroma_hi);
    }
    gather_8(&t->chroma_out, n);
}

static void move_8x32(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int h, const ac_limits *l, sums_8 *t) {
    __m256i z = _mm256_setzero_si256(), lo = z, hi = z, limit = _mm256_set1_epi8((char)(l->moved + 1));
    for (int y = 0; y < h; y++) {
        __m256i d = diff_8(at_8(c, cs, y), at_8(p, ps, y));
        d = _mm256_and_si256(d, _mm256_cmpeq_epi8(_mm256_max_epu8(d, limit), d));
        __m256i a = _mm256_unpacklo_epi8(d, z), b = _mm256_unpackhi_epi8(d, z);
        lo = _mm256_add_epi32(lo, _mm256_madd_epi16(a, a));
        hi = _mm256_add_epi32(hi, _mm256_madd_epi16(b, b));
    }
    t->ti2 = _mm256_add_epi64(t->ti2, square_lanes_8(lo, hi));
}

// One strip of 32 columns. Whole blocks are stored only from strips of 8 rows; the caller ignores the others.
static inline AC_INLINE void strip_8x32(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int h, int luma, const ac_limits *l,
                                                             const ac_blocks *row, int x, sums_8 *t) {
    __m256i z = _mm256_setzero_si256(), sum = z, prev = z, sad = z, lo = z, hi = z, max = z, moved = z, min = _mm256_set1_epi8(-1);
    for (int y = 0; y < h; y++) {
        __m256i a = at_8(c, cs, y), b = at_8(p, ps, y), u = _mm256_unpacklo_epi8(a, z), v = _mm256_unpackhi_epi8(a, z);
        sad = _mm256_add_epi64(sad, _mm256_sad_epu8(a, b));
        sum = _mm256_add_epi64(sum, _mm256_sad_epu8(a, z));
        lo = _mm256_add_epi32(lo, _mm256_madd_epi16(u, u));
        hi = _mm256_add_epi32(hi, _mm256_madd_epi16(v, v));
        min = _mm256_min_epu8(min, a);
        max = _mm256_max_epu8(max, a);
        if (!luma) continue;
        prev = _mm256_add_epi64(prev, _mm256_sad_epu8(b, z));
        moved = _mm256_max_epu8(moved, diff_8(a, b));
    }
    __m256i sum2 = square_lanes_8(lo, hi);
    t->sum = _mm256_add_epi64(t->sum, sum);
    t->sum2 = _mm256_add_epi64(t->sum2, sum2);
    t->sad = _mm256_add_epi64(t->sad, sad);
    t->min = _mm256_min_epu8(t->min, min);
    t->max = _mm256_max_epu8(t->max, max);
    _mm_storeu_si128((__m128i *)(row->sum + x / 8), low_halves(sum));
    _mm_storeu_si128((__m128i *)(row->sum2 + x / 8), low_halves(sum2));

    __m256i floor = _mm256_set1_epi8((char)(luma ? l->le[3] + 1 : l->chroma_lo)), top = _mm256_set1_epi8((char)(luma ? l->hi : l->chroma_hi));
    __m256i quiet = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_max_epu8(min, floor), min), _mm256_cmpeq_epi8(_mm256_min_epu8(max, top), max));
    int count = _mm256_movemask_epi8(quiet) != -1;
    if (!luma) {
        if (count) count_chroma_8x32(c, cs, h, l, t);
        return;
    }
    if (count) count_luma_8x32(c, cs, h, l, t);
    if (!_mm256_testz_si256(_mm256_subs_epu8(moved, _mm256_set1_epi8((char)l->moved)), _mm256_set1_epi8(-1))) move_8x32(c, cs, p, ps, h, l, t);
    _mm_storeu_si128((__m128i *)(row->sad + x / 8), low_halves(sad));
    _mm_storeu_si128((__m128i *)(row->prev + x / 8), low_halves(prev));
}

static uint32_t least_byte(__m256i v) {
    uint8_t b[32];
    _mm256_storeu_si256((__m256i *)b, v);
    uint32_t m = b[0];
    for (int i = 1; i < 32; i++) m = b[i] < m ? b[i] : m;
    return m;
}

// What the filling of tails makes of sums is kept apart, to be taken off.
typedef struct {
    sums_8 vector;
    ac_plane tail;
} totals_8;

static void finish_8(const totals_8 *totals, ac_plane *t) {
    const sums_8 *v = &totals->vector;
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
    uint32_t min = least_byte(v->min), max = 255 - least_byte(_mm256_xor_si256(v->max, _mm256_set1_epi8(-1)));
    t->min = min < t->min ? min : t->min;
    t->max = max > t->max ? max : t->max;
}

// The last columns, fewer than 32, are measured in a copy.
static void tail_8(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int n, int h, int luma, const ac_limits *l, const ac_blocks *row, int x,
                   sums_8 *v, ac_plane *t) {
    uint8_t cur[8 * 32], prev[8 * 32];
    memset(cur, c[0], sizeof cur);
    memset(prev, c[0], sizeof prev);
    for (int y = 0; y < h; y++) {
        memcpy(cur + 32 * y, c + cs * y, (size_t)n);
        memcpy(prev + 32 * y, p + ps * y, (size_t)n);
    }
    strip_8x32(cur, 32, prev, 32, h, luma, l, row, x, v);
    uncount_8(c[0], (32 - n) * h, luma, l, t);
}

static inline void begin_8(totals_8 *t) {
    *t = (totals_8){.vector = {.min = _mm256_set1_epi8(-1)}, .tail = {.min = UINT32_MAX}};
}

// ahead says that another whole strip follows.
static inline AC_INLINE void strip_8(const ac_video *v, const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int w, int h, int luma, int ahead, totals_8 *t) {
    const ac_limits *l = &v->lim;
    const ac_blocks *row = &v->row;
    int x = 0;
    if (ahead) {
        for (; x + 32 <= w; x += 32) {
            fetch_ahead(c, cs, p, ps, x);
            strip_8x32(c + x, cs, p + x, ps, 8, luma, l, row, x, &t->vector);
        }
    }
    for (; x + 32 <= w; x += 32) strip_8x32(c + x, cs, p + x, ps, h, luma, l, row, x, &t->vector);
    if (x < w) tail_8(c + x, cs, p + x, ps, w - x, h, luma, l, row, x, &t->vector, &t->tail);
}

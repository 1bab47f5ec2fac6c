// 8-bit rows of texture and comb, 32 columns at a time.

static inline __m256i load_8(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)p); }

// The neighbours of the 32 columns from x; at the edge of the picture a sample is its own neighbour.
static inline __m256i left_8(const uint8_t *c, int x) {
    if (x > 0) return load_8(c + x - 1);
    __m256i a = load_8(c), low = _mm256_permute2x128_si256(a, a, 0x08); // 0, low half
    low = _mm256_insert_epi8(low, (char)c[0], 15);
    return _mm256_alignr_epi8(a, low, 15);
}

static inline __m256i right_8(const uint8_t *c, int x, int w) {
    if (x + 32 < w) return load_8(c + x + 1);
    __m256i a = load_8(c + x), high = _mm256_permute2x128_si256(a, a, 0x81); // high half, 0
    high = _mm256_insert_epi8(high, (char)c[x + 31], 16);
    return _mm256_alignr_epi8(high, a, 1);
}

// Column edges by phase: 16-bit counts of the low and the high bytes of each half. 256 additions are safe.
static inline void add_phases_8(__m256i lo, __m256i hi, int64_t *col) {
    uint16_t a[16], b[16];
    _mm256_storeu_si256((__m256i *)a, lo);
    _mm256_storeu_si256((__m256i *)b, hi);
    for (int i = 0; i < 8; i++) {
        col[i] += a[i];
        col[8 + i] += b[i];
        col[16 + i] += a[8 + i];
        col[24 + i] += b[8 + i];
    }
}

typedef struct {
    __m256i sum, sum2; // 32-bit lanes: 256 vectors of 32 columns are safe
} laplace_8;

// 4c - left - right - up - down in words: bytes are interleaved in pairs, and each pair is multiplied and added in one step.
static inline void add_laplace_8(laplace_8 *t, __m256i c, __m256i l, __m256i r, __m256i u, __m256i d, __m256i keep) {
    __m256i z = _mm256_setzero_si256(), one = _mm256_set1_epi16(1), four = _mm256_set1_epi16((short)0xff04), add = _mm256_set1_epi8(1);
    __m256i a = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(c, l), four), b = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(c, l), four);
    a = _mm256_sub_epi16(a, _mm256_maddubs_epi16(_mm256_unpacklo_epi8(u, d), add));
    b = _mm256_sub_epi16(b, _mm256_maddubs_epi16(_mm256_unpackhi_epi8(u, d), add));
    a = _mm256_and_si256(_mm256_sub_epi16(a, _mm256_unpacklo_epi8(r, z)), _mm256_unpacklo_epi8(keep, keep));
    b = _mm256_and_si256(_mm256_sub_epi16(b, _mm256_unpackhi_epi8(r, z)), _mm256_unpackhi_epi8(keep, keep));
    t->sum = _mm256_add_epi32(t->sum, _mm256_madd_epi16(_mm256_add_epi16(_mm256_abs_epi16(a), _mm256_abs_epi16(b)), one));
    t->sum2 = _mm256_add_epi32(t->sum2, _mm256_add_epi32(_mm256_madd_epi16(a, a), _mm256_madd_epi16(b, b)));
}

// The sums of one row over some columns.
typedef struct {
    __m256i lo, hi, row;
    laplace_8 laplace;
} texture_sum_8;

// 32 columns from x. edge is a constant: whether the first or the last column of the picture is among them, which lacks a neighbour.
static inline AC_INLINE void texture_step_8(texture_sum_8 *t, const uint8_t *c, const uint8_t *up, const uint8_t *down, int x, int w, int edge) {
    __m256i z = _mm256_setzero_si256(), a = load_8(c + x), left = edge ? left_8(c, x) : load_8(c + x - 1), e = diff_8(a, left);
    t->lo = _mm256_add_epi16(t->lo, _mm256_unpacklo_epi8(e, z));
    t->hi = _mm256_add_epi16(t->hi, _mm256_unpackhi_epi8(e, z));
    if (up) t->row = _mm256_add_epi64(t->row, _mm256_sad_epu8(a, load_8(up + x)));
    if (!up || !down) return;
    __m256i right = edge ? right_8(c, x, w) : load_8(c + x + 1), keep = _mm256_set1_epi8(-1);
    if (edge && x == 0) keep = _mm256_insert_epi8(keep, 0, 0);
    if (edge && x + 32 == w) keep = _mm256_insert_epi8(keep, 0, 31);
    add_laplace_8(&t->laplace, a, left, right, load_8(up + x), load_8(down + x), keep);
}

// Columns [from, to) with from and to multiples of 32, at most 256 vectors.
static void texture_run_8(const uint8_t *c, const uint8_t *up, const uint8_t *down, int from, int to, int w, ac_texture *t, int y) {
    __m256i z = _mm256_setzero_si256();
    texture_sum_8 s = {z, z, z, {z, z}};
    int x = from, inner = to == w ? to - 32 : to;
    if (x == 0) {
        texture_step_8(&s, c, up, down, x, w, 1);
        x = 32;
    }
    if (up && down)
        for (; x < inner; x += 32) texture_step_8(&s, c, up, down, x, w, 0);
    for (; x < to; x += 32) texture_step_8(&s, c, up, down, x, w, 1);
    add_phases_8(s.lo, s.hi, t->col);
    t->row[y % AC_PHASES] += add_lanes64(s.row);
    t->laplace += add_lanes64(widen_sum(s.laplace.sum));
    t->laplace2 += add_lanes64(widen_sum(s.laplace.sum2));
}

static void texture_row_8(const uint8_t *c, const uint8_t *up, const uint8_t *down, int w, ac_texture *t, int y) {
    int whole = w / 32 * 32;
    for (int x = 0; x < whole; x += 256 * 32) texture_run_8(c, up, down, x, whole - x < 256 * 32 ? whole : x + 256 * 32, w, t, y);
    plain_texture_row_8(c, up, down, whole, w, w, t, y);
}

// Sums of |a + c - 2x| without leaving bytes. With m = (a + c + 1) / 2 rounded down and odd = (a + c) mod 2, a + c is 2m - odd, and so the term is 2|m - x|, less odd where m
// exceeds x, plus odd elsewhere.
typedef struct {
    __m256i sad, over; // |m - x|, and odd where m exceeds x, which 255 vectors may add to
} comb_sum_8;

static inline void add_line_8(comb_sum_8 *t, __m256i m, __m256i odd, __m256i x) {
    t->sad = _mm256_add_epi64(t->sad, _mm256_sad_epu8(m, x));
    t->over = _mm256_add_epi8(t->over, _mm256_min_epu8(_mm256_subs_epu8(m, x), odd));
}

static inline int64_t add_bytes(__m256i v) { return add_lanes64(_mm256_sad_epu8(v, _mm256_setzero_si256())); }

static inline int64_t line_sum_8(const comb_sum_8 *t, int64_t odd) { return 2 * add_lanes64(t->sad) + odd - 2 * add_bytes(t->over); }

// Columns [from, to), at most 255 vectors. The oldest picture is nowhere else read, and fetched from 8 rows ahead; stride is its.
static void idet_run_8(const idet_rows_8 *r, int from, int to, ptrdiff_t stride, int64_t sums[4]) {
    __m256i z = _mm256_setzero_si256(), odds = z, same = z;
    comb_sum_8 before = {z, z}, after = {z, z}, line = {z, z};
    for (int x = from; x < to; x += 32) {
        _mm_prefetch((const char *)(r->before + x + 8 * stride), _MM_HINT_T0);
        __m256i u = load_8(r->above + x), d = load_8(r->below + x), mid = load_8(r->line + x), p = load_8(r->before + x);
        __m256i m = _mm256_avg_epu8(u, d), odd = _mm256_and_si256(_mm256_xor_si256(u, d), _mm256_set1_epi8(1));
        odds = _mm256_add_epi8(odds, odd);
        add_line_8(&before, m, odd, p);
        add_line_8(&after, m, odd, load_8(r->after + x));
        add_line_8(&line, m, odd, mid);
        same = _mm256_add_epi64(same, _mm256_sad_epu8(mid, p));
    }
    int64_t odd = add_bytes(odds);
    sums[0] += line_sum_8(&before, odd);
    sums[1] += line_sum_8(&after, odd);
    sums[2] += line_sum_8(&line, odd);
    sums[3] += add_lanes64(same);
}

static void idet_row_8(const idet_rows_8 *r, int w, ptrdiff_t stride, int64_t sums[4], uint32_t *bits) {
    int whole = w / 32 * 32;
    (void)bits; // bytes cannot exceed their depth
    for (int x = 0; x < whole; x += 255 * 32) idet_run_8(r, x, whole - x < 255 * 32 ? whole : x + 255 * 32, stride, sums);
    plain_idet_8(r, whole, w, sums);
}

static void combed_row_8(const uint8_t *up, const uint8_t *c, const uint8_t *down, int w, uint32_t t, uint8_t *column) {
    __m256i least = _mm256_set1_epi8((char)(t + 1));
    int x = 0;
    for (; x + 32 <= w; x += 32) {
        __m256i a = load_8(c + x), u = load_8(up + x), d = load_8(down + x);
        __m256i over = _mm256_min_epu8(_mm256_subs_epu8(a, u), _mm256_subs_epu8(a, d)), under = _mm256_min_epu8(_mm256_subs_epu8(u, a), _mm256_subs_epu8(d, a));
        __m256i step = _mm256_max_epu8(over, under), hit = _mm256_cmpeq_epi8(_mm256_max_epu8(step, least), step);
        _mm256_storeu_si256((__m256i *)(column + x), _mm256_sub_epi8(load_8(column + x), hit));
    }
    plain_combed_8(up, c, down, x, w, t, column);
}

static ac_dark dark_row_8(const uint8_t *c, int w, uint32_t limit) {
    __m256i z = _mm256_setzero_si256(), sum = z, above = z, least = _mm256_set1_epi8((char)(limit + 1)), one = _mm256_set1_epi8(1);
    int x = 0;
    for (; x + 32 <= w; x += 32) {
        __m256i a = load_8(c + x);
        sum = _mm256_add_epi64(sum, _mm256_sad_epu8(a, z));
        above = _mm256_add_epi64(above, _mm256_sad_epu8(_mm256_and_si256(_mm256_cmpeq_epi8(_mm256_max_epu8(a, least), a), one), z));
    }
    ac_dark d = plain_dark_8(c, x, w, limit);
    d.sum += (uint64_t)add_lanes64(sum);
    d.above += (uint64_t)add_lanes64(above);
    return d;
}

// 8-bit rows of texture and comb, 32 columns at a time.

static inline __m256i load_8(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)p); }

// Column edges by phase, in words: for each of three vectors of columns those of the low bytes of both halves, then those of the high ones. 256 additions are safe.
static void add_phases_8(ac_video *v) {
    uint16_t lane[AC_PHASES];
    memcpy(lane, v->phases.lane, sizeof lane);
    for (int i = 0; i < AC_PHASES; i++) v->texture.col[i / 32 * 32 + i % 16 / 8 * 16 + i / 16 % 2 * 8 + i % 8] += lane[i];
    memset(&v->phases, 0, sizeof v->phases);
}

static inline void add_edges_8(__m256i *phases, int x, __m256i e) {
    __m256i z = _mm256_setzero_si256(), *to = phases + 2 * (x / 32 % 3);
    _mm256_storeu_si256(to, _mm256_add_epi16(_mm256_loadu_si256(to), _mm256_unpacklo_epi8(e, z)));
    _mm256_storeu_si256(to + 1, _mm256_add_epi16(_mm256_loadu_si256(to + 1), _mm256_unpackhi_epi8(e, z)));
}

// Columns [from, to) with from and to multiples of 32, at most 256 vectors. The first column of the picture is its own neighbour: it has no step.
static void texture_run_8(ac_video *v, const uint8_t *c, const uint8_t *up, int from, int to, int y) {
    __m256i z = _mm256_setzero_si256(), most = _mm256_set1_epi8((char)v->lim.step), row = z, *phases = (__m256i *)v->phases.lane;
    uint32_t added = (uint32_t)(to - from) / AC_PHASES + 1;
    if (v->phases.added + added > 256) add_phases_8(v);
    v->phases.added += added;
    for (int x = from; x < to; x += 32) {
        __m256i a = load_8(c + x);
        if (x > 0) {
            add_edges_8(phases, x, _mm256_min_epu8(diff_8(a, load_8(c + x - 1)), most));
        } else {
            __m256i low = _mm256_permute2x128_si256(a, a, 0x08); // 0, low half
            add_edges_8(phases, 0, _mm256_min_epu8(diff_8(a, _mm256_alignr_epi8(a, _mm256_insert_epi8(low, (char)c[0], 15), 15)), most));
        }
        if (up) row = _mm256_add_epi64(row, _mm256_sad_epu8(_mm256_min_epu8(diff_8(a, load_8(up + x)), most), z));
    }
    v->texture.row[y % AC_PHASES] += add_lanes64(row);
}

static void texture_row_8(ac_video *v, const uint8_t *c, const uint8_t *up, int y) {
    int w = v->w[0], whole = w / 32 * 32;
    for (int x = 0; x < whole; x += 256 * 32) texture_run_8(v, c, up, x, whole - x < 256 * 32 ? whole : x + 256 * 32, y);
    plain_texture_row_8(v, c, up, whole, w, y);
}

// Squares of bytes in 32-bit lanes: 2^13 vectors are safe.
static inline __m256i add_squares_8(__m256i sum, __m256i d) {
    __m256i z = _mm256_setzero_si256(), a = _mm256_unpacklo_epi8(d, z), b = _mm256_unpackhi_epi8(d, z);
    return _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_madd_epi16(a, a), _mm256_madd_epi16(b, b)));
}

static void edges_row_8(const edge_rows_8 *r, int n, uint32_t limit, ac_edges *e) {
    __m256i z = _mm256_setzero_si256(), wide = z, steep = z, least = _mm256_set1_epi8((char)limit);
    int x = 0;
    for (; x + 32 <= n; x += 32) {
        __m256i w = diff_8(load_8(r->first + x), load_8(r->last + x)), is = _mm256_cmpeq_epi8(_mm256_max_epu8(w, least), w);
        uint32_t edges = (uint32_t)_mm256_movemask_epi8(is);
        if (edges == 0) continue;
        e->count += _mm_popcnt_u32(edges);
        wide = add_squares_8(wide, _mm256_and_si256(w, is));
        steep = add_squares_8(steep, _mm256_and_si256(diff_8(load_8(r->before + x), load_8(r->behind + x)), is));
    }
    e->wide += add_lanes64(widen_sum(wide));
    e->steep += add_lanes64(widen_sum(steep));
    plain_edges_8(r, x, n, limit, e);
}

// Sums of the luma samples of 16 chroma samples from x.
static inline AC_INLINE __m256i shared_luma_8(const uint8_t *c, int share_x) {
    if (share_x == 2) return _mm256_maddubs_epi16(load_8(c), _mm256_set1_epi8(1));
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)c));
}

static inline __m256i chroma_8(const uint8_t *c) {
    return _mm256_slli_epi16(_mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)c)), _mm256_set1_epi16(128)), 7);
}

static int64_t gamut_row_8(const ac_video *v, const gamut_rows_8 *r) {
    int x = 0, sx = v->share_x, sy = v->share_y;
    uint64_t out = 0;
    if (sx <= 2 && sy <= 2) {
        gamut_words m = gamut_factors(ac_matrix_of(v));
        int left = 6 - (sx == 2) - (sy == 2);
        for (; x + 16 <= r->n; x += 16) {
            fetch_chroma(r->cb + x, v->cur.stride[1], r->cr + x, v->cur.stride[2]);
            const uint8_t *c = r->luma + x * sx;
            __m256i y = shared_luma_8(c, sx);
            if (sy == 2) y = _mm256_add_epi16(y, shared_luma_8(c + v->cur.stride[0], sx));
            out += (uint64_t)count_words(beyond_gamut(&m, _mm256_slli_epi16(y, left), chroma_8(r->cb + x), chroma_8(r->cr + x)));
        }
    }
    return (int64_t)out + plain_gamut_8(v, r, x);
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

// Adds eight words to the sums of a block.
static inline void add_sums(uint32_t *sums, __m128i words) {
    __m256i *to = (__m256i *)sums;
    _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), _mm256_cvtepu16_epi32(words)));
}

// See plain_across: two blocks at a time.
static void steps_across_8(const uint8_t *data, ptrdiff_t stride, int cols, uint32_t *sums) {
    int k = 1;
    for (; k + 2 <= cols; k += 2) {
        __m256i z = _mm256_setzero_si256(), sum = z;
        const uint8_t *c = data + 16 * k - 1;
        for (int y = 0; y < 8; y++, c += stride) sum = _mm256_add_epi16(sum, _mm256_unpacklo_epi8(diff_8(load_8(c), load_8(c - 1)), z));
        add_sums(sums + 8 * k, _mm256_castsi256_si128(sum));
        add_sums(sums + 8 * k + 8, _mm256_extracti128_si256(sum, 1));
    }
    plain_across_8(data, stride, k, cols, sums);
}

static void steps_down_8(const uint8_t *a, const uint8_t *b, int cols, uint32_t *sums) {
    int k = 0;
    for (; k + 2 <= cols; k += 2) {
        __m256i s = _mm256_sad_epu8(load_8(a + 16 * k), load_8(b + 16 * k));
        s = _mm256_add_epi64(s, _mm256_srli_si256(s, 8));
        sums[k] = (uint32_t)_mm_cvtsi128_si32(_mm256_castsi256_si128(s));
        sums[k + 1] = (uint32_t)_mm_cvtsi128_si32(_mm256_extracti128_si256(s, 1));
    }
    plain_down_8(a, b, k, cols, sums);
}

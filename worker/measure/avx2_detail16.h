// Rows of texture and comb of 9 to 12 bits, 16 columns at a time.

static inline __m256i load_16(const uint16_t *p) { return _mm256_loadu_si256((const __m256i *)p); }

static inline __m256i add_words(__m256i sum, __m256i v) { return _mm256_add_epi32(sum, _mm256_madd_epi16(v, _mm256_set1_epi16(1))); }

// Column edges by phase, in double words: for each of six vectors of columns from column 1 on the low words of both halves, then the high ones. 2^20 additions are safe.
static void add_phases_16(ac_video *v) {
    for (int i = 0; i < AC_PHASES; i++) v->texture.col[(i / 16 * 16 + i % 8 / 4 * 8 + i / 8 % 2 * 4 + i % 4 + 1) % AC_PHASES] += v->phases.lane[i];
    memset(&v->phases, 0, sizeof v->phases);
}

static inline void add_edges_16(__m256i *phases, int x, __m256i e) {
    __m256i z = _mm256_setzero_si256(), *to = phases + 2 * (x / 16 % 6);
    _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), _mm256_unpacklo_epi16(e, z)));
    _mm256_storeu_si256(to + 1, _mm256_add_epi32(_mm256_loadu_si256(to + 1), _mm256_unpackhi_epi16(e, z)));
}

// Columns [1, to) of a row.
static void texture_inner_16(ac_video *v, const uint16_t *c, const uint16_t *up, int to, int y) {
    __m256i most = _mm256_set1_epi16((short)v->lim.step), row = _mm256_setzero_si256(), *phases = (__m256i *)v->phases.lane;
    uint32_t added = (uint32_t)to / AC_PHASES + 1;
    if (v->phases.added + added > 1 << 20) add_phases_16(v);
    v->phases.added += added;
    for (int x = 1; x < to; x += 16) {
        __m256i a = load_16(c + x);
        add_edges_16(phases, x, _mm256_min_epu16(diff_16(a, load_16(c + x - 1)), most));
        if (up) row = add_words(row, _mm256_min_epu16(diff_16(a, load_16(up + x)), most));
    }
    v->texture.row[y % AC_PHASES] += add_lanes64(widen_sum(row));
}

static void texture_row_16(ac_video *v, const uint16_t *c, const uint16_t *up, int y) {
    int w = v->w[0], to = 1 + (w - 1) / 16 * 16;
    plain_texture_row_16(v, c, up, 0, 1, y);
    texture_inner_16(v, c, up, to, y);
    plain_texture_row_16(v, c, up, to, w, y);
}

static void edges_row_16(const edge_rows_16 *r, int n, uint32_t limit, ac_edges *e) {
    __m256i wide = _mm256_setzero_si256(), steep = wide, less = _mm256_set1_epi16((short)(limit - 1));
    int x = 0;
    for (; x + 16 <= n; x += 16) {
        __m256i w = diff_16(load_16(r->first + x), load_16(r->last + x)), is = _mm256_cmpgt_epi16(w, less);
        uint32_t edges = (uint32_t)_mm256_movemask_epi8(is);
        if (edges == 0) continue;
        __m256i s = _mm256_and_si256(diff_16(load_16(r->before + x), load_16(r->behind + x)), is);
        w = _mm256_and_si256(w, is);
        e->count += _mm_popcnt_u32(edges) / 2;
        wide = _mm256_add_epi64(wide, widen_sum(_mm256_madd_epi16(w, w)));
        steep = _mm256_add_epi64(steep, widen_sum(_mm256_madd_epi16(s, s)));
    }
    e->wide += add_lanes64(wide);
    e->steep += add_lanes64(steep);
    plain_edges_16(r, x, n, limit, e);
}

// Sums of the luma samples of 16 chroma samples.
static inline AC_INLINE __m256i shared_luma_16(const uint16_t *c, int share_x) {
    if (share_x == 1) return load_16(c);
    return _mm256_permute4x64_epi64(_mm256_hadd_epi16(load_16(c), load_16(c + 16)), 0xd8);
}

static int64_t gamut_row_16(const ac_video *v, const gamut_rows_16 *r) {
    int x = 0, sx = v->share_x, sy = v->share_y;
    uint64_t out = 0;
    if (sx <= 2 && sy <= 2) {
        gamut_words m = gamut_factors(ac_matrix_of(v));
        __m128i left = _mm_cvtsi32_si128(14 - v->depth - (sx == 2) - (sy == 2)), chroma = _mm_cvtsi32_si128(15 - v->depth);
        __m256i half = _mm256_set1_epi16((short)r->half);
        for (; x + 16 <= r->n; x += 16) {
            fetch_chroma(r->cb + x, v->cur.stride[1], r->cr + x, v->cur.stride[2]);
            const uint16_t *c = r->luma + x * sx;
            __m256i y = shared_luma_16(c, sx);
            if (sy == 2) y = _mm256_add_epi16(y, shared_luma_16(c + v->cur.stride[0] / 2, sx));
            __m256i cb = _mm256_sll_epi16(_mm256_sub_epi16(load_16(r->cb + x), half), chroma), cr = _mm256_sll_epi16(_mm256_sub_epi16(load_16(r->cr + x), half), chroma);
            out += (uint64_t)count_words(beyond_gamut(&m, _mm256_sll_epi16(y, left), cb, cr));
        }
    }
    return (int64_t)out + plain_gamut_16(v, r, x);
}

static inline __m256i add_line_16(__m256i sum, __m256i s, __m256i x) { return add_words(sum, diff_16(s, _mm256_slli_epi16(x, 1))); }

// The oldest picture is nowhere else read, and fetched from 8 rows ahead; stride is its.
static void idet_row_16(const idet_rows_16 *r, int w, ptrdiff_t stride, int64_t sums[4], uint32_t *bits) {
    __m256i z = _mm256_setzero_si256(), before = z, after = z, line = z, same = z, set = z;
    int x = 0;
    for (; x + 16 <= w; x += 16) {
        _mm_prefetch((const char *)(r->before + x) + 8 * stride, _MM_HINT_T0);
        __m256i m = load_16(r->line + x), p = load_16(r->before + x), s = _mm256_add_epi16(load_16(r->above + x), load_16(r->below + x));
        before = add_line_16(before, s, p);
        after = add_line_16(after, s, load_16(r->after + x));
        line = add_line_16(line, s, m);
        same = add_words(same, diff_16(m, p));
        set = _mm256_or_si256(set, p);
    }
    sums[0] += add_lanes64(widen_sum(before));
    sums[1] += add_lanes64(widen_sum(after));
    sums[2] += add_lanes64(widen_sum(line));
    sums[3] += add_lanes64(widen_sum(same));
    *bits |= or_lanes(set);
    plain_idet_16(r, x, w, sums);
}

static void combed_row_16(const uint16_t *up, const uint16_t *c, const uint16_t *down, int w, uint32_t t, uint8_t *column) {
    __m256i limit = _mm256_set1_epi16((short)t);
    int x = 0;
    for (; x + 16 <= w; x += 16) {
        __m256i a = load_16(c + x), u = load_16(up + x), d = load_16(down + x);
        __m256i over = _mm256_min_epi16(_mm256_sub_epi16(a, u), _mm256_sub_epi16(a, d)), under = _mm256_min_epi16(_mm256_sub_epi16(u, a), _mm256_sub_epi16(d, a));
        __m256i hit = _mm256_cmpgt_epi16(_mm256_max_epi16(over, under), limit);
        __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(hit), _mm256_extracti128_si256(hit, 1));
        __m128i *to = (__m128i *)(column + x);
        _mm_storeu_si128(to, _mm_sub_epi8(_mm_loadu_si128(to), bytes));
    }
    plain_combed_16(up, c, down, x, w, t, column);
}

static ac_dark dark_row_16(const uint16_t *c, int w, uint32_t limit) {
    __m256i z = _mm256_setzero_si256(), sum = z, above = z, most = _mm256_set1_epi16((short)limit);
    int x = 0;
    for (; x + 16 <= w; x += 16) {
        __m256i a = load_16(c + x);
        sum = add_words(sum, a);
        above = _mm256_sub_epi32(above, add_words(z, _mm256_cmpgt_epi16(a, most)));
    }
    ac_dark d = plain_dark_16(c, x, w, limit);
    d.sum += (uint64_t)add_lanes64(widen_sum(sum));
    d.above += (uint64_t)add_lanes64(widen_sum(above));
    return d;
}

// See plain_across. Eight steps of 12 bits fit a word.
static void steps_across_16(const uint8_t *data, ptrdiff_t stride, int cols, uint32_t *sums) {
    for (int k = 1; k < cols; k++) {
        __m128i sum = _mm_setzero_si128();
        for (int y = 0; y < 8; y++) {
            const uint16_t *c = line_16(data, stride, y) + 16 * k - 1;
            sum = _mm_add_epi16(sum, _mm_abs_epi16(_mm_sub_epi16(_mm_loadu_si128((const __m128i *)c), _mm_loadu_si128((const __m128i *)(c - 1)))));
        }
        add_sums(sums + 8 * k, sum);
    }
}

static void steps_down_16(const uint16_t *a, const uint16_t *b, int cols, uint32_t *sums) {
    for (int k = 0; k < cols; k++) {
        __m256i s = add_words(_mm256_setzero_si256(), diff_16(load_16(a + 16 * k), load_16(b + 16 * k)));
        __m128i t = _mm_add_epi32(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
        t = _mm_add_epi32(t, _mm_srli_si128(t, 8));
        sums[k] = (uint32_t)(_mm_cvtsi128_si32(t) + _mm_extract_epi32(t, 1));
    }
}

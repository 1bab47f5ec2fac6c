// 8-bit rows of texture and comb, 64 columns at a time. Columns beyond the picture are loaded as 0 wherever they are loaded, and add nothing.

static inline __m512i load_8(const uint8_t *p, __mmask64 in) { return _mm512_maskz_loadu_epi8(in, p); }

// Column edges by phase, in words: for each of three vectors of columns those of the low half of each group of 16 bytes, then those of the high ones. 256 additions are safe.
static void add_phases_8(ac_video *v) {
    uint16_t lane[2 * AC_PHASES];
    memcpy(lane, v->phases.lane, sizeof lane);
    for (int i = 0; i < 2 * AC_PHASES; i++) v->texture.col[(i / 64 * 64 + i % 32 / 8 * 16 + i / 32 % 2 * 8 + i % 8) % AC_PHASES] += lane[i];
    memset(&v->phases, 0, sizeof v->phases);
}

// Steps along one row from column x on, and in sum those down to it.
static inline AC_INLINE __m512i row_edges_8(const uint8_t *c, const uint8_t *up, int x, __mmask64 in, __mmask64 left, __m512i most, __m512i *sum) {
    __m512i a = load_8(c + x, in);
    if (up) *sum = _mm512_add_epi64(*sum, _mm512_sad_epu8(_mm512_min_epu8(diff_8(a, load_8(up + x, in)), most), _mm512_setzero_si512()));
    return _mm512_min_epu8(diff_8(a, _mm512_mask_loadu_epi8(a, left, c + x - 1)), most);
}

// Columns [from, to), at most 255 vectors. The first column of the picture is its own neighbour: it has no step.
static void texture_run_8(ac_video *v, const uint8_t *c, const uint8_t *up, int from, int to, int y) {
    __m512i z = _mm512_setzero_si512(), most = _mm512_set1_epi8((char)v->lim.step), row = z, lanes[6];
    uint32_t *phases = v->phases.lane, added = (uint32_t)(to - from) / (2 * AC_PHASES) + 1;
    if (v->phases.added + added > 256) add_phases_8(v);
    v->phases.added += added;
    for (int i = 0; i < 6; i++) lanes[i] = _mm512_loadu_si512(phases + 16 * i);
    for (int x = from; x < to; x += 2 * AC_PHASES) {
        for (int i = 0; i < 3; i++) {
            __mmask64 in = first_columns(v->w[0] - x - 64 * i);
            __m512i e = row_edges_8(c, up, x + 64 * i, in, x + i > 0 ? in : in & ~1ull, most, &row);
            lanes[2 * i] = _mm512_add_epi16(lanes[2 * i], _mm512_unpacklo_epi8(e, z));
            lanes[2 * i + 1] = _mm512_add_epi16(lanes[2 * i + 1], _mm512_unpackhi_epi8(e, z));
        }
    }
    for (int i = 0; i < 6; i++) _mm512_storeu_si512(phases + 16 * i, lanes[i]);
    v->texture.row[y % AC_PHASES] += _mm512_reduce_add_epi64(row);
}

static void texture_row_8(ac_video *v, const uint8_t *c, const uint8_t *up, int y) {
    for (int x = 0; x < v->w[0]; x += 255 * 64) texture_run_8(v, c, up, x, v->w[0] - x < 255 * 64 ? v->w[0] : x + 255 * 64, y);
}

// Squares of bytes in 32-bit lanes: 2^13 vectors are safe.
static inline __m512i add_edge_squares_8(__m512i sum, __m512i d) {
    __m512i z = _mm512_setzero_si512(), a = _mm512_unpacklo_epi8(d, z), b = _mm512_unpackhi_epi8(d, z);
    return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(sum, a, a), b, b);
}

typedef struct {
    __m512i wide, steep;
    int64_t count;
} edge_sums_8;

static inline AC_INLINE void add_edges_8(edge_sums_8 *t, const edge_rows_8 *r, int x, __mmask64 in, __m512i least) {
    __m512i w = diff_8(load_8(r->first + x, in), load_8(r->last + x, in));
    __mmask64 edges = _mm512_cmpge_epu8_mask(w, least);
    if (edges == 0) return;
    t->count += bits(edges);
    t->wide = add_edge_squares_8(t->wide, _mm512_maskz_mov_epi8(edges, w));
    t->steep = add_edge_squares_8(t->steep, diff_8(load_8(r->before + x, edges), load_8(r->behind + x, edges)));
}

static void edges_row_8(const edge_rows_8 *r, int n, uint32_t limit, ac_edges *e) {
    __m512i z = _mm512_setzero_si512(), least = _mm512_set1_epi8((char)limit);
    edge_sums_8 t = {z, z, 0};
    int x = 0;
    for (; x + 64 <= n; x += 64) add_edges_8(&t, r, x, ~0ull, least);
    if (x < n) add_edges_8(&t, r, x, first_columns(n - x), least);
    e->count += t.count;
    e->wide += _mm512_reduce_add_epi64(widen_sum(t.wide));
    e->steep += _mm512_reduce_add_epi64(widen_sum(t.steep));
}

// Sums of the luma samples of 32 chroma samples, of which in marks those of the picture.
static inline AC_INLINE __m512i shared_luma_8(const uint8_t *c, __mmask64 in, int share_x) {
    if (share_x == 2) return _mm512_maddubs_epi16(load_8(c, in), _mm512_set1_epi8(1));
    return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8((__mmask32)in, c));
}

static inline __m512i chroma_8(const uint8_t *c, __mmask32 in) {
    return _mm512_slli_epi16(_mm512_sub_epi16(_mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(in, c)), _mm512_set1_epi16(128)), 7);
}

// Factors of R, G and B in words.
typedef struct {
    __m512i r, b, gr, gb;
} gamut_words;

// Which of 32 samples lie outside (see out_of_gamut): luma in 14 bits, chroma in 15, signed. No sum leaves a word.
static inline __mmask32 beyond_gamut(const gamut_words *m, __m512i y, __m512i cb, __m512i cr) {
    __m512i r = _mm512_add_epi16(y, _mm512_mulhrs_epi16(cr, m->r)), b = _mm512_add_epi16(y, _mm512_mulhrs_epi16(cb, m->b));
    __m512i g = _mm512_sub_epi16(_mm512_sub_epi16(y, _mm512_mulhrs_epi16(cr, m->gr)), _mm512_mulhrs_epi16(cb, m->gb));
    __m512i lo = _mm512_min_epi16(_mm512_min_epi16(y, r), _mm512_min_epi16(g, b)), hi = _mm512_max_epi16(_mm512_max_epi16(y, r), _mm512_max_epi16(g, b));
    return _mm512_cmpgt_epi16_mask(_mm512_set1_epi16(AC_GAMUT_LO), lo) | _mm512_cmpgt_epi16_mask(hi, _mm512_set1_epi16(AC_GAMUT_HI));
}

static inline AC_INLINE int64_t gamut_run_8(const ac_video *v, const gamut_rows_8 *r, int sx, int sy) {
    const ac_matrix *f = ac_matrix_of(v);
    gamut_words m = {_mm512_set1_epi16(f->r), _mm512_set1_epi16(f->b), _mm512_set1_epi16(f->gr), _mm512_set1_epi16(f->gb)};
    unsigned left = 6 - (sx == 2) - (sy == 2);
    int64_t out = 0;
    for (int x = 0; x < r->n; x += 32) {
        const uint8_t *c = r->luma + x * sx;
        fetch_chroma(r->cb + x, v->cur.stride[1], r->cr + x, v->cur.stride[2]);
        __mmask64 in = first_columns((r->n - x) * sx);
        __mmask32 own = (__mmask32)first_columns(r->n - x < 32 ? r->n - x : 32);
        __m512i y = shared_luma_8(c, in, sx);
        if (sy == 2) y = _mm512_add_epi16(y, shared_luma_8(c + v->cur.stride[0], in, sx));
        out += bits(own & beyond_gamut(&m, _mm512_slli_epi16(y, left), chroma_8(r->cb + x, own), chroma_8(r->cr + x, own)));
    }
    return out;
}

static int64_t gamut_row_8(const ac_video *v, const gamut_rows_8 *r) {
    if (v->share_x == 2 && v->share_y == 2) return gamut_run_8(v, r, 2, 2);
    if (v->share_x > 2 || v->share_y > 2) return plain_gamut_8(v, r, 0);
    return gamut_run_8(v, r, v->share_x, v->share_y);
}

// Sums of |a + c - 2x| without leaving bytes. With m = (a + c + 1) / 2 rounded down and odd = (a + c) mod 2, a + c is 2m - odd, and so the term is 2|m - x|, less odd where m
// exceeds x, plus odd elsewhere.
typedef struct {
    __m512i sad, over; // |m - x|, and odd where m exceeds x, which 255 vectors may add to
} comb_sum_8;

static inline void add_line_8(comb_sum_8 *t, __m512i m, __m512i odd, __m512i x) {
    t->sad = _mm512_add_epi64(t->sad, _mm512_sad_epu8(m, x));
    t->over = _mm512_add_epi8(t->over, _mm512_min_epu8(_mm512_subs_epu8(m, x), odd));
}

static inline int64_t line_sum_8(const comb_sum_8 *t, int64_t odd) { return 2 * _mm512_reduce_add_epi64(t->sad) + odd - 2 * add_bytes(t->over); }

// Columns [from, to), at most 255 vectors. The oldest picture is nowhere else read, and fetched from 8 rows ahead; stride is its.
static void idet_run_8(const idet_rows_8 *r, int from, int to, int w, ptrdiff_t stride, int64_t sums[4]) {
    __m512i z = _mm512_setzero_si512(), odds = z, same = z;
    comb_sum_8 before = {z, z}, after = {z, z}, line = {z, z};
    for (int x = from; x < to; x += 64) {
        __mmask64 in = first_columns(w - x);
        _mm_prefetch((const char *)(r->before + x + 8 * stride), _MM_HINT_T0);
        __m512i u = load_8(r->above + x, in), d = load_8(r->below + x, in), mid = load_8(r->line + x, in), p = load_8(r->before + x, in);
        __m512i m = _mm512_avg_epu8(u, d), odd = _mm512_and_si512(_mm512_xor_si512(u, d), _mm512_set1_epi8(1));
        odds = _mm512_add_epi8(odds, odd);
        add_line_8(&before, m, odd, p);
        add_line_8(&after, m, odd, load_8(r->after + x, in));
        add_line_8(&line, m, odd, mid);
        same = _mm512_add_epi64(same, _mm512_sad_epu8(mid, p));
    }
    int64_t odd = add_bytes(odds);
    sums[0] += line_sum_8(&before, odd);
    sums[1] += line_sum_8(&after, odd);
    sums[2] += line_sum_8(&line, odd);
    sums[3] += _mm512_reduce_add_epi64(same);
}

static void idet_row_8(const idet_rows_8 *r, int w, ptrdiff_t stride, int64_t sums[4]) {
    for (int x = 0; x < w; x += 255 * 64) idet_run_8(r, x, w - x < 255 * 64 ? w : x + 255 * 64, w, stride, sums);
}

static void combed_row_8(const uint8_t *up, const uint8_t *c, const uint8_t *down, int w, uint32_t t, uint8_t *column) {
    __m512i limit = _mm512_set1_epi8((char)t), one = _mm512_set1_epi8(1);
    for (int x = 0; x < w; x += 64) {
        __mmask64 in = first_columns(w - x);
        __m512i a = load_8(c + x, in), u = load_8(up + x, in), d = load_8(down + x, in), n = load_8(column + x, in);
        __m512i over = _mm512_min_epu8(_mm512_subs_epu8(a, u), _mm512_subs_epu8(a, d)), under = _mm512_min_epu8(_mm512_subs_epu8(u, a), _mm512_subs_epu8(d, a));
        __mmask64 hit = _mm512_cmpgt_epu8_mask(_mm512_max_epu8(over, under), limit);
        _mm512_mask_storeu_epi8(column + x, in, _mm512_mask_add_epi8(n, hit, n, one));
    }
}

static ac_dark dark_row_8(const uint8_t *c, int w, uint32_t limit) {
    __m512i z = _mm512_setzero_si512(), sum = z;
    ac_dark d = {0, 0};
    for (int x = 0; x < w; x += 64) {
        __m512i a = load_8(c + x, first_columns(w - x));
        sum = _mm512_add_epi64(sum, _mm512_sad_epu8(a, z));
        d.above += (uint64_t)bits(_mm512_cmpgt_epu8_mask(a, _mm512_set1_epi8((char)limit)));
    }
    d.sum = (uint64_t)_mm512_reduce_add_epi64(sum);
    return d;
}

// Marks upright sides: four blocks at a time, from the steps that strip_8x64 has added up.
static void upright_8(const ac_video *v, uint8_t *sides) {
    int cols = v->w[0] / 16;
    for (int k = 0; k < cols; k += 4) {
        __m512i s = _mm512_loadu_si512(v->row.across + 4 * k), beside = _mm512_max_epu16(s, _mm512_bsrli_epi128(s, 4));
        beside = _mm512_max_epu16(beside, _mm512_set1_epi16(24));
        __m512i limit = _mm512_max_epu16(_mm512_add_epi16(beside, _mm512_add_epi16(beside, beside)), _mm512_set1_epi16(128));
        uint32_t own = (uint32_t)first_columns(8 * (cols - k)) & (k > 0 ? ~0u : ~0xffu), hits = 0x11111111 & own;
        hits &= _mm512_cmpgt_epu16_mask(_mm512_bsrli_epi128(s, 2), limit);
        for (; hits; hits &= hits - 1) {
            int lane = __builtin_ctz(hits);
            sides[k + lane / 8] |= lane % 8 ? AC_LEFT_CONTROL : AC_LEFT;
        }
    }
}

// Steps from row to row in the low words of 128-bit lanes, each of them a block.
static inline __m512i block_steps_8(__m512i a, __m512i b) {
    __m512i s = _mm512_sad_epu8(a, b);
    return _mm512_add_epi32(s, _mm512_bsrli_epi128(s, 8));
}

// Marks level sides: four blocks at a time; blocks beyond the last have no steps.
static void level_row_8(const ac_video *v, const side_rows_8 *r, uint8_t *sides, uint8_t mark) {
    int cols = v->w[0] / 16;
    for (int k = 0; k < cols; k += 4) {
        __mmask64 in = first_columns(16 * (cols - k));
        __m512i a = load_8(r->a + 16 * k, in), b = load_8(r->b + 16 * k, in), c = load_8(r->c + 16 * k, in), d = load_8(r->d + 16 * k, in);
        __m512i beside = _mm512_max_epu32(_mm512_max_epu32(block_steps_8(a, b), block_steps_8(c, d)), _mm512_set1_epi32(24));
        __m512i limit = _mm512_max_epu32(_mm512_add_epi32(beside, _mm512_add_epi32(beside, beside)), _mm512_set1_epi32(128));
        uint32_t hits = 0x1111 & _mm512_cmpgt_epu32_mask(block_steps_8(b, c), limit);
        for (; hits; hits &= hits - 1) sides[k + __builtin_ctz(hits) / 4] |= mark;
    }
}

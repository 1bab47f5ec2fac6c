// 8-bit strips, 64 columns at a time: a vector holds one row of eight blocks. Columns beyond the picture are loaded as a copy of a sample inside, in both pictures, and are taken
// off at the end (see uncount).

typedef struct {
    __m512i sum, sum2, sad, ti2, min, max;
    ac_plane counts;
} totals_8;

typedef struct {
    __m512i cur, prev;
} rows_8;

// One row of up to 64 columns of both pictures.
static inline rows_8 at_8(const uint8_t *c, const uint8_t *p, __mmask64 in, __m512i fill) {
    return (rows_8){_mm512_mask_loadu_epi8(fill, in, c), _mm512_mask_loadu_epi8(fill, in, p)};
}

static inline __m512i diff_8(__m512i a, __m512i b) { return _mm512_sub_epi8(_mm512_max_epu8(a, b), _mm512_min_epu8(a, b)); }

// x * x is x * (x - 128) + 128 x, and the first is a product of an unsigned and a signed byte, which are multiplied and added in groups of four in one step.
static inline __m512i add_squares_8(__m512i sum, __m512i x) { return _mm512_dpbusd_epi32(sum, x, _mm512_xor_si512(x, _mm512_set1_epi8((char)0x80))); }

// The sums of squares of the blocks in 64-bit lanes, from the products and the plain sums.
static inline __m512i square_lanes_8(__m512i products, __m512i sum) {
    __m512i even = _mm512_srai_epi64(_mm512_slli_epi64(products, 32), 32), odd = _mm512_srai_epi64(products, 32);
    return _mm512_add_epi64(_mm512_add_epi64(even, odd), _mm512_slli_epi64(sum, 7));
}

static inline int64_t bits(__mmask64 m) { return _mm_popcnt_u64(m); }

static void count_8x64(const uint8_t *c, ptrdiff_t cs, __mmask64 in, __m512i fill, int h, int luma, const ac_limits *l, ac_plane *t) {
#define LIMIT(x) _mm512_set1_epi8((char)(x))
    for (int y = 0; y < h; y++) {
        __m512i v = _mm512_mask_loadu_epi8(fill, in, c + cs * y);
        if (!luma) {
            t->chroma_out += bits(_mm512_cmplt_epu8_mask(v, LIMIT(l->chroma_lo)) | _mm512_cmpgt_epu8_mask(v, LIMIT(l->chroma_hi)));
            continue;
        }
        for (int i = 0; i < 4; i++) t->le[i] += bits(_mm512_cmple_epu8_mask(v, LIMIT(l->le[i])));
        t->lo += bits(_mm512_cmplt_epu8_mask(v, LIMIT(l->lo)));
        t->hi += bits(_mm512_cmpgt_epu8_mask(v, LIMIT(l->hi)));
        t->lo103 += bits(_mm512_cmplt_epu8_mask(v, LIMIT(l->lo103)));
        t->hi103 += bits(_mm512_cmpgt_epu8_mask(v, LIMIT(l->hi103)));
    }
#undef LIMIT
}

static void move_8x64(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, __mmask64 in, __m512i fill, int h, const ac_limits *l, totals_8 *t) {
    __m512i z = _mm512_setzero_si512(), sum = z, products = z, limit = _mm512_set1_epi8((char)l->moved);
    for (int y = 0; y < h; y++) {
        rows_8 r = at_8(c + cs * y, p + ps * y, in, fill);
        __m512i d = diff_8(r.cur, r.prev);
        d = _mm512_maskz_mov_epi8(_mm512_cmpgt_epu8_mask(d, limit), d);
        sum = _mm512_add_epi64(sum, _mm512_sad_epu8(d, z));
        products = add_squares_8(products, d);
    }
    t->ti2 = _mm512_add_epi64(t->ti2, square_lanes_8(products, sum));
}

static inline void store_lanes(uint32_t *to, __m512i v) { _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi64_epi32(v)); }

// Steps across upright sides, as plain_across has them, of the four blocks of a row, in words: the first eight of each 128-bit lane. c lies two columns before the blocks.
static inline __m512i add_across_8(__m512i sum, const uint8_t *c, __mmask64 in) {
    __m512i a = _mm512_unpacklo_epi8(_mm512_maskz_loadu_epi8(in, c), _mm512_setzero_si512());
    return _mm512_add_epi16(sum, _mm512_abs_epi16(_mm512_sub_epi16(a, _mm512_bsrli_epi128(a, 2))));
}

static inline AC_INLINE void strip_8x64(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, __mmask64 in, int h, int luma,
                                                             const ac_limits *l, const ac_blocks *row, int x, totals_8 *t) {
    __m512i z = _mm512_setzero_si512(), sum = z, prev = z, sad = z, products = z, max = z, moved = z, min = _mm512_set1_epi8(-1), fill = _mm512_set1_epi8((char)c[0]);
    __m512i across = z;
    __mmask64 before = (in << 2 | 3) & (x > 0 ? ~0ull : ~3ull); // the same columns two further left
    for (int y = 0; y < h; y++) {
        rows_8 r = at_8(c + cs * y, p + ps * y, in, fill);
        sad = _mm512_add_epi64(sad, _mm512_sad_epu8(r.cur, r.prev));
        sum = _mm512_add_epi64(sum, _mm512_sad_epu8(r.cur, z));
        products = add_squares_8(products, r.cur);
        min = _mm512_min_epu8(min, r.cur);
        max = _mm512_max_epu8(max, r.cur);
        if (!luma) continue;
        prev = _mm512_add_epi64(prev, _mm512_sad_epu8(r.prev, z));
        moved = _mm512_max_epu8(moved, diff_8(r.cur, r.prev));
        across = add_across_8(across, c + cs * y - 2, before);
    }
    __m512i sum2 = square_lanes_8(products, sum);
    t->sum = _mm512_add_epi64(t->sum, sum);
    t->sum2 = _mm512_add_epi64(t->sum2, sum2);
    t->sad = _mm512_add_epi64(t->sad, sad);
    t->min = _mm512_min_epu8(t->min, min);
    t->max = _mm512_max_epu8(t->max, max);
    store_lanes(row->sum + x / 8, sum);
    store_lanes(row->sum2 + x / 8, sum2);

    __m512i floor = _mm512_set1_epi8((char)(luma ? l->le[3] + 1 : l->chroma_lo)), top = _mm512_set1_epi8((char)(luma ? l->hi : l->chroma_hi));
    if (_mm512_cmplt_epu8_mask(min, floor) | _mm512_cmpgt_epu8_mask(max, top)) count_8x64(c, cs, in, fill, h, luma, l, &t->counts);
    if (!luma) return;
    if (_mm512_cmpgt_epu8_mask(moved, _mm512_set1_epi8((char)l->moved))) move_8x64(c, cs, p, ps, in, fill, h, l, t);
    store_lanes(row->sad + x / 8, sad);
    store_lanes(row->prev + x / 8, prev);
    uint32_t *sides = row->across + x / 4;
    _mm512_storeu_si512(sides, _mm512_add_epi16(_mm512_loadu_si512(sides), across));
}

static inline void begin_8(totals_8 *t) { *t = (totals_8){.min = _mm512_set1_epi8(-1), .counts = {.min = UINT32_MAX}}; }

static void finish_8(const totals_8 *v, ac_plane *t) {
    uint8_t min[64], max[64];
    _mm512_storeu_si512(min, v->min);
    _mm512_storeu_si512(max, v->max);
    *t = v->counts;
    t->sum += _mm512_reduce_add_epi64(v->sum);
    t->sum2 += _mm512_reduce_add_epi64(v->sum2);
    t->sad += _mm512_reduce_add_epi64(v->sad);
    t->ti2 += _mm512_reduce_add_epi64(v->ti2);
    for (int i = 0; i < 64; i++) {
        t->min = min[i] < t->min ? min[i] : t->min;
        t->max = max[i] > t->max ? max[i] : t->max;
    }
}

// ahead says that another whole strip follows.
static inline AC_INLINE void strip_8(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int w, int h, int luma, int ahead,
                                                          const ac_limits *l, const ac_blocks *row, totals_8 *t) {
    int x = 0;
    if (ahead) {
        for (; x + 64 <= w; x += 64) {
            fetch_ahead(c, cs, p, ps, x);
            strip_8x64(c + x, cs, p + x, ps, ~0ull, 8, luma, l, row, x, t);
        }
    }
    for (; x + 64 <= w; x += 64) strip_8x64(c + x, cs, p + x, ps, ~0ull, h, luma, l, row, x, t);
    if (x == w) return;
    strip_8x64(c + x, cs, p + x, ps, first_columns(w - x), h, luma, l, row, x, t);
    uncount_8(c[x], (64 - (w - x)) * h, luma, l, &t->counts);
}

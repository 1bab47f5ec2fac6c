// 8-bit strips, 64 columns at a time: a vector holds one row of eight blocks. Columns beyond the picture are loaded as a copy of a sample inside, in both pictures, and are taken
// off at the end (see uncount).

// Totals of a plane, and of the whole blocks of the row of blocks that is being measured.
typedef struct {
    __m512i sum, sum2, sad, ti2, min, max;
    __m512i least, most, change; // sums of blocks, and by how much they differ from those of the picture before
    __m512i hash;                // of the row of blocks
    ac_plane counts;
} totals_8;

// Limits in all lanes.
typedef struct {
    __m512i floor, top, moved; // below and above there is something to count, above there is TI2
} limits_8;

static inline AC_INLINE limits_8 limits_of_8(const ac_limits *l, int luma) {
    return (limits_8){_mm512_set1_epi8((char)(luma ? l->le[3] + 1 : l->chroma_lo)), _mm512_set1_epi8((char)(luma ? l->hi : l->chroma_hi)),
                      _mm512_set1_epi8((char)l->moved)};
}

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

static inline __m512i tally_8(__m512i n, __mmask64 hit) { return _mm512_mask_sub_epi8(n, hit, n, _mm512_set1_epi8(-1)); }

static inline int64_t add_bytes(__m512i v) { return _mm512_reduce_add_epi64(_mm512_sad_epu8(v, _mm512_setzero_si512())); }

// Counters of bytes take what a column of 8 rows gives. Few strips have both low and high samples to count.
static void count_low_8x64(const uint8_t *c, ptrdiff_t cs, __mmask64 in, __m512i fill, int h, const ac_limits *l, ac_plane *t) {
    __m512i n[6], limit[6];
    for (int i = 0; i < 6; i++) n[i] = _mm512_setzero_si512(), limit[i] = _mm512_set1_epi8((char)(i < 4 ? l->le[i] : (i < 5 ? l->lo : l->lo103) - 1));
    for (int y = 0; y < h; y++) {
        __m512i v = _mm512_mask_loadu_epi8(fill, in, c + cs * y);
        for (int i = 0; i < 6; i++) n[i] = tally_8(n[i], _mm512_cmple_epu8_mask(v, limit[i]));
    }
    for (int i = 0; i < 4; i++) t->le[i] += add_bytes(n[i]);
    t->lo += add_bytes(n[4]);
    t->lo103 += add_bytes(n[5]);
}

static void count_high_8x64(const uint8_t *c, ptrdiff_t cs, __mmask64 in, __m512i fill, int h, const ac_limits *l, ac_plane *t) {
    __m512i hi = _mm512_setzero_si512(), hi103 = hi;
    for (int y = 0; y < h; y++) {
        __m512i v = _mm512_mask_loadu_epi8(fill, in, c + cs * y);
        hi = tally_8(hi, _mm512_cmpgt_epu8_mask(v, _mm512_set1_epi8((char)l->hi)));
        hi103 = tally_8(hi103, _mm512_cmpgt_epu8_mask(v, _mm512_set1_epi8((char)l->hi103)));
    }
    t->hi += add_bytes(hi);
    t->hi103 += add_bytes(hi103);
}

static void count_chroma_8x64(const uint8_t *c, ptrdiff_t cs, __mmask64 in, __m512i fill, int h, const ac_limits *l, ac_plane *t) {
    for (int y = 0; y < h; y++) {
        __m512i v = _mm512_mask_loadu_epi8(fill, in, c + cs * y);
        t->chroma_out += bits(_mm512_cmplt_epu8_mask(v, _mm512_set1_epi8((char)l->chroma_lo)) | _mm512_cmpgt_epu8_mask(v, _mm512_set1_epi8((char)l->chroma_hi)));
    }
}

static void move_8x64(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, __mmask64 in, __m512i fill, int h, __m512i limit,
                      totals_8 *t) {
    __m512i z = _mm512_setzero_si512(), sum = z, products = z;
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

// The words of two halves of a 64-bit lane added: sums of the 8 columns of a block.
static inline __m512i block_sums_8(__m512i fours) { return _mm512_and_si512(_mm512_add_epi32(fours, _mm512_srli_epi64(fours, 32)), _mm512_set1_epi64(0xffffffff)); }

static inline __m512i add_up_8(__m512i fours, __m512i x) { return _mm512_dpbusd_epi32(fours, x, _mm512_set1_epi8(1)); }

// Steps across upright sides, as plain_across has them, of the four blocks of two rows, in words: the first seven of each 128-bit lane. c lies two columns before the blocks.
static inline __m512i add_across_8(__m512i sum, const uint8_t *c, ptrdiff_t cs, __mmask64 in) {
    __m512i a = _mm512_unpacklo_epi8(_mm512_maskz_loadu_epi8(in, c), _mm512_maskz_loadu_epi8(in, c + cs));
    return _mm512_add_epi16(sum, _mm512_maddubs_epi16(diff_8(a, _mm512_bsrli_epi128(a, 2)), _mm512_set1_epi8(1)));
}

// What is made of the sums of whole blocks, of which there are as many as bits are set.
static inline AC_INLINE void blocks_8(const ac_video *v, int x, __mmask8 whole, int luma, __m512i sum, __m512i sum2, __m512i prev, totals_8 *t) {
    // vpmuludq sees the low halves only, so that the keys are added modulo 2^32.
    __m512i a = _mm512_add_epi64(sum, _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(v->key1 + x / 8))));
    __m512i b = _mm512_add_epi64(sum2, _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(v->key2 + x / 8))));
    t->hash = _mm512_mask_add_epi64(t->hash, whole, t->hash, _mm512_mul_epu32(a, b));
    uint32_t *column = v->column + x / 8;
    _mm256_mask_storeu_epi32(column, whole, _mm256_add_epi32(_mm512_cvtepi64_epi32(sum), _mm256_loadu_si256((const __m256i *)column)));
    if (!luma) return;
    t->least = _mm512_mask_min_epu64(t->least, whole, t->least, sum);
    t->most = _mm512_mask_max_epu64(t->most, whole, t->most, sum);
    t->change = _mm512_mask_add_epi64(t->change, whole, t->change, _mm512_abs_epi64(_mm512_sub_epi64(sum, prev)));
}

static inline AC_INLINE void strip_8x64(const ac_video *v, const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, __mmask64 in, __mmask8 whole, int h, int luma,
                                        const limits_8 *l, int x, totals_8 *t) {
    __m512i z = _mm512_setzero_si512(), sum = z, prev = z, sad = z, products = z, max = z, moved = z, min = _mm512_set1_epi8(-1), fill = _mm512_set1_epi8((char)c[0]);
    __m512i across = z;
    __mmask64 before = (in << 2 | 3) & (x > 0 ? ~0ull : ~3ull); // the same columns two further left
    for (int y = 0; y < h; y++) {
        rows_8 r = at_8(c + cs * y, p + ps * y, in, fill);
        __m512i diff = diff_8(r.cur, r.prev);
        sad = add_up_8(sad, diff);
        sum = add_up_8(sum, r.cur);
        products = add_squares_8(products, r.cur);
        min = _mm512_min_epu8(min, r.cur);
        max = _mm512_max_epu8(max, r.cur);
        if (!luma) continue;
        prev = add_up_8(prev, r.prev);
        moved = _mm512_max_epu8(moved, diff);
        // A strip that is cut off has no sides, so that its last row may be left out.
        if (y % 2 == 1) across = add_across_8(across, c + cs * (y - 1) - 2, cs, before);
    }
    sum = block_sums_8(sum), sad = block_sums_8(sad), prev = block_sums_8(prev);
    __m512i sum2 = square_lanes_8(products, sum);
    t->sum = _mm512_add_epi64(t->sum, sum);
    t->sum2 = _mm512_add_epi64(t->sum2, sum2);
    t->sad = _mm512_add_epi64(t->sad, sad);
    t->min = _mm512_min_epu8(t->min, min);
    t->max = _mm512_max_epu8(t->max, max);
    blocks_8(v, x, whole, luma, sum, sum2, prev, t);

    __mmask64 low = _mm512_cmplt_epu8_mask(min, l->floor), high = _mm512_cmpgt_epu8_mask(max, l->top);
    if (!luma) {
        if (low | high) count_chroma_8x64(c, cs, in, fill, h, &v->lim, &t->counts);
        return;
    }
    if (low) count_low_8x64(c, cs, in, fill, h, &v->lim, &t->counts);
    if (high) count_high_8x64(c, cs, in, fill, h, &v->lim, &t->counts);
    if (_mm512_cmpgt_epu8_mask(moved, l->moved)) move_8x64(c, cs, p, ps, in, fill, h, l->moved, t);
    _mm256_storeu_si256((__m256i *)(v->row.sad + x / 8), _mm512_cvtepi64_epi32(sad));
    uint32_t *sides = v->row.across + x / 4;
    _mm512_storeu_si512(sides, _mm512_add_epi16(_mm512_loadu_si512(sides), across));
}

static inline void begin_8(totals_8 *t) { *t = (totals_8){.min = _mm512_set1_epi8(-1), .least = _mm512_set1_epi64(-1), .counts = {.min = UINT32_MAX}}; }

static inline uint64_t row_hash_8(totals_8 *t) {
    uint64_t h = (uint64_t)_mm512_reduce_add_epi64(t->hash);
    t->hash = _mm512_setzero_si512();
    return h;
}

static void finish_blocks_8(ac_video *v, const totals_8 *t) {
    uint64_t least = _mm512_reduce_min_epu64(t->least);
    v->min_block = least < UINT32_MAX ? (uint32_t)least : UINT32_MAX;
    v->max_block = (uint32_t)_mm512_reduce_max_epu64(t->most);
    if (v->has_prev) v->pair.block_mean = _mm512_reduce_add_epi64(t->change);
}

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
static inline AC_INLINE void strip_8(ac_video *v, const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int w, int h, int luma, int ahead, totals_8 *t) {
    limits_8 l = limits_of_8(&v->lim, luma);
    __mmask8 whole = h == 8 ? 0xff : 0;
    int x = 0;
    if (ahead) {
        for (; x + 64 <= w; x += 64) {
            fetch_ahead(c, cs, p, ps, x);
            strip_8x64(v, c + x, cs, p + x, ps, ~0ull, 0xff, 8, luma, &l, x, t);
        }
    }
    for (; x + 64 <= w; x += 64) strip_8x64(v, c + x, cs, p + x, ps, ~0ull, whole, h, luma, &l, x, t);
    if (x == w) return;
    strip_8x64(v, c + x, cs, p + x, ps, first_columns(w - x), whole & (__mmask8)first_columns((w - x) / 8), h, luma, &l, x, t);
    uncount_8(c[x], (64 - (w - x)) * h, luma, &v->lim, &t->counts);
}

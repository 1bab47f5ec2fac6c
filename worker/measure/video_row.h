// Template: single rows of texture, comb and sides of blocks in plain C; vector kernels use them for the columns that do not fill a vector. video_sample.h must be included before.

static inline uint32_t FN(capped)(uint32_t a, uint32_t b, uint32_t most) {
    uint32_t d = ac_absdiff(a, b);
    return d < most ? d : most;
}

// Steps in columns [from, to) of one row. up is NULL on the first.
static inline void FN(plain_texture_row)(ac_video *v, const SAMPLE *c, const SAMPLE *up, int from, int to, int y) {
    ac_texture *t = &v->texture;
    uint32_t most = v->lim.step;
    for (int x = from; x < to; x++) {
        if (x > 0) t->col[x % AC_PHASES] += FN(capped)(c[x], c[x - 1], most);
        if (up) t->row[y % AC_PHASES] += FN(capped)(c[x], up[x], most);
    }
}

// Four rows in which the samples at one position lie on one line across an edge: the first and the last eight samples apart, the inner ones in the middle, two apart.
typedef struct {
    const SAMPLE *first, *before, *behind, *last;
} FN(edge_rows);

static inline void FN(plain_edges)(const FN(edge_rows) *r, int from, int n, uint32_t limit, ac_edges *e) {
    for (int x = from; x < n; x++) {
        int64_t wide = ac_absdiff(r->first[x], r->last[x]), steep = ac_absdiff(r->before[x], r->behind[x]);
        if (wide < limit) continue;
        e->wide += wide * wide;
        e->steep += steep * steep;
        e->count++;
    }
}

// The product of a chroma difference of 16 bits and a Q14 factor, in 14 bits, rounded: the same as pmulhrsw makes of 15 bits. Samples beyond the depth do not overflow it.
static inline int64_t FN(scale)(int64_t c, int16_t q14) { return (c * q14 + (1 << 15)) >> 16; }

static inline int FN(out_of_gamut)(const ac_matrix *m, int64_t y, int64_t cb, int64_t cr) {
    int64_t r = y + FN(scale)(cr, m->r), g = y - FN(scale)(cr, m->gr) - FN(scale)(cb, m->gb), b = y + FN(scale)(cb, m->b);
    int64_t lo = y < r ? y : r, hi = y > r ? y : r;
    lo = g < lo ? g : lo, hi = g > hi ? g : hi;
    lo = b < lo ? b : lo, hi = b > hi ? b : hi;
    return lo < AC_GAMUT_LO || hi > AC_GAMUT_HI;
}

// A row of chroma and the first of the rows of luma that share it.
typedef struct {
    const SAMPLE *luma, *cb, *cr;
    int n, half; // chroma samples that have all of their luma samples, and what they are in grey
} FN(gamut_rows);

static inline int64_t FN(plain_gamut)(const ac_video *v, const FN(gamut_rows) *r, int from) {
    const ac_matrix *m = ac_matrix_of(v);
    int64_t out = 0, one = 1 << (16 - v->depth);
    for (int x = from; x < r->n; x++) {
        uint64_t sum = 0;
        for (int dy = 0; dy < v->share_y; dy++) {
            const SAMPLE *c = FN(line)((const uint8_t *)r->luma, v->cur.stride[0], dy) + x * v->share_x;
            for (int dx = 0; dx < v->share_x; dx++) sum += c[dx];
        }
        int64_t y = (int64_t)((sum << 14) / (uint64_t)(v->share_x * v->share_y) >> v->depth);
        out += FN(out_of_gamut)(m, y, ((int64_t)r->cb[x] - r->half) * one, ((int64_t)r->cr[x] - r->half) * one);
    }
    return out;
}

// The rows that one line of idet looks at: the centre line with its neighbours, and the same line of the pictures before and after.
typedef struct {
    const SAMPLE *above, *line, *below, *before, *after;
} FN(idet_rows);

// sums: |a + b - 2x| with x from before, after and the line itself, and |line - before|.
static inline void FN(plain_idet)(const FN(idet_rows) *r, int from, int w, int64_t sums[4]) {
    for (int x = from; x < w; x++) {
        uint32_t s = (uint32_t)r->above[x] + r->below[x];
        sums[0] += ac_absdiff(s, 2 * (uint32_t)r->before[x]);
        sums[1] += ac_absdiff(s, 2 * (uint32_t)r->after[x]);
        sums[2] += ac_absdiff(s, 2 * (uint32_t)r->line[x]);
        sums[3] += ac_absdiff(r->line[x], r->before[x]);
    }
}

// Adds 1 to the count of the column of each combed sample in columns [from, w) of a row.
static inline void FN(plain_combed)(const SAMPLE *up, const SAMPLE *c, const SAMPLE *down, int from, int w, uint32_t t, uint8_t *column) {
    for (int x = from; x < w; x++) {
        int over = (c[x] > up[x] + t) & (c[x] > down[x] + t), under = (up[x] > c[x] + t) & (down[x] > c[x] + t);
        column[x] += (uint8_t)(over | under);
    }
}

static inline ac_dark FN(plain_dark)(const SAMPLE *c, int from, int w, uint32_t limit) {
    ac_dark d = {0, 0};
    for (int x = from; x < w; x++) {
        d.sum += c[x];
        d.above += c[x] > limit;
    }
    return d;
}

// Steps |Y[x] - Y[x-1]| over 8 rows, added to 8 sums a block from block `from` on: those of x from 16k-1 to 16k+6.
static inline void FN(plain_across)(const uint8_t *data, ptrdiff_t stride, int from, int cols, uint32_t *sums) {
    for (int y = 0; y < 8; y++) {
        const SAMPLE *c = FN(line)(data, stride, y);
        for (int k = from; k < cols; k++)
            for (int i = 0; i < 8; i++) sums[8 * k + i] += ac_absdiff(c[16 * k - 1 + i], c[16 * k - 2 + i]);
    }
}

// Sums of |a - b| over each 16 columns from block `from` on.
static inline void FN(plain_down)(const SAMPLE *a, const SAMPLE *b, int from, int cols, uint32_t *sums) {
    for (int k = from; k < cols; k++) {
        uint32_t s = 0;
        for (int x = 16 * k; x < 16 * k + 16; x++) s += ac_absdiff(a[x], b[x]);
        sums[k] = s;
    }
}

// The rows at a level side: two above it and two below.
typedef struct {
    const SAMPLE *a, *b, *c, *d;
} FN(side_rows);

// Adds up the columns of a row of n whole blocks, of luma also their extremes and how they differ from the picture before, and returns the row's hash: NH of UMAC (RFC 4418, 5.2), the sum of
// products of keyed pairs.
static inline uint64_t FN(plain_blocks)(ac_video *v, int luma, int n) {
    const uint32_t *sum = v->row.sum;
    uint64_t h = 0, change = 0;
    for (int i = 0; i < n; i++) {
        uint32_t a = sum[i] + v->key1[i], b = v->row.sum2[i] + v->key2[i];
        h += (uint64_t)a * b;
    }
    for (int i = 0; i < n; i++) v->column[i] += sum[i];
    if (!luma) return h;
    uint32_t lo = v->min_block, hi = v->max_block;
    for (int i = 0; i < n; i++) {
        lo = sum[i] < lo ? sum[i] : lo;
        hi = sum[i] > hi ? sum[i] : hi;
    }
    v->min_block = lo, v->max_block = hi;
    if (!v->has_prev) return h;
    for (int i = 0; i < n; i++) change += ac_absdiff(sum[i], v->row.prev[i]);
    v->pair.block_mean += (int64_t)change;
    return h;
}

// Template: single rows of texture and comb in plain C; vector kernels use them for the columns that do not fill a vector. video_sample.h must be included before.

// Columns [from, to) of one row of w. up and down are NULL on the outer rows, where there is no Laplacian.
static inline void FN(plain_texture_row)(const SAMPLE *c, const SAMPLE *up, const SAMPLE *down, int from, int to, int w, ac_texture *t, int y) {
    for (int x = from; x < to; x++) {
        if (x > 0) t->col[x % AC_PHASES] += ac_absdiff(c[x], c[x - 1]);
        if (up) t->row[y % AC_PHASES] += ac_absdiff(c[x], up[x]);
        if (!up || !down || x == 0 || x == w - 1) continue;
        int64_t v = 4 * (int64_t)c[x] - c[x - 1] - c[x + 1] - up[x] - down[x];
        t->laplace += v < 0 ? -v : v;
        t->laplace2 += v * v;
    }
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

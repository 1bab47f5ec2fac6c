// Template: texture and comb. Rows are measured while the main pass has them in the cache. ROW_TEXTURE, ROW_EDGES, ROW_GAMUT, ROW_IDET, ROW_COMBED and ROW_DARK are the rows of video_row.h or
// faster twins of them; that file must be included before.

// A line is black when its mean is at most 24 and at most 1 % of its samples exceed 40: logos and subtitles may stand in a bar.
static inline int FN(is_black)(uint64_t sum, uint64_t above, int n, int shift) {
    return sum <= (uint64_t)n * (24u << shift) && above * 100 <= (uint64_t)n;
}

// black_rows counts black rows from y in steps of dy, at most half of the picture.
static int FN(black_rows)(const ac_video *v, int y, int dy) {
    int n = 0;
    for (; n < v->h[0] / 2; n++, y += dy) {
        ac_dark d = ROW_DARK(FN(line)(v->cur.data[0], v->cur.stride[0], y), v->w[0], v->lim.dark);
        if (!FN(is_black)(d.sum, d.above, v->w[0], v->depth - 8)) break;
    }
    return n;
}

// Columns at the left or right edge are looked at in groups of 16. The outermost groups are summed row by row with the rest of the texture.
static void FN(add_group)(const ac_video *v, const SAMPLE *c, int group, int right, ac_edge *e) {
    int x = right ? v->w[0] - 16 * (group + 1) : 16 * group;
    if (v->w[0] < 32) return; // black_columns does it for narrow pictures
    for (int i = 0; i < 16; i++) {
        e->sum[i] += c[x + i];
        e->above[i] += c[x + i] > v->lim.dark;
    }
}

static void FN(sum_group)(const ac_video *v, int group, int right, ac_edge *e) {
    int half = v->w[0] / 2, n = half - 16 * group < 16 ? half - 16 * group : 16, x = right ? v->w[0] - 16 * group - n : 16 * group;
    *e = (ac_edge){{0}, {0}};
    for (int y = 0; y < v->h[0]; y++) {
        const SAMPLE *c = FN(line)(v->cur.data[0], v->cur.stride[0], y) + x;
        for (int i = 0; i < n; i++) {
            e->sum[i] += c[i];
            e->above[i] += c[i] > v->lim.dark;
        }
    }
}

// black_columns counts black columns from an edge, at most half of the picture.
static int FN(black_columns)(const ac_video *v, int right) {
    int half = v->w[0] / 2;
    for (int done = 0; done < half; done += 16) {
        int n = half - done < 16 ? half - done : 16;
        ac_edge e = v->edge[right];
        if (done > 0 || v->w[0] < 32) FN(sum_group)(v, done / 16, right, &e);
        for (int i = 0; i < n; i++) {
            int at = right ? n - 1 - i : i;
            if (!FN(is_black)(e.sum[at], e.above[at], v->h[0], v->depth - 8)) return done + i;
        }
    }
    return half;
}

// Whether all samples of a rectangle lie in [lo, hi].
static int FN(within)(const ac_video *v, int plane, int x0, int x1, int y0, int y1, uint32_t lo, uint32_t hi) {
    for (int y = y0; y < y1; y++) {
        const SAMPLE *c = FN(line)(v->cur.data[plane], v->cur.stride[plane], y);
        for (int x = x0; x < x1; x++)
            if (c[x] < lo || c[x] > hi) return 0;
    }
    return 1;
}

// Decoders fill what they have lost with all planes 0 (which shows as green) or at half scale (grey). Two code values of tolerance for grey, and 32 for green, are
// for a re-encoding on the way; a chroma key green has a luma above 140.
enum { FN(no_fill), FN(grey_fill), FN(green_fill) };

static int FN(is_fill)(const ac_video *v, int bx, int by, uint32_t s) {
    int shift = v->depth - 8;
    int grey = s >= 126u << shift && s <= 130u << shift, green = s <= 32u << shift && v->planes == 3;
    if (!grey && !green) return FN(no_fill);
    uint32_t lo = grey ? 126u << shift : 0, hi = (grey ? 130u : 32u) << shift;
    for (int p = 1; p < v->planes; p++) {
        int x0 = 16 * bx * v->w[p] / v->w[0], x1 = 16 * (bx + 1) * v->w[p] / v->w[0];
        int y0 = 16 * by * v->h[p] / v->h[0], y1 = 16 * (by + 1) * v->h[p] / v->h[0];
        if (!FN(within)(v, p, x0, x1, y0, y1, lo, hi)) return FN(no_fill);
    }
    return grey ? FN(grey_fill) : FN(green_fill);
}

// One row of 16x16 blocks.
static void FN(solid_blocks)(ac_video *v, int by) {
    for (int bx = 0; bx < v->w[0] / 16; bx++) {
        const SAMPLE *c = FN(line)(v->cur.data[0], v->cur.stride[0], 16 * by) + 16 * bx;
        uint32_t s = c[0];
        // Few blocks get past their first row.
        if (memcmp(c, c + 1, 15 * sizeof *c) != 0 || !FN(within)(v, 0, 16 * bx, 16 * bx + 16, 16 * by, 16 * by + 16, s, s))
            continue;
        v->texture.solid++;
        int fill = FN(is_fill)(v, bx, by, s);
        v->texture.grey += fill == FN(grey_fill);
        v->texture.green += fill == FN(green_fill);
    }
}

// Row y of luma is there, and it may be the last that shares a row of chroma.
static void FN(gamut)(ac_video *v, int y) {
    if (v->matrix == AC_NO_MATRIX || v->share_x == 0 || v->share_y == 0 || (y + 1) % v->share_y != 0) return;
    int cy = y / v->share_y, half = 1 << (v->depth - 1);
    const uint8_t *luma = v->cur.data[0] + v->cur.stride[0] * (y + 1 - v->share_y);
    FN(gamut_rows) r = {FN(line)(luma, 0, 0), FN(line)(v->cur.data[1], v->cur.stride[1], cy), FN(line)(v->cur.data[2], v->cur.stride[2], cy),
                        v->w[0] / v->share_x, half};
    v->texture.gamut += ROW_GAMUT(v, &r);
}

// Every fourth row is enough. Columns are looked at eight rows later, so that all of the eight are there.
static void FN(edges)(ac_video *v, int y) {
    const uint8_t *data = v->cur.data[0];
    ptrdiff_t stride = v->cur.stride[0];
    const SAMPLE *c = FN(line)(data, stride, y);
    FN(edge_rows) along = {c, c + 3, c + 5, c + 8};
    if (v->w[0] > 8) ROW_EDGES(&along, v->w[0] - 8, v->lim.edge, &v->texture.edges[0]);
    if (y < 8) return;
    FN(edge_rows) down = {FN(line)(data, stride, y - 8), FN(line)(data, stride, y - 5), FN(line)(data, stride, y - 3), c};
    ROW_EDGES(&down, v->w[0], v->lim.edge, &v->texture.edges[1]);
}

static void FN(texture)(ac_video *v, int y) {
    const SAMPLE *c = FN(line)(v->cur.data[0], v->cur.stride[0], y);
    const SAMPLE *up = y > 0 ? FN(line)(v->cur.data[0], v->cur.stride[0], y - 1) : NULL;
    ROW_TEXTURE(v, c, up, y);
    if (y % 4 == 0) FN(edges)(v, y);
    FN(gamut)(v, y);
    FN(add_group)(v, c, 0, 0, &v->edge[0]);
    FN(add_group)(v, c, 0, 1, &v->edge[1]);
    if (y % 16 == 15) FN(solid_blocks)(v, y / 16);
}

// idet's sums (libavfilter/vf_idet.c) about the middle one of three pictures; it leaves out two lines at the top and at the bottom.
static void FN(idet)(ac_video *v, int y) {
    const uint8_t *mid = v->prev.data[0];
    ptrdiff_t ms = v->prev.stride[0];
    if (y < 2 || y >= v->h[0] - 2) return;
    FN(idet_rows) r = {FN(line)(mid, ms, y - 1), FN(line)(mid, ms, y), FN(line)(mid, ms, y + 1),
                       FN(line)(v->prev2.data[0], v->prev2.stride[0], y), FN(line)(v->cur.data[0], v->cur.stride[0], y)};
    int64_t sums[4] = {0, 0, 0, 0};
    ROW_IDET(&r, v->w[0], v->prev2.stride[0], sums, &v->bits);
    v->comb.alpha[y & 1] += sums[0];
    v->comb.alpha[(y ^ 1) & 1] += sums[1];
    v->comb.delta += sums[2];
    v->comb.gamma[(y ^ 1) & 1] += 2 * sums[3];
}

// Adds up the columns of one row of blocks, which may be cut off at the bottom.
static void FN(flush_combed)(ac_video *v, int whole) {
    int w = v->w[0];
    for (int x = 0; x < w; x += 16) {
        int sum = 0, n = w - x < 16 ? w - x : 16;
        for (int i = 0; i < n; i++) sum += v->combed[x + i];
        v->comb.combed += sum;
        if (whole && n == 16 && sum > v->comb.combed_block) v->comb.combed_block = sum;
    }
    memset(v->combed, 0, (size_t)w);
}

static void FN(comb)(ac_video *v, int y) {
    const uint8_t *c = v->cur.data[0];
    ptrdiff_t cs = v->cur.stride[0];
    FN(idet)(v, y);
    if (y > 0 && y < v->h[0] - 1) ROW_COMBED(FN(line)(c, cs, y - 1), FN(line)(c, cs, y), FN(line)(c, cs, y + 1), v->w[0], v->lim.comb, v->combed);
    if (y % 16 == 15 || y == v->h[0] - 1) FN(flush_combed)(v, y % 16 == 15);
}

// The rows that can be measured now that rows [y, y+n) have been read: the last of them still wants its lower neighbour.
static void FN(detail_rows)(ac_video *v, int y, int n) {
    int from = y > 0 ? y - 1 : 0, to = y + n < v->h[0] ? y + n - 1 : v->h[0];
    for (int i = from; i < to; i++) {
        if (v->groups & AC_TEXTURE) FN(texture)(v, i);
        if (v->groups & AC_COMB) FN(comb)(v, i);
    }
}

static void FN(end_texture)(ac_video *v) {
    END_PHASES(v);
    v->texture.top = FN(black_rows)(v, 0, 1);
    v->texture.bottom = FN(black_rows)(v, v->h[0] - 1, -1);
    v->texture.left = FN(black_columns)(v, 0);
    v->texture.right = FN(black_columns)(v, 1);
}

// Template: texture and comb. ROW_TEXTURE, ROW_IDET and ROW_COMBED are the rows of video_row.h or faster twins of them; that file must be included before.

static void FN(texture_rows)(ac_video *v) {
    int w = v->w[0], h = v->h[0];
    for (int y = 0; y < h; y++) {
        const SAMPLE *c = FN(line)(v->cur.data[0], v->cur.stride[0], y);
        const SAMPLE *up = y > 0 ? FN(line)(v->cur.data[0], v->cur.stride[0], y - 1) : NULL;
        const SAMPLE *down = y < h - 1 ? FN(line)(v->cur.data[0], v->cur.stride[0], y + 1) : NULL;
        ROW_TEXTURE(c, up, down, w, &v->texture, y);
    }
}

// A line is black when its mean is at most 24 and at most 1 % of its samples exceed 40: logos and subtitles may stand in a bar.
static inline int FN(black_line)(uint64_t sum, uint64_t above, int n, int shift) {
    return sum <= (uint64_t)n * (24u << shift) && above * 100 <= (uint64_t)n;
}

// rows_black counts black rows from y in steps of dy, at most half of the picture.
static int FN(rows_black)(const ac_video *v, int y, int dy) {
    int w = v->w[0], shift = v->depth - 8, n = 0;
    for (; n < v->h[0] / 2; n++, y += dy) {
        const SAMPLE *c = FN(line)(v->cur.data[0], v->cur.stride[0], y);
        uint64_t sum = 0, above = 0;
        for (int x = 0; x < w; x++) sum += c[x], above += c[x] > 40u << shift;
        if (!FN(black_line)(sum, above, w, shift)) break;
    }
    return n;
}

// columns_black counts black columns from the left or the right edge, 16 at a time, at most half of the picture.
static int FN(columns_black)(const ac_video *v, int right) {
    int w = v->w[0], h = v->h[0], shift = v->depth - 8, half = w / 2;
    for (int done = 0; done < half; done += 16) {
        int n = half - done < 16 ? half - done : 16, x0 = right ? w - done - n : done;
        uint32_t sum[16] = {0}, above[16] = {0};
        for (int y = 0; y < h; y++) {
            const SAMPLE *c = FN(line)(v->cur.data[0], v->cur.stride[0], y) + x0;
            for (int x = 0; x < n; x++) sum[x] += c[x], above[x] += c[x] > 40u << shift;
        }
        for (int i = 0; i < n; i++) {
            int x = right ? n - 1 - i : i;
            if (!FN(black_line)(sum[x], above[x], h, shift)) return done + i;
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
static int FN(is_fill)(const ac_video *v, int bx, int by, uint32_t s) {
    int shift = v->depth - 8;
    int grey = s >= 126u << shift && s <= 130u << shift, green = s <= 32u << shift && v->planes == 3;
    if (!grey && !green) return 0;
    uint32_t lo = grey ? 126u << shift : 0, hi = (grey ? 130u : 32u) << shift;
    for (int p = 1; p < v->planes; p++) {
        int x0 = 16 * bx * v->w[p] / v->w[0], x1 = 16 * (bx + 1) * v->w[p] / v->w[0];
        int y0 = 16 * by * v->h[p] / v->h[0], y1 = 16 * (by + 1) * v->h[p] / v->h[0];
        if (!FN(within)(v, p, x0, x1, y0, y1, lo, hi)) return 0;
    }
    return 1;
}

static void FN(solid_blocks)(ac_video *v) {
    for (int by = 0; by < v->h[0] / 16; by++) {
        for (int bx = 0; bx < v->w[0] / 16; bx++) {
            uint32_t s = FN(line)(v->cur.data[0], v->cur.stride[0], 16 * by)[16 * bx];
            if (!FN(within)(v, 0, 16 * bx, 16 * bx + 16, 16 * by, 16 * by + 16, s, s)) continue;
            v->texture.solid++;
            v->texture.green += FN(is_fill)(v, bx, by, s);
        }
    }
}

static int FN(texture)(ac_video *v) {
    FN(texture_rows)(v);
    v->texture.top = FN(rows_black)(v, 0, 1);
    v->texture.bottom = FN(rows_black)(v, v->h[0] - 1, -1);
    v->texture.left = FN(columns_black)(v, 0);
    v->texture.right = FN(columns_black)(v, 1);
    FN(solid_blocks)(v);
    return 1;
}

// idet's sums (libavfilter/vf_idet.c) about the middle one of three pictures, over lines [y0, y1) of luma; it leaves out two at the top and at the bottom.
// Returns the bits that are set in the oldest picture, if the kernel keeps account of them.
static uint32_t FN(idet)(ac_video *v, int y0, int y1) {
    const uint8_t *mid = v->prev.data[0];
    ptrdiff_t ms = v->prev.stride[0];
    ac_comb *c = &v->comb;
    uint32_t bits = 0;
    for (int y = y0 > 2 ? y0 : 2; y < y1 && y < v->h[0] - 2; y++) {
        FN(idet_rows) r = {FN(line)(mid, ms, y - 1), FN(line)(mid, ms, y), FN(line)(mid, ms, y + 1),
                           FN(line)(v->prev2.data[0], v->prev2.stride[0], y), FN(line)(v->cur.data[0], v->cur.stride[0], y)};
        int64_t sums[4] = {0, 0, 0, 0};
        ROW_IDET(&r, v->w[0], sums, &bits);
        c->alpha[y & 1] += sums[0];
        c->alpha[(y ^ 1) & 1] += sums[1];
        c->delta += sums[2];
        c->gamma[(y ^ 1) & 1] += 2 * sums[3];
    }
    return bits;
}

// Counts up to 16 rows of one row of blocks.
static void FN(combed_rows)(ac_video *v, int y0) {
    int w = v->w[0], h = v->h[0], n = h - y0 < 16 ? h - y0 : 16;
    memset(v->combed, 0, (size_t)w);
    for (int y = y0 > 0 ? y0 : 1; y < y0 + n && y < h - 1; y++) {
        const uint8_t *c = v->cur.data[0];
        ptrdiff_t cs = v->cur.stride[0];
        ROW_COMBED(FN(line)(c, cs, y - 1), FN(line)(c, cs, y), FN(line)(c, cs, y + 1), w, v->lim.comb, v->combed);
    }
    for (int x = 0; x < w; x += 16) {
        int sum = 0, m = w - x < 16 ? w - x : 16;
        for (int i = 0; i < m; i++) sum += v->combed[x + i];
        v->comb.combed += sum;
        if (n == 16 && m == 16 && sum > v->comb.combed_block) v->comb.combed_block = sum;
    }
}

static int FN(comb)(ac_video *v) {
    uint32_t bits = 0;
    for (int y = 0; y < v->h[0]; y += 16) {
        bits |= FN(idet)(v, y, y + 16);
        FN(combed_rows)(v, y);
    }
    return bits >> v->depth == 0;
}

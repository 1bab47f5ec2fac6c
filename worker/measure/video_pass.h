// Template: one pass over all planes, in strips of 8 rows. FN(begin), FN(strip) and FN(finish) measure strips into FN(totals); what follows works on one row of blocks, or on
// rows, that are still in the cache. END_ROW ends a row of whole blocks and gives its hash, END_LUMA fills in what it has found out about the blocks of luma: FN(plain_blocks) of video_row.h or
// a faster twin. They, video_detail.h and video_sides.h must be included before.

static inline uint64_t FN(chain)(uint64_t h, uint64_t x) {
    h = (h ^ x) * 0x9fb21c651e98df25u;
    return h ^ (h >> 32);
}

static inline void FN(grid_row)(ac_video *v, int plane, int by, int n) {
    ac_grid *g = &v->grid[plane];
    int cell = 0;
    while (cell < g->rows && by + 1 != g->y[cell + 1]) cell++;
    if (cell == g->rows) return;
    for (int x = 0; x < g->cols; x++) {
        uint64_t s = 0;
        for (int i = g->x[x]; i < g->x[x + 1]; i++) s += v->column[i];
        g->sum[cell * g->cols + x] = (int64_t)s;
    }
    for (int i = 0; i < n; i++) v->column[i] = 0;
}

static inline void FN(sad_row)(ac_video *v, int by) {
    int cols = v->w[0] / 16;
    if (by / 2 >= v->h[0] / 16) return;
    uint32_t *sad = v->sad16 + (ptrdiff_t)(by / 2) * cols;
    if (by % 2 == 0) {
        for (int i = 0; i < cols; i++) sad[i] = v->row.sad[2 * i] + v->row.sad[2 * i + 1];
    } else {
        for (int i = 0; i < cols; i++) sad[i] += v->row.sad[2 * i] + v->row.sad[2 * i + 1];
    }
}

// Cells of a picture that is too small for cells of whole blocks.
static void FN(small_grid)(ac_video *v, int plane) {
    ac_grid *g = &v->grid[plane];
    for (int i = 0; i < g->cols * g->rows; i++) {
        int x0 = g->x[i % g->cols], x1 = g->x[i % g->cols + 1], y0 = g->y[i / g->cols], y1 = g->y[i / g->cols + 1];
        for (int y = y0; y < (y1 > y0 ? y1 : y0 + 1); y++) {
            const SAMPLE *c = FN(line)(v->cur.data[plane], v->cur.stride[plane], y);
            for (int x = x0; x < (x1 > x0 ? x1 : x0 + 1); x++) g->sum[i] += c[x];
        }
    }
}

static inline AC_INLINE void FN(plane_pass)(ac_video *v, int plane, const int luma) {
    int w = v->w[plane], h = v->h[plane], n = w / 8;
    const uint8_t *cur = v->cur.data[plane], *prev = v->prev.data[plane];
    ptrdiff_t cs = v->cur.stride[plane], ps = v->prev.stride[plane];
    // The first picture is compared with itself: its lines are read once in any case.
    if (!v->has_prev) prev = cur, ps = cs;
    FN(totals) totals;
    FN(begin)(&totals);
    memset(v->column, 0, (size_t)n * sizeof *v->column);
    for (int y = 0; y < h; y += 8) {
        int rows = h - y < 8 ? h - y : 8;
        FN(strip)(v, cur + cs * y, cs, prev + ps * y, ps, w, rows, luma, h - y >= 16, &totals);
        if (luma && v->groups) FN(detail_rows)(v, y, rows);
        if (rows < 8) break;
        v->hash = FN(chain)(v->hash, END_ROW(v, &totals, luma, n));
        if (v->grid[plane].blocked) FN(grid_row)(v, plane, y / 8, n);
        if (luma && v->has_prev) {
            FN(sad_row)(v, y / 8);
            FN(sides)(v, y);
        }
    }
    FN(finish)(&totals, &v->plane[plane]);
    if (luma) END_LUMA(v, &totals);
    if (!v->grid[plane].blocked) FN(small_grid)(v, plane);
    v->hash = FN(chain)(v->hash, (uint64_t)v->plane[plane].sum);
    v->hash = FN(chain)(v->hash, (uint64_t)v->plane[plane].sum2);
}

static void FN(pair_blocks)(ac_video *v) {
    int cols = v->w[0] / 16, rows = v->h[0] / 16;
    uint32_t least = 512u << (v->depth - 8), max = 0, changed = 0;
    for (int i = 0; i < cols * rows; i++) {
        max = v->sad16[i] > max ? v->sad16[i] : max;
        changed += v->sad16[i] > least;
    }
    v->pair.max_block = max, v->pair.changed = changed, v->pair.blocks = (uint32_t)(cols * rows);
    if (cols < 3) return;
    for (int y = 1; y < rows - 1; y++) FN(count_broken)(v, y);
}

static int FN(pass)(ac_video *v) {
    FN(clear_across)(v);
    FN(plane_pass)(v, 0, 1);
    for (int i = 1; i < v->planes; i++) FN(plane_pass)(v, i, 0);
    if (v->has_prev) FN(pair_blocks)(v);
    if (v->groups & AC_TEXTURE) FN(end_texture)(v);
    return (v->bits | v->plane[0].bits | v->plane[1].bits | v->plane[2].bits) >> v->depth == 0;
}

#include "video.h"

#include <stdlib.h>
#include <string.h>

// The 8-bit thresholds of measurement.Frame: black levels, legal range (BT.601, BT.709), EBU R 103 tolerance.
static void set_limits(ac_limits *l, int depth) {
    static const uint32_t le[4] = {16, 32, 37, 64};
    int s = depth - 8;
    for (int i = 0; i < 4; i++) l->le[i] = le[i] << s;
    l->lo = 16u << s, l->hi = 235u << s;
    l->lo103 = 5u << s, l->hi103 = 246u << s;
    l->chroma_lo = 16u << s, l->chroma_hi = 240u << s;
    l->moved = 30u << s;
    l->comb = 10u << s;
    l->dark = 40u << s;
    l->edge = 24u << s;
    l->step = 8u << s; // blocks stand out by less; the edges of what is in the picture would drown them
}

// How many samples of luma share one of chroma; 0 when that is not 1, 2 or 4.
static int share(int luma, int chroma) {
    for (int n = 1; n <= 4; n *= 2)
        if (chroma > 0 && (luma + n - 1) / n == chroma) return n;
    return 0;
}

// Cells are built from whole 8x8 blocks where there are at least as many blocks as cells each way; the sums are there already. A smaller picture has cells of at
// least one sample, which may overlap.
static void set_borders(int *border, int cells, int size, int blocked) {
    for (int i = 0; i <= cells; i++)
        border[i] = blocked ? (2 * i * size + cells) / (2 * cells) : i * size / cells;
}

static void set_grid(ac_grid *g, int cols, int rows, int w, int h) {
    g->cols = cols, g->rows = rows;
    g->blocked = w / 8 >= cols && h / 8 >= rows;
    set_borders(g->x, cols, g->blocked ? w / 8 : w, g->blocked);
    set_borders(g->y, rows, g->blocked ? h / 8 : h, g->blocked);
}

// splitmix64 (Steele, Lea and Flood 2014): the keys need to be fixed and without structure, not secret.
static uint64_t next_key(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int allocate(ac_video *v) {
    int widest = v->w[0] > v->w[1] ? v->w[0] : v->w[1];
    size_t n = (size_t)widest / 8 + 8, blocks = (size_t)(v->w[0] / 16) * (size_t)(v->h[0] / 16) + 8;
    uint32_t **rows[] = {&v->row.sum, &v->row.sum2, &v->row.sad, &v->row.prev, &v->column, &v->key1, &v->key2};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!(*rows[i] = calloc(n, sizeof(uint32_t)))) return 0;
    if (!(v->sad16 = calloc(blocks, sizeof(uint32_t)))) return 0;
    if (!(v->sides = calloc(blocks, 1)) || !(v->combed = calloc((size_t)v->w[0], 1))) return 0;
    if (!(v->row.across = calloc(4 * n, sizeof(uint32_t))) || !(v->steps = calloc(2 * n, sizeof(uint32_t)))) return 0;
    uint64_t state = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t k = next_key(&state);
        v->key1[i] = (uint32_t)k, v->key2[i] = (uint32_t)(k >> 32);
    }
    return 1;
}

static ac_kernel choose(int depth, int best) {
    ac_kernel k = best >= AC_AVX512 ? ac_avx512_kernel(depth) : NULL;
    if (!k && best >= AC_AVX2) k = ac_avx2_kernel(depth);
    return k ? k : ac_scalar_kernel(depth);
}

ac_video *ac_video_new(int w, int h, int cw, int ch, int depth, int best) {
    ac_video *v = calloc(1, sizeof *v);
    if (!v) return NULL;
    v->depth = depth;
    v->planes = cw > 0 && ch > 0 ? 3 : 1;
    v->w[0] = w, v->h[0] = h;
    for (int i = 1; i < v->planes; i++) v->w[i] = cw, v->h[i] = ch;
    v->share_x = share(w, cw), v->share_y = share(h, ch);
    set_limits(&v->lim, depth);
    set_grid(&v->grid[0], AC_GRID_W, AC_GRID_H, w, h);
    for (int i = 1; i < v->planes; i++) set_grid(&v->grid[i], AC_CGRID_W, AC_CGRID_H, cw, ch);
    v->kernel = choose(depth, best);
    if (!allocate(v)) {
        ac_video_free(v);
        return NULL;
    }
    return v;
}

void ac_video_free(ac_video *v) {
    if (!v) return;
    free(v->row.sum);
    free(v->row.sum2);
    free(v->row.sad);
    free(v->row.prev);
    free(v->column);
    free(v->sad16);
    free(v->sides);
    free(v->row.across);
    free(v->steps);
    free(v->combed);
    free(v->key1);
    free(v->key2);
    free(v);
}

static void clear_output(ac_video *v) {
    memset(v->plane, 0, sizeof v->plane);
    memset(&v->pair, 0, sizeof v->pair);
    memset(&v->texture, 0, sizeof v->texture);
    memset(&v->comb, 0, sizeof v->comb);
    memset(v->edge, 0, sizeof v->edge);
    memset(&v->phases, 0, sizeof v->phases);
    for (int i = 0; i < v->planes; i++) {
        v->plane[i].min = UINT32_MAX;
        memset(v->grid[i].sum, 0, sizeof v->grid[i].sum);
    }
    v->hash = 0, v->bits = 0;
    v->max_block = 0, v->min_block = UINT32_MAX;
}

void ac_video_measure(ac_video *v) {
    clear_output(v);
    if (!v->kernel(v)) {
        clear_output(v);
        ac_scalar_kernel(v->depth)(v);
    }
    if (v->min_block == UINT32_MAX) v->min_block = 0;
}

// cell_size is the number of samples between two borders.
static int64_t cell_size(const int *border, int i, int blocked) {
    int n = border[i + 1] - border[i];
    if (blocked) return 8 * n;
    return n > 0 ? n : 1;
}

void ac_grid_means(const ac_video *v, int plane, int unit, uint16_t *out) {
    const ac_grid *g = &v->grid[plane];
    int64_t top = 255 * unit;
    for (int y = 0; y < g->rows; y++) {
        for (int x = 0; x < g->cols; x++) {
            int64_t n = (cell_size(g->x, x, g->blocked) * cell_size(g->y, y, g->blocked)) << (v->depth - 8);
            int64_t mean = (g->sum[y * g->cols + x] * unit + n / 2) / n;
            // A deep sample just below full scale rounds up to 256.
            out[y * g->cols + x] = (uint16_t)(mean < top ? mean : top);
        }
    }
}

uint64_t ac_read_memory(const uint8_t *p, size_t n) {
    uint64_t s[8] = {0}, v[8];
    for (size_t i = 0; i + sizeof v <= n; i += sizeof v) {
        memcpy(v, p + i, sizeof v);
        for (int j = 0; j < 8; j++) s[j] |= v[j];
    }
    return s[0] | s[1] | s[2] | s[3] | s[4] | s[5] | s[6] | s[7];
}

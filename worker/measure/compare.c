#include "compare.h"

#include <math.h>

static uint64_t sse_row8(const uint8_t *a, const uint8_t *b, int w) {
    uint64_t sum = 0;
    // A run of 2^14 squares of 16 bits fits into 32 bits, which is what vectorises.
    for (int x = 0; x < w; x += 1 << 14) {
        uint32_t part = 0;
        int n = w - x < 1 << 14 ? w - x : 1 << 14;
        for (int i = 0; i < n; i++) {
            int32_t d = (int32_t)a[x + i] - b[x + i];
            part += (uint32_t)(d * d);
        }
        sum += part;
    }
    return sum;
}

static uint64_t sse_row16(const uint16_t *a, const uint16_t *b, int w) {
    uint64_t sum = 0;
    for (int x = 0; x < w; x++) {
        int64_t d = (int64_t)a[x] - b[x];
        sum += (uint64_t)(d * d);
    }
    return sum;
}

int64_t ac_sse(ac_planes p) {
    uint64_t sum = 0;
    for (int y = 0; y < p.h; y++) {
        const uint8_t *a = p.a + p.a_stride * y, *b = p.b + p.b_stride * y;
        sum += p.depth > 8 ? sse_row16((const uint16_t *)a, (const uint16_t *)b, p.w) : sse_row8(a, b, p.w);
    }
    return (int64_t)sum;
}

#define BLOCK_ROW(NAME, SAMPLE)                                                                                   \
    static void NAME(const ac_planes *p, int y, ac_ssim_block *out) {                                             \
        int n = p->w / 4;                                                                                         \
        for (int i = 0; i < n; i++) {                                                                             \
            uint32_t sa = 0, sb = 0;                                                                              \
            uint64_t squares = 0, products = 0;                                                                   \
            for (int r = 0; r < 4; r++) {                                                                         \
                const SAMPLE *a = (const SAMPLE *)(p->a + p->a_stride * (y + r)) + 4 * i;                         \
                const SAMPLE *b = (const SAMPLE *)(p->b + p->b_stride * (y + r)) + 4 * i;                         \
                for (int x = 0; x < 4; x++) {                                                                     \
                    uint32_t u = a[x], v = b[x];                                                                  \
                    sa += u;                                                                                      \
                    sb += v;                                                                                      \
                    squares += (uint64_t)u * u + (uint64_t)v * v;                                                 \
                    products += (uint64_t)u * v;                                                                  \
                }                                                                                                 \
            }                                                                                                     \
            out[i] = (ac_ssim_block){sa, sb, (int64_t)squares, (int64_t)products};                                \
        }                                                                                                         \
    }
BLOCK_ROW(block_row8, uint8_t)
BLOCK_ROW(block_row16, uint16_t)

// One window of 8x8 samples, which is four blocks. The terms are integers: at 16 bits they stay below 2^52. FFmpeg multiplies and divides them as floats; doubles stay within
// 1e-6 of that.
static double window(const ac_ssim_block *u, const ac_ssim_block *v, int64_t c1, int64_t c2) {
    int64_t a = u[0].a + u[1].a + v[0].a + v[1].a, b = u[0].b + u[1].b + v[0].b + v[1].b;
    int64_t squares = u[0].squares + u[1].squares + v[0].squares + v[1].squares;
    int64_t products = u[0].products + u[1].products + v[0].products + v[1].products;
    int64_t variance = 64 * squares - a * a - b * b, covariance = 64 * products - a * b;
    return (double)(2 * a * b + c1) * (double)(2 * covariance + c2) / ((double)(a * a + b * b + c1) * (double)(variance + c2));
}

double ac_ssim(ac_planes p, ac_ssim_block *scratch) {
    int cols = p.w / 4, rows = p.h / 4;
    if (cols < 2 || rows < 2) return NAN;
    double max = (1 << p.depth) - 1;
    int64_t c1 = (int64_t)(.01 * .01 * max * max * 64 + .5), c2 = (int64_t)(.03 * .03 * max * max * 64 * 63 + .5);
    ac_ssim_block *above = scratch, *row = scratch + cols;
    double sum = 0;
    for (int y = 0; y < rows; y++) {
        if (p.depth > 8)
            block_row16(&p, 4 * y, row);
        else
            block_row8(&p, 4 * y, row);
        for (int x = 0; y > 0 && x < cols - 1; x++) sum += window(above + x, row + x, c1, c2);
        ac_ssim_block *t = above;
        above = row, row = t;
    }
    return sum / ((double)(rows - 1) * (cols - 1));
}

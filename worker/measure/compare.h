#ifndef AIRCHECK_COMPARE_H
#define AIRCHECK_COMPARE_H

#include <stddef.h>
#include <stdint.h>

// Two planes of w x h samples: bytes, or little-endian 16-bit words when the depth is above 8. Strides are in bytes and may be negative. Nothing is kept.
typedef struct {
    const uint8_t *a, *b;
    ptrdiff_t a_stride, b_stride;
    int w, h, depth;
} ac_planes;

// ac_sse is the sum of the squared differences. It cannot overflow: 2^28 samples of 16 bits come to 2^60.
int64_t ac_sse(ac_planes p);

// Sums over a block of 4x4 samples: of a, of b, of their squares, of their products.
typedef struct {
    int64_t a, b, squares, products;
} ac_ssim_block;

// ac_ssim is the structural similarity as FFmpeg's ssim filter has it: windows of 8x8 samples every 4 samples, without a weighting. scratch holds twice w/4 blocks.
// A plane without a whole window has none: NAN.
double ac_ssim(ac_planes p, ac_ssim_block *scratch);

#endif

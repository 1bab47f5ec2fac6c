// The kernels for AVX2. Every sum is an integer, so that the order of adding cannot show: the scalar twin gives the same numbers.
#include "video.h"

#include <string.h>

#if defined(__x86_64__)

#pragma GCC target("avx2,popcnt")
#include <immintrin.h>

static inline int64_t add_lanes64(__m256i v) {
    __m128i s = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_cvtsi128_si64(s) + _mm_extract_epi64(s, 1);
}

// The low halves of four 64-bit lanes.
static inline __m128i low_halves(__m256i v) {
    return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6)));
}

#define STRIP(c, cs, p, ps, w, h, luma, l, row, t) FN(strip)(c, cs, p, ps, w, h, luma, l, row, t)
#define ROW_TEXTURE(c, up, down, w, t, y) FN(texture_row)(c, up, down, w, t, y)
#define ROW_IDET(r, w, sums) FN(idet_row)(r, w, sums)
#define ROW_COMBED(up, c, down, w, t, column) FN(combed_row)(up, c, down, w, t, column)

#define SAMPLE uint8_t
#define FN(name) name##_8
#include "video_sample.h"
#include "avx2_strip8.h"
#include "video_pass.h"
#include "video_row.h"
#include "avx2_detail8.h"
#include "video_detail.h"

static const ac_kernel avx2_8 = {pass_8, texture_8, comb_8};

const ac_kernel *ac_avx2_kernel(int depth) {
    if (!__builtin_cpu_supports("avx2")) return NULL;
    return depth == 8 ? &avx2_8 : NULL;
}

#else

const ac_kernel *ac_avx2_kernel(int depth) {
    (void)depth;
    return NULL;
}

#endif

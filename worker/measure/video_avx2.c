// The kernels for AVX2. Every sum is an integer, so that the order of adding cannot show: the scalar twin gives the same numbers.
#include "video.h"

#include <string.h>

#if defined(__x86_64__)

#pragma GCC target("avx2,popcnt")
#include <immintrin.h>

#include "prefetch.h"

static inline int64_t add_lanes64(__m256i v) {
    __m128i s = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_cvtsi128_si64(s) + _mm_extract_epi64(s, 1);
}

// The low halves of four 64-bit lanes.
static inline __m128i low_halves(__m256i v) {
    return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6)));
}

// Neighbouring 32-bit lanes added to a 64-bit lane, unsigned.
static inline __m256i widen_sum(__m256i v) {
    return _mm256_add_epi64(_mm256_and_si256(v, _mm256_set1_epi64x(0xffffffff)), _mm256_srli_epi64(v, 32));
}

static inline uint32_t or_lanes(__m256i v) {
    uint32_t b[8], bits = 0;
    _mm256_storeu_si256((__m256i *)b, v);
    for (int i = 0; i < 8; i++) bits |= b[i] | b[i] >> 16;
    return bits & 0xffff;
}

#define ROW_TEXTURE(c, up, down, w, t, y) FN(texture_row)(c, up, down, w, t, y)
#define ROW_IDET(r, w, stride, sums, bits) FN(idet_row)(r, w, stride, sums, bits)
#define ROW_COMBED(up, c, down, w, t, column) FN(combed_row)(up, c, down, w, t, column)
#define ROW_DARK(c, w, limit) FN(dark_row)(c, w, limit)

#define SAMPLE uint8_t
#define FN(name) name##_8
#include "video_sample.h"
#include "avx2_strip8.h"
#include "video_row.h"
#include "avx2_detail8.h"
#include "video_detail.h"
#include "video_pass.h"

#undef SAMPLE
#undef FN

#define SAMPLE uint16_t
#define FN(name) name##_16
#include "video_sample.h"
#include "avx2_strip16.h"
#include "video_row.h"
#include "avx2_detail16.h"
#include "video_detail.h"
#include "video_pass.h"

// Above this depth, which only mastering formats have, words no longer suffice.
enum { deepest = 12 };

ac_kernel ac_avx2_kernel(int depth) {
    if (!__builtin_cpu_supports("avx2")) return NULL;
    if (depth > deepest) return NULL;
    return depth > 8 ? pass_16 : pass_8;
}

#else

ac_kernel ac_avx2_kernel(int depth) {
    (void)depth;
    return NULL;
}

#endif

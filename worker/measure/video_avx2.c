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

// Factors of R, G and B, and the range, in words (see out_of_gamut).
typedef struct {
    __m256i r, b, gr, gb, lo, hi;
} gamut_words;

static inline gamut_words gamut_factors(const ac_matrix *m) {
    return (gamut_words){_mm256_set1_epi16(m->r),  _mm256_set1_epi16(m->b),   _mm256_set1_epi16(m->gr),
                         _mm256_set1_epi16(m->gb), _mm256_set1_epi16(AC_GAMUT_LO), _mm256_set1_epi16(AC_GAMUT_HI)};
}

// Which of 16 samples lie beyond: luma in 14 bits, chroma in 15, signed. No sum leaves a word.
static inline __m256i beyond_gamut(const gamut_words *m, __m256i y, __m256i cb, __m256i cr) {
    __m256i r = _mm256_add_epi16(y, _mm256_mulhrs_epi16(cr, m->r)), b = _mm256_add_epi16(y, _mm256_mulhrs_epi16(cb, m->b));
    __m256i g = _mm256_sub_epi16(_mm256_sub_epi16(y, _mm256_mulhrs_epi16(cr, m->gr)), _mm256_mulhrs_epi16(cb, m->gb));
    __m256i lo = _mm256_min_epi16(_mm256_min_epi16(y, r), _mm256_min_epi16(g, b)), hi = _mm256_max_epi16(_mm256_max_epi16(y, r), _mm256_max_epi16(g, b));
    return _mm256_or_si256(_mm256_cmpgt_epi16(m->lo, lo), _mm256_cmpgt_epi16(hi, m->hi));
}

static inline int count_words(__m256i mask) { return _mm_popcnt_u32((uint32_t)_mm256_movemask_epi8(mask)) / 2; }

#define ROW_TEXTURE(v, c, up, y) FN(texture_row)(v, c, up, y)
#define ROW_EDGES(r, n, limit, e) FN(edges_row)(r, n, limit, e)
#define END_PHASES(v) FN(add_phases)(v)
#define ROW_GAMUT(v, r) FN(gamut_row)(v, r)
#define ADD_ACROSS(v, y) FN(steps_across)((v)->cur.data[0] + (v)->cur.stride[0] * (y), (v)->cur.stride[0], (v)->w[0] / 16, (v)->row.across)
#define MARK_UPRIGHT(v, sides) FN(plain_upright)(v, sides)
#define MARK_LEVEL(v, r, sides, mark) FN(plain_level)(v, r, sides, mark)
#define STEPS_DOWN(a, b, cols, sums) FN(steps_down)(a, b, cols, sums)
#define ROW_IDET(r, w, stride, sums, bits) FN(idet_row)(r, w, stride, sums, bits)
#define ROW_COMBED(up, c, down, w, t, column) FN(combed_row)(up, c, down, w, t, column)
#define ROW_DARK(c, w, limit) FN(dark_row)(c, w, limit)
#define END_ROW(v, t, luma, n) FN(plain_blocks)(v, luma, n)
#define END_LUMA(v, t) (void)(t)

#define SAMPLE uint8_t
#define FN(name) name##_8
#include "video_sample.h"
#include "avx2_strip8.h"
#include "video_row.h"
#include "avx2_detail8.h"
#include "video_detail.h"
#include "video_sides.h"
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
#include "video_sides.h"
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

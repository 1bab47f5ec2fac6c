// The kernel for 8-bit pictures on processors from Ice Lake and Zen 4 on. It needs BW and VNNI; VBMI is asked for as well to leave out the first AVX-512 processors,
// which slow down when wide vectors are used.
#include "video.h"

#include <string.h>

#if defined(__x86_64__)

#pragma GCC target("avx2,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,popcnt")
#include <immintrin.h>

#include "prefetch.h"

// A mask of the first n columns of 64.
static inline __mmask64 first_columns(int n) { return n >= 64 ? ~0ull : n <= 0 ? 0 : ~0ull >> (64 - n); }

// Neighbouring 32-bit lanes added to a 64-bit lane, unsigned.
static inline __m512i widen_sum(__m512i v) {
    return _mm512_add_epi64(_mm512_and_si512(v, _mm512_set1_epi64(0xffffffff)), _mm512_srli_epi64(v, 32));
}

#define ROW_TEXTURE(v, c, up, y) FN(texture_row)(v, c, up, y)
#define ROW_EDGES(r, n, limit, e) FN(edges_row)(r, n, limit, e)
#define END_PHASES(v) FN(add_phases)(v)
#define ROW_GAMUT(v, r) FN(gamut_row)(v, r)
#define STEPS_DOWN(a, b, cols, sums) FN(plain_down)(a, b, 0, cols, sums)
#define ADD_ACROSS(v, y) (void)(y) // strips do
#define MARK_UPRIGHT(v, sides) FN(upright)(v, sides)
#define MARK_LEVEL(v, r, sides, mark) FN(level_row)(v, r, sides, mark)
#define ROW_IDET(r, w, stride, sums, bits) FN(idet_row)(r, w, stride, sums)
#define ROW_COMBED(up, c, down, w, t, column) FN(combed_row)(up, c, down, w, t, column)
#define ROW_DARK(c, w, limit) FN(dark_row)(c, w, limit)
#define END_ROW(v, t, luma, n) FN(row_hash)(t)
#define END_LUMA(v, t) FN(finish_blocks)(v, t)

#define SAMPLE uint8_t
#define FN(name) name##_8
#include "video_sample.h"
#include "avx512_strip8.h"
#include "video_row.h"
#include "avx512_detail8.h"
#include "video_detail.h"
#include "video_sides.h"
#include "video_pass.h"

ac_kernel ac_avx512_kernel(int depth) {
    int fits = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi");
    return fits && depth == 8 ? pass_8 : NULL;
}

#else

ac_kernel ac_avx512_kernel(int depth) {
    (void)depth;
    return NULL;
}

#endif

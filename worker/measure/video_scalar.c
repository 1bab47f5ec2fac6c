// The kernels in plain C: the reference for every other kernel, and what runs where there is no AVX2.
#include "video.h"

#include <string.h>

#define ROW_TEXTURE(v, c, up, y) FN(plain_texture_row)(v, c, up, 0, (v)->w[0], y)
#define ROW_EDGES(r, n, limit, e) FN(plain_edges)(r, 0, n, limit, e)
#define END_PHASES(v) (void)(v)
#define ROW_GAMUT(v, r) FN(plain_gamut)(v, r, 0)
#define ADD_ACROSS(v, y) FN(plain_across)((v)->cur.data[0] + (v)->cur.stride[0] * (y), (v)->cur.stride[0], 1, (v)->w[0] / 16, (v)->row.across)
#define MARK_UPRIGHT(v, sides) FN(plain_upright)(v, sides)
#define MARK_LEVEL(v, r, sides, mark) FN(plain_level)(v, r, sides, mark)
#define STEPS_DOWN(a, b, cols, sums) FN(plain_down)(a, b, 0, cols, sums)
#define ROW_IDET(r, w, stride, sums, bits) FN(plain_idet)(r, 0, w, sums)
#define ROW_COMBED(up, c, down, w, t, column) FN(plain_combed)(up, c, down, 0, w, t, column)
#define ROW_DARK(c, w, limit) FN(plain_dark)(c, 0, w, limit)
#define END_ROW(v, t, luma, n) FN(plain_blocks)(v, luma, n)
#define END_LUMA(v, t) (void)(t)

#define SAMPLE uint8_t
#define FN(name) name##_8
#include "video_sample.h"
#include "video_strip.h"
#include "video_row.h"
#include "video_detail.h"
#include "video_sides.h"
#include "video_pass.h"
#undef SAMPLE
#undef FN

#define SAMPLE uint16_t
#define FN(name) name##_16
#include "video_sample.h"
#include "video_strip.h"
#include "video_row.h"
#include "video_detail.h"
#include "video_sides.h"
#include "video_pass.h"

ac_kernel ac_scalar_kernel(int depth) { return depth > 8 ? pass_16 : pass_8; }

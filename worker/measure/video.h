#ifndef AIRCHECK_VIDEO_H
#define AIRCHECK_VIDEO_H

#include <stddef.h>
#include <stdint.h>

// Greatest width or height; the accumulators below are sized for it.
#define AC_MAX_SIDE 16384

#define AC_GRID_W 32
#define AC_GRID_H 18
#define AC_CGRID_W 16
#define AC_CGRID_H 9
#define AC_PHASES 96

// What a call shall measure beside the features of every frame.
#define AC_TEXTURE 1
#define AC_COMB 2

// A picture of which nothing is owned: 8-bit samples, or little-endian 16-bit ones when the depth is above 8. Strides are in bytes and may be negative.
typedef struct {
    const uint8_t *data[3];
    ptrdiff_t stride[3];
} ac_picture;

// Matrices from R, G, B to Y, Cb, Cr. With AC_NO_MATRIX the gamut is not measured.
enum { AC_NO_MATRIX, AC_BT601, AC_BT709, AC_BT2020, AC_SMPTE240M };

// How R, G and B follow from Cb and Cr beside Y, all of limited range, in Q14: R = Y + r*Cr, G = Y - gr*Cr - gb*Cb, B = Y + b*Cb.
typedef struct {
    int16_t r, b, gr, gb;
} ac_matrix;

// Thresholds in the native code values of the depth.
typedef struct {
    uint32_t le[4], lo, hi, lo103, hi103;
    uint32_t chroma_lo, chroma_hi;
    uint32_t moved; // TI2 counts differences above this
    uint32_t comb;
    uint32_t dark; // samples of a black border do not exceed this
    uint32_t edge;
    uint32_t step; // steps between neighbours count up to this
} ac_limits;

// Sums over one plane.
typedef struct {
    int64_t sum, sum2, sad, ti2;
    int64_t le[4], lo, hi, lo103, hi103, chroma_out;
    uint32_t min, max;
    uint32_t bits; // set in any sample of either picture, as far as the kernel keeps account of it
} ac_plane;

// One row of 8x8 blocks. Squares are kept modulo 2^32: they only feed the hash.
typedef struct {
    uint32_t *sum, *sum2, *sad, *prev;
    uint32_t *across; // steps across the upright sides of 16x16 blocks, and beside them: 8 a block, which kernels for bytes keep in words
} ac_blocks;

// Cells of a plane's grid: borders in blocks when blocked is set, else in samples.
typedef struct {
    int cols, rows, blocked;
    int x[AC_GRID_W + 1], y[AC_GRID_H + 1];
    int64_t sum[AC_GRID_W * AC_GRID_H];
} ac_grid;

typedef struct {
    int64_t block_mean;
    uint32_t max_block, changed, blocks, broken, broken_new, control, control_new;
} ac_pair;

// Where luma differs by at least ac_limits.edge over eight samples: the squares of that difference, of the one over the middle two, and how often.
typedef struct {
    int64_t wide, steep, count;
} ac_edges;

typedef struct {
    int64_t col[AC_PHASES], row[AC_PHASES], gamut;
    ac_edges edges[2]; // along rows, along columns
    int32_t top, bottom, left, right, solid, grey, green;
} ac_texture;

// Column edges by phase over some rows, in the order of lanes of a kernel: words for bytes, else double words. added counts what a lane has taken.
typedef struct {
    uint32_t lane[2 * AC_PHASES];
    uint32_t added;
} ac_phases;

typedef struct {
    int64_t alpha[2], delta, gamma[2], combed;
    int32_t combed_block;
} ac_comb;

// Sum of a line's samples, and how many are not dark.
typedef struct {
    uint64_t sum, above;
} ac_dark;

// The same of 16 columns.
typedef struct {
    uint32_t sum[16], above[16];
} ac_edge;

typedef struct ac_video ac_video;

// A kernel measures the input for one sample size with one instruction set. All kernels give the same integers. It returns 0, and the output is void, when samples exceed
// the depth by which it reckons, as they may in damaged raw video; the scalar kernel takes any.
typedef int (*ac_kernel)(ac_video *v);

struct ac_video {
    int w[3], h[3], planes, depth;
    ac_limits lim;
    ac_kernel kernel;

    // Input of a call. prev and prev2 count only if the flag beside them is set.
    ac_picture cur, prev, prev2;
    int has_prev, has_prev2, groups, matrix;

    // Output of a call.
    ac_plane plane[3];
    ac_grid grid[3];
    ac_pair pair;
    ac_texture texture;
    ac_comb comb;
    uint64_t hash;
    uint32_t max_block, min_block;

    // Scratch.
    ac_blocks row;
    uint32_t *column;          // block sums of the current row of cells, by column
    uint32_t *sad16;           // SAD of every whole 16x16 block of luma
    uint32_t *key1, *key2;     // hash keys by block column
    uint32_t bits;             // as in ac_plane, of the oldest picture
    uint8_t *sides;            // what breaks the picture, of every whole 16x16 block of luma
    uint32_t *steps;           // the same of level sides: 3 a block
    uint8_t *combed;           // combed samples of up to 16 rows by column
    ac_edge edge[2];           // of the outermost columns, left and right
    ac_phases phases;
    int share_x, share_y;      // luma columns and rows to a chroma sample; 0 when that is no power of two
};

// ac_video_new returns NULL when memory is short. The caller has checked the sizes: 1..AC_MAX_SIDE, chroma 0 for grey, depth 8..16. best is
// the most demanding instruction set that may be used.
ac_video *ac_video_new(int w, int h, int cw, int ch, int depth, int best);
void ac_video_free(ac_video *v);

// ac_video_measure fills the output from the input. Texture and comb are filled only when groups asks for them; comb needs both older pictures.
void ac_video_measure(ac_video *v);

// ac_grid_means writes the cell means in 1/unit code values of the 8-bit scale, rounded.
void ac_grid_means(const ac_video *v, int plane, int unit, uint16_t *out);

// ac_read_memory adds up n bytes as fast as memory gives them: the floor for benchmarks.
uint64_t ac_read_memory(const uint8_t *p, size_t n);

// Instruction sets, from the least to the most demanding.
enum { AC_SCALAR, AC_AVX2, AC_AVX512 };

// These return NULL where the processor cannot, or where there is no kernel for the depth.
ac_kernel ac_avx512_kernel(int depth);
ac_kernel ac_avx2_kernel(int depth);
ac_kernel ac_scalar_kernel(int depth);

// For functions that are called with constants, which shape their loops.
#define AC_INLINE __attribute__((always_inline))

// What breaks, by block: its upper and left sides, and the same sides of the control block that lies 4 samples further right and down. Codecs do not put sides
// there, so that what is found there is edges of the picture itself.
enum { AC_LEFT = 1, AC_TOP = 2, AC_LEFT_CONTROL = 4, AC_TOP_CONTROL = 8 };

// EBU R 103 in code values of 14 bits, in which vector kernels reckon.
#define AC_GAMUT_LO (5 << 6)
#define AC_GAMUT_HI (246 << 6)

// The matrices in the order of their enum. From the luma coefficients of red, green and blue, kr, kg and kb: r is 2(1-kr), gr is r*kr/kg, and b and gb alike, times 219/224, for
// chroma has the wider range (BT.601-7, BT.709-6, BT.2020-2, SMPTE 240M).
static inline const ac_matrix *ac_matrix_of(const ac_video *v) {
    static const ac_matrix matrices[] = {
        {0, 0, 0, 0}, {22458, 28384, 11439, 5512}, {25226, 29724, 7499, 3001}, {23621, 30137, 9152, 2636}, {25245, 29249, 7635, 3630},
    };
    return &matrices[v->matrix];
}

static inline uint32_t ac_absdiff(uint32_t a, uint32_t b) { return a > b ? a - b : b - a; }

#endif

// Template: the sides of the 16x16 blocks of luma that break the picture. STEPS_ACROSS and STEPS_DOWN are those of video_row.h or faster twins of them; that file must be
// included before.

// A side breaks the picture when the mean step across it exceeds 8 code values and three times the steps beside it, which count as 1.5 at least. Sums are over 16 samples.
static inline int FN(breaks)(uint32_t before, uint32_t step, uint32_t behind, int shift) {
    uint32_t beside = before > behind ? before : behind, least = 24u << shift;
    beside = beside > least ? beside : least;
    return (step > 128u << shift) & (step > 3 * beside);
}

// The level sides at row y of all blocks of a row.
static void FN(mark_level)(ac_video *v, int y, uint8_t *sides, uint8_t mark) {
    int cols = v->w[0] / 16, shift = v->depth - 8;
    const uint8_t *data = v->cur.data[0];
    ptrdiff_t stride = v->cur.stride[0];
    const SAMPLE *a = FN(line)(data, stride, y - 2), *b = FN(line)(data, stride, y - 1), *c = FN(line)(data, stride, y), *d = FN(line)(data, stride, y + 1);
    uint32_t *before = v->steps, *step = before + cols, *behind = step + cols;
    STEPS_DOWN(a, b, cols, before);
    STEPS_DOWN(b, c, cols, step);
    STEPS_DOWN(c, d, cols, behind);
    for (int k = 0; k < cols; k++) sides[k] |= (uint8_t)(FN(breaks)(before[k], step[k], behind[k], shift) * mark);
}

static void FN(mark_upright)(const ac_video *v, uint8_t *sides) {
    int cols = v->w[0] / 16, shift = v->depth - 8;
    for (int k = 1; k < cols; k++) {
        const uint32_t *s = v->across + 8 * k;
        int left = FN(breaks)(s[0], s[1], s[2], shift), control = FN(breaks)(s[4], s[5], s[6], shift);
        sides[k] |= (uint8_t)(left * AC_LEFT | control * AC_LEFT_CONTROL);
    }
}

// One strip of 8 rows from y, and no further down than the first rows of the next.
static void FN(sides)(ac_video *v, int y) {
    int cols = v->w[0] / 16, row = y / 16;
    if (row >= v->h[0] / 16 || cols < 3) return;
    uint8_t *sides = v->sides + (ptrdiff_t)row * cols;
    if (y % 16 == 0) {
        memset(v->across, 0, 8 * (size_t)cols * sizeof *v->across);
        memset(sides, 0, (size_t)cols);
    }
    STEPS_ACROSS(v->cur.data[0] + v->cur.stride[0] * y, v->cur.stride[0], cols, v->across);
    if (y % 16 != 0) {
        FN(mark_upright)(v, sides);
    } else if (y > 0) {
        FN(mark_level)(v, y, sides, AC_TOP);
        FN(mark_level)(v, y + 4, sides, AC_TOP_CONTROL);
    }
}

// How many of the four sides of block x break the picture.
static inline uint8_t FN(broken)(const uint8_t *sides, const uint8_t *below, int x, int shift) {
    return (uint8_t)((sides[x] >> shift & 1) + (sides[x] >> (shift + 1) & 1) + (sides[x + 1] >> shift & 1) + (below[x] >> (shift + 1) & 1));
}

// One row of blocks but for the outermost, which letterboxing breaks.
static void FN(count_broken)(ac_video *v, int row) {
    int cols = v->w[0] / 16;
    const uint8_t *sides = v->sides + (ptrdiff_t)row * cols, *below = sides + cols;
    const uint32_t *sad = v->sad16 + (ptrdiff_t)row * cols;
    uint32_t least = 512u << (v->depth - 8), broken = 0, broken_new = 0, control = 0, control_new = 0;
    for (int x = 1; x < cols - 1; x++) {
        uint32_t b = FN(broken)(sides, below, x, 0) >= 2, c = FN(broken)(sides, below, x, 2) >= 2, changed = sad[x] > least;
        broken += b, broken_new += b & changed;
        control += c, control_new += c & changed;
    }
    v->pair.broken += broken, v->pair.broken_new += broken_new;
    v->pair.control += control, v->pair.control_new += control_new;
}

// Template: the sides of the 16x16 blocks of luma that break the picture. ADD_ACROSS, MARK_UPRIGHT and MARK_LEVEL are the plain ones below or faster twins of them; STEPS_DOWN is of
// video_row.h or such a twin. That file must be included before.

// A side breaks the picture when the mean step across it exceeds 8 code values and three times the steps beside it, which count as 1.5 at least. Sums are over 16 samples.
static inline int FN(breaks)(uint32_t before, uint32_t step, uint32_t behind, int shift) {
    uint32_t beside = before > behind ? before : behind, least = 24u << shift;
    beside = beside > least ? beside : least;
    return (step > 128u << shift) & (step > 3 * beside);
}

// Marks the level sides of a row of blocks that break the picture.
static inline void FN(plain_level)(ac_video *v, const FN(side_rows) *r, uint8_t *sides, uint8_t mark) {
    int cols = v->w[0] / 16, shift = v->depth - 8;
    uint32_t *before = v->steps, *step = before + cols, *behind = step + cols;
    STEPS_DOWN(r->a, r->b, cols, before);
    STEPS_DOWN(r->b, r->c, cols, step);
    STEPS_DOWN(r->c, r->d, cols, behind);
    for (int k = 0; k < cols; k++) sides[k] |= (uint8_t)(FN(breaks)(before[k], step[k], behind[k], shift) * mark);
}

// The same of upright sides.
static inline void FN(plain_upright)(const ac_video *v, uint8_t *sides) {
    int cols = v->w[0] / 16, shift = v->depth - 8;
    for (int k = 1; k < cols; k++) {
        const uint32_t *s = v->row.across + 8 * k;
        int left = FN(breaks)(s[0], s[1], s[2], shift), control = FN(breaks)(s[4], s[5], s[6], shift);
        sides[k] |= (uint8_t)(left * AC_LEFT | control * AC_LEFT_CONTROL);
    }
}

// The level sides at row y of all blocks of a row.
static void FN(level)(ac_video *v, int y, uint8_t *sides, uint8_t mark) {
    const uint8_t *data = v->cur.data[0];
    ptrdiff_t stride = v->cur.stride[0];
    FN(side_rows) r = {FN(line)(data, stride, y - 2), FN(line)(data, stride, y - 1), FN(line)(data, stride, y), FN(line)(data, stride, y + 1)};
    MARK_LEVEL(v, &r, sides, mark);
}

static void FN(clear_across)(ac_video *v) { memset(v->row.across, 0, 8 * (size_t)(v->w[0] / 16) * sizeof *v->row.across); }

// One strip of 8 rows from y, and no further down than the first rows of the next.
static void FN(sides)(ac_video *v, int y) {
    int cols = v->w[0] / 16, row = y / 16;
    if (row >= v->h[0] / 16 || cols < 3) return;
    uint8_t *sides = v->sides + (ptrdiff_t)row * cols;
    ADD_ACROSS(v, y);
    if (y % 16 != 0) {
        MARK_UPRIGHT(v, sides);
        FN(clear_across)(v);
        return;
    }
    memset(sides, 0, (size_t)cols);
    if (y == 0) return;
    FN(level)(v, y, sides, AC_TOP);
    FN(level)(v, y + 4, sides, AC_TOP_CONTROL);
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
    uint8_t any = 0;
    for (int x = 0; x < 2 * cols; x++) any |= sides[x];
    if (any == 0) return;
    uint32_t least = 512u << (v->depth - 8), broken = 0, broken_new = 0, control = 0, control_new = 0;
    for (int x = 1; x < cols - 1; x++) {
        uint32_t b = FN(broken)(sides, below, x, 0) >= 2, c = FN(broken)(sides, below, x, 2) >= 2, changed = sad[x] > least;
        broken += b, broken_new += b & changed;
        control += c, control_new += c & changed;
    }
    v->pair.broken += broken, v->pair.broken_new += broken_new;
    v->pair.control += control, v->pair.control_new += control_new;
}

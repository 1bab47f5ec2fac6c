// Template: what all kernels for one sample size need. SAMPLE is the sample type, FN names the instance.

static inline const SAMPLE *FN(line)(const uint8_t *data, ptrdiff_t stride, int y) {
    return (const SAMPLE *)(data + stride * y);
}

static inline void FN(count)(const ac_limits *l, uint32_t s, int luma, ac_plane *t) {
    if (!luma) {
        t->chroma_out += s < l->chroma_lo || s > l->chroma_hi;
        return;
    }
    for (int i = 0; i < 4; i++) t->le[i] += s <= l->le[i];
    t->lo += s < l->lo;
    t->hi += s > l->hi;
    t->lo103 += s < l->lo103;
    t->hi103 += s > l->hi103;
}

// A vector is filled up with n copies of a sample of the tail that it measures, in both pictures: extremes and differences do not see them, and what the rest makes of them
// is taken off here.
static inline void FN(uncount)(uint32_t s, int n, int luma, const ac_limits *l, ac_plane *t) {
    ac_plane one = {0};
    FN(count)(l, s, luma, &one);
    t->sum -= (int64_t)n * s;
    t->sum2 -= (int64_t)n * s * s;
    for (int i = 0; i < 4; i++) t->le[i] -= n * one.le[i];
    t->lo -= n * one.lo;
    t->hi -= n * one.hi;
    t->lo103 -= n * one.lo103;
    t->hi103 -= n * one.hi103;
    t->chroma_out -= n * one.chroma_out;
}

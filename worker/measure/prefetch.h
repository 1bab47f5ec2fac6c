// The next strip is fetched while this one is measured: 16 rows that advance side by side are too many for the prefetchers of the processor, which makes up to half of
// the time. x is in bytes.
//
// These functions must be inlined by order: GCC takes a function that does nothing but prefetch for one without effect and leaves out the calls.
static inline AC_INLINE void fetch_ahead(const uint8_t *c, ptrdiff_t cs, const uint8_t *p, ptrdiff_t ps, int x) {
    if (x % 64 != 0) return;
    for (int y = 8; y < 16; y++) {
        _mm_prefetch((const char *)(c + x + cs * y), _MM_HINT_T0);
        _mm_prefetch((const char *)(p + x + ps * y), _MM_HINT_T0);
    }
}

// Texture looks at chroma before the pass over its planes does: nobody has read it yet. Four rows are about the time that memory takes.
static inline AC_INLINE void fetch_chroma(const void *cb, ptrdiff_t cb_stride, const void *cr, ptrdiff_t cr_stride) {
    _mm_prefetch((const char *)cb + 4 * cb_stride, _MM_HINT_T0);
    _mm_prefetch((const char *)cr + 4 * cr_stride, _MM_HINT_T0);
}

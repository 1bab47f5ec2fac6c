// The arithmetic of audio.c for AVX2: the same operations in the same order on wider vectors, and so the same bits.
#include "audio.h"

#include <string.h>

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#if defined(__x86_64__)

#pragma GCC target("avx2")
#define FN(name) name##_avx2
#include "audio_dsp.h"

ac_piece ac_avx2_piece(void) { return __builtin_cpu_supports("avx2") ? piece_avx2 : NULL; }

#else

ac_piece ac_avx2_piece(void) { return 0; }

#endif

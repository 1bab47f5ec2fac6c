// FFmpeg's functions as jumps through pointers, which ac_load fills: see ffmpeg_load.c. They are hidden, so that the libraries themselves never see them.
#include "ffmpeg_functions.h"

#if defined(__x86_64__)
#define JUMP(name) jmp *ac_at_##name(%rip)
#elif defined(__aarch64__)
#define JUMP(name) adrp x16, ac_at_##name; ldr x16, [x16, :lo12:ac_at_##name]; br x16
#endif

#ifdef JUMP
#define STUB(name) .globl name; .hidden name; .type name, %function; .balign 8; name: JUMP(name); .size name, . - name;
#define SLOT(name) ac_at_##name: .quad 0;
#define TABLE(name) .globl name; .hidden name; name:

.text
AC_UTIL_FUNCTIONS(STUB)
AC_CODEC_FUNCTIONS(STUB)
AC_FORMAT_FUNCTIONS(STUB)
AC_SCALE_FUNCTIONS(STUB)
AC_ABSENT_FUNCTIONS(STUB)

.data
.balign 8
TABLE(ac_util_slots)
AC_UTIL_FUNCTIONS(SLOT)
TABLE(ac_codec_slots)
AC_CODEC_FUNCTIONS(SLOT)
TABLE(ac_format_slots)
AC_FORMAT_FUNCTIONS(SLOT)
TABLE(ac_scale_slots)
AC_SCALE_FUNCTIONS(SLOT)
TABLE(ac_absent_slots)
AC_ABSENT_FUNCTIONS(SLOT)
#endif

.section .note.GNU-stack, "", %progbits

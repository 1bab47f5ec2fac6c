// FFmpeg is not linked but loaded, by the processes that decode: the dynamic linker takes 50 ms of CPU for the two hundred libraries behind it, and the parent of
// a decoder child, a producer or a client needs none of them. What go-astiav and glue.c call are the stubs of ffmpeg_stubs.S.
#include "glue.h"
#include "ffmpeg_functions.h"
#include <stddef.h>

#if defined(__x86_64__) || defined(__aarch64__)
#include <dlfcn.h>
#include <libavcodec/version_major.h>
#include <libavformat/version_major.h>
#include <libavutil/macros.h>
#include <libavutil/version.h>
#include <libswscale/version_major.h>
#include <stdio.h>

#define SONAME(name, major) "lib" name ".so." AV_STRINGIFY(major)
#define SLOTS(name) extern void *name[] __attribute__((visibility("hidden")))
SLOTS(ac_util_slots);
SLOTS(ac_codec_slots);
SLOTS(ac_format_slots);
SLOTS(ac_scale_slots);
SLOTS(ac_absent_slots);

#define NAME(name) #name,
static const char *const util_names[] = {AC_UTIL_FUNCTIONS(NAME) NULL};
static const char *const codec_names[] = {AC_CODEC_FUNCTIONS(NAME) NULL};
static const char *const format_names[] = {AC_FORMAT_FUNCTIONS(NAME) NULL};
static const char *const scale_names[] = {AC_SCALE_FUNCTIONS(NAME) NULL};
static const char *const absent_names[] = {AC_ABSENT_FUNCTIONS(NAME) NULL};

static long absent(void) { return 0; }

// load_one keeps the library open for as long as the process lives.
static int load_one(const char *soname, const char *const *names, void **slots, char *why, size_t size) {
	void *lib = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
	for (int i = 0; lib && names[i]; i++)
		if (!(slots[i] = dlsym(lib, names[i])))
			lib = NULL;
	if (lib)
		return 0;
	const char *said = dlerror();
	snprintf(why, size, "%s", said ? said : soname);
	return -1;
}

int ac_load(char *why, int size) {
	const struct {
		const char *soname, *const *names;
		void **slots;
	} libs[] = {
		{SONAME("avutil", LIBAVUTIL_VERSION_MAJOR), util_names, ac_util_slots},
		{SONAME("avcodec", LIBAVCODEC_VERSION_MAJOR), codec_names, ac_codec_slots},
		{SONAME("avformat", LIBAVFORMAT_VERSION_MAJOR), format_names, ac_format_slots},
		{SONAME("swscale", LIBSWSCALE_VERSION_MAJOR), scale_names, ac_scale_slots},
	};
	for (size_t i = 0; absent_names[i]; i++)
		ac_absent_slots[i] = (void *)absent;
	for (size_t i = 0; i < sizeof libs / sizeof *libs; i++)
		if (load_one(libs[i].soname, libs[i].names, libs[i].slots, why, (size_t)size))
			return -1;
	return 0;
}
#else
// On other processors FFmpeg is linked.
int ac_load(char *why, int size) {
	(void)why, (void)size;
	return 0;
}
#endif

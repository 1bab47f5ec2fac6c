// What libavformat reads from: callbacks into input.go.
#include "_cgo_export.h"
#include "glue.h"
#include <errno.h>
#include <libavformat/avformat.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>

static int ac_io_read(void *opaque, uint8_t *buf, int size) {
	if (size <= 0)
		return AVERROR(EINVAL);
	int n = acRead((uintptr_t)opaque, buf, size);
	return n > 0 ? n : n < 0 ? AVERROR(EIO) : AVERROR_EOF;
}

static int64_t ac_io_seek(void *opaque, int64_t offset, int whence) {
	if (whence & AVSEEK_SIZE)
		return acSize((uintptr_t)opaque);
	int64_t at = acSeek((uintptr_t)opaque, offset, whence & ~AVSEEK_FORCE);
	return at < 0 ? AVERROR(EINVAL) : at;
}

void *ac_io_new(uintptr_t handle, int size) {
	uint8_t *buf = av_malloc(size);
	AVIOContext *io = buf ? avio_alloc_context(buf, size, 0, (void *)handle, ac_io_read, NULL, ac_io_seek) : NULL;
	if (!io)
		av_free(buf);
	return io;
}

void ac_io_free(void *context) {
	AVIOContext *io = context;
	if (io)
		av_freep(&io->buffer); // libavformat may have exchanged it
	avio_context_free(&io);
}

void ac_io_use(void *format_context, void *context) {
	AVFormatContext *f = format_context;
	f->pb = context;
}

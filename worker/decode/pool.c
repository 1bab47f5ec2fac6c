// The memory of pictures, for as many decoders in turn as want it. FFmpeg's own goes with each decoder, and is zeroed for the next one: 1.5 % of a check.
#include "glue.h"
#include <libavcodec/avcodec.h>
#include <libavutil/buffer.h>
#include <libavutil/imgutils.h>
#include <limits.h>

// The alignment that FFmpeg's own pictures have: what AVX-512 wants.
#define ALIGN 64

typedef struct {
	AVBufferPool *planes[4];
	int linesize[4];
	int format, width, height;
} picture_pool;

static void clear(picture_pool *p) {
	for (int i = 0; i < 4; i++)
		av_buffer_pool_uninit(&p->planes[i]); // what is still in use goes when its last user does
	p->width = p->height = 0;
}

// prepare makes pools for pictures like this one, as FFmpeg's update_frame_pool does (libavcodec/get_buffer.c).
static int prepare(picture_pool *p, AVCodecContext *cc, const AVFrame *f) {
	if (p->width == f->width && p->height == f->height && p->format == f->format)
		return 0;
	clear(p);
	int w = f->width, h = f->height, align[AV_NUM_DATA_POINTERS], unaligned, r;
	avcodec_align_dimensions2(cc, &w, &h, align);
	do {
		if ((r = av_image_fill_linesizes(p->linesize, f->format, w)) < 0)
			return r;
		w += w & ~(w - 1); // the planes keep their ratio: they are not aligned one by one
		unaligned = 0;
		for (int i = 0; i < 4; i++)
			unaligned |= align[i] ? p->linesize[i] % align[i] : 0;
	} while (unaligned);
	ptrdiff_t lines[4];
	size_t size[4];
	for (int i = 0; i < 4; i++)
		lines[i] = p->linesize[i];
	if ((r = av_image_fill_plane_sizes(size, f->format, h, lines)) < 0)
		return r;
	for (int i = 0; i < 4 && size[i]; i++)
		if (size[i] > INT_MAX - (16 + ALIGN - 1) || !(p->planes[i] = av_buffer_pool_init(size[i] + 16 + ALIGN - 1, av_buffer_allocz))) {
			clear(p);
			return AVERROR(ENOMEM);
		}
	p->format = f->format;
	p->width = f->width;
	p->height = f->height;
	return 0;
}

static int get_picture(AVCodecContext *cc, AVFrame *f, int flags) {
	picture_pool *p = cc->opaque;
	if (cc->codec_type != AVMEDIA_TYPE_VIDEO || !(cc->codec->capabilities & AV_CODEC_CAP_DR1) || cc->hw_frames_ctx)
		return avcodec_default_get_buffer2(cc, f, flags);
	int r = prepare(p, cc, f);
	if (r < 0)
		return r;
	f->extended_data = f->data;
	for (int i = 0; i < AV_NUM_DATA_POINTERS; i++) {
		f->data[i] = NULL;
		f->linesize[i] = 0;
	}
	for (int i = 0; i < 4 && p->planes[i]; i++) {
		if (!(f->buf[i] = av_buffer_pool_get(p->planes[i]))) {
			av_frame_unref(f);
			return AVERROR(ENOMEM);
		}
		f->data[i] = f->buf[i]->data;
		f->linesize[i] = p->linesize[i];
	}
	return 0;
}

void *ac_pool_new(void) { return av_mallocz(sizeof(picture_pool)); }

void ac_pool_free(void *pool) {
	if (!pool)
		return;
	clear(pool);
	av_free(pool);
}

void ac_pool_use(void *codec_context, void *pool) {
	AVCodecContext *cc = codec_context;
	cc->opaque = pool;
	cc->get_buffer2 = get_picture;
}

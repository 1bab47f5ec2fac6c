#include "compare.h"

#include <libavutil/frame.h>
#include <libswscale/swscale.h>

int ac_scale_like(const void *frame, const void *like, void *out, void **scaler) {
	const AVFrame *f = frame, *l = like;
	AVFrame *o = out;
	av_frame_unref(o);
	o->format = l->format;
	o->width = l->width;
	o->height = l->height;
	int r = av_frame_get_buffer(o, 0);
	if (r < 0)
		return r;
	// What `scale=flags=bicubic+accurate_rnd+bitexact` does: the same picture gives the same bytes on every machine.
	struct SwsContext *s = sws_getCachedContext(*scaler, f->width, f->height, f->format, o->width, o->height, o->format,
	                                            SWS_BICUBIC | SWS_BITEXACT | SWS_ACCURATE_RND, NULL, NULL, NULL);
	*scaler = s;
	if (!s)
		return AVERROR(EINVAL);
	r = sws_scale(s, (const uint8_t *const *)f->data, f->linesize, 0, f->height, o->data, o->linesize);
	return r < 0 ? r : 0;
}

void ac_scaler_free(void *scaler) { sws_freeContext(scaler); }

int ac_same_format(const void *a, const void *b) {
	const AVFrame *x = a, *y = b;
	return x->format == y->format && x->width == y->width && x->height == y->height;
}

#include "look.h"

#include <libavutil/frame.h>
#include <libswscale/swscale.h>
#include <string.h>

// From how many lines on a picture that does not say its matrix is taken for BT.709, as players do.
#define HD_LINES 720

// matrix_of names the coefficients of swscale for a picture.
static int matrix_of(const AVFrame *f) {
	switch (f->colorspace) {
	case AVCOL_SPC_BT709: return SWS_CS_ITU709;
	case AVCOL_SPC_FCC: return SWS_CS_FCC;
	case AVCOL_SPC_BT470BG:
	case AVCOL_SPC_SMPTE170M: return SWS_CS_ITU601;
	case AVCOL_SPC_SMPTE240M: return SWS_CS_SMPTE240M;
	case AVCOL_SPC_BT2020_NCL:
	case AVCOL_SPC_BT2020_CL: return SWS_CS_BT2020;
	default: return f->height >= HD_LINES ? SWS_CS_ITU709 : SWS_CS_ITU601;
	}
}

int ac_look_rgb(const void *frame, int width, int height, void *out, void **scaler) {
	const AVFrame *f = frame;
	AVFrame *o = out;
	if (f->width <= 0 || f->height <= 0 || width <= 0 || height <= 0)
		return AVERROR(EINVAL);
	av_frame_unref(o);
	o->format = AV_PIX_FMT_RGB0;
	o->width = width;
	o->height = height;
	int r = av_frame_get_buffer(o, 0);
	if (r < 0)
		return r;
	// Bit-exact and accurate: the same picture gives the same bytes on every machine. Averaging areas is what keeps a small picture free of aliases.
	int flags = (2 * width <= f->width ? SWS_AREA : SWS_BICUBIC) | SWS_BITEXACT | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT;
	struct SwsContext *s = sws_getCachedContext(*scaler, f->width, f->height, f->format, width, height, o->format, flags, NULL, NULL, NULL);
	*scaler = s;
	if (!s)
		return AVERROR(EINVAL);
	const int *matrix = sws_getCoefficients(matrix_of(f));
	// It refuses pictures that are RGB already, which need none.
	(void)sws_setColorspaceDetails(s, matrix, f->color_range == AVCOL_RANGE_JPEG, matrix, 1, 0, 1 << 16, 1 << 16);
	r = sws_scale(s, (const uint8_t *const *)f->data, f->linesize, 0, f->height, o->data, o->linesize);
	return r < 0 ? r : 0;
}

int ac_look_copy(const void *frame, uint8_t *dst, int64_t size) {
	const AVFrame *f = frame;
	size_t row = (size_t)f->width * 4;
	if (!f->data[0] || f->width <= 0 || f->height <= 0 || f->linesize[0] < f->width * 4 || size != (int64_t)row * f->height)
		return -1;
	for (int y = 0; y < f->height; y++)
		memcpy(dst + row * y, f->data[0] + (int64_t)f->linesize[0] * y, row);
	return 0;
}

#include "glue.h"
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// A picture can be measured in place when Y, Cb and Cr stand in planes 0, 1, 2 without padding bits, in native byte order.
static int is_planar(const AVPixFmtDescriptor *d) {
	if (!d || (d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT)))
		return 0;
	int bytes = d->comp[0].depth > 8 ? 2 : 1;
	if (d->comp[0].depth < 8 || d->comp[0].depth > 16 || (bytes == 2 && (d->flags & AV_PIX_FMT_FLAG_BE)))
		return 0;
	int used = d->nb_components >= 3 ? 3 : 1;
	if (d->nb_components == 2 && d->comp[1].plane != 1)
		return 0; // gray with alpha in one plane
	for (int i = 0; i < used; i++)
		if (d->comp[i].plane != i || d->comp[i].step != bytes || d->comp[i].shift || d->comp[i].offset || d->comp[i].depth != d->comp[0].depth)
			return 0;
	return used;
}

void ac_read_frame(const void *frame, ac_frame *o) {
	const AVFrame *f = frame;
	memset(o, 0, sizeof *o);
	o->pts = f->pts != AV_NOPTS_VALUE ? f->pts : f->best_effort_timestamp;
	o->duration = f->pkt_duration;
	o->pkt_pos = f->pkt_pos;
	o->key = f->key_frame;
	o->pict_type = f->pict_type == AV_PICTURE_TYPE_I ? 1 : f->pict_type == AV_PICTURE_TYPE_P ? 2 : f->pict_type == AV_PICTURE_TYPE_B ? 3 : 0;
	o->interlaced = f->interlaced_frame;
	o->top_first = f->top_field_first;
	o->flags = f->flags;
	o->decode_errors = f->decode_error_flags;
	o->nb_samples = f->nb_samples;
	o->sample_fmt = f->format;
	o->sample_rate = f->sample_rate;
	o->channels = f->ch_layout.nb_channels;
	if (f->width <= 0 || f->height <= 0)
		return;
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);
	int planes = is_planar(d);
	o->width = f->width;
	o->height = f->height;
	o->pix_fmt = f->format;
	o->planar = planes > 0;
	o->depth = d ? d->comp[0].depth : 0;
	for (int i = 0; i < planes; i++) {
		o->data[i] = f->data[i];
		o->stride[i] = f->linesize[i];
		if (!f->data[i])
			o->planar = 0;
	}
	if (planes == 3) {
		o->chroma_width = AV_CEIL_RSHIFT(f->width, d->log2_chroma_w);
		o->chroma_height = AV_CEIL_RSHIFT(f->height, d->log2_chroma_h);
	}
	o->full_range = f->color_range == AVCOL_RANGE_JPEG || f->format == AV_PIX_FMT_YUVJ420P || f->format == AV_PIX_FMT_YUVJ422P || f->format == AV_PIX_FMT_YUVJ444P;
	o->color_space = f->colorspace;
	o->primaries = f->color_primaries;
	o->transfer = f->color_trc;
	o->sar_num = f->sample_aspect_ratio.num;
	o->sar_den = f->sample_aspect_ratio.den;
}

int ac_captions(const void *frame, uint8_t *out, int size) {
	const AVFrameSideData *d = av_frame_get_side_data(frame, AV_FRAME_DATA_A53_CC);
	int n = 0;
	if (!d)
		return 0;
	// A triplet is 11111, cc_valid, two bits of type (0 and 1: the fields of CEA-608), and two bytes, for CEA-608 with odd parity.
	for (const uint8_t *t = d->data; d->size - (size_t)(t - d->data) >= 3 && size - n >= 3; t += 3) {
		int padding = (t[0] & 3) < 2 && !(t[1] & 0x7f) && !(t[2] & 0x7f);
		if (!(t[0] & 4) || padding)
			continue;
		memcpy(out + n, t, 3);
		n += 3;
	}
	return n;
}

int ac_to_planar(const void *frame, void *out) {
	const AVFrame *f = frame;
	AVFrame *o = out;
	av_frame_unref(o);
	o->format = AV_PIX_FMT_YUV444P;
	o->width = f->width;
	o->height = f->height;
	int r = av_frame_get_buffer(o, 0);
	if (r < 0)
		return r;
	// Bit-exact and accurate: the same picture gives the same bytes on every machine.
	struct SwsContext *s = sws_getContext(f->width, f->height, f->format, o->width, o->height, o->format, SWS_POINT | SWS_BITEXACT | SWS_ACCURATE_RND, NULL, NULL, NULL);
	if (!s)
		return AVERROR(EINVAL);
	r = sws_scale(s, (const uint8_t *const *)f->data, f->linesize, 0, f->height, o->data, o->linesize);
	sws_freeContext(s);
	if (r < 0)
		return r;
	return av_frame_copy_props(o, f);
}

int ac_sample_format(int sample_fmt) {
	switch (av_get_packed_sample_fmt(sample_fmt)) {
	case AV_SAMPLE_FMT_U8: return AC_SAMPLES_U8;
	case AV_SAMPLE_FMT_S16: return AC_SAMPLES_S16;
	case AV_SAMPLE_FMT_S32: return AC_SAMPLES_S32;
	case AV_SAMPLE_FMT_FLT: return AC_SAMPLES_F32;
	case AV_SAMPLE_FMT_DBL: return AC_SAMPLES_F64;
	default: return AC_SAMPLES_OTHER;
	}
}

int ac_sample_planes(const void *frame, void **planes, int max) {
	const AVFrame *f = frame;
	int n = av_sample_fmt_is_planar(f->format) ? f->ch_layout.nb_channels : 1;
	if (n < 1 || n > max || !f->extended_data)
		return 0;
	for (int i = 0; i < n; i++)
		if (!(planes[i] = f->extended_data[i]))
			return 0;
	return n;
}

int ac_layout_name(const void *frame, char *out, int size) {
	const AVFrame *f = frame;
	out[0] = 0;
	return av_channel_layout_describe(&f->ch_layout, out, size);
}

int ac_channel_at(const void *frame, int channel) {
	const AVFrame *f = frame;
	return av_channel_layout_channel_from_index(&f->ch_layout, channel);
}

int ac_index_count(const void *stream) { return avformat_index_get_entries_count(stream); }

int ac_index_at(void *stream, int i, ac_index_entry *out) {
	const AVIndexEntry *e = avformat_index_get_entry(stream, i);
	if (!e)
		return 0;
	out->pos = e->pos;
	out->timestamp = e->timestamp;
	out->flags = e->flags;
	out->size = e->size;
	return 1;
}

int ac_attached_picture(const void *stream) { return (((const AVStream *)stream)->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0; }

int ac_wrap_bits(const void *stream) { return ((const AVStream *)stream)->pts_wrap_bits; }

int64_t ac_container_duration(const void *format) {
	const AVFormatContext *f = format;
	if (f->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE)
		return 0; // a guess
	if (f->duration != AV_NOPTS_VALUE)
		return f->duration;
	int64_t longest = 0; // before avformat_find_stream_info only the streams know
	for (unsigned i = 0; i < f->nb_streams; i++) {
		const AVStream *s = f->streams[i];
		if (s->duration == AV_NOPTS_VALUE || s->duration <= 0 || s->time_base.den <= 0)
			continue;
		int64_t d = av_rescale_q(s->duration, s->time_base, AV_TIME_BASE_Q);
		longest = d > longest ? d : longest;
	}
	return longest;
}

void ac_discard_stream(void *stream) { ((AVStream *)stream)->discard = AVDISCARD_ALL; }

int ac_packet_skip_end(const void *packet) {
	size_t size = 0;
	const uint8_t *b = av_packet_get_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, &size);
	if (!b || size < 8)
		return 0;
	uint32_t n = AV_RL32(b + 4);
	return n > 1 << 20 ? 0 : (int)n;
}

int ac_packet_encrypted(const void *packet) {
	return av_packet_get_side_data(packet, AV_PKT_DATA_ENCRYPTION_INFO, NULL) != NULL;
}

const char *ac_space_name(int v) { return v == AVCOL_SPC_UNSPECIFIED ? NULL : av_color_space_name(v); }
const char *ac_primaries_name(int v) { return v == AVCOL_PRI_UNSPECIFIED ? NULL : av_color_primaries_name(v); }
const char *ac_transfer_name(int v) { return v == AVCOL_TRC_UNSPECIFIED ? NULL : av_color_transfer_name(v); }
const char *ac_pix_fmt_name(int v) { return av_get_pix_fmt_name(v); }

// FFmpeg's log is one for the process. A child decodes on one thread, so what is said during a call belongs to that call.
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static ac_complaints log_now;

static void on_log(void *avcl, int level, const char *fmt, va_list vl) {
	(void)avcl;
	int conceal = !strncmp(fmt, "concealing", 10);
	int lost = level == AV_LOG_DEBUG && !strncmp(fmt, "Frame num gap", 13); // h264: the only sign of a dropped packet
	if (level > AV_LOG_ERROR && !conceal && !lost)
		return;
	char line[sizeof log_now.message];
	vsnprintf(line, sizeof line, fmt, vl); // go-astiav's own callback formats without a bound
	pthread_mutex_lock(&log_lock);
	int dc = 0, ac = 0, mv = 0;
	if (conceal && sscanf(line, "concealing %d DC, %d AC, %d MV", &dc, &ac, &mv) == 3)
		log_now.concealed += dc > ac ? (dc > mv ? dc : mv) : (ac > mv ? ac : mv);
	if (!log_now.errors && !log_now.message[0])
		memcpy(log_now.message, line, sizeof line);
	log_now.errors += !conceal;
	pthread_mutex_unlock(&log_lock);
}

void ac_install(void) {
	av_log_set_callback(on_log);
#ifdef M_MMAP_THRESHOLD
	// A decoder that is restarted gives its pictures back and takes as many again. Kept in the heap they cost no page faults: 2 % of a 1080p decode.
	mallopt(M_MMAP_THRESHOLD, 32 << 20); // glibc's greatest
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	mallopt(M_ARENA_MAX, 1);
#endif
}

void ac_log_take(ac_complaints *out) {
	pthread_mutex_lock(&log_lock);
	*out = log_now;
	memset(&log_now, 0, sizeof log_now);
	pthread_mutex_unlock(&log_lock);
}

// What go-astiav v0.16.0 does not expose, read from FFmpeg's structures. Every function checks what it is given; none keeps a pointer.
#ifndef AIRCHECK_DECODE_GLUE_H
#define AIRCHECK_DECODE_GLUE_H
#include <stdint.h>

typedef struct {
	uint8_t *data[3];
	int stride[3];
	int width, height, chroma_width, chroma_height, depth;
	int pix_fmt, planar; // planar: luma and chroma stand in planes of their own, native little endian, at most 16 bits
	int key, pict_type, interlaced, top_first, flags, decode_errors;
	int64_t pts, duration, pkt_pos;
	int full_range, color_space, primaries, transfer, sar_num, sar_den;
	int nb_samples, sample_fmt, sample_rate, channels;
} ac_frame;

typedef struct {
	int64_t pos, timestamp;
	int flags, size;
} ac_index_entry;

typedef struct {
	int errors;       // messages at error level or worse
	int concealed;    // macroblocks that H.264, MPEG-2 … say to have concealed
	char message[160]; // the first of them
} ac_complaints;

void ac_read_frame(const void *frame, ac_frame *out);
// ac_captions copies the triplets of A/53 cc_data that are valid and no padding, at most size bytes, and returns how many.
int ac_captions(const void *frame, uint8_t *out, int size);
int ac_to_planar(const void *frame, void *out); // converts a packed or RGB picture to 8-bit planar YUV 4:4:4; out is an AVFrame
enum { AC_SAMPLES_OTHER, AC_SAMPLES_U8, AC_SAMPLES_S16, AC_SAMPLES_S32, AC_SAMPLES_F32, AC_SAMPLES_F64 };
int ac_sample_format(int sample_fmt);
int ac_sample_planes(const void *frame, void **planes, int max); // returns how many pointers; 0: it has none that could be read
int ac_layout_name(const void *frame, char *out, int size);
int ac_channel_at(const void *frame, int channel);

int ac_index_count(const void *stream);
int ac_index_at(void *stream, int i, ac_index_entry *out);
int ac_attached_picture(const void *stream);
int ac_wrap_bits(const void *stream);
int64_t ac_container_duration(const void *format);
void ac_discard_stream(void *stream);
int ac_packet_skip_end(const void *packet);
int ac_packet_encrypted(const void *packet);
const char *ac_space_name(int v);
const char *ac_primaries_name(int v);
const char *ac_transfer_name(int v);
const char *ac_pix_fmt_name(int v);

// ac_io_new makes an AVIOContext with a buffer of size bytes that asks input.go; NULL: no memory. It is freed after the format context that uses it was closed.
void *ac_io_new(uintptr_t handle, int size);
void ac_io_free(void *context);
void ac_io_use(void *format_context, void *context);

// ac_pool_new makes a pool of pictures; NULL: no memory. Its pictures are zero before their first use, and may outlive it.
void *ac_pool_new(void);
void ac_pool_free(void *pool);
// ac_pool_use makes a decoder that is not open yet take its pictures from the pool, which has to outlive it. One thread at a time.
void ac_pool_use(void *codec_context, void *pool);

// ac_load finds FFmpeg's libraries; -1: why says what is missing. Before it no function of FFmpeg may be called.
int ac_load(char *why, int size);
void ac_install(void);
void ac_log_take(ac_complaints *out); // what was said since the last call, by anybody in this process
#endif

// The functions of FFmpeg that this program may call, by library: all that go-astiav and glue.c refer to. TestNotLinked fails when one is missing.

#define AC_UTIL_FUNCTIONS(X) \
	X(av_buffer_allocz) X(av_buffer_pool_get) X(av_buffer_pool_init) X(av_buffer_pool_uninit) \
	X(av_buffer_ref) X(av_buffer_unref) X(av_channel_layout_channel_from_index) X(av_channel_layout_check) X(av_channel_layout_compare) \
	X(av_channel_layout_copy) X(av_channel_layout_describe) X(av_color_primaries_name) X(av_color_space_name) X(av_color_transfer_name) X(av_dict_free) \
	X(av_dict_get) X(av_dict_parse_string) X(av_dict_set) X(av_display_rotation_get) X(av_display_rotation_set) X(av_frame_alloc) X(av_frame_clone) \
	X(av_frame_copy_props) X(av_frame_free) X(av_frame_get_buffer) X(av_frame_get_side_data) X(av_frame_move_ref) X(av_frame_new_side_data) \
	X(av_frame_ref) X(av_frame_unref) X(av_free) X(av_freep) X(av_get_media_type_string) X(av_get_packed_sample_fmt) X(av_get_picture_type_char) \
	X(av_get_pix_fmt) X(av_get_pix_fmt_name) X(av_get_sample_fmt_name) X(av_gettime_relative) X(av_hwdevice_ctx_create) X(av_hwdevice_find_type_by_name) \
	X(av_hwdevice_get_type_name) X(av_hwframe_transfer_data) X(av_image_alloc) X(av_image_copy_to_buffer) X(av_image_fill_black) X(av_image_fill_linesizes) X(av_image_fill_plane_sizes) \
	X(av_image_get_buffer_size) X(av_log) X(av_log_default_callback) X(av_log_get_level) X(av_log_set_callback) X(av_log_set_level) X(av_malloc) \
	X(av_mallocz) X(av_pix_fmt_desc_get) X(av_rescale_q) X(av_rescale_q_rnd) X(av_sample_fmt_is_planar) X(av_samples_alloc) X(av_strerror) \
	X(av_version_info)

#define AC_CODEC_FUNCTIONS(X) \
	X(av_bsf_alloc) X(av_bsf_free) X(av_bsf_get_by_name) X(av_bsf_init) X(av_bsf_receive_packet) X(av_bsf_send_packet) X(av_codec_is_decoder) \
	X(av_codec_is_encoder) X(av_codec_iterate) X(av_new_packet) X(av_packet_add_side_data) X(av_packet_alloc) X(av_packet_clone) X(av_packet_free) \
	X(av_packet_from_data) X(av_packet_get_side_data) X(av_packet_move_ref) X(av_packet_pack_dictionary) X(av_packet_ref) X(av_packet_rescale_ts) \
	X(av_packet_unpack_dictionary) X(av_packet_unref) X(avcodec_align_dimensions2) X(avcodec_alloc_context3) X(avcodec_default_get_buffer2) X(avcodec_find_decoder) X(avcodec_find_decoder_by_name) \
	X(avcodec_find_encoder) X(avcodec_find_encoder_by_name) X(avcodec_free_context) X(avcodec_get_hw_config) X(avcodec_get_name) X(avcodec_get_type) \
	X(avcodec_open2) X(avcodec_parameters_alloc) X(avcodec_parameters_copy) X(avcodec_parameters_free) X(avcodec_parameters_from_context) \
	X(avcodec_parameters_to_context) X(avcodec_receive_frame) X(avcodec_receive_packet) X(avcodec_send_frame) X(avcodec_send_packet) X(avcodec_string)

#define AC_FORMAT_FUNCTIONS(X) \
	X(av_find_input_format) X(av_guess_format) X(av_guess_frame_rate) X(av_guess_sample_aspect_ratio) X(av_interleaved_write_frame) X(av_read_frame) \
	X(av_sdp_create) X(av_seek_frame) X(av_stream_get_side_data) X(av_stream_new_side_data) X(av_write_frame) X(av_write_trailer) \
	X(avformat_alloc_context) X(avformat_alloc_output_context2) X(avformat_close_input) X(avformat_find_stream_info) X(avformat_flush) \
	X(avformat_free_context) X(avformat_index_get_entries_count) X(avformat_index_get_entry) X(avformat_new_stream) X(avformat_open_input) \
	X(avformat_write_header) X(avio_alloc_context) X(avio_closep) X(avio_context_free) X(avio_flush) X(avio_open) X(avio_read_partial) X(avio_seek) \
	X(avio_write)

#define AC_SCALE_FUNCTIONS(X) \
	X(sws_freeContext) X(sws_getCachedContext) X(sws_getContext) X(sws_scale) X(sws_scale_frame) X(sws_getCoefficients) \
	X(sws_setColorspaceDetails)

// What go-astiav refers to and aircheck never calls; they return 0.
#define AC_ABSENT_FUNCTIONS(X) \
	X(av_buffersink_get_frame_flags) X(av_buffersrc_add_frame_flags) X(avdevice_register_all) X(avfilter_free) X(avfilter_get_by_name) \
	X(avfilter_graph_alloc) X(avfilter_graph_config) X(avfilter_graph_create_filter) X(avfilter_graph_dump) X(avfilter_graph_free) \
	X(avfilter_graph_parse_ptr) X(avfilter_graph_send_command) X(avfilter_inout_alloc) X(avfilter_inout_free)

package measurement

// One Parquet row is one video frame or one audio slot; the column kind tells which, and the columns of the other kind are NULL. Row groups hold rows of one kind
// only, so that a reader of frames never touches a slot. Every name says what Frame, Slot and Channel say in measurement.go:
//
//	y_, cb_, cr_        the picture on its own (sums, extremes, counts of samples); block_ the 8x8 luma blocks
//	*_grid, y_fine      cell means, row by row from the top left: one byte a cell; y_fine two bytes, little endian, 1/16 code value
//	captions            one byte that says how many follow, then the triplets of A/53 cc_data; NULL where there are none
//	pair_               against the picture before; NULL where there is none
//	texture_, comb_     NULL except on sampled frames; the edges are lists of 96
//	ch_                 lists with one element a channel
//	envelope, low_band  ten 16-bit numbers, little endian: unsigned peak by millisecond, signed samples at 1 kHz
//
// Bounds of a measurement object. They stop a hostile object, never a real one.
const (
	// MaxChannels bounds the channels of a track: FFmpeg's native layouts have no more.
	MaxChannels = 64
	// batchRows is how many rows are turned into columns at a time: few enough that they stay in the second-level cache.
	batchRows = 64
	// groupFrames and groupSlots are where a row group ends: eleven minutes of each, some 30 MB before compression.
	groupFrames = 1 << 14
	groupSlots  = 1 << 16
	// maxGroupRows, maxGroups: 100 hours of slots.
	maxGroupRows = 1 << 16
	maxGroups    = 1 << 10
	// maxPage bounds a page in bytes before compression. The writer closes a page at 256 KiB, give or take a batch.
	maxPage = 1 << 20
	// maxHeader bounds the header's JSON: a window of eight hours of MP4 in units of half a second.
	maxHeader = 16 << 20
	// maxFooter bounds the object's footer: the header, and 100 bytes for every column of every row group.
	maxFooter = maxHeader + 32<<20
)

// Keys of the object's metadata.
const (
	keyHeader  = "aircheck.header"
	keyVersion = "aircheck.version"
	keyMeasure = "aircheck.measure"
)

// Every row has the kind, the track and the unit; then come the columns of frames, then those of slots.
const (
	kindColumn     = "kind"
	leadingColumns = 3
)

// frameColumns lists the columns that only frames have, in the order of the file.
func frameColumns() []column[frameRow] {
	type row = frameRow
	return []column[row]{
		i64("pts", func(r *row) *int64 { return &r.PTS }),
		i64("duration", func(r *row) *int64 { return &r.Duration }),
		i32("flags", func(r *row) *int32 { return &r.Flags }),
		pictureType(),
		i32("packet_size", func(r *row) *int32 { return &r.PktSize }),
		i32("decode_errors", func(r *row) *int32 { return &r.DecodeErrors }),
		i32("log_errors", func(r *row) *int32 { return &r.LogErrors }),
		i32("concealed_mb", func(r *row) *int32 { return &r.ConcealedMB }),
		i64("y_sum", func(r *row) *int64 { return &r.SumY }),
		i64("y_sum_sq", func(r *row) *int64 { return &r.SumY2 }),
		i32("y_min", func(r *row) *int32 { return &r.MinY }),
		i32("y_max", func(r *row) *int32 { return &r.MaxY }),
		i64("y_count_le_16", func(r *row) *int64 { return &r.CntLE[0] }),
		i64("y_count_le_32", func(r *row) *int64 { return &r.CntLE[1] }),
		i64("y_count_le_37", func(r *row) *int64 { return &r.CntLE[2] }),
		i64("y_count_le_64", func(r *row) *int64 { return &r.CntLE[3] }),
		i64("y_count_lt_16", func(r *row) *int64 { return &r.CntLo }),
		i64("y_count_gt_235", func(r *row) *int64 { return &r.CntHi }),
		i64("y_count_lt_5", func(r *row) *int64 { return &r.CntLo103 }),
		i64("y_count_gt_246", func(r *row) *int64 { return &r.CntHi103 }),
		i64("cb_sum", func(r *row) *int64 { return &r.SumCb }),
		i64("cr_sum", func(r *row) *int64 { return &r.SumCr }),
		i64("cb_sum_sq", func(r *row) *int64 { return &r.SumCb2 }),
		i64("cr_sum_sq", func(r *row) *int64 { return &r.SumCr2 }),
		i32("cb_min", func(r *row) *int32 { return &r.MinCb }),
		i32("cb_max", func(r *row) *int32 { return &r.MaxCb }),
		i32("cr_min", func(r *row) *int32 { return &r.MinCr }),
		i32("cr_max", func(r *row) *int32 { return &r.MaxCr }),
		i64("chroma_count_outside", func(r *row) *int64 { return &r.CntChroma }),
		i32("block_max", func(r *row) *int32 { return &r.MaxBlock }),
		i32("block_min", func(r *row) *int32 { return &r.MinBlock }),
		u64("hash", func(r *row) *uint64 { return &r.Hash }),
		octets("y_grid", GridW*GridH, func(r *row) []uint8 { return r.Grid[:] }).grid(),
		octets("cb_grid", ChromaW*ChromaH, func(r *row) []uint8 { return r.GridCb[:] }).grid(),
		octets("cr_grid", ChromaW*ChromaH, func(r *row) []uint8 { return r.GridCr[:] }).grid(),
		octets("y_fine", fineBytes, func(r *row) []uint8 { return r.fine16[:] }).leads(hasFine).grid(),
		octets("captions", 1+MaxCC, func(r *row) []uint8 { return r.cc[:] }).leads(hasCC),
		i64("pair_y_sad", func(r *row) *int64 { return &r.Pair.SADY }).leads(hasPair),
		i64("pair_cb_sad", func(r *row) *int64 { return &r.Pair.SADCb }).when(hasPair),
		i64("pair_cr_sad", func(r *row) *int64 { return &r.Pair.SADCr }).when(hasPair),
		i64("pair_ti_sq", func(r *row) *int64 { return &r.Pair.TI2 }).when(hasPair),
		i32("pair_block_max", func(r *row) *int32 { return &r.Pair.MaxBlock }).when(hasPair),
		i32("pair_blocks_changed", func(r *row) *int32 { return &r.Pair.Changed }).when(hasPair),
		i32("pair_blocks", func(r *row) *int32 { return &r.Pair.Blocks }).when(hasPair),
		i64("pair_block_mean", func(r *row) *int64 { return &r.Pair.BlockMean }).when(hasPair),
		i32("pair_broken", func(r *row) *int32 { return &r.Pair.Broken }).when(hasPair),
		i32("pair_control", func(r *row) *int32 { return &r.Pair.Control }).when(hasPair),
		i32("pair_broken_new", func(r *row) *int32 { return &r.Pair.BrokenNew }).when(hasPair),
		i32("pair_control_new", func(r *row) *int32 { return &r.Pair.ControlNew }).when(hasPair),
		i64("texture_edge_across", func(r *row) *int64 { return &r.texture.Edge[0] }).leads(hasTexture),
		i64("texture_edge_down", func(r *row) *int64 { return &r.texture.Edge[1] }).when(hasTexture),
		i64("texture_slope_across", func(r *row) *int64 { return &r.texture.Slope[0] }).when(hasTexture),
		i64("texture_slope_down", func(r *row) *int64 { return &r.texture.Slope[1] }).when(hasTexture),
		i32("texture_edge_count_across", func(r *row) *int32 { return &r.texture.Edges[0] }).when(hasTexture),
		i32("texture_edge_count_down", func(r *row) *int32 { return &r.texture.Edges[1] }).when(hasTexture),
		i32("texture_border_top", func(r *row) *int32 { return &r.texture.Top }).when(hasTexture),
		i32("texture_border_bottom", func(r *row) *int32 { return &r.texture.Bottom }).when(hasTexture),
		i32("texture_border_left", func(r *row) *int32 { return &r.texture.Left }).when(hasTexture),
		i32("texture_border_right", func(r *row) *int32 { return &r.texture.Right }).when(hasTexture),
		i32("texture_solid_blocks", func(r *row) *int32 { return &r.texture.SolidBlocks }).when(hasTexture),
		i64("texture_gamut", func(r *row) *int64 { return &r.texture.Gamut }).when(hasTexture),
		i32("texture_grey_blocks", func(r *row) *int32 { return &r.texture.Grey }).when(hasTexture),
		i32("texture_green_blocks", func(r *row) *int32 { return &r.texture.Green }).when(hasTexture),
		edges("texture_column_edges", func(r *row) *[EdgePhases]int64 { return &r.texture.ColEdge }).when(hasTexture),
		edges("texture_row_edges", func(r *row) *[EdgePhases]int64 { return &r.texture.RowEdge }).when(hasTexture),
		i64("comb_alpha_0", func(r *row) *int64 { return &r.comb.Alpha[0] }).leads(hasComb),
		i64("comb_alpha_1", func(r *row) *int64 { return &r.comb.Alpha[1] }).when(hasComb),
		i64("comb_delta", func(r *row) *int64 { return &r.comb.Delta }).when(hasComb),
		i64("comb_gamma_0", func(r *row) *int64 { return &r.comb.Gamma[0] }).when(hasComb),
		i64("comb_gamma_1", func(r *row) *int64 { return &r.comb.Gamma[1] }).when(hasComb),
		i64("comb_combed", func(r *row) *int64 { return &r.comb.Combed }).when(hasComb),
		i32("comb_block_max", func(r *row) *int32 { return &r.comb.CombedBlock }).when(hasComb),
	}
}

// slotColumns lists the columns that only slots have, in the order of the file.
func slotColumns() []column[slotRow] {
	type row = slotRow
	return []column[row]{
		i64("slot", func(r *row) *int64 { return &r.Index }),
		i32("first_sample", func(r *row) *int32 { return &r.Offset }),
		i32("samples", func(r *row) *int32 { return &r.Samples }),
		i32("errors", func(r *row) *int32 { return &r.Errors }),
		f64("lr_sum", func(r *row) *float64 { return &r.LR }),
		f32("lr_diff_peak", func(r *row) *float32 { return &r.Diff }),
		octets("envelope", waveBytes, func(r *row) []uint8 { return r.env16[:] }),
		octets("low_band", waveBytes, func(r *row) []uint8 { return r.low16[:] }),
		channelsF64("ch_k_sum_sq", func(c *Channel) *float64 { return &c.K }).counting(fitChannels),
		channelsF64("ch_sum_sq", func(c *Channel) *float64 { return &c.Sq }),
		channelsF64("ch_sum", func(c *Channel) *float64 { return &c.Sum }),
		channelsF64("ch_r1", func(c *Channel) *float64 { return &c.R1 }),
		channelsF64("ch_r2", func(c *Channel) *float64 { return &c.R2 }),
		channelsF32("ch_peak", func(c *Channel) *float32 { return &c.Peak }),
		channelsF32("ch_true_peak", func(c *Channel) *float32 { return &c.TruePeak }),
		channelsF32("ch_residual_peak", func(c *Channel) *float32 { return &c.ResPeak }),
		channelsF64("ch_residual_sum_sq", func(c *Channel) *float64 { return &c.ResSq }),
		channelsI32("ch_zeros", func(c *Channel) *int32 { return &c.Zeros }),
		channelsI32("ch_clipped", func(c *Channel) *int32 { return &c.Clipped }),
		channelsI32("ch_clip_run", func(c *Channel) *int32 { return &c.ClipRun }),
		channelsI32("ch_flat_run", func(c *Channel) *int32 { return &c.FlatRun }),
		channelsI32("ch_flats", func(c *Channel) *int32 { return &c.Flats }),
		channelsI32("ch_flat_tops", func(c *Channel) *int32 { return &c.FlatTops }),
		channelsI32("ch_loud_first", func(c *Channel) *int32 { return &c.LoudFirst }),
		channelsI32("ch_loud_last", func(c *Channel) *int32 { return &c.LoudLast }),
	}
}

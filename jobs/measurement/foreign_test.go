package measurement

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
)

// foreignReader is tools/parquetcat, which `make tools` builds: it reads with a library that this module does not have.
const foreignReader = "../../bin/tools/parquetcat"

// foreignRow is a row as somebody else sees it: numbers stay text, so that nothing is rounded on the way.
type foreignRow map[string]any

// TestForeignReader reads an object with somebody else's Parquet reader and compares every column of every row with what was written.
func TestForeignReader(t *testing.T) {
	if _, err := os.Stat(foreignReader); err != nil {
		need.Missing(t, "no second Parquet reader: %v (run make tools)", err)
	}
	frames, slots := finiteRows(77, batchRows+9, 2*batchRows+5)
	lines := foreign(t, write(t, fullHeader(), frames, slots))
	checkForeignHeader(t, lines[0])
	rows := lines[1:]
	if len(rows) != len(frames)+len(slots) {
		t.Fatalf("%d rows, want %d", len(rows), len(frames)+len(slots))
	}
	for i, f := range frames {
		checkForeignFrame(t, i, rows[i], f)
	}
	for i, s := range slots {
		checkForeignSlot(t, i, rows[len(frames)+i], s)
	}
}

// finiteRows are random rows without infinities, for which JSON has no word.
func finiteRows(seed uint64, nFrames, nSlots int) (frames []*Frame, slots []*Slot) {
	r := rand.New(rand.NewPCG(seed, 7))
	for range nFrames {
		frames = append(frames, randomFrame(r))
	}
	for i := range nSlots {
		s := plausibleSlot(r, i)
		s.Ch = s.Ch[:i%3]
		slots = append(slots, s)
	}
	return frames, slots
}

// foreign returns what the other reader prints.
func foreign(t *testing.T, object []byte) []foreignRow {
	t.Helper()
	file := filepath.Join(t.TempDir(), "m.parquet")
	if err := os.WriteFile(file, object, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), foreignReader, file)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows []foreignRow
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row foreignRow
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if lines.Err() != nil || len(rows) == 0 {
		t.Fatal(len(rows), lines.Err())
	}
	return rows
}

func checkForeignHeader(t *testing.T, got foreignRow) {
	t.Helper()
	header, err := json.Marshal(fullHeader())
	if err != nil {
		t.Fatal(err)
	}
	if got["aircheck.version"] != "1" || got["aircheck.measure"] != strconv.Itoa(jobs.MeasureVersion) || got["aircheck.header"] != string(header) {
		t.Errorf("metadata %v", got)
	}
}

// want collects what a row must hold; what is missing from it must be NULL.
type want struct {
	t   *testing.T
	row string
	got foreignRow
}

func (w want) text(column, value string) {
	w.t.Helper()
	switch v := w.got[column].(type) {
	case json.Number:
		if v.String() != value {
			w.t.Errorf("%s: %s is %s, want %s", w.row, column, v, value)
		}
	case string:
		if v != value {
			w.t.Errorf("%s: %s is %s, want %s", w.row, column, v, value)
		}
	default:
		w.t.Errorf("%s: %s is %v, want %s", w.row, column, v, value)
	}
	delete(w.got, column)
}

func (w want) integer(column string, v int64) { w.t.Helper(); w.text(column, strconv.FormatInt(v, 10)) }

func (w want) octets(column string, v []byte) {
	w.t.Helper()
	w.text(column, base64.StdEncoding.EncodeToString(v))
}

func (w want) list(column string, n int, at func(i int) float64) {
	w.t.Helper()
	got, ok := w.got[column].([]any)
	if !ok || len(got) != n {
		w.t.Errorf("%s: %s is %v, want %d elements", w.row, column, w.got[column], n)
		return
	}
	for i := range got {
		number, _ := got[i].(json.Number)
		if v, err := number.Float64(); err != nil || v != at(i) {
			w.t.Errorf("%s: %s[%d] is %v, want %v", w.row, column, i, got[i], at(i))
		}
	}
	delete(w.got, column)
}

// nothingElse reports columns that were not asked for.
func (w want) nothingElse() {
	w.t.Helper()
	for column, v := range w.got {
		if v != nil {
			w.t.Errorf("%s: %s is %v, want NULL", w.row, column, v)
		}
	}
}

func checkForeignFrame(t *testing.T, i int, got foreignRow, f *Frame) {
	t.Helper()
	w := want{t, "frame " + strconv.Itoa(i), got}
	w.text("kind", "video")
	w.integer("track", int64(f.Track))
	w.integer("unit", int64(f.Unit))
	for column, v := range map[string]int64{
		"pts": f.PTS, "duration": f.Duration, "flags": int64(f.Flags), "picture_type": int64(f.PictType), "packet_size": int64(f.PktSize),
		"decode_errors": int64(f.DecodeErrors), "log_errors": int64(f.LogErrors), "concealed_mb": int64(f.ConcealedMB),
		"y_sum": f.SumY, "y_sum_sq": f.SumY2, "y_min": int64(f.MinY), "y_max": int64(f.MaxY),
		"y_count_le_16": f.CntLE[0], "y_count_le_32": f.CntLE[1], "y_count_le_37": f.CntLE[2], "y_count_le_64": f.CntLE[3],
		"y_count_lt_16": f.CntLo, "y_count_gt_235": f.CntHi, "y_count_lt_5": f.CntLo103, "y_count_gt_246": f.CntHi103,
		"cb_sum": f.SumCb, "cr_sum": f.SumCr, "cb_sum_sq": f.SumCb2, "cr_sum_sq": f.SumCr2,
		"cb_min": int64(f.MinCb), "cb_max": int64(f.MaxCb), "cr_min": int64(f.MinCr), "cr_max": int64(f.MaxCr),
		"chroma_count_outside": f.CntChroma, "block_max": int64(f.MaxBlock), "block_min": int64(f.MinBlock),
		"hash": int64(f.Hash), // the other library prints the bits of an unsigned column as signed
	} {
		w.integer(column, v)
	}
	w.octets("y_grid", f.Grid[:])
	w.octets("cb_grid", f.GridCb[:])
	w.octets("cr_grid", f.GridCr[:])
	if f.Fine != nil {
		var fine []byte
		for _, v := range f.Fine {
			fine = binary.LittleEndian.AppendUint16(fine, v)
		}
		w.octets("y_fine", fine)
	}
	if f.CC != nil {
		captions := make([]byte, 1+MaxCC)
		captions[0] = byte(len(f.CC))
		copy(captions[1:], f.CC)
		w.octets("captions", captions)
	}
	checkForeignGroups(w, f)
	w.nothingElse()
}

func checkForeignGroups(w want, f *Frame) {
	w.t.Helper()
	groups := map[string]int64{}
	if p := &f.Pair; f.HasPair {
		groups = map[string]int64{
			"pair_y_sad": p.SADY, "pair_cb_sad": p.SADCb, "pair_cr_sad": p.SADCr, "pair_ti_sq": p.TI2, "pair_block_max": int64(p.MaxBlock),
			"pair_blocks_changed": int64(p.Changed), "pair_blocks": int64(p.Blocks), "pair_block_mean": p.BlockMean,
			"pair_broken": int64(p.Broken), "pair_control": int64(p.Control), "pair_broken_new": int64(p.BrokenNew), "pair_control_new": int64(p.ControlNew),
		}
	}
	if x := f.Texture; x != nil {
		groups["texture_edge_across"], groups["texture_edge_down"] = x.Edge[0], x.Edge[1]
		groups["texture_slope_across"], groups["texture_slope_down"] = x.Slope[0], x.Slope[1]
		groups["texture_edge_count_across"], groups["texture_edge_count_down"] = int64(x.Edges[0]), int64(x.Edges[1])
		groups["texture_border_top"], groups["texture_border_bottom"] = int64(x.Top), int64(x.Bottom)
		groups["texture_border_left"], groups["texture_border_right"] = int64(x.Left), int64(x.Right)
		groups["texture_solid_blocks"], groups["texture_grey_blocks"], groups["texture_green_blocks"] = int64(x.SolidBlocks), int64(x.Grey), int64(x.Green)
		groups["texture_gamut"] = x.Gamut
		w.list("texture_column_edges", len(x.ColEdge), func(i int) float64 { return float64(x.ColEdge[i]) })
		w.list("texture_row_edges", len(x.RowEdge), func(i int) float64 { return float64(x.RowEdge[i]) })
	}
	if c := f.Comb; c != nil {
		groups["comb_alpha_0"], groups["comb_alpha_1"], groups["comb_delta"] = c.Alpha[0], c.Alpha[1], c.Delta
		groups["comb_gamma_0"], groups["comb_gamma_1"] = c.Gamma[0], c.Gamma[1]
		groups["comb_combed"], groups["comb_block_max"] = c.Combed, int64(c.CombedBlock)
	}
	for column, v := range groups {
		w.integer(column, v)
	}
}

func checkForeignSlot(t *testing.T, i int, got foreignRow, s *Slot) {
	t.Helper()
	w := want{t, "slot " + strconv.Itoa(i), got}
	w.text("kind", "audio")
	for column, v := range map[string]int64{
		"track": int64(s.Track), "unit": int64(s.Unit), "slot": s.Index, "first_sample": int64(s.Offset), "samples": int64(s.Samples),
		"errors": int64(s.Errors),
	} {
		w.integer(column, v)
	}
	w.text("lr_sum", jsonNumber(t, s.LR))
	w.text("lr_diff_peak", jsonNumber(t, s.Diff))
	var env, low []byte
	for i := range s.Env {
		env = binary.LittleEndian.AppendUint16(env, s.Env[i])
		low = binary.LittleEndian.AppendUint16(low, uint16(s.Low[i]))
	}
	w.octets("envelope", env)
	w.octets("low_band", low)
	for column, at := range map[string]func(*Channel) float64{
		"ch_k_sum_sq": func(c *Channel) float64 { return c.K }, "ch_sum_sq": func(c *Channel) float64 { return c.Sq },
		"ch_sum": func(c *Channel) float64 { return c.Sum }, "ch_r1": func(c *Channel) float64 { return c.R1 },
		"ch_r2": func(c *Channel) float64 { return c.R2 }, "ch_peak": func(c *Channel) float64 { return short(c.Peak) },
		"ch_true_peak":       func(c *Channel) float64 { return short(c.TruePeak) },
		"ch_residual_peak":   func(c *Channel) float64 { return short(c.ResPeak) },
		"ch_residual_sum_sq": func(c *Channel) float64 { return c.ResSq },
		"ch_zeros":           func(c *Channel) float64 { return float64(c.Zeros) }, "ch_clipped": func(c *Channel) float64 { return float64(c.Clipped) },
		"ch_clip_run": func(c *Channel) float64 { return float64(c.ClipRun) }, "ch_flat_run": func(c *Channel) float64 { return float64(c.FlatRun) },
		"ch_flats": func(c *Channel) float64 { return float64(c.Flats) }, "ch_flat_tops": func(c *Channel) float64 { return float64(c.FlatTops) },
		"ch_loud_first": func(c *Channel) float64 { return float64(c.LoudFirst) },
		"ch_loud_last":  func(c *Channel) float64 { return float64(c.LoudLast) },
	} {
		w.list(column, len(s.Ch), func(i int) float64 { return at(&s.Ch[i]) })
	}
	w.nothingElse()
}

// short is the float64 that the shortest decimal of a float32 reads back as.
func short(v float32) float64 {
	f, _ := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	return f
}

func jsonNumber(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

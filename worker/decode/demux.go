//go:build cgo

package decode

//#include "glue.h"
import "C"

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/asticode/go-astiav"

	"aircheck/jobs/measurement"
)

// Limits of what a container may make us do.
const (
	maxVideoTracks = 8
	maxAudioTracks = 32
	maxChannels    = 64
	ioBuffer       = 256 << 10
	// maxReadErrors is how many broken packets in a row end a demuxer.
	maxReadErrors = 64
)

// demuxers that are allowed: everything that is a container or an elementary stream, and nothing that opens other files (hls, dash, concat, image2, sdp …).
const allowedFormats = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,wav,w64,aiff,aac,ac3,eac3,mp3,flac,ogg,avi,flv,h264,hevc,obu,ivf,mxf,asf,dts,loas,caf,au,m4v,av1,gxf,nut,rm,yuv4mpegpipe,vc1,mlp,truehd,tta,wv,ape"

// reader is what a demuxer reads from.
type reader interface {
	// ReadAt works like io.ReaderAt; io.EOF with what is left at the end.
	ReadAt(p []byte, off int64) (int, error)
}

// demuxer reads the packets of one segment or object.
type demuxer struct {
	fc     *astiav.FormatContext
	in     *input
	format string
	tracks []*track // by stream index; nil for streams that are not measured
}

// track is one stream of a demuxer.
type track struct {
	stream  *astiav.Stream
	params  *astiav.CodecParameters
	kind    measurement.Kind
	ordinal int
	codec   string
	num     int64 // time base
	den     int64
	extra   []byte
	wrap    int
	base    measurement.Format // what the container says; frames know more
}

type trackID struct {
	kind    measurement.Kind
	ordinal int
}

func (t *track) id() trackID { return trackID{t.kind, t.ordinal} }

// Containers that say everything in their headers or packets. Others are looked into by decoding a few frames, which is too dear to do for every segment: in a
// transport stream all it would add is the time of an audio frame that is not the first of its PES packet, and in a segment these are counted.
var (
	selfContained = []string{"mov", "mpegts", "matroska", "wav"}
	indexed       = []string{"mov", "matroska", "wav"}
)

// openDemuxer opens a container of size bytes; the formats in known are not looked into. An error is about the bytes unless the reader itself failed.
func openDemuxer(r reader, size int64, known []string) (*demuxer, error) {
	return openKeyed(r, size, known, nil)
}

// openKeyed is openDemuxer for a container whose samples are encrypted with one key (ISO/IEC 23001-7); nil: none is given.
func openKeyed(r reader, size int64, known []string, key []byte) (*demuxer, error) {
	in, err := newInput(r, size)
	if err != nil {
		return nil, err
	}
	d := &demuxer{in: in}
	if err := d.openInput(key); err != nil {
		d.close()
		return nil, err
	}
	d.format, _, _ = strings.Cut(d.fc.InputFormat().Name(), ",")
	if !slices.Contains(known, d.format) {
		if err := d.fc.FindStreamInfo(nil); err != nil && in.err != nil {
			d.close()
			return nil, in.err
		}
	}
	d.listTracks()
	return d, nil
}

func (d *demuxer) openInput(key []byte) error {
	d.fc = astiav.AllocFormatContext()
	if d.fc == nil {
		return errors.New("allocate format context")
	}
	d.in.serve(d.fc)
	options := astiav.NewDictionary()
	defer options.Free()
	set := map[string]string{"format_whitelist": allowedFormats, "protocol_whitelist": "none", "correct_ts_overflow": "0"}
	if key != nil {
		set["decryption_key"] = hex.EncodeToString(key)
	}
	for k, v := range set {
		if err := options.Set(k, v, 0); err != nil {
			return fmt.Errorf("set %s: %w", k, err)
		}
	}
	if err := d.fc.OpenInput("", nil, options); err != nil {
		d.fc = nil // avformat_open_input has freed it
		if d.in.err != nil {
			return d.in.err
		}
		return fmt.Errorf("no media recognised: %w", err)
	}
	return nil
}

func (d *demuxer) close() {
	if d.fc != nil {
		d.fc.CloseInput()
		d.fc = nil
	}
	if d.in != nil {
		d.in.close()
		d.in = nil
	}
}

// listTracks picks the streams to measure; new ones may appear while a transport stream is read.
func (d *demuxer) listTracks() {
	count := map[measurement.Kind]int{}
	for _, t := range d.tracks {
		if t != nil {
			count[t.kind]++
		}
	}
	streams := d.fc.Streams()
	for _, s := range streams[len(d.tracks):] {
		t := newTrack(s)
		if t != nil {
			t.ordinal = count[t.kind]
			count[t.kind]++
			if count[measurement.Video] > maxVideoTracks || count[measurement.Audio] > maxAudioTracks {
				t = nil
			}
		}
		if t == nil {
			C.ac_discard_stream(rawStream(s))
		}
		d.tracks = append(d.tracks, t)
	}
}

func newTrack(s *astiav.Stream) *track {
	p := s.CodecParameters()
	t := &track{stream: s, params: p, codec: p.CodecID().Name(), extra: p.ExtraData(), wrap: int(C.ac_wrap_bits(rawStream(s)))}
	switch p.MediaType() {
	case astiav.MediaTypeVideo:
		t.kind = measurement.Video
	case astiav.MediaTypeAudio:
		t.kind = measurement.Audio
	default:
		return nil
	}
	if C.ac_attached_picture(rawStream(s)) != 0 {
		return nil
	}
	tb := s.TimeBase()
	t.num, t.den = int64(tb.Num()), int64(tb.Den())
	if t.num <= 0 || t.den <= 0 {
		return nil
	}
	if t.wrap >= 63 || t.wrap < 0 {
		t.wrap = 0
	}
	t.base = t.containerFormat()
	return t
}

// containerFormat is what is known of a track before anything is decoded.
func (t *track) containerFormat() measurement.Format {
	f := measurement.Format{
		Kind: t.kind, Codec: t.codec, TimeBaseNum: t.num, TimeBaseDen: t.den, WrapBits: t.wrap,
		Language: metadata(t.stream, "language"),
	}
	if t.kind == measurement.Audio {
		f.SampleRate, f.Channels = max(0, t.params.SampleRate()), max(0, t.params.Channels())
		return f
	}
	f.Width, f.Height = max(0, t.params.Width()), max(0, t.params.Height())
	rate := t.stream.AvgFrameRate()
	if rate.Num() <= 0 || rate.Den() <= 0 {
		rate = t.stream.RFrameRate()
	}
	if rate.Num() > 0 && rate.Den() > 0 {
		f.RateNum, f.RateDen = int64(rate.Num()), int64(rate.Den())
	}
	return f
}

func metadata(s *astiav.Stream, key string) string {
	d := s.Metadata()
	if d == nil {
		return ""
	}
	if e := d.Get(key, nil, 0); e != nil {
		return e.Value()
	}
	return ""
}

// next reads one packet of a measured track. io.EOF ends the container; another error is the reader's.
func (d *demuxer) next() (*packet, error) {
	for bad := 0; bad < maxReadErrors; {
		p := astiav.AllocPacket()
		err := d.fc.ReadFrame(p)
		if err != nil {
			p.Free()
			if d.in.err != nil {
				return nil, d.in.err
			}
			if errors.Is(err, astiav.ErrEof) {
				return nil, io.EOF
			}
			bad++
			continue
		}
		i := p.StreamIndex()
		if i >= len(d.tracks) {
			d.listTracks()
		}
		if i >= len(d.tracks) || d.tracks[i] == nil {
			p.Free()
			continue
		}
		return newPacket(p, d.tracks[i]), nil
	}
	return nil, io.EOF
}

// firstSample is the first sample of a track's clock that counts: ISO containers and Matroska put codec priming before zero; transport streams have no zero.
func (d *demuxer) firstSample() int64 {
	if d.format == "mpegts" {
		return -1 << 62
	}
	return 0
}

// noTime is AV_NOPTS_VALUE.
const noTime = -1 << 63

// packet is one coded frame with what was learnt about it on its way through the decoder.
type packet struct {
	*astiav.Packet
	track    *track
	id       int64 // place in the stream among those of its track; 0: not yet known. See canon.
	seq      int64 // order of sending, carried through the decoder in pkt_pos
	unit     int
	owned    bool // false: decoded for what comes after it, not measured
	pts, dts int64
	about    int64 // where it stands when neither is known; noTime: nobody knows
	duration int64
	size     int
	pos      int64
	key      bool
	closed   bool // decoding may start here
	// framesOnly: of a closed keyframe of H.264 whose parameter sets are known and allow no field pictures.
	framesOnly bool
	corrupt    bool
	encrypted  bool
	skipEnd    int // samples to drop from the end (discard padding)

	logErrors, concealed int
	sendError            bool
	message              string
	frames               int
	picture              *keyPicture // of a key frame that was decoded on its own
}

func newPacket(p *astiav.Packet, t *track) *packet {
	flags := p.Flags()
	n := &packet{
		Packet: p, track: t, pts: p.Pts(), dts: p.Dts(), about: noTime, duration: max(0, p.Duration()), size: p.Size(), pos: p.Pos(),
		key: flags.Has(astiav.PacketFlagKey), corrupt: flags.Has(astiav.PacketFlagCorrupt),
		encrypted: C.ac_packet_encrypted(rawPacket(p)) != 0, skipEnd: int(C.ac_packet_skip_end(rawPacket(p))),
	}
	n.closed = n.key && t.kind == measurement.Video && closedKeyframe(t.codec, t.extra, p.Data())
	n.framesOnly = n.closed && t.codec == "h264" && framesOnly(t.extra, p.Data())
	return n
}

// time is the PTS, or the DTS where there is none.
func (p *packet) time() int64 {
	if p.pts != noTime {
		return p.pts
	}
	return p.dts
}

// dated is where a packet stands, as well as that is known.
func (p *packet) dated() int64 {
	if at := p.time(); at != noTime {
		return at
	}
	return p.about
}

// free gives the coded bytes back; what was learnt stays.
func (p *packet) free() {
	if p != nil && p.Packet != nil {
		p.Packet.Free()
		p.Packet = nil
	}
}

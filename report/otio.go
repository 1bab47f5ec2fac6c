package report

import (
	"fmt"
	"io"

	"aircheck/jobs"
)

// The part of OpenTimelineIO's JSON that a timeline with markers needs, with the schema names, versions and fields that OpenTimelineIO 0.17 writes
// (https://opentimelineio.readthedocs.io/en/stable/tutorials/otio-serialized-schema-only-fields.html). Every field of a schema is written, as the library itself does.
type (
	otioTimeline struct {
		Schema      string         `json:"OTIO_SCHEMA"` // Timeline.1
		Metadata    map[string]any `json:"metadata"`
		Name        string         `json:"name"`
		GlobalStart *otioTime      `json:"global_start_time"`
		Tracks      otioStack      `json:"tracks"`
	}
	// otioItem is what a stack, a track and a clip share.
	otioItem struct {
		Schema      string         `json:"OTIO_SCHEMA"`
		Metadata    map[string]any `json:"metadata"`
		Name        string         `json:"name"`
		SourceRange *otioRange     `json:"source_range"`
		Effects     []any          `json:"effects"`
		Markers     []otioMarker   `json:"markers"`
		Enabled     bool           `json:"enabled"`
	}
	otioStack struct { // Stack.1
		otioItem
		Children []otioTrack `json:"children"`
	}
	otioTrack struct { // Track.1
		otioItem
		Children []otioClip `json:"children"`
		Kind     string     `json:"kind"`
	}
	otioClip struct { // Clip.2
		otioItem
		References map[string]otioReference `json:"media_references"`
		Active     string                   `json:"active_media_reference_key"`
	}
	otioReference struct {
		Schema    string         `json:"OTIO_SCHEMA"` // ExternalReference.1
		Metadata  map[string]any `json:"metadata"`
		Name      string         `json:"name"`
		Available *otioRange     `json:"available_range"`
		Bounds    *struct{}      `json:"available_image_bounds"`
		URL       string         `json:"target_url"`
	}
	otioMarker struct {
		Schema   string         `json:"OTIO_SCHEMA"` // Marker.2
		Metadata map[string]any `json:"metadata"`
		Name     string         `json:"name"`
		Color    string         `json:"color"`
		Range    otioRange      `json:"marked_range"`
		Comment  string         `json:"comment"`
	}
	otioRange struct {
		Schema   string   `json:"OTIO_SCHEMA"` // TimeRange.1
		Duration otioTime `json:"duration"`
		Start    otioTime `json:"start_time"`
	}
	otioTime struct {
		Schema string  `json:"OTIO_SCHEMA"` // RationalTime.1
		Rate   float64 `json:"rate"`
		Value  float64 `json:"value"` // frames
	}
)

// otio writes an OpenTimelineIO timeline: a track with one clip for each rendition, and the findings as markers on the stack above them. A marker's metadata has the finding
// as the report has it, under "aircheck".
func (r *Report) otio(w io.Writer) error {
	rate := r.rate()
	doc := otioTimeline{
		Schema: "Timeline.1", Name: r.Check.Input, Tracks: otioStack{item("Stack.1", "tracks"), []otioTrack{}},
		Metadata: map[string]any{"aircheck": map[string]any{"schema": Schema, "check": r.Check, "verdict": r.Verdict, "digest": r.Digest}},
	}
	for i := range r.Renditions {
		doc.Tracks.Children = append(doc.Tracks.Children, r.otioTrack(&r.Renditions[i], rate))
	}
	for _, g := range r.grouped() {
		doc.Tracks.Markers = append(doc.Tracks.Markers, g.otio(rate))
	}
	body, err := encode(doc, "    ")
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("write OpenTimelineIO: %w", err)
	}
	return nil
}

func item(schema, name string) otioItem {
	return otioItem{Schema: schema, Name: name, Metadata: map[string]any{}, Effects: []any{}, Markers: []otioMarker{}, Enabled: true}
}

func (r *Report) otioTrack(rd *jobs.Rendition, rate pictureRate) otioTrack {
	whole := rate.otioRange(0, rd.Duration)
	clip := otioClip{otioItem: item("Clip.2", r.Check.Input), Active: "DEFAULT_MEDIA"}
	clip.SourceRange = &whole
	clip.References = map[string]otioReference{clip.Active: {
		Schema: "ExternalReference.1", Metadata: map[string]any{}, Name: rd.ID, Available: &whole, URL: r.Check.Input,
	}}
	track := otioTrack{item("Track.1", describe(*rd)), []otioClip{clip}, "Video"}
	if rd.Kind == "audio" {
		track.Kind = "Audio"
	}
	return track
}

func (g *group) otio(rate pictureRate) otioMarker {
	ids := map[string]any{}
	for name, id := range IdentifiersOf(g.Code).named() {
		ids[name] = id
	}
	return otioMarker{
		Schema: "Marker.2", Name: g.Code, Color: otioColour(g.Severity), Range: rate.otioRange(g.Start, g.End),
		Comment:  Printable(fmt.Sprintf("%s %s: %s", g.severity(), g.where(), g.explained())),
		Metadata: map[string]any{"aircheck": map[string]any{"finding": g.Finding, "renditions": g.renditions, "ids": ids}},
	}
}

// named lists the identifiers that there are.
func (i Identifiers) named() map[string]string {
	list := map[string]string{}
	for name, id := range map[string]string{"ebu_qc": i.EBU, "movielabs": i.MovieLabs} {
		if id != "" {
			list[name] = id
		}
	}
	return list
}

// otioColour is one of the names of Marker.Color.
func otioColour(s jobs.Severity) string {
	switch s {
	case jobs.Fail:
		return "RED"
	case jobs.Warn:
		return "YELLOW"
	}
	return "CYAN"
}

func (r pictureRate) otioRange(start, end jobs.Seconds) otioRange {
	return otioRange{"TimeRange.1", r.otioTime(r.length(start, end)), r.otioTime(r.frame(start))}
}

func (r pictureRate) otioTime(frames int64) otioTime {
	return otioTime{"RationalTime.1", r.float(), float64(frames)}
}

// Package page makes the pages that show one check, and two checks side by side, as HTML: within a site, or as one file that opens from a disk without a network.
//
// Pages are pure functions of their data. They say everything without script; script makes them interactive. The package may import jobs and report and nothing
// else of aircheck.
package page

import (
	"html/template"

	"aircheck/jobs"
	"aircheck/report"
)

// CheckData is what a check page shows. Only Report is needed; everything else may be absent, and its part of the page is then, too.
type CheckData struct {
	Report *report.Report
	// Profile gives the limits that are drawn into the curves.
	Profile  *jobs.Profile
	Curves   *jobs.Curves
	Evidence *jobs.Evidence
	// Waivers are those that hold for findings of this check, by jobs.FindingKey.
	Waivers map[string]jobs.Waiver
	// File is the address of a file of the evidence, within a file of its own a data URL; empty when it cannot be had. Nil: there are no pictures.
	File func(name string) template.URL
	// Player plays the stream; nil: there is none.
	Player *Player
	// Site is where the page is served; nil makes a page that stands alone, with script and style in it.
	Site *Site
	// Live: the report is one so far. Events is the address of server-sent events about the check (event "finding"); whatever comes, the page fetches itself anew.
	Live   bool
	Events template.URL
	// CanWaive shows a form with each finding that posts finding (its key), reason, expires (a date or empty) and scope ("stream" or "everywhere") to WaiveURL.
	CanWaive bool
	WaiveURL template.URL
	// Downloads are other forms of the report.
	Downloads []Link
}

// CompareData is what a compare page shows: what became of A in B.
type CompareData struct {
	A, B CompareSide
	Site *Site
}

// CompareSide is one of two checks. Only Report is needed.
type CompareSide struct {
	Report *report.Report
	// Name says which it is; empty: A or B.
	Name    string
	Profile *jobs.Profile
	Curves  *jobs.Curves
	// URL is the page of the check; empty when there is none.
	URL template.URL
}

// Player says what a player gets.
type Player struct {
	// Media is the address of a playlist or a media file whose time 0 is that of the check.
	Media template.URL
	// Type is its media type, "application/vnd.apple.mpegurl"; empty lets the browser find out.
	Type string
	// HLS is the address of hls.js, for browsers that play no HLS of themselves; empty: native alone.
	HLS template.URL
	// Tracks are WebVTT files.
	Tracks []Track
}

// Track is a WebVTT file for the player.
type Track struct {
	Kind  string // "captions", "metadata" …
	Label string
	Lang  string
	URL   template.URL
}

// Site is what surrounds a page on a site.
type Site struct {
	// Asset is the address of one of Assets.
	Asset func(name string) (string, error)
	// Styles and Scripts are further ones of the site itself.
	Styles, Scripts []template.URL
	Nav             []Link
	// User is who is logged in; empty shows nobody. Logout is where to post that they leave; empty: nowhere.
	User   string
	Logout template.URL
}

// Link leads somewhere.
type Link struct {
	Text string
	URL  template.URL
	// Current marks where the reader is.
	Current bool
}

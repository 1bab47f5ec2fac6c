package follow

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/jobs"
)

// TestLateRendition: what appears beside the others in the middle of an hour is told, once, and is in the next hour's check.
func TestLateRendition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0", "s1", "s2")
		pass(c.start.Truncate(time.Hour).Add(time.Hour).Sub(c.start) - 5*time.Minute)
		begun := c.published(time.Now())
		c.last = begun + 300
		c.from = map[string]int64{"s1": begun + 30, "s2": begun + 40}
		b := newBed(t, c)
		if err := b.runFor(b.follower("a", b.store), time.Hour); err != nil {
			t.Fatal(err)
		}
		list := b.checks()
		if len(list) != 2 {
			t.Fatalf("%d checks", len(list))
		}
		for i, g := range list {
			var late []jobs.Finding
			for _, f := range g.Check.Timeline.Findings {
				if f.Code == "playlist.late_rendition" {
					late = append(late, f)
				}
			}
			rows := len(g.Check.Timeline.Sequences)
			switch {
			case i == 0 && (rows != 1 || len(late) != 1 || !strings.Contains(late[0].Message, "s1.m3u8, s2.m3u8") || late[0].End-late[0].Start < 200):
				t.Errorf("first hour: %d rows, %+v", rows, late)
			case i == 1 && (rows != 3 || len(late) != 0):
				t.Errorf("second hour: %d rows, %+v", rows, late)
			}
		}
	})
}

// TestLateRenditionThatLeaves: what comes late and goes again is told for as long as it is there, and the next hour's check does not speak of it.
func TestLateRenditionThatLeaves(t *testing.T) {
	for name, span := range map[string][2]int64{"in the middle": {30, 60}, "before the hour ends": {30, 148}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newChannel("s0", "s1")
				pass(c.start.Truncate(time.Hour).Add(time.Hour).Sub(c.start) - 5*time.Minute)
				begun := c.published(time.Now())
				c.last = begun + 300
				c.from, c.to = map[string]int64{"s1": begun + span[0]}, map[string]int64{"s1": begun + span[1]}
				b := newBed(t, c)
				if err := b.runFor(b.follower("a", b.store), time.Hour); err != nil {
					t.Fatal(err)
				}
				for i, g := range b.checks() {
					var told []jobs.Finding
					for _, f := range g.Check.Timeline.Findings {
						if f.Code == "playlist.late_rendition" {
							told = append(told, f)
						}
					}
					most := jobs.Seconds(2*(span[1]-span[0])) + idleWindows*DefaultWindow.At() + 10
					if i == 0 && (len(told) != 1 || told[0].End-told[0].Start > most) || i > 0 && len(told) != 0 {
						t.Errorf("check %d: %+v, at most %v s", i, told, most)
					}
				}
			})
		})
	}
}

// TestOtherRenditions: when others take the place of all renditions, a check of their own begins; the hour after that is an ordinary one.
func TestOtherRenditions(t *testing.T) {
	for _, noPDT := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := newChannel("s0", "s1", "s2", "s3")
			c.noPDT = noPDT
			pass(c.start.Truncate(time.Hour).Add(time.Hour).Sub(c.start) - 10*time.Minute)
			begun := c.published(time.Now())
			c.last = begun + 600
			c.to = map[string]int64{"s0": begun + 60, "s1": begun + 60}
			c.from = map[string]int64{"s2": begun + 61, "s3": begun + 61}
			b := newBed(t, c)
			if err := b.runFor(b.follower("a", b.store), 4*time.Minute); err != nil {
				t.Fatal(err)
			}
			if err := b.runFor(b.follower("b", b.store), time.Hour); err != nil { // it finds its way
				t.Fatal(err)
			}
			list := b.checks()
			if len(list) != 3 {
				t.Fatalf("%d checks", len(list))
			}
			segments := map[string]int{}
			for _, g := range list {
				if !g.Newest.Last {
					t.Errorf("check %s was not closed", g.Check.ID)
				}
				for _, q := range g.Check.Timeline.Sequences {
					segments[q.Name] += len(q.Segments)
				}
			}
			if segments["s2.m3u8"] < 510 || segments["s3.m3u8"] < 510 || segments["s0.m3u8"] < 60 {
				t.Errorf("segments %v", segments)
			}
		})
	}
}

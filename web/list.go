package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aircheck/jobs"
)

const (
	// recentOnWall and recentOnPage are how many checks are listed.
	recentOnWall = 12
	recentOnPage = 100
	// recentSearched bounds the checks whose inputs are searched.
	recentSearched = 5000
	// recentRead is how many are read at once.
	recentRead = 500
)

// listed is a check in a list.
type listed struct {
	ID, Input   string
	Verdict     string // of the report, "running", or "given up": there will be none
	Stamp, When string
}

// checkList is what the list of checks shows.
type checkList struct {
	Query  string
	Checks []listed
	Newer  string // address of the page before; empty: there is none
	Older  string
}

// wallPage is what the wall shows.
type wallPage struct {
	Rows    []any
	Totals  totals
	Version uint64
	Priced  bool
	Recent  []listed
}

func (p *pages) wall(w http.ResponseWriter, r *http.Request) {
	rows, t, version, err := p.board.wall(r.Context())
	if err != nil {
		p.fail(w, r, "The state of the streams", err)
		return
	}
	body := wallPage{Totals: t, Version: version, Priced: p.board.price > 0, Rows: make([]any, len(rows))}
	for i, row := range rows {
		body.Rows[i] = row
	}
	if body.Recent, err = p.recent(r.Context(), 0, recentOnWall); err != nil {
		p.fail(w, r, "The list of checks", err)
		return
	}
	f := p.frame(r, "Streams", body)
	f.Scripts, f.Refresh = []string{"wall.js", "reload.js"}, 30
	p.show(w, r, http.StatusOK, "wall", f)
}

// checks lists what was checked lately, and finds a check by its id or its input.
func (p *pages) checks(w http.ResponseWriter, r *http.Request) {
	query := strings.TrimSpace(r.URL.Query().Get("q"))
	if jobs.ValidID(query) {
		http.Redirect(w, r, "/checks/"+query, http.StatusSeeOther)
		return
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("from")) // what is no number is the beginning
	from = min(max(from, 0), recentSearched)
	body := checkList{Query: query}
	var err error
	if query == "" {
		body.Checks, err = p.recent(r.Context(), from, recentOnPage+1)
		if len(body.Checks) > recentOnPage {
			body.Checks, body.Older = body.Checks[:recentOnPage], "/checks?from="+strconv.Itoa(from+recentOnPage)
		}
		if from > 0 {
			body.Newer = "/checks?from=" + strconv.Itoa(max(0, from-recentOnPage))
		}
	} else {
		body.Checks, err = p.search(r.Context(), query)
	}
	if err != nil {
		p.fail(w, r, "The list of checks", err)
		return
	}
	f := p.frame(r, "Checks", body)
	p.show(w, r, http.StatusOK, "checks", f)
}

// search looks at the recent checks, the newest first, for a piece of an input or the beginning of an id.
func (p *pages) search(ctx context.Context, query string) ([]listed, error) {
	query = strings.ToLower(query)
	var fits []listed
	for from := 0; from < recentSearched; from += recentRead {
		some, err := p.recent(ctx, from, recentRead)
		if err != nil {
			return nil, err
		}
		for _, c := range some {
			if strings.Contains(strings.ToLower(c.Input), query) || strings.HasPrefix(c.ID, query) {
				fits = append(fits, c)
			}
		}
		if len(some) == 0 || len(fits) >= recentOnPage {
			break
		}
	}
	return fits[:min(len(fits), recentOnPage)], nil
}

// stamps are a time for machines and for people.
func stamps(t time.Time) (stamp, when string) {
	t = t.UTC()
	return t.Format(time.RFC3339), t.Format("2 Jan 2006 15:04")
}

package api

import (
	"net/http"

	"aircheck/jobs"
)

const (
	maxRuns   = 100
	mediaYAML = "application/yaml"
)

func (c *call) profiles() (*answer, error) {
	list, err := c.cfg.Fleet.Profiles()
	if err != nil {
		return nil, err
	}
	return ok(ProfileList{Profiles: orEmpty(list)})
}

func (c *call) profile() (*answer, error) {
	if err := c.query("set"); err != nil {
		return nil, err
	}
	doc, err := c.cfg.Fleet.ProfileYAML(Judging{Profile: c.r.PathValue("name"), Set: c.r.URL.Query()["set"]})
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusOK, raw: doc, media: mediaYAML}, nil
}

func (c *call) detectors() (*answer, error) {
	list, err := c.cfg.Fleet.Detectors()
	if err != nil {
		return nil, err
	}
	return ok(DetectorList{Detectors: orEmpty(list)})
}

func (c *call) detector() (*answer, error) {
	list, err := c.cfg.Fleet.Detectors(c.r.PathValue("code"))
	if err != nil || len(list) != 1 {
		return nil, problemf(KindNotFound, "no finding has the code %q", c.r.PathValue("code"))
	}
	return ok(list[0])
}

func (c *call) rules() (*answer, error) {
	list := []Rule{}
	for _, r := range jobs.Rules() {
		rule := Rule{Code: r.Code, Summary: r.Summary, Applies: r.Applies, Clause: r.Clause, Unit: r.Unit, Levels: []RuleLevel{}, Checked: r.Checked}
		for _, l := range r.Levels {
			rule.Levels = append(rule.Levels, RuleLevel(l))
		}
		list = append(list, rule)
	}
	return ok(RuleList{Rules: list})
}

func (c *call) schedules() (*answer, error) {
	runs, err := c.number("runs", 1, 1, maxRuns)
	if err != nil {
		return nil, err
	}
	if err := c.query("runs"); err != nil {
		return nil, err
	}
	list, err := c.cfg.Fleet.Schedules(c.r.Context(), runs)
	if err != nil {
		return nil, err
	}
	return ok(ScheduleList{Schedules: orEmpty(list)})
}

func (c *call) fleet() (*answer, error) {
	s, err := c.cfg.Fleet.FleetStatus(c.r.Context())
	if err != nil {
		return nil, unavailable(err)
	}
	s.Queues, s.Streams = orEmpty(s.Queues), orEmpty(s.Streams)
	return ok(s)
}

func (c *call) version() (*answer, error) { return ok(c.cfg.Fleet.Version()) }

func (c *call) me() (*answer, error) {
	return ok(Identity{Name: c.person.Name, Role: c.person.Role.String()})
}

func (c *call) openapi() (*answer, error) {
	return &answer{status: http.StatusOK, raw: c.document, media: "application/json"}, nil
}

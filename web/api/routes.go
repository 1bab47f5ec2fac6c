package api

import (
	"net/http"
	"slices"

	"aircheck/jobs"
	"aircheck/report"
	"aircheck/web/door"
)

// routes is the table of the API, in the order of the document.
func routes() []route {
	return slices.Concat(checkRoutes(), resultRoutes(), streamRoutes(), pastRoutes(), waiverRoutes(), catalogueRoutes(), fleetRoutes())
}

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// checkID is the parameter of all that is about one check.
func checkID() param { return path("id", "id of the check") }

func checkRoutes() []route {
	return []route{
		{
			method: post, path: "/checks", role: door.Operator, id: "submitCheck", tag: "checks", summary: "Hand a stream to the fleet",
			doc: "With the header Idempotency-Key the same request makes one check, however often it is sent: the second answer is 200 with the same id. " +
				"The server reads playlists and indexes of the input, with the credentials that it has; paths on its own disks are refused unless it was told to allow them.",
			params: []param{header("Idempotency-Key", "1 to 200 characters that stand for this request")},
			body:   CheckRequest{}, status: http.StatusCreated, answer: Submitted{}, others: map[int]string{200: "The check was there already"},
			problems: []Kind{KindConflict, KindInput, KindUnreachable}, do: (*call).submit,
		},
		{
			method: get, path: "/checks", role: door.Viewer, id: "listChecks", tag: "checks", summary: "List recent checks",
			params: []param{query("limit", "how many, 50 when it is missing", integer(1, maxPage)), query("offset", "how many newer ones to leave out", integer(0, maxOffset))},
			status: 200, answer: CheckList{}, do: (*call).listChecks,
		},
		{
			method: get, path: "/checks/{id}", role: door.Viewer, id: "getCheck", tag: "checks", summary: "Say how far a check is",
			params: []param{checkID()}, status: 200, answer: CheckStatus{}, problems: []Kind{KindNotFound}, do: (*call).status,
		},
		{
			method: post, path: "/checks/{id}/rejudge", role: door.Operator, id: "rejudgeCheck", tag: "checks", summary: "Judge a finished check under another profile",
			doc:    "Answers with the report, in the formats of getReport. Nothing is decoded, and what is stored stays as it is.",
			params: []param{checkID(), formatParam()}, body: RejudgeRequest{}, status: 200, answer: report.Report{}, media: mediaTypes(),
			problems: []Kind{KindNotFound, KindNotReady, KindBusy, KindUnacceptable}, do: (*call).rejudge,
		},
		{
			method: post, path: "/checks/{id}/verify", role: door.Operator, id: "verifyCheck", tag: "checks", summary: "Judge a finished check again and compare",
			params: []param{checkID()}, status: 200, answer: Verification{}, problems: []Kind{KindNotFound, KindNotReady, KindBusy}, do: (*call).verify,
		},
		{
			method: post, path: "/estimate", role: door.Operator, id: "estimateCheck", tag: "checks", summary: "Say what a check would take",
			doc:  "Reads playlists and indexes, and no media.",
			body: EstimateRequest{}, status: 200, answer: Estimate{}, problems: []Kind{KindInput, KindUnreachable}, do: (*call).estimate,
		},
	}
}

func formatParam() param {
	values := []any{}
	for _, f := range report.Formats() {
		values = append(values, f)
	}
	return query("format", "format of the report; missing: by the header Accept, else json", object{"type": "string", "enum": values})
}

// mediaTypes are those of reports that are no JSON.
func mediaTypes() []string {
	var list []string
	for _, f := range report.Formats() {
		if media := mediaOf(f); media != "application/json" && !slices.Contains(list, media) {
			list = append(list, media)
		}
	}
	return list
}

func resultRoutes() []route {
	notThere := []Kind{KindNotFound, KindNotReady}
	return []route{
		{
			method: get, path: "/checks/{id}/report", role: door.Viewer, id: "getReport", tag: "checks", summary: "Get the report of a check",
			doc: "A finished report never changes, but for the marks of waivers that hold at the moment (waived): ask again with If-None-Match. The content is compared with its digest first. The header Aircheck-Report says final or interim.",
			params: []param{
				checkID(), formatParam(), query("interim", "of a live check that goes on, take the report so far", boolean()), header("If-None-Match", "ETag of what is known"),
			},
			status: 200, answer: report.Report{}, media: mediaTypes(), others: map[int]string{304: "It is as it was"},
			problems: []Kind{KindNotFound, KindNotReady, KindNotJudged, KindUnacceptable}, do: (*call).report,
		},
		{
			method: get, path: "/checks/{id}/curves", role: door.Viewer, id: "getCurves", tag: "checks", summary: "Get what was measured over time",
			params: []param{checkID()}, status: 200, answer: jobs.Curves{}, problems: notThere, do: (*call).curves,
		},
		{
			method: get, path: "/checks/{id}/signatures", role: door.Viewer, id: "getSignatures", tag: "checks", summary: "Get the signatures of the findings",
			params: []param{checkID()}, status: 200, answer: SignatureList{}, problems: notThere, do: (*call).signatures,
		},
		{
			method: get, path: "/checks/{id}/evidence", role: door.Viewer, id: "getEvidence", tag: "checks", summary: "List the pictures that were made of a check",
			params: []param{checkID()}, status: 200, answer: jobs.Evidence{}, problems: notThere, do: (*call).evidence,
		},
		{
			method: get, path: "/checks/{id}/evidence/{file}", role: door.Viewer, id: "getEvidenceFile", tag: "checks", summary: "Get one of the pictures",
			params: []param{checkID(), path("file", "name, as the list has it")}, status: 200, media: evidenceTypes(), problems: notThere, do: (*call).evidenceFile,
		},
	}
}

func streamRoutes() []route {
	return []route{
		{
			method: get, path: "/streams", role: door.Viewer, id: "listStreams", tag: "streams", summary: "Say how the live streams are",
			doc:    "A stream that a producer wants and of which nothing was judged is among them: wanted says since when, and its check is empty.",
			status: 200, answer: StreamList{}, do: (*call).streams,
		},
		{
			method: get, path: "/streams/{name}", role: door.Viewer, id: "getStream", tag: "streams", summary: "Say how a live stream is",
			params: []param{path("name", "name of the stream")}, status: 200, answer: StreamStatus{}, problems: []Kind{KindNotFound}, do: (*call).stream,
		},
		{
			method: get, path: "/streams/{name}/hours", role: door.Viewer, id: "getHours", tag: "streams", summary: "Say how the hours of a live stream went, by minute",
			doc: "Hours are remembered for about a day. Letters of minutes: p clean, w warnings, f failures, - not analysed.",
			params: []param{
				path("name", "name of the stream"), query("from", "RFC 3339; missing: 24 hours ago", text()), query("to", "likewise; missing: now", text()),
			},
			status: 200, answer: HourList{}, do: (*call).hours,
		},
		{
			method: get, path: "/events", role: door.Viewer, id: "getEvents", tag: "streams", summary: "Hear what happens to the findings of live checks",
			doc: "With Accept: text/event-stream the connection stays open and gets server-sent events: event names are the kinds, data is an event, ids are cursors, and " +
				"Last-Event-ID goes on after one. Else the answer is a list, which waits for news as long as wait says. An event may be told twice, with the same id.",
			params: []param{
				query("after", "cursor to go on from, or 0 for the oldest that is remembered; missing: only what is new", text()), query("wait", "seconds to wait for news", integer(0, maxWait)),
				query("stream", "only of this stream", text()), query("check", "only of this check", text()), header("Last-Event-ID", "as after"),
			},
			status: 200, answer: EventList{}, media: []string{eventStream}, problems: []Kind{KindBusy}, do: (*call).events,
		},
	}
}

func pastRoutes() []route {
	return []route{
		{
			method: post, path: "/backfills", role: door.Operator, id: "beginBackfill", tag: "past", summary: "Check what lies in the past",
			doc: "With dry_run the answer is 200 and says what would be done. Else it is begun in the server's process, slowly and with a bound on what waits; when that process ends, the same " +
				"request submits what is missing.",
			body: BackfillRequest{}, status: http.StatusAccepted, answer: BackfillAnswer{}, others: map[int]string{200: "What would be done"},
			problems: []Kind{KindBusy, KindInput, KindUnreachable}, do: (*call).backfill,
		},
		{
			method: get, path: "/backfills", role: door.Viewer, id: "listBackfills", tag: "past", summary: "List the backfills of this process",
			status: 200, answer: BackfillList{}, do: (*call).listBackfills,
		},
		{
			method: get, path: "/backfills/{id}", role: door.Viewer, id: "getBackfill", tag: "past", summary: "Say how far a backfill is",
			params: []param{path("id", "id of the backfill")}, status: 200, answer: Backfill{}, problems: []Kind{KindNotFound}, do: (*call).getBackfill,
		},
		{
			method: http.MethodDelete, path: "/backfills/{id}", role: door.Operator, id: "stopBackfill", tag: "past", summary: "Stop a backfill",
			doc:    "What was submitted goes on; the same request submits the rest.",
			params: []param{path("id", "id of the backfill")}, status: 200, answer: Backfill{}, problems: []Kind{KindNotFound}, do: (*call).stopBackfill,
		},
		{
			method: get, path: "/schedules", role: door.Viewer, id: "listSchedules", tag: "past", summary: "Say what is done by the clock",
			params: []param{query("runs", "next runs of each, 1 when it is missing", integer(1, maxRuns))}, status: 200, answer: ScheduleList{}, problems: []Kind{KindNotFound}, do: (*call).schedules,
		},
	}
}

func waiverRoutes() []route {
	return []route{
		{
			method: get, path: "/waivers", role: door.Viewer, id: "listWaivers", tag: "waivers", summary: "List waivers",
			params: []param{query("active", "only those that are in force", boolean())}, status: 200, answer: WaiverList{}, do: (*call).waivers,
		},
		{
			method: post, path: "/waivers", role: door.Operator, id: "waive", tag: "waivers", summary: "Say that a finding is intended",
			doc:  "The waiver follows the content by what it looks and sounds like. It changes no report and no verdict.",
			body: WaiverRequest{}, status: http.StatusCreated, answer: jobs.Waiver{}, problems: []Kind{KindNotFound, KindNotReady}, do: (*call).waive,
		},
		{
			method: get, path: "/waivers/{id}", role: door.Viewer, id: "getWaiver", tag: "waivers", summary: "Get a waiver",
			params: []param{path("id", "id of the waiver")}, status: 200, answer: jobs.Waiver{}, problems: []Kind{KindNotFound}, do: (*call).waiver,
		},
		{
			method: http.MethodDelete, path: "/waivers/{id}", role: door.Operator, id: "endWaiver", tag: "waivers", summary: "Take a waiver back",
			doc:    "It stays listed, with who ended it.",
			params: []param{path("id", "id of the waiver")}, status: 200, answer: jobs.Waiver{}, problems: []Kind{KindNotFound}, do: (*call).endWaiver,
		},
		{
			method: get, path: "/audit", role: door.Viewer, id: "getAudit", tag: "waivers", summary: "Read the log of what people did",
			params: []param{query("limit", "how many, 100 when it is missing", integer(1, maxAudit))}, status: 200, answer: AuditList{}, do: (*call).audit,
		},
	}
}

func catalogueRoutes() []route {
	return []route{
		{method: get, path: "/profiles", role: door.Viewer, id: "listProfiles", tag: "catalogue", summary: "List the profiles", status: 200, answer: ProfileList{}, do: (*call).profiles},
		{
			method: get, path: "/profiles/{name}", role: door.Viewer, id: "getProfile", tag: "catalogue", summary: "Get a profile as YAML, with every threshold in force",
			params: []param{path("name", "name; several, with commas between them, are laid over each other"), query("set", "threshold=value on top; may be given several times", text())},
			status: 200, media: []string{mediaYAML}, problems: []Kind{KindNotFound}, do: (*call).profile,
		},
		{method: get, path: "/detectors", role: door.Viewer, id: "listDetectors", tag: "catalogue", summary: "List what can be found", status: 200, answer: DetectorList{}, do: (*call).detectors},
		{
			method: get, path: "/detectors/{code}", role: door.Viewer, id: "getDetector", tag: "catalogue", summary: "Explain one code", params: []param{path("code", "code of findings: video.freeze")},
			status: 200, answer: Detector{}, problems: []Kind{KindNotFound}, do: (*call).detector,
		},
		{method: get, path: "/rules", role: door.Viewer, id: "listRules", tag: "catalogue", summary: "List the rules of packaging and delivery", status: 200, answer: RuleList{}, do: (*call).rules},
	}
}

func fleetRoutes() []route {
	return []route{
		{method: get, path: "/fleet", role: door.Viewer, id: "getFleet", tag: "fleet", summary: "Say how the fleet is", status: 200, answer: FleetStatus{}, do: (*call).fleet},
		{method: get, path: "/version", role: door.Viewer, id: "getVersion", tag: "fleet", summary: "Get the versions that a report depends on", status: 200, answer: Version{}, do: (*call).version},
		{method: get, path: "/me", role: door.Viewer, id: "getIdentity", tag: "fleet", summary: "Say who asks, and as what", status: 200, answer: Identity{}, do: (*call).me},
		{
			method: get, path: "/openapi.json", role: door.Viewer, id: "getDocument", tag: "fleet", summary: "Get this document", status: 200, answer: map[string]any{},
			do: (*call).openapi,
		},
	}
}

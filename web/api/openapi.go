package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"aircheck/web/door"
)

const about = `Everything that the commands of aircheck do, for programs.

Whoever asks shows a token (Authorization: Bearer …), made by 'aircheck tokens new', or the password of the site (HTTP Basic). A viewer may read, an operator may also have
things checked and judged and may waive findings; an admin may do everything.

Errors are problems as of RFC 9457. The document describes what is: properties may be added at any time, and clients have to ignore those that they do not know. Bodies of
requests are strict: what is not known is an error.`

// document is the OpenAPI document of a table.
func document(table []route, version string) ([]byte, error) {
	s := newSchemas()
	problem := s.of(reflect.TypeFor[Problem]())
	s.enumerate("Problem", "type", func(yield func(any)) {
		for _, k := range kinds() {
			yield(typePrefix + string(k))
		}
	})
	paths := object{}
	for _, rt := range table {
		item, _ := paths[rt.path].(object)
		if item == nil {
			item = object{}
			paths[rt.path] = item
		}
		item[strings.ToLower(rt.method)] = rt.operation(s, problem)
	}
	doc := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "aircheck", "version": version, "summary": "Finds audio and video defects in streams", "description": about,
			"license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":  []any{object{"url": Prefix}},
		"security": []any{object{"token": []any{}}, object{"password": []any{}}, object{"session": []any{}}},
		"tags":     tags(),
		"paths":    paths,
		"components": object{
			"schemas": s.components,
			"securitySchemes": object{
				"token":    object{"type": "http", "scheme": "bearer", "description": "made by 'aircheck tokens new'"},
				"password": object{"type": "http", "scheme": "basic", "description": "that of the site, with any user name"},
				"session":  object{"type": "apiKey", "in": "cookie", "name": door.CookieName, "description": "of a browser that has logged in"},
			},
		},
	}
	if s.err != nil {
		return nil, fmt.Errorf("describe the API: %w", s.err)
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the description of the API: %w", err)
	}
	return append(b, '\n'), nil
}

func (rt *route) operation(s *schemas, problem object) object {
	description := rt.doc
	if description != "" {
		description += "\n\n"
	}
	op := object{
		"operationId": rt.id, "summary": rt.summary, "description": description + "Needs the role " + rt.role.String() + ".", "tags": []any{rt.tag},
		"responses": rt.responses(s, problem), "x-role": rt.role.String(),
	}
	params := []any{}
	for _, p := range rt.params {
		params = append(params, object{"name": p.name, "in": p.in, "description": p.doc, "required": p.in == "path", "schema": p.schema})
	}
	if len(params) > 0 {
		op["parameters"] = params
	}
	if rt.body != nil {
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": s.closed(reflect.TypeOf(rt.body))}}}
	}
	return op
}

func (rt *route) responses(s *schemas, problem object) object {
	content := object{}
	for _, media := range rt.media {
		content[media] = object{"schema": object{"type": "string"}}
	}
	if rt.answer != nil {
		content["application/json"] = object{"schema": s.of(reflect.TypeOf(rt.answer))}
	}
	success := object{"description": http.StatusText(rt.status)}
	if len(content) > 0 {
		success["content"] = content
	}
	responses := object{strconv.Itoa(rt.status): success}
	for status, why := range rt.others {
		other := object{"description": why}
		if rt.answer != nil && status != http.StatusNotModified && status != http.StatusNoContent {
			other["content"] = content
		}
		responses[strconv.Itoa(status)] = other
	}
	for _, status := range rt.refusals() {
		responses[strconv.Itoa(status)] = object{
			"description": http.StatusText(status), "content": object{"application/problem+json": object{"schema": problem}},
		}
	}
	return responses
}

// refusals are the statuses of the problems that a request can have.
func (rt *route) refusals() []int {
	list := []int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusUnprocessableEntity, http.StatusInternalServerError,
		http.StatusServiceUnavailable,
	}
	if rt.body != nil {
		list = append(list, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	for _, k := range rt.problems {
		list = append(list, statusOf(k))
	}
	return list
}

func tags() []any {
	list := []any{}
	for _, t := range [][2]string{
		{"checks", "what is checked, how far it is, and what came of it"}, {"streams", "live streams and their news"}, {"past", "what lies in the past, and what is done by the clock"},
		{"waivers", "findings that are intended, and the log of what people did"}, {"catalogue", "what can be found, and by which thresholds"}, {"fleet", "the fleet and this API"},
	} {
		list = append(list, object{"name": t[0], "description": t[1]})
	}
	return list
}

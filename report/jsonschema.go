package report

import _ "embed" // the schema

//go:embed report.schema.json
var jsonSchema []byte

// JSONSchema is the JSON Schema (draft 2020-12) of the JSON report. It demands what docs/REPORT.md promises and lets pass what it does not know, as consumers should.
func JSONSchema() []byte { return append([]byte(nil), jsonSchema...) }

package slicing

import (
	"testing"

	"aircheck/internal/schema"
	"aircheck/jobs"
	contract "aircheck/report"
)

// valid holds the report that a result makes against the JSON Schema: whatever the clips of this package can bring about stands in it.
func valid(t *testing.T, check *jobs.Check, result jobs.Result) {
	t.Helper()
	r, err := contract.Build(check, result, "test", "test", contract.Run{})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Strict(contract.JSONSchema(), doc); err != nil {
		t.Errorf("the report is not as its schema says: %v", err)
	}
}

// Package schema holds documents against a JSON Schema in tests, with a validator that is not ours.
package schema

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Validate holds a document against a schema.
func Validate(schema, doc []byte) error { return validate(schema, doc, false) }

// Strict is Validate, and refuses members that the schema does not describe although it describes their neighbours.
func Strict(schema, doc []byte) error { return validate(schema, doc, true) }

func validate(schema, doc []byte, strict bool) error {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return fmt.Errorf("read schema: %w", err)
	}
	if strict {
		closeObjects(parsed)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", parsed); err != nil {
		return fmt.Errorf("read schema: %w", err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		return fmt.Errorf("read schema: %w", err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return errors.Join(errors.New("the document is no JSON"), err)
	}
	return compiled.Validate(value)
}

func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok {
			v["additionalProperties"] = false
		}
		for _, e := range v {
			closeObjects(e)
		}
	case []any:
		for _, e := range v {
			closeObjects(e)
		}
	}
}

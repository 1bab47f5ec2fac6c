package api

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"aircheck/jobs"
)

// object is a JSON object of the document.
type object = map[string]any

// schemas makes JSON Schemas (2020-12, as OpenAPI 3.1 has them) of Go types. What has a name stands once, among the components.
type schemas struct {
	components object
	types      map[string]reflect.Type // by name in components
	err        error                   // the first
}

func newSchemas() *schemas { return &schemas{components: object{}, types: map[string]reflect.Type{}} }

// enums are the types of strings that have few values.
func enums(t reflect.Type) []any {
	switch t {
	case reflect.TypeFor[jobs.Severity]():
		return []any{jobs.Info, jobs.Warn, jobs.Fail}
	case reflect.TypeFor[jobs.Verdict]():
		return []any{jobs.VerdictPass, jobs.VerdictWarn, jobs.VerdictIncomplete, jobs.VerdictFail}
	case reflect.TypeFor[jobs.State]():
		return []any{jobs.Analysed, jobs.Failed, jobs.Skipped, jobs.Pending}
	case reflect.TypeFor[jobs.EventKind]():
		return []any{jobs.EventOpened, jobs.EventUpdated, jobs.EventClosed, jobs.EventWithdrawn, jobs.EventFinished, jobs.EventGivenUp, jobs.EventSilent, jobs.EventHeard}
	}
	return nil
}

// of is the schema of a type, or a reference to it.
func (s *schemas) of(t reflect.Type) object {
	if t == reflect.TypeFor[time.Time]() {
		return object{"type": "string", "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		if values := enums(t); values != nil {
			return object{"type": "string", "enum": values}
		}
		return object{"type": "string"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{"type": "string", "contentEncoding": "base64"}
		}
		return object{"type": "array", "items": s.element(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.element(t.Elem())}
	case reflect.Interface:
		return object{}
	case reflect.Struct:
		return s.component(t)
	}
	s.fail(fmt.Errorf("no schema for %s", t))
	return object{}
}

// element is the schema of what stands in a list, where a pointer may be null.
func (s *schemas) element(t reflect.Type) object {
	if t.Kind() == reflect.Pointer {
		return nullable(s.of(t.Elem()))
	}
	return s.of(t)
}

func nullable(schema object) object {
	if kind, ok := schema["type"].(string); ok {
		schema["type"] = []any{kind, "null"}
		return schema
	}
	return object{"anyOf": []any{schema, object{"type": "null"}}}
}

// component describes a struct among the components and refers to it.
func (s *schemas) component(t reflect.Type) object {
	name := t.Name()
	if pkg := t.PkgPath(); strings.HasSuffix(pkg, "/report") && name != "Report" {
		name = "Report" + name
	}
	ref := object{"$ref": "#/components/schemas/" + name}
	if known, ok := s.types[name]; ok {
		if known != t {
			s.fail(fmt.Errorf("both %s and %s would be called %s", known, t, name))
		}
		return ref
	}
	s.types[name] = t
	properties, required := object{}, []any{}
	s.fields(t, properties, &required)
	described := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		described["required"] = required
	}
	s.components[name] = described
	return ref
}

func (s *schemas) fields(t reflect.Type, properties object, required *[]any) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			s.fields(f.Type, properties, required)
			continue
		case !f.IsExported() || name == "-":
			continue
		case name == "":
			name = f.Name
		}
		optional := strings.Contains(options, "omit")
		schema := s.of(f.Type)
		if f.Type.Kind() == reflect.Pointer && !optional {
			schema = nullable(schema)
		}
		properties[name] = documented(schema, f.Tag)
		if !optional {
			*required = append(*required, name)
		}
	}
}

// documented adds what the tags of a field say.
func documented(schema object, tag reflect.StructTag) object {
	if doc := tag.Get("doc"); doc != "" {
		schema["description"] = doc
	}
	if enum := tag.Get("enum"); enum != "" {
		values := []any{}
		for value := range strings.SplitSeq(enum, ",") {
			values = append(values, value)
		}
		schema["enum"] = values
	}
	return schema
}

// closed forbids properties that are not known in the body of a request, as the decoder does.
func (s *schemas) closed(t reflect.Type) object {
	ref := s.of(t)
	if described, ok := s.components[t.Name()].(object); ok {
		described["additionalProperties"] = false
	}
	return ref
}

// enumerate says which values a property of a component has.
func (s *schemas) enumerate(name, property string, each func(yield func(any))) {
	values := []any{}
	each(func(value any) { values = append(values, value) })
	described, _ := s.components[name].(object)
	properties, _ := described["properties"].(object)
	schema, ok := properties[property].(object)
	if !ok {
		s.fail(fmt.Errorf("%s has no %s", name, property))
		return
	}
	schema["enum"] = values
}

func (s *schemas) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

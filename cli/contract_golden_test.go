package cli

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ringside/cli/golden"
)

// The helpers of the contract tests: the shape of JSON, and the comparison with golden files.

// compareGolden compares got with a golden file, entry by entry. compare returns the entry for the
// updated file, and what is wrong with got, or "". With -update, compareGolden adds the entries
// that only got has, and writes the file.
func compareGolden[V any](t *testing.T, name string, got map[string]V, compare func(want, got V) (V, string)) {
	t.Helper()
	path := filepath.Join("testdata", "contract", name)
	want := map[string]V{}
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &want)
	}
	if err != nil && !(golden.Updating() && os.IsNotExist(err)) {
		t.Fatal(err)
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		g, ok := got[key]
		if !ok {
			t.Errorf("%s: %q is gone", name, key)
			continue
		}
		merged, wrong := compare(want[key], g)
		if wrong != "" {
			t.Errorf("%s: %q: %s", name, key, wrong)
		}
		want[key] = merged
	}
	for key, g := range got {
		if _, ok := want[key]; ok {
			continue
		}
		if !golden.Updating() {
			t.Errorf("%s: %q is not in the golden file; run go test ./cli -run TestContract -update", name, key)
		}
		want[key] = g
	}
	if !golden.Updating() {
		return
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(want); err != nil {
		t.Fatal(err)
	}
	golden.Write(t, path, out.Bytes())
}

func missing(want, got []string) []string {
	var out []string
	for _, s := range want {
		if !slices.Contains(got, s) {
			out = append(out, s)
		}
	}
	return out
}

func union(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// shape lists the fields of a stream of JSON objects.
func shape(t *testing.T, line, text string) []string {
	t.Helper()
	found := map[string]bool{}
	for d := json.NewDecoder(strings.NewReader(text)); d.More(); {
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: not JSON: %v: %.200s", line, err, text)
		}
		walk("", v, found)
		checkVersions(t, line, v)
	}
	return slices.Sorted(maps.Keys(found))
}

// openMaps are the objects whose keys are data: nodes, links, kinds of faults.
var openMaps = regexp.MustCompile(`\.(clock|slow_ms|loss|faults|by_fault|reasons|ratio|ratio_[a-z0-9]+|message_bytes)$`)

func walk(path string, v any, found map[string]bool) {
	kind := ""
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			if openMaps.MatchString(path) {
				name = "*"
			}
			walk(path+"."+name, field, found)
		}
		kind = "object"
	case []any:
		for _, element := range v {
			walk(path+"[]", element, found)
		}
		kind = "list"
	case string:
		kind = "string"
	case float64:
		kind = "number"
	case bool:
		kind = "bool"
	case nil:
		kind = "null"
	}
	found[path+" "+kind] = true
}

// checkVersions checks that every object with a clock has also dot, past and notation.
func checkVersions(t *testing.T, line string, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["clock"].(map[string]any); ok {
			_, dot := v["dot"].(map[string]any)
			_, past := v["past"].([]any)
			_, notation := v["notation"].(string)
			if !dot || !past || !notation {
				t.Errorf("%s: a version lacks dot, past or notation: %v", line, v)
			}
		}
		for _, field := range v {
			checkVersions(t, line, field)
		}
	case []any:
		for _, element := range v {
			checkVersions(t, line, element)
		}
	}
}

// maxFill bounds how deep fill goes into types that contain themselves.
const maxFill = 12

// fill gives every field a value that is not its zero value.
func fill(v reflect.Value, depth int) {
	if depth > maxFill || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	}
}

package httpdoor

import (
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"ringside/riak/kv"
)

const indexPrefix = "X-Riak-Index-"

// isIndex reports whether a name is one of an index field that a header of an answer may have.
func isIndex(name string) bool {
	field, ok := strings.CutPrefix(name, indexPrefix)
	return ok && isMeta(metaPrefix+field)
}

// commaBlank separates the values of one index header.
var commaBlank = regexp.MustCompile(`,\s`)

// parseIndexes returns the index fields of a request, which are stored and not used. why is the
// text of the answer if a field is bad.
func parseIndexes(h http.Header) (fields []kv.Pair, why string) {
	for name, values := range h {
		field, ok := strings.CutPrefix(name, indexPrefix)
		if !ok {
			continue
		}
		field = strings.ToLower(field)
		for _, value := range commaBlank.Split(strings.Join(values, ", "), -1) {
			parsed, bad := parseIndex(field, value)
			why += bad
			fields = append(fields, kv.Pair{Key: field, Value: parsed})
		}
	}
	slices.SortFunc(fields, func(a, b kv.Pair) int {
		return slices.Compare([]string{a.Key, a.Value}, []string{b.Key, b.Value})
	})
	return fields, why
}

// parseIndex returns the value of an index field, or why it is bad. The end of a field's name says
// what its values are.
func parseIndex(field, value string) (parsed, why string) {
	switch {
	case strings.Contains(field, "_bin"), field == "$bucket", field == "$key":
		return value, ""
	case !strings.Contains(field, "_int"):
		return "", fmt.Sprintf("Unknown field type for field: '%s'.\n", field)
	}
	n, ok := new(big.Int).SetString(value, 10)
	if !ok || strings.Contains(value, "_") {
		return "", fmt.Sprintf("Could not parse field '%s', value '%s'.\n", field, value)
	}
	return n.String(), ""
}

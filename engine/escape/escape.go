// Package escape makes untrusted bytes fit for a terminal and for JSON lines: keys, values, names and errors of other
// nodes can hold control characters.
package escape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Terminal makes untrusted bytes fit for a terminal: printable runes stay, all
// else (controls, escapes, bidirectional marks, invalid UTF-8) becomes \xNN
// for each byte, and a backslash is doubled so that nothing can be forged. Every key, value,
// node name and remote error goes through it.
func Terminal(b []byte) string {
	clean := true
	for i := 0; i < len(b) && clean; {
		r, n := utf8.DecodeRune(b[i:])
		clean = printable(r, n) && r != '\\'
		i += n
	}
	if clean {
		return string(b)
	}
	var out strings.Builder
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == '\\':
			out.WriteString(`\\`)
		case printable(r, n):
			out.Write(b[i : i+n])
		default:
			for _, c := range b[i : i+n] {
				fmt.Fprintf(&out, `\x%02x`, c)
			}
		}
		i += n
	}
	return out.String()
}

func printable(r rune, size int) bool {
	return !(r == utf8.RuneError && size == 1) && unicode.IsPrint(r)
}

// TerminalShort is Terminal, cut to at most limit runes with a sign that it was cut.
func TerminalShort(b []byte, limit int) string {
	s := Terminal(b[:min(len(b), limit*utf8.UTFMax)])
	if utf8.RuneCountInString(s) <= limit && len(b) <= limit*utf8.UTFMax {
		return s
	}
	r := []rune(s)
	return string(r[:min(len(r), max(limit-1, 0))]) + "…"
}

// JSON is json.Marshal whose strings hold printable runes only; the
// rest stands as \u escapes, which mean the same to a JSON reader.
func JSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	b := bytes.TrimRight(buf.Bytes(), "\n")
	var out bytes.Buffer
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case unicode.IsPrint(r):
			out.Write(b[i : i+n])
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		i += n
	}
	return out.Bytes(), nil
}

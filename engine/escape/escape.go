package escape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Terminal returns b with printable runes unchanged and each byte of all other runes as \xNN. It
// doubles a backslash, so that no input can imitate an escaped byte.
func Terminal(b []byte) string { return escaped(b, true) }

// Typed is Terminal for what the user typed, such as a command, a condition or the name of a file.
// It leaves a backslash as it is, so that the user recognizes the text and can type it again.
func Typed(b []byte) string { return escaped(b, false) }

// escaped is Terminal, or Typed if backslashes are not doubled.
func escaped(b []byte, doubles bool) string {
	clean := true
	for i := 0; i < len(b) && clean; {
		r, n := utf8.DecodeRune(b[i:])
		clean = printable(r, n) && !(doubles && r == '\\')
		i += n
	}
	if clean {
		return string(b)
	}
	var out strings.Builder
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case doubles && r == '\\':
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

// TerminalShort returns Terminal(b), cut to at most limit runes. An ellipsis ends a text that was
// cut.
func TerminalShort(b []byte, limit int) string { return short(b, limit, Terminal) }

// TypedShort is TerminalShort for what the user typed. See Typed.
func TypedShort(b []byte, limit int) string { return short(b, limit, Typed) }

func short(b []byte, limit int, escape func([]byte) string) string {
	s := escape(b[:min(len(b), limit*utf8.UTFMax)])
	if utf8.RuneCountInString(s) <= limit && len(b) <= limit*utf8.UTFMax {
		return s
	}
	r := []rune(s)
	return string(r[:min(len(r), max(limit-1, 0))]) + "…"
}

// JSON returns the JSON of v, as json.Marshal does, with \u escapes for all runes that are not
// printable.
func JSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return Lines(bytes.TrimRight(buf.Bytes(), "\n")), nil
}

// Lines returns lines of JSON with \u escapes for all runes that are not printable. It returns b
// itself if there is none.
func Lines(b []byte) []byte {
	if !slices.ContainsFunc(b, func(c byte) bool { return c != '\n' && (c < ' ' || c > '~') }) {
		return b
	}
	var out bytes.Buffer
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out.Write(b[i : i+n])
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		i += n
	}
	return out.Bytes()
}

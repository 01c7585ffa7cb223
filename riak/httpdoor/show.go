package httpdoor

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"

	"ringside/riak/kv"
)

// show makes the body of an answer that shows the object: its value, or its siblings.
func (o *object) show(x *exchange) int {
	x.set("X-Riak-Vclock", encodeVClock(o.doc.VClock))
	if c := o.chosen(x); c != nil {
		showContent(x, c)
		if _, given := x.q.get("vtag"); given && c.Deleted {
			x.set("X-Riak-Deleted", "true")
		}
		return http.StatusOK
	}
	if x.mediaType == "multipart/mixed" {
		boundary := kv.NewKey()
		x.set("Content-Type", "multipart/mixed; boundary="+boundary)
		x.body = multipart(x, boundary, o.doc.Contents)
		return http.StatusMultipleChoices
	}
	x.set("Content-Type", "text/plain")
	x.body = []byte("Siblings:\n")
	for _, c := range o.doc.Contents {
		x.body = append(append(x.body, c.VTag...), '\n')
	}
	return http.StatusMultipleChoices
}

// showContent makes the headers and the body for one content.
func showContent(x *exchange, c *kv.Content) {
	x.set("Link", linkHeader(x.at, c.Links))
	h := x.w.Header()
	for _, p := range c.UserMeta {
		if isMeta(p.Key) {
			merge(h, p.Key, p.Value)
		}
	}
	for _, p := range c.Indexes {
		if name := indexPrefix + p.Key; isIndex(name) {
			merge(h, name, p.Value)
		}
	}
	x.body = c.Value
}

// merge adds a value to a header. Several values make one line, as in Riak.
func merge(h http.Header, name, value string) {
	name = textproto.CanonicalMIMEHeaderKey(name)
	if old, ok := h[name]; ok {
		value = old[0] + ", " + value
	}
	h[name] = []string{value}
}

// multipart returns a body that has each content as a part.
func multipart(x *exchange, boundary string, contents []kv.Content) []byte {
	var out bytes.Buffer
	for i := range contents {
		fmt.Fprintf(&out, "\r\n--%s\r\n", boundary)
		writePart(&out, x.at, &contents[i])
	}
	fmt.Fprintf(&out, "\r\n--%s--\r\n", boundary)
	return out.Bytes()
}

// oneLine replaces what would end a header.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// writePart writes one content as a part of a multipart body.
func writePart(out *bytes.Buffer, at place, c *kv.Content) {
	line := func(name, value string) { fmt.Fprintf(out, "%s: %s\r\n", name, oneLine.Replace(value)) }
	typ := mediaType(c)
	if c.Charset != "" {
		typ += "; charset=" + c.Charset
	}
	line("Content-Type", typ)
	if c.Encoding != "" {
		line("Content-Encoding", c.Encoding)
	}
	line("Link", linkHeader(at, c.Links))
	line("Etag", c.VTag)
	line("Last-Modified", c.LastMod.UTC().Format(http.TimeFormat))
	if c.Deleted {
		line("X-Riak-Deleted", "true")
	}
	for _, p := range c.UserMeta {
		if isMeta(p.Key) {
			line(p.Key, p.Value)
		}
	}
	for _, p := range c.Indexes {
		if name := indexPrefix + p.Key; isIndex(name) {
			line(name, p.Value)
		}
	}
	out.WriteString("\r\n")
	out.Write(c.Value)
}

func encodeVClock(clock []byte) string { return base64.StdEncoding.EncodeToString(clock) }

// decodeVClock decodes a header with a vclock. Blanks in it do not count.
func decodeVClock(header string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(header), ""))
}

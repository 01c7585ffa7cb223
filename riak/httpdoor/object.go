package httpdoor

import (
	"crypto/sha256"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"ringside/riak/kv"
)

// byDefaultType is the media type of a value that was stored without one.
const byDefaultType = "application/octet-stream"

// An object is the resource of one object, or of a new one if the path has no key.
type object struct {
	options options
	links   []kv.Link
	indexes []kv.Pair

	asked bool      // doc was read, or written and returned
	doc   kv.Object // zero if there is none
	err   error     // why doc could not be read
}

func (o *object) methods() []string {
	return []string{http.MethodHead, http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}
}

// writes reports whether the request stores a value.
func (x *exchange) writes() bool {
	return x.r.Method == http.MethodPut || x.r.Method == http.MethodPost
}

func (o *object) malformed(x *exchange) int {
	if x.writes() {
		if _, given := x.header("Content-Type"); !given {
			return x.text(http.StatusBadRequest, "Missing Content-Type request header")
		}
	}
	if status := o.options.parse(x); status != 0 || !x.writes() {
		return status
	}
	var ok bool
	if o.links, ok = parseLinks(x); !ok {
		form := "</buckets/BUCKET/keys/KEY>"
		if x.at.style == oldStyle {
			form = "</riak/BUCKET/KEY>"
		}
		return x.text(http.StatusBadRequest, "Invalid Link header. Links must be of the form\n%s; riaktag=\"TAG\"\n", form)
	}
	var why string
	if o.indexes, why = parseIndexes(x.r.Header); why != "" {
		return x.text(http.StatusBadRequest, "%s", why)
	}
	return 0
}

// permitted refuses requests for objects of unknown types, and requests that need an object which
// is absent.
func (o *object) permitted(x *exchange) int {
	if x.writes() {
		exists, err := x.s.o.Store.TypeExists(x.ctx, x.at.typ)
		if err != nil {
			return x.failed(err)
		}
		if !exists {
			return x.failed(kv.ErrNoType)
		}
		return 0
	}
	o.load(x)
	switch {
	case o.err != nil:
		return x.failed(o.err)
	case o.doc.Deleted:
		x.set("X-Riak-Vclock", encodeVClock(o.doc.VClock))
		x.set("X-Riak-Deleted", "true")
		return x.failed(kv.ErrNotFound)
	case o.doc.Absent():
		return x.failed(kv.ErrNotFound)
	}
	return 0
}

// load reads the object, once.
func (o *object) load(x *exchange) {
	if o.asked || !x.at.hasKey {
		return
	}
	o.asked = true
	o.doc, o.err = x.s.o.Store.Get(x.ctx, x.at.object(), o.options.get())
	if abandoned(x.ctx, o.err) {
		panic(http.ErrAbortHandler)
	}
}

// chosen returns the one content that the request is about: the only one, or the one with the
// request's vtag. It returns nil if there are several.
func (o *object) chosen(x *exchange) *kv.Content {
	if len(o.doc.Contents) == 1 {
		return &o.doc.Contents[0]
	}
	if vtag, given := x.q.get("vtag"); given {
		if i := slices.IndexFunc(o.doc.Contents, func(c kv.Content) bool { return c.VTag == vtag }); i >= 0 {
			return &o.doc.Contents[i]
		}
	}
	return nil
}

func (o *object) types(x *exchange) []string {
	if x.writes() {
		typ, _ := contentType(x)
		return []string{typ}
	}
	if c := o.chosen(x); c != nil {
		return []string{mediaType(c)}
	}
	return []string{"text/plain", "multipart/mixed"}
}

func (o *object) charset(x *exchange) string {
	if x.writes() {
		_, charset := contentType(x)
		return charset
	}
	if c := o.chosen(x); c != nil {
		return c.Charset
	}
	return ""
}

// encoding returns the encoding of the stored value, also for a request that replaces the value, as
// Riak does.
func (o *object) encoding(x *exchange) string {
	o.load(x)
	if c := o.chosen(x); c != nil {
		return c.Encoding
	}
	return ""
}

func (o *object) exists(x *exchange) (bool, int) {
	o.load(x)
	if len(o.doc.Contents) == 0 {
		return false, 0
	}
	vtag, given := x.q.get("vtag")
	return !given || slices.ContainsFunc(o.doc.Contents, func(c kv.Content) bool { return c.VTag == vtag }), 0
}

// etag returns the vtag. Several siblings together have a tag that changes if one of them does.
func (o *object) etag(x *exchange) string {
	if c := o.chosen(x); c != nil {
		return c.VTag
	}
	tags := make([]string, len(o.doc.Contents))
	for i, c := range o.doc.Contents {
		tags[i] = c.VTag
	}
	slices.Sort(tags)
	sum := sha256.Sum256([]byte(strings.Join(tags, " ")))
	return new(big.Int).SetBytes(sum[:16]).Text(62)
}

func (o *object) modified(x *exchange) time.Time {
	if c := o.chosen(x); c != nil {
		return c.LastMod
	}
	var latest time.Time
	for _, c := range o.doc.Contents {
		if c.LastMod.After(latest) {
			latest = c.LastMod
		}
	}
	return latest
}

func (o *object) accept(x *exchange) int {
	if x.r.Method == http.MethodPost && !x.at.hasKey {
		x.at.key = kv.NewKey()
		path := x.at.style.path(x.at.bucket, x.at.key)
		if x.at.style == typedStyle {
			path = "/types/" + quote(x.at.typ) + path
		}
		x.set("Location", path)
	}
	if x.r.Method == http.MethodPut || !x.at.hasKey {
		if media, ok := acceptable(x); !ok {
			return x.text(http.StatusUnsupportedMediaType, "%q is not a valid media type for the Content-type header.\n", media)
		}
	}
	status := o.put(x)
	if status == 0 && !x.at.hasKey {
		return http.StatusCreated
	}
	if status == 0 {
		return http.StatusNoContent
	}
	return status
}

// acceptable reports whether the media type of the request has the form TYPE/SUBTYPE. Capitals and
// blanks at its end are not accepted, as in Riak.
func acceptable(x *exchange) (media string, ok bool) {
	header, _ := x.header("Content-Type")
	media, _, _ = strings.Cut(header, ";")
	typ, subtype, ok := strings.Cut(media, "/")
	ok = ok && typ != "" && subtype != "" && !strings.Contains(subtype, "/")
	return media, ok && strings.ToLower(strings.TrimSpace(media)) == media
}

// put stores the value. The status is 0 if the answer has no body.
func (o *object) put(x *exchange) int {
	body, status := x.content()
	if status != 0 {
		return status
	}
	clock, status := x.vclock()
	if status != 0 {
		return status
	}
	c := kv.Content{Value: body, Links: o.links, Indexes: o.indexes, UserMeta: userMeta(x.r.Header)}
	c.ContentType, c.Charset = contentType(x)
	c.Encoding, _ = x.header("Content-Encoding")
	opts := o.options.put()
	opts.VClock, opts.ReturnBody = clock, x.q.is("returnbody", "true")
	doc, err := x.s.o.Store.Put(x.ctx, x.at.object(), c, opts)
	if err != nil {
		return x.failed(err)
	}
	if !opts.ReturnBody {
		return 0
	}
	o.doc, o.asked, o.err = doc, true, nil
	x.set("ETag", quoted(o.etag(x)))
	x.set("Last-Modified", o.modified(x).UTC().Format(http.TimeFormat))
	if o.chosen(x) == nil {
		x.mediaType = "text/plain"
		if accept, given := x.header("Accept"); given {
			if chosen, ok := chooseType([]string{"multipart/mixed", "text/plain"}, accept); ok {
				x.mediaType = chosen
			}
		}
	}
	shown := o.show(x)
	if !x.at.hasKey {
		return http.StatusCreated
	}
	return shown
}

// vclock returns the vclock of the request, nil if there is none.
func (x *exchange) vclock() ([]byte, int) {
	given, _ := x.header("X-Riak-Vclock")
	clock, err := decodeVClock(given)
	if err != nil {
		return nil, x.failed(kv.ErrDamagedVClock)
	}
	return clock, 0
}

func (o *object) remove(x *exchange) int {
	clock, status := x.vclock()
	if status != 0 {
		return status
	}
	opts := o.options.del()
	opts.VClock = clock
	if err := x.s.o.Store.Delete(x.ctx, x.at.object(), opts); err != nil {
		return x.failed(err)
	}
	return http.StatusNoContent
}

// mediaType returns the media type of a content.
func mediaType(c *kv.Content) string {
	if c.ContentType == "" {
		return byDefaultType
	}
	return c.ContentType
}

// contentType returns the media type and the character set of the request. Other parameters are not
// stored, as in Riak.
func contentType(x *exchange) (media, charset string) {
	header, _ := x.header("Content-Type")
	words := strings.FieldsFunc(header, func(c rune) bool { return c == ';' || c == ' ' })
	if len(words) == 0 {
		return byDefaultType, ""
	}
	for _, word := range words[1:] {
		if name, value, _ := strings.Cut(word, "="); name == "charset" && charset == "" {
			charset = value
		}
	}
	return words[0], charset
}

// userMeta returns the metadata of the request, in the order of the names.
func userMeta(h http.Header) []kv.Pair {
	var out []kv.Pair
	for name, values := range h {
		if isMeta(name) {
			out = append(out, kv.Pair{Key: name, Value: strings.Join(values, ", ")})
		}
	}
	slices.SortFunc(out, func(a, b kv.Pair) int { return strings.Compare(a.Key, b.Key) })
	return out
}

const metaPrefix = "X-Riak-Meta-"

// isMeta reports whether a name is one of metadata that a header of an answer may have.
func isMeta(name string) bool {
	if len(name) <= len(metaPrefix) || !strings.EqualFold(name[:len(metaPrefix)], metaPrefix) {
		return false
	}
	return !strings.ContainsFunc(name, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c)
	})
}

package diagram

import (
	"encoding/xml"
	"fmt"
	"strings"

	"ringside/cli/render"
)

// Sizes of the picture in pixels. Text is in a monospaced font, so that its width is known.
const (
	svgRow   = 24
	svgLane  = 96
	svgTime  = 84 // the column of the times
	svgTop   = 92 // the title and the names of the lanes
	svgChar  = 7.3
	svgPad   = 16
	svgNote  = 24 // between the lanes and the sentences
	svgBar   = 260
	svgLabel = 150 // the column of the names of shares
)

// svgStyle are the colours of the picture, for a light and for a dark page. The colours of nodes
// and tones are those of Okabe and Ito, which colour-blind people can tell apart.
const svgStyle = `
.bg{fill:#ffffff}
text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:12px;fill:#1f2328}
.title{font-size:15px}.title,.head,.name{font-weight:700}.name{text-anchor:middle}.rank{fill:#6b7280;text-anchor:middle}
.time,.dim{fill:#6b7280}.time{text-anchor:end}.lane{stroke:#c4c9d1}.cut{stroke:#b84a00;stroke-dasharray:3 4}
.break{stroke:#c4c9d1;stroke-dasharray:1 5}line{stroke-width:1.4}.t{stroke:#1f2328;fill:#1f2328}text.t{stroke:none}
.bad{stroke:#b84a00;fill:#b84a00}.hint{stroke:#9c4f7e;fill:#9c4f7e}
.accent{stroke:#005f87;fill:#005f87}
.concurrent{stroke:#9a6700;fill:#9a6700}.good{stroke:#00785a;fill:#00785a}.bar{fill:#005f87}
text.bad,text.hint,text.accent,text.concurrent,text.good{stroke:none}.after{opacity:.72}
@media(prefers-color-scheme:dark){.bg{fill:#0d1117}text{fill:#e6edf3}.rank,.time,.dim{fill:#8b949e}
.lane,.break{stroke:#4b535d}.cut{stroke:#ff7a33}.t{stroke:#e6edf3;fill:#e6edf3}
.bad{stroke:#ff7a33;fill:#ff7a33}.hint{stroke:#de9bc4;fill:#de9bc4}.accent{stroke:#8be9fd;fill:#8be9fd}
.concurrent{stroke:#f2a900;fill:#f2a900}.good{stroke:#2fc99a;fill:#2fc99a}.bar{fill:#56b4e9}
text.t{stroke:none}}`

// classes are the classes of tones in svgStyle.
var classes = [...]string{
	render.Plain: "t", render.Bold: "t", render.Dim: "t", render.Good: "good", render.Bad: "bad",
	render.Warn: "concurrent", render.Hint: "hint", render.Accent: "accent", render.Concurrent: "concurrent",
}

// A picture is an SVG that is being written.
type picture struct {
	d      *Diagram
	body   strings.Builder
	widest float64 // right end of the widest text
}

// SVG returns the diagram as a picture of its own: no script, no link, real text, and readable on a
// light and on a dark page.
func (d *Diagram) SVG() string {
	s := &picture{d: d}
	s.text(svgPad, 26, "title", d.Title())
	for i, l := range d.Lanes {
		s.text(s.x(i), 58, "name", l.name())
		s.text(s.x(i), 74, "rank", l.role())
	}
	y := svgTop
	for _, r := range d.Rows {
		s.row(r, y)
		y += svgRow
	}
	y += svgRow / 2
	y = s.reasons(y)
	y = s.shares(y)
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" `+
		`role="img">`+"\n", int(s.widest)+svgPad, y)
	fmt.Fprintf(&out, "<title>%s</title>\n<style>%s</style>\n", escaped(d.Title()), svgStyle)
	out.WriteString(`<rect class="bg" width="100%" height="100%"/>` + "\n" + s.body.String() + "</svg>\n")
	return out.String()
}

// x returns the place of a lane.
func (s *picture) x(lane int) float64 { return float64(svgTime + svgPad + svgLane/2 + lane*svgLane) }

// right returns the right end of the lanes.
func (s *picture) right() float64 { return s.x(len(s.d.Lanes)-1) + svgLane/2 }

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes all
	return b.String()
}

func (s *picture) text(x float64, y int, class, text string) {
	if text == "" {
		return
	}
	s.widest = max(s.widest, x+float64(render.Width(text))*svgChar)
	fmt.Fprintf(&s.body, `<text x="%.1f" y="%d" class="%s">%s</text>`+"\n", x, y, class, escaped(text))
}

func (s *picture) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&s.body, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`+"\n", x1, y1, x2, y2, class)
}

// row draws the row whose upper end is at y.
func (s *picture) row(r Row, y int) {
	mid, base := float64(y+svgRow/2), y+svgRow/2+4
	for i := range s.d.Lanes {
		s.line(s.x(i), float64(y), s.x(i), float64(y+svgRow), "lane")
		if r.Cut && s.d.CutAfter(i) {
			s.line((s.x(i)+s.x(i+1))/2, float64(y), (s.x(i)+s.x(i+1))/2, float64(y+svgRow), "cut")
		}
	}
	class := classes[r.Tone]
	if r.Shape == Break {
		s.line(s.x(Client)-svgLane/2, mid, s.right(), mid, "break")
		if r.Event.Kind != "" {
			s.text(svgTime, base, "time", render.Offset(r.At))
			s.text(s.right()+svgNote, base, "dim", r.Section)
			s.text(s.right()+svgNote+7*svgChar, base, class, r.Text)
			return
		}
		s.text(s.right()+svgNote, base, "dim", r.Text)
		return
	}
	if r.After {
		s.body.WriteString(`<g class="after">` + "\n")
		defer s.body.WriteString("</g>\n")
	}
	s.text(svgTime, base, "time", render.Offset(r.At))
	x := s.x(r.From)
	switch r.Shape {
	case Arrow, Lost:
		s.message(x, s.x(r.To), mid, r.Shape == Lost, class)
	case Kept:
		fmt.Fprintf(&s.body, `<rect x="%.1f" y="%.1f" width="10" height="10" class="%s"/>`+"\n", x-5, mid-5, class)
	case Count:
		fmt.Fprintf(&s.body, `<circle cx="%.1f" cy="%.1f" r="4" class="%s"/>`+"\n", x, mid, class)
	default:
		fmt.Fprintf(&s.body, `<path d="M%.1f %.1fl6 6l-6 6l-6 -6z" class="%s"/>`+"\n", x, mid-6, class)
	}
	for _, i := range r.Away {
		s.cross(s.x(i), mid, "bad")
	}
	if r.Section != "" {
		s.text(s.right()+svgNote, base, "dim", r.Section)
	}
	s.text(s.right()+svgNote+7*svgChar, base, class, r.Text)
}

// message draws an arrow, or a line that ends in a cross.
func (s *picture) message(from, to, y float64, lost bool, class string) {
	way := 1.0
	if to < from {
		way = -1
	}
	if lost {
		to -= way * svgLane / 4
		s.line(from, y, to, y, class)
		s.cross(to, y, class)
		return
	}
	s.line(from, y, to-way*6, y, class)
	fmt.Fprintf(&s.body, `<path d="M%.1f %.1fl%.1f -4l0 8z" class="%s"/>`+"\n", to, y, -way*8, class)
}

func (s *picture) cross(x, y float64, class string) {
	s.line(x-4, y-4, x+4, y+4, class)
	s.line(x-4, y+4, x+4, y-4, class)
}

// reasons draws why the request ended as it did, and returns the y after it.
func (s *picture) reasons(y int) int {
	s.text(svgPad, y+14, "head", s.d.WhyTitle())
	y += 22
	for _, w := range s.d.Why {
		s.text(svgPad, y+12, "dim", w.Section)
		s.text(svgPad+7*svgChar, y+12, "t", w.Text)
		y += 18
	}
	return y + svgRow/2
}

// shares draws where the time went, and returns the y after it.
func (s *picture) shares(y int) int {
	if len(s.d.Where) == 0 {
		return y
	}
	s.text(svgPad, y+14, "head", s.d.WhereTitle())
	y += 22
	for i, w := range s.d.Where {
		s.text(svgPad, y+12, "t", w.Name)
		if from, to := s.d.Bar(i, svgBar); to > from {
			fmt.Fprintf(&s.body, `<rect x="%d" y="%d" width="%d" height="10" class="bar"/>`+"\n",
				svgPad+svgLabel+from, y+3, to-from)
		}
		s.text(svgPad+svgLabel+svgBar+80, y+12, "time", render.Duration(w.Took))
		s.text(svgPad+svgLabel+svgBar+96, y+12, "dim", w.Note)
		y += 18
	}
	return y + svgRow/2
}

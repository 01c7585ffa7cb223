package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Figure is one plot.
type Figure struct {
	Title      string
	X, Y       string   // labels of the axes, with the units
	LogX, LogY bool     // logarithmic axes; points that are not positive are left out
	Names      []string // what x = 0, 1, 2 ... stand for, and then LogX is ignored; nil if x is a number
	Lines      []Line
}

// A Line is one series.
type Line struct {
	Name   string
	Points []Point // by ascending x
	// Marks are published values, which are drawn as open signs without a line.
	Marks []Point
}

// A Point is a value with the ends of its error bar.
type Point struct{ X, Mean, Low, High float64 }

const (
	width, height = 7.6 * vg.Inch, 3.9 * vg.Inch
	// legendWidth is the width of the strip with the legend, legendGap that of the space before the
	// legend, and titleHeight the height of the title over the plot.
	legendWidth, legendGap, titleHeight = 1.9 * vg.Inch, 0.15 * vg.Inch, 0.25 * vg.Inch
	// markRadius is the size of the sign of a published value, which surrounds our sign.
	markRadius = 0.065 * vg.Inch
	// headroom is the part of the y axis that is left free above the data.
	headroom = .04
	// manyNames is the number of names from which their labels are turned.
	manyNames = 6
)

// The colours can be told apart by people who see few colours (Okabe and Ito).
var colours = []color.Color{
	color.NRGBA{0, 114, 178, 255}, color.NRGBA{213, 94, 0, 255}, color.NRGBA{0, 158, 115, 255},
	color.NRGBA{204, 121, 167, 255}, color.NRGBA{86, 180, 233, 255}, color.NRGBA{0, 0, 0, 255},
}

var dashes = [][]vg.Length{
	nil, {vg.Points(6), vg.Points(3)}, {vg.Points(2), vg.Points(2)},
	{vg.Points(8), vg.Points(3), vg.Points(2), vg.Points(3)},
	{vg.Points(12), vg.Points(4)}, {vg.Points(1), vg.Points(3)},
}

var signs = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.BoxGlyph{}, draw.TriangleGlyph{}, draw.CrossGlyph{}, draw.PlusGlyph{}, draw.PyramidGlyph{},
}

// SVG draws the figure. The result is an svg element without an XML header, so that it can stand in
// a page. Equal figures give equal bytes.
func (f Figure) SVG() (string, error) {
	f.LogX = f.LogX && f.Names == nil
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = f.Title, f.X, f.Y
	sans(&p.Title.TextStyle.Font, 12)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		sans(&a.Label.TextStyle.Font, 10)
		sans(&a.Tick.Label.Font, 9)
	}
	p.Add(plotter.NewGrid())
	legend := newLegend()
	for i, l := range f.Lines {
		if err := f.draw(p, &legend, i, l); err != nil {
			return "", fmt.Errorf("figure %s: %s: %w", f.Title, l.Name, err)
		}
	}
	if sign, ok := f.published(); ok {
		legend.Add("published", sign)
	}
	f.axes(p)
	image := vgsvg.New(width, height)
	all := draw.New(image)
	p.Draw(draw.Crop(all, 0, -legendWidth, 0, 0))
	legend.Draw(draw.Crop(all, width-legendWidth+legendGap, 0, 0, -titleHeight))
	var out bytes.Buffer
	if _, err := image.WriteTo(&out); err != nil {
		return "", fmt.Errorf("figure %s: %w", f.Title, err)
	}
	_, svg, _ := strings.Cut(out.String(), "<svg")
	return "<svg" + svg, nil
}

// newLegend returns an empty legend for the strip beside the plot.
func newLegend() plot.Legend {
	l := plot.NewLegend()
	l.Top, l.Left, l.ThumbnailWidth, l.Padding = true, true, vg.Points(24), vg.Points(4)
	sans(&l.TextStyle.Font, 9)
	return l
}

// published returns the sign of published values, false if there are none.
func (f Figure) published() (plot.Thumbnailer, bool) {
	if !slices.ContainsFunc(f.Lines, func(l Line) bool { return len(l.Marks) > 0 }) {
		return nil, false
	}
	s := &plotter.Scatter{GlyphStyle: draw.GlyphStyle{Color: color.Black, Radius: markRadius, Shape: draw.RingGlyph{}}}
	return s, true
}

func sans(f *font.Font, size vg.Length) { f.Variant, f.Size = "Sans", size }

// axes sets the ends and the ticks of the axes.
func (f Figure) axes(p *plot.Plot) {
	if f.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	if f.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	} else {
		if p.Y.Min > 0 && p.Y.Min < p.Y.Max/2 {
			p.Y.Min = 0
		}
		p.Y.Max += (p.Y.Max - p.Y.Min) * headroom
	}
	if f.Names != nil {
		p.NominalX(f.Names...)
		sans(&p.X.Tick.Label.Font, 9)
		p.X.Min, p.X.Max = -.5, float64(len(f.Names))-.5
		if len(f.Names) >= manyNames {
			p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = math.Pi/5, draw.XRight, draw.YTop
		}
	}
	widen(&p.X, f.LogX)
	widen(&p.Y, f.LogY)
}

// widen gives an axis a length if its points are all at one place, or if it has no point. The ends
// of a logarithmic axis stay above 0, because the plotter panics otherwise.
func widen(a *plot.Axis, log bool) {
	switch empty := a.Min > a.Max; {
	case empty && log:
		a.Min, a.Max = 1, 10
	case empty:
		a.Min, a.Max = 0, 1
	case a.Min < a.Max:
	case log:
		a.Min, a.Max = a.Min/2, a.Max*2
	default:
		a.Min, a.Max = a.Min-1, a.Max+1
	}
}

// shows reports whether a point can be drawn.
func (f Figure) shows(p Point) bool {
	finite := !math.IsNaN(p.X+p.Mean) && !math.IsInf(p.X+p.Mean, 0)
	return finite && (!f.LogX || p.X > 0) && (!f.LogY || p.Mean > 0)
}

// errorPoints are points with error bars, as the plotter wants them.
type errorPoints struct {
	plotter.XYs
	plotter.YErrors
}

// shift is the distance between the series of a name, so that their error bars do not hide each
// other.
const shift = .08

// draw adds a line to a plot and its legend.
func (f Figure) draw(p *plot.Plot, legend *plot.Legend, i int, l Line) error {
	colour, dash := colours[i%len(colours)], dashes[i%len(dashes)]
	var pts errorPoints
	for _, q := range l.Points {
		if !f.shows(q) {
			continue
		}
		x, low := q.X, q.Low
		if f.Names != nil {
			x += shift * (float64(i) - float64(len(f.Lines)-1)/2)
		}
		if f.LogY && low <= 0 {
			low = q.Mean
		}
		pts.XYs = append(pts.XYs, plotter.XY{X: x, Y: q.Mean})
		pts.YErrors = append(pts.YErrors, struct{ Low, High float64 }{q.Mean - low, q.High - q.Mean})
	}
	if len(pts.XYs) > 0 {
		line, scatter, err := plotter.NewLinePoints(pts.XYs)
		if err != nil {
			return err
		}
		line.Color, line.Dashes, line.Width = colour, dash, vg.Points(1.3)
		scatter.Color, scatter.Shape, scatter.Radius = colour, signs[i%len(signs)], vg.Points(2.6)
		bars, err := plotter.NewYErrorBars(pts)
		if err != nil {
			return err
		}
		bars.Color, bars.CapWidth = colour, vg.Points(5)
		if f.Names != nil { // names have no order that a line could follow
			p.Add(scatter, bars)
			legend.Add(l.Name, scatter)
		} else {
			p.Add(line, scatter, bars)
			legend.Add(l.Name, line, scatter)
		}
	}
	return f.drawMarks(p, i, l)
}

// drawMarks adds the published values of a line to a plot.
func (f Figure) drawMarks(p *plot.Plot, i int, l Line) error {
	var pts plotter.XYs
	for _, q := range l.Marks {
		if f.shows(q) {
			pts = append(pts, plotter.XY{X: q.X, Y: q.Mean})
		}
	}
	if len(pts) == 0 {
		return nil
	}
	marks, err := plotter.NewScatter(pts)
	if err != nil {
		return err
	}
	marks.Color, marks.Shape, marks.Radius = colours[i%len(colours)], draw.RingGlyph{}, markRadius
	p.Add(marks)
	return nil
}

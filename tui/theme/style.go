package theme

import "ringside/cli/render"

// A Style is a colour by its meaning, with attributes or-ed to it.
type Style uint16

// Colours by meaning.
const (
	Plain Style = iota
	Dim
	Accent
	Good
	Warn
	Bad
	Hint
	Concurrent
	node0 // the first of nodeColours
)

// Attributes.
const (
	Bold    Style = 1 << 8
	Reverse Style = 1 << 9

	colourMask = Bold - 1
	styleCount = 1 << 10
)

// nodeColours is how many nodes differ by colour. The colours are those of Okabe and Ito, which
// colour-blind people can tell apart. Labels tell all nodes apart.
const nodeColours = 7

// palette holds the colours for a dark and for a light background.
var palette = [node0 + nodeColours]struct{ dark, light string }{
	Plain:      {"", ""},
	Dim:        {"#7C8594", "#6B7280"},
	Accent:     {"#8BE9FD", "#005F87"},
	Good:       {"#2FC99A", "#00785A"},
	Warn:       {"#F0E442", "#7A6C00"},
	Bad:        {"#FF7A33", "#B84A00"},
	Hint:       {"#DE9BC4", "#9C4F7E"},
	Concurrent: {"#F2A900", "#9A6700"},
	node0:      {"#56B4E9", "#1F78B4"},
	node0 + 1:  {"#E69F00", "#A66F00"},
	node0 + 2:  {"#00B888", "#00785A"},
	node0 + 3:  {"#CC79A7", "#A3487B"},
	node0 + 4:  {"#F0E442", "#7A6C00"},
	node0 + 5:  {"#5A8FFF", "#0072B2"},
	node0 + 6:  {"#F0733A", "#B84A00"},
}

// Node returns the colour of the i-th node, Plain for a negative i.
func Node(i int) Style {
	if i < 0 {
		return Plain
	}
	return node0 + Style(i%nodeColours)
}

// tones are the styles of package render's tones.
var tones = [...]Style{
	render.Plain: Plain, render.Bold: Bold, render.Dim: Dim, render.Good: Good, render.Bad: Bad, render.Warn: Warn,
	render.Hint: Hint, render.Accent: Accent, render.Concurrent: Concurrent,
}

// Tone returns the style of a tone.
func Tone(t render.Tone) Style { return tones[t] }

package tui

// A legend explains the signs of the screen.
func (m *model) legend() [][2]string {
	g := m.th.glyphs
	return [][2]string{
		{g.up + " " + g.suspect + " " + g.paused + " " + g.down, "node up, suspected by its own side, paused, down"},
		{g.cut + " " + g.slow + " " + g.loss, "link cut, slow, losing messages"},
		{g.key + " 1st 2nd 3rd", "the chosen key's position; its homes by rank (§4.3)"},
		{"1 2 3", "left of a node: its rank for the chosen key"},
		{g.hint + g.next + "n3", "keeps a hint for n3 (§4.6)"},
		{"{n1:1 n3:2}", "a vector clock (§4.4)"},
		{g.concurrent, "concurrent: neither version descends from the other"},
		{"sees 3/5", "how many nodes this node believes to be there"},
	}
}

// helpSplit is the column where the help's right half begins, in 100ths of its width.
const helpSplit = 42

// drawHelp draws all bindings and the legend.
func (m *model) drawHelp(c *canvas) {
	c.box("Help", "any key closes it", true)
	in := newCanvas(c.th, c.w-4, c.h-2)
	half := in.w * helpSplit / 100
	column := func(x, end, y int, title string, where scope) int {
		in.put(x, y, plain|bold, title)
		y++
		for _, b := range m.bindings {
			if h := b.Help(); b.where == where && h.Key != "" {
				in.put(x+1, y, accent, h.Key)
				in.putMax(x+9, y, end, plain, h.Desc)
				y++
			}
		}
		return y + 1
	}
	column(0, half-1, 0, "In the panes", panes)
	y := column(half, in.w, 0, "In the prompt", prompt)
	y = column(half, in.w, y, "Anywhere", anywhere)
	in.put(half, y, plain|bold, "Signs")
	for i, l := range m.legend() {
		in.putMax(half+1, y+1+i, half+14, accent, l[0])
		in.put(half+15, y+1+i, plain, l[1])
	}
	c.paste(2, 1, in)
}

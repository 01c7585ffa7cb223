package console

// A Progress shows how far a command is, on one line of a terminal that is written again and again.
// It shows nothing if Stderr is not a terminal.
type Progress struct {
	con   *Console
	shown bool
}

// Progress returns a line of progress.
func (c *Console) Progress() *Progress { return &Progress{con: c} }

// Show replaces the line. The text must be safe for a terminal. A text of "" removes the line.
func (p *Progress) Show(text string) {
	if !IsTerminal(p.con.Stderr) || p.con.Dumb() || text == "" && !p.shown {
		return
	}
	if width := Width(p.con.Stderr); width > 1 {
		runes := []rune(text)
		text = string(runes[:min(len(runes), width-1)])
	}
	p.con.Notef("\r%s\x1b[K", text)
	p.shown = text != ""
}

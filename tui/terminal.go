package tui

import "ringside/tui/background"

// Bubble Tea has been initialised by now, because this package imports it.
func init() { background.Restore() }

package tui

import _ "background.invalid/assume" // before bubbletea asks the terminal

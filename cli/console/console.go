package console

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"

	"ringside/engine/escape"
)

// A Console is the surroundings of one command line. One goroutine at a time prints.
type Console struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Dir            string // the working folder; "" for the one of the process
	JSON           bool   // print JSON
	NoColor        bool
}

// Print writes text to Stdout.
func (c *Console) Print(text string) error {
	_, err := io.WriteString(c.Stdout, text)
	return err
}

// PrintJSON writes v to Stdout as one line of JSON.
func (c *Console) PrintJSON(v any) error {
	b, err := escape.JSON(v)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	_, err = c.Stdout.Write(append(b, '\n'))
	return err
}

// Show writes a result: v with JSON, else text.
func (c *Console) Show(v any, text string) error {
	if c.JSON {
		return c.PrintJSON(v)
	}
	return c.Print(text)
}

// Notef writes a message to Stderr, without a newline of its own. An error is ignored: a command
// must not fail because its messages are not read.
func (c *Console) Notef(format string, args ...any) { _, _ = fmt.Fprintf(c.Stderr, format, args...) }

// Path returns the path of a file that the user named, relative to Dir.
func (c *Console) Path(name string) string {
	if c.Dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.Dir, name)
}

// Interactive reports whether Stdin and Stdout are terminals.
func (c *Console) Interactive() bool { return IsTerminal(c.Stdin) && IsTerminal(c.Stdout) }

// Width returns the columns of the terminal at Stdout, 0 if there is none.
func (c *Console) Width() int { return Width(c.Stdout) }

// Colors reports whether the user wants colours on a terminal.
func (c *Console) Colors() bool {
	return !c.NoColor && !c.JSON && c.Getenv("NO_COLOR") == "" && !c.Dumb()
}

// Dumb reports whether the terminal cannot move its cursor.
func (c *Console) Dumb() bool { return c.Getenv("TERM") == "dumb" }

// Unicode reports whether the terminal is set up for more than ASCII.
func (c *Console) Unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(c.Getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return os.PathSeparator == '\\' // Windows sets none of the variables
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// Width returns the columns of a stream that is a terminal, 0 if it is none or its size is
// unknown.
func Width(stream any) int {
	if !IsTerminal(stream) {
		return 0
	}
	width, _, err := term.GetSize(int(stream.(*os.File).Fd()))
	if err != nil {
		return 0
	}
	return width
}

// maxTemp is how long the path of the folder for temporary files may be. A path of a socket has
// about a hundred bytes, and some systems have a long path for temporary files.
const maxTemp = 20

// ShortTemp creates a temporary folder whose path leaves room for the name of a socket.
func ShortTemp(pattern string) (string, error) {
	base := ""
	if len(os.TempDir()) > maxTemp {
		if i, err := os.Stat("/tmp"); err == nil && i.IsDir() {
			base = "/tmp"
		}
	}
	dir, err := os.MkdirTemp(base, pattern)
	if err != nil && base != "" {
		return os.MkdirTemp("", pattern)
	}
	return dir, err
}

package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"ringside/cli/paper"
)

// Table 1 in the README is the one that the program prints, which other tests keep true.
func TestReadmeHasTable1(t *testing.T) {
	const begin, end = "<!-- table1 -->", "<!-- /table1 -->"
	readme, err := os.ReadFile("README.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("README.md does not exist yet; it is to have Table 1 between " + begin + " and " + end)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(readme), begin+"\n")
	table, _, closed := strings.Cut(after, end)
	if !found || !closed {
		t.Fatalf("README.md has no lines %s and %s", begin, end)
	}
	if want := paper.Markdown(); strings.TrimSpace(table) != strings.TrimSpace(want) {
		t.Errorf("README.md has\n%s\nwhere ringside paper --markdown prints\n%s", table, want)
	}
}

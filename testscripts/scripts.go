package testscripts

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.txtar
var files embed.FS

// Extension is the end of a script's file name.
const Extension = ".txtar"

//go:embed cues/*.cues
var sheets embed.FS

// CuesExtension is the end of a cue sheet's file name.
const CuesExtension = ".cues"

// CueSheets returns the names of the cue sheets without their extension, sorted.
func CueSheets() []string { return names(sheets, "cues", CuesExtension) }

// CueSheet returns the text of the cue sheet called name, without its extension. It returns false
// if there is no such sheet.
func CueSheet(name string) (text []byte, ok bool) {
	text, err := sheets.ReadFile("cues/" + name + CuesExtension)
	return text, err == nil
}

// Names returns the names of the scripts without their extension, sorted.
func Names() []string { return names(files, ".", Extension) }

func names(from embed.FS, folder, extension string) []string {
	entries, err := fs.ReadDir(from, folder)
	if err != nil {
		panic(err) // the files are part of the program
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = strings.TrimSuffix(e.Name(), extension)
	}
	return out
}

// Read returns the text of the script called name, with or without its extension. It returns false
// if there is no such script.
func Read(name string) (text []byte, ok bool) {
	text, err := files.ReadFile(strings.TrimSuffix(name, Extension) + Extension)
	return text, err == nil
}

// Title returns the first line of a script without its comment sign: "§4.6: what it shows".
func Title(text []byte) string {
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(strings.TrimPrefix(first, "#"))
}

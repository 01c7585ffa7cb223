// Package theme maps names to colours and sign names to characters.
//
// A Style is a meaning with attributes, small enough to sit in every cell of a canvas. A Theme
// turns styles into the escape sequences of one terminal, and holds the set of signs that the
// terminal can show: Unicode or ASCII. No meaning is carried by colour alone, because a theme may
// have no colours.
//
// A Theme is used by the goroutine of the screens only; it has no lock.
package theme

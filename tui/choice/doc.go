// Package choice draws a list of commands, one of which the user chooses. While a list is open, it
// has the place of the prompt and gets all keys.
//
// A Model belongs to the goroutine of Bubble Tea's Update and View. Begin reading at Model.Key.
package choice

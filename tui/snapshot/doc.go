// Package snapshot turns a frame of the screens into a file: a picture in SVG, or plain text.
//
// A picture needs no fonts beyond a monospaced one, and no other files. Characters that fonts draw
// in different ways are drawn as shapes: the dots of braille, bars, and the lines of boxes. Every
// other character has its own place, so that a font of another width does not move the rest.
//
// Begin reading at SVG.
package snapshot

// Package frametest checks frames in the tests of screens.
package frametest

package state

import (
	"bytes"
	"slices"

	"ringside/engine/event"
	"ringside/engine/view"
)

// ChooseRequest shows a request from now on. With 0 the screens show the latest one, whichever that
// is.
func (s *State) ChooseRequest(id uint64) { s.request = id }

// Request returns the chosen request, and otherwise the latest one. It returns nil if there is
// none, or if the chosen one was forgotten.
func (s *State) Request() *view.Request {
	if s.request == 0 {
		return s.View.LastRequest()
	}
	return s.View.Request(s.request)
}

// RequestChosen reports whether the user chose a request.
func (s *State) RequestChosen() bool { return s.request != 0 }

// LastWrite returns the latest reply to a put or del of the shown key, as far as the log goes back.
func (s *State) LastWrite() (event.Event, bool) {
	for _, e := range slices.Backward(s.View.Log) {
		if e.Kind == event.Replied && writes(e) && bytes.Equal(e.Key, s.key) {
			return e, true
		}
	}
	return event.Event{}, false
}

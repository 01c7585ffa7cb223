package cli

import (
	"strings"

	"ringside/cli/recording"
	"ringside/cli/tour"
	"ringside/cli/verbs"
	"ringside/tui"
)

var tourCommand = command{verb: tour.Verb, own: "throw-away clusters", run: runTour}

// runTour runs the command tour: on the screens if the terminal can draw, and as text otherwise.
func runTour(s *session, c *verbs.Call) error {
	if _, err := s.home(); err != nil {
		return err
	}
	o := tourOptions(s)
	if c.Bool("plain") || c.Bool("list") || s.JSON || !s.Interactive() || s.Dumb() {
		return withExitCode(tour.Run(s.ctx, &s.Console, c, o), "")
	}
	first, err := tour.Open(s.ctx, o, c.Arg(0))
	if err != nil {
		return withExitCode(err, "")
	}
	live := recording.NewLive(first.Cluster())
	room := &classroom{options: o, shown: live, only: true,
		own: &verbs.Env{Cluster: live, Dir: s.Dir, Contexts: contexts{s}, Extra: globals}}
	welcome := room.open(s.ctx, first)
	defer room.Close()
	return show(s, c, room, tui.Options{Lessons: room, Start: tui.TourScreen, Welcome: strings.TrimSpace(welcome)})
}

// tourOptions returns what lessons need.
func tourOptions(s *session) tour.Options {
	home, _ := s.home() // without a folder no progress is kept
	return tour.Options{Home: home, Exec: s.runInPrompt, Others: promptCommands, Flags: globals, Dir: s.Dir}
}

package cli

import (
	"ringside/cli/tour"
	"ringside/cli/verbs"
)

var tourCommand = command{verb: tour.Verb, own: "throw-away clusters", run: runTour}

// runTour runs the command tour.
func runTour(s *session, c *verbs.Call) error {
	home, err := s.home()
	if err != nil {
		return err
	}
	o := tour.Options{Home: home, Exec: s.runInPrompt, Others: promptCommands, Flags: globals, Dir: s.Dir}
	return withExitCode(tour.Run(s.ctx, &s.Console, c, o), "")
}

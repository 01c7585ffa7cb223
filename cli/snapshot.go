package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/localcluster/control"
	"ringside/tui"
	promptline "ringside/tui/command"
	"ringside/tui/snapshot"
)

// Bounds of a snapshot, in columns and rows. The least is what the screens need.
const (
	usualSize     = "120x36"
	leastColumns  = 60
	leastRows     = 16
	mostColumns   = 400
	mostRows      = 200
	longestMoment = 24 * time.Hour
)

// snapshotTimeout bounds the reading of a cluster, which takes milliseconds.
const snapshotTimeout = 30 * time.Second

var snapshotCommand = command{
	verb: &verbs.Verb{
		Name: "snapshot", Group: verbs.GroupCluster, Args: []verbs.Arg{{Name: "FILE", Complete: verbs.CompleteFiles}},
		Usage: "save the screen of a cluster as a picture (.svg) or as text (.txt)",
		Help: `The file shows what  tui  would show now. A picture has the colours and needs no other file. An existing file
is not replaced. On the screens the key S saves what is in sight. The prompt, also that of --plain, has the
word  snapshot FILE . --json prints {"snapshot":FILE,"columns":COUNT,"rows":COUNT}.`,
		Flags: []verbs.Flag{asciiFlag, bigFlag,
			{Name: "size", Kind: verbs.String, Value: "120x36", Default: usualSize, Help: "columns and rows"},
			{Name: "key", Kind: verbs.String, Value: "KEY", Complete: verbs.CompleteKeys, Help: "the key to show"},
			{Name: "play", Kind: verbs.String, Value: "FILE.jsonl", Complete: verbs.CompleteFiles,
				Help: "show a recording in place of a cluster, at its end"},
			{Name: "at", Kind: verbs.Duration, Value: "4s", Longest: longestMoment,
				Zero: "leave it out for the end", Help: "with --play: this long after the beginning"}},
	},
	run: takeSnapshot,
}

func takeSnapshot(s *session, c *verbs.Call) error {
	switch {
	case c.Has("at") && !c.Has("play"):
		return c.Misusef("--at is for --play only")
	case c.Has("play") && s.name != "":
		return c.Misusef("--play shows a recording and no cluster; leave out --cluster")
	}
	if _, _, err := sizeOf(c); err != nil {
		return err
	}
	if err := snapshot.Check(c.Arg(0)); err != nil {
		return err
	}
	if c.Has("play") {
		r, err := openRecording(s, c)
		if err != nil {
			return err
		}
		r.Step(-1, func(event.Event) bool { return false }) // to the beginning, paused
		at := r.Progress().Length
		if c.Has("at") {
			at = c.Duration("at")
		}
		r.Skip(at)
		return saveSnapshot(s, c, r)
	}
	home, err := s.home()
	if err != nil {
		return err
	}
	cluster, err := control.Connect(s.ctx, home, s.clusterName())
	if err != nil {
		return withExitCode(err, s.clusterName())
	}
	defer cluster.Close()
	return saveSnapshot(s, c, cluster)
}

// saveSnapshot writes the snapshot of a cluster that a call asks for.
func saveSnapshot(s *session, c *verbs.Call, cluster verbs.Cluster) error {
	w, h, err := sizeOf(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, snapshotTimeout)
	defer cancel()
	rows, err := tui.Picture(ctx, tui.Options{Cluster: cluster, Key: c.String("key"), ASCII: c.Bool("ascii"),
		Flags: globals, Big: c.Bool("big")}, w, h)
	if err != nil {
		return withExitCode(err, s.clusterName())
	}
	name := c.Arg(0)
	if err := snapshot.Write(s.Path(name), "ringside: the screen of a cluster", rows); err != nil {
		return err
	}
	return s.Show(map[string]any{"snapshot": name, "columns": w, "rows": h},
		fmt.Sprintf("saved %s, %d by %d\n", render.Typed(name), w, h))
}

// sizeOf reads --size.
func sizeOf(c *verbs.Call) (w, h int, err error) {
	text := c.String("size")
	left, right, _ := strings.Cut(text, "x")
	w, errW := strconv.Atoi(left)
	h, errH := strconv.Atoi(right)
	if errW != nil || errH != nil || w < leastColumns || h < leastRows || w > mostColumns || h > mostRows {
		return 0, 0, usage.Errorf("snapshot: --size %s: want COLUMNSxROWS, from %dx%d to %dx%d", render.Typed(text),
			leastColumns, leastRows, mostColumns, mostRows)
	}
	return w, h, nil
}

// snapshotOf runs the word snapshot of a cue sheet that is played as text.
func snapshotOf(s *session, cluster verbs.Cluster, args []string) error {
	name, err := promptline.SnapshotFile(args)
	if err != nil {
		return err
	}
	if name == "" {
		name = snapshot.FreeName(s.Dir)
	}
	c, err := verbs.Parse(snapshotCommand.verb, []string{name}, globals...)
	if err != nil {
		return err
	}
	return saveSnapshot(s, c, cluster)
}

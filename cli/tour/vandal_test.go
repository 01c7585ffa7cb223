package tour

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// mischief are lines of a learner who does anything but what the lesson asks for.
var mischief = []string{
	"kill n3", "kill n1 n2 n3 n4 n5", "heal", "wipe n4", "partition n1,n3 n2,n4,n5", "put cart x", "get cart", "leave n2",
	"join n9", "slow n1 200ms", "loss n2 50", "pause n4", "resume n4", "undo", "back", "hint", "show me", "next", "", "skip",
	"put cart y --via n1 -W 1", "put beer z", "restart n3", "a", "yes", "3", "n1 n2", "{n3:1}", "glossary", "lessons",
	"status", "cart add basket milk", "del cart -c @cart", "answer", "restart n9", "sync", "settle --timeout 100ms",
}

// Whatever a learner does to the cluster, show me leads to the end of the lesson.
func TestNoDeadEnds(t *testing.T) {
	var all walks
	for i, l := range Lessons() {
		all.add(t, l.Name, func(t *testing.T) {
			chance := rand.New(rand.NewPCG(uint64(i), 2007))
			step := 1 + chance.IntN(len(l.Steps))
			if l.Exam {
				step = 1
			}
			w := open(t, l.Name, step, fewKeys)
			var lines []string
			for range 5 {
				lines = append(lines, mischief[chance.IntN(len(mischief))])
				w.s.Line(w.ctx, lines[len(lines)-1])
			}
			for w.s.View().Phase != Over && w.ctx.Err() == nil {
				line := "show me"
				switch phase := w.s.View().Phase; {
				case phase == Asking && l.Exam:
					line = "skip"
				case phase == Revealed:
					line = "next"
				}
				if said := w.say(line); strings.Contains(said, string(Failure)+": ") {
					t.Fatalf("from step %d, after %q: %s", step, lines, said)
				}
			}
		})
	}
	all.Wait()
}

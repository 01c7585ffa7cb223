package testscripts_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// shards is the number of shards in the files of docs/campaigns.
const shards = 4

// smaller makes a command of docs/campaigns short enough for a test.
var smaller = map[string]string{"sim": "--seeds 6 --ops 20 --nodes 3", "lab": "--seeds 6 --metadata 60"}

var (
	seedsFlag = regexp.MustCompile(`--seeds [0-9]+`)
	// realTimes are the parts of the reports that tell the real time.
	realTimes = regexp.MustCompile(`"wall_s":[^,]*,|, [^ ]+ of real time \([^)]*\)`)
	comments  = regexp.MustCompile(`(?m)^#.*$`)
	// joining is the line of an explanation that tells how to merge.
	joining = regexp.MustCompile(`(?m)^# .*  (ringside (?:sim|lab) --merge .*)$`)
)

// A process runs one command in a shell, with variables as an engine sets them.
type process struct {
	command string
	env     []string
}

// find returns what the group of a pattern matches in a text.
func find(t *testing.T, pattern, text string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in:\n%s", pattern, text)
	}
	return m[1]
}

// kubernetes is an Indexed Job. Its folded block is one line for sh -c.
func kubernetes(t *testing.T, text string) (out []process) {
	block := find(t, `(?s)command: \[sh, -c\]\n +args:\n +- >-\n(.*?)\n +volumeMounts:`, text)
	completions, err := strconv.Atoi(find(t, `(?m)^  completions: (\d+)$`, text))
	if err != nil || find(t, `(?m)^  completionMode: (\w+)$`, text) != "Indexed" {
		t.Fatal("the Job is not indexed")
	}
	for i := range completions {
		out = append(out, process{strings.Join(strings.Fields(block), " "), []string{fmt.Sprint("JOB_COMPLETION_INDEX=", i)}})
	}
	return out
}

// slurm is an array, of which each task runs the whole script.
func slurm(t *testing.T, text string) (out []process) {
	last, err := strconv.Atoi(find(t, `(?m)^#SBATCH --array=1-(\d+)$`, text))
	if err != nil {
		t.Fatal(err)
	}
	for i := range last {
		out = append(out, process{text, []string{fmt.Sprint("SLURM_ARRAY_TASK_ID=", i+1)}})
	}
	return out
}

// parallel puts each argument after ::: in the place of {}.
func parallel(t *testing.T, text string) (out []process) {
	command := find(t, `(?m)^parallel .*?(ringside .*) ::: `, text)
	for _, arg := range strings.Fields(find(t, `(?m)^parallel .* ::: (.*)$`, text)) {
		out = append(out, process{strings.ReplaceAll(command, "{}", arg), nil})
	}
	return out
}

// The files of docs/campaigns run the shards of a job, and the command that each of them names
// merges the results to those of the whole job, byte for byte except for the real time of sim.
func TestCampaigns(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	bin := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(bin, "ringside")); err != nil {
		t.Skip("there are no symbolic links: ", err)
	}
	path := "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")
	run := func(t *testing.T, dir string, p process) (report string, exit int) {
		c := exec.CommandContext(t.Context(), "sh", "-ec", p.command)
		c.Dir, c.Env = dir, append(os.Environ(), append(p.env, path, "RINGSIDE_HOME="+dir)...)
		out, err := c.Output()
		if c.ProcessState == nil {
			t.Fatalf("%s: %v", p.command, err)
		}
		return realTimes.ReplaceAllString(string(out), ""), c.ProcessState.ExitCode()
	}
	for _, verb := range []string{"sim", "lab"} {
		// wholes are the reports and exit codes by command. A report on so few seeds may differ from
		// what was published, and then the command fails.
		wholes := map[string]string{}
		for name, commands := range map[string]func(*testing.T, string) []process{
			"kubernetes-" + verb + ".yaml": kubernetes, "slurm-" + verb + ".sh": slurm, "parallel-" + verb + ".sh": parallel,
		} {
			t.Run(name, func(t *testing.T) {
				file, err := os.ReadFile(filepath.Join("..", "docs", "campaigns", name))
				if err != nil {
					t.Fatal(err)
				}
				text := seedsFlag.ReplaceAllString(string(file), smaller[verb])
				all := commands(t, text)
				if len(all) != shards {
					t.Fatalf("%d shards, want %d", len(all), shards)
				}
				dir := t.TempDir()
				for _, p := range slices.Backward(all) {
					if out, exit := run(t, dir, p); exit != 0 {
						t.Fatalf("%s: exit %d\n%s", p.command, exit, out)
					}
				}
				code := strings.ReplaceAll(comments.ReplaceAllString(text, ""), "\\\n", " ")
				whole := find(t, `(ringside `+verb+` .*?) --shard `, strings.Join(strings.Fields(code), " "))
				merge := joining.FindStringSubmatch(text)[1]
				for _, format := range []string{"", " --json"} {
					key := whole + format
					if wholes[key] == "" {
						wholes[key] = fmt.Sprint(run(t, dir, process{command: key}))
					}
					merged := fmt.Sprint(run(t, dir, process{command: merge + format}))
					if merged != wholes[key] || len(merged) < 100 {
						t.Errorf("%s prints:\n%s\n%s prints:\n%s", merge+format, merged, key, wholes[key])
					}
				}
			})
		}
	}
}

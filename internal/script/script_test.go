package script

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/redriveq/redrive/internal/model"
)

var rewrite = flag.Bool("rewrite", false, "write the answers that the broker gives into the scripts")

const scripts = "testdata/*.txt"

// TestScripts compares the answers that the broker gives with those in the
// scripts. With -rewrite it writes them there instead.
func TestScripts(t *testing.T) {
	forEach(t, scripts, func(t *testing.T, file string, text []byte) {
		if !bytes.HasPrefix(text, []byte("# ")) {
			t.Errorf("%s: does not begin with a comment that says which rule it shows", file)
		}
		if *rewrite {
			rewriteScript(t, file, text)
			return
		}
		synctest.Test(t, func(t *testing.T) {
			differences, err := Check(bytes.NewReader(text))
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			for _, d := range differences {
				t.Errorf("%s: %v", file, d)
			}
		})
	})
}

// TestScriptsOnModel plays the scripts on the specification of the engine. It
// answers the same, but for what the contract leaves open.
func TestScriptsOnModel(t *testing.T) {
	forEach(t, scripts, func(t *testing.T, file string, text []byte) {
		synctest.Test(t, func(t *testing.T) {
			err := play(newPlayer(model.New()), bytes.NewReader(text), func(step Step, got []string) error {
				if !slices.EqualFunc(got, step.Want, func(a, b string) bool { return settled(a) == settled(b) }) {
					t.Errorf("%s: %v", file, Difference{Step: step, Got: got})
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
		})
	})
}

// left is what the contract leaves open: sequences, which need only grow, and
// the wording of a refusal.
var left = regexp.MustCompile(`^\d+:|sequence \d+|(policy refused|invalid [a-zA-Z ]+): .*`)

// settled returns the answer without what is left open.
func settled(answer string) string { return left.ReplaceAllString(answer, "$1") }

// forEach runs f for each script, as a subtest.
func forEach(t *testing.T, glob string, f func(t *testing.T, file string, text []byte)) {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob(%q) = %v, %v, want scripts", glob, files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f(t, file, text)
		})
	}
}

func rewriteScript(t *testing.T, file string, text []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := Run(&b, bytes.NewReader(text)); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRunGivesBackARightScript plays the scripts outside of a bubble, on
// goroutines that run as they like.
func TestRunGivesBackARightScript(t *testing.T) {
	forEach(t, "testdata/wait_*.txt", func(t *testing.T, file string, text []byte) {
		var b strings.Builder
		if err := Run(&b, bytes.NewReader(text)); err != nil {
			t.Fatalf("Run(%s) = %v", file, err)
		}
		if b.String() != string(text) {
			t.Errorf("Run(%s) wrote\n%s", file, b.String())
		}
	})
}

// TestEveryCommandIsPlayed keeps the scripts from forgetting a command.
func TestEveryCommandIsPlayed(t *testing.T) {
	unplayed := commands()
	delete(unplayed, "help")
	forEach(t, scripts, func(t *testing.T, file string, text []byte) {
		steps, err := Parse(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			name, _, _ := strings.Cut(step.Text, " ")
			delete(unplayed, name)
		}
	})
	for name := range unplayed {
		t.Errorf("no script plays %s", name)
	}
}

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table in the README of the mutants")

const (
	dir  = "../../mutants"
	rule = "| --- | --- | --- | --- |\n"
)

// TestReadme keeps the table of the README the same as the headers.
func TestReadme(t *testing.T) {
	mutants, err := load(dir)
	if err != nil {
		t.Fatalf("load: got error %v, want none", err)
	}
	var table strings.Builder
	for _, m := range mutants {
		run := strings.NewReplacer("|", `\|`, "^", "", "$", "").Replace(m.test.run)
		fmt.Fprintf(&table, "| %s | %s | %s | `%s` %s |\n", m.name, m.why, m.breaks, m.test.pkg, run)
	}
	file := filepath.Join(dir, "README.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	before, got, found := strings.Cut(string(text), rule)
	if !found {
		t.Fatalf("got no table in %s, want one", file)
	}
	if got == table.String() {
		return
	}
	if !*update {
		t.Fatalf("the table in %s is not that of the patches; run with -update", file)
	}
	if err := os.WriteFile(file, []byte(before+rule+table.String()), 0o644); err != nil {
		t.Fatalf("update: got error %v, want none", err)
	}
}

// TestPatchesApply tells soon, and without running anything, which patches the
// code has moved away from.
func TestPatchesApply(t *testing.T) {
	mutants, err := load(dir)
	if err != nil {
		t.Fatalf("load: got error %v, want none", err)
	}
	l := &lab{root: "../../..", scratch: t.TempDir()}
	for _, m := range mutants {
		if _, err := l.apply(t.Context(), m, filepath.Join(l.scratch, m.name)); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
	if len(mutants) < 190 {
		t.Errorf("got %d mutants, want at least 190", len(mutants))
	}
}

// TestInvariants wants a mutant for each invariant that the library keeps so far.
func TestInvariants(t *testing.T) {
	mutants, err := load(dir)
	if err != nil {
		t.Fatalf("load: got error %v, want none", err)
	}
	var broken []string
	for _, m := range mutants {
		broken = append(broken, strings.Split(m.breaks, ", ")...)
	}
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26} {
		if invariant := fmt.Sprint("I", n); !slices.Contains(broken, invariant) {
			t.Errorf("%s: got no mutant, want one", invariant)
		}
	}
}

func TestParse(t *testing.T) {
	const good = "breaks: I1\nwhy: it counts twice\ntest: ./a/b -run ^TestX$/^y z$\nenv: A=1\nenv: B=2\n\n" +
		"--- a/p/q.go\n+++ b/p/q.go\n@@ -1 +1 @@\n-a\n+b\n--- a/r.go\n+++ b/r.go\n@@ -1 +1 @@\n-a\n+b\n"
	m, err := parse(good)
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	if want := (test{pkg: "./a/b", run: "^TestX$/^y z$", env: "A=1\nB=2\n"}); m.test != want {
		t.Errorf("got test %+v, want %+v", m.test, want)
	}
	if m.breaks != "I1" || m.why != "it counts twice" || !slices.Equal(m.files, []string{"p/q.go", "r.go"}) {
		t.Errorf("got %+v, want what the header and the diff say", m)
	}
	for _, line := range []string{"breaks: I1\n", "why: it counts twice\n", "test: ./a/b -run ^TestX$/^y z$\n"} {
		if _, err := parse(strings.Replace(good, line, "", 1)); err == nil {
			t.Errorf("without %q: got no error, want one", line)
		}
	}
	if _, err := parse("kills: I1\n" + good); err == nil {
		t.Error("with an unknown key: got no error, want one")
	}
	if _, err := parse("breaks: I1\n"); err == nil {
		t.Error("without a diff: got no error, want one")
	}
}

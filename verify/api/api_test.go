package api

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// root is the directory of the module whose API is kept.
const root = "../.."

func TestAPI(t *testing.T) {
	packages, err := Packages(root)
	if err != nil {
		t.Fatalf("packages: got error %v, want none", err)
	}
	var golden []string
	for _, dir := range packages {
		file := filepath.Join("testdata", strings.ReplaceAll(dir, "/", "_")+".txt")
		if dir == "." {
			file = filepath.Join("testdata", "redrive.txt")
		}
		golden = append(golden, file)
		t.Run(dir, func(t *testing.T) { compare(t, dir, file) })
	}
	kept, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil {
		t.Fatalf("golden files: got error %v, want none", err)
	}
	for _, file := range kept {
		if !slices.Contains(golden, file) {
			t.Errorf("%s: got a golden file of no package, want it removed", file)
		}
	}
}

func compare(t *testing.T, dir, file string) {
	got, err := Text(filepath.Join(root, filepath.FromSlash(dir)))
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatalf("update: got error %v, want none", err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("got a package without a golden file (%v); run with -update if it is to be public", err)
	}
	if line, got, want, differ := firstDifference(got, string(want)); differ {
		t.Errorf("%s, line %d:\n got %s\nwant %s\nIf the change of the API is wanted, run with -update.", file, line, got, want)
	}
}

func firstDifference(got, want string) (line int, gotLine, wantLine string, differ bool) {
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		gotLine, wantLine = at(gotLines, i), at(wantLines, i)
		if gotLine != wantLine {
			return i + 1, gotLine, wantLine, true
		}
	}
	return 0, "", "", false
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end of file)"
}

// TestText shows what counts as API.
func TestText(t *testing.T) {
	dir := t.TempDir()
	const source = `// Package p is documented.
package p

import "errors"

// ErrB is documented.
var ErrB = errors.New("b")

var hidden int

// T is documented.
type T struct {
	A int // documented
	b int
}

// M is documented.
func (t *T) M() int { return t.b }

func (t *T) m() {}

type I interface{ F(x int) error }

const (
	X = iota
	y
	Z
)

func New(a ...string) *T { return nil }
`
	const want = `package p

const (
	X = iota
	Z
)

var ErrB = errors.New("b")

type I interface{ F(x int) error }

type T struct {
	A int
	// contains filtered or unexported fields
}

func New(a ...string) *T

func (t *T) M() int
`
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Text(dir)
	if line, got, want, differ := firstDifference(got, want); differ || err != nil {
		t.Errorf("line %d: got %q and error %v, want %q", line, got, err, want)
	}
}

func TestPackages(t *testing.T) {
	dir := t.TempDir()
	for file, text := range map[string]string{
		"doc.go":                "package root",
		"a/a.go":                "package a",
		"a/b/b.go":              "package b",
		"a/b/testdata/x/x.go":   "package x",
		"empty/empty_test.go":   "package empty",
		"internal/c/c.go":       "package c",
		"cmd/d/d.go":            "package main",
		"nested/go.mod":         "module nested",
		"nested/nested/e.go":    "package e",
		".hidden/hidden.go":     "package hidden",
		"documents/readme.text": "no Go",
	} {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Packages(dir)
	if want := []string{".", "a", "a/b"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q and error %v, want %q", got, err, want)
	}
}

package main

import (
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
)

// TestREADME keeps the README's program the same as this one.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(program), "package main")
	if block := "```go\npackage main" + code + "```\n"; !strings.Contains(string(readme), block) {
		t.Error("the README does not contain this program")
	}
}

// TestOutput runs the program in a bubble, so that its second passes at once.
func TestOutput(t *testing.T) {
	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout = w
	synctest.Test(t, func(*testing.T) { main() })
	w.Close()
	got, err := io.ReadAll(r)
	if want := "coffee (receive 1)\ntea, in a second (receive 1)\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

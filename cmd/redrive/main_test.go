package main

import (
	"strings"
	"testing"
)

// A call is one run of the command, and what is expected of it.
type call struct {
	args   []string
	stdin  string
	result int
	stdout string
	stderr string
}

func (c call) check(t *testing.T) {
	t.Helper()
	var stdout, stderr strings.Builder
	p := process{strings.NewReader(c.stdin), &stdout, &stderr, func(string) string { return "" }, nil}
	result := p.run(c.args)
	if result != c.result || stdout.String() != c.stdout || stderr.String() != c.stderr {
		t.Errorf("redrive %q\n  got %d, on stdout %q, on stderr %q\n want %d, on stdout %q, on stderr %q",
			c.args, result, stdout.String(), stderr.String(), c.result, c.stdout, c.stderr)
	}
}

func TestHelp(t *testing.T) {
	call{args: []string{"-h"}, stdout: usage}.check(t)
	call{args: []string{"serve", "-h"}, stdout: usage}.check(t)
	call{
		args:   []string{"-speed"},
		result: misuse,
		stderr: "redrive: flag provided but not defined: -speed\nredrive -h lists the commands and the flags\n",
	}.check(t)
	call{
		args:   []string{"tour.txt"},
		result: misuse,
		stderr: "redrive: no command \"tour.txt\"\nredrive -h lists the commands and the flags\n",
	}.check(t)
}

func TestVersion(t *testing.T) {
	call{args: []string{"-version"}, stdout: "redrive " + buildVersion() + "\n"}.check(t)
	if buildVersion() == "" {
		t.Error("the version is empty")
	}
}

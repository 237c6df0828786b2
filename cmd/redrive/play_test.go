package main

import (
	"os"
	"path/filepath"
	"testing"
)

func scriptFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "script.txt")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const (
	right = "# A script.\ncreate orders\nsend orders a\n    sequence 1\n"
	wrong = "# A script.\ncreate orders\nsend orders a\n    sequence 2\n"
	bad   = "create orders\nenlist orders\n"
)

func TestTour(t *testing.T) {
	call{args: []string{"play"}, stdout: tour}.check(t)
	call{args: []string{"play", "-check"}}.check(t)
}

func TestFilesArePlayed(t *testing.T) {
	call{args: []string{"play", scriptFile(t, wrong), scriptFile(t, right)}, stdout: right + right}.check(t)
	file := scriptFile(t, bad)
	call{
		args:   []string{"play", file, scriptFile(t, right)},
		result: failed,
		stdout: "create orders\n" + right,
		stderr: "redrive: " + file + ": line 2: no command \"enlist\"\n",
	}.check(t)
}

func TestMissingFile(t *testing.T) {
	call{
		args:   []string{"play", "testdata/nothing.txt"},
		result: failed,
		stderr: "redrive: testdata/nothing.txt: open testdata/nothing.txt: no such file or directory\n",
	}.check(t)
}

func TestFilesAreChecked(t *testing.T) {
	call{args: []string{"play", "-check", scriptFile(t, right)}}.check(t)
	file := scriptFile(t, wrong)
	call{
		args:   []string{"play", "-check", file, scriptFile(t, right)},
		result: failed,
		stdout: "line 3: send orders a\n  got:\n    sequence 1\n  want:\n    sequence 2\n",
		stderr: "redrive: " + file + ": the answers to 1 commands differ\n",
	}.check(t)
	file = scriptFile(t, bad)
	call{
		args:   []string{"play", "-check", file},
		result: failed,
		stderr: "redrive: " + file + ": line 2: no command \"enlist\"\n",
	}.check(t)
}

func TestCommandsFromTheStandardInput(t *testing.T) {
	call{
		args:  []string{"play", "-"},
		stdin: "create orders\nsend orders a delay=5s\nreceive orders wait=20s\nenlist\n\nadvance 5s\n",
		stdout: "    sequence 1\n" +
			"    r: waits\n" +
			"    ? no command \"enlist\"\n" +
			"    at 00:00:05, r: \"a\" receives 1 fence 1 visible 00:00:35\n",
	}.check(t)
}

func TestHelpOnScripts(t *testing.T) {
	call{args: []string{"play", "-h"}, stdout: playUsage}.check(t)
	call{
		args:   []string{"play", "-speed"},
		result: misuse,
		stderr: "redrive: play: flag provided but not defined: -speed\nredrive -h lists the commands and the flags\n",
	}.check(t)
}

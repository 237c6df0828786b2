// Command redrive is the workbench of the library: it plays scenario scripts
// against a broker in memory, on a clock that moves only when a script says so.
//
//	redrive               show a tour of what a queue does
//	redrive FILE...       play scripts, and print them with the answers
//	redrive -             play commands from the standard input as they come
//	redrive -check [FILE] compare the answers with those in the scripts
//
// The command help, in a script or after "redrive -", lists the commands.
package main

import (
	"bufio"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/redriveq/redrive/internal/script"
)

const usage = `usage: redrive [-check] [FILE...]
       redrive -

Plays scripts against a message queue in memory, on a clock that moves only
when a script says so. Without a FILE it shows a tour of what a queue does.

  -          play commands from the standard input as they come; try help
  -check     compare the answers with those in the files, and exit with 1 if
             they differ
  -version   print the version
`

//go:embed tour.txt
var tour string

// The results of the process.
const (
	ok     = 0
	failed = 1 // a script cannot be played, or its answers differ
	misuse = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the command without the process around it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("redrive", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {}
	check := flags.Bool("check", false, "")
	version := flags.Bool("version", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return ok
	case err != nil:
		fmt.Fprint(stderr, usage)
		return misuse
	case *version:
		fmt.Fprintln(stdout, "redrive", buildVersion())
		return ok
	case !*check && flags.NArg() == 1 && flags.Arg(0) == "-":
		interact(stdin, stdout)
		return ok
	}
	play := script.Run
	if *check {
		play = compare
	}
	return playAll(flags.Args(), play, stdout, stderr)
}

// playAll plays each of the files, or the tour if there are none.
func playAll(files []string, play func(io.Writer, io.Reader) error, stdout, stderr io.Writer) (result int) {
	note := func(name string, err error) {
		if err != nil {
			fmt.Fprintf(stderr, "redrive: %s: %v\n", name, err)
			result = failed
		}
	}
	for _, name := range files {
		note(name, playFile(name, play, stdout))
	}
	if len(files) == 0 {
		note("tour", play(stdout, strings.NewReader(tour)))
	}
	return result
}

func playFile(name string, play func(io.Writer, io.Reader) error, w io.Writer) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return play(w, file)
}

// compare plays a script and prints the commands to which the answers differ.
func compare(w io.Writer, r io.Reader) error {
	differences, err := script.Check(r)
	for _, d := range differences {
		fmt.Fprint(w, d)
	}
	if err == nil && len(differences) > 0 {
		err = fmt.Errorf("the answers to %d commands differ", len(differences))
	}
	return err
}

// interact plays the commands of r as they come. On a terminal it shows the
// time of the clock before each.
func interact(r io.Reader, w io.Writer) {
	p := script.NewPlayer()
	defer p.Close()
	prompt := func() {}
	if isTerminal(r) {
		prompt = func() { fmt.Fprint(w, p.Now().Format("15:04:05.999"), "> ") }
	}
	lines := bufio.NewScanner(r)
	for prompt(); lines.Scan(); prompt() {
		answers, err := p.Do(lines.Text())
		if err != nil {
			fmt.Fprintf(w, "    ? %v\n", err)
		}
		for _, answer := range answers {
			fmt.Fprintf(w, "    %s\n", answer)
		}
	}
}

func isTerminal(r io.Reader) bool {
	file, isFile := r.(*os.File)
	if !isFile {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func buildVersion() string {
	info, found := debug.ReadBuildInfo()
	if !found {
		return "unknown"
	}
	return info.Main.Version
}

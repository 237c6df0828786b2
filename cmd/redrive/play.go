package main

import (
	"bufio"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/redriveq/redrive/internal/script"
)

const playUsage = `usage: redrive play [-check] [FILE...]
       redrive play -

Plays scripts against a message queue in memory, on a clock that moves only
when a script says so. Without a FILE it shows a tour of what a queue does.

  -          play commands from the standard input as they come; try help
  -check     compare the answers with those in the files, and exit with 1 if
             they differ
`

//go:embed tour.txt
var tour string

// play is the command that plays scripts.
func (p *process) play(args []string) (result int) {
	flags := flag.NewFlagSet("redrive play", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	check := flags.Bool("check", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(p.stdout, playUsage)
		return ok
	case err != nil:
		return p.misused(fmt.Errorf("play: %w", err))
	case !*check && flags.NArg() == 1 && flags.Arg(0) == "-":
		interact(p.stdin, p.stdout)
		return ok
	}
	play := script.Run
	if *check {
		play = compare
	}
	return p.playAll(flags.Args(), play)
}

// playAll plays each of the files, or the tour if there are none.
func (p *process) playAll(files []string, play func(io.Writer, io.Reader) error) (result int) {
	note := func(name string, err error) {
		if err != nil {
			fmt.Fprintf(p.stderr, "redrive: %s: %v\n", name, err)
			result = failed
		}
	}
	for _, name := range files {
		note(name, playFile(name, play, p.stdout))
	}
	if len(files) == 0 {
		note("tour", play(p.stdout, strings.NewReader(tour)))
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

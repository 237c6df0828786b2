// Command redrive serves queues in memory over HTTP, so that the SDKs of Amazon
// SQS or of Yandex Message Queue can use them as they are.
//
//	redrive               serve on 127.0.0.1:9324 until a signal comes
//	redrive serve         the same
//	redrive play          show a tour of what a queue does
//	redrive play FILE...  play scenario scripts; see redrive play -h
//
// The flags are listed by redrive -h. Each can be given in the environment
// instead: REDRIVE_MOCK_CLOCK=true is -mock-clock. A flag on the command line
// takes precedence, and a variable that is empty is not there.
//
// The first SIGTERM or SIGINT stops it in good order and it exits with 0; the
// second ends it at once. It exits with 1 if it cannot serve, or a script fails,
// and with 2 if it was called wrongly, or a file that a flag names is wrong.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
)

// The results of the process.
const (
	ok     = 0
	failed = 1 // it cannot serve, or a script cannot be played, or its answers differ
	misuse = 2
)

// A process is what a command has of the one that it runs in.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(name string) string
	signals        func() <-chan os.Signal // from then on, signals to end come here and do nothing else
}

func main() {
	p := process{os.Stdin, os.Stdout, os.Stderr, os.Getenv, endSignals}
	os.Exit(p.run(os.Args[1:]))
}

func endSignals() <-chan os.Signal {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	return signals
}

// run is the command without the process around it.
func (p *process) run(args []string) (result int) {
	command := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	switch command {
	case "serve":
		return p.serve(args)
	case "play":
		return p.play(args)
	}
	return p.misused(fmt.Errorf("no command %q", command))
}

// misused tells that the command was called wrongly.
func (p *process) misused(err error) (result int) {
	fmt.Fprintf(p.stderr, "redrive: %v\nredrive -h lists the commands and the flags\n", err)
	return misuse
}

func buildVersion() string {
	info, found := debug.ReadBuildInfo()
	if !found {
		return "unknown"
	}
	return info.Main.Version
}

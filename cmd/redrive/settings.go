package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
)

const usage = `usage: redrive [serve] [FLAG...]
       redrive play [-check] [FILE...]

Serves message queues in memory by the protocol of Amazon SQS, or plays scenario
scripts (redrive play -h). The queues are gone when it ends.

  -addr HOST:PORT     where to listen (127.0.0.1:9324; port 0 is any free one)
  -profile NAME       sqs, or ymq for Yandex Message Queue (sqs)
  -region NAME        the region of requests that name none (us-east-1)
  -account ID         the account of requests that name none (000000000000)
  -relaxed            without the waits of 60 seconds between purges of a queue
                      and before the name of a deleted queue is used again
  -queues FILE        queues to create at the start, a JSON list of
                      {"name": "…", "attributes": {…}, "tags": {…}}, with names and
                      values as CreateQueue takes them
  -credentials FILE   check signatures. Lines of ACCESS_KEY SECRET [ACCOUNT], or a
                      JSON list of {"accessKey": "…", "secret": "…", "account": "…"}.
                      The file must not be readable by everybody
  -allow-anonymous    serve anybody even beyond the loopback interface
  -hosts NAME,...     the names by which it may be addressed, without port
                      (any IP address, localhost and names below it)
  -mock-clock         time stands still but for POST /_redrive/clock of
                      {"advance": "1h30m"} or {"to": "2030-01-02T03:04:05Z"}
  -log-level LEVEL    debug, info, warn or error (info)
  -version            print the version

Each flag but the last can be given in the environment instead: REDRIVE_ADDR,
REDRIVE_MOCK_CLOCK=true, and so on. GET /health says whether the process lives,
GET /ready whether it takes requests.
`

// settings say how to serve.
type settings struct {
	addr                     string
	profile, region, account string
	queues, credentials      string // files
	hosts                    []string
	relaxed, mockClock       bool
	allowAnonymous           bool
	logLevel                 slog.Level
	version                  bool
}

// newFlags returns the flags, which set s.
func newFlags(s *settings) *flag.FlagSet {
	flags := flag.NewFlagSet("redrive", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:9324", "")
	flags.StringVar(&s.profile, "profile", "sqs", "")
	flags.StringVar(&s.region, "region", "us-east-1", "")
	flags.StringVar(&s.account, "account", "000000000000", "")
	flags.BoolVar(&s.relaxed, "relaxed", false, "")
	flags.StringVar(&s.queues, "queues", "", "")
	flags.StringVar(&s.credentials, "credentials", "", "")
	flags.BoolVar(&s.allowAnonymous, "allow-anonymous", false, "")
	flags.Func("hosts", "", func(list string) error {
		s.hosts = strings.Split(list, ",")
		return nil
	})
	flags.BoolVar(&s.mockClock, "mock-clock", false, "")
	flags.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "")
	flags.BoolVar(&s.version, "version", false, "")
	return flags
}

// parseSettings reads the command line and the environment. Its error names the
// flag, or the variable, that is wrong.
func parseSettings(args []string, env func(string) string) (*settings, error) {
	s := new(settings)
	flags := newFlags(s)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("argument %q is not expected", flags.Arg(0))
	}
	if err := fromEnvironment(flags, env); err != nil {
		return nil, err
	}
	return s, s.check()
}

// fromEnvironment sets the flags that were not on the command line.
func fromEnvironment(flags *flag.FlagSet, env func(string) string) error {
	given := map[string]bool{"version": true} // never taken from the environment
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var errs []error
	flags.VisitAll(func(f *flag.Flag) {
		name := "REDRIVE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := env(name)
		if given[f.Name] || value == "" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("invalid value %q for %s: %w", value, name, err))
		}
	})
	return errors.Join(errs...)
}

// check checks what does not need files, nor the network.
func (s *settings) check() error {
	_, _, err := net.SplitHostPort(s.addr)
	switch {
	case s.version:
		return nil
	case err != nil:
		return fmt.Errorf("-addr: %w", err)
	case s.profile != "sqs" && s.profile != "ymq":
		return fmt.Errorf("-profile: %q is neither sqs nor ymq", s.profile)
	case !isWord(s.region, 32):
		return fmt.Errorf("-region: %q cannot be a region", s.region)
	case !isWord(s.account, maxAccount):
		return fmt.Errorf("-account: %q cannot be an account", s.account)
	case slices.Contains(s.hosts, ""):
		return errors.New("-hosts: a name is empty")
	case s.credentials != "" && s.allowAnonymous:
		return errors.New("-allow-anonymous: with -credentials nobody is anonymous")
	case s.credentials != "" && s.mockClock:
		return errors.New("-mock-clock: with -credentials, signatures would expire while time stands still")
	}
	return nil
}

// A settingError is about what a flag says, not about the world.
type settingError struct {
	flag string
	err  error
}

func (e *settingError) Error() string { return "-" + e.flag + ": " + e.err.Error() }
func (e *settingError) Unwrap() error { return e.err }

// maxAccount is how many bytes an account has at most.
const maxAccount = 80

// isWord reports whether a text of letters, digits, "-" and "_" can be part of the
// name of a queue. What a region is beyond that, the handler decides.
func isWord(text string, most int) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return text != "" && len(text) <= most
}

// checkReach refuses to serve anybody beyond the loopback interface.
func (s *settings) checkReach(addr *net.TCPAddr) error {
	if s.credentials != "" || s.allowAnonymous || addr.IP.IsLoopback() {
		return nil
	}
	return &settingError{"addr", fmt.Errorf("%s is not on the loopback interface, so anybody could use the queues: set -credentials, or -allow-anonymous", s.addr)}
}

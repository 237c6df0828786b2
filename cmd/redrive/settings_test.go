package main

import (
	"flag"
	"log/slog"
	"reflect"
	"strings"
	"testing"
)

func defaults() *settings {
	return &settings{addr: "127.0.0.1:9324", profile: "sqs", region: "us-east-1", account: "000000000000"}
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestSettings(t *testing.T) {
	all := &settings{
		addr: "0.0.0.0:80", profile: "ymq", region: "eu-west-1", account: "42", queues: "queues.json",
		hosts: []string{"queues.test", "redrive"}, relaxed: true, mockClock: true, allowAnonymous: true, logLevel: slog.LevelWarn,
	}
	signed := defaults()
	signed.credentials = "keys"
	version := defaults()
	version.version = true
	other := defaults()
	other.addr = "localhost:1"
	rows := []struct {
		name string
		args string
		env  map[string]string
		want *settings
	}{
		{name: "nothing", want: defaults()},
		{name: "all flags", want: all, args: "-addr 0.0.0.0:80 -profile ymq -region eu-west-1 -account 42 -queues queues.json -hosts queues.test,redrive -relaxed -mock-clock -allow-anonymous -log-level warn"},
		{name: "all variables", want: all, env: map[string]string{
			"REDRIVE_ADDR": "0.0.0.0:80", "REDRIVE_PROFILE": "ymq", "REDRIVE_REGION": "eu-west-1", "REDRIVE_ACCOUNT": "42",
			"REDRIVE_QUEUES": "queues.json", "REDRIVE_HOSTS": "queues.test,redrive", "REDRIVE_RELAXED": "true",
			"REDRIVE_MOCK_CLOCK": "1", "REDRIVE_ALLOW_ANONYMOUS": "true", "REDRIVE_LOG_LEVEL": "WARN",
		}},
		{name: "credentials", args: "-credentials keys", want: signed},
		{name: "credentials of the environment", env: map[string]string{"REDRIVE_CREDENTIALS": "keys"}, want: signed},
		{name: "the flag wins", args: "-addr localhost:1 -relaxed=false", env: map[string]string{"REDRIVE_ADDR": "nonsense", "REDRIVE_RELAXED": "true"}, want: other},
		{name: "empty variable", env: map[string]string{"REDRIVE_MOCK_CLOCK": "", "REDRIVE_ADDR": ""}, want: defaults()},
		{name: "version", args: "-version", env: map[string]string{"REDRIVE_PROFILE": "sqs"}, want: version},
		{name: "no version by the environment", env: map[string]string{"REDRIVE_VERSION": "true"}, want: defaults()},
	}
	for _, row := range rows {
		got, err := parseSettings(strings.Fields(row.args), environment(row.env))
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", row.name, got, err, row.want)
		}
	}
}

func TestWrongSettings(t *testing.T) {
	rows := []struct {
		args string
		env  map[string]string
		want string
	}{
		{args: "-addr 9324", want: "-addr: address 9324: missing port in address"},
		{args: "-profile cmq", want: `-profile: "cmq" is neither sqs nor ymq`},
		{args: "-region eu/west", want: `-region: "eu/west" cannot be a region`},
		{args: "-region=", want: `-region: "" cannot be a region`},
		{args: "-account a/b", want: `-account: "a/b" cannot be an account`},
		{args: "-account " + strings.Repeat("1", 81), want: `-account: "` + strings.Repeat("1", 81) + `" cannot be an account`},
		{args: "-hosts a,,b", want: "-hosts: a name is empty"},
		{args: "-credentials k -allow-anonymous", want: "-allow-anonymous: with -credentials nobody is anonymous"},
		{args: "-credentials k -mock-clock", want: "-mock-clock: with -credentials, signatures would expire while time stands still"},
		{args: "-log-level loud", want: `invalid value "loud" for flag -log-level: slog: level string "loud": unknown name`},
		{args: "-relaxed=maybe", want: `invalid boolean value "maybe" for -relaxed: parse error`},
		{args: "-speed 9", want: "flag provided but not defined: -speed"},
		{args: "-relaxed true", want: `argument "true" is not expected`},
		{env: map[string]string{"REDRIVE_MOCK_CLOCK": "maybe"}, want: `invalid value "maybe" for REDRIVE_MOCK_CLOCK: parse error`},
		{env: map[string]string{"REDRIVE_PROFILE": "cmq"}, want: `-profile: "cmq" is neither sqs nor ymq`},
	}
	for _, row := range rows {
		_, err := parseSettings(strings.Fields(row.args), environment(row.env))
		if err == nil || err.Error() != row.want {
			t.Errorf("%q %v:\n got %v\nwant %s", row.args, row.env, err, row.want)
		}
	}
}

// The usage names every flag, and none else.
func TestUsageNamesEveryFlag(t *testing.T) {
	named := make(map[string]bool)
	for line := range strings.Lines(usage) {
		if text, ours := strings.CutPrefix(line, "  -"); ours {
			name, _, _ := strings.Cut(text, " ")
			named[name] = true
		}
	}
	newFlags(new(settings)).VisitAll(func(f *flag.Flag) {
		if !named[f.Name] {
			t.Errorf("the usage does not name -%s", f.Name)
		}
		delete(named, f.Name)
	})
	if len(named) > 0 {
		t.Errorf("the usage names flags that there are not: %v", named)
	}
}

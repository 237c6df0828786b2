package main

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// file writes a file that its owner alone can read.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCredentials(t *testing.T) {
	want := keyring{"AKIA": {"AKIA", "s/1+", "42"}, "AKIB": {"AKIB", "s2", ""}}
	for name, text := range map[string]string{
		"lines":   "# who may\n\nAKIA s/1+ 42\r\n\tAKIB   s2",
		"JSON":    `[{"accessKey": "AKIA", "secret": "s/1+", "account": "42"}, {"accessKey": "AKIB", "secret": "s2"}]`,
		"a space": "\n [{\"accessKey\": \"AKIA\", \"secret\": \"s/1+\", \"account\": \"42\"}, {\"accessKey\": \"AKIB\", \"secret\": \"s2\"}]\n",
	} {
		got, err := readCredentials(file(t, text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
	if secret, account, found := want.lookup(context.Background(), "AKIA"); secret != "s/1+" || account != "42" || !found {
		t.Errorf("lookup: got %q, %q, %v", secret, account, found)
	}
	if _, _, found := want.lookup(context.Background(), "akia"); found {
		t.Error("lookup of another key: found")
	}
}

func TestWrongCredentials(t *testing.T) {
	const shape = `it is not a JSON list of {"accessKey": "…", "secret": "…", "account": "…"}`
	for text, want := range map[string]string{
		"":                                "no credentials in it",
		"[]":                              "no credentials in it",
		"# nobody\n":                      "no credentials in it",
		"AKIA hidden\nAKIB":               "line 2: it is not ACCESS_KEY SECRET [ACCOUNT]",
		"AKIA hidden 1 2":                 "line 1: it is not ACCESS_KEY SECRET [ACCOUNT]",
		"AKIA hidden\nAKIA hidden":        "credential 2: the access key is there already",
		"AKIA/B hidden":                   "credential 1: an access key has no slash",
		"AKIA hidden a/b":                 "credential 1: the account is not one",
		`[{"accessKey": "hidden"}]`:       "credential 1: it needs an access key and a secret",
		`[{"secret": "hidden"}]`:          "credential 1: it needs an access key and a secret",
		`[{"key": "hidden"}]`:             shape,
		`["hidden"]`:                      shape,
		`[`:                               shape,
		`[] []`:                           shape,
		strings.Repeat("hidden", 20_000):  "bufio.Scanner: token too long",
		`{"accessKey":"A", "secret":"B"}`: shape,
	} {
		name := file(t, text)
		_, err := readCredentials(name)
		if err == nil || err.Error() != name+": "+want {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hidden") {
			t.Errorf("%.40q: the error tells a secret: %v", text, err)
		}
	}
	if _, err := readCredentials("testdata/nothing"); err == nil {
		t.Error("no file: got no error")
	}
}

func TestModesOfCredentials(t *testing.T) {
	for mode, want := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: true, 0o644: false, 0o604: false, 0o602: false} {
		name := file(t, "AKIA secret")
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		_, err := readCredentials(name)
		if accepted := err == nil; accepted != want {
			t.Errorf("mode %v: got %v, want it accepted: %v", mode, err, want)
		}
	}
}

func TestQueuesInOrder(t *testing.T) {
	const target = `"attributes": {"RedrivePolicy": "{\"deadLetterTargetArn\": \"arn:aws:sqs:us-east-1:0:`
	for text, want := range map[string]string{
		`[]`:                             "",
		`[{"name": "b"}, {"name": "a"}]`: "b a",
		`[{"name": "a", ` + target + `c\"}"}}, {"name": "b"}, {"name": "c", ` + target + `d\"}"}}, {"name": "d"}]`: "d c a b",
		`[{"name": "a", ` + target + `b\"}"}}, {"name": "b", ` + target + `a\"}"}}]`:                               "b a",
		`[{"name": "a", ` + target + `a\"}"}}]`:                                                                    "a",
		`[{"name": "a", ` + target + `elsewhere\"}"}}]`:                                                            "a",
		`[{"name": "a", "attributes": {"RedrivePolicy": "nonsense"}}]`:                                             "a",
	} {
		queues, err := readQueues(file(t, text))
		var names []string
		for _, q := range queues {
			names = append(names, q.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestWrongQueues(t *testing.T) {
	for text, want := range map[string]string{
		``:                               "EOF",
		`{}`:                             "cannot unmarshal",
		`[] []`:                          "behind the list",
		`[{"name": "a", "delay": 5}]`:    `unknown field "delay"`,
		`[{"name": "a"}, {"tags": {}}]`:  "queue 2 has no name",
		`[{"name": "a"}, {"name": "a"}]`: `queue "a" is there twice`,
		`[{"name": "a", "attributes": {"DelaySeconds": 5}}]`: "cannot unmarshal number",
	} {
		name := file(t, text)
		_, err := readQueues(name)
		if err == nil || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to say %s", text, err, want)
		}
	}
	if _, err := readQueues("testdata/nothing"); err == nil {
		t.Error("no file: got no error")
	}
}

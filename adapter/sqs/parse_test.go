package sqs

import (
	"encoding/base64"
	"strings"
	"testing"
)

// What is a task handle, written again, is the same one.
func FuzzTaskHandle(f *testing.F) {
	for _, text := range []string{
		"", "foobar", `{"taskId":"a","sourceArn":"b"}`, `{"taskId":"a","sourceArn":"b"} `, `{"taskId":"a"}`,
		`{"taskId":"a","sourceArn":"b","more":1}`, `{"taskId":"a","sourceArn":"b"}{}`, `[]`, `null`, `{"taskId":1}`,
	} {
		f.Add(base64.StdEncoding.EncodeToString([]byte(text)))
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		handle, ok := parseTaskHandle(text)
		if !ok {
			return
		}
		if handle.TaskID == "" || handle.SourceARN == "" {
			t.Errorf("%q: %+v lacks a part", text, handle)
		}
		again, ok := parseTaskHandle(base64.StdEncoding.EncodeToString([]byte(marshal(handle))))
		if !ok || again != handle {
			t.Errorf("%q: got %+v, then %+v, %v", text, handle, again, ok)
		}
	})
}

// Whatever an address or an ARN is, the queue that it names is one of the
// tenant's, or of a tenant that has another name in the broker.
func FuzzAddress(f *testing.F) {
	for _, text := range []string{
		"a", "/0/a", "http://h/0/a", "http://h/0/a.fifo", "//0/a", "http://h:x/0/a", "/us-east-1/0/a", "/..//../a",
		"/%2f/a", "/0%2fa", "arn:aws:sqs:us-east-1:0:a", "arn:aws:sqs:us-east-1:0:a/b", "a?b#c", "\x00",
	} {
		f.Add(text)
	}
	h := &handler{profile: Profile(), config: Config{Region: "us-east-1", Account: "0", AllowAnonymous: true}}
	s := &session{handler: h, region: "us-east-1", account: "0", path: "/"}
	f.Fuzz(func(t *testing.T, text string) {
		names := make(map[string]queueName)
		if n, err := s.address(text); err == nil {
			names["address"] = n
		}
		if n, ok := s.parseARN(text); ok {
			names["ARN"] = n
		}
		for what, n := range names {
			if again, ok := h.named(h.stored(n)); !ok || again != n || strings.ContainsAny(n.region+n.account+n.name, "/:") {
				t.Errorf("%s %q: names %v, which is stored as %q and named %v, %v", what, text, n, h.stored(n), again, ok)
			}
		}
	})
}

// What passes as a policy can be changed and is still one.
func FuzzPolicy(f *testing.F) {
	for _, text := range []string{
		"", "{}", "[]", "null", `{"Statement":{}}`, `{"Statement":[]}`, `{"Statement":[{"Sid":"a"},1,null]}`,
		`{"Statement":" "}`, `{"Version":"1","Id":"<x>","Statement":null}`, `{"statement": [{}]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePolicy(text)
		if err != nil {
			return
		}
		for _, s := range p.Statement {
			sid(s)
		}
		again, err := parsePolicy(marshal(p))
		if err != nil || len(again.Statement) != len(p.Statement) || again.ID != p.ID || again.Version != p.Version {
			t.Errorf("%q: got %+v, then %+v, %v", text, p, again, err)
		}
	})
}

package guard

import (
	"net/http"
	"testing"
)

func TestAllows(t *testing.T) {
	for _, row := range []struct {
		names []string
		host  string
		want  bool
	}{
		{nil, "127.0.0.1:9324", true},
		{nil, "10.1.2.3", true},
		{nil, "[::1]:9324", true},
		{nil, "[::1]", true},
		{nil, "localhost", true},
		{nil, "LOCALHOST.:80", true},
		{nil, "queue.localhost:80", true},
		{nil, "evil.example", false},
		{nil, "localhost.evil.example", false},
		{nil, "evillocalhost", false},
		{nil, ".localhost", false},
		{nil, "a..localhost", false},
		{nil, "a/b.localhost", false},
		{nil, "127.0.0.1.evil.example", false},
		{nil, "", false},
		{[]string{}, "localhost", false},
		{[]string{"queue.example"}, "Queue.Example.:443", true},
		{[]string{"queue.example"}, "localhost", false},
		{[]string{"queue.example"}, "x.queue.example", false},
		{[]string{""}, "", false},
	} {
		if got := Allows(row.names, row.host); got != row.want {
			t.Errorf("Allows(%q, %q) = %t, want %t", row.names, row.host, got, row.want)
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	for _, row := range []struct {
		method, name, value string
		want                bool
	}{
		{"POST", "X-Nothing", "", false},
		{"POST", "Origin", "http://localhost:80", false},
		{"POST", "Origin", "http://evil.example", true},
		{"GET", "Origin", "http://evil.example", true},
		{"POST", "Origin", "null", true},
		{"GET", "Sec-Fetch-Site", "cross-site", true},
		{"GET", "Sec-Fetch-Site", "same-site", true},
		{"GET", "Sec-Fetch-Site", "same-origin", false},
		{"POST", "Sec-Fetch-Site", "none", false},
	} {
		r := &http.Request{Method: row.method, Host: "localhost:80", Header: http.Header{row.name: {row.value}}}
		if got := CrossOrigin(r); got != row.want {
			t.Errorf("%s with %s %q: CrossOrigin = %t, want %t", row.method, row.name, row.value, got, row.want)
		}
	}
}

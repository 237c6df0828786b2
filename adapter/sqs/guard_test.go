package sqs

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

var signingTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newRequest returns a request with the headers of an SDK, to localhost.
func newRequest(method, body string) *http.Request {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.Host = "localhost:9324"
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AmazonSQS.ListQueues")
	return r
}

// signRequest signs a request for a service and a region, all its headers.
func signRequest(r *http.Request, body, key, secret, service, region string, at time.Time) {
	date := at.UTC().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", date)
	names := []string{"host"}
	for name := range r.Header {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	canonical := r.Method + "\n" + r.URL.EscapedPath() + "\n" + r.URL.RawQuery + "\n"
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		canonical += name + ":" + value + "\n"
	}
	canonical += "\n" + strings.Join(names, ";") + "\n" + fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
	scope := date[:8] + "/" + region + "/" + service + "/aws4_request"
	text := fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s\n%x", date, scope, sha256.Sum256([]byte(canonical)))
	signature := []byte("AWS4" + secret)
	for _, part := range append(strings.Split(scope, "/"), text) {
		h := hmac.New(sha256.New, signature)
		h.Write([]byte(part))
		signature = h.Sum(nil)
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x", key, scope, strings.Join(names, ";"), signature))
}

// codeOf returns the code of an error, and "" for none.
func codeOf(err *apiError) string {
	if err == nil {
		return ""
	}
	return fmt.Sprint(err.Status, " ", err.Code)
}

const denied = "403 AccessDenied"

// TestHosts: a name that an attacker can point at this machine is refused.
func TestHosts(t *testing.T) {
	tests := []struct {
		hosts         []string
		allowed, evil []string
	}{
		{nil,
			[]string{"localhost", "localhost:9324", "LocalHost:1", "localhost.", "sqs.localhost:9324", "a.b.localhost", "127.0.0.1", "127.0.0.1:9324", "10.1.2.3:80", "[::1]:9324", "[::1]", "0.0.0.0:9324"},
			[]string{"", ":9324", "evil.example", "evil.example:9324", "localhost.evil.example", "evillocalhost", "127.0.0.1.evil.example", "x@localhost", "a@b.localhost", "..localhost", ".localhost", "local\r\nhost", "127.1", "0x7f000001"}},
		{[]string{"queues.example", "[::1]"},
			[]string{"queues.example", "queues.example:443", "QUEUES.example.", "[::1]:9324"},
			[]string{"", "localhost", "127.0.0.1", "a.queues.example", "queues.example.evil.example", "evil.example"}},
		{[]string{""},
			nil,
			[]string{"", ":9324", "localhost"}},
		{[]string{},
			nil,
			[]string{"", "localhost", "127.0.0.1"}},
	}
	for _, test := range tests {
		c := &Config{Hosts: test.hosts}
		check := func(host, want string) {
			r := newRequest("POST", "")
			r.Host = host
			if got := codeOf(guardRequest(c, r)); got != want {
				t.Errorf("hosts %q: Host %q: got %q, want %q", test.hosts, host, got, want)
			}
		}
		for _, host := range test.allowed {
			check(host, "")
		}
		for _, host := range test.evil {
			check(host, denied)
		}
	}
}

// TestOrigins: what a browser sends for another page is refused, also a GET.
func TestOrigins(t *testing.T) {
	tests := []struct {
		header, value, want string
	}{
		{"", "", ""},
		{"Origin", "http://localhost:9324", ""},
		{"Origin", "http://localhost:9325", denied},
		{"Origin", "https://evil.example", denied},
		{"Origin", "null", denied},
		{"Sec-Fetch-Site", "same-origin", ""},
		{"Sec-Fetch-Site", "none", ""},
		{"Sec-Fetch-Site", "same-site", denied},
		{"Sec-Fetch-Site", "cross-site", denied},
		{"Sec-Fetch-Site", "other", denied},
	}
	for _, test := range tests {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "DELETE"} {
			r := newRequest(method, "")
			if test.header != "" {
				r.Header.Set(test.header, test.value)
			}
			if got := codeOf(guardRequest(&Config{}, r)); got != test.want {
				t.Errorf("%s with %s: %s: got %q, want %q", method, test.header, test.value, got, test.want)
			}
		}
	}
}

// TestProxyHeaders: what a proxy says, and who the peer is, changes nothing.
func TestProxyHeaders(t *testing.T) {
	for _, c := range []*Config{{}, {Hosts: []string{"queues.example"}}} {
		for _, host := range []string{"localhost", "evil.example", "queues.example"} {
			plain := newRequest("POST", "")
			plain.Host = host
			want := codeOf(guardRequest(c, plain))
			for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "X-Original-Host"} {
				for _, value := range []string{"127.0.0.1", "localhost", "queues.example", "for=127.0.0.1;host=localhost"} {
					r := newRequest("POST", "")
					r.Host, r.RemoteAddr = host, "127.0.0.1:1"
					r.Header.Set(name, value)
					if got := codeOf(guardRequest(c, r)); got != want {
						t.Errorf("Host %s with %s: %s: got %q, want %q", host, name, value, got, want)
					}
				}
			}
		}
	}
	c := withKeys()
	r := newRequest("POST", "")
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("X-Forwarded-For", "127.0.0.1")
	if _, err := authenticate(t.Context(), c, r, nil, signingTime); codeOf(err) != "403 MissingAuthenticationToken" {
		t.Errorf("unsigned from loopback: got %q, want 403 MissingAuthenticationToken", codeOf(err))
	}
}

// withKeys returns a configuration that knows one access key, and one without a
// secret.
func withKeys() *Config {
	return &Config{
		Region: "eu-west-1", Account: "111111111111",
		Credentials: func(_ context.Context, key string) (string, string, bool) {
			switch key {
			case "AKIDKNOWN":
				return "secret", "222222222222", true
			case "AKIDPLAIN":
				return "secret", "", true
			case "AKIDEMPTY":
				return "", "333333333333", true
			}
			return "", "", false
		},
	}
}

func TestAuthenticate(t *testing.T) {
	const body = "{}"
	tests := []struct {
		name                         string
		key, secret, service, region string
		late                         time.Duration
		change                       func(*http.Request)
		want                         string
		identity                     identity
	}{
		{"signed", "AKIDKNOWN", "secret", "sqs", "us-east-2", 0, nil, "", identity{"us-east-2", "222222222222"}},
		{"account of the configuration", "AKIDPLAIN", "secret", "sqs", "us-east-2", 0, nil, "", identity{"us-east-2", "111111111111"}},
		{"wrong secret", "AKIDKNOWN", "other", "sqs", "us-east-2", 0, nil, "403 SignatureDoesNotMatch", identity{}},
		{"unknown key", "AKIDOTHER", "secret", "sqs", "us-east-2", 0, nil, "403 InvalidClientTokenId", identity{}},
		{"unknown key, the stand-in's secret", "AKIDOTHER", unknownSecret, "sqs", "us-east-2", 0, nil, "403 InvalidClientTokenId", identity{}},
		{"key without secret", "AKIDEMPTY", "", "sqs", "us-east-2", 0, nil, "403 InvalidClientTokenId", identity{}},
		{"other service", "AKIDKNOWN", "secret", "sns", "us-east-2", 0, nil, "403 SignatureDoesNotMatch", identity{}},
		{"other service, unknown key", "AKIDOTHER", "secret", "sns", "us-east-2", 0, nil, "403 SignatureDoesNotMatch", identity{}},
		{"late", "AKIDKNOWN", "secret", "sqs", "us-east-2", 16 * time.Minute, nil, "403 SignatureDoesNotMatch", identity{}},
		{"early", "AKIDKNOWN", "secret", "sqs", "us-east-2", -16 * time.Minute, nil, "403 SignatureDoesNotMatch", identity{}},
		{"region with capitals", "AKIDKNOWN", "secret", "sqs", "US-EAST-2", 0, nil, "403 SignatureDoesNotMatch", identity{}},
		{"region too long", "AKIDKNOWN", "secret", "sqs", strings.Repeat("a", 33), 0, nil, "403 SignatureDoesNotMatch", identity{}},
		{"longest region", "AKIDKNOWN", "secret", "sqs", strings.Repeat("a", 32), 0, nil, "", identity{strings.Repeat("a", 32), "222222222222"}},
		{"target changed", "AKIDKNOWN", "secret", "sqs", "us-east-2", 0, func(r *http.Request) { r.Header.Set("X-Amz-Target", "AmazonSQS.PurgeQueue") }, "403 SignatureDoesNotMatch", identity{}},
		{"query twice", "AKIDKNOWN", "secret", "sqs", "us-east-2", 0, func(r *http.Request) { r.URL.RawQuery = "a=1&a=1" }, "404 MalformedQueryString", identity{}},
		{"cut header", "AKIDKNOWN", "secret", "sqs", "us-east-2", 0, func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a") }, "400 IncompleteSignature", identity{}},
		{"no header", "AKIDKNOWN", "secret", "sqs", "us-east-2", 0, func(r *http.Request) { r.Header.Del("Authorization") }, "403 MissingAuthenticationToken", identity{}},
	}
	for _, test := range tests {
		r := newRequest("POST", body)
		signRequest(r, body, test.key, test.secret, test.service, test.region, signingTime)
		if test.change != nil {
			test.change(r)
		}
		got, err := authenticate(t.Context(), withKeys(), r, []byte(body), signingTime.Add(test.late))
		if codeOf(err) != test.want || got != test.identity {
			t.Errorf("%s: got %v, %q, want %v, %q", test.name, got, codeOf(err), test.identity, test.want)
		}
	}
}

// TestAnonymous: nothing of a signature is looked at but the region.
func TestAnonymous(t *testing.T) {
	c := &Config{AllowAnonymous: true, Region: "eu-west-1", Account: "111111111111"}
	tests := []struct {
		name, header, want string
		region             string
	}{
		{"unsigned", "", "", "eu-west-1"},
		{"other scheme", "Bearer x", "", "eu-west-1"},
		{"malformed", "AWS4-HMAC-SHA256 Credential=a/b/us-east-2", "", "eu-west-1"},
		{"signed by anyone", "AWS4-HMAC-SHA256 Credential=any/20260301/us-east-2/sqs/aws4_request, SignedHeaders=host, Signature=" + strings.Repeat("0", 64), "", "us-east-2"},
		{"region that is none", "AWS4-HMAC-SHA256 Credential=any/20260301/a_b/sqs/aws4_request, SignedHeaders=host, Signature=" + strings.Repeat("0", 64), "403 SignatureDoesNotMatch", ""},
	}
	for _, test := range tests {
		r := newRequest("POST", "")
		if test.header != "" {
			r.Header.Set("Authorization", test.header)
		}
		got, err := authenticate(t.Context(), c, r, nil, signingTime)
		if codeOf(err) != test.want || got.region != test.region || err == nil && got.account != c.Account {
			t.Errorf("%s: got %v, %q, want region %q, %q", test.name, got, codeOf(err), test.region, test.want)
		}
	}
}

// TestClosedByDefault: nothing is open that nobody has opened.
func TestClosedByDefault(t *testing.T) {
	b, err := queue.Open(queue.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, c := range []Config{{}, {Broker: b}} {
		if h, err := NewHandler(c); err == nil || h != nil {
			t.Errorf("NewHandler without credentials: got %v, %v, want an error", h, err)
		}
	}
	if _, err := authenticate(t.Context(), &Config{Region: "eu-west-1"}, newRequest("POST", ""), nil, signingTime); codeOf(err) != denied {
		t.Errorf("authenticate without credentials: got %q, want %q", codeOf(err), denied)
	}
	files, _ := filepath.Glob("*.go")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && (bytes.Contains(text, []byte("net.Listen")) || bytes.Contains(text, []byte("ListenAndServe"))) {
			t.Errorf("%s listens by itself", file)
		}
	}
}

// TestLogLines: what a client says of itself stays on its line, and no key is
// logged.
func TestLogLines(t *testing.T) {
	hostile := "x\r\nlevel=ERROR msg=\"all is lost\"\x1b[31m\u2028\u0085\x00\xff" + strings.Repeat("y", 1000)
	for _, kind := range []string{"text", "json"} {
		var out bytes.Buffer
		c := withKeys()
		c.Logger = slog.New(slog.NewTextHandler(&out, nil))
		if kind == "json" {
			c.Logger = slog.New(slog.NewJSONHandler(&out, nil))
		}
		r := newRequest("POST", "")
		r.Method, r.Host, r.URL.Path = hostile, hostile, hostile
		r.Header["Origin"], r.Header["User-Agent"] = []string{hostile}, []string{hostile}
		r.Header["Authorization"] = []string{"AWS4-HMAC-SHA256 SECRET" + hostile}
		guardRequest(c, r)
		r.Host = "localhost"
		guardRequest(c, r)
		if _, err := authenticate(t.Context(), c, r, nil, signingTime); err == nil {
			t.Fatal("authenticate: got nil, want an error")
		}
		text := out.String()
		if lines := strings.Count(text, "\n"); lines != 3 || len(text) > 3*3000 {
			t.Errorf("%s: got %d lines of %d bytes, want 3 short ones:\n%s", kind, lines, len(text), text)
		}
		if strings.ContainsAny(text, "\r\x1b\x00\u2028\u0085") || strings.Contains(text, "SECRET") {
			t.Errorf("%s: got raw controls, or a secret, in %q", kind, text)
		}
	}
}

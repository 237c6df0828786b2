package xfer_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

const (
	recordsType = "application/vnd.redrive.records+jsonl; version=1"
	resultsType = "application/vnd.redrive.results+jsonl; version=1"
	origin      = "0123456789abcdef0123456789abcdef"
)

// line returns the least record, for the queue.
func line(queue string, n int) string {
	return fmt.Sprintf(`{"id":"00000000-0000-0000-0000-%012x","node":"%s","queue":"%s","hops":1}`+"\n", n, origin, queue)
}

func packed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.Bytes()
}

// bomb returns n mebibytes of zeros, packed.
func bomb(n int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	block := make([]byte, 1<<20)
	for range n {
		_, _ = z.Write(block)
	}
	_ = z.Close()
	return b.Bytes()
}

func newHandler(t tester, b *queue.Broker, c xfer.HandlerConfig) http.Handler {
	t.Helper()
	h, err := xfer.NewHandler(b, c)
	if err != nil {
		t.Fatalf("new handler: got error %v, want none", err)
	}
	return h
}

func newRequest(body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://here.example"+xfer.Path, bytes.NewReader(body))
	r.Header.Set("Content-Type", recordsType)
	r.Header.Set("Content-Encoding", "gzip")
	return r
}

// Whatever is wrong with a request is answered by its status, and has no effect.
func TestHandlerAbuse(t *testing.T) {
	b := openBroker(t)
	q := create(t, b, "q", queue.Patch{})
	good := packed(line("q", 1))
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	rows := []struct {
		name   string
		body   []byte
		change func(r *http.Request)
		want   int
	}{
		{"another path", good, func(r *http.Request) { r.URL.Path = "/" }, 404},
		{"a path below", good, func(r *http.Request) { r.URL.Path += "/x" }, 404},
		{"GET", good, func(r *http.Request) { r.Method = "GET" }, 405},
		{"PUT", good, func(r *http.Request) { r.Method = "PUT" }, 405},
		{"another origin", good, header("Origin", "https://evil.example"), 403},
		{"no origin", good, header("Origin", "null"), 403},
		{"a cross-site fetch", good, header("Sec-Fetch-Site", "cross-site"), 403},
		{"not authorized", good, header("Authorization", "wrong"), 403},
		{"not authorized, from loopback", good, func(r *http.Request) {
			r.Header.Del("Authorization")
			r.RemoteAddr = "127.0.0.1:1"
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
		}, 403},
		{"a form", good, header("Content-Type", "application/x-www-form-urlencoded"), 415},
		{"another type of that version", good, header("Content-Type", "text/plain; version=1"), 415},
		{"no type", good, header("Content-Type"), 415},
		{"no version", good, header("Content-Type", strings.Split(recordsType, ";")[0]), 415},
		{"another version", good, header("Content-Type", strings.Replace(recordsType, "=1", "=2", 1)), 415},
		{"two versions", good, header("Content-Type", recordsType+"; version=2"), 415},
		{"no encoding", []byte(line("q", 1)), header("Content-Encoding"), 415},
		{"another encoding", good, header("Content-Encoding", "br"), 415},
		{"two encodings", good, header("Content-Encoding", "gzip", "gzip"), 415},
		{"two encodings in one", good, header("Content-Encoding", "gzip, gzip"), 415},
		{"no body", nil, nil, 400},
		{"not gzip", []byte(line("q", 1)), nil, 400},
		{"cut off", good[:len(good)-5], nil, 400},
		{"a wrong checksum", append(bytes.Clone(good[:len(good)-8]), 0, 0, 0, 0, 0, 0, 0, 0), nil, 400},
		{"data after it", append(bytes.Clone(good), 'x'), nil, 400},
		{"another gzip after it", append(bytes.Clone(good), good...), nil, 400},
		{"nothing in it", packed(""), nil, 400},
		{"bad JSON after a good line", packed(line("q", 1) + "{\n"), nil, 400},
		{"bad UTF-8", packed(line("\xff", 1)), nil, 400},
		{"no line feed", packed(strings.TrimSpace(line("q", 1))), nil, 400},
		{"an unknown field", packed(strings.Replace(line("q", 1), "hops", "hop", 1)), nil, 400},
		{"a bomb", bomb(4), nil, 413},
		{"a length that is too large", good, func(r *http.Request) { r.ContentLength = 1 << 40 }, 413},
		{"a body that is too large", bytes.Repeat([]byte{0x1f, 0x8b, 8, 0}, 1<<20), func(r *http.Request) { r.ContentLength = -1 }, 400},
		{"too much that is not compressed", noise(2 << 20), func(r *http.Request) { r.ContentLength = -1 }, 413},
		{"empty blocks without end", append(bytes.Clone(good[:10]), bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 1<<19)...), func(r *http.Request) { r.ContentLength = -1 }, 413},
		{"too many records", packed(strings.Repeat(line("q", 1), 1001)), nil, 413},
		{"too many lines", packed(strings.Repeat("\n", 1<<19)), nil, 413},
	}
	h := newHandler(t, b, xfer.HandlerConfig{MaxBytes: 1 << 20, Authorize: func(r *http.Request) error {
		if r.Header.Get("Authorization") != "right" {
			return errors.New("secret reason")
		}
		return nil
	}})
	for _, row := range rows {
		r := newRequest(row.body)
		r.Header.Set("Authorization", "right")
		if row.change != nil {
			row.change(r)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != row.want || w.Body.Len() > 300 {
			t.Errorf("%s: got status %d %q, want %d", row.name, w.Code, w.Body, row.want)
		}
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: the answer tells %q", row.name, w.Body)
		}
	}
	if got := messages(t, q); len(got) != 0 {
		t.Errorf("there are %d messages, want none", len(got))
	}
}

// noise returns a gzip file of n bytes that are not compressed.
func noise(n int) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.NoCompression)
	_, _ = z.Write(bytes.Repeat([]byte("x"), n))
	_ = z.Close()
	return b.Bytes()
}

// A bomb costs no more than the limit.
func TestHandlerBombMemory(t *testing.T) {
	h := newHandler(t, openBroker(t), xfer.HandlerConfig{MaxBytes: 1 << 20, AllowAnonymous: true})
	r := newRequest(bomb(128))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 || w.Code != 413 {
		t.Errorf("got status %d and %d bytes allocated, want 413 and below 16 MiB", w.Code, got)
	}
}

// A request that is well formed is answered line by line.
func TestHandlerAnswers(t *testing.T) {
	b := openBroker(t)
	create(t, b, "q", queue.Patch{MaxMessages: new(2)})
	h := newHandler(t, b, xfer.HandlerConfig{AllowAnonymous: true})
	post := func(text string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, newRequest(packed(text)))
		return w
	}
	w := post(line("q", 1) + line("none", 2) + line("q", 3) + line("q", 4) + line("q", 5))
	lines := strings.Split(w.Body.String(), "\n")
	if w.Code != 200 || w.Header().Get("Content-Type") != resultsType || len(lines) != 5 {
		t.Fatalf("got status %d, %v, %q, want 200 and four lines", w.Code, w.Header(), lines)
	}
	for i, want := range []string{`"id":"`, `"refused":"no such queue"`, `"id":"`, `{"later":"queue full"}`, ""} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d: got %s, want %s", i, lines[i], want)
		}
	}
	again := post(line("q", 1))
	if got := strings.TrimSpace(again.Body.String()); got != lines[0] {
		t.Errorf("once more: got %s, want %s", got, lines[0])
	}
	if w := post(line("q", 4)); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("a full queue: got status %d and %v, want 503", w.Code, w.Header())
	}
	b.Close()
	if w := post(line("q", 4)); w.Code != 503 {
		t.Errorf("a closed broker: got status %d, want 503", w.Code)
	}
}

// A handler that lets everybody in says so.
func TestHandlerConfig(t *testing.T) {
	b := openBroker(t)
	allow := func(*http.Request) error { return nil }
	for _, c := range []xfer.HandlerConfig{{}, {Authorize: allow, AllowAnonymous: true}} {
		if h, err := xfer.NewHandler(b, c); h != nil || !errors.Is(err, queue.ErrInvalid) {
			t.Errorf("%+v: got %v and error %v, want ErrInvalid", c, h, err)
		}
	}
}

// What a stranger sends stays one line in the log, and no body stands there.
func TestHandlerLog(t *testing.T) {
	var text bytes.Buffer
	h := newHandler(t, openBroker(t), xfer.HandlerConfig{
		Logger:    slog.New(slog.NewTextHandler(&text, nil)),
		Authorize: func(*http.Request) error { return errors.New("bad\ntoken") },
	})
	h.ServeHTTP(httptest.NewRecorder(), newRequest(packed(line("secret", 1))))
	if got := text.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `bad\ntoken`) || strings.Contains(got, "secret") {
		t.Errorf("log: got %q, want one line", got)
	}
}

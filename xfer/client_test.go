package xfer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// A transport is a function that makes requests.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// direct serves requests without a network.
func direct(h http.Handler) transport {
	return func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	}
}

func newClient(t tester, url string, c xfer.ClientConfig) *xfer.Client {
	t.Helper()
	x, err := xfer.NewClient(url, c)
	if err != nil {
		t.Fatalf("new client: got error %v, want none", err)
	}
	return x
}

func TestClientNames(t *testing.T) {
	for url, want := range map[string]string{
		"http://h":              "http://h/",
		"http://h/":             "http://h/",
		"https://h:8000/a/b":    "https://h:8000/a/b/",
		"https://h:8000/a//b/.": "https://h:8000/a/b/",
	} {
		if got := newClient(t, url, xfer.ClientConfig{}).Name(); got != want {
			t.Errorf("%s: got name %s, want %s", url, got, want)
		}
	}
	for _, url := range []string{"", "h", "ftp://h", "http://", "http://user:secret@h", "http://h?a=b", "http://h?", "http://h#a", "http://h\n", "http:h"} {
		if x, err := xfer.NewClient(url, xfer.ClientConfig{}); x != nil || !errors.Is(err, queue.ErrInvalid) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v and error %v, want ErrInvalid", url, x, err)
		}
	}
	if _, err := xfer.NewClient("http://h", xfer.ClientConfig{MaxBatch: 1001}); !errors.Is(err, queue.ErrInvalid) {
		t.Errorf("batch of 1001: got error %v, want ErrInvalid", err)
	}
}

// The answer is lost after each request that has any: no message is lost or
// doubled.
func TestLostAnswers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		b := openBroker(t)
		home, there := r.create("q", queue.Patch{}), create(t, b, "q", queue.Patch{})
		r.fill(home, 200)
		serve := direct(newHandler(t, b, xfer.HandlerConfig{AllowAnonymous: true}))
		calls := 0
		lossy := transport(func(r *http.Request) (*http.Response, error) {
			response, err := serve(r)
			calls++
			switch calls % 3 {
			case 1:
				return nil, errors.New("connection reset")
			case 2: // in the middle of a line
				text, _ := io.ReadAll(response.Body)
				response.Body = io.NopCloser(io.MultiReader(strings.NewReader(string(text[:len(text)/2])), broken{}))
			}
			return response, err
		})
		x := newClient(t, "http://there.example/", xfer.ClientConfig{HTTP: &http.Client{Transport: lossy}, MaxBatch: 17})
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		_, err := r.m.Wait(r.ctx(), task.ID)
		r.must(err)
		wantOnce(t, bodies(t, there), "q", 200)
		r.wantTask("at the end", task.ID, 0, 200, 0, 0)
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// wantOnce checks that each message that fill made is there once.
func wantOnce(t tester, got []string, name string, n int) {
	t.Helper()
	want := make([]string, n)
	for i := range want {
		want[i] = fmt.Sprint(name, " ", i)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %d messages, %d of them different, want %d, each once", len(got), len(slices.Compact(got)), n)
	}
}

// Answers that do not fit are not believed, from the line on that does not.
func TestClientDisbelieves(t *testing.T) {
	record := func(n byte) xfer.Record {
		return xfer.Record{ID: queue.MessageID{n}, Node: origin, Queue: "q", Hops: 1}
	}
	yes := func(n byte) string {
		return fmt.Sprintf(`{"message":"%v","id":"%v"}`+"\n", queue.MessageID{n}, queue.MessageID{100 + n})
	}
	for name, row := range map[string]struct {
		status int
		kind   string
		body   string
		want   int // results
		fails  bool
	}{
		"all":                     {200, resultsType, yes(1) + yes(2), 2, false},
		"a prefix":                {200, resultsType, yes(1), 1, true},
		"a prefix, and later":     {200, resultsType, yes(1) + `{"later":"queue full"}` + "\n", 1, true},
		"the end cut off":         {200, resultsType, yes(1) + strings.TrimSpace(yes(2)), 1, true},
		"another type":            {200, "text/html", yes(1) + yes(2), 0, true},
		"another status":          {201, resultsType, yes(1) + yes(2), 0, true},
		"a redirect":              {307, resultsType, yes(1) + yes(2), 0, true},
		"another order":           {200, resultsType, yes(2) + yes(1), 0, true},
		"too many":                {200, resultsType, yes(1) + yes(2) + yes(3), 2, true},
		"no ID":                   {200, resultsType, `{"message":"` + queue.MessageID{1}.String() + `"}` + "\n", 0, true},
		"not JSON":                {200, resultsType, yes(1) + "x\n", 1, true},
		"an error of the server":  {500, "text/plain", "x", 0, true},
		"not authorized":          {403, "text/plain", "x", 0, true},
		"an answer that is empty": {200, resultsType, "", 0, true},
	} {
		calls := 0
		x := newClient(t, "http://h", xfer.ClientConfig{HTTP: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			calls++
			w := httptest.NewRecorder()
			w.Header().Set("Content-Type", row.kind)
			w.Header().Set("Location", "http://h/else")
			w.WriteHeader(row.status)
			_, _ = w.WriteString(row.body)
			return w.Result(), nil
		})}})
		results, err := x.Send(context.Background(), []xfer.Record{record(1), record(2)})
		if len(results) != row.want || (err != nil) != row.fails || calls != 1 {
			t.Errorf("%s: got %+v and error %v in %d calls, want %d results in one", name, results, err, calls, row.want)
		}
		for i, r := range results {
			if r.Err != nil || r.ID != (queue.MessageID{101 + byte(i)}) {
				t.Errorf("%s: result %d is %+v", name, i, r)
			}
		}
	}
}

// A request that is too large is made smaller, and what is too large alone is
// refused.
func TestClientHalves(t *testing.T) {
	b := openBroker(t)
	create(t, b, "q", queue.Patch{})
	h := newHandler(t, b, xfer.HandlerConfig{AllowAnonymous: true, MaxBytes: 4000})
	authorized := 0
	x := newClient(t, "http://h", xfer.ClientConfig{HTTP: &http.Client{Transport: direct(h)}, Authorize: func(r *http.Request) error {
		authorized++
		return nil
	}})
	var records []xfer.Record
	for i := range byte(100) {
		records = append(records, xfer.Record{ID: queue.MessageID{i}, Node: origin, Queue: "q", Body: []byte{i}, Hops: 1})
	}
	records[70].Body = make([]byte, 5000)
	refused := 0
	for len(records) > 0 {
		results, err := x.Send(context.Background(), records)
		if err != nil || len(results) == 0 {
			t.Fatalf("got %d results and error %v, want some", len(results), err)
		}
		for i, r := range results {
			if errors.Is(r.Err, xfer.ErrRefused) && len(records[i].Body) == 5000 {
				refused++
			} else if r.Err != nil {
				t.Errorf("record %v: got error %v, want none", records[i].ID, r.Err)
			}
		}
		records = records[len(results):]
	}
	if q, _ := b.Queue(t.Context(), "q"); refused != 1 || len(messages(t, q)) != 99 || authorized < 5 {
		t.Errorf("%d refused, %d there, %d requests, want 1, 99 and several", refused, len(messages(t, q)), authorized)
	}
	one := newClient(t, "http://h", xfer.ClientConfig{HTTP: &http.Client{Transport: direct(h)}, MaxBytes: 250})
	results, err := one.Send(context.Background(), []xfer.Record{
		{ID: queue.MessageID{1}, Node: origin, Queue: "q", Body: make([]byte, 300), Hops: 1}, // alone
		{ID: queue.MessageID{2}, Node: origin, Queue: "q", Hops: 1},
	})
	if err != nil || len(results) != 1 {
		t.Errorf("with room for one: got %+v and error %v, want one result", results, err)
	}
	refusing := newClient(t, "http://h", xfer.ClientConfig{Authorize: func(*http.Request) error { return io.EOF }})
	if _, err := refusing.Send(context.Background(), []xfer.Record{{Node: origin, Queue: "q"}}); !errors.Is(err, io.EOF) {
		t.Errorf("without credentials: got error %v, want EOF", err)
	}
}

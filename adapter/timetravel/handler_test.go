package timetravel_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/adapter/timetravel"
	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// A rig is a handler over a broker whose time is noon.
type rig struct {
	*timetravel.Handler
	t      *testing.T
	clock  *clock.Mock
	broker *queue.Broker
	moves  *movetask.Manager
}

const noon = "2030-01-02T12:00:00Z"

func newRig(t *testing.T, hosts ...string) *rig {
	r := &rig{t: t, clock: clock.NewMock()}
	r.clock.Set(must(time.Parse(time.RFC3339, noon)))
	r.broker = must(queue.Open(queue.Config{Clock: r.clock}))
	t.Cleanup(func() { r.broker.Close() })
	r.moves = must(movetask.Open(r.broker, movetask.Config{}))
	t.Cleanup(func() { r.moves.Close() })
	r.Handler = must(timetravel.NewHandler(timetravel.Config{Broker: r.broker, Moves: r.moves, Hosts: hosts}))
	return r
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// send sends a request that a program would send, as changed by edit.
func (r *rig) send(method, body string, edit func(*http.Request)) (status int, answer string) {
	request := httptest.NewRequest(method, "http://127.0.0.1:9324"+timetravel.Path, strings.NewReader(body))
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	if edit != nil {
		edit(request)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		r.t.Errorf("content type is %q, want application/json", got)
	}
	return w.Code, strings.TrimSpace(w.Body.String())
}

func (r *rig) expect(method, body string, status int, answer string) {
	r.t.Helper()
	gotStatus, got := r.send(method, body, nil)
	if gotStatus != status || got != answer {
		r.t.Errorf("%s %s:\n got %d %s\nwant %d %s", method, body, gotStatus, got, status, answer)
	}
}

func TestTimeGoesForward(t *testing.T) {
	r := newRig(t)
	r.expect("GET", "", 200, `{"now":"2030-01-02T12:00:00Z"}`)
	r.expect("POST", `{"advance": "1h30m"}`, 200, `{"now":"2030-01-02T13:30:00Z"}`)
	r.expect("POST", `{"advance": "0s"}`, 200, `{"now":"2030-01-02T13:30:00Z"}`)
	r.expect("POST", `{"to": "2030-01-02T15:00:00.5+01:00"}`, 200, `{"now":"2030-01-02T14:00:00.5Z"}`)
	r.expect("POST", `{"advance": "72h"}`, 200, `{"now":"2030-01-05T14:00:00.5Z"}`)
	r.expect("POST", `{"advance": "8784h"}`, 200, `{"now":"2031-01-06T14:00:00.5Z"}`)
	r.expect("GET", "", 200, `{"now":"2031-01-06T14:00:00.5Z"}`)
}

func TestWhatIsRefused(t *testing.T) {
	const shape = `{"error":"the body must be {\"advance\": \"1h30m\"} or {\"to\": \"2030-01-02T03:04:05Z\"}"}`
	const span = `{"error":"advance must be a span like \"1h30m\""}`
	const instant = `{"error":"to must be an instant like \"2030-01-02T03:04:05Z\""}`
	const outside = `{"error":"time goes forward, and by 8784h0m0s at most; it is 2030-01-02T12:00:00Z"}`
	rows := []struct {
		method, body string
		status       int
		answer       string
	}{
		{"POST", ``, 400, shape},
		{"POST", `{}`, 400, shape},
		{"POST", `[]`, 400, shape},
		{"POST", `["advance","1h"]`, 400, shape},
		{"POST", `"1h"`, 400, shape},
		{"POST", `{"advance": "1h"`, 400, shape},
		{"POST", `{"advance": "1h", "to"`, 400, shape},
		{"POST", `{"advance": "1h"} {}`, 400, shape},
		{"POST", `{"advance": 3600}`, 400, shape},
		{"POST", `{"advance": null}`, 400, shape},
		{"POST", `{"Advance": "1h"}`, 400, shape},
		{"POST", `{"advance": "1h", "advance": "1h"}`, 400, shape},
		{"POST", `{"advance": "1h", "to": "2030-01-02T15:00:00Z"}`, 400, shape},
		{"POST", `{"advance": "an hour"}`, 400, span},
		{"POST", `{"to": "tomorrow"}`, 400, instant},
		{"POST", `{"advance": "-1ns"}`, 400, outside},
		{"POST", `{"advance": "8784h0m1s"}`, 400, outside},
		{"POST", `{"advance": "2562047h"}`, 400, outside},
		{"POST", `{"to": "2030-01-02T11:59:59Z"}`, 400, outside},
		{"POST", `{"to": "9999-01-01T00:00:00Z"}`, 400, outside},
		{"POST", `{"advance": "` + strings.Repeat("1h", 600) + `"}`, 413, `{"error":"the request is larger than 1024 bytes"}`},
		{"PUT", `{"advance": "1h"}`, 405, `{"error":"the method must be GET or POST"}`},
	}
	r := newRig(t)
	for _, row := range rows {
		r.expect(row.method, row.body, row.status, row.answer)
	}
	r.expect("GET", "", 200, `{"now":"`+noon+`"}`)
}

// A web page must not move the time, nor read it.
func TestBrowsersAreRefused(t *testing.T) {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	rows := []struct {
		name   string
		hosts  []string
		edit   func(*http.Request)
		status int // of a GET; that of a POST is the same if post is zero
		post   int
	}{
		{name: "another origin", edit: header("Origin", "https://example.com"), status: 403},
		{name: "another site", edit: header("Sec-Fetch-Site", "cross-site"), status: 403},
		{name: "the same origin", edit: header("Origin", "http://127.0.0.1:9324"), status: 200},
		{name: "a form", edit: header("Content-Type", "text/plain"), status: 200, post: 415},
		{name: "a name of its own", edit: host("example.com:9324"), status: 403},
		{name: "a name that ends alike", edit: host("notlocalhost"), status: 403},
		{name: "no host", edit: host(""), status: 403},
		{name: "localhost", edit: host("localhost:9324"), status: 200},
		{name: "below localhost", edit: host("queues.LOCALHOST.:9324"), status: 200},
		{name: "IPv6", edit: host("[::1]:9324"), status: 200},
		{name: "a name that is listed", hosts: []string{"queues.test"}, edit: host("Queues.test:9324"), status: 200},
		{name: "one that is not", hosts: []string{"queues.test"}, edit: host("localhost"), status: 403},
		{name: "no host, with a list", hosts: []string{""}, edit: host(""), status: 403},
	}
	for _, row := range rows {
		r := newRig(t, row.hosts...)
		if status, answer := r.send("GET", "", row.edit); status != row.status {
			t.Errorf("%s: GET: got %d %s, want %d", row.name, status, answer, row.status)
		}
		want := row.post
		if want == 0 {
			want = row.status
		}
		if status, answer := r.send("POST", `{"advance": "1h"}`, row.edit); status != want {
			t.Errorf("%s: POST: got %d %s, want %d", row.name, status, answer, want)
		}
		if moved := r.clock.Now().Format(time.RFC3339) != noon; moved != (want == 200) {
			t.Errorf("%s: the time has moved: %v, with status %d", row.name, moved, want)
		}
	}
}

// What was due has happened in every queue when Advance returns, whether or not a
// timer has got to it: here a receive that waits on one queue sends a message to
// the dead-letter queue, where another waits.
func TestEverythingDueHasHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		r := newRig(t)
		dead := must(r.broker.CreateQueue(ctx, "dead", queue.Patch{}))
		orders := must(r.broker.CreateQueue(ctx, "orders", queue.Patch{
			VisibilityTimeout: new(30 * time.Second),
			DeadLetter:        &queue.DeadLetter{Queue: "dead", MaxReceives: 1},
		}))
		must(orders.Send(ctx, queue.Message{Body: []byte("tea")}))
		must(orders.Receive(ctx, nil))
		wait := &queue.ReceiveOptions{Wait: new(time.Minute)}
		got := make(chan []queue.Delivery, 1)
		go func() { got <- must(dead.Receive(ctx, wait)) }()
		go func() { got <- must(orders.Receive(ctx, wait)) }()
		synctest.Wait()
		must(r.Advance(ctx, 30*time.Second))
		if deliveries := <-got; len(deliveries) != 1 || string(deliveries[0].Body) != "tea" {
			t.Errorf("received %v, want tea", deliveries)
		}
		must(r.Advance(ctx, 30*time.Second))
		if deliveries := <-got; len(deliveries) != 0 {
			t.Errorf("the other receive got %v, want nothing", deliveries)
		}
	})
}

// A look at a move task makes the step that is due, so Advance has made it.
func TestMoveTasksHaveMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		r := newRig(t)
		source := must(r.broker.CreateQueue(ctx, "source", queue.Patch{}))
		target := must(r.broker.CreateQueue(ctx, "target", queue.Patch{}))
		for range 3 {
			must(source.Send(ctx, queue.Message{Body: []byte("tea")}))
		}
		must(r.moves.Start(ctx, movetask.Options{Source: source, AnySource: true, Destination: target, Rate: 1}))
		for want := 1; want <= 3; want++ {
			if got := must(target.Stats(ctx)).Visible.Messages; got != want {
				t.Fatalf("after %d seconds: got %d messages, want %d", want-1, got, want)
			}
			must(r.Advance(ctx, time.Second))
		}
	})
}

func TestAdvanceStopsWithItsContext(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	r.clock.AfterFunc(36*time.Hour, func() { cancel(gone) })
	now, err := r.Advance(ctx, 30*24*time.Hour)
	if want := must(time.Parse(time.RFC3339, noon)).Add(48 * time.Hour); !errors.Is(err, gone) || !now.Equal(want) || !r.clock.Now().Equal(want) {
		t.Errorf("got %v, %v at %v, want %v, %v", now, err, r.clock.Now(), want, gone)
	}
}

func TestAdvanceOfAClosedBroker(t *testing.T) {
	r := newRig(t)
	r.broker.Close()
	if _, err := r.Advance(t.Context(), time.Second); !errors.Is(err, queue.ErrClosed) {
		t.Errorf("got %v, want %v", err, queue.ErrClosed)
	}
	r.expect("POST", `{"advance": "1s"}`, 503, `{"error":"the server is stopping"}`)
}

func TestConfigurations(t *testing.T) {
	if _, err := timetravel.NewHandler(timetravel.Config{}); err == nil {
		t.Error("no broker: got no error")
	}
	broker := must(queue.Open(queue.Config{}))
	defer broker.Close()
	if _, err := timetravel.NewHandler(timetravel.Config{Broker: broker}); err == nil {
		t.Error("real clock: got no error")
	}
}

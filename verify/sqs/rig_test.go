package sqs

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/adapter/sqs"
	"github.com/redriveq/redrive/adapter/timetravel"
	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// An identity is who a client is, and for which region it signs. Without a key it
// does not sign.
type identity struct {
	key, secret, region string
}

const home = "us-east-1" // the region of the server

// The secrets and accounts of the access keys that the server knows.
var (
	alice    = identity{"ALICE", "alice's secret", home}
	bob      = identity{"BOB", "bob's secret", home}
	accounts = map[string]struct{ secret, account string }{
		alice.key: {alice.secret, "111111111111"},
		bob.key:   {bob.secret, "222222222222"},
	}
)

// A rig is a server that checks signatures, over a broker on a mock clock. Its
// time starts at the real one, because clients sign with that: it may go on by
// less than fifteen minutes.
type rig struct {
	url    string
	broker *queue.Broker
	moves  *movetask.Manager
	travel *timetravel.Handler

	json, query atomic.Int64  // requests by protocol
	arrived     chan struct{} // holds one if a request came since it was emptied, and has read the clock
	forgeMD5    atomic.Bool   // answers tell another digest than the right one
}

func newRig(t *testing.T, profile *queue.Profile) *rig {
	t.Helper()
	mock := clock.NewMock()
	mock.Set(time.Now().Round(0))
	r := &rig{arrived: make(chan struct{}, 1)}
	r.broker = must(queue.Open(queue.Config{Clock: mock, Profile: profile}))
	t.Cleanup(func() { r.broker.Close() })
	r.moves = must(movetask.Open(r.broker, movetask.Config{}))
	t.Cleanup(func() { r.moves.Close() })
	r.travel = must(timetravel.NewHandler(timetravel.Config{Broker: r.broker, Moves: r.moves}))
	handler := must(sqs.NewHandler(sqs.Config{
		Broker: r.broker, Moves: r.moves, Region: home, Account: accounts[alice.key].account,
		Credentials: func(_ context.Context, key string) (secret, account string, ok bool) {
			select {
			case r.arrived <- struct{}{}:
			default:
			}
			a, ok := accounts[key]
			return a.secret, a.account, ok
		},
	}))
	r.listen(t, r.watch(handler))
	return r
}

func (r *rig) listen(t *testing.T, handler http.Handler) {
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewUnstartedServer(nil)
	server.Config = sqs.NewServer(handler)
	server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	server.Start()
	t.Cleanup(func() {
		cancel() // or receives would wait for a time that does not come
		server.Close()
	})
	r.url = server.URL
}

// watch counts the requests, and forges digests if that is asked for.
func (r *rig) watch(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("X-Amz-Target") != "" {
			r.json.Add(1)
		} else {
			r.query.Add(1)
		}
		if !r.forgeMD5.Load() {
			handler.ServeHTTP(w, q)
			return
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, q)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		w.Write(bytes.ReplaceAll(answer.Body.Bytes(), []byte(md5OfTea), []byte(md5OfCoffee)))
	})
}

// advance moves the time of the server.
func (r *rig) advance(t *testing.T, d time.Duration) {
	t.Helper()
	if _, err := r.travel.Advance(t.Context(), d); err != nil {
		t.Fatalf("advance %v: %v", d, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// number returns the number that an attribute holds.
func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Errorf("attribute %q is no number", text)
	}
	return n
}

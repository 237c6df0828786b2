package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// A fixture is a service that runs in a bubble.
type fixture struct {
	*Service
	t      *testing.T
	start  time.Time
	mu     sync.Mutex
	events []string // what the work did, and when
	stop   func()   // consuming, and waits for its end
}

func start(t *testing.T, workers int, work func(ctx context.Context, o Order) error) *fixture {
	t.Helper()
	return startConfig(t, Config{Work: work, Workers: workers})
}

func startConfig(t *testing.T, c Config) *fixture {
	t.Helper()
	c.Logger = slog.New(slog.DiscardHandler)
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var consuming sync.WaitGroup
	consuming.Go(func() { s.Consume(ctx) })
	f := &fixture{Service: s, t: t, start: time.Now()}
	f.stop = func() {
		cancel()
		consuming.Wait()
	}
	t.Cleanup(func() {
		f.stop()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// note records an event of the work.
func (f *fixture) note(event string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, time.Since(f.start).String()+" "+event)
}

// expect compares the events, after everything has come to rest.
func (f *fixture) expect(want ...string) {
	f.t.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.events, want) {
		f.t.Errorf("got events %q, want %q", f.events, want)
	}
}

// post sends a request and returns the answer.
func (f *fixture) post(body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(body))
	if len(header) == 2 {
		r.Header.Set(header[0], header[1])
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w
}

// order posts an order that must be accepted.
func (f *fixture) order(body string) {
	f.t.Helper()
	if w := f.post(body); w.Code != http.StatusAccepted {
		f.t.Fatalf("POST %s = %d %s, want 202", body, w.Code, w.Body)
	}
}

// counts returns how many orders wait, are worked on, and failed for good.
func (f *fixture) counts() [3]int {
	f.t.Helper()
	orders, err := f.orders.Stats(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	failed, err := f.failed.Stats(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return [3]int{orders.Visible.Messages, orders.InFlight.Messages, failed.Visible.Messages}
}

func (f *fixture) expectCounts(visible, inFlight, failed int) {
	f.t.Helper()
	if got, want := f.counts(), [3]int{visible, inFlight, failed}; got != want {
		f.t.Errorf("visible, in flight, failed = %v, want %v", got, want)
	}
}

const tea = `{"customer": "anna", "item": "tea"}`

func TestOrdersAreWorkedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f *fixture
		f = start(t, 1, func(_ context.Context, o Order) error {
			f.note(o.Customer + " " + o.Item)
			time.Sleep(time.Second)
			return nil
		})
		f.order(tea)
		synctest.Wait()
		f.order(tea)
		f.order(tea)
		f.order(`{"customer": "ben", "item": "coffee"}`)
		time.Sleep(time.Minute)
		f.expect("0s anna tea", "1s anna tea", "2s ben coffee", "3s anna tea")
		f.expectCounts(0, 0, 0)
	})
}

func TestSlowWorkKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f *fixture
		f = start(t, 2, func(context.Context, Order) error {
			f.note("begins")
			time.Sleep(5 * time.Minute)
			f.note("ends")
			return nil
		})
		f.order(tea)
		time.Sleep(4 * time.Minute)
		f.expectCounts(0, 1, 0)
		time.Sleep(time.Hour)
		f.expect("0s begins", "5m0s ends")
		f.expectCounts(0, 0, 0)
	})
}

func TestFailedWorkIsPutOffAndGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f *fixture
		f = start(t, 1, func(context.Context, Order) error {
			f.note("fails")
			return errors.New("no cups")
		})
		f.order(tea)
		time.Sleep(time.Hour)
		f.expect("0s fails", "1s fails", "3s fails", "7s fails", "15s fails")
		f.expectCounts(0, 0, 1)
	})
}

func TestLostOrderEndsItsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f *fixture
		f = start(t, 1, func(ctx context.Context, _ Order) error {
			<-ctx.Done()
			if cause := context.Cause(ctx); !errors.Is(cause, errLost) || !errors.Is(cause, queue.ErrMessageGone) {
				t.Errorf("the cause is %v, want errLost and ErrMessageGone", cause)
			}
			f.note("stops")
			return context.Cause(ctx)
		})
		f.order(tea)
		time.Sleep(15 * time.Second)
		if _, err := f.orders.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		f.expect("20s stops")
		f.expectCounts(0, 0, 0)
	})
}

func TestEndlessWorkHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f *fixture
		f = start(t, 1, func(ctx context.Context, _ Order) error {
			f.note("begins")
			<-ctx.Done()
			if cause := context.Cause(ctx); !errors.Is(cause, errTooLong) {
				f.note(cause.Error())
			}
			return context.Cause(ctx)
		})
		f.order(tea)
		time.Sleep(15 * time.Minute)
		f.expect("0s begins", "9m31s begins")
		f.expectCounts(0, 1, 0)
		f.stop()
		f.expect("0s begins", "9m31s begins", "15m0s context canceled")
	})
}

func TestStoppingReleasesWhatIsInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, 2, func(ctx context.Context, _ Order) error {
			<-ctx.Done()
			time.Sleep(time.Minute) // it takes longer than a visibility timeout to stop
			return context.Cause(ctx)
		})
		f.order(tea)
		f.order(tea)
		f.order(tea)
		time.Sleep(time.Second)
		f.expectCounts(1, 2, 0)
		stopped := make(chan struct{})
		go func() {
			f.stop()
			close(stopped)
		}()
		time.Sleep(59 * time.Second)
		f.expectCounts(1, 2, 0)
		<-stopped
		f.expectCounts(3, 0, 0)
		for info, err := range f.orders.Messages(t.Context()) {
			if err != nil || info.ReceiveCount != 0 {
				t.Errorf("message %d: %d receives, %v, want 0", info.Sequence, info.ReceiveCount, err)
			}
		}
	})
}

// A slowEngine holds up changes of visibility until the gate is closed.
type slowEngine struct {
	driver.Engine
	gate chan struct{}
}

func (e slowEngine) ChangeVisibility(ctx context.Context, now time.Time, id driver.QueueID, changes []driver.Change) ([]driver.ChangeOutcome, error) {
	<-e.gate
	return e.Engine.ChangeVisibility(ctx, now, id, changes)
}

func TestLettingGoWaitsForTheLastExtension(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := slowEngine{Engine: memqueue.New(), gate: make(chan struct{})}
		f := startConfig(t, Config{Engine: engine})
		f.order(tea)
		got, err := f.orders.Receive(t.Context(), nil)
		if err != nil || len(got) != 1 {
			t.Fatalf("Receive() = %d deliveries, %v, want 1", len(got), err)
		}
		working, letGo := f.hold(t.Context(), got[0])
		time.Sleep(visibility / 3)
		synctest.Wait() // the extension is under way
		go func() {
			letGo()
			f.note("let go")
		}()
		f.expect()
		close(engine.gate)
		f.expect("10s let go")
		if working.Err() == nil {
			t.Error("the context of the work goes on")
		}
	})
}

func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, 0, nil)
		first := f.post(tea, "Idempotency-Key", "1")
		again := f.post(tea, "Idempotency-Key", "1")
		if first.Code != http.StatusAccepted || first.Body.String() != again.Body.String() {
			t.Errorf("got %d %s, and again %d %s, want the same", first.Code, first.Body, again.Code, again.Body)
		}
		f.expectCounts(1, 0, 0)
		for _, test := range []struct {
			body string
			code int
		}{
			{"tea", http.StatusBadRequest},
			{`{"item": "` + strings.Repeat("x", maxOrder) + `"}`, http.StatusBadRequest},
			{`{"customer": "` + strings.Repeat("x", 257) + `"}`, http.StatusBadRequest},
		} {
			if w := f.post(test.body); w.Code != test.code {
				t.Errorf("POST %.40s = %d %s, want %d", test.body, w.Code, w.Body, test.code)
			}
		}
		if err := f.orders.SetAttributes(t.Context(), queue.Patch{MaxMessages: new(1)}); err != nil {
			t.Fatal(err)
		}
		if w := f.post(tea); w.Code != http.StatusServiceUnavailable {
			t.Errorf("POST to a full queue = %d %s, want 503", w.Code, w.Body)
		}
		f.expectCounts(1, 0, 0)
	})
}

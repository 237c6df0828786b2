package sqs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
)

// openQueue returns an empty queue of a broker of its own.
func openQueue(t *testing.T, wait time.Duration) (*queue.Broker, *queue.Queue) {
	t.Helper()
	b, err := queue.Open(queue.Config{Profile: queue.SQS()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	q, err := b.CreateQueue(t.Context(), "q", queue.Patch{ReceiveWait: &wait})
	if err != nil {
		t.Fatal(err)
	}
	return b, q
}

// TestWaitCap: receives above the cap answer at once; those that find a message,
// or need not wait, are not counted.
func TestWaitCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, q := openQueue(t, 20*time.Second)
		w := newWaits(2)
		start := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		for range 2 {
			waiting.Go(func() {
				if got, err := w.receive(ctx, q, &queue.ReceiveOptions{}); len(got) != 0 || !errors.Is(err, context.Canceled) {
					t.Errorf("waiting: got %v, %v, want none and context.Canceled", got, err)
				}
			})
		}
		synctest.Wait()
		for _, wait := range []*time.Duration{nil, new(20 * time.Second), new(time.Duration(0))} {
			if got, err := w.receive(t.Context(), q, &queue.ReceiveOptions{Wait: wait}); len(got) != 0 || err != nil {
				t.Errorf("above the cap: got %v, %v, want none", got, err)
			}
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("above the cap: got an answer after %v, want it at once", waited)
		}
		cancel()
		waiting.Wait()
		if got, err := w.receive(t.Context(), q, &queue.ReceiveOptions{}); len(got) != 0 || err != nil {
			t.Errorf("with free slots: got %v, %v, want none", got, err)
		}
		if waited := time.Since(start); waited != 20*time.Second {
			t.Errorf("with free slots: got an answer after %v, want 20s", waited)
		}
		if len(w) != 0 || cap(newWaits(0)) != 10_000 {
			t.Errorf("got %d slots taken and %d by default, want 0 and 10000", len(w), cap(newWaits(0)))
		}
	})
}

// TestWaitCapMessage: the cap keeps nobody from a message that is there.
func TestWaitCapMessage(t *testing.T) {
	_, q := openQueue(t, 0)
	w := newWaits(1)
	w.acquire()
	if _, err := q.Send(t.Context(), queue.Message{Body: []byte("tea")}); err != nil {
		t.Fatal(err)
	}
	if got, err := w.receive(t.Context(), q, &queue.ReceiveOptions{Wait: new(time.Second)}); len(got) != 1 || err != nil {
		t.Errorf("got %v, %v, want one", got, err)
	}
}

// A lateContext ends without waking anybody: once it has been armed it is found
// alive once more, by whoever hands a message over, and ended from then on.
type lateContext struct {
	context.Context
	armed bool
	asked int
}

func (c *lateContext) Err() error {
	if c.armed {
		c.asked++
	}
	if c.asked > 1 {
		return context.Canceled
	}
	return nil
}

// TestGivenBack: a message that is handed over to a client that is gone by then
// is as if it had not been received.
func TestGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, q := openQueue(t, 0)
		ctx := &lateContext{Context: t.Context()}
		var waiting sync.WaitGroup
		waiting.Go(func() {
			got, err := newWaits(1).receive(ctx, q, &queue.ReceiveOptions{Wait: new(20 * time.Second)})
			if len(got) != 0 || !errors.Is(err, context.Canceled) {
				t.Errorf("got %d messages, %v, want none and context.Canceled", len(got), err)
			}
		})
		synctest.Wait()
		ctx.armed = true
		if _, err := q.Send(t.Context(), queue.Message{Body: []byte("tea")}); err != nil {
			t.Fatal(err)
		}
		waiting.Wait()
		if ctx.asked < 2 {
			t.Errorf("got the context asked %d times, want it asked after the message was handed over", ctx.asked)
		}
		checkUntouched(t, b, 1)
	})
}

// A desk serves receives of 20 s, each from a queue of its own, which is the path.
// When the client of one is gone, it sends a message there, at that very instant.
type desk struct {
	t       *testing.T
	broker  *queue.Broker
	waits   waits
	arrived chan struct{} // gets one as a receive begins
	busy    sync.WaitGroup
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.busy.Add(1)
	defer d.busy.Done()
	q, err := d.broker.CreateQueue(context.WithoutCancel(r.Context()), strings.Trim(r.URL.Path, "/"), queue.Patch{})
	if err != nil {
		d.t.Error(err)
		return
	}
	if _, err := readBody(w, r, bodyLimit); err != nil {
		return
	}
	sent := make(chan struct{})
	context.AfterFunc(r.Context(), func() {
		defer close(sent)
		if _, err := q.Send(context.Background(), queue.Message{Body: []byte("tea")}); err != nil {
			d.t.Error(err)
		}
	})
	d.arrived <- struct{}{}
	if got, err := d.waits.receive(r.Context(), q, &queue.ReceiveOptions{Wait: new(20 * time.Second)}); len(got) > 0 || err == nil {
		d.t.Errorf("%s: got %d messages, %v, want none and an error", r.URL.Path, len(got), err)
	}
	<-sent
}

// TestClientGone: a thousand clients go away at random moments of a receive that
// waits, and messages come as they go. No message is taken.
func TestClientGone(t *testing.T) {
	b, err := queue.Open(queue.Config{Profile: queue.SQS()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	d := &desk{t: t, broker: b, waits: newWaits(0), arrived: make(chan struct{})}
	s := httptest.NewUnstartedServer(nil)
	s.Config = NewServer(d)
	s.Start()
	defer s.Close()
	const clients = 1000
	sent := 0
	for i := range clients {
		request := fmt.Sprintf("POST /q%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody", i)
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if rand.IntN(10) == 0 { // before the request was sent
			fmt.Fprint(conn, request[:rand.IntN(strings.Index(request, "\r\n\r\n"))])
			conn.Close()
			continue
		}
		fmt.Fprint(conn, request)
		if rand.IntN(2) == 0 { // before or after the receive begins
			conn.Close()
			<-d.arrived
		} else {
			<-d.arrived
			for range rand.IntN(1000) {
				_ = time.Now()
			}
			conn.Close()
		}
		sent++
	}
	d.busy.Wait()
	checkUntouched(t, b, sent)
}

// checkUntouched checks that all that was sent is visible and was not received.
func checkUntouched(t *testing.T, b *queue.Broker, sent int) {
	t.Helper()
	visible, inFlight := 0, 0
	for info, err := range b.Queues(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		q, err := b.Queue(t.Context(), info.Name)
		if err != nil {
			t.Fatal(err)
		}
		stats, err := q.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		visible, inFlight = visible+stats.Visible.Messages, inFlight+stats.InFlight.Messages
		for m, err := range q.Messages(t.Context()) {
			if err != nil || m.ReceiveCount != 0 {
				t.Errorf("%s: got receive count %d, %v, want 0", info.Name, m.ReceiveCount, err)
			}
		}
	}
	if visible != sent || inFlight != 0 {
		t.Errorf("got %d visible, %d in flight, want %d, 0", visible, inFlight, sent)
	}
}

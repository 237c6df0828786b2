package batch_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// An engine in memory that notes what reaches it, and does what a test says
// before it sends or deletes.
type engine struct {
	driver.Engine
	before func(context.Context) error // nil: nothing
	silent bool                        // notes nothing: for benchmarks

	mu      sync.Mutex // guards both below
	sends   [][]string // the bodies of each call
	deletes []int      // how many receipts each call had
}

func (e *engine) Send(ctx context.Context, now time.Time, q driver.QueueID, messages []driver.Message) ([]driver.SendResult, error) {
	e.note(func() {
		bodies := make([]string, len(messages))
		for i, m := range messages {
			bodies[i] = string(m.Body)
		}
		e.sends = append(e.sends, bodies)
	})
	if err := e.hold(ctx); err != nil {
		return nil, err
	}
	return e.Engine.Send(ctx, now, q, messages)
}

func (e *engine) Delete(ctx context.Context, now time.Time, q driver.QueueID, receipts []driver.Receipt) ([]driver.DeleteResult, error) {
	e.note(func() { e.deletes = append(e.deletes, len(receipts)) })
	if err := e.hold(ctx); err != nil {
		return nil, err
	}
	return e.Engine.Delete(ctx, now, q, receipts)
}

func (e *engine) note(f func()) {
	if e.silent {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

func (e *engine) hold(ctx context.Context) error {
	if e.before == nil {
		return nil
	}
	return e.before(ctx)
}

// sent returns the bodies of each call so far.
func (e *engine) sent() [][]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.sends)
}

// open opens a broker on a noting engine, with one queue.
func open(t testing.TB, profile *queue.Profile, patch queue.Patch) (*engine, *queue.Broker, *queue.Queue) {
	t.Helper()
	e := &engine{Engine: memqueue.New()}
	b, err := queue.Open(queue.Config{Engine: e, Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	q, err := b.CreateQueue(t.Context(), "orders", patch)
	if err != nil {
		t.Fatal(err)
	}
	return e, b, q
}

func message(body string) queue.Message { return queue.Message{Body: []byte(body)} }

// bodies returns those of the messages in the queue, by sequence.
func bodies(t testing.TB, q *queue.Queue) []string {
	t.Helper()
	var all []string
	for info, err := range q.Messages(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(info.Body))
	}
	return all
}

// receipts receives n messages and returns their receipts.
func receipts(t testing.TB, q *queue.Queue, n int) []string {
	t.Helper()
	got, err := q.Receive(t.Context(), &queue.ReceiveOptions{Max: n, Wait: new(time.Duration(0))})
	if err != nil || len(got) != n {
		t.Fatalf("receive: got %d messages and %v, want %d", len(got), err, n)
	}
	all := make([]string, n)
	for i, d := range got {
		all[i] = d.Receipt
	}
	return all
}

// wantErrors checks each error against a target of errors.Is; nil wants none.
func wantErrors(t testing.TB, got, want []error) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d outcomes, want %d", len(got), len(want))
	}
	for i := range want {
		if !errors.Is(got[i], want[i]) {
			t.Errorf("entry %d: got error %v, want %v", i, got[i], want[i])
		}
	}
}

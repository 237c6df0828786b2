package stress

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"go.uber.org/goleak"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
	"github.com/redriveq/redrive/verify/internal/scale"
)

// TestClose closes brokers at random moments under every kind of call. All
// calls come back, those that begin afterwards with ErrClosed, and nothing of
// the broker is left.
func TestClose(t *testing.T) {
	begin := time.Now()
	before := goleak.IgnoreCurrent()
	var calls atomic.Int64
	rounds := scale.Of(3_000)
	for round := range rounds {
		underLoad(t, uint64(round), &calls, queue.ErrClosed, func(b *queue.Broker) {
			everybody(2, func(int) {
				if err := b.Close(); err != nil {
					t.Errorf("close: got error %v, want none", err)
				}
			})
		})
	}
	if err := goleak.Find(before); err != nil {
		t.Errorf("after %d brokers: %v", rounds, err)
	}
	report("close", begin, "%s brokers closed, %s calls", count(rounds), count(calls.Load()))
}

// TestDeleteQueue deletes queues at random moments under every kind of call.
func TestDeleteQueue(t *testing.T) {
	begin := time.Now()
	var calls atomic.Int64
	rounds := scale.Of(3_000)
	for round := range rounds {
		underLoad(t, uint64(round), &calls, queue.ErrNoQueue, func(b *queue.Broker) {
			if err := b.DeleteQueue(t.Context(), "queue"); err != nil {
				t.Errorf("delete queue: got error %v, want none", err)
			}
		})
	}
	report("delete queue", begin, "%s queues deleted, %s calls", count(rounds), count(calls.Load()))
}

// underLoad lets goroutines use a queue until each gets the error that end
// causes. Whoever makes the call of a random number calls end first.
func underLoad(t *testing.T, seed uint64, calls *atomic.Int64, want error, end func(*queue.Broker)) {
	const users = 9
	b, err := queue.Open(queue.Config{Engine: &guarded{Engine: memqueue.New(), t: t}})
	if err != nil {
		t.Fatalf("open: got error %v, want none", err)
	}
	defer b.Close()
	q := create(t, b, "queue", queue.Patch{})
	last := 1 + rand.New(rand.NewPCG(4, seed)).Int64N(200)
	made := new(atomic.Int64)
	everybody(users, func(i int) {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		for {
			if made.Add(1) == last {
				end(b)
			}
			if err := anyCall(q, i, rng); err != nil {
				if !errors.Is(err, want) {
					t.Errorf("user %d: got error %v, want none or %v", i, err, want)
				}
				return
			}
			runtime.Gosched()
		}
	})
	if _, err := q.Stats(t.Context()); !errors.Is(err, want) {
		t.Errorf("afterwards: got error %v, want %v", err, want)
	}
	calls.Add(made.Load())
}

// A guarded engine reports calls that are under way when it is closed, or come
// later.
type guarded struct {
	driver.Engine
	t        *testing.T
	underWay atomic.Int64
	closed   atomic.Bool
}

func (e *guarded) Close() error {
	e.closed.Store(true)
	if n := e.underWay.Load(); n > 0 {
		e.t.Errorf("engine closed: got %d calls under way, want none", n)
	}
	return e.Engine.Close()
}

// enter begins a call, and returns what ends it.
func (e *guarded) enter() (leave func()) {
	e.underWay.Add(1)
	runtime.Gosched()
	if e.closed.Load() {
		e.t.Error("engine: got a call after Close, want none")
	}
	return func() { e.underWay.Add(-1) }
}

func (e *guarded) Send(ctx context.Context, now time.Time, q driver.QueueID, m []driver.Message) ([]driver.SendResult, error) {
	defer e.enter()()
	return e.Engine.Send(ctx, now, q, m)
}

func (e *guarded) Receive(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, error) {
	defer e.enter()()
	return e.Engine.Receive(ctx, now, q, r)
}

func (e *guarded) Purge(ctx context.Context, now time.Time, q driver.QueueID) (int, error) {
	defer e.enter()()
	return e.Engine.Purge(ctx, now, q)
}

// A ringing clock counts the callbacks of its timers.
type ringing struct {
	*clock.Mock
	set, rung int
}

func (c *ringing) AfterFunc(d time.Duration, f func()) *clock.Timer {
	c.set++
	return c.Mock.AfterFunc(d, func() { c.rung++; f() })
}

// TestCloseStopsTimer closes a broker while a receive waits with a deadline: the
// timer that was set for it must not fire any more.
func TestCloseStopsTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &ringing{Mock: clock.NewMock()}
		b, err := queue.Open(queue.Config{Clock: c})
		if err != nil {
			t.Fatalf("open: got error %v, want none", err)
		}
		q := create(t, b, "queue", queue.Patch{})
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, err := q.Receive(t.Context(), &queue.ReceiveOptions{Wait: new(time.Hour)}); !errors.Is(err, queue.ErrClosed) {
				t.Errorf("receive: got error %v, want %v", err, queue.ErrClosed)
			}
		})
		synctest.Wait()
		if err := b.Close(); err != nil {
			t.Errorf("close: got error %v, want none", err)
		}
		wait.Wait()
		c.Add(2 * time.Hour)
		synctest.Wait()
		if c.set == 0 || c.rung > 0 {
			t.Errorf("got %d timers set and %d fired after Close, want some set and none fired", c.set, c.rung)
		}
	})
}

// anyCall makes the i-th kind of call.
func anyCall(q *queue.Queue, i int, rng *rand.Rand) error {
	ctx := context.Background()
	var err error
	switch i {
	case 0:
		_, err = q.Send(ctx, queue.Message{Delay: new(time.Duration(rng.IntN(1000)) * time.Microsecond)})
	case 1, 2:
		_, err = q.Receive(ctx, &queue.ReceiveOptions{Wait: new(time.Hour)})
	case 3:
		_, err = q.Receive(ctx, now(10, time.Millisecond))
	case 4:
		err = consumeOne(ctx, q)
	case 5:
		_, err = q.Cancel(ctx, queue.MessageID{})
	case 6:
		_, err = q.List(ctx, 0, 10)
	case 7:
		err = q.SetAttributes(ctx, queue.Patch{Delay: new(time.Duration)})
	default:
		_, err = q.Purge(ctx)
	}
	return err
}

// consumeOne receives, changes and deletes a message.
func consumeOne(ctx context.Context, q *queue.Queue) error {
	got, err := q.Receive(ctx, now(1, time.Second))
	for _, d := range got {
		_, err = q.ChangeVisibilityMany(ctx, []queue.VisibilityChange{{Receipt: d.Receipt}})
		if err == nil {
			_, err = q.DeleteMany(ctx, []string{d.Receipt})
		}
	}
	return err
}

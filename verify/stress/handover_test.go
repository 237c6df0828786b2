package stress

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
	"github.com/redriveq/redrive/verify/internal/scale"
)

// A counting engine counts the receives that it is asked for. It lets others run
// before the broker sees an answer, so that this may be out of date by then.
type counting struct {
	driver.Engine
	receives atomic.Int64
}

func (e *counting) Receive(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, error) {
	defer runtime.Gosched()
	e.receives.Add(1)
	return e.Engine.Receive(ctx, now, q, r)
}

// A crush is many receives that wait on one queue.
type crush struct {
	t                 *testing.T
	engine            *counting
	queue             *queue.Queue
	waiters           int64
	served, cancelled atomic.Int64
	cancel            func() // is called when half of the receives are served
}

// TestHandOver lets ten thousand receives wait. First, messages come one by one.
// Then as many come at once as there are receives left, of which a third is
// cancelled meanwhile: none of the others goes on waiting.
func TestHandOver(t *testing.T) {
	begin := time.Now()
	var summary string
	synctest.Test(t, func(t *testing.T) {
		c := &crush{t: t, engine: &counting{Engine: memqueue.New()}, waiters: int64(scale.Of(10_000))}
		b, err := queue.Open(queue.Config{Engine: c.engine})
		if err != nil {
			t.Fatalf("open: got error %v, want none", err)
		}
		defer b.Close()
		c.queue = create(t, b, "hand-over", queue.Patch{})
		ctx, cancel := context.WithCancel(t.Context())
		c.cancel = cancel
		for i := range c.waiters {
			if i%3 == 0 {
				go c.wait(ctx)
			} else {
				go c.wait(t.Context())
			}
		}
		synctest.Wait()
		singles := min(c.waiters/10, 100)
		for n := range singles {
			c.single(n + 1)
		}
		left := c.waiters - singles
		everybody(crowd, func(i int) {
			for n := int64(i); n < left; n += crowd {
				send(t, c.queue)
			}
		})
		synctest.Wait()
		c.audit()
		summary = fmt.Sprintf("%s waiters, %s served, %s cancelled", count(c.waiters), count(c.served.Load()), count(c.cancelled.Load()))
	})
	report("hand-over", begin, "%s", summary)
}

func (c *crush) wait(ctx context.Context) {
	got, err := c.queue.Receive(ctx, &queue.ReceiveOptions{Wait: new(time.Hour)})
	switch {
	case len(got) == 1 && err == nil:
		if c.served.Add(1) == c.waiters/2 && c.cancel != nil {
			c.cancel()
		}
	case len(got) == 0 && errors.Is(err, context.Canceled):
		c.cancelled.Add(1)
	case errors.Is(err, queue.ErrClosed): // the test has failed
	default:
		c.t.Errorf("receive: got %d messages and error %v, want one message, or canceled", len(got), err)
	}
}

// single sends the n-th message. It wakes one receive, and asks the engine
// twice: for that one, and for the next one, who goes on waiting.
func (c *crush) single(n int64) {
	asked := c.engine.receives.Load()
	send(c.t, c.queue)
	synctest.Wait()
	if got := c.served.Load(); got != n {
		c.t.Fatalf("after message %d: got %d receives served, want %d", n, got, n)
	}
	if got := c.engine.receives.Load() - asked; got > 2 {
		c.t.Fatalf("message %d: got %d receives from the engine, want at most 2", n, got)
	}
}

// TestNoLostWakeUp has as many receives as messages, again and again, that come
// at the same time. Each receive gets a message, though nothing happens after.
func TestNoLostWakeUp(t *testing.T) {
	begin, rounds := time.Now(), scale.Of(5_000)
	synctest.Test(t, func(t *testing.T) {
		const waiters = 8
		c := &crush{t: t, engine: &counting{Engine: memqueue.New()}}
		b, err := queue.Open(queue.Config{Engine: c.engine})
		if err != nil {
			t.Fatalf("open: got error %v, want none", err)
		}
		defer b.Close()
		c.queue = create(t, b, "wake-up", queue.Patch{})
		for round := range rounds {
			c.waiters += waiters
			for range waiters {
				go c.wait(t.Context())
			}
			everybody(waiters, func(int) { send(t, c.queue) })
			synctest.Wait()
			if got := c.served.Load(); got != c.waiters {
				t.Fatalf("round %d: got %d receives served, want %d", round, got-c.waiters+waiters, waiters)
			}
		}
	})
	report("wake-up", begin, "%s rounds", count(rounds))
}

// audit fails unless each receive came back, with a message or cancelled, and
// each message was given to one receive or is there. As many messages were sent
// as there were receives.
func (c *crush) audit() {
	served, cancelled := c.served.Load(), c.cancelled.Load()
	if served+cancelled != c.waiters {
		c.t.Errorf("got %d receives served and %d cancelled of %d, want all of them", served, cancelled, c.waiters)
	}
	s, err := c.queue.Stats(c.t.Context())
	if err != nil {
		c.t.Fatalf("stats: got error %v, want none", err)
	}
	if int64(s.InFlight.Messages) != served || int64(s.Visible.Messages) != c.waiters-served {
		c.t.Errorf("got %d messages in flight and %d visible, want %d and %d",
			s.InFlight.Messages, s.Visible.Messages, served, c.waiters-served)
	}
}

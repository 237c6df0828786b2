package queue_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
)

// A restless clock goes on with every look at it, so that instants pass between
// a look and what is done because of it. It knows Now and AfterFunc only; any
// other method of a clock panics.
type restless struct {
	clock.Clock
	real clock.Clock

	mu    sync.Mutex
	looks time.Duration
	zeros int // timers of zero or less
}

func (c *restless) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks++
	return c.real.Now().Add(c.looks * time.Second)
}

func (c *restless) AfterFunc(d time.Duration, f func()) *clock.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d <= 0 {
		c.zeros++
	}
	return c.real.AfterFunc(max(d, 0), f)
}

// TestClockCalls: no timer of zero is set, which a mock clock may never fire
// (traps C3, C5 to C7), and nothing of a clock is used but Now and AfterFunc.
func TestClockCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &restless{real: clock.New()}
		b, err := queue.Open(queue.Config{Clock: c})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		q, err := b.CreateQueue(t.Context(), "q", queue.Patch{})
		if err != nil {
			t.Fatal(err)
		}
		for wait := range 10 {
			// Due in a few looks at the clock, as is the end of the wait.
			if _, err := q.Send(t.Context(), queue.Message{Delay: new(time.Duration(wait) * time.Second)}); err != nil {
				t.Fatal(err)
			}
			_, err := q.Receive(t.Context(), &queue.ReceiveOptions{Max: 10, Wait: new(time.Duration(wait) * time.Second)})
			if err != nil {
				t.Fatal(err)
			}
		}
		if c.zeros > 0 {
			t.Errorf("set %d timers of zero or less", c.zeros)
		}
	})
}

package movetask_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// A stepping clock stands where the test puts it. Its timers never fire.
type stepping struct {
	*clock.Mock // makes the timers, and is never moved

	mu  sync.Mutex
	now time.Time
}

func newStepping() *stepping {
	return &stepping{Mock: clock.NewMock(), now: time.Date(2030, time.May, 17, 12, 0, 0, 0, time.UTC)}
}

func (c *stepping) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stepping) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Whoever looks finds made what is due, whether a timer has fired or not.
func TestLookingCatchesUp(t *testing.T) {
	c := newStepping()
	r := newRig(t, queue.Config{Clock: c})
	r.kill(r.a, 10)
	task := r.begin(movetask.Options{Rate: 1})
	r.wantCounts(9, 1, 0)
	c.step(s - 1)
	r.want(r.lookup(task.ID), "running 1/10")
	c.step(1)
	r.want(r.lookup(task.ID), "running 2/10")
	c.step(hour) // is not made up for
	tasks, err := r.m.List(r.ctx(), r.dead, 1)
	r.must(err)
	r.want(tasks[0], "running 3/10")
	c.step(-hour) // puts off the next by a second
	r.want(r.lookup(task.ID), "running 3/10")
	r.want(r.cancel(task.ID), "cancelling 3/10")
	r.want(r.wait(task.ID), "cancelled 3/10")
}

// A clock that steps back does not let a task end before it has started.
func TestSourceDeletedAfterStepBack(t *testing.T) {
	c := newStepping()
	r := newRig(t, queue.Config{Clock: c})
	r.kill(r.a, 10)
	task := r.begin(movetask.Options{Rate: 1})
	c.step(-hour)
	r.must(r.b.DeleteQueue(r.ctx(), "dead"))
	r.want(r.lookup(task.ID), "failed 1/10: source gone")
}

// With the mock clock and without a bubble, one step of the clock makes one step
// of the task.
func TestMockClock(t *testing.T) {
	c := clock.NewMock()
	r := newRig(t, queue.Config{Clock: c})
	r.kill(r.a, 4)
	task := r.begin(movetask.Options{Rate: 10})
	for moved := 1; moved < 4; moved++ {
		r.want(r.lookup(task.ID), []string{"", "running 1/4", "running 2/4", "running 3/4"}[moved])
		c.Add(100 * ms)
	}
	r.want(r.wait(task.ID), "completed 4/4")
}

// A store that takes its time: the gap begins when the step has ended, and what
// else happens meanwhile does not wait.
func TestSlowStore(t *testing.T) {
	g := newGate()
	inBubble(t, queue.Config{Engine: g}, func(r *rig) {
		r.kill(r.a, 5)
		g.set(func(int) error { time.Sleep(300 * ms); return nil }, nil)
		task := r.begin(movetask.Options{Rate: 10})
		if got := r.elapsed(); got != 300*ms {
			t.Errorf("the start returned at %v, want 300ms", got)
		}
		r.pass(200 * ms) // the second step began at 400ms
		r.want(r.cancel(task.ID), "cancelling 1/5")
		if got := r.elapsed(); got != 500*ms {
			t.Errorf("the cancel returned at %v, want 500ms", got)
		}
		r.want(r.wait(task.ID), "cancelled 1/5")
		if got := r.elapsed(); got != 700*ms {
			t.Errorf("the task has ended at %v, want 700ms", got)
		}

		task = r.begin(movetask.Options{Rate: 10})
		r.want(r.wait(task.ID), "completed 4/4")
		if got, want := r.elapsed(), 700*ms+4*300*ms+3*100*ms; got != want {
			t.Errorf("the task has ended at %v, want %v", got, want)
		}
		synctest.Wait()
		r.wantCounts(0, 5, 0)
	})
}

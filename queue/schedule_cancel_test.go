package queue_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/redriveq/redrive/queue"
)

// Museum B10 and B11, trap D27: a cancel that comes while the engine is asked to
// publish, before or after that has decided, is not lost: its answer says what
// happened, and nothing is published after it.
func TestCancelDuringFire(t *testing.T) {
	for _, before := range []bool{true, false} {
		for _, period := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				f := newFuse()
				r := newRig(t, queue.Config{Engine: f}, queue.Patch{})
				made := once("a", r.start.Add(10*s))
				if period {
					made = every("a", r.start.Add(10*s), 10*s)
				}
				id := r.schedule(made).ID
				open := make(chan struct{})
				stop := func(n int) error {
					if n == 1 {
						<-open
					}
					return nil
				}
				if before {
					f.set(stop, nil)
				} else {
					f.set(nil, stop)
				}
				r.pass(11 * s)
				var info queue.ScheduleInfo
				err := errors.New("under way")
				go func() { info, err = r.b.CancelSchedule(r.ctx(), id) }()
				synctest.Wait()
				close(open)
				synctest.Wait()
				want := "published, 1 published, 0 skips, 0 refused"
				if period {
					want = "cancelled, 1 published, 0 skips, 0 refused"
				}
				if got := standing(info); got != want || period != (err == nil) || !period && !errors.Is(err, queue.ErrScheduleEnded) {
					t.Errorf("before %t, period %t: got %q and error %v, want %q", before, period, got, err, want)
				}
				r.pass(hour)
				r.wantCounts(r.q, 1, 0, 0)
			})
		}
	}
}

// Messages that were published stay when their schedule is cancelled, and can be
// cancelled themselves as long as nobody has received them.
func TestCancelOccurrences(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	id := r.schedule(every("a", noon.Add(10*s), 10*s)).ID
	for range 2 {
		c.step(10 * s)
		r.counts(r.q)
	}
	info, err := r.b.CancelSchedule(r.ctx(), id)
	r.must(err)
	r.wantCounts(r.q, 2, 0, 0)
	outcome, err := r.q.Cancel(r.ctx(), info.LastID)
	r.must(err)
	if outcome != queue.Cancelled {
		t.Errorf("cancel of an occurrence: got %v, want %v", outcome, queue.Cancelled)
	}
	r.wantCounts(r.q, 1, 0, 0)
	r.wantOccurrences("after its cancel", "10s")
}

// To cancel an occurrence, to purge and to change attributes leaves the schedule
// alone (trap D11).
func TestQueueOperationsLeaveSchedules(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	id := r.schedule(every("a", noon.Add(10*s), 10*s)).ID
	c.step(10 * s)
	_, err := r.q.Purge(r.ctx())
	r.must(err)
	r.wantStanding(id, "active, 1 published, 0 skips, 0 refused")
	c.step(10 * s)
	outcome, err := r.q.Cancel(r.ctx(), r.lookUp(id).LastID)
	r.must(err)
	if outcome != queue.Cancelled {
		t.Errorf("cancel of an occurrence: got %v, want %v", outcome, queue.Cancelled)
	}
	r.must(r.q.SetAttributes(r.ctx(), queue.Patch{Delay: new(5 * s), MaxMessages: new(1)}))
	c.step(10 * s)
	r.wantCounts(r.q, 0, 1, 0)
	c.step(10*s - 1)
	r.wantStanding(id, "active, 3 published, 0 skips, 0 refused")
	r.wantCounts(r.q, 1, 0, 0)
}

package queue_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A schedule that is made while the engine's answer is under way, which knows
// nothing of it, is not forgotten.
func TestScheduleDuringFire(t *testing.T) {
	for _, span := range []time.Duration{12 * s, 20 * s, 50 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			f := newFuse()
			r := newRig(t, queue.Config{Engine: f}, queue.Patch{})
			r.schedule(once("a", r.start.Add(10*s)))
			r.schedule(once("c", r.start.Add(40*time.Minute)))
			all := r.waitFor(r.q, 3, hour-1)
			decided, make := make(chan struct{}), make(chan struct{})
			f.scheduling = func() { <-make }
			f.set(nil, func(n int) error {
				if n == 1 {
					<-decided
				}
				return nil
			})
			r.pass(9 * s)
			go r.schedule(once("b", r.start.Add(span)))
			r.pass(2 * s)
			close(make) // after Fire was decided, and before it has returned
			synctest.Wait()
			all.want(t, "a at 11s, waits, waits") // by the call's own serving
			close(decided)
			r.pass(hour - 12*s)
			synctest.Wait()
			want := fmt.Sprintf("a at 11s, b at %v, c at 40m0s", span)
			if span > 40*time.Minute {
				want = fmt.Sprintf("a at 11s, c at 40m0s, b at %v", span)
			}
			all.want(t, want)
		})
	}
}

// While one call has the engine publish, others wait for it, and answer as if it
// had been done before: no wait ends without what occurred before its end.
func TestOperationsWaitForFire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFuse()
		r := newRig(t, queue.Config{Clock: newStepping(noon), Engine: f}, queue.Patch{})
		r.schedule(once("a", noon.Add(5*s)))
		all := r.waitFor(r.q, 2, 10*s)
		open := make(chan struct{})
		f.set(nil, func(int) error {
			<-open
			return nil
		})
		r.pass(20 * s)
		stats := make(chan queue.Stats, 4)
		for range cap(stats) {
			go func() {
				got, _ := r.q.Stats(r.ctx())
				stats <- got
			}()
			synctest.Wait()
		}
		all.want(t, "waits, waits")
		if len(stats) > 0 {
			t.Errorf("%d operations did not wait for what was due", len(stats))
		}
		close(open)
		synctest.Wait()
		all.want(t, "a at 20s, - at 20s")
		for range cap(stats) {
			if got := <-stats; got.Visible.Messages != 0 || got.InFlight.Messages != 1 {
				t.Errorf("got %+v, want the one message in flight", got)
			}
		}
	})
}

// An occurrence that was published while the engine's answer to the first in
// line was under way, which is that there is nothing, is handed over at once.
func TestFireDuringReceiveOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
		r.schedule(once("a", r.start.Add(5*s)))
		open := make(chan struct{})
		g.set(nil, func(n int) {
			if n == 2 { // the one that it makes in line
				<-open
			}
		})
		all := r.waitFor(r.q, 1, 10*s)
		r.pass(20 * s)
		all.want(t, "waits")
		close(open)
		synctest.Wait()
		all.want(t, "a at 20s")
	})
}

// Schedules are made and fall due all at once on many goroutines: each of them
// is published once, at its very instant.
func TestSchedulesAtOnce(t *testing.T) {
	const makers, each = 8, 200
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		var late atomic.Int64
		var consumers, all sync.WaitGroup
		for range 4 {
			consumers.Go(func() {
				for d, err := range r.q.Deliveries(r.ctx(), &queue.ReceiveOptions{Wait: new(hour)}) {
					if err != nil {
						t.Errorf("deliveries: got error %v, want none", err)
						return
					}
					if !r.clock.Now().Equal(d.NominalAt) {
						late.Add(1)
					}
					if err := r.q.Delete(r.ctx(), d.Receipt); err != nil {
						t.Errorf("delete: got error %v, want none", err)
					}
				}
			})
		}
		ids := make([][]queue.ScheduleID, makers)
		for maker := range makers {
			random := rand.New(rand.NewPCG(3, uint64(maker)))
			all.Go(func() {
				for range each {
					span := time.Duration(random.IntN(20)) * time.Millisecond
					info, err := r.q.Schedule(r.ctx(), once("a", r.clock.Now().Add(span)))
					if err != nil {
						t.Errorf("schedule: got error %v, want none", err)
					}
					ids[maker] = append(ids[maker], info.ID)
					r.pass(time.Duration(random.IntN(3)) * time.Millisecond)
				}
			})
		}
		all.Wait()
		consumers.Wait()
		published := 0
		for _, info := range r.schedules() {
			published += info.Published
		}
		if want := min(makers*each, 1000); published != want { // a thousand are kept
			t.Errorf("%d occurrences were published, want %d", published, want)
		}
		if late.Load() > 0 {
			t.Errorf("%d occurrences came late", late.Load())
		}
		r.wantCounts(r.q, 0, 0, 0)
		if last := r.schedules()[999]; !slices.ContainsFunc(ids, func(made []queue.ScheduleID) bool { return slices.Contains(made, last.ID) }) {
			t.Errorf("the last schedule %v is none that was made", last.ID)
		}
	})
}

// A canceller is what becomes of a schedule that is cancelled on one goroutine
// while it falls due on others.
func raceCancel(t *testing.T, s queue.Schedule, step func(r *rig)) (won bool) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	info := r.schedule(s)
	start := make(chan struct{})
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			<-start
			step(r)
			r.counts(r.q)
		})
	}
	var after [3]int // what was in the queue when the cancel had returned
	var err error
	all.Go(func() {
		<-start
		for range rand.IntN(4) {
			runtime.Gosched()
		}
		_, err = r.b.CancelSchedule(r.ctx(), info.ID)
		after = r.counts(r.q)
	})
	close(start)
	all.Wait()
	c.step(hour)
	now, got := r.counts(r.q), r.lookUp(info.ID)
	if now != after || now[0] != got.Published {
		t.Errorf("%d messages when the cancel had returned, %d an hour later, and %d published", after[0], now[0], got.Published)
	}
	switch {
	case err == nil && got.State == queue.ScheduleCancelled:
		return true
	case errors.Is(err, queue.ErrScheduleEnded) && got.State == queue.SchedulePublished:
		return false
	}
	t.Errorf("cancel: got error %v, and the schedule is %v", err, got.State)
	return false
}

// I7, SEMANTICS row 7: a one-shot that is cancelled while it falls due is either
// published or cancelled, and nothing comes after the cancel has returned.
func TestCancelRacesFire(t *testing.T) {
	const rounds = 1000
	cancelled := 0
	for range rounds {
		won := raceCancel(t, once("a", noon.Add(10*s)), func(r *rig) { r.pass(5 * s) })
		if won {
			cancelled++
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d one-shots were cancelled, the others published", cancelled, rounds)
}

// The same for a period, which is always cancelled.
func TestCancelRacesPeriod(t *testing.T) {
	for range 300 {
		won := raceCancel(t, every("a", noon.Add(1*s), 1*s), func(r *rig) {
			for range 20 {
				r.pass(1 * s)
				r.counts(r.q)
			}
		})
		if !won {
			t.Fatalf("a schedule without an end was not cancelled")
		}
	}
}

// Trap D28: of many cancels at once one has ended the schedule, and the others
// know that it is cancelled.
func TestCancelsRace(t *testing.T) {
	for range 200 {
		r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
		id := r.schedule(every("a", noon.Add(10*s), 10*s)).ID
		var won atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				info, err := r.b.CancelSchedule(r.ctx(), id)
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, queue.ErrScheduleCancelled):
					t.Errorf("cancel: got error %v, want %v", err, queue.ErrScheduleCancelled)
				}
				if info.State != queue.ScheduleCancelled || info.EndedAt.IsZero() || !info.NextAt.IsZero() {
					t.Errorf("cancel: got %+v, want a schedule that is cancelled", info)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d cancels succeeded, want one", won.Load())
		}
	}
}

// Trap D19: a name that is declared on many goroutines, in two ways, is that of
// one schedule at any time, and each of its instants has at most one occurrence.
func TestDeclarationsRace(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	var all sync.WaitGroup
	for i := range 8 {
		body := []string{"a", "b"}[i%2]
		all.Go(func() {
			for range 100 {
				if _, err := r.q.Schedule(r.ctx(), named("n", every(body, noon.Add(10*s), 10*s))); err != nil {
					t.Errorf("schedule: got error %v, want none", err)
				}
			}
		})
	}
	all.Wait()
	active := 0
	for _, info := range r.schedules() {
		if info.State == queue.ScheduleActive {
			active++
		}
	}
	if active != 1 {
		t.Errorf("%d schedules are active, want one", active)
	}
	c.step(10 * s)
	c.step(0)
	r.wantCounts(r.q, 1, 0, 0)
	c.step(10 * s)
	r.wantCounts(r.q, 2, 0, 0)
}

// A wait whose time is over while an occurrence from before waits to be handed
// over gets that occurrence, and an operation on the broker waits for it.
func TestWaitEndsBeforeOwedOccurrence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		r := newRig(t, queue.Config{Clock: newStepping(noon), Engine: g}, queue.Patch{})
		first := r.create("first", queue.Patch{})
		_, err := first.Schedule(r.ctx(), once("a", noon.Add(5*s)))
		r.must(err)
		r.schedule(once("b", noon.Add(6*s)))
		all := append(r.waitFor(first, 1, hour), r.waitFor(r.q, 2, 10*s)...)
		open := make(chan struct{})
		g.set(func(n int) {
			if n == 1 { // for the first queue, while the other one's turn is to come
				<-open
			}
		}, nil)
		r.pass(20 * s)
		go first.Stats(r.ctx())
		synctest.Wait()
		var done atomic.Int64
		for _, operation := range []func() error{
			func() error { return second(r.q.Stats(r.ctx())) },
			func() error { return second(r.b.ActiveMoves(r.ctx())) },
		} {
			go func() {
				if err := operation(); err != nil {
					t.Errorf("got error %v, want none", err)
				}
				done.Add(1)
			}()
			synctest.Wait()
		}
		if all.want(t, "waits, waits, waits"); done.Load() > 0 {
			t.Errorf("%d operations did not wait for what was due", done.Load())
		}
		close(open)
		synctest.Wait()
		all.want(t, "a at 20s, b at 20s, - at 20s")
	})
}

// An engine that takes its time does not make the next occurrence late, whether
// somebody waited for the one before it or not.
func TestSlowFire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFuse()
		r := newRig(t, queue.Config{Engine: f}, queue.Patch{})
		other := r.create("other", queue.Patch{})
		_, err := other.Schedule(r.ctx(), once("b", r.start.Add(10*s)))
		r.must(err)
		r.schedule(every("a", r.start.Add(20*s), 10*s))
		all := r.waitFor(r.q, 3, hour)
		f.set(func(int) error {
			r.pass(3 * s)
			return nil
		}, nil)
		r.pass(35 * s) // and not into the next, which Close would wait for
		all.want(t, "a at 23s, a at 33s, waits")
	})
}

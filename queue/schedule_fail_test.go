package queue_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// A store that fails is asked again after a second, by a timer and by nobody
// earlier, and nothing is lost. Meanwhile the queues go on.
func TestFireFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFuse()
		var log bytes.Buffer
		r := newRig(t, queue.Config{Engine: f, Logger: slog.New(slog.NewTextHandler(&log, nil))}, queue.Patch{})
		r.schedule(once("a", r.start.Add(10*s)))
		r.schedule(every("b", r.start.Add(11*s), 60*s))
		all := r.waitFor(r.q, 3, hour)
		other := r.create("other", queue.Patch{})
		f.set(func(n int) error {
			if n <= 3 {
				return errDisk
			}
			return nil
		}, nil)
		r.pass(10*s + 1)
		for range 10 {
			_, err := other.Send(r.ctx(), message("c"))
			r.must(err)
			r.must(other.Delete(r.ctx(), r.take(other, hour).Receipt))
		}
		if got := f.count(); got != 1 {
			t.Errorf("the engine was called %d times within the second, want once", got)
		}
		r.pass(2 * s)
		all.want(t, "waits, waits, waits")
		r.schedule(once("d", r.start.Add(13*s+s/2)))
		r.pass(60 * s)
		synctest.Wait()
		all.want(t, "a at 13s, b at 13s, d at 13.5s")
		if got := strings.Count(log.String(), "schedules not published"); got != 3 || !strings.Contains(log.String(), errDisk.Error()) {
			t.Errorf("logged %d failures, want 3:\n%s", got, log.String())
		}
	})
}

// If it is not known whether the engine has published, those who wait are served
// all the same.
func TestFireOfUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFuse()
		r := newRig(t, queue.Config{Engine: f}, queue.Patch{})
		r.schedule(every("a", r.start.Add(10*s), 10*s))
		all := r.waitFor(r.q, 3, hour)
		f.set(nil, func(n int) error {
			if n == 1 {
				return driver.ErrUnknownOutcome
			}
			return nil
		})
		r.pass(25 * s)
		synctest.Wait()
		all.want(t, "a at 10s, a at 20s, waits")
	})
}

// forgetful is an engine that makes schedules and does not say so.
type forgetful struct{ driver.Engine }

func (e forgetful) Schedule(ctx context.Context, now, wall time.Time, s driver.Schedule) (driver.ScheduleInfo, bool, error) {
	if _, _, err := e.Engine.Schedule(ctx, now, wall, s); err != nil {
		return driver.ScheduleInfo{}, false, err
	}
	return driver.ScheduleInfo{}, false, driver.ErrUnknownOutcome
}

// A schedule of which it is not known whether it was made is published if it was.
func TestScheduleOfUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{Engine: forgetful{memqueue.New()}}, queue.Patch{})
		all := r.waitFor(r.q, 2, hour)
		_, err := r.q.Schedule(r.ctx(), every("a", time.Time{}, 10*s))
		if !errors.Is(err, queue.ErrUnknownOutcome) {
			t.Errorf("schedule: got error %v, want %v", err, queue.ErrUnknownOutcome)
		}
		r.pass(20 * s)
		synctest.Wait()
		all.want(t, "a at 0s, a at 10s")
	})
}

// Close waits for a Fire that is under way, and nothing is left of it.
func TestCloseDuringFire(t *testing.T) {
	f := newFuse()
	c := newStepping(noon)
	var log bytes.Buffer
	r := newRig(t, queue.Config{Clock: c, Engine: f, Logger: slog.New(slog.NewTextHandler(&log, nil))}, queue.Patch{})
	for range 3 { // of which one call publishes 256
		all := every("a", noon.Add(10*s), time.Millisecond)
		all.Misfire = queue.MisfireAll
		r.schedule(all)
	}
	entered, open := make(chan struct{}), make(chan struct{})
	f.set(func(int) error {
		entered <- struct{}{}
		<-open
		return nil
	}, nil)
	c.step(11 * s)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			_, err := r.q.Receive(r.ctx(), &queue.ReceiveOptions{Wait: new(hour)})
			mayRace(t, "Receive", err)
		})
	}
	<-entered
	closed := make(chan error, 1)
	go func() { closed <- r.b.Close() }()
	for range 1000 {
		runtime.Gosched()
	}
	if len(closed) > 0 {
		t.Errorf("Close returned while the engine was called")
	}
	close(open)
	r.must(<-closed)
	all.Wait()
	c.step(hour)
	if _, err := r.q.Stats(r.ctx()); !errors.Is(err, queue.ErrClosed) {
		t.Errorf("stats: got error %v, want %v", err, queue.ErrClosed)
	}
	if got := f.count(); got != 1 || log.Len() > 0 {
		t.Errorf("the engine was called %d times, want once, and this was logged:\n%s", got, log.String())
	}
}

// Traps D21 and D26: a queue that refuses an occurrence does not hold up its
// schedule, nor the others. The occurrence is lost, counted and logged.
func TestRefusedOccurrences(t *testing.T) {
	f := newFuse()
	c := newStepping(noon)
	var log bytes.Buffer
	r := newRig(t, queue.Config{Clock: c, Engine: f, Logger: slog.New(slog.NewTextHandler(&log, nil))}, queue.Patch{MaxMessages: new(1)})
	other := r.create("other", queue.Patch{})
	a := r.schedule(every("a", noon.Add(10*s), 10*s))
	b, err := other.Schedule(r.ctx(), every("b", noon.Add(10*s), 10*s))
	r.must(err)
	last := r.schedule(once("last", noon.Add(20*s)))
	for range 3 {
		c.step(10 * s)
	}
	r.wantStanding(a.ID, "active, 1 published, 1 skips, 0 refused")
	c.step(10 * s)
	r.wantStanding(a.ID, "active, 1 published, 1 skips, 1 refused")
	r.wantStanding(b.ID, "active, 2 published, 1 skips, 0 refused")
	r.wantStanding(last.ID, "failed, 0 published, 0 skips, 1 refused: queue full")
	r.take(r.q, 0)
	r.must(r.q.SetAttributes(r.ctx(), queue.Patch{MaxMessages: new(2)}))
	c.step(10 * s)
	r.wantStanding(a.ID, "active, 2 published, 1 skips, 1 refused")
	r.wantCounts(r.q, 2, 0, 0)
	r.must(r.q.SetAttributes(r.ctx(), queue.Patch{MaxMessageBytes: new(0)}))
	if got := strings.Count(log.String(), "occurrence of a schedule refused"); got != 2 || strings.Contains(log.String(), "body") {
		t.Errorf("logged %d refusals, want 2, and no body:\n%s", got, log.String())
	}
}

// A store is what is left of an engine when its broker is closed.
type store struct{ driver.Engine }

func (store) Close() error { return nil }

// Trap D6: what was missed while no broker was open is published when one is
// opened, once, by the schedule's policy, and the next is on the grid.
func TestOpenPublishesWhatWasMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := store{memqueue.New()}
		r := newRig(t, queue.Config{Engine: engine}, queue.Patch{})
		s := every("a", r.start.Add(hour), hour)
		info := r.schedule(s)
		s.Misfire = queue.MisfireAll
		s.Message.Body = []byte("b")
		r.schedule(s)
		r.pass(hour / 2)
		r.must(r.b.Close())
		r.pass(3 * hour)
		for range 3 {
			again, err := queue.Open(queue.Config{Engine: engine})
			r.must(err)
			if r.b = again; true {
				r.q, err = r.b.Queue(r.ctx(), "q")
				r.must(err)
			}
			infos, err := r.q.List(r.ctx(), 0, 10)
			r.must(err)
			if len(infos) != 4 {
				t.Errorf("%d messages after the broker was opened, want one of a and three of b", len(infos))
			}
			r.wantStanding(info.ID, "active, 1 published, 1 skips, 0 refused")
			r.must(r.b.Close())
		}
		r.b, _ = queue.Open(queue.Config{Engine: engine})
		defer r.b.Close()
		r.q, _ = r.b.Queue(r.ctx(), "q")
		_, err := r.q.Purge(r.ctx())
		r.must(err)
		all := r.waitFor(r.q, 3, 40*time.Minute)
		r.pass(hour)
		synctest.Wait()
		all.want(t, "a at 4h0m0s, b at 4h0m0s, - at 4h10m0s")
	})
}

package movetask_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// The destination, or one message's origin, is deleted in the middle: nothing is
// lost but what was in that queue.
func TestDestinationDeleted(t *testing.T) {
	onClocks(t, func(r *rig) {
		r.send(r.dead, 10)
		task := r.begin(movetask.Options{Destination: r.a, Rate: 1})
		r.pass(2 * s)
		r.want(r.lookup(task.ID), "running 3/10")
		r.must(r.b.DeleteQueue(r.ctx(), "a"))
		r.create("a", queue.Patch{}) // another one
		r.pass(10 * s)
		r.want(r.wait(task.ID), "failed 3/10: destination gone")
		if got := r.count(r.dead); got != 7 {
			t.Errorf("the source has %d messages, want 7", got)
		}
		_, err := r.m.Cancel(r.ctx(), task.ID)
		r.wantError(err, "cancel move task", "", queue.ErrNotRunning)
	})
}

func TestOriginDeleted(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.kill(r.a, 2)
		r.kill(r.c, 2)
		r.kill(r.a, 2)
		task := r.begin(movetask.Options{Rate: 1})
		r.must(r.b.DeleteQueue(r.ctx(), "c"))
		r.want(r.wait(task.ID), "failed 2/6: destination gone")
		if dead, a := r.count(r.dead), r.count(r.a); dead != 4 || a != 2 {
			t.Errorf("dead and a have %d and %d messages, want 4 and 2", dead, a)
		}
	})
}

// A message without an origin, where no destination was given, stays.
func TestNoOrigin(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.kill(r.a, 2)
		r.send(r.dead, 1)
		task := r.begin(movetask.Options{})
		r.want(r.wait(task.ID), "failed 2/3: message without origin")
		r.wantCounts(1, 2, 0)
	})
}

// The broker forgets a task whose source was deleted, and the Manager does not.
func TestSourceDeleted(t *testing.T) {
	onClocks(t, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1})
		r.pass(2 * s)
		r.must(r.b.DeleteQueue(r.ctx(), "dead"))
		waited := make(chan queue.MoveTask, 1)
		go func() {
			final, _ := r.m.Wait(r.ctx(), task.ID)
			waited <- final
		}()
		r.pass(s)
		const want = "failed 3/10: source gone"
		r.want(<-waited, want)
		r.want(r.wait(task.ID), want)
		final := r.lookup(task.ID)
		r.want(final, want)
		if got := final.EndedAt.Sub(task.StartedAt); got != 3*s {
			t.Errorf("it has ended after %v, want 3s", got)
		}
		again, err := r.m.Cancel(r.ctx(), task.ID)
		r.wantError(err, "cancel move task", "", queue.ErrNotRunning)
		r.want(again, want)
		if got := r.count(r.a); got != 3 {
			t.Errorf("%d messages are in a, want 3", got)
		}
	})
}

// Whoever asks first learns it, and does not wait for the next step.
func TestSourceDeletedIsNoticedByWhoAsks(t *testing.T) {
	for what, ask := range map[string]func(*rig, queue.TaskID) (queue.MoveTask, error){
		"lookup": func(r *rig, id queue.TaskID) (queue.MoveTask, error) { return r.m.Lookup(r.ctx(), id) },
		"cancel": func(r *rig, id queue.TaskID) (queue.MoveTask, error) {
			task, err := r.m.Cancel(r.ctx(), id)
			r.wantError(err, "cancel move task", "", queue.ErrNotRunning)
			return task, nil
		},
	} {
		inBubble(t, queue.Config{}, func(r *rig) {
			r.kill(r.a, 10)
			task := r.begin(movetask.Options{Rate: 1})
			r.must(r.b.DeleteQueue(r.ctx(), "dead"))
			got, err := ask(r, task.ID)
			r.must(err)
			r.want(got, "failed 1/10: source gone")
			if at := r.elapsed(); at != 0 {
				t.Errorf("%s returned at %v, want 0s", what, at)
			}
		})
	}
}

// A task that was cancelled before its source was deleted is cancelled.
func TestSourceDeletedAfterCancel(t *testing.T) {
	g := newGate()
	inBubble(t, queue.Config{Engine: g}, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1})
		open := make(chan struct{})
		g.set(func(int) error { <-open; return nil }, nil)
		r.cancel(task.ID)
		r.must(r.b.DeleteQueue(r.ctx(), "dead"))
		close(open)
		r.want(r.wait(task.ID), "cancelled 1/10")
		r.want(r.lookup(task.ID), "cancelled 1/10")
	})
}

// Also if the cancel overtakes the answer to a step.
func TestSourceDeletedAfterCancelDuringStep(t *testing.T) {
	g := newGate()
	inBubble(t, queue.Config{Engine: g}, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1})
		g.set(nil, func(n int) {
			if n == 1 {
				r.want(r.cancel(task.ID), "cancelling 2/10")
				r.must(r.b.DeleteQueue(r.ctx(), "dead"))
			}
		})
		r.want(r.wait(task.ID), "cancelled 2/10")
	})
}

// Bounded memory: a hundred tasks of deleted sources are known, the latest.
func TestSourcesDeleted(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		var ids []queue.TaskID
		for i := range 105 {
			source := r.create(fmt.Sprint("source ", i), queue.Patch{})
			r.send(source, 5)
			task := r.begin(movetask.Options{Source: source, AnySource: true, Destination: r.a, Rate: 1})
			r.must(r.b.DeleteQueue(r.ctx(), source.Name()))
			r.want(r.wait(task.ID), "failed 1/5: source gone")
			ids = append(ids, task.ID)
		}
		for i, id := range ids {
			task, err := r.m.Lookup(r.ctx(), id)
			if i < 5 {
				r.wantError(err, "look up move task", "", queue.ErrNoTask)
				continue
			}
			r.must(err)
			r.want(task, "failed 1/5: source gone")
		}
	})
}

// The store fails, and works again: nothing is lost or counted twice, and the
// failure is logged.
func TestStoreFails(t *testing.T) {
	g := newGate()
	inBubble(t, queue.Config{Engine: g}, func(r *rig) {
		var log bytes.Buffer
		r.must(r.m.Close())
		r.open(movetask.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		r.kill(r.a, 10)
		g.set(func(n int) error {
			if n == 1 || n == 4 || n == 5 {
				return errors.New("disk on fire")
			}
			return nil
		}, nil)
		task := r.begin(movetask.Options{Rate: 2})
		r.want(r.lookup(task.ID), "running 0/10")
		r.pass(s)
		r.want(r.lookup(task.ID), "running 1/10") // the second step
		r.pass(s)
		r.want(r.lookup(task.ID), "running 2/10") // the third at 1.5s, the fourth has just failed
		r.want(r.wait(task.ID), "completed 10/10")
		if got := r.elapsed(); got != 7500*ms {
			t.Errorf("it took %v, want 7.5s", got)
		}
		if got := strings.Count(log.String(), "level=ERROR"); got != 3 || strings.Count(log.String(), "disk on fire") != 3 {
			t.Errorf("%d errors were logged, want 3:\n%s", got, log.String())
		}
		r.wantCounts(0, 10, 0)
	})
}

// A cancel does not wait until the store is tried again, unless it fails again.
func TestCancelWhileStoreFails(t *testing.T) {
	g := newGate()
	inBubble(t, queue.Config{Engine: g}, func(r *rig) {
		r.kill(r.a, 10)
		g.set(func(n int) error {
			if n <= 2 {
				return errors.New("disk on fire")
			}
			return nil
		}, nil)
		task := r.begin(movetask.Options{})
		r.pass(s / 2)
		r.cancel(task.ID)
		r.want(r.wait(task.ID), "cancelled 0/10")
		if got := r.elapsed(); got != s+s/2 {
			t.Errorf("it was cancelled at %v, want 1.5s", got)
		}
	})
}

// The start and the end are logged, with counts and the reason.
func TestLog(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		var log bytes.Buffer
		drop := func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "task" {
				return slog.Attr{}
			}
			return a
		}
		r.must(r.m.Close())
		r.open(movetask.Config{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: drop}))})
		r.kill(r.a, 3)
		r.send(r.dead, 2)
		r.wait(r.begin(movetask.Options{Limit: 2}).ID)
		r.wait(r.begin(movetask.Options{Rate: 1}).ID)
		r.begin(movetask.Options{Destination: r.c, Rate: 1})
		r.must(r.m.Close()) // which is not the end of the task
		const dead = ` source=dead destination=`
		want := strings.Join([]string{
			`level=INFO msg="move task started"` + dead + `"" rate=0 total=2 moved=0 state=running reason=""`,
			`level=INFO msg="move task ended"` + dead + `"" rate=0 total=2 moved=2 state=completed reason=""`,
			`level=INFO msg="move task started"` + dead + `"" rate=1 total=3 moved=0 state=running reason=""`,
			`level=WARN msg="move task ended"` + dead + `"" rate=1 total=3 moved=1 state=failed reason="message without origin"`,
			`level=INFO msg="move task started"` + dead + `c rate=1 total=2 moved=0 state=running reason=""`,
			"",
		}, "\n")
		if got := log.String(); got != want {
			t.Errorf("logged\n%s\nwant\n%s", got, want)
		}
	})
}

// The broker is closed while a task runs: its worker ends with the next step.
func TestBrokerClosed(t *testing.T) {
	onClocks(t, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1})
		waited := make(chan error, 1)
		go func() {
			_, err := r.m.Wait(r.ctx(), task.ID)
			waited <- err
		}()
		r.pass(s / 2)
		r.must(r.b.Close())
		r.pass(s / 2)
		r.wantError(<-waited, "wait for move task", "", queue.ErrClosed)
		_, err := r.m.Lookup(r.ctx(), task.ID)
		r.wantError(err, "look up move task", "", queue.ErrClosed)
		r.must(r.m.Close())
	})
}

// Also while the store fails, and the first step was never made.
func TestBrokerClosedWhileStoreFails(t *testing.T) {
	g := newGate()
	inBubble(t, queue.Config{Engine: g}, func(r *rig) {
		r.kill(r.a, 10)
		g.set(func(int) error { return errors.New("disk on fire") }, nil)
		task := r.begin(movetask.Options{})
		r.must(r.b.Close())
		_, err := r.m.Wait(r.ctx(), task.ID)
		r.wantError(err, "wait for move task", "", queue.ErrClosed)
		if got := r.elapsed(); got != s {
			t.Errorf("the worker has ended at %v, want 1s", got)
		}
	})
}

// A wait that is given up says why, and the task goes on.
func TestWaitGivenUp(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1})
		ctx, cancel := context.WithTimeoutCause(r.ctx(), 2500*ms, errors.New("enough"))
		defer cancel()
		got, err := r.m.Wait(ctx, task.ID)
		r.wantError(err, "wait for move task", "", context.Cause(ctx))
		r.want(got, "running 3/10")
		_, err = r.m.Wait(ctx, task.ID)
		r.wantError(err, "wait for move task", "", context.Cause(ctx))
		r.want(r.wait(task.ID), "completed 10/10")
		if at := r.elapsed(); at != 9*s {
			t.Errorf("it has ended at %v, want 9s", at)
		}
	})
}

// The context of a start does not end the task.
func TestStartContext(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.kill(r.a, 3)
		ctx, cancel := context.WithCancel(r.ctx())
		task, err := r.m.Start(ctx, movetask.Options{Source: r.dead, Rate: 1})
		r.must(err)
		cancel()
		_, err = r.m.Start(ctx, movetask.Options{Source: r.dead})
		r.wantError(err, "start move task", "", context.Canceled)
		r.want(r.wait(task.ID), "completed 3/3")
		//lint:ignore SA1012 a nil context is refused
		_, err = r.m.Lookup(nil, task.ID)
		r.wantError(err, "look up move task", "", queue.ErrInvalid)
	})
}

// Close stops the workers at once and leaves the tasks running, for the next
// Manager to go on with, not faster than their rates allow.
func TestCloseAndOpenAgain(t *testing.T) {
	onClocks(t, func(r *rig) {
		r.kill(r.a, 20)
		r.send(r.c, 10)
		slow := r.begin(movetask.Options{Rate: 2})
		foreign, err := r.b.StartMove(r.ctx(), queue.Move{Source: r.c.ID(), AnySource: true, Destination: r.dead.ID()}, false)
		r.must(err)
		r.pass(1200 * ms)
		waited := make(chan error, 1)
		go func() {
			_, err := r.m.Wait(r.ctx(), slow.ID)
			waited <- err
		}()
		synctest.Wait()
		r.must(r.m.Close())
		r.must(r.m.Close())
		r.wantError(<-waited, "wait for move task", "", movetask.ErrClosed)
		checkClosed(r, slow.ID)
		r.pass(hour)
		task, err := r.b.LookupMove(r.ctx(), slow.ID)
		r.must(err)
		r.want(task, "running 3/20")

		r.start = r.clock.Now()
		r.open(movetask.Config{})
		r.wantCounts(27, 3, 0) // the first steps have been made
		r.want(r.wait(foreign.ID), "completed 10/10")
		r.pass(s - 1)
		r.want(r.lookup(slow.ID), "running 3/20")
		r.pass(1)
		r.want(r.lookup(slow.ID), "running 4/20")
		r.pass(hour)
		r.want(r.wait(slow.ID), "completed 20/20")
		if took := r.wait(slow.ID).EndedAt.Sub(r.start.UTC()); took != 9*s {
			t.Errorf("17 messages took %v, want 9s", took)
		}
		r.wantCounts(10, 20, 0)
	})
}

// checkClosed checks that nothing goes on a Manager that is closed.
func checkClosed(r *rig, id queue.TaskID) {
	r.t.Helper()
	_, err := r.m.Start(r.ctx(), movetask.Options{Source: r.dead})
	r.wantError(err, "start move task", "", movetask.ErrClosed)
	_, err = r.m.Plan(r.ctx(), movetask.Options{Source: r.dead})
	r.wantError(err, "start move task", "", movetask.ErrClosed)
	_, err = r.m.Cancel(r.ctx(), id)
	r.wantError(err, "cancel move task", "", movetask.ErrClosed)
	_, err = r.m.Lookup(r.ctx(), id)
	r.wantError(err, "look up move task", "", movetask.ErrClosed)
	_, err = r.m.List(r.ctx(), r.dead, 1)
	r.wantError(err, "list move tasks", "", movetask.ErrClosed)
	_, err = r.m.Wait(r.ctx(), id)
	r.wantError(err, "wait for move task", "", movetask.ErrClosed)
}

// A Manager that is opened finishes what was being cancelled, and one that
// cannot read the tasks is not opened.
func TestOpen(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1})
		r.must(r.m.Close())
		_, err := r.b.CancelMove(r.ctx(), task.ID)
		r.must(err)
		r.open(movetask.Config{})
		r.want(r.lookup(task.ID), "cancelled 1/10")
		r.must(r.b.Close())
		if _, err := movetask.Open(r.b, movetask.Config{}); !errors.Is(err, queue.ErrClosed) {
			t.Errorf("open: got error %v, want %v", err, queue.ErrClosed)
		}
	})
}

// Close waits for a step that is under way.
func TestCloseWaits(t *testing.T) {
	g := newGate()
	inBubble(t, queue.Config{Engine: g}, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1})
		g.set(func(int) error { time.Sleep(s / 2); return nil }, nil)
		r.pass(s + s/4)
		r.must(r.m.Close())
		if got := r.elapsed(); got != s+s/2 {
			t.Errorf("it was closed at %v, want 1.5s", got)
		}
		left, err := r.b.LookupMove(r.ctx(), task.ID)
		r.must(err)
		r.want(left, "running 2/10")
	})
}

// Close comes at any moment.
func TestCloseAnyTime(t *testing.T) {
	for i := range 50 {
		inBubble(t, queue.Config{}, func(r *rig) {
			const n = 3000
			r.send(r.dead, n)
			task, err := r.b.StartMove(r.ctx(), queue.Move{Source: r.dead.ID(), Destination: r.a.ID()}, false)
			r.must(err)
			for range 5 {
				r.must(r.m.Close())
				r.open(movetask.Config{})
				time.Sleep(time.Duration(i % 3)) // sometimes in the middle of a step
			}
			r.want(r.wait(task.ID), fmt.Sprintf("completed %d/%d", n, n))
			r.wantCounts(0, n, 0)
		})
	}
}

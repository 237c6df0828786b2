package xfer_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// A cancel at every point of a running transfer: after each message that the
// target has accepted, before and after it answers. After the cancel has returned
// nothing of the task is offered, and every message is on exactly one side.
func TestCancelAtEveryPoint(t *testing.T) {
	const n = 12
	for point := range 2 * n {
		bubble(t, func(t *testing.T, r *rig) {
			home := r.create("home", queue.Patch{})
			for i := range n {
				r.send(home, 0, fmt.Sprint(i))
			}
			x := &stub{name: "x"}
			ids := make(chan queue.TaskID, 1)
			var got xfer.Cancelled
			var cancelled atomic.Bool
			cancel := func() {
				got = r.cancel(<-ids, xfer.CancelOptions{})
				cancelled.Store(true)
			}
			x.send = func(_ context.Context, call int, records []xfer.Record) ([]xfer.Result, error) {
				if cancelled.Load() {
					t.Errorf("point %d: %d records were offered after the cancel", point, len(records))
				}
				if point == 2*(call-1) {
					cancel()
				}
				results := x.accept(records[:1])
				if point == 2*(call-1)+1 {
					cancel()
				}
				return results, nil
			}
			task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
			ids <- task.ID
			_, err := r.m.Wait(r.ctx(), task.ID)
			r.must(err)
			synctest.Wait()
			sent, stayed := len(x.bodies()), len(messages(t, home))
			if want := point/2 + 1; sent != want || stayed != n-want {
				t.Errorf("point %d: %d sent and %d at home, want %d and %d", point, sent, stayed, want, n-want)
			}
			if sum := got.Restored + got.Sending + got.Transferred; sum != n || got.NoHome+got.NoRoom > 0 {
				t.Errorf("point %d: cancel got %+v, want a sum of %d", point, got, n)
			}
			r.wantTask("at the end", task.ID, 0, sent, stayed, 0)
		})
	}
}

// A logHook calls a function for every log entry of the message transfers.
type logHook struct {
	slog.Handler
	hook func()
}

func (h logHook) Handle(ctx context.Context, record slog.Record) error {
	if record.Message == "message transfer" {
		h.hook()
	}
	return nil
}

// A cancel while the drain is under way stops it.
func TestCancelWhileDraining(t *testing.T) {
	for _, point := range []int{1, 499, 500, 501, 1200, 2500} {
		synctest.Test(t, func(t *testing.T) {
			var r *rig
			entries := 0
			reached := make(chan bool, 1)
			returned := make(chan bool)
			hook := func() {
				if entries++; entries == point {
					reached <- true
				}
				if entries == point+1 {
					synctest.Wait() // the other goroutine waits for its turn
				}
			}
			r = newRig(t, xfer.Config{Logger: slog.New(logHook{slog.NewTextHandler(io.Discard, nil), hook})})
			home, fifo := r.create("home", queue.Patch{}), r.create("fifo", queue.Patch{FIFO: new(true)})
			r.fill(home, 3000)
			r.fill(fifo, 10)
			before := takeCensus(t, r.b)
			go func() {
				defer close(returned)
				<-reached
				r.cancel(r.m.Tasks()[0].ID, xfer.CancelOptions{})
			}()
			task := r.start(xfer.Order{Selector: everythingOf(home, fifo), Target: down("x"), Reason: "test"})
			<-returned
			_, err := r.m.Wait(r.ctx(), task.ID)
			r.must(err)
			takeCensus(t, r.b).check(t, fmt.Sprint("cancel at ", point), before)
			if got := r.task(task.ID); got.State != xfer.StateCancelled || got.Restored != got.Total || got.Total >= 3000 && point < 2000 {
				t.Errorf("cancel at %d: got %+v, want less than all, and all that restored", point, got)
			}
		})
	}
}

// Close waits for a step that is under way.
func TestCloseWaitsForSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := func() { time.Sleep(s) }
		r := newRig(t, xfer.Config{Logger: slog.New(logHook{slog.NewTextHandler(io.Discard, nil), hook})})
		home, away := r.create("home", queue.Patch{}), r.create("away", queue.Patch{})
		r.send(home, 0, "1")
		start := time.Now()
		go r.start(xfer.Order{Selector: everythingOf(home), To: away, Reason: "test"})
		time.Sleep(s / 2)
		r.m.Close()
		if got := time.Since(start); got != s {
			t.Errorf("it was closed after %v, want 1s", got)
		}
	})
}

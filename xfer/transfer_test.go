package xfer_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// received receives one message and gives it back, so that it was received once.
func (r *rig) received(q *queue.Queue) {
	r.t.Helper()
	got, err := q.Receive(r.ctx(), nil)
	r.must(err)
	r.must(q.ChangeVisibility(r.ctx(), got[0].Receipt, 0))
}

// Transfer, then cancel: all is as before.
func TestCancelKeepsDue(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		other := r.create("other", queue.Patch{})
		r.send(home, 0, "A/1", "A/2", "B/1")
		time.Sleep(s)
		r.received(home)
		r.send(home, hour, "A/3", "C/1")
		before := takeCensus(t, r.b)
		time.Sleep(s)
		for _, o := range []xfer.Order{{To: other}, {Target: down("nowhere")}} {
			o.Selector, o.Reason = everythingOf(home), "test"
			task := r.start(o)
			r.wantBodies("transferred", home)
			time.Sleep(time.Minute / 2) // in a pause of the sender
			want := xfer.Cancelled{Restored: 5}
			r.wantCancelled("cancel", r.cancel(task.ID, xfer.CancelOptions{}), want)
			takeCensus(t, r.b).check(t, "after cancel", before)
			r.wantCancelled("second cancel", r.cancel(task.ID, xfer.CancelOptions{}), xfer.Cancelled{})
			r.wantTask("after cancel", task.ID, 0, 0, 5, 0)
			if got := r.task(task.ID); got.State != xfer.StateCancelled || got.EndedAt.IsZero() {
				t.Errorf("task %+v: want it cancelled and ended", got)
			}
		}
	})
}

func TestCancelDueNow(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		r.send(home, hour, "1")
		r.send(home, 0, "2")
		before := messages(t, home)
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: down("nowhere"), Reason: "test"})
		time.Sleep(s / 2)
		r.wantCancelled("cancel", r.cancel(task.ID, xfer.CancelOptions{DueNow: true}), xfer.Cancelled{Restored: 2})
		now := time.Now()
		for i, got := range messages(t, home) {
			want := before[i]
			want.State, want.VisibleAt = queue.Visible, now.UTC()
			if !got.VisibleAt.Equal(now) || got.State != want.State || got.Sequence != want.Sequence || got.ReceiveCount != want.ReceiveCount || got.ID != want.ID {
				t.Errorf("message %d: got %+v, want %+v", i, got, want)
			}
		}
	})
}

// A message that is in the sender's hands is counted so, and comes back when the
// target has failed or refused it; or is gone if it has accepted it.
func TestCancelWhileSending(t *testing.T) {
	results := func(result xfer.Result) []xfer.Result { return []xfer.Result{result, result} }
	for name, row := range map[string]struct {
		results []xfer.Result
		err     error
		home    []string
	}{
		"fails":   {nil, errors.New("failed"), []string{"1", "2"}},
		"refuses": {results(xfer.Result{Err: xfer.ErrRefused}), nil, []string{"1", "2"}},
		"accepts": {results(xfer.Result{}), nil, nil},
	} {
		bubble(t, func(t *testing.T, r *rig) {
			home := r.create("home", queue.Patch{})
			r.send(home, hour, "1", "2")
			answer := make(chan bool)
			target := &stub{name: "slow"}
			target.send = func(context.Context, int, []xfer.Record) ([]xfer.Result, error) {
				<-answer
				return row.results, row.err
			}
			task := r.start(xfer.Order{Selector: everythingOf(home), Target: target, Reason: "test"})
			synctest.Wait()
			r.wantCancelled("cancel", r.cancel(task.ID, xfer.CancelOptions{DueNow: true}), xfer.Cancelled{Sending: 2})
			r.wantBodies("while sending", home)
			answer <- true
			synctest.Wait()
			r.wantBodies("without another cancel", home, row.home...)
			for _, info := range messages(t, home) {
				if info.State != queue.Visible {
					t.Errorf("%s: got %+v, want it due now", name, info)
				}
			}
			back := len(row.home)
			r.wantCancelled("second cancel", r.cancel(task.ID, xfer.CancelOptions{}), xfer.Cancelled{Restored: back, Transferred: 2 - back})
			r.wantTask("at the end", task.ID, 0, 2-back, back, 0)
			time.Sleep(hour)
			if got := target.called(); got != 1 {
				t.Errorf("%s: the target was called %d times, want once", name, got)
			}
		})
	}
}

// Transfer to A, re-target to B, cancel B: messages return home, not to A.
func TestRetarget(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		r.send(home, hour, "1")
		r.send(home, 0, "2", "3")
		before := takeCensus(t, r.b)
		a := r.start(xfer.Order{Selector: everythingOf(home), Target: down("a"), Reason: "test"})
		time.Sleep(s / 2) // it has failed once
		second := r.create("second", queue.Patch{})
		r.send(second, 0, "4")
		b := r.start(xfer.Order{Selector: xfer.Selector{Everything: true}, Target: down("b"), Reason: "test"})
		r.wantTask("re-targeted, a", a.ID, 0, 0, 0, 0)
		r.wantTask("re-targeted, b", b.ID, 4, 0, 0, 0)
		time.Sleep(s / 2)
		again := r.start(xfer.Order{Selector: xfer.Selector{Everything: true}, Target: down("b"), Reason: "test"})
		if again.Total != 0 {
			t.Errorf("transfer to the same target once more: got %+v, want no messages", again)
		}
		r.wantCancelled("cancel a", r.cancel(a.ID, xfer.CancelOptions{}), xfer.Cancelled{})
		r.wantCancelled("cancel b", r.cancel(b.ID, xfer.CancelOptions{}), xfer.Cancelled{Restored: 4})
		r.wantBodies("after cancel", second, "4")
		takeCensus(t, r.b).check(t, "after cancel", before)
	})
}

// To a queue of the broker: what was received there stays.
func TestLocalDestination(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home, other := r.create("home", queue.Patch{}), r.create("other", queue.Patch{})
		r.send(home, hour, "later")
		r.send(home, 0, "1", "2", "3")
		held, err := home.Receive(r.ctx(), nil)
		r.must(err)
		task := r.start(xfer.Order{Selector: everythingOf(home), To: other, Reason: "test"})
		if task.State != xfer.StateDone || task.Transferred != 3 || task.Total != 3 {
			t.Fatalf("start: got %+v, want it done with 3 transferred", task)
		}
		r.wantBodies("in flight is not touched", home, "1")
		r.wantBodies("transferred", other, "later", "2", "3")
		if got := messages(t, other)[0]; got.State != queue.Delayed {
			t.Errorf("got %+v, want it delayed", got)
		}
		r.must(home.Delete(r.ctx(), held[0].Receipt))
		got, err := other.Receive(r.ctx(), nil)
		r.must(err)
		r.must(other.Delete(r.ctx(), got[0].Receipt))
		r.wantCancelled("cancel", r.cancel(task.ID, xfer.CancelOptions{}), xfer.Cancelled{Restored: 2, Transferred: 1})
		r.wantBodies("after cancel", home, "later", "3")
		r.wantTask("after cancel", task.ID, 0, 1, 2, 0)
	})
}

// A transfer to where the messages are at home restores them.
func TestTransferHome(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		r.send(home, hour, "1", "2")
		before := takeCensus(t, r.b)
		away := r.start(xfer.Order{Selector: everythingOf(home), Target: down("x"), Reason: "test"})
		time.Sleep(s / 2)
		back := r.start(xfer.Order{Selector: xfer.Selector{Queues: []string{"xfer:x"}}, To: home, Reason: "test"})
		r.wantTask("away", away.ID, 0, 0, 0, 0)
		r.wantTask("back", back.ID, 0, 0, 2, 0)
		takeCensus(t, r.b).check(t, "back", before)
		if log := slices.Collect(r.m.Log()); len(log) != 4 || log[3].Operation != xfer.Restored || log[3].To != "home" {
			t.Errorf("log: got %+v, want two there and two restored", log)
		}
		if got := r.cancel(back.ID, xfer.CancelOptions{}); got != (xfer.Cancelled{}) {
			t.Errorf("cancel: got %+v, want nothing", got)
		}
	})
}

// A cancel by queue takes all tasks, and only there.
func TestCancelQueue(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		one, two := r.create("one", queue.Patch{}), r.create("two", queue.Patch{})
		fifo, local := r.create("fifo", queue.Patch{FIFO: new(true)}), r.create("local", queue.Patch{})
		r.send(one, 0, "1")
		r.send(two, hour, "2")
		r.send(fifo, 0, "3")
		before := takeCensus(t, r.b)
		x := down("x")
		a := r.start(xfer.Order{Selector: everythingOf(one, fifo), Target: x, Reason: "test"})
		b := r.start(xfer.Order{Selector: everythingOf(two), Target: x, Reason: "test"})
		time.Sleep(s / 2)
		lane, err := r.b.TransferQueue(r.ctx(), "x", false)
		r.must(err)
		got, err := r.m.CancelQueue(r.ctx(), lane, xfer.CancelOptions{Reason: "test"})
		r.must(err)
		synctest.Wait()
		r.wantCancelled("standard", got, xfer.Cancelled{Restored: 2})
		r.wantTask("of a the FIFO part waits", a.ID, 1, 0, 1, 0)
		r.wantTask("b", b.ID, 0, 0, 1, 0)
		r.wantCancelled("the rest", r.cancel(a.ID, xfer.CancelOptions{}), xfer.Cancelled{Restored: 1})
		takeCensus(t, r.b).check(t, "after cancels", before)

		r.start(xfer.Order{Selector: everythingOf(one), To: local, Reason: "test"})
		r.start(xfer.Order{Selector: everythingOf(two), To: local, Reason: "test"})
		got, err = r.m.CancelQueue(r.ctx(), local, xfer.CancelOptions{Reason: "test"})
		r.must(err)
		r.wantCancelled("local", got, xfer.Cancelled{Restored: 2})
		takeCensus(t, r.b).check(t, "after cancel of a local queue", before)
	})
}

// What an earlier Manager has left is put back by queue, or sent when the target
// is given again.
func TestNextManager(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		r.send(home, 0, "1", "2")
		before := takeCensus(t, r.b)
		r.start(xfer.Order{Selector: everythingOf(home), Target: down("x"), Reason: "test"})
		time.Sleep(s / 2)
		r.m.Close()
		r.m = xfer.Open(r.b, xfer.Config{})
		defer func() { r.m.Close() }()
		lane, err := r.b.TransferQueue(r.ctx(), "x", false)
		r.must(err)
		got, err := r.m.CancelQueue(r.ctx(), lane, xfer.CancelOptions{Reason: "test"})
		r.must(err)
		r.wantCancelled("by queue", got, xfer.Cancelled{Restored: 2})
		takeCensus(t, r.b).check(t, "after cancel", before)

		r.start(xfer.Order{Selector: everythingOf(home), Target: down("x"), Reason: "test"})
		time.Sleep(s / 2)
		r.m.Close()
		r.m = xfer.Open(r.b, xfer.Config{})
		r.send(home, 0, "3")
		x := &stub{name: "x"}
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		if _, err := r.m.Wait(r.ctx(), task.ID); err != nil {
			t.Fatalf("wait: got error %v, want none", err)
		}
		synctest.Wait()
		if got := len(x.bodies()); got != 3 {
			t.Errorf("the target has %q, want three", x.bodies())
		}
	})
}

// What is in hand of a task that is not known goes home too, if the target does
// not accept it.
func TestCancelQueueInHand(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home, other := r.create("home", queue.Patch{}), r.create("other", queue.Patch{})
		r.send(home, hour, "1", "2")
		r.start(xfer.Order{Selector: everythingOf(home), Target: down("x"), Reason: "test"})
		r.m.Close()
		r.m = xfer.Open(r.b, xfer.Config{})
		defer func() { r.m.Close() }()
		answer := make(chan bool)
		x := &stub{name: "x"}
		x.send = func(context.Context, int, []xfer.Record) ([]xfer.Result, error) {
			<-answer
			return nil, errors.New("failed")
		}
		r.send(other, 0, "3")
		r.start(xfer.Order{Selector: everythingOf(other), Target: x, Reason: "test"})
		synctest.Wait()
		lane, err := r.b.TransferQueue(r.ctx(), "x", false)
		r.must(err)
		got, err := r.m.CancelQueue(r.ctx(), lane, xfer.CancelOptions{Reason: "test"})
		r.must(err)
		r.wantCancelled("by queue", got, xfer.Cancelled{Sending: 1}) // what is not known is not counted
		answer <- true
		time.Sleep(hour / 2)
		r.wantBodies("at the end", home, "1", "2")
		r.wantBodies("at the end", other, "3")
		if got := x.called(); got != 1 {
			t.Errorf("the target was called %d times, want once", got)
		}
	})
}

// Messages that were put aside keep no other waiting.
func TestBesideThoseWithoutHome(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		gone, home := r.create("gone", queue.Patch{}), r.create("home", queue.Patch{})
		r.send(gone, 0, "1")
		r.send(home, 0, "2")
		x := &stub{name: "x"}
		x.send = func(_ context.Context, call int, records []xfer.Record) ([]xfer.Result, error) {
			if call == 1 {
				return []xfer.Result{{Err: xfer.ErrRefused}}, r.b.DeleteQueue(r.ctx(), "gone")
			}
			return x.accept(records), nil
		}
		first := r.start(xfer.Order{Selector: everythingOf(gone), Target: x, Reason: "test"})
		time.Sleep(time.Minute)
		r.wantTask("refused, and without home", first.ID, 1, 0, 0, 0)
		second := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		synctest.Wait()
		r.wantTask("beside it", second.ID, 0, 1, 0, 0)
		time.Sleep(hour)
		r.wantTask("offered again", first.ID, 0, 1, 0, 0)
	})
}

// A message that has no way home stays under transfer, is not sent, and goes home
// when it can.
func TestNoWayHome(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		gone, full := r.create("gone", queue.Patch{}), r.create("full", queue.Patch{MaxMessages: new(1)})
		other := r.create("other", queue.Patch{})
		r.send(gone, 0, "1")
		r.send(full, 0, "2")
		x := down("x")
		task := r.start(xfer.Order{Selector: everythingOf(gone, full), Target: x, Reason: "test"})
		time.Sleep(s / 2)
		r.must(r.b.DeleteQueue(r.ctx(), "gone"))
		r.send(full, 0, "in its place")
		want := xfer.Cancelled{NoHome: 1, NoRoom: 1}
		r.wantCancelled("cancel", r.cancel(task.ID, xfer.CancelOptions{}), want)
		calls := x.called()
		for range 4 { // the sender finds them, puts them aside, and finds them again
			time.Sleep(3 * time.Minute)
			r.wantCancelled("again", r.cancel(task.ID, xfer.CancelOptions{}), want)
		}
		if ended, err := r.m.Wait(r.ctx(), task.ID); err != nil || ended.Waiting != 2 {
			t.Errorf("wait: got %+v and error %v, want two waiting and none", ended, err)
		}
		if got := x.called(); got != calls {
			t.Errorf("%d records of a cancelled task were sent", got-calls)
		}
		if _, err := full.Purge(r.ctx()); err != nil {
			t.Fatalf("purge: got error %v, want none", err)
		}
		r.wantCancelled("with room", r.cancel(task.ID, xfer.CancelOptions{}), xfer.Cancelled{Restored: 1, NoHome: 1})
		r.wantBodies("with room", full, "2")
		on := r.start(xfer.Order{Selector: xfer.Selector{Queues: []string{"xfer:x"}}, To: other, Reason: "test"})
		r.wantTask("elsewhere", on.ID, 0, 1, 0, 0)
		r.wantTask("no longer its own", task.ID, 0, 0, 1, 0)
		r.wantBodies("elsewhere", other, "1")
	})
}

// What others remove from a transfer queue is counted no more.
func TestPurgedTransferQueue(t *testing.T) {
	for _, remove := range []func(r *rig, lane *queue.Queue) error{
		func(r *rig, lane *queue.Queue) error { _, err := lane.Purge(r.ctx()); return err },
		func(r *rig, lane *queue.Queue) error { return r.b.DeleteQueue(r.ctx(), lane.Name()) },
	} {
		bubble(t, func(t *testing.T, r *rig) {
			home := r.create("home", queue.Patch{})
			r.send(home, 0, "1", "2")
			x := &stub{name: "x"}
			fails := true
			x.send = func(_ context.Context, _ int, records []xfer.Record) ([]xfer.Result, error) {
				if fails {
					return nil, errors.New("down")
				}
				return x.accept(records), nil
			}
			task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
			time.Sleep(s / 2)
			lane, err := r.b.TransferQueue(r.ctx(), "x", false)
			r.must(err)
			r.must(remove(r, lane))
			if _, err := r.m.Wait(r.ctx(), task.ID); err != nil {
				t.Fatalf("wait: got error %v, want none", err)
			}
			r.wantTask("removed", task.ID, 0, 0, 0, 0)
			fails = false
			r.send(home, 0, "3")
			next := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
			if _, err := r.m.Wait(r.ctx(), next.ID); err != nil {
				t.Fatalf("wait: got error %v, want none", err)
			}
			r.wantTask("the next", next.ID, 0, 1, 0, 0)
		})
	}
}

// A drain takes what was there when it began, and no more.
func TestDrainTakesNoLaterMessages(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home, to, empty := r.create("home", queue.Patch{}), r.create("to", queue.Patch{}), r.create("empty", queue.Patch{})
		r.fill(home, 1100)
		entries := 0
		hook := func() {
			if entries++; entries%500 == 1 {
				r.send(home, 0, "later")
				r.send(empty, 0, "later")
			}
		}
		m := xfer.Open(r.b, xfer.Config{Logger: slog.New(logHook{slog.NewTextHandler(io.Discard, nil), hook})})
		defer m.Close()
		task, err := m.Start(r.ctx(), xfer.Order{Selector: everythingOf(home, empty), To: to, Reason: "test"})
		if err != nil || task.Total != 1100 {
			t.Errorf("got %+v and error %v, want 1100 messages", task, err)
		}
		r.wantBodies("after the drain", home, "later", "later", "later")
		r.wantBodies("after the drain", empty, "later", "later", "later")
	})
}

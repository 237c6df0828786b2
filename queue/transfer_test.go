package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

var transferTask = queue.TaskID{1}

// transfer transfers all that waits in one queue to another.
func (r *rig) transfer(from, to *queue.Queue) queue.Transferred {
	r.t.Helper()
	moved, err := r.b.Transfer(r.ctx(), queue.Transfer{Task: transferTask, From: from.ID(), To: to.ID(), Max: 100, Look: 100})
	r.must(err)
	return moved
}

// restore restores all that is in the queue.
func (r *rig) restore(from *queue.Queue) queue.Restored {
	r.t.Helper()
	restored, err := r.b.Restore(r.ctx(), queue.Restore{From: from.ID(), Max: 100, Look: 100})
	r.must(err)
	return restored
}

// I17: what is transferred, or restored, wakes those who wait for it: at once,
// or when it falls due in the queue where it is.
func TestTransfersWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		other, third := r.create("other", queue.Patch{}), r.create("third", queue.Patch{})
		r.send("a")
		r.sendLater("b", 10*s)
		r.sendLater("c", 20*s)
		there := r.waitFor(other, 3, 15*s)
		r.pass(1 * s)
		if moved := r.transfer(r.q, other); len(moved.Messages) != 3 || !moved.Done {
			t.Errorf("transferred %+v, want 3 messages and all", moved)
		}
		synctest.Wait()
		there.want(t, "a at 1s, waits, waits")
		r.pass(10 * s)
		synctest.Wait()
		there.want(t, "a at 1s, b at 10s, waits")
		r.must(other.ChangeVisibility(r.ctx(), there[1].delivery().Receipt, 0)) // goes to the one who waits
		synctest.Wait()
		there.want(t, "a at 1s, b at 10s, b at 11s")
		r.must(other.ChangeVisibility(r.ctx(), there[2].delivery().Receipt, 0))

		home := r.waitFor(r.q, 3, hour)
		r.pass(1 * s)
		r.restore(other)
		synctest.Wait()
		home.want(t, "b at 12s, waits, waits")
		r.pass(10 * s)
		synctest.Wait()
		home.want(t, "b at 12s, c at 20s, waits")

		// A transfer to the queue that is its home wakes there, too.
		r.must(r.q.ChangeVisibility(r.ctx(), home[1].delivery().Receipt, hour/2)) // and nobody else has it
		sent, err := third.Send(r.ctx(), message("d"))
		r.must(err)
		r.transfer(third, other)
		back := r.waitFor(third, 1, hour)
		r.pass(1 * s)
		moved := r.transfer(other, third)
		synctest.Wait()
		back.want(t, "d at 23s")
		if len(moved.Messages) != 1 || !moved.Messages[0].Home || back[0].delivery().ID != sent.ID {
			t.Errorf("transferred home %+v, want the one message, restored", moved.Messages)
		}
	})
}

// What fell due for a receive that waits is its, though no timer has fired.
func TestTransfersCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
		other := r.create("other", queue.Patch{})
		r.sendLater("a", 5*s)
		r.sendLater("b", 6*s)
		all := r.waitFor(r.q, 1, hour)
		r.pass(10 * s)
		if moved := r.transfer(r.q, other); len(moved.Messages) != 1 {
			t.Errorf("%d messages were transferred, want b only", len(moved.Messages))
		}
		synctest.Wait()
		all.want(t, "a at 10s")

		all = r.waitFor(other, 1, hour)
		all.want(t, "b at 10s")
		r.must(other.ChangeVisibility(r.ctx(), all[0].delivery().Receipt, 5*s))
		all = r.waitFor(other, 1, hour)
		r.pass(10 * s)
		if restored := r.restore(other); len(restored.Messages) != 0 || restored.InFlight != 1 {
			t.Errorf("restored %+v, want none and one in flight", restored)
		}
		synctest.Wait()
		all.want(t, "b at 20s")
	})
}

// An engine that transfers and does not say what.
type silent struct{ driver.Engine }

func (e silent) Transfer(ctx context.Context, now time.Time, t driver.Transfer) (driver.Transferred, error) {
	_, err := e.Engine.Transfer(ctx, now, t)
	return driver.Transferred{}, errors.Join(driver.ErrUnknownOutcome, err)
}

// If it is not known what was transferred, those who wait are served all the
// same.
func TestTransferOfUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{Engine: silent{memqueue.New()}}, queue.Patch{})
		other := r.create("other", queue.Patch{})
		r.send("a")
		all := r.waitFor(other, 1, hour)
		_, err := r.b.Transfer(r.ctx(), queue.Transfer{Task: transferTask, From: r.q.ID(), To: other.ID(), Max: 1, Look: 1})
		if !errors.Is(err, queue.ErrUnknownOutcome) {
			t.Errorf("transfer: got error %v, want %v", err, queue.ErrUnknownOutcome)
		}
		synctest.Wait()
		all.want(t, "a at 0s")
	})
}

// I4: a receipt of before a transfer opens nothing where the message was, and is
// superseded when it is home again.
func TestReceiptsOverTransfer(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	other := r.create("other", queue.Patch{})
	r.send("a")
	held := r.take(r.q, 10*s)
	r.pass(10 * s)
	check := func(step string, q *queue.Queue, receipt string, want error) {
		t.Helper()
		r.unchanged(step, func() {
			if err := q.Delete(r.ctx(), receipt); !errors.Is(err, want) {
				t.Errorf("%s: delete: got error %v, want %v", step, err, want)
			}
			if err := q.ChangeVisibility(r.ctx(), receipt, hour); !errors.Is(err, want) {
				t.Errorf("%s: change visibility: got error %v, want %v", step, err, want)
			}
		})
	}
	r.transfer(r.q, other)
	check("where it was", r.q, held.Receipt, queue.ErrMessageGone)
	check("where it is", other, held.Receipt, queue.ErrWrongQueue)
	there := r.take(other, 10*s)
	if there.ID != held.ID || there.Fence <= held.Fence || there.ReceiveCount != 2 {
		t.Errorf("got %v with fence %d and %d receives, want %v with more than %d and 2", there.ID, there.Fence, there.ReceiveCount, held.ID, held.Fence)
	}
	r.pass(10 * s)
	r.restore(other)
	check("home again", r.q, held.Receipt, queue.ErrReceiptSuperseded)
	check("where it has been", other, there.Receipt, queue.ErrMessageGone)
	check("with the receipt of there", r.q, there.Receipt, queue.ErrWrongQueue)
	again := r.take(r.q, hour)
	if again.ReceiveCount != 2 || again.Fence <= there.Fence {
		t.Errorf("home again: got %d receives and fence %d, want 2, as before the transfer, and more than %d", again.ReceiveCount, again.Fence, there.Fence)
	}
	r.delete(again)
}

// What is wrong with a transfer is refused, and changes nothing.
func TestRefusedTransfers(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	other, fifo := r.create("other", queue.Patch{}), r.create("fifo", queue.Patch{FIFO: new(true)})
	gone := r.create("gone", queue.Patch{})
	r.must(r.b.DeleteQueue(r.ctx(), "gone"))
	r.send("a")
	base := queue.Transfer{Task: transferTask, From: r.q.ID(), To: other.ID(), Max: 1, Look: 1}
	tests := []struct {
		name   string
		change func(*queue.Transfer)
		err    error
		field  string
	}{
		{"task zero", func(x *queue.Transfer) { x.Task = queue.TaskID{} }, queue.ErrInvalid, "task ID"},
		{"negative max", func(x *queue.Transfer) { x.Max = -1 }, queue.ErrInvalid, "number of messages"},
		{"negative look", func(x *queue.Transfer) { x.Look = -1 }, queue.ErrInvalid, "number of messages"},
		{"max of 10,001", func(x *queue.Transfer) { x.Max = 10_001 }, queue.ErrInvalid, "number of messages"},
		{"look of 10,001", func(x *queue.Transfer) { x.Look = 10_001 }, queue.ErrInvalid, "number of messages"},
		{"from a queue that is gone", func(x *queue.Transfer) { x.From = gone.ID() }, queue.ErrNoQueue, ""},
		{"to a queue that is gone", func(x *queue.Transfer) { x.To = gone.ID() }, queue.ErrNoDestination, ""},
		{"to the same queue", func(x *queue.Transfer) { x.To = x.From }, queue.ErrInvalid, ""},
		{"to another kind", func(x *queue.Transfer) { x.To = fifo.ID() }, queue.ErrInvalid, ""},
	}
	for _, test := range tests {
		x := base
		test.change(&x)
		r.unchanged(test.name, func() {
			_, err := r.b.Transfer(r.ctx(), x)
			if !errors.Is(err, test.err) {
				t.Errorf("%s: got error %v, want %v", test.name, err, test.err)
			}
			if test.field != "" {
				wantInvalid(t, test.name, err, test.field)
			}
		})
	}
	for _, x := range []queue.Restore{{From: r.q.ID(), Max: -1}, {From: r.q.ID(), Look: -1}, {From: r.q.ID(), Max: 10_001}, {From: r.q.ID(), Look: 10_001}} {
		_, err := r.b.Restore(r.ctx(), x)
		wantInvalid(t, fmt.Sprintf("%+v", x), err, "number of messages")
	}
	if _, err := r.b.Restore(r.ctx(), queue.Restore{From: gone.ID()}); !errors.Is(err, queue.ErrNoQueue) {
		t.Errorf("restore from a queue that is gone: got error %v, want %v", err, queue.ErrNoQueue)
	}
	base.DryRun = true
	waits := r.counts(r.q)
	moved, err := r.b.Transfer(r.ctx(), base)
	r.must(err)
	if len(moved.Messages) != 1 || r.counts(r.q) != waits {
		t.Errorf("a dry run: got %+v and the counts %v, want one message, and %v", moved, r.counts(r.q), waits)
	}
}

// Transfer queues have names of their own, which no other queue can get, and
// exist in every profile, whatever its names are like.
func TestTransferQueues(t *testing.T) {
	for _, p := range profiles {
		r := newRig(t, queue.Config{Clock: newStepping(noon), Profile: p.make()}, queue.Patch{})
		for _, name := range []string{"xfer:a", "xfer:", "xfer-fifo:a", "xfer-fifo:a.fifo"} {
			r.unchanged(name, func() {
				_, err := r.b.CreateQueue(r.ctx(), name, queue.Patch{})
				wantInvalid(t, p.name+": "+name, err, "queue name")
			})
			if !queue.IsTransferQueue(name) {
				t.Errorf("IsTransferQueue(%q) = false, want true", name)
			}
		}
		for _, name := range []string{"xfer", "xfer-a", "axfer:a", "XFER:a", "xfer-fifo", ""} {
			if queue.IsTransferQueue(name) {
				t.Errorf("IsTransferQueue(%q) = true, want false", name)
			}
		}
		for _, target := range []string{"a", "https://example.org/queues/Orders?x=1", "xfer:a", strings.Repeat("é", 128)} {
			for _, fifo := range []bool{false, true} {
				q, err := r.b.TransferQueue(r.ctx(), target, fifo)
				r.must(err)
				again, err := r.b.TransferQueue(r.ctx(), target, fifo)
				r.must(err)
				info, err := q.Info(r.ctx())
				r.must(err)
				want := map[bool]string{false: "xfer:", true: "xfer-fifo:"}[fifo] + target
				found, err := r.b.Queue(r.ctx(), want)
				r.must(err)
				a := info.Attributes
				if again.ID() != q.ID() || found.ID() != q.ID() || q.Name() != want || a.FIFO != fifo {
					t.Errorf("%s: the transfer queues of %q are %d and %d, %q, FIFO %t; want one of the name %q", p.name, target, q.ID(), again.ID(), q.Name(), a.FIFO, want)
				}
				if a.Retention != 0 || a.MaxMessages != 0 || a.MaxBytes != 0 || a.MaxMessageBytes != 0 || a.MaxInFlight != 0 || a.Delay != 0 {
					t.Errorf("%s: a transfer queue has the attributes %+v, want no limits", p.name, a)
				}
			}
		}
		for _, target := range []string{"", "a\nb", "a\xff", strings.Repeat("é", 128) + "a"} {
			r.unchanged(target, func() {
				_, err := r.b.TransferQueue(r.ctx(), target, false)
				wantInvalid(t, p.name+": "+target, err, "transfer target")
			})
		}
	}
}

// A sender receives what is under transfer with the ledger, and what is not with
// a zero one. It does not wait.
func TestReceiveTransfers(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	outside, err := r.b.TransferQueue(r.ctx(), "outside", false)
	r.must(err)
	r.send("a")
	r.must(r.q.ChangeVisibility(r.ctx(), r.take(r.q, hour).Receipt, 0))
	r.sendLater("b", 10*s)
	r.transfer(r.q, outside)
	_, err = outside.Send(r.ctx(), message("c"))
	r.must(err)
	r.pass(10 * s)
	got, ledgers, err := outside.ReceiveTransfers(r.ctx(), 10, hour)
	r.must(err)
	if answer(got, nil) != "a+c+b" && answer(got, nil) != "a+b+c" || len(ledgers) != 3 {
		t.Fatalf("received %s with %d ledgers, want a, b and c with one each", answer(got, nil), len(ledgers))
	}
	for i, d := range got {
		l := ledgers[i]
		want := queue.Ledger{Task: transferTask, Home: queue.QueueRef{ID: r.q.ID(), Name: "q"}, VisibleAt: noon, ReceiveCount: 1, RetainFrom: noon}
		switch string(d.Body) {
		case "b":
			want.VisibleAt, want.ReceiveCount = noon.Add(10*s), 0
		case "c":
			want = queue.Ledger{}
		}
		if l != want {
			t.Errorf("the ledger of %s is\n     %+v\nwant %+v", d.Body, l, want)
		}
		r.must(outside.Delete(r.ctx(), d.Receipt))
	}
	if got, ledgers, err := outside.ReceiveTransfers(r.ctx(), 1, hour); err != nil || len(got) != 0 || len(ledgers) != 0 {
		t.Errorf("received %d messages, %d ledgers and error %v from an empty queue, want nothing", len(got), len(ledgers), err)
	}
	for _, max := range []int{-1, 0, 10_001} {
		_, _, err := outside.ReceiveTransfers(r.ctx(), max, hour)
		wantInvalid(t, fmt.Sprintf("receive of %d", max), err, "number of messages")
	}
	for _, visibility := range []time.Duration{-1, 100*365*day + 1} {
		_, _, err := outside.ReceiveTransfers(r.ctx(), 1, visibility)
		wantInvalid(t, fmt.Sprintf("receive for %v", visibility), err, "visibility timeout")
	}
}

// To carry a message on is not to receive it: nothing is counted, no dead-letter
// policy is looked at, and it can be cancelled when it is given back.
func TestReceiveTransfersCountsNothing(t *testing.T) {
	d := newDepot(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	d.send("a")
	for range 3 {
		got, _, err := d.q.ReceiveTransfers(d.ctx(), 1, hour)
		if answer(got, err) != "a" || got[0].ReceiveCount != 0 || !got[0].FirstReceivedAt.IsZero() {
			t.Fatalf("received %s as %+v, want a, which nobody has received", answer(got, err), got)
		}
		d.wantCounts(d.q, 0, 0, 1)
		d.must(d.q.ChangeVisibility(d.ctx(), got[0].Receipt, 0))
	}
	outcome, err := d.q.Cancel(d.ctx(), mustList(d.rig)[0].ID)
	d.must(err)
	if outcome != queue.Cancelled {
		t.Errorf("cancel: got %v, want %v", outcome, queue.Cancelled)
	}
}

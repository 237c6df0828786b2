package queue_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// wantRefused uses the receipt in all calls that take one, and checks that each
// refuses it with that error and outcome, and has no effect.
func (r *rig) wantRefused(what, receipt string, want error, deleted queue.DeleteOutcome, changed queue.ChangeOutcome) {
	r.t.Helper()
	check := func(call string, err error) {
		r.t.Helper()
		e, ok := errors.AsType[*queue.Error](err)
		if !errors.Is(err, want) || !ok || e.Op != call || e.Queue != "q" {
			r.t.Errorf("%s: %s got error %v, want %v", what, call, err, want)
		}
	}
	r.unchanged(what, func() {
		check("delete", r.q.Delete(r.ctx(), receipt))
		check("change visibility", r.q.ChangeVisibility(r.ctx(), receipt, 5*s))
		check("change visibility", r.q.ChangeVisibility(r.ctx(), receipt, 0))
		deletes, err := r.q.DeleteMany(r.ctx(), []string{receipt})
		r.must(err)
		if (deletes[0] != queue.DeleteResult{Outcome: deleted}) || deletes[0].Err() != want {
			r.t.Errorf("%s: delete got %+v with error %v, want outcome %v and %v", what, deletes[0], deletes[0].Err(), deleted, want)
		}
		changes, err := r.q.ChangeVisibilityMany(r.ctx(), []queue.VisibilityChange{{Receipt: receipt}})
		r.must(err)
		releases, err := r.q.ReleaseMany(r.ctx(), []string{receipt})
		r.must(err)
		for _, c := range append(changes, releases...) {
			if c.Outcome != changed || c.Err() != want {
				r.t.Errorf("%s: change got outcome %v with error %v, want %v and %v", what, c.Outcome, c.Err(), changed, want)
			}
		}
	})
}

func TestMalformedReceipts(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	r.send("a", "b")
	a, b := r.take(r.q, hour).Receipt, r.take(r.q, hour).Receipt
	other := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	other.send("a")

	malformed := map[string]string{
		"empty":                     "",
		"a word":                    "receipt",
		"an ID":                     "00000000-0000-0000-0000-000000000000",
		"half of it":                a[:len(a)/2],
		"one character less":        a[:len(a)-1],
		"one character more":        a + "A",
		"padded":                    a + "=",
		"two of them":               a + b,
		"half of two":               a[:len(a)/2] + b[len(b)/2:],
		"a line end behind":         a + "\n",
		"a line end within":         a[:10] + "\r\n" + a[10:],
		"a line end for characters": a[:10] + "\r\n" + a[12:],
		"a space before":            " " + a,
		"nulls":                     strings.Repeat("\x00", len(a)),
		"very long":                 strings.Repeat(a, 100_000),
		"another broker's":          other.take(other.q, hour).Receipt,
	}
	for what, receipt := range malformed {
		r.wantRefused(what, receipt, queue.ErrReceiptMalformed, queue.DeleteMalformed, queue.ChangeMalformed)
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range a {
		next := alphabet[(strings.IndexByte(alphabet, a[i])+1)%len(alphabet)]
		flipped := a[:i] + string(next) + a[i+1:]
		r.wantRefused(fmt.Sprintf("character %d flipped", i), flipped, queue.ErrReceiptMalformed, queue.DeleteMalformed, queue.ChangeMalformed)
	}
	r.must(r.q.Delete(r.ctx(), a))
	r.must(r.q.Delete(r.ctx(), b))
}

// I4: a receipt has no effect on another queue, nor on a later one of the name.
func TestReceiptsOfOtherQueues(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	r.send("a")
	old := r.take(r.q, hour).Receipt
	r.must(r.b.DeleteQueue(r.ctx(), "q"))
	r.q = r.create("q", queue.Patch{ReceiptPolicy: new(queue.Any)})
	r.send("a")
	r.take(r.q, hour)
	r.wantRefused("an earlier queue's receipt", old, queue.ErrWrongQueue, queue.DeleteWrongQueue, queue.ChangeWrongQueue)

	other := r.create("other", queue.Patch{})
	_, err := other.Send(r.ctx(), message("b"))
	r.must(err)
	d := r.take(other, hour)
	r.wantRefused("another queue's receipt", d.Receipt, queue.ErrWrongQueue, queue.DeleteWrongQueue, queue.ChangeWrongQueue)
	r.must(other.Delete(r.ctx(), d.Receipt))
}

// I23: the results of a batch are in the order of its inputs, and what is
// refused does not touch the others.
func TestBatchesOfReceipts(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{MaxVisibility: new(12 * hour)})
	r.send("a", "b", "c")
	a, b, c := r.take(r.q, hour).Receipt, r.take(r.q, hour).Receipt, r.take(r.q, hour).Receipt
	other := r.create("other", queue.Patch{})
	_, err := other.Send(r.ctx(), message("d"))
	r.must(err)
	foreign := r.take(other, hour).Receipt

	changes, err := r.q.ChangeVisibilityMany(r.ctx(), []queue.VisibilityChange{
		{Receipt: "?"}, {Receipt: a, Timeout: -1}, {Receipt: a, Timeout: 12 * hour}, {Receipt: foreign}, {Receipt: b, Timeout: 12*hour + 1},
		{Receipt: c, Timeout: 100*365*day + 1}, {Receipt: c, Timeout: 2 * s}, {Receipt: c, Timeout: 0}, {Receipt: c, Timeout: 3 * s},
	})
	r.must(err)
	var got []string
	for _, result := range changes {
		got = append(got, errorName(result.Err()))
	}
	want := "[ErrReceiptMalformed ErrInvalid ok ErrWrongQueue ErrVisibilityCap ErrInvalid ok ok ok]"
	if text := fmt.Sprint(got); text != want {
		t.Errorf("change visibility:\n got %s\nwant %s", text, want)
	}
	r.wantCounts(r.q, 0, 0, 3)

	deletes, err := r.q.DeleteMany(r.ctx(), []string{"", a, foreign, a, b})
	r.must(err)
	got = nil
	for _, result := range deletes {
		got = append(got, errorName(result.Err()))
	}
	want = "[ErrReceiptMalformed ok ErrWrongQueue ErrMessageGone ok]"
	if text := fmt.Sprint(got); text != want {
		t.Errorf("delete:\n got %s\nwant %s", text, want)
	}
	r.wantCounts(r.q, 0, 0, 1)
	r.wantCounts(other, 0, 0, 1)
}

// The error says how the receipt stood, by the queue's policy.
func TestReceiptPolicies(t *testing.T) {
	tests := []struct {
		patch                        queue.Patch
		lateDelete, supersededDelete string
		lateChange, supersededChange string
	}{
		{queue.Patch{ReceiptPolicy: new(queue.Strict)}, "ErrReceiptExpired", "ErrReceiptSuperseded", "ErrReceiptExpired", "ErrReceiptSuperseded"},
		{queue.Patch{ReceiptPolicy: new(queue.Latest)}, "ok", "ErrReceiptSuperseded", "ok", "ErrReceiptSuperseded"},
		{queue.Patch{ReceiptPolicy: new(queue.Latest), RefuseLateChange: new(true)}, "ok", "ErrReceiptSuperseded", "ErrReceiptExpired", "ErrReceiptSuperseded"},
		{queue.Patch{ReceiptPolicy: new(queue.Any)}, "ok", "ok", "ok", "ErrReceiptSuperseded"},
	}
	for i, test := range tests {
		// At the deadline the receipt is late; a nanosecond before it is not.
		for _, early := range []time.Duration{0, 1} {
			r := newRig(t, queue.Config{Clock: newStepping(noon)}, test.patch)
			r.send("a", "b")
			a, b := r.take(r.q, 10*s), r.take(r.q, 10*s)
			r.pass(10*s - early)
			change := errorName(r.q.ChangeVisibility(r.ctx(), a.Receipt, 5*s))
			deletes, err := r.q.DeleteMany(r.ctx(), []string{b.Receipt})
			r.must(err)
			wantChange, wantDelete, standing := test.lateChange, test.lateDelete, queue.Late
			if early > 0 {
				wantChange, wantDelete, standing = "ok", "ok", queue.Current
			}
			if got := errorName(deletes[0].Err()); change != wantChange || got != wantDelete || deletes[0].Standing != standing {
				t.Errorf("policy %d, %v early: change got %s, delete %s of a receipt that was %v; want %s, %s, %v",
					i, early, change, got, deletes[0].Standing, wantChange, wantDelete, standing)
			}
		}
		r := newRig(t, queue.Config{Clock: newStepping(noon)}, test.patch)
		r.send("a")
		a := r.take(r.q, 10*s)
		r.pass(10 * s)
		second := r.take(r.q, 10*s)
		if second.Fence <= a.Fence || second.Receipt == a.Receipt {
			t.Errorf("policy %d: fences %d and %d of two deliveries, receipts equal: %v", i, a.Fence, second.Fence, second.Receipt == a.Receipt)
		}
		change := errorName(r.q.ChangeVisibility(r.ctx(), a.Receipt, 5*s))
		deletes, err := r.q.DeleteMany(r.ctx(), []string{a.Receipt})
		r.must(err)
		if got := errorName(deletes[0].Err()); change != test.supersededChange || got != test.supersededDelete || deletes[0].Standing != queue.Superseded {
			t.Errorf("policy %d, superseded: change got %s, delete %s of a receipt that was %v; want %s, %s, %v",
				i, change, got, deletes[0].Standing, test.supersededChange, test.supersededDelete, queue.Superseded)
		}
	}
}

func TestReceiptText(t *testing.T) {
	r := newRig(t, queue.Config{}, queue.Patch{})
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
	seen := map[string]bool{}
	for range 1000 {
		r.send("a")
		receipt := r.take(r.q, hour).Receipt
		if !form.MatchString(receipt) || seen[receipt] {
			t.Fatalf("receipt %q is not of at most 256 letters, digits, - and _, or was seen before: %v", receipt, seen[receipt])
		}
		seen[receipt] = true
	}
}

// What becomes of one message is told by an error that says why.
func TestOutcomes(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{MaxMessages: new(2), MaxInFlight: new(1), MaxVisibility: new(hour)})
	r.send("a")
	sent, err := r.q.Send(r.ctx(), message("b"))
	r.must(err)
	_, full := r.q.Send(r.ctx(), message("c"))
	a := r.take(r.q, 10*s)
	_, limit := r.q.Receive(r.ctx(), nil)
	tooLong := r.q.ChangeVisibility(r.ctx(), a.Receipt, hour+1)
	r.pass(10 * s)
	r.take(r.q, hour)
	hide := r.q.ChangeVisibility(r.ctx(), a.Receipt, 20*s)
	r.must(r.q.Delete(r.ctx(), a.Receipt))
	gone := r.q.Delete(r.ctx(), a.Receipt)
	goneChange := r.q.ChangeVisibility(r.ctx(), a.Receipt, 0)
	got := fmt.Sprint(errorName(full), errorName(limit), errorName(tooLong), errorName(hide), errorName(gone), errorName(goneChange))
	if want := fmt.Sprint("ErrQueueFull", "ErrInFlightLimit", "ErrVisibilityCap", "ErrInFlightLimit", "ErrMessageGone", "ErrMessageGone"); got != want {
		t.Errorf("the errors are\n got %s\nwant %s", got, want)
	}

	r.send("d")
	infos, err := r.q.List(r.ctx(), 0, 10)
	r.must(err)
	d := infos[len(infos)-1].ID
	outcomes, err := r.q.CancelMany(r.ctx(), []queue.MessageID{a.ID, sent.ID, d, d, {1, 2, 3}})
	r.must(err)
	want := []queue.CancelOutcome{queue.CancelGone, queue.CancelInFlight, queue.Cancelled, queue.CancelGone, queue.CancelUnknown}
	if fmt.Sprint(outcomes) != fmt.Sprint(want) {
		t.Errorf("cancel: got %v, want %v", outcomes, want)
	}
	r.pass(hour)
	if outcome, err := r.q.Cancel(r.ctx(), sent.ID); err != nil || outcome != queue.CancelDelivered {
		t.Errorf("cancel of a message that came back: got %v and error %v, want %v", outcome, err, queue.CancelDelivered)
	}
}

package drivertest

import (
	"strconv"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// chooseReceipts draws receipts to use in a queue: two thirds of those that the
// queue gave lately, rather current ones, and one third of all that any queue
// ever gave.
func (w *world) chooseReceipts(q *instance) []int {
	chosen := w.scratch.chosen[:0]
	for range w.several() {
		switch choice := w.src.Intn(12); {
		case choice < 6 && len(q.held) > 0:
			chosen = append(chosen, w.currentReceipt(q))
		case choice < 8 && len(q.held) > 0:
			chosen = append(chosen, q.held[len(q.held)-1-w.src.Intn(min(len(q.held), 40))])
		case choice < 10:
			chosen = append(chosen, len(w.receipts)-1-w.src.Intn(min(len(w.receipts), 20)))
		default:
			chosen = append(chosen, w.src.Intn(len(w.receipts)))
		}
	}
	w.scratch.chosen = chosen
	return chosen
}

// currentReceipt draws one of the latest receipts of a queue, and from there
// goes back a little to find one whose timeout has not ended.
func (w *world) currentReceipt(q *instance) int {
	latest := len(q.held) - 1 - w.src.Intn(min(len(q.held), 4))
	for i := latest; i >= 0 && i > latest-12; i-- {
		if w.receipts[q.held[i]].until.After(q.now) {
			return q.held[i]
		}
	}
	return q.held[latest]
}

// heldQueue draws a queue, rather one with messages in flight.
func (w *world) heldQueue() *instance {
	q := w.anyQueue()
	for range w.live {
		if q.stats.InFlight.Messages > 0 || !w.isLive(q) {
			break
		}
		q = w.anyQueue()
	}
	return q
}

func (w *world) remove() error {
	if len(w.receipts) == 0 {
		w.say("instead, receive ")
		return w.receive()
	}
	q := w.heldQueue()
	forged := -1
	if w.src.Intn(32) == 31 {
		forged = 0
	}
	return w.removeFrom(q, w.chooseReceipts(q), forged)
}

// removeFrom deletes by the receipts. One of them can be forged; -1 is none.
func (w *world) removeFrom(q *instance, chosen []int, forged int) error {
	w.say(q.name)
	gotIn, wantIn := w.scratch.gotDelete[:0], w.scratch.wantDelete[:0]
	for i, n := range chosen {
		w.sayReceipt(n)
		got, want := w.receipts[n].got, w.receipts[n].want
		if i == forged {
			w.say(" with another nonce")
			got.Nonce++
			want.Nonce = ^want.Nonce
		}
		gotIn, wantIn = append(gotIn, got), append(wantIn, want)
	}
	w.scratch.gotDelete, w.scratch.wantDelete = gotIn, wantIn
	got, gotErr := w.got.Delete(w.ctx, w.now, q.got, gotIn)
	want, wantErr := w.want.Delete(w.ctx, w.now, q.want, wantIn)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	w.tells(q)
	if len(got) != len(chosen) {
		return w.differ("number of results", len(got), len(chosen))
	}
	for i, n := range chosen {
		if got[i] != want[i] {
			return w.differ("delete with receipt "+strconv.Itoa(n), deletion(got[i]), deletion(want[i]))
		}
		w.say(" -> ")
		w.say(deletion(want[i]))
		w.marksOfDelete(q, n, want[i])
	}
	return w.touched(q)
}

func (w *world) sayReceipt(n int) {
	w.sayInt(" m", w.receipts[n].message)
	w.sayInt("#", n)
}

func (w *world) marksOfDelete(q *instance, n int, r driver.DeleteResult) {
	w.report.Deletes++
	if r.Outcome == driver.Deleted {
		w.gone++
	}
	if r.Standing != driver.Current {
		w.report.Stale++
	}
	switch {
	case r.Outcome == driver.Deleted && r.Standing == driver.Late:
		w.mark(lateDelete)
	case r.Outcome == driver.Deleted && r.Standing == driver.Superseded:
		w.mark(supersededDelete)
	case r.Outcome == driver.Deleted:
		w.frees(q, w.groupOf(n), freedByDelete)
	case r.Outcome == driver.DeleteRefusedLate:
		w.mark(lateDeleteRefused)
	case r.Outcome == driver.DeleteRefusedSuperseded:
		w.mark(supersededDeleteRefused)
	case r.Outcome == driver.AlreadyGone:
		w.mark(deleteOfGone)
	}
	if from := w.receipts[n].from; from.slot != q.slot {
		w.mark(deleteOfForeign)
	} else if from != q {
		w.mark(deleteInRecreated)
	}
	if r.Outcome == driver.Deleted || r.Outcome == driver.AlreadyGone {
		q.drop(n)
	}
}

func (w *world) groupOf(receipt int) string { return w.tracked[w.receipts[receipt].message].group }

// drop forgets a receipt that did its work. Only the latest are looked through.
func (q *instance) drop(receipt int) {
	for i := len(q.held) - 1; i >= 0 && i >= len(q.held)-40; i-- {
		if q.held[i] == receipt {
			q.held = append(q.held[:i], q.held[i+1:]...)
			return
		}
	}
}

// change changes visibility timeouts.
func (w *world) change() error {
	if len(w.receipts) == 0 {
		w.say("instead, receive ")
		return w.receive()
	}
	q := w.heldQueue()
	chosen := w.chooseReceipts(q)
	w.say(q.name)
	gotIn, wantIn := w.scratch.gotChange[:0], w.scratch.wantChange[:0]
	for _, n := range chosen {
		c := driver.Change{Timeout: w.timeout(q, n), Receipt: w.receipts[n].got}
		if c.Timeout == 0 {
			c.Uncount = w.src.Intn(3) == 2
		}
		w.sayReceipt(n)
		w.saySpan(" to ", c.Timeout)
		gotIn = append(gotIn, c)
		c.Receipt = w.receipts[n].want
		wantIn = append(wantIn, c)
	}
	w.scratch.gotChange, w.scratch.wantChange = gotIn, wantIn
	got, gotErr := w.got.ChangeVisibility(w.ctx, w.now, q.got, gotIn)
	want, wantErr := w.want.ChangeVisibility(w.ctx, w.now, q.want, wantIn)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	w.tells(q)
	if len(got) != len(chosen) {
		return w.differ("number of results", len(got), len(chosen))
	}
	for i, n := range chosen {
		w.say(" -> ")
		w.say(named(changeTexts, want[i]))
		if got[i] != want[i] {
			return w.differ("change with receipt "+strconv.Itoa(n), named(changeTexts, got[i]), named(changeTexts, want[i]))
		}
		w.marksOfChange(q, n, wantIn[i], want[i])
	}
	return w.touched(q)
}

// timeout draws a new visibility timeout for a receipt: one of a few, or one that
// ends where the cap is.
func (w *world) timeout(q *instance, receipt int) time.Duration {
	if limit := q.attributes.MaxVisibility; limit > 0 && w.src.Intn(4) == 3 {
		left := w.receipts[receipt].at.Add(limit).Sub(w.now)
		return max(0, left+time.Duration(w.src.Intn(3)-1)*ns)
	}
	return w.span(3, 0, 10, 0, 1, 40)
}

func (w *world) marksOfChange(q *instance, n int, c driver.Change, outcome driver.ChangeOutcome) {
	switch outcome {
	case driver.Changed:
		w.changed(q, n, c)
	case driver.ChangeAboveCap:
		w.mark(changeCapped)
	case driver.ChangeRefusedLate:
		w.mark(changeLateRefused)
	case driver.ChangeRefusedSuperseded:
		w.mark(changeSuperseded)
	case driver.ChangeInFlightLimit:
		w.mark(changeLimited)
	}
}

func (w *world) changed(q *instance, n int, c driver.Change) {
	if c.Uncount {
		w.mark(takenBack)
	}
	r := &w.receipts[n]
	late := !q.now.Before(r.until)
	switch {
	case c.Timeout > 0 && late:
		w.mark(changeLate)
	case c.Timeout == 0 && !late:
		w.mark(changedToZero)
		w.frees(q, w.groupOf(n), freedByChange)
	}
	r.until = q.now.Add(c.Timeout)
	if c.Timeout > 0 {
		w.ending(r.until)
	}
}

// cancel takes messages back: those that were sent to the queue lately, or any.
func (w *world) cancel() error {
	q := w.anyQueue()
	chosen := w.scratch.chosen[:0]
	for range w.several() {
		switch choice := w.src.Intn(8); {
		case len(w.tracked) == 0:
		case choice < 6 && len(q.sent) > 0:
			chosen = append(chosen, q.sent[len(q.sent)-1-w.src.Intn(min(len(q.sent), []int{3, 12}[w.src.Intn(2)]))])
		default:
			chosen = append(chosen, w.src.Intn(len(w.tracked)))
		}
	}
	w.scratch.chosen = chosen
	w.say(q.name)
	gotIn, wantIn := w.scratch.gotIDs[:0], w.scratch.wantIDs[:0]
	for _, n := range chosen {
		w.sayInt(" m", n)
		gotIn, wantIn = append(gotIn, w.tracked[n].got), append(wantIn, w.tracked[n].want)
	}
	w.scratch.gotIDs, w.scratch.wantIDs = gotIn, wantIn
	got, gotErr := w.got.Cancel(w.ctx, w.now, q.got, gotIn)
	want, wantErr := w.want.Cancel(w.ctx, w.now, q.want, wantIn)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	w.tells(q)
	if len(got) != len(chosen) {
		return w.differ("number of results", len(got), len(chosen))
	}
	for i, n := range chosen {
		w.say(" -> ")
		w.say(named(cancelTexts, want[i]))
		if got[i] != want[i] {
			return w.differ("cancel of m"+strconv.Itoa(n), named(cancelTexts, got[i]), named(cancelTexts, want[i]))
		}
		w.marksOfCancel(q, n, want[i])
	}
	return w.touched(q)
}

func (w *world) marksOfCancel(q *instance, n int, outcome driver.CancelOutcome) {
	switch outcome {
	case driver.Cancelled:
		w.gone++
		m := &w.tracked[n]
		if m.travel.restored {
			w.mark(cancelledRestored)
		}
		if m.dueAt.After(q.now) {
			w.mark(cancelledDelayed)
		} else {
			w.mark(cancelledVisible)
		}
		delete(q.windows, m.deduplicationID)
	case driver.CancelInFlight:
		w.mark(cancelTooLateInFlight)
	case driver.CancelDelivered:
		w.mark(cancelTooLateDelivered)
	case driver.CancelGone:
		w.mark(cancelTooLateGone)
	case driver.CancelUnknown:
		w.mark(cancelUnknown)
	}
}

package drivertest

import (
	"fmt"
	"strconv"

	"github.com/redriveq/redrive/queue/driver"
)

// keys are the keys of arrivals.
var keys = [...]string{"k1", "k2", "k3", "k4"}

// accept lets messages of another broker arrive, some of them again.
func (w *world) accept() error {
	q := w.sendQueue()
	w.say(q.name)
	batch := w.scratch.messages[:0]
	var arrivals []driver.Arrival
	for i := range w.several() {
		m := w.message(i)
		m.Delay = nil
		batch = append(batch, m)
		arrivals = append(arrivals, w.arrival(m))
	}
	w.scratch.messages = batch
	got, gotErr := w.got.Accept(w.ctx, w.now, q.got, arrivals)
	want, wantErr := w.want.Accept(w.ctx, w.now, q.want, arrivals)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	w.tells(q)
	if len(got) != len(batch) {
		return w.differ("number of results", len(got), len(batch))
	}
	for i := range arrivals {
		if err := w.acceptedArrival(q, i, &arrivals[i], got[i], want[i]); err != nil {
			return err
		}
	}
	w.spoil(batch)
	return w.touched(q)
}

// arrival draws the history of a message.
func (w *world) arrival(m driver.Message) driver.Arrival {
	a := driver.Arrival{Message: m, Key: keys[w.src.Intn(len(keys))], Remember: w.span(5, 1, 100)}
	if w.src.Intn(8) == 7 {
		a.Key = fmt.Sprint("key ", w.step, len(w.tracked))
	}
	if w.src.Intn(2) == 1 {
		a.SentAt = w.now.Add(-w.span(0, 3, 50))
		a.RetainFrom = a.SentAt.Add(w.span(0, 1))
	}
	if w.src.Intn(3) == 2 {
		a.ReceiveCount = 1 + w.src.Intn(5)
		a.FirstReceivedAt = w.now.Add(-w.span(1, 2))
		a.Hops = w.src.Intn(4)
		w.mark(acceptHistory)
	}
	w.say(" key " + a.Key)
	w.saySpan(" for ", a.Remember)
	return a
}

// acceptedArrival compares the result for one arrival.
func (w *world) acceptedArrival(q *instance, i int, a *driver.Arrival, got, want driver.SendResult) error {
	if want.Outcome == driver.Duplicate && got.Outcome == want.Outcome {
		w.mark(acceptDuplicate)
		n := w.wantIDs[want.ID]
		w.sayInt(" -> =m", n)
		if g, ok := w.gotIDs[got.ID]; !ok || g != n {
			return w.differ("the original of an arrival", w.gotName(got.ID), "m"+strconv.Itoa(n))
		}
		if m := &w.tracked[n]; m.sentTo == q && got.Sequence != m.sentAs {
			return w.differ("sequence of the original of an arrival", got.Sequence, m.sentAs)
		}
		return nil
	}
	if want.Outcome == driver.Sent {
		if until, ok := q.keys[a.Key]; ok && !q.now.Before(until) {
			w.mark(acceptAgain)
		}
		q.keys[a.Key] = q.now.Add(a.Remember)
		w.ending(q.keys[a.Key])
		w.scratch.messages[i].DeduplicationID = "" // it is not looked at
	}
	return w.sent(q, i, got, want)
}

// receiveWithLedgers is a receive that also tells how messages stood before
// they were transferred.
func (w *world) receiveWithLedgers(q *instance, r driver.Receive) (got, want driver.Received, gotErr, wantErr, err error) {
	w.say(" with ledgers")
	got, gotLedgers, gotErr := w.got.ReceiveTransfers(w.ctx, w.now, q.got, r)
	want, wantLedgers, wantErr := w.want.ReceiveTransfers(w.ctx, w.now, q.want, r)
	if gotErr != nil || wantErr != nil {
		return got, want, gotErr, wantErr, nil
	}
	if len(gotLedgers) != len(got.Deliveries) {
		return got, want, nil, nil, w.differ("number of ledgers", len(gotLedgers), len(got.Deliveries))
	}
	if len(gotLedgers) != len(wantLedgers) {
		return got, want, nil, nil, nil // the deliveries differ too
	}
	for i := range wantLedgers {
		if err := w.sameLedger(&gotLedgers[i], &wantLedgers[i]); err != nil {
			return got, want, nil, nil, err
		}
	}
	return got, want, nil, nil, nil
}

func (w *world) sameLedger(got, want *driver.Ledger) error {
	if *want != (driver.Ledger{}) {
		w.mark(receivedUnderTransfer)
	}
	same := got.Task == want.Task && got.Home == w.gotRef(want.Home) && got.ReceiveCount == want.ReceiveCount && got.Hops == want.Hops
	if !same || !got.VisibleAt.Equal(want.VisibleAt) || !got.RetainFrom.Equal(want.RetainFrom) {
		return w.differ("ledger", *got, *want)
	}
	return nil
}

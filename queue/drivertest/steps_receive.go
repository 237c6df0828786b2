package drivertest

import (
	"strconv"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// receive receives from a queue that has something, if there is one. Where
// there is none, it mostly sends instead.
func (w *world) receive() error {
	q := w.fullQueue()
	if q == nil {
		q = w.sendQueue()
		if w.isLive(q) && w.src.Intn(4) > 0 {
			w.say("instead, send to ")
			return w.sendTo(q)
		}
	}
	r := driver.Receive{Max: max(1, []int{1, 2, 3, 10}[w.src.Intn(4)])}
	switch w.src.Intn(8) {
	case 4, 5:
		r.Visibility = new(w.span(5, 1, 30, 2))
	case 6:
		r.Visibility = new(time.Duration(0))
	case 7:
		r.Visibility = new(w.span(60, 20, 30, 70))
	}
	return w.receiveFrom(q, r)
}

// fullQueue draws a queue that had visible messages at its latest step.
func (w *world) fullQueue() *instance {
	first := w.src.Intn(len(w.live))
	for i := range w.live {
		q := w.live[(first+i)%len(w.live)]
		if q != nil && q.stats.Visible.Messages > 0 {
			return q
		}
	}
	return nil
}

func (w *world) receiveFrom(q *instance, r driver.Receive) error {
	w.say(q.name)
	w.sayInt(" max ", r.Max)
	if r.Visibility != nil {
		w.saySpan(" for ", *r.Visibility)
	}
	got, want, gotErr, wantErr, err := w.receiveBoth(q, r)
	if err != nil {
		return err
	}
	if done, err := w.failed(gotErr, wantErr); done {
		return w.receiveFailed(q, &got, &want, wantErr, err)
	}
	w.tells(q)
	w.report.Receives++
	if len(want.Deliveries) > 0 {
		w.report.Served++
	}
	if err := w.sameReceived(q, &got, &want); err != nil {
		return err
	}
	w.marksOfReceive(q, r, &want)
	return w.touched(q, w.targetOf(q, &want))
}

// receiveBoth receives, half of the time with ledgers if there are any.
func (w *world) receiveBoth(q *instance, r driver.Receive) (got, want driver.Received, gotErr, wantErr, err error) {
	if q.stats.UnderTransfer > 0 && w.src.Intn(2) == 1 {
		return w.receiveWithLedgers(q, r)
	}
	got, gotErr = w.got.Receive(w.ctx, w.now, q.got, r)
	want, wantErr = w.want.Receive(w.ctx, w.now, q.want, r)
	return got, want, gotErr, wantErr, nil
}

// receiveFailed compares what stands beside an error.
func (w *world) receiveFailed(q *instance, got, hints *driver.Received, want, err error) error {
	if err != nil {
		return err
	}
	switch kind(want) {
	case driver.ErrInFlightLimit:
		w.mark(limitStandard)
		if err := w.sameHints(got, hints); err != nil {
			return err
		}
	case driver.ErrInvalid:
		w.mark(receiveAboveCap)
	}
	return w.touched(q)
}

// targetOf returns the dead-letter queue, if the receive looked at it.
func (w *world) targetOf(q *instance, r *driver.Received) *instance {
	if r.DeadLettered == 0 && r.Stranded == 0 {
		return nil
	}
	return w.deadLettersOf(q)
}

// deadLettersOf returns the queue's dead-letter queue, if there is one.
func (w *world) deadLettersOf(q *instance) *instance {
	for _, target := range w.live {
		if target != nil && target.name == q.attributes.DeadLetter.Queue {
			return target
		}
	}
	return nil
}

func (w *world) sameReceived(q *instance, got, want *driver.Received) error {
	if len(got.Deliveries) != len(want.Deliveries) || got.DeadLettered != want.DeadLettered || got.Stranded != want.Stranded {
		return w.differ("what was received", w.summary(got, w.gotIDs), w.summary(want, w.wantIDs))
	}
	if want.DeadLettered > 0 {
		w.sayInt(" dead-lettered ", want.DeadLettered)
		if target := w.byWant(want.Target); target == nil || target.got != got.Target {
			return w.differ("target of the dead letters", got.Target, want.Target)
		}
	}
	if want.Stranded > 0 {
		w.sayInt(" stranded ", want.Stranded)
	}
	for i := range want.Deliveries {
		if err := w.delivered(q, &got.Deliveries[i], &want.Deliveries[i]); err != nil {
			return err
		}
	}
	return w.sameHints(got, want)
}

// sameHints compares what helps to wait.
func (w *world) sameHints(got, want *driver.Received) error {
	if got.DefaultWait != want.DefaultWait {
		return w.differ("default wait", got.DefaultWait, want.DefaultWait)
	}
	if !got.NextAt.Equal(want.NextAt) {
		return w.differ("NextAt", w.instant(got.NextAt), w.instant(want.NextAt))
	}
	return nil
}

// summary names what was received.
func (w *world) summary(r *driver.Received, ids map[driver.MessageID]int) string {
	var text []byte
	for i := range r.Deliveries {
		text = append(text, 'm')
		if n, ok := ids[r.Deliveries[i].Info.ID]; ok {
			text = strconv.AppendInt(text, int64(n), 10)
		}
		text = append(text, ' ')
	}
	return string(text) + "dead-lettered " + strconv.Itoa(r.DeadLettered) + " stranded " + strconv.Itoa(r.Stranded)
}

// delivered compares one delivery and keeps its receipts.
func (w *world) delivered(q *instance, got, want *driver.Delivery) error {
	n := w.wantIDs[want.Info.ID]
	w.sayInt(" -> m", n)
	if err := w.sameMessage(q, &got.Info, &want.Info); err != nil {
		return err
	}
	m := &w.tracked[n]
	least := m.generation + 1
	if m.generation > 0 {
		least += uint64(m.changes)
	}
	m.changes = 0
	switch {
	case got.Receipt.Message != got.Info.ID:
		return w.differ("message of the receipt", w.gotName(got.Receipt.Message), w.gotName(got.Info.ID))
	case got.Receipt.Generation < least:
		return w.differ("generation", got.Receipt.Generation, "at least "+strconv.FormatUint(least, 10))
	case got.Receipt.Nonce == m.nonce:
		return w.differ("nonce", got.Receipt.Nonce, "another than the delivery before")
	}
	m.generation, m.nonce = got.Receipt.Generation, got.Receipt.Nonce
	q.held = append(q.held, len(w.receipts))
	w.sayInt("#", len(w.receipts))
	w.receipts = append(w.receipts, issued{message: n, from: q, got: got.Receipt, want: want.Receipt, at: q.now, until: want.VisibleAt})
	w.ending(want.VisibleAt)
	return nil
}

// marksOfReceive notes what was rare about a receive.
func (w *world) marksOfReceive(q *instance, r driver.Receive, got *driver.Received) {
	n := len(got.Deliveries)
	fifo := w.fifo[q.slot]
	visibility := q.attributes.VisibilityTimeout
	if r.Visibility != nil {
		visibility = *r.Visibility
	}
	if n > 0 && visibility == 0 {
		w.mark(zeroVisibility)
	}
	if got.DeadLettered > 0 {
		w.mark(deadLettered)
		if n > 0 {
			w.mark(deadLetteredAndServed)
		}
	}
	if got.Stranded > 0 && w.targetOf(q, got) == nil {
		w.mark(strandedMissing)
	} else if got.Stranded > 0 {
		w.mark(strandedFull)
	}
	limit, busy := q.attributes.MaxInFlight, q.stats.InFlight.Messages
	switch {
	case n == 0 && fifo && limit > 0 && busy >= limit && q.stats.Visible.Messages > 0:
		w.mark(limitFIFO)
	case n == 0 && fifo && got.DeadLettered == 0 && q.stats.Visible.Messages > 0 && q.attributes.Retention == 0:
		w.mark(groupBlocked)
	case n > 0 && n < r.Max && limit > 0 && visibility > 0 && q.stats.Visible.Messages > n:
		w.mark(limitShortened)
	}
	w.marksOfGroups(q, fifo, got)
}

func (w *world) marksOfGroups(q *instance, fifo bool, got *driver.Received) {
	groups := map[string]int{}
	if n := len(got.Deliveries); n > 1 || fifo {
		for i := range got.Deliveries {
			groups[got.Deliveries[i].Group]++
		}
	}
	if len(groups) >= 3 && !fifo {
		w.mark(rotationOfThree)
	}
	if !fifo {
		return
	}
	for i := range got.Deliveries {
		d := &got.Deliveries[i]
		if groups[d.Group] > 1 {
			w.mark(severalOfGroup)
		}
		if cause, ok := q.freed[d.Group]; ok {
			if got.DeadLettered > 0 && d.ReceiveCount == 1 {
				cause = freedByDeadLetter
			}
			w.mark(cause)
		}
	}
	for group := range groups {
		q.freed[group] = freedByTimeout
	}
}

// frees notes what frees the group of a message of a FIFO queue.
func (w *world) frees(q *instance, group string, cause mark) {
	if w.fifo[q.slot] {
		q.freed[group] = cause
	}
}

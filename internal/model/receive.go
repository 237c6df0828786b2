package model

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// receive also returns the ledgers of the messages that it hands out. Where it
// carries messages on, nothing is counted, and no dead-letter policy is looked at.
func (q *queue) receive(r driver.Receive, carries bool) (driver.Received, []driver.Ledger, error) {
	visibility := q.attributes.VisibilityTimeout
	if r.Visibility != nil {
		visibility = *r.Visibility
	}
	if limit := q.attributes.MaxVisibility; limit > 0 && visibility > limit {
		return driver.Received{}, nil, driver.Invalid("visibility timeout", "%v is above the cap of %v", visibility, limit)
	}
	received := driver.Received{DefaultWait: q.attributes.ReceiveWait, NextAt: q.nextAt()}
	if q.atInFlightLimit() && !q.attributes.FIFO {
		return received, nil, driver.ErrInFlightLimit
	}
	ledgers := q.deliver(&received, q.mostToTake(r.Max), visibility, carries)
	received.NextAt = q.nextAt()
	return received, ledgers, nil
}

// mostToTake returns how many messages a receive may hand out. Those that are
// visible again at once need room below the in-flight limit like all others.
func (q *queue) mostToTake(asked int) int {
	if q.attributes.MaxInFlight == 0 {
		return asked
	}
	return min(asked, q.attributes.MaxInFlight-q.inFlight())
}

// deliver hands out up to most messages. Each is looked at once: those that
// become visible again at once do so after all were taken. Whatever becomes of
// a message, its group had its turn. It returns the ledgers of those messages.
func (q *queue) deliver(received *driver.Received, most int, visibility time.Duration, carries bool) []driver.Ledger {
	var taken []*message
	var ledgers []driver.Ledger
	for _, m := range q.order() {
		if len(taken) >= most {
			break
		}
		q.rotation.pass(m.Group)
		if !carries && q.exhausted(m) {
			if target := q.deadLetter(m); target != nil {
				received.DeadLettered++
				received.Target = target.id
				continue
			}
			received.Stranded++
		}
		received.Deliveries = append(received.Deliveries, q.handOut(m, visibility, carries))
		taken = append(taken, m)
		ledgers = append(ledgers, m.ledgerSeen())
	}
	if visibility == 0 {
		for _, m := range taken {
			q.show(m, q.now)
		}
	}
	return ledgers
}

// handOut makes one delivery of a message and hides it.
func (q *queue) handOut(m *message, visibility time.Duration, carries bool) driver.Delivery {
	q.hide(m, q.now.Add(visibility))
	m.receivedAt = q.now
	m.generation++
	m.counted = !carries
	if !carries {
		m.count(q.now)
	}
	m.receipt = &driver.Receipt{Message: m.ID, Generation: m.generation, Nonce: q.engine.nextNonce()}
	return driver.Delivery{Info: m.Clone(), Receipt: *m.receipt}
}

// count counts a delivery to a consumer.
func (m *message) count(now time.Time) {
	if !m.received {
		m.received = true
		m.FirstReceivedAt = now
	}
	m.delivered = true
	m.ReceiveCount++
	m.receivesHere++
}

// exhausted reports whether the message was received from this queue as often
// as its dead-letter policy allows.
func (q *queue) exhausted(m *message) bool {
	policy := q.attributes.DeadLetter
	return policy.Queue != "" && m.receivesHere >= policy.MaxReceives
}

// deadLetter moves a message to the dead-letter queue and returns that. If there
// is none that can take it, the message stays and the result is nil.
//
// A queue that took the name of the one that the policy meant counts as that
// one, unless it is of the other kind. The target is shown this queue's now.
func (q *queue) deadLetter(m *message) *queue {
	target := q.engine.named(q.attributes.DeadLetter.Queue)
	if target == nil || target.attributes.FIFO != q.attributes.FIFO {
		return nil
	}
	target.advance(q.now)
	if !target.fits(m.size) {
		return nil
	}
	q.leave(m)
	m.Origin = q.ref()
	if target.attributes.RetainFromSend {
		target.arrive(m, m.SentAt)
	} else {
		target.arrive(m, target.now)
	}
	target.show(m, target.now)
	return target
}

// nextAt returns the next instant at which a delay or a visibility timeout
// ends, or the zero time.
func (q *queue) nextAt() time.Time {
	var next time.Time
	for _, m := range q.messages {
		if m.State != driver.Visible && (next.IsZero() || m.VisibleAt.Before(next)) {
			next = m.VisibleAt
		}
	}
	return next
}

// standing says how a receipt of the message stands. Only the receipt of the
// latest delivery from this queue is in force or late; every other one, be it
// older or made up, counts as superseded.
func (m *message) standing(r driver.Receipt) driver.Standing {
	switch {
	case m.receipt == nil || *m.receipt != r:
		return driver.Superseded
	case m.State == driver.InFlight:
		return driver.Current
	}
	return driver.Late
}

func (q *queue) delete(r driver.Receipt) driver.DeleteResult {
	m := q.find(r.Message)
	if m == nil {
		return driver.DeleteResult{Outcome: driver.AlreadyGone}
	}
	standing := m.standing(r)
	outcome := q.mayDelete(standing)
	if outcome == driver.Deleted {
		q.remove(m)
	}
	return driver.DeleteResult{Outcome: outcome, Standing: standing}
}

// mayDelete returns what the queue's policy lets a receipt of that standing do.
func (q *queue) mayDelete(standing driver.Standing) driver.DeleteOutcome {
	policy := q.attributes.ReceiptPolicy
	switch {
	case standing == driver.Late && policy == driver.Strict:
		return driver.DeleteRefusedLate
	case standing == driver.Superseded && policy != driver.Any:
		return driver.DeleteRefusedSuperseded
	}
	return driver.Deleted
}

func (q *queue) changeVisibility(c driver.Change) driver.ChangeOutcome {
	m := q.find(c.Receipt.Message)
	if m == nil {
		return driver.ChangeGone
	}
	standing := m.standing(c.Receipt)
	if outcome := q.mayChange(m, standing, c); outcome != driver.Changed {
		return outcome
	}
	if c.Uncount {
		m.uncount()
	}
	switch {
	case c.Timeout != 0:
		q.hide(m, q.now.Add(c.Timeout))
	case standing == driver.Current:
		q.show(m, q.now)
	}
	return driver.Changed
}

// mayChange returns the first reason against a change, or Changed. A timeout of
// zero hides nothing, so neither the cap nor the in-flight limit is against it.
func (q *queue) mayChange(m *message, standing driver.Standing, c driver.Change) driver.ChangeOutcome {
	switch {
	case standing == driver.Superseded:
		return driver.ChangeRefusedSuperseded
	case standing == driver.Late && q.refusesLateChange():
		return driver.ChangeRefusedLate
	case c.Timeout != 0 && q.aboveCap(m, c):
		return driver.ChangeAboveCap
	case c.Timeout != 0 && standing == driver.Late && q.atInFlightLimit():
		return driver.ChangeInFlightLimit
	}
	return driver.Changed
}

func (q *queue) refusesLateChange() bool {
	return q.attributes.RefuseLateChange || q.attributes.ReceiptPolicy == driver.Strict
}

// aboveCap reports whether the change would keep the message hidden for longer
// than the cap allows, counted from the receive of this delivery.
func (q *queue) aboveCap(m *message, c driver.Change) bool {
	limit := q.attributes.MaxVisibility
	return limit > 0 && q.now.Add(c.Timeout).After(m.receivedAt.Add(limit))
}

// uncount takes the latest delivery out of the receive count, once.
func (m *message) uncount() {
	if m.counted {
		m.ReceiveCount--
		m.receivesHere--
		m.counted = false
	}
}

package memqueue

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// remove deletes by receipt.
func (s *state) remove(receipt driver.Receipt) driver.DeleteResult {
	n, _ := s.find(receipt.Message)
	if n == 0 {
		return driver.DeleteResult{Outcome: driver.AlreadyGone}
	}
	standing := s.slab.at(n).standing(receipt)
	if outcome := s.mayDelete(standing); outcome != driver.Deleted {
		return driver.DeleteResult{Outcome: outcome, Standing: standing}
	}
	s.drop(n)
	return driver.DeleteResult{Outcome: driver.Deleted, Standing: standing}
}

func (s *state) mayDelete(standing driver.Standing) driver.DeleteOutcome {
	policy := s.attributes.ReceiptPolicy
	switch {
	case standing == driver.Late && policy == driver.Strict:
		return driver.DeleteRefusedLate
	case standing == driver.Superseded && policy != driver.Any:
		return driver.DeleteRefusedSuperseded
	}
	return driver.Deleted
}

// change sets a new visibility timeout.
func (s *state) change(c driver.Change) driver.ChangeOutcome {
	n, _ := s.find(c.Message)
	if n == 0 {
		return driver.ChangeGone
	}
	r := s.slab.at(n)
	until := s.now.Add(c.Timeout)
	standing := r.standing(c.Receipt)
	if outcome := s.mayChange(r, standing, until); outcome != driver.Changed {
		return outcome
	}
	if c.Uncount && r.counted {
		r.receives--
		r.receivesHere--
		r.counted = false
	}
	s.move(n, until)
	return driver.Changed
}

func (s *state) mayChange(r *record, standing driver.Standing, until time.Time) driver.ChangeOutcome {
	a := &s.attributes
	hides := until.After(s.now)
	switch {
	case standing == driver.Superseded:
		return driver.ChangeRefusedSuperseded
	case standing == driver.Late && (a.ReceiptPolicy == driver.Strict || a.RefuseLateChange):
		return driver.ChangeRefusedLate
	case hides && a.MaxVisibility > 0 && until.After(r.receivedAt.Add(a.MaxVisibility)):
		return driver.ChangeAboveCap
	case hides && standing == driver.Late && a.MaxInFlight > 0 && s.roll.counts[driver.InFlight] >= a.MaxInFlight:
		return driver.ChangeInFlightLimit
	}
	return driver.Changed
}

// move makes a visible record, or one in flight, visible at that instant.
func (s *state) move(n slot, at time.Time) {
	r := s.slab.at(n)
	hides := at.After(s.now)
	switch {
	case r.state == driver.InFlight:
		s.timed.Delete(s.timedKey(n))
		if hides {
			r.visibleAt = at
			s.timed.Insert(s.timedKey(n))
		} else {
			s.show(n, s.now)
		}
	case hides:
		s.order.remove(n)
		s.hide(n, at)
		s.order.done()
	}
}

// cancel removes a message that was never received, and forgets its
// deduplication ID where it was sent to. If that is another queue than the
// neighbour, it does nothing and returns the queue as next.
func (s *state) cancel(id driver.MessageID, near neighbour) (outcome driver.CancelOutcome, next driver.QueueID) {
	n, wasHere := s.find(id)
	if n == 0 {
		if wasHere {
			return driver.CancelGone, 0
		}
		return driver.CancelUnknown, 0
	}
	r := s.slab.at(n)
	switch {
	case r.state == driver.InFlight:
		return driver.CancelInFlight, 0
	case r.delivered:
		return driver.CancelDelivered, 0
	}
	instance, _, sequence := s.ids.open(id)
	switch sentTo := driver.QueueID(instance); {
	case sentTo == s.ref.ID:
		s.memory.forget(sequence)
	case sentTo != near.id:
		return 0, sentTo
	case near.state != nil:
		near.state.memory.forget(sequence)
	}
	s.drop(n)
	return driver.Cancelled, 0
}

// purge removes everything.
func (s *state) purge() int {
	removed := s.roll.counts.total()
	s.clear()
	return removed
}

// setAttributes takes new attributes, of the same kind of queue.
func (s *state) setAttributes(a driver.Attributes) {
	if a.Equal(s.attributes) {
		return
	}
	s.attributes = a
	s.modifiedAt = s.now
	s.retention.next = s.roll.head()
}

package memqueue

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A neighbour is the queue that is locked beside another, so that messages can
// go from the one to the other.
type neighbour struct {
	id    driver.QueueID
	state *state // nil if there is no such queue
}

// takesFrom reports whether the queue, which may be none, takes a dead letter of
// that one.
func (s *state) takesFrom(source *state, r *record) bool {
	return s != nil && s.attributes.FIFO == source.attributes.FIFO && s.takes(r, source.now)
}

// takes reports whether the queue has room for a record that comes from another
// one, whose time it is told.
func (s *state) takes(r *record, now time.Time) bool {
	s.settle(now)
	return s.hasRoom(r.content.size)
}

// onward returns what a message takes along when it goes to another queue. The
// instant from which its retention counts stays, so it is not in the order of
// the other's roll.
func (r *record) onward(sequence uint64) record {
	return record{
		sequence:        sequence,
		generation:      r.generation + 1,
		id:              r.id,
		content:         r.content,
		origin:          r.origin,
		sentAt:          r.sentAt,
		retainFrom:      r.retainFrom,
		aged:            true,
		firstReceivedAt: r.firstReceivedAt,
		receives:        r.receives,
		received:        r.received,
		delivered:       r.delivered,
		hops:            r.hops,
	}
}

// deadLetter moves a visible record that is no longer in order to dead.
func (s *state) deadLetter(n slot, dead *state) {
	r := s.slab.at(n)
	arrival := r.onward(dead.nextSequence())
	arrival.origin = s.ref
	if dead.attributes.RetainFromSend && r.sentAt.Before(dead.now) {
		arrival.retainFrom = r.sentAt
	} else {
		arrival.retainFrom, arrival.aged = dead.now, false
	}
	s.free(n)
	m, _ := dead.put(arrival)
	dead.place(m, dead.now)
}

// moveOne moves a visible record for a move task, to any queue, this one too.
func (s *state) moveOne(n slot, to *state, keepIdentity bool) {
	r := s.slab.at(n)
	arrival := record{
		sequence:   to.nextSequence(),
		generation: r.generation + 1,
		content:    r.content,
		sentAt:     to.now,
		retainFrom: to.now,
	}
	if keepIdentity {
		arrival = r.onward(arrival.sequence)
		arrival.origin = driver.QueueRef{}
		arrival.receives = 0
		arrival.delivered = true
	}
	s.drop(n)
	m, _ := to.put(arrival)
	to.place(m, to.now)
}

// transferOne transfers a record to another queue, where it is visible from due
// on.
func (s *state) transferOne(n slot, to *state, task driver.TaskID, due time.Time) {
	r := s.slab.at(n)
	arrival := r.onward(to.nextSequence())
	arrival.ledger = r.ledger
	if arrival.ledger == nil {
		arrival.ledger = newLedger(r, s.ref)
	}
	arrival.ledger.Task = task
	s.drop(n)
	m, _ := to.put(arrival)
	to.place(m, due)
}

// restoreOne puts a record that is under transfer back home as it stood there, or
// with dueNow to the end of the order. That it was delivered meanwhile stays
// true.
func (s *state) restoreOne(n slot, home *state, dueNow bool) {
	r := s.slab.at(n)
	l := r.ledger
	arrival := r.onward(l.sequence)
	arrival.receives, arrival.receivesHere = l.ReceiveCount, l.receivesHere
	arrival.received, arrival.firstReceivedAt = l.received, l.firstReceivedAt
	s.drop(n)
	m, _ := home.put(arrival)
	if dueNow {
		home.place(m, home.now)
	} else {
		home.putBack(m, l.VisibleAt)
	}
}

package memqueue

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// accept takes in a message from another broker, or says why not.
func (s *state) accept(a *driver.Arrival) driver.SendResult {
	s.settle(s.now) // the arrival before may have come too late to be kept
	key := keyOf(driver.ScopeQueue, "", a.Key)
	size := a.Size()
	if s.isTooLarge(size) {
		return driver.SendResult{Outcome: driver.TooLarge}
	}
	if first, ok := s.accepted.entries[key]; ok {
		return driver.SendResult{Outcome: driver.Duplicate, ID: first.id, Sequence: first.sequence}
	}
	if !s.hasRoom(size) {
		return driver.SendResult{Outcome: driver.QueueFull}
	}
	n, r := s.put(s.arrived(a))
	s.place(n, later(or(a.At, s.now), s.now))
	s.accepted.remember(key, r.id, r.sequence, s.now.Add(a.Remember))
	return driver.SendResult{Outcome: driver.Sent, ID: r.id, Sequence: r.sequence}
}

// arrived returns the record of a message with the history that it comes with.
func (s *state) arrived(a *driver.Arrival) record {
	return record{
		sequence:        s.nextSequence(),
		content:         newContent(&a.Message, a.DeduplicationID),
		sentAt:          or(a.SentAt, s.now),
		retainFrom:      or(a.RetainFrom, s.now),
		aged:            !a.RetainFrom.IsZero(),
		firstReceivedAt: a.FirstReceivedAt,
		received:        !a.FirstReceivedAt.IsZero(),
		delivered:       !a.FirstReceivedAt.IsZero(),
		receives:        a.ReceiveCount,
		hops:            a.Hops,
	}
}

// or returns the instant, or the other one if that is the zero time.
func or(at, other time.Time) time.Time {
	if at.IsZero() {
		return other
	}
	return at
}

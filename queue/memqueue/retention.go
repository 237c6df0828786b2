package memqueue

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// A retention finds the records whose retention ends. Nearly all of them count
// it from their arrival, so they end in the order of the roll, and a place in
// the roll is enough: what stands before it has ended, or ended while it was in
// flight, and is then dropped when it becomes visible. The others, which
// came from elsewhere and keep an earlier instant, stand in an index.
type retention struct {
	next slot            // the first in the roll that has not been looked at
	aged scheduler.Index // (retainFrom, sequence, slot)
}

// expiry returns when the record's retention ends.
func (s *state) expiry(r *record) (end time.Time, ok bool) {
	if s.attributes.Retention == 0 {
		return time.Time{}, false
	}
	return r.retainFrom.Add(s.attributes.Retention), true
}

// nextExpiry returns the record whose retention ends next and is to be looked
// at, 0 if there is none.
func (s *state) nextExpiry() (end time.Time, n slot) {
	if s.attributes.Retention == 0 {
		return time.Time{}, 0
	}
	if n = s.skipAged(s.retention.next); n != 0 {
		end, _ = s.expiry(s.slab.at(n))
	}
	s.retention.next = n
	if key, ok := s.retention.aged.Min(); ok {
		if aged := key.At().Add(s.attributes.Retention); n == 0 || aged.Before(end) {
			return aged, slot(key.Slot())
		}
	}
	return end, n
}

func (s *state) skipAged(n slot) slot {
	for n != 0 && s.slab.at(n).aged {
		n = s.slab.at(n).after
	}
	return n
}

// retain keeps watch over a record that has arrived, or become visible again.
func (s *state) retain(n slot) {
	r := s.slab.at(n)
	switch {
	case r.aged && !r.indexed:
		s.retention.aged.Insert(agedKey(n, r))
		r.indexed = true
	case !r.aged && s.retention.next == 0 && s.roll.tail == n:
		s.retention.next = n
	}
}

// expire is for a record whose retention has ended: it is dropped, unless it is
// in flight.
func (s *state) expire(n slot) {
	r := s.slab.at(n)
	if r.state != driver.InFlight {
		s.drop(n)
		return
	}
	s.forgetRetention(n)
}

// forgetRetention looks at the record no more.
func (s *state) forgetRetention(n slot) {
	r := s.slab.at(n)
	if r.indexed {
		s.retention.aged.Delete(agedKey(n, r))
		r.indexed = false
	}
	if s.retention.next == n {
		s.retention.next = r.after
	}
}

func agedKey(n slot, r *record) scheduler.Key {
	return scheduler.NewKey(r.retainFrom, r.sequence, uint32(n))
}

package memqueue

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// A state is one queue. It has no lock, no clock and no goroutine: it is told
// the time, and decides.
//
//	slab     slot -> record
//	roll     all records, by sequence
//	timed    (visibleAt, sequence, slot) of those delayed or in flight
//	order    those visible
//
// A record changes its place only by put, place, putBack, show, hide, drop and
// free.
type state struct {
	ref        driver.QueueRef
	attributes driver.Attributes
	createdAt  time.Time
	modifiedAt time.Time

	now      time.Time // the latest that it was told
	sequence uint64    // of the last message
	bytes    int64

	ids       ids
	slab      *slab
	roll      roll
	timed     scheduler.Index
	groups    *groups
	order     order
	moved     map[driver.MessageID]slot // those that came from another queue
	memory    memory
	retention retention
	away      int // how many records have a ledger

	accepted memory  // the keys of arrivals from other brokers
	tasks    []*task // that have this queue as their source, the latest last
}

func newState(ref driver.QueueRef, attributes driver.Attributes, ids ids, now time.Time) *state {
	s := &state{ref: ref, attributes: attributes, createdAt: now, modifiedAt: now, now: now, ids: ids, accepted: newMemory()}
	s.clear()
	return s
}

// clear makes the queue empty. Sequences, tasks and the keys of arrivals stay.
func (s *state) clear() {
	s.slab = &slab{}
	s.roll = newRoll(s.slab)
	s.timed.Clear()
	s.groups = newGroups()
	s.order = newOrder(s.attributes.FIFO, s.slab, s.groups)
	s.moved = make(map[driver.MessageID]slot)
	s.memory = newMemory()
	s.retention = retention{}
	s.bytes = 0
	s.away = 0
}

func newOrder(fifo bool, s *slab, g *groups) order {
	if fifo {
		return newFIFO(s, g)
	}
	return newRotation(s, g)
}

func (s *state) info() driver.QueueInfo {
	return driver.QueueInfo{
		ID:         s.ref.ID,
		Name:       s.ref.Name,
		CreatedAt:  s.createdAt,
		ModifiedAt: s.modifiedAt,
		Attributes: driver.Patch{}.Apply(s.attributes), // a copy
	}
}

// settle applies all that fell due until now, in the order of instants. Every
// operation begins with it.
func (s *state) settle(now time.Time) {
	if now.After(s.now) {
		s.now = now
	}
	for {
		due, isDue := s.timed.Min()
		isDue = isDue && due.DueBy(s.now)
		end, n := s.nextExpiry()
		expires := n != 0 && !end.After(s.now)
		switch {
		case isDue && (!expires || !due.At().After(end)):
			s.timed.Delete(due)
			s.show(slot(due.Slot()), due.At())
		case expires:
			s.expire(n)
		default:
			s.memory.settle(s.now)
			s.accepted.settle(s.now)
			return
		}
	}
}

// send adds one message or says why not.
func (s *state) send(m *driver.Message) driver.SendResult {
	a := &s.attributes
	size := m.Size()
	if s.isTooLarge(size) {
		return driver.SendResult{Outcome: driver.TooLarge}
	}
	id := deduplicationID(m, a)
	key := keyOf(a.DeduplicationScope, m.Group, id)
	deduplicates := id != "" && a.DeduplicationWindow > 0
	if first, ok := s.memory.entries[key]; ok && deduplicates {
		return driver.SendResult{Outcome: driver.Duplicate, ID: first.id, Sequence: first.sequence}
	}
	if !s.hasRoom(size) {
		return driver.SendResult{Outcome: driver.QueueFull}
	}
	n, r := s.put(record{
		sequence:   s.nextSequence(),
		content:    newContent(m, id),
		sentAt:     s.now,
		retainFrom: s.now,
	})
	s.place(n, s.dueAt(m))
	if deduplicates {
		s.memory.remember(key, r.id, r.sequence, s.now.Add(a.DeduplicationWindow))
	}
	return driver.SendResult{Outcome: driver.Sent, ID: r.id, Sequence: r.sequence}
}

func (s *state) nextSequence() uint64 {
	s.sequence++
	return s.sequence
}

func (s *state) isTooLarge(size int) bool {
	limit := s.attributes.MaxMessageBytes
	return limit > 0 && size > limit
}

func deduplicationID(m *driver.Message, a *driver.Attributes) string {
	if m.DeduplicationID != "" || !a.ContentDeduplication {
		return m.DeduplicationID
	}
	sum := sha256.Sum256(m.Body)
	return hex.EncodeToString(sum[:])
}

func (s *state) hasRoom(size int) bool {
	a := &s.attributes
	return (a.MaxMessages == 0 || s.roll.counts.total() < a.MaxMessages) &&
		(a.MaxBytes == 0 || s.bytes+int64(size) <= a.MaxBytes)
}

// dueAt returns when a message that is sent becomes visible: now or later.
func (s *state) dueAt(m *driver.Message) time.Time {
	switch {
	case !m.At.IsZero():
		return later(m.At, s.now)
	case m.Delay != nil:
		return s.now.Add(*m.Delay)
	}
	return s.now.Add(s.attributes.Delay)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// put takes in a record, which is in no place yet. One without an ID gets one;
// one that has an ID came from another queue.
func (s *state) put(arrival record) (slot, *record) {
	n := s.slab.take()
	r := s.slab.at(n)
	*r = arrival
	r.group = s.groups.enter(r.content.group)
	if r.id == (driver.MessageID{}) {
		r.id = s.ids.seal(uint32(s.ref.ID), n, r.sequence)
	} else {
		s.moved[r.id] = n
	}
	if r.ledger != nil {
		s.away++
	}
	s.bytes += int64(r.content.size)
	return n, r
}

// place puts a record that has arrived where it belongs: delayed until due, or
// visible since then, but after all others.
func (s *state) place(n slot, due time.Time) {
	r := s.slab.at(n)
	r.visibleAt = due
	if due.After(s.now) {
		r.state = driver.Delayed
		s.timed.Insert(s.timedKey(n))
	} else {
		r.state = driver.Visible
		s.order.add(n)
	}
	s.roll.add(n)
	s.retain(n)
}

// putBack is place for a record that was here before. If it is visible, it
// stands among those that became visible when it did.
func (s *state) putBack(n slot, due time.Time) {
	if due.After(s.now) {
		s.place(n, due)
		return
	}
	r := s.slab.at(n)
	r.state, r.visibleAt = driver.Visible, due
	s.order.insert(n)
	s.roll.add(n)
	s.retain(n)
}

// show makes a record that was delayed or in flight visible, at that instant,
// or drops it if its retention is over by then. It is no longer in timed.
func (s *state) show(n slot, at time.Time) {
	r := s.slab.at(n)
	if end, ok := s.expiry(r); ok && !end.After(at) {
		s.drop(n)
		return
	}
	if r.state == driver.InFlight {
		s.order.unblock(n)
	}
	r.visibleAt = at
	s.roll.set(n, driver.Visible)
	s.order.add(n)
	s.retain(n)
}

// hide puts a visible record that is no longer in order in flight until due.
func (s *state) hide(n slot, due time.Time) {
	r := s.slab.at(n)
	r.visibleAt = due
	s.roll.set(n, driver.InFlight)
	s.order.block(n)
	s.timed.Insert(s.timedKey(n))
}

// extract takes a record out of the index of its state.
func (s *state) extract(n slot) {
	r := s.slab.at(n)
	switch r.state {
	case driver.Visible:
		s.order.remove(n)
	case driver.InFlight:
		s.order.unblock(n)
		s.timed.Delete(s.timedKey(n))
	case driver.Delayed:
		s.timed.Delete(s.timedKey(n))
	}
}

// drop removes a record.
func (s *state) drop(n slot) {
	s.extract(n)
	s.free(n)
}

// free removes a record that is in no index of a state any more.
func (s *state) free(n slot) {
	r := s.slab.at(n)
	s.forgetRetention(n)
	s.roll.remove(n)
	s.groups.leave(r.group)
	s.bytes -= int64(r.content.size)
	if r.ledger != nil {
		s.away--
	}
	delete(s.moved, r.id)
	s.slab.put(n)
}

func (s *state) timedKey(n slot) scheduler.Key {
	r := s.slab.at(n)
	return scheduler.NewKey(r.visibleAt, r.sequence, uint32(n))
}

// find returns the record of the message, 0 if it is not here, and whether the
// message was sent to this queue. A message that came back after it had been
// moved away stands in moved too.
func (s *state) find(id driver.MessageID) (n slot, wasHere bool) {
	instance, n, sequence := s.ids.open(id)
	if instance != uint32(s.ref.ID) {
		return s.moved[id], false
	}
	if s.slab.find(n, sequence) == nil {
		n = s.moved[id]
	}
	return n, sequence <= s.sequence
}

// nextAt returns the next instant at which a record falls due.
func (s *state) nextAt() time.Time {
	if key, ok := s.timed.Min(); ok {
		return key.At()
	}
	return time.Time{}
}

// deliver makes one more delivery of the record.
func (s *state) deliver(r *record) {
	r.generation++
	r.nonce = rand.Uint64()
	r.receivedAt = s.now
	r.counted = false
}

// countReceive counts a delivery as one to a consumer.
func (s *state) countReceive(r *record) {
	r.receives++
	r.receivesHere++
	r.counted = true
	r.delivered = true
	if !r.received {
		r.received, r.firstReceivedAt = true, s.now
	}
}

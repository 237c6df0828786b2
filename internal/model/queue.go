package model

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A queue is one instance of a queue. Its methods need the engine's lock.
type queue struct {
	engine     *Engine
	id         driver.QueueID
	name       string
	createdAt  time.Time
	modifiedAt time.Time
	attributes driver.Attributes

	now        time.Time                     // the latest that the queue was shown; it is settled at it
	messages   []*message                    // all that are in the queue, by sequence
	rotation   rotation                      // the visible ones, in the order of a standard queue
	remembered map[deduplicationKey]original // by earlier sends
	known      map[driver.MessageID]bool     // every message that was ever sent to the queue
	accepted   map[string]original           // by the keys of arrivals from other brokers
	highest    uint64                        // the latest sequence that it has given out, 0 if none
}

// A message is a message that is in a queue, or was.
type message struct {
	driver.Info // State is zero when the message is gone

	size         int
	retainedFrom time.Time       // where retention in this queue starts
	received     bool            // whether FirstReceivedAt is set; it may be set to the zero time
	delivered    bool            // ever, in any queue, whatever the counts say; or too late to cancel as if it were
	receivedAt   time.Time       // at the latest delivery
	generation   uint64          // grows with each delivery and each change of queue
	receipt      *driver.Receipt // of the latest delivery from this queue, nil if there was none
	receivesHere int             // how many of ReceiveCount were from this queue
	counted      bool            // whether they include the latest delivery
	hops         int             // how many brokers it has come through
	ledger       *ledger         // nil unless it is under transfer
}

func newQueue(e *Engine, id driver.QueueID, name string, attributes driver.Attributes, now time.Time) *queue {
	return &queue{
		engine:     e,
		id:         id,
		name:       name,
		createdAt:  now,
		modifiedAt: now,
		attributes: attributes,
		now:        now,
		remembered: make(map[deduplicationKey]original),
		known:      make(map[driver.MessageID]bool),
		accepted:   make(map[string]original),
	}
}

// ref names the queue.
func (q *queue) ref() driver.QueueRef { return driver.QueueRef{ID: q.id, Name: q.name} }

// describe returns a description that shares no memory with q.
func (q *queue) describe() driver.QueueInfo {
	return driver.QueueInfo{
		ID:         q.id,
		Name:       q.name,
		CreatedAt:  q.createdAt,
		ModifiedAt: q.modifiedAt,
		Attributes: driver.Patch{}.Apply(q.attributes),
	}
}

// setAttributes puts the attributes in force. Messages that are past a new
// retention go now.
func (q *queue) setAttributes(attributes driver.Attributes) {
	if !attributes.Equal(q.attributes) {
		q.modifiedAt = q.now
	}
	q.attributes = attributes
	q.settle()
}

// advance shows now to the queue. A now earlier than one that the queue was
// shown before counts as that later one.
func (q *queue) advance(now time.Time) {
	if now.After(q.now) {
		q.now = now
		q.settle()
	}
}

// A due is something that falls due for a message at an instant.
type due struct {
	at      time.Time
	ends    ending
	message *message
}

// An ending is what ends when a message falls due. At one instant, they are
// applied in this order.
type ending int

const (
	hiding ending = iota // a delay or a visibility timeout
	retention
)

// settle applies all that fell due until q.now: in the order of the instants,
// hiding before retention, lower sequences first.
func (q *queue) settle() {
	var dues []due
	add := func(d due) {
		if !d.at.After(q.now) {
			dues = append(dues, d)
		}
	}
	for _, m := range q.messages {
		if m.State != driver.Visible {
			add(due{m.VisibleAt, hiding, m})
		}
		if until, ends := q.retainedUntil(m); ends {
			add(due{until, retention, m})
		}
	}
	slices.SortFunc(dues, func(a, b due) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.ends, b.ends), cmp.Compare(a.message.Sequence, b.message.Sequence))
	})
	for _, d := range dues {
		q.apply(d)
	}
	maps.DeleteFunc(q.remembered, func(_ deduplicationKey, o original) bool { return !q.now.Before(o.until) })
	maps.DeleteFunc(q.accepted, func(_ string, o original) bool { return !q.now.Before(o.until) })
}

// apply ends a hiding or a retention. Of a message that is gone by now nothing
// ends, and the retention of one in flight is looked at when its visibility
// timeout ends.
func (q *queue) apply(d due) {
	m := d.message
	switch {
	case m.State == 0:
	case d.ends == hiding:
		q.show(m, d.at)
	case m.State != driver.InFlight:
		q.remove(m)
	}
}

// show makes a message visible at an instant, unless its retention is over
// then: in that case the message is gone.
func (q *queue) show(m *message, at time.Time) {
	if until, ends := q.retainedUntil(m); ends && !at.Before(until) {
		q.remove(m)
		return
	}
	m.State = driver.Visible
	m.VisibleAt = at
	q.rotation.join(m)
}

// hide takes a message in flight until an instant.
func (q *queue) hide(m *message, until time.Time) {
	q.rotation.remove(m)
	m.State = driver.InFlight
	m.VisibleAt = until
}

// arrive puts a message at the end of the queue. It is in no line yet.
func (q *queue) arrive(m *message, retainedFrom time.Time) {
	m.Sequence = q.engine.nextSequence()
	q.highest = m.Sequence
	m.retainedFrom = retainedFrom
	q.messages = append(q.messages, m)
}

// remove takes a message out of the queue, from whatever state.
func (q *queue) remove(m *message) {
	i := slices.Index(q.messages, m)
	q.messages = slices.Delete(q.messages, i, i+1)
	q.rotation.remove(m)
	m.State = 0
}

// leave takes a message out of the queue for another one. There its earlier
// receipts are superseded, its dead-letter policy has counted nothing, and the
// message is not under transfer, unless the caller says otherwise.
func (q *queue) leave(m *message) {
	q.remove(m)
	m.generation++
	m.receipt = nil
	m.receivesHere = 0
	m.ledger = nil
}

// purge leaves alone what is remembered of arrivals.
func (q *queue) purge() int {
	removed := len(q.messages)
	q.messages = nil
	q.rotation = nil
	clear(q.remembered)
	return removed
}

// retainedUntil returns when the message's retention ends, if it does.
func (q *queue) retainedUntil(m *message) (until time.Time, ends bool) {
	return m.retainedFrom.Add(q.attributes.Retention), q.attributes.Retention != 0
}

// find returns the message of that ID that is in the queue, or nil.
func (q *queue) find(id driver.MessageID) *message {
	for _, m := range q.messages {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// fits reports whether the queue has room for one more message of that size.
func (q *queue) fits(size int) bool {
	limits := q.attributes
	return (limits.MaxMessages == 0 || len(q.messages) < limits.MaxMessages) &&
		(limits.MaxBytes == 0 || q.bytes()+int64(size) <= limits.MaxBytes)
}

func (q *queue) bytes() int64 {
	var sum int64
	for _, m := range q.messages {
		sum += int64(m.size)
	}
	return sum
}

// atInFlightLimit reports whether no further message can be in flight.
func (q *queue) atInFlightLimit() bool {
	return q.attributes.MaxInFlight > 0 && q.inFlight() >= q.attributes.MaxInFlight
}

func (q *queue) inFlight() int {
	count := 0
	for _, m := range q.messages {
		if m.State == driver.InFlight {
			count++
		}
	}
	return count
}

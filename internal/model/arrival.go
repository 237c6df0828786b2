package model

import (
	"context"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// Accept decides the arrivals one after the other.
func (e *Engine) Accept(_ context.Context, now time.Time, id driver.QueueID, arrivals []driver.Arrival) ([]driver.SendResult, error) {
	return each(e, now, id, arrivals, (*queue).accept)
}

// accept is a send that looks at the key in place of the deduplication ID. A
// key that is a duplicate's is not remembered for longer by that.
func (q *queue) accept(in driver.Arrival) driver.SendResult {
	o, seen := q.accepted[in.Key]
	if result := q.refusal(in.Message, o, seen); result.Outcome != 0 {
		return result
	}
	m := q.newArrival(in)
	result := q.add(m, or(in.RetainFrom, q.now))
	q.accepted[in.Key] = original{m.ID, m.Sequence, q.now.Add(in.Remember)}
	q.settle() // it may come with a retention that is over
	return result
}

// newArrival returns a copy of what arrived, as a message that is delayed. The
// queue's own delay is not for it, nor an ID made from its content.
func (q *queue) newArrival(in driver.Arrival) *message {
	in.At = or(in.At, q.now)
	m := &message{Info: q.newInfo(in.Message), size: in.Size(), hops: in.Hops}
	m.DeduplicationID = in.DeduplicationID
	m.SentAt = or(in.SentAt, q.now)
	m.FirstReceivedAt = in.FirstReceivedAt
	m.received = !in.FirstReceivedAt.IsZero()
	m.delivered = m.received
	m.ReceiveCount = in.ReceiveCount
	return m
}

// or returns the instant, or another one in place of the zero time.
func or(at, other time.Time) time.Time {
	if at.IsZero() {
		return other
	}
	return at
}

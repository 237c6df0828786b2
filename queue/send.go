package queue

import (
	"context"

	"github.com/redriveq/redrive/queue/driver"
)

// Send sends one message: [Queue.SendMany] of one. An *[InvalidError] or
// [ErrQueueFull] is in the error.
func (q *Queue) Send(ctx context.Context, m Message) (Sent, error) {
	results, err := q.SendMany(ctx, []Message{m})
	if err != nil {
		return Sent{}, err
	}
	return results[0].Sent, fail("send", q.name, results[0].Err)
}

// SendMany sends messages in their order, and returns one result for each. A
// message that is refused does not keep the others from being sent. Bodies and
// attributes are copied.
func (q *Queue) SendMany(ctx context.Context, messages []Message) ([]SendResult, error) {
	const op = "send"
	p := q.broker.profile
	if err := p.batch(len(messages)); err != nil {
		return nil, fail(op, q.name, err)
	}
	results := make([]SendResult, len(messages))
	for i := range messages {
		results[i].Err = p.message(&messages[i])
	}
	err := q.doAt(ctx, op, func(r reading) error {
		valid, places := q.sendable(messages, results, r)
		sent, err := q.broker.engine.Send(ctx, r.now, q.id, valid)
		for i, s := range sent {
			results[places[i]] = sendResult(s, &valid[i])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// sendable returns the messages that have no error in results, with instants in
// broker time, and their places.
func (q *Queue) sendable(messages []Message, results []SendResult, r reading) (valid []Message, places []int) {
	valid = make([]Message, 0, len(messages))
	places = make([]int, 0, len(messages))
	for i, m := range messages {
		if results[i].Err == nil && !m.At.IsZero() {
			results[i].Err = q.broker.profile.instant(m.At, r.wall)
			m.At = r.brokerTime(m.At)
		}
		if results[i].Err == nil {
			valid, places = append(valid, m), append(places, i)
		}
	}
	return valid, places
}

func sendResult(s driver.SendResult, m *Message) SendResult {
	switch s.Outcome {
	case driver.TooLarge:
		return SendResult{Err: driver.Invalid("message size", "%d bytes with attributes are above the queue's limit", m.Size())}
	case driver.QueueFull:
		return SendResult{Err: ErrQueueFull}
	}
	return SendResult{Sent: Sent{ID: s.ID, Sequence: s.Sequence, Duplicate: s.Outcome == driver.Duplicate}}
}

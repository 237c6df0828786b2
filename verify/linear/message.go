package linear

import (
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/redriveq/redrive/queue"
)

// A place is where a message is. The zero place is: not sent yet.
type place uint8

const (
	visible place = iota + 1
	delayed
	inFlight
	gone
)

// A message is the state of spec A.
type message struct {
	place      place
	due        time.Duration // when a delay or visibility timeout ends
	sentAt     time.Duration
	receivedAt time.Duration // of the latest delivery
	fence      uint64        // of the latest delivery
	receives   int
	received   bool // ever
	counted    bool // receives includes the latest delivery
}

// messageModel is spec A.
func messageModel(a *queue.Attributes) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return message{} },
		Step: func(state, input, output any) (bool, any) {
			call := input.(Call)
			m := state.(message).settle(call.At, a)
			next, ok := m.step(call, output.(Answer).Results[0], a)
			return ok, next.settle(call.At, a)
		},
	}
}

// settle applies what fell due until now. A message is not taken from its
// holder when its retention ends, but when its visibility timeout does.
func (m message) settle(now time.Duration, a *queue.Attributes) message {
	if (m.place == delayed || m.place == inFlight) && m.due <= now {
		m.place = visible
	}
	if m.place == inFlight || m.place == 0 {
		return m
	}
	if a.Retention > 0 && m.sentAt+a.Retention <= now {
		m.place = gone
	}
	return m
}

// step applies a call that concerns one message. It reports whether the result
// is the one that the contract asks for.
func (m message) step(c Call, got Result, a *queue.Attributes) (next message, ok bool) {
	var want uint8
	var standing queue.Standing
	switch {
	case c.Op == Send:
		return m.send(c.At, c.Entries[0].Timeout)
	case m.place == 0:
		return m, false // nobody knows it yet
	case c.Op == Receive:
		return m.receive(c.At, c.Timeout, got)
	}
	switch c.Op {
	case Delete:
		next, want, standing = m.delete(c.Entries[0].Fence, a.ReceiptPolicy)
	case Change:
		next, want = m.change(c.At, c.Entries[0], a)
	case Release:
		next, want = m.release(c.At, c.Entries[0], a)
	case Cancel:
		next, want = m.cancel()
	}
	return next, got.Outcome == want && got.Standing == standing
}

func (m message) send(now, delay time.Duration) (message, bool) {
	if m.place != 0 {
		return m, false
	}
	return message{place: delayed, due: now + delay, sentAt: now}, true
}

func (m message) receive(now, timeout time.Duration, got Result) (message, bool) {
	if m.place != visible || got.Fence <= m.fence || got.Receives != m.receives+1 || got.VisibleAt != now+timeout {
		return m, false
	}
	m.place, m.due = inFlight, now+timeout
	m.receivedAt, m.fence = now, got.Fence
	m.received, m.counted = true, true
	m.receives++
	return m, true
}

// standing is that of a receipt of the delivery with the fence.
func (m message) standing(fence uint64) queue.Standing {
	switch {
	case fence != m.fence:
		return queue.Superseded
	case m.place == inFlight:
		return queue.Current
	}
	return queue.Late
}

func (m message) delete(fence uint64, policy queue.ReceiptPolicy) (message, uint8, queue.Standing) {
	if m.place == gone {
		return m, uint8(queue.AlreadyGone), 0
	}
	standing := m.standing(fence)
	switch {
	case standing == queue.Late && policy == queue.Strict:
		return m, uint8(queue.DeleteRefusedLate), standing
	case standing == queue.Superseded && policy != queue.Any:
		return m, uint8(queue.DeleteRefusedSuperseded), standing
	}
	m.place = gone
	return m, uint8(queue.Deleted), standing
}

func (m message) change(now time.Duration, e Entry, a *queue.Attributes) (message, uint8) {
	if m.place == gone {
		return m, uint8(queue.ChangeGone)
	}
	standing := m.standing(e.Fence)
	until := now + e.Timeout
	switch {
	case standing == queue.Superseded:
		return m, uint8(queue.ChangeRefusedSuperseded)
	case standing == queue.Late && (a.RefuseLateChange || a.ReceiptPolicy == queue.Strict):
		return m, uint8(queue.ChangeRefusedLate)
	case e.Timeout > 0 && a.MaxVisibility > 0 && until > m.receivedAt+a.MaxVisibility:
		return m, uint8(queue.ChangeAboveCap)
	}
	m.place, m.due = inFlight, until
	return m, uint8(queue.Changed)
}

// release is a change to zero that takes the receive back, once.
func (m message) release(now time.Duration, e Entry, a *queue.Attributes) (message, uint8) {
	e.Timeout = 0
	m, outcome := m.change(now, e, a)
	if outcome == uint8(queue.Changed) && m.counted {
		m.receives--
		m.counted = false
	}
	return m, outcome
}

func (m message) cancel() (message, uint8) {
	switch {
	case m.place == gone:
		return m, uint8(queue.CancelGone)
	case m.place == inFlight:
		return m, uint8(queue.CancelInFlight)
	case m.received:
		return m, uint8(queue.CancelDelivered)
	}
	m.place = gone
	return m, uint8(queue.Cancelled)
}

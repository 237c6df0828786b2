package memqueue

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// receive hands out messages. Those that were received too often go to dead,
// the state of the dead-letter queue, which is nil if there is none.
func (s *state) receive(q driver.Receive, dead *state) (driver.Received, error) {
	a := &s.attributes
	timeout := a.VisibilityTimeout
	if q.Visibility != nil {
		timeout = *q.Visibility
	}
	if a.MaxVisibility > 0 && timeout > a.MaxVisibility {
		return driver.Received{}, driver.Invalid("visibility timeout", "%v is above the queue's cap of %v", timeout, a.MaxVisibility)
	}
	got := driver.Received{DefaultWait: a.ReceiveWait}
	room, err := s.room(q.Max)
	if err == nil {
		s.take(&got, room, timeout, dead)
	}
	got.NextAt = s.nextAt()
	return got, err
}

// room returns how many messages may go in flight, up to max.
func (s *state) room(max int) (int, error) {
	a := &s.attributes
	if a.MaxInFlight == 0 {
		return max, nil
	}
	room := min(max, a.MaxInFlight-s.roll.counts[driver.InFlight])
	if room <= 0 && !a.FIFO {
		return 0, driver.ErrInFlightLimit
	}
	return room, nil
}

// take takes up to room messages for the timeout.
func (s *state) take(got *driver.Received, room int, timeout time.Duration, dead *state) {
	var untimed []slot // visible again once the receive is done
	for len(got.Deliveries) < room {
		n := s.order.next()
		if n == 0 {
			break
		}
		r := s.slab.at(n)
		if s.isExhausted(r) {
			if dead.accepts(r, s) {
				s.deadLetter(n, dead)
				got.DeadLettered++
				got.Target = dead.ref.ID
				continue
			}
			got.Stranded++
		}
		s.deliver(r)
		s.hide(n, s.now.Add(timeout))
		if timeout == 0 {
			untimed = append(untimed, n)
		}
		got.Deliveries = append(got.Deliveries, driver.Delivery{
			Info:    r.info(),
			Receipt: driver.Receipt{Message: r.id, Generation: r.generation, Nonce: r.nonce},
		})
	}
	s.order.done()
	for _, n := range untimed {
		s.timed.Delete(s.timedKey(n))
		s.show(n, s.now)
	}
}

func (s *state) isExhausted(r *record) bool {
	limit := s.attributes.DeadLetter.MaxReceives
	return limit > 0 && r.receivesHere >= limit
}

// accepts reports whether a dead letter can come in from that queue.
func (s *state) accepts(r *record, from *state) bool {
	if s == nil || s.attributes.FIFO != from.attributes.FIFO {
		return false
	}
	s.settle(from.now)
	return s.hasRoom(r.content.size)
}

// deadLetter moves a visible record that is no longer in order to dead.
func (s *state) deadLetter(n slot, dead *state) {
	from := *s.slab.at(n)
	s.free(n)
	m, r := dead.put(from.content)
	r.id = from.id
	r.generation = from.generation + 1
	r.origin = s.ref
	r.sentAt = from.sentAt
	r.delivered, r.firstReceivedAt = from.delivered, from.firstReceivedAt
	r.receives = from.receives
	if dead.attributes.RetainFromSend && from.sentAt.Before(dead.now) {
		r.retainFrom, r.aged = from.sentAt, true
	}
	dead.moved[r.id] = m
	dead.place(m, dead.now)
}

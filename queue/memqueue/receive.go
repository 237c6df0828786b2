package memqueue

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A receiver is who receives: a consumer, or whoever carries messages on.
type receiver struct {
	carries bool   // nothing is counted, and no dead-letter policy is looked at
	dead    *state // the dead-letter queue, nil if there is none
}

// receive hands out messages. Those that were received too often go to the
// dead-letter queue.
func (s *state) receive(q driver.Receive, r receiver) (driver.Received, error) {
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
		s.take(&got, room, timeout, r)
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
func (s *state) take(got *driver.Received, room int, timeout time.Duration, to receiver) {
	var untimed []slot // visible again once the receive is done
	for len(got.Deliveries) < room {
		n := s.order.next()
		if n == 0 {
			break
		}
		r := s.slab.at(n)
		if !to.carries && s.isExhausted(r) {
			if to.dead.takesFrom(s, r) {
				s.deadLetter(n, to.dead)
				got.DeadLettered++
				got.Target = to.dead.ref.ID
				continue
			}
			got.Stranded++
		}
		s.deliver(r)
		if !to.carries {
			s.countReceive(r)
		}
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

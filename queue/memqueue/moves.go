package memqueue

import (
	"slices"

	"github.com/redriveq/redrive/queue/driver"
)

// A step is one step of a move task. It may need several neighbours in turn.
type step struct {
	walk
	arrived []driver.QueueID // where messages went
}

// step goes on with a step of the task as far as it can with that neighbour. It
// returns the queue that the next message needs instead, 0 if the step is done.
func (s *state) step(x *step, t *task, near neighbour) (next driver.QueueID) {
	if !t.begin(s.now) {
		return 0
	}
	x.last, x.upTo = t.last, t.upTo
	next = s.moveOn(x, t, near)
	t.last = x.last
	movedAll := t.Total > 0 && t.Moved == t.Total
	if next == 0 && t.State == driver.MoveRunning && (movedAll || s.isDone(&x.walk)) {
		t.end(driver.MoveCompleted, 0, s.now)
	}
	return next
}

func (s *state) moveOn(x *step, t *task, near neighbour) (next driver.QueueID) {
	for n, r := range s.ahead(&x.walk) {
		if !t.means(r) {
			x.pass(r)
			continue
		}
		switch id := t.destination(r); {
		case id == 0:
			t.end(driver.MoveFailed, driver.MoveNoOrigin, s.now)
			return 0
		case id != near.id:
			return id
		case near.state == nil:
			t.end(driver.MoveFailed, driver.MoveDestinationGone, s.now)
			return 0
		case !near.state.takes(r, s.now):
			t.end(driver.MoveFailed, driver.MoveDestinationFull, s.now)
			return 0
		}
		x.take(r)
		s.moveOne(n, near.state, t.Move.KeepIdentity)
		t.Moved++
		if !slices.Contains(x.arrived, near.id) {
			x.arrived = append(x.arrived, near.id)
		}
	}
	return 0
}

package memqueue

import "github.com/redriveq/redrive/queue/driver"

// transfer transfers records to another queue, which is nil in a dry run that
// names none.
func (s *state) transfer(t *driver.Transfer, to *state) driver.Transferred {
	if to != nil {
		to.settle(s.now)
	}
	var got driver.Transferred
	w := s.newWalk(t.After, t.UpTo, t.Max, t.Look)
	for n, r := range s.ahead(w) {
		if r.state == driver.InFlight || !r.matches(&t.Filter) {
			w.pass(r)
			continue
		}
		if !t.DryRun && !to.takes(r, s.now) {
			got.Full = true
			break
		}
		w.take(r)
		rebind := driver.Rebind{ID: r.id, From: s.ref}
		if to != nil {
			rebind.To = to.ref
			rebind.Home = r.ledger != nil && r.ledger.Home == to.ref
		}
		got.Messages = append(got.Messages, rebind)
		switch {
		case t.DryRun:
		case rebind.Home:
			s.restoreOne(n, to, false)
		case t.AtOnce:
			s.transferOne(n, to, t.Task, to.now)
		default:
			s.transferOne(n, to, t.Task, r.visibleAt)
		}
	}
	got.Progress = s.progress(w)
	return got
}

// A restoring is a call of Restore. It may need several neighbours in turn.
type restoring struct {
	*walk
	driver.Restore
	named map[driver.MessageID]struct{} // nil: any
	got   driver.Restored
}

func (s *state) newRestoring(r driver.Restore) *restoring {
	x := &restoring{walk: s.newWalk(r.After, r.UpTo, r.Max, r.Look), Restore: r}
	if r.Messages != nil {
		x.named = make(map[driver.MessageID]struct{}, len(r.Messages))
		for _, id := range r.Messages {
			x.named[id] = struct{}{}
		}
	}
	return x
}

// means reports whether the call is for the record, in whatever state it is.
func (x *restoring) means(r *record) bool {
	if r.ledger == nil || x.Task != (driver.TaskID{}) && x.Task != r.ledger.Task {
		return false
	}
	_, named := x.named[r.id]
	return named || x.named == nil
}

// restore goes on with a call of Restore as far as it can with that
// neighbour. It returns the queue that is the home of the next message, 0 if
// the call is done.
func (s *state) restore(x *restoring, near neighbour) (next driver.QueueID) {
	for n, r := range s.ahead(x.walk) {
		if !x.means(r) {
			x.pass(r)
			continue
		}
		if r.ledger.Home.ID != near.id {
			return r.ledger.Home.ID
		}
		hasRoom := near.state != nil && near.state.takes(r, s.now)
		switch {
		case r.state == driver.InFlight:
			x.got.InFlight++
		case near.state == nil:
			x.got.NoHome++
		case !hasRoom:
			x.got.NoRoom++
		default:
			x.take(r)
			x.got.Messages = append(x.got.Messages, driver.Rebind{ID: r.id, From: s.ref, To: near.state.ref, Home: true})
			s.restoreOne(n, near.state, x.DueNow)
			continue
		}
		x.pass(r)
	}
	x.got.Progress = s.progress(x.walk)
	return 0
}

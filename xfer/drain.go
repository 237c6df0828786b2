package xfer

import (
	"errors"

	"github.com/redriveq/redrive/queue"
)

const (
	// stepMax and stepLook bound what one step transfers or restores, and how many
	// messages it looks at for that: other calls on the queues wait as long.
	stepMax  = 500
	stepLook = 2000
)

// drain transfers what is meant of each source.
func (m *Manager) drain(t *task, sources []*source) {
	var err error
	for _, s := range sources {
		if err = m.drainQueue(t, s); err != nil {
			break
		}
	}
	now := m.history.now()
	m.mu.Lock()
	t.err, t.isDrained = err, true
	t.settle(now)
	m.mu.Unlock()
	close(t.drained)
	if err != nil {
		m.log.WarnContext(m.ctx, "transfer stopped halfway", "task", t.id, "to", t.to, "error", err)
	}
}

func (m *Manager) drainQueue(t *task, s *source) error {
	p, err := m.part(t, s.fifo)
	if err != nil {
		return m.stopped(opStart, t.to, err)
	}
	if l := m.lane(s.ID); l != nil {
		l.bringBack()
	}
	for done := false; !done; {
		err := m.step(m.ctx, func() (err error) {
			done, err = m.drainStep(p, s)
			return err
		})
		if errors.Is(err, queue.ErrNoQueue) {
			return nil // the source was deleted, and nothing of it waits
		}
		if err != nil {
			return m.stopped("transfer", s.Name, err)
		}
	}
	return nil
}

// stopped returns the error that stopped a drain.
func (m *Manager) stopped(op, name string, err error) error {
	if m.ctx.Err() != nil {
		err = ErrClosed
	}
	return fail(op, name, err)
}

// part returns the part of the task for messages of that kind.
func (m *Manager) part(t *task, fifo bool) (*part, error) {
	p := &part{task: t}
	if to := t.order.To; to != nil {
		p.place = queue.QueueRef{ID: to.ID(), Name: to.Name()}
	} else {
		l, err := m.openLane(t.order.Target, fifo)
		if err != nil {
			return nil, err
		}
		p.lane, p.place = l, queue.QueueRef{ID: l.q.ID(), Name: l.q.Name()}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, known := range t.parts {
		if known.place.ID == p.place.ID {
			return known, nil
		}
	}
	p.cancelled = t.cancelled
	t.parts = append(t.parts, p)
	return p, nil
}

// drainStep transfers some messages of the source to the part's place. It is
// done when there are no more, or the part was cancelled.
func (m *Manager) drainStep(p *part, s *source) (done bool, err error) {
	if m.cancelOf(p) != nil {
		return true, nil
	}
	t := queue.Transfer{
		Task:   p.task.id,
		From:   s.ID,
		To:     p.place.ID,
		Filter: p.task.order.Selector.Filter,
		After:  s.after,
		UpTo:   s.upTo,
		Max:    stepMax,
		Look:   stepLook,
		AtOnce: p.lane != nil,
	}
	var owner *part
	if from := m.lane(s.ID); from != nil {
		owner, t.UpTo = from.spans.find(s.after, s.upTo)
	}
	before, err := m.highest(m.ctx, p.place.ID)
	if errors.Is(err, queue.ErrNoQueue) {
		return false, queue.ErrNoDestination
	}
	if err != nil {
		return false, err
	}
	moved, err := m.broker.Transfer(m.ctx, t)
	if err != nil {
		return false, err
	}
	m.took(p, owner, before, moved.Messages)
	if s.after = moved.Last; moved.Done {
		s.after = t.UpTo
	}
	if moved.Full {
		return false, queue.ErrQueueFull
	}
	return s.after >= s.upTo, nil
}

// took counts the messages of a step that came to a place, above a sequence.
func (m *Manager) took(p, owner *part, before uint64, messages []queue.Rebind) {
	if len(messages) == 0 {
		return
	}
	arrived := 0
	m.change(func() {
		for _, r := range messages {
			if owner != nil {
				owner.waiting = max(0, owner.waiting-1)
			}
			switch {
			case r.Home:
				p.restored++
				p.told++
			case p.lane == nil:
				p.transferred++
			default:
				p.waiting++
				arrived++
			}
		}
	}, p, owner)
	m.history.note(Transferred, p.task.order.Reason, messages)
	if arrived > 0 {
		p.lane.spans.add(p, before, before+uint64(arrived))
		p.lane.start()
	}
}

// cancelOf returns the fence of a part, nil if there is none.
func (m *Manager) cancelOf(p *part) *CancelOptions {
	m.mu.Lock()
	defer m.mu.Unlock()
	return p.cancelled
}

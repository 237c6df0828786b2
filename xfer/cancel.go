package xfer

import (
	"context"
	"errors"
	"slices"

	"github.com/redriveq/redrive/queue"
)

// CancelOptions say how to cancel.
type CancelOptions struct {
	// Reason is for the log, and must not be empty.
	Reason string

	// DueNow makes the messages visible at home at once. Without it they are
	// visible when they would be if they had never left.
	DueNow bool
}

// Cancelled says what a cancel did.
type Cancelled struct {
	// Restored messages were put back: by this call, and by the sender since the
	// cancel before this one, which had counted them as Sending.
	Restored int

	// Transferred messages are not coming back: the target has accepted them, or
	// they were received or removed from the queue that they were transferred to.
	Transferred int

	// Sending messages are in the sender's hands. Each is deleted if the target
	// accepts it, and otherwise put back without another cancel.
	Sending int

	// NoHome messages have no queue to go back to, and NoRoom ones no room there.
	// They stay where they are, under transfer, and are not sent; another cancel
	// tries again, and a transfer can take them elsewhere.
	NoHome int
	NoRoom int
}

// Cancel cancels a transfer: none of its messages is sent any more, and all that
// still wait under it go back home. It first fences the task off, so that no
// sender begins to send any of them, then stops the drain, and then puts them
// back, in steps. If the context ends meanwhile, the error is its cause: the
// fence stays, and another Cancel goes on.
//
// A second Cancel puts back what can be put back by then. One of a task that has
// ended changes what is still under it: nothing, if all was sent. The error is
// [queue.ErrNoTask] for a task that is not known, or a *[queue.InvalidError].
func (m *Manager) Cancel(ctx context.Context, id queue.TaskID, o CancelOptions) (Cancelled, error) {
	if err := m.enterCancel(ctx, &o); err != nil {
		return Cancelled{}, err
	}
	defer m.busy.Done()
	parts, err := m.fenceTask(id, &o)
	if err != nil {
		return Cancelled{}, fail(opCancel, "", err)
	}
	var sum Cancelled
	for _, p := range parts {
		c, err := m.cancelPart(ctx, p, &o)
		sum.add(c)
		if err != nil {
			return sum, fail(opCancel, p.place.Name, err)
		}
	}
	return sum, nil
}

// CancelQueue cancels whatever is under transfer in a queue, by any task, also
// one of an earlier Manager: in the transfer queue of a target, which
// [queue.Broker.TransferQueue] returns, or in a queue of the broker. What those
// tasks have elsewhere is not cancelled. The error can also be [queue.ErrNoQueue].
func (m *Manager) CancelQueue(ctx context.Context, q *queue.Queue, o CancelOptions) (Cancelled, error) {
	if err := m.enterCancel(ctx, &o); err != nil {
		return Cancelled{}, err
	}
	defer m.busy.Done()
	if q == nil {
		return Cancelled{}, fail(opCancel, "", invalid("queue", "nil"))
	}
	if err := m.owns(ctx, q); err != nil {
		return Cancelled{}, fail(opCancel, q.Name(), err)
	}
	var sum Cancelled
	for _, p := range m.fencePlace(q.ID(), &o) {
		c, err := m.cancelPart(ctx, p, &o)
		sum.add(c)
		if err != nil {
			return sum, fail(opCancel, q.Name(), err)
		}
	}
	rest, err := m.cancelUnknown(ctx, q, &o)
	sum.Restored += rest.Restored
	sum.NoHome = max(sum.NoHome, rest.NoHome)
	sum.NoRoom = max(sum.NoRoom, rest.NoRoom)
	return sum, fail(opCancel, q.Name(), err)
}

func (m *Manager) enterCancel(ctx context.Context, o *CancelOptions) error {
	if o.Reason == "" {
		return fail(opCancel, "", invalid("reason", "empty"))
	}
	return m.enter(ctx, opCancel)
}

func (c *Cancelled) add(d Cancelled) {
	c.Restored += d.Restored
	c.Transferred += d.Transferred
	c.Sending += d.Sending
	c.NoHome += d.NoHome
	c.NoRoom += d.NoRoom
}

// fenceTask fences a task off, also where it has not yet come to, and returns
// its parts.
func (m *Manager) fenceTask(id queue.TaskID, o *CancelOptions) ([]*part, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tasks[id]
	if t == nil {
		return nil, queue.ErrNoTask
	}
	t.cancelled = o
	for _, p := range t.parts {
		p.cancelled = o
	}
	return slices.Clone(t.parts), nil
}

// fencePlace fences off what tasks have in one queue.
func (m *Manager) fencePlace(id queue.QueueID, o *CancelOptions) (parts []*part) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.order {
		for _, p := range t.parts {
			if p.place.ID == id {
				p.cancelled = o
				parts = append(parts, p)
			}
		}
	}
	if l := m.lanes[id]; l != nil {
		l.recall = o
	}
	return parts
}

// cancelPart puts back what a part has, and counts.
func (m *Manager) cancelPart(ctx context.Context, p *part, o *CancelOptions) (Cancelled, error) {
	var c Cancelled
	if p.lane != nil {
		c = p.lane.retry(func(it *item) bool { return it.part == p })
	}
	found, err := m.restoreAll(ctx, p.place.ID, p.task.id, o, func(messages []queue.Rebind) {
		m.change(func() {
			for range messages {
				if p.lane != nil {
					p.leave(&p.restored)
				} else {
					p.restored++
					p.transferred = max(0, p.transferred-1)
				}
			}
		}, p)
	})
	c.NoHome += found.NoHome
	c.NoRoom += found.NoRoom
	m.change(func() {
		c.Restored = p.restored - p.told
		p.told = p.restored
		c.Transferred = p.transferred
		if p.lane != nil {
			c.Sending = max(0, p.waiting-c.NoHome-c.NoRoom)
		} else {
			c.Transferred = max(0, c.Transferred-c.NoHome-c.NoRoom)
		}
	}, p)
	return c, err
}

// cancelUnknown puts back what is in the queue by tasks that are not known.
func (m *Manager) cancelUnknown(ctx context.Context, q *queue.Queue, o *CancelOptions) (Cancelled, error) {
	var aside Cancelled
	if l := m.lane(q.ID()); l != nil {
		aside = l.retry(func(it *item) bool { return it.part == nil })
	}
	c, err := m.restoreAll(ctx, q.ID(), queue.TaskID{}, o, func([]queue.Rebind) {})
	c.NoHome += aside.NoHome
	c.NoRoom += aside.NoRoom
	return c, err
}

// restoreAll puts back what is under transfer by the task in a queue, or by any
// if that is zero, in steps, each with its count.
func (m *Manager) restoreAll(ctx context.Context, from queue.QueueID, task queue.TaskID, o *CancelOptions, count func([]queue.Rebind)) (Cancelled, error) {
	var c Cancelled
	r := queue.Restore{Task: task, From: from, Max: stepMax, Look: stepLook, DueNow: o.DueNow}
	for done := false; !done; {
		err := m.step(ctx, func() error {
			got, err := m.broker.Restore(ctx, r)
			if err != nil {
				return err
			}
			count(got.Messages)
			m.history.note(Restored, o.Reason, got.Messages)
			c.Restored += len(got.Messages)
			c.NoHome += got.NoHome
			c.NoRoom += got.NoRoom
			r.After, r.UpTo, done = got.Last, got.UpTo, got.Done || got.UpTo == 0
			return nil
		})
		if errors.Is(err, queue.ErrNoQueue) {
			return c, nil // with the queue went what was in it
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

// retry tries again to put home what was put aside, and counts what stays aside.
func (l *lane) retry(means func(*item) bool) (c Cancelled) {
	items := l.takeAside(means)
	if len(items) == 0 {
		return c
	}
	l.takeHome(items)
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	for _, it := range items {
		switch {
		case l.aside[it.ID] != it:
		case it.noRoom:
			c.NoRoom++
		default:
			c.NoHome++
		}
	}
	return c
}

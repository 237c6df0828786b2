package model

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// CreateQueue creates a queue, or finds one that the patch would not change. A
// queue that is found is not shown now, and its dead-letter policy, being no
// new one, is not checked.
func (e *Engine) CreateQueue(_ context.Context, now time.Time, name string, base driver.Attributes, patch driver.Patch) (driver.QueueInfo, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return driver.QueueInfo{}, false, driver.ErrClosed
	}
	if q := e.named(name); q != nil {
		if !patch.Apply(q.attributes).Equal(q.attributes) {
			return driver.QueueInfo{}, false, driver.ErrQueueExists
		}
		return q.describe(), false, nil
	}
	attributes := patch.Apply(base)
	if err := attributes.Check(); err != nil {
		return driver.QueueInfo{}, false, err
	}
	if err := e.checkDeadLetter(name, attributes); err != nil {
		return driver.QueueInfo{}, false, err
	}
	e.lastQueue++
	q := newQueue(e, e.lastQueue, name, attributes, now)
	e.queues[q.id] = q
	return q.describe(), true, nil
}

// LookupQueue returns the queue that has the name now.
func (e *Engine) LookupQueue(_ context.Context, name string) (driver.QueueInfo, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return driver.QueueInfo{}, driver.ErrClosed
	}
	q := e.named(name)
	if q == nil {
		return driver.QueueInfo{}, driver.ErrNoQueue
	}
	return q.describe(), nil
}

// Queue returns the queue's description.
func (e *Engine) Queue(_ context.Context, id driver.QueueID) (driver.QueueInfo, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	q, err := e.find(id)
	if err != nil {
		return driver.QueueInfo{}, err
	}
	return q.describe(), nil
}

// ListQueues returns the queues with the prefix after the given name, by name.
func (e *Engine) ListQueues(_ context.Context, prefix, after string, limit int) ([]driver.QueueInfo, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, driver.ErrClosed
	}
	var found []driver.QueueInfo
	for _, q := range e.queues {
		if strings.HasPrefix(q.name, prefix) && q.name > after {
			found = append(found, q.describe())
		}
	}
	slices.SortFunc(found, func(a, b driver.QueueInfo) int { return cmp.Compare(a.Name, b.Name) })
	return found[:max(0, min(limit, len(found)))], nil
}

// SetAttributes changes the attributes that the patch names, all or none. The
// dead-letter policy is checked only if the patch names it: a policy whose
// queue was deleted since does not stand in the way of other changes.
func (e *Engine) SetAttributes(_ context.Context, now time.Time, id driver.QueueID, patch driver.Patch) (driver.QueueInfo, error) {
	return settled(e, now, id, func(q *queue) (driver.QueueInfo, error) {
		attributes := patch.Apply(q.attributes)
		if attributes.FIFO != q.attributes.FIFO {
			return driver.QueueInfo{}, driver.Invalid("FIFO", "fixed when the queue is created")
		}
		if err := attributes.Check(); err != nil {
			return driver.QueueInfo{}, err
		}
		if patch.DeadLetter != nil {
			if err := e.checkDeadLetter(q.name, attributes); err != nil {
				return driver.QueueInfo{}, err
			}
		}
		q.setAttributes(attributes)
		return q.describe(), nil
	})
}

// DeleteQueue deletes the queue with all messages and the move tasks whose
// source it is, and ends its schedules. Policies that name it keep the name.
func (e *Engine) DeleteQueue(_ context.Context, id driver.QueueID) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	q, err := e.find(id)
	if err != nil {
		return err
	}
	delete(e.queues, q.id)
	e.forgetMoves(q.id)
	e.failSchedules(q)
	return nil
}

// named returns the queue that has the name now, or nil.
func (e *Engine) named(name string) *queue {
	for _, q := range e.queues {
		if q.name == name {
			return q
		}
	}
	return nil
}

// checkDeadLetter reports why a queue of that name cannot have the dead-letter
// policy in its attributes.
//
// Every policy passes here before it is in force, also that of a queue that
// takes the name of a deleted one, to which policies of others may still lead.
// So the policies in force never form a cycle, and the walk ends.
func (e *Engine) checkDeadLetter(name string, attributes driver.Attributes) error {
	target := attributes.DeadLetter.Queue
	if target == "" {
		return nil
	}
	refuse := func(reason string) error {
		return fmt.Errorf("%w: queue %q %s", driver.ErrDeadLetterPolicy, target, reason)
	}
	q := e.named(target)
	switch {
	case target == name:
		return refuse("would be its own dead-letter queue")
	case q == nil:
		return refuse("does not exist")
	case q.attributes.FIFO != attributes.FIFO:
		return refuse("is of the other kind")
	case !q.attributes.DeadLetterSources.Allows(name):
		return refuse("does not allow this source")
	}
	for q != nil && q.attributes.DeadLetter.Queue != "" {
		if q.attributes.DeadLetter.Queue == name {
			return refuse("leads back to this one")
		}
		q = e.named(q.attributes.DeadLetter.Queue)
	}
	return nil
}

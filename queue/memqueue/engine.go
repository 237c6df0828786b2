// Package memqueue is the engine that keeps queues in memory.
//
// A queue is a state, which decides everything and knows no lock, clock or
// goroutine; the [Engine] adds the locks. Nothing survives the process.
//
// Costs: send, receive, delete, change of visibility and cancel take O(log n)
// time in the messages that are delayed or in flight, and in a FIFO queue in
// those that are visible; a message that falls due or expires costs as much
// once, in the operation that comes next. So does one that is moved, transferred
// or restored; those that are looked at and passed over take O(1). Stats, List
// and each call that moves, transfers or restores take a step for each thousand
// messages that they begin after.
package memqueue

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// An Engine keeps queues in memory. Make it with [New].
type Engine struct {
	secret []byte
	ids    ids

	catalogMu sync.RWMutex // guards the fields below; before any other lock
	catalog   catalog
	closed    bool
	tasks     *tasks // the pointer; it has a lock of its own

	schedulesMu sync.Mutex // guards schedules, among holders of catalogMu; before any queue's lock
	schedules   *schedules
}

var _ driver.Engine = (*Engine)(nil)

// New returns an engine without queues.
func New() *Engine {
	secret, idKey := make([]byte, 32), make([]byte, 16)
	rand.Read(secret)
	rand.Read(idKey)
	c := newIDs(idKey)
	return &Engine{secret: secret, ids: c, catalog: newCatalog(), schedules: newSchedules(c), tasks: newTasks()}
}

// Secrets returns one secret, which was made with the engine.
func (e *Engine) Secrets() [][]byte { return [][]byte{bytes.Clone(e.secret)} }

// Close frees the messages.
func (e *Engine) Close() error {
	e.catalogMu.Lock()
	defer e.catalogMu.Unlock()
	e.closed = true
	e.catalog = newCatalog()
	e.schedules = newSchedules(e.ids)
	e.tasks = newTasks()
	return nil
}

// CreateQueue implements [driver.Engine].
func (e *Engine) CreateQueue(_ context.Context, now time.Time, name string, base driver.Attributes, patch driver.Patch) (driver.QueueInfo, bool, error) {
	e.catalogMu.Lock()
	defer e.catalogMu.Unlock()
	if e.closed {
		return driver.QueueInfo{}, false, driver.ErrClosed
	}
	if q := e.catalog.byName[name]; q != nil {
		if !patch.Apply(q.state.attributes).Equal(q.state.attributes) {
			return driver.QueueInfo{}, false, driver.ErrQueueExists
		}
		return q.state.info(), false, nil
	}
	attributes := patch.Apply(base)
	if err := e.catalog.check(name, attributes); err != nil {
		return driver.QueueInfo{}, false, err
	}
	return e.catalog.add(name, attributes, e.ids, now).state.info(), true, nil
}

// LookupQueue implements [driver.Engine].
func (e *Engine) LookupQueue(_ context.Context, name string) (driver.QueueInfo, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	if e.closed {
		return driver.QueueInfo{}, driver.ErrClosed
	}
	q := e.catalog.byName[name]
	if q == nil {
		return driver.QueueInfo{}, driver.ErrNoQueue
	}
	return q.state.info(), nil
}

// Queue implements [driver.Engine].
func (e *Engine) Queue(_ context.Context, id driver.QueueID) (driver.QueueInfo, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.find(id)
	if err != nil {
		return driver.QueueInfo{}, err
	}
	return q.state.info(), nil
}

// ListQueues implements [driver.Engine].
func (e *Engine) ListQueues(_ context.Context, prefix, after string, max int) ([]driver.QueueInfo, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	if e.closed {
		return nil, driver.ErrClosed
	}
	return e.catalog.list(prefix, after, max), nil
}

// SetAttributes implements [driver.Engine].
func (e *Engine) SetAttributes(_ context.Context, now time.Time, id driver.QueueID, patch driver.Patch) (driver.QueueInfo, error) {
	e.catalogMu.Lock()
	defer e.catalogMu.Unlock()
	q, err := e.find(id)
	if err != nil {
		return driver.QueueInfo{}, err
	}
	attributes := patch.Apply(q.state.attributes)
	if attributes.FIFO != q.state.attributes.FIFO {
		return driver.QueueInfo{}, driver.Invalid("FIFO", "cannot be changed")
	}
	if err := e.catalog.checkChange(q, attributes, patch); err != nil {
		return driver.QueueInfo{}, err
	}
	q.state.settle(now)
	q.state.setAttributes(attributes)
	return q.state.info(), nil
}

// DeleteQueue implements [driver.Engine].
func (e *Engine) DeleteQueue(_ context.Context, id driver.QueueID) error {
	e.catalogMu.Lock()
	defer e.catalogMu.Unlock()
	q, err := e.find(id)
	if err != nil {
		return err
	}
	e.catalog.remove(q)
	e.tasks.drop(q)
	e.schedules.failQueue(id, q.state.now)
	return nil
}

// Purge implements [driver.Engine].
func (e *Engine) Purge(_ context.Context, now time.Time, id driver.QueueID) (removed int, err error) {
	err = e.with(now, id, func(s *state) { removed = s.purge() })
	return removed, err
}

// Stats implements [driver.Engine].
func (e *Engine) Stats(_ context.Context, now time.Time, id driver.QueueID) (stats driver.Stats, err error) {
	err = e.with(now, id, func(s *state) { stats = s.stats() })
	return stats, err
}

// Send implements [driver.Engine].
func (e *Engine) Send(_ context.Context, now time.Time, id driver.QueueID, messages []driver.Message) ([]driver.SendResult, error) {
	results := make([]driver.SendResult, len(messages))
	err := e.with(now, id, func(s *state) {
		for i := range messages {
			results[i] = s.send(&messages[i])
		}
	})
	return onSuccess(results, err)
}

// Receive implements [driver.Engine].
func (e *Engine) Receive(_ context.Context, now time.Time, id driver.QueueID, r driver.Receive) (got driver.Received, err error) {
	found := e.withDead(now, id, func(s, dead *state) { got, err = s.receive(r, receiver{dead: dead}) })
	return got, cmp.Or(found, err)
}

// Delete implements [driver.Engine].
func (e *Engine) Delete(_ context.Context, now time.Time, id driver.QueueID, receipts []driver.Receipt) ([]driver.DeleteResult, error) {
	results := make([]driver.DeleteResult, len(receipts))
	err := e.with(now, id, func(s *state) {
		for i, r := range receipts {
			results[i] = s.remove(r)
		}
	})
	return onSuccess(results, err)
}

// ChangeVisibility implements [driver.Engine].
func (e *Engine) ChangeVisibility(_ context.Context, now time.Time, id driver.QueueID, changes []driver.Change) ([]driver.ChangeOutcome, error) {
	outcomes := make([]driver.ChangeOutcome, len(changes))
	err := e.with(now, id, func(s *state) {
		for i, c := range changes {
			outcomes[i] = s.change(c)
		}
	})
	return onSuccess(outcomes, err)
}

// Cancel implements [driver.Engine].
func (e *Engine) Cancel(_ context.Context, now time.Time, id driver.QueueID, messages []driver.MessageID) ([]driver.CancelOutcome, error) {
	outcomes := make([]driver.CancelOutcome, len(messages))
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.find(id)
	if err != nil {
		return nil, err
	}
	done := 0
	e.beside(now, q, 0, func(near neighbour) (next driver.QueueID) {
		for ; done < len(messages); done++ {
			if outcomes[done], next = q.state.cancel(messages[done], near); next != 0 {
				return next
			}
		}
		return 0
	})
	return outcomes, nil
}

// Peek implements [driver.Engine].
func (e *Engine) Peek(_ context.Context, now time.Time, id driver.QueueID, max int) (infos []driver.Info, err error) {
	err = e.with(now, id, func(s *state) { infos = s.peek(max) })
	return infos, err
}

// List implements [driver.Engine].
func (e *Engine) List(_ context.Context, now time.Time, id driver.QueueID, after uint64, max int) (infos []driver.Info, err error) {
	err = e.with(now, id, func(s *state) { infos = s.list(after, max) })
	return infos, err
}

// with runs f on the queue, at that time and under its lock.
func (e *Engine) with(now time.Time, id driver.QueueID, f func(*state)) error {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.find(id)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.state.settle(now)
	f(q.state)
	return nil
}

// withDead runs f on the queue and its dead-letter queue, which is nil if there
// is none, under the locks of both and with the queue at that time.
func (e *Engine) withDead(now time.Time, id driver.QueueID, f func(s, dead *state)) error {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.find(id)
	if err != nil {
		return err
	}
	other := e.catalog.byName[q.state.deadLetterName()]
	defer lock(q, other)()
	q.state.settle(now)
	var dead *state
	if other != nil {
		dead = other.state
	}
	f(q.state, dead)
	return nil
}

// beside runs f on the queue beside a neighbour. F returns another queue that
// it needs in place of that, and is run again, or 0 when it is done. The
// catalogue is locked.
func (e *Engine) beside(now time.Time, q *queue, first driver.QueueID, f func(neighbour) (next driver.QueueID)) {
	next := e.besideOne(now, q, first, f)
	for next != 0 {
		next = e.besideOne(now, q, next, f)
	}
}

// besideOne runs f under the locks of both queues and with the first at that
// time.
func (e *Engine) besideOne(now time.Time, q *queue, id driver.QueueID, f func(neighbour) driver.QueueID) driver.QueueID {
	near, other := neighbour{id: id}, e.catalog.byID[id]
	if other != nil {
		near.state = other.state
	}
	defer lock(q, other)()
	q.state.settle(now)
	return f(near)
}

// find returns the queue. The catalogue is locked.
func (e *Engine) find(id driver.QueueID) (*queue, error) {
	if e.closed {
		return nil, driver.ErrClosed
	}
	q := e.catalog.byID[id]
	if q == nil {
		return nil, driver.ErrNoQueue
	}
	return q, nil
}

// lock locks one queue or two and returns what unlocks them. Of two, the older
// instance comes first, so that no two callers wait for each other.
func lock(q, other *queue) (unlock func()) {
	if other == nil || other == q {
		q.mu.Lock()
		return q.mu.Unlock
	}
	first, second := q, other
	if second.state.ref.ID < first.state.ref.ID {
		first, second = second, first
	}
	first.mu.Lock()
	second.mu.Lock()
	return func() {
		second.mu.Unlock()
		first.mu.Unlock()
	}
}

func onSuccess[T any](results []T, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return results, nil
}

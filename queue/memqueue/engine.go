// Package memqueue is the engine that keeps queues in memory.
//
// A queue is a state, which decides everything and knows no lock, clock or
// goroutine; the [Engine] adds the locks. Nothing survives the process.
//
// Costs: send, receive, delete, change of visibility and cancel take O(log n)
// time in the messages that are delayed or in flight, and in a FIFO queue in
// those that are visible; a message that falls due or expires costs as much
// once, in the operation that comes next. Stats and List take a step for each
// thousand messages that they pass over.
package memqueue

import (
	"bytes"
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

	catalogMu sync.RWMutex // guards the fields below; before any queue's lock
	catalog   catalog
	closed    bool
}

var _ driver.Engine = (*Engine)(nil)

// New returns an engine without queues.
func New() *Engine {
	secret, idKey := make([]byte, 32), make([]byte, 16)
	rand.Read(secret)
	rand.Read(idKey)
	return &Engine{secret: secret, ids: newIDs(idKey), catalog: newCatalog()}
}

// Secrets returns one secret, which was made with the engine.
func (e *Engine) Secrets() [][]byte { return [][]byte{bytes.Clone(e.secret)} }

// Close frees the messages.
func (e *Engine) Close() error {
	e.catalogMu.Lock()
	defer e.catalogMu.Unlock()
	e.closed = true
	e.catalog = newCatalog()
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
func (e *Engine) Receive(_ context.Context, now time.Time, id driver.QueueID, r driver.Receive) (driver.Received, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.find(id)
	if err != nil {
		return driver.Received{}, err
	}
	dead := e.catalog.byName[q.state.deadLetterName()]
	defer lock(q, dead)()
	q.state.settle(now)
	if dead == nil {
		return q.state.receive(r, nil)
	}
	return q.state.receive(r, dead.state)
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
	err := e.with(now, id, func(s *state) {
		for i, m := range messages {
			outcomes[i] = s.cancel(m)
		}
	})
	return onSuccess(outcomes, err)
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
	if other == nil {
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

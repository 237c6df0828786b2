// Package model is the specification of the queue in the form of a program: a
// [driver.Engine] that decides every call in the most literal way, so that a
// reader can hold each rule against the sentence in package driver that asks
// for it. Real engines are checked against it: the same calls with the same
// instants must get the same answers.
//
// # Shape
//
//	engine    queues by ID, move tasks and schedules in the order in which they
//	          were made, the counters for sequences, IDs and nonces
//	queue     its messages by sequence, the visible ones once more in the order
//	          of rotation, the deduplication IDs, the keys of arrivals, the IDs
//	          of all that was sent
//	message   what a consumer sees, its latest receipt, where its retention
//	          starts, its ledger while it is under transfer
//	move      the task, which message it looked at last, and which is the last
//	schedule  what its maker said, and the next occurrence
//
// Between two calls a queue is settled: nothing in it falls due at or before
// the latest now that it was shown. A call first settles the queue at its own
// now, then decides. A queue to which a message goes, by dead-lettering, a move
// task or a transfer, is shown the now of the queue that the message leaves.
//
// # Cost
//
// It is slow on purpose. Every count is a recount, every search a scan, nothing
// is kept that could be worked out, so nothing can disagree with anything else.
// A call takes time and memory in the order of everything that its queue holds,
// and a queue remembers the ID of every message that was ever sent to it. A few
// thousand messages are fine. Occurrences of schedules that nobody claims cost
// nothing, however many they are.
//
// # What it leaves open
//
// Engines are free in what the model makes plain: all IDs and nonces are
// counters here, sequences are drawn from one counter for all queues, and the
// generation of a message grows by one. A test that compares an
// engine with the model maps these instead of comparing them.
package model

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

var _ driver.Engine = (*Engine)(nil)

// An Engine keeps queues in memory, as the contract of [driver.Engine] says and
// no faster. Make one with [New]. It is safe for concurrent use: each call runs
// alone. It ignores contexts, and nothing survives the process.
type Engine struct {
	secret [32]byte // never changes

	mu        sync.Mutex // guards everything below, and all queues and messages
	closed    bool
	queues    map[driver.QueueID]*queue
	lastQueue driver.QueueID
	// The counters never go back, whatever is deleted.
	lastMessage  uint64
	lastSequence uint64
	lastNonce    uint64
	lastTask     uint64
	lastSchedule uint64

	moves     []*move     // in the order in which they were started
	schedules []*schedule // in the order in which they were made
	ended     []*schedule // those that are no longer active, in the order in which they ended
}

// New returns an engine without queues.
func New() *Engine {
	e := &Engine{queues: make(map[driver.QueueID]*queue)}
	rand.Read(e.secret[:])
	return e
}

// Secrets returns a copy of 32 random bytes, drawn by [New].
func (e *Engine) Secrets() [][]byte { return [][]byte{slices.Clone(e.secret[:])} }

// Close makes every later call return [driver.ErrClosed].
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return driver.ErrClosed
	}
	e.closed = true
	return nil
}

// Purge removes the messages that are in the queue after everything that fell
// due until now was applied, and forgets all deduplication IDs.
func (e *Engine) Purge(_ context.Context, now time.Time, id driver.QueueID) (int, error) {
	return settled(e, now, id, func(q *queue) (int, error) { return q.purge(), nil })
}

// Send decides the messages one after the other. A message is checked for its
// size first, then for being a duplicate, then for whether the queue is full.
func (e *Engine) Send(_ context.Context, now time.Time, id driver.QueueID, messages []driver.Message) ([]driver.SendResult, error) {
	return each(e, now, id, messages, (*queue).send)
}

// Receive hands out messages in the order that Peek shows.
func (e *Engine) Receive(_ context.Context, now time.Time, id driver.QueueID, r driver.Receive) (driver.Received, error) {
	return settled(e, now, id, func(q *queue) (driver.Received, error) {
		received, _, err := q.receive(r, false)
		return received, err
	})
}

// Delete decides the receipts one after the other.
func (e *Engine) Delete(_ context.Context, now time.Time, id driver.QueueID, receipts []driver.Receipt) ([]driver.DeleteResult, error) {
	return each(e, now, id, receipts, (*queue).delete)
}

// ChangeVisibility decides the changes one after the other.
func (e *Engine) ChangeVisibility(_ context.Context, now time.Time, id driver.QueueID, changes []driver.Change) ([]driver.ChangeOutcome, error) {
	return each(e, now, id, changes, (*queue).changeVisibility)
}

// Cancel decides the IDs one after the other. It tells a message that is gone
// from one that was never sent to the queue for as long as the queue exists.
func (e *Engine) Cancel(_ context.Context, now time.Time, id driver.QueueID, ids []driver.MessageID) ([]driver.CancelOutcome, error) {
	return each(e, now, id, ids, (*queue).cancel)
}

// Stats recounts the queue.
func (e *Engine) Stats(_ context.Context, now time.Time, id driver.QueueID) (driver.Stats, error) {
	return settled(e, now, id, func(q *queue) (driver.Stats, error) { return q.stats(), nil })
}

// Peek returns copies of the messages that the next receives would look at.
func (e *Engine) Peek(_ context.Context, now time.Time, id driver.QueueID, limit int) ([]driver.Info, error) {
	return settled(e, now, id, func(q *queue) ([]driver.Info, error) { return infos(q.order(), limit), nil })
}

// List returns copies of the messages whose sequence is above the given one.
func (e *Engine) List(_ context.Context, now time.Time, id driver.QueueID, after uint64, limit int) ([]driver.Info, error) {
	return settled(e, now, id, func(q *queue) ([]driver.Info, error) { return infos(q.after(after), limit), nil })
}

// settled applies to a queue all that fell due until now, and then decides.
func settled[Out any](e *Engine, now time.Time, id driver.QueueID, decide func(*queue) (Out, error)) (Out, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	q, err := e.find(id)
	if err != nil {
		var none Out
		return none, err
	}
	q.advance(now)
	return decide(q)
}

// each decides the inputs in order, at one instant and with nothing in between.
func each[In, Out any](e *Engine, now time.Time, id driver.QueueID, inputs []In, decide func(*queue, In) Out) ([]Out, error) {
	return settled(e, now, id, func(q *queue) ([]Out, error) {
		results := make([]Out, len(inputs))
		for i, input := range inputs {
			results[i] = decide(q, input)
		}
		return results, nil
	})
}

// find returns the queue of that ID. The caller holds e.mu.
func (e *Engine) find(id driver.QueueID) (*queue, error) {
	if e.closed {
		return nil, driver.ErrClosed
	}
	q, ok := e.queues[id]
	if !ok {
		return nil, driver.ErrNoQueue
	}
	return q, nil
}

// numbered returns an ID that says nothing but a number.
func numbered(n uint64) (id [16]byte) {
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

func (e *Engine) nextMessageID() driver.MessageID {
	e.lastMessage++
	return numbered(e.lastMessage)
}

func (e *Engine) nextTaskID() driver.TaskID {
	e.lastTask++
	return numbered(e.lastTask)
}

func (e *Engine) nextSequence() uint64 {
	e.lastSequence++
	return e.lastSequence
}

func (e *Engine) nextNonce() uint64 {
	e.lastNonce++
	return e.lastNonce
}

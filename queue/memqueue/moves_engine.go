package memqueue

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// StartMove implements [driver.Moves]. With a filter, it takes a step for each
// message of the source.
func (e *Engine) StartMove(_ context.Context, now time.Time, move driver.Move, dryRun bool) (driver.MoveTask, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.find(move.Source)
	if err != nil {
		return driver.MoveTask{}, err
	}
	destination, err := e.mayMove(q, &move)
	if err != nil {
		return driver.MoveTask{}, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.state.settle(now)
	if dryRun {
		return q.state.newTask(move, destination).MoveTask, nil
	}
	if q.state.activeTask() != nil {
		return driver.MoveTask{}, driver.ErrMoveActive
	}
	if !e.tasks.begin() {
		return driver.MoveTask{}, driver.ErrTooManyMoves
	}
	t := q.state.newTask(move, destination)
	rand.Read(t.ID[:])
	e.tasks.add(t, q, q.state.keep(t))
	return t.view(), nil
}

// mayMove returns the destination of a move, if it has one, or why there can be
// no such task. The catalogue is locked.
func (e *Engine) mayMove(source *queue, move *driver.Move) (driver.QueueRef, error) {
	if !move.AnySource && !e.catalog.isDeadLetterQueue(source) {
		return driver.QueueRef{}, driver.ErrNotDeadLetterQueue
	}
	if move.Destination == 0 {
		return driver.QueueRef{}, nil
	}
	to, err := e.destination(source, move.Destination)
	if err != nil {
		return driver.QueueRef{}, err
	}
	return to.state.ref, nil
}

// destination returns the queue to which messages of the source are to go. The
// catalogue is locked.
func (e *Engine) destination(source *queue, id driver.QueueID) (*queue, error) {
	to := e.catalog.byID[id]
	switch {
	case to == nil:
		return nil, driver.ErrNoDestination
	case to == source:
		return nil, driver.Invalid("destination", "%q is the source", source.state.ref.Name)
	case to.state.attributes.FIFO != source.state.attributes.FIFO:
		return nil, driver.Invalid("destination", "%q is not of the same kind, FIFO or standard", to.state.ref.Name)
	}
	return to, nil
}

// StepMove implements [driver.Moves]. Others come in between where the task has
// no destination and the next message has another origin.
func (e *Engine) StepMove(_ context.Context, now time.Time, id driver.TaskID, max, look int) (driver.MoveStep, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.findTask(id)
	if err != nil {
		return driver.MoveStep{}, err
	}
	var done driver.MoveStep
	x := &step{walk: walk{max: max, look: look}}
	e.beside(now, q, 0, func(near neighbour) (next driver.QueueID) {
		t := q.state.task(id)
		if t == nil { // it was forgotten since it was found
			err = driver.ErrNoTask
			return 0
		}
		wasActive := t.State.Active()
		next = q.state.step(x, t, near)
		if wasActive && !t.State.Active() {
			e.tasks.end()
		}
		done = driver.MoveStep{Task: t.view(), Arrived: x.arrived}
		return next
	})
	return done, err
}

// CancelMove implements [driver.Moves].
func (e *Engine) CancelMove(_ context.Context, now time.Time, id driver.TaskID) (driver.MoveTask, error) {
	return e.withTask(id, func(source *state, t *task) error {
		source.settle(now)
		return t.cancel()
	})
}

// LookupMove implements [driver.Moves].
func (e *Engine) LookupMove(_ context.Context, id driver.TaskID) (driver.MoveTask, error) {
	return e.withTask(id, func(*state, *task) error { return nil })
}

// ListMoves implements [driver.Moves].
func (e *Engine) ListMoves(_ context.Context, source driver.QueueID, max int) ([]driver.MoveTask, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.find(source)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	var views []driver.MoveTask
	for _, t := range slices.Backward(q.state.tasks) {
		if len(views) >= max {
			break
		}
		views = append(views, t.view())
	}
	return views, nil
}

// ActiveMoves implements [driver.Moves].
func (e *Engine) ActiveMoves(context.Context) ([]driver.MoveTask, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	if e.closed {
		return nil, driver.ErrClosed
	}
	var views []driver.MoveTask
	for _, q := range e.catalog.byID {
		q.mu.Lock()
		if t := q.state.activeTask(); t != nil {
			views = append(views, t.view())
		}
		q.mu.Unlock()
	}
	return views, nil
}

// withTask runs f on the task and its source, under the lock of that, and
// returns the task as it stands then.
func (e *Engine) withTask(id driver.TaskID, f func(source *state, t *task) error) (driver.MoveTask, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.findTask(id)
	if err != nil {
		return driver.MoveTask{}, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.state.task(id)
	if t == nil { // it was forgotten since it was found
		return driver.MoveTask{}, driver.ErrNoTask
	}
	err = f(q.state, t)
	return t.view(), err
}

// findTask returns the source of the task. The catalogue is locked.
func (e *Engine) findTask(id driver.TaskID) (*queue, error) {
	if e.closed {
		return nil, driver.ErrClosed
	}
	q := e.tasks.source(id)
	if q == nil {
		return nil, driver.ErrNoTask
	}
	return q, nil
}

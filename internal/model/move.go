package model

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A move is a move task, with what its steps go by.
type move struct {
	driver.MoveTask
	last uint64 // the sequence of the message that it looked at last
	upTo uint64 // that of the last message that was in the source at its start
}

// StartMove starts a task, or says what it would be.
func (e *Engine) StartMove(_ context.Context, now time.Time, m driver.Move, dryRun bool) (driver.MoveTask, error) {
	return settled(e, now, m.Source, func(source *queue) (driver.MoveTask, error) {
		if err := e.checkMove(source, m); err != nil {
			return driver.MoveTask{}, err
		}
		task := e.newMove(source, m)
		if dryRun {
			return task.describe(), nil
		}
		if err := e.checkActiveMoves(source); err != nil {
			return driver.MoveTask{}, err
		}
		task.ID = e.nextTaskID()
		e.moves = append(e.moves, task)
		e.trimMoves(source.id)
		return task.describe(), nil
	})
}

// StepMove makes one step of a task. The task is shown the now of its source.
func (e *Engine) StepMove(_ context.Context, now time.Time, id driver.TaskID, most, look int) (driver.MoveStep, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	task, err := e.findMove(id)
	if err != nil {
		return driver.MoveStep{}, err
	}
	source := e.queues[task.Source.ID]
	source.advance(now)
	var arrived []driver.QueueID
	switch {
	case !task.State.Active():
	case task.State == driver.MoveCancelling:
		task.end(driver.MoveCancelled, source.now)
	case task.timedOut(source.now):
		task.fail(driver.MoveTimedOut, source.now)
	default:
		arrived = task.step(source, most, look)
	}
	return driver.MoveStep{Task: task.describe(), Arrived: arrived}, nil
}

// CancelMove keeps a running task from moving anything further.
func (e *Engine) CancelMove(_ context.Context, now time.Time, id driver.TaskID) (driver.MoveTask, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	task, err := e.findMove(id)
	if err != nil {
		return driver.MoveTask{}, err
	}
	e.queues[task.Source.ID].advance(now)
	if task.State != driver.MoveRunning {
		return task.describe(), driver.ErrNotRunning
	}
	task.State = driver.MoveCancelling
	return task.describe(), nil
}

// LookupMove returns the task as it stands.
func (e *Engine) LookupMove(_ context.Context, id driver.TaskID) (driver.MoveTask, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	task, err := e.findMove(id)
	if err != nil {
		return driver.MoveTask{}, err
	}
	return task.describe(), nil
}

// ListMoves returns the tasks of a source, the newest first.
func (e *Engine) ListMoves(_ context.Context, source driver.QueueID, most int) ([]driver.MoveTask, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, err := e.find(source); err != nil {
		return nil, err
	}
	var found []driver.MoveTask
	for _, task := range slices.Backward(e.moves) {
		if task.Source.ID == source && len(found) < most {
			found = append(found, task.describe())
		}
	}
	return found, nil
}

// ActiveMoves returns the active tasks, in the order in which they were
// started.
func (e *Engine) ActiveMoves(context.Context) ([]driver.MoveTask, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, driver.ErrClosed
	}
	var active []driver.MoveTask
	for _, task := range e.moves {
		if task.State.Active() {
			active = append(active, task.describe())
		}
	}
	return active, nil
}

// findMove returns the task of that ID. The caller holds e.mu.
func (e *Engine) findMove(id driver.TaskID) (*move, error) {
	if e.closed {
		return nil, driver.ErrClosed
	}
	for _, task := range e.moves {
		if task.ID == id {
			return task, nil
		}
	}
	return nil, driver.ErrNoTask
}

// checkMove returns the first reason against a task that a dry run looks at
// too.
func (e *Engine) checkMove(source *queue, m driver.Move) error {
	if !m.AnySource && !e.isDeadLetterQueue(source) {
		return driver.ErrNotDeadLetterQueue
	}
	if m.Destination == 0 {
		return nil
	}
	return e.checkDestination(source, m.Destination)
}

// isDeadLetterQueue reports whether some queue's policy names the queue,
// whether or not a message could go there.
func (e *Engine) isDeadLetterQueue(source *queue) bool {
	for _, q := range e.queues {
		if q.attributes.DeadLetter.Queue == source.name {
			return true
		}
	}
	return false
}

// checkDestination returns the reason why messages of the source cannot go to
// that queue, by a move task or by a transfer.
func (e *Engine) checkDestination(source *queue, id driver.QueueID) error {
	destination, ok := e.queues[id]
	switch {
	case !ok:
		return driver.ErrNoDestination
	case destination == source:
		return driver.Invalid("destination", "queue %q is the source", source.name)
	case destination.attributes.FIFO != source.attributes.FIFO:
		return driver.Invalid("destination", "queue %q is of the other kind", destination.name)
	}
	return nil
}

// checkActiveMoves returns the reason why no further task can be active.
func (e *Engine) checkActiveMoves(source *queue) error {
	active := 0
	for _, task := range e.moves {
		if task.State.Active() && task.Source.ID == source.id {
			return driver.ErrMoveActive
		}
		if task.State.Active() {
			active++
		}
	}
	if active >= driver.MaxActiveMoves {
		return driver.ErrTooManyMoves
	}
	return nil
}

// newMove returns a running task without an ID, for what is in the source now.
func (e *Engine) newMove(source *queue, m driver.Move) *move {
	task := &move{MoveTask: driver.MoveTask{
		Move:      cloneMove(m),
		Source:    source.ref(),
		State:     driver.MoveRunning,
		StartedAt: source.now,
	}}
	if destination, ok := e.queues[m.Destination]; ok {
		task.Destination = destination.ref()
	}
	for _, held := range source.messages {
		task.upTo = held.Sequence
		if held.matches(&m.Filter) {
			task.Total++
		}
	}
	if m.Limit != 0 {
		task.Total = min(task.Total, m.Limit)
	}
	return task
}

// trimMoves forgets the oldest tasks of a source above those that are kept. An
// active one is never among them: it is the newest.
func (e *Engine) trimMoves(source driver.QueueID) {
	kept := 0
	for i, task := range slices.Backward(e.moves) {
		if task.Source.ID != source {
			continue
		}
		if kept++; kept > driver.MoveHistory {
			e.moves = slices.Delete(e.moves, i, i+1)
		}
	}
}

// forgetMoves forgets the tasks whose source was deleted.
func (e *Engine) forgetMoves(source driver.QueueID) {
	e.moves = slices.DeleteFunc(e.moves, func(task *move) bool { return task.Source.ID == source })
}

// describe returns a description that shares no memory with the task.
func (task *move) describe() driver.MoveTask {
	described := task.MoveTask
	described.Move = cloneMove(task.Move)
	return described
}

func cloneMove(m driver.Move) driver.Move {
	m.Filter.Attributes = maps.Clone(m.Filter.Attributes)
	if m.Filter.Group != nil {
		m.Filter.Group = new(*m.Filter.Group)
	}
	return m
}

// timedOut reports whether the task has run for as long as it may.
func (task *move) timedOut(now time.Time) bool {
	return task.Move.MaxDuration != 0 && !now.Before(task.StartedAt.Add(task.Move.MaxDuration))
}

func (task *move) end(state driver.MoveState, now time.Time) {
	task.State = state
	task.EndedAt = now
}

func (task *move) fail(failure driver.MoveFailure, now time.Time) {
	task.end(driver.MoveFailed, now)
	task.Failure = failure
}

// step moves up to most messages, looks at up to look, and returns where the
// messages went. It looks no further when it has moved most, so what stands
// behind is looked at by a later step, in whatever state it is then.
func (task *move) step(source *queue, most, look int) (arrived []driver.QueueID) {
	moved := 0
	for i, m := range source.between(task.last, task.upTo) {
		if i >= look || moved >= most {
			break
		}
		task.last = m.Sequence
		if !task.means(m) {
			continue
		}
		destination, failure := task.destination(source, m)
		if failure != 0 {
			task.fail(failure, source.now)
			return arrived
		}
		source.move(m, destination, task.Move.KeepIdentity)
		moved++
		task.Moved++
		if !slices.Contains(arrived, destination.id) {
			arrived = append(arrived, destination.id)
		}
	}
	if moved > 0 && task.Moved == task.Total || len(source.between(task.last, task.upTo)) == 0 {
		task.end(driver.MoveCompleted, source.now)
	}
	return arrived
}

// means reports whether the task moves the message. It does not move more than
// it counted at its start, also if others came back to their places among them.
func (task *move) means(m *message) bool {
	return m.State == driver.Visible && m.matches(&task.Move.Filter) && task.Moved < task.Total
}

// destination returns the queue that the message goes to, with room for it, or
// why there is none.
func (task *move) destination(source *queue, m *message) (*queue, driver.MoveFailure) {
	id := task.Move.Destination
	if id == 0 {
		id = m.Origin.ID
	}
	if id == 0 {
		return nil, driver.MoveNoOrigin
	}
	destination, ok := source.engine.queues[id]
	if !ok {
		return nil, driver.MoveDestinationGone
	}
	destination.advance(source.now)
	if !destination.fits(m.size) {
		return nil, driver.MoveDestinationFull
	}
	return destination, 0
}

// move makes the one change by which a task moves a message.
func (q *queue) move(m *message, destination *queue, keepIdentity bool) {
	q.leave(m)
	m.Origin = driver.QueueRef{}
	m.ReceiveCount = 0
	retainedFrom := m.retainedFrom
	if keepIdentity {
		m.delivered = true
	} else {
		destination.renew(m)
		retainedFrom = destination.now
	}
	destination.arrive(m, retainedFrom)
	destination.show(m, destination.now)
}

// renew makes a message that was taken from another queue a new one, with the
// content of the old one and without its history, as if sent to q now.
func (q *queue) renew(m *message) {
	m.ID = q.engine.nextMessageID()
	q.known[m.ID] = true
	m.SentAt = q.now
	m.FirstReceivedAt = time.Time{}
	m.received = false
	m.delivered = false
	m.hops = 0
}

// matches reports whether the filter means the message.
func (m *message) matches(f *driver.Filter) bool {
	return f.Matches(m.Attributes, m.Group, m.Origin.Name)
}

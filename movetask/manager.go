package movetask

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue"
)

// What is done, in errors.
const (
	opStart  = "start move task"
	opCancel = "cancel move task"
	opLookup = "look up move task"
	opList   = "list move tasks"
	opWait   = "wait for move task"
)

func fail(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &queue.Error{Op: op, Queue: name, Err: err}
}

// enter begins a call, for which Close waits until busy is told that it is done.
func (m *Manager) enter(ctx context.Context, op string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case ctx == nil:
		return fail(op, "", &queue.InvalidError{Field: "context", Reason: "nil"})
	case m.closed:
		return fail(op, "", ErrClosed)
	case ctx.Err() != nil:
		return fail(op, "", context.Cause(ctx))
	}
	m.busy.Add(1)
	return nil
}

// start has the broker start a task, or with dryRun say what it would be.
func (m *Manager) start(ctx context.Context, o Options, dryRun bool) (queue.MoveTask, error) {
	if o.Source == nil {
		return queue.MoveTask{}, fail(opStart, "", &queue.InvalidError{Field: "source", Reason: "nil"})
	}
	task, err := m.broker.StartMove(ctx, o.move(), dryRun)
	if e, ok := errors.AsType[*queue.Error](err); ok {
		err = fail(opStart, o.Source.Name(), e.Err)
	}
	return task, err
}

// work returns the worker of a task that is active, which it starts if there is
// none. The caller is busy.
func (m *Manager) work(task queue.MoveTask, p pace) *worker {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := m.workers[task.ID]
	if w == nil {
		w = newWorker(m, task, p)
		m.workers[task.ID] = w
		m.busy.Go(w.run)
	}
	return w
}

// worker returns the task's worker, or nil.
func (m *Manager) worker(id queue.TaskID) *worker {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.workers[id]
}

// workersOn returns the workers of the queue's tasks: one that is active and
// those that are about to end.
func (m *Manager) workersOn(source queue.QueueID) (workers []*worker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.workers {
		if w.source.ID == source {
			workers = append(workers, w)
		}
	}
	return workers
}

// retire is the end of a worker.
func (m *Manager) retire(w *worker) {
	task := w.known()
	switch {
	case task.State == queue.MoveFailed:
		m.logTask(slog.LevelWarn, "move task ended", task)
	case w.err == nil:
		m.logTask(slog.LevelInfo, "move task ended", task)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.workers, w.id)
	if w.lost {
		m.lost = append(m.lost[max(0, len(m.lost)-maxLost+1):], task)
	}
	close(w.done)
}

// recall returns a task that the broker does not know, if this Manager does.
func (m *Manager) recall(ctx context.Context, op string, id queue.TaskID) (queue.MoveTask, error) {
	if w := m.worker(id); w != nil { // it will learn what the broker has told us
		w.nudge()
		task, err := w.wait(ctx)
		return task, fail(op, "", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.lost, func(t queue.MoveTask) bool { return t.ID == id })
	if i < 0 {
		return queue.MoveTask{}, fail(op, "", queue.ErrNoTask)
	}
	return m.lost[i], nil
}

// alarm returns a channel that is closed after d, which is above zero because a
// timer of zero may not fire on a mock clock, and what stops that. A timer that
// fires although it was stopped closes a channel that nobody looks at.
func (m *Manager) alarm(d time.Duration) (rung <-chan struct{}, stop func() bool) {
	ring := make(chan struct{})
	timer := m.broker.Clock().AfterFunc(d, func() { close(ring) })
	return ring, timer.Stop
}

// pause waits until it is time to look again at a task that others run.
func (m *Manager) pause(ctx context.Context) {
	rung, stop := m.alarm(retryAfter)
	defer stop()
	select {
	case <-rung:
	case <-ctx.Done():
	case <-m.ctx.Done():
	}
}

func (m *Manager) logTask(level slog.Level, what string, task queue.MoveTask) {
	m.log.Log(m.ctx, level, what,
		"task", task.ID,
		"source", task.Source.Name,
		"destination", task.Destination.Name, // "" means the origins
		"rate", task.Move.Rate,
		"total", task.Total,
		"moved", task.Moved,
		"state", task.State,
		"reason", task.Failure)
}

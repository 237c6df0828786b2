package movetask

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/redriveq/redrive/queue"
)

// maxStep bounds the messages of one step, for which other calls of the broker
// have to wait.
const maxStep = 256

// retryAfter is how long a task waits after its store has failed.
const retryAfter = time.Second

// A worker makes the steps of one task until it is final. Each step asks the
// clock how many messages it may move, and the broker whether the task is still
// running, so it makes no difference when, how often and why the worker wakes
// up.
type worker struct {
	m      *Manager
	id     queue.TaskID
	source queue.QueueRef
	endAt  time.Time     // when the task has timed out; the zero time: never
	wake   chan struct{} // has an element if the next step is to be made at once

	pace    pace // these two belong to the worker's goroutine
	failing bool // the last step has failed

	done chan struct{} // closed when the worker has ended, and task, err and lost are final
	err  error         // why it has ended, and the task has not
	lost bool          // the source was deleted

	mu   sync.Mutex     // guards the two below
	task queue.MoveTask // as last known
	next plannedStep
}

// A plannedStep is the step that a worker makes next.
type plannedStep struct {
	dueAt time.Time     // the zero time: at once, without a rest
	made  chan struct{} // closed when it has been made and the one after it is planned
}

// newWorker returns a worker of the task, whose first step is due.
func newWorker(m *Manager, task queue.MoveTask, p pace) *worker {
	w := &worker{
		m:      m,
		id:     task.ID,
		source: task.Source,
		wake:   make(chan struct{}, 1),
		pace:   p,
		done:   make(chan struct{}),
		task:   task,
		next:   plannedStep{made: make(chan struct{})},
	}
	if d := task.Move.MaxDuration; d > 0 {
		w.endAt = task.StartedAt.Add(d)
	}
	return w
}

// run works until the task is final, the Manager is closed, or the broker is.
func (w *worker) run() {
	defer w.m.retire(w)
	for w.step() {
		w.rest()
	}
}

// step makes one step and reports whether there is to be another.
func (w *worker) step() (more bool) {
	b := w.m.broker
	allowed := w.pace.allow(b.Clock().Now())
	task, err := b.StepMove(w.m.ctx, w.id, min(allowed, maxStep))
	w.failing = err != nil
	switch {
	case err == nil:
		w.pace.moved(task.Moved-w.known().Moved, b.Clock().Now())
		w.note(task)
		return task.State.Active()
	case errors.Is(err, queue.ErrNoTask):
		w.note(w.sourceGone())
		w.lost = true
		return false
	case w.m.ctx.Err() != nil:
		w.err = ErrClosed
		return false
	case errors.Is(err, queue.ErrClosed):
		w.err = queue.ErrClosed
		return false
	}
	w.m.log.ErrorContext(w.m.ctx, "step of move task failed, trying again", "task", w.id, "source", w.source.Name, "error", err)
	return true
}

// rest plans the next step and waits until it is due or somebody wants it now.
func (w *worker) rest() {
	now := w.m.broker.Clock().Now()
	idle := w.idle(now)
	if idle == 0 {
		w.plan(time.Time{})
		return
	}
	rung, stop := w.m.alarm(idle)
	defer stop()
	w.plan(now.Add(idle)) // whoever moves a mock clock now finds the timer set
	select {
	case <-rung:
	case <-w.wake:
	case <-w.m.ctx.Done():
	}
}

// idle returns for how long after now there is nothing to do.
func (w *worker) idle(now time.Time) time.Duration {
	if w.failing {
		return retryAfter
	}
	left := w.endAt.Sub(now)
	if left <= 0 { // there is no end, or the last step would have found it
		left = math.MaxInt64
	}
	return min(w.pace.wait(now), left)
}

// plan notes when the next step is due, and that the last one has been made.
func (w *worker) plan(dueAt time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.next.made)
	w.next = plannedStep{dueAt: dueAt, made: make(chan struct{})}
}

// catchUp waits until the step has been made that is due, if one is, whether a
// timer has fired or not.
func (w *worker) catchUp(ctx context.Context) {
	w.mu.Lock()
	next := w.next
	w.mu.Unlock()
	if !next.dueAt.IsZero() {
		if w.m.broker.Clock().Now().Before(next.dueAt) {
			return
		}
		w.nudge()
	}
	select {
	case <-next.made:
	case <-w.done:
	case <-ctx.Done():
	}
}

// nudge has the worker make a step at once, or one more if it is making one.
func (w *worker) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// wait returns the task when it is final, and as last known beside an error.
func (w *worker) wait(ctx context.Context) (queue.MoveTask, error) {
	select {
	case <-w.done:
		return w.known(), w.err
	case <-ctx.Done():
		return w.known(), context.Cause(ctx)
	}
}

// known returns the task as last known.
func (w *worker) known() queue.MoveTask {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.task
}

// note notes how the task stands, unless something later is known.
func (w *worker) note(task queue.MoveTask) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if task.State > w.task.State || task.State == w.task.State && task.Moved > w.task.Moved {
		w.task = task
	}
}

// sourceGone returns the task as it has ended by the deletion of its source. If
// it was cancelled before, it has been cancelled.
func (w *worker) sourceGone() queue.MoveTask {
	task := w.known()
	task.EndedAt = w.m.broker.Clock().Now().Round(0).UTC()
	if task.EndedAt.Before(task.StartedAt) { // the clock has stepped back
		task.EndedAt = task.StartedAt
	}
	if task.State == queue.MoveCancelling {
		task.State = queue.MoveCancelled
	} else {
		task.State, task.Failure = queue.MoveFailed, queue.MoveSourceGone
	}
	return task
}

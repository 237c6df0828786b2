package xfer

import (
	"slices"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A Task is a transfer as it stands. Waiting, Transferred, Restored and Failed
// add up to Total at every instant.
//
// A message is counted by the task that transferred it last: when a later task
// takes it on, or somebody removes it from a transfer queue, this one no longer
// counts it.
type Task struct {
	ID        queue.TaskID
	To        string // the name of the queue or of the target
	Reason    string
	State     State
	StartedAt time.Time // of the wall clock, like EndedAt
	EndedAt   time.Time // the zero time until Wait would return

	Total       int
	Waiting     int // in a transfer queue, those that are being sent included
	Transferred int // accepted by the target; or have come to the queue and were not restored
	Restored    int // put back by a cancel, or since the queue was their home
	Failed      int // refused by the target, and put back

	// Err is what stopped the drain before all that was meant was transferred, such
	// as [queue.ErrQueueFull] or [queue.ErrNoDestination]; nil if nothing did.
	Err error
}

// A State says how far a transfer has come.
type State uint8

// The states of a transfer.
const (
	StateDraining  State = iota + 1 // its queues are being drained
	StateSending                    // messages wait for the target
	StateDone                       // none does
	StateCancelled                  // all of it or a part was cancelled
)

// String returns the state in one lower-case word.
func (s State) String() string {
	switch s {
	case StateDraining:
		return "draining"
	case StateSending:
		return "sending"
	case StateDone:
		return "done"
	case StateCancelled:
		return "cancelled"
	}
	return "invalid state"
}

// maxTasks is how many tasks are kept that have ended.
const maxTasks = 1000

// A task is a transfer. The Manager's mutex guards the second half.
type task struct {
	id        queue.TaskID
	order     Order
	to        string
	startedAt time.Time
	drained   chan struct{} // closed when the drain has ended
	ended     chan struct{} // closed when Wait may return

	parts     []*part
	cancelled *CancelOptions // of the whole task; nil if it was not
	err       error
	isDrained bool
	endedAt   time.Time
}

// A part is what a task has in one place: in one queue of the broker, or in the
// transfer queues of a target, of which there is one of each kind. The Manager's
// mutex guards what can change.
type part struct {
	task  *task
	place queue.QueueRef
	lane  *lane // nil if the place is no transfer queue

	cancelled *CancelOptions // the fence; nil if there is none

	waiting, transferred, restored, failed int

	homeless int // of those that wait, put aside since they have no way home
	told     int // of those restored, told to the canceller
}

func (m *Manager) newTask(o Order) *task {
	t := &task{
		id:        newTaskID(),
		order:     o,
		to:        o.destination(),
		startedAt: m.history.now().Round(0).UTC(),
		drained:   make(chan struct{}),
		ended:     make(chan struct{}),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	m.tasks[t.id] = t
	m.order = append(m.order, t)
	return t
}

// forget makes room for a task.
func (m *Manager) forget() {
	excess := len(m.order) - maxTasks + 1
	m.order = slices.DeleteFunc(m.order, func(t *task) bool {
		if excess <= 0 || t.endedAt.IsZero() || t.waiting() > 0 {
			return false
		}
		excess--
		delete(m.tasks, t.id)
		return true
	})
}

func (m *Manager) describe(t *task) Task {
	m.mu.Lock()
	defer m.mu.Unlock()
	return t.describe()
}

func (t *task) describe() Task {
	d := Task{ID: t.id, To: t.to, Reason: t.order.Reason, State: t.state(), StartedAt: t.startedAt, EndedAt: t.endedAt, Err: t.err}
	for _, p := range t.parts {
		d.Waiting += p.waiting
		d.Transferred += p.transferred
		d.Restored += p.restored
		d.Failed += p.failed
	}
	d.Total = d.Waiting + d.Transferred + d.Restored + d.Failed
	return d
}

func (t *task) state() State {
	switch {
	case t.isCancelled():
		return StateCancelled
	case !t.isDrained:
		return StateDraining
	case t.waiting() > 0:
		return StateSending
	}
	return StateDone
}

func (t *task) isCancelled() bool {
	return t.cancelled != nil || slices.ContainsFunc(t.parts, func(p *part) bool { return p.cancelled != nil })
}

func (t *task) waiting() (n int) {
	for _, p := range t.parts {
		n += p.waiting
	}
	return n
}

// settle notes that the task has ended, if it has.
func (t *task) settle(now time.Time) {
	if !t.isDrained || !t.endedAt.IsZero() {
		return
	}
	for _, p := range t.parts {
		if p.waiting > p.homeless || p.cancelled == nil && p.waiting > 0 {
			return
		}
	}
	t.endedAt = now.Round(0).UTC()
	close(t.ended)
}

// change makes a change of the counts of parts.
func (m *Manager) change(f func(), parts ...*part) {
	now := m.history.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	for _, p := range parts {
		if p != nil {
			p.task.settle(now)
		}
	}
}

// leave counts a message that waits no more. One that the part did not know of,
// since the answer of the engine was lost, has waited too.
func (p *part) leave(count *int) {
	*count++
	p.waiting = max(0, p.waiting-1)
}

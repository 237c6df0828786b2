package linear

import (
	"errors"
	"maps"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
)

// A TaskOp is a kind of call that concerns move tasks.
type TaskOp uint8

// The kinds of call of spec C.
const (
	TaskStart TaskOp = iota + 1
	TaskStep
	TaskCancel
	TaskLookup
	TaskList
	TaskSend  // to the source
	TaskCount // of the source and of all destinations
)

var taskOpNames = [...]string{TaskStart: "start", TaskStep: "step", TaskCancel: "cancel",
	TaskLookup: "look up", TaskList: "list", TaskSend: "send", TaskCount: "count"}

// String returns the name of the kind.
func (o TaskOp) String() string { return taskOpNames[o] }

// A TaskCall is what a client asked for.
type TaskCall struct {
	Op          TaskOp
	Task        queue.TaskID // of a step, cancel or look-up
	Destination int          // of a start, or where a count looks; the source is -1
	N           int          // most messages of a step, messages of a send
}

// A TaskAnswer is what the client got.
type TaskAnswer struct {
	Tasks []TaskView // one, or those of a list
	Count int
	Err   error // ErrMoveActive, ErrNotRunning, ErrNoTask or nil
}

// A TaskView is what an answer tells of a task.
type TaskView struct {
	ID           queue.TaskID
	State        queue.MoveState
	Total, Moved int
}

func view(t queue.MoveTask) TaskView {
	return TaskView{ID: t.ID, State: t.State, Total: t.Total, Moved: t.Moved}
}

// A mover is the state of spec C: one source with its tasks, and how many
// messages are where. Nothing but tasks takes messages out of the source, so a
// task that is running finds all of its total.
type mover struct {
	waiting   int   // in the source
	arrived   []int // in each destination
	tasks     []movingTask
	forgotten map[queue.TaskID]bool
}

type movingTask struct {
	TaskView
	destination int
}

// taskModel is spec C.
func taskModel(destinations int) porcupine.Model {
	return porcupine.Model{
		Init: func() any {
			return &mover{arrived: make([]int, destinations), forgotten: make(map[queue.TaskID]bool)}
		},
		Step: func(state, input, output any) (bool, any) {
			next := state.(*mover).clone()
			ok := next.step(input.(TaskCall), output.(TaskAnswer))
			return ok, next
		},
		Equal: func(x, y any) bool {
			a, b := x.(*mover), y.(*mover)
			return a.waiting == b.waiting && slices.Equal(a.arrived, b.arrived) && slices.Equal(a.tasks, b.tasks) &&
				maps.Equal(a.forgotten, b.forgotten)
		},
	}
}

func (m *mover) clone() *mover {
	return &mover{m.waiting, slices.Clone(m.arrived), slices.Clone(m.tasks), maps.Clone(m.forgotten)}
}

// active returns the task that is active, or nil.
func (m *mover) active() *movingTask {
	for i := range m.tasks {
		if m.tasks[i].State.Active() {
			return &m.tasks[i]
		}
	}
	return nil
}

func (m *mover) find(id queue.TaskID) *movingTask {
	for i := range m.tasks {
		if m.tasks[i].ID == id {
			return &m.tasks[i]
		}
	}
	return nil
}

// step applies a call and reports whether the answer is the one that the
// contract asks for.
func (m *mover) step(c TaskCall, got TaskAnswer) bool {
	switch c.Op {
	case TaskStart:
		return m.start(c, got)
	case TaskList:
		return m.list(got)
	case TaskSend:
		m.waiting += c.N
		return true
	case TaskCount:
		return got.Count == m.count(c.Destination)
	}
	t := m.find(c.Task)
	if t == nil {
		return m.forgotten[c.Task] && errors.Is(got.Err, queue.ErrNoTask)
	}
	var err error
	switch c.Op {
	case TaskStep:
		m.move(t, c.N)
	case TaskCancel:
		err = t.cancel()
	}
	return errors.Is(got.Err, err) && len(got.Tasks) == 1 && got.Tasks[0] == t.TaskView
}

func (m *mover) count(destination int) int {
	if destination < 0 {
		return m.waiting
	}
	return m.arrived[destination]
}

func (m *mover) start(c TaskCall, got TaskAnswer) bool {
	if m.active() != nil {
		return errors.Is(got.Err, queue.ErrMoveActive)
	}
	if got.Err != nil || len(got.Tasks) != 1 {
		return false
	}
	t := TaskView{ID: got.Tasks[0].ID, State: queue.MoveRunning, Total: m.waiting}
	m.tasks = append(m.tasks, movingTask{TaskView: t, destination: c.Destination})
	if len(m.tasks) > driver.MoveHistory {
		m.forgotten[m.tasks[0].ID] = true
		m.tasks = m.tasks[1:]
	}
	return got.Tasks[0] == t
}

// list is the newest first.
func (m *mover) list(got TaskAnswer) bool {
	var want []TaskView
	for _, t := range m.tasks {
		want = append([]TaskView{t.TaskView}, want...)
	}
	return slices.Equal(got.Tasks, want)
}

func (m *mover) move(t *movingTask, most int) {
	switch t.State {
	case queue.MoveCancelling:
		t.State = queue.MoveCancelled
	case queue.MoveRunning:
		n := min(most, t.Total-t.Moved)
		t.Moved += n
		m.waiting -= n
		m.arrived[t.destination] += n
		if t.Moved == t.Total {
			t.State = queue.MoveCompleted
		}
	}
}

func (t *movingTask) cancel() error {
	if t.State != queue.MoveRunning {
		return queue.ErrNotRunning
	}
	t.State = queue.MoveCancelling
	return nil
}

package memqueue

import (
	"maps"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A task is a move task. It stands with its source, under whose lock it is.
type task struct {
	driver.MoveTask
	last uint64 // the sequence of the message that it looked at last
	upTo uint64 // that of the last message that was in the source at its start
}

// view returns the task as it stands. It shares no memory with the task.
func (t *task) view() driver.MoveTask {
	view := t.MoveTask
	view.Move = cloneMove(t.Move)
	return view
}

func cloneMove(m driver.Move) driver.Move {
	m.Filter.Attributes = maps.Clone(m.Filter.Attributes)
	if m.Filter.Group != nil {
		m.Filter.Group = new(*m.Filter.Group)
	}
	return m
}

func (t *task) end(state driver.MoveState, failure driver.MoveFailure, now time.Time) {
	t.State, t.Failure, t.EndedAt = state, failure, now
}

// begin reports whether a step may move messages. If it may not, because the
// task is being cancelled or its time is over, the task is final then.
func (t *task) begin(now time.Time) bool {
	switch {
	case t.State == driver.MoveCancelling:
		t.end(driver.MoveCancelled, 0, now)
	case t.State == driver.MoveRunning && t.isTimedOut(now):
		t.end(driver.MoveFailed, driver.MoveTimedOut, now)
	}
	return t.State == driver.MoveRunning
}

// cancel keeps the task from moving anything further.
func (t *task) cancel() error {
	if t.State != driver.MoveRunning {
		return driver.ErrNotRunning
	}
	t.State = driver.MoveCancelling
	return nil
}

func (t *task) isTimedOut(now time.Time) bool {
	return t.Move.MaxDuration > 0 && !now.Before(t.StartedAt.Add(t.Move.MaxDuration))
}

// means reports whether the task moves the record. It never moves more than it
// counted at its start, also if others came back to their places meanwhile.
func (t *task) means(r *record) bool {
	return r.state == driver.Visible && t.Moved < t.Total && r.matches(&t.Move.Filter)
}

// destination returns the queue to which the record goes, 0 if there is none.
func (t *task) destination(r *record) driver.QueueID {
	if t.Move.Destination != 0 {
		return t.Move.Destination
	}
	return r.origin.ID
}

// newTask returns a task for what is in the queue now. It has no ID yet.
func (s *state) newTask(m driver.Move, destination driver.QueueRef) *task {
	t := &task{MoveTask: driver.MoveTask{
		Move:        cloneMove(m),
		Source:      s.ref,
		Destination: destination,
		State:       driver.MoveRunning,
		StartedAt:   s.now,
		Total:       s.meant(&m.Filter),
	}}
	if m.Limit > 0 {
		t.Total = min(t.Total, m.Limit)
	}
	if s.roll.tail != 0 {
		t.upTo = s.slab.at(s.roll.tail).sequence
	}
	return t
}

// meant counts the records that the filter means.
func (s *state) meant(f *driver.Filter) int {
	if len(f.Attributes) == 0 && f.Group == nil && f.Origin == "" {
		return s.roll.counts.total()
	}
	count := 0
	for n := s.roll.head(); n != 0; n = s.slab.at(n).after {
		if s.slab.at(n).matches(f) {
			count++
		}
	}
	return count
}

// keep takes in a task. It returns the one that is no longer kept for it, nil
// if there is none: an ended one, for the active one is the latest.
func (s *state) keep(t *task) (forgotten *task) {
	if len(s.tasks) == driver.MoveHistory {
		forgotten = s.tasks[0]
		s.tasks = slices.Delete(s.tasks, 0, 1)
	}
	s.tasks = append(s.tasks, t)
	return forgotten
}

// activeTask returns the active task of which the queue is the source, or nil.
func (s *state) activeTask() *task {
	if last := len(s.tasks) - 1; last >= 0 && s.tasks[last].State.Active() {
		return s.tasks[last]
	}
	return nil
}

// task returns the task of that ID, or nil.
func (s *state) task(id driver.TaskID) *task {
	for _, t := range s.tasks {
		if t.ID == id {
			return t
		}
	}
	return nil
}

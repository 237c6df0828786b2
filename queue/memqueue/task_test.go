package memqueue

import (
	"errors"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// TestTaskStates takes tasks through their life. Each row is one: when what
// happens to it, and how it stands after that.
func TestTaskStates(t *testing.T) {
	start := time.Unix(1000, 0)
	begin := func(may bool) func(*task, time.Time) bool {
		return func(x *task, now time.Time) bool { return x.begin(now) == may }
	}
	cancel := func(want error) func(*task, time.Time) bool {
		return func(x *task, _ time.Time) bool { return errors.Is(x.cancel(), want) }
	}
	type event struct {
		after time.Duration
		do    func(*task, time.Time) bool
		state driver.MoveState
	}
	for _, row := range []struct {
		name    string
		most    time.Duration
		events  []event
		failure driver.MoveFailure
		ended   time.Duration // after the start
	}{
		{"times out at the very instant", time.Minute, []event{
			{time.Minute - 1, begin(true), driver.MoveRunning},
			{time.Minute, begin(false), driver.MoveFailed},
			{time.Hour, begin(false), driver.MoveFailed},
			{time.Hour, cancel(driver.ErrNotRunning), driver.MoveFailed},
		}, driver.MoveTimedOut, time.Minute},
		{"is cancelled, also after its time", time.Minute, []event{
			{1, cancel(nil), driver.MoveCancelling},
			{2, cancel(driver.ErrNotRunning), driver.MoveCancelling},
			{time.Hour, begin(false), driver.MoveCancelled},
			{time.Hour + 1, begin(false), driver.MoveCancelled},
			{time.Hour + 1, cancel(driver.ErrNotRunning), driver.MoveCancelled},
		}, 0, time.Hour},
		{"runs for ever", 0, []event{
			{1 << 62, begin(true), driver.MoveRunning},
		}, 0, -1},
	} {
		x := &task{MoveTask: driver.MoveTask{Move: driver.Move{MaxDuration: row.most}, State: driver.MoveRunning, StartedAt: start}}
		for i, e := range row.events {
			if !e.do(x, start.Add(e.after)) || x.State != e.state {
				t.Fatalf("%s, step %d: got state %v or another answer, want %v", row.name, i, x.State, e.state)
			}
		}
		ended := start.Add(row.ended)
		if row.ended < 0 {
			ended = time.Time{}
		}
		if x.Failure != row.failure || !x.EndedAt.Equal(ended) {
			t.Errorf("%s: got failure %v, end %v, want %v, %v", row.name, x.Failure, x.EndedAt, row.failure, ended)
		}
	}
}

// TestTasks checks that nothing is left of tasks that are no longer kept, and
// that a source takes all of its own along.
func TestTasks(t *testing.T) {
	x := newTasks()
	ids := newIDs(make([]byte, 16))
	var sources [2]*queue
	for i := range sources {
		q := &queue{state: newState(driver.QueueRef{ID: driver.QueueID(i + 1)}, driver.Attributes{}, ids, time.Time{})}
		sources[i] = q
		for n := range 3 * driver.MoveHistory {
			started := &task{MoveTask: driver.MoveTask{ID: driver.TaskID{byte(i), byte(n)}, State: driver.MoveRunning}}
			if !x.begin() {
				t.Fatalf("source %d: task %d could not begin", i, n)
			}
			x.add(started, q, q.state.keep(started))
			if n%2 == 0 {
				started.State = driver.MoveCompleted
				x.end()
			}
		}
	}
	check := func(when string, kept, active int) {
		t.Helper()
		if len(x.sources) != kept || x.active != active {
			t.Fatalf("%s: %d tasks are known and %d active, want %d and %d", when, len(x.sources), x.active, kept, active)
		}
	}
	check("after the starts", 2*driver.MoveHistory, 3*driver.MoveHistory)
	x.drop(sources[0])
	check("without the first source", driver.MoveHistory, 3*driver.MoveHistory-driver.MoveHistory/2)
	if got := x.source(driver.TaskID{0, 3*driver.MoveHistory - 1}); got != nil {
		t.Error("found the source of a task that it took along")
	}
	if got := x.source(driver.TaskID{1, 3*driver.MoveHistory - 1}); got != sources[1] {
		t.Error("did not find the source of a task that is kept")
	}
}

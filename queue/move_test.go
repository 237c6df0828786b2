package queue_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A depot is a rig whose queue q, and another one, have a dead-letter queue.
type depot struct {
	*rig
	other, dead *queue.Queue
}

func newDepot(t tester, c queue.Config, patch queue.Patch) *depot {
	d := &depot{rig: newRig(t, c, patch)}
	d.dead = d.create("dead", patch)
	policy := queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: 1}}
	d.must(d.q.SetAttributes(d.ctx(), policy))
	patch.DeadLetter = policy.DeadLetter
	d.other = d.create("other", patch)
	return d
}

// bury sends messages to the queue and lets them go to the dead-letter queue.
func (d *depot) bury(q *queue.Queue, bodies ...string) {
	d.t.Helper()
	for _, body := range bodies {
		_, err := q.Send(d.ctx(), message(body))
		d.must(err)
		d.must(q.ChangeVisibility(d.ctx(), d.take(q, hour).Receipt, 0))
		got, err := q.Receive(d.ctx(), &queue.ReceiveOptions{Wait: noWait})
		if answer(got, err) != "-" {
			d.t.Fatalf("receive of an exhausted message: got %s, want nothing", answer(got, err))
		}
	}
}

func (r *rig) startMove(m queue.Move) queue.MoveTask {
	r.t.Helper()
	task, err := r.b.StartMove(r.ctx(), m, false)
	r.must(err)
	return task
}

func (r *rig) stepMove(id queue.TaskID, max int) queue.MoveTask {
	r.t.Helper()
	task, err := r.b.StepMove(r.ctx(), id, max)
	r.must(err)
	return task
}

func (r *rig) wantMove(step string, got queue.MoveTask, want string) {
	r.t.Helper()
	text := fmt.Sprintf("%v, %d of %d", got.State, got.Moved, got.Total)
	if got.Failure != 0 {
		text += ": " + got.Failure.String()
	}
	if text != want {
		r.t.Errorf("%s: the move task is %q, want %q", step, text, want)
	}
}

// I17: what a step moves wakes those who wait for it at once, each in the queue
// that its message came from.
func TestMovesWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, queue.Config{}, queue.Patch{})
		d.bury(d.q, "q1")
		d.bury(d.other, "o1")
		d.bury(d.q, "q2")
		task := d.startMove(queue.Move{Source: d.dead.ID()})
		home, other := d.waitFor(d.q, 3, hour), d.waitFor(d.other, 2, hour)
		d.pass(1 * s)
		d.wantMove("the first step", d.stepMove(task.ID, 1), "running, 1 of 3")
		synctest.Wait()
		home.want(t, "q1 at 1s, waits, waits")
		other.want(t, "waits, waits")
		d.pass(1 * s)
		d.wantMove("the last step", d.stepMove(task.ID, 10), "completed, 3 of 3")
		synctest.Wait()
		home.want(t, "q1 at 1s, q2 at 2s, waits")
		other.want(t, "o1 at 2s, waits")
	})
}

// What fell due for a receive that waits on the source is its, though no timer
// has fired, and is not moved.
func TestMovesCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
		other := r.create("other", queue.Patch{})
		r.sendLater("a", 5*s)
		r.sendLater("b", 6*s)
		task := r.startMove(queue.Move{Source: r.q.ID(), Destination: other.ID(), AnySource: true})
		all := r.waitFor(r.q, 1, hour)
		r.pass(10 * s)
		r.wantMove("after the jump", r.stepMove(task.ID, 10), "completed, 1 of 2")
		synctest.Wait()
		all.want(t, "a at 10s")
		r.wantCounts(other, 1, 0, 0)
	})
}

// What is wrong with a move task is refused by name or by its own error, and
// changes nothing.
func TestRefusedMoves(t *testing.T) {
	for _, p := range profiles {
		d := newDepot(t, queue.Config{Clock: newStepping(noon), Profile: p.make()}, queue.Patch{})
		name := "fifo"
		if p.make().FIFOSuffix {
			name = "f.fifo"
		}
		fifo := d.create(name, queue.Patch{FIFO: new(true)})
		gone := d.create("gone", queue.Patch{})
		d.must(d.b.DeleteQueue(d.ctx(), "gone"))
		d.bury(d.q, "a")
		most := map[string]int{"core": 1 << 30, "sqs": 500, "ymq": 500, "cmq": 1 << 30}[p.name]
		source, q := d.dead.ID(), d.q.ID()
		tests := []struct {
			name  string
			move  queue.Move
			err   error
			field string
		}{
			{"negative rate", queue.Move{Source: source, Rate: -1}, queue.ErrInvalid, "rate"},
			{"negative limit", queue.Move{Source: source, Limit: -1}, queue.ErrInvalid, "limit"},
			{"negative duration", queue.Move{Source: source, MaxDuration: -1}, queue.ErrInvalid, "duration"},
			{"no source", queue.Move{}, queue.ErrNoQueue, ""},
			{"source gone", queue.Move{Source: gone.ID(), Destination: gone.ID()}, queue.ErrNoQueue, ""},
			{"no dead-letter queue", queue.Move{Source: q, Destination: gone.ID()}, queue.ErrNotDeadLetterQueue, ""},
			{"destination gone", queue.Move{Source: source, Destination: gone.ID()}, queue.ErrNoDestination, ""},
			{"the same queue", queue.Move{Source: source, Destination: source}, queue.ErrInvalid, "destination"},
			{"another kind", queue.Move{Source: source, Destination: fifo.ID()}, queue.ErrInvalid, "destination"},
		}
		if most == 500 {
			tests = append(tests, tests[0])
			tests[len(tests)-1].name, tests[len(tests)-1].move.Rate = "high rate", most+1
		}
		for _, test := range tests {
			for _, dryRun := range []bool{false, true} {
				what := fmt.Sprintf("%s: %s, dry run %t", p.name, test.name, dryRun)
				d.unchanged(what, func() {
					_, err := d.b.StartMove(d.ctx(), test.move, dryRun)
					if !errors.Is(err, test.err) {
						t.Errorf("%s: got error %v, want %v", what, err, test.err)
					}
					if test.field != "" && test.field != "destination" {
						wantInvalid(t, what, err, test.field)
					}
				})
			}
		}
		would, err := d.b.StartMove(d.ctx(), queue.Move{Source: source, Rate: most}, true)
		d.must(err)
		if would.ID != (queue.TaskID{}) || would.Total != 1 || would.Move.MaxDuration != 36*hour {
			t.Errorf("%s: a dry run answers %+v, want no ID, a total of 1, and 36 hours", p.name, would)
		}
		task := d.startMove(queue.Move{Source: source, Rate: most})
		if _, err := d.b.StartMove(d.ctx(), queue.Move{Source: source}, false); !errors.Is(err, queue.ErrMoveActive) {
			t.Errorf("%s: a second task: got error %v, want %v", p.name, err, queue.ErrMoveActive)
		}
		for _, max := range []int{-1, 10_001} {
			_, err := d.b.StepMove(d.ctx(), task.ID, max)
			wantInvalid(t, fmt.Sprintf("%s: a step of %d", p.name, max), err, "number of messages")
		}
		d.wantMove("a step of 10,000", d.stepMove(task.ID, 10_000), "completed, 1 of 1")
	}
}

// A task runs as long as it says, or as the profile does, to the nanosecond.
func TestMaxMoveDuration(t *testing.T) {
	for _, own := range []time.Duration{0, hour} {
		d := newDepot(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
		d.bury(d.q, "a", "b", "c")
		task := d.startMove(queue.Move{Source: d.dead.ID(), MaxDuration: own})
		span := own
		if own == 0 {
			span = 36 * hour
		}
		d.pass(span - 1)
		d.wantMove("a nanosecond early", d.stepMove(task.ID, 1), "running, 1 of 3")
		d.pass(1)
		d.wantMove("at the end", d.stepMove(task.ID, 1), "failed, 1 of 3: timed out")
	}
}

// Every error of a task, and what it looks like in the listings.
func TestMoveTasks(t *testing.T) {
	d := newDepot(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	for _, id := range []queue.TaskID{{}, {1}} {
		_, step := d.b.StepMove(d.ctx(), id, 1)
		_, cancel := d.b.CancelMove(d.ctx(), id)
		_, lookup := d.b.LookupMove(d.ctx(), id)
		for _, err := range []error{step, cancel, lookup} {
			if !errors.Is(err, queue.ErrNoTask) {
				t.Errorf("task %v: got error %v, want %v", id, err, queue.ErrNoTask)
			}
		}
	}
	d.bury(d.q, "a", "b")
	task := d.startMove(queue.Move{Source: d.dead.ID()})
	if parsed, err := queue.ParseTaskID(task.ID.String()); err != nil || parsed != task.ID {
		t.Errorf("parsed %v to %v and error %v", task.ID, parsed, err)
	}
	active, err := d.b.ActiveMoves(d.ctx())
	d.must(err)
	if len(active) != 1 || active[0].ID != task.ID {
		t.Errorf("%d tasks are active, want the one that was started", len(active))
	}
	d.stepMove(task.ID, 1)
	got, err := d.b.CancelMove(d.ctx(), task.ID)
	d.must(err)
	d.wantMove("cancelled", got, "cancelling, 1 of 2")
	got, err = d.b.CancelMove(d.ctx(), task.ID)
	if !errors.Is(err, queue.ErrNotRunning) {
		t.Errorf("second cancel: got error %v, want %v", err, queue.ErrNotRunning)
	}
	d.wantMove("cancelled twice", got, "cancelling, 1 of 2")
	d.wantMove("the step after", d.stepMove(task.ID, 1), "cancelled, 1 of 2")
	d.wantMove("another step", d.stepMove(task.ID, 1), "cancelled, 1 of 2")

	// Trap D29: the next task on the source is not cancelled by the old one.
	next := d.startMove(queue.Move{Source: d.dead.ID()})
	d.wantMove("a step of the old task", d.stepMove(task.ID, 1), "cancelled, 1 of 2")
	d.wantMove("a step of the next task", d.stepMove(next.ID, 1), "completed, 1 of 1")
	tasks, err := d.dead.Moves(d.ctx())
	d.must(err)
	if len(tasks) != 2 || tasks[0].ID != next.ID || tasks[1].ID != task.ID {
		t.Errorf("listed %d tasks, want the next and the first", len(tasks))
	}
	looked, err := d.b.LookupMove(d.ctx(), task.ID)
	d.must(err)
	d.wantMove("looked up", looked, "cancelled, 1 of 2")
	if got, _ := d.b.ActiveMoves(d.ctx()); len(got) != 0 {
		t.Errorf("%d tasks are active, want none", len(got))
	}
	d.must(d.b.DeleteQueue(d.ctx(), "dead"))
	if _, err := d.b.LookupMove(d.ctx(), task.ID); !errors.Is(err, queue.ErrNoTask) {
		t.Errorf("task of a deleted source: got error %v, want %v", err, queue.ErrNoTask)
	}
}

// Traps D27 and D28: a cancel is state. While steps are made on other goroutines
// exactly one of many cancels succeeds, and the count that it gives is final.
func TestCancelMoveRacesSteps(t *testing.T) {
	for range 100 {
		r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
		other := r.create("other", queue.Patch{})
		for range 10 {
			r.send(make([]string, 20)...)
		}
		task := r.startMove(queue.Move{Source: r.q.ID(), Destination: other.ID(), AnySource: true})
		var mu sync.Mutex
		var counts []int
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				for range 100 {
					if _, err := r.b.StepMove(r.ctx(), task.ID, 1); err != nil {
						t.Errorf("step: got error %v, want none", err)
					}
				}
			})
			all.Go(func() {
				got, err := r.b.CancelMove(r.ctx(), task.ID)
				if err != nil && !errors.Is(err, queue.ErrNotRunning) {
					t.Errorf("cancel: got error %v, want none or %v", err, queue.ErrNotRunning)
				}
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					counts = append(counts, got.Moved)
				} else if got.State == queue.MoveRunning {
					t.Errorf("a cancel that came second found the task %v", got.State)
				}
			})
		}
		all.Wait()
		if len(counts) > 1 {
			t.Fatalf("%d cancels succeeded, want one", len(counts))
		}
		if len(counts) == 0 {
			continue // the task was completed before
		}
		final := r.stepMove(task.ID, 100)
		if n := r.counts(other)[0]; final.Moved != counts[0] || n != counts[0] {
			t.Fatalf("%d were moved when the cancel returned, then %d, and %d have arrived", counts[0], final.Moved, n)
		}
	}
}

// I4: a receipt of before a move opens nothing any more, neither where the
// message was nor where it is.
func TestReceiptsOverMove(t *testing.T) {
	for _, keep := range []bool{false, true} {
		r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{ReceiptPolicy: new(queue.Any)})
		other := r.create("other", queue.Patch{ReceiptPolicy: new(queue.Any)})
		r.send("a")
		held := r.take(r.q, 10*s)
		r.pass(10 * s)
		there := r.startMove(queue.Move{Source: r.q.ID(), Destination: other.ID(), AnySource: true, KeepIdentity: keep})
		r.wantMove("there", r.stepMove(there.ID, 1), "completed, 1 of 1")
		r.unchanged("the receipt", func() {
			if err := r.q.Delete(r.ctx(), held.Receipt); !errors.Is(err, queue.ErrMessageGone) {
				t.Errorf("keep %t: delete where it was: got error %v, want %v", keep, err, queue.ErrMessageGone)
			}
			if err := other.Delete(r.ctx(), held.Receipt); !errors.Is(err, queue.ErrWrongQueue) {
				t.Errorf("keep %t: delete where it is: got error %v, want %v", keep, err, queue.ErrWrongQueue)
			}
			if err := r.q.ChangeVisibility(r.ctx(), held.Receipt, hour); !errors.Is(err, queue.ErrMessageGone) {
				t.Errorf("keep %t: change where it was: got error %v, want %v", keep, err, queue.ErrMessageGone)
			}
		})
		got := r.take(other, hour)
		if same := got.ID == held.ID; same != keep || keep && got.Fence <= held.Fence {
			t.Errorf("keep %t: moved %v with fence %d to %v with fence %d", keep, held.ID, held.Fence, got.ID, got.Fence)
		}
	}
}

package memqueue_test

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// TestCensus moves, transfers, restores, dead-letters, cancels, receives and
// deletes messages of three queues at once, in all directions. It ends only if
// locks are taken in one order, and in the end every message that was not
// deleted or cancelled is there once.
func TestCensus(t *testing.T) {
	const messages, rounds = 600, 150
	d := newDepot(t, 3, driver.Attributes{})
	for i, name := range []string{"q1", "q2"} {
		policy := &driver.DeadLetter{Queue: name, MaxReceives: 3}
		_, err := d.SetAttributes(t.Context(), d.now, d.queues[i], driver.Patch{DeadLetter: policy})
		d.must(err)
	}
	var sent []driver.MessageID
	for i := range d.queues {
		sent = append(sent, d.fill(i, messages, plain)...)
	}
	var gone sync.Map // those that were deleted or cancelled
	var wg sync.WaitGroup
	repeat := func(f func(round int) error) {
		wg.Go(func() {
			for round := range rounds {
				if err := f(round); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			}
		})
	}
	for i, from := range d.queues {
		repeat(func(int) error {
			return d.moveSome(driver.Move{Source: from, AnySource: true, KeepIdentity: true, Limit: 20})
		})
		repeat(func(round int) error { return d.restoreSome(from, round) })
		repeat(func(round int) error { return d.receiveSome(from, round, &gone) })
		repeat(func(round int) error { return d.cancelOne(from, sent[(round*7+i*messages)%len(sent)], &gone) })
		for j, to := range d.queues {
			if i == j {
				continue
			}
			repeat(func(int) error {
				return d.moveSome(driver.Move{Source: from, AnySource: true, Destination: to, KeepIdentity: true, Limit: 20})
			})
			repeat(func(round int) error {
				_, err := d.Transfer(t.Context(), d.now, driver.Transfer{Task: driver.TaskID{byte(round%5 + 1)}, From: from, To: to, Max: 20, Look: 100})
				return err
			})
		}
	}
	wg.Wait()
	d.census(sent, &gone)
}

// moveSome runs a move task as far as it gets, if another one is not active.
func (d *depot) moveSome(move driver.Move) error {
	task, err := d.StartMove(d.Context(), d.now, move, false)
	if errors.Is(err, driver.ErrMoveActive) {
		return nil
	}
	for err == nil && task.State.Active() {
		var step driver.MoveStep
		step, err = d.StepMove(d.Context(), d.now, task.ID, 5, 20)
		task = step.Task
	}
	return err
}

// restoreSome restores messages of one task of a few, or of any.
func (d *depot) restoreSome(from driver.QueueID, round int) error {
	_, err := d.Restore(d.Context(), d.now, driver.Restore{From: from, Task: driver.TaskID{byte(round % 6)}, Max: 30, Look: 300})
	return err
}

// receiveSome receives a few messages, and deletes the first of them.
func (d *depot) receiveSome(from driver.QueueID, round int, gone *sync.Map) error {
	got, _, err := d.ReceiveTransfers(d.Context(), d.now, from, driver.Receive{Max: 5, Visibility: new(time.Duration(round % 10 / 9))})
	if err != nil || len(got.Deliveries) == 0 {
		return err
	}
	first := got.Deliveries[0]
	results, err := d.Delete(d.Context(), d.now, from, []driver.Receipt{first.Receipt})
	if err == nil && results[0].Outcome == driver.Deleted {
		d.isGone(gone, first.Info.ID)
	}
	return err
}

func (d *depot) cancelOne(from driver.QueueID, id driver.MessageID, gone *sync.Map) error {
	outcomes, err := d.Cancel(d.Context(), d.now, from, []driver.MessageID{id})
	if err == nil && outcomes[0] == driver.Cancelled {
		d.isGone(gone, id)
	}
	return err
}

// isGone notes that one call took a message out of all queues.
func (d *depot) isGone(gone *sync.Map, id driver.MessageID) {
	if _, twice := gone.LoadOrStore(id, true); twice {
		d.Errorf("message %v was taken twice", id)
	}
}

// census checks that every message is gone or in one queue, and that the
// queues count what they hold.
func (d *depot) census(sent []driver.MessageID, gone *sync.Map) {
	held := make(map[driver.MessageID]int)
	for i, queue := range d.queues {
		infos := d.list(i)
		for _, info := range infos {
			held[info.ID]++
		}
		stats, err := d.Stats(d.Context(), d.now, queue)
		d.must(err)
		if got := stats.Visible.Messages + stats.InFlight.Messages + stats.Delayed.Messages; got != len(infos) {
			d.Errorf("queue %d counts %d messages, want %d", i, got, len(infos))
		}
		if got := int(stats.Bytes); got != 100*len(infos) {
			d.Errorf("queue %d counts %d bytes, want %d", i, got, 100*len(infos))
		}
	}
	for _, id := range sent {
		want := 1
		if _, isGone := gone.Load(id); isGone {
			want = 0
		}
		if held[id] != want {
			d.Errorf("message %v is there %d times, want %d", id, held[id], want)
		}
	}
	if len(held) > len(sent) {
		d.Errorf("%d messages are there, and %d were sent", len(held), len(sent))
	}
}

// TestTasksInARow starts and cancels more tasks than can be active, on one
// source: each makes room for the next, and the latest are kept.
func TestTasksInARow(t *testing.T) {
	d := newDepot(t, 2, driver.Attributes{})
	d.fill(0, 1, plain)
	move := driver.Move{Source: d.queues[0], AnySource: true, Destination: d.queues[1]}
	var ids []driver.TaskID
	for range 2 * driver.MaxActiveMoves {
		task, err := d.StartMove(t.Context(), d.now, move, false)
		d.must(err)
		ids = append(ids, task.ID)
		_, err = d.CancelMove(t.Context(), d.now, task.ID)
		d.must(err)
		step, err := d.StepMove(t.Context(), d.now, task.ID, 1, 1)
		d.must(err)
		if step.Task.State != driver.MoveCancelled || step.Task.Moved != 0 {
			t.Fatalf("task %d: got %v, moved %d, want cancelled, 0", len(ids), step.Task.State, step.Task.Moved)
		}
	}
	tasks, err := d.ListMoves(t.Context(), d.queues[0], 100)
	d.must(err)
	if len(tasks) != driver.MoveHistory {
		t.Fatalf("%d tasks are kept, want %d", len(tasks), driver.MoveHistory)
	}
	for i, id := range ids {
		_, err := d.LookupMove(t.Context(), id)
		if kept := i >= len(ids)-driver.MoveHistory; kept != (err == nil) || !kept && !errors.Is(err, driver.ErrNoTask) {
			t.Errorf("task %d of %d: got %v, want kept: %v", i, len(ids), err, kept)
		}
	}
}

// TestActiveTasks checks that exactly MaxActiveMoves tasks can be active, and
// what makes room for another: each way to end, and the end of the source.
func TestActiveTasks(t *testing.T) {
	d := newDepot(t, driver.MaxActiveMoves+1, driver.Attributes{})
	tasks := make([]driver.MoveTask, len(d.queues))
	start := func(queue int) (err error) {
		move := driver.Move{Source: d.queues[queue], AnySource: true, MaxDuration: time.Hour}
		tasks[queue], err = d.StartMove(t.Context(), d.now, move, false)
		return err
	}
	for queue := range driver.MaxActiveMoves {
		d.must(start(queue))
	}
	const last = driver.MaxActiveMoves
	ends := []struct {
		name string
		end  func(queue int) error
	}{
		{"completed", func(queue int) error {
			_, err := d.StepMove(t.Context(), d.now, tasks[queue].ID, 1, 1)
			return err
		}},
		{"cancelled", func(queue int) error {
			if _, err := d.CancelMove(t.Context(), d.now, tasks[queue].ID); err != nil {
				return err
			}
			if err := start(last); !errors.Is(err, driver.ErrTooManyMoves) {
				t.Errorf("while a task is being cancelled: got %v, want %v", err, driver.ErrTooManyMoves)
			}
			_, err := d.StepMove(t.Context(), d.now, tasks[queue].ID, 1, 1)
			return err
		}},
		{"timed out", func(queue int) error {
			_, err := d.StepMove(t.Context(), d.now.Add(time.Hour), tasks[queue].ID, 1, 1)
			return err
		}},
		{"source deleted", func(queue int) error { return d.DeleteQueue(t.Context(), d.queues[queue]) }},
	}
	for i, row := range ends {
		if err := start(last); !errors.Is(err, driver.ErrTooManyMoves) {
			t.Fatalf("%s, before: got %v, want %v", row.name, err, driver.ErrTooManyMoves)
		}
		d.must(row.end(i))
		d.must(start(last))
		if active, err := d.ActiveMoves(t.Context()); err != nil || len(active) != driver.MaxActiveMoves {
			t.Fatalf("%s, after: %d active tasks, %v, want %d", row.name, len(active), err, driver.MaxActiveMoves)
		}
		_, err := d.StepMove(t.Context(), d.now, tasks[last].ID, 1, 1) // ends, as its source is empty
		d.must(err)
		d.must(d.refill(start, i))
	}
}

// refill starts a task again on the queue, or, if that is gone, on a new one.
func (d *depot) refill(start func(queue int) error, queue int) error {
	err := start(queue)
	if !errors.Is(err, driver.ErrNoQueue) {
		return err
	}
	info, _, err := d.CreateQueue(d.Context(), d.now, "another", driver.Attributes{}, driver.Patch{})
	d.must(err)
	d.queues[queue] = info.ID
	return start(queue)
}

// TestOneTaskPerSource lets many start and cancel tasks of one source at once:
// one is active at a time, and no other moves anything.
func TestOneTaskPerSource(t *testing.T) {
	const starters, rounds = 8, 300
	d := newDepot(t, 1+starters, driver.Attributes{})
	d.fill(0, starters*rounds+1, plain) // so that no task moves the last one
	var active atomic.Int32
	var moved [starters]int
	var wg sync.WaitGroup
	for i, to := range d.queues[1:] {
		wg.Go(func() {
			for range rounds {
				task, err := d.StartMove(t.Context(), d.now, driver.Move{Source: d.queues[0], AnySource: true, Destination: to}, false)
				if errors.Is(err, driver.ErrMoveActive) {
					continue
				}
				if err != nil || active.Add(1) > 1 {
					t.Errorf("a second task of the source was started, or none: %v", err)
				}
				step, err := d.StepMove(t.Context(), d.now, task.ID, 1, 10)
				if err != nil {
					t.Error(err)
				}
				moved[i] += step.Task.Moved
				active.Add(-1)
				if _, err := d.CancelMove(t.Context(), d.now, task.ID); err != nil {
					t.Error(err)
				}
				if _, err := d.StepMove(t.Context(), d.now, task.ID, 1, 10); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i, want := range moved {
		if got := len(d.list(1 + i)); got != want {
			t.Errorf("destination %d holds %d messages, and its tasks moved %d", i, got, want)
		}
	}
}

// TestRestoreMany transfers many scheduled messages to a queue that holds
// others, and puts them back when half of them are due. They are then where they
// would be without.
func TestRestoreMany(t *testing.T) {
	for kind, messages := range map[string]int{"standard": 100_000, "FIFO": 20_000} {
		t.Run(kind, func(t *testing.T) {
			d := newDepot(t, 4, driver.Attributes{FIFO: kind == "FIFO", Retention: 48 * time.Hour})
			for _, queue := range []int{0, 2} { // the latter is left alone
				d.now = noon
				d.fill(queue, messages, aDayLater())
			}
			d.fill(1, messages/10, aDayLater())
			d.transferAll(driver.Transfer{From: d.queues[0], To: d.queues[1]})
			d.now = d.now.Add(13 * time.Hour)
			if got := d.restoreAll(driver.Restore{From: d.queues[1]}); got != messages {
				t.Fatalf("restored %d messages, want %d", got, messages)
			}
			for what, look := range map[string]func(queue int) []driver.Info{"list": d.list, "peek": d.peek} {
				got, want := look(0), look(2)
				if len(got) != len(want) {
					t.Fatalf("%s: %d messages, want %d", what, len(got), len(want))
				}
				for i := range want {
					got[i].ID = want[i].ID
					if !reflect.DeepEqual(got[i], want[i]) {
						t.Fatalf("%s, message %d: got %+v, want %+v", what, i, got[i], want[i])
					}
				}
			}
		})
	}
}

func (d *depot) peek(queue int) []driver.Info {
	infos, err := d.Peek(d.Context(), d.now, d.queues[queue], 1<<30)
	d.must(err)
	return infos
}

package movetask_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// checkCancel cancels the task and checks I10: not one message is moved after
// the cancel has returned, and the task is cancelled in no simulated time.
func checkCancel(r *rig, id queue.TaskID) queue.MoveTask {
	r.t.Helper()
	at := r.elapsed()
	returned := r.cancel(id)
	final := r.wait(id)
	if final.State != queue.MoveCancelled || final.Moved != returned.Moved || r.elapsed() != at {
		r.t.Fatalf("cancelled at %v with %d moved; at %v it is %v with %d moved", at, returned.Moved, r.elapsed(), final.State, final.Moved)
	}
	return final
}

// Whatever the rate, and after however many chunks the cancel comes.
func TestCancelAtEveryStep(t *testing.T) {
	for _, rate := range []int{1, 3, 50, 99, 1000, 100_000} {
		t.Run(fmt.Sprintf("rate=%d", rate), func(t *testing.T) {
			inBubble(t, queue.Config{}, func(r *rig) {
				chunk, most := max(1, rate/50), max(1, (rate+49)/50)
				n := 60 * most
				r.send(r.dead, n)
				moved := 0
				for chunks := 1; chunks <= 10; chunks++ {
					task := r.begin(movetask.Options{Destination: r.a, Rate: rate})
					r.pass(time.Duration(chunks-1) * (s/time.Duration(min(rate, 50)) + 1))
					got := checkCancel(r, task.ID).Moved
					if got < chunks*chunk || got > chunks*most {
						t.Fatalf("%d messages were moved, want %d times %d to %d", got, chunks, chunk, most)
					}
					moved += got
					r.pass(hour)
					r.wantCounts(n-moved, moved, 0)
				}
			})
		})
	}
}

// Without a rate too: while a step is under way, before it and after it.
func TestCancelBetweenStepsWithoutRate(t *testing.T) {
	const n = 2000
	for step := 1; step <= 5; step++ {
		for _, early := range []bool{true, false} {
			g := newGate()
			inBubble(t, queue.Config{Engine: g}, func(r *rig) {
				r.send(r.dead, n)
				began := make(chan struct{})
				var id queue.TaskID
				var cancelled queue.MoveTask
				stop := func() {
					<-began
					synctest.Wait() // nothing else is under way
					cancelled = r.cancel(id)
				}
				g.set(func(i int) error {
					if i == step && early {
						stop()
					}
					return nil
				}, func(i int) {
					if i == step && !early {
						stop()
					}
				})
				go func() {
					defer close(began)
					synctest.Wait()
					tasks, err := r.dead.Moves(r.ctx())
					if err == nil && len(tasks) == 1 {
						id = tasks[0].ID
					}
				}()
				task := r.begin(movetask.Options{Destination: r.a})
				final := r.wait(task.ID)
				want := 256 * (step - 1)
				if !early {
					want += 256
				}
				if final.State != queue.MoveCancelled || final.Moved != want || cancelled.Moved != want {
					t.Errorf("cancelled at step %d with %d moved, the end is %v with %d, want cancelled with %d",
						step, cancelled.Moved, final.State, final.Moved, want)
				}
				r.wantCounts(n-want, want, 0)
			})
		}
	}
}

// A task is being cancelled until its worker has made the next step, and then
// it is cancelled, and stays listed (rows B3, B5).
func TestCancelIsSeen(t *testing.T) {
	g := newGate()
	inBubble(t, queue.Config{Engine: g}, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1})
		open := make(chan struct{})
		g.set(func(int) error { <-open; return nil }, nil)
		r.cancel(task.ID)
		r.want(r.lookup(task.ID), "cancelling 1/10")
		_, err := r.m.Start(r.ctx(), movetask.Options{Source: r.dead})
		r.wantError(err, "start move task", "dead", queue.ErrMoveActive)
		close(open)
		synctest.Wait()
		r.want(r.lookup(task.ID), "cancelled 1/10")
		tasks, err := r.m.List(r.ctx(), r.dead, 1)
		r.must(err)
		r.want(tasks[0], "cancelled 1/10")
		if got := r.elapsed(); got != 0 {
			t.Errorf("it took %v, want 0s", got)
		}
	})
}

// Of many cancels at once one succeeds.
func TestCancelTogether(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1})
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() {
				_, err := r.m.Cancel(r.ctx(), task.ID)
				errs <- err
			}()
		}
		succeeded := 0
		for range cap(errs) {
			if err := <-errs; err == nil {
				succeeded++
			} else if !errors.Is(err, queue.ErrNotRunning) {
				t.Errorf("cancel: got error %v, want %v", err, queue.ErrNotRunning)
			}
		}
		if succeeded != 1 {
			t.Errorf("%d cancels succeeded, want 1", succeeded)
		}
		r.want(r.wait(task.ID), "cancelled 1/10")
	})
}

// A cancel and the last step: either the one or the other.
func TestCancelRacesCompletion(t *testing.T) {
	for range 100 {
		inBubble(t, queue.Config{}, func(r *rig) {
			r.send(r.dead, 600)
			task := r.begin(movetask.Options{Destination: r.a})
			for range rand.IntN(300) {
				r.count(r.a) // takes a moment
			}
			got, err := r.m.Cancel(r.ctx(), task.ID)
			final := r.wait(task.ID)
			switch {
			case err == nil && final.State == queue.MoveCancelled && final.Moved == got.Moved:
			case errors.Is(err, queue.ErrNotRunning) && final.State == queue.MoveCompleted && final.Moved == 600:
			default:
				t.Errorf("cancel: got error %v with %d moved; the end is %v with %d", err, got.Moved, final.State, final.Moved)
			}
			r.wantCounts(600-final.Moved, final.Moved, 0)
		})
	}
}

// A task that was started and cancelled does not come to life again with the
// next one on its source (row B2): each destination has what its own task says.
func TestMovesInARowDoNotBleed(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		const n, tasks = 5000, 200
		r.send(r.dead, n)
		destinations := make([]*queue.Queue, tasks)
		moved := make([]int, tasks)
		for i := range tasks {
			destinations[i] = r.create(fmt.Sprintf("to-%d", i), queue.Patch{})
			task := r.begin(movetask.Options{Destination: destinations[i], Rate: 1 + rand.IntN(200)})
			r.pass(rand.N(200 * ms))
			moved[i] = r.cancel(task.ID).Moved
			if rand.IntN(2) == 0 {
				r.pass(rand.N(100 * ms))
			}
			r.wait(task.ID)
		}
		r.pass(hour)
		total := r.count(r.dead)
		for i, q := range destinations {
			got := r.count(q)
			total += got
			if got != moved[i] || got == 0 {
				t.Errorf("%q has %d messages, and %d were moved there", q.Name(), got, moved[i])
			}
		}
		if total != n {
			t.Errorf("%d messages are in all queues, want %d", total, n)
		}
	})
}

// I9: many start and cancel tasks of one source at once, each for a destination
// of its own.
func TestMovesTogetherDoNotBleed(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		const n, actors, rounds = 20_000, 8, 40
		r.send(r.dead, n)
		destinations := make([]*queue.Queue, actors)
		moved := make([]int, actors)
		var wg sync.WaitGroup
		for i := range actors {
			destinations[i] = r.create(fmt.Sprintf("to-%d", i), queue.Patch{})
			wg.Go(func() {
				for range rounds {
					moved[i] += startAndCancel(r, destinations[i])
				}
			})
		}
		wg.Wait()
		r.pass(hour)
		total := r.count(r.dead)
		for i, q := range destinations {
			got := r.count(q)
			total += got
			if got != moved[i] {
				t.Errorf("%q has %d messages, and %d were moved there", q.Name(), got, moved[i])
			}
		}
		if total != n {
			t.Errorf("%d messages are in all queues, want %d", total, n)
		}
	})
}

// startAndCancel starts a task as soon as no other is active, which it cancels
// if it must, and returns how many messages its own has moved at its end.
func startAndCancel(r *rig, destination *queue.Queue) int {
	for {
		task, err := r.m.Start(r.ctx(), movetask.Options{Source: r.dead, Destination: destination, Rate: 1 + rand.IntN(1000)})
		if err == nil {
			ctx, cancel := context.WithTimeout(r.ctx(), rand.N(50*ms))
			defer cancel()
			final, err := r.m.Wait(ctx, task.ID)
			if err != nil { // else another has cancelled it
				r.m.Cancel(r.ctx(), task.ID)
				final, err = r.m.Wait(r.ctx(), task.ID)
			}
			if err != nil || final.State != queue.MoveCancelled {
				r.t.Errorf("wait: got error %v and state %v (%v), want none and %v", err, final.State, final.Failure, queue.MoveCancelled)
			}
			return final.Moved
		}
		if !errors.Is(err, queue.ErrMoveActive) {
			r.t.Errorf("start: got error %v, want %v", err, queue.ErrMoveActive)
			return 0
		}
		tasks, err := r.m.List(r.ctx(), r.dead, 1)
		if err != nil {
			r.t.Errorf("list: got error %v, want none", err)
			return 0
		}
		r.m.Cancel(r.ctx(), tasks[0].ID)
		time.Sleep(rand.N(10 * ms))
	}
}

// A task that somebody has started without the Manager is finished by its cancel.
func TestCancelOfAForeignTask(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.kill(r.a, 10)
		task, err := r.b.StartMove(r.ctx(), queue.Move{Source: r.dead.ID()}, false)
		r.must(err)
		waited := make(chan queue.MoveTask, 1)
		go func() {
			final, _ := r.m.Wait(r.ctx(), task.ID)
			waited <- final
		}()
		r.pass(10 * s)
		r.want(r.lookup(task.ID), "running 0/10")
		r.want(r.cancel(task.ID), "cancelling 0/10")
		synctest.Wait()
		r.want(r.lookup(task.ID), "cancelled 0/10")
		r.want(<-waited, "cancelled 0/10")
		if got := r.elapsed(); got > 11*s {
			t.Errorf("the wait ended at %v, want within a second of 10s", got)
		}
	})
}

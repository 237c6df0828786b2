package movetask_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// clocks are the real clock, which stands still in a bubble while somebody works,
// and one that the test moves.
var clocks = map[string]func() clock.Clock{
	"real": func() clock.Clock { return nil },
	"mock": func() clock.Clock { return clock.NewMock() },
}

// onClocks runs the test in a bubble with each clock.
func onClocks(t *testing.T, test func(r *rig)) {
	for name, open := range clocks {
		t.Run("clock="+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(newRig(t, queue.Config{Clock: open()})) })
		})
	}
}

// inBubble runs the test in a bubble.
func inBubble(t *testing.T, c queue.Config, test func(r *rig)) {
	synctest.Test(t, func(t *testing.T) { test(newRig(t, c)) })
}

// A cancel in the middle, another, and a new task at once.
func TestMoveAndCancel(t *testing.T) {
	onClocks(t, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1})
		for moved := 1; moved <= 3; moved++ {
			r.wantCounts(10-moved, moved, 0)
			r.want(r.lookup(task.ID), fmt.Sprintf("running %d/10", moved))
			r.pass(s - 1)
			r.wantCounts(10-moved, moved, 0)
			r.pass(1)
		}
		r.want(r.cancel(task.ID), "cancelling 4/10")
		r.want(r.wait(task.ID), "cancelled 4/10")
		if got := r.elapsed(); got != 3*s {
			t.Errorf("it was cancelled after %v, want 3s", got)
		}
		again, err := r.m.Cancel(r.ctx(), task.ID)
		r.wantError(err, "cancel move task", "", queue.ErrNotRunning)
		r.want(again, "cancelled 4/10")

		second := r.begin(movetask.Options{Rate: 1})
		r.pass(hour)
		r.want(r.wait(second.ID), "completed 6/6")
		r.want(r.lookup(task.ID), "cancelled 4/10")
		r.wantCounts(0, 10, 0)
		if took := r.wait(second.ID).EndedAt.Sub(second.StartedAt); took != 5*s {
			t.Errorf("six messages took %v, want 5s", took)
		}
	})
}

// In the order of their arrival, without a rate at one instant.
func TestMoveOrder(t *testing.T) {
	onClocks(t, func(r *rig) {
		r.kill(r.a, 1000)
		task := r.begin(movetask.Options{})
		r.want(r.wait(task.ID), "completed 1000/1000")
		if got := r.elapsed(); got != 0 {
			t.Errorf("it took %v, want 0s", got)
		}
		for i, d := range r.receive(r.a, 1000, hour) {
			if want := fmt.Sprintf("a%d", i+1); string(d.Body) != want || d.ReceiveCount != 1 {
				t.Fatalf("message %d is %q with receive count %d, want %q, 1", i, d.Body, d.ReceiveCount, want)
			}
		}
	})
}

// Two sources share a dead-letter queue, and each message goes home.
func TestMoveHome(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		for range 3 {
			r.kill(r.a, 2)
			r.kill(r.c, 1)
		}
		task := r.begin(movetask.Options{Rate: 100})
		r.want(r.wait(task.ID), "completed 9/9")
		r.wantCounts(0, 6, 3)
		for _, q := range []*queue.Queue{r.a, r.c} {
			for _, d := range r.receive(q, 10, hour) {
				if !strings.HasPrefix(string(d.Body), q.Name()) {
					t.Errorf("message %q is in queue %q", d.Body, q.Name())
				}
			}
		}
	})
}

// Options become the task's.
func TestMoveOptions(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.kill(r.a, 10)
		r.kill(r.c, 10)
		ids := make(map[queue.MessageID]bool)
		for m, err := range r.dead.Messages(r.ctx()) {
			r.must(err)
			ids[m.ID] = true
		}
		o := movetask.Options{
			Destination:  r.create("other", queue.Patch{}),
			Filter:       queue.Filter{Origin: "c"},
			Limit:        7,
			Rate:         3,
			KeepIdentity: true,
			MaxDuration:  hour,
		}
		task := r.begin(o)
		r.want(r.wait(task.ID), "completed 7/7")
		if got := r.elapsed(); got != 2*s+4 { // six gaps of a third of a second, rounded up
			t.Errorf("it took %v, want 2.000000004s", got)
		}
		if task.Move.MaxDuration != hour || task.Destination.Name != "other" || task.Source.Name != "dead" {
			t.Errorf("the task is %+v", task)
		}
		r.wantCounts(13, 0, 0)
		for _, d := range r.receive(o.Destination, 10, hour) {
			if !ids[d.ID] || !strings.HasPrefix(string(d.Body), "c") {
				t.Errorf("message %q came with ID %v, want one from c with its ID", d.Body, d.ID)
			}
		}

		o.Source, o.AnySource, o.Filter, o.Limit = o.Destination, true, queue.Filter{}, 0
		o.Destination = r.dead
		r.want(r.wait(r.begin(o).ID), "completed 0/7")
	})
}

// A plan is what would be, and nothing is done.
func TestPlan(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.kill(r.a, 10)
		plan, err := r.m.Plan(r.ctx(), movetask.Options{Source: r.dead, Limit: 5, Rate: 1})
		r.must(err)
		if plan.ID != (queue.TaskID{}) || plan.Total != 5 {
			t.Errorf("the plan is %+v, want no ID and 5 messages", plan)
		}
		r.pass(hour)
		r.wantCounts(10, 0, 0)
		tasks, err := r.m.List(r.ctx(), r.dead, 0)
		if r.must(err); len(tasks) > 0 {
			t.Errorf("the plan is a task: %+v", tasks)
		}
		_, err = r.m.Plan(r.ctx(), movetask.Options{Source: r.a})
		r.wantError(err, "start move task", "a", queue.ErrNotDeadLetterQueue)
	})
}

// Errors say what was being done to which queue.
func TestStartErrors(t *testing.T) {
	inBubble(t, queue.Config{Profile: queue.SQS()}, func(r *rig) {
		r.send(r.dead, 10)
		gone := r.create("gone", queue.Patch{})
		r.must(r.b.DeleteQueue(r.ctx(), "gone"))
		fifo := r.create("b.fifo", queue.Patch{})
		for _, row := range []struct {
			o     movetask.Options
			queue string
			want  error
		}{
			{movetask.Options{}, "", queue.ErrInvalid},
			{movetask.Options{Source: gone}, "gone", queue.ErrNoQueue},
			{movetask.Options{Source: r.a}, "a", queue.ErrNotDeadLetterQueue},
			{movetask.Options{Source: r.dead, Destination: gone}, "dead", queue.ErrNoDestination},
			{movetask.Options{Source: r.dead, Destination: r.dead}, "dead", queue.ErrInvalid},
			{movetask.Options{Source: r.dead, Destination: fifo}, "dead", queue.ErrInvalid},
			{movetask.Options{Source: r.dead, Rate: -1}, "dead", queue.ErrInvalid},
			{movetask.Options{Source: r.dead, Rate: 501}, "dead", queue.ErrInvalid},
			{movetask.Options{Source: r.dead, Limit: -1}, "dead", queue.ErrInvalid},
		} {
			_, err := r.m.Start(r.ctx(), row.o)
			r.wantError(err, "start move task", row.queue, row.want)
		}
		r.begin(movetask.Options{Destination: r.a, Rate: 1})
		_, err := r.m.Start(r.ctx(), movetask.Options{Source: r.dead})
		r.wantError(err, "start move task", "dead", queue.ErrMoveActive)
		_, err = r.m.Plan(r.ctx(), movetask.Options{Source: r.dead})
		r.must(err)
		_, err = r.m.List(r.ctx(), nil, 1)
		r.wantError(err, "list move tasks", "", queue.ErrInvalid)
		_, err = r.m.List(r.ctx(), r.dead, -1)
		r.wantError(err, "list move tasks", "dead", queue.ErrInvalid)
		_, err = r.m.Lookup(r.ctx(), queue.TaskID{})
		r.wantError(err, "look up move task", "", queue.ErrNoTask)
		_, err = r.m.Cancel(r.ctx(), queue.TaskID{})
		r.wantError(err, "cancel move task", "", queue.ErrNoTask)
		_, err = r.m.Wait(r.ctx(), queue.TaskID{})
		r.wantError(err, "look up move task", "", queue.ErrNoTask)
	})
}

// The newest first.
func TestList(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.kill(r.a, 12)
		var started []queue.TaskID
		for range 12 {
			task := r.begin(movetask.Options{Limit: 1})
			r.wait(task.ID)
			started = append(started, task.ID)
		}
		for max, want := range map[int]int{0: 10, 1: 1, 3: 3, 10: 10, 100: 10} {
			tasks, err := r.m.List(r.ctx(), r.dead, max)
			r.must(err)
			if len(tasks) != want {
				t.Errorf("of %d at most, got %d, want %d", max, len(tasks), want)
			}
			for i, task := range tasks {
				if task.ID != started[len(started)-1-i] {
					t.Errorf("place %d has %v, want %v", i, task.ID, started[len(started)-1-i])
				}
			}
		}
	})
}

// A receive that waits at the destination is served by the step.
func TestMoveWakesReceives(t *testing.T) {
	onClocks(t, func(r *rig) {
		r.kill(r.a, 4)
		got := make(chan time.Duration, 4)
		for range cap(got) {
			go func() {
				if d, err := r.a.Receive(r.ctx(), &queue.ReceiveOptions{Wait: new(hour)}); err == nil && len(d) == 1 {
					got <- r.elapsed()
				}
			}()
			synctest.Wait()
		}
		task := r.begin(movetask.Options{Rate: 2})
		r.pass(10 * s)
		r.want(r.wait(task.ID), "completed 4/4")
		for i := range cap(got) {
			if at, want := <-got, time.Duration(i)*s/2; at != want {
				t.Errorf("receive %d was served at %v, want %v", i, at, want)
			}
		}
	})
}

// Consumers of the destination send everything back, and the task ends all the
// same: it is about what was there at its start (trap Q10).
func TestMoveEndsWhileConsumersSendBack(t *testing.T) {
	for _, rate := range []int{0, 100} {
		inBubble(t, queue.Config{}, func(r *rig) {
			const n = 2000
			r.send(r.dead, n)
			ctx, stop := context.WithCancel(r.ctx())
			defer stop()
			for range 4 {
				go func() {
					for d, err := range r.a.Deliveries(ctx, &queue.ReceiveOptions{Max: 10}) {
						if err != nil {
							return
						}
						r.a.Delete(ctx, d.Receipt)
						r.dead.Send(ctx, queue.Message{Body: d.Body})
					}
				}()
			}
			task := r.begin(movetask.Options{Destination: r.a, Rate: rate})
			r.want(r.wait(task.ID), fmt.Sprintf("completed %d/%d", n, n))
			synctest.Wait()
			stop()
			r.wantCounts(n, 0, 0)
		})
	}
}

// What consumers take from the source is not moved, and stays counted as
// remaining; what is delayed or in flight stays.
func TestMoveBesideConsumers(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.send(r.dead, 100)
		task := r.begin(movetask.Options{Destination: r.a, Rate: 10})
		taken := 0
		for range 20 {
			r.pass(200 * ms)
			got := r.receive(r.dead, 1, hour)
			for _, d := range got {
				r.must(r.dead.Delete(r.ctx(), d.Receipt))
				taken++
			}
			now := r.lookup(task.ID)
			if now.Moved != r.count(r.a) || now.Moved+r.count(r.dead)+taken != 100 || now.Remaining() != 100-now.Moved {
				t.Fatalf("at %v: %d moved, %d remaining, %d in a, %d in dead, %d taken", r.elapsed(),
					now.Moved, now.Remaining(), r.count(r.a), r.count(r.dead), taken)
			}
		}
		r.receive(r.dead, 5, 100*s)
		if _, err := r.dead.Send(r.ctx(), queue.Message{}); err != nil {
			t.Fatal(err)
		}
		r.want(r.wait(task.ID), "completed 75/100")
		r.wantCounts(6, 75, 0)
	})
}

// The profile's longest time is 36 hours, to the nanosecond, whatever the rate.
func TestMoveTimesOut(t *testing.T) {
	inBubble(t, queue.Config{}, func(r *rig) {
		r.send(r.dead, 36*3600+1000)
		task := r.begin(movetask.Options{Destination: r.a, Rate: 1})
		r.pass(36*hour - 1)
		r.want(r.lookup(task.ID), "running 129600/130600")
		r.pass(1)
		r.want(r.wait(task.ID), "failed 129600/130600: timed out")
		if got := r.elapsed(); got != 36*hour {
			t.Errorf("it has failed after %v, want 36h", got)
		}
	})
}

// A limit between two steps is found when it is reached.
func TestMoveTimesOutBetweenSteps(t *testing.T) {
	onClocks(t, func(r *rig) {
		r.kill(r.a, 10)
		task := r.begin(movetask.Options{Rate: 1, MaxDuration: 2500 * ms})
		r.pass(2500*ms - 1)
		r.want(r.lookup(task.ID), "running 3/10")
		r.pass(1)
		r.want(r.wait(task.ID), "failed 3/10: timed out")
		if got := r.elapsed(); got != 2500*ms {
			t.Errorf("it has failed after %v, want 2.5s", got)
		}
	})
}

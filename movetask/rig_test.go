package movetask_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

const (
	ms   = time.Millisecond
	s    = time.Second
	hour = time.Hour
)

// A tester is a [testing.T], a [testing.B] or a [rapid.T].
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(f func())
	Context() context.Context
}

// A rig is a Manager and its broker, which has the queues "dead", "a" and "c",
// the first being the dead-letter queue of the others. Its methods stop the test
// where a call fails that the test needs.
type rig struct {
	t          tester
	b          *queue.Broker
	m          *movetask.Manager
	dead, a, c *queue.Queue
	clock      clock.Clock
	start      time.Time
}

// newRig opens a rig on the clock of the configuration, which is the real one if
// there is none.
func newRig(t tester, c queue.Config) *rig {
	t.Helper()
	r := &rig{t: t}
	b, err := queue.Open(c)
	r.must(err)
	r.b, r.clock = b, b.Clock()
	r.start = r.clock.Now()
	t.Cleanup(func() { b.Close() })
	r.dead = r.create("dead", queue.Patch{})
	policy := queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: 1}}
	r.a, r.c = r.create("a", policy), r.create("c", policy)
	r.open(movetask.Config{})
	return r
}

// open opens a Manager, in the place of an earlier one.
func (r *rig) open(c movetask.Config) {
	r.t.Helper()
	m, err := movetask.Open(r.b, c)
	r.must(err)
	r.m = m
	r.t.Cleanup(func() { m.Close() })
}

// pass lets simulated time pass, in bubbles, and what is due then happen.
func (r *rig) pass(d time.Duration) {
	if mock, ok := r.clock.(*clock.Mock); ok {
		synctest.Wait()
		mock.Add(d)
		return
	}
	time.Sleep(d)
	synctest.Wait() // for those whose time has come as well
}

func (r *rig) ctx() context.Context { return r.t.Context() }

func (r *rig) elapsed() time.Duration { return r.clock.Now().Sub(r.start) }

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("got error %v, want none", err)
	}
}

func (r *rig) create(name string, patch queue.Patch) *queue.Queue {
	r.t.Helper()
	q, err := r.b.CreateQueue(r.ctx(), name, patch)
	r.must(err)
	return q
}

// send sends n messages, whose bodies are the queue's name and a number.
func (r *rig) send(q *queue.Queue, n int) {
	r.t.Helper()
	for sent := 0; sent < n; {
		messages := make([]queue.Message, min(n-sent, q.MaxBatch()))
		for i := range messages {
			sent++
			messages[i].Body = fmt.Appendf(nil, "%s%d", q.Name(), sent)
		}
		results, err := q.SendMany(r.ctx(), messages)
		r.must(err)
		for _, result := range results {
			r.must(result.Err)
		}
	}
}

// receive receives up to n messages that are there.
func (r *rig) receive(q *queue.Queue, n int, visibility time.Duration) []queue.Delivery {
	r.t.Helper()
	got, err := q.Receive(r.ctx(), &queue.ReceiveOptions{Max: n, Visibility: &visibility, Wait: new(time.Duration(0))})
	r.must(err)
	return got
}

// kill sends n messages to a queue, and receives them until they are dead letters.
func (r *rig) kill(q *queue.Queue, n int) {
	r.t.Helper()
	before := r.count(r.dead)
	r.send(q, n)
	r.receive(q, n, 0)
	r.receive(q, n, 0)
	if got := r.count(r.dead) - before; got != n {
		r.t.Fatalf("%d of %d messages are dead letters", got, n)
	}
}

// count returns how many messages the queue has, in all states.
func (r *rig) count(q *queue.Queue) int {
	r.t.Helper()
	stats, err := q.Stats(r.ctx())
	r.must(err)
	return stats.Visible.Messages + stats.Delayed.Messages + stats.InFlight.Messages
}

// wantCounts checks how many messages are in the queues "dead", "a" and "c".
func (r *rig) wantCounts(dead, a, c int) {
	r.t.Helper()
	got, want := [3]int{r.count(r.dead), r.count(r.a), r.count(r.c)}, [3]int{dead, a, c}
	if got != want {
		r.t.Fatalf("at %v: dead, a and c have %v messages, want %v", r.elapsed(), got, want)
	}
}

// begin starts a task whose source is "dead".
func (r *rig) begin(o movetask.Options) queue.MoveTask {
	r.t.Helper()
	if o.Source == nil {
		o.Source = r.dead
	}
	task, err := r.m.Start(r.ctx(), o)
	r.must(err)
	if task.State != queue.MoveRunning || task.Moved != 0 {
		r.t.Fatalf("started a task that is %v and has moved %d messages, want running, 0", task.State, task.Moved)
	}
	return task
}

func (r *rig) lookup(id queue.TaskID) queue.MoveTask {
	r.t.Helper()
	task, err := r.m.Lookup(r.ctx(), id)
	r.must(err)
	return task
}

func (r *rig) cancel(id queue.TaskID) queue.MoveTask {
	r.t.Helper()
	task, err := r.m.Cancel(r.ctx(), id)
	r.must(err)
	if task.State != queue.MoveCancelling {
		r.t.Fatalf("cancel: got state %v, want %v", task.State, queue.MoveCancelling)
	}
	return task
}

func (r *rig) wait(id queue.TaskID) queue.MoveTask {
	r.t.Helper()
	task, err := r.m.Wait(r.ctx(), id)
	r.must(err)
	return task
}

// want checks where a task stands: its state, or the reason of its failure, and
// how many messages it has moved.
func (r *rig) want(task queue.MoveTask, want string) {
	r.t.Helper()
	got := fmt.Sprintf("%v %d/%d", task.State, task.Moved, task.Total)
	if task.State == queue.MoveFailed {
		got += ": " + task.Failure.String()
	}
	if got != want {
		r.t.Fatalf("at %v: the task is %q, want %q", r.elapsed(), got, want)
	}
	if task.State.Active() != task.EndedAt.IsZero() || !task.State.Active() && task.EndedAt.Before(task.StartedAt) {
		r.t.Fatalf("at %v: the task is %q, started at %v, and has ended at %v", r.elapsed(), got, task.StartedAt, task.EndedAt)
	}
}

// wantError checks an error, and that it says what was being done to which queue.
func (r *rig) wantError(got error, op, queueName string, want error) {
	r.t.Helper()
	e, ok := errors.AsType[*queue.Error](got)
	if !ok || e.Op != op || e.Queue != queueName || !errors.Is(got, want) {
		r.t.Fatalf("got error %v, want %q at %q: %v", got, op, queueName, want)
	}
}

// A gate is an engine in memory where the steps of move tasks can be stopped,
// and fail.
type gate struct {
	driver.Engine

	mu     sync.Mutex
	steps  int
	before func(n int) error // called ahead of the nth step, which it can make fail
	after  func(n int)       // called when the nth step has been made
}

func newGate() *gate { return &gate{Engine: memqueue.New()} }

func (g *gate) StepMove(ctx context.Context, now time.Time, id driver.TaskID, max, look int) (driver.MoveStep, error) {
	g.mu.Lock()
	g.steps++
	n, before, after := g.steps, g.before, g.after
	g.mu.Unlock()
	if before != nil {
		if err := before(n); err != nil {
			return driver.MoveStep{}, err
		}
	}
	step, err := g.Engine.StepMove(ctx, now, id, max, look)
	if after != nil {
		after(n)
	}
	return step, err
}

// set counts steps anew from zero and sets what happens around them.
func (g *gate) set(before func(n int) error, after func(n int)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.steps, g.before, g.after = 0, before, after
}

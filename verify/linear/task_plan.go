package linear

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/anishathalye/porcupine"
	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
)

// A TaskPlan says what the clients of one history of spec C do: they start,
// step and cancel move tasks on one source, each to one of several
// destinations, and count.
type TaskPlan struct {
	Seed         uint64
	Clients      int
	Calls        int // of each client
	Destinations int
	Messages     int // in the source at the begin
}

// A taskRun is such a plan that is being carried out.
type taskRun struct {
	plan         TaskPlan
	broker       *queue.Broker
	source       *queue.Queue
	destinations []*queue.Queue
	stamps       atomic.Int64

	mu    sync.Mutex // guards what follows
	known []queue.TaskID
}

// A taskClient makes calls, one after the other, and keeps what it got.
type taskClient struct {
	run        *taskRun
	number     int
	rng        *rand.Rand
	operations []porcupine.Operation
	err        error
}

// Run carries out the plan on a new broker over the engine, which it closes,
// and returns the operations, of TaskCall and TaskAnswer.
func (p TaskPlan) Run(engine driver.Engine) ([]porcupine.Operation, error) {
	r := &taskRun{plan: p}
	broker, err := queue.Open(queue.Config{Clock: clock.NewMock(), Engine: &yielding{Engine: engine}})
	if err != nil {
		return nil, err
	}
	defer broker.Close()
	r.broker = broker
	if err := r.createQueues(); err != nil {
		return nil, err
	}
	clients := make([]*taskClient, p.Clients)
	for i := range clients {
		clients[i] = &taskClient{run: r, number: i, rng: rand.New(rand.NewPCG(p.Seed, uint64(i)))}
	}
	clients[0].send(p.Messages)
	var working sync.WaitGroup
	begin := make(chan struct{})
	for _, c := range clients {
		working.Go(func() {
			<-begin
			for range p.Calls {
				c.call()
			}
		})
	}
	close(begin)
	working.Wait()
	clients[0].countAll()
	var operations []porcupine.Operation
	for _, c := range clients {
		if c.err != nil {
			return nil, fmt.Errorf("seed %d: %w", p.Seed, c.err)
		}
		operations = append(operations, c.operations...)
	}
	return operations, nil
}

func (r *taskRun) createQueues() (err error) {
	ctx := context.Background()
	if r.source, err = r.broker.CreateQueue(ctx, "source", queue.Patch{}); err != nil {
		return err
	}
	for i := range r.plan.Destinations {
		q, err := r.broker.CreateQueue(ctx, fmt.Sprint("destination-", i), queue.Patch{})
		if err != nil {
			return err
		}
		r.destinations = append(r.destinations, q)
	}
	return nil
}

// pick chooses mostly the latest task.
func (r *taskRun) pick(rng *rand.Rand) (id queue.TaskID, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return pick(r.known, rng)
}

// call makes one call. What cannot be done yet is a start instead.
func (c *taskClient) call() {
	id, ok := c.run.pick(c.rng)
	n := c.rng.IntN(100)
	switch {
	case n < 30 || !ok:
		c.start(c.rng.IntN(c.run.plan.Destinations))
	case n < 60:
		c.task(TaskCall{Op: TaskStep, Task: id, N: c.rng.IntN(3)})
	case n < 78:
		c.task(TaskCall{Op: TaskCancel, Task: id})
	case n < 84:
		c.task(TaskCall{Op: TaskLookup, Task: id})
	case n < 90:
		c.list()
	case n < 94:
		c.send(1 + c.rng.IntN(2))
	default:
		c.count(c.rng.IntN(c.run.plan.Destinations+1) - 1)
	}
}

// do makes one call between two stamps.
func (c *taskClient) do(call TaskCall, f func(ctx context.Context) (TaskAnswer, error)) {
	begin := c.run.stamps.Add(1)
	answer, err := f(context.Background())
	end := c.run.stamps.Add(1)
	switch {
	case errors.Is(err, queue.ErrMoveActive), errors.Is(err, queue.ErrNotRunning), errors.Is(err, queue.ErrNoTask):
		answer.Err = err
	case err != nil:
		c.err = errors.Join(c.err, fmt.Errorf("%v: %w", call.Op, err))
		return
	}
	c.operations = append(c.operations, porcupine.Operation{
		ClientId: c.number, Input: call, Call: begin, Output: answer, Return: end,
	})
}

func (c *taskClient) start(destination int) {
	move := queue.Move{Source: c.run.source.ID(), Destination: c.run.destinations[destination].ID(), AnySource: true}
	c.do(TaskCall{Op: TaskStart, Destination: destination}, func(ctx context.Context) (answer TaskAnswer, err error) {
		t, err := c.run.broker.StartMove(ctx, move, false)
		if err != nil {
			return answer, err
		}
		c.run.mu.Lock()
		c.run.known = append(c.run.known, t.ID)
		c.run.mu.Unlock()
		return TaskAnswer{Tasks: []TaskView{view(t)}}, nil
	})
}

// task makes a call that concerns one task.
func (c *taskClient) task(call TaskCall) {
	c.do(call, func(ctx context.Context) (TaskAnswer, error) {
		b := c.run.broker
		var t queue.MoveTask
		var err error
		switch call.Op {
		case TaskStep:
			t, err = b.StepMove(ctx, call.Task, call.N)
		case TaskCancel:
			t, err = b.CancelMove(ctx, call.Task)
		default:
			t, err = b.LookupMove(ctx, call.Task)
		}
		return TaskAnswer{Tasks: []TaskView{view(t)}}, err
	})
}

func (c *taskClient) list() {
	c.do(TaskCall{Op: TaskList}, func(ctx context.Context) (answer TaskAnswer, err error) {
		tasks, err := c.run.source.Moves(ctx)
		for _, t := range tasks {
			answer.Tasks = append(answer.Tasks, view(t))
		}
		return answer, err
	})
}

func (c *taskClient) send(n int) {
	c.do(TaskCall{Op: TaskSend, N: n}, func(ctx context.Context) (answer TaskAnswer, err error) {
		_, err = c.run.source.SendMany(ctx, make([]queue.Message, n))
		return answer, err
	})
}

func (c *taskClient) countAll() {
	for i := range c.run.plan.Destinations + 1 {
		c.count(i - 1)
	}
}

func (c *taskClient) count(where int) {
	q := c.run.source
	if where >= 0 {
		q = c.run.destinations[where]
	}
	c.do(TaskCall{Op: TaskCount, Destination: where}, func(ctx context.Context) (TaskAnswer, error) {
		stats, err := q.Stats(ctx)
		return TaskAnswer{Count: stats.Visible.Messages}, err
	})
}

// CheckTasks checks spec C.
func (p TaskPlan) CheckTasks(operations []porcupine.Operation) Verdict {
	return check(taskModel(p.Destinations), [][]porcupine.Operation{operations})
}

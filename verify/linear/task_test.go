package linear

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
	"github.com/redriveq/redrive/verify/internal/scale"
)

func taskPlan(seed uint64) TaskPlan {
	rng := rand.New(rand.NewPCG(seed, 0))
	return TaskPlan{
		Seed:         seed,
		Clients:      3 + rng.IntN(3),
		Calls:        6 + rng.IntN(6),
		Destinations: 2 + rng.IntN(2),
		Messages:     rng.IntN(8),
	}
}

func TestTasksAreLinearizable(t *testing.T) {
	begin, want := time.Now(), int64(scale.Of(1_500))
	var seeds atomic.Int64
	var mu sync.Mutex
	var sum Verdict
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for {
				seed := seeds.Add(1)
				mu.Lock()
				stop := seed > want || sum.Violation != ""
				mu.Unlock()
				if stop {
					return
				}
				v := checkTasks(t, uint64(seed), memqueue.New())
				mu.Lock()
				sum.Add(v)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	fmt.Printf("L4: spec C: %s operations, %s histories, %d%% overlap, %d time-outs, %.1fs\n",
		scale.Count(sum.Operations), scale.Count(sum.Partitions), sum.Overlapping*100/max(sum.Operations, 1),
		sum.TimeOuts, time.Since(begin).Seconds())
	if sum.Violation != "" {
		t.Error(sum.Violation)
	}
	if sum.TimeOuts > 0 {
		t.Errorf("got %d time-outs of the checker, want none", sum.TimeOuts)
	}
	if sum.Overlapping*100 < sum.Operations*10 {
		t.Errorf("got %d overlapping operations of %d, want at least 10%%", sum.Overlapping, sum.Operations)
	}
}

func checkTasks(t *testing.T, seed uint64, engine driver.Engine) Verdict {
	p := taskPlan(seed)
	operations, err := p.Run(engine)
	if err != nil {
		t.Errorf("got error %v, want none", err)
		return Verdict{Violation: err.Error()}
	}
	v := p.CheckTasks(operations)
	if v.Violation != "" {
		v.Violation = fmt.Sprintf("seed %d: %s", seed, v.Violation)
	}
	return v
}

// A faultyMover breaks the contract of move tasks in one way.
type faultyMover struct {
	driver.Engine
	start  func(e *faultyMover, m driver.Move, t driver.MoveTask, err error) (driver.MoveTask, error)
	step   func(e *faultyMover, id driver.TaskID) driver.TaskID
	told   func(driver.MoveTask) driver.MoveTask // in the answer to a step
	cancel func(e *faultyMover, now time.Time, id driver.TaskID) (driver.MoveTask, error)
	list   func([]driver.MoveTask) []driver.MoveTask

	mu     sync.Mutex // guards latest
	latest driver.TaskID
}

func (e *faultyMover) StartMove(ctx context.Context, now time.Time, m driver.Move, dry bool) (driver.MoveTask, error) {
	t, err := e.Engine.StartMove(ctx, now, m, dry)
	if err == nil {
		e.mu.Lock()
		e.latest = t.ID
		e.mu.Unlock()
	}
	if e.start != nil {
		return e.start(e, m, t, err)
	}
	return t, err
}

func (e *faultyMover) StepMove(ctx context.Context, now time.Time, id driver.TaskID, max, look int) (driver.MoveStep, error) {
	if e.step != nil {
		if instead := e.step(e, id); instead != id {
			if _, err := e.Engine.StepMove(ctx, now, instead, max, look); err != nil {
				return driver.MoveStep{}, err
			}
			max = 0
		}
	}
	s, err := e.Engine.StepMove(ctx, now, id, max, look)
	if e.told != nil {
		s.Task = e.told(s.Task)
	}
	return s, err
}

func (e *faultyMover) CancelMove(ctx context.Context, now time.Time, id driver.TaskID) (driver.MoveTask, error) {
	if e.cancel != nil {
		return e.cancel(e, now, id)
	}
	return e.Engine.CancelMove(ctx, now, id)
}

func (e *faultyMover) ListMoves(ctx context.Context, q driver.QueueID, max int) ([]driver.MoveTask, error) {
	tasks, err := e.Engine.ListMoves(ctx, q, max)
	if e.list != nil {
		tasks = e.list(tasks)
	}
	return tasks, err
}

func TestTaskCanaries(t *testing.T) {
	for name, fault := range map[string]*faultyMover{
		"a second start is accepted": {start: func(_ *faultyMover, m driver.Move, t driver.MoveTask, err error) (driver.MoveTask, error) {
			if errors.Is(err, driver.ErrMoveActive) {
				return driver.MoveTask{ID: driver.TaskID{1}, Move: m, State: driver.MoveCompleted}, nil
			}
			return t, err
		}},
		"a step of an old task moves by the current one": {step: func(e *faultyMover, id driver.TaskID) driver.TaskID {
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.latest
		}},
		"moved is counted twice": {told: func(t driver.MoveTask) driver.MoveTask {
			t.Moved *= 2
			return t
		}},
		"a cancel does not stop": {cancel: func(e *faultyMover, _ time.Time, id driver.TaskID) (driver.MoveTask, error) {
			t, err := e.LookupMove(context.Background(), id)
			if err == nil && t.State != driver.MoveRunning {
				return t, driver.ErrNotRunning
			}
			t.State = driver.MoveCancelling
			return t, err
		}},
		"a cancelled task is not listed": {list: func(tasks []driver.MoveTask) []driver.MoveTask {
			return slices.DeleteFunc(tasks, func(t driver.MoveTask) bool { return t.State == driver.MoveCancelled })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			const tries = 50
			for seed := uint64(1); seed <= tries; seed++ {
				fault.Engine = memqueue.New()
				p := taskPlan(seed)
				operations, err := p.Run(fault)
				if err != nil {
					t.Fatalf("seed %d: got error %v, want none", seed, err)
				}
				if p.CheckTasks(operations).Violation != "" {
					return
				}
			}
			t.Errorf("after %d histories: got no violation, want one: the check is dead", tries)
		})
	}
}

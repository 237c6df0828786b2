package xfer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// Transfers and cancels from many goroutines, to queues and to targets that fail
// now and then: every message is in one place at the end, and the counts of every
// task add up at every look.
func TestConcurrent(t *testing.T) {
	const perQueue = 150
	var sent, restored, started int
	for seed := range uint64(8 * scale(t)) {
		bubble(t, func(t *testing.T, r *rig) {
			var homes, ways []*queue.Queue
			for i := range 3 {
				homes = append(homes, r.create(fmt.Sprint("home", i), queue.Patch{}))
				ways = append(ways, r.create(fmt.Sprint("way", i), queue.Patch{}))
				r.fill(homes[i], perQueue)
			}
			targets := []*stub{flaky("x", seed), flaky("y", seed+1)}
			var workers sync.WaitGroup
			for w := range uint64(4) {
				workers.Go(func() {
					random := rand.New(rand.NewPCG(seed, w))
					for range 25 {
						r.operate(random, homes, ways, targets)
						time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
					}
				})
			}
			workers.Wait()
			time.Sleep(hour) // whatever is in the senders' hands is decided
			r.cancelAll(ways, targets)
			got := make(map[string]int)
			for _, q := range append(homes, ways...) {
				for _, body := range bodies(t, q) {
					got[body]++
				}
			}
			for _, x := range targets {
				for _, body := range x.bodies() {
					got[body]++
					sent++
				}
			}
			for i := range homes {
				for n := range perQueue {
					if body := fmt.Sprintf("home%d %d", i, n); got[body] != 1 {
						t.Fatalf("seed %d: %s is there %d times, want once", seed, body, got[body])
					}
				}
			}
			for _, task := range r.m.Tasks() {
				started++
				restored += task.Restored
				if task.Waiting > 0 {
					t.Errorf("seed %d: task %+v: want nothing waiting", seed, task)
				}
			}
			for _, q := range ways {
				if n := len(messages(t, q)); n > 0 {
					t.Errorf("seed %d: %d messages are in %s, want none", seed, n, q.Name())
				}
			}
		})
	}
	t.Logf("%d tasks, %d messages sent, %d restored", started, sent, restored)
	if sent < 100 || restored < 100 {
		t.Errorf("%d sent and %d restored, too few", sent, restored)
	}
}

// operate starts or cancels something, or looks at all tasks.
func (r *rig) operate(random *rand.Rand, homes, ways []*queue.Queue, targets []*stub) {
	tasks := r.m.Tasks()
	switch n := random.IntN(6); {
	case n == 0 && len(tasks) > 0:
		r.cancel(tasks[random.IntN(len(tasks))].ID, xfer.CancelOptions{DueNow: random.IntN(2) == 0})
	case n == 1:
		_, err := r.m.CancelQueue(r.ctx(), ways[random.IntN(len(ways))], xfer.CancelOptions{Reason: "test"})
		r.must(err)
	case n == 2:
		r.start(xfer.Order{Selector: xfer.Selector{Everything: true}, Target: targets[random.IntN(2)], Reason: "test"})
	case n == 3:
		r.start(xfer.Order{Selector: everythingOf(homes[random.IntN(3)]), Target: targets[random.IntN(2)], Reason: "test"})
	default:
		r.start(xfer.Order{Selector: everythingOf(homes[random.IntN(3)], ways[0]), To: ways[1+random.IntN(2)], Reason: "test"})
	}
	for _, task := range tasks {
		r.task(task.ID)
	}
}

// cancelAll puts everything back.
func (r *rig) cancelAll(ways []*queue.Queue, targets []*stub) {
	for _, x := range targets {
		lane, err := r.b.TransferQueue(r.ctx(), x.name, false)
		r.must(err)
		ways = append(ways, lane)
	}
	for _, q := range ways {
		_, err := r.m.CancelQueue(r.ctx(), q, xfer.CancelOptions{Reason: "test"})
		r.must(err)
	}
	synctest.Wait()
}

// flaky is a target that is slow, fails often, and accepts a few at a time.
func flaky(name string, seed uint64) *stub {
	random := rand.New(rand.NewPCG(seed, 3)) // one call at a time
	x := &stub{name: name}
	x.send = func(_ context.Context, _ int, records []xfer.Record) ([]xfer.Result, error) {
		time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
		n := min(len(records), random.IntN(5))
		if random.IntN(2) == 0 {
			return x.accept(records[:n]), errors.New("failed")
		}
		return x.accept(records[:n]), nil
	}
	return x
}

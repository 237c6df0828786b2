package queue_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// I7 and SEMANTICS row 7, for messages that are sent for an instant: of 100,000
// that are cancelled by some goroutines while others receive them, each is
// cancelled or received, and never both.
func TestOneShotsCancelledOrReceived(t *testing.T) {
	const messages, batch = 100_000, 1000
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{VisibilityTimeout: new(hour)})
	ids := make([]queue.MessageID, 0, messages)
	for len(ids) < messages {
		shots := make([]queue.Message, batch)
		for i := range shots {
			shots[i].At = noon.Add(time.Duration(len(ids)+i) * time.Microsecond)
		}
		results, err := r.q.SendMany(r.ctx(), shots)
		r.must(err)
		for _, result := range results {
			ids = append(ids, result.ID)
		}
	}
	place := make(map[queue.MessageID]int, messages)
	for i, id := range ids {
		place[id] = i
	}
	ends := make([]atomic.Int32, messages) // of each message
	var cancelled, received, step atomic.Int64
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for step.Load() < messages/batch || received.Load()+cancelled.Load() < messages {
				got, err := r.q.Receive(r.ctx(), &queue.ReceiveOptions{Max: 100})
				if err != nil {
					t.Errorf("receive: got error %v, want none", err)
					return
				}
				for _, d := range got {
					ends[place[d.ID]].Add(1)
					received.Add(1)
				}
				if len(got) == 0 {
					c.step(batch / 10 * time.Microsecond)
					step.Add(1)
				}
				if step.Load() > 100*messages/batch {
					return // something is lost
				}
			}
		})
	}
	for canceller := range uint64(2) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(7, canceller))
			mine := make([]queue.MessageID, 0, messages/2)
			for i, id := range ids { // ahead of the clock by some, and behind it by some
				if random.IntN(2) == 0 && i%2 == int(canceller) {
					mine = append(mine, id)
				}
			}
			for len(mine) > 0 {
				n := min(100, len(mine))
				outcomes, err := r.q.CancelMany(r.ctx(), mine[:n])
				if err != nil {
					t.Errorf("cancel: got error %v, want none", err)
					return
				}
				for i, outcome := range outcomes {
					switch outcome {
					case queue.Cancelled:
						ends[place[mine[i]]].Add(1)
						cancelled.Add(1)
					case queue.CancelInFlight:
					default:
						t.Errorf("cancel: got %v, want cancelled or in flight", outcome)
					}
				}
				mine = mine[n:]
			}
		})
	}
	all.Wait()
	t.Logf("%d cancelled, %d received", cancelled.Load(), received.Load())
	wrong := 0
	for i := range ends {
		if ends[i].Load() != 1 {
			wrong++
		}
	}
	if wrong > 0 || cancelled.Load() == 0 || received.Load() == 0 {
		t.Errorf("%d of %d messages were not either cancelled or received; %d cancelled, %d received", wrong, messages, cancelled.Load(), received.Load())
	}
	r.wantCounts(r.q, 0, 0, int(received.Load()))
}

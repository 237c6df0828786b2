package linear

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/memqueue"
	"github.com/redriveq/redrive/verify/internal/scale"
)

// longPlan is a plan for spec A: many calls on one queue.
func longPlan(seed uint64) Plan {
	rng := rand.New(rand.NewPCG(seed, 0))
	return Plan{
		Seed:       seed,
		Attributes: attributes(rng),
		Clients:    6 + rng.IntN(3),
		Pollers:    rng.IntN(3),
		Phases:     10,
		Calls:      60,
		Groups:     1 + rng.IntN(50),
	}
}

// shortPlan is a plan for spec B. The checker may have to look at all orders of
// the calls of a phase, of which there are up to (Calls+1) to the power of the
// clients, on a busy machine: so there are few of both, and many histories.
func shortPlan(seed uint64) Plan {
	rng := rand.New(rand.NewPCG(seed, 0))
	a := attributes(rng)
	if rng.IntN(4) == 0 {
		a.MaxInFlight = 1 + rng.IntN(4)
	}
	return Plan{
		Seed:       seed,
		Attributes: a,
		Clients:    3 + rng.IntN(3),
		Pollers:    rng.IntN(2),
		Phases:     2 + rng.IntN(3),
		Calls:      3 + rng.IntN(2),
		Groups:     1 + rng.IntN(3),
		Whole:      true,
	}
}

func attributes(rng *rand.Rand) queue.Attributes {
	a := queue.Attributes{
		FIFO:             rng.IntN(2) == 0,
		ReceiptPolicy:    queue.ReceiptPolicy(rng.IntN(3)),
		RefuseLateChange: rng.IntN(4) == 0,
	}
	if rng.IntN(3) == 0 {
		a.MaxVisibility = 5 * time.Second
	}
	if rng.IntN(3) == 0 {
		a.Retention = 4 * time.Second
	}
	return a
}

// total is what many runs amount to.
type total struct {
	Verdict
	mu                         sync.Mutex // guards all
	histories, receives, empty int
	deletes, stale             int
}

// run carries out plans by seed and checks their histories, a few at a time,
// until there is enough or a violation.
func (s *total) run(plan func(seed uint64) Plan, check func(*History) Verdict, enough func() bool) {
	var seeds atomic.Uint64
	var workers sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for !s.done(enough) {
				p := plan(seeds.Add(1))
				h, err := p.Run(memqueue.New())
				if err != nil {
					s.add(&History{}, Verdict{Violation: err.Error()})
					return
				}
				v := check(h)
				if v.Violation != "" {
					v.Violation = fmt.Sprintf("seed %d, attributes %+v: %s", p.Seed, p.Attributes, v.Violation)
				}
				s.add(h, v)
			}
		})
	}
	workers.Wait()
}

func (s *total) done(enough func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Violation != "" || enough()
}

func (s *total) add(h *History, v Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Add(v)
	s.histories++
	s.receives += h.Receives
	s.empty += h.Empty
	for _, o := range h.Operations {
		if o.Input.(Call).Op == Delete {
			s.deletes++
			if o.Output.(Answer).Results[0].Standing != queue.Current {
				s.stale++
			}
		}
	}
}

// demand fails if something was wrong, or if too little was done to tell.
func (s *total) demand(t *testing.T) {
	t.Helper()
	if s.Violation != "" {
		t.Error(s.Violation)
	}
	if s.TimeOuts > 0 {
		t.Errorf("got %d time-outs of the checker, want none", s.TimeOuts)
	}
	if s.empty*100 > s.receives*40 {
		t.Errorf("got %d empty receives of %d, want at most 40%%", s.empty, s.receives)
	}
	if s.stale*100 < s.deletes*5 {
		t.Errorf("got %d stale deletes of %d, want at least 5%%", s.stale, s.deletes)
	}
	if s.Overlapping*100 < s.Operations*10 {
		t.Errorf("got %d overlapping operations of %d, want at least 10%%", s.Overlapping, s.Operations)
	}
}

// report prints what was done on one line.
func (s *total) report(spec string, begin time.Time) {
	percent := func(a, b int) int { return a * 100 / max(b, 1) }
	fmt.Printf("L4: %s: %s operations, %s partitions, %s histories, %d%% overlap, %d%% of receives not empty, %d%% of deletes stale, %d time-outs, %.1fs\n",
		spec, scale.Count(s.Operations), scale.Count(s.Partitions), scale.Count(s.histories),
		percent(s.Overlapping, s.Operations), 100-percent(s.empty, s.receives), percent(s.stale, s.deletes),
		s.TimeOuts, time.Since(begin).Seconds())
}

func TestMessagesAreLinearizable(t *testing.T) {
	var sum total
	begin, want := time.Now(), scale.Of(400_000)
	sum.run(longPlan, (*History).CheckMessages, func() bool { return sum.Operations >= want })
	sum.report("spec A", begin)
	sum.demand(t)
}

func TestQueuesAreLinearizable(t *testing.T) {
	var sum total
	begin, want := time.Now(), scale.Of(3_000)
	sum.run(shortPlan, (*History).CheckQueue, func() bool { return sum.histories >= want })
	sum.report("spec B", begin)
	sum.demand(t)
}

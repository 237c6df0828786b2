package linear

import (
	"slices"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// A canary is a fault that a specification must see. One that lives means that
// the test above it proves nothing.
type canary struct {
	name  string
	fault fault
}

// For each specification, the faults that it must see.
var (
	byMessage = []canary{
		{name: "delete ignores the generation", fault: fault{
			receipt: func(e *faulty, r driver.Receipt) driver.Receipt {
				if latest, ok := e.latest[r.Message]; ok {
					return latest
				}
				return r
			},
		}},
		{name: "cancel of a message in flight answers cancelled", fault: fault{
			cancelled: func(o driver.CancelOutcome) driver.CancelOutcome {
				if o == driver.CancelInFlight {
					return driver.Cancelled
				}
				return o
			},
		}},
		{name: "a message is handed out twice", fault: fault{
			received: func(e *faulty, r *driver.Received) {
				if e.last.Message != (driver.MessageID{}) && len(r.Deliveries) == 0 {
					r.Deliveries = append(r.Deliveries, e.last)
				}
			},
		}},
		{name: "a change to zero leaves the message hidden", fault: fault{
			change: func(c *driver.Change) {
				if c.Timeout == 0 && !c.Uncount {
					c.Timeout = time.Second
				}
			},
		}},
	}
	byQueue = []canary{
		{name: "a receive finds nothing although there is a message", fault: fault{deaf: true}},
		{name: "a receive hides messages and answers nothing", fault: fault{
			received: func(_ *faulty, r *driver.Received) { r.Deliveries = nil },
		}},
		{name: "messages of one receive in the wrong order", fault: fault{
			received: func(_ *faulty, r *driver.Received) { slices.Reverse(r.Deliveries) },
		}},
		{name: "sequences go back", fault: fault{
			sent: func(r []driver.SendResult) {
				for i := range r {
					r[i].Sequence = 1 << 20 >> r[i].Sequence
				}
			},
		}},
	}
)

func TestCanaries(t *testing.T) {
	for _, c := range byMessage {
		t.Run("spec A/"+c.name, func(t *testing.T) { c.mustDie(t, longPlan, (*History).CheckMessages) })
	}
	for _, c := range slices.Concat(byMessage, byQueue) {
		t.Run("spec B/"+c.name, func(t *testing.T) { c.mustDie(t, shortPlan, (*History).CheckQueue) })
	}
}

// mustDie runs plans on the faulty engine until one of them shows the fault.
func (c canary) mustDie(t *testing.T, plan func(uint64) Plan, check func(*History) Verdict) {
	t.Parallel()
	const tries = 30
	for seed := uint64(1); seed <= tries; seed++ {
		h, err := plan(seed).Run(newFaulty(memqueue.New(), c.fault))
		if err != nil {
			t.Fatalf("seed %d: got error %v, want none", seed, err)
		}
		if check(h).Violation != "" {
			return
		}
	}
	t.Errorf("after %d histories: got no violation, want one: the check is dead", tries)
}

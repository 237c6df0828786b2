package drivertest

import (
	"pgregory.net/rapid"

	"github.com/redriveq/redrive/queue/driver"
)

// Machine takes an engine and the model through the steps of [Drive] with
// choices that rapid draws, so that a failure shrinks to few and plain steps.
// Call it in a property:
//
//	rapid.Check(t, func(t *rapid.T) { drivertest.Machine(t, open) })
func Machine(t *rapid.T, open func() driver.Engine) {
	w := newWorld(drawn{t}, plain(), open())
	defer w.abandon()
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(w.start(false))
	actions := make(map[string]func(*rapid.T))
	rare := w.weights
	for i, kind := range table {
		if kind.weight > 10 {
			actions[kind.name] = func(t *rapid.T) { check(w.next(i)) }
			rare[i] = 0
		}
	}
	w.weights = rare
	actions["something rare"] = func(t *rapid.T) { check(w.next(w.choose())) }
	t.Repeat(actions)
	check(w.end())
}

// A drawn source lets rapid choose.
type drawn struct{ t *rapid.T }

func (d drawn) Intn(n int) int {
	if n <= 1 {
		return 0
	}
	// Numbers drawn from a range would mostly be small.
	return rapid.SampledFrom(numbers[:min(n, len(numbers))]).Draw(d.t, "choice")
}

// numbers are 0, 1, 2 and so on.
var numbers = func() (all [1 << 12]int) {
	for i := range all {
		all[i] = i
	}
	return all
}()

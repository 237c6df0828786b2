package drivertest

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/queue/driver"
)

// The size of the random part of Run.
const (
	runSeeds = 200
	runMarks = 3 // how often each rare state must come up in it
)

// runSteps are the lengths of the runs, in turn. Long runs find more than many
// short ones, and some of each find most.
var runSteps = [...]int{200, 400, 400, 1000}

// Run checks an engine: all scenarios, random runs against the model that must
// reach every rare state, and the state machine. It takes a second or two with
// an engine in memory.
//
// Open returns an engine without queues, a new one for every call. Run closes
// it.
func Run(t *testing.T, open func(testing.TB) driver.Engine) {
	t.Run("scenarios", func(t *testing.T) { runScenarios(t, open) })
	t.Run("model", func(t *testing.T) { runModel(t, func() driver.Engine { return open(t) }) })
	t.Run("machine", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) { Machine(r, func() driver.Engine { return open(t) }) })
	})
}

func runModel(t *testing.T, open func() driver.Engine) {
	var total Report
	for seed := range uint64(runSeeds) {
		report, err := Drive(seed, runSteps[seed%uint64(len(runSteps))], open)
		if err != nil {
			t.Fatal(err)
		}
		total.Add(report)
	}
	if err := total.Check(runMarks); err != nil {
		t.Error(err)
	}
	t.Log(total.String())
}

// subjects are all scenarios.
var subjects = []struct {
	name      string
	scenarios []scenario
}{
	{"queue", queueScenarios},
	{"attributes", attributeScenarios},
	{"policy", policyScenarios},
	{"send", sendScenarios},
	{"receive", receiveScenarios},
	{"receipt", receiptScenarios},
	{"cancel", cancelScenarios},
	{"deadletter", deadLetterScenarios},
	{"fifo", fifoScenarios},
	{"dedup", dedupScenarios},
	{"retention", retentionScenarios},
	{"list", listScenarios},
	{"time", timeScenarios},
	{"batch", batchScenarios},
	{"move", moveScenarios},
	{"task", taskScenarios},
	{"transfer", transferScenarios},
	{"restore", restoreScenarios},
	{"accept", acceptScenarios},
	{"schedule", scheduleScenarios},
	{"plan", planScenarios},
}

func runScenarios(t *testing.T, open func(testing.TB) driver.Engine) {
	for _, subject := range subjects {
		for _, s := range subject.scenarios {
			t.Run(subject.name+"/"+s.name, func(t *testing.T) {
				p := newPlay(t, s.says, open)
				p.run(s.steps)
				if s.play != nil {
					s.play(p)
				}
			})
		}
	}
}

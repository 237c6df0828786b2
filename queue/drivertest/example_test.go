package drivertest_test

import (
	"fmt"
	"testing"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/drivertest"
)

// open is all that an engine's tests need to say.
func open(testing.TB) driver.Engine { return model.New() }

// The specification passes its own suite. The test of an engine is the same.
func TestEngine(t *testing.T) { drivertest.Run(t, open) }

// And so are its benchmarks.
func BenchmarkEngine(b *testing.B) { drivertest.Bench(b, open) }

// Long random runs add their reports, so that it can be seen that they reached
// what they are there for.
func ExampleDrive() {
	var total drivertest.Report
	for seed := range uint64(20) {
		report, err := drivertest.Drive(seed, 200, func() driver.Engine { return model.New() })
		if err != nil {
			fmt.Println(err)
			return
		}
		total.Add(report)
	}
	fmt.Println(total.Runs, "runs,", total.Steps, "steps")
	fmt.Println("some receives served:", total.Served > 0)
	fmt.Println("enough of every rare state:", total.Check(1_000_000) == nil)
	// Output:
	// 20 runs, 4000 steps
	// some receives served: true
	// enough of every rare state: false
}

package scheduler_test

import (
	"fmt"
	"time"

	"github.com/redriveq/redrive/scheduler"
)

// Slots lead from keys back to the things that they stand for.
func Example() {
	names := []string{"tea", "eggs", "toast"}
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

	var due scheduler.Index
	due.Insert(scheduler.NewKey(start.Add(4*time.Minute), 1, 0))
	due.Insert(scheduler.NewKey(start.Add(6*time.Minute), 2, 1))
	due.Insert(scheduler.NewKey(start.Add(4*time.Minute), 3, 2))

	now := start.Add(5 * time.Minute)
	for {
		key, found := due.PopDue(now)
		if !found {
			break
		}
		fmt.Println(names[key.Slot()], "was due at", key.At().Format(time.TimeOnly))
	}
	if next, found := due.Min(); found {
		fmt.Println(names[next.Slot()], "is due in", next.At().Sub(now))
	}
	// Output:
	// tea was due at 08:04:00
	// toast was due at 08:04:00
	// eggs is due in 1m0s
}

// A deadline is in force until just before its instant.
func ExampleKey_DueBy() {
	deadline := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	key := scheduler.NewKey(deadline, 1, 0)

	fmt.Println(key.DueBy(deadline.Add(-time.Nanosecond)))
	fmt.Println(key.DueBy(deadline))
	// Output:
	// false
	// true
}

// A thing changes its instant by the exact key that it has.
func ExampleIndex_Delete() {
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	key := scheduler.NewKey(start, 1, 0)

	var due scheduler.Index
	due.Insert(key)
	fmt.Println(due.Delete(key))
	due.Insert(scheduler.NewKey(start.Add(time.Hour), key.Sequence(), key.Slot()))
	fmt.Println(due.Delete(key))

	for key := range due.All() {
		fmt.Println(key.At().Format(time.TimeOnly))
	}
	// Output:
	// true
	// false
	// 09:00:00
}

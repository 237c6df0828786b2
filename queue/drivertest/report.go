package drivertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Report says what happened in runs of the driver, so that a test can tell
// whether they reached what they are there for.
type Report struct {
	Runs, Steps int
	Receives    int // that were no errors
	Served      int // of those, the ones that handed out something
	Deletes     int // receipts that were used
	Stale       int // of those, the ones that were not current

	Operations map[string]int // how often each was called
	Marks      map[string]int // how often each rare state was reached
}

// Add adds what other counted.
func (r *Report) Add(other Report) {
	r.Runs += other.Runs
	r.Steps += other.Steps
	r.Receives += other.Receives
	r.Served += other.Served
	r.Deletes += other.Deletes
	r.Stale += other.Stale
	r.Operations = sum(r.Operations, other.Operations)
	r.Marks = sum(r.Marks, other.Marks)
}

func sum(a, b map[string]int) map[string]int {
	total := maps.Clone(a)
	if total == nil {
		total = make(map[string]int)
	}
	for name, count := range b {
		total[name] += count
	}
	return total
}

// Check returns an error if the runs were too tame to prove anything: if less
// than 60% of the receives handed out something, if less than 5% of the
// receipts used for deletes were stale, or if a rare state was reached fewer
// times than marks says.
func (r *Report) Check(marks int) error {
	var faults []string
	if r.Served*100 < r.Receives*60 || r.Receives == 0 {
		faults = append(faults, fmt.Sprintf("%d of %d receives handed out something, want 60%%", r.Served, r.Receives))
	}
	if r.Stale*100 < r.Deletes*5 || r.Deletes == 0 {
		faults = append(faults, fmt.Sprintf("%d of %d deletes were stale, want 5%%", r.Stale, r.Deletes))
	}
	for _, name := range markNames {
		if r.Marks[name] < marks {
			faults = append(faults, fmt.Sprintf("%q happened %d times, want %d", name, r.Marks[name], marks))
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d runs of %d steps reached too little:\n%s", r.Runs, r.Steps, strings.Join(faults, "\n"))
	}
	return nil
}

// String returns the counts, one on a line.
func (r *Report) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d runs, %d steps; %d of %d receives served; %d of %d deletes stale\n",
		r.Runs, r.Steps, r.Served, r.Receives, r.Stale, r.Deletes)
	for _, counts := range []map[string]int{r.Operations, r.Marks} {
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(&text, "%8d %s\n", counts[name], name)
		}
	}
	return text.String()
}

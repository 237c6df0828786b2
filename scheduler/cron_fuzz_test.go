package scheduler

import (
	"strings"
	"testing"
	"time"
)

// FuzzCron reads any text as an expression: it is refused with an error that
// says so, or occurs again and again.
func FuzzCron(f *testing.F) {
	// A day that there is comes back within this: the leap day of a weekday,
	// across a year like 2100.
	const rarest = 41 * 366 * 24 * time.Hour

	f.Add("30 2 * * *", "Europe/Berlin", int64(1_774_700_000))
	f.Add("*/5 9-17 * JAN-MAR MON-FRI", "", int64(0))
	f.Fuzz(func(t *testing.T, expression, zone string, unix int64) {
		if expression == "" {
			return
		}
		begin := time.Unix(unix%200e9, 0)
		table, err := NewTimetable(Recurrence{Cron: expression, Zone: zone}, begin)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "scheduler: recurrence: ") {
				t.Errorf("%q in %q at %v: error %q", expression, zone, begin, err)
			}
			return
		}
		first, found := table.First()
		if !found || first.Before(begin) || first.After(begin.Add(rarest)) {
			t.Fatalf("%q in %q: First() = %v, %t, want within 41 years from %v", expression, zone, first, found, begin)
		}
		second, found := table.Next(first)
		if !found || !second.After(first) {
			t.Fatalf("%q in %q: Next(%v) = %v, %t, want a later one", expression, zone, first, second, found)
		}
		if got, found := table.Latest(second.Add(-1)); !found || got != first {
			t.Fatalf("%q in %q: Latest before %v = %v, %t, want %v", expression, zone, second, got, found, first)
		}
	})
}

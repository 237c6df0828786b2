package scheduler

import (
	"fmt"
	"testing"
	"time"
)

// benchmarked are recurrences from the most frequent to the rarest.
var benchmarked = []struct {
	name string
	r    Recurrence
}{
	{"period", Recurrence{Every: time.Minute}},
	{"minute", Recurrence{Cron: "* * * * *"}},
	{"minute-berlin", Recurrence{Cron: "* * * * *", Zone: "Europe/Berlin"}},
	{"day", Recurrence{Cron: "30 2 * * *"}},
	{"day-berlin", Recurrence{Cron: "30 2 * * *", Zone: "Europe/Berlin"}},
	{"quarter-berlin", Recurrence{Cron: "0 9 1 */3 *", Zone: "Europe/Berlin"}},
	{"leap-sunday-berlin", Recurrence{Cron: "0 0 29 2 */7", Zone: "Europe/Berlin"}},
	{"leap-sunday-minute-berlin", Recurrence{Cron: "* * 29 2 */7", Zone: "Europe/Berlin"}},
}

// BenchmarkNext asks after a jump of 50 years and after one of 400.
func BenchmarkNext(b *testing.B) { benchmarkTimetable(b, (*Timetable).Next) }

// BenchmarkLatest asks what the latest occurrence of such a jump was.
func BenchmarkLatest(b *testing.B) { benchmarkTimetable(b, (*Timetable).Latest) }

func benchmarkTimetable(b *testing.B, ask func(*Timetable, time.Time) (time.Time, bool)) {
	for _, test := range benchmarked {
		for _, years := range []int{50, 400} {
			b.Run(fmt.Sprintf("rule=%s/years=%d", test.name, years), func(b *testing.B) {
				table := mustTimetable(b, test.r, year2026)
				at := year2026.AddDate(years, 6, 0)
				b.ReportAllocs()
				for b.Loop() {
					if got, found := ask(table, at); !found {
						b.Fatalf("at %v: %v, %t, want an occurrence", at, got, found)
					}
				}
			})
		}
	}
}

// BenchmarkNewTimetable parses, and reads the zone.
func BenchmarkNewTimetable(b *testing.B) {
	for _, test := range benchmarked {
		b.Run("rule="+test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mustTimetable(b, test.r, year2026)
			}
		})
	}
}

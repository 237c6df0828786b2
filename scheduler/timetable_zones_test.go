package scheduler

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// everywhere is what is asked of each change of each zone.
var everywhere = []sentence{
	{"* * * * *", true, func(time.Time) bool { return true }},
	{"*/5 * * * *", true, func(w time.Time) bool { return w.Minute()%5 == 0 }},
	{"*/7 * * * *", true, func(w time.Time) bool { return w.Minute()%7 == 0 }},
	{"*/15 * * * *", true, func(w time.Time) bool { return w.Minute()%15 == 0 }},
	{"@hourly", true, func(w time.Time) bool { return w.Minute() == 0 }},
	{"30 * * * *", true, func(w time.Time) bool { return w.Minute() == 30 }},
	{"*/10 0-23 1 * *", true, func(w time.Time) bool { return w.Minute()%10 == 0 && w.Day() == 1 }},
	{"20 * * * SAT", true, func(w time.Time) bool { return w.Minute() == 20 && w.Weekday() == time.Saturday }},
	{"@daily", false, isMidnight},
	{"0 2 * * *", false, func(w time.Time) bool { return w.Hour() == 2 && w.Minute() == 0 }},
	{"30 2 * * *", false, func(w time.Time) bool { return w.Hour() == 2 && w.Minute() == 30 }},
	{"0 3 * * *", false, func(w time.Time) bool { return w.Hour() == 3 && w.Minute() == 0 }},
	{"59 23 * * *", false, func(w time.Time) bool { return w.Hour() == 23 && w.Minute() == 59 }},
	{"*/5 2 * * *", false, func(w time.Time) bool { return w.Hour() == 2 && w.Minute()%5 == 0 }},
	{"*/20 0-3,23 * * *", false, func(w time.Time) bool {
		return (w.Hour() <= 3 || w.Hour() == 23) && w.Minute()%20 == 0
	}},
	{"0 */2 * * *", false, func(w time.Time) bool { return w.Hour()%2 == 0 && w.Minute() == 0 }},
	{"*/4 0-22 * * *", false, func(w time.Time) bool { return w.Hour() != 23 && w.Minute()%4 == 0 }},
	{"@weekly", false, func(w time.Time) bool { return isMidnight(w) && w.Weekday() == time.Sunday }},
	{"30 1 * * 7", false, func(w time.Time) bool {
		return w.Hour() == 1 && w.Minute() == 30 && w.Weekday() == time.Sunday
	}},
	{"@monthly", false, func(w time.Time) bool { return isMidnight(w) && w.Day() == 1 }},
	{"@yearly", false, func(w time.Time) bool { return isMidnight(w) && w.YearDay() == 1 }},
	{"0 0 13 * fri", false, func(w time.Time) bool {
		return isMidnight(w) && (w.Day() == 13 || w.Weekday() == time.Friday)
	}},
}

func isMidnight(w time.Time) bool { return w.Hour() == 0 && w.Minute() == 0 }

// around returns sentences that name what the clock shows at both ends of a
// gap or overlap, and in the middle of it.
func around(location *time.Location, change time.Time) []sentence {
	_, before := change.Add(-1).In(location).Zone()
	_, after := change.In(location).Zone()
	wall := func(offset int) time.Time { return change.Add(time.Duration(offset) * time.Second) }

	middle := wall((before + after) / 2).Truncate(time.Minute)
	sentences := []sentence{everyHourAt(middle), everyYearAt(middle)}
	for _, at := range []time.Time{wall(before), wall(after), middle, wall(max(before, after)).Add(-time.Minute)} {
		sentences = append(sentences, everyDayAt(at))
	}
	return sentences
}

func everyHourAt(at time.Time) sentence {
	return sentence{fmt.Sprintf("%d * * * *", at.Minute()), true, func(w time.Time) bool {
		return w.Minute() == at.Minute()
	}}
}

func everyDayAt(at time.Time) sentence {
	return sentence{fmt.Sprintf("%d %d * * *", at.Minute(), at.Hour()), false, func(w time.Time) bool {
		return w.Minute() == at.Minute() && w.Hour() == at.Hour()
	}}
}

func everyYearAt(at time.Time) sentence {
	text := fmt.Sprintf("%d %d %d %d *", at.Minute(), at.Hour(), at.Day(), at.Month())
	return sentence{text, false, func(w time.Time) bool {
		return w.Minute() == at.Minute() && w.Hour() == at.Hour() && w.Day() == at.Day() && w.Month() == at.Month()
	}}
}

// A tally counts what was compared.
type tally struct{ zones, changes, comparisons atomic.Int64 }

// Every zone of the tz database, links aside, every change of its offset from
// 1990 to 2040, and every sentence, against a clock that is looked at minute by
// minute.
func TestTimetableAtEveryChangeOfEveryZone(t *testing.T) {
	all, distinct := zoneNames(t)
	var names []string
	for chunk := range slices.Chunk(distinct, zoneStep) {
		names = append(names, chunk[0])
	}
	var counts tally
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(names)); i = next.Add(1) - 1 {
				if err := compareZone(names[i], &counts); err != nil {
					t.Errorf("zone %s: %v", names[i], err)
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d names of %d zones; %d zones, %d changes, %d comparisons",
		len(all), len(distinct), counts.zones.Load(), counts.changes.Load(), counts.comparisons.Load())
	if got, want := counts.changes.Load(), 20*int64(len(names)); got < want {
		t.Errorf("changes = %d, want %d at least", got, want)
	}
}

func compareZone(name string, counts *tally) error {
	location, err := time.LoadLocation(name)
	if err != nil {
		return err
	}
	tables, err := tablesOf(everywhere, name)
	if err != nil {
		return err
	}
	counts.zones.Add(1)
	for _, change := range changes(location) {
		counts.changes.Add(1)
		special := around(location, change)
		specialTables, err := tablesOf(special, name)
		if err != nil {
			return err
		}
		err = compareChange(location, change, slices.Concat(everywhere, special), slices.Concat(tables, specialTables), counts)
		if err != nil {
			return fmt.Errorf("change at %v: %w", change, err)
		}
	}
	return nil
}

func tablesOf(sentences []sentence, zone string) ([]*Timetable, error) {
	tables := make([]*Timetable, len(sentences))
	for i, s := range sentences {
		var err error
		if tables[i], err = NewTimetable(Recurrence{Cron: s.text, Zone: zone}, time.Time{}); err != nil {
			return nil, err
		}
	}
	return tables, nil
}

// compareChange compares from before what is shown twice, or jumped over, until
// after it.
func compareChange(location *time.Location, change time.Time, sentences []sentence, tables []*Timetable, counts *tally) error {
	_, before := change.Add(-1).In(location).Zone()
	_, after := change.In(location).Zone()
	const margin = 40 * time.Minute
	shift := time.Duration(after-before) * time.Second
	from, to := change.Add(-shift.Abs()-margin), change.Add(shift.Abs()+margin)

	clock, err := takeWalk(location, from.Add(-shift.Abs()-margin), to.Add(margin))
	if err != nil {
		return err
	}
	for i, s := range sentences {
		want := clock.occurrences(s, from, to)
		c := compare(tables[i], want, from, to)
		counts.comparisons.Add(int64(c.asked) + 1)
		if err := cmp.Or(c.err, compareFirst(tables[i], want, change, to)); err != nil {
			return fmt.Errorf("%q: %w", s.text, err)
		}
	}
	return nil
}

// compareFirst begins the timetable at the change.
func compareFirst(table *Timetable, occurrences []time.Time, change, to time.Time) error {
	begun := *table
	begun.floor = change
	got, found := begun.First()
	if got.After(to) {
		got, found = time.Time{}, false
	}
	var want time.Time
	first := slices.IndexFunc(occurrences, func(at time.Time) bool { return !at.Before(change) })
	if first >= 0 {
		want = occurrences[first]
	}
	if got != want || found != (first >= 0) {
		return fmt.Errorf("First() from the change on = %v, %t, want %v", got, found, want)
	}
	return nil
}

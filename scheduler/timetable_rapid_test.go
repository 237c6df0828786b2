package scheduler

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A drawnField is the text of a field together with what it admits.
type drawnField struct {
	text string
	open bool // begins with * or ?
	set  map[int]bool
}

func drawField(t *rapid.T, field int) drawnField {
	f := &cronLanguage[field]
	drawn := drawnField{set: map[int]bool{}}
	var items []string
	for range rapid.IntRange(1, 3).Draw(t, f.name+" items") {
		items = append(items, drawItem(t, f, drawn.set))
	}
	drawn.text = strings.Join(items, ",")
	drawn.open = strings.HasPrefix(drawn.text, "*")
	return drawn
}

// drawItem draws a star, a value or a range, with or without a step, and adds to
// the set what it admits.
func drawItem(t *rapid.T, f *cronField, set map[int]bool) string {
	low, high := f.min, f.max
	text := "*"
	kind := rapid.SampledFrom([]string{"star", "value", "range"}).Draw(t, f.name)
	if kind != "star" {
		low = rapid.IntRange(f.min, f.max).Draw(t, "low")
		high = low
		text = fmt.Sprint(low)
	}
	if kind == "range" {
		high = rapid.IntRange(low, f.max).Draw(t, "high")
		text += fmt.Sprint("-", high)
	}
	step := 1
	if rapid.Bool().Draw(t, "stepped") {
		step = rapid.IntRange(1, f.max-f.min+1).Draw(t, "step")
		text += fmt.Sprint("/", step)
		if kind == "value" {
			high = f.max
		}
	}
	for value := low; value <= high; value += step {
		set[value] = true
	}
	return text
}

// A drawnSentence also has a minute of the day that matches.
type drawnSentence struct {
	sentence
	minute int
}

// drawSentence draws an expression. It may be one of a day that there is not.
func drawSentence(t *rapid.T) drawnSentence {
	var fields [cronFields]drawnField
	var texts []string
	for i := range fields {
		fields[i] = drawField(t, i)
		texts = append(texts, fields[i].text)
	}
	either := !fields[cronDay].open && !fields[cronWeekday].open
	minute := slices.Min(slices.Collect(maps.Keys(fields[cronMinute].set)))
	hour := slices.Min(slices.Collect(maps.Keys(fields[cronHour].set)))
	return drawnSentence{minute: hour*60 + minute, sentence: sentence{
		text:   strings.Join(texts, " "),
		rhythm: len(fields[cronHour].set) == 24,
		matches: func(w time.Time) bool {
			day, weekday := fields[cronDay].set[w.Day()], fields[cronWeekday].set[int(w.Weekday())]
			return fields[cronMinute].set[w.Minute()] && fields[cronHour].set[w.Hour()] &&
				fields[cronMonth].set[int(w.Month())] && (day && weekday || either && (day || weekday))
		},
	}}
}

// checkRefused checks that an expression of valid fields matches no day of 28
// years, which have a leap day on each day of the week.
func checkRefused(t *rapid.T, s drawnSentence, err error) {
	first := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := first; day.Year() < 2028; day = day.AddDate(0, 0, 1) {
		if at := day.Add(time.Duration(s.minute) * time.Minute); s.matches(at) {
			t.Fatalf("%q: error %v, want an occurrence at %v", s.text, err, at)
		}
	}
}

// Random expressions around random changes, against a clock that is looked at
// minute by minute.
func TestTimetableAgainstClock(t *testing.T) {
	names, _ := zoneNames(t)
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(names).Draw(t, "zone")
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		near := append(changes(location), time.Unix(rapid.Int64Range(800e6, 2200e6).Draw(t, "somewhere"), 0).UTC())
		middle := rapid.SampledFrom(near).Draw(t, "near")
		from := middle.Add(-time.Duration(rapid.IntRange(0, 48*60).Draw(t, "minutes before")) * time.Minute)
		to := middle.Add(time.Duration(rapid.IntRange(0, 48*60).Draw(t, "minutes after")) * time.Minute)

		s := drawSentence(t)
		table, err := NewTimetable(Recurrence{Cron: s.text, Zone: zone}, from)
		if err != nil {
			checkRefused(t, s, err)
			return
		}
		clock, err := takeWalk(location, from.Add(-26*time.Hour), to.Add(26*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if c := compare(table, clock.occurrences(s.sentence, from, to), from, to); c.err != nil {
			t.Fatalf("%q in %s: %v", s.text, zone, c.err)
		}
	})
}

// What Next and Latest owe each other, at any time and in any zone.
func TestTimetableNextAndLatestAgree(t *testing.T) {
	names, _ := zoneNames(t)
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(names).Draw(t, "zone")
		s := drawSentence(t)
		table, err := NewTimetable(Recurrence{Cron: s.text, Zone: zone}, time.Time{})
		if err != nil {
			checkRefused(t, s, err)
			return
		}
		at, later := drawInstantOfYears(t, "at"), drawInstantOfYears(t, "later")
		if later.Before(at) {
			at, later = later, at
		}
		next, found := table.Next(at)
		if !found || !next.After(at) {
			t.Fatalf("Next(%v) = %v, %t, want a later one", at, next, found)
		}
		if got, _ := table.Next(later); got.Before(next) {
			t.Fatalf("Next(%v) = %v, want %v or after it as of %v", later, got, next, at)
		}
		if got, _ := table.Latest(next); got != next {
			t.Fatalf("Latest(%v) = %v, want the same", next, got)
		}
		latest, found := table.Latest(at)
		if between, _ := table.Latest(next.Add(-1)); between != latest {
			t.Fatalf("Latest(%v) = %v, want %v as of %v", next.Add(-1), between, latest, at)
		}
		if !found {
			return
		}
		if got, _ := table.Next(latest); latest.After(at) || got != next {
			t.Fatalf("Latest(%v) = %v, and Next of that %v, want %v", at, latest, got, next)
		}
		if got, _ := table.Next(latest.Add(-1)); got != latest {
			t.Fatalf("Next(%v) = %v, want %v", latest.Add(-1), got, latest)
		}
	})
}

// drawInstantOfYears leaves room at the end for the rarest day.
func drawInstantOfYears(t *rapid.T, label string) time.Time {
	lastStart := time.Date(9950, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	seconds := rapid.Int64Range(int64(startOfTime), lastStart).Draw(t, label)
	return time.Unix(seconds, rapid.Int64Range(0, 1e9-1).Draw(t, label+" nanoseconds")).UTC()
}

// Every, in numbers of any size.
func TestEveryIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anchor, begin := drawInstantOfYears(t, "anchor"), drawInstantOfYears(t, "begin")
		at := drawInstantOfYears(t, "at")
		period := time.Duration(rapid.Int64Range(int64(MinPeriod), math.MaxInt64).Draw(t, "period"))
		r := Recurrence{First: anchor, Every: period}
		if anchor.IsZero() {
			anchor = begin
		}
		table, err := NewTimetable(r, begin)
		if err != nil {
			t.Fatal(err)
		}
		check := func(call string, got time.Time, found bool, want *big.Int) {
			inTime := want.Cmp(nanoseconds(endOfTime.time())) < 0
			if found != inTime || found && nanoseconds(got).Cmp(want) != 0 {
				t.Fatalf("%+v from %v, at %v: %s = %v (%d ns), %t, want %d ns, %t",
					r, begin, at, call, got, nanoseconds(got), found, want, inTime)
			}
		}
		first := gridFrom(nanoseconds(begin), nanoseconds(anchor), period)
		got, found := table.First()
		check("First", got, found, first)

		got, found = table.Next(at)
		afterAt := new(big.Int).Add(nanoseconds(at), big.NewInt(1))
		check("Next", got, found, maxBig(first, gridFrom(afterAt, nanoseconds(anchor), period)))

		got, found = table.Latest(at)
		if nanoseconds(at).Cmp(first) < 0 {
			if found {
				t.Fatalf("%+v from %v: Latest(%v) = %v, want none", r, begin, at, got)
			}
			return
		}
		after := gridFrom(afterAt, nanoseconds(anchor), period)
		check("Latest", got, found, after.Sub(after, big.NewInt(int64(period))))
	})
}

// The span between these two is 2^64 nanoseconds and a little more, the little
// being in the part below a second.
func TestEveryCarries(t *testing.T) {
	anchor := time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)
	at := time.Unix(anchor.Unix()+18_446_744_073, 800_000_000).UTC()
	const period = time.Hour + 1
	table := mustTimetable(t, Recurrence{First: anchor, Every: period}, anchor)
	want := gridFrom(nanoseconds(at), nanoseconds(anchor), period)
	if got, found := table.Next(at.Add(-1)); !found || nanoseconds(got).Cmp(want) != 0 {
		t.Errorf("Next(%v) = %v (%d ns), %t, want %d ns", at, got, nanoseconds(got), found, want)
	}
}

// nanoseconds returns an instant in nanoseconds from 1970.
func nanoseconds(at time.Time) *big.Int {
	n := new(big.Int).Mul(big.NewInt(at.Unix()), big.NewInt(1e9))
	return n.Add(n, big.NewInt(int64(at.Nanosecond())))
}

// gridFrom returns the first of anchor, anchor+period, … at from or after it.
func gridFrom(from, anchor *big.Int, period time.Duration) *big.Int {
	if from.Cmp(anchor) <= 0 {
		return new(big.Int).Set(anchor)
	}
	step := big.NewInt(int64(period))
	n := new(big.Int).Sub(from, anchor)
	n.Add(n, step).Sub(n, big.NewInt(1)).Div(n, step)
	return n.Mul(n, step).Add(n, anchor)
}

func maxBig(a, b *big.Int) *big.Int {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

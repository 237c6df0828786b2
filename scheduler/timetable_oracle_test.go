package scheduler

import (
	"archive/zip"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"
)

// A sentence is an expression together with its meaning in other words. Here
// and below, a wall is what a local clock shows, as a time in UTC.
type sentence struct {
	text    string
	rhythm  bool // the hour is open
	matches func(wall time.Time) bool
}

// A walk is a local clock that was looked at in every minute of a time.
type walk struct {
	at    []int64 // minutes from 1970, one after the other
	shown []int64 // what the clock showed: minutes likewise

	// lands says for what the clock showed, or jumped over, when that was: the
	// minute of at for each minute from the lowest one of shown.
	lands  []int64
	lowest int64
}

const never = -1 << 62

// takeWalk looks at the clock of location in every minute from one instant to
// another. It fails if an offset is not a whole number of minutes.
func takeWalk(location *time.Location, from, to time.Time) (walk, error) {
	var w walk
	for minute := from.Unix() / 60; minute <= to.Unix()/60; minute++ {
		_, offset := time.Unix(minute*60, 0).In(location).Zone()
		if offset%60 != 0 {
			return w, fmt.Errorf("offset at %v = %d seconds, want whole minutes", time.Unix(minute*60, 0).UTC(), offset)
		}
		w.at = append(w.at, minute)
		w.shown = append(w.shown, minute+int64(offset)/60)
	}
	w.land()
	return w, nil
}

// land applies the rule: what is shown lands where it is shown first; what is
// never shown lands where the clock jumped over it.
func (w *walk) land() {
	w.lowest = slices.Min(w.shown)
	w.lands = slices.Repeat([]int64{never}, int(slices.Max(w.shown)-w.lowest+1))
	for i, shown := range w.shown {
		if w.lands[shown-w.lowest] == never {
			w.lands[shown-w.lowest] = w.at[i]
		}
	}
	for i := 1; i < len(w.at); i++ {
		for missed := w.shown[i-1] + 1; missed < w.shown[i]; missed++ {
			if w.lands[missed-w.lowest] == never {
				w.lands[missed-w.lowest] = w.at[i]
			}
		}
	}
}

// occurrences returns the instants at which the sentence occurs, from one
// instant to another. The walk has to begin well before the first.
func (w *walk) occurrences(s sentence, from, to time.Time) []time.Time {
	var minutes []int64
	if s.rhythm {
		for i, shown := range w.shown {
			if s.matches(minuteTime(shown)) {
				minutes = append(minutes, w.at[i])
			}
		}
	} else {
		for i, lands := range w.lands {
			if s.matches(minuteTime(w.lowest + int64(i))) {
				minutes = append(minutes, lands)
			}
		}
		slices.Sort(minutes)
		minutes = slices.Compact(minutes)
	}
	var instants []time.Time
	for _, minute := range minutes {
		if at := minuteTime(minute); !at.Before(from) && !at.After(to) {
			instants = append(instants, at)
		}
	}
	return instants
}

func minuteTime(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }

// A comparison asks a timetable for everything that occurs between two instants.
type comparison struct {
	table    *Timetable
	from, to time.Time
	want     []time.Time
	asked    int
	err      error // the first answer that was wrong
}

// compare asks for each occurrence from both sides, forwards and backwards.
func compare(table *Timetable, want []time.Time, from, to time.Time) comparison {
	c := comparison{table: table, from: from, to: to, want: want}
	c.check("Next", table.Next, from.Add(-1), 0)
	c.check("Latest", table.Latest, to, len(want)-1)
	for i, at := range want {
		c.check("Next", table.Next, at.Add(-1), i)
		c.check("Next", table.Next, at, i+1)
		c.check("Latest", table.Latest, at.Add(-1), i-1)
		c.check("Latest", table.Latest, at, i)
	}
	return c
}

// check asks for the occurrence of that index. If there is no such index, the
// answer has to be outside of the time compared.
func (c *comparison) check(call string, ask func(time.Time) (time.Time, bool), of time.Time, index int) {
	c.asked++
	got, found := ask(of)
	if got.Before(c.from) || got.After(c.to) {
		got, found = time.Time{}, false
	}
	var want time.Time
	exists := index >= 0 && index < len(c.want)
	if exists {
		want = c.want[index]
	}
	if c.err == nil && (got != want || found != exists) {
		c.err = fmt.Errorf("%s(%v) = %v, %t, want %v, %t", call, of, got, found, want, exists)
	}
}

// zoneNames returns the names of all zones of the tz database, of Go's own copy
// or else of the machine's, and those of them that are not links: the first name
// of each content.
func zoneNames(t testing.TB) (all, distinct []string) {
	t.Helper()
	var database fs.FS = os.DirFS("/usr/share/zoneinfo")
	if archive, err := zip.OpenReader(filepath.Join(build.Default.GOROOT, "lib", "time", "zoneinfo.zip")); err == nil {
		defer archive.Close()
		database = archive
	}
	contents := map[string]bool{}
	_ = fs.WalkDir(database, ".", func(path string, _ fs.DirEntry, _ error) error {
		content, err := fs.ReadFile(database, path)
		if err != nil || !isZone(path) {
			return nil // a folder, or a table beside the zones
		}
		all = append(all, path)
		if !contents[string(content)] {
			distinct = append(distinct, path)
		}
		contents[string(content)] = true
		return nil
	})
	const atLeast = 400
	if len(all) < atLeast {
		t.Fatalf("found %d zones, want %d at least", len(all), atLeast)
	}
	return all, distinct
}

func isZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil
}

// changes returns the instants from 1990 to 2040 at which the offset of a zone
// changes. It looks every six hours, and then in between.
func changes(location *time.Location) []time.Time {
	offset := func(at int64) int {
		_, seconds := time.Unix(at, 0).In(location).Zone()
		return seconds
	}
	const step = 6 * 60 * 60
	var found []time.Time
	end := time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	for at := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).Unix(); at < end; at += step {
		before, after := at, at+step
		if offset(before) == offset(after) {
			continue
		}
		for after-before > 1 {
			if middle := (before + after) / 2; offset(middle) == offset(at) {
				before = middle
			} else {
				after = middle
			}
		}
		found = append(found, time.Unix(after, 0).UTC())
	}
	return found
}

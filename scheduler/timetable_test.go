package scheduler

import (
	"strings"
	"testing"
	"time"
)

// Each row is a timeline: what occurs from the beginning on, in local time.
func TestTimetableWhenClocksChange(t *testing.T) {
	for _, test := range []struct {
		name, zone, cron, begin string
		want                    []string
	}{
		{"a time in the gap is at its end", "Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00+01:00", []string{
			"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00",
		}},
		{"a time in the overlap is its first", "Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00+02:00", []string{
			"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00",
		}},
		{"the second time round is never it", "Europe/Berlin", "30 2 * * *", "2026-10-25T02:00:00+01:00", []string{
			"2026-10-26T02:30:00+01:00",
		}},
		{"nor is anything while that lasts", "Europe/Berlin", "30 2 * * *", "2026-10-25T02:10:00+01:00", []string{
			"2026-10-26T02:30:00+01:00",
		}},
		{"times in the gap and at its end are one", "Europe/Berlin", "0,20,40 1-3 * * *", "2026-03-29T01:30:00+01:00", []string{
			"2026-03-29T01:40:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:20:00+02:00",
		}},
		{"a range of hours pauses in the overlap", "Europe/Berlin", "*/30 0-6 * * *", "2026-10-25T01:50:00+02:00", []string{
			"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T03:00:00+01:00",
		}},
		{"a rhythm passes over the gap", "Europe/Berlin", "30 * * * *", "2026-03-29T01:00:00+01:00", []string{
			"2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00",
		}},
		{"a rhythm goes on through the overlap", "Europe/Berlin", "*/30 * * * *", "2026-10-25T02:15:00+02:00", []string{
			"2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00",
		}},
		{"a rhythm of one day of the week", "Europe/Berlin", "0 0-23 * * SUN", "2026-10-25T01:30:00+02:00", []string{
			"2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00",
		}},
		{"a gap of two hours", "Antarctica/Troll", "30 1,2 * * *", "2026-03-28T12:00:00Z", []string{
			"2026-03-29T03:00:00+02:00", "2026-03-30T01:30:00+02:00", "2026-03-30T02:30:00+02:00",
		}},
		{"a gap of half an hour", "Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00:00+10:30", []string{
			"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00",
		}},
		{"a rhythm and a gap of half an hour", "Australia/Lord_Howe", "@hourly", "2026-10-04T00:30:00+10:30", []string{
			"2026-10-04T01:00:00+10:30", "2026-10-04T03:00:00+11:00",
		}},
		{"an overlap of half an hour", "Australia/Lord_Howe", "45 * * * *", "2026-04-05T01:00:00+11:00", []string{
			"2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30", "2026-04-05T02:45:00+10:30",
		}},
		{"midnight in the gap", "Africa/Cairo", "@daily", "2025-04-24T12:00:00+02:00", []string{
			"2025-04-25T01:00:00+03:00", "2025-04-26T00:00:00+03:00",
		}},
		{"midnight twice", "America/St_Johns", "@daily", "2006-10-28T12:00:00-02:30", []string{
			"2006-10-29T00:00:00-02:30", "2006-10-30T00:00:00-03:30",
		}},
		{"a gap of a minute's start", "America/St_Johns", "0-2 0 * * *", "2006-04-01T12:00:00-03:30", []string{
			"2006-04-02T00:00:00-03:30", "2006-04-02T01:01:00-02:30", "2006-04-03T00:00:00-02:30",
		}},
		{"four changes in a year", "Africa/Casablanca", "30 2 * * SUN", "2026-02-14T12:00:00+01:00", []string{
			"2026-02-15T02:30:00+01:00", "2026-02-22T02:30:00Z", "2026-03-01T02:30:00Z", "2026-03-08T02:30:00Z",
			"2026-03-15T02:30:00Z", "2026-03-22T03:00:00+01:00", "2026-03-29T02:30:00+01:00",
		}},
		{"a day that there is not", "Pacific/Apia", "0 12 * * *", "2011-12-29T00:00:00-10:00", []string{
			"2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00",
		}},
		{"a rhythm and a day that there is not", "Pacific/Apia", "@hourly", "2011-12-29T22:30:00-10:00", []string{
			"2011-12-29T23:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T01:00:00+14:00",
		}},
		{"a rhythm of a day that there is not", "Pacific/Apia", "@hourly", "2012-12-29T22:30:00+14:00", []string{
			"2012-12-29T23:00:00+14:00", "2012-12-30T00:00:00+14:00",
		}},
		{"a Saturday that there is not", "Pacific/Kwajalein", "30 6 * * SAT", "1993-08-20T12:00:00-12:00", []string{
			"1993-08-22T00:00:00+12:00", "1993-08-28T06:30:00+12:00",
		}},
		{"a day twice", "America/Juneau", "0 12 * * *", "1867-10-17T16:00:00+15:02", []string{
			"1867-10-18T12:00:00+15:02", "1867-10-19T12:00:00+15:02", "1867-10-20T12:00:00-08:57",
		}},
		{"an offset of seconds", "Africa/Monrovia", "@daily", "1972-01-06T01:00:00Z", []string{
			"1972-01-07T00:44:30Z", "1972-01-08T00:00:00Z",
		}},
		{"a rhythm and an offset of seconds", "Africa/Monrovia", "@hourly", "1972-01-07T00:00:00Z", []string{
			"1972-01-07T01:00:00Z", "1972-01-07T02:00:00Z",
		}},
		{"a rule for ever", "America/New_York", "30 2 * * *", "2399-03-13T12:00:00-05:00", []string{
			"2399-03-14T03:00:00-04:00", "2399-03-15T02:30:00-04:00",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			begin := parseInstant(t, test.begin)
			table := mustTimetable(t, Recurrence{Cron: test.cron, Zone: test.zone}, begin)
			var want []time.Time
			for _, text := range test.want {
				want = append(want, withSeconds(table, parseInstant(t, text)))
			}
			if got, found := table.First(); !found || got != want[0] {
				t.Errorf("First() = %v, %t, want %v", got, found, want[0])
			}
			if c := compare(table, want, begin, want[len(want)-1]); c.err != nil {
				t.Error(c.err)
			}
		})
	}
}

// withSeconds returns the instant whose offset, in the row a number of whole
// minutes, is really one of seconds.
func withSeconds(table *Timetable, at time.Time) time.Time {
	var location *time.Location
	switch s := table.series.(type) {
	case *rhythm:
		location = s.zone.location
	case *timesOfDay:
		location = s.zone.location
	}
	_, offset := at.In(location).Zone()
	return at.Add(-time.Duration(offset%60) * time.Second)
}

func parseInstant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// Each row says what First returns, and all that occurs from 1990 to 2030, as
// far as listed.
func TestTimetableBounds(t *testing.T) {
	const hour = time.Hour
	for _, test := range []struct {
		name                string
		first, until, begin string
		every               time.Duration
		cron                string
		want                []string
		ends                bool // after the last one wanted
	}{
		{name: "once at the beginning", begin: "2026-01-01T00:00:00.5Z", ends: true,
			want: []string{"2026-01-01T00:00:00.5Z"}},
		{name: "once in the future", first: "2026-01-02T00:00:00Z", begin: "2026-01-01T00:00:00Z", ends: true,
			want: []string{"2026-01-02T00:00:00Z"}},
		{name: "once in the past", first: "1999-01-02T00:00:00Z", begin: "2026-01-01T00:00:00Z", ends: true,
			want: []string{"1999-01-02T00:00:00Z"}},
		{name: "once, and just in time", until: "2026-01-01T00:00:00Z", begin: "2026-01-01T00:00:00Z", ends: true,
			want: []string{"2026-01-01T00:00:00Z"}},
		{name: "once, and too late", until: "2025-12-31T23:59:59.999999999Z", begin: "2026-01-01T00:00:00Z", ends: true},
		{name: "every hour from the beginning", every: hour, begin: "2026-01-01T00:00:00.000000001Z",
			want: []string{"2026-01-01T00:00:00.000000001Z", "2026-01-01T01:00:00.000000001Z"}},
		{name: "every hour from the future", every: hour, first: "2026-01-01T00:30:00Z", begin: "2026-01-01T00:00:00Z",
			want: []string{"2026-01-01T00:30:00Z", "2026-01-01T01:30:00Z"}},
		{name: "every hour on a grid from the past", every: hour, first: "1999-01-01T00:30:00Z", begin: "2026-01-01T00:00:00Z",
			want: []string{"2026-01-01T00:30:00Z", "2026-01-01T01:30:00Z"}},
		{name: "the beginning is on the grid", every: hour, first: "1999-01-01T00:30:00Z", begin: "2026-01-01T00:30:00Z",
			want: []string{"2026-01-01T00:30:00Z", "2026-01-01T01:30:00Z"}},
		{name: "the beginning is just past the grid", every: hour, first: "1999-01-01T00:30:00Z", begin: "2026-01-01T00:30:00.000000001Z",
			want: []string{"2026-01-01T01:30:00Z", "2026-01-01T02:30:00Z"}},
		{name: "every hour until then", every: hour, until: "2026-01-01T02:00:00Z", begin: "2026-01-01T00:00:00Z", ends: true,
			want: []string{"2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"}},
		{name: "every hour until just before then", every: hour, until: "2026-01-01T01:59:59.999999999Z", begin: "2026-01-01T00:00:00Z", ends: true,
			want: []string{"2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"}},
		{name: "every hour until the past", every: hour, first: "1999-01-01T00:00:00Z", until: "2025-01-01T00:00:00Z", begin: "2026-01-01T00:00:00Z", ends: true},
		{name: "cron from the beginning", cron: "0 6 * * *", begin: "2026-01-01T06:00:00Z",
			want: []string{"2026-01-01T06:00:00Z", "2026-01-02T06:00:00Z"}},
		{name: "cron from just after", cron: "0 6 * * *", begin: "2026-01-01T06:00:00.000000001Z",
			want: []string{"2026-01-02T06:00:00Z", "2026-01-03T06:00:00Z"}},
		{name: "cron from the future", cron: "0 6 * * *", first: "2026-06-01T06:00:00Z", begin: "2026-01-01T00:00:00Z",
			want: []string{"2026-06-01T06:00:00Z", "2026-06-02T06:00:00Z"}},
		{name: "cron from the past", cron: "0 6 * * *", first: "1999-01-01T00:00:00Z", begin: "2026-01-01T00:00:00Z",
			want: []string{"2026-01-01T06:00:00Z", "2026-01-02T06:00:00Z"}},
		{name: "cron until then", cron: "0 6 * * *", until: "2026-01-02T06:00:00Z", begin: "2026-01-01T00:00:00Z", ends: true,
			want: []string{"2026-01-01T06:00:00Z", "2026-01-02T06:00:00Z"}},
		{name: "cron until just before then", cron: "0 6 * * *", until: "2026-01-02T05:59:59.999999999Z", begin: "2026-01-01T00:00:00Z", ends: true,
			want: []string{"2026-01-01T06:00:00Z"}},
		{name: "cron until before its first", cron: "0 6 * * *", until: "2026-01-01T05:00:00Z", begin: "2026-01-01T00:00:00Z", ends: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := Recurrence{Every: test.every, Cron: test.cron}
			if test.first != "" {
				r.First = parseInstant(t, test.first)
			}
			if test.until != "" {
				r.Until = parseInstant(t, test.until)
			}
			table := mustTimetable(t, r, parseInstant(t, test.begin))
			var want []time.Time
			for _, text := range test.want {
				want = append(want, parseInstant(t, text))
			}
			checkBounds(t, table, want, test.ends)
		})
	}
}

// checkBounds checks that nothing occurs before what is wanted, and if it ends
// with it, nothing after it.
func checkBounds(t *testing.T, table *Timetable, want []time.Time, ends bool) {
	t.Helper()
	got, found := table.First()
	if found != (len(want) > 0) || found && got != want[0] {
		t.Errorf("First() = %v, %t, want the first of %v", got, found, want)
	}
	to := parseInstant(t, "2030-01-01T00:00:00Z")
	if !ends {
		to = want[len(want)-1]
	}
	if c := compare(table, want, parseInstant(t, "1990-01-01T00:00:00Z"), to); c.err != nil {
		t.Error(c.err)
	}
}

func TestTimetableEndsWithTheYear9999(t *testing.T) {
	const end = "9999-12-31T23:59:59.999999999Z"
	for _, test := range []struct {
		r    Recurrence
		last string
	}{
		{Recurrence{Cron: "* * * * *"}, "9999-12-31T23:59:00Z"},
		{Recurrence{Cron: "* 0-22 * * *"}, "9999-12-31T22:59:00Z"},
		{Recurrence{Cron: "* * * * *", Zone: "Asia/Tokyo"}, "9999-12-31T23:59:00Z"},
		{Recurrence{Cron: "30 1 * * *", Zone: "America/New_York"}, "9999-12-31T06:30:00Z"},
		{Recurrence{Every: time.Hour}, "9999-12-31T23:00:00Z"},
		{Recurrence{Every: 1 << 62}, "9917-06-25T18:16:35.078946816Z"},
	} {
		table := mustTimetable(t, test.r, year2026)
		last := parseInstant(t, test.last)
		for _, by := range []time.Time{parseInstant(t, end), last, time.Unix(1<<62, 0), instants[len(instants)-1]} {
			if got, found := table.Latest(by); !found || got != last {
				t.Errorf("%+v: Latest(%v) = %v, %t, want %v", test.r, by, got, found, last)
			}
		}
		if got, found := table.Next(last.Add(-1)); !found || got != last {
			t.Errorf("%+v: Next(%v) = %v, %t, want %v", test.r, last.Add(-1), got, found, last)
		}
		for _, after := range []time.Time{parseInstant(t, end), last, time.Unix(1<<62, 0), instants[len(instants)-1]} {
			if got, found := table.Next(after); found || !got.IsZero() {
				t.Errorf("%+v: Next(%v) = %v, %t, want none", test.r, after, got, found)
			}
		}
		first, found := table.First()
		for _, after := range []time.Time{{}, instants[0], year2026.Add(-1)} {
			if got, ok := table.Next(after); !found || !ok || got != first {
				t.Errorf("%+v: Next(%v) = %v, %t, want First() = %v, %t", test.r, after, got, ok, first, found)
			}
			if got, ok := table.Latest(after); ok || !got.IsZero() {
				t.Errorf("%+v: Latest(%v) = %v, %t, want none", test.r, after, got, ok)
			}
		}
	}
}

func TestTimetableFromTheYear1(t *testing.T) {
	for _, r := range []Recurrence{
		{}, {Every: MinPeriod}, {Cron: "* * * * *"}, {Cron: "0 0-22 * * *"},
	} {
		table := mustTimetable(t, r, time.Time{})
		first, found := table.First()
		latest, foundToo := table.Latest(time.Time{})
		if !found || !foundToo || !first.IsZero() || !latest.IsZero() {
			t.Errorf("%+v: First() = %v, %t, Latest() = %v, %t, want the zero time", r, first, found, latest, foundToo)
		}
	}
}

func TestNewTimetableErrors(t *testing.T) {
	beyond := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	before := time.Time{}.Add(-1)
	for _, test := range []struct {
		r     Recurrence
		begin time.Time
		want  string
	}{
		{Recurrence{Every: time.Hour, Cron: "@daily"}, year2026, "both Every and Cron are set"},
		{Recurrence{Every: -1, Cron: "@daily"}, year2026, "both Every and Cron are set"},
		{Recurrence{Every: MinPeriod - 1}, year2026, "the period is 999.999µs, less than 1ms"},
		{Recurrence{Every: -time.Hour}, year2026, "the period is -1h0m0s, less than 1ms"},
		{Recurrence{Every: time.Hour, Zone: "Asia/Tokyo"}, year2026, "a Zone is set without Cron"},
		{Recurrence{Zone: "Asia/Tokyo"}, year2026, "a Zone is set without Cron"},
		{Recurrence{Cron: "@daily", Zone: "Mars/Olympus"}, year2026, `"Mars/Olympus"`},
		{Recurrence{Cron: "@daily", Zone: "../UTC"}, year2026, `"../UTC"`},
		{Recurrence{Cron: "@daily", Zone: "Local"}, year2026, `zone "Local": it depends on the machine`},
		{Recurrence{First: beyond}, year2026, "First is outside of the years 1 to 9999"},
		{Recurrence{First: before}, year2026, "First is outside of the years 1 to 9999"},
		{Recurrence{Until: beyond}, year2026, "Until is outside of the years 1 to 9999"},
		{Recurrence{Until: before}, year2026, "Until is outside of the years 1 to 9999"},
		{Recurrence{}, beyond, "the beginning is outside of the years 1 to 9999"},
		{Recurrence{}, before, "the beginning is outside of the years 1 to 9999"},
	} {
		table, err := NewTimetable(test.r, test.begin)
		if table != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("NewTimetable(%+v, %v) = %v, %v, want an error with %q", test.r, test.begin, table, err, test.want)
		}
	}
}

// Instants come out in UTC, without a monotonic reading, whatever went in.
func TestTimetableIsInUTC(t *testing.T) {
	now := time.Now() // with a monotonic reading, in the local zone
	east := time.FixedZone("east", 14*60*60)
	for _, r := range []Recurrence{
		{First: now.In(east)}, {Every: time.Hour}, {Cron: "@hourly", Zone: "Asia/Tokyo"}, {Cron: "@daily", Zone: "Asia/Tokyo"},
	} {
		table := mustTimetable(t, r, now)
		first, _ := table.First()
		early, _ := table.Next(now.Add(-time.Hour))
		next, _ := table.Next(now.Add(time.Hour))
		latest, _ := table.Latest(first.In(east))
		for i, got := range []time.Time{first, early, next, latest} {
			if plain := time.Unix(got.Unix(), int64(got.Nanosecond())).UTC(); !got.IsZero() && got != plain {
				t.Errorf("%+v: answer %d = %#v, want %#v", r, i, got, plain)
			}
		}
	}
}

// A rhythm of one day of the month, asked in every hour of the months around it.
func TestRhythmWithLongPauses(t *testing.T) {
	for _, zone := range []string{"UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"} {
		table := mustTimetable(t, Recurrence{Cron: "0 * 5 * *", Zone: zone}, year2026)
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for month := time.February; month <= time.November; month++ {
			latest := time.Date(2026, month, 5, 23, 0, 0, 0, location).UTC()
			next := time.Date(2026, month+1, 5, 0, 0, 0, 0, location).UTC()
			for at := latest; at.Before(next); at = at.Add(time.Hour) {
				if got, found := table.Latest(at); !found || got != latest {
					t.Errorf("zone %s: Latest(%v) = %v, %t, want %v", zone, at, got, found, latest)
				}
				if got, found := table.Next(at); !found || got != next {
					t.Errorf("zone %s: Next(%v) = %v, %t, want %v", zone, at, got, found, next)
				}
			}
		}
	}
}

// A zone that ends with a yearly rule has its last piece of a leap year on a day
// for which time.ZoneBounds has no end.
func TestPiecesOfZonesGoOn(t *testing.T) {
	to := second(time.Date(2105, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	names, _ := zoneNames(t)
	for _, name := range names {
		z, err := loadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := second(time.Date(2084, 1, 1, 0, 0, 0, 0, time.UTC).Unix()); at < to; {
			offset, end := z.piece(at)
			if end <= at {
				t.Fatalf("zone %s: piece at %v ends at %v", name, at.time(), end.time())
			}
			end = min(end, to)
			for _, later := range []second{at + (end-at)/2, end - 1} {
				if got, _ := z.piece(later); got != offset {
					t.Errorf("zone %s: offset at %v = %d, want %d as at %v", name, later.time(), got, offset, at.time())
				}
			}
			at = end
		}
	}
}

package model_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// "MisfireOnce claims the latest one; the others are left out." The next stays on
// the grid.
func TestMisfireOnce(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, plan("a", every(1*s, 2*s)), "created, next 1s"},
		{1 * s, fire(9), "a@1s sent, next 3s"},
		{2 * s, fire(9), "next 3s"},
		{4 * s, fire(9), "a@3s sent, next 5s"},
		{4 * s, lookup("a"), "active next 5s 2+0+0 last 3s"},
		{10 * s, fire(9), "a@9s sent, next 11s"},
		{10 * s, lookup("a"), "active next 11s 3+1+0 last 9s"}, // "one or many"
		{20 * s, stop("a"), "stopped: cancelled at 20s 3+1+0 last 9s"},
		{20 * s, plan("b", times(2, every(21*s, 1*s))), "created, next 21s"},
		{30 * s, fire(9), "b@30s sent, next 31s"}, // those left out were not published
		{40 * s, fire(9), "b@40s sent, next never"},
		{40 * s, plan("c", until(50*s, every(45*s, 1*s))), "created, next 45s"},
		{m, fire(9), "c@50s sent, next never"},
		{m, lookup("c"), "published at 1m0s 1+1+0 last 50s"},
		{m, plan("d", once(0)), "created, next 0s"},
		{m, fire(9), "d@0s sent, next never"}, // however late
	})
}

// "MisfireSkip claims the latest one if it has been due for no longer than
// MisfireGrace, and otherwise leaves all out."
func TestMisfireSkip(t *testing.T) {
	skip := func(s driver.Schedule) driver.Schedule { return misfire(driver.MisfireSkip, s) }
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, plan("a", skip(every(0, 1*h))), "created, next 0s"},
		{m, fire(9), "a@0s sent, next 1h0m0s"},
		{h + m + ns, fire(9), "next 2h0m0s"},
		{h + m + ns, lookup("a"), "active next 2h0m0s 1+1+0 last 0s"},
		{4*h + m, fire(9), "a@4h0m0s sent, next 5h0m0s"},
		{4*h + m, lookup("a"), "active next 5h0m0s 2+2+0 last 4h0m0s"},
		{9*h + 2*m, fire(9), "next 10h0m0s"},
		{9*h + 2*m, lookup("a"), "active next 10h0m0s 2+3+0 last 4h0m0s"},
		{9*h + 2*m, plan("late", skip(once(9*h))), "created, next 9h0m0s"},
		{9*h + 2*m, fire(0), "next 9h0m0s"},
		{9*h + 2*m, fire(1), "next 10h0m0s"}, // leaving out takes no room
		{9*h + 2*m, lookup("late"), "published at 9h2m0s 0+1+0"},
		{9*h + 2*m, fire(9), "next 10h0m0s"},
	})
}

// "MisfireAll claims every one, the earliest first; but if more than MisfireCap
// are due, those before the latest MisfireCap are left out."
func TestMisfireAll(t *testing.T) {
	all := func(s driver.Schedule) driver.Schedule { return misfire(driver.MisfireAll, s) }
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, plan("a", all(every(1*s, 1*s))), "created, next 1s"},
		{100 * s, firedCount(999), "100 from 1s to 1m40s, next 1m41s"},
		{100 * s, lookup("a"), "active next 1m41s 100+0+0 last 1m40s"},
		{201 * s, firedCount(30), "30 from 1m42s to 2m11s, next 2m12s"},
		{201 * s, lookup("a"), "active next 2m12s 130+1+0 last 2m11s"},
		{202 * s, firedCount(1), "1 from 2m12s to 2m12s, next 2m13s"}, // whenever it is taken
		{202 * s, lookup("a"), "active next 2m13s 131+1+0 last 2m12s"},
		{233 * s, firedCount(1), "1 from 2m14s to 2m14s, next 2m15s"},
		{233 * s, lookup("a"), "active next 2m15s 132+2+0 last 2m14s"},
		{233 * s, stop("a"), "stopped: cancelled at 3m53s 132+2+0 last 2m14s"},
		{0, plan("b", all(times(2, every(1*s, 1*s)))), "created, next 1s"},
		{150 * s, fire(9), "b@51s sent, b@52s sent, next never"},
		{150 * s, plan("c", all(cron("* * * * *", ""))), "created, next 3m0s"},
		{104 * m, firedCount(999), "100 from 5m0s to 1h44m0s, next 1h45m0s"},
	})
}

// "Work does not grow with the number of occurrences that are left out." The
// clock jumps to the last year, over more milliseconds than a Duration holds;
// the grid stays where it is.
func TestFireFarJump(t *testing.T) {
	far := time.Date(9999, 12, 31, 23, 59, 58, 0, time.UTC)
	for _, begin := range []time.Time{{}, time.Date(1, 1, 1, 0, 0, 0, 500, time.UTC), start} {
		for policy, want := range map[driver.Misfire]struct {
			count int
			skips int
		}{
			driver.MisfireOnce: {1, 1}, driver.MisfireSkip: {1, 1}, driver.MisfireAll: {100, 1},
		} {
			r := newRig(begin)
			r.queue = "q"
			create(driver.Patch{})(r)
			const period = time.Millisecond + 7
			info, _, err := r.Schedule(t.Context(), begin, begin, driver.Schedule{
				Queue: r.id(), Misfire: policy, Recurrence: scheduler.Recurrence{Every: period},
			})
			if err != nil || !info.NextAt.Equal(begin) {
				t.Fatalf("from %v: got next %v, %v, want %v", begin, info.NextAt, err, begin)
			}
			fired, _ := r.Fire(t.Context(), begin, begin, 9)
			if len(fired.Occurrences) != 1 || !fired.NextAt.Equal(begin.Add(period)) {
				t.Errorf("from %v, first: got %+v, want one, and the next a period later", begin, fired)
			}
			fired, _ = r.Fire(t.Context(), far, far, 1000)
			if len(fired.Occurrences) != want.count {
				t.Fatalf("from %v, %v: got %d occurrences, want %d", begin, policy, len(fired.Occurrences), want.count)
			}
			last := fired.Occurrences[want.count-1].NominalAt
			if last.After(far) || !last.Add(period).After(far) || !fired.NextAt.Equal(last.Add(period)) {
				t.Errorf("from %v, %v: got the last at %v, and the next at %v", begin, policy, last, fired.NextAt)
			}
			if gone := wholePeriods(begin, last, period); gone != 0 {
				t.Errorf("from %v, %v: %v is %v off the grid", begin, policy, last, gone)
			}
			if info, _ := r.LookupSchedule(t.Context(), info.ID); info.Skips != want.skips || info.Published != want.count+1 {
				t.Errorf("from %v, %v: got %d skips and %d published, want %d and %d", begin, policy, info.Skips, info.Published, want.skips, want.count+1)
			}
		}
	}
}

// wholePeriods returns what is left of the way from one instant to another after
// whole periods. It goes by steps that are whole periods themselves.
func wholePeriods(from, to time.Time, period time.Duration) time.Duration {
	century := (100 * 365 * 24 * time.Hour).Truncate(period)
	for !from.Add(century).After(to) {
		from = from.Add(century)
	}
	return to.Sub(from) % period
}

// Nothing occurs after the year 9999, and a series that has come there is over.
func TestEndOfTime(t *testing.T) {
	begin := time.Date(9999, 12, 31, 23, 59, 0, 0, time.UTC)
	for _, recurrence := range []scheduler.Recurrence{
		{Every: 40 * s}, {Cron: "* * * * *"}, {First: begin}, {First: begin, Every: 1<<63 - 1},
	} {
		r := newRig(begin)
		r.queue = "q"
		create(driver.Patch{})(r)
		info, _, err := r.Schedule(t.Context(), begin, begin, driver.Schedule{Queue: r.id(), Recurrence: recurrence})
		if err != nil {
			t.Fatalf("%+v: %v", recurrence, err)
		}
		later := begin.Add(h)
		fired, _ := r.Fire(t.Context(), later, later, 9)
		info, _ = r.LookupSchedule(t.Context(), info.ID)
		if len(fired.Occurrences) != 1 || !fired.NextAt.IsZero() || info.State != driver.SchedulePublished {
			t.Errorf("%+v: got %d occurrences, next %v, state %v, want one and the end", recurrence, len(fired.Occurrences), fired.NextAt, info.State)
		}
	}
}

// The arithmetic of periods agrees with that of timetables, at the instants of
// the grid and around them.
func TestPeriodsAgreeWithTimetables(t *testing.T) {
	for _, recurrence := range []scheduler.Recurrence{
		{First: start, Every: 7 * s}, {First: start.Add(3), Every: time.Millisecond},
		{First: start.AddDate(-900, 0, 0), Every: 11 * h}, {First: start.Add(5 * s), Every: 3 * s, Until: start.Add(40 * s)},
	} {
		for _, at := range []time.Duration{-ns, 0, ns, 5 * s, 7*s - ns, 7 * s, 7*s + ns, 38 * s, 40 * s, 41 * s, 99 * h} {
			begin := start.Add(at)
			got := firstOccurrence(t, begin, recurrence)
			table, err := scheduler.NewTimetable(recurrence, begin)
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprint(driver.ErrInvalid)
			if first, ok := table.First(); ok {
				want = first.String()
			}
			if got != want {
				t.Errorf("%+v from %v: got %s, want %s", recurrence, begin, got, want)
			}
		}
	}
}

func firstOccurrence(t *testing.T, begin time.Time, recurrence scheduler.Recurrence) string {
	r := newRig(begin)
	r.queue = "q"
	create(driver.Patch{})(r)
	info, _, err := r.Schedule(t.Context(), begin, begin, driver.Schedule{Queue: r.id(), Recurrence: recurrence})
	if err != nil {
		return text(err)
	}
	return info.NextAt.String()
}

package model

import (
	"errors"
	"math/big"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// occurrences are those of one recurrence. They are worked out from it whenever
// somebody asks. All instants are in UTC.
type occurrences struct {
	recurrence scheduler.Recurrence
	first      time.Time            // of one that occurs once, or in a period
	last       time.Time            // there is none after it
	table      *scheduler.Timetable // of one with a cron expression
}

// newOccurrences returns the occurrences of a recurrence that begins at that
// instant. A timetable says whether the recurrence is valid.
func newOccurrences(r scheduler.Recurrence, begin time.Time) (occurrences, error) {
	table, err := scheduler.NewTimetable(r, begin)
	if err != nil {
		return occurrences{}, driver.Invalid("recurrence", "%v", errors.Unwrap(err))
	}
	if r.Count < 0 {
		return occurrences{}, driver.Invalid("recurrence", "%d occurrences", r.Count)
	}
	last := or(r.Until, endOfTime)
	return occurrences{recurrence: r, first: or(r.First, begin), last: last, table: table}, nil
}

// endOfTime is the last instant of the last year in which anything occurs.
var endOfTime = time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)

// from returns the first occurrence at the instant or after it; of a recurrence
// that occurs once, the only one, even if that instant is past.
func (o occurrences) from(begin time.Time) (time.Time, bool) {
	if o.recurrence.Cron == "" && o.recurrence.Every == 0 {
		return o.notLate(o.first)
	}
	return o.next(begin.Add(-1))
}

// next returns the first occurrence after the instant. It reports false, and
// the zero time, if there is none.
func (o occurrences) next(after time.Time) (time.Time, bool) {
	switch {
	case o.recurrence.Cron != "":
		at, ok := o.table.Next(after)
		if !ok {
			return time.Time{}, false
		}
		return o.notLate(at)
	case o.first.After(after):
		return o.notLate(o.first)
	case o.recurrence.Every == 0:
		return time.Time{}, false
	}
	return o.notLate(o.periodic(after, 1))
}

// latest returns the last occurrence at the instant or before it. It reports
// false, and the zero time, if there is none.
func (o occurrences) latest(by time.Time) (time.Time, bool) {
	if o.last.Before(by) {
		by = o.last
	}
	switch {
	case o.recurrence.Cron != "":
		at, ok := o.table.Latest(by)
		if !ok {
			return time.Time{}, false
		}
		return o.notLate(at)
	case o.first.After(by):
		return time.Time{}, false
	case o.recurrence.Every == 0:
		return o.notLate(o.first)
	}
	return o.notLate(o.periodic(by, 0))
}

// notLate returns an instant, in UTC, unless it is after the last at which there
// may be an occurrence.
func (o occurrences) notLate(at time.Time) (time.Time, bool) {
	if at.After(o.last) {
		return time.Time{}, false
	}
	return at.Round(0).UTC(), true
}

// periodic returns the last occurrence in the period at the instant or before
// it, or the one so many further on. The instant is not before the first. The
// way from there may be longer than a Duration holds.
func (o occurrences) periodic(by time.Time, further int64) time.Time {
	every := big.NewInt(int64(o.recurrence.Every))
	periods := new(big.Int).Sub(nanoseconds(by), nanoseconds(o.first))
	periods.Div(periods, every)
	periods.Add(periods, big.NewInt(further))
	return instant(periods.Mul(periods, every).Add(periods, nanoseconds(o.first)))
}

var second = big.NewInt(int64(time.Second))

// nanoseconds returns the instant as the time since 1970.
func nanoseconds(at time.Time) *big.Int {
	sum := big.NewInt(at.Unix())
	return sum.Mul(sum, second).Add(sum, big.NewInt(int64(at.Nanosecond())))
}

// instant returns what nanoseconds was of.
func instant(nanoseconds *big.Int) time.Time {
	seconds, rest := new(big.Int).DivMod(nanoseconds, second, new(big.Int))
	return time.Unix(seconds.Int64(), rest.Int64())
}

package scheduler

import (
	"errors"
	"fmt"
	"math/bits"
	"time"
)

const (
	startOfTime second = -62135596800 // the year 1 begins
	endOfTime   second = 253402300800 // the year 9999 is over
)

// A Timetable holds the occurrences of a recurrence. They follow from the
// recurrence and its beginning alone: how a Timetable is asked, and in which
// order, makes no difference. All instants that it returns are in UTC and within
// the years 1 to 9999.
//
// # Expressions
//
// The five fields of an expression, separated by blanks, are lists of items
// with commas between them:
//
//	minute         0-59
//	hour           0-23
//	day of month   1-31
//	month          1-12, or JAN to DEC
//	day of week    0-7, or SUN to SAT; 0 and 7 are Sunday
//
//	*       every value; in the fields of days also ?
//	5       one value
//	1-5     a range, both ends included; MON-SUN too
//	*/15    from the first value on, every 15th; 10-40/15: within the range
//	5/15    from 5 to the end of the field, every 15th
//
// Names may be in any case. A step is at most as wide as its field. A day has to
// be in both fields of days, except that if neither begins with * or ?, one of
// them is enough: "0 0 13 * FRI" is every 13th and every Friday.
//
// @yearly or @annually, @monthly, @weekly, @daily or @midnight, and @hourly stand
// for the first minute of the year, and so on. There are no seconds, no L, W
// and #, and no prefix with a time zone.
//
// # When the clocks change
//
// An expression speaks of what the clocks in its Zone show. Where they are put
// forward, some times are never shown: the gap. Where they are put back, some are
// shown twice: the overlap. Neither needs to be an hour, or at night, and a place
// that moves across the date line has a gap or an overlap of a day.
//
// If the hour field leaves out any hour, as in "30 2 * * *", then the
// expression names times of the day, and each of them occurs once:
//
//   - in an overlap, the first time round;
//   - in a gap, at the end of it: the first instant after the change. All that
//     are in the same gap, or right at its end, are one occurrence.
//
// If the hour field admits every hour, as in "*/5 * * * *" or "30 * * * *", then
// the expression is a rhythm, and follows the clock as it runs:
//
//   - in an overlap, both times round, so that it does not pause for an hour;
//   - in a gap, not at all, so that nothing piles up at the end of it.
//
// # Use
//
// A Timetable never changes, and is safe for concurrent use. Its methods take
// the same time whatever number of occurrences there is between the beginning
// and the given instant.
type Timetable struct {
	series series

	// There is no occurrence before floor or after last.
	floor, last time.Time
}

// A series is an unlimited sequence of instants.
type series interface {
	// next returns the first one after the given instant.
	next(after time.Time) (time.Time, bool)

	// latest returns the last one at the given instant or before it. What it
	// returns is not defined if that is before the floor of the timetable.
	latest(by time.Time) (time.Time, bool)
}

// NewTimetable returns the timetable of a recurrence that begins at that
// instant. Nothing occurs before it, except that a single occurrence stays
// where it is, at First, also if that is past.
//
// It returns an error that says what is wrong if the recurrence is not valid:
// Every and Cron are both set, Every is not zero but below [MinPeriod], Cron is not
// an expression or matches no day of any year, Zone is not known, or is set
// without Cron, or an instant is outside of the years 1 to 9999. An Until that
// leaves no occurrence is no error: First says so.
//
// Zones are those of [time.LoadLocation], and read when the timetable is made: a
// program that may run on a machine without a tz database imports
// time/tzdata. "Local", which is another zone on another machine, is not known.
func NewTimetable(r Recurrence, begin time.Time) (*Timetable, error) {
	t, err := newTimetable(r, begin)
	if err != nil {
		return nil, fmt.Errorf("scheduler: recurrence: %w", err)
	}
	return t, nil
}

func newTimetable(r Recurrence, begin time.Time) (*Timetable, error) {
	if err := checkInstants(r, begin); err != nil {
		return nil, err
	}
	begin = begin.UTC()
	first := begin
	if !r.First.IsZero() {
		first = r.First.UTC()
	}
	s, err := newSeries(r, first)
	if err != nil {
		return nil, err
	}
	t := &Timetable{series: s, floor: first, last: endOfTime.time().Add(-1)}
	if _, single := s.(once); !single && first.Before(begin) {
		t.floor = begin
	}
	if !r.Until.IsZero() {
		t.last = r.Until.UTC()
	}
	return t, nil
}

// checkInstants keeps to the years that every format of time can spell, where no
// arithmetic overflows.
func checkInstants(r Recurrence, begin time.Time) error {
	for _, named := range []struct {
		name string
		at   time.Time
	}{{"First", r.First}, {"Until", r.Until}, {"the beginning", begin}} {
		if named.at.Before(startOfTime.time()) || !named.at.Before(endOfTime.time()) {
			return fmt.Errorf("%s is outside of the years 1 to 9999", named.name)
		}
	}
	return nil
}

func newSeries(r Recurrence, first time.Time) (series, error) {
	switch {
	case r.Every != 0 && r.Cron != "":
		return nil, errors.New("both Every and Cron are set")
	case r.Zone != "" && r.Cron == "":
		return nil, errors.New("a Zone is set without Cron")
	case r.Cron != "":
		return newCronSeries(r.Cron, r.Zone)
	case r.Every == 0:
		return once{first}, nil
	case r.Every < MinPeriod:
		return nil, fmt.Errorf("the period is %v, less than %v", r.Every, MinPeriod)
	}
	return grid{first, r.Every}, nil
}

func newCronSeries(expression, name string) (series, error) {
	c, err := parseCron(expression)
	if err != nil {
		return nil, fmt.Errorf("cron expression %q: %w", expression, err)
	}
	z, err := loadZone(name)
	if err != nil {
		return nil, fmt.Errorf("zone %q: %w", name, err)
	}
	if c.everyHour() {
		return &rhythm{c, z}, nil
	}
	return &timesOfDay{c, z}, nil
}

// First returns the first occurrence. It reports false if there is none.
func (t *Timetable) First() (time.Time, bool) { return t.Next(t.floor.Add(-1)) }

// Next returns the first occurrence after the given instant, which is the same
// for all instants before the first one. It reports false if there is none.
func (t *Timetable) Next(after time.Time) (time.Time, bool) {
	if after.Before(t.floor) {
		after = t.floor.Add(-1)
	}
	if !after.Before(t.last) {
		return time.Time{}, false
	}
	next, found := t.series.next(after.UTC())
	if !found || next.After(t.last) {
		return time.Time{}, false
	}
	return next, true
}

// Latest returns the last occurrence at the given instant or before it. It
// reports false if there is none.
func (t *Timetable) Latest(by time.Time) (time.Time, bool) {
	if by.After(t.last) {
		by = t.last
	}
	if by.Before(t.floor) {
		return time.Time{}, false
	}
	latest, found := t.series.latest(by.UTC())
	if !found || latest.Before(t.floor) {
		return time.Time{}, false
	}
	return latest, true
}

// A once is the series of one instant.
type once struct{ at time.Time }

func (o once) next(after time.Time) (time.Time, bool) { return o.at, after.Before(o.at) }

func (o once) latest(time.Time) (time.Time, bool) { return o.at, true }

// A grid is the series anchor, anchor+period, anchor+2*period, …
type grid struct {
	anchor time.Time
	period time.Duration
}

func (g grid) next(after time.Time) (time.Time, bool) {
	if after.Before(g.anchor) {
		return g.anchor, true
	}
	latest, _ := g.latest(after)
	return latest.Add(g.period), true
}

func (g grid) latest(by time.Time) (time.Time, bool) {
	return by.Add(-remainder(by, g.anchor, g.period)), true
}

// remainder returns how long before at, which is not before anchor, the last
// whole period from anchor ended. The span between them can be far beyond what
// a time.Duration holds.
func remainder(at, anchor time.Time, period time.Duration) time.Duration {
	seconds := uint64(at.Unix() - anchor.Unix())
	nanoseconds := at.Nanosecond() - anchor.Nanosecond()
	if nanoseconds < 0 {
		seconds, nanoseconds = seconds-1, nanoseconds+1e9
	}
	high, low := bits.Mul64(seconds, 1e9)
	low, carry := bits.Add64(low, uint64(nanoseconds), 0)
	return time.Duration(bits.Rem64(high+carry, low, uint64(period)))
}

package scheduler

import "time"

// A Recurrence says at which instants of the wall clock something occurs: once,
// in a period, or by a cron expression. It is plain data, and can be stored.
//
//	Every and Cron zero    once, at First
//	Every                  First, First+Every, First+2*Every, …
//	Cron                   the instants of the expression in Zone, from First on
type Recurrence struct {
	// First is the instant of the first occurrence, or with Cron the instant
	// before which there is none. The zero time means the instant at which the
	// schedule is made.
	First time.Time

	// Every is the period, at least [MinPeriod]. It is a span, not a time of
	// day: across a change to daylight saving time, use Cron.
	Every time.Duration

	// Cron is an expression of five fields: minute, hour, day of month, month, day
	// of week. See [Timetable] for its language and for what happens when the
	// clocks change.
	Cron string

	// Zone is the name of the time zone of Cron in the tz database, such as
	// "Europe/Berlin". Empty means UTC. It is for Cron only: see [NewTimetable].
	Zone string

	// Until is the last instant at which there may be an occurrence. The zero
	// time means that there is none.
	Until time.Time

	// Count is how often to publish. Zero means without end. A Timetable does not
	// look at it.
	Count int
}

// MinPeriod is the shortest period of a Recurrence.
const MinPeriod = time.Millisecond

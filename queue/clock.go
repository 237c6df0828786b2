package queue

import (
	"math"
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// A timekeeper turns a clock that may step into broker time, which never goes
// back and never stands still: it begins at the clock's first reading and
// advances by the positive steps of the clock. It is never the zero time, which
// stands for "not yet" in many places. A step back therefore delays no
// deadline, and after a wrong step forward that is corrected all intervals run
// at their normal speed.
type timekeeper struct {
	clock clock.Clock

	mu   sync.Mutex // guards wall and now
	wall time.Time  // the last reading, without its monotonic part
	now  time.Time  // broker time
}

func newTimekeeper(c clock.Clock) *timekeeper {
	wall := c.Now().Round(0).UTC()
	now := wall
	if now.IsZero() {
		now = now.Add(1)
	}
	return &timekeeper{clock: c, wall: wall, now: now}
}

// A reading is one look at the clock.
type reading struct {
	now  time.Time // broker time
	wall time.Time // the clock's own
	back bool      // the clock has stepped back since the last reading
}

func (t *timekeeper) read() reading {
	t.mu.Lock()
	defer t.mu.Unlock()
	// Read under the lock: otherwise a reading that is overtaken by a later one
	// would pass for a step back, and the way back for a step forward.
	wall := t.clock.Now().Round(0).UTC()
	back := wall.Before(t.wall)
	if !back {
		t.now = shift(t.now, t.wall, wall)
	}
	t.wall = wall
	return reading{now: t.now, wall: wall, back: back}
}

// brokerTime returns the instant at which broker time will be at, if the wall
// clock goes on from r without steps. What is past, however long, is now.
func (r reading) brokerTime(at time.Time) time.Time {
	if !at.After(r.wall) {
		return r.now
	}
	return shift(r.now, r.wall, at.Round(0).UTC())
}

// shift returns t moved by the span from one instant to another. Spans may be
// longer than a time.Duration can say: Sub saturates at 292 years.
func shift(t, from, to time.Time) time.Time {
	for {
		span := to.Sub(from)
		t = t.Add(span)
		if span != math.MaxInt64 && span != math.MinInt64 {
			return t
		}
		from = from.Add(span)
	}
}

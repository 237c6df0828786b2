package scheduler

import (
	"errors"
	"math"
	"time"
)

// A second is an instant, in seconds from 1970 in UTC.
type second int64

func (s second) time() time.Time { return time.Unix(int64(s), 0).UTC() }

const (
	// maxOffset is more than a local clock has ever been away from UTC. So
	// before u-maxOffset it shows less than u, and after u+maxOffset more.
	maxOffset = 26 * 60 * 60

	// Two readings of one clock are in the order of their instants if those are
	// further apart than this.
	maxSpread = 2 * maxOffset
)

// A zone is the local clock of a place. It runs evenly, except where its
// offset from UTC changes: there it jumps over a gap, or back into an overlap.
type zone struct{ location *time.Location }

// loadZone returns the zone of that name in the tz database. Empty means UTC.
func loadZone(name string) (zone, error) {
	if name == "Local" {
		return zone{}, errors.New("it depends on the machine")
	}
	location, err := time.LoadLocation(name)
	return zone{location}, err
}

// piece returns the offset from UTC at an instant, and an instant after it up to
// which the offset remains the same. There need not be a change.
func (z zone) piece(at second) (offset int64, end second) {
	t := time.Unix(int64(at), 0).In(z.location)
	_, seconds := t.Zone()
	_, bound := t.ZoneBounds()
	if bound.IsZero() {
		return int64(seconds), math.MaxInt64
	}
	if end = second(bound.Unix()); end <= at {
		// ZoneBounds takes every year for one of 365 days where it applies the
		// yearly rule of a zone. On the day that is left there is no change.
		end = second(time.Date(t.UTC().Year()+1, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	}
	return int64(seconds), end
}

// highest returns the highest reading of the clock at an instant or before it.
func (z zone) highest(by second) reading {
	var top reading = math.MinInt64
	for at := by - maxSpread; at <= by; {
		offset, end := z.piece(at)
		top = max(top, reading(min(end-1, by))+reading(offset))
		at = end
	}
	return top
}

// reach returns the first instant at which the clock shows r or more.
func (z zone) reach(r reading) second {
	at := second(r) - maxOffset
	for {
		offset, end := z.piece(at)
		if shown := second(r) - second(offset); shown < end {
			return max(shown, at)
		}
		at = end
	}
}

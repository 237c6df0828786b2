package scheduler

import "time"

// A rhythm is the series of an expression that admits every hour: it occurs
// whenever the clock shows what the expression matches.
type rhythm struct {
	cron cron
	zone zone
}

// next looks into one piece after the other, but passes over those in which the
// clock cannot show the next match yet.
func (r *rhythm) next(after time.Time) (time.Time, bool) {
	for at := second(after.Unix()) + 1; at < endOfTime; {
		offset, end := r.zone.piece(at)
		match, found := r.cron.next(reading(at) + reading(offset))
		if !found {
			break
		}
		shown := second(match) - second(offset)
		if shown < end {
			return shown.time(), true
		}
		if end > at+maxSpread { // what the clock shows from there on is later
			end = max(end, shown-maxSpread)
		}
		at = end
	}
	return time.Time{}, false
}

// latest looks at one window of time after the other, backwards.
func (r *rhythm) latest(by time.Time) (time.Time, bool) {
	for at := second(by.Unix()); at >= startOfTime; {
		start := at - maxSpread
		if last, found := r.latestWithin(start, at); found {
			return last.time(), true
		}
		// Before start the clock shows less than this, and the last match that it
		// can show, not much later than at UTC.
		match, found := r.cron.previous(reading(start) + maxOffset)
		if !found {
			break
		}
		at = min(start-1, second(match)+maxOffset)
	}
	return time.Time{}, false
}

// latestWithin returns the last occurrence from start to by.
func (r *rhythm) latestWithin(start, by second) (last second, found bool) {
	for at := start; at <= by; {
		offset, end := r.zone.piece(at)
		match, any := r.cron.previous(reading(min(end-1, by)) + reading(offset))
		if shown := second(match) - second(offset); any && shown >= at {
			last, found = shown, true
		}
		at = end
	}
	return last, found
}

// A timesOfDay is the series of an expression that names hours: it occurs when
// the clock first shows what the expression matches, or has jumped over it.
//
// Since the highest reading so far never falls, this turns instants into
// readings and back without looking for gaps or overlaps.
type timesOfDay struct {
	cron cron
	zone zone
}

func (d *timesOfDay) next(after time.Time) (time.Time, bool) {
	match, found := d.cron.next(d.zone.highest(second(after.Unix())) + 1)
	if !found {
		return time.Time{}, false
	}
	return d.zone.reach(match).time(), true
}

func (d *timesOfDay) latest(by time.Time) (time.Time, bool) {
	match, found := d.cron.previous(d.zone.highest(second(by.Unix())))
	if !found {
		return time.Time{}, false
	}
	return d.zone.reach(match).time(), true
}

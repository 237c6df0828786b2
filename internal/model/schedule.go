package model

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A schedule is a schedule as it stands, with the occurrences that it has.
type schedule struct {
	driver.ScheduleInfo
	occurrences occurrences
}

// Schedule decides in this order: whether the recurrence is valid, whether the
// queue exists, whether the schedule is there already, and whether there is
// room for it in the place of the one that it replaces.
func (e *Engine) Schedule(_ context.Context, now, wall time.Time, s driver.Schedule) (driver.ScheduleInfo, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return driver.ScheduleInfo{}, false, driver.ErrClosed
	}
	added, err := newSchedule(s, wall)
	if err != nil {
		return driver.ScheduleInfo{}, false, err
	}
	q, err := e.find(s.Queue)
	if err != nil {
		return driver.ScheduleInfo{}, false, err
	}
	q.advance(now)
	replaced := e.activeSchedule(s.Name)
	if replaced != nil && sameSchedule(replaced.Schedule, s) {
		return replaced.describe(), false, nil
	}
	if s.Limit != 0 && e.otherSchedules(replaced) >= s.Limit {
		return driver.ScheduleInfo{}, false, driver.ErrTooManySchedules
	}
	if replaced != nil {
		e.cancelSchedule(replaced, now)
	}
	e.lastSchedule++
	added.ID = numbered(e.lastSchedule)
	added.Number = e.lastSchedule
	added.Queue = q.ref()
	added.CreatedAt = q.now
	e.schedules = append(e.schedules, added)
	return added.describe(), true, nil
}

// Fire claims occurrences one after the other.
func (e *Engine) Fire(_ context.Context, now, wall time.Time, most int) (driver.Fired, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return driver.Fired{}, driver.ErrClosed
	}
	var fired driver.Fired
	for len(fired.Occurrences) < most {
		s := e.nextSchedule()
		if s == nil || s.NextAt.After(wall) {
			break
		}
		at, claimed := s.choose(wall)
		if !claimed || !at.Equal(s.NextAt) {
			s.Skips++
		}
		s.NextAt, _ = s.occurrences.next(at)
		if claimed {
			fired.Occurrences = append(fired.Occurrences, e.publish(s, at, now))
		} else if s.NextAt.IsZero() {
			e.endSchedule(s, driver.SchedulePublished, now)
		}
	}
	if s := e.nextSchedule(); s != nil {
		fired.NextAt = s.NextAt
	}
	return fired, nil
}

// CancelSchedules decides the IDs one after the other.
func (e *Engine) CancelSchedules(_ context.Context, now time.Time, ids []driver.ScheduleID) ([]driver.ScheduleCancel, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, driver.ErrClosed
	}
	results := make([]driver.ScheduleCancel, len(ids))
	for i, id := range ids {
		s := e.schedule(id)
		if s == nil {
			results[i].Outcome = driver.ScheduleUnknown
			continue
		}
		switch s.State {
		case driver.ScheduleActive:
			e.cancelSchedule(s, now)
			results[i].Outcome = driver.ScheduleStopped
		case driver.ScheduleCancelled:
			results[i].Outcome = driver.ScheduleAlreadyCancelled
		default:
			results[i].Outcome = driver.ScheduleAlreadyEnded
		}
		results[i].Info = s.describe()
	}
	return results, nil
}

// LookupSchedule returns the schedule as it stands.
func (e *Engine) LookupSchedule(_ context.Context, id driver.ScheduleID) (driver.ScheduleInfo, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return driver.ScheduleInfo{}, driver.ErrClosed
	}
	s := e.schedule(id)
	if s == nil {
		return driver.ScheduleInfo{}, driver.ErrNoSchedule
	}
	return s.describe(), nil
}

// ListSchedules returns the schedules whose number is above the given one.
func (e *Engine) ListSchedules(_ context.Context, after uint64, most int) ([]driver.ScheduleInfo, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, driver.ErrClosed
	}
	var found []driver.ScheduleInfo
	for _, s := range e.schedules {
		if s.Number > after && len(found) < most {
			found = append(found, s.describe())
		}
	}
	return found, nil
}

// newSchedule returns an active schedule of nobody yet, or why there is none.
func newSchedule(s driver.Schedule, wall time.Time) (*schedule, error) {
	all, err := newOccurrences(s.Recurrence, wall)
	if err != nil {
		return nil, err
	}
	first, ok := all.from(wall)
	if !ok {
		return nil, driver.Invalid("recurrence", "no occurrence at %v or after it", wall)
	}
	s.Limit = 0
	s.Message = cloneMessage(s.Message)
	return &schedule{
		ScheduleInfo: driver.ScheduleInfo{Schedule: s, State: driver.ScheduleActive, NextAt: first},
		occurrences:  all,
	}, nil
}

// schedule returns the schedule of that ID, or nil.
func (e *Engine) schedule(id driver.ScheduleID) *schedule {
	for _, s := range e.schedules {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// activeSchedule returns the active schedule that has the name, or nil. The
// empty name is none.
func (e *Engine) activeSchedule(name string) *schedule {
	for _, s := range e.schedules {
		if s.State == driver.ScheduleActive && s.Schedule.Name == name && name != "" {
			return s
		}
	}
	return nil
}

// otherSchedules counts the active schedules beside one.
func (e *Engine) otherSchedules(one *schedule) int {
	count := 0
	for _, s := range e.schedules {
		if s.State == driver.ScheduleActive && s != one {
			count++
		}
	}
	return count
}

// nextSchedule returns the active schedule whose next occurrence is the
// earliest, of several the one that was made first; or nil.
func (e *Engine) nextSchedule() *schedule {
	var next *schedule
	for _, s := range e.schedules {
		if s.State == driver.ScheduleActive && (next == nil || s.NextAt.Before(next.NextAt)) {
			next = s
		}
	}
	return next
}

// choose applies the misfire policy to a schedule that has something due: it
// returns the occurrence that is claimed, or with false the last that is left
// out, none being claimed.
func (s *schedule) choose(wall time.Time) (at time.Time, claimed bool) {
	latest, _ := s.occurrences.latest(wall)
	switch s.Schedule.Misfire {
	case driver.MisfireSkip:
		return latest, wall.Sub(latest) <= driver.MisfireGrace
	case driver.MisfireAll:
		return s.firstKept(latest), true
	}
	return latest, true
}

// firstKept returns the next occurrence, or the first of the latest MisfireCap
// that are due if more are.
func (s *schedule) firstKept(latest time.Time) time.Time {
	at := latest
	for range driver.MisfireCap - 1 {
		if !at.After(s.NextAt) {
			break
		}
		at, _ = s.occurrences.latest(at.Add(-1))
	}
	return at
}

// publish sends an occurrence that was claimed, and ends its schedule if it was
// the last. One that the queue has seen already, under the same ID, counts as
// published: its message is that one.
func (e *Engine) publish(s *schedule, at, now time.Time) driver.Occurrence {
	q := e.queues[s.Queue.ID]
	q.advance(now)
	in := s.Schedule.Message
	in.DeduplicationID = s.ID.String() + "@" + at.Format(time.RFC3339Nano)
	result, m := q.sendMessage(in)
	if m != nil {
		m.Schedule = s.ID
		m.NominalAt = at
	}
	if failure := refused(result.Outcome); failure != 0 {
		s.Refused++
		if s.NextAt.IsZero() {
			s.Failure = failure
			e.endSchedule(s, driver.ScheduleFailed, now)
		}
	} else {
		s.Published++
		s.LastAt = at
		s.LastID = result.ID
		if s.NextAt.IsZero() || s.Published == s.Schedule.Recurrence.Count {
			e.endSchedule(s, driver.SchedulePublished, now)
		}
	}
	return driver.Occurrence{Schedule: s.ID, Queue: s.Queue, NominalAt: at, Result: result}
}

// refused returns what a refusal by the queue is called where a schedule fails
// by it, or zero if it was none.
func refused(outcome driver.SendOutcome) driver.ScheduleFailure {
	switch outcome {
	case driver.TooLarge:
		return driver.ScheduleTooLarge
	case driver.QueueFull:
		return driver.ScheduleQueueFull
	}
	return 0
}

func (e *Engine) cancelSchedule(s *schedule, now time.Time) {
	e.endSchedule(s, driver.ScheduleCancelled, now)
}

// failSchedules ends the schedules of a queue that was deleted, at the latest
// now that the queue was shown.
func (e *Engine) failSchedules(q *queue) {
	for _, s := range slices.Clone(e.schedules) {
		if s.State == driver.ScheduleActive && s.Queue.ID == q.id {
			s.Failure = driver.ScheduleQueueGone
			e.endScheduleAt(s, driver.ScheduleFailed, q.now)
		}
	}
}

// endSchedule ends an active schedule, whose queue, which exists, is shown now.
func (e *Engine) endSchedule(s *schedule, state driver.ScheduleState, now time.Time) {
	q := e.queues[s.Queue.ID]
	q.advance(now)
	e.endScheduleAt(s, state, q.now)
}

// endScheduleAt ends an active schedule, and forgets the one that ended first
// if more have ended than are kept.
func (e *Engine) endScheduleAt(s *schedule, state driver.ScheduleState, at time.Time) {
	s.State = state
	s.EndedAt = at
	s.NextAt = time.Time{}
	e.ended = append(e.ended, s)
	if len(e.ended) > driver.ScheduleHistory {
		oldest := e.ended[0]
		e.ended = slices.Delete(e.ended, 0, 1)
		e.schedules = slices.DeleteFunc(e.schedules, func(s *schedule) bool { return s == oldest })
	}
}

// describe returns a description that shares no memory with s.
func (s *schedule) describe() driver.ScheduleInfo {
	described := s.ScheduleInfo
	described.Schedule.Message = cloneMessage(s.Schedule.Message)
	return described
}

func cloneMessage(m driver.Message) driver.Message {
	m.Body = bytes.Clone(m.Body)
	m.Attributes = maps.Clone(m.Attributes)
	if m.Delay != nil {
		m.Delay = new(*m.Delay)
	}
	return m
}

// sameSchedule reports whether two schedules are equal in all that a caller
// says. The limit is not about the schedule.
func sameSchedule(a, b driver.Schedule) bool {
	r, q := a.Recurrence, b.Recurrence
	return a.Name == b.Name && a.Queue == b.Queue && a.Misfire == b.Misfire &&
		sameMessage(a.Message, b.Message) &&
		r.First.Equal(q.First) && r.Every == q.Every && r.Cron == q.Cron && r.Zone == q.Zone &&
		r.Until.Equal(q.Until) && r.Count == q.Count
}

// sameMessage compares all that the message of a schedule can have.
func sameMessage(a, b driver.Message) bool {
	return bytes.Equal(a.Body, b.Body) && maps.Equal(a.Attributes, b.Attributes) &&
		a.Group == b.Group &&
		(a.Delay == nil) == (b.Delay == nil) && (a.Delay == nil || *a.Delay == *b.Delay)
}

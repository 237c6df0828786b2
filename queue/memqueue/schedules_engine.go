package memqueue

import (
	"context"
	"errors"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// Schedule implements [driver.Schedules]. The recurrence is read before any lock
// is taken, since that is the longer part.
func (e *Engine) Schedule(_ context.Context, now, wall time.Time, s driver.Schedule) (driver.ScheduleInfo, bool, error) {
	table, first, invalid := begin(s.Recurrence, wall)
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.find(s.Queue)
	if e.closed {
		return driver.ScheduleInfo{}, false, err
	}
	if invalid != nil {
		return driver.ScheduleInfo{}, false, invalid
	}
	if err != nil {
		return driver.ScheduleInfo{}, false, err
	}
	e.schedulesMu.Lock()
	defer e.schedulesMu.Unlock()
	at := q.tell(now)
	named, same, err := e.schedules.place(&s)
	if err != nil {
		return driver.ScheduleInfo{}, false, err
	}
	if same {
		return named.view(), false, nil
	}
	if named != nil {
		e.endSchedule(now, named, ending{state: driver.ScheduleCancelled})
	}
	return e.schedules.insert(&s, q.state.ref, table, first, at).view(), true, nil
}

// endSchedule ends an active schedule, in the time of its queue. The schedules
// are locked.
func (e *Engine) endSchedule(now time.Time, s *schedule, how ending) {
	e.schedules.end(s, how, e.queueOf(s).tell(now))
}

// queueOf returns the queue of an active schedule, which exists: deleting it
// ends the schedule.
func (e *Engine) queueOf(s *schedule) *queue { return e.catalog.byID[s.info.Queue.ID] }

// tell tells a queue the time, and returns the latest that it was told.
func (q *queue) tell(now time.Time) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.state.settle(now)
	return q.state.now
}

// begin returns the timetable of a recurrence that begins at wall, with its
// first occurrence.
func begin(r scheduler.Recurrence, wall time.Time) (*scheduler.Timetable, time.Time, error) {
	if r.Count < 0 {
		return nil, time.Time{}, driver.Invalid("recurrence", "count %d is below zero", r.Count)
	}
	table, err := scheduler.NewTimetable(r, wall)
	if err != nil {
		return nil, time.Time{}, driver.Invalid("recurrence", "%v", errors.Unwrap(err)) // which names the field
	}
	first, ok := table.First()
	if !ok {
		return nil, time.Time{}, driver.Invalid("recurrence", "has no occurrence")
	}
	return table, first, nil
}

// Fire implements [driver.Schedules]. It lets others in between after each
// occurrence.
func (e *Engine) Fire(_ context.Context, now, wall time.Time, max int) (driver.Fired, error) {
	var fired driver.Fired
	for {
		more, err := e.fireOne(now, wall, max, &fired)
		if err != nil {
			return driver.Fired{}, err
		}
		if !more {
			return fired, nil
		}
	}
}

// fireOne claims what is to be claimed next, if there is room for it, and
// publishes it. It reports false if it claimed nothing.
func (e *Engine) fireOne(now, wall time.Time, max int, fired *driver.Fired) (bool, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	if e.closed {
		return false, driver.ErrClosed
	}
	e.schedulesMu.Lock()
	defer e.schedulesMu.Unlock()
	fired.NextAt = e.schedules.nextAt()
	if len(fired.Occurrences) >= max {
		return false, nil
	}
	c, ok := e.schedules.claim(wall)
	if !ok {
		return false, nil
	}
	var result driver.SendResult
	if c.publish {
		result = e.queueOf(c.schedule).publish(now, c)
		fired.Occurrences = append(fired.Occurrences, c.occurrence(result))
	}
	if !e.schedules.settle(c, result) {
		e.endSchedule(now, c.schedule, c.ending(result))
	}
	return true, nil
}

// publish sends the message of a claim.
func (q *queue) publish(now time.Time, c claim) driver.SendResult {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.state.settle(now)
	return q.state.publish(c)
}

// publish sends the message of a claim, and marks it.
func (s *state) publish(c claim) driver.SendResult {
	m := c.message()
	result := s.send(&m)
	if result.Outcome == driver.Sent {
		_, n, _ := s.ids.open(result.ID)
		content := s.slab.at(n).content
		content.schedule, content.nominalAt = c.schedule.info.ID, c.at
	}
	return result
}

func (c claim) occurrence(result driver.SendResult) driver.Occurrence {
	return driver.Occurrence{
		Schedule:  c.schedule.info.ID,
		Queue:     c.schedule.info.Queue,
		NominalAt: c.at,
		Result:    result,
	}
}

// CancelSchedules implements [driver.Schedules].
func (e *Engine) CancelSchedules(_ context.Context, now time.Time, ids []driver.ScheduleID) ([]driver.ScheduleCancel, error) {
	cancels := make([]driver.ScheduleCancel, len(ids))
	err := e.withSchedules(func(x *schedules) {
		for i, id := range ids {
			cancels[i] = e.cancelSchedule(now, x.find(id))
		}
	})
	return onSuccess(cancels, err)
}

// cancelSchedule cancels a schedule, nil if it is not known, or says why it is
// too late.
func (e *Engine) cancelSchedule(now time.Time, s *schedule) driver.ScheduleCancel {
	outcome := s.cancelOutcome()
	if outcome == driver.ScheduleUnknown {
		return driver.ScheduleCancel{Outcome: outcome}
	}
	if outcome == driver.ScheduleStopped {
		e.endSchedule(now, s, ending{state: driver.ScheduleCancelled})
	}
	return driver.ScheduleCancel{Outcome: outcome, Info: s.view()}
}

// LookupSchedule implements [driver.Schedules].
func (e *Engine) LookupSchedule(_ context.Context, id driver.ScheduleID) (info driver.ScheduleInfo, err error) {
	var found *schedule
	err = e.withSchedules(func(x *schedules) {
		if found = x.find(id); found != nil {
			info = found.view()
		}
	})
	if err == nil && found == nil {
		err = driver.ErrNoSchedule
	}
	return info, err
}

// ListSchedules implements [driver.Schedules].
func (e *Engine) ListSchedules(_ context.Context, after uint64, max int) (infos []driver.ScheduleInfo, err error) {
	err = e.withSchedules(func(x *schedules) { infos = x.list(after, max) })
	return infos, err
}

// withSchedules runs f on the schedules, under their lock.
func (e *Engine) withSchedules(f func(*schedules)) error {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	if e.closed {
		return driver.ErrClosed
	}
	e.schedulesMu.Lock()
	defer e.schedulesMu.Unlock()
	f(e.schedules)
	return nil
}

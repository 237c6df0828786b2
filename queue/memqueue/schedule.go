package memqueue

import (
	"bytes"
	"maps"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// A schedule is one schedule as it stands. It says which of its occurrences is
// the one to claim; whether and when anybody asks is up to schedules.
type schedule struct {
	info  driver.ScheduleInfo
	table *scheduler.Timetable // nil once it has ended

	// cappedAt is an instant by which no more than MisfireCap occurrences, from
	// the next one on, are due: what MisfireAll has looked at already.
	cappedAt time.Time
}

// A claim is one occurrence that is about to be published, or the latest of
// those that the Misfire policy leaves out without publishing any.
type claim struct {
	schedule *schedule
	at       time.Time // in UTC
	publish  bool
	leaveOut bool // some occurrences, one or many
}

// claim applies the Misfire policy to the occurrences that are due at wall, at
// least one. It changes nothing but what the schedule knows of the cap.
func (s *schedule) claim(wall time.Time) claim {
	var at time.Time
	if s.info.Schedule.Misfire == driver.MisfireAll {
		at = s.capped(wall)
	} else {
		at = s.latest(wall)
	}
	late := s.info.Schedule.Misfire == driver.MisfireSkip && wall.Sub(at) > driver.MisfireGrace
	return claim{
		schedule: s,
		at:       at,
		publish:  !late,
		leaveOut: late || at.After(s.info.NextAt),
	}
}

// latest returns the last occurrence by that instant, which is not before the
// next one.
func (s *schedule) latest(by time.Time) time.Time {
	at, _ := s.table.Latest(by)
	return at.UTC()
}

// capped returns the first occurrence that MisfireAll keeps of those that are
// due at wall.
func (s *schedule) capped(wall time.Time) time.Time {
	if !wall.After(s.cappedAt) {
		return s.info.NextAt
	}
	s.cappedAt = wall
	first := s.latest(wall)
	for range driver.MisfireCap - 1 {
		if !first.After(s.info.NextAt) {
			break
		}
		first = s.latest(first.Add(-1))
	}
	return first
}

// message returns what is sent for the occurrence. Its body and attributes are
// the schedule's own.
func (c claim) message() driver.Message {
	m := c.schedule.info.Schedule.Message
	m.DeduplicationID = c.schedule.info.ID.String() + "@" + c.at.Format(time.RFC3339Nano)
	return m
}

// count counts the claim and what became of it. A duplicate was published before:
// its message is there.
func (c claim) count(result driver.SendResult) {
	info := &c.schedule.info
	if c.leaveOut {
		info.Skips++
	}
	switch {
	case !c.publish:
	case failureOf(result) != 0:
		info.Refused++
	default:
		info.Published++
		info.LastAt, info.LastID = c.at, result.ID
	}
}

// following returns the occurrence after the one that was claimed.
func (c claim) following() (time.Time, bool) {
	count := c.schedule.info.Schedule.Recurrence.Count
	if count > 0 && c.schedule.info.Published >= count {
		return time.Time{}, false
	}
	return c.schedule.table.Next(c.at)
}

// An ending is how a schedule ends.
type ending struct {
	state   driver.ScheduleState
	failure driver.ScheduleFailure // of one that fails
}

// ending returns how the schedule ends if the claim is its last.
func (c claim) ending(result driver.SendResult) ending {
	if failure := failureOf(result); failure != 0 {
		return ending{driver.ScheduleFailed, failure}
	}
	return ending{state: driver.SchedulePublished}
}

// failureOf returns why the queue refused the message, zero if it did not.
func failureOf(result driver.SendResult) driver.ScheduleFailure {
	switch result.Outcome {
	case driver.TooLarge:
		return driver.ScheduleTooLarge
	case driver.QueueFull:
		return driver.ScheduleQueueFull
	}
	return 0
}

// cancelOutcome says what a cancel does to the schedule, which is nil if it is
// not known.
func (s *schedule) cancelOutcome() driver.ScheduleOutcome {
	switch {
	case s == nil:
		return driver.ScheduleUnknown
	case s.info.State == driver.ScheduleActive:
		return driver.ScheduleStopped
	case s.info.State == driver.ScheduleCancelled:
		return driver.ScheduleAlreadyCancelled
	}
	return driver.ScheduleAlreadyEnded
}

// key returns the schedule's place in the index of active ones.
func (s *schedule) key() scheduler.Key {
	return scheduler.NewKey(s.info.NextAt, s.info.Number, 0)
}

// view returns a copy of what is known of the schedule.
func (s *schedule) view() driver.ScheduleInfo {
	info := s.info
	info.Schedule.Message = cloneMessage(info.Schedule.Message)
	return info
}

func cloneMessage(m driver.Message) driver.Message {
	m.Body = bytes.Clone(m.Body)
	m.Attributes = maps.Clone(m.Attributes)
	if m.Delay != nil {
		m.Delay = new(*m.Delay)
	}
	return m
}

// sameSchedule reports whether both say the same. The limit is not a part of
// what a caller says of a schedule.
func sameSchedule(a, b *driver.Schedule) bool {
	return a.Name == b.Name && a.Queue == b.Queue && a.Misfire == b.Misfire &&
		sameRecurrence(a.Recurrence, b.Recurrence) && sameMessage(&a.Message, &b.Message)
}

func sameRecurrence(a, b scheduler.Recurrence) bool {
	if !a.First.Equal(b.First) || !a.Until.Equal(b.Until) {
		return false
	}
	b.First, b.Until = a.First, a.Until
	return a == b
}

func sameMessage(a, b *driver.Message) bool {
	return bytes.Equal(a.Body, b.Body) && maps.Equal(a.Attributes, b.Attributes) &&
		a.Group == b.Group && sameDelay(a.Delay, b.Delay)
}

func sameDelay(a, b *time.Duration) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

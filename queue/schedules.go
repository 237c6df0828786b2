package queue

import (
	"context"
	"errors"
	"iter"
	"time"
	"unicode/utf8"

	"github.com/redriveq/redrive/queue/driver"
)

// Schedule publishes a message to the queue at later instants: once at
// s.Recurrence.First, in a period, or by a cron expression in a time zone, see
// [Recurrence]. Each occurrence is an ordinary message with an ID of its own, and
// its [Info] names the schedule and the nominal instant. s.Queue is set by this
// call.
//
// Instants of schedules are those of the wall clock, so a clock that is set back
// makes the next occurrence wait, and no occurrence comes twice; delays and
// timeouts are spans, which no clock step lengthens. The next occurrence follows
// from the nominal instant of the last one, not from when that was published.
// What happens to occurrences that were missed is s.Misfire.
//
// A Name is that of at most one active schedule: to schedule the same again
// under it changes nothing and returns the schedule that is there; to schedule
// something else replaces it in one step.
//
// The result is the schedule as it was made; an occurrence that is due already is
// published before Schedule returns. The error is [ErrNoQueue],
// [ErrTooManySchedules] or an *[InvalidError].
func (q *Queue) Schedule(ctx context.Context, s Schedule) (info ScheduleInfo, err error) {
	const op = "schedule"
	b := q.broker
	s.Queue, s.Limit = q.id, b.profile.MaxSchedules
	if err := b.profile.schedule(&s); err != nil {
		return ScheduleInfo{}, fail(op, q.name, err)
	}
	err = q.doAt(ctx, op, func(r reading) error {
		info, _, err = b.engine.Schedule(ctx, r.now, r.wall, s)
		switch {
		case err == nil:
			b.lobby.scheduled(r, info.NextAt)
		case errors.Is(err, ErrUnknownOutcome):
			b.lobby.scheduled(r, r.wall) // ask when it is, if it was made
		}
		return err
	})
	if b.lobby.firing.pending.Load() {
		b.lobby.catchUpOn(q.line, b.now().now) // it may be due already
	}
	return info, err
}

// schedule reports what is wrong with a schedule, whatever queue it is for.
func (p *Profile) schedule(s *Schedule) error {
	const maxName = 256
	switch {
	case len(s.Name) > maxName || !utf8.ValidString(s.Name):
		return driver.Invalid("schedule name", "more than %d bytes, or no UTF-8", maxName)
	case s.Message.DeduplicationID != "":
		return driver.Invalid("deduplication ID", "a schedule gives each occurrence its own")
	case !s.Message.At.IsZero():
		return driver.Invalid("instant", "of the message: a schedule says when in its recurrence")
	case s.Recurrence.First.After(lastInstant) || s.Recurrence.Until.After(lastInstant):
		return driver.Invalid("recurrence", "after the year 9999")
	case s.Recurrence.Count < 0:
		return driver.Invalid("recurrence", "a count of %d", s.Recurrence.Count)
	case s.Misfire > MisfireAll:
		return driver.Invalid("misfire policy", "%d is none", s.Misfire)
	}
	return p.message(&s.Message)
}

// CancelSchedule ends one schedule: [Broker.CancelSchedules] of one, with the
// outcome as an error: [ErrScheduleCancelled], [ErrScheduleEnded] or
// [ErrNoSchedule].
func (b *Broker) CancelSchedule(ctx context.Context, id ScheduleID) (ScheduleInfo, error) {
	cancels, err := b.CancelSchedules(ctx, []ScheduleID{id})
	if err != nil {
		return ScheduleInfo{}, err
	}
	return cancels[0].Info, fail("cancel schedule", "", scheduleErrors[cancels[0].Outcome])
}

// CancelSchedules ends schedules, one after the other, and returns what became
// of each. What is due by now is published first; after that, no occurrence of a
// schedule that this call has cancelled is ever published. Messages that were
// published stay: see [Queue.Cancel].
func (b *Broker) CancelSchedules(ctx context.Context, ids []ScheduleID) (cancels []ScheduleCancel, err error) {
	const op = "cancel schedule"
	if err := b.profile.batch(len(ids)); err != nil {
		return nil, fail(op, "", err)
	}
	err = b.do(ctx, op, func(now time.Time) error {
		cancels, err = b.engine.CancelSchedules(ctx, now, ids)
		return err
	})
	return cancels, err
}

// LookupSchedule returns a schedule as it stands, with how often it was
// published and when it is next due. Schedules that have ended are kept, the
// latest 1000; the error for one that is not known is [ErrNoSchedule].
func (b *Broker) LookupSchedule(ctx context.Context, id ScheduleID) (info ScheduleInfo, err error) {
	err = b.do(ctx, "look up schedule", func(time.Time) error {
		info, err = b.engine.LookupSchedule(ctx, id)
		return err
	})
	return info, err
}

// Schedules returns all schedules that are known, active and ended ones, in the
// order in which they were made. The last pair has an error if the listing could
// not be finished.
func (b *Broker) Schedules(ctx context.Context) iter.Seq2[ScheduleInfo, error] {
	const page = 100
	return func(yield func(ScheduleInfo, error) bool) {
		for after := uint64(0); ; {
			var infos []ScheduleInfo
			err := b.do(ctx, "list schedules", func(time.Time) (err error) {
				infos, err = b.engine.ListSchedules(ctx, after, page)
				return err
			})
			if err != nil {
				yield(ScheduleInfo{}, err)
				return
			}
			for _, info := range infos {
				if !yield(info, nil) {
					return
				}
				after = info.Number
			}
			if len(infos) < page {
				return
			}
		}
	}
}

// do runs f, an operation on no one queue, after all that is due by now. If it
// may have had an effect, nobody knows where, all who wait are served.
func (b *Broker) do(ctx context.Context, op string, f func(now time.Time) error) error {
	b.lobby.catchUpAll(b.now().now)
	err := b.call(ctx, func(r reading) error { return f(r.now) })
	if errors.Is(err, ErrUnknownOutcome) {
		b.lobby.serveAll()
	}
	return fail(op, "", err)
}

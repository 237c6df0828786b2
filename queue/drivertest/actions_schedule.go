package drivertest

import (
	"fmt"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// ahead is how far the wall clock of the scenarios is ahead of the broker's
// time, so that an engine that takes one for the other is found out.
const ahead = 7*hour + 11*ns

// wall is the instant of the wall clock that many after the start.
func wall(d time.Duration) time.Time { return start.Add(ahead + d) }

// nominal tells an instant of the wall clock.
func (p *play) nominal(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Sub(wall(0)).String()
}

// A scheduleOption sets a part of a schedule.
type scheduleOption func(*driver.Schedule)

func called(name string) scheduleOption { return func(s *driver.Schedule) { s.Name = name } }
func misfire(m driver.Misfire) scheduleOption {
	return func(s *driver.Schedule) { s.Misfire = m }
}
func limited(n int) scheduleOption { return func(s *driver.Schedule) { s.Limit = n } }

// once occurs at that instant.
func once(d time.Duration) scheduler.Recurrence { return scheduler.Recurrence{First: wall(d)} }

// every occurs from an instant on.
func every(first, period time.Duration) scheduler.Recurrence {
	return scheduler.Recurrence{First: wall(first), Every: period}
}

func repeated(n int, r scheduler.Recurrence) scheduler.Recurrence { r.Count = n; return r }

func until(d time.Duration, r scheduler.Recurrence) scheduler.Recurrence {
	r.Until = wall(d)
	return r
}

// schedule makes a schedule of that name in the scenario, and answers with its
// next occurrence, or with the one that was found.
func schedule(name, q string, m driver.Message, r scheduler.Recurrence, options ...scheduleOption) action {
	return action{"schedule " + name + " in " + q, func(p *play) string {
		s := driver.Schedule{Queue: p.queue(q), Message: m, Recurrence: r}
		for _, set := range options {
			set(&s)
		}
		info, created, err := p.engine.Schedule(p.t.Context(), p.now, p.now.Add(ahead), s)
		if err != nil {
			return failure(err)
		}
		if !created {
			return "found " + p.scheduleName(info.ID)
		}
		p.schedules[name] = info.ID
		if info.State != driver.ScheduleActive {
			return info.State.String()
		}
		return "next " + p.nominal(info.NextAt)
	}}
}

func (p *play) scheduleName(id driver.ScheduleID) string {
	for name, other := range p.schedules {
		if other == id {
			return name
		}
	}
	return "unknown schedule " + id.String()
}

// fire answers with the occurrences, "s@1s:a" for the message "a", and with the
// next one.
func fire(limit int) action {
	return action{fmt.Sprintf("fire at most %d", limit), func(p *play) string { return p.fired(p.now.Add(ahead), limit) }}
}

// fireAt fires when the wall clock was set.
func fireAt(d time.Duration, limit int) action {
	return action{fmt.Sprintf("fire at most %d at wall %v", limit, d), func(p *play) string { return p.fired(wall(d), limit) }}
}

func (p *play) fired(wall time.Time, limit int) string {
	fired, err := p.engine.Fire(p.t.Context(), p.now, wall, limit)
	if err != nil {
		return failure(err)
	}
	var answers []string
	for _, o := range fired.Occurrences {
		id, ok := p.schedules[p.scheduleName(o.Schedule)]
		if !ok || id != o.Schedule || p.queueName(o.Queue.ID) != o.Queue.Name {
			return fmt.Sprintf("an occurrence %+v of an unknown schedule or queue", o)
		}
		answer := p.scheduleName(o.Schedule) + "@" + p.nominal(o.NominalAt)
		answers = append(answers, answer+":"+p.sent(p.template(id), o.Result))
	}
	return words(answers) + ", next " + p.nominal(fired.NextAt)
}

// template is the message of a schedule.
func (p *play) template(id driver.ScheduleID) driver.Message {
	info, err := p.engine.LookupSchedule(p.t.Context(), id)
	p.must(err)
	return info.Schedule.Message
}

// planOf tells how a schedule stands.
func planOf(name string) action {
	return action{"look up schedule " + name, func(p *play) string {
		info, err := p.engine.LookupSchedule(p.t.Context(), p.schedules[name])
		if err != nil {
			return failure(err)
		}
		return p.planText(info)
	}}
}

func (p *play) planText(info driver.ScheduleInfo) string {
	text := info.State.String()
	if info.State == driver.ScheduleFailed || info.Failure != 0 {
		text += ": " + info.Failure.String()
	}
	text += fmt.Sprintf(" next %s published %d", p.nominal(info.NextAt), info.Published)
	if info.Skips > 0 {
		text += fmt.Sprintf(" skips %d", info.Skips)
	}
	if info.Refused > 0 {
		text += fmt.Sprintf(" refused %d", info.Refused)
	}
	if info.Published > 0 {
		text += fmt.Sprintf(" last %s:%s", p.nominal(info.LastAt), p.nameOf(info.LastID))
	} else if !info.LastAt.IsZero() || info.LastID != (driver.MessageID{}) {
		text += " and a last one"
	}
	if info.EndedAt.IsZero() != (info.State == driver.ScheduleActive) {
		text += " ended " + p.instant(info.EndedAt)
	}
	return text
}

// spanOf tells when a schedule was made and ended, in broker time.
func spanOf(name string) action {
	return action{"when was schedule " + name, func(p *play) string {
		info, err := p.engine.LookupSchedule(p.t.Context(), p.schedules[name])
		if err != nil {
			return failure(err)
		}
		return "created " + p.instant(info.CreatedAt) + " ended " + p.instant(info.EndedAt)
	}}
}

// cancelPlans cancels schedules.
func cancelPlans(names ...string) action {
	return action{"cancel schedules " + words(names), func(p *play) string {
		var ids []driver.ScheduleID
		for _, name := range names {
			ids = append(ids, p.schedules[name])
		}
		results, err := p.engine.CancelSchedules(p.t.Context(), p.now, ids)
		if err != nil {
			return failure(err)
		}
		if len(results) != len(ids) {
			return fmt.Sprintf("%d results for %d schedules", len(results), len(ids))
		}
		var answers []string
		for i, r := range results {
			answer := outcomeTexts(r.Outcome)
			told := ids[i]
			if r.Outcome == driver.ScheduleUnknown {
				told = driver.ScheduleID{}
			}
			if r.Info.ID != told {
				answer += " and the wrong schedule"
			}
			answers = append(answers, answer)
		}
		return words(answers)
	}}
}

func outcomeTexts(o driver.ScheduleOutcome) string {
	return named([]string{"none", "stopped", "already-cancelled", "already-ended", "unknown"}, o)
}

// plansAfter lists schedules by their names in the scenario.
func plansAfter(name string, limit int) action {
	return action{fmt.Sprintf("list %d schedules after %q", limit, name), func(p *play) string {
		var number uint64
		if name != "" {
			info, err := p.engine.LookupSchedule(p.t.Context(), p.schedules[name])
			p.must(err)
			number = info.Number
		}
		infos, err := p.engine.ListSchedules(p.t.Context(), number, limit)
		if err != nil {
			return failure(err)
		}
		var names []string
		for _, info := range infos {
			names = append(names, p.scheduleName(info.ID))
		}
		return words(names)
	}}
}

// occurrenceOf tells of which occurrence a message is, and whether its
// deduplication ID says so.
func occurrenceOf(q, message string) action {
	return action{"occurrence of " + message + " in " + q, func(p *play) string {
		for _, info := range p.look(q).list {
			if p.nameOf(info.ID) != message {
				continue
			}
			if info.Schedule == (driver.ScheduleID{}) {
				return "none"
			}
			text := p.scheduleName(info.Schedule) + "@" + p.nominal(info.NominalAt)
			if info.DeduplicationID != occurrenceID(info.Schedule, info.NominalAt) {
				text += " with the deduplication ID " + info.DeduplicationID
			}
			return text
		}
		return "not listed"
	}}
}

package model_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// once, every and cron return schedules of a message whose body is the label;
// instants are after the usual start.
func once(at time.Duration) driver.Schedule {
	return driver.Schedule{Recurrence: scheduler.Recurrence{First: start.Add(at)}}
}

func every(first, period time.Duration) driver.Schedule {
	return driver.Schedule{Recurrence: scheduler.Recurrence{First: start.Add(first), Every: period}}
}

func cron(expression, zone string) driver.Schedule {
	return driver.Schedule{Recurrence: scheduler.Recurrence{Cron: expression, Zone: zone}}
}

func times(n int, s driver.Schedule) driver.Schedule {
	s.Recurrence.Count = n
	return s
}

func until(last time.Duration, s driver.Schedule) driver.Schedule {
	s.Recurrence.Until = start.Add(last)
	return s
}

func misfire(policy driver.Misfire, s driver.Schedule) driver.Schedule {
	s.Misfire = policy
	return s
}

func named(name string, s driver.Schedule) driver.Schedule {
	s.Name = name
	return s
}

// plan makes a schedule that the timeline knows by the label. The wall clock
// shows the broker's time.
func plan(label string, s driver.Schedule) call { return planAt(0, label, s) }

// planAt makes a schedule while the wall clock is that far ahead.
func planAt(ahead time.Duration, label string, s driver.Schedule) call {
	return func(r *rig) string {
		s.Queue = r.id()
		if s.Message.Body == nil {
			s.Message.Body = []byte(label)
		}
		info, created, err := r.Schedule(context.Background(), r.now, r.now.Add(ahead), s)
		if err != nil {
			return text(err)
		}
		if created {
			r.plans[label] = info.ID
			return "created, next " + r.since(info.NextAt)
		}
		return "found " + r.label(info.ID)
	}
}

func (r *rig) label(id driver.ScheduleID) string {
	for label, known := range r.plans {
		if known == id {
			return label
		}
	}
	return id.String()
}

// fire answers the occurrences, and when the next is.
func fire(most int) call { return fireAt(0, most) }

// fireAt fires while the wall clock is that far ahead.
func fireAt(ahead time.Duration, most int) call {
	return func(r *rig) string {
		fired, err := r.Fire(context.Background(), r.now, r.now.Add(ahead), most)
		if err != nil {
			return text(err)
		}
		var words []string
		for _, o := range fired.Occurrences {
			body := r.label(o.Schedule)
			words = append(words, fmt.Sprintf("%s@%s %s", body, r.since(o.NominalAt), r.sent(body, o.Result)))
			if o.Queue.ID != r.queues[o.Queue.Name] {
				words = append(words, fmt.Sprintf("to %v", o.Queue))
			}
		}
		return strings.Join(append(words, "next "+r.since(fired.NextAt)), ", ")
	}
}

// firedCount answers only how many occurrences there were, the first, and the
// last.
func firedCount(most int) call {
	return func(r *rig) string {
		fired, err := r.Fire(context.Background(), r.now, r.now, most)
		if err != nil || len(fired.Occurrences) == 0 {
			return fmt.Sprint("none ", err)
		}
		first, last := fired.Occurrences[0], fired.Occurrences[len(fired.Occurrences)-1]
		return fmt.Sprintf("%d from %s to %s, next %s",
			len(fired.Occurrences), r.since(first.NominalAt), r.since(last.NominalAt), r.since(fired.NextAt))
	}
}

func stop(labels ...string) call {
	return func(r *rig) string {
		var ids []driver.ScheduleID
		for _, label := range labels {
			ids = append(ids, r.plans[label])
		}
		results, err := r.CancelSchedules(context.Background(), r.now, ids)
		if err != nil {
			return text(err)
		}
		var words []string
		for _, result := range results {
			words = append(words, result.Outcome.String()+r.state(result.Info))
		}
		return strings.Join(words, ", ")
	}
}

func lookup(label string) call {
	return func(r *rig) string {
		info, err := r.LookupSchedule(context.Background(), r.plans[label])
		if err != nil {
			return text(err)
		}
		return strings.TrimPrefix(r.state(info), ": ")
	}
}

// state answers where in its life a schedule is, and its counts.
func (r *rig) state(info driver.ScheduleInfo) string {
	if info.ID == (driver.ScheduleID{}) {
		return ""
	}
	words := []string{info.State.String()}
	if info.Failure != 0 {
		words = append(words, info.Failure.String())
	}
	if !info.EndedAt.IsZero() {
		words = append(words, "at "+r.since(info.EndedAt))
	}
	if !info.NextAt.IsZero() {
		words = append(words, "next "+r.since(info.NextAt))
	}
	words = append(words, fmt.Sprintf("%d+%d+%d", info.Published, info.Skips, info.Refused))
	if !info.LastAt.IsZero() {
		words = append(words, "last "+r.since(info.LastAt))
	}
	return ": " + strings.Join(words, " ")
}

// plans answers the labels of the schedules after the number.
func plans(after uint64, most int) call {
	return func(r *rig) string {
		infos, err := r.ListSchedules(context.Background(), after, most)
		if err != nil {
			return text(err)
		}
		var words []string
		for _, info := range infos {
			words = append(words, fmt.Sprintf("%d:%s", info.Number, r.label(info.ID)))
		}
		return strings.Join(words, " ")
	}
}

// made leaves out when the next occurrence is.
func made(do call) call {
	return func(r *rig) string {
		answer, _, _ := strings.Cut(do(r), ",")
		return answer
	}
}

package queue_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// What is wrong with a schedule is refused by name, and changes nothing. Traps
// D23 and D24: a recurrence that never occurs, and a prefix with a time zone, are
// refused too.
func TestRefusedSchedules(t *testing.T) {
	message := func(m queue.Message) queue.Schedule { return queue.Schedule{Message: m} }
	recurrence := func(r queue.Recurrence) queue.Schedule { return queue.Schedule{Recurrence: r} }
	after9999 := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		field string
		s     queue.Schedule
	}{
		{"schedule name", named(strings.Repeat("é", 128)+"a", queue.Schedule{})},
		{"schedule name", named("a\xff", queue.Schedule{})},
		{"deduplication ID", message(queue.Message{DeduplicationID: "x"})},
		{"instant", message(queue.Message{At: noon})},
		{"delay", message(queue.Message{Delay: new(time.Duration(-1))})},
		{"message group", message(queue.Message{Group: strings.Repeat("g", 257)})},
		{"attributes", message(queue.Message{Attributes: attributes(101)})},
		{`attribute ""`, message(queue.Message{Attributes: map[string]queue.Value{"": queue.String("x")}})},
		{"misfire policy", queue.Schedule{Misfire: queue.MisfireAll + 1}},
		{"recurrence", recurrence(queue.Recurrence{First: after9999})},
		{"recurrence", recurrence(queue.Recurrence{Until: after9999, Every: hour})},
		{"recurrence", recurrence(queue.Recurrence{First: time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC)})},
		{"recurrence", recurrence(queue.Recurrence{Count: -1, Every: hour})},
		{"recurrence", recurrence(queue.Recurrence{Every: -hour})},
		{"recurrence", recurrence(queue.Recurrence{Every: time.Millisecond - 1})},
		{"recurrence", recurrence(queue.Recurrence{Every: hour, Cron: "* * * * *"})},
		{"recurrence", recurrence(queue.Recurrence{Every: hour, Zone: "UTC"})},
		{"recurrence", recurrence(queue.Recurrence{Zone: "UTC"})},
		{"recurrence", recurrence(queue.Recurrence{Cron: "* * * * *", Zone: "Moon/Tycho"})},
		{"recurrence", recurrence(queue.Recurrence{Cron: "* * * * *", Zone: "../zoneinfo/UTC"})},
		{"recurrence", recurrence(queue.Recurrence{Cron: "* * * *"})},
		{"recurrence", recurrence(queue.Recurrence{Cron: "60 * * * *"})},
		{"recurrence", recurrence(queue.Recurrence{Cron: "TZ=UTC * * * * *"})},
		{"recurrence", recurrence(queue.Recurrence{Cron: "TZ="})},
		{"recurrence", recurrence(queue.Recurrence{Cron: "0 0 30 2 *"})},
		{"recurrence", recurrence(queue.Recurrence{First: noon.Add(hour), Until: noon})},
		{"recurrence", recurrence(queue.Recurrence{Every: hour, First: noon.Add(-hour), Until: noon.Add(-1)})},
		{"recurrence", recurrence(queue.Recurrence{Cron: "0 0 29 2 *", Until: noon.AddDate(1, 0, 0)})},
	}
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	r.schedule(named("n", every("a", noon.Add(hour), hour)))
	for i, test := range tests {
		what := fmt.Sprintf("schedule %d: %+v", i, test.s)
		for _, name := range []string{test.s.Name, "n"} {
			if name != "" && strings.HasPrefix(test.field, "schedule") && name == "n" {
				continue // its name is what is wrong
			}
			r.unchanged(what, func() {
				got, err := r.q.Schedule(r.ctx(), named(name, test.s))
				wantInvalid(t, what, err, test.field)
				if got.ID != (queue.ScheduleID{}) {
					t.Errorf("%s: got %+v, want none", what, got)
				}
			})
		}
	}
}

// attributes returns n attributes.
func attributes(n int) map[string]queue.Value {
	all := make(map[string]queue.Value)
	for i := range n {
		all[fmt.Sprint(i)] = queue.Number("1")
	}
	return all
}

// What other profiles limit of a message holds for schedules too.
func TestSchedulesByProfile(t *testing.T) {
	for _, p := range profiles {
		r := newRig(t, queue.Config{Clock: newStepping(noon), Profile: p.make()}, queue.Patch{})
		limit := p.make().MaxDelay
		if limit == 0 {
			continue
		}
		s := once("a", noon.Add(1000*day)) // far beyond a delay
		s.Message.Delay = new(limit)
		r.schedule(s)
		s.Message.Delay = new(limit + 1)
		_, err := r.q.Schedule(r.ctx(), s)
		wantInvalid(t, p.name+": a long delay", err, "delay")
		s = once("", noon)
		_, err = r.q.Schedule(r.ctx(), s)
		wantInvalid(t, p.name+": an empty body", err, "body")
	}
}

// I21: as many schedules are active as the profile allows, never one more, and
// one that ends makes room. One under a name that is in use needs none.
func TestMaxSchedules(t *testing.T) {
	p := queue.Core()
	p.MaxSchedules = 3
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c, Profile: p}, queue.Patch{})
	r.schedule(named("n", every("a", noon.Add(hour), hour)))
	b := r.schedule(every("b", noon.Add(hour), hour))
	r.schedule(once("c", noon.Add(10*s)))
	full := func(step string) {
		t.Helper()
		r.unchanged(step, func() {
			if _, err := r.q.Schedule(r.ctx(), once("d", noon.Add(hour))); !errors.Is(err, queue.ErrTooManySchedules) {
				t.Errorf("%s: got error %v, want %v", step, err, queue.ErrTooManySchedules)
			}
		})
	}
	full("with three")
	r.schedule(named("n", every("a", noon.Add(hour), hour)))
	r.schedule(named("n", every("a", noon.Add(hour), 2*hour)))
	full("with one replaced")
	_, err := r.b.CancelSchedule(r.ctx(), b.ID)
	r.must(err)
	r.schedule(every("b", noon.Add(hour), hour))
	full("with one more for the cancelled one")
	c.step(10 * s)
	r.schedule(every("c", noon.Add(hour), hour))
	full("with one more for the published one")
	if got := r.schedules()[0].Schedule.Limit; got != 0 {
		t.Errorf("a schedule shows a limit of %d, want none", got)
	}
}

// The same with many that try at once.
func TestMaxSchedulesAtOnce(t *testing.T) {
	p := queue.Core()
	p.MaxSchedules = 10
	r := newRig(t, queue.Config{Clock: newStepping(noon), Profile: p}, queue.Patch{})
	var made atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				_, err := r.q.Schedule(r.ctx(), once("a", noon.Add(hour)))
				if err == nil {
					made.Add(1)
				} else if !errors.Is(err, queue.ErrTooManySchedules) {
					t.Errorf("schedule: got error %v, want %v", err, queue.ErrTooManySchedules)
				}
			}
		})
	}
	all.Wait()
	if made.Load() != 10 || len(r.schedules()) != 10 {
		t.Errorf("%d schedules were made, and %d are listed, want 10", made.Load(), len(r.schedules()))
	}
}

// Every outcome of a cancel has its error, and comes with the schedule.
func TestCancelScheduleOutcomes(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{MaxMessages: new(2)})
	other := r.create("other", queue.Patch{})
	active := r.schedule(every("a", noon.Add(10*s), 10*s))
	published := r.schedule(once("b", noon.Add(10*s)))
	refused := r.schedule(once("c", noon.Add(10*s)))
	orphan, err := other.Schedule(r.ctx(), once("d", noon.Add(hour)))
	r.must(err)
	replaced := r.schedule(named("n", once("e", noon.Add(hour))))
	r.schedule(named("n", once("f", noon.Add(hour))))
	r.must(r.b.DeleteQueue(r.ctx(), "other"))
	c.step(10 * s)
	tests := []struct {
		name    string
		id      queue.ScheduleID
		outcome queue.ScheduleOutcome
		err     error
		want    string // the schedule afterwards
	}{
		{"active", active.ID, queue.ScheduleStopped, nil, "cancelled, 1 published, 0 skips, 0 refused"},
		{"active, twice", active.ID, queue.ScheduleAlreadyCancelled, queue.ErrScheduleCancelled, "cancelled, 1 published, 0 skips, 0 refused"},
		{"published", published.ID, queue.ScheduleAlreadyEnded, queue.ErrScheduleEnded, "published, 1 published, 0 skips, 0 refused"},
		{"refused", refused.ID, queue.ScheduleAlreadyEnded, queue.ErrScheduleEnded, "failed, 0 published, 0 skips, 1 refused: queue full"},
		{"queue deleted", orphan.ID, queue.ScheduleAlreadyEnded, queue.ErrScheduleEnded, "failed, 0 published, 0 skips, 0 refused: queue gone"},
		{"replaced", replaced.ID, queue.ScheduleAlreadyCancelled, queue.ErrScheduleCancelled, "cancelled, 0 published, 0 skips, 0 refused"},
		{"unknown", queue.ScheduleID{1}, queue.ScheduleUnknown, queue.ErrNoSchedule, ""},
		{"zero", queue.ScheduleID{}, queue.ScheduleUnknown, queue.ErrNoSchedule, ""},
	}
	var ids []queue.ScheduleID
	for _, test := range tests {
		ids = append(ids, test.id)
	}
	cancels, err := r.b.CancelSchedules(r.ctx(), ids)
	r.must(err)
	for i, test := range tests {
		if cancels[i].Outcome != test.outcome {
			t.Errorf("%s: got %v, want %v", test.name, cancels[i].Outcome, test.outcome)
		}
		if test.want == "" {
			if _, err := r.b.LookupSchedule(r.ctx(), test.id); !errors.Is(err, queue.ErrNoSchedule) {
				t.Errorf("%s: look up: got error %v, want %v", test.name, err, queue.ErrNoSchedule)
			}
			continue
		}
		if got := standing(cancels[i].Info); got != test.want || cancels[i].Info.ID != test.id {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
		if info := cancels[i].Info; !info.NextAt.IsZero() || info.EndedAt.IsZero() {
			t.Errorf("%s: got %+v, want it to have ended and nothing to come", test.name, info)
		}
	}
	for _, test := range tests[1:] { // the first one is cancelled by now
		if _, err := r.b.CancelSchedule(r.ctx(), test.id); !errors.Is(err, test.err) {
			t.Errorf("%s: cancel: got error %v, want %v", test.name, err, test.err)
		}
	}
	_, err = r.b.CancelSchedules(r.ctx(), make([]queue.ScheduleID, 10_001))
	wantInvalid(t, "10,001 cancels", err, "batch")
}

// I7 and SEMANTICS row 8: a period that is cancelled between its second and third
// occurrence has published two. A second cancel is told so.
func TestCancelBetweenOccurrences(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	id := r.schedule(every("a", noon.Add(10*s), 10*s)).ID
	c.step(10 * s)
	r.wantCounts(r.q, 1, 0, 0)
	c.step(20*s - 1)
	info, err := r.b.CancelSchedule(r.ctx(), id)
	r.must(err)
	if info.Published != 2 {
		t.Errorf("cancel: got %d published, want 2", info.Published)
	}
	_, err = r.b.CancelSchedule(r.ctx(), id)
	if !errors.Is(err, queue.ErrScheduleCancelled) {
		t.Errorf("second cancel: got error %v, want %v", err, queue.ErrScheduleCancelled)
	}
	c.step(day)
	r.wantOccurrences("after the cancel", "10s 20s")
}

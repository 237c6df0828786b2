package memqueue

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// checkSchedules recounts what the parts of schedules hold.
func checkSchedules(t interface {
	Helper()
	Fatalf(string, ...any)
}, x *schedules) {
	t.Helper()
	active, names, queues := 0, 0, 0
	x.kept.Ascend(func(n numbered) bool {
		s := n.schedule
		if n.number != s.info.Number || x.find(s.info.ID) != s {
			t.Fatalf("schedule %d is kept as %d, or not found by its ID", s.info.Number, n.number)
		}
		if s.info.State != driver.ScheduleActive {
			return true
		}
		active++
		if name := s.info.Schedule.Name; name != "" {
			names++
			if x.byName[name] != s {
				t.Fatalf("schedule %d has the name %q, but is not found by it", n.number, name)
			}
		}
		if _, ok := x.byQueue[s.info.Queue.ID][s]; !ok {
			t.Fatalf("schedule %d is not found by its queue", n.number)
		}
		return true
	})
	for queue, set := range x.byQueue {
		queues += len(set)
		if len(set) == 0 {
			t.Fatalf("queue %d has an empty set", queue)
		}
	}
	if x.due.Len() != active || len(x.byName) != names || queues != active || x.kept.Len() != active+len(x.ended) {
		t.Fatalf("%d due, %d names, %d by queue, %d kept, %d ended, want %d active ones, %d with a name",
			x.due.Len(), len(x.byName), queues, x.kept.Len(), len(x.ended), active, names)
	}
}

func (p *schedulePlayer) cancel(at time.Duration, ids ...driver.ScheduleID) []driver.ScheduleCancel {
	p.Helper()
	cancels, err := p.engine.CancelSchedules(p.Context(), nowAt(at), ids)
	if err != nil || len(cancels) != len(ids) {
		p.Fatalf("CancelSchedules of %d = %d results, %v", len(ids), len(cancels), err)
	}
	checkSchedules(p, p.engine.schedules)
	return cancels
}

// list reads all schedules, in pages.
func (p *schedulePlayer) list(page int) []driver.ScheduleInfo {
	p.Helper()
	var all []driver.ScheduleInfo
	for after := uint64(0); ; after = all[len(all)-1].Number {
		infos, err := p.engine.ListSchedules(p.Context(), after, page)
		if err != nil || len(infos) > page {
			p.Fatalf("ListSchedules(%d, %d) = %d schedules, %v", after, page, len(infos), err)
		}
		if len(infos) > 0 && infos[0].Number <= after {
			p.Fatalf("ListSchedules(%d, %d) begins with number %d", after, page, infos[0].Number)
		}
		all = append(all, infos...)
		if len(infos) < page {
			return all
		}
	}
}

// named is a schedule that says something everywhere.
func named(queue driver.QueueID) driver.Schedule {
	return driver.Schedule{
		Name:  "report",
		Queue: queue,
		Message: driver.Message{
			Body:       []byte("body"),
			Attributes: map[string]driver.Value{"a": driver.String("1")},
			Group:      "g",
			Delay:      new(second),
		},
		Recurrence: scheduler.Recurrence{First: wallAt(minute), Every: minute, Until: wallAt(hour), Count: 9},
		Misfire:    driver.MisfireSkip,
	}
}

// TestScheduleAgain makes an equal schedule under a name: the one that is there
// stays, whatever it has done by then.
func TestScheduleAgain(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	p.schedule(0, named(p.queue.ID))
	p.fire(minute, 1)
	want := p.list(10)[0]

	again := named(p.queue.ID)
	again.Limit = 1
	again.Recurrence.First = again.Recurrence.First.In(time.FixedZone("east", 3600))
	again.Recurrence.Until = again.Recurrence.Until.In(time.FixedZone("west", -3600))
	got, created, err := p.engine.Schedule(t.Context(), nowAt(2*minute), wallAt(2*minute), again)
	if err != nil || created || fmt.Sprint(got.ID, got.NextAt, got.Published) != fmt.Sprint(want.ID, want.NextAt, 1) {
		t.Fatalf("again, Schedule = %+v, created %t, error %v, want %+v", got, created, err, want)
	}
	if n := len(p.list(10)); n != 1 {
		t.Fatalf("%d schedules, want 1", n)
	}
}

// TestScheduleReplaced changes one thing at a time of a schedule with a name.
func TestScheduleReplaced(t *testing.T) {
	changes := map[string]func(s *driver.Schedule, other driver.QueueID){
		"queue":           func(s *driver.Schedule, other driver.QueueID) { s.Queue = other },
		"body":            func(s *driver.Schedule, _ driver.QueueID) { s.Message.Body = []byte("other") },
		"attribute":       func(s *driver.Schedule, _ driver.QueueID) { s.Message.Attributes["a"] = driver.String("2") },
		"attribute added": func(s *driver.Schedule, _ driver.QueueID) { s.Message.Attributes["b"] = driver.String("1") },
		"group":           func(s *driver.Schedule, _ driver.QueueID) { s.Message.Group = "h" },
		"delay":           func(s *driver.Schedule, _ driver.QueueID) { s.Message.Delay = new(2 * second) },
		"no delay":        func(s *driver.Schedule, _ driver.QueueID) { s.Message.Delay = nil },
		"first":           func(s *driver.Schedule, _ driver.QueueID) { s.Recurrence.First = wallAt(minute + 1) },
		"every":           func(s *driver.Schedule, _ driver.QueueID) { s.Recurrence.Every++ },
		"until":           func(s *driver.Schedule, _ driver.QueueID) { s.Recurrence.Until = time.Time{} },
		"count":           func(s *driver.Schedule, _ driver.QueueID) { s.Recurrence.Count = 0 },
		"misfire":         func(s *driver.Schedule, _ driver.QueueID) { s.Misfire = driver.MisfireAll },
		"cron": func(s *driver.Schedule, _ driver.QueueID) {
			s.Recurrence.Every, s.Recurrence.Cron = 0, "* * * * *"
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			p := newSchedulePlayer(t, driver.Attributes{})
			other := p.createQueue("other", driver.Attributes{})
			old := p.schedule(0, named(p.queue.ID))
			s := named(p.queue.ID)
			change(&s, other.ID)
			s.Limit = 1 // the one that is replaced does not count
			replacement := p.schedule(second, s)
			if replacement.ID == old.ID || replacement.Number <= old.Number {
				t.Fatalf("replaced %v, number %d, by %v, number %d", old.ID, old.Number, replacement.ID, replacement.Number)
			}
			was := p.lookup(old.ID)
			if was.State != driver.ScheduleCancelled || !was.EndedAt.Equal(nowAt(second)) || !was.NextAt.IsZero() {
				t.Fatalf("the earlier one is %+v, want it cancelled at %v", was, nowAt(second))
			}
			if got := p.fire(90*second, 10).Occurrences; len(got) != 1 || got[0].Schedule != replacement.ID {
				t.Fatalf("Fire = %+v, want one occurrence, of the replacement", got)
			}
		})
	}
}

// TestScheduleName uses a name again whose schedule has ended, and lets many
// schedules have none.
func TestScheduleName(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	for range 3 {
		p.schedule(0, driver.Schedule{Name: "once", Recurrence: first(0)})
		p.schedule(0, driver.Schedule{Recurrence: first(0)})
		p.schedule(0, driver.Schedule{Recurrence: first(0)})
		if got := len(p.fire(0, 10).Occurrences); got != 3 {
			t.Fatalf("%d occurrences, want 3", got)
		}
	}
}

func TestScheduleLimit(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	add := func(limit int, r scheduler.Recurrence) error {
		_, _, err := p.engine.Schedule(t.Context(), nowAt(0), wallAt(0), driver.Schedule{Queue: p.queue.ID, Recurrence: r, Limit: limit})
		checkSchedules(t, p.engine.schedules)
		return err
	}
	steps := []struct {
		name  string
		limit int
		do    func()
		want  error
	}{
		{name: "the first of two", limit: 2},
		{name: "the second of two", limit: 2},
		{name: "the third of two", limit: 2, want: driver.ErrTooManySchedules},
		{name: "the third, without a limit"},
		{name: "the fourth of two", limit: 2, want: driver.ErrTooManySchedules},
		{name: "after one was published", limit: 3, do: func() { p.fire(minute, 1) }},
		{name: "full again", limit: 3, want: driver.ErrTooManySchedules},
		{name: "after one was cancelled", limit: 3, do: func() { p.cancel(0, p.list(10)[1].ID) }},
	}
	for _, step := range steps {
		if step.do != nil {
			step.do()
		}
		if err := add(step.limit, first(minute)); err != step.want {
			t.Fatalf("%s: %v, want %v", step.name, err, step.want)
		}
	}
}

// TestScheduleRefused gives what cannot be scheduled, and sees nothing change.
func TestScheduleRefused(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	p.schedule(0, named(p.queue.ID))
	before := fmt.Sprint(p.list(10))
	tests := []struct {
		name       string
		queue      driver.QueueID
		recurrence scheduler.Recurrence
		want       error
	}{
		{"a period that is too short", p.queue.ID, every(1, 0), driver.ErrInvalid},
		{"no occurrence", p.queue.ID, until(every(hour, hour), minute), driver.ErrInvalid},
		{"no occurrence any more", p.queue.ID, until(every(hour, -hour), -minute), driver.ErrInvalid},
		{"a count below zero", p.queue.ID, times(-1, first(0)), driver.ErrInvalid},
		{"a queue that does not exist", p.queue.ID + 1, first(0), driver.ErrNoQueue},
		{"both", p.queue.ID + 1, every(1, 0), driver.ErrInvalid},
	}
	for _, test := range tests {
		s := driver.Schedule{Name: "report", Queue: test.queue, Recurrence: test.recurrence}
		_, created, err := p.engine.Schedule(t.Context(), nowAt(0), wallAt(0), s)
		if created || !errors.Is(err, test.want) {
			t.Errorf("%s: created %t, error %v, want %v", test.name, created, err, test.want)
		}
		if after := fmt.Sprint(p.list(10)); after != before {
			t.Errorf("%s: schedules are %v, want %v", test.name, after, before)
		}
	}
}

func TestScheduleCancel(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{MaxMessages: 1})
	published := p.schedule(0, driver.Schedule{Recurrence: first(0)})
	failed := p.schedule(0, driver.Schedule{Recurrence: first(0)})
	p.fire(0, 10)
	stopped := p.schedule(0, driver.Schedule{Recurrence: every(minute, minute)})
	other := New()
	foreign := driver.ScheduleID(other.ids.seal(scheduleInstance, scheduleSlot, stopped.Number))
	message := driver.ScheduleID(p.messages()[0].ID)

	cancels := p.cancel(minute, stopped.ID, stopped.ID, published.ID, failed.ID, driver.ScheduleID{}, foreign, message)
	want := []driver.ScheduleOutcome{
		driver.ScheduleStopped, driver.ScheduleAlreadyCancelled, driver.ScheduleAlreadyEnded, driver.ScheduleAlreadyEnded,
		driver.ScheduleUnknown, driver.ScheduleUnknown, driver.ScheduleUnknown,
	}
	states := []driver.ScheduleState{
		driver.ScheduleCancelled, driver.ScheduleCancelled, driver.SchedulePublished, driver.ScheduleFailed, 0, 0, 0,
	}
	for i, c := range cancels {
		if c.Outcome != want[i] || c.Info.State != states[i] {
			t.Errorf("cancel %d: %v, and the schedule is %v, want %v, %v", i, c.Outcome, c.Info.State, want[i], states[i])
		}
	}
	if info := p.lookup(stopped.ID); !info.EndedAt.Equal(nowAt(minute)) || !info.NextAt.IsZero() {
		t.Errorf("cancelled, EndedAt = %v, NextAt = %v, want %v and none", info.EndedAt, info.NextAt, nowAt(minute))
	}
	if fired := p.fire(hour, 10); len(fired.Occurrences) != 0 || !fired.NextAt.IsZero() {
		t.Errorf("cancelled, Fire = %+v", fired)
	}
}

// TestScheduleHistory ends more than twice as many schedules as are kept, in
// another order than they were made in.
func TestScheduleHistory(t *testing.T) {
	const more = driver.ScheduleHistory + 7
	p := newSchedulePlayer(t, driver.Attributes{})
	var ids []driver.ScheduleID
	for range driver.ScheduleHistory + more {
		ids = append(ids, p.schedule(0, driver.Schedule{Recurrence: first(minute)}).ID)
	}
	active := p.schedule(0, driver.Schedule{Recurrence: first(minute)}).ID
	ended := slices.Clone(ids)
	slices.Reverse(ended)
	for i, id := range ended {
		p.engine.CancelSchedules(t.Context(), nowAt(0), []driver.ScheduleID{id})
		if i%100 == 0 || i >= len(ended)-10 {
			checkSchedules(t, p.engine.schedules)
		}
	}
	for i, id := range ended {
		want := error(nil)
		if i < more {
			want = driver.ErrNoSchedule
		}
		if _, err := p.engine.LookupSchedule(t.Context(), id); err != want {
			t.Fatalf("the one that ended as number %d: %v, want %v", i, err, want)
		}
	}
	if got := p.cancel(0, ended[0])[0]; got.Outcome != driver.ScheduleUnknown || got.Info.Number != 0 {
		t.Fatalf("cancel of one that is not kept = %+v", got)
	}
	var got []driver.ScheduleID
	for _, info := range p.list(99) {
		got = append(got, info.ID)
	}
	if want := append(ids[:driver.ScheduleHistory:driver.ScheduleHistory], active); !slices.Equal(got, want) {
		t.Fatalf("%d are listed, want those that ended last and the active one, in order", len(got))
	}
}

// TestScheduleHistoryQueueDeleted ends more schedules than are kept at once: those
// that were made last are kept.
func TestScheduleHistoryQueueDeleted(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	for range driver.ScheduleHistory + 2 {
		p.schedule(0, driver.Schedule{Recurrence: first(minute)})
	}
	if err := p.engine.DeleteQueue(t.Context(), p.queue.ID); err != nil {
		t.Fatal(err)
	}
	checkSchedules(t, p.engine.schedules)
	infos := p.list(driver.ScheduleHistory + 1)
	if n, first := len(infos), infos[0].Number; n != driver.ScheduleHistory || first != 3 {
		t.Fatalf("%d are listed from number %d on, want %d from 3 on", n, first, driver.ScheduleHistory)
	}
}

// ended says how a schedule ended, if it has.
func ended(state driver.ScheduleState, failure driver.ScheduleFailure, at time.Time) string {
	return fmt.Sprintf("%v %q at %v", state, failure, at)
}

// TestScheduleQueueDeleted deletes the queue of some schedules.
func TestScheduleQueueDeleted(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	other := p.createQueue("other", driver.Attributes{})
	stays := p.schedule(0, driver.Schedule{Queue: other.ID, Recurrence: first(minute)})
	gone := p.schedule(0, driver.Schedule{Recurrence: every(minute, minute), Name: "gone"})
	goneToo := p.schedule(0, driver.Schedule{Recurrence: first(minute)})
	published := p.schedule(0, driver.Schedule{Recurrence: first(0)})
	p.fire(second, 10)
	if err := p.engine.DeleteQueue(t.Context(), p.queue.ID); err != nil {
		t.Fatal(err)
	}
	checkSchedules(t, p.engine.schedules)
	p.queue = p.createQueue("orders", driver.Attributes{})

	want := map[driver.ScheduleID]string{
		stays.ID:     ended(driver.ScheduleActive, 0, time.Time{}),
		gone.ID:      ended(driver.ScheduleFailed, driver.ScheduleQueueGone, nowAt(second)),
		goneToo.ID:   ended(driver.ScheduleFailed, driver.ScheduleQueueGone, nowAt(second)),
		published.ID: ended(driver.SchedulePublished, 0, nowAt(second)),
	}
	for _, info := range p.list(10) {
		if got := ended(info.State, info.Failure, info.EndedAt); got != want[info.ID] {
			t.Errorf("schedule %d: %v, want %v", info.Number, got, want[info.ID])
		}
	}
	fired := p.fire(hour, 10)
	if len(fired.Occurrences) != 1 || fired.Occurrences[0].Schedule != stays.ID {
		t.Errorf("Fire = %+v, want one occurrence of the schedule for the other queue", fired)
	}
	if got := p.cancel(hour, gone.ID)[0].Outcome; got != driver.ScheduleAlreadyEnded {
		t.Errorf("cancel of one whose queue is gone: %v", got)
	}
}

package memqueue

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// A plainSchedules does what schedules does, with a slice and by counting on
// occurrence after occurrence. It forgets nothing.
type plainSchedules struct {
	all []*driver.ScheduleInfo
	now time.Time
}

func (p *plainSchedules) active() []*driver.ScheduleInfo {
	return slices.DeleteFunc(slices.Clone(p.all), func(s *driver.ScheduleInfo) bool { return s.State != driver.ScheduleActive })
}

// plainFirst returns the first occurrence of a recurrence that begins at wall.
func plainFirst(r scheduler.Recurrence, wall time.Time) (time.Time, bool) {
	at := r.First
	if at.IsZero() {
		at = wall
	}
	for r.Every > 0 && at.Before(wall) {
		at = at.Add(r.Every)
	}
	return at, r.Until.IsZero() || !at.After(r.Until)
}

func plainNext(r scheduler.Recurrence, after time.Time) (time.Time, bool) {
	at := after.Add(r.Every)
	return at, r.Every > 0 && (r.Until.IsZero() || !at.After(r.Until))
}

func (p *plainSchedules) add(s driver.Schedule, queue driver.QueueRef, first time.Time) (added *driver.ScheduleInfo, created bool, err error) {
	active := p.active()
	limit := s.Limit
	s.Limit = 0
	named := slices.IndexFunc(active, func(o *driver.ScheduleInfo) bool { return s.Name != "" && o.Schedule.Name == s.Name })
	if named >= 0 && reflect.DeepEqual(active[named].Schedule, s) {
		return active[named], false, nil
	}
	stay := len(active)
	if named >= 0 {
		stay--
	}
	if limit > 0 && stay+1 > limit {
		return nil, false, driver.ErrTooManySchedules
	}
	if named >= 0 {
		p.end(active[named], driver.ScheduleCancelled, 0)
	}
	added = &driver.ScheduleInfo{
		Number: uint64(len(p.all) + 1), Schedule: s, Queue: queue,
		State: driver.ScheduleActive, CreatedAt: p.now, NextAt: first,
	}
	p.all = append(p.all, added)
	return added, true, nil
}

func (p *plainSchedules) end(s *driver.ScheduleInfo, state driver.ScheduleState, failure driver.ScheduleFailure) {
	s.State, s.Failure, s.NextAt, s.EndedAt = state, failure, time.Time{}, p.now
}

// earliest returns the active schedule whose occurrence is the next, or nil.
func (p *plainSchedules) earliest() *driver.ScheduleInfo {
	var earliest *driver.ScheduleInfo
	for _, s := range p.active() {
		if earliest == nil || s.NextAt.Before(earliest.NextAt) {
			earliest = s
		}
	}
	return earliest
}

// claim says what to claim of a schedule, of which something is due at wall.
func (p *plainSchedules) claim(s *driver.ScheduleInfo, wall time.Time) (at time.Time, publish, leaveOut bool) {
	var due []time.Time
	for at, ok := s.NextAt, true; ok && !at.After(wall); at, ok = plainNext(s.Schedule.Recurrence, at) {
		due = append(due, at)
	}
	last := due[len(due)-1]
	switch s.Schedule.Misfire {
	case driver.MisfireAll:
		left := max(0, len(due)-driver.MisfireCap)
		return due[left], true, left > 0
	case driver.MisfireSkip:
		if last.Add(driver.MisfireGrace).Before(wall) {
			return last, false, true
		}
	}
	return last, true, len(due) > 1
}

func (p *plainSchedules) settle(s *driver.ScheduleInfo, at time.Time, publish, leaveOut bool, result driver.SendResult) {
	var failure driver.ScheduleFailure
	if leaveOut {
		s.Skips++
	}
	switch {
	case publish && result.Outcome == driver.QueueFull:
		failure = driver.ScheduleQueueFull
	case publish && result.Outcome == driver.TooLarge:
		failure = driver.ScheduleTooLarge
	case publish:
		s.Published++
		s.LastAt, s.LastID = at, result.ID
	}
	if failure != 0 {
		s.Refused++
	}
	next, ok := plainNext(s.Schedule.Recurrence, at)
	count := s.Schedule.Recurrence.Count
	switch {
	case ok && (count == 0 || s.Published < count):
		s.NextAt = next
	case failure != 0:
		p.end(s, driver.ScheduleFailed, failure)
	default:
		p.end(s, driver.SchedulePublished, 0)
	}
}

// A scheduleMachine does everything to schedules and to its plain form.
type scheduleMachine struct {
	real  *schedules
	plain plainSchedules
	wall  time.Time
	sends byte
}

// draws of a machine are whole seconds, so that things fall together.
func drawSpan(t *rapid.T, low, high int, label string) time.Duration {
	return time.Duration(rapid.IntRange(low, high).Draw(t, label)) * second
}

func (m *scheduleMachine) drawSchedule(t *rapid.T) driver.Schedule {
	s := driver.Schedule{
		Name:    rapid.SampledFrom([]string{"", "", "a", "b", "c"}).Draw(t, "name"),
		Queue:   driver.QueueID(rapid.IntRange(1, 3).Draw(t, "queue")),
		Misfire: driver.Misfire(rapid.IntRange(0, 2).Draw(t, "misfire")),
		Limit:   rapid.SampledFrom([]int{0, 0, 3, 5}).Draw(t, "limit"),
	}
	s.Message.Body = []byte(rapid.SampledFrom([]string{"", "body"}).Draw(t, "body"))
	r := &s.Recurrence
	if rapid.Bool().Draw(t, "has first") {
		r.First = m.wall.Add(drawSpan(t, -100, 100, "first"))
	}
	if rapid.IntRange(0, 3).Draw(t, "is periodic") > 0 {
		r.Every = rapid.SampledFrom([]time.Duration{second, 2 * second, 7 * second, minute}).Draw(t, "every")
	}
	if rapid.IntRange(0, 3).Draw(t, "has until") == 0 {
		r.Until = m.wall.Add(drawSpan(t, -10, 300, "until"))
	}
	r.Count = rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "count")
	return s
}

func (m *scheduleMachine) schedule(t *rapid.T, s driver.Schedule) {
	queue := driver.QueueRef{ID: s.Queue, Name: "q"}
	wantFirst, wantOK := plainFirst(s.Recurrence, m.wall)
	table, first, err := begin(s.Recurrence, m.wall)
	if wantOK != (err == nil) || wantOK && !first.Equal(wantFirst) {
		t.Fatalf("begin(%+v, %v) = %v, %v, want %v, %t", s.Recurrence, m.wall, first, err, wantFirst, wantOK)
	}
	if err != nil {
		return
	}
	want, wantCreated, wantErr := m.plain.add(s, queue, wantFirst)
	got, same, err := m.real.place(&s)
	if same == wantCreated && wantErr == nil || err != wantErr {
		t.Fatalf("place(%+v) = %+v, %t, %v, want %t, %v", s, got, same, err, !wantCreated, wantErr)
	}
	if err != nil || same {
		return
	}
	if got != nil {
		m.real.end(got, ending{state: driver.ScheduleCancelled}, m.plain.now)
	}
	if added := m.real.insert(&s, queue, table, first, m.plain.now); added.info.Number != want.Number {
		t.Fatalf("insert(%+v) = %+v, want number %d", s, added, want.Number)
	}
}

func (m *scheduleMachine) fire(t *rapid.T) {
	want := m.plain.earliest()
	c, ok := m.real.claim(m.wall)
	if isDue := want != nil && !want.NextAt.After(m.wall); ok != isDue {
		t.Fatalf("claim(%v) = %t, want %t", m.wall, ok, isDue)
	}
	if !ok {
		return
	}
	at, publish, leaveOut := m.plain.claim(want, m.wall)
	if c.schedule.info.Number != want.Number || !c.at.Equal(at) || c.publish != publish || c.leaveOut != leaveOut {
		t.Fatalf("claim(%v) is schedule %d, at %v, publish %t, leave out %t, want %d, %v, %t, %t", m.wall,
			c.schedule.info.Number, c.at, c.publish, c.leaveOut, want.Number, at, publish, leaveOut)
	}
	var result driver.SendResult
	if publish {
		m.sends++
		result.Outcome = rapid.SampledFrom([]driver.SendOutcome{driver.Sent, driver.Sent, driver.QueueFull, driver.TooLarge}).Draw(t, "outcome")
		result.ID[0] = m.sends
	}
	m.plain.settle(want, at, publish, leaveOut, result)
	if !m.real.settle(c, result) {
		m.real.end(c.schedule, c.ending(result), m.plain.now)
	}
}

func (m *scheduleMachine) cancel(t *rapid.T) {
	number := rapid.IntRange(0, len(m.plain.all)).Draw(t, "number")
	id := driver.ScheduleID(m.real.ids.seal(scheduleInstance, scheduleSlot, uint64(number)))
	want := driver.ScheduleUnknown
	if number > 0 {
		s := m.plain.all[number-1]
		switch s.State {
		case driver.ScheduleActive:
			want = driver.ScheduleStopped
			m.plain.end(s, driver.ScheduleCancelled, 0)
		case driver.ScheduleCancelled:
			want = driver.ScheduleAlreadyCancelled
		default:
			want = driver.ScheduleAlreadyEnded
		}
	}
	s := m.real.find(id)
	if got := s.cancelOutcome(); got != want || s != nil && s.info.Number != uint64(number) {
		t.Fatalf("cancel of %d = %v, of schedule %+v, want %v", number, got, s, want)
	}
	if want == driver.ScheduleStopped {
		m.real.end(s, ending{state: driver.ScheduleCancelled}, m.plain.now)
	}
}

func (m *scheduleMachine) failQueue(t *rapid.T) {
	queue := driver.QueueID(rapid.IntRange(1, 3).Draw(t, "queue"))
	for _, s := range m.plain.active() {
		if s.Queue.ID == queue {
			m.plain.end(s, driver.ScheduleFailed, driver.ScheduleQueueGone)
		}
	}
	m.real.failQueue(queue, m.plain.now)
}

// check compares all that can be seen.
func (m *scheduleMachine) check(t *rapid.T) {
	checkSchedules(t, m.real)
	var nextAt time.Time
	if s := m.plain.earliest(); s != nil {
		nextAt = s.NextAt
	}
	if got := m.real.nextAt(); !got.Equal(nextAt) {
		t.Fatalf("nextAt = %v, want %v", got, nextAt)
	}
	after := rapid.IntRange(0, len(m.plain.all)+1).Draw(t, "after")
	limit := rapid.IntRange(0, len(m.plain.all)).Draw(t, "max")
	want := m.plain.all[min(after, len(m.plain.all)):]
	got := m.real.list(uint64(after), limit)
	if len(got) != min(limit, len(want)) {
		t.Fatalf("list(%d, %d) has %d, want %d of %d", after, limit, len(got), limit, len(want))
	}
	for i := range got {
		got[i].ID = driver.ScheduleID{}
		if !reflect.DeepEqual(got[i], *want[i]) {
			t.Fatalf("schedule %d is\n%+v, want\n%+v", want[i].Number, got[i], *want[i])
		}
	}
}

func TestScheduleMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &scheduleMachine{real: newSchedules(newIDs(make([]byte, 16))), plain: plainSchedules{now: nowAt(0)}, wall: epoch}
		t.Repeat(map[string]func(*rapid.T){
			"schedule": func(t *rapid.T) { m.schedule(t, m.drawSchedule(t)) },
			"schedule again": func(t *rapid.T) {
				if active := m.plain.active(); len(active) > 0 {
					m.schedule(t, rapid.SampledFrom(active).Draw(t, "active").Schedule)
				}
			},
			"fire":        m.fire,
			"fire more":   m.fire,
			"fire again":  m.fire,
			"cancel":      m.cancel,
			"fail queue":  m.failQueue,
			"broker time": func(t *rapid.T) { m.plain.now = m.plain.now.Add(drawSpan(t, 1, 1000, "now")) },
			"wall time":   func(t *rapid.T) { m.wall = m.wall.Add(drawSpan(t, -50, 200, "step")) },
			"":            m.check,
		})
	})
}

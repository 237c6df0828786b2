package drivertest

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// plans are all schedules of a run.
type plans struct {
	all    []plan
	byGot  map[driver.ScheduleID]int
	byWant map[driver.ScheduleID]int
	active []int // those that were active when they were seen last
}

// A plan is one schedule in both engines.
type plan struct {
	got, want             driver.ScheduleID
	gotNumber, wantNumber uint64
	queue                 *instance
	asked                 driver.Schedule     // a copy, with the queue of the model
	latest                driver.ScheduleInfo // as the model told it last
}

func newPlans() plans {
	return plans{byGot: make(map[driver.ScheduleID]int), byWant: make(map[driver.ScheduleID]int)}
}

// activeLimit is how many schedules a run lets pile up.
const activeLimit = 8

// planNames are the names of schedules.
var planNames = [...]string{"", "", "n1", "n2", "n3"}

// wall is the instant of the wall clock that goes with now.
func (w *world) wall() time.Time { return w.now.Add(w.skew) }

// schedule makes a schedule, or again one that is there.
func (w *world) schedule() error {
	if len(w.plans.active) >= activeLimit {
		w.say("instead, cancel ")
		return w.cancelSchedules()
	}
	s, q := w.newSchedule(), w.sendQueue()
	if n := len(w.plans.active); n > 0 && w.src.Intn(6) == 5 {
		repeated := &w.plans.all[w.plans.active[w.src.Intn(n)]]
		s, q = repeated.asked, repeated.queue
		s.Message = copied(s.Message)
	}
	if !w.isLive(q) {
		s.Recurrence, s.Limit = scheduler.Recurrence{}, 0 // nothing else is wrong
	}
	w.sayPlan(q, &s)
	s.Queue = q.got
	got, gotCreated, gotErr := w.got.Schedule(w.ctx, w.now, w.wall(), s)
	s.Queue = q.want
	want, wantCreated, wantErr := w.want.Schedule(w.ctx, w.now, w.wall(), s)
	asked := s
	asked.Message = copied(s.Message)
	clear(s.Message.Body)
	clear(s.Message.Attributes)
	if s.Message.Delay != nil {
		*s.Message.Delay = century
	}
	if done, err := w.failed(gotErr, wantErr); done {
		w.marksOfPlanRefused(wantErr)
		return err
	}
	if gotCreated != wantCreated {
		return w.differ("created", gotCreated, wantCreated)
	}
	if !wantCreated {
		w.mark(scheduleFound)
		return w.samePlan(&got, &want)
	}
	return w.planned(q, asked, &got, &want)
}

// copied returns a message that shares no memory with m.
func copied(m driver.Message) driver.Message {
	m.Body, m.Attributes = bytes.Clone(m.Body), maps.Clone(m.Attributes)
	if m.Delay != nil {
		m.Delay = new(*m.Delay)
	}
	return m
}

func (w *world) marksOfPlanRefused(err error) {
	switch kind(err) {
	case driver.ErrInvalid:
		w.mark(scheduleInvalid)
	case driver.ErrTooManySchedules:
		w.mark(scheduleTooMany)
	}
}

// newSchedule draws a schedule.
func (w *world) newSchedule() driver.Schedule {
	m := w.message(0)
	m.At, m.DeduplicationID = time.Time{}, ""
	s := driver.Schedule{
		Name: planNames[w.src.Intn(len(planNames))], Message: m,
		Recurrence: w.recurrence(), Misfire: driver.Misfire(w.src.Intn(3)),
	}
	if s.Recurrence.Until.IsZero() && s.Recurrence.Every != 1 {
		s.Limit = []int{0, 0, 2, activeLimit}[w.src.Intn(4)]
	}
	return s
}

// recurrence draws when something occurs.
func (w *world) recurrence() (r scheduler.Recurrence) {
	switch w.src.Intn(4) {
	case 1:
		r.First = w.wall().Add(w.span(1, 3, 10))
	case 2:
		r.First = w.wall().Add(-w.span(1, 3, 100) - ns)
	}
	switch choice := w.src.Intn(16); {
	case choice < 3: // once
	case choice < 12:
		r.Every = w.span(1, 2, 3, 10) + time.Duration(w.src.Intn(2))*ns
	case choice < 13:
		r.Every = []time.Duration{hour, day, 400 * day}[w.src.Intn(3)]
	case choice < 15:
		r.Cron = []string{"* * * * *", "*/5 * * * *", "30 2 * * 1"}[w.src.Intn(3)]
	default:
		r.Every = 1 // less than can be asked for
	}
	r.Count = []int{0, 0, 1, 2, 5}[w.src.Intn(5)]
	if w.src.Intn(4) == 3 {
		r.Until = w.wall().Add(w.span(3, 10, 100))
	}
	return r
}

func (w *world) sayPlan(q *instance, s *driver.Schedule) {
	w.say(" in " + q.name + " name " + s.Name + " misfire " + s.Misfire.String() + " wall " + w.instant(w.wall()))
	w.say(" first " + w.instant(s.Recurrence.First) + " cron " + s.Recurrence.Cron)
	w.saySpan(" every ", s.Recurrence.Every)
	w.sayInt(" count ", s.Recurrence.Count)
	w.say(" until " + w.instant(s.Recurrence.Until))
	w.sayInt(" limit ", s.Limit)
}

// planned compares a schedule that was made.
func (w *world) planned(q *instance, asked driver.Schedule, got, want *driver.ScheduleInfo) error {
	if _, used := w.plans.byGot[got.ID]; used || got.ID == (driver.ScheduleID{}) {
		return w.differ("schedule ID", got.ID, "one that was never used")
	}
	n := len(w.plans.all)
	w.sayInt(" -> s", n)
	if n > 0 && got.Number <= w.plans.all[n-1].gotNumber {
		return w.differ("number of the schedule", got.Number, w.plans.all[n-1].gotNumber)
	}
	w.plans.byGot[got.ID], w.plans.byWant[want.ID] = n, n
	w.plans.all = append(w.plans.all, plan{
		got: got.ID, want: want.ID, gotNumber: got.Number, wantNumber: want.Number, queue: q, asked: asked, latest: *want,
	})
	if asked.Recurrence.Every == 0 && asked.Recurrence.Cron == "" && want.NextAt.Before(w.wall()) {
		w.mark(schedulePast)
	}
	if err := w.samePlan(got, want); err != nil {
		return err
	}
	active := len(w.plans.active)
	w.plans.active = append(w.plans.active, n)
	err := w.samePlans()
	if asked.Name != "" && len(w.plans.active) == active {
		w.mark(scheduleReplaced)
	}
	return err
}

// samePlans compares the schedules that were active when they were seen last.
func (w *world) samePlans() error {
	for _, n := range w.plans.active {
		if err := w.lookUpPlan(n); err != nil {
			return err
		}
	}
	w.plans.active = slices.DeleteFunc(w.plans.active, func(n int) bool {
		return w.plans.all[n].latest.State != driver.ScheduleActive
	})
	return nil
}

func (w *world) lookUpPlan(n int) error {
	got, gotErr := w.got.LookupSchedule(w.ctx, w.plans.all[n].got)
	want, wantErr := w.want.LookupSchedule(w.ctx, w.plans.all[n].want)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	return w.samePlan(&got, &want)
}

// cancelSchedules cancels a few schedules, rather active ones.
func (w *world) cancelSchedules() error {
	var gotIDs, wantIDs []driver.ScheduleID
	for range w.several() {
		n := -1
		switch active := len(w.plans.active); {
		case active > 0 && w.src.Intn(4) < 3:
			n = w.plans.active[w.src.Intn(active)]
		case len(w.plans.all) > 0 && w.src.Intn(8) < 7:
			n = w.src.Intn(len(w.plans.all))
		}
		w.sayInt(" s", n)
		if n < 0 {
			gotIDs, wantIDs = append(gotIDs, driver.ScheduleID{1}), append(wantIDs, driver.ScheduleID{1})
			continue
		}
		gotIDs, wantIDs = append(gotIDs, w.plans.all[n].got), append(wantIDs, w.plans.all[n].want)
	}
	got, gotErr := w.got.CancelSchedules(w.ctx, w.now, gotIDs)
	want, wantErr := w.want.CancelSchedules(w.ctx, w.now, wantIDs)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	if len(got) != len(gotIDs) {
		return w.differ("number of results", len(got), len(gotIDs))
	}
	for i := range want {
		w.say(" -> " + want[i].Outcome.String())
		if got[i].Outcome != want[i].Outcome {
			return w.differ("cancel of a schedule", got[i].Outcome, want[i].Outcome)
		}
		if want[i].Outcome == driver.ScheduleUnknown {
			if got[i].Info.ID != (driver.ScheduleID{}) {
				return w.differ("what is told of an unknown schedule", got[i].Info, driver.ScheduleInfo{})
			}
			continue
		}
		w.marksOfPlanCancel(&want[i])
		if err := w.samePlan(&got[i].Info, &want[i].Info); err != nil {
			return err
		}
	}
	return w.samePlans()
}

func (w *world) marksOfPlanCancel(c *driver.ScheduleCancel) {
	switch {
	case c.Outcome == driver.ScheduleStopped && c.Info.Published > 0:
		w.mark(scheduleStopped)
	case c.Outcome == driver.ScheduleAlreadyCancelled:
		w.mark(scheduleCancelledBefore)
	case c.Outcome == driver.ScheduleAlreadyEnded:
		w.mark(scheduleEndedBefore)
	}
}

// dropped compares the schedules of a queue that was deleted.
func (w *world) dropped(q *instance) error {
	for _, n := range w.plans.active {
		if w.plans.all[n].queue == q {
			w.mark(scheduleGone)
		}
	}
	return w.samePlans()
}

// lookAtPlans compares what is told of schedules.
func (w *world) lookAtPlans() error {
	if len(w.plans.all) == 0 {
		return nil
	}
	if err := w.lookUpPlan(w.src.Intn(len(w.plans.all))); err != nil {
		return err
	}
	after := &plan{}
	if w.src.Intn(4) > 0 {
		after = &w.plans.all[max(0, len(w.plans.all)-1-w.src.Intn(20))]
	}
	most := []int{20, 3, 0}[w.src.Intn(3)]
	got, gotErr := w.got.ListSchedules(w.ctx, after.gotNumber, most)
	want, wantErr := w.want.ListSchedules(w.ctx, after.wantNumber, most)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	if len(got) != len(want) {
		return w.differ("number of schedules listed", len(got), len(want))
	}
	for i := range want {
		if err := w.samePlan(&got[i], &want[i]); err != nil {
			return err
		}
	}
	return w.samePlans()
}

// scheduleID is what the engine under test calls a schedule of the model.
func (w *world) scheduleID(want driver.ScheduleID) driver.ScheduleID {
	if n, ok := w.plans.byWant[want]; ok {
		return w.plans.all[n].got
	}
	return want
}

// deduplicationID is what the engine under test has where the model has that
// message: occurrences are named by the ID of their schedule.
func (w *world) deduplicationID(want *driver.Info) string {
	if want.Schedule == (driver.ScheduleID{}) {
		return want.DeduplicationID
	}
	return occurrenceID(w.scheduleID(want.Schedule), want.NominalAt)
}

func occurrenceID(id driver.ScheduleID, nominal time.Time) string {
	return id.String() + "@" + nominal.UTC().Format(time.RFC3339Nano)
}

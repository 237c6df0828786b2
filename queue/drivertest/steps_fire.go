package drivertest

import (
	"bytes"
	"fmt"
	"maps"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// fire claims what is due. Where nothing can be, it mostly makes a schedule.
func (w *world) fire() error {
	w.tickWall()
	if len(w.plans.active) == 0 && w.src.Intn(16) < 15 {
		w.say("instead, schedule ")
		return w.schedule()
	}
	most := []int{3, 1, 10, 2, 1, 0, 3, 150}[w.src.Intn(8)]
	w.say("at wall " + w.instant(w.wall()))
	w.sayInt(" max ", most)
	got, gotErr := w.got.Fire(w.ctx, w.now, w.wall(), most)
	want, wantErr := w.want.Fire(w.ctx, w.now, w.wall(), most)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	if len(got.Occurrences) != len(want.Occurrences) {
		return w.differ("occurrences", got.Occurrences, want.Occurrences)
	}
	for i := range want.Occurrences {
		if err := w.sameOccurrence(&got.Occurrences[i], &want.Occurrences[i]); err != nil {
			return err
		}
	}
	if !got.NextAt.Equal(want.NextAt) {
		return w.differ("next occurrence of any schedule", got.NextAt, want.NextAt)
	}
	if !want.NextAt.IsZero() {
		w.ending(want.NextAt.Add(-w.skew))
		if !want.NextAt.After(w.wall()) {
			w.mark(fireNoRoom)
		}
	}
	if err := w.sameFired(&want); err != nil {
		return err
	}
	return w.touched(w.live...)
}

// tickWall rarely moves the wall clock against the broker's time.
func (w *world) tickWall() {
	switch w.src.Intn(32) {
	case 30:
		w.skew -= w.span(1, 3, 100)
		w.mark(wallBack)
	case 31:
		w.skew += w.span(1, 10) + ns
	}
}

// sameOccurrence compares one occurrence, and follows its message.
func (w *world) sameOccurrence(got, want *driver.Occurrence) error {
	n := w.plans.byWant[want.Schedule]
	w.sayInt(" -> s", n)
	w.say("@" + w.instant(want.NominalAt) + " ")
	switch {
	case got.Schedule != w.plans.all[n].got:
		return w.differ("schedule of an occurrence", got.Schedule, w.plans.all[n].got)
	case got.Queue != w.gotRef(want.Queue):
		return w.differ("queue of an occurrence", got.Queue, w.gotRef(want.Queue))
	case !got.NominalAt.Equal(want.NominalAt):
		return w.differ("nominal instant of an occurrence", got.NominalAt, want.NominalAt)
	case got.Result.Outcome != want.Result.Outcome:
		return w.differ("outcome of an occurrence", got.Result.Outcome, want.Result.Outcome)
	}
	q := w.plans.all[n].queue
	w.tells(q)
	switch want.Result.Outcome {
	case driver.Sent:
		m := w.plans.all[n].asked.Message
		return w.accepted(q, &m, got.Result, want.Result)
	case driver.QueueFull:
		w.mark(firedFull)
	case driver.TooLarge:
		w.mark(firedTooLarge)
	}
	if got.Result.ID != (driver.MessageID{}) || got.Result.Sequence != 0 {
		return w.differ("result for an occurrence that was refused", got.Result, want.Result)
	}
	return nil
}

// sameFired compares how the schedules stand after a call of Fire, and notes
// what was rare about it.
func (w *world) sameFired(fired *driver.Fired) error {
	claimed := make(map[driver.ScheduleID]int)
	for i := range fired.Occurrences {
		claimed[fired.Occurrences[i].Schedule]++
	}
	active := append([]int(nil), w.plans.active...)
	before := make([]driver.ScheduleInfo, len(active))
	for i, n := range active {
		before[i] = w.plans.all[n].latest
	}
	if err := w.samePlans(); err != nil {
		return err
	}
	for i, n := range active {
		p := &w.plans.all[n]
		w.marksOfMisfire(&before[i], &p.latest, claimed[p.want])
		w.marksOfEnd(&p.latest, claimed[p.want])
	}
	return nil
}

func (w *world) marksOfMisfire(before, after *driver.ScheduleInfo, claimed int) {
	left := after.Skips > before.Skips
	switch policy := after.Schedule.Misfire; {
	case policy == driver.MisfireAll && claimed > 1:
		w.mark(misfireAllMissed)
	case !left:
	case policy == driver.MisfireOnce:
		w.mark(misfireOnceMissed)
	case policy == driver.MisfireSkip && claimed == 0:
		w.mark(misfireSkipMissed)
	case policy == driver.MisfireSkip:
		w.mark(misfireSkipGrace)
	}
	if left && after.Schedule.Misfire == driver.MisfireAll {
		w.mark(misfireAllCapped)
	}
}

func (w *world) marksOfEnd(after *driver.ScheduleInfo, claimed int) {
	r := &after.Schedule.Recurrence
	if claimed > 0 && r.Cron != "" {
		w.mark(scheduleCron)
	}
	switch {
	case after.State == driver.ScheduleFailed:
		w.mark(scheduleRefused)
	case after.State != driver.SchedulePublished || r.Every == 0 && r.Cron == "":
	case r.Count > 0 && after.Published == r.Count:
		w.mark(endedByCount)
	case !r.Until.IsZero():
		w.mark(endedByUntil)
	}
}

// samePlan compares a schedule, and notes how it stands.
func (w *world) samePlan(got, want *driver.ScheduleInfo) error {
	n := w.plans.byWant[want.ID]
	p := &w.plans.all[n]
	if got.ID != p.got || got.Number != p.gotNumber {
		return w.differ(fmt.Sprint("ID of s", n), got.ID, p.got)
	}
	if field, g, x := w.planDifference(got, want); field != "" {
		return w.differ(fmt.Sprintf("%s of s%d", field, n), g, x)
	}
	if want.State == driver.ScheduleActive && !want.NextAt.Equal(p.latest.NextAt) {
		w.ending(want.NextAt.Add(-w.skew))
	}
	p.latest = *want
	for i := range got.Schedule.Message.Body {
		got.Schedule.Message.Body[i] = '#'
	}
	clear(got.Schedule.Message.Attributes)
	return nil
}

// planDifference names the first field in which two schedules differ.
func (w *world) planDifference(got, want *driver.ScheduleInfo) (field string, g, x any) {
	switch {
	case got.State != want.State:
		return "state", got.State, want.State
	case got.Failure != want.Failure:
		return "failure", got.Failure, want.Failure
	case !got.NextAt.Equal(want.NextAt):
		return "next occurrence", got.NextAt, want.NextAt
	case got.Published != want.Published:
		return "number published", got.Published, want.Published
	case got.Skips != want.Skips:
		return "number of skips", got.Skips, want.Skips
	case got.Refused != want.Refused:
		return "number refused", got.Refused, want.Refused
	case !got.LastAt.Equal(want.LastAt):
		return "latest occurrence", got.LastAt, want.LastAt
	case want.LastID == (driver.MessageID{}) && got.LastID != want.LastID,
		want.LastID != (driver.MessageID{}) && w.tracked[w.wantIDs[want.LastID]].got != got.LastID:
		return "latest message", w.gotName(got.LastID), fmt.Sprint("m", w.wantIDs[want.LastID])
	case !got.CreatedAt.Equal(want.CreatedAt):
		return "creation", got.CreatedAt, want.CreatedAt
	case !w.sameEnd(got, want):
		return "end", got.EndedAt, want.EndedAt
	case got.Queue != w.gotRef(want.Queue):
		return "queue", got.Queue, w.gotRef(want.Queue)
	case !w.sameAsked(&got.Schedule, &want.Schedule):
		return "what was asked", got.Schedule, want.Schedule
	}
	return "", nil, nil
}

// sameEnd compares when a schedule ended. The deletion of a queue does not say
// when it is: any instant that was told will do.
func (w *world) sameEnd(got, want *driver.ScheduleInfo) bool {
	if want.Failure == driver.ScheduleQueueGone {
		return !got.EndedAt.IsZero() && !got.EndedAt.After(w.latest)
	}
	return got.EndedAt.Equal(want.EndedAt)
}

func (w *world) sameAsked(got, want *driver.Schedule) bool {
	return got.Name == want.Name && got.Queue == w.gotID(want.Queue) && got.Misfire == want.Misfire && got.Limit == 0 &&
		sameRecurrence(&got.Recurrence, &want.Recurrence) && sameSent(&got.Message, &want.Message)
}

func sameRecurrence(a, b *scheduler.Recurrence) bool {
	return a.First.Equal(b.First) && a.Until.Equal(b.Until) && a.Every == b.Every &&
		a.Cron == b.Cron && a.Zone == b.Zone && a.Count == b.Count
}

// sameSent compares two messages as they were sent.
func sameSent(a, b *driver.Message) bool {
	sameDelay := a.Delay == b.Delay || a.Delay != nil && b.Delay != nil && *a.Delay == *b.Delay
	return bytes.Equal(a.Body, b.Body) && maps.Equal(a.Attributes, b.Attributes) && a.Group == b.Group &&
		a.DeduplicationID == b.DeduplicationID && a.At.Equal(b.At) && sameDelay
}

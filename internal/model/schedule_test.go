package model_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

const h = time.Hour

// "It checks, in this order: the recurrence is valid and has an occurrence, else
// ErrInvalid; the queue exists, else ErrNoQueue; no more than s.Limit schedules
// would be active, unless s.Limit is zero, else ErrTooManySchedules."
func TestScheduleRefused(t *testing.T) {
	limited := func(limit int, s driver.Schedule) driver.Schedule {
		s.Limit = limit
		return s
	}
	play(t, []step{
		{0, plan("a", once(0)), "no queue"},
		{0, plan("a", every(0, time.Microsecond)), "invalid"}, // looked at first
		{0, create(driver.Patch{}), "created"},
		{0, plan("a", every(0, -s)), "invalid"},
		{0, plan("a", times(-1, every(0, s))), "invalid"},
		{0, plan("a", cron("* * *", "")), "invalid"},
		{0, plan("a", cron("* * * * *", "Nowhere/Else")), "invalid"},
		{0, plan("a", until(4*s, once(5*s))), "invalid"}, // no occurrence
		{0, plan("a", until(4*s, every(5*s, s))), "invalid"},
		{9 * s, plan("a", until(8*s, every(5*s, s))), "invalid"},
		{9 * s, plan("a", until(9*s, cron("* * * * *", ""))), "invalid"},
		{9 * s, plan("a", limited(1, once(10*s))), "created, next 10s"},
		{9 * s, plan("b", limited(1, once(10*s))), "too many schedules"},
		{9 * s, plan("b", limited(2, once(10*s))), "created, next 10s"},
		{9 * s, plan("c", limited(2, once(10*s))), "too many schedules"},
		{9 * s, plan("c", once(10*s)), "created, next 10s"},
		{9 * s, stop("a", "b", "c"), "stopped: cancelled at 9s 0+0+0, stopped: cancelled at 9s 0+0+0, stopped: cancelled at 9s 0+0+0"},
		{9 * s, plan("d", limited(1, once(10*s))), "created, next 10s"}, // only active ones count
	})
}

// "its first occurrence is the first of its recurrence at wall or after it. A
// one-shot whose instant is past is due at once, at that instant."
func TestScheduleFirst(t *testing.T) {
	now := driver.Schedule{}
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{5 * s, plan("past", once(2*s)), "created, next 2s"},
		{5 * s, plan("future", once(7*s)), "created, next 7s"},
		{5 * s, plan("now", now), "created, next 5s"}, // "The zero time means the instant at which the schedule is made."
		{5 * s, plan("grid", every(2*s, 2*s)), "created, next 6s"},
		{5 * s, plan("on the grid", every(-m, 5*s)), "created, next 5s"},
		{5 * s, plan("grid to come", every(9*s, 2*s)), "created, next 9s"},
		{5 * s, planAt(m, "other wall", driver.Schedule{Recurrence: scheduler.Recurrence{Every: s}}), "created, next 1m5s"},
		{5 * s, planAt(-m, "wall behind", every(0, s)), "created, next 0s"},
		{5 * s, plan("cron", cron("*/2 * * * *", "")), "created, next 2m0s"},
		{2 * m, plan("cron now", cron("*/2 * * * *", "")), "created, next 2m0s"},
		{2 * m, plan("Berlin", cron("30 1 * * *", "Europe/Berlin")), "created, next 30m0s"},
	})
}

// "A name is that of at most one active schedule. If one has it and is equal in
// all that the caller says, that one is returned, with created false; if it
// differs, it is cancelled and replaced in the same change, and does not count
// for the limit."
func TestScheduleNames(t *testing.T) {
	type edit func(*driver.Schedule)
	with := func(edits ...edit) driver.Schedule {
		plain := named("n", every(5*s, 5*s))
		plain.Message.Body = []byte("body")
		for _, edit := range edits {
			edit(&plain)
		}
		return plain
	}
	limit := func(n int) edit { return func(s *driver.Schedule) { s.Limit = n } }
	cron := func(s *driver.Schedule) { s.Recurrence.Every, s.Recurrence.Cron = 0, "* * * * *" }
	delay := func(d time.Duration) edit { return func(s *driver.Schedule) { s.Message.Delay = &d } }
	same := func(*driver.Schedule) {}
	steps := []step{
		{0, in("p", create(driver.Patch{})), "created"},
		{0, create(driver.Patch{}), "created"},
		{0, plan("x", every(5*s, 5*s)), "created, next 5s"}, // names may be absent
		{0, plan("y", every(5*s, 5*s)), "created, next 5s"},
		{0, plan("a", with(same)), "created, next 5s"},
		{1 * s, plan("b", with(same)), "found a"},
		{1 * s, plan("b", with(limit(3))), "found a"}, // no room is needed
		{1 * s, plan("b", with(limit(2), cron)), "too many schedules"},
		{1 * s, lookup("a"), "active next 5s 0+0+0"},                   // a refusal replaces nothing
		{1 * s, plan("b", with(limit(3), cron)), "created, next 1m0s"}, // in the place of a
		{1 * s, lookup("a"), "cancelled at 1s 0+0+0"},
		{1 * s, stop("b"), "stopped: cancelled at 1s 0+0+0"},
		{1 * s, plan("b", with(same)), "created, next 5s"}, // the name is free again
		{1 * s, in("p", plan("p", with(same))), "created, next 5s"},
		{1 * s, lookup("b"), "cancelled at 1s 0+0+0"},
		{1 * s, stop("b"), "already cancelled: cancelled at 1s 0+0+0"}, // "since it was replaced"
		{1 * s, stop("p"), "stopped: cancelled at 1s 0+0+0"},
	}
	for _, row := range []struct{ from, to edit }{
		{same, func(s *driver.Schedule) { s.Message.Body = []byte("other") }},
		{same, func(s *driver.Schedule) { s.Message.Group = "g" }},
		{same, func(s *driver.Schedule) { s.Message.Attributes = map[string]driver.Value{"k": driver.String("v")} }},
		{same, delay(0)},
		{delay(0), delay(1)},
		{delay(0), same},
		{same, func(s *driver.Schedule) { s.Recurrence.First = start.Add(10) }},
		{same, func(s *driver.Schedule) { s.Recurrence.Every++ }},
		{same, func(s *driver.Schedule) { s.Recurrence.Until = start.Add(h) }},
		{same, func(s *driver.Schedule) { s.Recurrence.Count = 9 }},
		{same, func(s *driver.Schedule) { s.Misfire = driver.MisfireAll }},
		{cron, func(s *driver.Schedule) { cron(s); s.Recurrence.Cron = "1 * * * *" }},
		{cron, func(s *driver.Schedule) { cron(s); s.Recurrence.Zone = "Europe/Berlin" }},
	} {
		steps = append(steps,
			step{2 * s, made(plan("from", with(row.from))), "created"},
			step{2 * s, plan("again", with(row.from)), "found from"},
			step{2 * s, made(plan("to", with(row.to))), "created"},
			step{2 * s, lookup("from"), "cancelled at 2s 0+0+0"},
			step{2 * s, plan("again", with(row.to)), "found to"},
			step{2 * s, stop("to"), "stopped: cancelled at 2s 0+0+0"})
	}
	play(t, steps)
}

// "It takes the active schedule whose next occurrence is the earliest, of
// several the one that was made first, claims one occurrence of it, and begins
// again, until none is due."
func TestFireOrder(t *testing.T) {
	all := func(s driver.Schedule) driver.Schedule { return misfire(driver.MisfireAll, s) }
	play(t, []step{
		{0, fire(9), "next never"},
		{0, create(driver.Patch{}), "created"},
		{0, plan("a", all(every(2*s, 2*s))), "created, next 2s"},
		{0, plan("b", all(every(1*s, 3*s))), "created, next 1s"},
		{0, plan("c", once(4*s)), "created, next 4s"},
		{1*s - ns, fire(9), "next 1s"},
		{1 * s, fire(0), "next 1s"}, // "due already if the call had no room left"
		{1 * s, fire(9), "b@1s sent, next 2s"},
		{4 * s, fire(2), "a@2s sent, a@4s sent, next 4s"},
		{4 * s, fire(9), "b@4s sent, c@4s sent, next 6s"},
		{4 * s, lookup("c"), "published at 4s 1+0+0 last 4s"},
		{4 * s, fire(9), "next 6s"},
		{3 * s, fire(9), "next 6s"},
		{5 * s, fireAt(1*s, 9), "a@6s sent, next 7s"}, // the wall clock decides
		{9 * s, fireAt(-4*s, 9), "next 7s"},
	})
}

// "An occurrence that is published is a Send of the schedule's message to its
// queue at now: the queue's limits and delay apply … Its deduplication ID is the
// schedule's ID, "@", and the nominal instant in UTC as time.RFC3339Nano; its Info
// names schedule and nominal instant."
func TestFireSends(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	create(driver.Patch{Delay: new(3 * s), DeduplicationWindow: new(m)})(r)
	zone := time.FixedZone("east", 3600)
	plan("a", driver.Schedule{
		Message: driver.Message{Body: []byte("a"), Group: "g", Attributes: map[string]driver.Value{"k": driver.String("v")}},
		Recurrence: scheduler.Recurrence{
			First: start.Add(1500 * time.Millisecond).In(zone), Every: m,
		},
	})(r)
	r.now = start.Add(5 * s)
	if got, want := fire(9)(r), "a@1.5s sent, next 1m1.5s"; got != want {
		t.Fatalf("fire: got %s, want %s", got, want)
	}
	infos, _ := r.List(t.Context(), r.now, r.id(), 0, 9)
	want := driver.Info{
		ID: r.messages["a"], Sequence: infos[0].Sequence, Body: []byte("a"), Group: "g",
		Attributes:      map[string]driver.Value{"k": driver.String("v")},
		DeduplicationID: r.plans["a"].String() + "@2026-01-01T00:00:01.5Z",
		State:           driver.Delayed, SentAt: start.Add(5 * s), VisibleAt: start.Add(8 * s),
		Schedule: r.plans["a"], NominalAt: start.Add(1500 * time.Millisecond),
	}
	if !reflect.DeepEqual(infos, []driver.Info{want}) {
		t.Errorf("message:\n got %+v\nwant %+v", infos, want)
	}
	if got := sendID("copy", want.DeduplicationID)(r); got != "duplicate:a" {
		t.Errorf("the same deduplication ID: got %s, want duplicate:a", got)
	}
	info, _ := r.LookupSchedule(t.Context(), r.plans["a"])
	if info.LastID != want.ID || !info.LastAt.Equal(want.NominalAt) {
		t.Errorf("last message: got %v at %v, want %v at %v", info.LastID, info.LastAt, want.ID, want.NominalAt)
	}
}

// The message's own delay counts from now, when it is sent, like the queue's;
// schedule and nominal instant "are kept wherever the message goes".
func TestOccurrenceKept(t *testing.T) {
	late := once(1 * s)
	late.Message.Delay = new(2 * s)
	occurrence := func(r *rig) string {
		infos, _ := r.List(t.Context(), r.now, r.id(), 0, 9)
		if len(infos) != 1 {
			return fmt.Sprint(infos)
		}
		return r.label(infos[0].Schedule) + "@" + r.since(infos[0].NominalAt)
	}
	for _, keep := range []bool{false, true} {
		play(t, []step{
			{0, in("dead", create(driver.Patch{})), "created"},
			{0, in("p", create(driver.Patch{})), "created"},
			{0, create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1}, Delay: new(m)}), "created"},
			{0, plan("a", late), "created, next 1s"},
			{9 * s, fire(9), "a@1s sent, next never"},
			{9 * s, list(), "a delayed 11s"},
			{11 * s, transferTo("p", driver.Transfer{}), "a>p, 1/1 done"},
			{11 * s, in("p", occurrence), "a@1s"},
			{11 * s, in("p", restore(driver.Restore{})), "a>q home, 2/2 done"},
			{11 * s, receiveFor(1, 0), "a#1"},
			{11 * s, receive(1), "dead-lettered:1"},
			{11 * s, in("dead", occurrence), "a@1s"},
			{11 * s, in("dead", startMove("t", "", driver.Move{KeepIdentity: keep})), "running 0/1"},
			{11 * s, run("t"), "completed 1/1 at 11s >q"},
			{11 * s, occurrence, "a@1s"},
		})
	}
}

// "If the queue refuses it, too large or full, the occurrence is lost and
// counted as refused, and a schedule with no further occurrence has failed."
func TestFireRefused(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{MaxMessages: new(1)}), "created"},
		{0, plan("a", until(3*s, every(1*s, 1*s))), "created, next 1s"},
		{1 * s, fire(9), "a@1s sent, next 2s"},
		{2 * s, fire(9), "a@2s full, next 3s"},
		{2 * s, lookup("a"), "active next 3s 1+0+1 last 1s"},
		{3 * s, fire(9), "a@3s full, next never"},
		{3 * s, lookup("a"), "failed queue full at 3s 1+0+2 last 1s"},
		{3 * s, stop("a"), "already ended: failed queue full at 3s 1+0+2 last 1s"},
		{3 * s, set(driver.Patch{MaxMessageBytes: new(0), MaxMessages: new(0)}), ok},
		{3 * s, plan("long", once(4*s)), "created, next 4s"},
		{3 * s, set(driver.Patch{MaxMessageBytes: new(3)}), ok},
		{4 * s, fire(9), "long@4s large, next never"},
		{4 * s, lookup("long"), "failed message too large at 4s 0+0+1"},
		{4 * s, plan("b", times(1, every(4*s, 1*s))), "created, next 4s"}, // "how often to publish"
		{4 * s, set(driver.Patch{MaxMessages: new(1)}), ok},
		{4 * s, fire(9), "b@4s full, next 5s"},
		{5 * s, purge(), "1"},
		{5 * s, fire(9), "b@5s sent, next never"},
		{5 * s, lookup("b"), "published at 5s 1+0+1 last 5s"},
	})
}

// An occurrence whose deduplication ID the queue has seen is published already.
func TestFireDuplicate(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{DeduplicationWindow: new(m)}), "created"},
		{0, plan("a", once(1*s)), "created, next 1s"},
		{0, func(r *rig) string { return sendID("first", r.plans["a"].String()+"@2026-01-01T00:00:01Z")(r) }, "sent"},
		{1 * s, fire(9), "a@1s duplicate:first, next never"},
		{1 * s, lookup("a"), "published at 1s 1+0+0 last 1s"},
		{1 * s, holds(), "first"},
	})
}

// "CancelSchedules cancels schedules: no occurrence of them is claimed from then
// on. What was published stays."
func TestCancelSchedules(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, plan("a", every(1*s, 1*s)), "created, next 1s"},
		{0, plan("b", once(1*s)), "created, next 1s"},
		{0, stop(), ""},
		{1 * s, fire(9), "a@1s sent, b@1s sent, next 2s"},
		{2 * s, stop("a", "nobody", "b", "a"), "stopped: cancelled at 2s 1+0+0 last 1s, unknown, " +
			"already ended: published at 1s 1+0+0 last 1s, already cancelled: cancelled at 2s 1+0+0 last 1s"},
		{2 * s, fire(9), "next never"}, // it was due
		{2 * s, holds(), "a b"},
		{3 * s, stop("a"), "already cancelled: cancelled at 2s 1+0+0 last 1s"},
	})
}

// Count is how often to publish, Until the last instant.
func TestScheduleEnds(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, plan("count", times(2, every(1*s, 1*s))), "created, next 1s"},
		{0, plan("until", until(3*s, every(1*s, 1*s))), "created, next 1s"},
		{0, plan("before", until(3*s-ns, every(1*s, 1*s))), "created, next 1s"},
		{0, plan("cron", until(3*m, cron("* * * * *", ""))), "created, next 0s"},
		{0, stop("cron"), "stopped: cancelled at 0s 0+0+0"},
		{1 * s, fire(9), "count@1s sent, until@1s sent, before@1s sent, next 2s"},
		{2 * s, fire(9), "count@2s sent, until@2s sent, before@2s sent, next 3s"},
		{2 * s, lookup("count"), "published at 2s 2+0+0 last 2s"},
		{2 * s, lookup("before"), "published at 2s 2+0+0 last 2s"},
		{3 * s, fire(9), "until@3s sent, next never"},
		{3 * s, lookup("until"), "published at 3s 3+0+0 last 3s"},
		{1 * m, plan("cron", until(3*m, times(2, cron("* * * * *", "")))), "created, next 1m0s"},
		{1 * m, fire(9), "cron@1m0s sent, next 2m0s"},
		{9 * m, fire(9), "cron@3m0s sent, next never"},
		{9 * m, lookup("cron"), "published at 9m0s 2+1+0 last 3m0s"},
	})
}

// "Schedules for it have failed": those of a queue that is deleted, at the latest
// instant that the queue has seen.
func TestScheduleQueueGone(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{1 * s, plan("a", every(5*s, 1*s)), "created, next 5s"},
		{1 * s, plan("b", once(5*s)), "created, next 5s"},
		{1 * s, in("p", plan("c", once(5*s))), "created, next 5s"},
		{1 * s, stop("b"), "stopped: cancelled at 1s 0+0+0"},
		{2 * s, peek(9), ""},
		{3 * s, drop(), ok},
		{3 * s, lookup("a"), "failed queue gone at 2s 0+0+0"},
		{3 * s, lookup("b"), "cancelled at 1s 0+0+0"},
		{3 * s, create(driver.Patch{}), "created"},
		{5 * s, fire(9), "c@5s sent, next never"},
		{5 * s, stop("a"), "already ended: failed queue gone at 2s 0+0+0"},
		{5 * s, plans(0, 9), "1:a 2:b 3:c"},
	})
}

// Schedules are listed in the order in which they were made.
func TestListSchedules(t *testing.T) {
	play(t, []step{
		{0, plans(0, 9), ""},
		{0, create(driver.Patch{}), "created"},
		{0, plan("a", once(9*s)), "created, next 9s"},
		{0, plan("b", once(1*s)), "created, next 1s"},
		{0, plan("c", once(5*s)), "created, next 5s"},
		{0, stop("b"), "stopped: cancelled at 0s 0+0+0"},
		{0, plans(0, 9), "1:a 2:b 3:c"},
		{0, plans(0, 2), "1:a 2:b"},
		{0, plans(0, 0), ""},
		{0, plans(2, 9), "3:c"},
		{0, plans(3, 9), ""},
	})
}

// "ScheduleHistory is how many schedules that have ended an engine keeps: those
// that ended last."
func TestScheduleHistory(t *testing.T) {
	steps := []step{
		{0, create(driver.Patch{}), "created"},
		{0, plan("active", once(m)), "created, next 1m0s"},
		{0, plan("late", once(m)), "created, next 1m0s"}, // made first, ends last
	}
	for i := range driver.ScheduleHistory {
		label := fmt.Sprint(i)
		steps = append(steps,
			step{0, plan(label, once(m)), "created, next 1m0s"},
			step{0, stop(label), "stopped: cancelled at 0s 0+0+0"})
	}
	play(t, append(steps,
		step{0, lookup("0"), "cancelled at 0s 0+0+0"},
		step{0, stop("late", "0"), "stopped: cancelled at 0s 0+0+0, unknown"},
		step{0, lookup("0"), "no schedule"},
		step{0, lookup("1"), "cancelled at 0s 0+0+0"},
		step{0, plans(0, 3), "1:active 2:late 4:1"},
		step{0, stop("active"), "stopped: cancelled at 0s 0+0+0"},
		step{0, plans(0, 3), "1:active 2:late 5:2"},
	))
}

// A schedule says what its maker said, and its engine shares no memory with
// callers.
func TestScheduleInfo(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	create(driver.Patch{})(r)
	newPlan := func() driver.Schedule {
		return driver.Schedule{
			Name: "n", Queue: r.id(), Misfire: driver.MisfireSkip,
			Message: driver.Message{
				Body: []byte("body"), Attributes: map[string]driver.Value{"k": driver.String("v")}, Group: "g", Delay: new(s),
			},
			Recurrence: scheduler.Recurrence{Every: m, Count: 3},
		}
	}
	spoil := func(m driver.Message) {
		clear(m.Body)
		m.Attributes["k"] = driver.String("spoilt")
		*m.Delay = 0
	}
	given := newPlan()
	given.Limit = 5
	made, created, err := r.Schedule(t.Context(), start.Add(s), start.Add(h), given)
	want := driver.ScheduleInfo{
		ID: made.ID, Number: 1, Schedule: newPlan(), Queue: driver.QueueRef{ID: r.id(), Name: "q"},
		State: driver.ScheduleActive, CreatedAt: start.Add(s), NextAt: start.Add(h),
	}
	if err != nil || !created || made.ID == (driver.ScheduleID{}) || !reflect.DeepEqual(made, want) {
		t.Fatalf("schedule:\n got %+v, %t, %v\nwant %+v", made, created, err, want)
	}
	spoil(given.Message)
	spoil(made.Schedule.Message)
	for i := range 2 {
		looked, _ := r.LookupSchedule(t.Context(), made.ID)
		listed, _ := r.ListSchedules(t.Context(), 0, 1)
		found, _, _ := r.Schedule(t.Context(), start.Add(s), start.Add(h), newPlan())
		for j, got := range []driver.ScheduleInfo{looked, listed[0], found} {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("look %d, way %d:\n got %+v\nwant %+v", i, j, got, want)
			}
			spoil(got.Schedule.Message)
		}
	}
	r.Fire(t.Context(), start.Add(h), start.Add(h), 1)
	infos, _ := r.List(t.Context(), start.Add(h), r.id(), 0, 1)
	if string(infos[0].Body) != "body" || infos[0].Attributes["k"] != driver.String("v") {
		t.Errorf("published: got %q, %v, want what was given", infos[0].Body, infos[0].Attributes)
	}
	cancelled, _ := r.CancelSchedules(t.Context(), start.Add(h), []driver.ScheduleID{made.ID})
	spoil(cancelled[0].Info.Schedule.Message)
	if got, _ := r.LookupSchedule(t.Context(), made.ID); string(got.Schedule.Message.Body) != "body" {
		t.Errorf("after the cancel: got body %q, want body", got.Schedule.Message.Body)
	}
}

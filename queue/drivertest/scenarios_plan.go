package drivertest

import (
	"fmt"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// planScenarios are about the life of schedules.
var planScenarios = []scenario{
	{
		name: "what can not be a schedule",
		says: "It returns ErrInvalid if the recurrence is not valid, or has no occurrence, ErrNoQueue if the queue does not exist.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), scheduler.Recurrence{Every: scheduler.MinPeriod - ns}), "ErrInvalid"},
			step{0, schedule("s", "q", msg("a"), scheduler.Recurrence{Cron: "every day"}), "ErrInvalid"},
			step{0, schedule("s", "q", msg("a"), until(9*sec, every(10*sec, sec))), "ErrInvalid"},
			step{20 * sec, schedule("s", "q", msg("a"), until(20*sec-ns, every(0, 10*sec))), "ErrInvalid"},
			step{20 * sec, schedule("s", "none", msg("a"), once(0)), "ErrNoQueue"},
			step{20 * sec, plansAfter("", 9), "-"},
			step{20 * sec, schedule("s", "q", msg("a"), scheduler.Recurrence{Every: scheduler.MinPeriod}), "next 20s"},
			step{20 * sec, schedule("t", "q", msg("a"), until(20*sec, every(0, 10*sec))), "next 20s"},
			step{20 * sec, plansAfter("", 9), "s t"},
		),
	},
	{
		name: "so many and no more",
		says: "And ErrTooManySchedules if s.Limit schedules are active, unless s.Limit is zero.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("a", "q", msg("a"), once(10*sec), limited(2)), "next 10s"},
			step{0, schedule("b", "q", msg("b"), once(20*sec), limited(2)), "next 20s"},
			step{0, schedule("c", "q", msg("c"), once(30*sec), limited(2)), "ErrTooManySchedules"},
			step{0, schedule("c", "q", msg("c"), once(30*sec)), "next 30s"},
			step{0, schedule("d", "q", msg("d"), once(40*sec), limited(2)), "ErrTooManySchedules"},
			step{0, schedule("d", "q", msg("d"), once(40*sec), limited(4)), "next 40s"},
			step{10 * sec, fire(9), "a@10s:a, next 20s"},
			step{10 * sec, cancelPlans("b", "c"), "stopped stopped"},
			step{10 * sec, schedule("e", "q", msg("e"), once(50*sec), limited(2)), "next 50s"}, // a, b and c have ended
		),
	},
	{
		name: "a name is that of one active schedule",
		says: "If one has it and is equal in all that the caller says, that one is returned, with created false; if it differs, it is cancelled and replaced in the same change.",
		steps: withQueue(driver.Patch{},
			step{0, create("r", driver.Patch{}), "created"},
			step{0, schedule("s", "q", msg("a", after(0)), every(10*sec, 10*sec), called("n")), "next 10s"},
			step{1 * sec, schedule("t", "q", msg("a", after(0)), every(10*sec, 10*sec), called("n")), "found s"},
			step{1 * sec, schedule("u", "q", msg("a", after(0)), every(10*sec, 10*sec), called("m")), "next 10s"},
			step{10 * sec, fire(9), "s@10s:a u@10s:a', next 20s"},
			step{11 * sec, schedule("t", "q", msg("a", after(0)), every(10*sec, 10*sec), called("n")), "found s"},
			step{11 * sec, planOf("s"), "active next 20s published 1 last 10s:a"},
			step{12 * sec, schedule("t", "q", msg("b", after(0)), every(10*sec, 10*sec), called("n")), "next 20s"},
			step{12 * sec, planOf("s"), "cancelled next never published 1 last 10s:a"},
			step{12 * sec, spanOf("s"), "created 0s ended 12s"},
			step{13 * sec, schedule("v", "q", msg("b", after(sec)), every(10*sec, 10*sec), called("n")), "next 20s"},
			step{13 * sec, schedule("w", "r", msg("b", after(sec)), every(10*sec, 10*sec), called("n")), "next 20s"},
			step{13 * sec, schedule("x", "r", msg("b", after(sec)), every(10*sec, 20*sec), called("n")), "next 30s"},
			step{13 * sec, schedule("y", "r", msg("b", after(sec)), every(10*sec, 20*sec), called("n"), misfire(driver.MisfireAll)), "next 30s"},
			step{13 * sec, plansAfter("", 99), "s u t v w x y"},
			step{20 * sec, fire(9), "u@20s:a'', next 30s"}, // nothing of those replaced
			step{20 * sec, cancelPlans("x", "y"), "already-cancelled stopped"},
			step{20 * sec, schedule("z", "r", msg("b", after(sec)), every(10*sec, 20*sec), called("n"), misfire(driver.MisfireAll)), "next 30s"},
		),
	},
	{
		name: "without a name each is another",
		says: "Name is optional.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), once(10*sec)), "next 10s"},
			step{0, schedule("t", "q", msg("a"), once(10*sec)), "next 10s"},
			step{10 * sec, fire(9), "s@10s:a t@10s:a', next never"},
		),
	},
	{
		// I7.
		name: "cancel",
		says: "CancelSchedules cancels schedules: no occurrence of them is claimed from then on. What was published stays.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), every(10*sec, 10*sec)), "next 10s"},
			step{0, schedule("o", "q", msg("o"), once(10*sec)), "next 10s"},
			step{10 * sec, fire(9), "s@10s:a o@10s:o, next 20s"},
			step{25 * sec, cancelPlans("s", "o", "never", "s"), "stopped already-ended unknown already-cancelled"},
			step{25 * sec, planOf("s"), "cancelled next never published 1 last 10s:a"},
			step{25 * sec, planOf("never"), "ErrNoSchedule"},
			step{25 * sec, spanOf("s"), "created 0s ended 25s"},
			step{25 * sec, spanOf("o"), "created 0s ended 10s"},
			step{30 * sec, fire(9), "-, next never"},
			step{30 * sec, contents("q"), "a o"},
			step{30 * sec, cancelPlans(), "-"},
		),
	},
	{
		name: "the queue is deleted",
		says: "Schedules for it have failed.",
		steps: withQueue(driver.Patch{},
			step{0, create("r", driver.Patch{}), "created"},
			step{0, schedule("s", "q", msg("a"), every(10*sec, 10*sec), called("n")), "next 10s"},
			step{0, schedule("o", "q", msg("o"), once(sec)), "next 1s"},
			step{0, schedule("r", "r", msg("r"), every(10*sec, 10*sec)), "next 10s"},
			step{1 * sec, fire(9), "o@1s:o, next 10s"},
			step{2 * sec, drop("q"), "ok"},
			step{3 * sec, planOf("s"), "failed: queue gone next never published 0"},
			step{3 * sec, planOf("o"), "published next never published 1 last 1s:o"},
			step{3 * sec, cancelPlans("s"), "already-ended"},
			step{3 * sec, create("q", driver.Patch{}), "created"}, // that is another one
			step{3 * sec, schedule("t", "q", msg("t"), once(20*sec), called("n")), "next 20s"},
			step{10 * sec, fire(9), "r@10s:r, next 20s"},
			step{10 * sec, stats("q"), "0/0/0"},
		),
	},
	{
		name: "the queue is full",
		says: "If the queue refuses it, too large or full, the occurrence is lost and counted.",
		steps: withQueue(driver.Patch{MaxMessages: new(1)},
			step{0, schedule("s", "q", msg("a"), until(40*sec, every(10*sec, 10*sec))), "next 10s"},
			step{10 * sec, fire(9), "s@10s:a, next 20s"},
			step{20 * sec, fire(9), "s@20s:full, next 30s"},
			step{20 * sec, planOf("s"), "active next 30s published 1 refused 1 last 10s:a"},
			step{25 * sec, purge("q"), "1"},
			step{25 * sec, fire(9), "-, next 30s"}, // it does not come again
			step{30 * sec, fire(9), "s@30s:a', next 40s"},
			step{40 * sec, fire(9), "s@40s:full, next never"},
			step{40 * sec, planOf("s"), "failed: queue full next never published 2 refused 2 last 30s:a'"},
			step{40 * sec, spanOf("s"), "created 0s ended 40s"},
			step{40 * sec, cancelPlans("s"), "already-ended"},
		),
	},
	{
		name: "the message is too large by now",
		says: "ScheduleTooLarge: the message is above the queue's size limit by now.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("long"), once(10*sec)), "next 10s"},
			step{0, schedule("t", "q", msg("longer"), every(10*sec, 10*sec)), "next 10s"},
			step{0, set("q", driver.Patch{MaxMessageBytes: new(3)}), "ok"},
			step{10 * sec, fire(9), "s@10s:too-large t@10s:too-large, next 20s"},
			step{10 * sec, planOf("s"), "failed: message too large next never published 0 refused 1"},
			step{10 * sec, planOf("t"), "active next 20s published 0 refused 1"},
			step{10 * sec, stats("q"), "0/0/0"},
		),
	},
	{
		name: "schedules are listed as they were made",
		says: "ListSchedules returns up to max schedules, active and ended ones, in the order in which they were made, beginning after the one of that number; 0 is the start.",
		steps: withQueue(driver.Patch{},
			step{0, plansAfter("", 9), "-"},
			step{0, schedule("b", "q", msg("b"), once(30*sec)), "next 30s"},
			step{0, schedule("a", "q", msg("a"), once(10*sec)), "next 10s"},
			step{0, schedule("c", "q", msg("c"), once(20*sec)), "next 20s"},
			step{10 * sec, fire(9), "a@10s:a, next 20s"},
			step{10 * sec, cancelPlans("c"), "stopped"},
			step{10 * sec, plansAfter("", 9), "b a c"},
			step{10 * sec, plansAfter("", 2), "b a"},
			step{10 * sec, plansAfter("a", 2), "c"},
			step{10 * sec, plansAfter("c", 2), "-"},
			step{10 * sec, plansAfter("", 0), "-"},
		),
	},
	{
		name: "those that ended last are kept",
		says: "ScheduleHistory is how many schedules that have ended an engine keeps: those that ended last.",
		play: longHistory,
	},
	{
		name: "a schedule remembers what it was asked",
		says: "Limit is zero; the message is a copy.",
		play: func(p *play) {
			p.run(withQueue(driver.Patch{}))
			r := repeated(3, until(hour, every(10*sec, 20*sec)))
			p.check(0, schedule("s", "q", msg("a", group("g"), after(sec)), r, called("n"), misfire(driver.MisfireSkip), limited(5)), "next 10s")
			info, err := p.engine.LookupSchedule(p.t.Context(), p.schedules["s"])
			p.must(err)
			s := info.Schedule
			if !sameRecurrence(&s.Recurrence, &r) || s.Name != "n" || s.Limit != 0 || s.Misfire != driver.MisfireSkip || s.Queue != p.queue("q") {
				p.fail("got %+v, want name n, no limit, misfire skip and recurrence %+v", s, r)
			}
			if want := (driver.QueueRef{ID: p.queue("q"), Name: "q"}); info.Queue != want || info.ID != p.schedules["s"] || info.Number == 0 {
				p.fail("got %+v, want queue %v, the schedule's ID and a number", info, want)
			}
			if m := msg("a", group("g"), after(sec)); !sameSent(&s.Message, &m) {
				p.fail("got message %+v, want %+v", s.Message, m)
			}
		},
	},
}

// longHistory ends more schedules than are kept.
func longHistory(p *play) {
	p.run(withQueue(driver.Patch{},
		step{0, schedule("active", "q", msg("a"), once(hour)), "next 1h0m0s"},
		step{0, schedule("last", "q", msg("b"), once(hour)), "next 1h0m0s"},
	))
	for i := range driver.ScheduleHistory {
		name := fmt.Sprint("s", i)
		p.check(1*sec, schedule(name, "q", msg("c"), once(hour)), "next 1h0m0s")
	}
	for i := range driver.ScheduleHistory {
		p.check(2*sec, cancelPlans(fmt.Sprint("s", i)), "stopped")
	}
	p.run(timeline{
		{2 * sec, planOf("s0"), "cancelled next never published 0"},
		{3 * sec, cancelPlans("last"), "stopped"},
		{3 * sec, planOf("s0"), "ErrNoSchedule"}, // it ended first
		{3 * sec, cancelPlans("s0", "s1"), "unknown already-cancelled"},
		{3 * sec, planOf("last"), "cancelled next never published 0"},
		{3 * sec, plansAfter("", 3), "active last s1"},
		{3 * sec, plansAfter("s997", 9), "s998 s999"},
		{3 * sec, planOf("active"), "active next 1h0m0s published 0"},
	})
}

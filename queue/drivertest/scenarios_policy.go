package drivertest

import "github.com/redriveq/redrive/queue/driver"

// policyScenarios are about which dead-letter policies can be set.
var policyScenarios = []scenario{
	{
		name: "the dead-letter queue must exist",
		says: "ErrDeadLetterPolicy if a dead-letter policy is set whose queue does not exist.",
		steps: timeline{
			{0, create("q", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "ErrDeadLetterPolicy"},
			{0, lookup("q"), "ErrNoQueue"},
			{0, create("q", driver.Patch{}), "created"},
			{0, set("q", driver.Patch{DeadLetter: deadLetter("dead", 1), Delay: new(sec)}), "ErrDeadLetterPolicy"},
			{0, create("q", driver.Patch{Delay: new(0 * sec)}), "found q"}, // all or none
			{0, create("dead", driver.Patch{}), "created"},
			{0, set("q", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "ok"},
			{0, create("r", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "created"},
		},
	},
	{
		name: "the dead-letter queue must be of the same kind",
		says: "ErrDeadLetterPolicy if a dead-letter policy is set whose queue is of the other kind.",
		steps: timeline{
			{0, create("standard", driver.Patch{}), "created"},
			{0, create("fifo", driver.Patch{FIFO: new(true)}), "created"},
			{0, set("fifo", driver.Patch{DeadLetter: deadLetter("standard", 1)}), "ErrDeadLetterPolicy"},
			{0, set("standard", driver.Patch{DeadLetter: deadLetter("fifo", 1)}), "ErrDeadLetterPolicy"},
			{0, create("s", driver.Patch{DeadLetter: deadLetter("fifo", 1)}), "ErrDeadLetterPolicy"},
			{0, create("f", driver.Patch{FIFO: new(true), DeadLetter: deadLetter("fifo", 1)}), "created"},
		},
	},
	{
		name: "the dead-letter queue must allow the source",
		says: "DeadLetterSources says which queues may name this one as their dead-letter queue. The zero value allows all.",
		steps: timeline{
			{0, create("dead", driver.Patch{DeadLetterSources: &driver.DeadLetterSources{Mode: driver.AllowListed, Queues: []string{"a", "b"}}}), "created"},
			{0, create("a", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "created"},
			{0, create("c", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "ErrDeadLetterPolicy"},
			{0, create("c", driver.Patch{}), "created"},
			{0, set("c", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "ErrDeadLetterPolicy"},
			{0, set("dead", driver.Patch{DeadLetterSources: &driver.DeadLetterSources{Mode: driver.AllowNone}}), "ok"},
			{0, set("a", driver.Patch{DeadLetter: deadLetter("dead", 2)}), "ErrDeadLetterPolicy"},
			{0, set("dead", driver.Patch{DeadLetterSources: &driver.DeadLetterSources{}}), "ok"},
			{0, set("c", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "ok"},
		},
	},
	{
		name: "a policy in force stays when the other queue changes",
		says: "ErrDeadLetterPolicy if a dead-letter policy is set whose queue does not allow this source.",
		steps: timeline{
			{0, create("dead", driver.Patch{}), "created"},
			{0, create("q", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "created"},
			{0, set("dead", driver.Patch{DeadLetterSources: &driver.DeadLetterSources{Mode: driver.AllowNone}}), "ok"},
			{0, set("q", driver.Patch{Delay: new(0 * sec)}), "ok"}, // sets no policy
			{0, texts("q", "a"), "a"},
			{0, receiveFor("q", 1, 0), "a#1"},
			{0, receiveFor("q", 1, 0), "-, 1 dead-lettered to dead"},
			{0, drop("dead"), "ok"},
			{0, set("q", driver.Patch{Delay: new(sec)}), "ok"},
			{0, create("q", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "found q"},
		},
	},
	{
		// Traps Q4 and Q20; I6.
		name: "policies that lead back are refused",
		says: "ErrDeadLetterPolicy if a dead-letter policy is set whose queue leads back to this queue by the policies of the queues on the way.",
		steps: timeline{
			{0, create("a", driver.Patch{DeadLetter: deadLetter("a", 1)}), "ErrDeadLetterPolicy"},
			{0, create("a", driver.Patch{}), "created"},
			{0, set("a", driver.Patch{DeadLetter: deadLetter("a", 1)}), "ErrDeadLetterPolicy"},
			{0, create("b", driver.Patch{DeadLetter: deadLetter("a", 1)}), "created"},
			{0, set("a", driver.Patch{DeadLetter: deadLetter("b", 1)}), "ErrDeadLetterPolicy"},
			{0, create("c", driver.Patch{DeadLetter: deadLetter("b", 1)}), "created"},
			{0, set("a", driver.Patch{DeadLetter: deadLetter("c", 1)}), "ErrDeadLetterPolicy"},
			{0, set("b", driver.Patch{DeadLetter: deadLetter("c", 1)}), "ErrDeadLetterPolicy"},
			{0, create("d", driver.Patch{DeadLetter: deadLetter("b", 1)}), "created"}, // two may share one
			{0, set("b", driver.Patch{DeadLetter: &driver.DeadLetter{}}), "ok"},
			{0, set("a", driver.Patch{DeadLetter: deadLetter("c", 1)}), "ok"}, // a to c to b
			{0, set("b", driver.Patch{DeadLetter: deadLetter("a", 1)}), "ErrDeadLetterPolicy"},
		},
	},
	{
		name: "a queue that is created again does not close a circle",
		says: "The dead-letter policy is checked as for SetAttributes.",
		steps: timeline{
			{0, create("a", driver.Patch{}), "created"},
			{0, create("b", driver.Patch{DeadLetter: deadLetter("a", 1)}), "created"},
			{0, create("c", driver.Patch{DeadLetter: deadLetter("b", 1)}), "created"},
			{0, drop("a"), "ok"},
			{0, create("a", driver.Patch{DeadLetter: deadLetter("c", 1)}), "ErrDeadLetterPolicy"},
			{0, create("a", driver.Patch{DeadLetter: deadLetter("b", 1)}), "ErrDeadLetterPolicy"},
			{0, drop("b"), "ok"},
			{0, create("a", driver.Patch{DeadLetter: deadLetter("c", 1)}), "created"}, // c leads nowhere now
			{0, create("b", driver.Patch{DeadLetter: deadLetter("a", 1)}), "ErrDeadLetterPolicy"},
		},
	},
	{
		name: "a refused policy leaves the old one",
		says: "SetAttributes changes the attributes that the patch names, all or none.",
		steps: timeline{
			{0, create("dead", driver.Patch{}), "created"},
			{0, create("q", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "created"},
			{0, set("q", driver.Patch{DeadLetter: deadLetter("nowhere", 9)}), "ErrDeadLetterPolicy"},
			{0, texts("q", "a"), "a"},
			{0, receiveFor("q", 1, 0), "a#1"},
			{0, receive("q", 1), "-, 1 dead-lettered to dead"},
		},
	},
}

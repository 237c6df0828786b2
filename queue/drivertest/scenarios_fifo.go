package drivertest

import (
	"slices"

	"github.com/redriveq/redrive/queue/driver"
)

// inGroups are messages whose first letter names their group.
func inGroups(bodies ...string) []driver.Message {
	var messages []driver.Message
	for _, body := range bodies {
		messages = append(messages, msg(body, group(body[:1])))
	}
	return messages
}

// fifo is a FIFO queue with a visibility timeout of 10 seconds.
func fifo() driver.Patch {
	return driver.Patch{FIFO: new(true), VisibilityTimeout: new(10 * sec)}
}

// headInFlight begins the timelines about what frees a group: "A1" is in
// flight, and "A2" and "A3" wait behind it.
func headInFlight(more ...step) timeline {
	return append(timeline{
		{0, create("dead", driver.Patch{FIFO: new(true)}), "created"},
		{0, create("q", fifo()), "created"},
		{0, send("q", inGroups("A1", "A2", "A3", "B1")...), "A1 A2 A3 B1"},
		{0, receive("q", 1), "A1#1"},
		{0, peek("q", 10), "B1"},
		{0, cancel("q", "B1"), "cancelled"},
		{1 * sec, receive("q", 10), "-"},
		{1 * sec, stats("q"), "2/0/1"},
	}, more...)
}

// fifoScenarios are about order and groups in FIFO queues.
var fifoScenarios = []scenario{
	{
		name: "the lowest sequence of a free group",
		says: "A FIFO queue hands out the visible message with the lowest sequence whose group has nothing in flight.",
		steps: timeline{
			{0, create("q", fifo()), "created"},
			{0, send("q", inGroups("A1", "B1", "A2", "C1", "B2", "A3")...), "A1 B1 A2 C1 B2 A3"},
			{0, peek("q", 10), "A1 B1 A2 C1 B2 A3"},
			{0, receive("q", 1), "A1#1"},
			{0, peek("q", 10), "B1 C1 B2"},
			{0, receive("q", 1), "B1#1"},
			{0, receive("q", 1), "C1#1"},
			{0, receive("q", 1), "-"},
			{1 * sec, remove("q", "B1#1"), "deleted:current"},
			{1 * sec, peek("q", 10), "B2"},
			{1 * sec, remove("q", "A1#1"), "deleted:current"},
			{1 * sec, receive("q", 1), "A2#1"},
			{1 * sec, receive("q", 10), "B2#1"},
		},
	},
	{
		// Trap F4.
		name: "several of one group in one receive",
		says: "One receive of several messages may take several of one group, in order.",
		steps: timeline{
			{0, create("q", fifo()), "created"},
			{0, send("q", inGroups("A1", "A2", "B1", "A3", "A4", "B2")...), "A1 A2 B1 A3 A4 B2"},
			{0, receive("q", 4), "A1#1 A2#1 B1#1 A3#1"},
			{0, receive("q", 10), "-"},
			{1 * sec, remove("q", "A1#1", "A3#1", "B1#1"), "deleted:current deleted:current deleted:current"},
			{1 * sec, receive("q", 10), "B2#1"}, // A2 still holds up A4
			{2 * sec, remove("q", "A2#1"), "deleted:current"},
			{2 * sec, receive("q", 10), "A4#1"},
		},
	},
	{
		name: "messages without a group are one group",
		says: "Messages without a group are one group.",
		steps: timeline{
			{0, create("q", fifo()), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{0, receive("q", 1), "a#1"},
			{0, receive("q", 1), "-"},
			{1 * sec, remove("q", "a#1"), "deleted:current"},
			{1 * sec, receive("q", 1), "b#1"},
		},
	},
	{
		name:  "a delete frees the group",
		says:  "A FIFO queue hands out the visible message with the lowest sequence whose group has nothing in flight.",
		steps: headInFlight(step{1 * sec, remove("q", "A1#1"), "deleted:current"}, step{1 * sec, receive("q", 10), "A2#1 A3#1"}),
	},
	{
		// Trap F3.
		name: "the end of the timeout frees the group, in the old order",
		says: "A FIFO queue hands out the visible message with the lowest sequence whose group has nothing in flight.",
		steps: headInFlight(
			step{10*sec - ns, receive("q", 10), "-"},
			step{10 * sec, peek("q", 10), "A1 A2 A3"},
			step{10 * sec, receive("q", 2), "A1#2 A2#1"},
			step{15 * sec, change("q", 0, "A2#1"), "changed"},
			step{15 * sec, receive("q", 10), "-"},
			step{20 * sec, receive("q", 10), "A1#3 A2#2 A3#1"},
		),
	},
	{
		// Trap R10.
		name: "a change to zero frees the group",
		says: "Timeout: zero: visible at once.",
		steps: headInFlight(
			step{2 * sec, change("q", 0, "A1#1"), "changed"},
			step{2 * sec, receive("q", 10), "A1#2 A2#1 A3#1"},
		),
	},
	{
		name: "a delivery that is taken back frees the group",
		says: "Uncount takes this delivery out of the message's receive counts, once: it was never worked on.",
		steps: headInFlight(
			step{2 * sec, uncount("q", "A1#1"), "changed"},
			step{2 * sec, receive("q", 1), "A1#2"},
		),
	},
	{
		// Traps Q5 and Q6.
		name: "a dead letter frees the group",
		says: "The same receive then goes on to the next.",
		steps: headInFlight(
			step{1 * sec, set("q", driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1}}), "ok"},
			step{10*sec - ns, receive("q", 10), "-"},
			step{10 * sec, receive("q", 1), "A2#1, 1 dead-lettered to dead"},
			step{10 * sec, receive("q", 1), "-"},
			step{10 * sec, receive("dead", 1), "A1#2"},
		),
	},
	{
		name: "the end of retention frees the group",
		says: "Then it is gone, unless it is in flight, in which case it is gone when the visibility timeout ends.",
		steps: slices.Concat(
			timeline{{0, create("q", driver.Patch{FIFO: new(true), VisibilityTimeout: new(10 * sec), Retention: new(5 * sec)}), "created"}},
			timeline{
				{0, send("q", inGroups("A1")...), "A1"},
				{0, receive("q", 1), "A1#1"},
				{6 * sec, send("q", inGroups("A2")...), "A2"},
				{10*sec - ns, receive("q", 1), "-"},
				{10 * sec, receive("q", 1), "A2#1"},
			},
		),
	},
	{
		name: "a purge frees all groups",
		says: "Purge removes all messages in all states.",
		steps: headInFlight(
			step{2 * sec, purge("q"), "3"},
			step{2 * sec, send("q", inGroups("A4")...), "A4"},
			step{2 * sec, receive("q", 1), "A4#1"},
		),
	},
	{
		name: "cancelling what waits changes nothing for the group",
		says: "Cancel removes messages that were never received.",
		steps: headInFlight(
			step{2 * sec, cancel("q", "A1", "A2"), "in-flight cancelled"},
			step{2 * sec, receive("q", 10), "-"},
			step{10 * sec, receive("q", 10), "A1#2 A3#1"},
		),
	},
	{
		name: "cancelling the head lets the next one go first",
		says: "A FIFO queue hands out the visible message with the lowest sequence whose group has nothing in flight.",
		steps: timeline{
			{0, create("q", fifo()), "created"},
			{0, send("q", inGroups("A1", "B1", "A2")...), "A1 B1 A2"},
			{0, cancel("q", "A1"), "cancelled"},
			{0, receive("q", 10), "B1#1 A2#1"},
		},
	},
	{
		name: "a late message that is hidden again blocks its group again",
		says: "A FIFO queue hands out the visible message with the lowest sequence whose group has nothing in flight.",
		steps: headInFlight(
			step{10 * sec, peek("q", 10), "A1 A2 A3"},
			step{12 * sec, change("q", 5*sec, "A1#1"), "changed"},
			step{12 * sec, receive("q", 10), "-"},
			step{17*sec - ns, receive("q", 10), "-"},
			step{17 * sec, receive("q", 10), "A1#2 A2#1 A3#1"},
		),
	},
	{
		// Trap F2.
		name: "a send does not free the group",
		says: "In a FIFO queue the messages of a group are handed out in order and one receive at a time.",
		steps: headInFlight(
			step{2 * sec, send("q", inGroups("A4", "B2", "A5")...), "A4 B2 A5"},
			step{2 * sec, receive("q", 10), "B2#1"},
			step{2 * sec, remove("q", "A1#1"), "deleted:current"},
			step{2 * sec, receive("q", 10), "A2#1 A3#1 A4#1 A5#1"},
		),
	},
	{
		// Traps D2 and F1.
		name: "what is delayed blocks nobody",
		says: "A FIFO queue hands out the visible message with the lowest sequence whose group has nothing in flight.",
		steps: timeline{
			{0, create("q", fifo()), "created"},
			{0, send("q", msg("A1", group("A"), after(5*sec)), msg("A2", group("A")), msg("A3", group("A"))), "A1 A2 A3"},
			{0, peek("q", 10), "A2 A3"},
			{0, receive("q", 1), "A2#1"},
			{5 * sec, receive("q", 1), "-"}, // A2 is in flight
			{6 * sec, remove("q", "A2#1"), "deleted:current"},
			{6 * sec, receive("q", 10), "A1#1 A3#1"}, // by sequence, not by when they became visible
		},
	},
	{
		name: "zero visibility in a FIFO queue",
		says: "Visibility: zero: visible again at once, and counted.",
		steps: timeline{
			{0, create("q", fifo()), "created"},
			{0, send("q", inGroups("A1", "A2", "B1")...), "A1 A2 B1"},
			{0, receiveFor("q", 1, 0), "A1#1"},
			{0, receiveFor("q", 10, 0), "A1#2 A2#1 B1#1"}, // each once
			{0, peek("q", 10), "A1 A2 B1"},
			{0, stats("q"), "3/0/0"},
			{0, receive("q", 1), "A1#3"},
			{0, receiveFor("q", 10, 0), "B1#2"},
		},
	},
	{
		name: "at the limit a FIFO queue is silent",
		says: "At the limit one from a FIFO queue finds nothing.",
		steps: timeline{
			{0, create("q", driver.Patch{FIFO: new(true), VisibilityTimeout: new(10 * sec), MaxInFlight: new(2)}), "created"},
			{0, send("q", inGroups("A1", "A2", "A3", "B1")...), "A1 A2 A3 B1"},
			{0, receive("q", 10), "A1#1 A2#1"},
			{0, receive("q", 10), "-"},
			{0, next(), "10s"},
			{0, remove("q", "A1#1"), "deleted:current"},
			{0, receive("q", 10), "B1#1"}, // one more fits, and A is not free
			{0, receive("q", 10), "-"},
			{10 * sec, receive("q", 10), "A2#2 A3#1"},
		},
	},
	{
		// Traps F6 and F10.
		name: "groups of equal prefixes are different groups",
		says: "In a FIFO queue the messages of a group are handed out in order and one receive at a time.",
		steps: timeline{
			{0, create("q", fifo()), "created"},
			{0, send("q", msg("a", group("g")), msg("b", group("g ")), msg("c", group("G")), msg("d"), msg("e", group("g"))), "a b c d e"},
			{0, receive("q", 1), "a#1"},
			{0, receive("q", 10), "b#1 c#1 d#1"},
		},
	},
}

package drivertest

import "github.com/redriveq/redrive/queue/driver"

// cancelScenarios are about taking messages back, one by one or all.
var cancelScenarios = []scenario{
	{
		// Traps D27, D28; I7.
		name: "every outcome of a cancel",
		says: "Cancel removes messages that were never received.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec)}), "created"},
			{0, send("q", msg("delayed", after(10*sec)), msg("flying"), msg("visible"), msg("deleted")), "delayed flying visible deleted"},
			{0, receive("q", 1), "flying#1"},
			{0, cancel("q", "delayed", "visible", "flying", "nobody's"), "cancelled cancelled in-flight unknown"},
			{0, cancel("q", "delayed", "visible"), "gone gone"},
			{0, receive("q", 1), "deleted#1"},
			{0, remove("q", "deleted#1"), "deleted:current"},
			{0, cancel("q", "deleted"), "gone"},
			{10*sec - ns, cancel("q", "flying"), "in-flight"},
			{10 * sec, cancel("q", "flying"), "delivered"},
			{10 * sec, receive("q", 10), "flying#2"},
			{10 * sec, cancel("q", "flying"), "in-flight"},
			{11 * sec, change("q", 0, "flying#2"), "changed"},
			{11 * sec, cancel("q", "flying"), "delivered"},
			{11 * sec, stats("q"), "1/0/0"},
			{11 * sec, purge("q"), "1"},
			{11 * sec, cancel("q", "flying"), "gone"},
		},
	},
	{
		name: "cancelled is delivered to nobody",
		says: "Cancelled: taken back; it is delivered to nobody.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, send("q", msg("a", after(10*sec)), msg("b", after(10*sec)), msg("c", after(10*sec))), "a b c"},
			{10*sec - ns, cancel("q", "a"), "cancelled"},
			{10 * sec, cancel("q", "b"), "cancelled"}, // due, and not yet received
			{10 * sec, receive("q", 10), "c#1"},
			{10 * sec, cancel("q", "c"), "in-flight"},
			{hour, receive("q", 10), "c#2"},
		},
	},
	{
		name: "a message of another queue is unknown",
		says: "CancelUnknown: no message with this ID was sent to this queue, or moved here and is here.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, create("r", driver.Patch{}), "created"},
			{0, texts("q", "a"), "a"},
			{0, cancel("r", "a"), "unknown"},
			{0, list("q"), "a:visible:0s"},
			{0, cancel("q", "a"), "cancelled"},
			{0, cancel("r", "a"), "unknown"},
		},
	},
	{
		name: "the same message twice in one cancel",
		says: "Inputs act as if they came one after the other, in order, with nothing in between.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, texts("q", "a"), "a"},
			{0, cancel("q", "a", "a"), "cancelled gone"},
		},
	},
	{
		name: "what was only looked at can be cancelled no more",
		says: "CancelDelivered: too late: it was delivered before, and is waiting to be received again.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{0, receiveFor("q", 1, 0), "a#1"},
			{0, peek("q", 10), "b a"},
			{0, cancel("q", "a", "b"), "delivered cancelled"},
		},
	},
	{
		name: "a message whose retention is over is gone",
		says: "CancelGone: too late: it was sent to this queue, and is no longer here.",
		steps: timeline{
			{0, create("q", driver.Patch{Retention: new(10 * sec)}), "created"},
			{0, send("q", msg("a"), msg("b", after(hour))), "a b"},
			{10*sec - ns, cancel("q", "a"), "cancelled"},
			{10 * sec, cancel("q", "b"), "gone"},
		},
	},
	{
		// Trap D11.
		name: "a purge takes all states",
		says: "Purge removes all messages in all states and forgets all deduplication IDs. It returns how many messages it removed.",
		steps: timeline{
			{0, create("q", driver.Patch{DeduplicationWindow: new(hour), VisibilityTimeout: new(10 * sec)}), "created"},
			{0, send("q", msg("a", after(10*sec), dedup("x")), msg("b", dedup("y")), msg("c")), "a b c"},
			{0, receive("q", 1), "b#1"},
			{1 * sec, stats("q"), "1/1/1"},
			{1 * sec, purge("q"), "3"},
			{1 * sec, purge("q"), "0"},
			{1 * sec, stats("q"), "0/0/0"},
			{1 * sec, ages("q"), "0s/0s/0s"},
			{1 * sec, size("q"), "0"},
			{1 * sec, remembered("q"), "0"},
			{1 * sec, remove("q", "b#1"), "gone"},
			{1 * sec, change("q", sec, "b#1"), "gone"},
			{1 * sec, cancel("q", "a", "b", "c"), "gone gone gone"},
			{1 * sec, send("q", msg("d", dedup("x"))), "d"},
			{10 * sec, receive("q", 10), "d#1"}, // neither a nor b comes back
			{hour, list("q"), "d:visible:20s"},
		},
	},
	{
		name: "a purge counts what is there at that instant",
		says: "It returns how many messages it removed.",
		steps: timeline{
			{0, create("q", driver.Patch{Retention: new(10 * sec)}), "created"},
			{0, create("r", driver.Patch{}), "created"},
			{0, texts("q", "a"), "a"},
			{1 * sec, texts("q", "b"), "b"},
			{1 * sec, texts("r", "c"), "c"},
			{10 * sec, purge("q"), "1"},
			{10 * sec, list("r"), "c:visible:1s"},
		},
	},
}

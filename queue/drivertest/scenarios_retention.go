package drivertest

import "github.com/redriveq/redrive/queue/driver"

// keeping is a queue with a visibility timeout of 10 seconds that keeps
// messages for 20.
func keeping() driver.Patch {
	return driver.Patch{VisibilityTimeout: new(10 * sec), Retention: new(20 * sec)}
}

// retentionScenarios are about how long messages are kept.
var retentionScenarios = []scenario{
	{
		// I22.
		name: "retention ends at its instant",
		says: "Retention is how long a message is kept, counted from its arrival in the queue; then it is gone.",
		steps: timeline{
			{0, create("q", keeping()), "created"},
			{0, texts("q", "a"), "a"},
			{1 * ns, texts("q", "b"), "b"},
			{20*sec - ns, list("q"), "a:visible:0s b:visible:1ns"},
			{20 * sec, list("q"), "b:visible:1ns"},
			{20*sec + ns, list("q"), "-"},
			{20*sec + ns, stats("q"), "0/0/0"},
			{20*sec + ns, size("q"), "0"},
			{20*sec + ns, receive("q", 10), "-"},
			{20*sec + ns, cancel("q", "a"), "gone"},
		},
	},
	{
		name: "retention is seen by a receive at once",
		says: "Before it answers anything, an engine applies all that fell due until now.",
		steps: timeline{
			{0, create("q", keeping()), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{20*sec - ns, receive("q", 1), "a#1"},
			{20 * sec, receive("q", 10), "-"},
			{20 * sec, stats("q"), "0/0/1"},
		},
	},
	{
		name: "retention takes what is delayed",
		says: "Then it is gone, unless it is in flight.",
		steps: timeline{
			{0, create("q", keeping()), "created"},
			{0, send("q", msg("a", after(20*sec)), msg("b", after(20*sec-ns)), msg("c", after(hour))), "a b c"},
			{20*sec - ns, stats("q"), "1/2/0"},
			{20*sec - ns, receive("q", 10), "b#1"},
			{20 * sec, stats("q"), "0/0/1"},
			{20 * sec, receive("q", 10), "-"},
			{20 * sec, next(), "29.999999999s"},
			{hour, receive("q", 10), "-"},
			{hour, next(), "never"},
		},
	},
	{
		name: "retention waits for the end of the visibility timeout",
		says: "Unless it is in flight, in which case it is gone when the visibility timeout ends.",
		steps: timeline{
			{0, create("q", keeping()), "created"},
			{0, texts("q", "a", "b", "c", "d"), "a b c d"},
			{15 * sec, receive("q", 10), "a#1 b#1 c#1 d#1"},
			{21 * sec, stats("q"), "0/0/4"},
			{21 * sec, remove("q", "a#1"), "deleted:current"},
			{21 * sec, change("q", 0, "b#1"), "changed"}, // that ends it
			{21 * sec, list("q"), "c:in-flight:25s d:in-flight:25s"},
			{21 * sec, remove("q", "b#1"), "gone"},
			{24 * sec, change("q", 10*sec, "c#1"), "changed"},
			{25*sec - ns, list("q"), "c:in-flight:34s d:in-flight:25s"},
			{25 * sec, list("q"), "c:in-flight:34s"},
			{25 * sec, remove("q", "d#1"), "gone"},
			{34*sec - ns, stats("q"), "0/0/1"},
			{34 * sec, stats("q"), "0/0/0"},
			{34 * sec, receive("q", 10), "-"},
		},
	},
	{
		name: "timeout and retention that end at one instant",
		says: "In which case it is gone when the visibility timeout ends.",
		steps: timeline{
			{0, create("q", keeping()), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{10*sec - ns, receive("q", 1), "a#1"}, // ends 1 ns before
			{10 * sec, receive("q", 1), "b#1"},
			{20*sec - ns, list("q"), "a:visible:19.999999999s b:in-flight:20s"},
			{20 * sec, list("q"), "-"},
		},
	},
	{
		name: "neither a receive nor a change starts retention again",
		says: "Counted from its arrival in the queue.",
		steps: timeline{
			{0, create("q", keeping()), "created"},
			{0, texts("q", "a"), "a"},
			{5 * sec, receive("q", 1), "a#1"},
			{10 * sec, change("q", 1*sec, "a#1"), "changed"},
			{12 * sec, receiveFor("q", 1, 0), "a#2"},
			{20*sec - ns, stats("q"), "1/0/0"},
			{20 * sec, stats("q"), "0/0/0"},
		},
	},
	{
		name: "a change of retention applies to what is there",
		says: "Retention is how long a message is kept. Zero means for ever.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, texts("q", "a"), "a"},
			{1 * sec, texts("q", "b"), "b"},
			{1000 * day, stats("q"), "2/0/0"},
			{1000 * day, set("q", driver.Patch{Retention: new(1000*day + ns)}), "ok"},
			{1000 * day, stats("q"), "2/0/0"},
			{1000 * day, set("q", driver.Patch{Retention: new(1000 * day)}), "ok"},
			{1000 * day, list("q"), "b:visible:1s"},
			{1000 * day, set("q", driver.Patch{Retention: new(0 * sec)}), "ok"},
			{2000 * day, list("q"), "b:visible:1s"},
		},
	},
	{
		// Trap Q16.
		name: "a dead letter is kept from its arrival on",
		says: "Counted from its arrival in the queue.",
		steps: timeline{
			{0, create("dead", keeping()), "created"},
			{0, create("q", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "created"},
			{0, texts("q", "a"), "a"},
			{hour, receiveFor("q", 1, 0), "a#1"},
			{2 * hour, receive("q", 1), "-, 1 dead-lettered to dead"},
			{2*hour + 20*sec - ns, stats("dead"), "1/0/0"},
			{2*hour + 20*sec, stats("dead"), "0/0/0"},
		},
	},
	{
		name: "a dead letter whose retention counts from the send",
		says: "RetainFromSend counts the retention of messages that arrive by dead-lettering from when they were sent. They may then be gone at once.",
		steps: timeline{
			{0, create("dead", driver.Patch{Retention: new(20 * sec), RetainFromSend: new(true)}), "created"},
			{0, create("q", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{1 * sec, texts("q", "c"), "c"},
			{2 * sec, texts("dead", "x"), "x"},
			{2 * sec, receiveFor("q", 3, 0), "a#1 b#1 c#1"},
			{2 * sec, texts("q", "good"), "good"},
			{2 * sec, receiveFor("q", 1, hour), "good#1, 3 dead-lettered to dead"},
			{20*sec - ns, list("dead"), "x:visible:2s a:visible:2s b:visible:2s c:visible:2s"},
			{20 * sec, list("dead"), "x:visible:2s c:visible:2s"},
			{21 * sec, list("dead"), "x:visible:2s"},
			{22 * sec, list("dead"), "-"},
		},
	},
	{
		name: "a dead letter that is gone at once",
		says: "They may then be gone at once.",
		steps: timeline{
			{0, create("dead", driver.Patch{Retention: new(20 * sec), RetainFromSend: new(true)}), "created"},
			{0, create("q", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "created"},
			{0, texts("q", "a"), "a"},
			{0, receiveFor("q", 1, 0), "a#1"},
			{20 * sec, receive("q", 1), "-, 1 dead-lettered to dead"},
			{20 * sec, stats("dead"), "0/0/0"},
			{20 * sec, receive("dead", 1), "-"},
			{20 * sec, cancel("dead", "a"), "unknown"}, // it was not sent there
			{20 * sec, cancel("q", "a"), "gone"},
		},
	},
	{
		name: "retention frees what the limits count",
		says: "MaxMessages and MaxBytes limit what the queue holds.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), Retention: new(20 * sec), MaxMessages: new(2), MaxInFlight: new(1)}), "created"},
			{0, texts("q", "a", "b", "c"), "a b full"},
			{15 * sec, receive("q", 1), "a#1"},
			{20 * sec, receive("q", 1), "ErrInFlightLimit"},
			{20 * sec, texts("q", "c", "d"), "c full"}, // b is gone, a is still in flight
			{25 * sec, texts("q", "d", "e"), "d full"},
			{25 * sec, receive("q", 1), "c#1"},
		},
	},
	{
		name: "a message that goes leaves the turns of the groups",
		says: "A group that gets its first visible message joins at the end.",
		steps: timeline{
			{0, create("q", keeping()), "created"},
			{0, send("q", inGroups("A1")...), "A1"},
			{5 * sec, send("q", inGroups("B1", "C1", "B2")...), "B1 C1 B2"},
			{20 * sec, send("q", inGroups("A2")...), "A2"},
			{20 * sec, peek("q", 10), "B1 C1 A2 B2"},
		},
	},
}

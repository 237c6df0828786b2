package drivertest

import (
	"fmt"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// receiveScenarios are about what a receive from a standard queue hands out.
var receiveScenarios = []scenario{
	{
		// Trap R18; I3.
		name: "a visibility timeout ends at its instant",
		says: "Deadlines are half-open: in force while now is before the deadline.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec)}), "created"},
			{0, texts("q", "a"), "a"},
			{0, receive("q", 1), "a#1"},
			{0, next(), "10s"},
			{10*sec - ns, receive("q", 1), "-"},
			{10*sec - ns, next(), "10s"},
			{10 * sec, receiveFor("q", 1, ns), "a#2"},
			{10 * sec, receive("q", 1), "-"},
			{10 * sec, next(), "10.000000001s"},
			{10*sec + ns, receive("q", 1), "a#3"},
		},
	},
	{
		// Trap R8.
		name: "zero visibility is not absent",
		says: "Visibility: nil: the queue's; zero: visible again at once, and counted.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec)}), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{1 * sec, receiveFor("q", 1, 0), "a#1"},
			{1 * sec, next(), "never"},
			{1 * sec, list("q"), "a:visible:1s b:visible:0s"},
			{1 * sec, history("q", "a"), "sent 0s first 1s received 1"},
			{1 * sec, peek("q", 5), "b a"},
			{1 * sec, receiveFor("q", 5, 0), "b#1 a#2"}, // each once
			{1 * sec, peek("q", 5), "b a"},
			{2 * sec, remove("q", "b#1"), "deleted:late"},
			{2 * sec, receive("q", 5), "a#3"},
			{2 * sec, list("q"), "a:in-flight:12s"},
		},
	},
	{
		name: "a queue whose visibility timeout is zero",
		says: "VisibilityTimeout applies to receives that do not say their own.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(time.Duration(0))}), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{0, receive("q", 10), "a#1 b#1"},
			{0, stats("q"), "2/0/0"},
			{0, receiveFor("q", 1, 5*sec), "a#2"},
			{0, stats("q"), "1/0/1"},
			{0, change("q", 0, "b#1"), "changed"},
		},
	},
	{
		// Traps R19 and D13.
		name: "first in, first out by the instant of becoming visible",
		says: "A queue without groups is first in, first out by the instant of becoming visible (those that fall due at the same instant, by sequence).",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(5 * sec)}), "created"},
			{0, send("q", msg("a", after(5*sec)), msg("b", after(3*sec)), msg("c")), "a b c"},
			{0, receive("q", 1), "c#1"}, // due at 5s as well
			{1 * sec, send("q", msg("d", after(4*sec)), msg("e", after(4*sec-ns))), "d e"},
			{2 * sec, texts("q", "f"), "f"},
			{9 * sec, texts("q", "g"), "g"},
			{9 * sec, peek("q", 10), "f b e a c d g"},
			{9 * sec, receive("q", 3), "f#1 b#1 e#1"},
			{9 * sec, receive("q", 10), "a#1 c#2 d#1 g#1"},
		},
	},
	{
		name: "what fell due between two calls is applied in its order",
		says: "An engine applies all that fell due until now, in the order of the instants at which it fell due.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, send("q", msg("a", after(7*sec)), msg("b", after(2*sec)), msg("c", after(5*sec)), msg("d", after(2*sec)), msg("e")), "a b c d e"},
			{0, receiveFor("q", 1, 4*sec), "e#1"},
			{hour, peek("q", 10), "b d e c a"},
			{hour, list("q"), "a:visible:7s b:visible:2s c:visible:5s d:visible:2s e:visible:4s"},
			{hour, receive("q", 10), "b#1 d#1 e#2 c#1 a#1"},
		},
	},
	{
		// I19.
		name: "groups take turns",
		says: "A receive takes the first message of the first group, and the group then goes to the end of the line, if it has messages left.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, send("q", msg("A1", group("A")), msg("A2", group("A")), msg("A3", group("A")), msg("B1", group("B")), msg("n1"), msg("B2", group("B")), msg("n2")), "A1 A2 A3 B1 n1 B2 n2"},
			{0, peek("q", 10), "A1 B1 n1 A2 B2 n2 A3"},
			{0, receive("q", 2), "A1#1 B1#1"},
			{0, peek("q", 10), "n1 A2 B2 n2 A3"},
			{0, send("q", msg("C1", group("C")), msg("n3")), "C1 n3"},
			{0, peek("q", 10), "n1 A2 B2 C1 n2 A3 n3"},
			{0, receive("q", 1), "n1#1"},
			{0, receive("q", 1), "A2#1"},
			{0, receive("q", 10), "B2#1 C1#1 n2#1 A3#1 n3#1"},
		},
	},
	{
		name: "a long backlog of one group holds up nobody",
		says: "In a standard queue the groups take turns, so that a group with a long backlog does not hold up the others.",
		play: func(p *play) {
			p.check(0, create("q", driver.Patch{}), "created")
			for i := range 200 {
				name := fmt.Sprint("big", i)
				p.check(0, send("q", msg(name, group("big"))), name)
			}
			p.check(0, send("q", msg("one", group("small")), msg("two", group("small"))), "one two")
			p.check(0, receive("q", 4), "big0#1 one#1 big1#1 two#1")
			p.check(0, receive("q", 2), "big2#1 big3#1")
		},
	},
	{
		name: "a group joins at the end",
		says: "A group that gets its first visible message joins at the end.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec)}), "created"},
			{0, send("q", msg("A1", group("A")), msg("B1", group("B")), msg("B2", group("B")), msg("C1", group("C"), after(5*sec))), "A1 B1 B2 C1"},
			{0, receive("q", 1), "A1#1"}, // A has nothing left
			{1 * sec, send("q", msg("A2", group("A"))), "A2"},
			{1 * sec, peek("q", 10), "B1 A2 B2"},
			{2 * sec, change("q", 0, "A1#1"), "changed"},
			{2 * sec, peek("q", 10), "B1 A2 B2 A1"},
			{5 * sec, peek("q", 10), "B1 A2 C1 B2 A1"},
			{5 * sec, cancel("q", "B1", "A2"), "cancelled cancelled"},
			{5 * sec, peek("q", 10), "B2 A1 C1"},
			{5 * sec, cancel("q", "B2"), "cancelled"},
			{5 * sec, send("q", msg("B3", group("B"))), "B3"},
			{5 * sec, peek("q", 10), "A1 C1 B3"},
		},
	},
	{
		name: "what is visible again at once joins after all that was taken",
		says: "A message that is visible at once joins its line at that point of the call, a receive's after all that it took.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, send("q", msg("A1", group("A")), msg("A2", group("A")), msg("B1", group("B")), msg("C1", group("C"))), "A1 A2 B1 C1"},
			{0, receiveFor("q", 2, 0), "A1#1 B1#1"},
			{0, peek("q", 10), "C1 A2 B1 A1"},
			{0, receiveFor("q", 3, 0), "C1#1 A2#1 B1#2"},
			{0, peek("q", 10), "A1 C1 B1 A2"},
		},
	},
	{
		name: "a change to zero joins the line at once",
		says: "A message that is visible at once (a change of the visibility timeout to zero) joins its line at that point of the call.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, texts("q", "a", "b", "c", "d"), "a b c d"},
			{0, receive("q", 3), "a#1 b#1 c#1"},
			{1 * sec, change("q", 0, "c#1", "a#1"), "changed changed"},
			{1 * sec, peek("q", 10), "d c a"},
			{1 * sec, texts("q", "e"), "e"},
			{1 * sec, uncount("q", "b#1"), "changed"},
			{1 * sec, receive("q", 10), "d#1 c#2 a#2 e#1 b#2"},
		},
	},
	{
		name: "a receive hands out at most what was asked for",
		says: "Receive hands out up to r.Max messages and hides them. It returns at once, also when there is none.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, receive("q", 10), "-"},
			{0, next(), "never"},
			{0, texts("q", "a", "b", "c"), "a b c"},
			{0, receive("q", 2), "a#1 b#1"},
			{0, receive("q", 1<<30), "c#1"},
			{0, receive("q", 10), "-"},
			{0, stats("q"), "0/0/3"},
		},
	},
	{
		// I21.
		name: "the limit of what is in flight holds exactly",
		says: "At the limit a receive from a standard queue fails with ErrInFlightLimit. Below the limit, no more are returned than it leaves room for.",
		steps: timeline{
			{0, create("q", driver.Patch{MaxInFlight: new(2), VisibilityTimeout: new(10 * sec)}), "created"},
			{0, texts("q", "a", "b", "c", "d"), "a b c d"},
			{0, receive("q", 1), "a#1"},
			{1 * sec, receive("q", 10), "b#1"},
			{1 * sec, receive("q", 10), "ErrInFlightLimit"},
			{1 * sec, receiveFor("q", 10, 0), "ErrInFlightLimit"},
			{1 * sec, stats("q"), "2/0/2"},
			{10*sec - ns, receive("q", 1), "ErrInFlightLimit"},
			{10 * sec, receive("q", 10), "c#1"}, // a is back
			{10 * sec, remove("q", "b#1"), "deleted:current"},
			{10 * sec, receive("q", 10), "d#1"},
			{10 * sec, change("q", 0, "c#1"), "changed"},
			{10 * sec, receive("q", 10), "a#2"},
			{10 * sec, receive("q", 10), "ErrInFlightLimit"},
			{10 * sec, set("q", driver.Patch{MaxInFlight: new(1)}), "ok"},
			{10 * sec, receive("q", 10), "ErrInFlightLimit"},
			{10 * sec, remove("q", "a#2"), "deleted:current"},
			{10 * sec, receive("q", 10), "ErrInFlightLimit"},
			{10 * sec, set("q", driver.Patch{MaxInFlight: new(0)}), "ok"},
			{10 * sec, receive("q", 10), "c#2"},
			{10 * sec, purge("q"), "2"},
			{10 * sec, set("q", driver.Patch{MaxInFlight: new(1)}), "ok"},
			{10 * sec, texts("q", "e", "f"), "e f"},
			{10 * sec, receive("q", 10), "e#1"},
		},
	},
	{
		name: "the limit is an error also when nothing is visible",
		says: "ErrInFlightLimit is returned by a receive from a standard queue that has as many messages in flight as its attributes allow.",
		steps: timeline{
			{0, create("q", driver.Patch{MaxInFlight: new(1)}), "created"},
			{0, receive("q", 1), "-"},
			{0, texts("q", "a"), "a"},
			{0, receive("q", 1), "a#1"},
			{0, receive("q", 1), "ErrInFlightLimit"},
			{0, receiveFor("q", 1, 0), "ErrInFlightLimit"},
			{0, purge("q"), "1"},
			{0, receive("q", 1), "-"},
		},
	},
	{
		name: "the limit tells when to come again",
		says: "NextAt and DefaultWait of the answer are set beside the error too.",
		steps: timeline{
			{0, create("q", driver.Patch{MaxInFlight: new(1), ReceiveWait: new(7 * sec)}), "created"},
			{0, send("q", msg("a"), msg("b", after(20*sec))), "a b"},
			{0, receive("q", 1), "a#1"},
			{1 * sec, receive("q", 1), "ErrInFlightLimit"},
			{1 * sec, next(), "20s"},
			{1 * sec, change("q", 5*sec, "a#1"), "changed"},
			{1 * sec, receive("q", 1), "ErrInFlightLimit"},
			{1 * sec, next(), "6s"},
		},
		play: func(p *play) {
			if got := p.received.DefaultWait; got != 7*sec {
				p.fail("got a default wait of %v, want 7s", got)
			}
		},
	},
	{
		name: "the limit counts what is visible again at once",
		says: "Below the limit, no more are returned than it leaves room for, whatever the visibility timeout.",
		steps: timeline{
			{0, create("q", driver.Patch{MaxInFlight: new(3)}), "created"},
			{0, texts("q", "a", "b", "c", "d", "e"), "a b c d e"},
			{0, receive("q", 1), "a#1"},
			{0, receiveFor("q", 10, 0), "b#1 c#1"},
			{0, stats("q"), "4/0/1"},
			{0, receiveFor("q", 10, 0), "d#1 e#1"},
		},
	},
	{
		// Trap D8.
		name: "NextAt follows every change",
		says: "NextAt is the next instant at which a message that is delayed or in flight falls due, or the zero time if there is none.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"}, {0, receive("q", 1), "-"}, {0, next(), "never"},
			{0, send("q", msg("a", after(9*sec))), "a"}, {0, receive("q", 1), "-"}, {0, next(), "9s"},
			{0, send("q", msg("b", after(8*sec))), "b"}, {0, receive("q", 1), "-"}, {0, next(), "8s"},
			{0, send("q", msg("c", after(hour))), "c"}, {0, receive("q", 1), "-"}, {0, next(), "8s"},
			{1 * sec, cancel("q", "b"), "cancelled"}, {1 * sec, receive("q", 1), "-"}, {1 * sec, next(), "9s"},
			{2 * sec, texts("q", "d"), "d"}, {2 * sec, receiveFor("q", 1, 3*sec), "d#1"}, {2 * sec, next(), "5s"},
			{3 * sec, change("q", sec, "d#1"), "changed"}, {3 * sec, receive("q", 1), "-"}, {3 * sec, next(), "4s"},
			{3 * sec, change("q", 7*sec, "d#1"), "changed"}, {3 * sec, receive("q", 1), "-"}, {3 * sec, next(), "9s"},
			{9 * sec, receiveFor("q", 1, hour), "a#1"}, {9 * sec, next(), "10s"},
			{9 * sec, remove("q", "d#1"), "deleted:current"}, {9 * sec, receive("q", 1), "-"}, {9 * sec, next(), "1h0m0s"},
			{9 * sec, change("q", 0, "a#1"), "changed"}, {9 * sec, receive("q", 1), "a#2"}, {9 * sec, next(), "39s"},
			{9 * sec, purge("q"), "2"}, {9 * sec, receive("q", 1), "-"}, {9 * sec, next(), "never"},
		},
	},
	{
		// Traps R17 and D10.
		name: "every delivery has the same content",
		says: "FirstReceivedAt: the zero time until the first receive.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec)}), "created"},
			{0, send("q", msg("a", group("g"), dedup("x"), carrying("n", driver.Number("1")))), "a"},
			{0, history("q", "a"), "sent 0s first never received 0"},
			{5 * sec, receive("q", 1), "a#1"},
			{5 * sec, history("q", "a"), "sent 0s first 5s received 1"},
			{15 * sec, receive("q", 1), "a#2"},
			{15 * sec, history("q", "a"), "sent 0s first 5s received 2"},
			{16 * sec, change("q", 0, "a#2"), "changed"},
			{16 * sec, receive("q", 1), "a#3"},
			{16 * sec, history("q", "a"), "sent 0s first 5s received 3"},
		},
		play: func(p *play) {
			d := p.received.Deliveries[0]
			if d.Group != "g" || d.DeduplicationID != "x" || len(d.Attributes) != 1 || d.Attributes["n"] != driver.Number("1") {
				p.fail("third delivery: got %+v, want group g, deduplication ID x and attribute n", d)
			}
		},
	},
	{
		// Trap R21.
		name: "a thousand timeouts that ended long ago",
		says: "Before it answers anything, an engine applies all that fell due until now.",
		play: func(p *play) {
			p.check(0, create("q", driver.Patch{}), "created")
			_, err := p.engine.Send(p.t.Context(), p.now, p.queue("q"), make([]driver.Message, 1000))
			p.must(err)
			received, err := p.engine.Receive(p.t.Context(), p.now, p.queue("q"), driver.Receive{Max: 1001})
			p.must(err)
			if got := len(received.Deliveries); got != 1000 {
				p.fail("got %d deliveries, want 1000", got)
			}
			p.check(400*day, stats("q"), "1000/0/0")
			p.check(400*day, ages("q"), "9600h0m0s/0s/0s")
		},
	},
}

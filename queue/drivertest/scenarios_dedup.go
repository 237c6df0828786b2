package drivertest

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/redriveq/redrive/queue/driver"
)

// window is a deduplication window of 10 seconds.
func window() driver.Patch { return driver.Patch{DeduplicationWindow: new(10 * sec)} }

// dedupScenarios are about sends that repeat a deduplication ID.
var dedupScenarios = []scenario{
	{
		// Trap F11.
		name: "a duplicate changes nothing",
		says: "Makes a send that repeats it within the queue's deduplication window a duplicate: it changes nothing and answers with the message that was there first.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, send("q", msg("a", dedup("x"))), "a"},
			{1 * sec, send("q", msg("b", dedup("x"), after(sec), group("g"), carrying("n", driver.String("v")))), "=a"},
			{1 * sec, send("q", msg("c", dedup("y"))), "c"},
			{2 * sec, list("q"), "a:visible:0s c:visible:1s"},
			{2 * sec, history("q", "a"), "sent 0s first never received 0"},
			{2 * sec, size("q"), "2"},
			{2 * sec, remembered("q"), "2"},
		},
		play: func(p *play) {
			p.now = p.start.Add(3 * sec)
			listed, err := p.engine.List(p.t.Context(), p.now, p.queue("q"), 0, 1)
			p.must(err)
			results, err := p.engine.Send(p.t.Context(), p.now, p.queue("q"), []driver.Message{msg("d", dedup("x"))})
			p.must(err)
			if got, want := results[0].Sequence, listed[0].Sequence; got != want || got == 0 {
				p.fail("got sequence %d, want %d of the message that was there first", got, want)
			}
		},
	},
	{
		name: "the window is half-open and counts from the first send",
		says: "DeduplicationWindow is how long a deduplication ID is remembered after the send, whatever happens to the message.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, send("q", msg("a", dedup("x"))), "a"},
			{6 * sec, send("q", msg("b", dedup("x"))), "=a"}, // does not prolong it
			{10*sec - ns, send("q", msg("c", dedup("x"))), "=a"},
			{10*sec - ns, remembered("q"), "1"},
			{10 * sec, remembered("q"), "0"},
			{10 * sec, send("q", msg("d", dedup("x"))), "d"},
			{20*sec - ns, send("q", msg("e", dedup("x"))), "=d"},
			{20*sec + ns, send("q", msg("f", dedup("x"))), "f"},
			{20*sec + ns, stats("q"), "3/0/0"},
		},
	},
	{
		// Trap F7.
		name: "a delete does not forget",
		says: "DeduplicationWindow is how long a deduplication ID is remembered after the send, whatever happens to the message.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, send("q", msg("a", dedup("x"))), "a"},
			{0, receive("q", 1), "a#1"},
			{1 * sec, send("q", msg("b", dedup("x"))), "=a"},
			{1 * sec, remove("q", "a#1"), "deleted:current"},
			{2 * sec, remembered("q"), "1"},
			{10*sec - ns, send("q", msg("b", dedup("x"))), "=a"},
			{10 * sec, send("q", msg("b", dedup("x"))), "b"},
		},
	},
	{
		name: "retention does not forget",
		says: "DeduplicationWindow is how long a deduplication ID is remembered after the send, whatever happens to the message.",
		steps: timeline{
			{0, create("q", driver.Patch{DeduplicationWindow: new(10 * sec), Retention: new(5 * sec)}), "created"},
			{0, send("q", msg("a", dedup("x"))), "a"},
			{5 * sec, send("q", msg("b", dedup("x"))), "=a"},
			{5 * sec, stats("q"), "0/0/0"},
			{10 * sec, send("q", msg("b", dedup("x"))), "b"},
		},
	},
	{
		name: "dead-lettering does not forget, nor is it checked there",
		says: "Its deduplication ID is not checked there.", // Trap Q6.
		steps: timeline{
			{0, create("dead", window()), "created"},
			{0, create("q", driver.Patch{DeduplicationWindow: new(10 * sec), DeadLetter: deadLetter("dead", 1)}), "created"},
			{0, send("dead", msg("first", dedup("x"))), "first"},
			{0, send("q", msg("a", dedup("x")), msg("b", dedup("y"))), "a b"},
			{0, receiveFor("q", 2, 0), "a#1 b#1"},
			{1 * sec, receive("q", 2), "-, 2 dead-lettered to dead"},
			{1 * sec, list("dead"), "first:visible:0s a:visible:1s b:visible:1s"},
			{1 * sec, remembered("dead"), "1"},
			{1 * sec, send("dead", msg("c", dedup("x")), msg("d", dedup("y"))), "=first d"},
			{1 * sec, send("q", msg("e", dedup("x"))), "=a"},
		},
	},
	{
		// Trap D30.
		name: "a cancel forgets",
		says: "Cancelling the message and purging the queue forget it.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, send("q", msg("a", dedup("x"), after(5*sec)), msg("b", dedup("y"))), "a b"},
			{1 * sec, cancel("q", "a"), "cancelled"},
			{1 * sec, remembered("q"), "1"},
			{1 * sec, send("q", msg("c", dedup("x")), msg("d", dedup("y"))), "c =b"},
			{1 * sec, cancel("q", "a"), "gone"}, // and leaves the ID of c
			{1 * sec, send("q", msg("e", dedup("x"))), "=c"},
			{10 * sec, send("q", msg("f", dedup("x")), msg("g", dedup("y"))), "=c g"},
		},
	},
	{
		name: "a cancel that is too late does not forget",
		says: "Cancelling the message and purging the queue forget it.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, send("q", msg("a", dedup("x"))), "a"},
			{0, receive("q", 1), "a#1"},
			{1 * sec, cancel("q", "a"), "in-flight"},
			{1 * sec, change("q", 0, "a#1"), "changed"},
			{1 * sec, cancel("q", "a"), "delivered"},
			{1 * sec, send("q", msg("b", dedup("x"))), "=a"},
		},
	},
	{
		name: "a cancel of an older message leaves the newer one's ID",
		says: "Cancel removes messages that were never received, and forgets their deduplication IDs.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, send("q", msg("a", dedup("x"), after(hour))), "a"},
			{10 * sec, send("q", msg("b", dedup("x"))), "b"},
			{11 * sec, cancel("q", "a"), "cancelled"},
			{11 * sec, send("q", msg("c", dedup("x"))), "=b"},
		},
	},
	{
		// Trap F8.
		name: "a purge forgets",
		says: "Cancelling the message and purging the queue forget it.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, send("q", msg("a", dedup("x")), msg("b", dedup("y"))), "a b"},
			{0, receive("q", 1), "a#1"},
			{0, remove("q", "a#1"), "deleted:current"},
			{1 * sec, purge("q"), "1"},
			{1 * sec, remembered("q"), "0"},
			{1 * sec, send("q", msg("c", dedup("x")), msg("d", dedup("y"))), "c d"},
			{10 * sec, send("q", msg("e", dedup("x"))), "=c"}, // the old window ends and takes nothing along
		},
	},
	{
		// Trap F15.
		name: "duplicates within one send",
		says: "Inputs act as if they came one after the other, in order, with nothing in between.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, send("q", msg("a", dedup("x")), msg("b", dedup("x")), msg("c"), msg("d", dedup("y")), msg("e", dedup("x")), msg("f", dedup("y"))), "a =a c d =a =d"},
			{0, stats("q"), "3/0/0"},
			{0, remembered("q"), "2"},
		},
	},
	{
		// Trap F9.
		name: "the scope of the group",
		says: "ScopeGroup: in each message group.",
		steps: timeline{
			{0, create("q", driver.Patch{DeduplicationWindow: new(10 * sec), DeduplicationScope: new(driver.ScopeGroup)}), "created"},
			{0, send("q", msg("a", dedup("x"), group("g")), msg("b", dedup("x"), group("h")), msg("c", dedup("x")), msg("d", dedup("x"), group("g"))), "a b c =a"},
			{0, remembered("q"), "3"},
			{0, create("r", window()), "created"},
			{0, send("r", msg("e", dedup("x"), group("g")), msg("f", dedup("x"), group("h"))), "e =e"},
		},
	},
	{
		// Trap F12.
		name: "groups and IDs do not run together",
		says: "ScopeGroup: in each message group.",
		steps: timeline{
			{0, create("q", driver.Patch{DeduplicationWindow: new(10 * sec), DeduplicationScope: new(driver.ScopeGroup)}), "created"},
			{0, send("q", msg("a", group("a"), dedup("bc")), msg("b", group("ab"), dedup("c")), msg("c", dedup("abc"))), "a b c"},
			{0, send("q", msg("d", group("a/b"), dedup("c")), msg("e", group("a"), dedup("b/c"))), "d e"},
			{0, send("q", msg("f", group("a\x00"), dedup("c")), msg("g", group("a"), dedup("\x00c"))), "f g"},
		},
	},
	{
		name: "queues do not share IDs",
		says: "ScopeQueue: in the whole queue.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, create("r", window()), "created"},
			{0, send("q", msg("a", dedup("x"))), "a"},
			{0, send("r", msg("b", dedup("x"))), "b"},
			{0, send("q", msg("c", dedup("x"))), "=a"},
			{0, purge("r"), "1"},
			{0, send("q", msg("c", dedup("x"))), "=a"},
		},
	},
	{
		name: "without a window nothing is remembered",
		says: "Zero switches deduplication off.",
		steps: timeline{
			{0, create("q", driver.Patch{ContentDeduplication: new(true)}), "created"},
			{0, send("q", msg("a", dedup("x")), msg("b", dedup("x")), msg("c"), msg("c")), "a b c c'"},
			{0, remembered("q"), "0"},
			{0, set("q", window()), "ok"}, // from now on
			{0, send("q", msg("d", dedup("x")), msg("e", dedup("x"))), "d =d"},
			{0, set("q", driver.Patch{DeduplicationWindow: new(0 * sec)}), "ok"},
			{0, send("q", msg("f", dedup("x")), msg("g", dedup("x"))), "f g"},
		},
	},
	{
		name: "the window of the send counts",
		says: "DeduplicationWindow is how long a deduplication ID is remembered after the send.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, send("q", msg("a", dedup("x"))), "a"},
			{0, set("q", driver.Patch{DeduplicationWindow: new(hour)}), "ok"},
			{0, send("q", msg("b", dedup("y"))), "b"},
			{10 * sec, send("q", msg("c", dedup("x")), msg("d", dedup("y"))), "c =b"},
			{hour, send("q", msg("e", dedup("x")), msg("f", dedup("y"))), "=c f"},
		},
	},
	{
		name: "messages without an ID are never duplicates",
		says: "Empty means none.",
		steps: timeline{
			{0, create("q", window()), "created"},
			{0, send("q", msg("a"), msg("a"), msg("a", dedup("x")), msg("a", dedup("x"))), "a a' a'' =a''"},
			{0, remembered("q"), "1"},
		},
	},
	{
		name: "deduplication by content",
		says: "Empty means none, or, where the queue has ContentDeduplication, the SHA-256 of the body.",
		steps: timeline{
			{0, create("q", driver.Patch{DeduplicationWindow: new(10 * sec), ContentDeduplication: new(true)}), "created"},
			{0, send("q", msg("a"), msg("b"), msg("a", carrying("n", driver.String("v")), group("g"))), "a b =a"},
			{1 * sec, send("q", msg("a", dedup("own")), msg("c", dedup("own"))), "a' =a'"}, // its own ID wins
			{1 * sec, send("q", msg(""), msg("")), " ="},
			{1 * sec, remembered("q"), "4"},
			{10 * sec, send("q", msg("a")), "a''"},
		},
		play: func(p *play) {
			listed, err := p.engine.List(p.t.Context(), p.now, p.queue("q"), 0, 1)
			p.must(err)
			sum := sha256.Sum256([]byte("a"))
			if got, want := listed[0].DeduplicationID, hex.EncodeToString(sum[:]); got != want {
				p.fail("got deduplication ID %q, want %q", got, want)
			}
		},
	},
	{
		name: "in FIFO queues as in standard ones",
		says: "Makes a send that repeats it within the queue's deduplication window a duplicate.",
		steps: timeline{
			{0, create("q", driver.Patch{FIFO: new(true), DeduplicationWindow: new(10 * sec)}), "created"},
			{0, send("q", msg("a", dedup("x"), group("g")), msg("b", dedup("x"), group("h"))), "a =a"},
			{0, receive("q", 10), "a#1"},
			{0, send("q", msg("b", dedup("x"), group("g"))), "=a"},
		},
	},
}

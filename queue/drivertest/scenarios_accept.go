package drivertest

import (
	"github.com/redriveq/redrive/queue/driver"
)

// acceptScenarios are about messages of other brokers.
var acceptScenarios = []scenario{
	{
		name: "an arrival has its history",
		says: "Accept adds messages that come from another broker, with their history.",
		steps: timeline{
			{0, create("q", driver.Patch{Delay: new(hour)}), "created"},
			{10 * sec, accept("q",
				arrival("k1", hour, msg("a", group("g"), dedup("d")), sentAt(-hour), firstAt(-sec, 3)),
				arrival("k2", hour, msg("b")),
				arrival("k3", hour, msg("c", at(20*sec)), sentAt(-2*sec)),
				arrival("k4", hour, msg("d", at(5*sec))),
			), "a b c d"},
			{10 * sec, list("q"), "a:visible:10s b:visible:10s c:delayed:20s d:visible:10s"}, // whatever the queue's delay
			{10 * sec, history("q", "a"), "sent -1h0m0s first -1s received 3"},
			{10 * sec, history("q", "b"), "sent 10s first never received 0"},
			{10 * sec, history("q", "c"), "sent -2s first never received 0"},
			{10 * sec, cancel("q", "a", "b", "c"), "delivered cancelled cancelled"},
			{10 * sec, receive("q", 1), "a#1"},
			{10 * sec, history("q", "a"), "sent -1h0m0s first -1s received 4"},
		},
		play: func(p *play) {
			if d := p.received.Deliveries[0]; d.Group != "g" || d.DeduplicationID != "d" || d.Origin != (driver.QueueRef{}) {
				p.fail("got %+v, want group g, deduplication ID d and no origin", d)
			}
		},
	},
	{
		name: "a key is remembered for so long",
		says: "An arrival whose key was accepted by this queue within the latest Remember of it is a Duplicate.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, accept("q", arrival("k", 10*sec, msg("a"))), "a"},
			{5 * sec, accept("q", arrival("k", 10*sec, msg("b")), arrival("l", 10*sec, msg("c"))), "=a c"},
			{10*sec - ns, accept("q", arrival("k", 10*sec, msg("b"))), "=a"},
			{10 * sec, accept("q", arrival("k", 10*sec, msg("b"))), "b"},
			{15*sec - ns, accept("q", arrival("k", 10*sec, msg("e")), arrival("l", 10*sec, msg("e"))), "=b =c"},
			{15 * sec, contents("q"), "a c b"},
		},
	},
	{
		name: "a key within one call",
		says: "Inputs act as if they came one after the other, in order, with nothing in between.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, accept("q", arrival("k", sec, msg("a")), arrival("k", sec, msg("b")), arrival("l", sec, msg("c"))), "a =a c"},
			{0, contents("q"), "a c"},
			{0, accept("q"), "-"},
		},
	},
	{
		name: "a key outlives the message",
		says: "A key is remembered whatever becomes of the message and of the queue's other messages, for as long as the queue exists.",
		steps: timeline{
			{0, create("q", driver.Patch{DeduplicationWindow: new(hour)}), "created"},
			{0, create("r", driver.Patch{}), "created"},
			{0, accept("q", arrival("k", hour, msg("a")), arrival("l", hour, msg("b")), arrival("m", hour, msg("c"))), "a b c"},
			{0, cancel("q", "a"), "cancelled"},
			{0, receive("q", 1), "b#1"},
			{0, remove("q", "b#1"), "deleted:current"},
			{0, purge("q"), "1"},
			{1 * sec, accept("q", arrival("k", hour, msg("d")), arrival("l", hour, msg("d")), arrival("m", hour, msg("d"))), "=a =b =c"},
			{1 * sec, stats("q"), "0/0/0"},
			{1 * sec, accept("r", arrival("k", hour, msg("d"))), "d"}, // each queue has its own
			{1 * sec, drop("q"), "ok"},
			{1 * sec, create("q", driver.Patch{}), "created"},
			{1 * sec, accept("q", arrival("k", hour, msg("e"))), "e"},
		},
	},
	{
		name: "what is refused is not remembered",
		says: "It is a Send.",
		steps: timeline{
			{0, create("q", driver.Patch{MaxMessages: new(1), MaxMessageBytes: new(3)}), "created"},
			{0, accept("q", arrival("k", hour, msg("long"))), "too-large"},
			{0, accept("q", arrival("k", hour, msg("a")), arrival("l", hour, msg("b"))), "a full"},
			{0, accept("q", arrival("k", hour, msg("c")), arrival("k", hour, msg("long"))), "=a too-large"},
			{0, cancel("q", "a"), "cancelled"},
			{0, accept("q", arrival("l", hour, msg("b"))), "b"},
			{0, drop("q"), "ok"},
			{0, accept("q", arrival("l", hour, msg("b"))), "ErrNoQueue"},
		},
	},
	{
		name: "deduplication IDs of arrivals",
		says: "Except that deduplication IDs are kept and not looked at.",
		steps: timeline{
			{0, create("q", driver.Patch{DeduplicationWindow: new(hour)}), "created"},
			{0, send("q", msg("a", dedup("d"))), "a"},
			{0, accept("q", arrival("k", hour, msg("b", dedup("d"))), arrival("l", hour, msg("c", dedup("d")))), "b c"},
			{0, send("q", msg("e", dedup("d"))), "=a"},
			{0, contents("q"), "a b c"},
			{0, receive("q", 9), "a#1 b#1 c#1"},
		},
		play: func(p *play) {
			for _, d := range p.received.Deliveries {
				if d.DeduplicationID != "d" {
					p.fail("got deduplication ID %q of %s, want d", d.DeduplicationID, d.Body)
				}
			}
		},
	},
	{
		name: "retention goes on from elsewhere",
		says: "SentAt, FirstReceivedAt and RetainFrom are in broker time; the zero time means now, never, and now.",
		steps: timeline{
			{0, create("q", driver.Patch{Retention: new(20 * sec)}), "created"},
			{10 * sec, accept("q",
				arrival("k", hour, msg("a"), retainedFrom(-5*sec), sentAt(-hour)),
				arrival("l", hour, msg("b"), sentAt(-hour)),
			), "a b"},
			{15*sec - ns, stats("q"), "2/0/0"},
			{15 * sec, list("q"), "b:visible:10s"},
			{30*sec - ns, list("q"), "b:visible:10s"},
			{30 * sec, list("q"), "-"},
		},
	},
	{
		name: "the dead-letter policy counts arrivals from zero",
		says: "ReceiveCount that consumers see; the dead-letter policy counts from zero.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, accept("q", arrival("k", hour, msg("a"), firstAt(-sec, 7))), "a"},
			step{0, receiveFor("q", 1, 0), "a#1"},
			step{0, receiveFor("q", 1, 0), "a#2"},
			step{0, receiveFor("q", 1, 0), "-, 1 dead-lettered to dead"},
			step{0, history("dead", "a"), "sent 0s first -1s received 9 from q"},
		),
	},
	{
		name: "the hops of an arrival are in its ledger",
		says: "Hops: how many brokers it has come through.",
		steps: apart(driver.Patch{}, driver.Patch{},
			step{0, accept("q", arrival("k", hour, msg("a"), hops(2), firstAt(-sec, 1), retainedFrom(-hour))), "a"},
			step{0, receiveLedgers("q", 1), "a#1"}, // it is not under transfer
			step{0, change("q", 0, "a#1"), "changed"},
			step{1 * sec, transfer("t", "q", "x"), "a"},
			step{1 * sec, receiveLedgers("x", 1), "a#2{t home q due 0s received 1 retained -1h0m0s hops 2}"},
			step{11 * sec, restore("x"), "a"},
			step{11 * sec, history("q", "a"), "sent 0s first -1s received 1"},
			step{12 * sec, transfer("t", "q", "x"), "a"},
			step{12 * sec, receiveLedgers("x", 1), "a#3{t home q due 0s received 1 retained -1h0m0s hops 2}"},
		),
	},
}

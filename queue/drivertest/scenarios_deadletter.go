package drivertest

import (
	"fmt"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// deadLetter is a policy.
func deadLetter(queue string, receives int) *driver.DeadLetter {
	return &driver.DeadLetter{Queue: queue, MaxReceives: receives}
}

// withDeadLetters makes "q", whose messages go to "dead" after two receives.
func withDeadLetters(target, source driver.Patch, more ...step) timeline {
	source.VisibilityTimeout = new(10 * sec)
	source.DeadLetter = deadLetter("dead", 2)
	return append(timeline{
		{0, create("dead", target), "created"},
		{0, create("q", source), "created"},
	}, more...)
}

// deadLetterScenarios are about messages that were received too often.
var deadLetterScenarios = []scenario{
	{
		// Trap Q1; I6.
		name: "the receive that would be one too many moves the message",
		says: "The receive that would be one more moves it instead.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a"), "a"},
			step{0, receive("q", 1), "a#1"},
			step{10 * sec, receive("q", 1), "a#2"},
			step{20*sec - ns, receive("q", 1), "-"},
			step{20 * sec, stats("q"), "1/0/0"}, // not when the timeout ends
			step{20 * sec, stats("dead"), "0/0/0"},
			step{21 * sec, receive("q", 1), "-, 1 dead-lettered to dead"},
			step{21 * sec, next(), "never"},
			step{21 * sec, stats("q"), "0/0/0"},
			step{21 * sec, list("dead"), "a:visible:21s"},
			step{21 * sec, history("dead", "a"), "sent 0s first 0s received 2 from q"},
			step{22 * sec, receive("dead", 1), "a#3"},
			step{22 * sec, history("dead", "a"), "sent 0s first 0s received 3 from q"},
		),
	},
	{
		// Trap Q8 in part.
		name: "a dead letter keeps what it is",
		says: "It keeps its ID, content, send time and receive count, its origin is this queue.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{1 * sec, send("q", msg("a", group("g"), dedup("x"), carrying("n", driver.Number("1")))), "a"},
			step{2 * sec, receiveFor("q", 1, 0), "a#1"},
			step{3 * sec, receiveFor("q", 1, 0), "a#2"},
			step{4 * sec, receive("q", 1), "-, 1 dead-lettered to dead"},
			step{5 * sec, receive("dead", 1), "a#3"},
			step{5 * sec, history("dead", "a"), "sent 1s first 2s received 3 from q"},
			step{5 * sec, ages("dead"), "0s/0s/4s"},
		),
		play: func(p *play) {
			d := p.received.Deliveries[0]
			if d.Group != "g" || d.DeduplicationID != "x" || d.Attributes["n"] != driver.Number("1") {
				p.fail("got %+v, want group g, deduplication ID x and attribute n", d)
			}
			if want := (driver.QueueRef{ID: p.queue("q"), Name: "q"}); d.Origin != want {
				p.fail("got origin %v, want %v", d.Origin, want)
			}
		},
	},
	{
		name: "the receive goes on after a dead letter",
		says: "The same receive then goes on to the next.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a", "b"), "a b"},
			step{0, receiveFor("q", 2, 0), "a#1 b#1"},
			step{0, receiveFor("q", 2, 0), "a#2 b#2"},
			step{0, texts("q", "c", "d"), "c d"},
			step{1 * sec, receive("q", 1), "c#1, 2 dead-lettered to dead"},
			step{1 * sec, list("dead"), "a:visible:1s b:visible:1s"},
			step{1 * sec, receive("q", 5), "d#1"},
		),
	},
	{
		name: "what the receive does not reach stays",
		says: "The same receive then goes on to the next.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a", "b", "c"), "a b c"},
			step{0, receiveFor("q", 1, 0), "a#1"}, // b c a
			step{0, receiveFor("q", 3, 0), "b#1 c#1 a#2"},
			step{0, receive("q", 2), "b#2 c#2"},
			step{0, list("q"), "a:visible:0s b:in-flight:10s c:in-flight:10s"},
			step{0, receive("q", 2), "-, 1 dead-lettered to dead"},
		),
	},
	{
		// I6; I19.
		name: "ten thousand dead letters before one good message",
		says: "The same receive then goes on to the next.",
		play: tenThousandDeadLetters,
	},
	{
		// Trap R9.
		name: "looking with a visibility of zero counts",
		says: "Visibility: zero: visible again at once, and counted.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a"), "a"},
			step{0, receiveFor("q", 1, 0), "a#1"},
			step{0, receiveFor("q", 1, 0), "a#2"},
			step{0, peek("q", 1), "a"}, // looking with Peek does not
			step{0, peek("q", 1), "a"},
			step{0, receiveFor("q", 1, 0), "-, 1 dead-lettered to dead"},
		),
	},
	{
		name: "what is taken back does not count",
		says: "Uncount takes this delivery out of the message's receive counts, once: it was never worked on.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a"), "a"},
			step{0, receive("q", 1), "a#1"},
			step{1 * sec, uncount("q", "a#1"), "changed"},
			step{1 * sec, receive("q", 1), "a#2"},
			step{2 * sec, change("q", 0, "a#2"), "changed"},
			step{2 * sec, receive("q", 1), "a#3"},
			step{3 * sec, change("q", 0, "a#3"), "changed"},
			step{3 * sec, receive("q", 1), "-, 1 dead-lettered to dead"},
		),
	},
	{
		// Trap Q3.
		name: "a missing dead-letter queue loses nothing",
		says: "If it does not exist then, or is full, the message stays where it is and goes on being delivered.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a", "b"), "a b"},
			step{0, receiveFor("q", 2, 0), "a#1 b#1"},
			step{0, receiveFor("q", 2, 0), "a#2 b#2"},
			step{0, drop("dead"), "ok"},
			step{0, receive("q", 1), "a#3, 1 stranded"},
			step{0, receiveFor("q", 1, 0), "b#3, 1 stranded"},
			step{0, history("q", "a"), "sent 0s first 0s received 3"},
			step{10 * sec, receive("q", 2), "b#4 a#4, 2 stranded"},
			step{11 * sec, remove("q", "b#4"), "deleted:current"},
			step{11 * sec, create("dead", driver.Patch{}), "created"},
			step{20*sec - ns, list("dead"), "-"},
			step{20 * sec, receive("q", 2), "-, 1 dead-lettered to dead"}, // the name is looked up
			step{20 * sec, history("dead", "a"), "sent 0s first 0s received 4 from q"},
		),
	},
	{
		name: "a full dead-letter queue loses nothing",
		says: "If it does not exist then, or is full, the message stays where it is and goes on being delivered.",
		steps: withDeadLetters(driver.Patch{MaxMessages: new(1), MaxBytes: new(int64(5)), Retention: new(hour)}, driver.Patch{},
			step{0, texts("q", "six...", "b", "c"), "six... b c"},
			step{0, receiveFor("q", 3, 0), "six...#1 b#1 c#1"},
			step{0, receiveFor("q", 3, 0), "six...#2 b#2 c#2"},
			step{0, receiveFor("q", 5, 0), "six...#3 c#3, 1 dead-lettered to dead, 2 stranded"},
			step{0, history("q", "c"), "sent 0s first 0s received 3"},
			step{0, stats("q"), "2/0/0"},
			step{1 * sec, set("dead", driver.Patch{MaxMessages: new(0)}), "ok"},
			step{1 * sec, receiveFor("q", 5, 0), "six...#4, 1 dead-lettered to dead, 1 stranded"},
			step{hour, receiveFor("q", 5, 0), "six...#5, 1 stranded"}, // six bytes never fit
			step{hour + sec, stats("dead"), "0/0/0"},
			step{hour + sec, set("dead", driver.Patch{MaxBytes: new(int64(6))}), "ok"},
			step{hour + sec, receiveFor("q", 5, 0), "-, 1 dead-lettered to dead"},
		),
	},
	{
		name: "what is over in the dead-letter queue makes room",
		says: "Before it answers anything, an engine applies all that fell due until now.",
		steps: withDeadLetters(driver.Patch{MaxMessages: new(1), Retention: new(10 * sec)}, driver.Patch{},
			step{0, texts("dead", "old"), "old"},
			step{0, texts("q", "a"), "a"},
			step{0, receiveFor("q", 1, 0), "a#1"},
			step{0, receiveFor("q", 1, 0), "a#2"},
			step{10*sec - ns, receiveFor("q", 1, 0), "a#3, 1 stranded"},
			step{10 * sec, receiveFor("q", 1, 0), "-, 1 dead-lettered to dead"},
			step{10 * sec, list("dead"), "a:visible:10s"},
		),
	},
	{
		name: "a dead-letter queue that was created again",
		says: "It is looked up when a message must go there.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a"), "a"},
			step{0, receiveFor("q", 1, 0), "a#1"},
			step{0, receiveFor("q", 1, 0), "a#2"},
			step{0, drop("dead"), "ok"},
			step{0, create("dead", driver.Patch{}), "created"},
			step{0, receive("q", 1), "-, 1 dead-lettered to dead"},
			step{0, list("dead"), "a:visible:0s"},
			step{0, drop("q"), "ok"},
			step{0, create("q", driver.Patch{}), "created"},
			step{0, history("dead", "a"), "sent 0s first 0s received 2 from q which is q@1"},
		),
	},
	{
		name: "a dead-letter queue that was created again as the other kind",
		says: "If it does not exist then, is of the other kind (FIFO or standard), or is full, the message stays where it is and goes on being delivered.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a"), "a"},
			step{0, receiveFor("q", 1, 0), "a#1"},
			step{0, receiveFor("q", 1, 0), "a#2"},
			step{0, drop("dead"), "ok"},
			step{0, create("dead", driver.Patch{FIFO: new(true)}), "created"},
			step{0, receiveFor("q", 1, 0), "a#3, 1 stranded"},
			step{0, list("dead"), "-"},
			step{0, drop("dead"), "ok"},
			step{0, create("dead", driver.Patch{}), "created"},
			step{0, receive("q", 1), "-, 1 dead-lettered to dead"},
		),
	},
	{
		// Trap Q19.
		name: "receipts and cancels after the move",
		says: "AlreadyGone: the receipt was real, the message is no longer here.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a"), "a"},
			step{0, receive("q", 1), "a#1"},
			step{10 * sec, receive("q", 1), "a#2"},
			step{20 * sec, receive("q", 1), "-, 1 dead-lettered to dead"},
			step{20 * sec, remove("q", "a#2", "a#1"), "gone gone"},
			step{20 * sec, change("q", sec, "a#2"), "gone"},
			step{20 * sec, cancel("q", "a"), "gone"},
			step{20 * sec, cancel("dead", "a"), "delivered"},
			// The generation grew with the move.
			step{20 * sec, remove("dead", "a#2"), "refused-superseded:superseded"},
			step{20 * sec, change("dead", sec, "a#2"), "refused-superseded"},
			step{20 * sec, list("dead"), "a:visible:20s"},
			step{20 * sec, receive("dead", 1), "a#3"},
			step{20 * sec, remove("dead", "a#3"), "deleted:current"},
			step{20 * sec, cancel("dead", "a"), "unknown"}, // it was not sent there
		),
	},
	{
		// Trap Q20.
		name: "dead letters of dead letters",
		says: "MaxReceives is how often a message can be received from this queue.",
		steps: timeline{
			{0, create("c", driver.Patch{}), "created"},
			{0, create("b", driver.Patch{DeadLetter: deadLetter("c", 2)}), "created"},
			{0, create("a", driver.Patch{DeadLetter: deadLetter("b", 1)}), "created"},
			{0, texts("a", "m"), "m"},
			{0, receiveFor("a", 1, 0), "m#1"},
			{1 * sec, receiveFor("a", 1, 0), "-, 1 dead-lettered to b"},
			{2 * sec, receiveFor("b", 1, 0), "m#2"}, // consumers see the total
			{2 * sec, receiveFor("b", 1, 0), "m#3"},
			{3 * sec, receiveFor("b", 1, 0), "-, 1 dead-lettered to c"},
			{3 * sec, history("c", "m"), "sent 0s first 0s received 3 from b"},
		},
	},
	{
		name: "a dead letter joins the end of the other queue",
		says: "A message that is visible at once (an arrival from another queue) joins its line at that point of the call.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a"), "a"},
			step{0, receiveFor("q", 1, 0), "a#1"},
			step{0, receiveFor("q", 1, 0), "a#2"},
			step{1 * sec, texts("dead", "x"), "x"},
			step{1 * sec, send("dead", msg("y", after(sec))), "y"},
			step{2 * sec, receive("q", 1), "-, 1 dead-lettered to dead"},
			step{2 * sec, texts("dead", "z"), "z"},
			step{2 * sec, peek("dead", 5), "x y a z"},
			step{2 * sec, list("dead"), "x:visible:1s y:visible:2s a:visible:2s z:visible:2s"}, // by arrival
		),
	},
	{
		name: "the limit of what is in flight does not keep dead letters",
		says: "The receive that would be one more moves it instead.",
		steps: withDeadLetters(driver.Patch{MaxInFlight: new(1)}, driver.Patch{MaxInFlight: new(1)},
			step{0, texts("dead", "busy"), "busy"},
			step{0, receive("dead", 1), "busy#1"},
			step{0, texts("q", "a", "b"), "a b"},
			step{0, receiveFor("q", 1, 0), "a#1"},
			step{0, receiveFor("q", 1, 0), "b#1"},
			step{0, receiveFor("q", 1, 0), "a#2"},
			step{0, remove("q", "b#1"), "deleted:late"},
			step{0, texts("q", "c", "d"), "c d"},
			step{0, receive("q", 5), "c#1, 1 dead-lettered to dead"},
			step{0, receive("q", 5), "ErrInFlightLimit"},
			step{0, stats("dead"), "1/0/1"},
		),
	},
	{
		name: "a dead letter is a turn of its group",
		says: "Goes to the dead-letter queue instead (which in a standard queue is a turn of its group).",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, send("q", inGroups("A1")...), "A1"},
			step{0, receiveFor("q", 1, 0), "A1#1"},
			step{0, receiveFor("q", 1, 0), "A1#2"},
			step{0, send("q", inGroups("A2", "B1", "C1", "A3")...), "A2 B1 C1 A3"},
			step{0, peek("q", 5), "A1 B1 C1 A2 A3"},
			step{0, receive("q", 1), "B1#1, 1 dead-lettered to dead"},
			step{0, peek("q", 5), "C1 A2 A3"},
		),
	},
	{
		name: "a dead letter takes its bytes along",
		says: "Bytes: the sizes of all of them.",
		steps: withDeadLetters(driver.Patch{MaxMessageBytes: new(1)}, driver.Patch{},
			step{0, send("q", msg("abc", carrying("n", driver.String("v")))), "abc"},
			step{0, receiveFor("q", 1, 0), "abc#1"},
			step{0, receiveFor("q", 1, 0), "abc#2"},
			step{0, size("q"), "11"},
			step{0, receiveFor("q", 1, 0), "-, 1 dead-lettered to dead"},
			step{0, size("q"), "0"},
			step{0, size("dead"), "11"},
		),
	},
	{
		name: "without a policy a message is received for ever",
		says: "The zero value means none.",
		steps: withDeadLetters(driver.Patch{}, driver.Patch{},
			step{0, texts("q", "a"), "a"},
			step{0, receiveFor("q", 1, 0), "a#1"},
			step{0, receiveFor("q", 1, 0), "a#2"},
			step{0, set("q", driver.Patch{DeadLetter: &driver.DeadLetter{}}), "ok"},
			step{0, receiveFor("q", 1, 0), "a#3"},
			step{0, receiveFor("q", 1, 0), "a#4"},
			step{0, set("q", driver.Patch{DeadLetter: deadLetter("dead", 5)}), "ok"},
			step{0, receiveFor("q", 1, 0), "a#5"},
			step{0, receiveFor("q", 1, 0), "-, 1 dead-lettered to dead"},
		),
	},
}

// tenThousandDeadLetters exhausts so many messages and then asks for one.
func tenThousandDeadLetters(p *play) {
	const many = 10_000
	p.run(timeline{
		{0, create("dead", driver.Patch{}), "created"},
		{0, create("q", driver.Patch{VisibilityTimeout: new(time.Duration(0)), DeadLetter: deadLetter("dead", 1)}), "created"},
	})
	ctx, q := p.t.Context(), p.queue("q")
	_, err := p.engine.Send(ctx, p.now, q, make([]driver.Message, many))
	p.must(err)
	received, err := p.engine.Receive(ctx, p.now, q, driver.Receive{Max: many})
	p.must(err)
	if got := len(received.Deliveries); got != many {
		p.fail("got %d deliveries, want %d", got, many)
	}
	p.check(1*sec, texts("q", "good"), "good")
	p.check(1*sec, receive("q", 1), fmt.Sprintf("good#1, %d dead-lettered to dead", many))
	p.check(1*sec, stats("dead"), fmt.Sprintf("%d/0/0", many))
	p.check(1*sec, stats("q"), "1/0/0")
}

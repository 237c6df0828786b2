package drivertest

import (
	"fmt"

	"github.com/redriveq/redrive/queue/driver"
)

// sharedDeadLetters makes "q1" and "q2", whose messages go to "dead" after one
// receive, and lets "a" and "c" of q1 and "b" of q2 go there.
func sharedDeadLetters(source driver.Patch, more ...step) timeline {
	source.DeadLetter = deadLetter("dead", 1)
	steps := timeline{
		{0, create("dead", driver.Patch{}), "created"},
		{0, create("q1", source), "created"},
		{0, create("q2", source), "created"},
	}
	for _, m := range []struct{ q, body string }{{"q1", "a"}, {"q2", "b"}, {"q1", "c"}} {
		steps = append(steps,
			step{0, send(m.q, msg(m.body, after(0))), m.body},
			step{0, receiveFor(m.q, 1, 0), m.body + "#1"},
			step{1 * sec, receive(m.q, 1), "-, 1 dead-lettered to dead"},
		)
	}
	return append(steps, more...)
}

// threeIn makes the queues "s" and "d", and sends "a", "b" and "c" to s.
func threeIn(from, to driver.Patch, more ...step) timeline {
	return append(timeline{
		{0, create("s", from), "created"},
		{0, create("d", to), "created"},
		{0, texts("s", "a", "b", "c"), "a b c"},
	}, more...)
}

var toD = mover{from: "s", to: "d"}

// moveScenarios are about what a move task moves, and what it does not.
var moveScenarios = []scenario{
	{
		// Trap Q14.
		name: "what a start checks, in its order",
		says: "It checks, in this order.",
		steps: timeline{
			{0, create("s", driver.Patch{}), "created"},
			{0, create("d", driver.Patch{}), "created"},
			{0, create("f", driver.Patch{FIFO: new(true)}), "created"},
			{0, startMove("t", mover{from: "none", to: gone, strict: true}), "ErrNoQueue"},
			{0, startMove("t", mover{from: "s", to: gone, strict: true}), "ErrNotDeadLetterQueue"},
			{0, startMove("t", mover{from: "s", to: gone}), "ErrNoDestination"},
			{0, startMove("t", mover{from: "s", to: "s"}), "ErrInvalid"},
			{0, startMove("t", mover{from: "s", to: "f"}), "ErrInvalid"},
			{0, startMove("t", mover{from: "f", to: "s"}), "ErrInvalid"},
			{0, activeTasks(), "-"},
			{0, startMove("t", toD), "running 0/0"},
			{0, startMove("u", mover{from: "s", to: "s"}), "ErrInvalid"},
			{0, startMove("u", toD), "ErrMoveActive"},
			{0, dryMove(mover{from: "s", to: "s"}), "ErrInvalid"},
			{0, dryMove(mover{from: "none"}), "ErrNoQueue"},
			{0, activeTasks(), "t:running"},
		},
	},
	{
		name: "a dead-letter queue is one that a policy names",
		says: "The source is the dead-letter queue of some queue's policy, unless AnySource is set.",
		steps: timeline{
			{0, create("dead", driver.Patch{}), "created"},
			{0, startMove("t", mover{from: "dead", strict: true}), "ErrNotDeadLetterQueue"},
			{0, create("q", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "created"},
			{0, dryMove(mover{from: "dead", strict: true}), "running 0/0"},
			{0, dryMove(mover{from: "q", strict: true}), "ErrNotDeadLetterQueue"},
			{0, set("q", driver.Patch{DeadLetter: &driver.DeadLetter{}}), "ok"},
			{0, dryMove(mover{from: "dead", strict: true}), "ErrNotDeadLetterQueue"},
			{0, set("q", driver.Patch{DeadLetter: deadLetter("dead", 1)}), "ok"},
			{0, drop("q"), "ok"},
			{0, startMove("t", mover{from: "dead", strict: true}), "ErrNotDeadLetterQueue"},
			{0, startMove("t", mover{from: "dead"}), "running 0/0"},
		},
	},
	{
		name: "a hundred tasks can be active",
		says: "Fewer than MaxActiveMoves tasks are active in the engine, else ErrTooManyMoves.",
		play: hundredMoves,
	},
	{
		name: "a dry run keeps nothing",
		says: "With dryRun only answers what it would be: the ID is zero then, and nothing is kept. A dry run skips the last two.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, dryMove(toD), "running 0/3"},
			step{0, activeTasks(), "-"},
			step{0, tasksOf("s", 10), "-"},
			step{0, startMove("t", toD), "running 0/3"},
			step{0, dryMove(mover{from: "s", to: "d", limit: 2}), "running 0/2"},
			step{0, tasksOf("s", 10), "t:running"},
			step{0, contents("s"), "a b c"},
		),
	},
	{
		// Trap Q8.
		name: "messages of two sources go home",
		says: "Zero means that each goes back to the queue that it was dead-lettered from.",
		steps: sharedDeadLetters(driver.Patch{},
			step{2 * sec, startMove("t", mover{from: "dead", strict: true}), "running 0/3"},
			step{3 * sec, moved("t"), "completed 3/3 to q1 q2"},
			step{3 * sec, contents("dead"), "-"},
			step{3 * sec, contents("q1"), "a c"},
			step{3 * sec, contents("q2"), "b"},
			step{3 * sec, history("q1", "a'"), "sent 3s first never received 0"},
			step{3 * sec, times("t"), "started 2s ended 3s"},
		),
	},
	{
		name: "only the queues in which messages arrived are told",
		says: "Arrived: the queues to which the step moved messages, each once.",
		steps: sharedDeadLetters(driver.Patch{},
			step{2 * sec, startMove("t", mover{from: "dead"}), "running 0/3"},
			step{2 * sec, stepMove("t", 1, 9), "running 1/3 to q1"},
			step{2 * sec, stepMove("t", 0, 0), "running 1/3"},
			step{2 * sec, stepMove("t", 1, 9), "running 2/3 to q2"},
			step{2 * sec, moved("t"), "completed 3/3 to q1"},
			step{2 * sec, moved("t"), "completed 3/3"},
		),
	},
	{
		name: "a moved message is a new one",
		says: "Without KeepIdentity it is a new message: it has a new ID and was sent now, retention starts now, and it can be cancelled.",
		steps: sharedDeadLetters(driver.Patch{Delay: new(hour), Retention: new(20 * sec)},
			step{5 * sec, startMove("t", mover{from: "dead", limit: 2}), "running 0/2"},
			step{6 * sec, moved("t"), "completed 2/2 to q1 q2"},
			step{6 * sec, list("q1"), "a':visible:6s"}, // whatever the delay
			step{6 * sec, history("q1", "a'"), "sent 6s first never received 0"},
			step{6 * sec, cancel("q1", "a", "a'", "a'"), "gone cancelled gone"},
			step{6 * sec, cancel("dead", "a"), "unknown"},
			step{26*sec - ns, list("q2"), "b':visible:6s"},
			step{26 * sec, list("q2"), "-"},
		),
	},
	{
		name: "a message that keeps its identity",
		says: "With it, the ID, the instants of the send and of the first receive, and the instant from which retention counts are kept, and the message was delivered before as far as a cancel is concerned.",
		steps: sharedDeadLetters(driver.Patch{Delay: new(hour), Retention: new(20 * sec)},
			step{5 * sec, startMove("t", mover{from: "dead", keep: true, limit: 2}), "running 0/2"},
			step{6 * sec, moved("t"), "completed 2/2 to q1 q2"},
			step{6 * sec, list("q1"), "a:visible:6s"},
			step{6 * sec, history("q1", "a"), "sent 0s first 0s received 0"},
			step{6 * sec, cancel("q1", "a"), "delivered"},
			step{6 * sec, cancel("dead", "a"), "unknown"},
			step{21*sec - ns, list("q2"), "b:visible:6s"}, // counted from the dead-lettering
			step{21 * sec, list("q2"), "-"},
		),
	},
	{
		name: "what was never received can not be cancelled when it keeps its identity",
		says: "The message was delivered before as far as a cancel is concerned.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{1 * sec, startMove("t", mover{from: "s", to: "d", keep: true}), "running 0/3"},
			step{1 * sec, moved("t"), "completed 3/3 to d"},
			step{1 * sec, history("d", "a"), "sent 0s first never received 0"},
			step{1 * sec, cancel("d", "a"), "delivered"},
			step{1 * sec, cancel("s", "a"), "gone"},
		),
	},
	{
		// I4.
		name: "receipts from before the move do nothing",
		says: "The generation grows.",
		steps: threeIn(driver.Patch{VisibilityTimeout: new(10 * sec), ReceiptPolicy: new(driver.Latest)}, driver.Patch{},
			step{0, receive("s", 2), "a#1 b#1"},
			step{10 * sec, startMove("t", mover{from: "s", to: "d", keep: true}), "running 0/3"},
			step{10 * sec, moved("t"), "completed 3/3 to d"},
			step{10 * sec, remove("s", "a#1"), "gone"},
			step{10 * sec, change("s", sec, "a#1"), "gone"},
			step{10 * sec, remove("d", "a#1"), "refused-superseded:superseded"},
			step{10 * sec, change("d", 0, "a#1"), "refused-superseded"},
			step{10 * sec, receive("d", 1), "a#2"},
			step{10 * sec, remove("d", "a#1", "a#2"), "refused-superseded:superseded deleted:current"},
		),
		play: func(p *play) {
			if before, after := p.receipt("a#1").Generation, p.receipt("a#2").Generation; after < before+2 {
				p.fail("generation %d, then %d, want it to grow by the move and by the receive", before, after)
			}
		},
	},
	{
		name: "the dead-letter policy counts from zero, and there is no origin",
		says: "Without origin; receives, and the ones that a dead-letter policy counts, are counted from zero.",
		steps: sharedDeadLetters(driver.Patch{},
			step{2 * sec, startMove("t", mover{from: "dead", keep: true}), "running 0/3"},
			step{2 * sec, moved("t"), "completed 3/3 to q1 q2"},
			step{3 * sec, receiveFor("q2", 1, 0), "b#2"},
			step{3 * sec, history("q2", "b"), "sent 0s first 0s received 1"},
			step{4 * sec, receiveFor("q2", 1, 0), "-, 1 dead-lettered to dead"},
			step{4 * sec, history("dead", "b"), "sent 0s first 0s received 1 from q2"},
		),
	},
	{
		// Trap F1 in part.
		name: "what is in flight or delayed is passed over",
		says: "A message that is visible and that the filter means is moved; others are passed over and not looked at again.",
		steps: threeIn(driver.Patch{VisibilityTimeout: new(10 * sec)}, driver.Patch{},
			step{0, send("s", msg("late", after(5*sec)), msg("e")), "late e"},
			step{0, receive("s", 1), "a#1"},
			step{0, startMove("t", toD), "running 0/5"}, // in all states
			step{0, stepMove("t", 9, 1), "running 0/5"}, // a
			step{1 * sec, change("s", 0, "a#1"), "changed"},
			step{1 * sec, stepMove("t", 9, 3), "running 2/5 to d"}, // b, c and late
			step{5 * sec, list("s"), "a:visible:1s late:visible:5s e:visible:0s"},
			step{5 * sec, moved("t"), "completed 3/5 to d"},
			step{5 * sec, contents("s"), "a late"},
			step{5 * sec, contents("d"), "b c e"},
		),
	},
	{
		// Trap Q10.
		name: "what arrives during the task stays",
		says: "Those that arrive later are not touched, so a task ends even if consumers send to its source what it moves.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, startMove("t", toD), "running 0/3"},
			step{0, texts("s", "d"), "d"},
			step{1 * sec, stepMove("t", 2, 9), "running 2/3 to d"},
			step{1 * sec, texts("s", "e"), "e"},
			step{2 * sec, moved("t"), "completed 3/3 to d"},
			step{2 * sec, contents("s"), "d e"},
		),
	},
	{
		name: "arrivals do not make up for what went",
		says: "The task is for the messages that are in the source now.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, startMove("t", toD), "running 0/3"},
			step{0, cancel("s", "b"), "cancelled"},
			step{0, texts("s", "d"), "d"},
			step{1 * sec, moved("t"), "completed 2/3 to d"},
			step{1 * sec, contents("s"), "d"},
		),
	},
	{
		name: "an empty task is completed by its first step",
		says: "The task is completed by the step that moves the last of Total messages, or after which no message up to the last one of the start is left to look at.",
		steps: timeline{
			{0, create("s", driver.Patch{}), "created"},
			{0, create("d", driver.Patch{}), "created"},
			{0, startMove("t", toD), "running 0/0"},
			{0, texts("s", "a"), "a"},
			{1 * sec, stepMove("t", 0, 0), "completed 0/0"},
			{1 * sec, times("t"), "started 0s ended 1s"},
		},
	},
	{
		name: "a step moves at most so many, and looks at at most so many",
		says: "StepMove moves up to max messages by the task and looks at up to look of them, both at least 0.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, startMove("t", toD), "running 0/3"},
			step{0, stepMove("t", 0, 9), "running 0/3"},
			step{0, stepMove("t", 9, 0), "running 0/3"},
			step{0, stepMove("t", 1, 9), "running 1/3 to d"},
			step{0, stepMove("t", 9, 1), "running 2/3 to d"},
			step{0, stepMove("t", 9, 1), "completed 3/3 to d"},
		),
	},
	{
		name: "a limit",
		says: "Limit how many at most; zero means all. Total: Move.Limit if that is less.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, startMove("t", mover{from: "s", to: "d", limit: 2}), "running 0/2"},
			step{0, moved("t"), "completed 2/2 to d"},
			step{0, startMove("u", mover{from: "s", to: "d", limit: 2}), "running 0/1"},
			step{0, moved("u"), "completed 1/1 to d"},
			step{0, contents("d"), "a b c"},
		),
	},
	{
		name: "filters",
		says: "A Filter says which messages are meant: those for which everything that is set holds.",
		steps: sharedDeadLetters(driver.Patch{},
			step{2 * sec, create("d", driver.Patch{}), "created"},
			step{2 * sec, send("dead", msg("e", group("g")), msg("f", carrying("n", driver.Number("1"))), msg("h", carrying("n", driver.String("1")))), "e f h"},
			step{2 * sec, dryMove(mover{from: "dead", filter: driver.Filter{Group: new("g")}}), "running 0/1"},
			step{2 * sec, dryMove(mover{from: "dead", filter: driver.Filter{Group: new("")}}), "running 0/5"},
			step{2 * sec, startMove("t", mover{from: "dead", filter: driver.Filter{Origin: "q1", Group: new("")}}), "running 0/2"},
			step{2 * sec, moved("t"), "completed 2/2 to q1"},
			step{2 * sec, contents("q1"), "a c"},
			step{2 * sec, startMove("u", mover{from: "dead", to: "d", filter: driver.Filter{Attributes: map[string]driver.Value{"n": driver.Number("1")}}}), "running 0/1"},
			step{2 * sec, moved("u"), "completed 1/1 to d"},
			step{2 * sec, contents("d"), "f"},
			step{2 * sec, contents("dead"), "b e h"},
		),
	},
	{
		name: "moved messages join the end, with the next sequences",
		says: "In the destination it is visible at once, whatever the queue's delay, at the end of the queue's order and with the next sequence.",
		steps: threeIn(driver.Patch{}, driver.Patch{Delay: new(hour)},
			step{0, send("d", msg("x", after(0)), msg("y", after(2*sec))), "x y"},
			step{1 * sec, startMove("t", mover{from: "s", to: "d", keep: true}), "running 0/3"},
			step{1 * sec, moved("t"), "completed 3/3 to d"},
			step{1 * sec, send("d", msg("z", after(0))), "z"},
			step{2 * sec, list("d"), "x:visible:0s y:visible:2s a:visible:1s b:visible:1s c:visible:1s z:visible:1s"},
			step{2 * sec, peek("d", 9), "x a b c z y"},
		),
	},
	{
		// I11.
		name: "a FIFO queue keeps its order",
		says: "At the end of the queue's order and with the next sequence.",
		steps: timeline{
			{0, create("s", fifo()), "created"},
			{0, create("d", fifo()), "created"},
			{0, send("s", inGroups("A1", "B1", "A2", "B2", "A3")...), "A1 B1 A2 B2 A3"},
			{0, receive("s", 1), "A1#1"},
			{0, startMove("t", mover{from: "s", to: "d", keep: true}), "running 0/5"},
			{0, stepMove("t", 3, 9), "running 3/5 to d"},
			{0, peek("d", 9), "B1 A2 B2"}, // nothing is in flight there
			{0, receive("s", 9), "-"},
			{0, receive("d", 1), "B1#1"},
			{0, moved("t"), "completed 4/5 to d"},
			{0, peek("d", 9), "A2 A3"},
			{1 * sec, remove("s", "A1#1"), "deleted:current"},
			{1 * sec, stats("s"), "0/0/0"},
		},
	},
	{
		name: "size limits and deduplication are not looked at",
		says: "Size limits and deduplication are not looked at.",
		steps: timeline{
			{0, create("s", driver.Patch{}), "created"},
			{0, create("d", driver.Patch{MaxMessageBytes: new(2), DeduplicationWindow: new(hour)}), "created"},
			{0, send("d", msg("x", dedup("k"))), "x"},
			{0, send("s", msg("long", dedup("k"))), "long"},
			{0, startMove("t", toD), "running 0/1"},
			{0, moved("t"), "completed 1/1 to d"},
			{0, contents("d"), "x long"},
			{0, size("d"), "5"},
		},
	},
}

// hundredMoves starts as many tasks as there may be.
func hundredMoves(p *play) {
	p.check(0, create("d", driver.Patch{}), "created")
	for i := range driver.MaxActiveMoves + 1 {
		q := fmt.Sprint("s", i)
		p.check(0, create(q, driver.Patch{}), "created")
		if i < driver.MaxActiveMoves {
			p.check(0, startMove(q, mover{from: q, to: "d"}), "running 0/0")
		}
	}
	last := mover{from: "s100", to: "d"}
	p.run(timeline{
		{0, startMove("t", last), "ErrTooManyMoves"},
		{0, startMove("t", mover{from: "s1", to: "d"}), "ErrMoveActive"},
		{0, dryMove(last), "running 0/0"},
		{0, cancelMove("s1"), "cancelling 0/0"},
		{0, startMove("t", last), "ErrTooManyMoves"}, // it is active still
		{0, moved("s1"), "cancelled 0/0"},
		{0, startMove("t", last), "running 0/0"},
		{0, startMove("s1", mover{from: "s1", to: "d"}), "ErrTooManyMoves"},
		{0, drop("s2"), "ok"},
		{0, startMove("s1", mover{from: "s1", to: "d"}), "running 0/0"},
	})
}

package drivertest

import (
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// queueScenarios are about queues as such: how they come, are found and go.
var queueScenarios = []scenario{
	{
		// Trap F16.
		name: "creation is idempotent",
		says: "If there is one, and applying the patch would change nothing, that one is returned with created false; else the error is ErrQueueExists.",
		steps: timeline{
			{0, create("q", driver.Patch{Delay: new(5 * sec)}), "created"},
			{1 * sec, create("q", driver.Patch{Delay: new(5 * sec)}), "found q"},
			{1 * sec, create("q", driver.Patch{}), "found q"},
			{1 * sec, createFrom("q", driver.Attributes{}, driver.Patch{}), "found q"},
			{1 * sec, create("q", driver.Patch{FIFO: new(false)}), "found q"},
			{1 * sec, create("q", driver.Patch{Delay: new(5*sec + ns)}), "ErrQueueExists"},
			{1 * sec, create("q", driver.Patch{FIFO: new(true)}), "ErrQueueExists"},
			{1 * sec, create("q", driver.Patch{DeadLetterSources: &driver.DeadLetterSources{Mode: driver.AllowNone}}), "ErrQueueExists"},
			{2 * sec, describe("q"), "q created 0s modified 0s"},
			{3 * sec, set("q", driver.Patch{Delay: new(time.Duration(0))}), "ok"},
			{3 * sec, create("q", driver.Patch{Delay: new(5 * sec)}), "ErrQueueExists"},
			{4 * sec, describe("q"), "q created 0s modified 3s"},
			{5 * sec, set("q", driver.Patch{Delay: new(time.Duration(0))}), "ok"}, // as it was
			{5 * sec, set("q", driver.Patch{}), "ok"},
			{5 * sec, create("q", driver.Patch{}), "found q"},
			{5 * sec, describe("q"), "q created 0s modified 3s"},
		},
	},
	{
		name: "an unknown queue",
		says: "Every method that names a queue returns ErrNoQueue if that instance does not exist.",
		steps: slices.Concat(
			timeline{{0, lookup("q"), "ErrNoQueue"}}, everyCall("q", "ErrNoQueue"),
			timeline{{0, create("q", driver.Patch{}), "created"}, {0, lookup("q"), "q"}, {0, lookup("Q"), "ErrNoQueue"}, {0, lookup("q "), "ErrNoQueue"}},
		),
	},
	{
		// Traps R23 and F18; also I4.
		name: "a queue that is created again is another",
		says: "A queue that is created again under the name of a deleted one is another instance. It is never zero and never used again.",
		steps: slices.Concat(
			timeline{
				{0, create("q", driver.Patch{DeduplicationWindow: new(hour)}), "created"},
				{0, send("q", msg("a", dedup("x")), msg("b")), "a b"},
				{0, receive("q", 1), "a#1"},
				{1 * sec, drop("q"), "ok"},
				{1 * sec, lookup("q"), "ErrNoQueue"},
				{1 * sec, queues("", "", 10), "-"},
				{2 * sec, create("q", driver.Patch{DeduplicationWindow: new(hour)}), "created"},
				{2 * sec, lookup("q"), "q"},
				{2 * sec, describe("q"), "q created 2s modified 2s"},
			},
			everyCall("q@1", "ErrNoQueue"),
			timeline{
				{2 * sec, stats("q"), "0/0/0"},
				{2 * sec, remembered("q"), "0"},
				{2 * sec, send("q", msg("c", dedup("x"))), "c"},
				{2 * sec, remove("q", "a#1"), "gone"},
				{2 * sec, change("q", 0, "a#1"), "gone"},
				{2 * sec, cancel("q", "a", "b"), "unknown unknown"},
				{2 * sec, list("q"), "c:visible:2s"},
			},
		),
		play: func(p *play) {
			ids := p.queues["q"]
			if ids[0] == 0 || ids[1] == 0 || ids[0] == ids[1] {
				p.fail("got instances %d and %d, want two different ones that are not zero", ids[0], ids[1])
			}
			if p.id("a") == p.id("c") || p.id("b") == p.id("c") {
				p.fail("the ID of a message of the first instance was used again")
			}
		},
	},
	{
		name: "queues are listed by name",
		says: "ListQueues returns up to max queues whose names begin with prefix and sort after the given one, in the order of their names, compared as bytes.",
		steps: timeline{
			{0, queues("", "", 10), "-"},
			{0, create("b", driver.Patch{}), "created"},
			{0, create("a.fifo", driver.Patch{FIFO: new(true)}), "created"},
			{0, create("a", driver.Patch{}), "created"},
			{0, create("é", driver.Patch{}), "created"},
			{0, create("B", driver.Patch{}), "created"},
			{0, create("a-2", driver.Patch{}), "created"},
			{0, create("a10", driver.Patch{}), "created"},
			{0, queues("", "", 10), "B a a-2 a.fifo a10 b é"},
			{0, queues("", "", 7), "B a a-2 a.fifo a10 b é"},
			{0, queues("", "", 2), "B a"},
			{0, queues("", "a", 2), "a-2 a.fifo"},
			{0, queues("", "a!", 2), "a-2 a.fifo"},
			{0, queues("a", "", 10), "a a-2 a.fifo a10"},
			{0, queues("a", "a-2", 10), "a.fifo a10"},
			{0, queues("a", "b", 10), "-"},
			{0, queues("b", "a", 10), "b"},
			{0, queues("", "é", 10), "-"},
			{0, queues("a1", "", 10), "a10"},
			{0, drop("a-2"), "ok"},
			{0, queues("a", "a-2", 1), "a.fifo"},
			{0, queues("a", "a", 1), "a.fifo"},
		},
	},
	{
		name: "a deleted queue takes its messages along",
		says: "DeleteQueue deletes the queue with all messages.",
		steps: timeline{
			{0, create("q", driver.Patch{MaxMessages: new(2)}), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{0, drop("q"), "ok"},
			{0, drop("q"), "ErrNoQueue"},
			{0, create("q", driver.Patch{MaxMessages: new(2)}), "created"},
			{0, receive("q", 10), "-"},
			{0, texts("q", "c", "d"), "c d"},
		},
	},
	{
		name: "deleting one queue leaves the others",
		says: "Every method that names a queue returns ErrNoQueue if that instance does not exist.",
		steps: timeline{
			{0, create("a", driver.Patch{}), "created"},
			{0, create("b", driver.Patch{}), "created"},
			{0, create("c", driver.Patch{}), "created"},
			{0, texts("a", "x"), "x"},
			{0, texts("c", "y"), "y"},
			{0, drop("b"), "ok"},
			{0, lookup("a"), "a"},
			{0, lookup("c"), "c"},
			{0, queues("", "", 10), "a c"},
			{0, receive("a", 10), "x#1"},
			{0, receive("c", 10), "y#1"},
		},
	},
	{
		name: "the engine has a secret",
		says: "Secrets returns the secrets of this engine's store, at least one, each of at least 32 random bytes, that are made with the store and kept with it.",
		play: func(p *play) {
			secrets := p.engine.Secrets()
			if len(secrets) == 0 || len(secrets[0]) < 32 {
				p.fail("got %d secrets, want one of 32 bytes at least", len(secrets))
				return
			}
			kept := slices.Clone(secrets[0])
			clear(secrets[0])
			if again := p.engine.Secrets(); !slices.Equal(again[0], kept) {
				p.fail("got another secret after the caller's copy was overwritten, want the same")
			}
		},
	},
	{
		// Trap S1 in part: what a closed engine answers.
		name: "a closed engine",
		says: "Every method returns ErrClosed after Close.",
		play: func(p *play) {
			p.check(0, create("q", driver.Patch{}), "created")
			p.check(0, texts("q", "a"), "a")
			p.close()
			p.run(everyCall("q", "ErrClosed"))
			p.run(timeline{
				{0, lookup("q"), "ErrClosed"},
				{0, queues("", "", 10), "ErrClosed"},
				{0, create("q", driver.Patch{}), "ErrClosed"},
				{0, create("r", driver.Patch{}), "ErrClosed"},
			})
		},
	},
	{
		name: "nothing in, nothing out",
		says: "The results of an empty input are empty.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, texts("q", "a"), "a"},
			{0, send("q"), "-"},
			{0, remove("q"), "-"},
			{0, change("q", 0), "-"},
			{0, cancel("q"), "-"},
			{0, list("q"), "a:visible:0s"},
		},
	},
}

// everyCall makes every call that names a queue, each of which must answer want.
func everyCall(q, want string) timeline {
	return timeline{
		{5 * sec, describe(q), want},
		{5 * sec, set(q, driver.Patch{}), want},
		{5 * sec, set(q, driver.Patch{Delay: new(sec)}), want},
		{5 * sec, stats(q), want},
		{5 * sec, texts(q, "z"), want},
		{5 * sec, texts(q), want},
		{5 * sec, receive(q, 1), want},
		{5 * sec, remove(q), want},
		{5 * sec, change(q, sec), want},
		{5 * sec, cancel(q, "z"), want},
		{5 * sec, purge(q), want},
		{5 * sec, peek(q, 1), want},
		{5 * sec, list(q), want},
		{5 * sec, drop(q), want},
	}
}

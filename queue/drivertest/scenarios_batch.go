package drivertest

import (
	"fmt"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// batchScenarios are about calls with several inputs.
var batchScenarios = []scenario{
	{
		// Trap F13; I23.
		name: "results stand in the order of the inputs",
		says: "A method that takes many inputs returns one result for each, in their order.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), MaxMessageBytes: new(3), DeduplicationWindow: new(hour), MaxMessages: new(4)}), "created"},
			{0, send("q", msg("long"), msg("a", dedup("x")), msg("b", dedup("x")), msg("c"), msg("d"), msg("e"), msg("f"), msg("long"), msg("g", dedup("x"))), "too-large a =a c d e full too-large =a"},
			{0, receive("q", 2), "a#1 c#1"},
			{10 * sec, receive("q", 2), "d#1 e#1"},
			{10 * sec, receive("q", 1), "a#2"},
			{11 * sec, remove("q", "a#1", "d#1", "c#1", "d#1", "a#2"), "refused-superseded:superseded deleted:current deleted:late gone deleted:current"},
			{11 * sec, change("q", 20*sec, "a#1", "e#1", "d#1", "e#1"), "gone changed gone changed"},
			{11 * sec, cancel("q", "a", "nobody's", "e", "c"), "gone unknown in-flight gone"},
		},
	},
	{
		name: "the same receipt twice in one call",
		says: "Inputs act as if they came one after the other, in order, with nothing in between.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), MaxInFlight: new(2)}), "created"},
			{0, texts("q", "a", "b", "c"), "a b c"},
			{0, receive("q", 2), "a#1 b#1"},
			{1 * sec, remove("q", "a#1", "a#1"), "deleted:current gone"},
			{1 * sec, stats("q"), "1/0/1"},
			{1 * sec, change("q", 0, "b#1", "b#1"), "changed changed"}, // current, then late
			{1 * sec, stats("q"), "2/0/0"},
			{1 * sec, receive("q", 5), "c#1 b#2"},
			{1 * sec, receive("q", 5), "ErrInFlightLimit"},
		},
	},
	{
		name: "one call frees what the next input of it needs",
		says: "Inputs act as if they came one after the other, in order, with nothing in between.",
		play: func(p *play) {
			p.run(timeline{
				{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), MaxInFlight: new(1)}), "created"},
				{0, texts("q", "a", "b"), "a b"},
				{0, receive("q", 1), "a#1"},
				{10 * sec, receive("q", 1), "b#1"},
			})
			a, b := p.receipt("a#1"), p.receipt("b#1")
			got := p.changed("q", []driver.Change{{Receipt: a, Timeout: sec}, {Receipt: b}, {Receipt: a, Timeout: sec}, {Receipt: b, Timeout: sec}})
			if want := "in-flight-limit changed changed in-flight-limit"; got != want {
				p.fail("got %s, want %s", got, want)
			}
		},
	},
	{
		// I23, metamorphic.
		name: "a batch equals its inputs one by one",
		says: "Inputs act as if they came one after the other, in order, with nothing in between.",
		play: func(p *play) {
			for _, isFIFO := range []bool{false, true} {
				attributes := driver.Patch{
					FIFO: new(isFIFO), VisibilityTimeout: new(10 * sec), MaxInFlight: new(6), MaxMessages: new(7), MaxMessageBytes: new(9),
					DeduplicationWindow: new(15 * sec), MaxVisibility: new(25 * sec),
				}
				p.check(0, create("whole", attributes), "created")
				p.check(0, create("split", attributes), "created")
				clear(p.ids)
				clear(p.receipts)
				want := batchScript(p, "split", "", true)
				if got := batchScript(p, "whole", "'", false); got != want {
					p.fail("with FIFO %t, in whole calls:\n got %s\nas in single ones:\nwant %s", isFIFO, got, want)
				}
				p.check(0, drop("whole"), "ok")
				p.check(0, drop("split"), "ok")
			}
		},
	},
	{
		name: "a request that fails has no effect at all",
		says: "An error means that the request as a whole had no effect.",
		steps: timeline{
			{0, create("dead", driver.Patch{}), "created"},
			{0, create("q", driver.Patch{MaxInFlight: new(1), MaxVisibility: new(hour), DeadLetter: deadLetter("dead", 1)}), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{0, receiveFor("q", 1, 0), "a#1"},
			{0, receive("q", 1), "b#1"},
			{1 * sec, receive("q", 5), "ErrInFlightLimit"}, // a is not dead-lettered
			{1 * sec, receiveFor("q", 5, hour+ns), "ErrInvalid"},
			{1 * sec, stats("dead"), "0/0/0"},
			{1 * sec, list("q"), "a:visible:0s b:in-flight:30s"},
			{1 * sec, history("q", "a"), "sent 0s first 0s received 1"},
		},
	},
}

// batchScript makes the same calls in a queue each time and returns the answers:
// those with many inputs as one call, or split into calls with one. The messages
// of a queue that is not the first have names with the suffix.
func batchScript(p *play, q, suffix string, split bool) string {
	p.now = p.start
	var answers []string
	each := func(inputs int, call func(from, to int) action) {
		size := inputs
		if split {
			size = 1
		}
		for from := 0; from < inputs; from += size {
			answers = append(answers, call(from, from+size).do(p))
		}
	}
	var messages []driver.Message
	var names, receipts []string
	for i := range 16 {
		m := msg(fmt.Sprintf("m%02d", i), group(string(rune('a'+i%3))), dedup(fmt.Sprint(i*i%11)))
		if i%5 == 4 {
			m.Body = append(m.Body, " too long"...)
		}
		messages = append(messages, m)
		names = append(names, string(m.Body)+suffix)
	}
	each(len(messages), func(from, to int) action { return send(q, messages[from:to]...) })
	for _, at := range []time.Duration{0, 9 * sec, 10 * sec} {
		p.now = p.start.Add(at)
		answers = append(answers, receive(q, 4).do(p))
	}
	for _, name := range names {
		for n := range p.receipts[name] {
			receipts = append(receipts, fmt.Sprintf("%s#%d", name, n+1))
		}
	}
	receipts = append(receipts, receipts...)
	for _, timeout := range []time.Duration{0, 16 * sec, 7 * sec} {
		p.now = p.now.Add(2 * sec)
		each(len(receipts), func(from, to int) action { return change(q, timeout, receipts[from:to]...) })
		answers = append(answers, list(q).do(p))
	}
	p.now = p.now.Add(2 * sec)
	each(len(names), func(from, to int) action { return cancel(q, names[from:to]...) })
	each(len(receipts)/2, func(from, to int) action { return remove(q, receipts[from:to]...) })
	answers = append(answers, list(q).do(p), remembered(q).do(p))
	return strings.ReplaceAll(words(answers), "'", "")
}

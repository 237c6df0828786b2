package drivertest

import (
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// underPolicy is a queue with a visibility timeout of 10 seconds.
func underPolicy(policy driver.ReceiptPolicy, refuseLateChange bool) driver.Patch {
	return driver.Patch{
		VisibilityTimeout: new(10 * sec), ReceiptPolicy: new(policy), RefuseLateChange: new(refuseLateChange),
	}
}

// receiptScenarios are about what receipts may still do.
var receiptScenarios = []scenario{
	{
		// Traps R12 and R18.
		name: "latest: a late receipt deletes",
		says: "Latest lets a late receipt delete, and refuses a superseded one.",
		steps: timeline{
			{0, create("q", underPolicy(driver.Latest, false)), "created"},
			{0, texts("q", "a", "b", "c", "d"), "a b c d"},
			{0, receive("q", 4), "a#1 b#1 c#1 d#1"},
			{10*sec - ns, remove("q", "a#1"), "deleted:current"},
			{10 * sec, remove("q", "b#1"), "deleted:late"},
			{10*sec + ns, remove("q", "c#1"), "deleted:late"},
			{10*sec + ns, receive("q", 4), "d#2"},
			{10*sec + ns, remove("q", "d#1"), "refused-superseded:superseded"},
			{10*sec + ns, remove("q", "d#2"), "deleted:current"},
			{10*sec + ns, remove("q", "d#1", "d#2", "a#1"), "gone gone gone"},
			{10*sec + ns, stats("q"), "0/0/0"},
		},
	},
	{
		name: "strict: only a current receipt deletes",
		says: "Strict refuses both.",
		steps: timeline{
			{0, create("q", underPolicy(driver.Strict, false)), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{0, receive("q", 2), "a#1 b#1"},
			{10*sec - ns, remove("q", "a#1"), "deleted:current"},
			{10 * sec, remove("q", "b#1"), "refused-late:late"},
			{10*sec + ns, stats("q"), "1/0/0"},
			{10*sec + ns, receive("q", 4), "b#2"},
			{10*sec + ns, remove("q", "b#1"), "refused-superseded:superseded"},
			{20*sec + ns, remove("q", "b#1"), "refused-superseded:superseded"},
			{20*sec + ns, remove("q", "b#2"), "refused-late:late"},
			{20*sec + ns, receive("q", 4), "b#3"},
			{30 * sec, remove("q", "b#3"), "deleted:current"},
			{30 * sec, remove("q", "b#3", "b#2"), "gone gone"},
		},
	},
	{
		// Trap R13.
		name: "any: late and superseded receipts delete",
		says: "Any lets both delete. A superseded receipt never changes a visibility timeout.",
		steps: timeline{
			{0, create("q", underPolicy(driver.Any, false)), "created"},
			{0, texts("q", "a", "b", "c"), "a b c"},
			{0, receive("q", 3), "a#1 b#1 c#1"},
			{10*sec - ns, remove("q", "a#1"), "deleted:current"},
			{10 * sec, remove("q", "b#1"), "deleted:late"},
			{10 * sec, receive("q", 3), "c#2"},
			{11 * sec, change("q", 0, "c#1"), "refused-superseded"},
			{11 * sec, change("q", hour, "c#1"), "refused-superseded"},
			{11 * sec, uncount("q", "c#1"), "refused-superseded"},
			{11 * sec, list("q"), "c:in-flight:20s"},
			{11 * sec, remove("q", "c#1"), "deleted:superseded"},
			{11 * sec, remove("q", "c#2"), "gone"},
			{11 * sec, change("q", 0, "c#2"), "gone"},
			{11 * sec, stats("q"), "0/0/0"},
		},
	},
	{
		// Traps R1, R2 and R3.
		name:  "a superseded receipt changes nothing",
		says:  "A superseded receipt never changes a visibility timeout.",
		steps: slices.Concat(supersededChanges("latest", driver.Latest), supersededChanges("strict", driver.Strict)),
	},
	{
		name: "a late receipt hides the message again",
		says: "RefuseLateChange keeps a late receipt from changing the visibility timeout also where the policy lets it delete.",
		steps: timeline{
			{0, create("q", underPolicy(driver.Latest, false)), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{0, receive("q", 1), "a#1"},
			{10 * sec, list("q"), "a:visible:10s b:visible:0s"},
			{11 * sec, change("q", 0, "a#1"), "changed"},
			{12 * sec, change("q", 7*sec, "a#1"), "changed"},
			{12 * sec, list("q"), "a:in-flight:19s b:visible:0s"},
			{12 * sec, history("q", "a"), "sent 0s first 0s received 1"},
			{19*sec - ns, receive("q", 5), "b#1"},
			{19*sec - ns, change("q", 6*sec, "a#1"), "changed"},
			{25*sec - 2*ns, receive("q", 5), "-"},
			{25*sec - ns, receive("q", 5), "a#2"},
			{25*sec - ns, change("q", sec, "a#1"), "refused-superseded"},
		},
	},
	{
		name: "a late change is refused where the attributes say so",
		says: "RefuseLateChange keeps a late receipt from changing the visibility timeout also where the policy lets it delete. Strict implies it.",
		steps: slices.Concat(
			lateChange("latest", underPolicy(driver.Latest, true), "deleted:late"),
			lateChange("any", underPolicy(driver.Any, true), "deleted:late"),
			lateChange("strict", underPolicy(driver.Strict, false), "refused-late:late"),
		),
	},
	{
		// Traps R5 and R11.
		name: "a change counts from now",
		says: "Timeout: from now on; zero: visible at once.",
		steps: timeline{
			{0, create("q", underPolicy(driver.Latest, true)), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{0, receive("q", 2), "a#1 b#1"},
			{4 * sec, change("q", 10*sec, "a#1"), "changed"}, // longer
			{4 * sec, change("q", 1*sec, "b#1"), "changed"},  // shorter
			{4 * sec, list("q"), "a:in-flight:14s b:in-flight:5s"},
			{5*sec - ns, receive("q", 2), "-"},
			{5*sec - ns, next(), "5s"},
			{5 * sec, receive("q", 2), "b#2"},
			{14*sec - ns, change("q", 30*sec, "a#1"), "changed"},
			{14 * sec, receive("q", 2), "-"},
			{14 * sec, change("q", 0, "a#1"), "changed"},
			{14 * sec, list("q"), "a:visible:14s b:in-flight:15s"},
			{14 * sec, change("q", sec, "a#1"), "refused-late"},
			{14 * sec, receive("q", 2), "a#2"},
		},
	},
	{
		// Trap R15.
		name: "the cap counts from the receive",
		says: "MaxVisibility is the longest that one delivery can keep a message hidden, counted from the receive and including all changes.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), MaxVisibility: new(20 * sec)}), "created"},
			{0, texts("q", "a"), "a"},
			{0, receive("q", 1), "a#1"},
			{5 * sec, change("q", 15*sec+ns, "a#1"), "above-cap"},
			{5 * sec, list("q"), "a:in-flight:10s"},
			{5 * sec, change("q", 15*sec, "a#1"), "changed"},
			{15 * sec, change("q", 5*sec, "a#1"), "changed"},
			{15 * sec, change("q", 6*sec, "a#1"), "above-cap"},
			{20*sec - ns, change("q", ns, "a#1"), "changed"},
			{20*sec - ns, change("q", 2*ns, "a#1"), "above-cap"},
			{20 * sec, change("q", ns, "a#1"), "above-cap"}, // late
			{20 * sec, receive("q", 1), "a#2"},              // a delivery of its own
			{25 * sec, change("q", 15*sec, "a#2"), "changed"},
			{25 * sec, change("q", 15*sec+ns, "a#1"), "refused-superseded"},
		},
	},
	{
		name: "a receive above the cap is refused",
		says: "If r.Visibility is above Attributes.MaxVisibility, the error is ErrInvalid.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), MaxVisibility: new(20 * sec)}), "created"},
			{0, texts("q", "a"), "a"},
			{0, receiveFor("q", 1, 20*sec+ns), "ErrInvalid"},
			{0, history("q", "a"), "sent 0s first never received 0"},
			{0, receiveFor("q", 1, 20*sec), "a#1"},
			{0, set("q", driver.Patch{MaxVisibility: new(time.Duration(0))}), "ok"},
			{5 * sec, change("q", day, "a#1"), "changed"},
		},
	},
	{
		name: "a late message cannot be hidden above the limit",
		says: "ChangeInFlightLimit: a late message cannot be hidden again: MaxInFlight.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), MaxInFlight: new(1)}), "created"},
			{0, texts("q", "a", "b"), "a b"},
			{0, receive("q", 1), "a#1"},
			{10 * sec, receive("q", 1), "b#1"},
			{11 * sec, change("q", 5*sec, "a#1"), "in-flight-limit"},
			{11 * sec, change("q", 0, "a#1"), "changed"},
			{11 * sec, change("q", 5*sec, "b#1"), "changed"},
			{11 * sec, stats("q"), "1/0/1"},
			{11 * sec, remove("q", "b#1"), "deleted:current"},
			{11 * sec, change("q", 5*sec, "a#1"), "changed"},
			{11 * sec, stats("q"), "0/0/1"},
		},
	},
	{
		name: "a delivery that was never worked on",
		says: "Uncount takes this delivery out of the message's receive counts, once: it was never worked on.",
		steps: timeline{
			{0, create("q", underPolicy(driver.Latest, false)), "created"},
			{0, texts("q", "a"), "a"},
			{0, receive("q", 1), "a#1"},
			{1 * sec, history("q", "a"), "sent 0s first 0s received 1"},
			{1 * sec, uncount("q", "a#1"), "changed"},
			{1 * sec, list("q"), "a:visible:1s"},
			{1 * sec, history("q", "a"), "sent 0s first 0s received 0"},
			{1 * sec, cancel("q", "a"), "delivered"},
			{1 * sec, uncount("q", "a#1"), "changed"}, // once
			{1 * sec, history("q", "a"), "sent 0s first 0s received 0"},
			{1 * sec, receive("q", 1), "a#2"},
			{2 * sec, history("q", "a"), "sent 0s first 0s received 1"},
			{2 * sec, uncount("q", "a#1"), "refused-superseded"},
			{2 * sec, history("q", "a"), "sent 0s first 0s received 1"},
			{12 * sec, receive("q", 1), "a#3"},
			{12 * sec, uncount("q", "a#3"), "changed"},
			{12 * sec, history("q", "a"), "sent 0s first 0s received 1"},
		},
	},
	{
		// Trap R1 and I4.
		name: "a forged or borrowed receipt",
		says: "Nonce is random for each delivery, so that a receipt from before a crash or from before a backup was restored is not taken for a later one.",
		play: forgedReceipts,
	},
	{
		name: "receipts of one message never repeat",
		says: "Deliveries of one message never repeat a generation, nor go below an earlier one.",
		play: func(p *play) {
			p.run(timeline{
				{0, create("dead", driver.Patch{}), "created"},
				{0, create("q", driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 3}}), "created"},
				{0, texts("q", "a"), "a"},
				{0, receiveFor("q", 1, 0), "a#1"},
				{0, receiveFor("q", 1, sec), "a#2"},
				{1 * sec, uncount("q", "a#2"), "changed"},
				{1 * sec, receiveFor("q", 1, 0), "a#3"},
				{1 * sec, receiveFor("q", 1, 0), "a#4"},
				{1 * sec, receive("q", 1), "-, 1 dead-lettered to dead"},
				{1 * sec, receive("dead", 1), "a#5"},
			})
			receipts := p.receipts["a"]
			for i, r := range receipts[1:] {
				before := receipts[i]
				if r.Generation <= before.Generation || r.Nonce == before.Nonce || r.Message != p.id("a") {
					p.fail("got %+v after %+v, want a higher generation, another nonce, the same message", r, before)
				}
			}
			if receipts[4].Generation < receipts[3].Generation+2 {
				p.fail("got generation %d after %d, want one that grew with the move as well", receipts[4].Generation, receipts[3].Generation)
			}
		},
	},
	{
		// Trap R18 and R20.
		name: "whatever is in flight has an end",
		says: "VisibleAt is when the visibility timeout ends.",
		play: func(p *play) {
			p.check(0, create("q", underPolicy(driver.Latest, false)), "created")
			p.check(0, texts("q", "a", "b"), "a b")
			p.check(1*sec, receive("q", 1), "a#1")
			d := p.received.Deliveries[0]
			if d.State != driver.InFlight || !d.VisibleAt.Equal(p.start.Add(11*sec)) || d.ReceiveCount != 1 || !d.FirstReceivedAt.Equal(p.now) {
				p.fail("got %v until %s, received %d first at %s, want in flight until 11s, 1 at 1s", d.State, p.instant(d.VisibleAt), d.ReceiveCount, p.instant(d.FirstReceivedAt))
			}
			if d.Info.ID != d.Receipt.Message {
				p.fail("got a receipt of %v, want %v", d.Receipt.Message, d.Info.ID)
			}
			p.check(1*sec, list("q"), "a:in-flight:11s b:visible:0s")
			p.check(11*sec, list("q"), "a:visible:11s b:visible:0s")
			p.check(11*sec, stats("q"), "2/0/0")
		},
	},
}

// supersededChanges tries every change with an old receipt.
func supersededChanges(q string, policy driver.ReceiptPolicy) timeline {
	a1, a2 := q+"#1", q+"#2"
	return timeline{
		{0, create(q, underPolicy(policy, false)), "created"},
		{0, texts(q, q), q},
		{0, receive(q, 1), a1},
		{10 * sec, receive(q, 1), a2},
		{11 * sec, change(q, 0, a1), "refused-superseded"},
		{11 * sec, change(q, 10*sec, a1), "refused-superseded"},
		{11 * sec, uncount(q, a1), "refused-superseded"},
		{11 * sec, remove(q, a1), "refused-superseded:superseded"},
		{11 * sec, list(q), q + ":in-flight:20s"},
		{11 * sec, history(q, q), "sent 0s first 0s received 2"},
		{20 * sec, change(q, 10*sec, a1), "refused-superseded"},
		{20 * sec, list(q), q + ":visible:20s"},
		{20 * sec, remove(q, a1), "refused-superseded:superseded"},
	}
}

// lateChange tries every change with a late receipt in a queue that refuses it.
func lateChange(q string, patch driver.Patch, deleted string) timeline {
	a := q + "#1"
	return timeline{
		{0, create(q, patch), "created"},
		{0, texts(q, q), q},
		{0, receive(q, 1), a},
		{10*sec - ns, change(q, 10*sec, a), "changed"},
		{20*sec - ns, change(q, 0, a), "refused-late"},
		{20*sec - ns, change(q, 5*sec, a), "refused-late"},
		{20*sec - ns, uncount(q, a), "refused-late"},
		{20*sec - ns, list(q), q + ":visible:19.999999999s"},
		{20*sec - ns, history(q, q), "sent 0s first 0s received 1"},
		{20*sec - ns, remove(q, a), deleted},
	}
}

// forgedReceipts uses receipts that are right in all but one part.
func forgedReceipts(p *play) {
	p.run(timeline{
		{0, create("q", underPolicy(driver.Latest, false)), "created"},
		{0, create("r", underPolicy(driver.Any, false)), "created"},
		{0, texts("q", "a", "b"), "a b"},
		{0, texts("r", "c"), "c"},
		{0, receive("q", 2), "a#1 b#1"},
		{0, receive("r", 1), "c#1"},
		// The receipt of another queue's message.
		{0, remove("r", "a#1"), "gone"},
		{0, change("r", 0, "a#1"), "gone"},
		{0, remove("q", "c#1"), "gone"},
	})
	a, b := p.receipt("a#1"), p.receipt("b#1")
	for what, forged := range map[string]driver.Receipt{
		"another nonce":           {Message: a.Message, Generation: a.Generation, Nonce: a.Nonce + 1},
		"no nonce":                {Message: a.Message, Generation: a.Generation},
		"an earlier generation":   {Message: a.Message, Generation: a.Generation - 1, Nonce: a.Nonce},
		"another message's nonce": {Message: a.Message, Generation: b.Generation, Nonce: b.Nonce},
	} {
		if got := p.removed("q", []driver.Receipt{forged}); got != "refused-superseded:superseded" {
			p.fail("delete with %s: got %s, want it refused as superseded", what, got)
		}
		if got := p.changed("q", []driver.Change{{Receipt: forged, Timeout: hour}}); got != "refused-superseded" {
			p.fail("change with %s: got %s, want it refused as superseded", what, got)
		}
	}
	forged := driver.Receipt{Message: p.id("nobody's"), Generation: a.Generation, Nonce: a.Nonce}
	if got := p.removed("q", []driver.Receipt{forged}); got != "gone" {
		p.fail("delete of a message that never was: got %s, want gone", got)
	}
	p.check(0, list("q"), "a:in-flight:10s b:in-flight:10s")
	p.check(0, list("r"), "c:in-flight:10s")
}

package drivertest

import (
	"bytes"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// sendScenarios are about what a send accepts and keeps.
var sendScenarios = []scenario{
	{
		// Trap D1.
		name: "zero delay is not absent",
		says: "Nil means the queue's delay; zero means visible at once, whatever the queue's delay is.",
		steps: timeline{
			{0, create("q", driver.Patch{Delay: new(10 * sec)}), "created"},
			{0, send("q", msg("absent"), msg("zero", after(0)), msg("own", after(3*sec))), "absent zero own"},
			{0, list("q"), "absent:delayed:10s zero:visible:0s own:delayed:3s"},
			{0, receive("q", 10), "zero#1"},
		},
	},
	{
		// Traps D7 and R18.
		name: "a delay ends at its instant",
		says: "Deadlines are half-open: in force while now is before the deadline.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, send("q", msg("a", after(10*sec)), msg("b", after(10*sec+ns)), msg("c", after(ns))), "a b c"},
			{0, receive("q", 10), "-"},
			{0, next(), "1ns"},
			{1 * ns, receive("q", 10), "c#1"},
			{10*sec - ns, receive("q", 10), "-"},
			{10*sec - ns, stats("q"), "0/2/1"},
			{10*sec - ns, next(), "10s"},
			{10 * sec, stats("q"), "1/1/1"},
			{10 * sec, list("q"), "a:visible:10s b:delayed:10.000000001s c:in-flight:30.000000001s"},
			{10 * sec, receive("q", 10), "a#1"},
			{10*sec + ns, receive("q", 10), "b#1"},
		},
	},
	{
		name: "an instant instead of a delay",
		says: "At is the instant until which the message stays hidden; there is no horizon. An instant in the past means visible at once.",
		steps: timeline{
			{0, create("q", driver.Patch{Delay: new(10 * sec)}), "created"},
			{1 * sec, send("q", msg("past", at(-hour)), msg("just", at(1*sec-ns)), msg("now", at(1*sec)), msg("soon", at(1*sec+ns)), msg("far", at(200*365*day))), "past just now soon far"},
			{1 * sec, list("q"), "past:visible:1s just:visible:1s now:visible:1s soon:delayed:1.000000001s far:delayed:1752000h0m0s"},
			{1 * sec, receive("q", 10), "past#1 just#1 now#1"},
			{1*sec + ns, receive("q", 10), "soon#1"},
		},
		play: func(p *play) {
			p.check(2*sec, send("q", driver.Message{Body: []byte("ancient"), At: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)}), "ancient")
			p.check(2*sec, send("q", driver.Message{Body: []byte("last"), At: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}), "last")
			p.check(2*sec, receive("q", 10), "ancient#1")
			p.check(2*sec, stats("q"), "0/2/5")
		},
	},
	{
		// Traps R14 and D5.
		name: "the longest delay ends far away",
		says: "Delay is how long the message stays hidden after the send.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, send("q", msg("a", after(math.MaxInt64))), "a"},
			{0, receiveFor("q", 1, math.MaxInt64), "-"},
			{0, texts("q", "b"), "b"},
			{0, receiveFor("q", 2, math.MaxInt64), "b#1"},
			{0, stats("q"), "0/1/1"},
			{1000 * day, receive("q", 10), "-"},
			{1000 * day, change("q", math.MaxInt64, "b#1"), "changed"},
			{100000 * day, stats("q"), "0/1/1"},
		},
	},
	{
		name: "a message that is too large",
		says: "TooLarge: above MaxMessageBytes; nothing changed.",
		steps: timeline{
			{0, create("q", driver.Patch{MaxMessageBytes: new(12), DeduplicationWindow: new(hour)}), "created"},
			{0, texts("q", "exactlytwelv", "thirteenbytes", "ok"), "exactlytwelv too-large ok"},
			// 4 + 1 for the name, 6 for "String" or "Binary", 1 for the data.
			{0, send("q", msg("four", carrying("n", driver.String("d")))), "four"},
			{0, send("q", msg("fours", carrying("n", driver.String("d")))), "too-large"},
			{0, send("q", msg("fo", carrying("n", driver.Value{Kind: driver.KindString, Label: "l", Data: "d"}))), "fo"},
			{0, send("q", msg("fou", carrying("n", driver.Value{Kind: driver.KindString, Label: "l", Data: "d"}))), "too-large"},
			{0, size("q"), "38"},
			{0, send("q", msg("thirteenbytes", dedup("x"))), "too-large"},
			{0, remembered("q"), "0"},
			{0, send("q", msg("small", dedup("x"))), "small"},
			{0, send("q", msg("thirteenbytes", dedup("x"))), "too-large"},
			{0, set("q", driver.Patch{MaxMessageBytes: new(1)}), "ok"},
			{0, receive("q", 10), "exactlytwelv#1 ok#1 four#1 fo#1 small#1"},
		},
	},
	{
		name: "a queue that is full",
		says: "MaxMessages and MaxBytes limit what the queue holds in all states together.",
		steps: timeline{
			{0, create("q", driver.Patch{MaxMessages: new(3)}), "created"},
			{0, send("q", msg("a", after(10*sec)), msg("b"), msg("c"), msg("d")), "a b c full"},
			{0, receive("q", 1), "b#1"},
			{0, texts("q", "d"), "full"},
			{0, remove("q", "b#1"), "deleted:current"},
			{0, texts("q", "d", "e"), "d full"},
			{0, cancel("q", "a"), "cancelled"},
			{0, texts("q", "e", "f"), "e full"},
			{0, purge("q"), "3"},
			{0, texts("q", "f", "g", "h", "i"), "f g h full"},
			{0, set("q", driver.Patch{MaxMessages: new(1)}), "ok"},
			{0, texts("q", "i"), "full"},
			{0, stats("q"), "3/0/0"},
			{0, set("q", driver.Patch{MaxMessages: new(0)}), "ok"},
			{0, texts("q", "i", "j"), "i j"},
		},
	},
	{
		name: "a queue whose bytes are full",
		says: "QueueFull: MaxMessages or MaxBytes would be exceeded; nothing changed.",
		steps: timeline{
			{0, create("q", driver.Patch{MaxBytes: new(int64(10)), DeduplicationWindow: new(hour)}), "created"},
			{0, texts("q", "1234567", "abcd", "abc"), "1234567 full abc"},
			{0, texts("q", "", "x"), " full"},
			{0, size("q"), "10"},
			{0, send("q", msg("x", dedup("x"))), "full"},
			{0, remembered("q"), "0"},
			{0, receive("q", 1), "1234567#1"},
			{0, texts("q", "x"), "full"},
			{0, remove("q", "1234567#1"), "deleted:current"},
			{0, size("q"), "3"},
			{0, texts("q", "12345678", "1234567"), "full 1234567'"},
		},
	},
	{
		name: "a duplicate in a full queue",
		says: "Duplicate: the deduplication ID was seen; nothing changed.",
		steps: timeline{
			{0, create("q", driver.Patch{MaxMessages: new(1), DeduplicationWindow: new(hour)}), "created"},
			{0, send("q", msg("a", dedup("x"))), "a"},
			{0, send("q", msg("b", dedup("x")), msg("c", dedup("y"))), "=a full"},
		},
	},
	{
		// Traps D9, D10 and R17; also I25.
		name: "bytes and maps are not shared",
		says: "None keeps a slice or a map that it was given, none hands out memory that it keeps.",
		play: notShared,
	},
	{
		name: "content is carried as it is",
		says: "Body is carried byte for byte.",
		play: func(p *play) {
			p.check(0, create("q", driver.Patch{}), "created")
			var want []driver.Message
			for _, body := range []string{"", "\x00", "\xff\xfe", "\r\n", " ", "\u2028é", strings.Repeat("x", 1<<16)} {
				want = append(want, driver.Message{Body: []byte(body), Group: body[:min(len(body), 100)], Attributes: map[string]driver.Value{
					"s": driver.String(body[:min(len(body), 100)]), "S": driver.Number("-1.50e3"), "é": driver.Binary([]byte{0, 255}), "l": {Kind: driver.KindNumber, Label: "int", Data: "007"},
				}})
			}
			want = append(want, driver.Message{})
			_, err := p.engine.Send(p.t.Context(), p.now, p.queue("q"), want)
			p.must(err)
			got, err := p.engine.List(p.t.Context(), p.now, p.queue("q"), 0, 100)
			p.must(err)
			if len(got) != len(want) {
				p.fail("got %d messages, want %d", len(got), len(want))
			}
			for i, m := range want {
				if !bytes.Equal(got[i].Body, m.Body) || !maps.Equal(got[i].Attributes, m.Attributes) || got[i].Group != m.Group {
					p.fail("message %d: got %+v, want %+v", i, got[i], m)
				}
			}
			if last := got[len(got)-1]; last.Attributes != nil {
				p.fail("got attributes %v of a message without any, want nil", last.Attributes)
			}
		},
	},
	{
		// Traps F5 and F6.
		name: "sequences follow the order of the sends",
		says: "Sequence grows with each arrival in the queue; starts anew nowhere.",
		play: growingSequences,
	},
	{
		// Trap F18.
		name: "message IDs are never used again",
		says: "A MessageID names one message within one broker, for ever: it is not used again after the message is gone.",
		play: func(p *play) {
			seen := map[driver.MessageID]bool{}
			for range 3 {
				p.check(0, create("q", driver.Patch{}), "created")
				p.check(0, create("r", driver.Patch{}), "created")
				for _, q := range []string{"q", "r", "q"} {
					results, err := p.engine.Send(p.t.Context(), p.now, p.queue(q), make([]driver.Message, 100))
					p.must(err)
					for _, r := range results {
						if seen[r.ID] || r.ID == (driver.MessageID{}) {
							p.fail("got message ID %v again, or zero", r.ID)
						}
						seen[r.ID] = true
					}
					p.check(0, purge(q), "100")
				}
				p.check(0, drop("q"), "ok")
				p.check(0, drop("r"), "ok")
			}
		},
	},
}

// notShared overwrites whatever went in or came out, and looks whether the next
// answer is still right.
func notShared(p *play) {
	p.check(0, create("q", driver.Patch{VisibilityTimeout: new(time.Duration(0))}), "created")
	ctx, q := p.t.Context(), p.queue("q")
	body, attributes := []byte("body"), map[string]driver.Value{"n": driver.String("v")}
	delay := time.Duration(0)
	sent := []driver.Message{{Body: body, Attributes: attributes, Delay: &delay, Group: "g"}}
	_, err := p.engine.Send(ctx, p.now, q, sent)
	p.must(err)
	delay = hour
	sent[0].Group = "overwritten"
	spoil := func(body []byte, attributes map[string]driver.Value) {
		copy(body, "SPOILED")
		if attributes != nil {
			attributes["n"] = driver.String("spoiled")
			attributes["added"] = driver.String("spoiled")
		}
	}
	spoil(body, attributes)
	look := func(call string, info driver.Info) {
		if string(info.Body) != "body" || len(info.Attributes) != 1 || info.Attributes["n"] != driver.String("v") || info.Group != "g" {
			p.fail("%s: got body %q, attributes %v, group %q, want what was sent", call, info.Body, info.Attributes, info.Group)
		}
		spoil(info.Body, info.Attributes)
	}
	for range 2 {
		received, err := p.engine.Receive(ctx, p.now, q, driver.Receive{Max: 1})
		p.must(err)
		look("Receive", received.Deliveries[0].Info)
		peeked, err := p.engine.Peek(ctx, p.now, q, 1)
		p.must(err)
		look("Peek", peeked[0])
		listed, err := p.engine.List(ctx, p.now, q, 0, 1)
		p.must(err)
		look("List", listed[0])
	}
}

func growingSequences(p *play) {
	p.check(0, create("q", driver.Patch{}), "created")
	last := uint64(0)
	for i := range 5 {
		// The clock goes back and the queue is emptied: no matter.
		p.now = p.start.Add(-time.Duration(i) * hour)
		results, err := p.engine.Send(p.t.Context(), p.now, p.queue("q"), make([]driver.Message, 3))
		p.must(err)
		listed, err := p.engine.List(p.t.Context(), p.now, p.queue("q"), 0, 100)
		p.must(err)
		for j, r := range results {
			if r.Sequence <= last {
				p.fail("got sequence %d after %d", r.Sequence, last)
			}
			last = r.Sequence
			if listed[j].ID != r.ID || listed[j].Sequence != r.Sequence {
				p.fail("got %v with sequence %d in the list, want %v with %d", listed[j].ID, listed[j].Sequence, r.ID, r.Sequence)
			}
		}
		_, err = p.engine.Purge(p.t.Context(), p.now, p.queue("q"))
		p.must(err)
	}
}

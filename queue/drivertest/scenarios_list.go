package drivertest

import (
	"fmt"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// listScenarios are about looking without touching.
var listScenarios = []scenario{
	{
		name: "list shows all states by sequence",
		says: "List returns up to max messages in all states, by sequence, beginning after the given sequence (0: from the start).",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec)}), "created"},
			{0, list("q"), "-"},
			{0, send("q", msg("a", after(20*sec)), msg("b"), msg("c"), msg("d", after(5*sec))), "a b c d"},
			{1 * sec, receive("q", 1), "b#1"},
			{1 * sec, list("q"), "a:delayed:20s b:in-flight:11s c:visible:0s d:delayed:5s"},
			{5 * sec, list("q"), "a:delayed:20s b:in-flight:11s c:visible:0s d:visible:5s"},
			{11 * sec, list("q"), "a:delayed:20s b:visible:11s c:visible:0s d:visible:5s"},
			{20 * sec, list("q"), "a:visible:20s b:visible:11s c:visible:0s d:visible:5s"},
			{20 * sec, peek("q", 10), "c d b a"},
		},
	},
	{
		// Trap F20.
		name: "a cursor neither skips nor repeats",
		says: "List returns up to max messages, by sequence, beginning after the given sequence.",
		play: listByCursor,
	},
	{
		name: "peek and list change nothing",
		says: "It changes nothing.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), MaxInFlight: new(1)}), "created"},
			{0, send("q", msg("A1", group("A")), msg("A2", group("A")), msg("B1", group("B")), msg("c", after(sec))), "A1 A2 B1 c"},
			{0, peek("q", 2), "A1 B1"},
			{0, peek("q", 2), "A1 B1"},
			{0, peek("q", 0), "-"},
			{0, list("q"), "A1:visible:0s A2:visible:0s B1:visible:0s c:delayed:1s"},
			{0, history("q", "A1"), "sent 0s first never received 0"},
			{0, receive("q", 5), "A1#1"},
			{0, peek("q", 5), "B1 A2"}, // whatever the limit of what is in flight
			{0, stats("q"), "2/1/1"},
			{1 * sec, peek("q", 5), "B1 A2 c"},
			{1 * sec, cancel("q", "B1"), "cancelled"},
			{1 * sec, peek("q", 5), "A2 c"},
		},
	},
	{
		name: "peek shows what receives of one message would hand out",
		says: "Peek returns up to max messages that are visible, in the order in which receives of one message each would hand them out.",
		play: func(p *play) {
			for _, kind := range []string{"standard", "fifo"} {
				p.check(0, create(kind, driver.Patch{FIFO: new(kind == "fifo")}), "created")
				var want []string
				for i := range 30 {
					name := fmt.Sprint(kind, i)
					p.check(0, send(kind, msg(name, group(fmt.Sprint(i*i%7)), after(time.Duration(i*11%5)*sec))), name)
				}
				peeked, err := p.engine.Peek(p.t.Context(), p.start.Add(hour), p.queue(kind), 30)
				p.must(err)
				for _, info := range peeked {
					want = append(want, p.nameOf(info.ID))
				}
				if len(want) != 30 {
					p.fail("peek: got %d messages, want 30", len(want))
				}
				for _, name := range want {
					p.check(hour, receive(kind, 1), name+"#1")
					p.check(hour, remove(kind, name+"#1"), "deleted:current")
				}
			}
		},
	},
	{
		name: "peek in a FIFO queue passes over busy groups",
		says: "In a FIFO queue, that is the visible messages of groups that have nothing in flight, by sequence.",
		steps: timeline{
			{0, create("q", fifo()), "created"},
			{0, send("q", inGroups("A1", "B1", "A2", "B2", "C1")...), "A1 B1 A2 B2 C1"},
			{0, peek("q", 3), "A1 B1 A2"},
			{0, receive("q", 1), "A1#1"},
			{0, peek("q", 10), "B1 B2 C1"},
			{0, peek("q", 2), "B1 B2"},
			{10 * sec, peek("q", 10), "A1 B1 A2 B2 C1"},
		},
	},
	{
		// I1.
		name: "the counts are exact at now",
		says: "Stats counts. The counts are exact at now.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), Retention: new(hour)}), "created"},
			{0, stats("q"), "0/0/0"},
			{0, send("q", msg("a"), msg("bb", after(5*sec)), msg("ccc")), "a bb ccc"},
			{0, stats("q"), "2/1/0"},
			{0, size("q"), "6"},
			{0, receive("q", 1), "a#1"},
			{0, stats("q"), "1/1/1"},
			{5 * sec, stats("q"), "2/0/1"},
			{10*sec - ns, stats("q"), "2/0/1"},
			{10 * sec, stats("q"), "3/0/0"},
			{10 * sec, receive("q", 3), "ccc#1 bb#1 a#2"},
			{10 * sec, stats("q"), "0/0/3"},
			{10 * sec, size("q"), "6"},
			{11 * sec, remove("q", "bb#1", "bb#1"), "deleted:current gone"},
			{11 * sec, size("q"), "4"},
			{11 * sec, stats("q"), "0/0/2"},
			{11 * sec, change("q", 0, "ccc#1"), "changed"},
			{11 * sec, stats("q"), "1/0/1"},
			{hour, stats("q"), "0/0/0"},
			{hour, size("q"), "0"},
		},
	},
	{
		name: "the age of the oldest",
		says: "A Count says how old the oldest is: the time since the send of the one with the lowest sequence. Age is zero if there is none.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec)}), "created"},
			{0, ages("q"), "0s/0s/0s"},
			{1 * sec, texts("q", "a"), "a"},
			{1 * sec, ages("q"), "0s/0s/0s"},
			{2 * sec, send("q", msg("b", after(20*sec))), "b"},
			{3 * sec, texts("q", "c"), "c"},
			{4 * sec, send("q", msg("d", after(10*sec))), "d"},
			{5 * sec, ages("q"), "4s/3s/0s"},
			{5 * sec, receive("q", 1), "a#1"},
			{6*sec + ns, ages("q"), "3.000000001s/4.000000001s/5.000000001s"},
			{15 * sec, ages("q"), "14s/13s/0s"},
			{15 * sec, receive("q", 3), "c#1 d#1 a#2"}, // d is due at 14s
			{16 * sec, ages("q"), "0s/14s/15s"},
			{22 * sec, ages("q"), "20s/0s/21s"},
		},
	},
}

// listByCursor lists three at a time while messages come and go.
func listByCursor(p *play) {
	p.check(0, create("q", driver.Patch{}), "created")
	p.check(0, create("other", driver.Patch{}), "created")
	for i := range 12 {
		name := fmt.Sprint("m", i)
		p.check(0, texts("q", name), name)
		p.check(0, texts("other", "x"+name), "x"+name)
	}
	var seen []string
	cursor := uint64(0)
	for page := 0; ; page++ {
		infos, err := p.engine.List(p.t.Context(), p.now, p.queue("q"), cursor, 3)
		p.must(err)
		for _, info := range infos {
			seen = append(seen, p.nameOf(info.ID))
		}
		if len(infos) < 3 {
			break
		}
		if cursor = infos[2].Sequence; page > 10 {
			p.fail("page after page of three messages, the last at %d", cursor)
		}
		switch page {
		case 0: // before the cursor, at it and after it
			p.check(0, cancel("q", "m0", "m2", "m4"), "cancelled cancelled cancelled")
		case 1:
			p.check(0, receive("q", 2), "m1#1 m3#1") // those listed change their places
			p.check(0, send("q", msg("new", after(hour))), "new")
		}
	}
	want := []string{"m0", "m1", "m2", "m3", "m5", "m6", "m7", "m8", "m9", "m10", "m11", "new"}
	if !slices.Equal(seen, want) {
		p.fail("got %v, want %v", seen, want)
	}
	infos, err := p.engine.List(p.t.Context(), p.now, p.queue("q"), cursor, 0)
	p.must(err)
	if len(infos) != 0 {
		p.fail("a list of at most 0: got %d messages", len(infos))
	}
}

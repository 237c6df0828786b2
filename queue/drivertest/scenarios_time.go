package drivertest

import (
	"math"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// timeScenarios are about clocks that do not simply go on.
var timeScenarios = []scenario{
	{
		// Trap D31; I16.
		name: "an earlier now counts as the latest one",
		says: "An engine treats a now that is earlier than one that it has already seen for that queue as that later one.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec)}), "created"},
			{0, texts("q", "a"), "a"},
			{0, receive("q", 1), "a#1"},
			{10 * sec, stats("q"), "1/0/0"},
			{5 * sec, stats("q"), "1/0/0"}, // what ended stays ended
			{5 * sec, remove("q", "a#1"), "deleted:late"},
			{5 * sec, send("q", msg("b"), msg("c", after(10*sec))), "b c"},
			{5 * sec, list("q"), "b:visible:10s c:delayed:20s"},
			{5 * sec, receive("q", 1), "b#1"},
			{5 * sec, list("q"), "b:in-flight:20s c:delayed:20s"},
			{6 * sec, change("q", 5*sec, "b#1"), "changed"},
			{14 * sec, history("q", "b"), "sent 10s first 10s received 1"},
			{15*sec - ns, receive("q", 10), "-"},
			{15 * sec, receive("q", 10), "b#2"},
			{-hour, receive("q", 10), "-"},
			{-hour, next(), "20s"},
			{20 * sec, receive("q", 10), "c#1"},
		},
	},
	{
		name: "every call tells the time",
		says: "An engine treats a now that is earlier than one that it has already seen for that queue as that later one.",
		play: everyCallTellsTheTime,
	},
	{
		name: "each queue has its own latest now",
		says: "One that it has already seen for that queue.",
		steps: timeline{
			{0, create("q", driver.Patch{}), "created"},
			{0, create("r", driver.Patch{}), "created"},
			{0, send("r", msg("a", after(10*sec))), "a"},
			{hour, stats("q"), "0/0/0"},
			{10*sec - ns, receive("r", 1), "-"},
			{10*sec - ns, texts("r", "b"), "b"},
			{10 * sec, list("r"), "a:visible:10s b:visible:9.999999999s"},
		},
	},
	{
		name: "a clock that goes back delays no interval",
		says: "An engine treats a now that is earlier than one that it has already seen for that queue as that later one.",
		steps: timeline{
			{hour, create("q", driver.Patch{DeduplicationWindow: new(10 * sec), Retention: new(20 * sec), VisibilityTimeout: new(10 * sec)}), "created"},
			{0, send("q", msg("a", dedup("x"))), "a"},
			{0, history("q", "a"), "sent 1h0m0s first never received 0"},
			{0, receive("q", 1), "a#1"},
			{hour + 10*sec - ns, send("q", msg("b", dedup("x"))), "=a"},
			{0, send("q", msg("b", dedup("x"))), "=a"},
			{hour + 10*sec, send("q", msg("b", dedup("x"))), "b"},
			{hour + 10*sec, receive("q", 10), "a#2 b#1"},
			{hour + 20*sec, stats("q"), "1/0/0"}, // a's retention is over
			{0, ages("q"), "10s/0s/0s"},
		},
	},
	{
		name: "a jump of four hundred years",
		says: "Before it answers anything, an engine applies all that fell due until now.",
		play: fourHundredYears,
	},
	{
		name: "the first and the last years",
		says: "Delay is how long the message stays hidden after the send.",
		play: func(p *play) {
			for name, begin := range map[string]time.Time{
				"first": time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC),
				"epoch": time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
				"2262":  time.Date(2262, 4, 11, 23, 47, 16, 854_775_800, time.UTC),
				"last":  time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC),
			} {
				p.start = begin
				p.run(timeline{
					{0, create(name, driver.Patch{VisibilityTimeout: new(10 * sec), Retention: new(hour), DeduplicationWindow: new(10 * sec)}), "created"},
					{0, send(name, msg(name, after(5*sec), dedup("x"))), name},
					{5*sec - ns, receive(name, 1), "-"},
					{5*sec - ns, next(), "5s"},
					{5 * sec, receive(name, 1), name + "#1"},
					{10*sec - ns, remembered(name), "1"},
					{10 * sec, remembered(name), "0"},
					{15*sec - ns, receive(name, 1), "-"},
					{15 * sec, receiveFor(name, 1, 0), name + "#2"},
					{hour - ns, history(name, name), "sent 0s first 5s received 2"},
					{hour, list(name), "-"},
				})
			}
		},
	},
	{
		// Traps R14 and D5.
		name: "the largest attributes",
		says: "Deadlines are half-open: in force while now is before the deadline.",
		steps: timeline{
			{0, create("dead", driver.Patch{}), "created"},
			{0, create("q", driver.Patch{
				Delay: new(time.Duration(0)), VisibilityTimeout: new(time.Duration(math.MaxInt64)), MaxVisibility: new(time.Duration(math.MaxInt64)),
				Retention: new(time.Duration(math.MaxInt64)), DeduplicationWindow: new(time.Duration(math.MaxInt64)),
				MaxMessages: new(math.MaxInt), MaxBytes: new(int64(math.MaxInt64)), MaxInFlight: new(math.MaxInt), MaxMessageBytes: new(math.MaxInt),
				DeadLetter: deadLetter("dead", math.MaxInt),
			}), "created"},
			{0, send("q", msg("a", dedup("x")), msg("b", dedup("x")), msg("c")), "a =a c"},
			{0, receive("q", 1), "a#1"},
			{1000 * day, stats("q"), "1/0/1"},
			{1000 * day, send("q", msg("b", dedup("x"))), "=a"},
			{1000 * day, change("q", 1*sec, "a#1"), "changed"},
			{1000*day + sec, receive("q", math.MaxInt), "c#1 a#2"},
			{1000*day + sec, set("q", driver.Patch{Delay: new(time.Duration(math.MaxInt64))}), "ok"},
			{1000*day + sec, texts("q", "d"), "d"},
			{100000 * day, stats("q"), "0/1/2"},
		},
	},
	{
		// Trap D16.
		name: "instants of any zone",
		says: "Every method takes now, the broker's time.",
		play: func(p *play) {
			zone := time.FixedZone("somewhere", -7*3600)
			p.check(0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec)}), "created")
			p.start = p.start.In(zone)
			p.check(0, send("q", msg("a", at(5*sec))), "a")
			p.check(5*sec, receive("q", 1), "a#1")
			p.start = p.start.UTC()
			p.check(15*sec-ns, list("q"), "a:in-flight:15s")
			p.check(15*sec, list("q"), "a:visible:15s")
		},
	},
}

// everyCallTellsTheTime shows a later now by each kind of call, and then asks
// with an earlier one.
func everyCallTellsTheTime(p *play) {
	for _, call := range []step{
		{0, set("q", driver.Patch{}), "ok"},
		{0, stats("q"), "1/0/0"},
		{0, texts("q"), "-"},
		{0, remove("q"), "-"},
		{0, change("q", 0), "-"},
		{0, cancel("q"), "-"},
		{0, peek("q", 1), "a"},
		{0, list("q"), "a:visible:10s"},
	} {
		p.check(0, create("q", driver.Patch{}), "created")
		delete(p.ids, "a")
		p.check(0, send("q", msg("a", after(10*sec))), "a")
		p.check(10*sec, call.do, call.want)
		p.check(1*sec, cancel("q", "nobody's"), "unknown")
		p.check(2*sec, stats("q"), "1/0/0")
		p.check(2*sec, drop("q"), "ok")
	}
}

// fourHundredYears lets everything end at once.
func fourHundredYears(p *play) {
	p.run(timeline{
		{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), DeduplicationWindow: new(10 * sec)}), "created"},
		{0, create("kept", driver.Patch{VisibilityTimeout: new(10 * sec), Retention: new(hour)}), "created"},
		{0, send("q", msg("a", dedup("x")), msg("b", after(hour)), msg("c")), "a b c"},
		{0, texts("kept", "d", "e"), "d e"},
		{0, receive("q", 1), "a#1"},
		{0, receive("kept", 1), "d#1"},
	})
	p.start = p.start.AddDate(400, 0, 0)
	p.run(timeline{
		{0, stats("q"), "3/0/0"},
		{0, ages("q"), "2562047h47m16.854775807s/0s/0s"}, // the longest that a duration can tell
		{0, stats("kept"), "0/0/0"},
		{0, send("q", msg("f", dedup("x"), after(5*sec))), "f"},
		{0, receive("q", 10), "c#1 a#2 b#1"},
		{0, next(), "5s"},
		{5*sec - ns, receive("q", 10), "-"},
		{5 * sec, receive("q", 10), "f#1"},
		{10*sec - ns, receive("q", 10), "-"},
		{10 * sec, change("q", 10*sec, "c#1"), "changed"},
		{10 * sec, receive("q", 10), "a#3 b#2"},
	})
	p.start = p.start.AddDate(-400, 0, 0)
	p.check(0, receive("q", 10), "-")
	p.check(0, stats("q"), "0/0/4")
}

package drivertest

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// withQueue makes the queue "q".
func withQueue(patch driver.Patch, more ...step) timeline {
	return append(timeline{{0, create("q", patch), "created"}}, more...)
}

// scheduleScenarios are about when occurrences are claimed, and which.
var scheduleScenarios = []scenario{
	{
		name: "once, at its instant",
		says: "Fire claims occurrences that are due at wall, at most max.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), once(10*sec)), "next 10s"},
			step{10*sec - ns, fire(9), "-, next 10s"},
			step{10*sec - ns, planOf("s"), "active next 10s published 0"},
			step{10*sec - ns, stats("q"), "0/0/0"},
			step{10 * sec, stats("q"), "0/0/0"}, // nothing happens by itself
			step{10 * sec, fire(9), "s@10s:a, next never"},
			step{10 * sec, list("q"), "a:visible:10s"},
			step{10 * sec, history("q", "a"), "sent 10s first never received 0"},
			step{10 * sec, planOf("s"), "published next never published 1 last 10s:a"},
			step{11 * sec, fire(9), "-, next never"},
			step{11 * sec, spanOf("s"), "created 0s ended 10s"},
		),
	},
	{
		name: "a one-shot in the past",
		says: "A one-shot whose instant is past is due at once, at that instant.",
		steps: withQueue(driver.Patch{},
			step{20 * sec, schedule("s", "q", msg("a"), once(5*sec)), "next 5s"},
			step{20 * sec, fire(9), "s@5s:a, next never"},
			step{20 * sec, list("q"), "a:visible:20s"},
		),
	},
	{
		name: "the zero instant is that of the schedule",
		says: "The zero time means the instant at which the schedule is made.",
		steps: withQueue(driver.Patch{},
			step{3 * sec, schedule("s", "q", msg("a"), scheduler.Recurrence{}), "next 3s"},
			step{3 * sec, schedule("e", "q", msg("b"), scheduler.Recurrence{Every: 10 * sec}), "next 3s"},
			step{3 * sec, fire(9), "s@3s:a e@3s:b, next 13s"},
		),
	},
	{
		name: "a period keeps its grid",
		says: "Its first occurrence is the first of its recurrence at wall or after it.",
		steps: withQueue(driver.Patch{},
			step{25 * sec, schedule("s", "q", msg("a"), every(0, 10*sec)), "next 30s"},
			step{30 * sec, schedule("t", "q", msg("b"), every(0, 10*sec)), "next 30s"},
			step{30*sec + ns, schedule("u", "q", msg("c"), every(0, 10*sec)), "next 40s"},
			step{34 * sec, fire(9), "s@30s:a t@30s:b, next 40s"},
			step{40 * sec, fire(9), "s@40s:a' t@40s:b' u@40s:c, next 50s"},
			step{40 * sec, planOf("s"), "active next 50s published 2 last 40s:a'"},
		),
	},
	{
		name: "a cron expression",
		says: "Cron is an expression of five fields: minute, hour, day of month, month, day of week.",
		steps: withQueue(driver.Patch{},
			// The wall clock is at 16:30:00.123456800.
			step{0, schedule("s", "q", msg("a"), scheduler.Recurrence{Cron: "0 17 * * *"}), "next 29m59.8765432s"},
			step{30*time.Minute - 200*ms, fire(9), "-, next 29m59.8765432s"},
			step{30 * time.Minute, fire(9), "s@29m59.8765432s:a, next 24h29m59.8765432s"},
		),
	},
	{
		name: "a count",
		says: "Count is how often to publish.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), repeated(2, every(10*sec, 10*sec))), "next 10s"},
			step{10 * sec, fire(9), "s@10s:a, next 20s"},
			step{20 * sec, fire(9), "s@20s:a', next never"},
			step{20 * sec, planOf("s"), "published next never published 2 last 20s:a'"},
			step{30 * sec, fire(9), "-, next never"},
		),
	},
	{
		name: "a last instant",
		says: "Until is the last instant at which there may be an occurrence.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), until(20*sec, every(10*sec, 10*sec))), "next 10s"},
			step{0, schedule("t", "q", msg("b"), until(20*sec-ns, every(10*sec, 10*sec))), "next 10s"},
			step{10 * sec, fire(9), "s@10s:a t@10s:b, next 20s"},
			step{10 * sec, planOf("t"), "published next never published 1 last 10s:b"},
			step{20 * sec, fire(9), "s@20s:a', next never"},
			step{20 * sec, planOf("s"), "published next never published 2 last 20s:a'"},
		),
	},
	{
		// Trap D22; I7.
		name: "missed occurrences, once",
		says: "MisfireOnce claims the latest one; the others are left out.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), every(10*sec, 10*sec)), "next 10s"},
			step{10 * sec, fire(9), "s@10s:a, next 20s"},
			step{45 * sec, fire(9), "s@40s:a', next 50s"},
			step{45 * sec, planOf("s"), "active next 50s published 2 skips 1 last 40s:a'"},
			step{1_000_000 * hour, fire(9), "s@1000000h0m0s:a'', next 1000000h0m10s"},
			step{1_000_000 * hour, planOf("s"), "active next 1000000h0m10s published 3 skips 2 last 1000000h0m0s:a''"},
		),
	},
	{
		name: "missed occurrences, skip",
		says: "MisfireSkip claims the latest one if it has been due for no longer than MisfireGrace, and otherwise leaves all out.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), every(hour, hour), misfire(driver.MisfireSkip)), "next 1h0m0s"},
			step{hour + driver.MisfireGrace, fire(9), "s@1h0m0s:a, next 2h0m0s"},
			step{2*hour + driver.MisfireGrace + ns, fire(9), "-, next 3h0m0s"},
			step{2*hour + driver.MisfireGrace + ns, planOf("s"), "active next 3h0m0s published 1 skips 1 last 1h0m0s:a"},
			step{5*hour + driver.MisfireGrace, fire(9), "s@5h0m0s:a', next 6h0m0s"},
			step{5*hour + driver.MisfireGrace, planOf("s"), "active next 6h0m0s published 2 skips 2 last 5h0m0s:a'"},
			step{9*hour + 2*driver.MisfireGrace, fire(9), "-, next 10h0m0s"},
			step{9*hour + 2*driver.MisfireGrace, planOf("s"), "active next 10h0m0s published 2 skips 3 last 5h0m0s:a'"},
		),
	},
	{
		name: "missed occurrences, all",
		says: "MisfireAll claims every one, the earliest first.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), every(10*sec, 10*sec), misfire(driver.MisfireAll)), "next 10s"},
			step{45 * sec, fire(2), "s@10s:a s@20s:a', next 30s"},
			step{45 * sec, fire(9), "s@30s:a'' s@40s:a''', next 50s"},
			step{45 * sec, planOf("s"), "active next 50s published 4 last 40s:a'''"},
		),
	},
	{
		name: "missed occurrences above the cap",
		says: "But if more than MisfireCap are due, those before the latest MisfireCap are left out.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), every(sec, sec), misfire(driver.MisfireAll)), "next 1s"},
			step{100 * sec, fire(1), "s@1s:a, next 2s"},
			step{100 * sec, planOf("s"), "active next 2s published 1 last 1s:a"},
			step{102 * sec, fire(1), "s@3s:a', next 4s"},
			step{102 * sec, planOf("s"), "active next 4s published 2 skips 1 last 3s:a'"},
			step{hour, fire(1), "s@58m21s:a'', next 58m22s"},
			step{hour, planOf("s"), "active next 58m22s published 3 skips 2 last 58m21s:a''"},
			step{hour, purge("q"), "3"},
		),
		play: func(p *play) {
			fired, err := p.engine.Fire(p.t.Context(), p.now, p.now.Add(ahead), 1000)
			p.must(err)
			if got := len(fired.Occurrences); got != driver.MisfireCap-1 {
				p.fail("got %d occurrences, want the other %d", got, driver.MisfireCap-1)
			}
		},
	},
	{
		name: "the earliest first, and the one that was made first",
		says: "It takes the active schedule whose next occurrence is the earliest, of several the one that was made first, claims one occurrence of it, and begins again, until none is due.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("c", "q", msg("c"), once(30*sec)), "next 30s"},
			step{0, schedule("b", "q", msg("b"), every(20*sec, 10*sec), misfire(driver.MisfireAll)), "next 20s"},
			step{0, schedule("a", "q", msg("a"), every(10*sec, 10*sec), misfire(driver.MisfireAll)), "next 10s"},
			step{30 * sec, fire(0), "-, next 10s"},
			step{30 * sec, fire(1), "a@10s:a, next 20s"},
			step{30 * sec, fire(9), "b@20s:b a@20s:a' c@30s:c b@30s:b' a@30s:a'', next 40s"},
			step{30 * sec, peek("q", 9), "a b a' c b' a''"},
		),
	},
	{
		name: "what misfires is taken when it is its turn",
		says: "Which occurrence it claims, where several of one schedule are due, is the schedule's Misfire policy.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("o", "q", msg("o"), every(10*sec, 10*sec)), "next 10s"},
			step{0, schedule("s", "q", msg("s"), once(15*sec)), "next 15s"},
			step{40 * sec, fire(1), "o@40s:o, next 15s"},
			step{40 * sec, fire(1), "s@15s:s, next 50s"},
		),
	},
	{
		// I7.
		name: "an occurrence has an identity",
		says: "Its deduplication ID is the schedule's ID, \"@\", and the nominal instant in UTC as time.RFC3339Nano; its Info names schedule and nominal instant.",
		steps: timeline{
			{0, create("dead", driver.Patch{}), "created"},
			{0, create("q", driver.Patch{DeadLetter: deadLetter("dead", 1), ContentDeduplication: new(true), DeduplicationWindow: new(hour)}), "created"},
			{0, create("x", driver.Patch{}), "created"},
			{0, schedule("s", "q", msg("a", group("g")), every(10*sec, 10*sec), misfire(driver.MisfireAll)), "next 10s"},
			{20 * sec, fire(9), "s@10s:a s@20s:a', next 30s"}, // the same body again
			{20 * sec, occurrenceOf("q", "a"), "s@10s"},
			{20 * sec, occurrenceOf("q", "a'"), "s@20s"},
			{20 * sec, remembered("q"), "2"},
			{20 * sec, transfer("t", "q", "x", upTo("a")), "a"},
			{20 * sec, occurrenceOf("x", "a"), "s@10s"},
			{20 * sec, restore("x"), "a"},
			{20 * sec, occurrenceOf("q", "a"), "s@10s"},
			{20 * sec, receiveFor("q", 2, 0), "a#1 a'#1"},
			{20 * sec, receiveFor("q", 1, 0), "-, 2 dead-lettered to dead"},
			{20 * sec, occurrenceOf("dead", "a'"), "s@20s"},
			{20 * sec, startMove("m", mover{from: "dead"}), "running 0/2"},
			{20 * sec, moved("m"), "completed 2/2 to q"},
			{20 * sec, occurrenceOf("q", "a''"), "s@10s"}, // a new message
			{20 * sec, texts("q", "b"), "b"},
			{20 * sec, occurrenceOf("q", "b"), "none"},
		},
	},
	{
		name: "the queue's limits and delay apply",
		says: "An occurrence that is published is a Send of the schedule's message to its queue at now: the queue's limits and delay apply.",
		steps: withQueue(driver.Patch{Delay: new(5 * sec)},
			step{0, schedule("s", "q", msg("a"), once(10*sec)), "next 10s"},
			step{0, schedule("t", "q", msg("b", after(0)), once(10*sec)), "next 10s"},
			step{0, schedule("u", "q", msg("c", after(sec)), once(10*sec)), "next 10s"},
			step{10 * sec, fire(9), "s@10s:a t@10s:b u@10s:c, next never"},
			step{10 * sec, list("q"), "a:delayed:15s b:visible:10s c:delayed:11s"},
		),
	},
	{
		name: "a message of its own",
		says: "None keeps a slice or a map that it was given, none hands out memory that it keeps.",
		play: func(p *play) {
			p.run(withQueue(driver.Patch{}))
			m := msg("a", carrying("n", driver.String("v")), after(0))
			p.check(0, schedule("s", "q", m, every(10*sec, 10*sec)), "next 10s")
			m.Body[0], *m.Delay = 'x', hour
			clear(m.Attributes)
			info, err := p.engine.LookupSchedule(p.t.Context(), p.schedules["s"])
			p.must(err)
			info.Schedule.Message.Body[0] = 'y'
			clear(info.Schedule.Message.Attributes)
			p.check(10*sec, fire(1), "s@10s:a, next 20s")
			p.check(10*sec, contents("q"), "a")
			p.check(10*sec, size("q"), "9")
			p.check(10*sec, receive("q", 1), "a#1")
			p.received.Deliveries[0].Body[0] = 'z'
			p.check(20*sec, fire(1), "s@20s:a', next 30s")
			p.check(20*sec, contents("q"), "a a")
		},
	},
	{
		// Trap D31.
		name: "a wall clock that was set back",
		says: "Fire claims occurrences that are due at wall.",
		steps: withQueue(driver.Patch{},
			step{0, schedule("s", "q", msg("a"), every(10*sec, 10*sec)), "next 10s"},
			step{1 * sec, fireAt(20*sec, 9), "s@20s:a, next 30s"},
			step{2 * sec, fireAt(10*sec, 9), "-, next 30s"},
			step{3 * sec, fireAt(20*sec, 9), "-, next 30s"},
			step{4 * sec, fireAt(30*sec, 9), "s@30s:a', next 40s"},
			step{4 * sec, list("q"), "a:visible:1s a':visible:4s"},
		),
	},
}

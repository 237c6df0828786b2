package drivertest

import (
	"fmt"

	"github.com/redriveq/redrive/queue/driver"
)

// taskScenarios are about the life of move tasks.
var taskScenarios = []scenario{
	{
		// Trap Q15.
		name: "the destination is deleted midway",
		says: "The task fails, and that message stays in its place, if the destination does not exist any more (MoveDestinationGone).",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, startMove("t", toD), "running 0/3"},
			step{0, stepMove("t", 1, 9), "running 1/3 to d"},
			step{0, drop("d"), "ok"},
			step{1 * sec, moved("t"), "failed: destination gone 1/3"},
			step{2 * sec, moved("t"), "failed: destination gone 1/3"},
			step{2 * sec, times("t"), "started 0s ended 1s"},
			step{2 * sec, list("s"), "b:visible:0s c:visible:0s"},
			step{2 * sec, activeTasks(), "-"},
		),
	},
	{
		name: "the destination is created again midway",
		says: "A queue that was created again under the name is another one.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, startMove("t", toD), "running 0/3"},
			step{0, drop("d"), "ok"},
			step{0, create("d", driver.Patch{}), "created"},
			step{0, moved("t"), "failed: destination gone 0/3"},
			step{0, contents("s"), "a b c"},
			step{0, contents("d"), "-"},
			step{0, startMove("u", toD), "running 0/3"},
			step{0, moved("u"), "completed 3/3 to d"},
		),
	},
	{
		name: "an origin is gone",
		says: "Or the origin of the next message where the task has no destination, does not exist any more.",
		steps: sharedDeadLetters(driver.Patch{},
			step{1 * sec, drop("q2"), "ok"},
			step{1 * sec, create("q2", driver.Patch{}), "created"},
			step{2 * sec, startMove("t", mover{from: "dead"}), "running 0/3"},
			step{2 * sec, moved("t"), "failed: destination gone 1/3 to q1"},
			step{2 * sec, contents("dead"), "b c"},
			step{2 * sec, contents("q2"), "-"},
			step{3 * sec, startMove("u", mover{from: "dead", filter: driver.Filter{Origin: "q1"}}), "running 0/1"},
			step{3 * sec, moved("u"), "completed 1/1 to q1"},
			step{3 * sec, history("dead", "b"), "sent 0s first 0s received 1 from q2 which is q2@1"},
		),
	},
	{
		name: "the destination is full midway",
		says: "If it has no room (MoveDestinationFull).",
		steps: threeIn(driver.Patch{}, driver.Patch{MaxMessages: new(2)},
			step{0, startMove("t", toD), "running 0/3"},
			step{1 * sec, moved("t"), "failed: destination full 2/3 to d"},
			step{1 * sec, times("t"), "started 0s ended 1s"},
			step{1 * sec, contents("d"), "a b"},
			step{1 * sec, list("s"), "c:visible:0s"},
			step{2 * sec, set("d", driver.Patch{MaxMessages: new(0), MaxBytes: new(int64(2))}), "ok"},
			step{2 * sec, startMove("u", toD), "running 0/1"},
			step{2 * sec, moved("u"), "failed: destination full 0/1"},
			step{2 * sec, contents("s"), "c"},
		),
	},
	{
		name: "a message without origin",
		says: "If the task has no destination and the next message no origin (MoveNoOrigin).",
		steps: sharedDeadLetters(driver.Patch{},
			step{1 * sec, texts("dead", "x"), "x"},
			step{2 * sec, startMove("t", mover{from: "dead"}), "running 0/4"},
			step{2 * sec, stepMove("t", 9, 3), "running 3/4 to q1 q2"},
			step{2 * sec, moved("t"), "failed: message without origin 3/4"},
			step{2 * sec, list("dead"), "x:visible:1s"},
		),
	},
	{
		name: "a task that takes too long",
		says: "If MaxDuration has passed since its start, it fails with MoveTimedOut.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{1 * sec, startMove("t", mover{from: "s", to: "d", longest: 10 * sec}), "running 0/3"},
			step{11*sec - ns, stepMove("t", 1, 9), "running 1/3 to d"},
			step{11*sec - ns, contents("s"), "b c"},
			step{11 * sec, move("t"), "running 1/3"}, // nothing happens by itself
			step{11 * sec, moved("t"), "failed: timed out 1/3"},
			step{11 * sec, times("t"), "started 1s ended 11s"},
			step{11 * sec, contents("s"), "b c"},
			step{12 * sec, startMove("u", mover{from: "s", to: "d", longest: 10 * sec}), "running 0/2"},
			step{12 * sec, cancelMove("u"), "cancelling 0/2"},
			step{hour, moved("u"), "cancelled 0/2"}, // that comes first
		),
	},
	{
		name: "cancel in each state",
		says: "CancelMove makes a running task one that is being cancelled: no message is moved by it from then on. If the task is not running, the error is ErrNotRunning, and the task is returned too.",
		steps: threeIn(driver.Patch{}, driver.Patch{MaxMessages: new(2)},
			step{0, cancelMove("t"), "ErrNoTask"},
			step{0, startMove("t", toD), "running 0/3"},
			step{0, stepMove("t", 1, 9), "running 1/3 to d"},
			step{1 * sec, cancelMove("t"), "cancelling 1/3"},
			step{1 * sec, move("t"), "cancelling 1/3"},
			step{1 * sec, times("t"), "started 0s ended never"},
			step{1 * sec, cancelMove("t"), "ErrNotRunning, cancelling 1/3"},
			step{1 * sec, startMove("u", toD), "ErrMoveActive"},
			step{2 * sec, moved("t"), "cancelled 1/3"},
			step{3 * sec, cancelMove("t"), "ErrNotRunning, cancelled 1/3"},
			step{3 * sec, moved("t"), "cancelled 1/3"},
			step{3 * sec, times("t"), "started 0s ended 2s"},
			step{3 * sec, contents("s"), "b c"},
			step{3 * sec, contents("d"), "a"}, // what was moved stays moved
			step{4 * sec, startMove("f", toD), "running 0/2"},
			step{4 * sec, moved("f"), "failed: destination full 1/2 to d"},
			step{4 * sec, cancelMove("f"), "ErrNotRunning, failed: destination full 1/2"},
			step{5 * sec, set("d", driver.Patch{MaxMessages: new(9)}), "ok"},
			step{5 * sec, startMove("c", toD), "running 0/1"},
			step{5 * sec, moved("c"), "completed 1/1 to d"},
			step{5 * sec, cancelMove("c"), "ErrNotRunning, completed 1/1"},
		),
	},
	{
		name: "a task that nobody knows",
		says: "It returns ErrNoTask if the task is not known.",
		steps: timeline{
			{0, moved("t"), "ErrNoTask"},
			{0, move("t"), "ErrNoTask"},
			{0, cancelMove("t"), "ErrNoTask"},
			{0, activeTasks(), "-"},
			{0, tasksOf("q", 1), "ErrNoQueue"},
		},
	},
	{
		// Trap Q13.
		name: "the latest ten tasks of a source are kept",
		says: "ListMoves returns the latest tasks of the source, the newest first, at most max. An engine keeps the latest MoveHistory of each source.",
		play: elevenMoves,
	},
	{
		name: "a second source has tasks of its own",
		says: "At most one task of a source is active.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, texts("d", "x"), "x"},
			step{0, startMove("t", toD), "running 0/3"},
			step{0, startMove("u", mover{from: "d", to: "s", keep: true}), "running 0/1"},
			step{0, activeTasks(), "t:running u:running"},
			step{0, cancelMove("t"), "cancelling 0/3"},
			step{0, activeTasks(), "t:cancelling u:running"},
			step{0, moved("u"), "completed 1/1 to s"},
			step{0, moved("t"), "cancelled 0/3"},
			step{0, activeTasks(), "-"},
			step{0, contents("s"), "a b c x"},
			step{0, tasksOf("s", 9), "t:cancelled"},
			step{0, tasksOf("d", 9), "u:completed"},
		),
	},
	{
		// I9.
		name: "a step goes by its task, not by its source",
		says: "If the task is final, it changes nothing.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, create("e", driver.Patch{}), "created"},
			step{0, startMove("t", toD), "running 0/3"},
			step{0, cancelMove("t"), "cancelling 0/3"},
			step{0, moved("t"), "cancelled 0/3"},
			step{0, startMove("u", mover{from: "s", to: "e"}), "running 0/3"},
			step{0, moved("t"), "cancelled 0/3"},
			step{0, cancelMove("t"), "ErrNotRunning, cancelled 0/3"},
			step{0, stats("d"), "0/0/0"},
			step{0, moved("u"), "completed 3/3 to e"},
		),
	},
	{
		name: "deleting the source forgets its tasks",
		says: "Deleting the source ends its tasks and forgets them.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, startMove("old", mover{from: "s", to: "d", limit: 1}), "running 0/1"},
			step{0, moved("old"), "completed 1/1 to d"},
			step{0, startMove("t", toD), "running 0/2"},
			step{0, startMove("home", mover{from: "d", to: "s"}), "running 0/1"},
			step{0, drop("s"), "ok"},
			step{0, move("t"), "ErrNoTask"},
			step{0, move("old"), "ErrNoTask"},
			step{0, moved("t"), "ErrNoTask"},
			step{0, cancelMove("t"), "ErrNoTask"},
			step{0, tasksOf("s", 9), "ErrNoQueue"},
			step{0, activeTasks(), "home:running"},
			step{0, create("s", driver.Patch{}), "created"},
			step{0, tasksOf("s", 9), "-"},
			step{0, moved("home"), "failed: destination gone 0/1"},
		),
	},
	{
		name: "a purge leaves nothing to move",
		says: "After which no message up to the last one of the start is left to look at.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, startMove("t", toD), "running 0/3"},
			step{0, purge("s"), "3"},
			step{0, move("t"), "running 0/3"},
			step{0, texts("s", "new"), "new"},
			step{1 * sec, moved("t"), "completed 0/3"},
			step{1 * sec, contents("s"), "new"},
		),
	},
	{
		name: "a task remembers what it was asked",
		says: "The engine only remembers it.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, startMove("t", mover{
				from: "s", to: "d", limit: 7, keep: true, rate: 5, longest: hour,
				filter: driver.Filter{Group: new("g"), Origin: "o", Attributes: map[string]driver.Value{"n": driver.String("v")}},
			}), "running 0/0"},
			step{0, orderOf("t"), `from s to d group g attribute v origin "o" limit 7 keep true rate 5 longest 1h0m0s any true`},
			step{0, cancelMove("t"), "cancelling 0/0"},
			step{0, moved("t"), "cancelled 0/0"},
			step{0, startMove("u", mover{from: "s"}), "running 0/3"},
			step{0, orderOf("u"), `from s origin "" limit 0 keep false rate 0 longest 0s any true`},
		),
	},
	{
		name: "a task has its own copy of the filter",
		says: "None keeps a slice or a map that it was given.",
		play: func(p *play) {
			p.run(timeline{
				{0, create("s", driver.Patch{}), "created"},
				{0, create("d", driver.Patch{}), "created"},
				{0, send("s", msg("a", carrying("n", driver.String("v"))), msg("b")), "a b"},
			})
			attributes := map[string]driver.Value{"n": driver.String("v")}
			p.check(0, startMove("t", mover{from: "s", to: "d", filter: driver.Filter{Attributes: attributes}}), "running 0/1")
			clear(attributes)
			told, err := p.engine.LookupMove(p.t.Context(), p.tasks["t"])
			p.must(err)
			clear(told.Move.Filter.Attributes)
			p.check(0, moved("t"), "completed 1/1 to d")
			p.check(0, contents("s"), "b")
		},
	},
	{
		name: "a message under transfer is moved for good",
		says: "Not under transfer and without origin.",
		steps: threeIn(driver.Patch{}, driver.Patch{},
			step{0, create("x", driver.Patch{}), "created"},
			step{0, transfer("t", "s", "x"), "a b c"},
			step{0, underTransfer("x"), "3"},
			step{1 * sec, startMove("m", mover{from: "x", to: "d", keep: true, limit: 2}), "running 0/2"},
			step{1 * sec, moved("m"), "completed 2/2 to d"},
			step{1 * sec, underTransfer("x"), "1"},
			step{1 * sec, underTransfer("d"), "0"},
			step{1 * sec, restore("d"), "-"},
			step{1 * sec, restore("x"), "c"},
			step{1 * sec, contents("s"), "c"},
			step{1 * sec, contents("d"), "a b"},
		),
	},
}

// elevenMoves makes more tasks than are kept.
func elevenMoves(p *play) {
	p.check(0, create("s", driver.Patch{}), "created")
	p.check(0, create("d", driver.Patch{}), "created")
	want := ""
	for i := range driver.MoveHistory + 1 {
		name := fmt.Sprint("t", i)
		p.check(0, startMove(name, toD), "running 0/0")
		if i < driver.MoveHistory {
			p.check(0, moved(name), "completed 0/0")
		}
		if i == driver.MoveHistory-1 {
			p.check(0, move("t0"), "completed 0/0")
		}
		if i > 0 && i < driver.MoveHistory {
			want = " " + name + ":completed" + want
		}
	}
	last := fmt.Sprint("t", driver.MoveHistory)
	p.run(timeline{
		{0, tasksOf("s", 100), last + ":running" + want},
		{0, tasksOf("s", 2), last + ":running t9:completed"},
		{0, tasksOf("s", 0), "-"},
		{0, move("t0"), "ErrNoTask"},
		{0, move("t1"), "completed 0/0"},
		{0, activeTasks(), last + ":running"},
		{0, tasksOf("d", 100), "-"},
	})
}

package model_test

import (
	"cmp"
	"fmt"
	"testing"

	"github.com/redriveq/redrive/queue/driver"
)

// dead is a patch that dead-letters to the queue "dead" at the second receive.
func dead() driver.Patch { return to("dead") }

// "looks at the messages of the source by sequence, each of them once: from
// after the one that its last step looked at last"; "A message that is visible
// … is moved; others are passed over and not looked at again."
func TestStepMoveLooksOnce(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, delayed("late", 5*s), "sent"},
		{0, send("flies"), "sent"},
		{0, receive(1), "flies#1"},
		{0, send("a", "b", "c", "d"), "sent sent sent sent"},
		{0, anyMove("t", "p"), "running 0/6"},
		{1 * s, send("after"), "sent"}, // "those that arrive later are not touched"
		{1 * s, takeStep("t", 9, 0), "running 0/6"},
		{1 * s, takeStep("t", 0, 9), "running 0/6"},
		{1 * s, takeStep("t", 9, 3), "running 1/6 >p"}, // late, flies, a
		{1 * s, in("p", peek(9)), "a"},
		{1 * s, takeStep("t", 1, 9), "running 2/6 >p"},
		{20 * s, peek(9), "c d after late flies"},
		{20 * s, run("t"), "completed 4/6 at 20s >p"},
		{20 * s, peek(9), "after late flies"},
		{20 * s, in("p", peek(9)), "a b c d"},
		{20 * s, run("t"), "completed 4/6 at 20s"}, // "If the task is final, it changes nothing."
		{20 * s, peek(9), "after late flies"},
	})
}

// What stands behind the last one that a step moved is looked at by the next
// step, in the state that it has then.
func TestStepMoveMax(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, send("a"), "sent"},
		{0, delayed("b", 5*s), "sent"},
		{0, anyMove("t", "p"), "running 0/2"},
		{0, takeStep("t", 1, 9), "running 1/2 >p"},
		{5 * s, takeStep("t", 1, 9), "completed 2/2 at 5s >p"},
	})
}

// "Total is how many messages that the filter means were in the source, in all
// states, when the task started; Move.Limit if that is less." "The task is
// completed by the step that moves the last of Total messages, or after which no
// message up to the last one of the start is left to look at."
func TestMoveTotal(t *testing.T) {
	limit := driver.Move{AnySource: true, Limit: 2}
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, anyMove("none", "p"), "running 0/0"}, // nothing is completed without a step
		{1 * s, send("x"), "sent"},
		{1 * s, takeStep("none", 0, 0), "completed 0/0 at 1s"},
		{1 * s, purge(), "1"},
		{1 * s, send("a", "b", "c"), "sent sent sent"},
		{1 * s, delayed("d", m), "sent"},
		{1 * s, receive(1), "a#1"},
		{1 * s, startMove("t", "p", limit), "running 0/2"},
		{2 * s, run("t"), "completed 2/2 at 2s >p"},
		{2 * s, in("p", peek(9)), "b c"},
		{2 * s, startMove("t", "p", driver.Move{AnySource: true, Limit: 9}), "running 0/2"},
		{3 * s, remove("a"), "deleted current"}, // among the remaining at the end
		{4 * s, purge(), "1"},
		{4 * s, takeStep("t", 0, 0), "completed 0/2 at 4s"},
	})
}

// "Moved … never more than Total": a message that comes home to its place among
// those of the start is moved like them, but not beside them.
func TestMoveMeetsRestored(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, in("z", create(driver.Patch{})), "created"},
		{0, send("a", "b", "c"), "sent sent sent"},
		{0, transferTo("p", driver.Transfer{UpTo: 1}), "a>p, 1/1 done"},
		{0, transferTo("p", driver.Transfer{After: 2}), "c>p, 3/3 done"},
		{0, anyMove("t", "z"), "running 0/1"},
		{0, in("p", restore(driver.Restore{})), "a>q home, c>q home, 5/5 done"},
		{0, run("t"), "completed 1/1 at 0s >z"},
		{0, in("z", holds()), "a"},
		{0, holds(), "b c"},
	})
}

// A task whose filter means nothing still looks at everything.
func TestMoveNothing(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, send("a", "b"), "sent sent"},
		{0, startMove("t", "p", driver.Move{AnySource: true, Filter: driver.Filter{Group: new("g")}}), "running 0/0"},
		{0, takeStep("t", 9, 1), "running 0/0"},
		{0, takeStep("t", 9, 1), "completed 0/0 at 0s"},
	})
}

// "A Filter says which messages are meant: those for which everything that is
// set holds."
func TestMoveFilter(t *testing.T) {
	tagged := func(body, tag string) driver.Message {
		m := message(body)
		m.Attributes = map[string]driver.Value{"tag": driver.String(tag), "other": driver.Number("1")}
		return m
	}
	red := map[string]driver.Value{"tag": driver.String("red")}
	for name, row := range map[string]struct {
		filter driver.Filter
		total  int
		want   string
	}{
		"all":           {driver.Filter{}, 4, "G/1 G/2 3 4"},
		"attribute":     {driver.Filter{Attributes: red}, 2, "G/1 3"},
		"group":         {driver.Filter{Group: new("G")}, 2, "G/1 G/2"},
		"without group": {driver.Filter{Group: new("")}, 2, "3 4"},
		"both":          {driver.Filter{Attributes: red, Group: new("G")}, 1, "G/1"},
		"origin":        {driver.Filter{Origin: "src"}, 1, "G/1"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, []step{
				{0, in("dead", create(driver.Patch{})), "created"},
				{0, in("src", create(dead())), "created"},
				{0, create(driver.Patch{}), "created"},
				{0, in("src", sendAll(tagged("G/1", "red"))), "sent"},
				{0, in("src", receiveFor(1, 0)), "G/1#1"},
				{0, in("src", receive(1)), "dead-lettered:1"},
				{0, in("dead", sendAll(tagged("G/2", "blue"), tagged("3", "red"), message("4"))), "sent sent sent"},
				{0, in("dead", startMove("t", "q", driver.Move{Filter: row.filter})), fmt.Sprint("running 0/", row.total)},
				{0, run("t"), fmt.Sprintf("completed %[1]d/%[1]d at 0s >q", row.total)},
				{0, holds(), row.want},
			})
		})
	}
}

// Without KeepIdentity a moved message is a new one, without history.
func TestMoveNewIdentity(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1}, Delay: new(m), Retention: new(2 * m)}), "created"},
		{0, delayed("a", 0), "sent"},
		{1 * s, receive(1), "a#1"},
		{20 * s, receive(1), "dead-lettered:1"},
		{20 * s, in("dead", details("a")), "same, sent 0s, received 1s, visible 20s, #1, from q"},
		{20 * s, in("dead", receive(1)), "a#2"},
		{20 * s, in("dead", change("a", 0)), "changed"},
		{30 * s, in("dead", startMove("t", "", driver.Move{})), "running 0/1"},
		{30 * s, delayed("b", 0), "sent"},
		{31 * s, run("t"), "completed 1/1 at 31s >q"},
		{31 * s, in("dead", list()), ""},
		{31 * s, cancel("a"), "gone"}, // the old ID
		{31 * s, details("a"), "new, sent 31s, received never, visible 31s, #0"},
		{31 * s, peek(9), "b a"}, // "at the end of the queue's order"
		{31 * s, receive(9), "b#1 a#1"},
		{32 * s, details("a"), "new, sent 31s, received 31s, in flight 41s, #1"},
		{32 * s, generations("a"), "3 grew by more than one"},
		{32 * s, change("a", 2*m), "changed"},
		{2*m + 31*s, list(), "a in flight 2m32s"},
		{2*m + 32*s, list(), ""}, // retention starts with the move: it is over at 2m31s
	})
}

// "it can be cancelled"; when it is gone, the destination knows that it was.
func TestMoveNewIdentityCancel(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{Retention: new(m)})), "created"},
		{0, send("a", "b"), "sent sent"},
		{0, receiveFor(2, 0), "a#1 b#1"},
		{0, cancel("a"), "delivered"},
		{0, anyMove("t", "p"), "running 0/2"},
		{1 * s, run("t"), "completed 2/2 at 1s >p"},
		{1 * s, in("p", cancel("a")), "unknown"},
		{1 * s, in("p", learn("a")), "new ID"},
		{1 * s, in("p", learn("b")), "new ID"},
		{1 * s, cancel("a"), "unknown"},
		{1 * s, in("p", cancel("a", "a")), "cancelled gone"},
		{m + 1*s - ns, in("p", list()), "b visible 1s"},
		{m + 1*s, in("p", cancel("b")), "gone"},
	})
}

// "With it, the ID, the instants of the send and of the first receive, and the
// instant from which retention counts are kept, and the message was delivered
// before as far as a cancel is concerned."
func TestMoveKeepIdentity(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{Delay: new(m), Retention: new(m)})), "created"},
		{0, send("a", "b"), "sent sent"},
		{1 * s, receiveFor(1, 0), "a#1"},
		{2 * s, startMove("t", "p", driver.Move{AnySource: true, KeepIdentity: true}), "running 0/2"},
		{3 * s, run("t"), "completed 2/2 at 3s >p"},
		{3 * s, cancel("b"), "gone"},
		{3 * s, in("p", details("a")), "same, sent 0s, received 1s, visible 3s, #0"},
		{3 * s, in("p", details("b")), "same, sent 0s, received never, visible 3s, #0"},
		{3 * s, in("p", cancel("a", "b")), "delivered delivered"},
		{4 * s, in("p", receive(9)), "a#1 b#1"},
		{4 * s, in("p", details("b")), "same, sent 0s, received 4s, in flight 14s, #1"},
		{4 * s, generations("a"), "2 grew by more than one"},
		{m - ns, in("p", list()), "a visible 14s, b visible 14s"},
		{m, in("p", list()), ""},
		{m, in("p", cancel("b")), "unknown"}, // never sent there, and not there
	})
}

// Receives are counted from zero also for the dead-letter policy, size limits
// and deduplication are not looked at, and the origin is cleared.
func TestMoveStartsAnew(t *testing.T) {
	for _, keep := range []bool{false, true} {
		play(t, []step{
			{0, in("dead", create(driver.Patch{})), "created"},
			{0, create(driver.Patch{
				DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 2}, DeduplicationWindow: new(m),
			}), "created"},
			{0, sendID("large", "id"), "sent"},
			{0, set(driver.Patch{MaxMessageBytes: new(1)}), ok},
			{0, receiveFor(1, 0), "large#1"},
			{0, receiveFor(1, 0), "large#2"},
			{0, receive(1), "dead-lettered:1"},
			{0, in("dead", receiveFor(1, 0)), "large#3"},
			{0, in("dead", startMove("t", "", driver.Move{KeepIdentity: keep})), "running 0/1"},
			{0, run("t"), "completed 1/1 at 0s >q"},
			{0, receiveFor(1, 0), "large#1"},
			{0, receiveFor(1, 0), "large#2"},
			{0, receive(1), "dead-lettered:1"},
			{0, in("dead", purge()), "1"},
			{0, send("b"), "sent"},
			{0, anyMove("u", "dead"), "running 0/1"},
			{0, run("u"), "completed 1/1 at 0s >dead"},
			{0, in("dead", startMove("v", "", driver.Move{})), "running 0/1"},
			{0, run("v"), "failed message without origin 0/1 at 0s"},
		})
	}
}

// "The task fails, and that message stays in its place, if …"; what moved stays
// moved, and what follows is not looked at.
func TestMoveFails(t *testing.T) {
	full := driver.Patch{MaxMessages: new(1)}
	for name, row := range map[string]struct {
		destination string
		meanwhile   []step
		want        string
	}{
		"destination gone": {"p", []step{{1 * s, in("p", drop()), ok}, {1 * s, in("p", create(full)), "created"}}, "destination gone"},
		"destination full": {"p", []step{{1 * s, in("p", set(full)), ok}}, "destination full"},
		"origin gone":      {"", []step{{1 * s, drop(), ok}, {1 * s, create(full), "created"}}, "destination gone"},
		"origin full":      {"", []step{{1 * s, set(full), ok}}, "destination full"},
	} {
		t.Run(name, func(t *testing.T) {
			steps := []step{
				{0, in("dead", create(driver.Patch{})), "created"},
				{0, in("p", create(driver.Patch{})), "created"},
				{0, create(dead()), "created"},
				{0, send("a", "b", "c"), "sent sent sent"},
				{0, receiveFor(9, 0), "a#1 b#1 c#1"},
				{0, receive(9), "dead-lettered:3"},
				{0, in("dead", startMove("t", row.destination, driver.Move{})), "running 0/3"},
				{0, takeStep("t", 1, 9), "running 1/3 >" + cmp.Or(row.destination, "q")},
			}
			steps = append(steps, row.meanwhile...)
			play(t, append(steps,
				step{2 * s, run("t"), "failed " + row.want + " 1/3 at 2s"},
				step{2 * s, in("dead", peek(9)), "b c"},
				step{2 * s, in("dead", activeMoves()), ""},
				step{3 * s, run("t"), "failed " + row.want + " 1/3 at 2s"},
			))
		})
	}
}

// "If MaxDuration has passed since its start, it fails with MoveTimedOut."
func TestMoveTimesOut(t *testing.T) {
	minute := driver.Move{AnySource: true, MaxDuration: m}
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, send("a", "b"), "sent sent"},
		{1 * s, startMove("t", "p", minute), "running 0/2"},
		{m + 1*s - ns, takeStep("t", 1, 9), "running 1/2 >p"},
		{m + 1*s, run("t"), "failed timed out 1/2 at 1m1s"},
		{m + 1*s, cancelMove("t"), "not running: failed timed out 1/2 at 1m1s"},
		{m + 1*s, peek(9), "b"},
		{m + 1*s, startMove("t", "p", driver.Move{AnySource: true}), "running 0/1"},
		{900 * m, run("t"), "completed 1/1 at 15h0m0s >p"}, // "Zero means for ever."
	})
}

// A destination that is gone is found when a message is to go there.
func TestMoveDestinationNotNeeded(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, delayed("a", m), "sent"},
		{0, anyMove("t", "p"), "running 0/1"},
		{0, in("p", drop()), ok},
		{0, run("t"), "completed 0/1 at 0s"},
	})
}

// Each message goes to its own origin, and a step names each queue once.
func TestMoveToOrigins(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, create(dead()), "created"},
		{0, in("p", create(dead())), "created"},
		{0, send("a", "b"), "sent sent"},
		{0, in("p", send("c")), "sent"},
		{0, receiveFor(9, 0), "a#1 b#1"},
		{0, in("p", receiveFor(9, 0)), "c#1"},
		{0, receive(1), "dead-lettered:2"},
		{0, in("p", receive(1)), "dead-lettered:1"},
		{0, in("dead", startMove("t", "", driver.Move{})), "running 0/3"},
		{0, run("t"), "completed 3/3 at 0s >q >p"},
		{0, peek(9), "a b"},
		{0, in("p", peek(9)), "c"},
	})
}

// A transfer can take a message to its origin. A task there that moves each to
// its origin then takes it to the end of the same queue.
func TestMoveWithinQueue(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, create(dead()), "created"},
		{0, send("a"), "sent"},
		{0, receiveFor(1, 0), "a#1"},
		{0, receive(1), "dead-lettered:1"},
		{0, in("dead", transferTo("q", driver.Transfer{})), "a>q, 2/2 done"},
		{0, send("b"), "sent"},
		{0, anyMove("t", ""), "running 0/2"},
		{1 * s, takeStep("t", 1, 9), "running 1/2 >q"},
		{1 * s, list(), "b visible 0s, a visible 1s"},
		{1 * s, run("t"), "failed message without origin 1/2 at 1s"},
	})
}

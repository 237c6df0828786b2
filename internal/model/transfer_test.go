package model_test

import (
	"testing"

	"github.com/redriveq/redrive/queue/driver"
)

// "It returns ErrNoQueue if t.From does not exist, ErrNoDestination if t.To does
// not, and ErrInvalid if they are the same queue or not of the same kind".
func TestTransferRefused(t *testing.T) {
	play(t, []step{
		{0, transferTo("nowhere", driver.Transfer{}), "no queue"},
		{0, create(driver.Patch{}), "created"},
		{0, in("f", create(driver.Patch{FIFO: new(true)})), "created"},
		{0, in("gone", create(driver.Patch{})), "created"},
		{0, in("gone", drop()), ok},
		{0, send("a"), "sent"},
		{0, transferTo("nowhere", driver.Transfer{}), "no destination"},
		{0, transferTo("gone", driver.Transfer{}), "no destination"},
		{0, transferTo("q", driver.Transfer{}), "invalid"},
		{0, transferTo("f", driver.Transfer{}), "invalid"},
		{0, in("f", transferTo("q", driver.Transfer{})), "invalid"},
		{0, transferTo("gone", driver.Transfer{DryRun: true}), "no destination"},
		{0, transferTo("q", driver.Transfer{DryRun: true}), "invalid"},
		{0, in("gone", restore(driver.Restore{})), "no queue"},
		{0, in("gone", receiveTransfers(1)), "no queue"},
		{0, in("gone", accept()), "no queue"},
		{0, holds(), "a"},
	})
}

// "Transfer looks at messages of one queue by sequence, after t.After up to
// t.UpTo, at up to t.Look of them, and transfers up to t.Max of those that are
// visible or delayed and that the filter means."
func TestTransferLooks(t *testing.T) {
	begin := []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, send("flies"), "sent"}, // 1
		{0, receive(1), "flies#1"},
		{0, send("G/2", "3", "G/4"), "sent sent sent"},
		{0, delayed("5", 1*s), "sent"},
	}
	const all = 1000
	for name, row := range map[string]struct {
		ask  driver.Transfer
		want string
	}{
		"all":               {driver.Transfer{Max: all, Look: all}, "G/2>p, 3>p, G/4>p, 5>p, 5/5 done"},
		"dry":               {driver.Transfer{Max: all, Look: all, DryRun: true}, "G/2>p, 3>p, G/4>p, 5>p, 5/5 done"},
		"filter":            {driver.Transfer{Max: all, Look: all, Filter: driver.Filter{Group: new("G")}}, "G/2>p, G/4>p, 5/5 done"},
		"after":             {driver.Transfer{Max: all, Look: all, After: 2}, "3>p, G/4>p, 5>p, 5/5 done"},
		"up to":             {driver.Transfer{Max: all, Look: all, UpTo: 3}, "G/2>p, 3>p, 3/3 done"},
		"up to far":         {driver.Transfer{Max: all, Look: all, UpTo: 99}, "G/2>p, 3>p, G/4>p, 5>p, 5/99 done"},
		"between":           {driver.Transfer{Max: all, Look: all, After: 2, UpTo: 2}, "2/2 done"},
		"after the highest": {driver.Transfer{Max: all, Look: all, After: 9}, "9/5 done"},
		"look 0":            {driver.Transfer{Max: all}, "0/5"},
		"look 2":            {driver.Transfer{Max: all, Look: 2}, "G/2>p, 2/5"},
		"look all":          {driver.Transfer{Max: all, Look: 5}, "G/2>p, 3>p, G/4>p, 5>p, 5/5 done"},
		"max 0":             {driver.Transfer{Look: all}, "0/5"},
		"max 1":             {driver.Transfer{Max: 1, Look: all}, "G/2>p, 2/5"},
		"dry max 1":         {driver.Transfer{Max: 1, Look: all, DryRun: true}, "G/2>p, 2/5"},
		"dry look 2":        {driver.Transfer{Max: all, Look: 2, DryRun: true}, "G/2>p, 2/5"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, append(begin, step{0, transferSome("p", row.ask), row.want}))
		})
	}
}

// In a dry run, "To may be zero"; room is not looked at.
func TestTransferDryRun(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{MaxMessages: new(1)})), "created"},
		{0, send("a", "b"), "sent sent"},
		{0, transferTo("", driver.Transfer{DryRun: true}), "a>, b>, 2/2 done"},
		{0, transferTo("", driver.Transfer{}), "no destination"},
		{0, transferTo("p", driver.Transfer{DryRun: true}), "a>p, b>p, 2/2 done"},
		{0, list(), "a visible 0s, b visible 0s"}, // "it only counts"
		{0, transferTo("p", driver.Transfer{}), "a>p, 1/2 full"},
		{0, in("p", transferTo("q", driver.Transfer{DryRun: true})), "a>q home, 3/3 done"},
		{0, in("p", underTransfer()), "1"},
	})
}

// "UpTo 0: the highest that From has given out", also if that message is gone.
func TestTransferHighest(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, transferTo("p", driver.Transfer{}), "0/0 done"},
		{0, send("a", "b", "c"), "sent sent sent"},
		{0, cancel("c"), "cancelled"},
		{0, transferSome("p", driver.Transfer{Max: 1, Look: 1}), "a>p, 1/3"},
		{0, restore(driver.Restore{}), "2/3 done"},
		{0, in("p", restore(driver.Restore{})), "a>q home, 4/4 done"},
		{0, transferSome("p", driver.Transfer{Max: 9, Look: 9, After: 1}), "b>p, 2/3 done"},
		{0, purge(), "1"},
		{0, transferTo("p", driver.Transfer{}), "0/3 done"},
	})
}

// "It keeps its ID, content, origin, and the instants of its send and first
// receive, and the count of receives that consumers see; those that a
// dead-letter policy counts start anew. It gets the next sequence of t.To, its
// retention counts from the same instant as before, and its generation grows".
func TestTransferKeeps(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, create(dead()), "created"},
		{0, in("p", create(driver.Patch{
			DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 2}, Retention: new(m), Delay: new(m), MaxMessageBytes: new(1),
		})), "created"},
		{0, send("large"), "sent"},
		{1 * s, receiveFor(1, 0), "large#1"},
		{2 * s, receive(1), "dead-lettered:1"},
		{3 * s, in("dead", receiveFor(1, 0)), "large#2"},
		{3 * s, in("p", delayed("b", 0)), "sent"},
		{4 * s, in("dead", transferTo("p", driver.Transfer{})), "large>p, 2/2 done"},
		{4 * s, in("dead", holds()), ""},
		{4 * s, in("dead", remove("large")), "gone"},
		{4 * s, in("p", holds()), "b large"},
		{4 * s, in("p", details("large")), "same, sent 0s, received 1s, visible 3s, #2, from q"},
		{4 * s, in("p", remove("large")), "refused superseded"}, // an earlier receipt
		{4 * s, in("p", receiveFor(9, 0)), "b#1 large#3"},
		{4 * s, in("p", receiveFor(9, 0)), "b#2 large#4"},
		{m + 2*s - ns, in("p", holds()), "b large"},
		{m + 2*s, in("p", holds()), "b"}, // since it arrived in the dead-letter queue
		{m + 2*s, in("p", cancel("large")), "unknown"},
	})
}

// generations of deliveries grow by one; a transfer adds to that.
func TestTransferGeneration(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, send("a"), "sent"},
		{0, receiveFor(1, 0), "a#1"},
		{0, transferTo("p", driver.Transfer{}), "a>p, 1/1 done"},
		{0, in("p", receiveFor(1, 0)), "a#2"},
		{0, in("p", restore(driver.Restore{})), "a>q home, 2/2 done"},
		{0, receiveFor(1, 0), "a#2"},
		{0, generations("a"), "3 grew by more than one"},
	})
}

// "It is visible in t.To when it was, or would have become, visible in its queue,
// or at once with AtOnce, whatever the queue's delay."
func TestTransferVisible(t *testing.T) {
	for _, row := range []struct {
		atOnce     bool
		list, peek string
	}{
		{false, "c visible 3s, a visible 2s, b delayed 9s", "c a"},
		{true, "c visible 3s, a visible 4s, b visible 4s", "c a b"},
	} {
		play(t, []step{
			{0, create(driver.Patch{}), "created"},
			{0, in("p", create(driver.Patch{Delay: new(m)})), "created"},
			{2 * s, send("a"), "sent"},
			{2 * s, delayed("b", 7*s), "sent"},
			{3 * s, in("p", delayed("c", 0)), "sent"},
			{4 * s, transferTo("p", driver.Transfer{AtOnce: row.atOnce}), "a>p, b>p, 2/2 done"},
			{4 * s, in("p", list()), row.list},
			{4 * s, in("p", peek(9)), row.peek}, // an arrival joins its line at the end
			{9 * s, in("p", peek(9)), "c a b"},
		})
	}
}

// A message whose retention is over in the queue to which it goes is gone.
func TestTransferRetention(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{Retention: new(5 * s)})), "created"},
		{0, send("a"), "sent"},
		{0, delayed("b", m), "sent"},
		{1 * s, send("c"), "sent"},
		{5 * s, transferTo("p", driver.Transfer{}), "a>p, b>p, c>p, 3/3 done"},
		{5 * s, in("p", list()), "c visible 1s"},
		{6 * s, in("p", list()), ""},
	})
}

// The ledger says how a message stood before its first transfer, and names the
// last task. Consumers never see it.
func TestLedger(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, in("z", create(driver.Patch{})), "created"},
		{1 * s, send("a", "b"), "sent sent"},
		{1 * s, delayed("c", 4*s), "sent"},
		{2 * s, receiveFor(1, 0), "a#1"},
		{2 * s, in("p", send("own")), "sent"},
		{3 * s, transferTo("p", driver.Transfer{}), "a>p, b>p, c>p, 3/3 done"},
		{3 * s, in("p", underTransfer()), "3"},
		{3 * s, in("p", receiveTransfers(2)), "own#0 (none) a#1 (task 1, q, visible 2s, #1, retained from 1s, 0 hops)"},
		{13 * s, in("p", transferTo("z", driver.Transfer{Task: task2, AtOnce: true})), "own>z, a>z, b>z, c>z, 7/7 done"},
		{13 * s, in("p", underTransfer()), "0"},
		{13 * s, in("z", underTransfer()), "4"},
		{13 * s, in("z", receiveTransfers(9)), "own#0 (task 2, p, visible 13s, #0, retained from 2s, 0 hops)" +
			" a#1 (task 2, q, visible 2s, #1, retained from 1s, 0 hops)" +
			" b#0 (task 2, q, visible 1s, #0, retained from 1s, 0 hops)" +
			" c#0 (task 2, q, visible 5s, #0, retained from 1s, 0 hops)"},
		{13 * s, in("z", underTransfer()), "4"}, // "in all states"
	})
}

// A receive of transfers is a receive, also where it fails, that counts nothing:
// "To be carried is not to be received".
func TestReceiveTransfers(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, create(driver.Patch{MaxInFlight: new(1), DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1}}), "created"},
		{0, send("a", "b"), "sent sent"},
		{0, receiveTransfers(9), "a#0 (none)"},
		{0, receiveTransfers(9), "in-flight limit"},
		{0, cancel("a"), "in flight"},
		{1 * s, change("a", 0), "changed"},
		{1 * s, details("a"), "same, sent 0s, received never, visible 1s, #0"},
		{1 * s, cancel("a"), "cancelled"},
		{1 * s, receiveFor(1, 0), "b#1"},
		{1 * s, receiveTransfers(9), "b#1 (none)"}, // "no dead-letter policy is looked at"
		{1 * s, cancel("b"), "in flight"},
		{1 * s, change("b", 0), "changed"},
		{1 * s, cancel("b"), "delivered"},
		{1 * s, receive(1), "dead-lettered:1"},
	})
}

// "It ends when the message is restored, or leaves the queue in any other way".
// The ways to leave for another queue are dead-lettering and a move.
func TestLedgerEnds(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(dead())), "created"},
		{0, send("a", "b", "c", "d"), "sent sent sent sent"},
		{0, transferTo("p", driver.Transfer{}), "a>p, b>p, c>p, d>p, 4/4 done"},
		{0, in("p", receiveFor(1, 0)), "a#1"},
		{0, in("p", receiveTransfers(3)), "b#0 (task 1, q, visible 0s, #0, retained from 0s, 0 hops)" +
			" c#0 (task 1, q, visible 0s, #0, retained from 0s, 0 hops) d#0 (task 1, q, visible 0s, #0, retained from 0s, 0 hops)"},
		{0, in("p", remove("b", "c")), "deleted current deleted current"},
		{0, in("p", change("d", 0)), "changed"},
		{0, in("p", underTransfer()), "2"},
		{0, in("p", receiveFor(1, 0)), "d#1 dead-lettered:1"},
		{0, in("p", receive(1)), "dead-lettered:1"},
		{0, in("dead", underTransfer()), "0"},
		{0, in("dead", receiveTransfers(1)), "a#1 (none)"},
		{0, in("dead", change("a", 0)), "changed"},
		{0, in("dead", restore(driver.Restore{})), "10/10 done"},
		{0, in("dead", transferTo("p", driver.Transfer{})), "a>p, d>p, 10/10 done"},
		{0, in("p", startMove("t", "q", driver.Move{AnySource: true, KeepIdentity: true})), "running 0/2"},
		{0, run("t"), "completed 2/2 at 0s >q"},
		{0, underTransfer(), "0"},
		{0, transferTo("p", driver.Transfer{}), "a>p, d>p, 14/14 done"},
		{0, in("p", receiveTransfers(1)), "a#0 (task 1, q, visible 0s, #0, retained from 0s, 0 hops)"}, // a new ledger
	})
}

// "A message under transfer whose home is t.To itself is not transferred, but
// restored there with its due time kept."
func TestTransferHome(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, send("a"), "sent"},
		{0, delayed("b", 9*s), "sent"},
		{1 * s, receiveFor(1, 0), "a#1"},
		{1 * s, send("c"), "sent"},
		{2 * s, transferTo("p", driver.Transfer{AtOnce: true, UpTo: 2}), "a>p, b>p, 2/2 done"},
		{2 * s, in("p", send("own")), "sent"},
		{2 * s, in("p", receiveFor(9, 0)), "a#2 b#1 own#1"},
		{3 * s, in("p", transferTo("q", driver.Transfer{AtOnce: true, Task: task2})), "a>q home, b>q home, own>q, 6/6 done"},
		{3 * s, list(), "a visible 1s, b delayed 9s, c visible 1s, own visible 3s"},
		{3 * s, peek(9), "a c own"}, // in the same instant with a lower sequence
		{3 * s, details("a"), "same, sent 0s, received 1s, visible 1s, #1"},
		{3 * s, underTransfer(), "1"},
	})
}

// "If a message has no room in t.To, the transfer ends before it, with Full
// set", also where it would be restored.
func TestTransferFull(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{MaxBytes: new(int64(3))})), "created"},
		{0, send("a", "bbb", "c"), "sent sent sent"},
		{0, receive(1), "a#1"},
		{0, transferTo("p", driver.Transfer{UpTo: 3}), "bbb>p, 2/3 full"},
		{0, change("a", 0), "changed"},
		{0, transferTo("p", driver.Transfer{}), "0/3 full"}, // before a
		{0, set(driver.Patch{MaxMessages: new(2)}), ok},
		{0, in("p", transferTo("q", driver.Transfer{})), "0/4 full"},
		{0, holds(), "a c"},
	})
}

// "A queue at home does not wait for its messages under transfer: it goes on
// handing out others, also of the same group."
func TestTransferFIFO(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{FIFO: new(true)}), "created"},
		{0, in("p", create(driver.Patch{FIFO: new(true)})), "created"},
		{0, send("A/1", "A/2", "A/3"), "sent sent sent"},
		{0, transferTo("p", driver.Transfer{UpTo: 2}), "A/1>p, A/2>p, 2/2 done"},
		{0, receiveFor(9, 0), "A/3#1"},
		{0, send("A/4"), "sent"},
		{0, in("p", receive(1)), "A/1#1"},
		{0, in("p", restore(driver.Restore{})), "A/2>q home, 5/5 done in flight:1"},
		{0, peek(9), "A/2 A/3 A/4"}, // "in a FIFO queue its place"
		{0, in("p", change("A/1", 0)), "changed"},
		{0, in("p", restore(driver.Restore{DueNow: true})), "A/1>q home, 4/5 done"},
		{0, peek(9), "A/1 A/2 A/3 A/4"},
	})
}

// A message under transfer that nobody received can be cancelled where it is,
// and the queue to which it was sent forgets its deduplication ID. A purge
// there leaves that alone.
func TestTransferCancel(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{DeduplicationWindow: new(m)}), "created"},
		{0, in("p", create(driver.Patch{DeduplicationWindow: new(m)})), "created"},
		{0, sendID("a", "x"), "sent"},
		{0, sendID("b", "y"), "sent"},
		{0, in("p", sendID("own", "x")), "sent"},
		{0, transferTo("p", driver.Transfer{}), "a>p, b>p, 2/2 done"}, // deduplication is not looked at
		{0, in("p", stats()), "3+0+0 5B 1id"},
		{0, sendID("c", "x"), "duplicate:a"},
		{0, cancel("a"), "gone"},
		{0, in("p", cancel("a", "a")), "cancelled unknown"},
		{0, sendID("c", "x"), "sent"},
		{0, in("p", purge()), "2"},
		{0, sendID("d", "y"), "duplicate:b"},
	})
}

// The first transfer of a message decides where it belongs, in any chain.
func TestTransferChain(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("o", create(driver.Patch{})), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, send("a"), "sent"},
		{0, transferTo("o", driver.Transfer{}), "a>o, 1/1 done"},
		{0, in("o", transferTo("p", driver.Transfer{})), "a>p, 2/2 done"},
		{0, in("p", transferTo("o", driver.Transfer{})), "a>o, 3/3 done"}, // o is not its home
		{0, in("o", underTransfer()), "1"},
		{0, in("o", restore(driver.Restore{})), "a>q home, 4/4 done"},
		{0, transferTo("p", driver.Transfer{}), "a>p, 1/1 done"},
	})
}

// A queue to which a message goes is shown now, and one that has seen more goes
// by that.
func TestTransferBackwards(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, delayed("a", 5*s), "sent"},
		{9 * s, in("p", delayed("own", 1*s)), "sent"},
		{1 * s, transferTo("p", driver.Transfer{}), "a>p, 1/1 done"},
		{1 * s, in("p", list()), "own delayed 10s, a visible 5s"},
		{20 * s, in("p", restore(driver.Restore{DueNow: true})), "a>q home, 3/3 done"},
		{2 * s, list(), "a visible 20s"},
		{3 * s, transferTo("p", driver.Transfer{AtOnce: true}), "a>p, 1/1 done"},
		{3 * s, in("p", list()), "own visible 10s, a visible 20s"},
	})
}

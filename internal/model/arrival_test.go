package model_test

import (
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// "Accept adds messages that come from another broker, with their history."
func TestAcceptHistory(t *testing.T) {
	old := arrival("old", "k1")
	old.SentAt = start.Add(-9 * s)
	old.FirstReceivedAt = start.Add(-8 * s)
	old.RetainFrom = start.Add(-7 * s)
	old.ReceiveCount = 4
	old.Hops = 2
	old.At = start.Add(-6 * s)
	late := arrival("late", "k2")
	late.At = start.Add(20 * s)
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, create(driver.Patch{
			Delay: new(m), Retention: new(m), DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1},
		}), "created"},
		{0, accept(), ""},
		{1 * s, accept(old, late, arrival("plain", "k3")), "sent sent sent"},
		{1 * s, details("old"), "same, sent -9s, received -8s, visible 1s, #4"},
		{1 * s, details("late"), "same, sent 1s, received never, delayed 20s, #0"},
		{1 * s, details("plain"), "same, sent 1s, received never, visible 1s, #0"}, // whatever the queue's delay
		{1 * s, underTransfer(), "0"},
		{1 * s, cancel("old", "late"), "delivered cancelled"},
		{1 * s, cancel("late"), "gone"},      // it was sent to this queue
		{1 * s, receive(9), "old#5 plain#1"}, // "the dead-letter policy counts from zero"
		{1 * s, details("old"), "same, sent -9s, received -8s, in flight 11s, #5"},
		{11 * s, transferTo("p", driver.Transfer{UpTo: 1}), "old>p, 1/1 done"},
		{11 * s, in("p", receiveTransfers(9)), "old#5 (task 1, q, visible 11s, #5, retained from -7s, 2 hops)"},
		{11 * s, in("p", change("old", 0)), "changed"},
		{11 * s, in("p", restore(driver.Restore{})), "old>q home, 4/4 done"},
		{11 * s, receive(9), "dead-lettered:2"},
		{11 * s, in("dead", transferTo("p", driver.Transfer{})), "old>p, plain>p, 6/6 done"},
		{11 * s, in("p", receiveTransfers(1)), "old#5 (task 1, dead, visible 11s, #5, retained from 11s, 2 hops)"},
		{11 * s, in("p", receiveTransfers(1)), "plain#1 (task 1, dead, visible 11s, #1, retained from 11s, 0 hops)"},
	})
}

// Hops stay with a message that stays the same one.
func TestHops(t *testing.T) {
	for _, row := range []struct {
		keep bool
		want string
	}{
		{true, "a#0 (task 1, p, visible 0s, #0, retained from 0s, 3 hops)"},
		{false, "a#0 (task 1, p, visible 0s, #0, retained from 0s, 0 hops)"},
	} {
		far := arrival("a", "k")
		far.Hops = 3
		play(t, []step{
			{0, create(driver.Patch{}), "created"},
			{0, in("p", create(driver.Patch{})), "created"},
			{0, accept(far), "sent"},
			{0, startMove("t", "p", driver.Move{AnySource: true, KeepIdentity: row.keep}), "running 0/1"},
			{0, run("t"), "completed 1/1 at 0s >p"},
			{0, in("p", transferTo("q", driver.Transfer{})), map[bool]string{true: "a>q, 2/2 done", false: ">q, 2/2 done"}[row.keep]},
			{0, receiveTransfers(1), row.want},
		})
	}
}

// Retention counts from RetainFrom, and may be over.
func TestAcceptRetention(t *testing.T) {
	from := func(body string, ago time.Duration) driver.Arrival {
		a := arrival(body, body)
		a.RetainFrom = start.Add(-ago)
		return a
	}
	late := from("late", m)
	late.At = start.Add(m)
	play(t, []step{
		{0, create(driver.Patch{Retention: new(m)}), "created"},
		{0, accept(from("over", m), late, from("nearly", m-ns), from("now", 0)), "sent sent sent sent"},
		{0, holds(), "nearly now"},
		{0, cancel("over", "late"), "gone gone"},
		{0, accept(from("over", m)), "duplicate:over"},
		{ns, holds(), "now"},
		{m, holds(), ""},
	})
}

// "an arrival is a Duplicate if one with its key was accepted by this queue, for
// as long as that one's Remember says. A key is remembered whatever becomes of the
// message, also through a purge, while the queue" exists.
func TestAcceptDuplicate(t *testing.T) {
	short := arrival("c", "k")
	short.Remember = 1 * s
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, accept(arrival("a", "k"), arrival("b", "k"), arrival("d", "other")), "sent duplicate:a sent"},
		{0, in("p", accept(arrival("b", "k"))), "sent"}, // "by this queue"
		{0, cancel("a"), "cancelled"},
		{0, purge(), "1"},
		{30 * s, accept(arrival("c", "k")), "duplicate:a"},
		{m - ns, accept(short), "duplicate:a"},
		{m, accept(short), "sent"}, // duplicates have not made it longer
		{m + 1*s - ns, accept(arrival("d", "k")), "duplicate:c"},
		{m + 1*s, accept(arrival("d", "k")), "sent"},
		{m + 1*s, drop(), ok},
		{m + 1*s, create(driver.Patch{}), "created"},
		{m + 1*s, accept(arrival("e", "k")), "sent"},
	})
}

// "It is a Send": size first, then a duplicate, then room.
func TestAcceptRefused(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{MaxMessageBytes: new(3), MaxMessages: new(1)}), "created"},
		{0, accept(arrival("a", "k"), arrival("large", "k"), arrival("b", "k"), arrival("c", "l")), "sent large duplicate:a full"},
		{0, purge(), "1"},
		{0, accept(arrival("c", "l")), "sent"}, // a refusal remembers nothing
	})
}

// "deduplication IDs are kept and not looked at", nor remembered, nor made.
func TestAcceptDeduplication(t *testing.T) {
	with := func(body, key, id string) driver.Arrival {
		a := arrival(body, key)
		a.DeduplicationID = id
		return a
	}
	play(t, []step{
		{0, create(driver.Patch{DeduplicationWindow: new(m), ContentDeduplication: new(true)}), "created"},
		{0, sendID("a", "x"), "sent"},
		{0, accept(with("b", "1", "x"), with("c", "2", "y"), with("d", "3", "")), "sent sent sent"},
		{0, stats(), "4+0+0 4B 1id"},
		{0, sendID("e", "y"), "sent"},
		{0, func(r *rig) string {
			infos, _ := r.List(t.Context(), r.now, r.id(), 0, 9)
			return infos[1].DeduplicationID + infos[2].DeduplicationID + infos[3].DeduplicationID
		}, "xy"},
	})
}

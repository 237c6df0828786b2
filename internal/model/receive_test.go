package model_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/redriveq/redrive/queue/driver"
)

// What a receipt may do, by policy and standing.
func TestReceiptPolicies(t *testing.T) {
	for _, row := range []struct {
		policy             driver.ReceiptPolicy
		refuseLate         bool
		late, superseded   string
		lateChange, rehide string
	}{
		{driver.Latest, false, "deleted late", "refused superseded", "changed", "changed"},
		{driver.Latest, true, "deleted late", "refused superseded", "late", "late"},
		{driver.Strict, false, "refused late", "refused superseded", "late", "late"},
		{driver.Any, false, "deleted late", "deleted superseded", "changed", "changed"},
		{driver.Any, true, "deleted late", "deleted superseded", "late", "late"},
	} {
		t.Run(row.policy.String(), func(t *testing.T) {
			play(t, []step{
				{0, create(driver.Patch{ReceiptPolicy: &row.policy, RefuseLateChange: &row.refuseLate}), "created"},
				{0, send("a", "b", "c", "d"), "sent sent sent sent"},
				{0, receive(9), "a#1 b#1 c#1 d#1"},
				{10*s - ns, remove("a"), "deleted current"},
				{10*s - ns, remove("a"), "gone"},
				{10 * s, remove("b"), row.late},
				{10 * s, change("c", 0), row.lateChange},
				{10 * s, change("d", 5*s), row.rehide},
				{20 * s, purge(), map[string]string{"refused late": "3", "deleted late": "2"}[row.late]},
				{20 * s, send("e"), "sent"},
				{20 * s, receive(1), "e#1"},
				{30 * s, receive(1), "e#2"},
				{30 * s, changeNth("e", 1, 5*s), "superseded"},
				{30 * s, removeNth("e", 1), row.superseded},
			})
		})
	}
}

// A receipt of an earlier delivery stays superseded whatever happens to the
// later one, and one that no delivery gave is as good as superseded.
func TestReceiptForms(t *testing.T) {
	forge := func(generation, nonce int) call {
		return func(r *rig) string {
			receipt := r.receipt("a", 0)
			receipt.Generation += uint64(generation)
			receipt.Nonce += uint64(nonce)
			r.receipts["forged"] = []driver.Receipt{receipt}
			return remove("forged")(r)
		}
	}
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, send("a", "b"), "sent sent"},
		{0, receiveFor(1, 1*s), "a#1"},
		{1 * s, receiveFor(1, 1*s), "b#1"},
		{2 * s, receiveFor(1, 1*s), "a#2"},
		{3 * s, removeNth("a", 1), "refused superseded"},
		{3 * s, forge(1, 0), "refused superseded"},
		{3 * s, forge(-1, 0), "refused superseded"},
		{3 * s, forge(0, 1), "refused superseded"},
		{3 * s, forge(0, 0), "deleted late"},
		{3 * s, send("c"), "sent"},
		{3 * s, func(r *rig) string {
			r.receipts["c"] = []driver.Receipt{{Message: r.messages["c"]}} // never received
			return remove("c")(r)
		}, "refused superseded"},
	})
}

// A change counts from now, but the cap from the receive of this delivery.
func TestVisibilityCap(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{MaxVisibility: new(30 * s)}), "created"},
		{0, receiveFor(1, 30*s+ns), "invalid"},
		{0, send("a"), "sent"},
		{0, receiveFor(1, 30*s), "a#1"},
		{5 * s, change("a", 25*s+ns), "above cap"},
		{5 * s, change("a", 25*s), "changed"},
		{5 * s, list(), "a in flight 30s"},
		{5 * s, change("a", 1*s), "changed"},
		{6 * s, change("a", 25*s), "above cap"}, // late
		{6 * s, change("a", 24*s), "changed"},   // late
		{6 * s, change("a", 0), "changed"},
		{40 * s, change("a", 1*s), "above cap"},
		{40 * s, change("a", 0), "changed"},
		{40 * s, receive(1), "a#2"},
		{40 * s, change("a", 30*s), "changed"},
		{41 * s, set(driver.Patch{MaxVisibility: new(0 * s)}), ok},
		{41 * s, change("a", 1000*m), "changed"},
		{41 * s, remove("a"), "deleted current"},
		{41 * s, change("a", 0), "gone"},
	})
}

// A late receipt needs room below the in-flight limit to hide its message again.
func TestLateChangeLimit(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{MaxInFlight: new(1), MaxVisibility: new(15 * s)}), "created"},
		{0, send("a", "b"), "sent sent"},
		{0, receive(1), "a#1"},
		{10 * s, receive(1), "b#1"},
		{10 * s, change("a", 5*s), "in-flight limit"},
		{10 * s, change("a", 5*s+ns), "above cap"}, // is looked at first
		{10 * s, change("a", 0), "changed"},
		{10 * s, change("b", 5*s), "changed"}, // in flight itself
		{15 * s, change("b", 5*s), "changed"},
		{15 * s, list(), "a visible 10s, b in flight 20s"},
	})
}

// Uncount takes one receive out of the count, once, also when it is late.
func TestUncount(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, send("a"), "sent"},
		{0, receive(1), "a#1"},
		{0, uncount("a"), "changed"},
		{0, uncount("a"), "changed"},
		{0, receive(1), "a#1"},
		{10 * s, receive(1), "a#2"},
		{20 * s, uncount("a"), "changed"},
		{20 * s, uncount("a"), "changed"},
		{20 * s, receive(1), "a#2"},
		{30 * s, receiveFor(1, 0), "a#3"},
		{30 * s, uncount("a"), "changed"},
		{30 * s, receive(1), "a#3"},
	})
}

// A delivery that was taken out of the count does not count against the
// dead-letter policy either.
func TestUncountDeadLetter(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1}}), "created"},
		{0, send("a"), "sent"},
		{0, receive(1), "a#1"},
		{0, uncount("a"), "changed"},
		{0, receive(1), "a#1"},
		{10 * s, receive(1), "dead-lettered:1"},
	})
}

// The receive that would be one too many moves the message instead, and goes on.
func TestDeadLetter(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{Delay: new(m)})), "created"},
		{0, create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 2}}), "created"},
		{0, send("A/1", "A/2"), "sent sent"},
		{0, receiveFor(2, 0), "A/1#1 A/2#1"},
		{0, receiveFor(2, 0), "A/1#2 A/2#2"},
		{1 * s, send("B/1", "B/2"), "sent sent"},
		{1 * s, peek(9), "A/1 B/1 A/2 B/2"},
		{2 * s, receive(1), "B/1#1 dead-lettered:1"}, // A/1 was A's turn
		{2 * s, removeNth("A/1", 2), "gone"},
		{2 * s, receive(2), "B/2#1 dead-lettered:1"},
		{2 * s, in("dead", list()), "A/1 visible 2s, A/2 visible 2s"},
		{2 * s, in("dead", removeNth("A/1", 2)), "refused superseded"},
		{2 * s, in("dead", receive(9)), "A/1#3 A/2#3"},
		{2 * s, stats(), "0+0+2 6B 0id"},
	})
}

// A dead-letter queue that is missing, full or of the other kind leaves the
// message where it is; one that was created again takes it.
func TestStranded(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{MaxMessages: new(1), Retention: new(10 * s)})), "created"},
		{0, in("dead", send("fills")), "sent"},
		{0, create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1}, VisibilityTimeout: new(1 * s)}), "created"},
		{0, send("a", "b"), "sent sent"},
		{0, receive(2), "a#1 b#1"},
		{1 * s, receive(2), "a#2 b#2 stranded:2"},
		{10*s - ns, receive(2), "a#3 b#3 stranded:2"},
		{12 * s, receive(2), "b#4 dead-lettered:1 stranded:1"}, // what filled it is over
		{12 * s, in("dead", drop()), ok},
		{13 * s, receive(2), "b#5 stranded:1"},
		{13 * s, in("dead", create(driver.Patch{FIFO: new(true)})), "created"},
		{14 * s, receive(2), "b#6 stranded:1"},
		{14 * s, in("dead", drop()), ok},
		{14 * s, in("dead", create(driver.Patch{DeadLetterSources: &driver.DeadLetterSources{Mode: driver.AllowNone}})), "created"},
		{15 * s, receive(2), "dead-lettered:1"},
		{15 * s, in("dead", list()), "b visible 15s"},
	})
}

// A message in a dead-letter queue is kept for that queue's retention, from its
// arrival or from its send.
func TestDeadLetterRetention(t *testing.T) {
	for _, row := range []struct {
		fromSend bool
		rows     []step
	}{
		{false, []step{
			{40*s - ns, in("dead", list()), "old visible 20s, young visible 20s"},
			{40 * s, in("dead", list()), ""},
		}},
		{true, []step{
			{20 * s, in("dead", list()), "young visible 20s"},                 // old was gone at once
			{20 * s, in("dead", cancel("old", "young")), "unknown delivered"}, // never sent there
			{25 * s, in("dead", set(driver.Patch{RetainFromSend: new(false)})), ok},
			{30*s - ns, in("dead", list()), "young visible 20s"},
			{30 * s, in("dead", list()), ""},
		}},
	} {
		play(t, append([]step{
			{0, in("dead", create(driver.Patch{Retention: new(20 * s), RetainFromSend: &row.fromSend})), "created"},
			{0, create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1}}), "created"},
			{0, send("old"), "sent"},
			{10 * s, send("young"), "sent"},
			{10 * s, receive(2), "old#1 young#1"},
			{20 * s, receive(2), "dead-lettered:2"},
		}, row.rows...))
	}
}

// Deduplication IDs travel as data: they are neither looked up nor remembered
// in the dead-letter queue.
func TestDeadLetterDeduplication(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{DeduplicationWindow: new(m)})), "created"},
		{0, create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1}}), "created"},
		{0, in("dead", sendID("there", "x")), "sent"},
		{0, sendID("a", "x"), "sent"},
		{0, sendID("b", "y"), "sent"},
		{0, receiveFor(2, 0), "a#1 b#1"},
		{0, receive(2), "dead-lettered:2"},
		{0, in("dead", stats()), "3+0+0 7B 1id"},
		{0, in("dead", sendID("c", "y")), "sent"},
	})
}

// Every field of a message that was dead-lettered twice.
func TestDeadLetterFields(t *testing.T) {
	ctx := context.Background()
	r := newRig(start)
	for _, row := range []step{
		{0, in("last", create(driver.Patch{})), "created"},
		{0, in("dead", create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "last", MaxReceives: 1}})), "created"},
		{0, in("q", create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 2}})), "created"},
	} {
		if got := row.do(r); got != row.want {
			t.Fatalf("setting up: got %s, want %s", got, row.want)
		}
	}
	sent := message("G/1")
	sent.DeduplicationID = "x"
	sent.Attributes = map[string]driver.Value{"k": driver.Number("1")}
	results, _ := r.Send(ctx, start, r.queues["q"], []driver.Message{sent})
	for range 2 {
		r.Receive(ctx, start.Add(s), r.queues["q"], driver.Receive{Max: 1, Visibility: new(0 * s)})
	}
	moved, _ := r.Receive(ctx, start.Add(2*s), r.queues["q"], driver.Receive{Max: 1})
	if want := (driver.Received{DefaultWait: 7 * s, DeadLettered: 1, Target: r.queues["dead"]}); !reflect.DeepEqual(moved, want) {
		t.Errorf("moving to the first queue: got %+v, want %+v", moved, want)
	}
	// The receives from the first queue do not count against the second's policy.
	moved, _ = r.Receive(ctx, start.Add(3*s), r.queues["dead"], driver.Receive{Max: 1, Visibility: new(0 * s)})
	if moved.DeadLettered != 0 || moved.Deliveries[0].ReceiveCount != 3 {
		t.Errorf("first from the second queue: got %+v, want the third receive", moved)
	}
	moved, _ = r.Receive(ctx, start.Add(3*s), r.queues["dead"], driver.Receive{Max: 1})
	if moved.DeadLettered != 1 || moved.Target != r.queues["last"] {
		t.Errorf("moving on: got %+v, want one dead-lettered", moved)
	}
	infos, _ := r.List(ctx, start.Add(4*s), r.queues["last"], 0, 9)
	want := driver.Info{
		ID:              results[0].ID,
		Body:            []byte("G/1"),
		Attributes:      map[string]driver.Value{"k": driver.Number("1")},
		Group:           "G",
		DeduplicationID: "x",
		State:           driver.Visible,
		SentAt:          start,
		FirstReceivedAt: start.Add(s),
		VisibleAt:       start.Add(3 * s),
		ReceiveCount:    3,
		Origin:          driver.QueueRef{ID: r.queues["dead"], Name: "dead"},
	}
	if len(infos) != 1 || infos[0].Sequence <= results[0].Sequence {
		t.Fatalf("in the last queue: got %+v, want one with a new sequence above %d", infos, results[0].Sequence)
	}
	want.Sequence = infos[0].Sequence
	if got := infos[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("in the last queue:\n got %+v\nwant %+v", got, want)
	}
}

// Each delivery has a receipt of its own, and a move raises the generation too.
func TestGenerations(t *testing.T) {
	r := newRig(start)
	for i, step := range []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, in("q", create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 2}})), "created"},
		{0, send("a"), "sent"},
		{0, receiveFor(1, 0), "a#1"},
		{0, receiveFor(1, 0), "a#2"},
		{0, receiveFor(1, 0), "dead-lettered:1"},
		{0, in("dead", receiveFor(1, 0)), "a#3"},
	} {
		if got := step.do(r); got != step.want {
			t.Fatalf("step %d: got %s, want %s", i, got, step.want)
		}
	}
	nonces := make(map[uint64]bool)
	for i, want := range []uint64{1, 2, 4} {
		receipt := r.receipts["a"][i]
		nonces[receipt.Nonce] = true
		if receipt.Generation != want || receipt.Message != r.messages["a"] {
			t.Errorf("delivery %d: got %+v, want generation %d of message %v", i, receipt, want, r.messages["a"])
		}
	}
	if len(nonces) != 3 {
		t.Errorf("got %d different nonces, want 3", len(nonces))
	}
}

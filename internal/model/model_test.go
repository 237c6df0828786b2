package model_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
)

// Creation is idempotent for settings that the patch would not change.
func TestCreateQueue(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{Delay: new(5 * s)}), "created"},
		{0, create(driver.Patch{Delay: new(5 * s)}), "found"},
		{0, create(driver.Patch{}), "found"}, // whatever the defaults are by now
		{0, create(driver.Patch{Delay: new(6 * s)}), "exists"},
		{0, create(driver.Patch{FIFO: new(true)}), "exists"},
		{0, in("p", create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "q"}})), "invalid"},
		{0, set(driver.Patch{FIFO: new(false)}), ok},
		{0, set(driver.Patch{FIFO: new(true)}), "invalid"},
		{0, set(driver.Patch{MaxVisibility: new(9 * s)}), "invalid"},
		{0, send("a"), "sent"},
		{0, list(), "a delayed 5s"}, // all of that changed nothing
	})
}

// A queue that is created again under the same name is another one.
func TestRecreatedQueue(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	create(driver.Patch{})(r)
	send("a")(r)
	old, oldLast := r.id(), lastSequence(t, r)
	drop()(r)
	for name, err := range everyCall(r.Engine, old) {
		if !errors.Is(err, driver.ErrNoQueue) {
			t.Errorf("%s of the deleted queue: got %v, want %v", name, err, driver.ErrNoQueue)
		}
	}
	create(driver.Patch{})(r)
	send("b")(r)
	if r.id() == old || r.id() == 0 || old == 0 {
		t.Errorf("got queue %d after queue %d, want a new one that is not zero", r.id(), old)
	}
	if got, want := list()(r), "b visible 0s"; got != want {
		t.Errorf("in the new queue: got %s, want %s", got, want)
	}
	if got := lastSequence(t, r); got <= oldLast || oldLast == 0 {
		t.Errorf("got sequence %d after %d in the deleted queue, want it to grow", got, oldLast)
	}
}

func lastSequence(t *testing.T, r *rig) uint64 {
	t.Helper()
	infos, err := r.List(context.Background(), r.now, r.id(), 0, 9)
	if err != nil || len(infos) == 0 {
		t.Fatalf("listing: got %v, %v, want messages", infos, err)
	}
	return infos[len(infos)-1].Sequence
}

// After Close, every call says so.
func TestClose(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	create(driver.Patch{})(r)
	if err := r.Close(); err != nil {
		t.Errorf("closing: got %v, want no error", err)
	}
	calls := everyCall(r.Engine, r.id())
	_, _, calls["CreateQueue"] = r.CreateQueue(t.Context(), start, "p", base(), driver.Patch{})
	_, calls["LookupQueue"] = r.LookupQueue(t.Context(), "q")
	_, calls["ListQueues"] = r.ListQueues(t.Context(), "", "", 9)
	calls["Close"] = r.Close()
	_, calls["StepMove"] = r.StepMove(t.Context(), start, driver.TaskID{}, 9, 9)
	_, calls["CancelMove"] = r.CancelMove(t.Context(), start, driver.TaskID{})
	_, calls["LookupMove"] = r.LookupMove(t.Context(), driver.TaskID{})
	_, calls["ActiveMoves"] = r.ActiveMoves(t.Context())
	_, calls["Fire"] = r.Fire(t.Context(), start, start, 9)
	_, calls["CancelSchedules"] = r.CancelSchedules(t.Context(), start, nil)
	_, calls["LookupSchedule"] = r.LookupSchedule(t.Context(), driver.ScheduleID{})
	_, calls["ListSchedules"] = r.ListSchedules(t.Context(), 0, 9)
	for name, err := range calls {
		if !errors.Is(err, driver.ErrClosed) {
			t.Errorf("%s: got %v, want %v", name, err, driver.ErrClosed)
		}
	}
}

// everyCall makes every call that names a queue by its ID, and returns their
// errors.
func everyCall(e *model.Engine, id driver.QueueID) map[string]error {
	ctx := context.Background()
	errs := make(map[string]error)
	_, errs["Queue"] = e.Queue(ctx, id)
	_, errs["SetAttributes"] = e.SetAttributes(ctx, start, id, driver.Patch{})
	errs["DeleteQueue"] = e.DeleteQueue(ctx, id)
	_, errs["Purge"] = e.Purge(ctx, start, id)
	_, errs["Stats"] = e.Stats(ctx, start, id)
	_, errs["Send"] = e.Send(ctx, start, id, nil)
	_, errs["Receive"] = e.Receive(ctx, start, id, driver.Receive{Max: 1})
	_, errs["Delete"] = e.Delete(ctx, start, id, nil)
	_, errs["ChangeVisibility"] = e.ChangeVisibility(ctx, start, id, nil)
	_, errs["Cancel"] = e.Cancel(ctx, start, id, nil)
	_, errs["Peek"] = e.Peek(ctx, start, id, 9)
	_, errs["List"] = e.List(ctx, start, id, 0, 9)
	_, errs["StartMove"] = e.StartMove(ctx, start, driver.Move{Source: id, AnySource: true}, false)
	_, errs["ListMoves"] = e.ListMoves(ctx, id, 9)
	_, errs["Transfer"] = e.Transfer(ctx, start, driver.Transfer{From: id, DryRun: true})
	_, errs["Restore"] = e.Restore(ctx, start, driver.Restore{From: id})
	_, _, errs["ReceiveTransfers"] = e.ReceiveTransfers(ctx, start, id, driver.Receive{Max: 1})
	_, errs["Accept"] = e.Accept(ctx, start, id, nil)
	_, _, errs["Schedule"] = e.Schedule(ctx, start, start, driver.Schedule{Queue: id})
	return errs
}

// Queues are listed by name, by prefix, and from where the last list ended.
func TestListQueues(t *testing.T) {
	r := newRig(start)
	for _, name := range []string{"b", "ab", "a", "Z", "abc"} {
		r.queue = name
		create(driver.Patch{})(r)
	}
	for _, row := range []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"", "", 9, []string{"Z", "a", "ab", "abc", "b"}},
		{"", "", 2, []string{"Z", "a"}},
		{"", "a", 2, []string{"ab", "abc"}},
		{"a", "a0", 9, []string{"ab", "abc"}},
		{"c", "", 9, nil},
		{"", "", 0, nil},
	} {
		infos, err := r.ListQueues(t.Context(), row.prefix, row.after, row.limit)
		var got []string
		for _, info := range infos {
			got = append(got, info.Name)
		}
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("prefix %q after %q, %d: got %q, %v, want %q", row.prefix, row.after, row.limit, got, err, row.want)
		}
	}
}

// A description says when a queue was created and when it was changed.
func TestQueueInfo(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	create(driver.Patch{Delay: new(s)})(r)
	want := driver.QueueInfo{ID: r.id(), Name: "q", CreatedAt: start, ModifiedAt: start, Attributes: base()}
	want.Attributes.Delay = s
	for i, row := range []struct {
		patch      driver.Patch
		modifiedAt time.Time
	}{
		{driver.Patch{}, start},
		{driver.Patch{Delay: new(s)}, start}, // no change
		{driver.Patch{Delay: new(2 * s)}, start.Add(2 * s)},
		{driver.Patch{MaxVisibility: new(s)}, start.Add(2 * s)}, // refused
	} {
		r.SetAttributes(t.Context(), start.Add(time.Duration(i)*s), r.id(), row.patch)
		want.ModifiedAt = row.modifiedAt
		if i == 2 {
			want.Attributes.Delay = 2 * s
		}
		byID, err := r.Queue(t.Context(), r.id())
		if err != nil || !reflect.DeepEqual(byID, want) {
			t.Errorf("step %d, by ID:\n got %+v, %v\nwant %+v", i, byID, err, want)
		}
		byName, err := r.LookupQueue(t.Context(), "q")
		if err != nil || !reflect.DeepEqual(byName, want) {
			t.Errorf("step %d, by name:\n got %+v, %v\nwant %+v", i, byName, err, want)
		}
	}
	if _, err := r.LookupQueue(t.Context(), "p"); !errors.Is(err, driver.ErrNoQueue) {
		t.Errorf("looking up what is not there: got %v, want %v", err, driver.ErrNoQueue)
	}
}

// to is a patch that sets a dead-letter policy.
func to(queue string) driver.Patch {
	return driver.Patch{DeadLetter: &driver.DeadLetter{Queue: queue, MaxReceives: 1}}
}

// A dead-letter policy is refused if its queue is missing, of the other kind,
// does not allow the source, or leads back.
func TestDeadLetterPolicy(t *testing.T) {
	fifo := to("a")
	fifo.FIFO = new(true)
	only := &driver.DeadLetterSources{Mode: driver.AllowListed, Queues: []string{"a"}}
	play(t, []step{
		{0, in("a", create(to("a"))), "refused"}, // itself
		{0, in("a", create(to("b"))), "refused"}, // missing
		{0, in("c", create(driver.Patch{DeadLetterSources: only})), "created"},
		{0, in("b", create(to("c"))), "refused"},                                  // not allowed
		{0, in("a", create(to("c"))), "created"},                                  // a > c
		{0, in("a", set(to("a"))), "refused"},                                     // itself
		{0, in("c", set(to("a"))), "refused"},                                     // back at once
		{0, in("f", create(fifo)), "refused"},                                     // the other kind
		{0, in("b", create(to("a"))), "created"},                                  // b > a > c
		{0, in("c", set(to("b"))), "refused"},                                     // back by a and b
		{0, in("c", create(driver.Patch{})), "found"},                             // unchanged by all that
		{0, in("a", set(driver.Patch{Delay: new(1 * s)})), ok},                    // another attribute
		{0, in("a", set(driver.Patch{DeadLetter: new(driver.DeadLetter{})})), ok}, // b > a, c
		{0, in("c", set(to("b"))), ok},                                            // c > b > a
		{0, in("a", set(to("c"))), "refused"},
		{0, in("b", create(to("a"))), "found"},
	})
}

// A policy keeps the name of a deleted queue. Creating that queue again can
// close a cycle, and is refused if it would.
func TestDeadLetterPolicyRecreated(t *testing.T) {
	play(t, []step{
		{0, in("c", create(driver.Patch{})), "created"},
		{0, in("b", create(to("c"))), "created"},
		{0, in("a", create(to("b"))), "created"},
		{0, in("c", drop()), ok},
		{0, in("b", set(driver.Patch{Delay: new(1 * s)})), ok}, // the policy stands, but is dangling
		{0, in("b", create(to("c"))), "found"},
		{0, in("b", set(to("c"))), "refused"}, // missing
		{0, in("c", create(to("b"))), "refused"},
		{0, in("c", create(to("a"))), "refused"},
		{0, in("a", drop()), ok},
		{0, in("a", create(driver.Patch{})), "created"},
		{0, in("c", create(to("a"))), "created"}, // b > c > a
		{0, in("a", set(to("b"))), "refused"},
	})
}

// A now that is earlier than one that the queue has seen counts as that later
// one, and each queue has seen its own. A dead-letter queue sees that of the
// receive.
func TestBackwards(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, create(to("dead")), "created"},
		{-m, send("0"), "sent"},
		{-m, list(), "0 visible 0s"}, // it has seen its creation
		{m, purge(), "1"},
		{1 * s, send("a"), "sent"},
		{1 * s, list(), "a visible 1m0s"},
		{1 * s, receiveFor(1, 1*s), "a#1"},
		{m + 1*s - ns, receive(1), ""},
		{m + 1*s, list(), "a visible 1m1s"},
		{2 * s, in("dead", delayed("b", 1*s)), "sent"},
		{2 * s, in("dead", list()), "b delayed 3s"},
		{3 * s, receive(1), "dead-lettered:1"},
		{3 * s, in("dead", list()), "b visible 3s, a visible 1m1s"},
		{-m, in("dead", delayed("c", 1*s)), "sent"},
		{-m, in("dead", list()), "b visible 3s, a visible 1m1s, c delayed 1m2s"},
	})
}

// The rules hold in every year, over any jump, from the zero time on.
func TestJumps(t *testing.T) {
	const century = 100 * 365 * 24 * time.Hour
	for _, begin := range []time.Time{{}, start, time.Date(9599, 1, 1, 0, 0, 0, 0, time.UTC)} {
		r := newRig(begin)
		r.queue = "q"
		for i, step := range []struct {
			now  time.Time
			do   call
			want string
		}{
			{begin, create(driver.Patch{Retention: new(2 * century)}), "created"},
			{begin, send("a", "b"), "sent sent"},
			{begin, delayed("c", century), "sent"},
			{begin, receive(1), "a#1"},
			{begin.Add(century - ns), receiveFor(1, 2*century), "b#1"},
			{begin.Add(century), stats(), "2+0+1 3B 0id"},
			{begin.Add(2*century - ns), stats(), "2+0+1 3B 0id"},
			{begin.Add(2 * century), stats(), "0+0+1 1B 0id"},
			{begin.AddDate(400, 0, 0), stats(), "0+0+0 0B 0id"},
			{begin.AddDate(400, 0, 0), send("d"), "sent"},
			{begin.AddDate(400, 0, 0), peek(9), "d"},
		} {
			r.now = step.now
			if got := step.do(r); got != step.want {
				t.Errorf("from %v, step %d at %v: got %s, want %s", begin, i, step.now, got, step.want)
			}
		}
	}
}

// The first receive at the zero time is a receive like any other.
func TestFirstReceivedAtZeroTime(t *testing.T) {
	r := newRig(time.Time{})
	r.queue = "q"
	create(driver.Patch{})(r)
	send("a")(r)
	receiveFor(1, 0)(r)
	if got := cancel("a")(r); got != "delivered" {
		t.Errorf("cancelling: got %s, want delivered", got)
	}
	r.now = r.now.Add(s)
	receive(1)(r)
	infos, _ := r.List(t.Context(), r.now, r.id(), 0, 1)
	if got := infos[0].FirstReceivedAt; !got.IsZero() {
		t.Errorf("first received at: got %v, want the zero time", got)
	}
}

// The oldest of a state is the one with the lowest sequence, and its age is the
// time since its send.
func TestStats(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	for i, step := range []step{
		{0, create(driver.Patch{}), "created"},
		{0, send("a"), "sent"},
		{1 * s, send("b"), "sent"},
		{2 * s, delayed("c", 2*m), "sent"},
		{3 * s, receive(1), "a#1"},
		{14 * s, receive(1), "b#1"},
		{15 * s, send("d"), "sent"},
	} {
		r.now = start.Add(step.at)
		if got := step.do(r); got != step.want {
			t.Fatalf("step %d: got %s, want %s", i, got, step.want)
		}
	}
	got, err := r.Stats(t.Context(), start.Add(15*s), r.id())
	want := driver.Stats{
		Visible:  driver.Count{Messages: 2, Age: 15 * s},
		Delayed:  driver.Count{Messages: 1, Age: 13 * s},
		InFlight: driver.Count{Messages: 1, Age: 14 * s},
		Bytes:    4,
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// List goes on after a sequence, whatever came and went meanwhile.
func TestList(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	create(driver.Patch{})(r)
	send("a", "b", "c")(r)
	first, _ := r.List(t.Context(), start, r.id(), 0, 2)
	cancel("b")(r)
	send("d")(r)
	second, _ := r.List(t.Context(), start, r.id(), first[1].Sequence, 9)
	rest, _ := r.List(t.Context(), start, r.id(), second[1].Sequence, 9)
	if len(first) != 2 || len(second) != 2 || string(second[0].Body) != "c" || string(second[1].Body) != "d" || len(rest) != 0 {
		t.Errorf("got %v, then %v, then %v, want a b, then c d, then nothing", first, second, rest)
	}
}

// The engine keeps no memory of its callers and gives none away.
func TestCopies(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	sources := []string{"x"}
	create(driver.Patch{DeadLetterSources: &driver.DeadLetterSources{Mode: driver.AllowListed, Queues: sources}})(r)
	sent := driver.Message{Body: []byte("body"), Attributes: map[string]driver.Value{"k": driver.String("v")}}
	r.Send(t.Context(), start, r.id(), []driver.Message{sent})
	spoil := func(body []byte, attributes map[string]driver.Value) {
		clear(body)
		attributes["k"] = driver.String("spoilt")
	}
	spoil(sent.Body, sent.Attributes)
	sources[0] = "spoilt"
	for range 2 {
		received, _ := r.Receive(t.Context(), start, r.id(), driver.Receive{Max: 1, Visibility: new(0 * s)})
		peeked, _ := r.Peek(t.Context(), start, r.id(), 1)
		listed, _ := r.List(t.Context(), start, r.id(), 0, 1)
		for _, info := range []driver.Info{received.Deliveries[0].Info, peeked[0], listed[0]} {
			if string(info.Body) != "body" || info.Attributes["k"] != driver.String("v") {
				t.Errorf("got body %q and attributes %v, want those that were sent", info.Body, info.Attributes)
			}
			spoil(info.Body, info.Attributes)
		}
		info, _ := r.Queue(t.Context(), r.id())
		if got := info.Attributes.DeadLetterSources.Queues[0]; got != "x" {
			t.Errorf("dead-letter source: got %q, want x", got)
		}
		info.Attributes.DeadLetterSources.Queues[0] = "spoilt"
	}
	secret := r.Secrets()[0]
	secret[0]++
	if again := r.Secrets()[0]; bytes.Equal(secret, again) || len(again) < 32 {
		t.Errorf("secret: got %x, want at least 32 bytes that a caller cannot change", again)
	}
	if other := model.New().Secrets()[0]; bytes.Equal(other, r.Secrets()[0]) {
		t.Errorf("secret of another engine: got the same %x", other)
	}
}

// A message without attributes has none, whichever way it was sent.
func TestNoAttributes(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	create(driver.Patch{})(r)
	r.Send(t.Context(), start, r.id(), []driver.Message{{Attributes: map[string]driver.Value{}}})
	received, _ := r.Receive(t.Context(), start, r.id(), driver.Receive{Max: 1})
	if got := received.Deliveries[0]; got.Attributes != nil || got.State != driver.InFlight || !got.VisibleAt.Equal(start.Add(10*s)) {
		t.Errorf("got %+v, want no attributes, in flight for 10s", got)
	}
}

// Calls at the same time act as if one came after the other.
func TestConcurrent(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	create(driver.Patch{})(r)
	queue := r.id()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				r.Send(t.Context(), start, queue, make([]driver.Message, 2))
				r.Receive(t.Context(), start, queue, driver.Receive{Max: 1})
			}
		})
	}
	wg.Wait()
	stats, err := r.Stats(t.Context(), start, queue)
	if err != nil || stats.Visible.Messages != 400 || stats.InFlight.Messages != 400 {
		t.Errorf("got %+v, %v, want 400 visible and 400 in flight", stats, err)
	}
}

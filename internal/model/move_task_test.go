package model_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/redriveq/redrive/queue/driver"
)

// "It checks, in this order: …" Each row has the next thing wrong, and all that
// come after it too.
func TestStartMoveChecks(t *testing.T) {
	fromAny := driver.Move{AnySource: true}
	play(t, []step{
		{0, startMove("t", "nowhere", driver.Move{}), "no queue"},
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, in("f", create(driver.Patch{FIFO: new(true)})), "created"},
		{0, in("gone", create(driver.Patch{})), "created"},
		{0, in("gone", drop()), ok},
		{0, anyMove("t", "p"), "running 0/0"},
		{0, startMove("u", "gone", driver.Move{}), "not a dead-letter queue"},
		{0, startMove("u", "gone", fromAny), "no destination"},
		{0, startMove("u", "q", fromAny), "invalid"},
		{0, startMove("u", "f", fromAny), "invalid"},
		{0, startMove("u", "p", fromAny), "active"},
		{0, dryMove("gone", driver.Move{}), "not a dead-letter queue"},
		{0, dryMove("gone", fromAny), "no destination"},
		{0, dryMove("q", fromAny), "invalid"},
		{0, dryMove("f", fromAny), "invalid"},
		{0, dryMove("p", fromAny), "running 0/0"}, // "skips the last two"
		{0, in("p", set(to("q"))), ok},            // now q is a dead-letter queue
		{0, dryMove("p", driver.Move{}), "running 0/0"},
		{0, dryMove("", driver.Move{}), "running 0/0"},
		{0, activeMoves(), "t"},
	})
}

// "fewer than MaxActiveMoves tasks are active in the engine"
func TestTooManyMoves(t *testing.T) {
	var steps []step
	for i := range driver.MaxActiveMoves + 1 {
		steps = append(steps, step{0, in(fmt.Sprint(i), create(driver.Patch{})), "created"})
	}
	for i := range driver.MaxActiveMoves {
		steps = append(steps, step{0, in(fmt.Sprint(i), anyMove(fmt.Sprint(i), "")), "running 0/0"})
	}
	last := fmt.Sprint(driver.MaxActiveMoves)
	play(t, append(steps,
		step{0, in("0", anyMove("u", "")), "active"}, // looked at first
		step{0, in(last, anyMove("u", "")), "too many moves"},
		step{0, in(last, dryMove("", driver.Move{AnySource: true})), "running 0/0"},
		step{0, cancelMove("0"), ok + ": cancelling 0/0"}, // is active still
		step{0, in(last, anyMove("u", "")), "too many moves"},
		step{0, run("0"), "cancelled 0/0 at 0s"},
		step{0, in(last, anyMove("u", "")), "running 0/0"},
	))
}

// A dry run has no ID, and nothing is kept of it.
func TestDryMove(t *testing.T) {
	r := newRig(start)
	r.queue = "q"
	create(driver.Patch{})(r)
	send("a", "b")(r)
	m := driver.Move{Source: r.id(), AnySource: true, Limit: 1, Rate: 7}
	got, err := r.StartMove(t.Context(), start.Add(s), m, true)
	want := driver.MoveTask{
		Move: m, Source: driver.QueueRef{ID: r.id(), Name: "q"}, State: driver.MoveRunning,
		StartedAt: start.Add(s), Total: 1,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("dry run:\n got %+v, %v\nwant %+v", got, err, want)
	}
	if got, want := activeMoves()(r)+listMoves(9)(r), ""; got != want {
		t.Errorf("tasks after the dry run: got %q, want %q", got, want)
	}
}

// "CancelMove makes a running task one that is being cancelled: no message is
// moved by it from then on. What was moved stays moved."
func TestCancelMove(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, send("a", "b"), "sent sent"},
		{0, cancelMove("t"), "no task"},
		{0, lookupMove("t"), "no task"},
		{0, run("t"), "no task"},
		{0, startMove("t", "p", driver.Move{AnySource: true, MaxDuration: 5 * s}), "running 0/2"},
		{0, takeStep("t", 1, 9), "running 1/2 >p"},
		{1 * s, cancelMove("t"), ok + ": cancelling 1/2"},
		{1 * s, cancelMove("t"), "not running: cancelling 1/2"},
		{1 * s, lookupMove("t"), "cancelling 1/2"},
		{1 * s, anyMove("u", "p"), "active"},
		{1 * s, activeMoves(), "t"},
		{6 * s, takeStep("t", 0, 0), "cancelled 1/2 at 6s"}, // not timed out
		{7 * s, cancelMove("t"), "not running: cancelled 1/2 at 6s"},
		{7 * s, run("t"), "cancelled 1/2 at 6s"},
		{7 * s, peek(9), "b"},
		{7 * s, in("p", peek(9)), "a"},
		{7 * s, activeMoves(), ""},
		{7 * s, anyMove("u", "p"), "running 0/1"},
		{7 * s, run("t"), "cancelled 1/2 at 6s"}, // tasks do not bleed
		{7 * s, run("u"), "completed 1/1 at 7s >p"},
	})
}

// A step and a cancel show now to the source, and a step to the queues that get
// messages; a source that has seen more goes by that.
func TestMoveBackwards(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, send("a"), "sent"},
		{0, startMove("t", "p", driver.Move{AnySource: true, MaxDuration: 5 * s}), "running 0/1"},
		{1 * s, takeStep("t", 0, 0), "running 0/1"},
		{0, send("b"), "sent"},
		{2 * s, cancelMove("t"), ok + ": cancelling 0/1"},
		{0, send("c"), "sent"},
		{0, list(), "a visible 0s, b visible 1s, c visible 2s"},
		{0, run("t"), "cancelled 0/1 at 2s"},
		{0, anyMove("u", "p"), "running 0/3"},
		{1 * s, run("u"), "completed 3/3 at 2s >p"},
		{0, in("p", send("d")), "sent"},
		{0, in("p", list()), "a visible 2s, b visible 2s, c visible 2s, d visible 2s"},
	})
}

// An engine keeps the latest MoveHistory tasks of each source, and forgets them
// with the source.
func TestListMoves(t *testing.T) {
	steps := []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, in("p", anyMove("other", "")), "running 0/0"},
	}
	for i := range driver.MoveHistory + 1 {
		steps = append(steps,
			step{0, lookupMove("1"), map[bool]string{true: "completed 0/0 at 0s", false: "no task"}[i > 1]},
			step{0, anyMove(fmt.Sprint(i), ""), "running 0/0"})
		if i < driver.MoveHistory {
			steps = append(steps, step{0, run(fmt.Sprint(i)), "completed 0/0 at 0s"})
		}
		if i == 5 { // tasks of another source are not counted
			steps = append(steps,
				step{0, run("other"), "completed 0/0 at 0s"},
				step{0, in("p", anyMove("other", "")), "running 0/0"})
		}
	}
	play(t, append(steps,
		step{0, in("p", listMoves(1)), "other"},
		step{0, listMoves(99), "10 9 8 7 6 5 4 3 2 1"},
		step{0, listMoves(2), "10 9"},
		step{0, listMoves(0), ""},
		step{0, lookupMove("0"), "no task"},
		step{0, lookupMove("1"), "completed 0/0 at 0s"},
		step{0, activeMoves(), "other 10"},
		step{0, drop(), ok},
		step{0, listMoves(9), "no queue"},
		step{0, activeMoves(), "other"},
		step{0, lookupMove("10"), "no task"},
		step{0, run("10"), "no task"},
		step{0, cancelMove("9"), "no task"},
		step{0, in("p", listMoves(9)), "other"},
	))
}

// A task says what it is to do, and its engine shares no memory with callers.
func TestMoveTask(t *testing.T) {
	r := newRig(start)
	r.queue = "p"
	create(driver.Patch{})(r)
	r.queue = "q"
	create(driver.Patch{})(r)
	newMove := func() driver.Move {
		return driver.Move{
			Source: r.queues["q"], AnySource: true, Destination: r.queues["p"], Limit: 3, KeepIdentity: true, Rate: 5, MaxDuration: m,
			Filter: driver.Filter{Attributes: map[string]driver.Value{"k": driver.String("v")}, Group: new("g"), Origin: "o"},
		}
	}
	spoil := func(f driver.Filter) {
		f.Attributes["k"] = driver.String("spoilt")
		*f.Group = "spoilt"
	}
	given := newMove()
	started, err := r.StartMove(t.Context(), start.Add(s), given, false)
	want := driver.MoveTask{
		ID: started.ID, Move: newMove(), State: driver.MoveRunning, StartedAt: start.Add(s),
		Source:      driver.QueueRef{ID: r.queues["q"], Name: "q"},
		Destination: driver.QueueRef{ID: r.queues["p"], Name: "p"},
	}
	if err != nil || started.ID == (driver.TaskID{}) || !reflect.DeepEqual(started, want) {
		t.Fatalf("start:\n got %+v, %v\nwant %+v", started, err, want)
	}
	spoil(given.Filter)
	spoil(started.Move.Filter)
	for i := range 2 {
		found, _ := r.LookupMove(t.Context(), started.ID)
		listed, _ := r.ListMoves(t.Context(), r.id(), 1)
		active, _ := r.ActiveMoves(t.Context())
		for j, got := range []driver.MoveTask{found, listed[0], active[0]} {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("look %d, way %d:\n got %+v\nwant %+v", i, j, got, want)
			}
			spoil(got.Move.Filter)
		}
	}
	cancelled, err := r.CancelMove(t.Context(), start, started.ID)
	spoil(cancelled.Move.Filter)
	again, err2 := r.CancelMove(t.Context(), start, started.ID)
	want.State = driver.MoveCancelling
	if err != nil || !errors.Is(err2, driver.ErrNotRunning) || !reflect.DeepEqual(again, want) {
		t.Errorf("cancel:\n got %+v, %v, %v\nwant %+v", again, err, err2, want)
	}
}

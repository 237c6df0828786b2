package model_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// Delays and visibility timeouts are in force while now is before the deadline.
func TestDeadlines(t *testing.T) {
	at := func(d time.Duration) driver.Message {
		msg := message("at")
		msg.At = start.Add(d)
		return msg
	}
	play(t, []step{
		{0, create(driver.Patch{Delay: new(5 * s)}), "created"},
		{0, next(), "never"},
		{0, send("a"), "sent"}, // after the queue's delay
		{0, delayed("zero", 0), "sent"},
		{0, sendAll(at(3 * s)), "sent"},
		{0, next(), "3s"},
		{0, list(), "a delayed 5s, zero visible 0s, at delayed 3s"},
		{3*s - ns, peek(9), "zero"},
		{3 * s, peek(9), "zero at"},
		{5*s - ns, receive(9), "zero#1 at#1"},
		{5 * s, receive(9), "a#1"},
		{5 * s, next(), (15*s - ns).String()},
		{15*s - 2*ns, receive(9), ""},
		{15*s - ns, receive(9), "zero#2 at#2"},
		{15*s - ns, list(), "a in flight 15s, zero in flight 24.999999999s, at in flight 24.999999999s"},
		{15 * s, receive(9), "a#2"},
		{20 * s, sendAll(at(20 * s)), "sent"},
		{20 * s, sendAll(at(-1 * s)), "sent"},
		{20 * s, peek(9), "at at"},
	})
}

// What is visible at once became visible at the send, whatever instant in the
// past it asked for.
func TestVisibleAt(t *testing.T) {
	past := message("past")
	past.At = start.Add(-m)
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{1 * s, sendAll(past), "sent"},
		{2 * s, list(), "past visible 1s"},
		{2 * s, receive(1), "past#1"},
		{3 * s, change("past", 0), "changed"},
		{4 * s, list(), "past visible 3s"},
		{4 * s, change("past", 0), "changed"}, // late: nothing to do
		{4 * s, list(), "past visible 3s"},
		{5 * s, receive(1), "past#2"},
		{m, list(), "past visible 15s"},
	})
}

// Retention removes what is visible or delayed when it ends, and what is in
// flight when the visibility timeout ends.
func TestRetention(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{Retention: new(20 * s)}), "created"},
		{0, send("flies", "waits"), "sent sent"},
		{0, delayed("late", 30*s), "sent"},
		{0, delayed("due", 20*s), "sent"},
		{15 * s, receive(1), "flies#1"},
		{20*s - ns, peek(9), "waits"},
		{20*s - ns, stats(), "1+2+1 17B 0id"},
		{20 * s, list(), "flies in flight 25s"},
		{25*s - ns, change("flies", 5*s), "changed"}, // its holder may keep it
		{30*s - 2*ns, stats(), "0+0+1 5B 0id"},
		{30*s - ns, stats(), "0+0+0 0B 0id"},
		{30*s - ns, remove("flies"), "gone"},
		{30 * s, cancel("flies", "waits", "late"), "gone gone gone"},
	})
}

// A message in flight whose retention is over is gone with the change that
// makes it visible, within one call too.
func TestRetentionEndsByChange(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{Retention: new(5 * s)}), "created"},
		{0, send("a"), "sent"},
		{0, receive(1), "a#1"},
		{6 * s, change("a", 0), "changed"},
		{6 * s, list(), ""},
		{6 * s, remove("a"), "gone"},
	})
}

// A change of the retention applies to all messages at the instant of the
// change.
func TestRetentionChanged(t *testing.T) {
	retention := func(d time.Duration) call { return set(driver.Patch{Retention: &d}) }
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, send("a", "b"), "sent sent"},
		{5 * s, send("c"), "sent"},
		{8 * s, receive(1), "a#1"},
		{9 * s, retention(9 * s), ok},
		{9 * s, list(), "a in flight 18s, c visible 5s"},
		{10 * s, retention(20 * s), ok},
		{18 * s, list(), "a visible 18s, c visible 5s"}, // the longer one saved a
		{19 * s, retention(0), ok},
		{m, list(), "a visible 18s, c visible 5s"},
	})
}

// What falls due is applied in the order of the instants, and at one instant
// messages become visible before others' retention ends. Group A keeps its turn
// if one of its messages becomes visible before, or when, the other goes.
func TestDueOrder(t *testing.T) {
	for name, row := range map[string]struct {
		delay time.Duration
		want  string
	}{
		"before":  {10*s - ns, "A/2 B/1"},
		"at once": {10 * s, "A/2 B/1"},
		"after":   {10*s + ns, "B/1 A/2"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, []step{
				{0, create(driver.Patch{Retention: new(10 * s)}), "created"},
				{0, send("A/1"), "sent"},
				{1 * s, send("B/1"), "sent"},
				{1 * s, delayed("A/2", row.delay-1*s), "sent"},
				{10*s + 2*ns, peek(9), row.want},
			})
		})
	}
}

// Limits hold exactly, and what is refused leaves nothing behind.
func TestLimits(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{MaxMessages: new(3), MaxBytes: new(int64(10)), MaxMessageBytes: new(6)}), "created"},
		{0, send("1234567"), "large"},
		{0, send("123456"), "sent"},
		{0, send("12345", "1234", ""), "full sent sent"},
		{0, send(""), "full"},
		{0, stats(), "3+0+0 10B 0id"},
		{0, set(driver.Patch{MaxMessages: new(0), MaxBytes: new(int64(0)), MaxMessageBytes: new(0)}), ok},
		{0, send("1234567", ""), "sent sent"},
	})
}

// A standard queue at its in-flight limit refuses, a FIFO queue finds nothing;
// below it, a receive takes no more than the limit allows.
func TestInFlightLimit(t *testing.T) {
	for _, row := range []struct {
		fifo    bool
		atLimit string
	}{
		{false, "in-flight limit"},
		{true, ""},
	} {
		play(t, []step{
			{0, create(driver.Patch{FIFO: &row.fifo, MaxInFlight: new(3)}), "created"},
			{0, send("A/1", "B/1", "C/1", "D/1", "E/1"), "sent sent sent sent sent"},
			{0, receive(2), "A/1#1 B/1#1"},
			{0, receiveFor(9, 0), "C/1#1"}, // needs room, but does not keep it
			{0, cancel("C/1"), "delivered"},
			{0, remove("C/1"), "deleted late"},
			{0, receive(9), "D/1#1"},
			{0, receive(9), row.atLimit},
			{0, receiveFor(9, 0), row.atLimit},
			{1 * s, remove("A/1"), "deleted current"},
			{1 * s, receive(9), "E/1#1"},
			{1 * s, send("F/1"), "sent"},
			{2 * s, set(driver.Patch{MaxInFlight: new(1)}), ok},
			{2 * s, receive(9), row.atLimit},
			{10 * s, remove("B/1", "D/1"), "deleted late deleted late"},
			{10 * s, receive(9), row.atLimit}, // E/1
			{11 * s, remove("E/1"), "deleted late"},
			{11 * s, receive(9), "F/1#1"},
		})
	}
}

// At the in-flight limit the answer still says when something falls due, and
// how long the queue's receives wait.
func TestInFlightLimitAnswer(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		r := newRig(start)
		r.queue = "q"
		create(driver.Patch{FIFO: &fifo, MaxInFlight: new(1)})(r)
		send("A/1", "B/1")(r)
		first, _ := r.Receive(t.Context(), start, r.id(), driver.Receive{Max: 1})
		if !first.NextAt.Equal(start.Add(10 * s)) {
			t.Errorf("FIFO %t, first receive: got next at %v, want the end of its visibility timeout", fifo, first.NextAt)
		}
		got, err := r.Receive(t.Context(), start, r.id(), driver.Receive{Max: 1})
		want := driver.Received{NextAt: start.Add(10 * s), DefaultWait: 7 * s}
		if !reflect.DeepEqual(got, want) || errors.Is(err, driver.ErrInFlightLimit) == fifo {
			t.Errorf("FIFO %t: got %+v, %v, want %+v, and an error from the standard queue", fifo, got, err, want)
		}
	}
}

package model_test

import (
	"testing"

	"github.com/redriveq/redrive/queue/driver"
)

// Without groups, a standard queue is first in, first out by the instant of
// becoming visible, and by sequence at one instant.
func TestStandardOrder(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, delayed("a", 5*s), "sent"},
		{0, delayed("b", 3*s), "sent"},
		{1 * s, delayed("c", 4*s), "sent"},
		{2 * s, send("d"), "sent"},
		{2 * s, peek(9), "d"},
		{9 * s, send("e"), "sent"},
		{9 * s, peek(9), "d b a c e"}, // a and c fell due at one instant
		{9 * s, peek(2), "d b"},
		{9 * s, receive(2), "d#1 b#1"},
		{9 * s, receive(9), "a#1 c#1 e#1"},
	})
}

// The groups of a standard queue take turns.
func TestRotation(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, send("A/1", "A/2", "A/3", "B/1", "n", "B/2"), "sent sent sent sent sent sent"},
		{0, peek(9), "A/1 B/1 n A/2 B/2 A/3"},
		{0, receive(1), "A/1#1"},
		{0, peek(9), "B/1 n A/2 B/2 A/3"}, // A went to the end
		{0, send("C/1", "A/4"), "sent sent"},
		{0, peek(9), "B/1 n A/2 C/1 B/2 A/3 A/4"},
		{0, receive(2), "B/1#1 n#1"},
		{0, send("m"), "sent"}, // its group had nothing left, so it joins anew
		{0, peek(9), "A/2 C/1 B/2 m A/3 A/4"},
		{1 * s, change("B/1", 0), "changed"}, // behind B/2, where it joins
		{1 * s, peek(9), "A/2 C/1 B/2 m A/3 B/1 A/4"},
		{1 * s, change("n", 20*s), "changed"},
		{10 * s, peek(9), "A/2 C/1 B/2 m A/3 B/1 A/4 A/1"},
		{21 * s, peek(9), "A/2 C/1 B/2 m A/3 B/1 n A/4 A/1"},
	})
}

// A group that loses its last visible message in another way than by a receive
// loses its turn, and one that loses any other keeps it.
func TestRotationRemoval(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, send("A/1", "B/1", "B/2"), "sent sent sent"},
		{0, cancel("A/1", "B/1"), "cancelled cancelled"},
		{0, send("A/2"), "sent"},
		{0, peek(9), "B/2 A/2"},
		{0, receiveFor(2, 1*s), "B/2#1 A/2#1"},
		{1 * s, send("B/3", "A/3"), "sent sent"},
		{1 * s, remove("B/2"), "deleted late"},
		{1 * s, peek(9), "B/3 A/2 A/3"},
		{1 * s, change("A/2", 5*s), "changed"}, // late, hidden again
		{1 * s, peek(9), "B/3 A/3"},
		{1 * s, purge(), "3"},
		{1 * s, send("C/1", "A/4"), "sent sent"},
		{1 * s, peek(9), "C/1 A/4"},
	})
}

// A visibility timeout of zero hands out each message at most once in a call,
// counts, and lets the messages join after all that were taken.
func TestZeroVisibility(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, send("A/1", "A/2", "B/1"), "sent sent sent"},
		{0, receiveFor(2, 0), "A/1#1 B/1#1"},
		{0, stats(), "3+0+0 9B 0id"},
		{0, peek(9), "A/2 B/1 A/1"},
		{0, receiveFor(9, 0), "A/2#1 B/1#2 A/1#2"},
		{0, next(), "never"},
		{0, list(), "A/1 visible 0s, A/2 visible 0s, B/1 visible 0s"},
		{0, remove("A/1"), "deleted late"},
	})
}

// A FIFO queue hands out by sequence, and passes over groups that had something
// in flight when the receive began.
func TestFIFO(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{FIFO: new(true)}), "created"},
		{0, delayed("A/1", 5*s), "sent"},
		{0, send("A/2", "A/3", "B/1", "A/4", "n", "B/2"), "sent sent sent sent sent sent"},
		{0, peek(9), "A/2 A/3 B/1 A/4 n B/2"}, // what is delayed blocks nothing
		{0, receive(2), "A/2#1 A/3#1"},        // several of one group, in order
		{0, peek(9), "B/1 n B/2"},
		{0, receive(1), "B/1#1"},
		{0, receive(9), "n#1"},
		{0, send("A/5"), "sent"},
		{0, receive(9), ""},
		{6 * s, remove("A/2"), "deleted current"},
		{6 * s, peek(9), ""}, // A/3 is still in flight
		{6 * s, remove("A/3"), "deleted current"},
		{6 * s, peek(9), "A/1 A/4 A/5"}, // by sequence, whenever they became visible
	})
}

// Whatever takes the message in flight away frees its group.
func TestFIFOGroupFreed(t *testing.T) {
	for name, free := range map[string][]step{
		"delete":      {{5 * s, remove("A/1"), "deleted current"}, {5 * s, peek(9), "A/2"}},
		"change to 0": {{5 * s, change("A/1", 0), "changed"}, {5 * s, peek(9), "A/1 A/2"}},
		"timeout":     {{10*s - ns, peek(9), ""}, {10 * s, peek(9), "A/1 A/2"}},
		"purge":       {{5 * s, purge(), "2"}, {5 * s, send("A/3"), "sent"}, {5 * s, peek(9), "A/3"}},
		"dead-letter": {{10 * s, receive(1), "A/2#1 dead-lettered:1"}, {10 * s, in("dead", peek(9)), "A/1"}},
		"retention":   {{0, set(driver.Patch{Retention: new(8 * s)}), ok}, {5 * s, send("A/3"), "sent"}, {10 * s, peek(9), "A/3"}},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, append([]step{
				{0, in("dead", create(driver.Patch{FIFO: new(true)})), "created"},
				{0, create(driver.Patch{FIFO: new(true), DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1}}), "created"},
				{0, send("A/1", "A/2"), "sent sent"},
				{0, receive(1), "A/1#1"},
				{0, peek(9), ""},
			}, free...))
		})
	}
}

// A late receipt that hides its message again blocks the group again.
func TestFIFOLateChange(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{FIFO: new(true)}), "created"},
		{0, send("A/1", "A/2", "B/1"), "sent sent sent"},
		{0, receive(1), "A/1#1"},
		{12 * s, peek(9), "A/1 A/2 B/1"},
		{12 * s, change("A/1", 5*s), "changed"},
		{12 * s, peek(9), "B/1"},
		{17 * s, peek(9), "A/1 A/2 B/1"},
	})
}

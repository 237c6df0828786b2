package model_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// deduplicates is what most of these timelines create their queue with.
func deduplicates() driver.Patch { return driver.Patch{DeduplicationWindow: new(10 * s)} }

// A deduplication ID is remembered while now is before the send plus the
// window, whatever happens to the message; a duplicate writes nothing.
func TestDeduplicationWindow(t *testing.T) {
	play(t, []step{
		{0, create(deduplicates()), "created"},
		{0, sendID("a", "x"), "sent"},
		{0, sendID("b", "y"), "sent"},
		{0, send("n", "n"), "sent sent"}, // without an ID
		{5 * s, sendID("c", "x"), "duplicate:a"},
		{5 * s, receive(1), "a#1"},
		{5 * s, remove("a"), "deleted current"},
		{5 * s, stats(), "3+0+0 3B 2id"},
		{10*s - ns, sendID("c", "x"), "duplicate:a"},
		{10 * s, sendID("c", "x"), "sent"},
		{10 * s, stats(), "4+0+0 4B 1id"},
		{20*s - ns, sendID("d", "x"), "duplicate:c"},
		{20 * s, stats(), "4+0+0 4B 0id"},
	})
}

// The window in force at the send counts for what that send remembers, and
// without a window nothing is a duplicate.
func TestDeduplicationWindowChanged(t *testing.T) {
	window := func(d time.Duration) call { return set(driver.Patch{DeduplicationWindow: &d}) }
	play(t, []step{
		{0, create(deduplicates()), "created"},
		{0, sendID("a", "x"), "sent"},
		{1 * s, window(m), ok},
		{1 * s, sendID("b", "y"), "sent"},
		{2 * s, window(0), ok},
		{2 * s, sendID("c", "x"), "sent"},
		{2 * s, sendID("c", "z"), "sent"},
		{2 * s, stats(), "4+0+0 4B 2id"},
		{3 * s, window(10 * s), ok},
		{3 * s, sendID("d", "x"), "duplicate:a"},
		{3 * s, sendID("d", "z"), "sent"},
		{10 * s, sendID("e", "x"), "sent"},
		{m - ns, sendID("f", "y"), "duplicate:b"},
		{m + 1*s, sendID("f", "y"), "sent"},
	})
}

// Under the scope of a group, the same ID in another group is another one. IDs
// that were remembered under one scope say nothing under the other.
func TestDeduplicationScope(t *testing.T) {
	play(t, []step{
		{0, create(deduplicates()), "created"},
		{0, sendID("A/1", "x"), "sent"},
		{0, sendID("B/1", "x"), "duplicate:A/1"},
		{0, set(driver.Patch{DeduplicationScope: new(driver.ScopeGroup)}), ok},
		{0, sendID("A/2", "x"), "sent"},
		{0, sendID("B/2", "x"), "sent"},
		{0, sendID("B/3", "x"), "duplicate:B/2"},
		{0, sendID("1", "x"), "sent"},
		{0, set(driver.Patch{DeduplicationScope: new(driver.ScopeQueue)}), ok},
		{0, sendID("C/1", "x"), "duplicate:A/1"},
	})
}

// Content deduplication takes the body's hash where a message has no ID.
func TestContentDeduplication(t *testing.T) {
	sum := sha256.Sum256([]byte("a"))
	patch := deduplicates()
	patch.ContentDeduplication = new(true)
	play(t, []step{
		{0, create(patch), "created"},
		{0, send("a", "b", "a"), "sent sent duplicate:a"},
		{0, sendID("c", hex.EncodeToString(sum[:])), "duplicate:a"},
		{0, sendID("a", "x"), "sent"}, // its own ID counts
		{0, set(driver.Patch{ContentDeduplication: new(false)}), ok},
		{0, send("b"), "sent"},
	})
}

// Cancelling a message and purging the queue forget deduplication IDs; nothing
// that is refused is remembered.
func TestDeduplicationForgotten(t *testing.T) {
	patch := deduplicates()
	patch.MaxMessages, patch.MaxMessageBytes = new(3), new(2)
	play(t, []step{
		{0, create(patch), "created"},
		{0, sendID("a", "x"), "sent"},
		{0, sendID("b", "y"), "sent"},
		{0, cancel("a"), "cancelled"},
		{0, sendID("c", "x"), "sent"},
		{0, sendID("d", "y"), "duplicate:b"},
		{0, sendID("large", "y"), "large"}, // size first
		{0, sendID("large", "z"), "large"},
		{0, sendID("e", "z"), "sent"},
		{0, sendID("f", "z"), "duplicate:e"}, // then duplicates
		{0, sendID("f", "w"), "full"},        // then room
		{0, stats(), "3+0+0 3B 3id"},
		{0, purge(), "3"},
		{0, stats(), "0+0+0 0B 0id"},
		{0, sendID("f", "w"), "sent"},
		{0, sendID("g", "y"), "sent"},
	})
}

// Cancelling a message forgets only what that message's send remembers.
func TestCancelKeepsLaterID(t *testing.T) {
	play(t, []step{
		{0, create(deduplicates()), "created"},
		{0, sendID("a", "x"), "sent"},
		{10 * s, sendID("b", "x"), "sent"},
		{10 * s, cancel("a"), "cancelled"},
		{10 * s, sendID("c", "x"), "duplicate:b"},
	})
}

// Cancel takes back what was never received, and says why where it is too late.
func TestCancel(t *testing.T) {
	dead := &driver.DeadLetter{Queue: "dead", MaxReceives: 1}
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, create(driver.Patch{DeadLetter: dead, Retention: new(m)}), "created"},
		{0, delayed("delayed", m/2), "sent"},
		{0, send("a", "b", "c", "d"), "sent sent sent sent"},
		{0, cancel("delayed", "a", "a", "nobody"), "cancelled cancelled gone unknown"},
		{0, receive(1), "b#1"},
		{0, cancel("b"), "in flight"},
		{0, uncount("b"), "changed"},
		{0, cancel("b"), "delivered"}, // although the count is zero again
		{0, receive(9), "c#1 d#1 b#1"},
		{0, remove("c"), "deleted current"},
		{0, cancel("c"), "gone"},
		{10*s - ns, cancel("d"), "in flight"},
		{10 * s, cancel("d"), "delivered"},
		{10 * s, receive(9), "dead-lettered:2"},
		{10 * s, cancel("d"), "gone"},
		{10 * s, in("dead", cancel("d")), "delivered"},
		{10 * s, in("dead", cancel("c")), "unknown"},
		{10 * s, in("dead", purge()), "2"},
		{10 * s, in("dead", cancel("d")), "unknown"}, // never sent there
		{10 * s, send("e", "f"), "sent sent"},
		{11 * s, purge(), "2"},
		{11 * s, cancel("e"), "gone"},
		{11 * s, send("g"), "sent"},
		{2 * m, cancel("g"), "gone"},
		{2 * m, drop(), ok},
		{2 * m, create(driver.Patch{}), "created"},
		{2 * m, cancel("g"), "unknown"}, // another instance
	})
}

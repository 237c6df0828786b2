package sqs

import (
	"testing"
	"time"
)

func TestRecent(t *testing.T) {
	var r recent[string]
	start := time.Unix(1e9, 0)
	for i, step := range []struct {
		at    time.Duration
		key   string
		first bool
	}{
		{0, "a", true},
		{0, "a", false},
		{time.Second, "b", true},
		{time.Minute - 1, "a", false},
		{time.Minute, "a", true},
		{time.Minute, "b", false},
		{time.Minute + time.Second, "b", true},
		{-time.Hour, "b", true}, // the clock was set back
		{-time.Hour + time.Second, "b", false},
	} {
		now := start.Add(step.at)
		if got := r.has(now, step.key); got == step.first {
			t.Errorf("step %d: has %s at %v: got %v, want %v", i, step.key, step.at, got, !step.first)
		}
		if got := r.first(now, step.key); got != step.first {
			t.Errorf("step %d: first %s at %v: got %v, want %v", i, step.key, step.at, got, step.first)
		}
	}
}

// However many are noted, memory is bounded, and it is given back in time.
func TestRecentIsBounded(t *testing.T) {
	var r recent[int]
	now := time.Unix(1e9, 0)
	for key := range 3 * maxRecent {
		r.note(now, key)
	}
	if len(r.at) > maxRecent || len(r.order) > maxRecent {
		t.Errorf("%d keys in an order of %d, want at most %d", len(r.at), len(r.order), maxRecent)
	}
	if r.has(now, 1) || !r.has(now, 3*maxRecent-1) {
		t.Error("want the oldest forgotten and the latest remembered")
	}
	r.note(now.Add(time.Minute), -1)
	if len(r.at) != 1 || len(r.order) != 1 {
		t.Errorf("%d keys in an order of %d after a minute, want 1", len(r.at), len(r.order))
	}
}

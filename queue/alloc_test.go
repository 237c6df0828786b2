//go:build !race

// The race detector makes pools forget at random, so nothing can be said about
// allocations under it.

package queue_test

import (
	"testing"

	"github.com/redriveq/redrive/queue"
)

// The figures are what there is, not what there should be: a change is to be
// made on purpose.
func TestAllocations(t *testing.T) {
	q := newBench(t, queue.Patch{})
	one, ten := make([]queue.Message, 1), make([]queue.Message, 10)
	for i := range ten {
		ten[i].Body = benchBody
	}
	one[0].Body = benchBody
	receipts := make([]string, 10)
	for _, c := range []struct {
		name string
		do   func()
		want float64
	}{
		{"a cycle of one message", func() { cycle(t, q, one, &queue.ReceiveOptions{}, receipts[:1]) }, 16},
		{"a cycle of ten messages", func() { cycle(t, q, ten, &queue.ReceiveOptions{Max: 10}, receipts) }, 80},
		{"a receive of nothing", func() { q.Receive(t.Context(), nil) }, 1},
		{"stats", func() { q.Stats(t.Context()) }, 0},
	} {
		if got := testing.AllocsPerRun(1000, c.do); got != c.want {
			t.Errorf("allocations of %s = %v, want %v", c.name, got, c.want)
		}
	}
}

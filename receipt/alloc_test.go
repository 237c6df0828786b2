//go:build !race

// The race detector makes pools forget at random, so nothing can be said about
// allocations under it.

package receipt

import "testing"

func TestAllocations(t *testing.T) {
	s := newTestSealer(t, testKey(1), testKey(2))
	r, handle := golden[1].receipt, golden[1].handle
	previous := newTestSealer(t, testKey(2)).Seal(r)
	malformed := handle[1:] + "A"
	for _, c := range []struct {
		name string
		do   func()
		want float64
	}{
		{"Seal", func() { s.Seal(r) }, 1}, // the handle
		{"Open", func() { s.Open(handle) }, 0},
		{"Open of a previous key", func() { s.Open(previous) }, 0},
		{"Open of a malformed handle", func() { s.Open(malformed) }, 0},
	} {
		if got := testing.AllocsPerRun(1000, c.do); got != c.want {
			t.Errorf("allocations of %s = %v, want %v", c.name, got, c.want)
		}
	}
}

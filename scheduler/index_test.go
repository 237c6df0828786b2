package scheduler

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestZeroIndex(t *testing.T) {
	var p pair
	p.check(t)
	p.delete(t, entry{at: epoch})
	p.popDue(t, epoch)
	p.clear()
	p.check(t)
	p.insert(t, entry{at: epoch})
	p.check(t)
}

func TestIndexAgainstSortedSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pair
		t.Repeat(map[string]func(*rapid.T){
			"":       func(t *rapid.T) { p.check(t) },
			"insert": func(t *rapid.T) { p.insert(t, drawEntry(t)) },
			"delete": func(t *rapid.T) { p.delete(t, drawEntry(t)) },
			"delete one that is there": func(t *rapid.T) {
				if len(p.model) > 0 {
					p.delete(t, rapid.SampledFrom(p.model).Draw(t, "entry"))
				}
			},
			"pop due": func(t *rapid.T) { p.popDue(t, drawInstant(t)) },
			"clear":   func(*rapid.T) { p.clear() },
		})
	})
}

// drawEntry draws from few enough entries that they meet again.
func drawEntry(t *rapid.T) entry {
	return entry{
		at:   drawInstant(t),
		seq:  rapid.Uint64Range(0, 3).Draw(t, "sequence"),
		slot: rapid.Uint32Range(0, 1).Draw(t, "slot"),
	}
}

func drawInstant(t *rapid.T) time.Time {
	return rapid.SampledFrom(instants).Draw(t, "instant")
}

func TestPopDueIsHalfOpen(t *testing.T) {
	for _, deadline := range instants[1 : len(instants)-1] {
		var x Index
		k := NewKey(deadline, math.MaxUint64, math.MaxUint32)
		x.Insert(k)
		if got, found := x.PopDue(deadline.Add(-1)); found {
			t.Errorf("deadline %v: PopDue 1ns before = %v, want nothing", deadline, got)
		}
		if got, found := x.PopDue(deadline); !found || got != k {
			t.Errorf("deadline %v: PopDue at it = %v, %t, want %v", deadline, got, found, k)
		}
		x.Insert(k)
		if got, found := x.PopDue(deadline.Add(+1)); !found || got != k {
			t.Errorf("deadline %v: PopDue 1ns after = %v, %t, want %v", deadline, got, found, k)
		}
	}
}

// A tree of three levels, built and taken apart in random order.
func TestIndexOfManyKeys(t *testing.T) {
	const size = 20_000
	random := rand.New(rand.NewPCG(3, 4))
	keys := make([]Key, size)
	for i := range keys {
		keys[i] = NewKey(epoch.Add(time.Duration(random.IntN(size/4))), uint64(i), uint32(i))
	}
	var x Index
	for _, i := range random.Perm(size) {
		x.Insert(keys[i])
	}
	for _, i := range random.Perm(size)[:size/2] {
		if !x.Delete(keys[i]) {
			t.Fatalf("Delete(%v) = false, want true", keys[i])
		}
		keys[i] = Key{}
	}
	keys = slices.DeleteFunc(keys, func(k Key) bool { return k == Key{} })
	slices.SortFunc(keys, Key.Compare)
	if got := slices.Collect(x.All()); !slices.Equal(got, keys) {
		t.Fatalf("All() yields %d keys that are not the %d left", len(got), len(keys))
	}
	for i, want := range keys {
		if got, found := x.PopDue(want.At()); !found || got != want {
			t.Fatalf("step %d: PopDue = %v, %t, want %v", i, got, found, want)
		}
	}
	if got := x.Len(); got != 0 {
		t.Errorf("Len() at the end = %d, want 0", got)
	}
}

func TestAllStopsWhereTold(t *testing.T) {
	var x Index
	for seq := range uint64(100) {
		x.Insert(NewKey(epoch, seq, 0))
	}
	var got []uint64
	for k := range x.All() {
		if k.Sequence() == 3 {
			break
		}
		got = append(got, k.Sequence())
	}
	if want := []uint64{0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("sequences up to the break = %v, want %v", got, want)
	}
}

func TestIndexHardlyAllocatesInSteadyState(t *testing.T) {
	var x Index
	var at time.Time
	var seq uint64
	insert := func() {
		at = at.Add(time.Second)
		seq++
		x.Insert(NewKey(at, seq, 0))
	}
	for range 10_000 {
		insert()
	}
	// Many operations in one run: the mean of many runs is rounded down.
	got := testing.AllocsPerRun(1, func() {
		for range 10_000 {
			insert()
			x.PopDue(at)
		}
	})
	if got > 100 {
		t.Errorf("allocations of 10,000 inserts and pops = %v, want 100 at most", got)
	}
}

func TestClearKeepsNodes(t *testing.T) {
	var x Index
	fillAndClear := func() {
		for seq := range uint64(500) {
			x.Insert(NewKey(epoch, seq, 0))
		}
		x.Clear()
	}
	for range freeNodes { // by then each node has been a root, with room for children
		fillAndClear()
	}
	if got := testing.AllocsPerRun(10, fillAndClear); got != 0 {
		t.Errorf("allocations of filling a cleared index = %v, want 0", got)
	}
}

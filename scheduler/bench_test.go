package scheduler

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/btree"
)

// A set is what the benchmarks need of an ordered set of keys.
type set interface {
	Insert(Key)
	Delete(Key) bool
	PopDue(time.Time) (Key, bool)
}

// rawTree is google/btree with nothing around it, to compare with.
type rawTree struct{ *btree.BTreeG[Key] }

func newRawTree(degree int) rawTree {
	return rawTree{btree.NewG(degree, Key.before)}
}

func (t rawTree) Insert(k Key) { t.ReplaceOrInsert(k) }

func (t rawTree) Delete(k Key) bool {
	_, found := t.BTreeG.Delete(k)
	return found
}

func (t rawTree) PopDue(time.Time) (Key, bool) { return t.DeleteMin() }

// sets are the rivals, which run in one go because only their ratio counts.
var sets = []struct {
	name string
	make func() set
}{
	{"index", func() set { return new(Index) }},
	{"btree-32", func() set { return newRawTree(32) }},
	{"btree-64", func() set { return newRawTree(64) }},
}

var sizes = []int{1e3, 1e5, 1e6}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// BenchmarkRandom deletes a random key and inserts another at a random instant.
func BenchmarkRandom(b *testing.B) {
	for _, size := range sizes {
		for _, s := range sets {
			b.Run(fmt.Sprintf("keys=%.0e/set=%s", float64(size), s.name), func(b *testing.B) {
				benchmarkRandom(b, s.make(), size)
			})
		}
	}
}

func benchmarkRandom(b *testing.B, s set, size int) {
	random := rand.New(rand.NewPCG(1, 2))
	keys := make([]Key, size)
	draw := func(seq uint64) Key {
		return NewKey(epoch.Add(time.Duration(random.Int64N(int64(24*time.Hour)))), seq, uint32(seq))
	}
	for i := range keys {
		keys[i] = draw(uint64(i))
		s.Insert(keys[i])
	}
	seq := uint64(size)
	b.ReportAllocs()
	for b.Loop() {
		i := random.IntN(size)
		if !s.Delete(keys[i]) {
			b.Fatalf("step %d: Delete(%v) = false, want true", seq, keys[i])
		}
		keys[i] = draw(seq)
		s.Insert(keys[i])
		seq++
	}
}

// BenchmarkLine inserts a key after all others and takes the first: the same
// delay for everything.
func BenchmarkLine(b *testing.B) {
	for _, size := range sizes {
		for _, s := range sets {
			b.Run(fmt.Sprintf("keys=%.0e/set=%s", float64(size), s.name), func(b *testing.B) {
				benchmarkLine(b, s.make(), size)
			})
		}
	}
}

func benchmarkLine(b *testing.B, s set, size int) {
	at, seq := epoch, uint64(0)
	appendKey := func() {
		at = at.Add(time.Microsecond)
		seq++
		s.Insert(NewKey(at, seq, uint32(seq)))
	}
	for range size {
		appendKey()
	}
	b.ReportAllocs()
	for b.Loop() {
		appendKey()
		if _, found := s.PopDue(at); !found {
			b.Fatalf("step %d: PopDue found nothing", seq)
		}
	}
}

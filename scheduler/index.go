package scheduler

import (
	"fmt"
	"iter"
	"time"

	"github.com/google/btree"
)

const (
	// degree is the least number of children of an inner node of the tree, but
	// for the root. BenchmarkRandom prefers 32 to 64 at 1e3 keys (by 5%) and at
	// 1e6 (by 15%), and 64 at 1e5 (by 20%), where it saves a level. With nothing
	// to choose between them in speed, 32 has the smaller nodes: 1.5 KiB of keys
	// when full, which many small indexes feel.
	degree = 32

	// freeNodes is how many nodes that fell out of the tree an index keeps for
	// when it grows again.
	freeNodes = 32
)

// An Index is a set of keys in ascending order. The zero value is an empty
// index, ready to use. An Index must not be copied after first use, and is not
// safe for concurrent use: whoever holds it also holds the lock.
//
// With n keys in the index, Insert, Delete, Min and PopDue take O(log n) time.
// While the number of keys is steady, nodes of the tree are used again, and
// fewer than one operation in 100 allocates.
type Index struct {
	tree *btree.BTreeG[Key] // nil until the first Insert
}

// Insert adds k. It panics if k is there already: the caller, who numbers what
// it inserts, has lost count.
func (x *Index) Insert(k Key) {
	if x.tree == nil {
		x.tree = newTree()
	}
	if _, found := x.tree.ReplaceOrInsert(k); found {
		panic(fmt.Sprintf("scheduler: key (%v, %d, %d) is in the index already", k.At(), k.seq, k.slot))
	}
}

// Each index has a free list of its own: the nodes of one that shrinks are not
// held by, nor fought over with, another.
func newTree() *btree.BTreeG[Key] {
	return btree.NewWithFreeListG(degree, Key.before, btree.NewFreeListG[Key](freeNodes))
}

// Delete removes k and reports whether it was there.
func (x *Index) Delete(k Key) bool {
	if x.tree == nil {
		return false
	}
	_, found := x.tree.Delete(k)
	return found
}

// Min returns the smallest key. It reports false if the index is empty.
func (x *Index) Min() (Key, bool) {
	if x.tree == nil {
		return Key{}, false
	}
	return x.tree.Min()
}

// PopDue removes the smallest key and returns it, if it is due by now. It
// reports false, and changes nothing, if it is not, or if the index is empty.
// Called until it reports false, it returns all keys that are due, in order.
func (x *Index) PopDue(now time.Time) (Key, bool) {
	k, found := x.Min()
	if !found || !k.DueBy(now) {
		return Key{}, false
	}
	return x.tree.DeleteMin()
}

// Len returns the number of keys. It takes O(1) time.
func (x *Index) Len() int {
	if x.tree == nil {
		return 0
	}
	return x.tree.Len()
}

// Clear removes all keys. It takes O(1) time, whatever their number.
func (x *Index) Clear() {
	if x.tree != nil {
		x.tree.Clear(true)
	}
}

// All returns an iterator over the keys in ascending order. It takes O(n) time
// to the end, and O(log n) to the first key. The index must not change while
// the iterator runs.
func (x *Index) All() iter.Seq[Key] {
	return func(yield func(Key) bool) {
		if x.tree != nil {
			x.tree.Ascend(yield)
		}
	}
}

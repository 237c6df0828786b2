package memqueue

import (
	"iter"
	"math"

	"github.com/google/btree"
)

// A fifo is the order of a FIFO queue: the visible message with the lowest
// sequence whose group has nothing in flight.
//
//	visible  (group, sequence, slot)   all visible messages
//	heads    (sequence, group)         the first visible one of each group that
//	                                   is free, and, within a receive, of those
//	                                   that it has taken from
//
// All methods take O(log n).
type fifo struct {
	slab    *slab
	groups  *groups
	visible *btree.BTreeG[fifoKey]
	heads   *btree.BTreeG[fifoKey]
	taken   []uint32 // groups whose heads may be wrong until done
}

// A fifoKey is a key of visible; in heads the group comes last.
type fifoKey struct {
	group    uint32
	slot     slot
	sequence uint64
}

var _ order = (*fifo)(nil)

func newFIFO(s *slab, g *groups) *fifo {
	return &fifo{slab: s, groups: g, visible: btree.NewG(degree, byGroup), heads: btree.NewG(degree, bySequence)}
}

// degree suits trees of some hundreds to some hundred thousand keys.
const degree = 32

func bySequence(a, b fifoKey) bool { return a.sequence < b.sequence }

func byGroup(a, b fifoKey) bool {
	return a.group < b.group || a.group == b.group && a.sequence < b.sequence
}

func (o *fifo) key(n slot) fifoKey {
	r := o.slab.at(n)
	return fifoKey{group: r.group, slot: n, sequence: r.sequence}
}

func (o *fifo) add(n slot) {
	key := o.key(n)
	o.visible.ReplaceOrInsert(key)
	o.refresh(key.group)
}

// insert is add: the sequence is the place.
func (o *fifo) insert(n slot) { o.add(n) }

func (o *fifo) remove(n slot) {
	key := o.key(n)
	o.visible.Delete(key)
	o.refresh(key.group)
}

func (o *fifo) next() slot {
	key, ok := o.heads.Min()
	if !ok {
		return 0
	}
	o.visible.Delete(key)
	o.setHead(key.group, true)
	o.taken = append(o.taken, key.group)
	return key.slot
}

func (o *fifo) done() {
	for _, group := range o.taken {
		o.refresh(group)
	}
	o.taken = o.taken[:0]
}

func (o *fifo) block(n slot) {
	group := o.slab.at(n).group
	o.groups.table[group].inFlight++
	o.taken = append(o.taken, group)
}

func (o *fifo) unblock(n slot) {
	group := o.slab.at(n).group
	o.groups.table[group].inFlight--
	o.refresh(group)
}

func (o *fifo) all() iter.Seq[slot] {
	return func(yield func(slot) bool) {
		// The heads and what follows each, merged by sequence. Nothing is cloned:
		// that would make every later write to the tree copy its path.
		following := btree.NewG(degree, bySequence)
		give := func(key fifoKey) bool {
			if next, ok := o.first(fifoKey{group: key.group, sequence: key.sequence + 1}); ok {
				following.ReplaceOrInsert(next)
			}
			return yield(key.slot)
		}
		giveBefore := func(sequence uint64) bool {
			for {
				key, ok := following.Min()
				if !ok || key.sequence >= sequence {
					return true
				}
				following.DeleteMin()
				if !give(key) {
					return false
				}
			}
		}
		more := true
		o.heads.Ascend(func(head fifoKey) bool {
			more = giveBefore(head.sequence) && give(head)
			return more
		})
		if more {
			giveBefore(math.MaxUint64)
		}
	}
}

// refresh puts the group's first visible message into heads if the group is
// free, and takes it out if it is not.
func (o *fifo) refresh(group uint32) { o.setHead(group, o.groups.table[group].inFlight == 0) }

func (o *fifo) setHead(group uint32, free bool) {
	g := &o.groups.table[group]
	var head fifoKey
	if free {
		head, _ = o.first(fifoKey{group: group})
	}
	if head.sequence == g.head {
		return
	}
	if g.head != 0 {
		o.heads.Delete(fifoKey{sequence: g.head})
	}
	if head.sequence != 0 {
		o.heads.ReplaceOrInsert(head)
	}
	g.head = head.sequence
}

// first returns the group's first visible message from that key on.
func (o *fifo) first(from fifoKey) (found fifoKey, ok bool) {
	o.visible.AscendGreaterOrEqual(from, func(key fifoKey) bool {
		found, ok = key, key.group == from.group
		return false
	})
	if !ok {
		return fifoKey{}, false
	}
	return found, true
}

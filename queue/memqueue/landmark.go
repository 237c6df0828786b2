package memqueue

import (
	"github.com/google/btree"

	"github.com/redriveq/redrive/scheduler"
)

// A message that comes back to a line stands before the first one that became
// visible after it did, or in the same instant with a higher sequence: in short,
// before the first that is later. Landmarks help to find that place.
//
// A landmark says of a record that nothing in its line, up to and including it,
// is later than some key. So the place of what is not earlier than that key is
// behind the landmark, and the search begins there. It leaves landmarks on its
// way, so only the first search of a part of a line is long. What is said of a
// landmark stays true: messages leave, others join at the end, and one that
// comes back ahead of it stands there since something ahead is later still.
type landmarks struct {
	slab    *slab
	table   []landmark // by number; 0 is none
	free    []uint32
	tree    *btree.BTreeG[landmark] // by group and key
	stretch int                     // how many records a search passes before it leaves one
}

type landmark struct {
	group uint32
	at    slot
	key   scheduler.Key // of an instant and a sequence
}

func newLandmarks(s *slab) landmarks {
	return landmarks{slab: s, table: make([]landmark, 1), tree: btree.NewG(degree, byKey), stretch: 16}
}

func byKey(a, b landmark) bool {
	return a.group < b.group || a.group == b.group && a.key.Compare(b.key) < 0
}

// lateness is the key by which one record is later than another.
func lateness(r *record) scheduler.Key { return scheduler.NewKey(r.visibleAt, r.sequence, 0) }

// last returns the landmark of the group whose key is the latest up to that one,
// the zero landmark if there is none.
func (l *landmarks) last(group uint32, key scheduler.Key) (found landmark) {
	l.tree.DescendLessOrEqual(landmark{group: group, key: key}, func(m landmark) bool {
		if m.group == group {
			found = m
		}
		return false
	})
	return found
}

// leave makes m a landmark, in place of another one of its record or its key.
func (l *landmarks) leave(m landmark) {
	l.remove(m.at)
	if other, ok := l.tree.Get(m); ok {
		l.remove(other.at)
	}
	var number uint32
	if last := len(l.free) - 1; last >= 0 {
		number, l.free = l.free[last], l.free[:last]
		l.table[number] = m
	} else {
		number = uint32(len(l.table))
		l.table = append(l.table, m)
	}
	l.slab.at(m.at).landmark = number
	l.tree.ReplaceOrInsert(m)
}

// remove makes a record no landmark, if it is one.
func (l *landmarks) remove(n slot) {
	r := l.slab.at(n)
	if r.landmark == 0 {
		return
	}
	l.tree.Delete(l.table[r.landmark])
	l.free = append(l.free, r.landmark)
	r.landmark = 0
}

// insert puts a message that comes back into the line of its group. It takes
// O(log n) where the line was searched before.
func (o *rotation) insert(n slot) {
	r := o.slab.at(n)
	key := lateness(r)
	m := o.landmarks.last(r.group, key)
	m.group = r.group
	for passed := 1; ; passed++ {
		next := o.behind(r.group, m.at)
		if next == 0 {
			break
		}
		nextKey := lateness(o.slab.at(next))
		if nextKey.Compare(key) > 0 {
			break
		}
		m.at = next
		if nextKey.Compare(m.key) > 0 {
			m.key = nextKey
		}
		if passed%o.landmarks.stretch == 0 {
			o.landmarks.leave(m)
		}
	}
	o.put(n, m.at)
}

// behind returns the record behind another one in the line of the group, the
// first with none.
func (o *rotation) behind(group uint32, n slot) slot {
	if n == 0 {
		return o.groups.table[group].first
	}
	return o.slab.at(n).behind
}

package memqueue

import "iter"

// A rotation is the order of a standard queue. Each group has a line of its
// visible messages, in the order in which they became visible; the groups that
// have one take turns. All methods but insert take O(1).
type rotation struct {
	slab        *slab
	groups      *groups
	first, last uint32 // the groups in line, first to be served next
	landmarks   landmarks
}

func newRotation(s *slab, g *groups) *rotation {
	return &rotation{slab: s, groups: g, landmarks: newLandmarks(s)}
}

var _ order = (*rotation)(nil)

func (o *rotation) add(n slot) {
	o.put(n, o.groups.table[o.slab.at(n).group].last)
}

// put puts a message into the line of its group behind another one, or in front
// with none. A group that had no line joins the rotation at its end.
func (o *rotation) put(n, ahead slot) {
	r := o.slab.at(n)
	g := &o.groups.table[r.group]
	if g.first == 0 {
		o.join(r.group)
	}
	r.ahead, r.behind = ahead, g.first
	if ahead != 0 {
		r.behind = o.slab.at(ahead).behind
		o.slab.at(ahead).behind = n
	} else {
		g.first = n
	}
	if r.behind != 0 {
		o.slab.at(r.behind).ahead = n
	} else {
		g.last = n
	}
}

func (o *rotation) remove(n slot) {
	r := o.slab.at(n)
	g := &o.groups.table[r.group]
	if r.landmark != 0 {
		o.landmarks.remove(n)
	}
	if r.ahead == 0 {
		g.first = r.behind
	} else {
		o.slab.at(r.ahead).behind = r.behind
	}
	if r.behind == 0 {
		g.last = r.ahead
	} else {
		o.slab.at(r.behind).ahead = r.ahead
	}
	r.ahead, r.behind = 0, 0
	if g.first == 0 {
		o.quit(r.group)
	}
}

func (o *rotation) next() slot {
	number := o.first
	n := o.groups.table[number].first
	if n == 0 {
		return 0
	}
	o.remove(n)
	if o.groups.table[number].first != 0 {
		o.quit(number)
		o.join(number)
	}
	return n
}

func (o *rotation) done()        {}
func (o *rotation) block(slot)   {}
func (o *rotation) unblock(slot) {}

func (o *rotation) all() iter.Seq[slot] {
	return func(yield func(slot) bool) {
		var round []slot // what each group hands out after its next turn
		for number := o.first; number != 0; number = o.groups.table[number].after {
			n := o.groups.table[number].first
			if !yield(n) {
				return
			}
			round = append(round, o.slab.at(n).behind)
		}
		for len(round) > 0 {
			following := round[:0]
			for _, n := range round {
				if n == 0 {
					continue
				}
				if !yield(n) {
					return
				}
				following = append(following, o.slab.at(n).behind)
			}
			round = following
		}
	}
}

// join puts a group at the end of the rotation.
func (o *rotation) join(number uint32) {
	g := &o.groups.table[number]
	g.before, g.after = o.last, 0
	if o.last == 0 {
		o.first = number
	} else {
		o.groups.table[o.last].after = number
	}
	o.last = number
}

// quit takes a group out of the rotation.
func (o *rotation) quit(number uint32) {
	g := &o.groups.table[number]
	if g.before == 0 {
		o.first = g.after
	} else {
		o.groups.table[g.before].after = g.after
	}
	if g.after == 0 {
		o.last = g.before
	} else {
		o.groups.table[g.after].before = g.before
	}
	g.before, g.after = 0, 0
}

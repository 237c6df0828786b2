package memqueue

import "iter"

// An order decides which visible message a receive takes next. It knows the
// messages that are visible, and what is in flight as far as that matters.
type order interface {
	// add takes in a message that became visible.
	add(n slot)
	// insert takes in a visible message that has been visible for a while, in its
	// place among the others.
	insert(n slot)
	// remove takes out a visible message.
	remove(n slot)
	// next takes out and returns the message to hand out, 0 if there is none.
	next() slot
	// block says that a message went in flight, as of the coming done.
	block(n slot)
	// done ends a receive, which may have called next and block several times.
	done()
	// unblock says that a message is no longer in flight.
	unblock(n slot)
	// all returns the messages in the order in which next would return them in
	// receives of one message each, if none of them went in flight. The order
	// must not change meanwhile.
	all() iter.Seq[slot]
}

// Groups are numbered, so that records and keys hold no strings. A number is
// used again when the last message of its group has left the queue.
type groups struct {
	numbers map[string]uint32
	table   []group
	free    []uint32
}

type group struct {
	name     string
	messages int // in the queue, in all states

	// In a standard queue: its line of visible messages, and its neighbours in
	// the rotation.
	first, last   slot
	before, after uint32

	// In a FIFO queue.
	inFlight int
	head     uint64 // the sequence under which it stands in heads, 0 if it does not
}

func newGroups() *groups {
	return &groups{numbers: make(map[string]uint32), table: make([]group, 1)}
}

// enter returns the number of the group for one more message.
func (g *groups) enter(name string) uint32 {
	number, ok := g.numbers[name]
	if !ok {
		number = g.add(name)
	}
	g.table[number].messages++
	return number
}

func (g *groups) add(name string) uint32 {
	var number uint32
	if last := len(g.free) - 1; last >= 0 {
		number, g.free = g.free[last], g.free[:last]
		g.table[number] = group{name: name}
	} else {
		number = uint32(len(g.table))
		g.table = append(g.table, group{name: name})
	}
	g.numbers[name] = number
	return number
}

// leave says that one message of the group is no longer in the queue.
func (g *groups) leave(number uint32) {
	entry := &g.table[number]
	if entry.messages--; entry.messages == 0 {
		delete(g.numbers, entry.name)
		g.free = append(g.free, number)
	}
}

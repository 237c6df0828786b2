package memqueue

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/queue/driver"
)

// TestSlab checks that a slot names its record until it is put back, and that a
// later record in the slot is not found under the earlier sequence.
func TestSlab(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &slab{}
		live := map[slot]uint64{}
		sequence := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				n := s.take()
				if n == 0 || live[n] != 0 {
					t.Fatalf("take = %d, which is none or in use", n)
				}
				if r := s.at(n); r.sequence != 0 || r.after != 0 {
					t.Fatalf("record of slot %d is not zero", n)
				}
				sequence++
				s.at(n).sequence, live[n] = sequence, sequence
			},
			"put": func(t *rapid.T) {
				if len(live) == 0 {
					t.Skip("empty")
				}
				n := rapid.SampledFrom(keys(live)).Draw(t, "slot")
				s.put(n)
				delete(live, n)
			},
			"": func(t *rapid.T) {
				for n, want := range live {
					if r := s.find(n, want); r == nil || r.sequence != want {
						t.Fatalf("find(%d, %d) = %v", n, want, r)
					}
					if s.find(n, want-1) != nil && want > 1 {
						t.Fatalf("find(%d, %d) found an earlier tenant", n, want-1)
					}
				}
				if s.find(0, 0) != nil || s.find(1<<31, 1) != nil {
					t.Fatal("found a record in a slot that is none")
				}
			},
		})
	})
}

// TestSlabBounds checks the first and last slots of chunks: all are used before
// another chunk is made, but slot 0, and none is found beyond the last.
func TestSlabBounds(t *testing.T) {
	s := &slab{}
	for chunks := 1; chunks <= 3; chunks++ {
		for n := slot((chunks - 1) * chunkSize); n < slot(chunks*chunkSize); n++ {
			if n == 0 {
				continue
			}
			if got := s.take(); got != n {
				t.Fatalf("take = %d, want %d", got, n)
			}
			s.at(n).sequence = uint64(n)
		}
		if len(s.chunks) != chunks {
			t.Fatalf("%d chunks, want %d", len(s.chunks), chunks)
		}
		end := slot(chunks * chunkSize)
		if s.find(end, uint64(end)) != nil || s.find(end-1, uint64(end-1)) == nil {
			t.Fatalf("the last slot of %d chunks is not the last that is found", chunks)
		}
	}
	s.put(5)
	if s.find(5, 0) != nil {
		t.Fatal("found a free slot under sequence 0")
	}
}

// TestRollPages checks that pages hold many records and go when they are empty.
func TestRollPages(t *testing.T) {
	s := &slab{}
	l := newRoll(s)
	var all []slot
	for sequence := range uint64(4 * pageSpan) {
		n := s.take()
		*s.at(n) = record{sequence: sequence + 1, state: driver.Visible}
		l.append(n)
		all = append(all, n)
	}
	if got := len(l.pages) - 1; got != 5 {
		t.Fatalf("%d pages, want 5", got)
	}
	for _, n := range all {
		l.remove(n)
	}
	free := 0
	for i := l.free; i != 0; i = l.pages[i].after {
		free++
	}
	if l.first != 0 || l.last != 0 || l.tail != 0 || free != 5 {
		t.Fatalf("first %d, last %d, tail %d, %d pages free, want none but 5 free", l.first, l.last, l.tail, free)
	}
}

// TestGroups checks that a number is used again when its group is empty, so that
// the table grows with the groups that are there and not with those that were.
func TestGroups(t *testing.T) {
	g := newGroups()
	a := g.enter("a")
	if g.enter("a") != a {
		t.Fatal("one group has two numbers")
	}
	g.leave(a)
	if b := g.enter("b"); b == a {
		t.Fatal("the number of a group with messages was given to another")
	}
	g.leave(a)
	if c := g.enter("c"); c != a {
		t.Fatalf("new group has number %d, want %d, which is free", c, a)
	}
	if len(g.table) != 3 || len(g.numbers) != 2 || len(g.free) != 0 {
		t.Fatalf("table %d, numbers %d, free %d, want 3, 2, 0", len(g.table), len(g.numbers), len(g.free))
	}
}

func keys(m map[slot]uint64) []slot {
	var all []slot
	for n := range m {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// TestRoll checks a roll against a sorted slice, with sequences that leave out
// whole pages.
func TestRoll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &slab{}
		l := newRoll(s)
		var model []slot // by sequence
		sequence := uint64(0)
		states := rapid.SampledFrom([]driver.State{driver.Visible, driver.Delayed, driver.InFlight})
		pick := func(t *rapid.T) (int, slot) {
			if len(model) == 0 {
				t.Skip("empty")
			}
			i := rapid.IntRange(0, len(model)-1).Draw(t, "place")
			return i, model[i]
		}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				sequence += rapid.SampledFrom([]uint64{1, 1, 1, pageSpan - 1, pageSpan, 5 * pageSpan}).Draw(t, "step")
				n := s.take()
				*s.at(n) = record{sequence: sequence, state: states.Draw(t, "state")}
				l.append(n)
				model = append(model, n)
			},
			"remove": func(t *rapid.T) {
				i, n := pick(t)
				l.remove(n)
				s.put(n)
				model = slices.Delete(model, i, i+1)
			},
			"set": func(t *rapid.T) {
				_, n := pick(t)
				l.set(n, states.Draw(t, "state"))
			},
			"": func(t *rapid.T) { checkRoll(t, &l, model, rapid.Uint64Range(0, sequence+1).Draw(t, "after")) },
		})
	})
}

func checkRoll(t *rapid.T, l *roll, model []slot, after uint64) {
	var listed []slot
	for n := l.head(); n != 0; n = l.slab.at(n).after {
		listed = append(listed, n)
	}
	if !slices.Equal(listed, model) {
		t.Fatalf("records %v, want %v", listed, model)
	}
	first := func(is func(*record) bool) slot {
		for _, n := range model {
			if is(l.slab.at(n)) {
				return n
			}
		}
		return 0
	}
	if got, want := l.after(after), first(func(r *record) bool { return r.sequence > after }); got != want {
		t.Fatalf("after(%d) = %d, want %d", after, got, want)
	}
	for _, state := range []driver.State{driver.Visible, driver.Delayed, driver.InFlight} {
		is := func(r *record) bool { return r.state == state }
		if got, want := l.oldest(state), first(is); got != want {
			t.Fatalf("oldest(%v) = %d, want %d", state, got, want)
		}
		count := 0
		for _, n := range model {
			if is(l.slab.at(n)) {
				count++
			}
		}
		if l.counts[state] != count {
			t.Fatalf("count of %v = %d, want %d", state, l.counts[state], count)
		}
	}
	if l.counts.total() != len(model) {
		t.Fatalf("total = %d, want %d", l.counts.total(), len(model))
	}
}

// an orderTest drives an order with messages in a few groups, beside a slice.
type orderTest struct {
	slab    *slab
	groups  *groups
	order   order
	visible []slot // in the order in which they became visible
	flying  []slot
	numbers uint64
}

func newOrderTest(fifo bool) *orderTest {
	o := &orderTest{slab: &slab{}, groups: newGroups()}
	o.order = newOrder(fifo, o.slab, o.groups)
	return o
}

func (o *orderTest) add(t *rapid.T) {
	n := o.slab.take()
	o.numbers++
	name := rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "group")
	*o.slab.at(n) = record{sequence: o.numbers, group: o.groups.enter(name)}
	o.order.add(n)
	o.visible = append(o.visible, n)
}

func (o *orderTest) drop(n slot) {
	o.groups.leave(o.slab.at(n).group)
	o.slab.put(n)
}

func (o *orderTest) remove(t *rapid.T) {
	if len(o.visible) == 0 {
		t.Skip("empty")
	}
	i := rapid.IntRange(0, len(o.visible)-1).Draw(t, "place")
	n := o.visible[i]
	o.order.remove(n)
	o.visible = slices.Delete(o.visible, i, i+1)
	o.drop(n)
}

// land makes a message in flight visible again, or drops it.
func (o *orderTest) land(t *rapid.T) {
	if len(o.flying) == 0 {
		t.Skip("nothing in flight")
	}
	i := rapid.IntRange(0, len(o.flying)-1).Draw(t, "place")
	n := o.flying[i]
	o.flying = slices.Delete(o.flying, i, i+1)
	o.order.unblock(n)
	if rapid.Bool().Draw(t, "drop") {
		o.drop(n)
		return
	}
	o.order.add(n)
	o.visible = append(o.visible, n)
}

func (o *orderTest) receive(t *rapid.T, want func() slot) {
	for range rapid.IntRange(1, 4).Draw(t, "max") {
		expected := want()
		n := o.order.next()
		if n != expected {
			t.Fatalf("next = %d, want %d (visible %v)", n, expected, o.visible)
		}
		if n == 0 {
			break
		}
		o.visible = slices.DeleteFunc(o.visible, func(v slot) bool { return v == n })
		o.flying = append(o.flying, n)
		o.order.block(n)
	}
	o.order.done()
}

// TestRotation checks the rotation against its definition: groups in line, each
// with its messages in line.
func TestRotation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOrderTest(false)
		var turns []uint32
		line := func(group uint32) (n []slot) {
			for _, v := range o.visible {
				if o.slab.at(v).group == group {
					n = append(n, v)
				}
			}
			return n
		}
		// sync lets groups join and quit as the visible messages say.
		sync := func() {
			turns = slices.DeleteFunc(turns, func(g uint32) bool { return len(line(g)) == 0 })
			for _, v := range o.visible {
				if g := o.slab.at(v).group; !slices.Contains(turns, g) {
					turns = append(turns, g)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add":    func(t *rapid.T) { o.add(t); sync() },
			"remove": func(t *rapid.T) { o.remove(t); sync() },
			"land":   func(t *rapid.T) { o.land(t); sync() },
			"receive": func(t *rapid.T) {
				o.receive(t, func() slot {
					sync()
					if len(turns) == 0 {
						return 0
					}
					g := turns[0]
					turns = append(turns[1:], g)
					return line(g)[0]
				})
				sync()
			},
			"": func(t *rapid.T) {
				var want []slot
				left, order := map[uint32][]slot{}, slices.Clone(turns)
				for _, g := range turns {
					left[g] = line(g)
				}
				for len(order) > 0 {
					g := order[0]
					order = order[1:]
					want = append(want, left[g][0])
					if left[g] = left[g][1:]; len(left[g]) > 0 {
						order = append(order, g)
					}
				}
				if got := slices.Collect(o.order.all()); !slices.Equal(got, want) {
					t.Fatalf("all = %v, want %v", got, want)
				}
			},
		})
	})
}

// TestFIFO checks the FIFO order against its definition: the lowest sequence
// whose group had nothing in flight when the receive began.
func TestFIFO(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOrderTest(true)
		deliverable := func(blocked map[uint32]bool) []slot {
			var n []slot
			for _, v := range o.visible {
				if !blocked[o.slab.at(v).group] {
					n = append(n, v)
				}
			}
			slices.SortFunc(n, func(a, b slot) int { return int(o.slab.at(a).sequence) - int(o.slab.at(b).sequence) })
			return n
		}
		blocked := func() map[uint32]bool {
			b := map[uint32]bool{}
			for _, n := range o.flying {
				b[o.slab.at(n).group] = true
			}
			return b
		}
		t.Repeat(map[string]func(*rapid.T){
			"add":    func(t *rapid.T) { o.add(t) },
			"remove": func(t *rapid.T) { o.remove(t) },
			"land":   func(t *rapid.T) { o.land(t) },
			"receive": func(t *rapid.T) {
				atStart := blocked()
				o.receive(t, func() slot {
					if n := deliverable(atStart); len(n) > 0 {
						return n[0]
					}
					return 0
				})
			},
			"": func(t *rapid.T) {
				want := deliverable(blocked())
				if got := slices.Collect(o.order.all()); !slices.Equal(got, want) {
					t.Fatalf("all = %v, want %v", got, want)
				}
			},
		})
	})
}

// TestIDs checks that an ID opens to what it was sealed from, and that no other
// engine's does.
func TestIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, other := newIDs([]byte("0123456789abcdef")), newIDs([]byte("fedcba9876543210"))
		instance := rapid.Uint32().Draw(t, "instance")
		n := slot(rapid.Uint32().Draw(t, "slot"))
		sequence := rapid.Uint64().Draw(t, "sequence")
		id := c.seal(instance, n, sequence)
		if i, m, q := c.open(id); i != instance || m != n || q != sequence {
			t.Fatalf("open(seal(%d, %d, %d)) = %d, %d, %d", instance, n, sequence, i, m, q)
		}
		if i, m, q := other.open(id); i == instance && m == n && q == sequence {
			t.Fatal("another key opens the ID")
		}
	})
}

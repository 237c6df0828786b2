package memqueue

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/scheduler"
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

// an orderTest drives an order with messages in a few groups, beside a slice.
type orderTest struct {
	slab    *slab
	groups  *groups
	order   order
	visible []slot // as they stand in line
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
	o.numbers += 10 // so that there are sequences in between
	*o.slab.at(n) = o.draw(t, o.numbers)
	o.order.add(n)
	o.visible = append(o.visible, n)
}

// draw draws a record that became visible at one of few instants.
func (o *orderTest) draw(t *rapid.T, sequence uint64) record {
	name := rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "group")
	at := time.Unix(rapid.Int64Range(0, 3).Draw(t, "instant"), 0)
	return record{sequence: sequence, group: o.groups.enter(name), visibleAt: at}
}

// insert puts a record back into its line: before the first one that became
// visible later, or in the same instant with a higher sequence.
func (o *orderTest) insert(t *rapid.T) {
	sequence := rapid.Uint64Range(1, o.numbers+10).Filter(func(n uint64) bool { return n%10 != 0 }).Draw(t, "sequence")
	if slices.ContainsFunc(o.all(), func(n slot) bool { return o.slab.at(n).sequence == sequence }) {
		t.Skip("sequence in use")
	}
	n := o.slab.take()
	r := o.slab.at(n)
	*r = o.draw(t, sequence)
	o.order.insert(n)
	at := slices.IndexFunc(o.visible, func(v slot) bool {
		other := o.slab.at(v)
		return other.group == r.group && cmp.Or(other.visibleAt.Compare(r.visibleAt), cmp.Compare(other.sequence, sequence)) > 0
	})
	if at < 0 {
		at = len(o.visible)
	}
	o.visible = slices.Insert(o.visible, at, n)
}

func (o *orderTest) all() []slot { return slices.Concat(o.visible, o.flying) }

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

// checkLandmarks checks what landmarks say of their lines.
func checkLandmarks(t *rapid.T, o *orderTest) {
	latest := map[uint32]scheduler.Key{}
	found := 0
	for _, n := range o.visible {
		r := o.slab.at(n)
		if key := lateness(r); key.Compare(latest[r.group]) > 0 {
			latest[r.group] = key
		}
		if r.landmark == 0 {
			continue
		}
		found++
		m := o.order.(*rotation).landmarks.table[r.landmark]
		if m.at != n || m.group != r.group || m.key.Compare(latest[r.group]) < 0 {
			t.Fatalf("landmark %+v at %d, where the latest is %v", m, n, latest[r.group])
		}
	}
	if l := o.order.(*rotation).landmarks; l.tree.Len() != found || len(l.table)-1-len(l.free) != found {
		t.Fatalf("%d landmarks in the tree and %d in the table, want %d", l.tree.Len(), len(l.table)-1-len(l.free), found)
	}
}

// TestLandmarks checks that only the first search of a long line is long, in
// whatever order its messages became visible: the later ones begin at most a few
// stretches ahead of the place that they look for.
func TestLandmarks(t *testing.T) {
	const length = 10_000
	orders := map[string]func(i int) int64{
		"in order":      func(i int) int64 { return int64(i) },
		"at one time":   func(int) int64 { return 0 },
		"back to front": func(i int) int64 { return int64(length - i) },
		"mixed":         func(i int) int64 { return int64(i * 7919 % length) },
	}
	for name, instant := range orders {
		o := newOrderTest(false)
		group := o.groups.enter("")
		take := func(sequence uint64, at int64) slot {
			n := o.slab.take()
			*o.slab.at(n) = record{sequence: sequence, group: group, visibleAt: time.Unix(at, 0)}
			return n
		}
		for i := range length {
			o.order.add(take(uint64(i+1)*1000, instant(i)))
		}
		rotation := o.order.(*rotation)
		rotation.insert(take(length*1000+1, length))
		for i := range 1000 {
			n := take(uint64(i*7919%(length*1000))+2, int64(i*31%length))
			from := rotation.landmarks.last(group, lateness(o.slab.at(n))).at
			rotation.insert(n)
			passed := 0
			for at := o.slab.at(n).ahead; at != from; at = o.slab.at(at).ahead {
				passed++
			}
			if most := 2 * rotation.landmarks.stretch; passed > most && i > 0 {
				t.Fatalf("%s: insert %d passed %d records, want at most %d", name, i, passed, most)
			}
		}
	}
}

// TestRotation checks the rotation against its definition: groups in line, each
// with its messages in line.
func TestRotation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOrderTest(false)
		o.order.(*rotation).landmarks.stretch = 2
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
			"insert": func(t *rapid.T) { o.insert(t); sync() },
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
				checkLandmarks(t, o)
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
			"insert": func(t *rapid.T) { o.insert(t) },
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

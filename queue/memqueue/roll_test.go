package memqueue

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/queue/driver"
)

// TestRollPages checks that pages hold many records and go when they are empty.
func TestRollPages(t *testing.T) {
	s := &slab{}
	l := newRoll(s)
	var all []slot
	for sequence := range uint64(4 * pageSpan) {
		n := s.take()
		*s.at(n) = record{sequence: sequence + 1, state: driver.Visible}
		l.add(n)
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

// TestRoll checks a roll against a sorted slice, with sequences that leave out
// whole pages, and records that come back to any of them.
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
			"add last": func(t *rapid.T) {
				sequence += rapid.SampledFrom([]uint64{1, 1, 1, pageSpan - 1, pageSpan, 5 * pageSpan}).Draw(t, "step")
				n := s.take()
				*s.at(n) = record{sequence: sequence, state: states.Draw(t, "state")}
				l.add(n)
				model = append(model, n)
			},
			"add among": func(t *rapid.T) {
				if sequence == 0 {
					t.Skip("empty")
				}
				first := rapid.Uint64Range(1, sequence).Draw(t, "sequence")
				last := min(sequence, first+rapid.Uint64Range(0, 3).Draw(t, "run"))
				for next := first; next <= last; next++ {
					i, taken := slices.BinarySearchFunc(model, next, func(n slot, sequence uint64) int {
						return cmp.Compare(s.at(n).sequence, sequence)
					})
					if taken {
						continue
					}
					n := s.take()
					*s.at(n) = record{sequence: next, state: states.Draw(t, "state")}
					l.add(n)
					model = slices.Insert(model, i, n)
				}
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
	checkPages(t, l, model)
}

// checkPages checks that there is exactly one page for each range of sequences
// that has records, in their order, each with its first record, and that the
// links lead backwards too.
func checkPages(t *rapid.T, l *roll, model []slot) {
	type mark struct {
		number uint64
		first  slot
	}
	var want, got []mark
	for i, n := range model {
		number := l.slab.at(n).sequence / pageSpan
		if len(want) == 0 || want[len(want)-1].number != number {
			want = append(want, mark{number, n})
		}
		if before := l.slab.at(n).before; i == 0 && before != 0 || i > 0 && before != model[i-1] {
			t.Fatalf("record %d comes after %d (records %v)", n, before, model)
		}
	}
	before := uint32(0)
	for i := l.first; i != 0; i = l.pages[i].after {
		p := l.pages[i]
		got = append(got, mark{p.number, p.first})
		if p.before != before {
			t.Fatalf("page %d comes after %d, want %d", i, p.before, before)
		}
		before = i
	}
	if !slices.Equal(got, want) || l.last != before {
		t.Fatalf("pages %v, the last %d, want %v, %d", got, l.last, want, before)
	}
	if len(model) > 0 {
		tail := model[len(model)-1]
		if l.tail != tail {
			t.Fatalf("tail = %d, want %d", l.tail, tail)
		}
	}
}

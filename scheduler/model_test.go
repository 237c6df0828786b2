package scheduler

import (
	"cmp"
	"slices"
	"time"
)

// An entry is a key in the simplest terms.
type entry struct {
	at   time.Time
	seq  uint64
	slot uint32
}

func (e entry) key() Key { return NewKey(e.at, e.seq, e.slot) }

func (e entry) compare(o entry) int {
	return cmp.Or(e.at.Compare(o.at), cmp.Compare(e.seq, o.seq), cmp.Compare(e.slot, o.slot))
}

// A model is an index as a sorted slice.
type model []entry

// insert adds e and reports whether it was not there.
func (m *model) insert(e entry) bool {
	if slices.Contains(*m, e) {
		return false
	}
	*m = append(*m, e)
	slices.SortFunc(*m, entry.compare)
	return true
}

// delete removes e and reports whether it was there.
func (m *model) delete(e entry) bool {
	before := len(*m)
	*m = slices.DeleteFunc(*m, func(o entry) bool { return o == e })
	return len(*m) < before
}

// popDue removes the first entry if it is due.
func (m *model) popDue(now time.Time) (entry, bool) {
	if len(*m) == 0 || (*m)[0].at.After(now) {
		return entry{}, false
	}
	first := (*m)[0]
	*m = (*m)[1:]
	return first, true
}

func (m model) keys() []Key {
	keys := make([]Key, len(m))
	for i, e := range m {
		keys[i] = e.key()
	}
	return keys
}

// A pair does everything to an index and to its model, and compares them.
type pair struct {
	index Index
	model model
}

// A failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (p *pair) insert(t failer, e entry) {
	t.Helper()
	panicked := panics(func() { p.index.Insert(e.key()) })
	if want := !p.model.insert(e); panicked != want {
		t.Fatalf("Insert(%v) panics: %t, want %t", e, panicked, want)
	}
}

func panics(do func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	do()
	return
}

func (p *pair) delete(t failer, e entry) {
	t.Helper()
	got := p.index.Delete(e.key())
	if want := p.model.delete(e); got != want {
		t.Fatalf("Delete(%v) = %t, want %t", e, got, want)
	}
}

func (p *pair) popDue(t failer, now time.Time) {
	t.Helper()
	got, found := p.index.PopDue(now)
	e, want := p.model.popDue(now)
	if found != want || found && got != e.key() || !found && got != (Key{}) {
		t.Fatalf("PopDue(%v) = %v, %t, want %v, %t", now, got, found, e.key(), want)
	}
}

func (p *pair) clear() {
	p.index.Clear()
	p.model = nil
}

// check compares all that can be seen of the index.
func (p *pair) check(t failer) {
	t.Helper()
	want := p.model.keys()
	if got := slices.Collect(p.index.All()); !slices.Equal(got, want) {
		t.Fatalf("All() = %v, want %v", got, want)
	}
	if got := p.index.Len(); got != len(want) {
		t.Fatalf("Len() = %d, want %d", got, len(want))
	}
	got, found := p.index.Min()
	if found != (len(want) > 0) || found && got != want[0] || !found && got != (Key{}) {
		t.Fatalf("Min() = %v, %t, want the first of %v", got, found, want)
	}
}

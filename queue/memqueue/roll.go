package memqueue

import "github.com/redriveq/redrive/queue/driver"

// A roll lists all records of a queue by sequence, in pages.
//
//	page   (range of pageSpan sequences) -> first record, records by state
//	record -> the records before and after it, its page
//
// Records arrive in the order of their sequences and leave from anywhere. Adding
// and removing take O(1). Finding the first record after a sequence, or the
// first one in a state, takes a step for each page that is passed over and at
// most one page of records.
type roll struct {
	slab        *slab
	pages       []page // by index; 0 is none
	free        uint32 // the first unused page, linked by after
	first, last uint32
	tail        slot // the record with the highest sequence
	counts      counts
}

const pageSpan = 1024

// counts are numbers of records by state.
type counts [driver.InFlight + 1]int

func (c *counts) total() int { return c[driver.Visible] + c[driver.Delayed] + c[driver.InFlight] }

type page struct {
	number        uint64 // sequence / pageSpan
	first         slot
	before, after uint32
	counts        counts
}

func newRoll(s *slab) roll { return roll{slab: s, pages: make([]page, 1)} }

// head returns the record with the lowest sequence, 0 if there is none.
func (l *roll) head() slot { return l.pages[l.first].first }

// append adds a record, whose sequence is above all others'.
func (l *roll) append(n slot) {
	r := l.slab.at(n)
	number := r.sequence / pageSpan
	if l.last == 0 || l.pages[l.last].number != number {
		l.addPage(number, n)
	}
	r.page = l.last
	r.before, r.after = l.tail, 0
	if l.tail != 0 {
		l.slab.at(l.tail).after = n
	}
	l.tail = n
	l.count(r, +1)
}

// remove takes a record out.
func (l *roll) remove(n slot) {
	r := l.slab.at(n)
	l.count(r, -1)
	if p := &l.pages[r.page]; p.counts.total() == 0 {
		l.removePage(r.page)
	} else if p.first == n {
		p.first = r.after
	}
	if r.before != 0 {
		l.slab.at(r.before).after = r.after
	}
	if r.after != 0 {
		l.slab.at(r.after).before = r.before
	} else {
		l.tail = r.before
	}
}

// set changes a record's state.
func (l *roll) set(n slot, state driver.State) {
	r := l.slab.at(n)
	l.count(r, -1)
	r.state = state
	l.count(r, +1)
}

func (l *roll) count(r *record, by int) {
	l.counts[r.state] += by
	l.pages[r.page].counts[r.state] += by
}

// after returns the first record whose sequence is above the one given, 0 if
// there is none.
func (l *roll) after(sequence uint64) slot {
	p := l.first
	for p != 0 && l.pages[p].number < sequence/pageSpan {
		p = l.pages[p].after
	}
	n := l.pages[p].first
	for n != 0 && l.slab.at(n).sequence <= sequence {
		n = l.slab.at(n).after
	}
	return n
}

// oldest returns the first record in the state, 0 if there is none.
func (l *roll) oldest(state driver.State) slot {
	if l.counts[state] == 0 {
		return 0
	}
	p := l.first
	for l.pages[p].counts[state] == 0 {
		p = l.pages[p].after
	}
	n := l.pages[p].first
	for l.slab.at(n).state != state {
		n = l.slab.at(n).after
	}
	return n
}

func (l *roll) addPage(number uint64, first slot) {
	i := l.free
	if i == 0 {
		i = uint32(len(l.pages))
		l.pages = append(l.pages, page{})
	} else {
		l.free = l.pages[i].after
	}
	l.pages[i] = page{number: number, first: first, before: l.last}
	if l.last == 0 {
		l.first = i
	} else {
		l.pages[l.last].after = i
	}
	l.last = i
}

func (l *roll) removePage(i uint32) {
	p := l.pages[i]
	if p.before == 0 {
		l.first = p.after
	} else {
		l.pages[p.before].after = p.after
	}
	if p.after == 0 {
		l.last = p.before
	} else {
		l.pages[p.after].before = p.before
	}
	l.pages[i] = page{after: l.free}
	l.free = i
}

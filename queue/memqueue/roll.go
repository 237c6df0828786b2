package memqueue

import "github.com/redriveq/redrive/queue/driver"

// A roll lists all records of a queue by sequence, in pages.
//
//	page   (range of pageSpan sequences) -> first record, records by state
//	record -> the records before and after it, its page
//
// Records arrive in the order of their sequences and leave from anywhere; one
// that was restored comes back to its place. Adding after all others and
// removing take O(1). Finding the first record after a sequence, or the first
// one in a state, takes a step for each page that is passed over and at most one
// page of records. Adding a record among others takes as much, or O(1) if it
// belongs right after the one that was added so before it.
type roll struct {
	slab        *slab
	pages       []page // by index; 0 is none
	free        uint32 // the first unused page, linked by after
	first, last uint32
	tail        slot // the record with the highest sequence
	finger      slot // where the latest was added among others, 0 if that is not known
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

// add takes in a record.
func (l *roll) add(n slot) {
	r := l.slab.at(n)
	r.before, r.after = l.tail, 0
	if l.tail != 0 && l.slab.at(l.tail).sequence > r.sequence {
		r.after = l.seek(r.sequence)
		r.before = l.slab.at(r.after).before
		l.finger = n
	}
	r.page = l.enterPage(n)
	if r.before != 0 {
		l.slab.at(r.before).after = n
	}
	if r.after != 0 {
		l.slab.at(r.after).before = n
	} else {
		l.tail = n
	}
	l.count(r, +1)
}

// enterPage returns the page of a record that knows its neighbours.
func (l *roll) enterPage(n slot) uint32 {
	r := l.slab.at(n)
	number, before := r.sequence/pageSpan, l.last
	if r.after != 0 {
		i := l.slab.at(r.after).page
		p := &l.pages[i]
		if p.number == number {
			if p.first == r.after {
				p.first = n
			}
			return i
		}
		before = p.before
	}
	if before != 0 && l.pages[before].number == number {
		return before
	}
	return l.addPage(number, n, before)
}

// remove takes a record out.
func (l *roll) remove(n slot) {
	r := l.slab.at(n)
	l.count(r, -1)
	if l.finger == n {
		l.finger = r.before
	}
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
func (l *roll) after(sequence uint64) slot { return l.search(l.first, l.head(), sequence) }

// seek is after, but begins at the finger where it can.
func (l *roll) seek(sequence uint64) slot {
	if l.finger == 0 || l.slab.at(l.finger).sequence > sequence {
		return l.after(sequence)
	}
	return l.search(l.slab.at(l.finger).page, l.finger, sequence)
}

// search is after, from the record n of the page p on.
func (l *roll) search(p uint32, n slot, sequence uint64) slot {
	for p != 0 && l.pages[p].number < sequence/pageSpan {
		p = l.pages[p].after
		n = l.pages[p].first
	}
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

// addPage adds a page behind another one, or in front with none.
func (l *roll) addPage(number uint64, first slot, before uint32) uint32 {
	i := l.free
	if i == 0 {
		i = uint32(len(l.pages))
		l.pages = append(l.pages, page{})
	} else {
		l.free = l.pages[i].after
	}
	after := l.first
	if before != 0 {
		after = l.pages[before].after
		l.pages[before].after = i
	} else {
		l.first = i
	}
	if after != 0 {
		l.pages[after].before = i
	} else {
		l.last = i
	}
	l.pages[i] = page{number: number, first: first, before: before, after: after}
	return i
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

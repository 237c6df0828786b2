package memqueue

import (
	"iter"

	"github.com/redriveq/redrive/queue/driver"
)

// A walk looks at the records of a queue by sequence, each of them once.
type walk struct {
	last uint64 // the sequence of the record that was looked at last
	upTo uint64 // the last sequence to look at
	max  int    // how many records may still be taken
	look int    // how many may still be looked at
}

// newWalk begins a walk after one sequence up to another, where zero stands for
// the highest that was given out.
func (s *state) newWalk(after, upTo uint64, max, look int) *walk {
	if upTo == 0 {
		upTo = s.sequence
	}
	return &walk{last: after, upTo: upTo, max: max, look: look}
}

// ahead returns the records that the walk comes to, for as long as it may go
// on. The caller passes each, and may take it out of the queue then; it ends the
// loop to come back to a record that it has not passed.
func (s *state) ahead(w *walk) iter.Seq2[slot, *record] {
	return func(yield func(slot, *record) bool) {
		next := s.roll.after(w.last)
		for next != 0 && w.max > 0 && w.look > 0 {
			n, r := next, s.slab.at(next)
			next = r.after
			if r.sequence > w.upTo || !yield(n, r) {
				return
			}
		}
	}
}

// pass says that a record has been looked at.
func (w *walk) pass(r *record) {
	w.last = r.sequence
	w.look--
}

// take passes a record that is then taken out of the queue.
func (w *walk) take(r *record) {
	w.pass(r)
	w.max--
}

// isDone reports whether the walk has come to its end.
func (s *state) isDone(w *walk) bool {
	n := s.roll.after(w.last)
	return n == 0 || s.slab.at(n).sequence > w.upTo
}

func (s *state) progress(w *walk) driver.Progress {
	return driver.Progress{Last: w.last, UpTo: w.upTo, Done: s.isDone(w)}
}

// matches reports whether the filter means the record.
func (r *record) matches(f *driver.Filter) bool {
	return f.Matches(r.content.attributes, r.content.group, r.origin.Name)
}

package xfer

import (
	"cmp"
	"slices"
)

// A spans tells which part the messages of a transfer queue belong to, by their
// sequences: whoever takes some of them on must know whose they were, and the
// engine does not say. It has one span for each run of steps of one task, the
// lowest sequences first.
type spans []span

// A span is the sequences up to one, after those of the span before it.
type span struct {
	owner *part // nil: none that is known
	upTo  uint64
}

// add notes that the sequences after one and up to another belong to the part.
// They are the highest so far.
func (s *spans) add(owner *part, after, upTo uint64) {
	end := uint64(0)
	if n := len(*s); n > 0 {
		end = (*s)[n-1].upTo
	}
	if after > end {
		*s = append(*s, span{upTo: after})
	}
	if n := len(*s); n > 0 && (*s)[n-1].owner == owner {
		(*s)[n-1].upTo = upTo
		return
	}
	*s = append(*s, span{owner: owner, upTo: upTo})
}

// find returns whose the sequences after one are, and up to which one, at most
// the limit.
func (s spans) find(after, limit uint64) (owner *part, upTo uint64) {
	i, _ := slices.BinarySearchFunc(s, after+1, func(s span, sequence uint64) int { return cmp.Compare(s.upTo, sequence) })
	if i == len(s) {
		return nil, limit
	}
	return s[i].owner, min(s[i].upTo, limit)
}

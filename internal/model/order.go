package model

import (
	"cmp"
	"slices"

	"github.com/redriveq/redrive/queue/driver"
)

// A rotation is the order of a standard queue: the lines in which the visible
// messages of each group stand, in the order in which the groups take turns.
// No line is empty.
type rotation [][]*message

// join puts a message at the end of its group's line; a group that had none
// joins at the end.
func (r *rotation) join(m *message) {
	if i := r.line(m.Group); i >= 0 {
		(*r)[i] = append((*r)[i], m)
		return
	}
	*r = append(*r, []*message{m})
}

// insert puts a message into its group's line, before the first that became
// visible after it did, or in the same instant with a higher sequence; a group
// that had no line joins at the end.
func (r *rotation) insert(m *message) {
	i := r.line(m.Group)
	if i < 0 {
		r.join(m)
		return
	}
	line := (*r)[i]
	at := slices.IndexFunc(line, func(other *message) bool {
		return cmp.Or(other.VisibleAt.Compare(m.VisibleAt), cmp.Compare(other.Sequence, m.Sequence)) > 0
	})
	if at < 0 {
		at = len(line)
	}
	(*r)[i] = slices.Insert(line, at, m)
}

// remove takes a message out of its line, if it stands there. The group keeps
// its turn, if it has messages left.
func (r *rotation) remove(m *message) {
	i := r.line(m.Group)
	if i < 0 {
		return
	}
	line := (*r)[i]
	if at := slices.Index(line, m); at >= 0 {
		line = slices.Delete(line, at, at+1)
	}
	(*r)[i] = line
	if len(line) == 0 {
		*r = slices.Delete(*r, i, i+1)
	}
}

// pass puts a group, which has a line, at the end: it had its turn.
func (r *rotation) pass(group string) {
	i := r.line(group)
	line := (*r)[i]
	*r = append(slices.Delete(*r, i, i+1), line)
}

// order returns the messages as they are taken if the groups take turns: the
// first of each line, then the second of each line that has one, and so on.
func (r rotation) order() []*message {
	var order []*message
	for turn, found := 0, true; found; turn++ {
		found = false
		for _, line := range r {
			if turn < len(line) {
				order = append(order, line[turn])
				found = true
			}
		}
	}
	return order
}

// line returns the index of the group's line, or -1.
func (r rotation) line(group string) int {
	return slices.IndexFunc(r, func(line []*message) bool { return line[0].Group == group })
}

// order returns the messages that receives may take now, in the order in which
// they take them.
func (q *queue) order() []*message {
	if !q.attributes.FIFO {
		return q.rotation.order()
	}
	busy := make(map[string]bool)
	for _, m := range q.messages {
		if m.State == driver.InFlight {
			busy[m.Group] = true
		}
	}
	var order []*message
	for _, m := range q.messages {
		if m.State == driver.Visible && !busy[m.Group] {
			order = append(order, m)
		}
	}
	return order
}

// after returns the messages whose sequence is above the given one, in all
// states, by sequence.
func (q *queue) after(sequence uint64) []*message {
	i := slices.IndexFunc(q.messages, func(m *message) bool { return m.Sequence > sequence })
	if i < 0 {
		return nil
	}
	return q.messages[i:]
}

// between returns the messages whose sequence is above the one and not above
// the other, in all states, by sequence. The slice is a copy: the queue may
// change while it is read.
func (q *queue) between(after, upTo uint64) []*message {
	var found []*message
	for _, m := range q.messages {
		if m.Sequence > after && m.Sequence <= upTo {
			found = append(found, m)
		}
	}
	return found
}

// infos returns copies of up to limit messages.
func infos(messages []*message, limit int) []driver.Info {
	var copies []driver.Info
	for _, m := range messages[:max(0, min(limit, len(messages)))] {
		copies = append(copies, m.Clone())
	}
	return copies
}

// stats counts the queue. The first message of a state is its oldest, because
// the messages stand by sequence.
func (q *queue) stats() driver.Stats {
	stats := driver.Stats{Bytes: q.bytes(), DeduplicationIDs: len(q.remembered)}
	counts := map[driver.State]*driver.Count{
		driver.Visible:  &stats.Visible,
		driver.Delayed:  &stats.Delayed,
		driver.InFlight: &stats.InFlight,
	}
	for _, m := range q.messages {
		count := counts[m.State]
		if count.Messages == 0 {
			count.Age = q.now.Sub(m.SentAt)
		}
		count.Messages++
		if m.ledger != nil {
			stats.UnderTransfer++
		}
	}
	return stats
}

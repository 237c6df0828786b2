package linear

import (
	"hash/maphash"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/redriveq/redrive/queue"
)

// A line is the state of spec B: a queue with all messages that were ever in
// it. A standard queue hands out the first message of the group whose turn it
// is; a FIFO queue, the first by sequence of a group with nothing in flight.
type line struct {
	messages []member // by sequence
	visible  []int    // indexes into messages, in the order of becoming visible
	turns    []string // groups with a visible message, the next one first
}

// A member is a message of a queue.
type member struct {
	message
	id       queue.MessageID
	sequence uint64
	group    string
}

// queueModel is spec B.
func queueModel(a *queue.Attributes) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return &line{} },
		Step: func(state, input, output any) (bool, any) {
			next := state.(*line).clone()
			call := input.(Call)
			next.settle(call.At, a)
			ok := next.step(call, output.(Answer), a)
			return ok, next
		},
		Equal: func(x, y any) bool { return x.(*line).equal(y.(*line)) },
		Hash:  func(x any) uint64 { return x.(*line).hash() },
	}
}

func (l *line) clone() *line {
	return &line{messages: slices.Clone(l.messages), visible: slices.Clone(l.visible), turns: slices.Clone(l.turns)}
}

func (l *line) equal(o *line) bool {
	return slices.Equal(l.messages, o.messages) && slices.Equal(l.visible, o.visible) && slices.Equal(l.turns, o.turns)
}

var hashSeed = maphash.MakeSeed()

func (l *line) hash() uint64 {
	var sum uint64
	for _, m := range l.messages {
		sum = sum*31 + maphash.Comparable(hashSeed, m.message)
	}
	for _, i := range l.visible {
		sum = sum*31 + uint64(i)
	}
	return sum
}

// settle applies all that fell due until now, in the order of the instants; at
// one instant, what becomes visible before what expires, then by sequence.
func (l *line) settle(now time.Duration, a *queue.Attributes) {
	for {
		next, at := -1, now
		for i, m := range l.messages {
			due, falls := m.nextDue(a)
			if falls && (due < at || due == at && (next < 0 || m.hidden() && !l.messages[next].hidden())) {
				next, at = i, due
			}
		}
		if next < 0 {
			return
		}
		l.set(next, l.messages[next].settle(at, a))
	}
}

func (m message) hidden() bool { return m.place == delayed || m.place == inFlight }

// nextDue returns when something falls due for the message.
func (m message) nextDue(a *queue.Attributes) (at time.Duration, falls bool) {
	end := m.sentAt + a.Retention
	switch {
	case m.place == delayed && a.Retention > 0:
		return min(m.due, end), true
	case m.hidden():
		return m.due, true
	case m.place == visible && a.Retention > 0:
		return end, true
	}
	return 0, false
}

// set gives a message its new state, and puts it into its line or takes it out.
func (l *line) set(i int, next message) {
	m := &l.messages[i]
	was := m.place
	m.message = next
	switch {
	case was != visible && next.place == visible:
		l.visible = append(l.visible, i)
		if !slices.Contains(l.turns, m.group) {
			l.turns = append(l.turns, m.group)
		}
	case was == visible && next.place != visible:
		l.visible = slices.DeleteFunc(l.visible, func(v int) bool { return v == i })
		if l.first(m.group) < 0 {
			l.turns = slices.DeleteFunc(l.turns, func(g string) bool { return g == m.group })
		}
	}
}

// first returns the first in line of the group, or -1.
func (l *line) first(group string) int {
	for _, i := range l.visible {
		if l.messages[i].group == group {
			return i
		}
	}
	return -1
}

// order returns what receives can take, in their order.
func (l *line) order(fifo bool) []int {
	if fifo {
		return l.bySequence()
	}
	rest := l.clone()
	var order []int
	for len(rest.turns) > 0 {
		group := rest.turns[0]
		i := rest.first(group)
		order = append(order, i)
		rest.turns = append(rest.turns[1:], group)
		rest.set(i, message{place: gone})
	}
	return order
}

func (l *line) bySequence() []int {
	blocked := make(map[string]bool)
	for _, m := range l.messages {
		if m.place == inFlight {
			blocked[m.group] = true
		}
	}
	order := slices.DeleteFunc(slices.Clone(l.visible), func(i int) bool { return blocked[l.messages[i].group] })
	slices.Sort(order)
	return order
}

// step applies a call and reports whether the answer is the one that the
// contract asks for.
func (l *line) step(c Call, got Answer, a *queue.Attributes) bool {
	switch c.Op {
	case Receive:
		return l.receive(c, got, a)
	case Purge:
		return l.purge() == got.Count
	case Stats:
		return [3]int{l.count(visible), l.count(delayed), l.count(inFlight)} == got.Stats
	case Peek:
		return slices.EqualFunc(limit(l.order(a.FIFO), c.Max), got.Results, func(i int, r Result) bool {
			return l.messages[i].id == r.ID
		})
	}
	// What concerns several messages acts like as many calls, with nothing in between.
	for i := range c.Entries {
		if !l.one(c, i, got.Results[i], a) {
			return false
		}
	}
	return true
}

// one applies the i-th entry of a call.
func (l *line) one(c Call, i int, got Result, a *queue.Attributes) bool {
	entry := c.Entries[i]
	if c.Op == Send {
		return l.send(c.At, entry, got, a)
	}
	n := slices.IndexFunc(l.messages, func(m member) bool { return m.id == entry.ID })
	if n < 0 {
		return false
	}
	m := l.messages[n].message
	if c.Op == Change && got.Outcome == uint8(queue.ChangeInFlightLimit) {
		_, otherwise := m.change(c.At, entry, a)
		return m.place == visible && entry.Timeout > 0 && l.atLimit(a) && otherwise == uint8(queue.Changed)
	}
	if c.Op == Change && m.place == visible && entry.Timeout > 0 && got.Outcome == uint8(queue.Changed) && l.atLimit(a) {
		return false
	}
	c.Entries = c.Entries[i : i+1]
	next, ok := m.step(c, got, a)
	l.set(n, next.settle(c.At, a))
	return ok
}

func (l *line) send(now time.Duration, e Entry, got Result, a *queue.Attributes) bool {
	if last := len(l.messages) - 1; last >= 0 && got.Sequence <= l.messages[last].sequence {
		return false
	}
	l.messages = append(l.messages, member{id: got.ID, sequence: got.Sequence, group: e.Group})
	m, ok := message{}.send(now, e.Timeout)
	l.set(len(l.messages)-1, m.settle(now, a))
	return ok
}

// receive takes as many as the contract lets it: no fewer, and in that order.
func (l *line) receive(c Call, got Answer, a *queue.Attributes) bool {
	if got.AtLimit {
		return l.atLimit(a) && !a.FIFO
	}
	room := c.Max
	if a.MaxInFlight > 0 {
		room = min(room, a.MaxInFlight-l.count(inFlight))
	}
	if room <= 0 && !a.FIFO {
		return false
	}
	want := limit(l.order(a.FIFO), room)
	if len(want) != len(got.Results) {
		return false
	}
	for n, i := range want {
		m := &l.messages[i]
		next, ok := m.receive(c.At, c.Timeout, got.Results[n])
		if !ok || m.id != got.Results[n].ID {
			return false
		}
		l.pass(m.group)
		l.set(i, next)
	}
	// With a timeout of zero they are visible again, after all of them were taken.
	for _, i := range want {
		l.set(i, l.messages[i].settle(c.At, a))
	}
	return true
}

// pass puts a group at the end: it had its turn.
func (l *line) pass(group string) {
	l.turns = append(slices.DeleteFunc(l.turns, func(g string) bool { return g == group }), group)
}

func (l *line) atLimit(a *queue.Attributes) bool {
	return a.MaxInFlight > 0 && l.count(inFlight) >= a.MaxInFlight
}

func (l *line) count(p place) (n int) {
	for _, m := range l.messages {
		if m.place == p {
			n++
		}
	}
	return n
}

func (l *line) purge() (removed int) {
	for i, m := range l.messages {
		if m.place != gone {
			removed++
			m.place = gone
			l.set(i, m.message)
		}
	}
	return removed
}

// limit returns the first n of the list, or all.
func limit(list []int, n int) []int { return list[:min(max(n, 0), len(list))] }

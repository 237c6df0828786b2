package drivertest

import (
	"strconv"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// scratch is memory that all steps use again, so that an engine that keeps what
// it was given is found out.
type scratch struct {
	messages   []driver.Message
	bodies     [4][64]byte
	delays     [4]time.Duration
	gotDelete  []driver.Receipt
	wantDelete []driver.Receipt
	gotChange  []driver.Change
	wantChange []driver.Change
	gotIDs     []driver.MessageID
	wantIDs    []driver.MessageID
	chosen     []int
}

var (
	groupNames = [...]string{"", "g1", "g2", "g3", "g4", "g5", "g6", "g7"}
	bodySizes  = [...]int{2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 4, 4, 8, 40}
	dedupIDs   = [...]string{"", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8"}
)

// send sends a few messages to a queue.
func (w *world) send() error { return w.sendTo(w.sendQueue()) }

// sendQueue draws a queue to send to.
func (w *world) sendQueue() *instance {
	q := w.anyQueue()
	for range 4 {
		if w.collect && q.slot == 0 {
			q = w.anyQueue()
		}
	}
	return q
}

func (w *world) sendTo(q *instance) error {
	w.say(q.name)
	batch := w.scratch.messages[:0]
	for i := range w.several() {
		batch = append(batch, w.message(i))
	}
	w.scratch.messages = batch
	got, gotErr := w.got.Send(w.ctx, w.now, q.got, batch)
	want, wantErr := w.want.Send(w.ctx, w.now, q.want, batch)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	w.tells(q)
	if len(got) != len(batch) {
		return w.differ("number of results", len(got), len(batch))
	}
	for i := range batch {
		if err := w.sent(q, i, got[i], want[i]); err != nil {
			return err
		}
	}
	w.spoil(batch)
	return w.touched(q)
}

// several draws how many inputs a call has: mostly one.
func (w *world) several() int { return [...]int{1, 1, 1, 1, 1, 2, 3, 4}[w.src.Intn(8)] }

// message draws a message. Its body stands in memory that is overwritten after
// the call.
func (w *world) message(i int) driver.Message {
	body := w.scratch.bodies[i][:bodySizes[w.src.Intn(len(bodySizes))]]
	for j := range body {
		body[j] = 'a' + byte(j%3)
	}
	if len(body) > 0 {
		body[0] = 'a' + byte(w.src.Intn(6))
	}
	m := driver.Message{Body: body, Group: groupNames[w.src.Intn(w.groups+1)]}
	if w.src.Intn(2) == 1 {
		m.DeduplicationID = dedupIDs[w.src.Intn(w.ids+1)]
	}
	if w.src.Intn(8) == 7 {
		m.Attributes = map[string]driver.Value{"n": driver.String(string(body)), "b": driver.Binary(nil)}
	}
	w.delay(i, &m)
	w.sayMessage(&m)
	return m
}

// delay draws when the message is due: mostly after the queue's delay.
func (w *world) delay(i int, m *driver.Message) {
	d := &w.scratch.delays[i]
	switch choice := w.src.Intn(24); {
	case choice < 12:
	case choice < 15:
		*d, m.Delay = 0, d
	case choice < 20:
		*d, m.Delay = time.Duration(1+w.src.Intn(10))*w.unit, d
	case choice < 21:
		m.At = w.now.Add(-time.Duration(w.src.Intn(3)) * w.unit)
		w.mark(pastInstant)
	case choice < 23 || !w.long:
		m.At = w.now.Add(time.Duration(1+w.src.Intn(10)) * w.unit)
	case w.src.Intn(2) == 0:
		m.At = w.now.AddDate(400, 0, 0)
		w.mark(longDelay)
	default:
		*d, m.Delay = []time.Duration{century, forever}[w.src.Intn(2)], d
		w.mark(longDelay)
	}
}

func (w *world) sayMessage(m *driver.Message) {
	e := w.entry()
	e.text = append(append(append(e.text, ` "`...), m.Body...), '"')
	if m.Group != "" {
		w.say(" group ")
		w.say(m.Group)
	}
	if m.DeduplicationID != "" {
		w.say(" id ")
		w.say(m.DeduplicationID)
	}
	if m.Delay != nil {
		w.saySpan(" delay ", *m.Delay)
	}
	if !m.At.IsZero() {
		w.say(" at ")
		w.say(w.instant(m.At))
	}
}

// sent compares the result for one message.
func (w *world) sent(q *instance, i int, got, want driver.SendResult) error {
	w.say(" -> ")
	if got.Outcome != want.Outcome {
		return w.differ("outcome of message "+strconv.Itoa(i), got, want)
	}
	m := &w.scratch.messages[i]
	switch want.Outcome {
	case driver.Sent:
		return w.accepted(q, m, got, want)
	case driver.Duplicate:
		return w.duplicate(q, got, want)
	case driver.TooLarge:
		w.say("too large")
		w.mark(tooLarge)
	case driver.QueueFull:
		w.say("full")
		w.mark(fullQueue)
	}
	if got.ID != (driver.MessageID{}) || got.Sequence != 0 {
		return w.differ("result for a message that was refused", got, want)
	}
	return nil
}

func (w *world) accepted(q *instance, m *driver.Message, got, want driver.SendResult) error {
	n := len(w.tracked)
	w.sayInt("m", n)
	if _, used := w.gotIDs[got.ID]; used || got.ID == (driver.MessageID{}) {
		return w.differ("message ID", got.ID, "one that was never used")
	}
	if got.Sequence <= q.gotLast {
		return w.differ("sequence", got.Sequence, "more than "+strconv.FormatUint(q.gotLast, 10))
	}
	q.gotLast, q.wantLast = got.Sequence, want.Sequence
	w.gotIDs[got.ID], w.wantIDs[want.ID] = n, n
	w.born++
	w.tracked = append(w.tracked, tracked{
		got: got.ID, want: want.ID, sentTo: q, sentAs: got.Sequence, wantAs: want.Sequence,
		home: q, sequence: got.Sequence, group: m.Group, deduplicationID: m.DeduplicationID, dueAt: q.due(m),
	})
	q.sent = append(q.sent, n)
	w.remembers(q, m)
	w.endings(q, m)
	return nil
}

// remembers notes until when a deduplication ID is remembered.
func (w *world) remembers(q *instance, m *driver.Message) {
	if m.DeduplicationID == "" || q.attributes.DeduplicationWindow == 0 {
		return
	}
	if until, ok := q.windows[m.DeduplicationID]; ok && !q.now.Before(until) {
		w.mark(duplicateExpired)
	}
	until := q.now.Add(q.attributes.DeduplicationWindow)
	q.windows[m.DeduplicationID] = until
	w.ending(until)
}

// endings notes when the message's delay and retention end.
func (w *world) endings(q *instance, m *driver.Message) {
	if due := q.due(m); due.After(q.now) {
		w.ending(due)
	}
	if q.attributes.Retention > 0 {
		w.ending(q.now.Add(q.attributes.Retention))
	}
	if target := w.deadLettersOf(q); target != nil && target.attributes.Retention > 0 {
		w.ending(q.now.Add(target.attributes.Retention))
	}
}

// due returns when a message that is sent now becomes visible.
func (q *instance) due(m *driver.Message) time.Time {
	switch {
	case !m.At.IsZero():
		return m.At
	case m.Delay != nil:
		return q.now.Add(*m.Delay)
	}
	return q.now.Add(q.attributes.Delay)
}

func (w *world) duplicate(q *instance, got, want driver.SendResult) error {
	n := w.wantIDs[want.ID]
	w.sayInt("=m", n)
	if g, ok := w.gotIDs[got.ID]; !ok || g != n {
		return w.differ("the original of a duplicate", w.gotName(got.ID), "m"+strconv.Itoa(n))
	}
	if m := &w.tracked[n]; m.sentTo == q && got.Sequence != m.sentAs {
		return w.differ("sequence of the original of a duplicate", got.Sequence, m.sentAs)
	}
	w.mark(duplicated)
	if len(q.sent) > 0 && len(w.scratch.messages) > 1 && q.sent[len(q.sent)-1] == n && want.Sequence == q.wantLast {
		w.mark(duplicatedInCall)
	}
	return nil
}

// gotName is the name of a message of the engine under test.
func (w *world) gotName(id driver.MessageID) string {
	if n, ok := w.gotIDs[id]; ok {
		return "m" + strconv.Itoa(n)
	}
	return "unknown " + id.String()
}

// spoil overwrites what was sent.
func (w *world) spoil(batch []driver.Message) {
	for i := range batch {
		clear(batch[i].Body)
		clear(batch[i].Attributes)
		w.scratch.delays[i] = century
	}
}

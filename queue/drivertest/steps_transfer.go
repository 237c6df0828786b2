package drivertest

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/redriveq/redrive/queue/driver"
)

// A cursor is where a call that looks at messages by sequence ended.
type cursor struct {
	gotAfter, wantAfter uint64
	gotUpTo, wantUpTo   uint64
}

// A line holds the sequences of all messages of a queue, in both engines. The
// zero line is one that nobody looked at.
type line struct{ got, want []uint64 }

// sequences looks at a queue.
func (w *world) sequences(q *instance) (line, error) {
	got, gotErr := w.got.List(w.ctx, w.now, q.got, 0, everything)
	want, wantErr := w.want.List(w.ctx, w.now, q.want, 0, everything)
	if done, err := w.failed(gotErr, wantErr); done {
		return line{}, err
	}
	w.tells(q)
	if len(got) != len(want) {
		return line{}, w.differ("list of "+q.name, w.namesOf(got, w.gotIDs), w.namesOf(want, w.wantIDs))
	}
	var l line
	for i := range want {
		l.got, l.want = append(l.got, got[i].Sequence), append(l.want, want[i].Sequence)
	}
	return l, nil
}

// within draws where a call begins and ends: mostly everywhere, or where the
// latest one ended.
func (w *world) within(q *instance) (c cursor, l line, err error) {
	if w.src.Intn(2) == 1 && w.isLive(q) {
		if l, err = w.sequences(q); err != nil {
			return c, l, err
		}
	}
	switch choice := w.src.Intn(8); {
	case choice < 2 && q.cursor != (cursor{}):
		w.mark(transferContinued)
		w.say(" continued")
		c = q.cursor
	case choice == 6 && len(l.want) > 0:
		i := w.src.Intn(len(l.want))
		w.sayInt(" after ", i)
		c.gotAfter, c.wantAfter = l.got[i], l.want[i]
	case choice == 7 && len(l.want) > 0:
		i := w.src.Intn(len(l.want))
		w.sayInt(" up to ", i)
		c.gotUpTo, c.wantUpTo = l.got[i], l.want[i]
	}
	return c, l, nil
}

// sameProgress compares how far a call came, and keeps it as the cursor.
func (w *world) sameProgress(q *instance, c cursor, l line, got, want driver.Progress) error {
	expected := got.Last
	if i := slices.Index(l.want, want.Last); i >= 0 {
		expected = l.got[i]
	}
	if want.Last == c.wantAfter {
		expected = c.gotAfter
	} else if got.Last == c.gotAfter {
		expected = 0 // that of some message
	}
	switch {
	case got.Done != want.Done:
		return w.differ("done", got.Done, want.Done)
	case got.Last != expected:
		return w.differ("last sequence looked at", fmt.Sprintf("%d, after %d", got.Last, c.gotAfter), fmt.Sprintf("%d, like %d after %d", expected, want.Last, c.wantAfter))
	case c.gotUpTo != 0 && got.UpTo != c.gotUpTo:
		return w.differ("last sequence to look at", got.UpTo, c.gotUpTo)
	case c.gotUpTo == 0 && got.UpTo < max(q.gotLast, got.Last):
		return w.differ("last sequence to look at", got.UpTo, fmt.Sprint("at least ", max(q.gotLast, got.Last)))
	}
	q.cursor = cursor{got.Last, want.Last, got.UpTo, want.UpTo}
	return nil
}

// transferTask makes the ID of a transfer.
func transferTask(n uint64) (id driver.TaskID) {
	id[0] = 0x77
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

// nextTransfer returns the ID of another transfer.
func (w *world) nextTransfer() driver.TaskID {
	w.transfers++
	return transferTask(w.transfers)
}

// recentTransfer draws the ID of one of the latest transfers.
func (w *world) recentTransfer() driver.TaskID {
	return transferTask(w.transfers - uint64(w.src.Intn(int(min(w.transfers+1, 4)))))
}

// transfer transfers some messages, or counts them.
func (w *world) transfer() error {
	q := w.busyQueue()
	to := w.otherQueue(q)
	if to == nil && w.src.Intn(8) < 7 {
		w.say("instead, accept ")
		return w.accept()
	}
	w.say(q.name)
	t := driver.Transfer{
		Max:    []int{everything, 1, 2, 0}[w.src.Intn(4)],
		Look:   []int{everything, 1, 3, everything, 10, 0}[w.src.Intn(6)],
		AtOnce: w.src.Intn(2) == 1,
	}
	t.Task = w.nextTransfer()
	if w.src.Intn(4) == 3 {
		t.Task = w.recentTransfer()
	}
	t.DryRun = to == nil || w.src.Intn(12) == 11
	if t.DryRun && w.src.Intn(2) == 1 {
		to = nil
	}
	if to != nil {
		w.say(" to " + to.name)
	}
	t.Filter = w.filter()
	c, l, err := w.within(q)
	if err != nil {
		return err
	}
	want, ok, err := w.transferred(q, to, t, c, l)
	spoilFilter(&t.Filter)
	if err != nil || !ok || t.DryRun || len(want.Messages) == 0 || w.src.Intn(4) < 3 {
		return err
	}
	w.say("; receive ")
	return w.receiveFrom(to, driver.Receive{Max: 3})
}

// transferred makes a transfer and compares what it did. To may be nil in a
// dry run. Ok tells that there was no error to compare.
func (w *world) transferred(q, to *instance, t driver.Transfer, c cursor, l line) (want driver.Transferred, ok bool, err error) {
	w.sayInt(" max ", t.Max)
	w.sayInt(" look ", t.Look)
	if t.DryRun {
		w.say(" dry run")
	}
	t.From, t.After, t.UpTo = q.got, c.gotAfter, c.gotUpTo
	if to != nil {
		t.To = to.got
	}
	got, gotErr := w.got.Transfer(w.ctx, w.now, t)
	t.From, t.After, t.UpTo = q.want, c.wantAfter, c.wantUpTo
	if to != nil {
		t.To = to.want
	}
	want, wantErr := w.want.Transfer(w.ctx, w.now, t)
	if done, err := w.failed(gotErr, wantErr); done {
		w.marksOfRefused(wantErr)
		return want, false, cmp.Or(err, w.touched(q, to))
	}
	w.sayInt(" -> ", len(want.Messages))
	if got.Full != want.Full {
		return want, false, w.differ("full", got.Full, want.Full)
	}
	if err := w.sameRebinds(got.Messages, want.Messages, !t.DryRun); err != nil {
		return want, false, err
	}
	if err := w.sameProgress(q, c, l, got.Progress, want.Progress); err != nil {
		return want, false, err
	}
	if want.Full {
		w.mark(transferFull)
	}
	if t.DryRun {
		w.mark(transferDry)
		return want, true, w.touched(q, to)
	}
	w.marksOfTransfer(q, t, &want)
	return want, true, w.touched(q, to)
}

func (w *world) marksOfRefused(err error) {
	switch kind(err) {
	case driver.ErrNoDestination:
		w.mark(transferNoDestination)
	case driver.ErrInvalid:
		w.mark(transferRefused)
	}
}

// sameRebinds compares which messages changed queues, and follows them.
func (w *world) sameRebinds(got, want []driver.Rebind, follow bool) error {
	if len(got) != len(want) {
		return w.differ("messages", w.rebindNames(got, w.gotIDs), w.rebindNames(want, w.wantIDs))
	}
	for i := range want {
		n := w.wantIDs[want[i].ID]
		w.sayInt(" m", n)
		if g, ok := w.gotIDs[got[i].ID]; !ok || g != n {
			return w.differ("messages", w.rebindNames(got, w.gotIDs), w.rebindNames(want, w.wantIDs))
		}
		if got[i].Home != want[i].Home || got[i].From != w.gotRef(want[i].From) || got[i].To != w.gotRef(want[i].To) {
			return w.differ(fmt.Sprint("change of queues of m", n), got[i], want[i])
		}
		if follow {
			w.tracked[n].seenIn(w.byWant(want[i].To.ID), 0)
		}
	}
	return nil
}

func (w *world) rebindNames(rebinds []driver.Rebind, ids map[driver.MessageID]int) string {
	infos := make([]driver.Info, len(rebinds))
	for i := range rebinds {
		infos[i].ID = rebinds[i].ID
	}
	return w.namesOf(infos, ids)
}

// marksOfTransfer notes what was rare about a transfer, and how its messages
// travel.
func (w *world) marksOfTransfer(q *instance, t driver.Transfer, r *driver.Transferred) {
	for i := range r.Messages {
		n := w.wantIDs[r.Messages[i].ID]
		m := &w.tracked[n]
		if r.Messages[i].Home {
			w.mark(transferHome)
			w.marksOfHome(m, w.byWant(r.Messages[i].To.ID))
			continue
		}
		delayed := m.dueAt.After(q.now)
		switch {
		case m.travel.hops > 0 && m.travel.from != q:
			w.mark(transferAgain)
		default:
			m.travel = travel{from: q, newest: q.gotLast, delayed: delayed, restored: m.travel.restored}
		}
		m.travel.hops++
		if delayed && t.AtOnce {
			w.mark(transferAtOnce)
		} else if delayed {
			w.mark(transferDelayed)
		}
		w.away = append(w.away, n)
		if m.dueAt.After(q.now) {
			w.ending(m.dueAt)
		}
	}
}

// marksOfHome notes what was rare about a message that came home.
func (w *world) marksOfHome(m *tracked, q *instance) {
	if m.travel.from == q {
		if m.travel.hops >= 2 {
			w.mark(restoredFar)
		}
		if q.gotLast > m.travel.newest {
			w.mark(restoredBeforeNewer)
		}
		switch due := m.dueAt.After(q.now); {
		case due:
			w.mark(restoredLater)
		case m.travel.delayed:
			w.mark(restoredPastDue)
		}
	}
	m.travel = travel{restored: true}
}

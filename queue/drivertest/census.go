package drivertest

import (
	"fmt"

	"github.com/redriveq/redrive/queue/driver"
)

// everything is more than any queue of a run holds.
const everything = 10 * liveLimit

// A travel is what is known of how a message went from queue to queue under
// transfer.
type travel struct {
	hops     int       // transfers since it left its home
	from     *instance // its home
	newest   uint64    // the highest sequence at home when it left, as far as known
	delayed  bool      // it was, when it left
	restored bool      // at least once
}

// seenIn notes that a message is in a queue.
func (m *tracked) seenIn(q *instance, sequence uint64) {
	if m.home != q {
		m.changes++
	}
	m.home, m.sequence = q, sequence
}

// arrivals finds what arrived in a queue since the latest message that is
// known, and gives a number to those messages that are new.
func (w *world) arrivals(q *instance) error {
	got, gotErr := w.got.List(w.ctx, w.now, q.got, q.gotLast, everything)
	want, wantErr := w.want.List(w.ctx, w.now, q.want, q.wantLast, everything)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	if len(got) != len(want) {
		return w.differ("arrivals in "+q.name, w.namesOf(got, w.gotIDs), w.namesOf(want, w.wantIDs))
	}
	for i := range want {
		n, known := w.wantIDs[want[i].ID]
		if g, ok := w.gotIDs[got[i].ID]; ok != known || g != n {
			return w.differ("arrivals in "+q.name, w.namesOf(got, w.gotIDs), w.namesOf(want, w.wantIDs))
		}
		if !known {
			n = w.track(q, got[i].ID, want[i].ID)
		}
		w.tracked[n].seenIn(q, got[i].Sequence)
		q.gotLast, q.wantLast = got[i].Sequence, want[i].Sequence
		if err := w.sameMessage(q, &got[i], &want[i]); err != nil {
			return err
		}
	}
	return nil
}

// track gives a number to a message that a move made.
func (w *world) track(q *instance, got, want driver.MessageID) int {
	n := len(w.tracked)
	w.gotIDs[got], w.wantIDs[want] = n, n
	w.tracked = append(w.tracked, tracked{got: got, want: want, home: q})
	return n
}

// counted takes the census of the engine under test: no message is in two
// places, and, in runs in which time takes none, none is lost.
func (w *world) counted() error {
	held := 0
	places := make(map[driver.MessageID]string)
	for _, q := range w.live {
		if q == nil {
			continue
		}
		infos, err := w.got.List(w.ctx, w.now, q.got, 0, everything)
		if err != nil {
			return w.differ("list of "+q.name, err, nil)
		}
		for i := range infos {
			if other, twice := places[infos[i].ID]; twice {
				return w.differ("places of "+w.gotName(infos[i].ID), []string{other, q.name}, "one place")
			}
			places[infos[i].ID] = q.name
		}
		held += len(infos)
		w.tells(q)
	}
	if w.uses[usesRetention] {
		return nil
	}
	w.mark(census)
	if held != w.born-w.gone {
		return w.differ("messages in all queues", held, fmt.Sprintf("%d: %d were sent, %d are gone", w.born-w.gone, w.born, w.gone))
	}
	return nil
}

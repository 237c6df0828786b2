package drivertest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/redriveq/redrive/queue/driver"
)

// A trip is a transfer of all that waits in a queue, from queue to queue.
type trip struct {
	task    driver.TaskID
	from    *instance
	at      *instance // the latest queue
	hops    int
	sent    int                // the most messages that went at once
	emptied map[*instance]bool // those from which all that waited was transferred
	visited map[*instance]bool // those, and the last one
	clean   bool               // nothing had to be passed over
}

// thereAndBack transfers all that waits in a queue to another one, from there
// perhaps to a third and so on, and puts everything back. If nothing had to be
// passed over, every queue on the way is then as it was before.
func (w *world) thereAndBack() error {
	q := w.busyQueue()
	if !w.isLive(q) {
		return w.transfer()
	}
	w.later(0) // so that no queue is shown a later instant on the way
	w.say(q.name)
	before, err := w.pictures()
	if err != nil {
		return err
	}
	t := trip{
		task: w.nextTransfer(), from: q, at: q, clean: true,
		emptied: make(map[*instance]bool), visited: map[*instance]bool{q: true},
	}
	for range 1 + w.src.Intn(4) {
		if on, err := w.hop(&t); err != nil {
			return err
		} else if !on {
			break
		}
	}
	if t.hops == 0 {
		return nil
	}
	if err := w.comeBack(&t); err != nil {
		return err
	}
	return w.samePictures(before, &t)
}

// hop transfers everything to another queue, if there is one.
func (w *world) hop(t *trip) (on bool, err error) {
	to := w.otherQueue(t.at)
	for range 3 {
		if to == t.from {
			to = w.otherQueue(t.at)
		}
	}
	if to == nil || to == t.from || to == t.at || !w.isLive(to) || w.fifo[to.slot] != w.fifo[t.at.slot] {
		return false, nil
	}
	w.say(" to " + to.name)
	all := driver.Transfer{Task: t.task, Max: everything, Look: everything}
	done, ok, err := w.transferred(t.at, to, all, cursor{}, line{})
	if err != nil || !ok {
		return false, err
	}
	for i := range done.Messages {
		t.clean = t.clean && !done.Messages[i].Home
	}
	t.clean = t.clean && !done.Full
	t.emptied[t.at], t.visited[to] = true, true
	t.at, t.hops, t.sent = to, t.hops+1, max(t.sent, len(done.Messages))
	return true, nil
}

// comeBack restores all that went, wherever it is.
func (w *world) comeBack(t *trip) error {
	for _, from := range w.live {
		if from == nil || from.stats.UnderTransfer == 0 {
			continue
		}
		w.say("; restore " + from.name)
		r, _, err := w.restored(from, driver.Restore{Task: t.task, Max: everything, Look: everything}, nil, cursor{}, line{})
		if err != nil {
			return err
		}
		t.clean = t.clean && r.InFlight == 0 && r.NoHome == 0 && r.NoRoom == 0
	}
	return nil
}

// A picture is all that can be seen of the messages of a queue of the engine
// under test.
type picture struct {
	queue         *instance
	list, peek    []driver.Info
	underTransfer int
}

func (w *world) pictures() ([]picture, error) {
	var all []picture
	for _, q := range w.live {
		if q == nil {
			continue
		}
		if err := w.touched(q); err != nil {
			return nil, err
		}
		list, err := w.got.List(w.ctx, w.now, q.got, 0, everything)
		if err != nil {
			return nil, w.differ("list of "+q.name, err, nil)
		}
		peek, err := w.got.Peek(w.ctx, w.now, q.got, everything)
		if err != nil {
			return nil, w.differ("peek at "+q.name, err, nil)
		}
		all = append(all, picture{q, list, peek, q.stats.UnderTransfer})
	}
	return all, nil
}

// samePictures compares all queues with how they were before, unless some
// message was passed over, was under transfer on the way, or is gone since.
func (w *world) samePictures(before []picture, t *trip) error {
	after, err := w.pictures()
	if err != nil {
		return err
	}
	clean := t.clean && t.sent > 0
	for i := range before {
		clean = clean && (before[i].underTransfer == 0 || !t.visited[before[i].queue])
		clean = clean && before[i].underTransfer == after[i].underTransfer
		clean = clean && (!w.uses[usesRetention] || len(before[i].list) == len(after[i].list))
	}
	if !clean {
		return nil
	}
	for i := range before {
		if err := w.samePicture(&before[i], &after[i], t.emptied[before[i].queue]); err != nil {
			return err
		}
	}
	w.mark(thereAndBack)
	if t.hops >= 3 {
		w.mark(thereAndBackFar)
	}
	return nil
}

// samePicture compares a queue with how it was before. The groups of a standard
// queue that was emptied may take turns in another order.
func (w *world) samePicture(before, after *picture, emptied bool) error {
	q, b, a := before.queue, before.list, after.list
	if w.fifo[q.slot] || !emptied {
		b, a = append(b, before.peek...), append(a, after.peek...)
	} else if err := w.inLines(after); err != nil {
		return err
	}
	if len(a) != len(b) {
		return w.differ("after there and back, "+q.name, w.namesOf(a, w.gotIDs), w.namesOf(b, w.gotIDs))
	}
	for i := range b {
		if field, x, y := infoDifference(&a[i], &b[i]); field != "" {
			return w.differ(fmt.Sprintf("after there and back, %s of %s in %s", field, w.gotName(b[i].ID), q.name), x, y)
		}
	}
	return nil
}

// inLines checks that all messages are there that were visible, and that the
// ones of a group stand by the instant of becoming visible and by sequence.
func (w *world) inLines(p *picture) error {
	lines := make(map[string]driver.Info)
	for _, info := range p.peek {
		ahead, ok := lines[info.Group]
		if ok && cmp.Or(ahead.VisibleAt.Compare(info.VisibleAt), cmp.Compare(ahead.Sequence, info.Sequence)) > 0 {
			return w.differ("after there and back, peek at "+p.queue.name, w.namesOf(p.peek, w.gotIDs), "by the instant of becoming visible")
		}
		lines[info.Group] = info
	}
	visible := slices.DeleteFunc(slices.Clone(p.list), func(i driver.Info) bool { return i.State != driver.Visible })
	if len(visible) != len(p.peek) {
		return w.differ("after there and back, peek at "+p.queue.name, w.namesOf(p.peek, w.gotIDs), w.namesOf(visible, w.gotIDs))
	}
	return nil
}

package drivertest

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// anyQueue draws a queue that is there; rarely, and if there is none, one that
// was deleted.
func (w *world) anyQueue() *instance {
	if w.src.Intn(48) == 47 {
		q := w.instances[w.src.Intn(len(w.instances))]
		if !w.isLive(q) && w.live[q.slot] != nil {
			w.mark(oldHandle)
		}
		return q
	}
	first := w.src.Intn(len(w.live))
	for i := range w.live {
		if q := w.live[(first+i)%len(w.live)]; q != nil {
			return q
		}
	}
	return w.instances[len(w.instances)-1]
}

// create creates a queue that is not there, or again one that is.
func (w *world) create() error {
	slot := w.src.Intn(len(w.live))
	for i := range w.live {
		if w.live[(slot+i)%len(w.live)] == nil {
			return w.createAs((slot+i)%len(w.live), true)
		}
	}
	return w.createAs(slot, w.src.Intn(8) == 7)
}

// createAs creates the queue of a name, with attributes of its own or with none.
func (w *world) createAs(slot int, attributes bool) error {
	var patch driver.Patch
	if attributes {
		patch = w.patch(slot, 16)
	}
	if w.collect && attributes && slot != 0 {
		patch.DeadLetter = w.deadLetter(slot)
	}
	if w.fifo[slot] || w.src.Intn(8) == 7 {
		patch.FIFO = new(w.fifo[slot])
	}
	w.sayPatch(queueNames[slot], patch)
	got, gotCreated, gotErr := w.got.CreateQueue(w.ctx, w.now, queueNames[slot], w.base(), patch)
	want, wantCreated, wantErr := w.want.CreateQueue(w.ctx, w.now, queueNames[slot], w.base(), patch)
	if done, err := w.failedPatch(gotErr, wantErr, patch); done {
		return err
	}
	if gotCreated != wantCreated {
		return w.differ("created", gotCreated, wantCreated)
	}
	if !wantCreated {
		w.say(" -> found")
		w.mark(existing)
		return w.sameInstance(w.live[slot], got, want)
	}
	for _, q := range w.instances {
		if q.got == got.ID {
			return w.differ("queue ID", got.ID, "one that was never used")
		}
	}
	q := &instance{
		slot: slot, name: queueNames[slot], got: got.ID, want: want.ID, now: w.now,
		windows: make(map[string]time.Time), keys: make(map[string]time.Time), freed: make(map[string]mark),
	}
	if len(w.instances) >= len(w.live) {
		w.mark(recreated)
	}
	w.instances = append(w.instances, q)
	w.live[slot] = q
	return w.changedQueue(q, got, want)
}

// base is what the queues of a run begin with.
func (w *world) base() driver.Attributes {
	return driver.Attributes{VisibilityTimeout: 20 * w.unit, MaxMessageBytes: 1000}
}

// failedPatch compares the errors of a call with a patch. Where a patch is wrong
// in two ways, either error will do.
func (w *world) failedPatch(got, want error, patch driver.Patch) (done bool, err error) {
	switch kind(want) {
	case driver.ErrQueueExists:
		w.mark(conflict)
	case driver.ErrInvalid:
		w.mark(attributesRefused)
		if patch.DeadLetter != nil && kind(got) == driver.ErrDeadLetterPolicy {
			got = want
		}
	case driver.ErrDeadLetterPolicy:
		w.mark(policyRefused)
	}
	return w.failed(got, want)
}

func (w *world) sayPatch(name string, p driver.Patch) {
	e := w.entry()
	e.text = appendPatch(append(e.text, name...), p)
}

// changedQueue compares a queue after a change of its attributes.
func (w *world) changedQueue(q *instance, got, want driver.QueueInfo) error {
	q.attributes = want.Attributes
	if err := w.sameInstance(q, got, want); err != nil {
		return err
	}
	return w.touched(q)
}

func (w *world) sameInstance(q *instance, got, want driver.QueueInfo) error {
	if got.ID != q.got || !sameQueue(got, want) {
		return w.differ("queue", got, want)
	}
	for i := range got.Attributes.DeadLetterSources.Queues {
		got.Attributes.DeadLetterSources.Queues[i] = "spoiled"
	}
	return nil
}

// set changes attributes.
func (w *world) set() error {
	q := w.anyQueue()
	patch := w.patch(q.slot, 4)
	if w.src.Intn(32) == 31 {
		patch.FIFO = new(w.src.Intn(2) == 0)
	}
	w.sayPatch(q.name, patch)
	got, gotErr := w.got.SetAttributes(w.ctx, w.now, q.got, patch)
	want, wantErr := w.want.SetAttributes(w.ctx, w.now, q.want, patch)
	if done, err := w.failedPatch(gotErr, wantErr, patch); done {
		if err != nil {
			return err
		}
		return w.touched(q)
	}
	w.tells(q)
	return w.changedQueue(q, got, want)
}

// doomedQueue draws a queue to delete, rather one to which a task moves
// messages, or to which messages are to come back.
func (w *world) doomedQueue() *instance {
	q := w.anyQueue()
	var awaited *instance
	switch n := w.anyTask(); {
	case n >= 0 && w.src.Intn(2) == 1:
		awaited = w.byWant(w.tasks.all[n].latest.Destination.ID)
	case len(w.away) > 0 && w.src.Intn(2) == 1:
		awaited = w.tracked[w.away[len(w.away)-1]].travel.from
	}
	if awaited != nil && w.isLive(awaited) {
		return awaited
	}
	return q
}

func (w *world) drop() error {
	q := w.doomedQueue()
	w.say(q.name)
	gotErr := w.got.DeleteQueue(w.ctx, q.got)
	wantErr := w.want.DeleteQueue(w.ctx, q.want)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	w.live[q.slot] = nil
	w.gone += q.size()
	if err := w.forgotten(q); err != nil {
		return err
	}
	return w.dropped(q)
}

func (w *world) purge() error { return w.purgeOf(w.anyQueue()) }

func (w *world) purgeOf(q *instance) error {
	w.say(q.name)
	got, gotErr := w.got.Purge(w.ctx, w.now, q.got)
	want, wantErr := w.want.Purge(w.ctx, w.now, q.want)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	w.tells(q)
	w.sayInt(" -> ", want)
	if got != want {
		return w.differ("number of messages", got, want)
	}
	w.gone += want
	if q.stats.InFlight.Messages > 0 {
		w.mark(purgeInFlight)
	}
	for group := range q.freed {
		q.freed[group] = freedByPurge
	}
	clear(q.windows)
	return w.touched(q)
}

// relieve keeps the number of messages small: it takes some of the fullest queue
// and deletes them, or purges it.
func (w *world) relieve() error {
	var fullest *instance
	for _, q := range w.live {
		if q != nil && (fullest == nil || q.size() > fullest.size()) {
			fullest = q
		}
	}
	if fullest.stats.Visible.Messages == 0 || w.src.Intn(8) == 7 {
		return w.purgeOf(fullest)
	}
	before := len(fullest.held)
	if err := w.receiveFrom(fullest, driver.Receive{Max: 20}); err != nil {
		return err
	}
	w.say("; delete ")
	return w.removeFrom(fullest, append(w.scratch.chosen[:0], fullest.held[before:]...), -1)
}

// look compares what calls that name no queue tell.
func (w *world) look() error {
	name := queueNames[w.src.Intn(len(queueNames))]
	w.say(name)
	got, gotErr := w.got.LookupQueue(w.ctx, name)
	want, wantErr := w.want.LookupQueue(w.ctx, name)
	done, err := w.failed(gotErr, wantErr)
	if err == nil && !done {
		err = w.sameInstance(w.byWant(want.ID), got, want)
	}
	if err != nil {
		return err
	}
	if err := w.lookAtMoves(); err != nil {
		return err
	}
	if err := w.lookAtPlans(); err != nil {
		return err
	}
	prefix, after, limit := "q"[:w.src.Intn(2)], queueNames[w.src.Intn(len(queueNames))], w.src.Intn(5)
	return w.sameQueues(prefix, after, limit)
}

func (w *world) sameQueues(prefix, after string, limit int) error {
	got, gotErr := w.got.ListQueues(w.ctx, prefix, after, limit)
	want, wantErr := w.want.ListQueues(w.ctx, prefix, after, limit)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	if len(got) != len(want) {
		return w.differ("queues listed", got, want)
	}
	for i := range want {
		if err := w.sameInstance(w.byWant(want[i].ID), got[i], want[i]); err != nil {
			return err
		}
	}
	return nil
}

// byWant finds the queue that the model calls by that ID.
func (w *world) byWant(id driver.QueueID) *instance {
	for i := len(w.instances) - 1; i >= 0; i-- {
		if w.instances[i].want == id {
			return w.instances[i]
		}
	}
	return nil
}

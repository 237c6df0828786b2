package drivertest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// awayQueue draws a queue, rather one with messages under transfer.
func (w *world) awayQueue() *instance {
	first := w.src.Intn(len(w.live))
	for i := range w.live {
		if q := w.live[(first+i)%len(w.live)]; q != nil && q.stats.UnderTransfer > 0 && w.src.Intn(8) < 7 {
			return q
		}
	}
	return w.anyQueue()
}

// restore puts some messages back.
func (w *world) restore() error {
	q := w.awayQueue()
	if q.stats.UnderTransfer == 0 && w.src.Intn(4) > 0 {
		w.say("instead, transfer ")
		return w.transfer()
	}
	if w.src.Intn(4) == 3 {
		w.later(max(w.span(4, 15, 60), w.awaitedRetention()))
	}
	w.say(q.name)
	r := driver.Restore{
		Max:    []int{everything, 1, 2, 0}[w.src.Intn(4)],
		Look:   []int{everything, 1, 3, everything, 10, 0}[w.src.Intn(6)],
		DueNow: w.src.Intn(3) == 2,
	}
	if w.src.Intn(2) == 1 {
		r.Task = w.recentTransfer()
		w.sayInt(" of transfer ", int(r.Task[15]))
	}
	var chosen []int
	if w.src.Intn(4) == 3 && len(w.away) > 0 {
		for range w.several() {
			chosen = append(chosen, w.away[len(w.away)-1-w.src.Intn(min(len(w.away), 8))])
		}
		w.say(fmt.Sprintf(" of %d", chosen))
	}
	if r.DueNow {
		w.say(" due now")
	}
	c, l, err := w.within(q)
	if err != nil {
		return err
	}
	_, _, err = w.restored(q, r, chosen, c, l)
	return err
}

// awaitedRetention is the retention of the queue to which the latest message
// that was transferred is to come back.
func (w *world) awaitedRetention() time.Duration {
	if len(w.away) == 0 {
		return 0
	}
	if home := w.tracked[w.away[len(w.away)-1]].travel.from; home != nil {
		return home.attributes.Retention
	}
	return 0
}

// later moves the clock within a step.
func (w *world) later(d time.Duration) {
	w.latest = w.latest.Add(d)
	w.now = w.latest
	w.entry().now = w.now
}

// restored makes a restore and compares what it did. No messages chosen means
// all of them.
func (w *world) restored(q *instance, r driver.Restore, chosen []int, c cursor, l line) (want driver.Restored, ok bool, err error) {
	w.sayInt(" max ", r.Max)
	w.sayInt(" look ", r.Look)
	var gotIDs, wantIDs []driver.MessageID
	for _, n := range chosen {
		gotIDs, wantIDs = append(gotIDs, w.tracked[n].got), append(wantIDs, w.tracked[n].want)
	}
	r.From, r.After, r.UpTo, r.Messages = q.got, c.gotAfter, c.gotUpTo, gotIDs
	got, gotErr := w.got.Restore(w.ctx, w.now, r)
	r.From, r.After, r.UpTo, r.Messages = q.want, c.wantAfter, c.wantUpTo, wantIDs
	want, wantErr := w.want.Restore(w.ctx, w.now, r)
	if done, err := w.failed(gotErr, wantErr); done {
		return want, false, cmp.Or(err, w.touched(q))
	}
	w.sayInt(" -> ", len(want.Messages))
	if err := w.sameRebinds(got.Messages, want.Messages, true); err != nil {
		return want, false, err
	}
	gotCounts, wantCounts := [...]int{got.InFlight, got.NoHome, got.NoRoom}, [...]int{want.InFlight, want.NoHome, want.NoRoom}
	w.say(fmt.Sprintf(", not %d", wantCounts))
	if gotCounts != wantCounts {
		return want, false, w.differ("in flight, without home and without room", gotCounts, wantCounts)
	}
	if err := w.sameProgress(q, c, l, got.Progress, want.Progress); err != nil {
		return want, false, err
	}
	w.marksOfRestore(r.DueNow, &want)
	if err := w.touched(w.live...); err != nil {
		return want, false, err
	}
	return want, true, w.survivors(got.Messages)
}

// survivors notes which messages came home when their retention was over.
func (w *world) survivors(restored []driver.Rebind) error {
	for i := range restored {
		if n := w.gotIDs[restored[i].ID]; w.tracked[n].home.attributes.Retention > 0 {
			home := w.tracked[n].home
			infos, err := w.got.List(w.ctx, w.now, home.got, 0, everything)
			if err != nil {
				return w.differ("list of "+home.name, err, nil)
			}
			if !slices.ContainsFunc(infos, func(info driver.Info) bool { return info.ID == restored[i].ID }) {
				w.mark(restoredOver)
			}
		}
	}
	return nil
}

func (w *world) marksOfRestore(dueNow bool, r *driver.Restored) {
	for i := range r.Messages {
		if dueNow {
			w.mark(restoredDueNow)
		}
		home := w.byWant(r.Messages[i].To.ID)
		w.tells(home)
		w.marksOfHome(&w.tracked[w.wantIDs[r.Messages[i].ID]], home)
	}
	for count, m := range map[int]mark{0: restoreInFlight, 1: restoreNoHome, 2: restoreNoRoom} {
		if [...]int{r.InFlight, r.NoHome, r.NoRoom}[count] > 0 {
			w.mark(m)
		}
	}
	w.away = w.away[max(0, len(w.away)-64):]
}

package drivertest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/redriveq/redrive/queue/driver"
)

// forgotten checks that the tasks of a queue that was deleted are not known.
func (w *world) forgotten(q *instance) error {
	for _, n := range q.moves[max(0, len(q.moves)-2):] {
		t := &w.tasks.all[n]
		_, gotErr := w.got.LookupMove(w.ctx, t.got)
		if kind(gotErr) != driver.ErrNoTask {
			return w.differ("error of t"+strconv.Itoa(n), gotErr, driver.ErrNoTask)
		}
		t.latest.State = driver.MoveFailed
	}
	return nil
}

// endMoves makes steps until every task is final. Each takes but two.
func (w *world) endMoves() error {
	for n := range w.tasks.all {
		for range 2 {
			t := &w.tasks.all[n]
			if !w.isLive(t.source) || !t.latest.State.Active() {
				break
			}
			w.begins("end: step ")
			if err := w.stepOf(n, everything, everything); err != nil {
				return err
			}
		}
		if t := &w.tasks.all[n]; w.isLive(t.source) && t.latest.State.Active() {
			return w.differ("state of t"+strconv.Itoa(n), t.latest.State, "a final one")
		}
	}
	return nil
}

// lookAtMoves compares what is told of tasks.
func (w *world) lookAtMoves() error {
	for _, q := range w.live {
		if q == nil {
			continue
		}
		most := []int{100, 3, 0}[w.src.Intn(3)]
		got, gotErr := w.got.ListMoves(w.ctx, q.got, most)
		want, wantErr := w.want.ListMoves(w.ctx, q.want, most)
		done, err := w.failed(gotErr, wantErr)
		if err == nil && !done {
			err = w.sameTasks("tasks of "+q.name, got, want)
		}
		if err != nil {
			return err
		}
	}
	if err := w.lookUpMove(); err != nil {
		return err
	}
	got, gotErr := w.got.ActiveMoves(w.ctx)
	want, wantErr := w.want.ActiveMoves(w.ctx)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	slices.SortFunc(got, func(a, b driver.MoveTask) int { return cmp.Compare(w.tasks.byGot[a.ID], w.tasks.byGot[b.ID]) })
	slices.SortFunc(want, func(a, b driver.MoveTask) int { return cmp.Compare(w.tasks.byWant[a.ID], w.tasks.byWant[b.ID]) })
	return w.sameTasks("active tasks", got, want)
}

func (w *world) lookUpMove() error {
	if len(w.tasks.all) == 0 {
		return nil
	}
	t := &w.tasks.all[w.src.Intn(len(w.tasks.all))]
	got, gotErr := w.got.LookupMove(w.ctx, t.got)
	want, wantErr := w.want.LookupMove(w.ctx, t.want)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	return w.sameTask(&got, &want)
}

func (w *world) sameTasks(what string, got, want []driver.MoveTask) error {
	if len(got) != len(want) {
		return w.differ(what, got, want)
	}
	for i := range want {
		if err := w.sameTask(&got[i], &want[i]); err != nil {
			return err
		}
	}
	return nil
}

// sameTask compares a task, and notes how it stands.
func (w *world) sameTask(got, want *driver.MoveTask) error {
	n := w.tasks.byWant[want.ID]
	if g, ok := w.tasks.byGot[got.ID]; !ok || g != n {
		return w.differ("ID of t"+strconv.Itoa(n), got.ID, w.tasks.all[n].got)
	}
	w.tasks.all[n].latest = *want
	return w.sameTaskBut(got, want)
}

// sameTaskBut compares a task but for its ID, and overwrites what the engine
// under test gave away.
func (w *world) sameTaskBut(got, want *driver.MoveTask) error {
	if field, g, x := w.taskDifference(got, want); field != "" {
		return w.differ(field+" of a move task", g, x)
	}
	spoilFilter(&got.Move.Filter)
	return nil
}

// taskDifference names the first field in which two tasks differ.
func (w *world) taskDifference(got, want *driver.MoveTask) (field string, g, x any) {
	switch {
	case got.State != want.State:
		return "state", got.State, want.State
	case got.Failure != want.Failure:
		return "failure", got.Failure, want.Failure
	case got.Total != want.Total:
		return "total", got.Total, want.Total
	case got.Moved != want.Moved:
		return "number moved", got.Moved, want.Moved
	case !got.StartedAt.Equal(want.StartedAt):
		return "start", w.instant(got.StartedAt), w.instant(want.StartedAt)
	case !got.EndedAt.Equal(want.EndedAt):
		return "end", w.instant(got.EndedAt), w.instant(want.EndedAt)
	case got.Source != w.gotRef(want.Source):
		return "source", got.Source, w.gotRef(want.Source)
	case got.Destination != w.gotRef(want.Destination):
		return "destination", got.Destination, w.gotRef(want.Destination)
	}
	return w.moveDifference(&got.Move, &want.Move)
}

func (w *world) moveDifference(got, want *driver.Move) (field string, g, x any) {
	same := sameFilter(&got.Filter, &want.Filter) &&
		got.Source == w.gotID(want.Source) && got.Destination == w.gotID(want.Destination) &&
		got.AnySource == want.AnySource && got.Limit == want.Limit && got.KeepIdentity == want.KeepIdentity &&
		got.Rate == want.Rate && got.MaxDuration == want.MaxDuration
	if !same {
		return "move", *got, *want
	}
	return "", nil, nil
}

func sameFilter(a, b *driver.Filter) bool {
	sameGroup := a.Group == b.Group || a.Group != nil && b.Group != nil && *a.Group == *b.Group
	return sameGroup && a.Origin == b.Origin && maps.Equal(a.Attributes, b.Attributes)
}

package drivertest

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// tasks are all move tasks of a run.
type tasks struct {
	all    []task
	byGot  map[driver.TaskID]int
	byWant map[driver.TaskID]int
}

// A task is one move task in both engines.
type task struct {
	got, want driver.TaskID
	source    *instance
	latest    driver.MoveTask // as the model told it last
}

func newTasks() tasks {
	return tasks{byGot: make(map[driver.TaskID]int), byWant: make(map[driver.TaskID]int)}
}

// otherQueue draws a queue to which messages of q can go: mostly another one of
// its kind, which may be gone. Nil is none.
func (w *world) otherQueue(q *instance) *instance {
	switch w.src.Intn(16) {
	case 14:
		return w.instances[w.src.Intn(len(w.instances))]
	case 15:
		return w.anyQueue()
	}
	first := w.src.Intn(len(w.live))
	for i := range w.live {
		other := w.live[(first+i)%len(w.live)]
		if other != nil && other != q && w.fifo[other.slot] == w.fifo[q.slot] {
			return other
		}
	}
	return nil
}

// busyQueue draws a queue, rather one that has visible messages.
func (w *world) busyQueue() *instance {
	if q := w.fullQueue(); q != nil && w.src.Intn(8) < 7 {
		return q
	}
	return w.anyQueue()
}

// filter draws a filter: mostly the one that means all.
func (w *world) filter() driver.Filter {
	var f driver.Filter
	switch w.src.Intn(12) {
	case 8:
		f.Attributes = map[string]driver.Value{"n": driver.String("a"), "b": driver.Binary(nil)}
	case 9:
		f.Attributes = map[string]driver.Value{"n": driver.Number("1")}
	case 10:
		f.Group = new(groupNames[w.src.Intn(w.groups+1)])
	case 11:
		f.Origin = queueNames[w.src.Intn(len(w.fifo))]
	}
	switch {
	case f.Group != nil:
		w.say(" group " + strconv.Quote(*f.Group))
	case f.Attributes != nil:
		w.say(" attribute n=" + f.Attributes["n"].Data)
	case f.Origin != "":
		w.say(" origin " + f.Origin)
	}
	return f
}

// spoilFilter overwrites a filter that was given or returned.
func spoilFilter(f *driver.Filter) {
	clear(f.Attributes)
	if f.Group != nil {
		*f.Group = "spoiled"
	}
}

// moveSource draws the source of a task: a queue that has something, or the
// dead-letter queue of that, in which case each message rather goes home.
func (w *world) moveSource() (q *instance, home bool, err error) {
	q = w.busyQueue()
	dead := w.deadLettersOf(q)
	if dead == nil || w.src.Intn(2) == 0 {
		return q, false, nil
	}
	if w.src.Intn(4) > 0 {
		err = w.bury(dead)
	}
	return dead, w.src.Intn(4) > 0, err
}

// bury receives from all queues of which it is the dead-letter queue until
// messages of theirs go there.
func (w *world) bury(dead *instance) error {
	for _, q := range w.live {
		if q == nil || w.deadLettersOf(q) != dead {
			continue
		}
		if q.stats.Visible.Messages == 0 {
			w.say("send ")
			if err := w.sendTo(q); err != nil {
				return err
			}
			w.say("; ")
		}
		for range q.attributes.DeadLetter.MaxReceives + 1 {
			w.say("receive ")
			if err := w.receiveFrom(q, driver.Receive{Max: 2, Visibility: new(time.Duration(0))}); err != nil {
				return err
			}
			w.say("; ")
		}
	}
	return nil
}

// startMove starts a move task, or asks what one would be.
func (w *world) startMove() error {
	q, home, err := w.moveSource()
	if err != nil {
		return err
	}
	w.say(q.name)
	move := driver.Move{
		Source: q.got, AnySource: w.src.Intn(4) > 0,
		Limit: []int{0, 0, 3, 1}[w.src.Intn(4)], KeepIdentity: w.src.Intn(2) == 1, Rate: w.src.Intn(3),
	}
	if w.src.Intn(4) == 3 {
		move.MaxDuration = w.span(5, 1, 20)
	}
	destination := w.otherQueue(q)
	if destination != nil && !home && w.src.Intn(4) > 0 {
		move.Destination = destination.got
		w.say(" to " + destination.name)
	} else {
		destination = nil
	}
	if home {
		move.Limit = 0
	} else {
		move.Filter = w.filter()
	}
	w.sayInt(" limit ", move.Limit)
	if move.KeepIdentity {
		w.say(" keeping identity")
	}
	dryRun := w.src.Intn(16) == 15
	got, gotErr := w.got.StartMove(w.ctx, w.now, move, dryRun)
	move.Source = q.want
	if destination != nil {
		move.Destination = destination.want
	}
	want, wantErr := w.want.StartMove(w.ctx, w.now, move, dryRun)
	spoilFilter(&move.Filter)
	if done, err := w.failed(gotErr, wantErr); done {
		w.marksOfStart(q, wantErr)
		return cmp.Or(err, w.touched(q))
	}
	if err := w.started(q, &got, &want, dryRun); err != nil || dryRun || !home || w.src.Intn(4) == 3 {
		return err
	}
	w.say("; step ")
	return w.stepOf(len(w.tasks.all)-1, everything, everything)
}

func (w *world) marksOfStart(q *instance, err error) {
	switch kind(err) {
	case driver.ErrNotDeadLetterQueue:
		w.mark(moveNotDeadLetter)
	case driver.ErrNoDestination:
		w.mark(moveNoDestination)
	case driver.ErrInvalid:
		w.mark(moveRefused)
	case driver.ErrMoveActive:
		w.mark(moveActive)
	}
}

// started compares a task that was started.
func (w *world) started(q *instance, got, want *driver.MoveTask, dryRun bool) error {
	w.sayInt(" -> total ", want.Total)
	if dryRun {
		w.mark(moveDry)
		if got.ID != (driver.TaskID{}) {
			return w.differ("ID of a dry run", got.ID, driver.TaskID{})
		}
		return cmp.Or(w.sameTaskBut(got, want), w.touched(q))
	}
	if _, used := w.tasks.byGot[got.ID]; used || got.ID == (driver.TaskID{}) {
		return w.differ("task ID", got.ID, "one that was never used")
	}
	n := len(w.tasks.all)
	w.sayInt(" t", n)
	w.tasks.byGot[got.ID], w.tasks.byWant[want.ID] = n, n
	w.tasks.all = append(w.tasks.all, task{got: got.ID, want: want.ID, source: q, latest: *want})
	q.moves = append(q.moves, n)
	if want.Move.MaxDuration > 0 {
		w.ending(want.StartedAt.Add(want.Move.MaxDuration))
	}
	return cmp.Or(w.sameTask(got, want), w.touched(q))
}

// anyTask draws a task: mostly one that was active when it was seen last.
func (w *world) anyTask() int {
	if len(w.tasks.all) == 0 {
		return -1
	}
	if first := w.src.Intn(len(w.live)); w.src.Intn(12) < 11 {
		for i := range w.live {
			q := w.live[(first+i)%len(w.live)]
			if q == nil || len(q.moves) == 0 {
				continue
			}
			if n := q.moves[len(q.moves)-1]; w.tasks.all[n].latest.State.Active() {
				return n
			}
		}
	}
	return w.src.Intn(len(w.tasks.all))
}

// stepMove makes a step of a task. Where there is none, it mostly starts one.
func (w *world) stepMove() error {
	n := w.anyTask()
	if n >= 0 && !w.tasks.all[n].latest.State.Active() && w.src.Intn(4) > 0 || n < 0 && w.src.Intn(8) < 7 {
		w.say("instead, start ")
		return w.startMove()
	}
	most := []int{100, 1, 2, 3, 0}[w.src.Intn(5)]
	look := []int{100, 1, 2, 3, 5, 0}[w.src.Intn(6)]
	if n < 0 {
		return w.stepUnknown(most, look)
	}
	return w.stepOf(n, most, look)
}

// stepUnknown makes a step of a task that there never was.
func (w *world) stepUnknown(most, look int) error {
	_, gotErr := w.got.StepMove(w.ctx, w.now, driver.TaskID{1}, most, look)
	_, wantErr := w.want.StepMove(w.ctx, w.now, driver.TaskID{1}, most, look)
	w.mark(moveUnknown)
	_, err := w.failed(gotErr, wantErr)
	return err
}

// stepOf makes a step of a task.
func (w *world) stepOf(n, most, look int) error {
	t := &w.tasks.all[n]
	before, inFlight := t.latest, t.source.stats.InFlight.Messages
	w.sayInt("t", n)
	w.sayInt(" max ", most)
	w.sayInt(" look ", look)
	got, gotErr := w.got.StepMove(w.ctx, w.now, t.got, most, look)
	want, wantErr := w.want.StepMove(w.ctx, w.now, t.want, most, look)
	if done, err := w.failed(gotErr, wantErr); done {
		w.mark(moveForgotten)
		return err
	}
	w.say(" -> " + want.Task.State.String())
	w.sayInt(" moved ", want.Task.Moved)
	if err := w.sameTask(&got.Task, &want.Task); err != nil {
		return err
	}
	if err := w.sameArrived(got.Arrived, want.Arrived); err != nil {
		return err
	}
	w.marksOfStep(&before, &want, inFlight)
	return w.touched(w.live...)
}

// sameArrived compares to which queues a step moved messages, and finds those.
func (w *world) sameArrived(got, want []driver.QueueID) error {
	var expected []driver.QueueID
	for _, id := range want {
		q := w.byWant(id)
		expected = append(expected, q.got)
		w.say(" to " + q.name)
	}
	got = slices.Sorted(slices.Values(got))
	if slices.Sort(expected); !slices.Equal(got, expected) {
		return w.differ("queues with arrivals", got, expected)
	}
	for _, id := range want {
		if err := w.arrivals(w.byWant(id)); err != nil {
			return err
		}
	}
	return nil
}

// failureMarks are the marks of why a task failed.
var failureMarks = map[driver.MoveFailure]mark{
	driver.MoveDestinationGone: moveGone,
	driver.MoveDestinationFull: moveFull,
	driver.MoveNoOrigin:        moveNoOrigin,
	driver.MoveTimedOut:        moveTimedOut,
}

func (w *world) marksOfStep(before *driver.MoveTask, step *driver.MoveStep, inFlight int) {
	t := &step.Task
	if t.Moved > before.Moved && t.Move.KeepIdentity {
		w.mark(moveKept)
	}
	if len(step.Arrived) > 1 {
		w.mark(moveHomeMany)
	}
	switch {
	case !before.State.Active():
	case t.State == driver.MoveFailed:
		w.mark(failureMarks[t.Failure])
	case t.State == driver.MoveCancelled && t.Moved > 0 && t.Remaining() > 0:
		w.mark(moveStopped)
	case t.State == driver.MoveCompleted && t.Remaining() == 0:
		w.mark(moveCompleted)
	case t.State == driver.MoveCompleted:
		w.mark(moveRemaining)
		if inFlight > 0 {
			w.mark(movePassedOver)
		}
	}
}

// cancelMove cancels a task, and mostly makes the step in which it is noticed.
func (w *world) cancelMove() error {
	n := w.anyTask()
	if n < 0 {
		w.say("instead, start ")
		return w.startMove()
	}
	t := &w.tasks.all[n]
	w.sayInt("t", n)
	got, gotErr := w.got.CancelMove(w.ctx, w.now, t.got)
	want, wantErr := w.want.CancelMove(w.ctx, w.now, t.want)
	if kind(wantErr) == driver.ErrNotRunning {
		w.mark(moveNotRunning)
	}
	done, err := w.failed(gotErr, wantErr)
	if err == nil && (!done || kind(wantErr) == driver.ErrNotRunning) {
		err = w.sameTask(&got, &want)
	}
	if done || err != nil {
		return cmp.Or(err, w.touched(t.source))
	}
	if err := w.touched(t.source); err != nil || w.src.Intn(4) == 3 {
		return err
	}
	w.say("; step ")
	return w.stepOf(n, 100, 100)
}

package movetask_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// A machine plays random histories on a Manager and on a world that says what
// should be, and compares both after every step.
type machine struct {
	*rig
	world  world
	queues map[string]*shelf // by name, the present instances
	old    []*shelf          // instances that were deleted
	bodies int               // made so far
	taken  map[string]bool   // bodies of messages that consumers have deleted, or that were in a queue that was
	marks  *marks
}

// marks count what happened in all histories, so that it is noticed if they do
// nothing of note.
type marks struct {
	refused, cancelled, notRunning, completed, reopened, unknown int
	failed                                                       [queue.MoveSourceGone + 1]int
}

func newMachine(t *rapid.T, marks *marks) *machine {
	m := &machine{rig: newRig(t, queue.Config{}), marks: marks, taken: make(map[string]bool)}
	m.queues = map[string]*shelf{
		"dead":  {handle: m.dead},
		"a":     {handle: m.a},
		"c":     {handle: m.c},
		"other": {handle: m.create("other", queue.Patch{})},
	}
	return m
}

func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"":           func(*rapid.T) { m.check() },
		"kill":       m.killSome,
		"kill again": m.killSome,
		"send":       m.sendSome,
		"take":       m.takeSome,
		"start":      m.startOne,
		"start more": m.startOne,
		"cancel":     m.cancelOne,
		"plan":       m.planOne,
		"remove":     m.removeOne,
		"reopen":     m.reopen,
		"pass":       m.passSome,
		"pass more":  m.passSome,
	}
}

// drawQueue draws the present instance of a queue.
func (m *machine) drawQueue(t *rapid.T, what string, names ...string) *shelf {
	return m.queues[rapid.SampledFrom(names).Draw(t, what)]
}

// put sends n messages to a queue.
func (m *machine) put(q *shelf, n int) {
	messages := make([]queue.Message, n)
	for i := range messages {
		m.bodies++
		messages[i].Body = fmt.Append(nil, m.bodies)
	}
	_, err := q.handle.SendMany(m.ctx(), messages)
	m.must(err)
}

func (m *machine) sendSome(t *rapid.T) {
	q := m.drawQueue(t, "queue", "dead", "other")
	n := rapid.IntRange(1, 5).Draw(t, "messages")
	m.put(q, n)
	for range n {
		q.put(nil)
	}
}

// killSome makes all messages of a queue dead letters, and some more.
func (m *machine) killSome(t *rapid.T) {
	q, dead := m.drawQueue(t, "queue", "a", "a", "c"), m.queues["dead"]
	if m.world.activeOn(q) {
		return // its messages must stay where they are
	}
	m.put(q, rapid.SampledFrom([]int{1, 5, 20, 60}).Draw(t, "messages"))
	for range 2 {
		m.receive(q.handle, 10_000, 0)
	}
	for range m.count(dead.handle) - len(dead.items) {
		dead.put(q)
	}
	q.items = nil
}

// takeSome deletes the first messages of a queue.
func (m *machine) takeSome(t *rapid.T) {
	q := m.drawQueue(t, "queue", "dead", "other")
	got := m.receive(q.handle, rapid.IntRange(1, 10).Draw(t, "most"), hour)
	for _, d := range got {
		m.must(q.handle.Delete(m.ctx(), d.Receipt))
		m.taken[string(d.Body)] = true
	}
	q.items = q.items[len(got):]
}

// drawOptions draws what a task is to do, and returns its mirror and the error
// that is to be expected, whatever tasks are active.
func (m *machine) drawOptions(t *rapid.T) (o movetask.Options, want *mirror, err error) {
	source := m.drawQueue(t, "source", "dead", "dead", "dead", "other", "a")
	want = &mirror{
		source: source,
		upTo:   source.sequence,
		total:  len(source.items),
		state:  queue.MoveRunning,
		dueAt:  m.elapsed(),
	}
	if rapid.Bool().Draw(t, "with destination") {
		want.destination = m.drawQueue(t, "destination", "a", "c", "other", "dead")
	}
	if len(m.old) > 0 && rapid.IntRange(0, 9).Draw(t, "not old") == 0 {
		want.destination = rapid.SampledFrom(m.old).Draw(t, "old destination")
	}
	o = movetask.Options{
		Source:       source.handle,
		AnySource:    rapid.Bool().Draw(t, "any source"),
		Limit:        rapid.SampledFrom([]int{0, 0, 0, 1, 7}).Draw(t, "limit"),
		Rate:         rapid.SampledFrom([]int{0, 1, 1, 2, 2, 50, 100}).Draw(t, "rate"),
		KeepIdentity: rapid.Bool().Draw(t, "keep identity"),
		MaxDuration:  rapid.SampledFrom([]time.Duration{0, 0, 1700 * ms, 3 * s}).Draw(t, "longest"),
	}
	if o.Limit > 0 {
		want.total = min(want.total, o.Limit)
	}
	if o.Rate > 0 {
		want.chunk, want.gap = max(1, o.Rate/50), s/time.Duration(min(50, o.Rate))
	}
	if o.MaxDuration > 0 {
		want.endAt = m.elapsed() + o.MaxDuration
	}
	if want.destination != nil {
		o.Destination = want.destination.handle
	}
	switch {
	case source != m.queues["dead"] && !o.AnySource:
		err = queue.ErrNotDeadLetterQueue
	case want.destination != nil && want.destination.gone:
		err = queue.ErrNoDestination
	case want.destination == source:
		err = queue.ErrInvalid
	}
	return o, want, err
}

func (m *machine) startOne(t *rapid.T) {
	o, mirror, want := m.drawOptions(t)
	if want == nil && m.world.activeOn(mirror.source) {
		want = queue.ErrMoveActive
	}
	task, err := m.m.Start(m.ctx(), o)
	if !errors.Is(err, want) {
		t.Fatalf("start of %+v: got error %v, want %v", o, err, want)
	}
	if want != nil {
		m.marks.refused++
		return
	}
	mirror.id = task.ID
	m.world.tasks = append(m.world.tasks, mirror)
	if task.Total != mirror.total || task.Moved != 0 {
		t.Fatalf("start: got %d messages to move, and %d moved, want %d, 0", task.Total, task.Moved, mirror.total)
	}
}

func (m *machine) planOne(t *rapid.T) {
	o, mirror, want := m.drawOptions(t)
	task, err := m.m.Plan(m.ctx(), o)
	if !errors.Is(err, want) || err == nil && task.Total != mirror.total {
		t.Fatalf("plan of %+v: got error %v and %d messages, want %v and %d", o, err, task.Total, want, mirror.total)
	}
}

func (m *machine) cancelOne(t *rapid.T) {
	if len(m.world.tasks) == 0 {
		return
	}
	back := rapid.SampledFrom([]int{1, 1, 1, 2, 3, 20}).Draw(t, "tasks ago")
	mirror := m.world.tasks[max(0, len(m.world.tasks)-back)]
	var want error
	switch {
	case !m.world.isKnown(mirror):
		want = queue.ErrNoTask
	case !mirror.active():
		want = queue.ErrNotRunning
		m.marks.notRunning++
	}
	task, err := m.m.Cancel(m.ctx(), mirror.id)
	if !errors.Is(err, want) {
		t.Fatalf("cancel: got error %v, want %v", err, want)
	}
	if want != nil {
		return
	}
	if task.State != queue.MoveCancelling || task.Moved != mirror.moved {
		t.Fatalf("cancel: got state %v with %d moved, want %v, %d", task.State, task.Moved, queue.MoveCancelling, mirror.moved)
	}
	mirror.end(queue.MoveCancelled, 0, m.elapsed())
	m.marks.cancelled++
}

// removeOne deletes a queue and makes another of its name.
func (m *machine) removeOne(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "not now") > 0 {
		return
	}
	name := rapid.SampledFrom([]string{"dead", "dead", "a", "c", "other"}).Draw(t, "queue")
	q := m.queues[name]
	for info, err := range q.handle.Messages(m.ctx()) {
		m.must(err)
		m.taken[string(info.Body)] = true
	}
	info, err := q.handle.Info(m.ctx())
	m.must(err)
	m.must(m.b.DeleteQueue(m.ctx(), name))
	m.world.remove(q, m.elapsed())
	m.old = append(m.old, q)
	m.queues[name] = &shelf{handle: m.create(name, queue.Patch{DeadLetter: &info.Attributes.DeadLetter})}
}

// reopen closes the Manager, and opens another one later.
func (m *machine) reopen(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "not now") > 0 {
		return
	}
	m.must(m.m.Close())
	m.world.frozen = true
	if rapid.Bool().Draw(t, "with a pause") {
		m.passSome(t)
	}
	m.open(movetask.Config{})
	m.world.frozen = false
	for _, mirror := range m.world.tasks {
		mirror.lost = false // that was the other one
		if mirror.active() {
			mirror.dueAt = m.elapsed()
			m.resume(mirror)
		}
	}
	m.marks.reopened++
}

// resume lets a task with a rate wait for a second after a step that moves
// nothing.
func (m *machine) resume(mirror *mirror) {
	switch {
	case mirror.endAt > 0 && m.elapsed() >= mirror.endAt:
		mirror.step(m.elapsed())
	case !mirror.isLeft():
		mirror.end(queue.MoveCompleted, 0, m.elapsed())
	case mirror.chunk > 0:
		mirror.dueAt = m.elapsed() + s
	}
}

func (m *machine) passSome(t *rapid.T) {
	m.pass(rapid.SampledFrom([]time.Duration{1, 10 * ms, 20 * ms, s / 2, s / 2, s - 1, s, s, 5 * s, time.Minute}).Draw(t, "time"))
}

// check compares the Manager and the queues with what should be.
func (m *machine) check() {
	synctest.Wait()
	m.world.advance(m.elapsed())
	for _, mirror := range m.world.tasks {
		m.checkTask(mirror)
	}
	places := make(map[string]string)
	for name, q := range m.queues {
		if got := m.count(q.handle); got != len(q.items) {
			m.t.Fatalf("at %v: %q has %d messages, want %d", m.elapsed(), name, got, len(q.items))
		}
		m.checkList(q)
		for info, err := range q.handle.Messages(m.ctx()) {
			m.must(err)
			body := string(info.Body)
			if places[body] != "" || m.taken[body] {
				m.t.Fatalf("at %v: message %s is in %q, and in %q or taken", m.elapsed(), body, name, places[body])
			}
			places[body] = name
		}
	}
	if got := len(places) + len(m.taken); got != m.bodies {
		m.t.Fatalf("at %v: %d messages are there or taken, want %d", m.elapsed(), got, m.bodies)
	}
}

func (m *machine) checkTask(mirror *mirror) {
	task, err := m.m.Lookup(m.ctx(), mirror.id)
	if !m.world.isKnown(mirror) {
		if !errors.Is(err, queue.ErrNoTask) {
			m.t.Fatalf("lookup: got error %v, want %v", err, queue.ErrNoTask)
		}
		if !mirror.forgotten {
			m.marks.unknown++
		}
		mirror.forgotten = true
		return
	}
	m.must(err)
	m.compare(task, mirror)
	if !mirror.active() {
		m.compare(m.wait(mirror.id), mirror)
	}
}

func (m *machine) compare(task queue.MoveTask, mirror *mirror) {
	got := fmt.Sprint(task.State, task.Failure, task.Moved, task.Total)
	want := fmt.Sprint(mirror.state, mirror.failure, mirror.moved, mirror.total)
	if got != want {
		m.t.Fatalf("at %v: the task is %s, want %s", m.elapsed(), got, want)
	}
	if mirror.active() {
		return
	}
	if at := task.EndedAt.Sub(m.start); at != mirror.endedAt {
		m.t.Fatalf("at %v: the task (%s) has ended at %v, want %v", m.elapsed(), got, at, mirror.endedAt)
	}
	switch {
	case mirror.seen:
	case task.State == queue.MoveCompleted:
		m.marks.completed++
	case task.State == queue.MoveFailed:
		m.marks.failed[task.Failure]++
	}
	mirror.seen = true
}

func (m *machine) checkList(q *shelf) {
	tasks, err := m.m.List(m.ctx(), q.handle, 0)
	m.must(err)
	kept := m.world.of(q)
	if len(tasks) != len(kept) {
		m.t.Fatalf("at %v: %d tasks of %q are listed, want %d", m.elapsed(), len(tasks), q.handle.Name(), len(kept))
	}
	for i, mirror := range kept {
		if tasks[i].ID != mirror.id {
			m.t.Fatalf("at %v: task %d of %q is %v, want %v", m.elapsed(), i, q.handle.Name(), tasks[i].ID, mirror.id)
		}
		m.compare(tasks[i], mirror)
	}
}

// I8, I9 and I10 over random histories.
func TestMachine(t *testing.T) {
	var marks marks
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			m := newMachine(t, &marks)
			for range 2 { // twice as long as others
				t.Repeat(m.actions())
			}
			m.must(m.m.Close())
		})
	})
	t.Logf("%+v", marks)
	for _, n := range []int{marks.refused, marks.cancelled, marks.notRunning, marks.completed, marks.reopened, marks.unknown,
		marks.failed[queue.MoveDestinationGone], marks.failed[queue.MoveNoOrigin], marks.failed[queue.MoveTimedOut], marks.failed[queue.MoveSourceGone]} {
		if n == 0 {
			t.Errorf("%+v: something never happened", marks)
			break
		}
	}
}

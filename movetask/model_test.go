package movetask_test

import (
	"slices"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A world is what should be: queues as slices, and tasks that are told the time.
type world struct {
	tasks  []*mirror // in the order of their starts
	frozen bool      // nobody runs the tasks
}

// A shelf is one instance of a queue. All its messages are visible.
type shelf struct {
	handle   *queue.Queue
	gone     bool
	sequence int
	items    []item
}

type item struct {
	sequence int
	origin   *shelf
}

// put adds a message.
func (q *shelf) put(origin *shelf) {
	q.sequence++
	q.items = append(q.items, item{sequence: q.sequence, origin: origin})
}

// A mirror is a task as it should stand.
type mirror struct {
	id          queue.TaskID
	source      *shelf
	destination *shelf // nil: the origins
	upTo        int    // sequences of the source
	chunk       int    // messages that move at once; zero: all
	gap         time.Duration
	dueAt       time.Duration // of the next step
	endAt       time.Duration // zero: never
	lost        bool          // its source was deleted while a Manager ran it

	state        queue.MoveState
	failure      queue.MoveFailure
	moved, total int
	endedAt      time.Duration

	seen, forgotten bool // the Manager has told of its end; that it is not known
}

// advance makes the steps that are due until now, in the order of their instants.
func (w *world) advance(now time.Duration) {
	for !w.frozen {
		var first *mirror
		for _, t := range w.tasks {
			if t.active() && t.nextAt() <= now && (first == nil || t.nextAt() < first.nextAt()) {
				first = t
			}
		}
		if first == nil {
			return
		}
		first.step(first.nextAt())
	}
}

func (t *mirror) active() bool { return t.state == queue.MoveRunning }

func (t *mirror) nextAt() time.Duration {
	if t.endAt > 0 {
		return min(t.dueAt, t.endAt)
	}
	return t.dueAt
}

// step makes the step that is due at now.
func (t *mirror) step(now time.Duration) {
	if t.endAt > 0 && now >= t.endAt {
		t.end(queue.MoveFailed, queue.MoveTimedOut, now)
		return
	}
	for n := 0; (t.chunk == 0 || n < t.chunk) && t.active() && t.isLeft(); n++ {
		t.moveFirst(now)
	}
	if t.active() && !t.isLeft() {
		t.end(queue.MoveCompleted, 0, now)
	}
	t.dueAt = now + t.gap
}

// isLeft reports whether there is a message to move. Those that the task has
// moved are not in the source, so the first one that is left is the next.
func (t *mirror) isLeft() bool {
	return t.moved < t.total && len(t.source.items) > 0 && t.source.items[0].sequence <= t.upTo
}

func (t *mirror) moveFirst(now time.Duration) {
	to := t.destination
	if to == nil {
		to = t.source.items[0].origin
	}
	switch {
	case to == nil:
		t.end(queue.MoveFailed, queue.MoveNoOrigin, now)
	case to.gone:
		t.end(queue.MoveFailed, queue.MoveDestinationGone, now)
	default:
		t.source.items = slices.Delete(t.source.items, 0, 1)
		to.put(nil)
		t.moved++
	}
}

func (t *mirror) end(state queue.MoveState, failure queue.MoveFailure, now time.Duration) {
	t.state, t.failure, t.endedAt = state, failure, now
}

// remove deletes the instance. Its tasks are forgotten, except that who runs one
// knows how it has ended.
func (w *world) remove(q *shelf, now time.Duration) {
	q.gone = true
	for _, t := range w.tasks {
		if t.source == q && t.active() {
			t.end(queue.MoveFailed, queue.MoveSourceGone, now)
			t.lost = !w.frozen
		}
	}
}

// of returns the tasks of a source that are kept, the newest first.
func (w *world) of(q *shelf) (kept []*mirror) {
	for _, t := range slices.Backward(w.tasks) {
		if t.source == q && len(kept) < 10 {
			kept = append(kept, t)
		}
	}
	return kept
}

// isKnown reports whether the task can be looked up.
func (w *world) isKnown(t *mirror) bool {
	if t.source.gone {
		return t.lost
	}
	return slices.Contains(w.of(t.source), t)
}

// activeOn reports whether a task of the source is active.
func (w *world) activeOn(q *shelf) bool {
	return slices.ContainsFunc(w.tasks, func(t *mirror) bool { return t.source == q && t.active() })
}

package drivertest

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// operations is the number of kinds of steps.
const operations = 20

// table has the kinds of steps.
var table = [operations]struct {
	name   string
	weight int
	family family
	always bool // in every run that has the family
	do     func(*world) error
}{
	{"send", 48, core, true, (*world).send},
	{"receive", 40, core, true, (*world).receive},
	{"delete", 32, core, false, (*world).remove},
	{"change visibility", 16, core, false, (*world).change},
	{"cancel", 12, core, false, (*world).cancel},
	{"set attributes", 4, core, false, (*world).set},
	{"create queue", 3, core, true, (*world).create},
	{"purge", 1, core, false, (*world).purge},
	{"delete queue", 1, core, false, (*world).drop},
	{"look up", 2, core, false, (*world).look},
	{"start move", 6, moves, false, (*world).startMove},
	{"step move", 12, moves, true, (*world).stepMove},
	{"cancel move", 2, moves, false, (*world).cancelMove},
	{"transfer", 9, transfers, false, (*world).transfer},
	{"restore", 7, transfers, false, (*world).restore},
	{"there and back", 3, transfers, false, (*world).thereAndBack},
	{"accept", 5, transfers, false, (*world).accept},
	{"schedule", 8, schedules, false, (*world).schedule},
	{"fire", 9, schedules, true, (*world).fire},
	{"cancel schedules", 2, schedules, false, (*world).cancelSchedules},
}

// A family is a part of the contract. A run has the core, and of the others
// each or nothing of it.
type family int

const (
	core family = iota
	moves
	transfers
	schedules
	families // how many there are
)

// Drive takes an engine and the model through the same steps, which it draws
// from the seed, and compares every answer. It first draws what the run is made
// of: which operations, queues, attributes, groups, and how the clock goes. In
// the end it empties all queues and closes the engine.
//
// The same seed makes the same run. If the engine and the model part, the error
// tells the seed, the step, both answers and the latest steps.
func Drive(seed uint64, steps int, open func() driver.Engine) (Report, error) {
	src := newSeeded(seed)
	w := newWorld(src, drawSwarm(src), open())
	err := w.run(func(step int) bool { return step < steps })
	if err != nil {
		err = fmt.Errorf("seed %d: %w", seed, err)
	}
	return w.finish(), err
}

// DriveBytes is like [Drive], but the choices are drawn from data, so that a
// fuzzer can look for rare runs. A run ends with its data.
func DriveBytes(data []byte, open func() driver.Engine) error {
	src := &byteSource{data}
	w := newWorld(src, drawSwarm(src), open())
	return w.run(func(int) bool { return len(src.rest) > 0 })
}

// run takes the steps and ends the run. An engine that panics is told with the
// steps that led there.
func (w *world) run(more func(step int) bool) (err error) {
	defer w.abandon()
	defer func() {
		if p := recover(); p != nil {
			w.closed = true // it may hold a lock
			err = w.differ("panic", fmt.Sprintf("%v\n%s", p, debug.Stack()), "an answer")
		}
	}()
	if err := w.start(true); err != nil {
		return err
	}
	for more(w.step) {
		if err := w.next(w.choose()); err != nil {
			return err
		}
	}
	return w.end()
}

// abandon closes the engine of a run that did not reach its end.
func (w *world) abandon() {
	if !w.closed {
		w.got.Close()
	}
}

// start creates the queues, with attributes of their own or with none.
func (w *world) start(attributes bool) error {
	for slot := range w.live {
		w.begins("create queue ")
		if err := w.createAs(slot, attributes); err != nil {
			return err
		}
		if w.live[slot] != nil {
			continue
		}
		if err := w.createAs(slot, false); err != nil { // the attributes were refused
			return err
		}
	}
	return nil
}

// choose draws the kind of the next step by the weights.
func (w *world) choose() int {
	total := 0
	for _, weight := range w.weights {
		total += weight
	}
	choice := w.src.Intn(total)
	for i, weight := range w.weights {
		if choice < weight {
			return i
		}
		choice -= weight
	}
	return 0
}

// next takes one step.
func (w *world) next(operation int) error {
	w.tick()
	w.step++
	w.counts[operation]++
	w.begins(table[operation].name)
	w.say(" ")
	do := table[operation].do
	if w.total() > liveLimit {
		w.say("instead, relieve ")
		do = (*world).relieve
	}
	if err := do(w); err != nil {
		return err
	}
	if w.step%64 == 0 {
		if err := w.counted(); err != nil {
			return err
		}
	}
	if w.step%16 == 0 {
		return w.all()
	}
	return nil
}

// end compares everything once more, lets everything fall due, takes all that is
// left out of the queues, and closes the engine.
func (w *world) end() error {
	w.now = w.latest
	w.begins("end: empty ")
	for _, check := range []func() error{w.all, w.counted, w.endMoves} {
		if err := check(); err != nil {
			return err
		}
	}
	for _, q := range w.live {
		if q == nil {
			continue
		}
		if err := w.empty(q); err != nil {
			return err
		}
	}
	return w.close()
}

// empty receives and deletes all that a queue holds, which must be what it lists.
func (w *world) empty(q *instance) error {
	unlimited := driver.Patch{
		Retention: new(time.Duration(0)), MaxInFlight: new(0), VisibilityTimeout: new(time.Duration(0)), DeadLetter: &driver.DeadLetter{},
	}
	got, gotErr := w.got.SetAttributes(w.ctx, w.now, q.got, unlimited)
	want, wantErr := w.want.SetAttributes(w.ctx, w.now, q.want, unlimited)
	if done, err := w.failed(gotErr, wantErr); done {
		return err
	}
	if err := w.changedQueue(q, got, want); err != nil {
		return err
	}
	w.now = w.now.AddDate(1000, 0, 0)
	if err := w.sameLists(q); err != nil {
		return err
	}
	if err := w.touched(q); err != nil {
		return err
	}
	for left := q.stats.Visible.Messages; left > 0; left = q.stats.Visible.Messages {
		before := len(q.held)
		w.begins("end: empty ")
		if err := w.receiveFrom(q, driver.Receive{Max: 50, Visibility: new(w.unit)}); err != nil {
			return err
		}
		w.say("; delete ")
		if err := w.removeFrom(q, append([]int(nil), q.held[before:]...), -1); err != nil {
			return err
		}
		if q.stats.Visible.Messages >= left {
			return w.differ("messages left after a receive of "+q.name, q.stats.Visible.Messages, fmt.Sprint("less than ", left))
		}
	}
	if q.size() != 0 || q.stats.Bytes != 0 {
		return w.differ("what is left of "+q.name, q.stats, driver.Stats{})
	}
	return nil
}

// close closes the engine, after which it answers nothing.
func (w *world) close() error {
	w.closed = true
	if err := w.got.Close(); err != nil {
		return w.differ("close", err, nil)
	}
	if _, err := w.got.LookupQueue(w.ctx, queueNames[0]); !errors.Is(err, driver.ErrClosed) {
		return w.differ("error after close", err, driver.ErrClosed)
	}
	return nil
}

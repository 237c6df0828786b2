package queue

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// A firing is when the lobby next has the engine publish occurrences of
// schedules. It is an event of the lobby like any other, except that it is the
// last one of its instant, and that it stays in the index until the engine has
// nothing more that is due: so whoever catches up meanwhile waits for that, and
// goes on only when all is published. Its fields but the first are guarded by
// the lobby.
type firing struct {
	pending atomic.Bool // there is a next occurrence

	at    time.Time // its instant, of the wall clock; the zero time if there is none
	made  time.Time // the first occurrence of all schedules made since the engine was last asked
	busy  bool      // somebody is in fire
	event scheduler.Key
	isSet bool // event is in the index
}

// fireBatch bounds what one call of the engine publishes.
const fireBatch = 256

// fireRetry is how long to wait after the engine could not publish.
const fireRetry = time.Second

// resume publishes what fell due before the broker was opened, and learns when
// the next occurrence is: the engine may have schedules already.
func (l *lobby) resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.read()
	l.setFiring(r, r.wall)
	l.fire()
	l.armLocked(l.read().now)
}

// fire publishes what is due and serves those who wait for it, with the lock
// given up while the engine is called. If somebody else is at it, it waits for
// him first.
func (l *lobby) fire() {
	for l.firing.busy {
		l.settle.Wait()
	}
	l.firing.busy = true
	r := l.read() // once, so that there is an end even if occurrences come faster than they are published
	for !l.firing.at.IsZero() && !l.firing.at.After(r.wall) {
		for _, line := range l.publish(r) {
			l.serveLocked(line)
		}
	}
	l.setFiring(r, l.firing.at) // later, if the clock was set back
	l.firing.busy = false
	l.settle.Broadcast()
}

// publish has the engine publish some of what is due at r, and notes when to
// ask it next. It returns the lines on which somebody waits for what was
// published.
func (l *lobby) publish(r reading) []*line {
	l.firing.made = time.Time{}
	l.mu.Unlock()
	got, err := l.broker.publish(r)
	l.mu.Lock()
	if err == nil {
		l.setFiring(r, earliest(got.NextAt, l.firing.made))
		return l.owe(got.Occurrences)
	}
	l.setFiring(r, r.wall.Add(fireRetry))
	return l.oweAll() // something may have been published
}

// scheduled notes that a schedule was made whose first occurrence is at that
// instant of the wall clock.
func (l *lobby) scheduled(r reading, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := &l.firing
	f.made = earliest(f.made, at)
	if next := earliest(f.at, at); !next.Equal(f.at) {
		l.setFiring(r, next)
		l.armLocked(r.now)
	}
}

// earliest returns the earlier of two instants, where the zero time stands for
// none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// setFiring puts the event where it belongs: behind all others of its instant,
// so that a wait that ends then has ended.
func (l *lobby) setFiring(r reading, at time.Time) {
	f := &l.firing
	if f.isSet {
		l.removeEvent(f.event)
		f.isSet = false
	}
	f.at = at
	f.pending.Store(!at.IsZero())
	if !at.IsZero() {
		f.event, f.isSet = l.addEventAs(math.MaxUint64, r.brokerTime(at), event{fires: true}), true
	}
}

// owe returns the lines on which somebody waits for what was published, and
// marks them, so that nobody passes them by before they are served.
func (l *lobby) owe(published []driver.Occurrence) (lines []*line) {
	for _, o := range published {
		if line := l.lines[o.Queue.ID]; line != nil && l.mark(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// oweAll does the same for all lines.
func (l *lobby) oweAll() (lines []*line) {
	for _, line := range l.lines {
		if l.mark(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// mark notes that the engine has something for a line. It reports whether the
// caller must serve it: somebody waits, and nobody else is about to.
func (l *lobby) mark(line *line) bool {
	if line.waiters.Len() == 0 {
		return false
	}
	line.again = true
	if line.owed {
		return false
	}
	l.setOwed(line, true)
	return true
}

// publish has the engine publish some of what is due at r.
func (b *Broker) publish(r reading) (got driver.Fired, err error) {
	ctx := context.Background()
	err = b.call(ctx, func(reading) error {
		got, err = b.engine.Fire(ctx, r.now, r.wall, fireBatch)
		return err
	})
	if err != nil && !errors.Is(err, ErrClosed) {
		b.log.ErrorContext(ctx, "schedules not published, trying again", "error", err)
	}
	for _, o := range got.Occurrences {
		if o.Result.Outcome != driver.Sent {
			b.log.WarnContext(ctx, "occurrence of a schedule refused", "schedule", o.Schedule, "queue", o.Queue.Name,
				"nominal", o.NominalAt, "outcome", o.Result.Outcome)
		}
	}
	return got, err
}

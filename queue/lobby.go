package queue

import (
	"container/list"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// A lobby is where receives wait for messages.
//
// Each queue has a line. Whoever changes a queue on which somebody waits serves
// its line afterwards: it receives from the engine on behalf of the first in
// line, hands over what it got, and goes on until the engine has nothing. At
// any time at most one goroutine serves a line; one that comes meanwhile leaves
// word that the server must look again. So nobody waits for an engine under the
// lock, the order of the line is kept, and a waiter stays in line only if the
// engine had nothing after the last change.
//
// All instants at which something happens to a waiter, the end of its wait and
// the next message falling due on its queue, stand in one index, with the next
// occurrence of a schedule, and one timer is set to the first of them. The timer
// only calls catchUp. Every operation on a queue on which somebody waits calls
// catchUp too, and every operation if there are schedules, and waits until it is
// done if somebody else is at it, so it makes no difference to any answer when,
// or whether, the timer has fired; except that of several occurrences that are
// late, the engine publishes those that their schedules' misfire policies say,
// all at once.
type lobby struct {
	broker *Broker

	mu     sync.Mutex // guards all below, and the lines and waiters
	settle sync.Cond  // a line is no longer owed anything, or a firing is over
	closed bool
	owing  int // lines that are owed something
	lines  map[QueueID]*line
	events scheduler.Index // what happens when; the sequence is a key of byID
	byID   map[uint64]event
	lastID uint64
	alarm  *alarm
	alarms sync.WaitGroup // callbacks that may still run
	firing firing
}

// An event has exactly one of its fields set.
type event struct {
	line   *line
	waiter *waiter
	fires  bool // schedules are due
}

// A line is the receives that wait on one queue. Its fields but the first two
// are guarded by the lobby.
type line struct {
	queue   QueueRef
	waiting atomic.Int64 // the length of waiters

	waiters   list.List // of *waiter, the first come first
	serving   bool      // somebody is in serve
	again     bool      // the queue has changed since the server looked
	owed      bool      // something fell due, and the line has not been served since
	undecided []decision
	next      scheduler.Key
	hasNext   bool // next is in the index: when a message falls due
}

// A waiter is one receive that waits.
type waiter struct {
	ctx      context.Context
	receive  driver.Receive
	line     *line
	place    *list.Element
	claimed  bool  // the engine is being called on its behalf
	left     bool  // it leaves as soon as it is not claimed
	leaveErr error // with which error
	admitted bool  // the engine had nothing, and was not at the in-flight limit, when it came
	deadline scheduler.Key
	timed    bool // deadline is in the index

	deliveries []driver.Delivery
	err        error
	done       chan struct{} // closed when deliveries and err are final
}

// A decision is to be made when the engine, asked from now on, has nothing for
// the line: may a waiter that has come wait, and does one whose time is over
// leave?
type decision struct {
	waiter *waiter
	leaves bool
}

// An alarm is one setting of the timer.
type alarm struct {
	at    time.Time
	timer *clock.Timer
	once  sync.Once // leaves the lobby's alarms
}

func (l *lobby) open(b *Broker) {
	l.broker = b
	l.settle.L = &l.mu
	l.lines = make(map[QueueID]*line)
	l.byID = make(map[uint64]event)
}

// close ends all waits with ErrClosed and waits for the timer's callback.
func (l *lobby) close() {
	l.mu.Lock()
	l.closed = true
	l.setFiring(reading{}, time.Time{})
	for _, line := range l.lines {
		l.dismiss(line, ErrClosed)
	}
	l.disarm()
	l.mu.Unlock()
	l.alarms.Wait()
}

// line returns the queue's line.
func (l *lobby) line(queue QueueRef) *line {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := l.lines[queue.ID]
	if found == nil {
		found = &line{queue: queue}
		l.lines[queue.ID] = found
	}
	return found
}

// remove ends the waits on a queue that was deleted.
func (l *lobby) remove(queue QueueID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if line := l.lines[queue]; line != nil {
		delete(l.lines, queue)
		l.dismiss(line, ErrNoQueue)
	}
}

// dismiss makes all waiters of the line leave with err.
func (l *lobby) dismiss(line *line, err error) {
	for e := line.waiters.Front(); e != nil; {
		w := e.Value.(*waiter)
		e = e.Next()
		l.leave(w, err)
	}
}

// wait lines up and returns what the receive was given, nothing when the wait
// is over.
func (l *lobby) wait(ctx context.Context, line *line, r driver.Receive, wait time.Duration) ([]driver.Delivery, error) {
	w := &waiter{ctx: ctx, receive: r, line: line, done: make(chan struct{})}
	now := l.broker.now().now
	l.catchUp(now)
	if err := l.join(w, now, wait); err != nil {
		return nil, err
	}
	l.serve(line)
	select {
	case <-w.done:
	case <-ctx.Done():
		l.mu.Lock()
		l.leave(w, context.Cause(ctx))
		l.mu.Unlock()
		<-w.done
	}
	return w.deliveries, w.err
}

func (l *lobby) join(w *waiter, now time.Time, wait time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if wait > 0 && w.line.waiters.Len() >= l.broker.profile.MaxWaiters {
		return ErrTooManyWaiters
	}
	w.place = w.line.waiters.PushBack(w)
	w.line.waiting.Add(1)
	w.line.undecided = append(w.line.undecided, decision{waiter: w, leaves: wait <= 0})
	if wait > 0 {
		w.deadline, w.timed = l.addEvent(now.Add(wait), event{waiter: w}), true
		l.armLocked(now)
	}
	return nil
}

// expire ends a wait whose time is over: at once, or, if the line is being
// served or about to be, when the engine has nothing for it.
func (l *lobby) expire(w *waiter) {
	if w.line.serving || w.line.owed {
		l.setOwed(w.line, true)
		w.line.undecided = append(w.line.undecided, decision{waiter: w, leaves: true})
		return
	}
	l.finish(w, nil, nil)
}

// leave ends a wait: at once, or, if the engine is being called on the waiter's
// behalf, when that has found nothing. It has no effect on a waiter that has
// left.
func (l *lobby) leave(w *waiter, err error) {
	if w.claimed {
		if !w.left {
			w.left, w.leaveErr = true, err
		}
		return
	}
	l.finish(w, nil, err)
}

// finish takes the waiter out of its line and wakes it.
func (l *lobby) finish(w *waiter, deliveries []driver.Delivery, err error) {
	if w.place == nil {
		return
	}
	w.line.waiters.Remove(w.place)
	w.place = nil
	w.line.waiting.Add(-1)
	if w.line.waiters.Len() == 0 {
		l.setNext(w.line, time.Time{})
	}
	if w.timed {
		l.removeEvent(w.deadline)
		w.timed = false
	}
	w.deliveries, w.err = deliveries, err
	close(w.done)
}

// serve hands the queue's messages to those who wait in line.
func (l *lobby) serve(line *line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serveLocked(line)
}

// serveLocked is serve with the lock held; it is given up while the engine is
// called.
func (l *lobby) serveLocked(line *line) {
	if line.serving {
		line.again = true
		return
	}
	line.serving = true
	for l.serveFirst(line) {
	}
	line.serving = false
	l.setOwed(line, false)
	l.settle.Broadcast()
	l.armLocked(l.read().now)
}

// serveAll serves all lines on which somebody waits.
func (l *lobby) serveAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.oweAll() {
		l.serveLocked(line)
	}
}

// setOwed notes whether something fell due for the line that it has not been
// served yet.
func (l *lobby) setOwed(line *line, owed bool) {
	switch {
	case owed && !line.owed:
		l.owing++
	case !owed && line.owed:
		l.owing--
	}
	line.owed = owed
}

// read reads the clock. After a step back the timer may be set too late.
func (l *lobby) read() reading {
	r := l.broker.time.read()
	if r.back {
		l.disarm()
	}
	return r
}

// serveQueue serves the queue's line, if it has one.
func (l *lobby) serveQueue(queue QueueID) {
	l.mu.Lock()
	line := l.lines[queue]
	l.mu.Unlock()
	if line != nil && line.waiting.Load() > 0 {
		l.serve(line)
	}
}

// serveFirst tries to serve the first in line, with the lock given up while the
// engine is called. It reports whether it is worth trying again.
func (l *lobby) serveFirst(line *line) (more bool) {
	front := line.waiters.Front()
	if front == nil {
		l.decide(line, len(line.undecided), nil)
		return false
	}
	w := front.Value.(*waiter)
	w.claimed, line.again = true, false
	undecided := len(line.undecided)
	l.mu.Unlock()
	got, err := l.broker.receive(w.ctx, line, w.receive)
	l.mu.Lock()
	w.claimed = false
	atLimit := errors.Is(err, ErrInFlightLimit)
	if err != nil && !atLimit || len(got.Deliveries) > 0 {
		l.finish(w, got.Deliveries, err)
		return true
	}
	// The engine has nothing for anybody, at the limit until a message leaves flight.
	l.setNext(line, got.NextAt)
	if w.left {
		l.finish(w, nil, w.leaveErr)
	}
	l.decide(line, undecided, err)
	return line.again || len(line.undecided) > 0
}

// decide makes the first n decisions: the engine has nothing, and limit is nil
// or the in-flight limit.
func (l *lobby) decide(line *line, n int, limit error) {
	for _, d := range line.undecided[:n] {
		switch {
		case limit != nil && !d.waiter.admitted:
			l.finish(d.waiter, nil, limit)
		case d.leaves:
			l.finish(d.waiter, nil, nil)
		}
		d.waiter.admitted = true
	}
	line.undecided = slices.Delete(line.undecided, 0, n)
}

// catchUp does what is due by now for all who wait, in the order of instants.
func (l *lobby) catchUp(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catchUpLocked(now)
}

// catchUpOn does what is due by now, and returns when the line is owed nothing,
// whoever serves it.
func (l *lobby) catchUpOn(line *line, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catchUpLocked(now)
	for line.owed {
		l.settle.Wait()
	}
}

// catchUpAll does the same for all lines.
func (l *lobby) catchUpAll(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catchUpLocked(now)
	for l.owing > 0 {
		l.settle.Wait()
	}
}

func (l *lobby) catchUpLocked(now time.Time) {
	since := now
	for {
		key, ok := l.events.Min()
		if !ok || !key.DueBy(now) {
			break
		}
		l.happen(key)
		since = l.read().now
	}
	l.armLocked(since)
}

// happen does what an event says.
func (l *lobby) happen(key scheduler.Key) {
	e := l.byID[key.Sequence()]
	if e.fires {
		l.fire() // which puts the event where it belongs
		return
	}
	l.removeEvent(key)
	if e.waiter != nil {
		e.waiter.timed = false
		l.expire(e.waiter)
		return
	}
	e.line.hasNext = false
	l.setOwed(e.line, true)
	l.serveLocked(e.line)
}

// setNext notes when a message falls due for the line; the zero time means not
// at all.
func (l *lobby) setNext(line *line, at time.Time) {
	if line.hasNext {
		l.removeEvent(line.next)
		line.hasNext = false
	}
	if !at.IsZero() && line.waiters.Len() > 0 {
		line.next, line.hasNext = l.addEvent(at, event{line: line}), true
	}
}

func (l *lobby) addEvent(at time.Time, e event) scheduler.Key {
	l.lastID++
	return l.addEventAs(l.lastID, at, e)
}

// addEventAs adds an event with an ID, by which those of one instant are
// ordered.
func (l *lobby) addEventAs(id uint64, at time.Time, e event) scheduler.Key {
	key := scheduler.NewKey(at, id, 0)
	l.events.Insert(key)
	l.byID[id] = e
	return key
}

func (l *lobby) removeEvent(key scheduler.Key) {
	l.events.Delete(key)
	delete(l.byID, key.Sequence())
}

// arm sets the timer anew, counted from now.
func (l *lobby) arm(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.disarm()
	l.armLocked(now)
}

// armLocked sets the timer to the first event, if it is not set to that already.
func (l *lobby) armLocked(now time.Time) {
	first, ok := l.events.Min()
	if !ok || l.closed {
		l.disarm()
		return
	}
	at := first.At()
	if l.alarm != nil && l.alarm.at.Equal(at) {
		return
	}
	l.disarm()
	a := &alarm{at: at}
	l.alarm = a
	l.alarms.Add(1)
	// A timer of zero may not fire on a mock clock, so what is due is due in a moment.
	a.timer = l.broker.time.clock.AfterFunc(max(at.Sub(now), 1), func() { l.ring(a) })
}

func (l *lobby) disarm() {
	if a := l.alarm; a != nil {
		l.alarm = nil
		if a.timer.Stop() {
			a.once.Do(l.alarms.Done)
		}
	}
}

// ring is the timer's callback. It may come late, or for an alarm that is no
// longer set.
func (l *lobby) ring(a *alarm) {
	defer a.once.Do(l.alarms.Done)
	l.mu.Lock()
	if l.alarm == a {
		l.alarm = nil
	}
	l.mu.Unlock()
	l.catchUp(l.broker.now().now)
}

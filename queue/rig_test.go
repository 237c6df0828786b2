package queue_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

const (
	s    = time.Second
	hour = time.Hour
	day  = 24 * hour
)

// noon is where clocks stand that do not move by themselves.
var noon = time.Date(2030, time.May, 17, 12, 0, 0, 0, time.UTC)

// A tester is a [testing.T] or a [rapid.T].
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(f func())
	Context() context.Context
}

// A rig is a broker with a queue "q", and a clock that the test moves. All its
// methods stop the test where a call fails that the test needs.
type rig struct {
	t     tester
	b     *queue.Broker
	q     *queue.Queue
	clock clock.Clock
	pass  func(time.Duration) // lets simulated time pass; with a mock clock, in bubbles only
	start time.Time
	waits waits // that the test looks at
}

// newRig opens a broker on the clock of the configuration, which is the real
// one if there is none.
func newRig(t tester, c queue.Config, patch queue.Patch) *rig {
	t.Helper()
	r := &rig{t: t, clock: c.Clock}
	switch c := c.Clock.(type) {
	case nil:
		r.clock, r.pass = clock.New(), time.Sleep
	case *clock.Mock:
		r.pass = func(d time.Duration) {
			synctest.Wait() // let those who were woken note the time
			c.Add(d)
		}
	case *stepping:
		r.pass = c.step
	}
	b, err := queue.Open(c)
	if err != nil {
		t.Fatalf("open: got error %v, want none", err)
	}
	t.Cleanup(func() { b.Close() })
	r.b = b
	r.start = r.clock.Now()
	r.q = r.create("q", patch)
	return r
}

func (r *rig) ctx() context.Context { return r.t.Context() }

func (r *rig) elapsed() time.Duration { return r.clock.Now().Sub(r.start) }

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("at %v: got error %v, want none", r.elapsed(), err)
	}
}

func (r *rig) create(name string, patch queue.Patch) *queue.Queue {
	r.t.Helper()
	q, err := r.b.CreateQueue(r.ctx(), name, patch)
	r.must(err)
	return q
}

// send sends messages without a delay of their own to q. A body of the form
// "A/1" goes to the group A.
func (r *rig) send(bodies ...string) {
	r.t.Helper()
	messages := make([]queue.Message, len(bodies))
	for i, body := range bodies {
		messages[i] = message(body)
	}
	results, err := r.q.SendMany(r.ctx(), messages)
	r.must(err)
	for _, result := range results {
		r.must(result.Err)
	}
}

// sendLater sends one message with a delay to q.
func (r *rig) sendLater(body string, delay time.Duration) queue.MessageID {
	r.t.Helper()
	m := message(body)
	m.Delay = &delay
	sent, err := r.q.Send(r.ctx(), m)
	r.must(err)
	return sent.ID
}

func message(body string) queue.Message {
	group, _, found := strings.Cut(body, "/")
	if !found {
		group = ""
	}
	return queue.Message{Body: []byte(body), Group: group}
}

// take receives one message, which must be there, and hides it for the timeout.
func (r *rig) take(q *queue.Queue, visibility time.Duration) queue.Delivery {
	r.t.Helper()
	got, err := q.Receive(r.ctx(), &queue.ReceiveOptions{Visibility: &visibility, Wait: new(time.Duration(0))})
	r.must(err)
	if len(got) != 1 {
		r.t.Fatalf("at %v: receive got %d messages, want 1", r.elapsed(), len(got))
	}
	return got[0]
}

func (r *rig) delete(d queue.Delivery) {
	r.t.Helper()
	r.must(r.q.Delete(r.ctx(), d.Receipt))
}

// counts returns the messages of q that are visible, delayed and in flight.
func (r *rig) counts(q *queue.Queue) [3]int {
	r.t.Helper()
	stats, err := q.Stats(r.ctx())
	r.must(err)
	return [3]int{stats.Visible.Messages, stats.Delayed.Messages, stats.InFlight.Messages}
}

func (r *rig) wantCounts(q *queue.Queue, visible, delayed, inFlight int) {
	r.t.Helper()
	if got, want := r.counts(q), [3]int{visible, delayed, inFlight}; got != want {
		r.t.Fatalf("at %v: visible, delayed and in flight in %q are %v, want %v", r.elapsed(), q.Name(), got, want)
	}
}

// A wait is a receive in a goroutine of its own.
type wait struct {
	got  []queue.Delivery
	err  error
	at   time.Duration // when it returned, since the start of the rig
	done chan struct{} // closed when it has returned
}

// receive begins a receive.
func (r *rig) receive(ctx context.Context, q *queue.Queue, o queue.ReceiveOptions) *wait {
	w := &wait{done: make(chan struct{})}
	go func() {
		defer close(w.done)
		w.got, w.err = q.Receive(ctx, &o)
		w.at = r.elapsed()
	}()
	return w
}

// waitFor begins receives that wait, one after the other, and returns when all
// of them are in line. It is for bubbles.
func (r *rig) waitFor(q *queue.Queue, n int, wait time.Duration) waits {
	var all waits
	for range n {
		all = append(all, r.receive(r.ctx(), q, queue.ReceiveOptions{Wait: &wait, Visibility: new(hour)}))
		synctest.Wait()
	}
	return all
}

type waits []*wait

// returned reports whether the receive has returned.
func (w *wait) returned() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// delivery returns the first message that was received.
func (w *wait) delivery() queue.Delivery {
	<-w.done
	return w.got[0]
}

// String says what was received and when, like "a at 5s", "- at 1m0s" if there
// was nothing, and "waits" if the receive has not returned.
func (w *wait) String() string {
	if !w.returned() {
		return "waits"
	}
	return answer(w.got, w.err) + " at " + w.at.String()
}

func (w waits) String() string {
	texts := make([]string, len(w))
	for i, one := range w {
		texts[i] = one.String()
	}
	return strings.Join(texts, ", ")
}

func (w waits) want(t tester, want string) {
	t.Helper()
	if got := w.String(); got != want {
		t.Errorf("the receives returned\n got %s\nwant %s", got, want)
	}
}

// answer is the answer to a receive as text.
func answer(got []queue.Delivery, err error) string {
	if err != nil {
		return errorName(err)
	}
	if len(got) == 0 {
		return "-"
	}
	bodies := make([]string, len(got))
	for i, d := range got {
		bodies[i] = string(d.Body)
	}
	return strings.Join(bodies, "+")
}

var errorNames = []struct {
	err  error
	name string
}{
	{queue.ErrClosed, "ErrClosed"},
	{queue.ErrNoQueue, "ErrNoQueue"},
	{queue.ErrQueueExists, "ErrQueueExists"},
	{queue.ErrInvalid, "ErrInvalid"},
	{queue.ErrDeadLetterPolicy, "ErrDeadLetterPolicy"},
	{queue.ErrInFlightLimit, "ErrInFlightLimit"},
	{queue.ErrTooManyWaiters, "ErrTooManyWaiters"},
	{queue.ErrQueueFull, "ErrQueueFull"},
	{queue.ErrMessageGone, "ErrMessageGone"},
	{queue.ErrReceiptExpired, "ErrReceiptExpired"},
	{queue.ErrReceiptSuperseded, "ErrReceiptSuperseded"},
	{queue.ErrReceiptMalformed, "ErrReceiptMalformed"},
	{queue.ErrWrongQueue, "ErrWrongQueue"},
	{queue.ErrVisibilityCap, "ErrVisibilityCap"},
	{queue.ErrNoTask, "ErrNoTask"},
	{queue.ErrNotRunning, "ErrNotRunning"},
	{queue.ErrMoveActive, "ErrMoveActive"},
	{queue.ErrTooManyMoves, "ErrTooManyMoves"},
	{queue.ErrNotDeadLetterQueue, "ErrNotDeadLetterQueue"},
	{queue.ErrNoDestination, "ErrNoDestination"},
	{queue.ErrNoSchedule, "ErrNoSchedule"},
	{queue.ErrTooManySchedules, "ErrTooManySchedules"},
	{queue.ErrScheduleCancelled, "ErrScheduleCancelled"},
	{queue.ErrScheduleEnded, "ErrScheduleEnded"},
	{context.Canceled, "Canceled"},
	{context.DeadlineExceeded, "DeadlineExceeded"},
}

func errorName(err error) string {
	if err == nil {
		return "ok"
	}
	for _, e := range errorNames {
		if errors.Is(err, e.err) {
			return e.name
		}
	}
	return err.Error()
}

// A stepping clock stands where the test puts it. Its timers never fire.
type stepping struct {
	*clock.Mock // makes the timers, and is never moved

	mu  sync.Mutex
	now time.Time
}

func newStepping(now time.Time) *stepping { return &stepping{Mock: clock.NewMock(), now: now} }

func (c *stepping) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stepping) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *stepping) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// A gate is an engine in memory whose receives can be counted, and stopped
// before and after.
type gate struct {
	driver.Engine

	mu       sync.Mutex
	receives int
	before   func(n int) // called ahead of the nth receive
	after    func(n int) // called when the nth receive has been decided
}

func newGate() *gate { return &gate{Engine: memqueue.New()} }

func (g *gate) Receive(ctx context.Context, now time.Time, id driver.QueueID, r driver.Receive) (driver.Received, error) {
	g.mu.Lock()
	g.receives++
	n, before, after := g.receives, g.before, g.after
	g.mu.Unlock()
	if before != nil {
		before(n)
	}
	got, err := g.Engine.Receive(ctx, now, id, r)
	if after != nil {
		after(n)
	}
	return got, err
}

// set counts receives anew from zero and sets what happens around them.
func (g *gate) set(before, after func(n int)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.receives, g.before, g.after = 0, before, after
}

func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.receives
}

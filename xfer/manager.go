package xfer

import (
	"context"
	"crypto/rand"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/redriveq/redrive/queue"
)

// What is done, in errors.
const (
	opStart  = "start transfer"
	opPlan   = "plan transfer"
	opLookup = "look up transfer"
	opWait   = "wait for transfer"
	opCancel = "cancel transfer"
)

// Config configures a [Manager]. The zero Config is ready for use.
type Config struct {
	// Logger gets an entry of level Info for every message that changes queues, and
	// warnings about targets. Bodies and receipts are never logged. Its handler must
	// not call the Manager. Nil means to log nothing.
	Logger *slog.Logger

	// LogSize is how many entries [Manager.Log] keeps. Zero means 10,000.
	LogSize int

	// SendTimeout is how long one call of a target may take, on the broker's clock.
	// Zero means one minute.
	SendTimeout time.Duration
}

// A Manager makes the transfers of one broker. It is safe for concurrent use.
//
// It has one goroutine for each transfer that drains its queues, and one for
// each transfer queue in which messages wait.
//
// Every change of what waits where is made in a step, one at a time for the
// whole Manager, together with the counts; no target is called in a step. So the
// counts of a task add up at every instant, and a step that begins after a cancel
// has fenced a task off sees that it has.
type Manager struct {
	broker  *queue.Broker
	node    string
	log     *slog.Logger
	history history
	timeout time.Duration

	ctx   context.Context // ends with the Manager
	end   context.CancelFunc
	steps chan struct{}  // has an element while a step is made
	busy  sync.WaitGroup // calls and goroutines

	mu     sync.Mutex // guards all below, and what tasks and lanes say that it does
	closed bool
	tasks  map[queue.TaskID]*task
	order  []*task // all of them, the oldest first
	lanes  map[queue.QueueID]*lane
}

// Open returns a Manager for the broker. It must be closed, before the broker is.
func Open(b *queue.Broker, c Config) *Manager {
	m := &Manager{
		broker:  b,
		node:    b.Node(),
		log:     c.Logger,
		timeout: c.SendTimeout,
		steps:   make(chan struct{}, 1),
		tasks:   make(map[queue.TaskID]*task),
		lanes:   make(map[queue.QueueID]*lane),
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.timeout <= 0 {
		m.timeout = time.Minute
	}
	m.history.log, m.history.now, m.history.size = m.log, b.Clock().Now, c.LogSize
	if c.LogSize <= 0 {
		m.history.size = 10_000
	}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// Close ends the Manager: drains stop, senders give back what they have not sent,
// and every call returns [ErrClosed]. The messages stay where they wait, under
// transfer. Close does not wait for a target that does not heed its context: what
// such a call has done or does is not known, and its messages are offered again
// if they are still there. A second Close does nothing.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.end()
	m.busy.Wait()
}

// Plan returns how many messages a Start would transfer at present, for each
// queue that has some, in the order in which it would take them. Nothing is
// changed.
func (m *Manager) Plan(ctx context.Context, o Order) ([]Planned, error) {
	if err := m.enter(ctx, opPlan); err != nil {
		return nil, err
	}
	defer m.busy.Done()
	o, err := o.check()
	if err != nil {
		return nil, fail(opPlan, "", err)
	}
	sources, err := m.sources(ctx, &o)
	if err != nil {
		return nil, fail(opPlan, "", err)
	}
	var plan []Planned
	for _, s := range sources {
		n, err := m.planned(ctx, &o, s)
		if err != nil {
			return nil, fail(opPlan, s.Name, err)
		}
		if n > 0 {
			plan = append(plan, Planned{Queue: s.Name, Messages: n})
		}
	}
	return plan, nil
}

// Start begins a transfer of what waits now, and returns it when the drain is
// done: all messages that are meant then wait in their new places. Sending them
// to a target has only begun. If the context ends before the drain does, Start
// returns the task as it stands, and the drain goes on; a cancel stops it.
//
// Messages that go to a queue of the broker keep their due times; those that go
// to a target are due at once in its transfer queue, and at their times in the
// target. A message that waits in a transfer queue, or in the queue of another
// transfer, is transferred on, and is from then on counted by the new task.
//
// Before any effect the error can be [queue.ErrNoQueue] for a queue that is named
// and does not exist, [queue.ErrNoDestination], or a *[queue.InvalidError] that
// says what is wrong with the order. What stops a drain halfway is in Task.Err.
func (m *Manager) Start(ctx context.Context, o Order) (Task, error) {
	if err := m.enter(ctx, opStart); err != nil {
		return Task{}, err
	}
	defer m.busy.Done()
	o, err := o.check()
	if err != nil {
		return Task{}, fail(opStart, "", err)
	}
	sources, err := m.sources(ctx, &o)
	if err != nil {
		return Task{}, fail(opStart, "", err)
	}
	t := m.newTask(o)
	m.busy.Go(func() { m.drain(t, sources) })
	select {
	case <-t.drained:
	case <-ctx.Done():
	}
	return m.describe(t), nil
}

// Task returns a transfer as it stands, or [queue.ErrNoTask]. The thousand
// latest are kept, and older ones whose messages still wait.
func (m *Manager) Task(id queue.TaskID) (Task, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tasks[id]
	if t == nil {
		return Task{}, fail(opLookup, "", queue.ErrNoTask)
	}
	return t.describe(), nil
}

// Tasks returns the transfers that are kept, the newest first.
func (m *Manager) Tasks() []Task {
	m.mu.Lock()
	defer m.mu.Unlock()
	tasks := make([]Task, 0, len(m.order))
	for _, t := range slices.Backward(m.order) {
		tasks = append(tasks, t.describe())
	}
	return tasks
}

// Wait returns the transfer when it has come to its end: no message of it waits
// for a target, or, after a cancel, none does that has a home to go to. It
// returns [queue.ErrNoTask], or the cause of the context's end, with the task as
// it stands then.
func (m *Manager) Wait(ctx context.Context, id queue.TaskID) (Task, error) {
	if err := m.enter(ctx, opWait); err != nil {
		return Task{}, err
	}
	defer m.busy.Done()
	t := m.lookup(id)
	if t == nil {
		return Task{}, fail(opWait, "", queue.ErrNoTask)
	}
	select {
	case <-t.ended:
		return m.describe(t), nil
	case <-ctx.Done():
		return m.describe(t), fail(opWait, "", context.Cause(ctx))
	case <-m.ctx.Done():
		return m.describe(t), fail(opWait, "", ErrClosed)
	}
}

// Log returns the entries that are kept when the loop begins, the oldest first.
func (m *Manager) Log() iter.Seq[Entry] { return m.history.all() }

// Dropped returns how many entries of the log are no longer kept.
func (m *Manager) Dropped() int { return m.history.dropped() }

// enter begins a call, for which Close waits until busy is told that it is done.
func (m *Manager) enter(ctx context.Context, op string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case ctx == nil:
		return fail(op, "", invalid("context", "nil"))
	case m.closed:
		return fail(op, "", ErrClosed)
	case ctx.Err() != nil:
		return fail(op, "", context.Cause(ctx))
	}
	m.busy.Add(1)
	return nil
}

// step makes a step. It does not wait for the turn longer than the context lasts.
func (m *Manager) step(ctx context.Context, f func() error) error {
	select {
	case m.steps <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-m.steps }()
	return f()
}

func (m *Manager) lookup(id queue.TaskID) *task {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tasks[id]
}

// alarm returns a channel that is closed after d on the broker's clock, and what
// stops that. A timer that fires although it was stopped closes a channel at
// which nobody looks.
func (m *Manager) alarm(d time.Duration) (rung <-chan struct{}, stop func() bool) {
	ring := make(chan struct{})
	timer := m.broker.Clock().AfterFunc(max(d, 1), func() { close(ring) }) // one of zero may not fire on a mock clock
	return ring, timer.Stop
}

func newTaskID() (id queue.TaskID) {
	_, _ = rand.Read(id[:]) // it never fails
	return id
}

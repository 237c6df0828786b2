package movetask

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redriveq/redrive/queue"
)

// ErrClosed is returned by every call on a Manager that is closed, and by waits
// that were under way when it was.
var ErrClosed = errors.New("manager of move tasks closed")

// maxLost is how many tasks are remembered whose source was deleted.
const maxLost = 100

// Config configures a Manager. The zero Config is valid.
type Config struct {
	// Logger gets the start and the end of each task, with counts and the reason,
	// and failures of the store. Nil means to log nothing.
	Logger *slog.Logger
}

// A Manager runs the move tasks of one broker. It is safe for concurrent use.
//
// A broker has one Manager at a time: two would each run every task that they
// find, and together at twice its rate.
//
// Errors come wrapped in a [*queue.Error], which says what was being done. In the
// tasks that are returned, what a filter points to must not be changed.
type Manager struct {
	broker *queue.Broker
	log    *slog.Logger
	ctx    context.Context // ends when the Manager is closed
	stop   context.CancelFunc
	busy   sync.WaitGroup // the workers, and the calls that are under way

	mu      sync.Mutex // guards all below
	closed  bool
	workers map[queue.TaskID]*worker // one for each task that this Manager runs
	lost    []queue.MoveTask         // whose source was deleted, the latest last
}

// Open returns a Manager that goes on with the tasks of the broker that are
// active. Such a task, if it has a rate, moves nothing for one second: nobody
// knows what it has moved in the last one. The Manager must be closed, before the
// broker is.
func Open(b *queue.Broker, c Config) (*Manager, error) {
	m := &Manager{broker: b, log: c.Logger, workers: make(map[queue.TaskID]*worker)}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	m.ctx, m.stop = context.WithCancel(context.Background())
	tasks, err := b.ActiveMoves(m.ctx)
	if err != nil {
		m.stop()
		return nil, err
	}
	for _, task := range tasks {
		m.logTask(slog.LevelInfo, "move task resumed", task)
		w := m.work(task, resumedPace(task.Move.Rate, b.Clock().Now()))
		defer w.catchUp(m.ctx)
	}
	return m, nil
}

// Close stops all workers and waits for them. The tasks stay as they are, and a
// Manager that is opened later goes on with them. A second Close does nothing.
func (m *Manager) Close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.stop()
	m.busy.Wait()
	return nil
}

// Options say what a move task is to do.
type Options struct {
	// Source is the queue whose messages are moved. It must be the dead-letter
	// queue of some queue, unless AnySource is set.
	Source    *queue.Queue
	AnySource bool

	// Destination is the queue to which they go. Nil means that each goes back to
	// the queue that it was dead-lettered from; the task fails at a message that
	// was not.
	Destination *queue.Queue

	// Filter says which messages, and Limit how many at most; zero means all.
	Filter queue.Filter
	Limit  int

	// Rate is how many messages are moved in any second at most. Zero means as
	// fast as possible.
	Rate int

	// KeepIdentity lets the messages stay the same messages, with their IDs,
	// their times and the rest of their retention. Without it, they are new ones
	// that were sent when they were moved.
	KeepIdentity bool

	// MaxDuration is how long the task may run before it fails. Zero means what
	// the broker's profile says.
	MaxDuration time.Duration
}

// move returns what the broker is to be asked for.
func (o *Options) move() queue.Move {
	move := queue.Move{
		Source:       o.Source.ID(),
		AnySource:    o.AnySource,
		Filter:       o.Filter,
		Limit:        o.Limit,
		KeepIdentity: o.KeepIdentity,
		Rate:         o.Rate,
		MaxDuration:  o.MaxDuration,
	}
	if o.Destination != nil {
		move.Destination = o.Destination.ID()
	}
	return move
}

// Start starts a move task, and returns it as it was then. When Start returns,
// the task has made its first step, and may have ended already. It does not
// depend on the context any more. The errors are those of
// [queue.Broker.StartMove].
func (m *Manager) Start(ctx context.Context, o Options) (queue.MoveTask, error) {
	if err := m.enter(ctx, opStart); err != nil {
		return queue.MoveTask{}, err
	}
	defer m.busy.Done()
	task, err := m.start(ctx, o, false)
	if err != nil {
		return queue.MoveTask{}, err
	}
	m.logTask(slog.LevelInfo, "move task started", task)
	m.work(task, newPace(task.Move.Rate)).catchUp(ctx)
	return task, nil
}

// Plan returns what Start would, and starts nothing: Total is how many messages
// the task would be about. All is checked but whether other tasks are active. The
// ID is zero.
func (m *Manager) Plan(ctx context.Context, o Options) (queue.MoveTask, error) {
	if err := m.enter(ctx, opStart); err != nil {
		return queue.MoveTask{}, err
	}
	defer m.busy.Done()
	return m.start(ctx, o, true)
}

// Cancel cancels a task that is running, and returns how it stands: no message is
// moved by it after Cancel has returned, and Moved is final. It is being
// cancelled until its worker, which is woken, has taken note; [Manager.Wait]
// waits for that. Of several cancels exactly one succeeds. For a task that is not
// running the error is [queue.ErrNotRunning], and the task says why; for one that
// is not known it is [queue.ErrNoTask].
func (m *Manager) Cancel(ctx context.Context, id queue.TaskID) (queue.MoveTask, error) {
	if err := m.enter(ctx, opCancel); err != nil {
		return queue.MoveTask{}, err
	}
	defer m.busy.Done()
	task, err := m.broker.CancelMove(ctx, id)
	switch {
	case err == nil:
		// Whoever has started the task, somebody must take note of its end.
		w := m.work(task, newPace(task.Move.Rate))
		w.note(task)
		w.nudge()
	case errors.Is(err, queue.ErrNoTask):
		if task, err = m.recall(ctx, opCancel, id); err == nil {
			err = fail(opCancel, "", queue.ErrNotRunning)
		}
	}
	return task, err
}

// Lookup returns a task as it stands, after the step that is due, if any. If the broker does not know it, and this
// Manager has not run it either, the error is [queue.ErrNoTask].
func (m *Manager) Lookup(ctx context.Context, id queue.TaskID) (queue.MoveTask, error) {
	if err := m.enter(ctx, opLookup); err != nil {
		return queue.MoveTask{}, err
	}
	defer m.busy.Done()
	if w := m.worker(id); w != nil {
		w.catchUp(ctx)
	}
	task, err := m.broker.LookupMove(ctx, id)
	if errors.Is(err, queue.ErrNoTask) {
		return m.recall(ctx, opLookup, id)
	}
	return task, err
}

// List returns the latest tasks whose source is the queue, the newest first, at
// most max, after the step that is due, if any. Zero means all that are kept,
// which are the latest ten.
func (m *Manager) List(ctx context.Context, source *queue.Queue, max int) ([]queue.MoveTask, error) {
	if err := m.enter(ctx, opList); err != nil {
		return nil, err
	}
	defer m.busy.Done()
	if source == nil {
		return nil, fail(opList, "", &queue.InvalidError{Field: "source", Reason: "nil"})
	}
	if max < 0 {
		return nil, fail(opList, source.Name(), &queue.InvalidError{Field: "number of tasks", Reason: "negative"})
	}
	for _, w := range m.workersOn(source.ID()) {
		w.catchUp(ctx)
	}
	tasks, err := source.Moves(ctx)
	if max > 0 {
		tasks = tasks[:min(max, len(tasks))]
	}
	return tasks, err
}

// Wait returns the task when it has ended. If the context ends before, it
// returns the context's cause, and the task goes on. If the Manager or the
// broker is closed before, the error is [ErrClosed] or [queue.ErrClosed].
//
// A task that this Manager does not run is looked at once a second.
func (m *Manager) Wait(ctx context.Context, id queue.TaskID) (queue.MoveTask, error) {
	for {
		if err := m.enter(ctx, opWait); err != nil {
			return queue.MoveTask{}, err
		}
		w := m.worker(id)
		m.busy.Done()
		if w != nil {
			task, err := w.wait(ctx)
			return task, fail(opWait, "", err)
		}
		task, err := m.Lookup(ctx, id)
		if err != nil || !task.State.Active() {
			return task, err
		}
		m.pause(ctx)
	}
}

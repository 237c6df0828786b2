package driver

import (
	"context"
	"errors"
	"time"
)

// Moves is the part of an engine that keeps move tasks and makes their steps.
//
// A task belongs to its source, the queue that it empties, and at most one task
// of a source is active. The engine does nothing by itself: somebody else
// decides when a step is due, and how many messages it may move.
//
//	             StepMove: all looked at
//	MoveRunning ─────────────────────────► MoveCompleted
//	     │ │      StepMove: cannot go on
//	     │ └─────────────────────────────► MoveFailed
//	     │ CancelMove              StepMove
//	     └───────────► MoveCancelling ───► MoveCancelled
//
// A running task and one that is being cancelled are active, the other states
// are final. Deleting the source ends its tasks and forgets them.
type Moves interface {
	// StartMove starts a task, or with dryRun only answers what it would be:
	// the ID is zero then, and nothing is kept. It checks, in this order:
	//
	//   - the source exists, else [ErrNoQueue];
	//   - the source is the dead-letter queue of some queue's policy, unless
	//     AnySource is set, else [ErrNotDeadLetterQueue];
	//   - the destination, if there is one, exists, else [ErrNoDestination]; it is
	//     another queue than the source, and of the same kind, FIFO or standard,
	//     else [ErrInvalid];
	//   - no task of the source is active, else [ErrMoveActive];
	//   - fewer than [MaxActiveMoves] tasks are active in the engine, else
	//     [ErrTooManyMoves].
	//
	// A dry run skips the last two. The task is for the messages that are in the
	// source now: those that arrive later are not touched, so a task ends even if
	// consumers send to its source what it moves. (Of messages under transfer, one
	// that comes home to an old sequence is touched, within Total.)
	StartMove(ctx context.Context, now time.Time, move Move, dryRun bool) (MoveTask, error)

	// StepMove moves up to max messages by the task and looks at up to look of
	// them, both at least 0. If the task is final, it changes nothing. If the task
	// is being cancelled, it is cancelled now. If MaxDuration has passed since its
	// start, it fails with MoveTimedOut. Otherwise it looks at the messages of
	// the source by sequence, each of them once: from after the one that its last
	// step looked at last, up to the last one that was there at the start. A message that is
	// visible and that the filter means is moved; others are passed over and not
	// looked at again.
	//
	// A message is moved by one change: it is in exactly one of the two queues
	// for every observer. In the destination it is visible at once, whatever the
	// queue's delay, at the end of the queue's order and with the next sequence,
	// not under transfer and without origin; receives, and the ones that a
	// dead-letter policy counts, are counted from zero. Without KeepIdentity it
	// is a new message: it has a new ID and was sent now, retention starts now,
	// and it can be cancelled. With it, the ID, the instants of the send and of
	// the first receive, and the instant from which retention counts are kept,
	// and the message was delivered before as far as a cancel is concerned. The
	// generation grows. Size limits and deduplication are not looked at.
	//
	// The task fails, and that message stays in its place, if the destination,
	// or the origin of the next message where the task has no destination, does
	// not exist any more (MoveDestinationGone; a queue that was created again
	// under the name is another one), if it has no room (MoveDestinationFull), or
	// if the task has no destination and the next message no origin
	// (MoveNoOrigin).
	//
	// The task is completed by the step that moves the last of Total messages, or
	// after which no message up to the last one of the start is left to look at.
	//
	// It returns [ErrNoTask] if the task is not known.
	StepMove(ctx context.Context, now time.Time, task TaskID, max, look int) (MoveStep, error)

	// CancelMove makes a running task one that is being cancelled: no message is
	// moved by it from then on. What was moved stays moved. If the task is not
	// running, the error is [ErrNotRunning], and the task is returned too. It
	// returns [ErrNoTask] if the task is not known.
	CancelMove(ctx context.Context, now time.Time, task TaskID) (MoveTask, error)

	// LookupMove returns the task, or [ErrNoTask].
	LookupMove(ctx context.Context, task TaskID) (MoveTask, error)

	// ListMoves returns the latest tasks of the source, the newest first, at most
	// max. An engine keeps the latest [MoveHistory] of each source.
	ListMoves(ctx context.Context, source QueueID, max int) ([]MoveTask, error)

	// ActiveMoves returns all active tasks, in no particular order.
	ActiveMoves(ctx context.Context) ([]MoveTask, error)
}

const (
	// MaxActiveMoves is how many move tasks can be active in one engine.
	MaxActiveMoves = 100

	// MoveHistory is how many move tasks are kept of one source, the active one
	// included.
	MoveHistory = 10
)

// Errors of move tasks.
var (
	// ErrNoTask is returned for a task that does not exist: it never did, it is
	// no longer kept, or its source was deleted.
	ErrNoTask = errors.New("no such task")

	// ErrNotRunning is returned where a task is to be cancelled that is being
	// cancelled already, or that has ended.
	ErrNotRunning = errors.New("task not running")

	// ErrMoveActive is returned where a second task is started on a source.
	ErrMoveActive = errors.New("a move task is active on this source")

	// ErrTooManyMoves is returned where [MaxActiveMoves] tasks are active.
	ErrTooManyMoves = errors.New("too many active move tasks")

	// ErrNotDeadLetterQueue is returned where the source of a move task is not
	// the dead-letter queue of any queue, and may not be any other.
	ErrNotDeadLetterQueue = errors.New("source is not a dead-letter queue")

	// ErrNoDestination is returned where the queue to which messages are to go
	// does not exist.
	ErrNoDestination = errors.New("no such destination queue")
)

// A TaskID names one move task or one transfer, for ever. It cannot be guessed.
type TaskID [16]byte

// String returns the ID as 36 characters in the form of a UUID.
func (id TaskID) String() string { return MessageID(id).String() }

// MarshalText returns what String returns.
func (id TaskID) MarshalText() ([]byte, error) { return MessageID(id).MarshalText() }

// UnmarshalText sets the ID from the form that String returns, in lower case;
// every ID has exactly one spelling.
func (id *TaskID) UnmarshalText(text []byte) error {
	return unmarshalID("task ID", (*[16]byte)(id), text)
}

// ParseTaskID returns the ID that text spells.
func ParseTaskID(text string) (TaskID, error) {
	var id TaskID
	err := id.UnmarshalText([]byte(text))
	return id, err
}

// A Move says what a move task is to do.
type Move struct {
	// Source is the queue whose messages are moved, by default one that is a
	// dead-letter queue; any one with AnySource.
	Source    QueueID
	AnySource bool

	// Destination is the queue to which they go. Zero means that each goes back
	// to the queue that it was dead-lettered from.
	Destination QueueID

	// Filter says which messages, and Limit how many at most; zero means all.
	Filter Filter
	Limit  int

	// KeepIdentity lets the messages stay the same messages: see
	// [Moves.StepMove].
	KeepIdentity bool

	// Rate is how many messages to move in any second at most; zero means as
	// fast as possible. The engine only remembers it.
	Rate int

	// MaxDuration is how long the task may run. Zero means for ever.
	MaxDuration time.Duration
}

// A MoveState says where in its life a move task is.
type MoveState uint8

// The states of a move task.
const (
	MoveRunning    MoveState = iota + 1
	MoveCancelling           // no message moves any more, and the worker has not yet noticed
	MoveCancelled
	MoveCompleted
	MoveFailed
)

// Active reports whether the task is running or being cancelled.
func (s MoveState) Active() bool { return s == MoveRunning || s == MoveCancelling }

// A MoveFailure says why a move task failed.
type MoveFailure uint8

// The reasons of failures.
const (
	MoveDestinationGone MoveFailure = iota + 1 // a queue to which messages were to go was deleted
	MoveDestinationFull                        // it has no room for the next message
	MoveNoOrigin                               // the next message was not dead-lettered, and no destination was given
	MoveTimedOut                               // MaxDuration has passed
	MoveSourceGone                             // the source was deleted; no engine keeps such a task
)

// A MoveTask is a move task as it stands.
type MoveTask struct {
	ID          TaskID
	Move        Move
	Source      QueueRef
	Destination QueueRef // zero if each message goes to its origin
	State       MoveState
	Failure     MoveFailure // of a task that failed
	StartedAt   time.Time
	EndedAt     time.Time // the zero time while the task is active

	// Total is how many messages that the filter means were in the source, in
	// all states, when the task started; Move.Limit if that is less. Moved is how
	// many of them arrived by this task, never more than Total. What is in flight
	// or delayed when the task comes to it is not moved, and what others receive and
	// delete meanwhile cannot be: those are among the remaining at the end.
	Total int
	Moved int
}

// Remaining is how many of Total were not moved, or not yet.
func (t MoveTask) Remaining() int { return t.Total - t.Moved }

// A MoveStep is what a step did.
type MoveStep struct {
	Task    MoveTask  // as it stands after the step
	Arrived []QueueID // the queues to which the step moved messages, each once
}

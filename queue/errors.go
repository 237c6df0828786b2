package queue

import (
	"errors"
	"fmt"

	"github.com/redriveq/redrive/queue/driver"
)

// Errors of a request as a whole: it had no effect, except that
// ErrUnknownOutcome means that it may have had. They come wrapped in an
// *[Error]; test for them with errors.Is.
var (
	// ErrClosed is returned by every call on a broker that is closed, and by
	// receives that were waiting when it was.
	ErrClosed = driver.ErrClosed

	// ErrNoQueue is returned where no queue has the name, and by every call on a
	// queue that was deleted, also when another one has its name by now.
	ErrNoQueue = driver.ErrNoQueue

	// ErrQueueExists is returned by the creation of a queue whose name is taken
	// by one with other attributes.
	ErrQueueExists = driver.ErrQueueExists

	// ErrInvalid is what every *[InvalidError] is: input that was refused.
	ErrInvalid = driver.ErrInvalid

	// ErrDeadLetterPolicy is returned where a dead-letter policy cannot be set:
	// its queue does not exist, is of the other kind, does not allow this one, or
	// leads back to it.
	ErrDeadLetterPolicy = driver.ErrDeadLetterPolicy

	// ErrInFlightLimit is returned by a receive from a standard queue that has as
	// many messages in flight as it may have.
	ErrInFlightLimit = driver.ErrInFlightLimit

	// ErrUnknownOutcome is returned where a call may or may not have taken
	// effect. Repeat a send with the same deduplication ID; look at the queue for
	// anything else.
	ErrUnknownOutcome = driver.ErrUnknownOutcome

	// ErrTooManyWaiters is returned by a receive that would have to wait when
	// the profile's MaxWaiters already wait on the queue. Try again later.
	ErrTooManyWaiters = errors.New("too many receives are waiting")
)

// Errors of move tasks, transfers and schedules.
var (
	// ErrNoTask is returned for a task that is not known: it never was, or is no
	// longer kept, or its source was deleted.
	ErrNoTask = driver.ErrNoTask

	// ErrNotRunning is returned by the cancel of a task that is being cancelled
	// already or has ended; the task that comes with it says which.
	ErrNotRunning = driver.ErrNotRunning

	// ErrMoveActive is returned where a second move task is started on a source.
	ErrMoveActive = driver.ErrMoveActive

	// ErrTooManyMoves is returned where 100 move tasks are active.
	ErrTooManyMoves = driver.ErrTooManyMoves

	// ErrNotDeadLetterQueue is returned where the source of a move task is
	// nobody's dead-letter queue, and AnySource is not set.
	ErrNotDeadLetterQueue = driver.ErrNotDeadLetterQueue

	// ErrNoDestination is returned where the queue to which messages are to go
	// does not exist.
	ErrNoDestination = driver.ErrNoDestination

	// ErrNoSchedule is returned for a schedule that is not known: it never was,
	// or it has ended and is no longer kept.
	ErrNoSchedule = driver.ErrNoSchedule

	// ErrTooManySchedules is returned where the profile's MaxSchedules are
	// active.
	ErrTooManySchedules = driver.ErrTooManySchedules

	// ErrScheduleCancelled is returned by the cancel of a schedule that was
	// cancelled before.
	ErrScheduleCancelled = errors.New("schedule already cancelled")

	// ErrScheduleEnded is returned by the cancel of a schedule whose last
	// occurrence was published, or that has failed.
	ErrScheduleEnded = errors.New("schedule has ended")
)

// Errors of one message.
var (
	// ErrQueueFull is returned for a message that would exceed the queue's
	// MaxMessages or MaxBytes. It was not sent.
	ErrQueueFull = errors.New("queue full")

	// ErrMessageGone is returned for a receipt that was real, but whose message
	// is no longer in the queue: deleted, expired, purged, or moved to a
	// dead-letter queue. For a delete that is often as good as success.
	ErrMessageGone = errors.New("message gone")

	// ErrReceiptExpired is returned for a receipt whose visibility timeout has
	// ended, where the queue's attributes forbid late use. The message is, or
	// will be, delivered again: undo what you can, and do not retry.
	ErrReceiptExpired = errors.New("receipt expired")

	// ErrReceiptSuperseded is returned for a receipt of an earlier delivery than
	// the message's latest. Somebody else has the message now.
	ErrReceiptSuperseded = errors.New("receipt superseded by a later delivery")

	// ErrReceiptMalformed is returned for a handle that this broker never made.
	ErrReceiptMalformed = errors.New("receipt malformed")

	// ErrWrongQueue is returned for a receipt that another queue issued, or an
	// earlier queue of the same name.
	ErrWrongQueue = errors.New("receipt of another queue")

	// ErrVisibilityCap is returned for a change of visibility that would keep
	// the message hidden for longer than the queue's MaxVisibility, counted from
	// the receive.
	ErrVisibilityCap = errors.New("visibility timeout above the queue's cap")
)

// An InvalidError says which part of a request was refused, and why.
type InvalidError = driver.InvalidError

// An Error says what was being done to which queue when Err came about.
type Error struct {
	Op    string // "receive", "create", …
	Queue string // the queue's name; empty where no one queue is concerned
	Err   error
}

// Error returns `queue "orders": receive: …`.
func (e *Error) Error() string {
	if e.Queue == "" {
		return fmt.Sprintf("queue: %s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("queue %q: %s: %v", e.Queue, e.Op, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func fail(op, queue string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Queue: queue, Err: err}
}

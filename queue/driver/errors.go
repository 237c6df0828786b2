package driver

import (
	"errors"
	"fmt"
)

// Errors of a request as a whole. Test for them with errors.Is: they come
// wrapped with what was being done to which queue.
var (
	// ErrClosed is returned by every call that begins after Close, and by
	// receives that were waiting when Close was called.
	ErrClosed = errors.New("broker closed")

	// ErrNoQueue is returned where no queue has the name, and by every call on a
	// queue that was deleted, also when another queue has its name by now.
	ErrNoQueue = errors.New("no such queue")

	// ErrQueueExists is returned by the creation of a queue whose name is taken
	// by one with other attributes.
	ErrQueueExists = errors.New("queue exists with other attributes")

	// ErrInvalid is returned for input that is refused: sizes, names, ranges,
	// counts, encodings. The error in the chain is an *[InvalidError], which
	// names the field. Nothing was changed.
	ErrInvalid = errors.New("invalid")

	// ErrDeadLetterPolicy is returned where a dead-letter policy cannot be set:
	// the target does not exist, is of the other kind (FIFO or standard), does
	// not allow this source, or leads back to it.
	ErrDeadLetterPolicy = errors.New("dead-letter policy refused")

	// ErrInFlightLimit is returned by a receive from a standard queue that has
	// as many messages in flight as its attributes allow. Delete some, or wait
	// for a visibility timeout to end.
	ErrInFlightLimit = errors.New("too many messages in flight")

	// ErrUnknownOutcome is returned where a call may or may not have taken
	// effect, because the store did not answer. Repeat a send with the same
	// deduplication ID; look at the queue for anything else.
	ErrUnknownOutcome = errors.New("outcome unknown")
)

// An InvalidError says which part of a request was refused, and why. It is
// [ErrInvalid] to errors.Is.
type InvalidError struct {
	Field  string // what was wrong, such as "visibility timeout" or "attribute \"a b\""
	Reason string // why, with the limit that applies
}

// Error returns the field and the reason.
func (e *InvalidError) Error() string { return "invalid " + e.Field + ": " + e.Reason }

// Is reports whether target is [ErrInvalid].
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// Invalid returns an *[InvalidError] for the field with a formatted reason.
func Invalid(field, format string, args ...any) error {
	return &InvalidError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

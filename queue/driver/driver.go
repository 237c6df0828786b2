package driver

import (
	"context"
	"time"
)

// An Engine keeps queues and their messages.
//
// The broker checks sizes, names and ranges against its profile before it calls
// an engine; an engine checks what depends on the attributes of a queue. All
// methods are safe for concurrent use. None keeps a slice or a map that it was
// given, none hands out memory that it keeps, and none waits for anything but
// its own store: waiting for messages is the broker's work. A method that takes
// many inputs returns one result for each, in their order; the results of an
// empty input are empty. Inputs act as if they came one after the other, in
// order, with nothing in between.
//
// Every method that names a queue returns [ErrNoQueue] if that instance does
// not exist, and every method returns [ErrClosed] after Close. The context
// bounds the wait for a store; an engine in memory ignores it. When a method
// has returned without an error, its effect is as durable as the engine is.
type Engine interface {
	// Secrets returns the secrets of this engine's store, at least one, each of at
	// least 32 random bytes, that are made with the store and kept with it.
	// Receipts are sealed with the first; the others are earlier ones, whose
	// receipts are still to be opened. The result belongs to the caller.
	Secrets() [][]byte

	// CreateQueue creates a queue with the patch applied to base, or finds the
	// one that has the name. If there is one, and applying the patch would
	// change nothing, that one is returned with created false; else the error is
	// [ErrQueueExists]. The dead-letter policy is checked as for SetAttributes.
	CreateQueue(ctx context.Context, now time.Time, name string, base Attributes, patch Patch) (info QueueInfo, created bool, err error)

	// LookupQueue returns the queue that has the name now.
	LookupQueue(ctx context.Context, name string) (QueueInfo, error)

	// Queue returns the queue's description.
	Queue(ctx context.Context, queue QueueID) (QueueInfo, error)

	// ListQueues returns up to max queues whose names begin with prefix and sort
	// after the given one, in the order of their names, compared as bytes.
	ListQueues(ctx context.Context, prefix, after string, max int) ([]QueueInfo, error)

	// SetAttributes changes the attributes that the patch names, all or none.
	// It returns [ErrInvalid] if the patch would change FIFO or the result does
	// not pass [Attributes.Check], and [ErrDeadLetterPolicy] if a dead-letter
	// policy is set whose queue does not exist, is of the other kind, does not
	// allow this source, or leads back to this queue by the policies of the
	// queues on the way. Only a patch that names the policy has it checked, so one
	// whose queue is gone does not keep other attributes from being changed. A
	// patch that changes nothing leaves ModifiedAt as it is.
	SetAttributes(ctx context.Context, now time.Time, queue QueueID, patch Patch) (QueueInfo, error)

	// DeleteQueue deletes the queue with all messages and the move tasks whose
	// source it is. Schedules for it have failed.
	DeleteQueue(ctx context.Context, queue QueueID) error

	// Purge removes all messages in all states and forgets all deduplication
	// IDs. It returns how many messages it removed.
	Purge(ctx context.Context, now time.Time, queue QueueID) (int, error)

	// Stats counts. The counts are exact at now.
	Stats(ctx context.Context, now time.Time, queue QueueID) (Stats, error)

	// Send adds messages. All that were accepted are there after a crash, or
	// none is. A message is first looked at for its size, then for a duplicate,
	// then for room. Message.At is in broker time here.
	Send(ctx context.Context, now time.Time, queue QueueID, messages []Message) ([]SendResult, error)

	// Receive hands out up to r.Max messages and hides them. It returns at once,
	// also when there is none. A message that was already received from this
	// queue as often as its dead-letter policy allows goes to the dead-letter
	// queue instead (which in a standard queue is a turn of its group): it keeps its ID, content, send time and receive count, its origin
	// is this queue, its deduplication ID and its size are not checked there, and
	// it is visible there at once. The same receive then goes on to the next.
	//
	// In a FIFO queue a group that had something in flight when the receive
	// began is passed over.
	//
	// At the in-flight limit, see Attributes.MaxInFlight; NextAt and DefaultWait
	// of the answer are set beside the error too. Below the limit, no more are
	// returned than it leaves room for, whatever the visibility timeout. If r.Visibility is above
	// Attributes.MaxVisibility, the error is [ErrInvalid].
	Receive(ctx context.Context, now time.Time, queue QueueID, r Receive) (Received, error)

	// Delete removes messages by receipt.
	Delete(ctx context.Context, now time.Time, queue QueueID, receipts []Receipt) ([]DeleteResult, error)

	// ChangeVisibility makes messages visible at now plus the given timeout. With
	// a timeout of zero a message in flight is visible at once, and one that is
	// visible, its receipt being late, stays in its place; the cap and the
	// in-flight limit do not apply.
	ChangeVisibility(ctx context.Context, now time.Time, queue QueueID, changes []Change) ([]ChangeOutcome, error)

	// Cancel removes messages that were never received, and forgets their
	// deduplication IDs.
	Cancel(ctx context.Context, now time.Time, queue QueueID, ids []MessageID) ([]CancelOutcome, error)

	// Peek returns up to max messages that are visible, in the order in which
	// receives of one message each would hand them out if nothing else happened
	// and none was dead-lettered. In a FIFO queue, that is the visible messages
	// of groups that have nothing in flight, by sequence. It changes nothing.
	Peek(ctx context.Context, now time.Time, queue QueueID, max int) ([]Info, error)

	// List returns up to max messages in all states, by sequence, beginning
	// after the given sequence (0: from the start). It changes nothing.
	List(ctx context.Context, now time.Time, queue QueueID, after uint64, max int) ([]Info, error)

	Moves
	Transfers
	Schedules

	// Close releases what the engine holds. It is called once, when no other
	// call is under way.
	Close() error
}

// A SendResult says what became of one message that was sent.
type SendResult struct {
	Outcome  SendOutcome
	ID       MessageID // of the new message, or of the one that it duplicates
	Sequence uint64    // likewise
}

// A SendOutcome says what a send did.
type SendOutcome uint8

// The outcomes of a send.
const (
	Sent      SendOutcome = iota + 1 // the message is in the queue
	Duplicate                        // the deduplication ID was seen; nothing changed
	TooLarge                         // above MaxMessageBytes; nothing changed
	QueueFull                        // MaxMessages or MaxBytes would be exceeded; nothing changed
)

// A Receive says what to receive.
type Receive struct {
	Max        int            // at least 1
	Visibility *time.Duration // nil: the queue's; zero: visible again at once, and counted
}

// A Received is the answer to a receive.
type Received struct {
	Deliveries []Delivery

	// NextAt is the next instant at which a message that is delayed or in flight
	// falls due, or the zero time if there is none. A receive that found nothing
	// finds nothing before NextAt, unless a call changes the queue. It is in the
	// broker's time and after now: an engine with a clock of its own adds the
	// span that is left by that clock to now.
	NextAt time.Time

	// DefaultWait is the queue's ReceiveWait.
	DefaultWait time.Duration

	// DeadLettered counts the messages that went to the queue Target.
	DeadLettered int
	Target       QueueID

	// Stranded counts the deliveries that should have been dead-lettered, but
	// whose dead-letter queue does not exist or is full.
	Stranded int
}

// A Standing says how a receipt stood when it was used.
type Standing uint8

// The standings of a receipt whose message is there.
const (
	Current    Standing = iota + 1 // its visibility timeout had not ended
	Late                           // it had, but nobody had received the message since
	Superseded                     // somebody had
)

// A DeleteResult says what became of one delete.
type DeleteResult struct {
	Outcome  DeleteOutcome
	Standing Standing // of the receipt, where the message was there
}

// A DeleteOutcome says what a delete did.
type DeleteOutcome uint8

// The outcomes of a delete. The last two never come from an engine: the broker
// finds them when it opens the receipt.
const (
	Deleted                 DeleteOutcome = iota + 1 // this call removed the message
	AlreadyGone                                      // the receipt was real, the message is no longer here
	DeleteRefusedLate                                // it stays: the receipt is late, and the policy forbids
	DeleteRefusedSuperseded                          // it stays: the receipt is superseded, and the policy forbids
	DeleteWrongQueue                                 // the receipt is of another queue, or of an earlier one of this name
	DeleteMalformed                                  // it is no receipt of this broker
)

// A Change asks for a new visibility timeout.
type Change struct {
	Receipt
	Timeout time.Duration // from now on; zero: visible at once

	// Uncount takes this delivery out of the message's receive counts, once: it
	// was never worked on. Timeout must be zero.
	Uncount bool
}

// A ChangeOutcome says what a change of visibility did.
type ChangeOutcome uint8

// The outcomes of a change of visibility. The last two never come from an
// engine.
const (
	Changed                 ChangeOutcome = iota + 1 // the message is visible at now plus the timeout
	ChangeGone                                       // the message is no longer here
	ChangeRefusedLate                                // the receipt is late, and the attributes forbid
	ChangeRefusedSuperseded                          // the receipt is superseded
	ChangeAboveCap                                   // MaxVisibility, counted from the receive, would be exceeded
	ChangeInFlightLimit                              // a late message cannot be hidden again: MaxInFlight
	ChangeWrongQueue
	ChangeMalformed
)

// A CancelOutcome says what a cancel did, or why it was too late.
type CancelOutcome uint8

// The outcomes of a cancel.
const (
	Cancelled       CancelOutcome = iota + 1 // taken back; it is delivered to nobody
	CancelInFlight                           // too late: it is in flight
	CancelDelivered                          // too late: it was delivered before, and is waiting to be received again
	CancelGone                               // too late: it was sent to this queue, and is no longer here
	CancelUnknown                            // no message with this ID was sent to this queue, or moved here and is here
)

package queue

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// The types that a broker shares with its engine. Package driver explains them.
type (
	// A Message is what a sender gives to a queue.
	Message = driver.Message
	// A MessageID names one message, for ever.
	MessageID = driver.MessageID
	// A Value is the value of one message attribute: see [String], [Number] and [Binary].
	Value = driver.Value
	// A Kind is the type of such a value.
	Kind = driver.Kind
	// An Info describes a message that is in a queue.
	Info = driver.Info
	// A State says where in its queue a message is.
	State = driver.State
	// Attributes are the settings stored with a queue.
	Attributes = driver.Attributes
	// A Patch says which attributes to set; nil fields stay as they are.
	Patch = driver.Patch
	// A DeadLetter policy says where a message goes that was received too often.
	DeadLetter = driver.DeadLetter
	// A DeadLetterSources policy says for which queues this one may be that place.
	DeadLetterSources = driver.DeadLetterSources
	// A SourceMode is the kind of a DeadLetterSources policy.
	SourceMode = driver.SourceMode
	// A ReceiptPolicy says what late and superseded receipts may do.
	ReceiptPolicy = driver.ReceiptPolicy
	// A DeduplicationScope says among which messages deduplication IDs are unique.
	DeduplicationScope = driver.DeduplicationScope
	// A QueueID names one instance of a queue.
	QueueID = driver.QueueID
	// A QueueInfo describes a queue.
	QueueInfo = driver.QueueInfo
	// A QueueRef is the instance and the name of a queue.
	QueueRef = driver.QueueRef
	// Stats count the messages of a queue by state.
	Stats = driver.Stats
	// A Count is the number of messages in a state and the age of the oldest.
	Count = driver.Count
	// A Standing says how a receipt stood when it was used.
	Standing = driver.Standing
	// A DeleteOutcome says what a delete did.
	DeleteOutcome = driver.DeleteOutcome
	// A ChangeOutcome says what a change of visibility did.
	ChangeOutcome = driver.ChangeOutcome
	// A CancelOutcome says what a cancel did, or why it was too late.
	CancelOutcome = driver.CancelOutcome

	// A Filter says which messages are meant.
	Filter = driver.Filter
	// A TaskID names one move task or one transfer, for ever.
	TaskID = driver.TaskID
	// A Move says what a move task is to do.
	Move = driver.Move
	// A MoveTask is a move task as it stands.
	MoveTask = driver.MoveTask
	// A MoveState says where in its life a move task is.
	MoveState = driver.MoveState
	// A MoveFailure says why a move task failed.
	MoveFailure = driver.MoveFailure

	// A Transfer says what to transfer.
	Transfer = driver.Transfer
	// A Transferred says what a call of Transfer did.
	Transferred = driver.Transferred
	// A Restore says what to put back.
	Restore = driver.Restore
	// A Restored says what a call of Restore did.
	Restored = driver.Restored
	// A Rebind is one message that changed queues.
	Rebind = driver.Rebind
	// A Ledger says how a message stood before its first transfer.
	Ledger = driver.Ledger
	// An Arrival is a message that comes from another broker.
	Arrival = driver.Arrival

	// A Schedule says what to publish when.
	Schedule = driver.Schedule
	// A ScheduleID names one schedule, for ever.
	ScheduleID = driver.ScheduleID
	// A ScheduleInfo is a schedule as it stands.
	ScheduleInfo = driver.ScheduleInfo
	// A ScheduleState says where in its life a schedule is.
	ScheduleState = driver.ScheduleState
	// A ScheduleFailure says why a schedule failed.
	ScheduleFailure = driver.ScheduleFailure
	// A ScheduleCancel says what became of one cancel of a schedule.
	ScheduleCancel = driver.ScheduleCancel
	// A ScheduleOutcome says what a cancel of a schedule did.
	ScheduleOutcome = driver.ScheduleOutcome
	// A Misfire policy says which occurrences are published when several are due.
	Misfire = driver.Misfire
	// A Recurrence says at which instants something occurs.
	Recurrence = scheduler.Recurrence
)

// The constants of those types.
const (
	KindString = driver.KindString
	KindNumber = driver.KindNumber
	KindBinary = driver.KindBinary

	Visible  = driver.Visible
	Delayed  = driver.Delayed
	InFlight = driver.InFlight

	Latest = driver.Latest
	Strict = driver.Strict
	Any    = driver.Any

	ScopeQueue = driver.ScopeQueue
	ScopeGroup = driver.ScopeGroup

	AllowAll    = driver.AllowAll
	AllowListed = driver.AllowListed
	AllowNone   = driver.AllowNone

	Current    = driver.Current
	Late       = driver.Late
	Superseded = driver.Superseded

	Deleted                 = driver.Deleted
	AlreadyGone             = driver.AlreadyGone
	DeleteRefusedLate       = driver.DeleteRefusedLate
	DeleteRefusedSuperseded = driver.DeleteRefusedSuperseded
	DeleteWrongQueue        = driver.DeleteWrongQueue
	DeleteMalformed         = driver.DeleteMalformed

	Changed                 = driver.Changed
	ChangeGone              = driver.ChangeGone
	ChangeRefusedLate       = driver.ChangeRefusedLate
	ChangeRefusedSuperseded = driver.ChangeRefusedSuperseded
	ChangeAboveCap          = driver.ChangeAboveCap
	ChangeInFlightLimit     = driver.ChangeInFlightLimit
	ChangeWrongQueue        = driver.ChangeWrongQueue
	ChangeMalformed         = driver.ChangeMalformed

	Cancelled       = driver.Cancelled
	CancelInFlight  = driver.CancelInFlight
	CancelDelivered = driver.CancelDelivered
	CancelGone      = driver.CancelGone
	CancelUnknown   = driver.CancelUnknown

	MoveRunning    = driver.MoveRunning
	MoveCancelling = driver.MoveCancelling
	MoveCancelled  = driver.MoveCancelled
	MoveCompleted  = driver.MoveCompleted
	MoveFailed     = driver.MoveFailed

	MoveDestinationGone = driver.MoveDestinationGone
	MoveDestinationFull = driver.MoveDestinationFull
	MoveNoOrigin        = driver.MoveNoOrigin
	MoveTimedOut        = driver.MoveTimedOut
	MoveSourceGone      = driver.MoveSourceGone

	ScheduleActive    = driver.ScheduleActive
	SchedulePublished = driver.SchedulePublished
	ScheduleCancelled = driver.ScheduleCancelled
	ScheduleFailed    = driver.ScheduleFailed

	ScheduleQueueGone = driver.ScheduleQueueGone
	ScheduleQueueFull = driver.ScheduleQueueFull
	ScheduleTooLarge  = driver.ScheduleTooLarge

	ScheduleStopped          = driver.ScheduleStopped
	ScheduleAlreadyCancelled = driver.ScheduleAlreadyCancelled
	ScheduleAlreadyEnded     = driver.ScheduleAlreadyEnded
	ScheduleUnknown          = driver.ScheduleUnknown

	MisfireOnce = driver.MisfireOnce
	MisfireSkip = driver.MisfireSkip
	MisfireAll  = driver.MisfireAll
)

// String returns a text value of a message attribute.
func String(text string) Value { return driver.String(text) }

// Number returns a number value of a message attribute; text is a decimal
// number such as "-1.5e3", and is carried as it is written.
func Number(text string) Value { return driver.Number(text) }

// Binary returns a value of a message attribute with a copy of data.
func Binary(data []byte) Value { return driver.Binary(data) }

// ParseTaskID returns the ID that text spells, which is what [TaskID.String]
// returned.
func ParseTaskID(text string) (TaskID, error) { return driver.ParseTaskID(text) }

// ParseScheduleID returns the ID that text spells, which is what
// [ScheduleID.String] returned.
func ParseScheduleID(text string) (ScheduleID, error) { return driver.ParseScheduleID(text) }

// ParseMessageID returns the ID that text spells, which is what
// [MessageID.String] returned.
func ParseMessageID(text string) (MessageID, error) { return driver.ParseMessageID(text) }

// A Delivery is a message that was handed to a consumer. It belongs to the
// consumer: nothing in it is shared.
type Delivery struct {
	// Info describes the message. State is InFlight, and VisibleAt is when the
	// visibility timeout ends and somebody else may receive the message.
	Info

	// Receipt deletes the message or changes its visibility timeout. Every
	// delivery has another one. At most 256 letters, digits, "-" and "_".
	Receipt string

	// Fence grows with every delivery of the message. A consumer that writes it
	// to its own storage, and refuses to overwrite a higher one, is safe against
	// an earlier consumer that has overslept its visibility timeout.
	Fence uint64
}

// ReceiveOptions say how to receive. Nil means the defaults.
type ReceiveOptions struct {
	// Max is how many messages to return at the most. Zero means one. A receive
	// returns as soon as there is one; it does not wait for more.
	Max int

	// Visibility is for how long the messages are hidden from other receives.
	// Nil means the queue's timeout. Zero hands them out and leaves them
	// visible, and counts the receive.
	Visibility *time.Duration

	// Wait is how long to wait if there is no message. Nil means the queue's
	// ReceiveWait; zero, not to wait.
	Wait *time.Duration
}

// Sent identifies a message that is in the queue.
type Sent struct {
	ID        MessageID
	Sequence  uint64
	Duplicate bool // the deduplication ID was seen before, and ID names the first one; nothing was sent
}

// A SendResult says what became of one message of several. Err is an
// *[InvalidError], [ErrQueueFull], or nil.
type SendResult struct {
	Sent
	Err error
}

// A DeleteResult says what became of one delete of several.
type DeleteResult struct {
	Outcome  DeleteOutcome
	Standing Standing // of the receipt, where the message was there
}

// Err returns nil if the message was deleted by this call, and otherwise
// [ErrMessageGone], [ErrReceiptExpired], [ErrReceiptSuperseded],
// [ErrWrongQueue] or [ErrReceiptMalformed].
func (r DeleteResult) Err() error { return deleteErrors[r.Outcome] }

var deleteErrors = map[DeleteOutcome]error{
	Deleted:                 nil,
	AlreadyGone:             ErrMessageGone,
	DeleteRefusedLate:       ErrReceiptExpired,
	DeleteRefusedSuperseded: ErrReceiptSuperseded,
	DeleteWrongQueue:        ErrWrongQueue,
	DeleteMalformed:         ErrReceiptMalformed,
}

// A VisibilityChange asks for a new visibility timeout.
type VisibilityChange struct {
	Receipt string
	Timeout time.Duration // from now on; zero makes the message visible at once
}

// A ChangeResult says what became of one change of visibility of several.
type ChangeResult struct {
	Outcome ChangeOutcome

	invalid error // set with Outcome 0: the entry was refused unseen
}

// Err returns nil if the timeout was changed, and otherwise [ErrMessageGone],
// [ErrReceiptExpired], [ErrReceiptSuperseded], [ErrVisibilityCap],
// [ErrInFlightLimit], [ErrWrongQueue], [ErrReceiptMalformed] or an
// *[InvalidError].
func (r ChangeResult) Err() error {
	if r.invalid != nil {
		return r.invalid
	}
	return changeErrors[r.Outcome]
}

var changeErrors = map[ChangeOutcome]error{
	Changed:                 nil,
	ChangeGone:              ErrMessageGone,
	ChangeRefusedLate:       ErrReceiptExpired,
	ChangeRefusedSuperseded: ErrReceiptSuperseded,
	ChangeAboveCap:          ErrVisibilityCap,
	ChangeInFlightLimit:     ErrInFlightLimit,
	ChangeWrongQueue:        ErrWrongQueue,
	ChangeMalformed:         ErrReceiptMalformed,
}

var scheduleErrors = map[ScheduleOutcome]error{
	ScheduleStopped:          nil,
	ScheduleAlreadyCancelled: ErrScheduleCancelled,
	ScheduleAlreadyEnded:     ErrScheduleEnded,
	ScheduleUnknown:          ErrNoSchedule,
}

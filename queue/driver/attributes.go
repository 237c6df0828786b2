package driver

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// A QueueID names one instance of a queue: a queue that is created again under
// the name of a deleted one is another instance. It is never zero and never
// used again, not even after a restart.
type QueueID uint64

// A ReceiptPolicy says what a receipt may still do when it is no longer in
// force. A receipt is late when its visibility timeout has ended and nobody has
// received the message since; it is superseded when somebody has.
type ReceiptPolicy uint8

// The receipt policies. The zero value is Latest.
const (
	// Latest lets a late receipt delete, and refuses a superseded one (Amazon
	// SQS standard queues, Yandex Message Queue FIFO queues).
	Latest ReceiptPolicy = iota
	// Strict refuses both (Tencent CMQ, Amazon SQS FIFO queues).
	Strict
	// Any lets both delete (Yandex Message Queue standard queues). A superseded
	// receipt never changes a visibility timeout.
	Any
)

// String returns "latest", "strict" or "any".
func (p ReceiptPolicy) String() string {
	switch p {
	case Latest:
		return "latest"
	case Strict:
		return "strict"
	case Any:
		return "any"
	}
	return "invalid receipt policy"
}

// A DeduplicationScope says among which messages a deduplication ID is unique.
type DeduplicationScope uint8

// The deduplication scopes. The zero value is ScopeQueue.
const (
	ScopeQueue DeduplicationScope = iota // in the whole queue
	ScopeGroup                           // in each message group
)

// A DeadLetter policy moves a message that was received too often. The zero
// value means none.
type DeadLetter struct {
	// Queue is the name of the queue that the messages go to. It is looked up
	// when a message must go there: if it does not exist then, is of the other
	// kind (FIFO or standard), or is full, the message stays where it is and goes
	// on being delivered.
	Queue string

	// MaxReceives is how often a message can be received from this queue: the
	// receive that would be one more moves it instead.
	MaxReceives int
}

// A DeadLetterSources policy says which queues may name this one as their
// dead-letter queue. The zero value allows all.
type DeadLetterSources struct {
	Mode   SourceMode
	Queues []string // the names that AllowListed allows
}

// A SourceMode is the kind of a [DeadLetterSources] policy.
type SourceMode uint8

// The modes of a DeadLetterSources policy.
const (
	AllowAll SourceMode = iota
	AllowListed
	AllowNone
)

// Allows reports whether the policy allows the queue of that name.
func (s DeadLetterSources) Allows(name string) bool {
	switch s.Mode {
	case AllowAll:
		return true
	case AllowListed:
		return slices.Contains(s.Queues, name)
	}
	return false
}

// Attributes are the settings stored with a queue.
type Attributes struct {
	// FIFO is fixed when the queue is created.
	FIFO bool

	// Delay applies to messages sent without a delay of their own, from the
	// change on.
	Delay time.Duration

	// VisibilityTimeout applies to receives that do not say their own.
	VisibilityTimeout time.Duration

	// MaxVisibility is the longest that one delivery can keep a message hidden,
	// counted from the receive and including all changes. Zero means no cap.
	MaxVisibility time.Duration

	// Retention is how long a message is kept, counted from its arrival in the
	// queue; then it is gone, unless it is in flight, in which case it is gone
	// when the visibility timeout ends. Zero means for ever.
	Retention time.Duration

	// RetainFromSend counts the retention of messages that arrive by
	// dead-lettering from when they were sent, as Amazon SQS does on standard
	// queues. They may then be gone at once.
	RetainFromSend bool

	// ReceiveWait is how long receives wait that do not say their own.
	ReceiveWait time.Duration

	// MaxMessageBytes limits the size of one message. Zero means no limit.
	MaxMessageBytes int

	// MaxMessages and MaxBytes limit what the queue holds in all states
	// together. Zero means no limit.
	MaxMessages int
	MaxBytes    int64

	// MaxInFlight limits the messages in flight. At the limit a receive from a
	// standard queue fails with ErrInFlightLimit, and one from a FIFO queue
	// finds nothing. Zero means no limit.
	MaxInFlight int

	// ReceiptPolicy says what late and superseded receipts may do.
	ReceiptPolicy ReceiptPolicy

	// RefuseLateChange keeps a late receipt from changing the visibility
	// timeout also where the policy lets it delete (Yandex Message Queue).
	// Strict implies it.
	RefuseLateChange bool

	// DeadLetter and DeadLetterSources: see there.
	DeadLetter        DeadLetter
	DeadLetterSources DeadLetterSources

	// DeduplicationWindow is how long a deduplication ID is remembered after
	// the send, whatever happens to the message; cancelling the message and
	// purging the queue forget it. Zero switches deduplication off, also by what
	// was remembered before.
	DeduplicationWindow  time.Duration
	DeduplicationScope   DeduplicationScope
	ContentDeduplication bool

	// Labels are kept with the queue for whoever set them, and mean nothing to
	// it. They are not to be changed in place.
	Labels map[string]string
}

// Equal reports whether a and b are the same settings.
func (a Attributes) Equal(b Attributes) bool {
	same := slices.Equal(a.DeadLetterSources.Queues, b.DeadLetterSources.Queues) && maps.Equal(a.Labels, b.Labels)
	a.DeadLetterSources.Queues, b.DeadLetterSources.Queues = nil, nil
	a.Labels, b.Labels = nil, nil
	return same && reflect.DeepEqual(a, b)
}

// Check reports what is contradictory in the settings, whatever the profile.
func (a Attributes) Check() error {
	if a.MaxVisibility > 0 && a.VisibilityTimeout > a.MaxVisibility {
		return Invalid("visibility timeout", "%v is above the cap of %v", a.VisibilityTimeout, a.MaxVisibility)
	}
	if (a.DeadLetter.Queue == "") != (a.DeadLetter.MaxReceives == 0) {
		return Invalid("dead-letter policy", "want both a queue and a number of receives, or neither")
	}
	if a.DeadLetter.MaxReceives < 0 {
		return Invalid("dead-letter policy", "%d receives", a.DeadLetter.MaxReceives)
	}
	if listed := len(a.DeadLetterSources.Queues) > 0; listed != (a.DeadLetterSources.Mode == AllowListed) {
		return Invalid("dead-letter sources", "a list of queues goes with the mode that lists them, and only with it")
	}
	return nil
}

// A Patch changes some attributes of a queue. A nil field leaves the attribute
// as it is; when a queue is created, it leaves the profile's default.
type Patch struct {
	FIFO                 *bool // only when the queue is created
	Delay                *time.Duration
	VisibilityTimeout    *time.Duration
	MaxVisibility        *time.Duration
	Retention            *time.Duration
	RetainFromSend       *bool
	ReceiveWait          *time.Duration
	MaxMessageBytes      *int
	MaxMessages          *int
	MaxBytes             *int64
	MaxInFlight          *int
	ReceiptPolicy        *ReceiptPolicy
	RefuseLateChange     *bool
	DeadLetter           *DeadLetter // a pointer to the zero value removes the policy
	DeadLetterSources    *DeadLetterSources
	DeduplicationWindow  *time.Duration
	DeduplicationScope   *DeduplicationScope
	ContentDeduplication *bool
	Labels               *map[string]string // all of them
}

// Apply returns a with the patch's fields set. It shares no memory with the
// patch. FIFO is applied too: an engine that changes an existing queue refuses
// the patch if the result's FIFO differs.
func (p Patch) Apply(a Attributes) Attributes {
	set(&a.FIFO, p.FIFO)
	set(&a.Delay, p.Delay)
	set(&a.VisibilityTimeout, p.VisibilityTimeout)
	set(&a.MaxVisibility, p.MaxVisibility)
	set(&a.Retention, p.Retention)
	set(&a.RetainFromSend, p.RetainFromSend)
	set(&a.ReceiveWait, p.ReceiveWait)
	set(&a.MaxMessageBytes, p.MaxMessageBytes)
	set(&a.MaxMessages, p.MaxMessages)
	set(&a.MaxBytes, p.MaxBytes)
	set(&a.MaxInFlight, p.MaxInFlight)
	set(&a.ReceiptPolicy, p.ReceiptPolicy)
	set(&a.RefuseLateChange, p.RefuseLateChange)
	set(&a.DeadLetter, p.DeadLetter)
	set(&a.DeadLetterSources, p.DeadLetterSources)
	set(&a.DeduplicationWindow, p.DeduplicationWindow)
	set(&a.DeduplicationScope, p.DeduplicationScope)
	set(&a.ContentDeduplication, p.ContentDeduplication)
	set(&a.Labels, p.Labels)
	a.DeadLetterSources.Queues = slices.Clone(a.DeadLetterSources.Queues)
	a.Labels = maps.Clone(a.Labels)
	return a
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// A QueueInfo describes a queue.
type QueueInfo struct {
	ID         QueueID
	Name       string
	CreatedAt  time.Time
	ModifiedAt time.Time // of the last creation or change of attributes
	Attributes Attributes
}

// Stats count the messages of a queue by state, at one instant.
type Stats struct {
	Visible, Delayed, InFlight Count
	Bytes                      int64 // the sizes of all of them
	DeduplicationIDs           int   // remembered at present
	UnderTransfer              int   // of the messages, in all states: those that can be restored
}

// A Count says how many messages are in a state, and how old the oldest is: the
// time since the send of the one with the lowest sequence. Age is zero if there
// is none.
type Count struct {
	Messages int
	Age      time.Duration
}

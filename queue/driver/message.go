package driver

import (
	"bytes"
	"encoding/hex"
	"maps"
	"time"
)

// A MessageID names one message within one broker, for ever: it is not used
// again after the message is gone. It stays the same when the message goes to a
// dead-letter queue. It cannot be guessed, and is no receipt: it does not let
// its holder delete what somebody else received.
type MessageID [16]byte

// String returns the ID as 36 characters in the form of a UUID.
func (id MessageID) String() string {
	text, _ := id.MarshalText()
	return string(text)
}

// MarshalText returns what String returns.
func (id MessageID) MarshalText() ([]byte, error) {
	text := make([]byte, 0, 36)
	for i, group := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, group)
	}
	return text, nil
}

// UnmarshalText sets the ID from the form that String returns, in lower case;
// every ID has exactly one spelling.
func (id *MessageID) UnmarshalText(text []byte) error {
	return unmarshalID("message ID", (*[16]byte)(id), text)
}

func unmarshalID(field string, id *[16]byte, text []byte) error {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return Invalid(field, "want 36 characters in five groups, got %d characters", len(text))
	}
	digits := bytes.Join([][]byte{text[:8], text[9:13], text[14:18], text[19:23], text[24:]}, nil)
	if !bytes.Equal(digits, bytes.ToLower(digits)) {
		return Invalid(field, "upper-case digit")
	}
	var parsed [16]byte
	if _, err := hex.Decode(parsed[:], digits); err != nil {
		return Invalid(field, "not hexadecimal")
	}
	*id = parsed
	return nil
}

// ParseMessageID returns the ID that text spells.
func ParseMessageID(text string) (MessageID, error) {
	var id MessageID
	err := id.UnmarshalText([]byte(text))
	return id, err
}

// A Kind is the type of an attribute's value.
type Kind uint8

// The kinds of value that a message attribute can have.
const (
	KindString Kind = iota + 1 // text
	KindNumber                 // a decimal number, kept as it was written
	KindBinary                 // bytes
)

// String returns "String", "Number" or "Binary".
func (k Kind) String() string {
	switch k {
	case KindString:
		return "String"
	case KindNumber:
		return "Number"
	case KindBinary:
		return "Binary"
	}
	return "invalid kind"
}

// A Value is the value of one message attribute. Values can be compared with ==.
// The zero Value is not valid; make one with [String], [Number] or [Binary].
type Value struct {
	Kind  Kind
	Label string // refines the kind, like "int" in SQS's "Number.int"; mostly empty
	Data  string // the text, or the bytes of a binary value
}

// String returns a text value.
func String(text string) Value { return Value{Kind: KindString, Data: text} }

// Number returns a number value; text is a decimal number such as "-1.5e3".
func Number(text string) Value { return Value{Kind: KindNumber, Data: text} }

// Binary returns a value with a copy of data.
func Binary(data []byte) Value { return Value{Kind: KindBinary, Data: string(data)} }

// A Message is what a sender gives to the broker. The zero Message is valid: an
// empty body, due after the queue's delay.
//
// The message stays the caller's: an engine copies what it keeps.
type Message struct {
	// Body is carried byte for byte.
	Body []byte

	// Attributes are carried beside the body, and count towards its size.
	Attributes map[string]Value

	// Group is the message group. In a FIFO queue the messages of a group are
	// handed out in order and one receive at a time; messages without a group
	// are one group. In a standard queue the groups take turns, so that a group
	// with a long backlog does not hold up the others.
	Group string

	// DeduplicationID makes a send that repeats it within the queue's
	// deduplication window a duplicate: it changes nothing and answers with the
	// message that was there first. Empty means none, or, where the queue has
	// ContentDeduplication, the SHA-256 of the body in lower-case hexadecimal.
	DeduplicationID string

	// Delay is how long the message stays hidden after the send. Nil means the
	// queue's delay; zero means visible at once, whatever the queue's delay is.
	Delay *time.Duration

	// At is the instant until which the message stays hidden, read against the
	// wall clock once, at the send; there is no horizon. An instant in the past
	// means visible at once. The zero time means that Delay counts. It is an
	// error to set both.
	At time.Time
}

// Size returns the bytes that count against a queue's limits: those of the body
// and of the attributes' names, kinds, labels and values.
func (m *Message) Size() int {
	size := len(m.Body)
	for name, value := range m.Attributes {
		size += len(name) + len(value.Kind.String()) + len(value.Data)
		if value.Label != "" {
			size += len(".") + len(value.Label)
		}
	}
	return size
}

// A State says where in its queue a message is.
type State uint8

// The states of a message that is in a queue.
const (
	Visible  State = iota + 1 // can be received now
	Delayed                   // sent with a delay that has not ended; never received
	InFlight                  // received, and its visibility timeout has not ended
)

// String returns the name of the state, in lower case.
func (s State) String() string {
	switch s {
	case Visible:
		return "visible"
	case Delayed:
		return "delayed"
	case InFlight:
		return "in flight"
	}
	return "invalid state"
}

// A QueueRef names one instance of a queue.
type QueueRef struct {
	ID   QueueID
	Name string
}

// An Info is what is known of a message that is in a queue. Its instants are in
// the broker's time, which is ahead of a clock that was set back.
//
// Body and Attributes belong to whoever got the Info: they are copies.
type Info struct {
	ID              MessageID
	Sequence        uint64 // grows with each arrival in the queue; starts anew nowhere
	Body            []byte
	Attributes      map[string]Value // nil if the message has none
	Group           string
	DeduplicationID string
	State           State
	SentAt          time.Time // when the sender's call was decided; kept by dead-lettering
	FirstReceivedAt time.Time // the zero time until the first receive
	VisibleAt       time.Time // when it became, or will become, visible
	ReceiveCount    int       // receives so far; kept by dead-lettering
	Origin          QueueRef  // the queue that it was dead-lettered from; zero if none

	// Schedule and NominalAt name the occurrence of a schedule that the message
	// is; zero if it is none. They are kept wherever the message goes.
	Schedule  ScheduleID
	NominalAt time.Time // of the wall clock
}

// Clone returns a copy that shares nothing with i.
func (i Info) Clone() Info {
	i.Body = bytes.Clone(i.Body)
	i.Attributes = maps.Clone(i.Attributes)
	return i
}

// A Receipt identifies one delivery of one message, opened: the broker seals
// and opens the handles that consumers hold.
type Receipt struct {
	Message MessageID

	// Generation grows with every delivery of the message, and also when it
	// changes queues. Deliveries of one message never repeat a generation, nor
	// go below an earlier one, not even when a crash forgot the earlier: an
	// engine that can forget a receive must raise all generations when it opens
	// (for instance with a random epoch in the high bits). Consumers see it as
	// the fencing number.
	Generation uint64

	// Nonce is random for each delivery, so that a receipt from before a crash
	// or from before a backup was restored is not taken for a later one.
	Nonce uint64
}

// A Delivery is a message that a receive handed out, with its receipt.
type Delivery struct {
	Info // State is InFlight, and VisibleAt is when the visibility timeout ends
	Receipt
}

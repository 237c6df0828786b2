package queue

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A Profile holds the limits and defaults of a broker as data. The zero Profile
// is of no use: start from [Core], [SQS], [YMQ] or [CMQ].
//
// Ranges include both ends. What no profile changes: message attribute names
// are 1 to 256 letters, digits, "_", "-" and ".", with no dot at an end and no
// two dots in a row; string values are valid UTF-8; numbers are decimal.
type Profile struct {
	Name string

	// Queue names are 1 to MaxName letters, digits, "-" and "_"; or anything but
	// control characters in valid UTF-8 if AnyName is set.
	MaxName     int
	AnyName     bool
	LetterFirst bool // a name begins with a letter
	FoldCase    bool // names are compared, and kept, in lower case
	FIFOSuffix  bool // names of FIFO queues, and only theirs, end in ".fifo"

	// MaxBatch limits the entries of one call, and the messages of one receive.
	MaxBatch int

	// MaxWaiters limits the receives that wait on one queue at a time.
	MaxWaiters int

	MinVisibility, MaxVisibility time.Duration
	MinRetention, MaxRetention   time.Duration // a retention of 0, for ever, needs MinRetention 0
	MaxDelay                     time.Duration // of a message and of a queue; 0: no limit
	MaxWait                      time.Duration
	MinBody                      int // bytes of a message body
	MinMessageBytes              int // the range of the attribute MaxMessageBytes
	MaxMessageBytes              int
	MaxReceives                  int // of a dead-letter policy
	MaxAttributes                int // of one message
	MaxGroup                     int // bytes of a group or deduplication ID

	// TextOnly refuses bodies and string values that XML cannot carry, and
	// groups and deduplication IDs that are not printable ASCII without spaces.
	// Without it, bodies, groups and deduplication IDs are any bytes.
	TextOnly bool

	// MaxMoveRate limits the messages that a move task moves in a second, and
	// MaxMoveDuration is how long it may run if it does not say. Zero: no limit.
	MaxMoveRate     int
	MaxMoveDuration time.Duration

	// MaxSchedules limits the schedules that are active at a time. Zero: no limit.
	MaxSchedules int

	// Standard and FIFO are the attributes of a queue that is created without
	// any.
	Standard, FIFO driver.Attributes
}

const day = 24 * time.Hour

// Core returns the default profile: what fits into the process is allowed.
func Core() *Profile {
	attributes := Attributes{
		VisibilityTimeout:   30 * time.Second,
		MaxVisibility:       12 * time.Hour,
		Retention:           4 * day,
		MaxMessageBytes:     1 << 20,
		MaxMessages:         100_000_000,
		MaxBytes:            16 << 30,
		MaxInFlight:         10_000_000,
		DeduplicationWindow: 5 * time.Minute,
	}
	fifo := attributes
	fifo.FIFO = true
	return &Profile{
		Name:            "core",
		MaxName:         256,
		AnyName:         true,
		MaxBatch:        10_000,
		MaxWaiters:      100_000,
		MaxVisibility:   100 * 365 * day,
		MaxRetention:    100 * 365 * day,
		MaxWait:         100 * 365 * day,
		MaxMessageBytes: 1 << 30,
		MaxReceives:     1_000_000,
		MaxAttributes:   100,
		MaxGroup:        256,
		MaxMoveDuration: 36 * time.Hour,
		MaxSchedules:    1_000_000,
		Standard:        attributes,
		FIFO:            fifo,
	}
}

// SQS returns the limits of Amazon SQS, by its API Reference (SendMessage,
// SetQueueAttributes, ReceiveMessage, StartMessageMoveTask).
func SQS() *Profile {
	p := Core()
	p.Name = "sqs"
	p.MaxName, p.AnyName, p.FIFOSuffix = 80, false, true
	p.MaxBatch = 10
	p.MaxVisibility = 12 * time.Hour
	p.MinRetention, p.MaxRetention = time.Minute, 14*day
	p.MaxDelay = 15 * time.Minute
	p.MaxWait = 20 * time.Second
	p.MinBody = 1
	p.MinMessageBytes, p.MaxMessageBytes = 1<<10, 1<<20
	p.MaxReceives = 1000
	p.MaxAttributes = 10
	p.MaxGroup = 128
	p.MaxMoveRate = 500
	p.TextOnly = true
	p.Standard.MaxInFlight, p.FIFO.MaxInFlight = 120_000, 120_000
	p.Standard.RetainFromSend = true
	p.FIFO.ReceiptPolicy = Strict
	return p
}

// YMQ returns the limits of Yandex Message Queue, by its page "Quotas and
// limits".
func YMQ() *Profile {
	p := SQS()
	p.Name = "ymq"
	p.MinMessageBytes, p.MaxMessageBytes = 1, 256<<10
	for _, a := range []*Attributes{&p.Standard, &p.FIFO} {
		a.MaxMessageBytes = 256 << 10
		a.RefuseLateChange = true
	}
	p.Standard.ReceiptPolicy = Any
	p.FIFO.ReceiptPolicy = Latest
	p.FIFO.MaxInFlight = 20_000
	return p
}

// CMQ returns the limits of Tencent Cloud CMQ, by its pages "Creating Queues",
// "SendMessage" and "BatchDeleteMessage".
func CMQ() *Profile {
	p := Core()
	p.Name = "cmq"
	p.MaxName, p.AnyName, p.LetterFirst, p.FoldCase = 64, false, true, true
	p.MaxBatch = 16
	p.MinVisibility, p.MaxVisibility = time.Second, 12*time.Hour
	p.MinRetention, p.MaxRetention = time.Minute, 15*day
	p.MaxDelay = time.Hour
	p.MaxWait = 30 * time.Second
	p.MinBody = 1
	p.MinMessageBytes, p.MaxMessageBytes = 1<<10, 64<<10
	p.MaxReceives = 1000
	p.TextOnly = true
	for _, a := range []*Attributes{&p.Standard, &p.FIFO} {
		a.MaxMessageBytes = 64 << 10
		a.ReceiptPolicy = Strict
	}
	return p
}

func (p *Profile) defaults(fifo bool) Attributes {
	if fifo {
		return p.FIFO
	}
	return p.Standard
}

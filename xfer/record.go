package xfer

import (
	"time"

	"github.com/redriveq/redrive/queue"
)

// A Record is a message that travels to another broker, as it stood at home. Its
// instants are those of the wall clock of the broker that it comes from; the
// zero time stands for what is not known.
//
// A record that is given to a [Target] belongs to it.
type Record struct {
	ID    queue.MessageID // in the broker that it comes from
	Node  string          // which that is: see [queue.Broker.Node]
	Queue string          // the name of its home, and of the queue that it goes to

	Body            []byte
	Attributes      map[string]queue.Value
	Group           string
	DeduplicationID string

	SentAt          time.Time
	FirstReceivedAt time.Time // the zero time if it never was
	VisibleAt       time.Time // an instant in the past: at once
	RetainFrom      time.Time // from when its retention counts
	ReceiveCount    int

	// Hops counts the brokers that the message has left, that of Node included.
	Hops int
}

const (
	// MaxHops is how many brokers a message can have left; a receiver refuses one
	// with more, so that brokers that drain into each other come to an end.
	MaxHops = 16

	// Remember is for how long a receiver recognizes a record that it has accepted.
	Remember = 24 * time.Hour
)

// newRecord returns the record of a message that was received from a transfer
// queue.
func newRecord(b *queue.Broker, node string, d *queue.Delivery, l *queue.Ledger) Record {
	return Record{
		ID:              d.ID,
		Node:            node,
		Queue:           l.Home.Name,
		Body:            d.Body,
		Attributes:      d.Attributes,
		Group:           d.Group,
		DeduplicationID: d.DeduplicationID,
		SentAt:          b.WallTime(d.SentAt),
		FirstReceivedAt: b.WallTime(d.FirstReceivedAt),
		VisibleAt:       b.WallTime(l.VisibleAt),
		RetainFrom:      b.WallTime(l.RetainFrom),
		ReceiveCount:    l.ReceiveCount,
		Hops:            l.Hops + 1,
	}
}

// key names the record among all that ever arrive anywhere.
func (r *Record) key() string { return r.Node + "/" + r.ID.String() }

// arrival returns what the receiving broker takes in.
func (r *Record) arrival() queue.Arrival {
	return queue.Arrival{
		Message: queue.Message{
			Body:            r.Body,
			Attributes:      r.Attributes,
			Group:           r.Group,
			DeduplicationID: r.DeduplicationID,
			At:              r.VisibleAt,
		},
		Key:             r.key(),
		Remember:        Remember,
		SentAt:          r.SentAt,
		FirstReceivedAt: r.FirstReceivedAt,
		RetainFrom:      r.RetainFrom,
		ReceiveCount:    r.ReceiveCount,
		Hops:            r.Hops,
	}
}

package driver

import (
	"context"
	"time"
)

// Transfers is the part of an engine that changes where waiting messages wait,
// and puts them back.
//
// A message that is transferred waits in another queue of the engine. It is
// under transfer from then on: the engine keeps with it a ledger of how it stood
// before the first transfer, however often it is transferred on, and restoring
// it puts it back exactly so. Consumers never see the ledger. It ends when the
// message is restored, or leaves the queue in any other way: deleted, expired,
// purged, cancelled, dead-lettered, or moved by a move task.
//
// A queue at home does not wait for its messages under transfer: it goes on
// handing out others, also of the same group.
type Transfers interface {
	// Transfer looks at messages of one queue by sequence, after t.After up to
	// t.UpTo, at up to t.Look of them, and transfers up to t.Max of those that are
	// visible or delayed and that the filter means. With DryRun it only counts.
	//
	// A message is transferred by one change: it is in exactly one of the two
	// queues for every observer. It keeps its ID, content, origin, and the
	// instants of its send and first receive, and the count of receives that
	// consumers see; those that a dead-letter policy counts start anew. It gets
	// the next sequence of t.To, its retention counts from the same instant as
	// before, and its generation grows, so that earlier receipts do nothing. It is
	// visible in t.To when it was, or would have become, visible in its queue, or
	// at once with AtOnce, whatever the queue's delay. Its ledger names t.Task. If
	// it was under transfer before, the rest of the ledger stays.
	//
	// A message under transfer whose home is t.To itself is not transferred, but
	// restored there with its due time kept.
	//
	// If a message has no room in t.To, the transfer ends before it, with Full
	// set. Size limits and deduplication are not looked at.
	//
	// It returns [ErrNoQueue] if t.From does not exist, [ErrNoDestination] if t.To
	// does not, and [ErrInvalid] if they are the same queue or not of the same
	// kind, FIFO or standard.
	Transfer(ctx context.Context, now time.Time, t Transfer) (Transferred, error)

	// Restore looks at messages of the queue r.From like Transfer, and puts back
	// up to r.Max of those that are under transfer by r.Task, or by any task if
	// that is zero, and, if r.Messages is not nil, whose IDs it names. What is in
	// flight is counted and not touched.
	//
	// A message is put back by one change. At home it has the sequence that it
	// had, and therefore in a FIFO queue its place, the receive counts, the
	// group, and everything else that it had before the first transfer, except
	// that its generation grows, and that a cancel is too late if it was received
	// away from home. It becomes visible when it would have: at the
	// instant that its ledger says, or at once with DueNow, in which case that is
	// now. In a standard queue it stands in the line of its group before the first
	// message that became visible after it did, or in the same instant with a
	// higher sequence; with DueNow, at the end. A group that had nothing
	// visible joins the rotation at its end. A message whose
	// retention is over is gone when it comes home, like any other.
	//
	// A message whose home does not exist any more, or has no room, stays under
	// transfer and is counted.
	//
	// It returns [ErrNoQueue] if r.From does not exist.
	Restore(ctx context.Context, now time.Time, r Restore) (Restored, error)

	// ReceiveTransfers is a Receive by whoever carries messages on. It also
	// returns the ledger of each message that it hands out, in the same order; the
	// zero Ledger for one that is not under transfer. To be carried is not to be
	// received: receive counts and the instant of the first receive stay as they
	// are, no dead-letter policy is looked at, and the message can be cancelled
	// again once it is not in flight.
	ReceiveTransfers(ctx context.Context, now time.Time, queue QueueID, r Receive) (Received, []Ledger, error)

	// Accept adds messages that come from another broker, with their history. It
	// is a Send, except that deduplication IDs are kept and not looked at, and
	// that an arrival is a [Duplicate] if one with its key was accepted by this
	// queue, for as long as that one's Remember says. A key is remembered
	// whatever becomes of the message, also through a purge, while the queue
	// exists.
	Accept(ctx context.Context, now time.Time, queue QueueID, arrivals []Arrival) ([]SendResult, error)
}

// A Transfer says what to transfer.
type Transfer struct {
	Task     TaskID // not zero
	From, To QueueID
	Filter   Filter
	After    uint64 // the sequence after which to begin; 0: at the start
	UpTo     uint64 // the last sequence to look at; 0: the highest that From has given out
	Max      int    // how many to transfer; at least 0
	Look     int    // how many to look at; at least 0
	AtOnce   bool
	DryRun   bool // To may be zero; whether it has room is not looked at
}

// A Transferred says what a call of Transfer did.
type Transferred struct {
	Messages []Rebind // what was transferred, or with DryRun would be, by sequence; those restored have Home set
	Progress
	Full bool // To has no room for the next message
}

// A Restore says what to restore.
type Restore struct {
	Task     TaskID // zero: any
	From     QueueID
	Messages []MessageID // nil: any; must not change during the call
	After    uint64      // as for Transfer
	UpTo     uint64
	Max      int
	Look     int
	DueNow   bool
}

// A Restored says what a call of Restore did.
type Restored struct {
	Messages []Rebind // what was restored, by sequence
	Progress
	InFlight int // were meant, and are in flight
	NoHome   int // were meant, and have no home any more
	NoRoom   int // were meant, and find no room at home
}

// Progress says how far a call came that looks at messages by sequence.
type Progress struct {
	Last uint64 // the sequence of the last message that was looked at; After if none was
	UpTo uint64 // what the call's UpTo was, or the highest sequence in its stead
	Done bool   // no message after Last and up to UpTo is in the queue
}

// A Rebind is one message that changed queues.
type Rebind struct {
	ID       MessageID
	From, To QueueRef
	Home     bool // it is back home, and no longer under transfer
}

// A Ledger says how a message stood before its first transfer. The zero Ledger
// is that of a message that is not under transfer.
type Ledger struct {
	Task         TaskID   // that transferred it last
	Home         QueueRef // the queue in which it was
	VisibleAt    time.Time
	ReceiveCount int
	RetainFrom   time.Time // from when its retention counts
	Hops         int       // how many brokers it has come through
}

// An Arrival is a message that comes from another broker.
type Arrival struct {
	Message // At is when it becomes visible, in broker time; the zero time means at once. Delay is nil.

	// Key names the message among all that ever arrive.
	Key      string
	Remember time.Duration // above zero

	// SentAt, FirstReceivedAt and RetainFrom are in broker time; the zero time
	// means now, never, and now.
	SentAt          time.Time
	FirstReceivedAt time.Time
	RetainFrom      time.Time

	ReceiveCount int // that consumers see; the dead-letter policy counts from zero
	Hops         int
}

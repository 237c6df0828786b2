package queue

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redriveq/redrive/queue/driver"
)

// Node names the broker's store among all others, in 32 hexadecimal digits. It
// stays the same as long as the store does.
func (b *Broker) Node() string { return b.node }

// nodeOf returns the name of the store that has those secrets. The last one is
// the first that it ever had.
func nodeOf(secrets [][]byte) string {
	mac := hmac.New(sha256.New, secrets[len(secrets)-1])
	mac.Write([]byte("redrive node"))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// transferPrefixes begin the names of transfer queues, of standard and of FIFO
// ones. No other queue's name begins so.
var transferPrefixes = [2]string{"xfer:", "xfer-fifo:"}

// IsTransferQueue reports whether a queue of that name is one of those that
// [Broker.TransferQueue] returns.
func IsTransferQueue(name string) bool {
	return slices.ContainsFunc(transferPrefixes[:], func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// TransferQueue returns the queue in which messages wait that are on their way
// to a place outside the broker, of the given kind; it is created if it does
// not exist. Its name is "xfer:" or "xfer-fifo:" and the target's. Nothing limits
// or expires what waits there, and consumers have no business with it.
//
// A target's name is 1 to 256 bytes of UTF-8 without control characters, in
// every profile; else the error is an *[InvalidError].
func (b *Broker) TransferQueue(ctx context.Context, target string, fifo bool) (*Queue, error) {
	name := transferPrefixes[0] + target
	if fifo {
		name = transferPrefixes[1] + target
	}
	if target == "" || len(target) > 256 || !utf8.ValidString(target) || strings.ContainsFunc(target, isControl) {
		return nil, fail("open", name, driver.Invalid("transfer target", "%q is not 1 to 256 bytes of UTF-8 without control characters", target))
	}
	var info QueueInfo
	err := b.call(ctx, func(r reading) (err error) {
		info, err = b.engine.LookupQueue(ctx, name)
		if !errors.Is(err, ErrNoQueue) {
			return err
		}
		base := Attributes{FIFO: fifo, VisibilityTimeout: 5 * time.Minute}
		info, _, err = b.engine.CreateQueue(ctx, r.now, name, base, Patch{})
		return err
	})
	if err != nil {
		return nil, fail("open", name, err)
	}
	return b.handle(info), nil
}

// Transfer lets messages that wait in one queue wait in another, as [Transfer]
// says, from where [Broker.Restore] puts them back. It is one bounded step, which
// goes on where Last of the answer says until it is Done; package xfer makes
// transfers of it. What is in flight is not touched.
//
// The error is [ErrNoQueue], [ErrNoDestination], or an *[InvalidError] if the
// queues are the same or not of one kind.
func (b *Broker) Transfer(ctx context.Context, t Transfer) (moved Transferred, err error) {
	const op = "transfer"
	if err := steps(t.Max, t.Look); err != nil {
		return Transferred{}, fail(op, "", err)
	}
	if t.Task == (TaskID{}) {
		return Transferred{}, fail(op, "", driver.Invalid("task ID", "zero"))
	}
	err = b.do(ctx, op, func(now time.Time) error {
		moved, err = b.engine.Transfer(ctx, now, t)
		return err
	})
	if !t.DryRun {
		b.arrived(moved.Messages)
	}
	return moved, err
}

// Restore puts messages back that are under transfer, as [Restore] says: each
// is then as it was before its first transfer, in its old place. It is one
// bounded step, like [Broker.Transfer]. The error is [ErrNoQueue] or an
// *[InvalidError].
func (b *Broker) Restore(ctx context.Context, r Restore) (restored Restored, err error) {
	const op = "restore"
	if err := steps(r.Max, r.Look); err != nil {
		return Restored{}, fail(op, "", err)
	}
	err = b.do(ctx, op, func(now time.Time) error {
		restored, err = b.engine.Restore(ctx, now, r)
		return err
	})
	b.arrived(restored.Messages)
	return restored, err
}

func steps(max, look int) error {
	if max < 0 || max > maxListed || look < 0 || look > maxListed {
		return driver.Invalid("number of messages", "%d of %d: not between 0 and %d", max, look, maxListed)
	}
	return nil
}

// arrived serves those who wait on queues to which messages came.
func (b *Broker) arrived(messages []Rebind) {
	var served []QueueID
	for _, m := range messages {
		if !slices.Contains(served, m.To.ID) {
			served = append(served, m.To.ID)
			b.lobby.serveQueue(m.To.ID)
		}
	}
}

// ReceiveTransfers is a receive by whoever carries messages on, from a transfer
// queue and without waiting: each message comes with its ledger, which is zero
// if the message is not under transfer. Nothing is counted as received, and
// nothing goes to a dead-letter queue. The instants are in broker time, see
// [Broker.WallTime].
func (q *Queue) ReceiveTransfers(ctx context.Context, max int, visibility time.Duration) ([]Delivery, []Ledger, error) {
	const op = "receive transfers"
	if max < 1 || max > maxListed {
		return nil, nil, fail(op, q.name, driver.Invalid("number of messages", "%d is not between 1 and %d", max, maxListed))
	}
	if err := q.broker.profile.visibility(visibility, 0); err != nil {
		return nil, nil, fail(op, q.name, err)
	}
	var got driver.Received
	var ledgers []Ledger
	err := q.do(ctx, op, func(now time.Time) (err error) {
		got, ledgers, err = q.broker.engine.ReceiveTransfers(ctx, now, q.id, driver.Receive{Max: max, Visibility: &visibility})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return q.seal(got.Deliveries), ledgers, nil
}

// WallTime returns the instant of the wall clock that an instant in broker time
// is, as of now: the two differ where the clock was set back.
func (b *Broker) WallTime(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	r := b.now()
	return shift(r.wall, r.now, at)
}

// Accept adds messages that come from another broker, with their history: see
// [Arrival], whose instants are here those of the wall clock. If one with its Key
// was accepted before, for as long as that one's Remember says, an arrival is
// answered as a duplicate, with the ID of that one. What has happened, by a clock
// that is ahead of this one, only later than now, has happened now.
func (q *Queue) Accept(ctx context.Context, arrivals []Arrival) ([]SendResult, error) {
	const op = "accept"
	if len(arrivals) > maxListed {
		return nil, fail(op, q.name, driver.Invalid("number of messages", "%d are above the limit of %d", len(arrivals), maxListed))
	}
	results := make([]SendResult, len(arrivals))
	var valid []Arrival
	var places []int
	err := q.doAt(ctx, op, func(r reading) error {
		for i, a := range arrivals {
			if results[i].Err = q.broker.profile.arrival(&a); results[i].Err == nil {
				valid, places = append(valid, inBrokerTime(a, r)), append(places, i)
			}
		}
		sent, err := q.broker.engine.Accept(ctx, r.now, q.id, valid)
		for i, s := range sent {
			results[places[i]] = sendResult(s, &valid[i].Message)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// arrival reports what is wrong with an arrival. Delays have no horizon here,
// since the message has waited elsewhere.
func (p *Profile) arrival(a *Arrival) error {
	switch {
	case a.Key == "" || len(a.Key) > 256:
		return driver.Invalid("key", "%d bytes are not between 1 and 256", len(a.Key))
	case a.Remember <= 0:
		return driver.Invalid("remembered", "%v", a.Remember)
	case a.Delay != nil:
		return driver.Invalid("delay", "an arrival is due at an instant")
	case a.ReceiveCount < 0 || a.Hops < 0:
		return driver.Invalid("counts", "%d receives, %d hops", a.ReceiveCount, a.Hops)
	}
	for _, at := range []time.Time{a.SentAt, a.FirstReceivedAt, a.RetainFrom} {
		if at.After(lastInstant) {
			return driver.Invalid("instant", "after the year 9999")
		}
	}
	return p.message(&a.Message)
}

func inBrokerTime(a Arrival, r reading) Arrival {
	if !a.At.IsZero() {
		a.At = r.brokerTime(a.At)
	}
	for _, at := range []*time.Time{&a.SentAt, &a.FirstReceivedAt, &a.RetainFrom} {
		if at.After(r.wall) { // by a clock that is ahead of this one
			*at = r.now
		} else if !at.IsZero() {
			*at = shift(r.now, r.wall, at.Round(0).UTC())
		}
	}
	return a
}

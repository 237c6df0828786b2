package xfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/redriveq/redrive/queue"
)

// A Target is a place outside the broker that accepts messages.
//
// A Manager makes one call of Send at a time for each kind of queue, FIFO and
// standard, of which it has messages for the target; so a target must be safe
// for two calls at once, and for many if several Managers use it.
type Target interface {
	// Name names the target, among all that a broker ever transfers to, in 1 to
	// 1024 bytes of UTF-8 without control characters. It stands in logs, so it must
	// hold no secret. Targets with the same name are one target, of which the one
	// that was given to [Manager.Start] last is used.
	Name() string

	// Send offers records, at least one, and returns what became of them, in their
	// order. The results may be those of a prefix: the others were not tried, and
	// are offered again. An error says that nothing is known of the records without
	// a result; they are offered again, after a pause. So a record may come that was
	// accepted before, and must then be answered as accepted, with the ID that it
	// got. A target that keeps the order of a FIFO queue must not accept a record
	// behind one that it has not accepted and not refused.
	//
	// The context ends when the target has had its time. A Send that goes on
	// nevertheless keeps the target from being offered anything more; what it
	// returns late still counts.
	Send(ctx context.Context, records []Record) ([]Result, error)
}

// A Result says what became of one record. Err is nil if the target has accepted
// it, and is [ErrRefused] to errors.Is if it never will. Any other error means
// that it has not been accepted now, and nothing is known of those after it.
type Result struct {
	ID  queue.MessageID // in the target; zero if it does not say
	Err error
}

// ToBroker returns a target that is another broker of the process.
func ToBroker(b *queue.Broker) Target { return brokerTarget{b} }

type brokerTarget struct{ broker *queue.Broker }

func (t brokerTarget) Name() string { return "broker:" + t.broker.Node() }

func (t brokerTarget) Send(ctx context.Context, records []Record) ([]Result, error) {
	return accept(ctx, t.broker, records)
}

// accept takes records into a broker, in order, until one finds no room.
func accept(ctx context.Context, b *queue.Broker, records []Record) ([]Result, error) {
	r := receiver{broker: b, node: b.Node(), doors: make(map[string]door)}
	results := make([]Result, 0, len(records))
	for len(results) < len(records) {
		got, err := r.acceptRun(ctx, records[len(results):])
		results = append(results, got...)
		if err != nil {
			return results, err
		}
	}
	return results, nil
}

// A receiver takes in the records of one call.
type receiver struct {
	broker *queue.Broker
	node   string
	doors  map[string]door
}

// A door is the queue of one name, or why there is none.
type door struct {
	queue *queue.Queue
	fifo  bool
	err   error
}

// maxRun is how many records the broker is given at once.
const maxRun = 1000

// acceptRun takes in at least the first record, and those after it that go to
// the same queue. A FIFO queue gets one at a time: if it were full for a large
// one, a small one behind it could find room.
func (r *receiver) acceptRun(ctx context.Context, records []Record) ([]Result, error) {
	first := &records[0]
	if err := r.check(first); err != nil {
		return []Result{{Err: err}}, nil
	}
	d := r.open(ctx, first.Queue)
	if d.err != nil {
		return refused(d.err)
	}
	run := []queue.Arrival{first.arrival()}
	for i := 1; !d.fifo && i < min(len(records), maxRun) && records[i].Queue == first.Queue && r.check(&records[i]) == nil; i++ {
		run = append(run, records[i].arrival())
	}
	sent, err := d.queue.Accept(ctx, run)
	if err != nil {
		return nil, err
	}
	return outcomes(sent)
}

// check reports why a record cannot come in, whatever its queue says.
func (r *receiver) check(record *Record) error {
	switch {
	case record.Node == "":
		return refusal("it does not say where it comes from")
	case record.Node == r.node:
		return refusal("it comes from this broker")
	case record.Hops > MaxHops:
		return refusal("it has left %d brokers, the limit is %d", record.Hops, MaxHops)
	case queue.IsTransferQueue(record.Queue):
		return refusal("queue %q is a transfer queue", record.Queue)
	}
	return nil
}

// open returns the queue of that name.
func (r *receiver) open(ctx context.Context, name string) door {
	d, known := r.doors[name]
	if known {
		return d
	}
	if d.queue, d.err = r.broker.Queue(ctx, name); d.err == nil {
		var info queue.QueueInfo
		info, d.err = d.queue.Info(ctx)
		d.fifo = info.Attributes.FIFO
	}
	r.doors[name] = d
	return d
}

// refused returns the result of a record that the error keeps out for good, or
// the error if it may pass.
func refused(err error) ([]Result, error) {
	if errors.Is(err, queue.ErrNoQueue) || errors.Is(err, queue.ErrInvalid) {
		return []Result{{Err: refusal("%v", cause(err))}}, nil
	}
	return nil, err
}

// outcomes returns results up to the first message that may be accepted later.
func outcomes(sent []queue.SendResult) (results []Result, err error) {
	for _, s := range sent {
		switch {
		case s.Err == nil:
			results = append(results, Result{ID: s.ID})
		case errors.Is(s.Err, queue.ErrInvalid):
			results = append(results, Result{Err: refusal("%v", cause(s.Err))})
		default:
			return results, fmt.Errorf("not accepted now: %w", s.Err)
		}
	}
	return results, nil
}

// cause returns the error without what was being done.
func cause(err error) error {
	if e, ok := errors.AsType[*queue.Error](err); ok {
		return e.Err
	}
	return err
}

package queue

import (
	"context"
	"iter"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/receipt"
)

// Receive returns up to o.Max messages and hides them from other receives for
// their visibility timeout. If there is none it waits, at most for o.Wait, and
// then returns none and no error.
//
// Receives that wait are served in the order in which they began to wait, each
// as soon as there is a message for it: by a send, the end of a delay or of a
// visibility timeout, a change of visibility, a message group that becomes
// free, an arrival from another queue, or a change of attributes. If the
// context ends while it waits, Receive returns the context's cause and has
// taken no message. A receive whose message is already being handed over
// returns it, and no error.
//
// From a standard queue that is at its in-flight limit Receive returns
// [ErrInFlightLimit] at once.
func (q *Queue) Receive(ctx context.Context, o *ReceiveOptions) ([]Delivery, error) {
	const op = "receive"
	r, err := q.broker.profile.receive(o)
	if err != nil {
		return nil, fail(op, q.name, err)
	}
	got, err := q.receive(ctx, r, o)
	if err != nil {
		return nil, fail(op, q.name, err)
	}
	return q.seal(got), nil
}

func (q *Queue) receive(ctx context.Context, r driver.Receive, o *ReceiveOptions) ([]driver.Delivery, error) {
	b := q.broker
	if b.lobby.firing.pending.Load() {
		b.lobby.catchUpOn(q.line, b.now().now)
	}
	alone := q.line.waiting.Load() == 0
	var wait time.Duration
	if alone {
		got, err := b.receive(ctx, q.line, r)
		if err != nil || len(got.Deliveries) > 0 {
			return got.Deliveries, err
		}
		wait = got.DefaultWait
	} else {
		a, err := q.attributes(ctx)
		if err != nil {
			return nil, err
		}
		if r.Visibility != nil && a.MaxVisibility > 0 && *r.Visibility > a.MaxVisibility {
			return nil, driver.Invalid("visibility timeout", "%v is above the queue's cap of %v", *r.Visibility, a.MaxVisibility)
		}
		wait = a.ReceiveWait
	}
	if o != nil && o.Wait != nil {
		wait = *o.Wait
	}
	if alone && wait == 0 {
		return nil, nil
	}
	return b.lobby.wait(ctx, q.line, r, wait)
}

func (q *Queue) attributes(ctx context.Context) (a Attributes, err error) {
	err = q.broker.call(ctx, func(reading) error {
		info, err := q.broker.engine.Queue(ctx, q.id)
		a = info.Attributes
		return err
	})
	return a, err
}

func (q *Queue) seal(got []driver.Delivery) []Delivery {
	deliveries := make([]Delivery, len(got))
	for i, d := range got {
		handle := q.broker.sealer.Seal(receipt.Receipt{
			Queue:      uint64(q.id),
			Message:    d.Message,
			Generation: d.Generation,
			Nonce:      d.Nonce,
		})
		deliveries[i] = Delivery{Info: d.Info, Receipt: handle, Fence: d.Generation}
	}
	return deliveries
}

// Deliveries returns the messages of the queue one after the other, for a range
// loop. With o.Wait nil it goes on until the context ends, and the last pair
// holds the context's cause; with o.Wait set it ends when a receive has waited
// that long for nothing, so that a Wait of zero drains what is there. Another
// error is the last pair too.
//
// With o.Max above one, messages are received ahead. When the loop is left
// early, those that it has not seen are released: see [Queue.ReleaseMany].
func (q *Queue) Deliveries(ctx context.Context, o *ReceiveOptions) iter.Seq2[Delivery, error] {
	options := ReceiveOptions{}
	if o != nil {
		options = *o
	}
	forever := options.Wait == nil
	if forever {
		options.Wait = new(q.broker.profile.MaxWait)
	}
	return func(yield func(Delivery, error) bool) {
		for {
			got, err := q.Receive(ctx, &options)
			if err != nil {
				yield(Delivery{}, err)
				return
			}
			if len(got) == 0 && !forever {
				return
			}
			for i, d := range got {
				if !yield(d, nil) {
					q.release(context.WithoutCancel(ctx), got[i+1:])
					return
				}
			}
		}
	}
}

func (q *Queue) release(ctx context.Context, unseen []Delivery) {
	receipts := make([]string, len(unseen))
	for i, d := range unseen {
		receipts[i] = d.Receipt
	}
	// What cannot be released comes back when its visibility timeout ends.
	_, _ = q.ReleaseMany(ctx, receipts)
}

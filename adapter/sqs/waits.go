package sqs

import (
	"context"
	"errors"
	"time"

	"github.com/redriveq/redrive/queue"
)

// waits are the receives that wait: a slot each, as many as there may be at a
// time, over all queues.
type waits chan struct{}

// newWaits returns waits of which at most so many are taken; zero means 10,000.
func newWaits(most int) waits {
	if most == 0 {
		most = 10_000
	}
	return make(waits, most)
}

// acquire takes a slot if one is free; release gives it back.
func (w waits) acquire() bool {
	select {
	case w <- struct{}{}:
		return true
	default:
		return false
	}
}

func (w waits) release() { <-w }

// receive receives, and waits for messages as the options say if a slot is free;
// if none is, or too many wait on the queue, it returns none at once.
//
// The context is the request's and ends when the client goes away. Messages that
// were handed over by then are given back as if they had not been received, so a
// client that is gone has taken nothing. One that goes while its answer is under
// way cannot be told from one that has it.
func (w waits) receive(ctx context.Context, q *queue.Queue, o *queue.ReceiveOptions) ([]queue.Delivery, error) {
	atOnce := *o
	atOnce.Wait = new(time.Duration(0))
	deliveries, err := q.Receive(ctx, &atOnce)
	if err == nil && len(deliveries) == 0 && (o.Wait == nil || *o.Wait > 0) {
		deliveries, err = w.wait(ctx, q, o)
	}
	if len(deliveries) > 0 && ctx.Err() != nil {
		giveBack(context.WithoutCancel(ctx), q, deliveries)
		return nil, context.Cause(ctx)
	}
	return deliveries, err
}

func (w waits) wait(ctx context.Context, q *queue.Queue, o *queue.ReceiveOptions) ([]queue.Delivery, error) {
	if !w.acquire() {
		return nil, nil
	}
	defer w.release()
	deliveries, err := q.Receive(ctx, o)
	if errors.Is(err, queue.ErrTooManyWaiters) {
		return nil, nil
	}
	return deliveries, err
}

func giveBack(ctx context.Context, q *queue.Queue, deliveries []queue.Delivery) {
	receipts := make([]string, len(deliveries))
	for i := range deliveries {
		receipts[i] = deliveries[i].Receipt
	}
	// What cannot be given back comes back when its visibility timeout ends.
	_, _ = q.ReleaseMany(ctx, receipts)
}

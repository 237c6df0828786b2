package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redriveq/redrive/queue"
)

// Causes for which the context of a piece of work ends.
var (
	errTooLong = errors.New("the work took too long")
	errLost    = errors.New("the order was lost to somebody else")
)

// Consume works on orders until ctx ends. It returns when every worker has
// deleted, put off or released the order that it had in hand.
func (s *Service) Consume(ctx context.Context) {
	var workers sync.WaitGroup
	for range s.Workers {
		workers.Go(func() {
			for d, err := range s.orders.Deliveries(ctx, nil) {
				if err != nil {
					s.Logger.Info("worker stops", "cause", err)
					return
				}
				s.handle(ctx, d)
			}
		})
	}
	workers.Wait()
}

// handle works on one order, and then settles it.
func (s *Service) handle(ctx context.Context, d queue.Delivery) {
	working, letGo := s.hold(ctx, d)
	worked := s.work(working, d)
	letGo()
	settled := s.settle(ctx, d, worked)
	if worked != nil || settled != nil {
		s.Logger.Warn("order not done", "id", d.ID, "receives", d.ReceiveCount, "work", worked, "settle", settled)
	}
}

func (s *Service) work(ctx context.Context, d queue.Delivery) error {
	var o Order
	if err := json.Unmarshal(d.Body, &o); err != nil {
		return err
	}
	return s.Work(ctx, o)
}

// settle says what becomes of an order: done work deletes it, work that the end
// of the service interrupted releases it, and work that failed puts it off. Of
// an order that was lost the queue refuses all three.
func (s *Service) settle(ctx context.Context, d queue.Delivery, worked error) error {
	stopped := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	switch {
	case worked == nil:
		return s.orders.Delete(ctx, d.Receipt)
	case stopped:
		return s.orders.Release(ctx, d.Receipt)
	}
	return s.orders.ChangeVisibility(ctx, d.Receipt, backoff(d.ReceiveCount))
}

// backoff returns how long to put off an order that was received so often:
// 1s, 2s, 4s, and at most 5 minutes.
func backoff(receives int) time.Duration {
	return min(time.Second<<min(receives-1, 10), 5*time.Minute)
}

// hold keeps the order from others while it is worked on, by extending its
// visibility timeout. The context is for the work. Its deadline is one timeout
// before the queue refuses to extend any further, and it ends with errLost if
// an extension fails.
//
// letGo ends the extensions and waits for one that is under way, so that none
// comes after what the caller does with the receipt next.
func (s *Service) hold(ctx context.Context, d queue.Delivery) (working context.Context, letGo func()) {
	received := d.VisibleAt.Add(-visibility)
	limited, cancel := context.WithDeadlineCause(ctx, received.Add(longest-visibility), errTooLong)
	working, lose := context.WithCancelCause(limited)
	done := make(chan struct{})
	var extending sync.WaitGroup
	extending.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(visibility / 3):
			}
			if err := s.orders.ChangeVisibility(context.WithoutCancel(ctx), d.Receipt, visibility); err != nil {
				lose(fmt.Errorf("%w: %w", errLost, err))
				return
			}
		}
	})
	return working, func() {
		close(done)
		extending.Wait()
		lose(nil)
		cancel()
	}
}

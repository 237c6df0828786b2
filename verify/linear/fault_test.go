package linear

import (
	"context"
	"sync"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A faulty engine breaks the contract in one way, now and then.
type faulty struct {
	driver.Engine
	fault fault

	mu     sync.Mutex // guards what follows, and is held while the engine is called
	calls  int
	latest map[driver.MessageID]driver.Receipt
	last   driver.Delivery // the latest
}

// A fault is one way of being wrong. Those parts of it that are nil are right.
type fault struct {
	// receipt returns the receipt to use instead of r.
	receipt func(e *faulty, r driver.Receipt) driver.Receipt
	// deaf makes every third receive find nothing, without looking.
	deaf bool
	// received changes the answer of every third receive.
	received func(e *faulty, r *driver.Received)
	// change changes what is done to visibility.
	change func(c *driver.Change)
	// cancelled changes the outcome of a cancel.
	cancelled func(o driver.CancelOutcome) driver.CancelOutcome
	// sent changes the answer to a send.
	sent func(r []driver.SendResult)
}

func newFaulty(engine driver.Engine, f fault) *faulty {
	return &faulty{Engine: engine, fault: f, latest: make(map[driver.MessageID]driver.Receipt)}
}

// often reports whether it is time to be wrong.
func (e *faulty) often() bool {
	e.calls++
	return e.calls%3 == 0
}

func (e *faulty) Receive(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fault.deaf && e.often() {
		return driver.Received{}, nil
	}
	got, err := e.Engine.Receive(ctx, now, q, r)
	if err == nil && e.fault.received != nil && e.often() {
		e.fault.received(e, &got)
	}
	for _, d := range got.Deliveries {
		e.latest[d.Message], e.last = d.Receipt, d
	}
	return got, err
}

func (e *faulty) Delete(ctx context.Context, now time.Time, q driver.QueueID, receipts []driver.Receipt) ([]driver.DeleteResult, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fault.receipt != nil {
		for i, r := range receipts {
			receipts[i] = e.fault.receipt(e, r)
		}
	}
	return e.Engine.Delete(ctx, now, q, receipts)
}

func (e *faulty) ChangeVisibility(ctx context.Context, now time.Time, q driver.QueueID, changes []driver.Change) ([]driver.ChangeOutcome, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fault.change != nil {
		for i := range changes {
			e.fault.change(&changes[i])
		}
	}
	return e.Engine.ChangeVisibility(ctx, now, q, changes)
}

func (e *faulty) Cancel(ctx context.Context, now time.Time, q driver.QueueID, ids []driver.MessageID) ([]driver.CancelOutcome, error) {
	outcomes, err := e.Engine.Cancel(ctx, now, q, ids)
	if err == nil && e.fault.cancelled != nil {
		for i, o := range outcomes {
			outcomes[i] = e.fault.cancelled(o)
		}
	}
	return outcomes, err
}

func (e *faulty) Send(ctx context.Context, now time.Time, q driver.QueueID, messages []driver.Message) ([]driver.SendResult, error) {
	results, err := e.Engine.Send(ctx, now, q, messages)
	if err == nil && e.fault.sent != nil {
		e.fault.sent(results)
	}
	return results, err
}

package memqueue

import (
	"cmp"
	"context"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// Transfer implements [driver.Transfers].
func (e *Engine) Transfer(_ context.Context, now time.Time, t driver.Transfer) (got driver.Transferred, err error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.find(t.From)
	if err != nil {
		return driver.Transferred{}, err
	}
	if t.To != 0 || !t.DryRun {
		if _, err := e.destination(q, t.To); err != nil {
			return driver.Transferred{}, err
		}
	}
	e.beside(now, q, t.To, func(near neighbour) driver.QueueID {
		got = q.state.transfer(&t, near.state)
		return 0
	})
	return got, nil
}

// Restore implements [driver.Transfers]. Others come in between where the next
// message has another home.
func (e *Engine) Restore(_ context.Context, now time.Time, r driver.Restore) (driver.Restored, error) {
	e.catalogMu.RLock()
	defer e.catalogMu.RUnlock()
	q, err := e.find(r.From)
	if err != nil {
		return driver.Restored{}, err
	}
	var x *restoring
	e.beside(now, q, 0, func(near neighbour) driver.QueueID {
		if x == nil {
			x = q.state.newRestoring(r)
		}
		return q.state.restore(x, near)
	})
	return x.got, nil
}

// ReceiveTransfers implements [driver.Transfers].
func (e *Engine) ReceiveTransfers(_ context.Context, now time.Time, id driver.QueueID, r driver.Receive) (got driver.Received, ledgers []driver.Ledger, err error) {
	found := e.with(now, id, func(s *state) {
		got, err = s.receive(r, receiver{carries: true})
		ledgers = s.ledgers(got.Deliveries)
	})
	return got, ledgers, cmp.Or(found, err)
}

// Accept implements [driver.Transfers].
func (e *Engine) Accept(_ context.Context, now time.Time, id driver.QueueID, arrivals []driver.Arrival) ([]driver.SendResult, error) {
	results := make([]driver.SendResult, len(arrivals))
	err := e.with(now, id, func(s *state) {
		for i := range arrivals {
			results[i] = s.accept(&arrivals[i])
		}
	})
	return onSuccess(results, err)
}

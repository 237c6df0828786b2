package queue

import (
	"context"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// Delete deletes one message by receipt: [Queue.DeleteMany] of one, with the
// outcome as an error.
func (q *Queue) Delete(ctx context.Context, receipt string) error {
	results, err := q.DeleteMany(ctx, []string{receipt})
	if err != nil {
		return err
	}
	return fail("delete", q.name, results[0].Err())
}

// DeleteMany deletes messages by receipt, one after the other, and returns what
// became of each. A receipt that stands twice deletes once and finds the
// message gone the second time. What late and superseded receipts may do is the
// queue's ReceiptPolicy.
func (q *Queue) DeleteMany(ctx context.Context, receipts []string) ([]DeleteResult, error) {
	const op = "delete"
	if err := q.broker.profile.batch(len(receipts)); err != nil {
		return nil, fail(op, q.name, err)
	}
	results := make([]DeleteResult, len(receipts))
	var opened []driver.Receipt
	var places []int
	for i, handle := range receipts {
		r, refused := q.open(handle)
		if refused != 0 {
			results[i].Outcome = refused
			continue
		}
		opened, places = append(opened, r), append(places, i)
	}
	err := q.do(ctx, op, func(now time.Time) error {
		outcomes, err := q.broker.engine.Delete(ctx, now, q.id, opened)
		for i, o := range outcomes {
			results[places[i]] = DeleteResult(o)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// open returns what the handle says, or DeleteMalformed or DeleteWrongQueue.
func (q *Queue) open(handle string) (driver.Receipt, DeleteOutcome) {
	r, err := q.broker.sealer.Open(handle)
	if err != nil {
		return driver.Receipt{}, DeleteMalformed
	}
	if QueueID(r.Queue) != q.id {
		return driver.Receipt{}, DeleteWrongQueue
	}
	return driver.Receipt{Message: r.Message, Generation: r.Generation, Nonce: r.Nonce}, 0
}

// ChangeVisibility makes one message visible at now plus the timeout:
// [Queue.ChangeVisibilityMany] of one, with the outcome as an error.
func (q *Queue) ChangeVisibility(ctx context.Context, receipt string, timeout time.Duration) error {
	results, err := q.ChangeVisibilityMany(ctx, []VisibilityChange{{Receipt: receipt, Timeout: timeout}})
	if err != nil {
		return err
	}
	return fail("change visibility", q.name, results[0].Err())
}

// ChangeVisibilityMany sets new visibility timeouts, one after the other, each
// counted from now; it returns what became of each. A timeout of zero makes the
// message visible at once. The change is for this delivery only. A superseded
// receipt never changes anything; a late one hides the message again, unless
// the queue's ReceiptPolicy is Strict or RefuseLateChange is set.
func (q *Queue) ChangeVisibilityMany(ctx context.Context, changes []VisibilityChange) ([]ChangeResult, error) {
	return q.change(ctx, "change visibility", len(changes), func(i int) (string, driver.Change) {
		return changes[i].Receipt, driver.Change{Timeout: changes[i].Timeout}
	})
}

// Release gives one delivery back that was not worked on: [Queue.ReleaseMany] of
// one, with the outcome as an error.
func (q *Queue) Release(ctx context.Context, receipt string) error {
	results, err := q.ReleaseMany(ctx, []string{receipt})
	if err != nil {
		return err
	}
	return fail("release", q.name, results[0].Err())
}

// ReleaseMany gives deliveries back that were not worked on: the messages are
// visible at once, and this receive is taken out of their receive count. It is
// what a consumer does that stops with messages in hand. The receipts count as
// used: the same rules apply as for a change of visibility to zero.
func (q *Queue) ReleaseMany(ctx context.Context, receipts []string) ([]ChangeResult, error) {
	return q.change(ctx, "release", len(receipts), func(i int) (string, driver.Change) {
		return receipts[i], driver.Change{Uncount: true}
	})
}

func (q *Queue) change(ctx context.Context, op string, entries int, entry func(i int) (string, driver.Change)) ([]ChangeResult, error) {
	p := q.broker.profile
	if err := p.batch(entries); err != nil {
		return nil, fail(op, q.name, err)
	}
	results := make([]ChangeResult, entries)
	var changes []driver.Change
	var places []int
	for i := range entries {
		handle, change := entry(i)
		r, refused := q.open(handle)
		switch refused {
		case DeleteMalformed:
			results[i].Outcome = ChangeMalformed
			continue
		case DeleteWrongQueue:
			results[i].Outcome = ChangeWrongQueue
			continue
		}
		// CMQ has no change of visibility, so a least timeout is one of receives only.
		if results[i].invalid = p.visibility(change.Timeout, 0); results[i].invalid != nil {
			continue
		}
		change.Receipt = r
		changes, places = append(changes, change), append(places, i)
	}
	err := q.do(ctx, op, func(now time.Time) error {
		outcomes, err := q.broker.engine.ChangeVisibility(ctx, now, q.id, changes)
		for i, o := range outcomes {
			results[places[i]].Outcome = o
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// Cancel takes back one message that nobody has received yet, delayed or
// visible: [Queue.CancelMany] of one.
func (q *Queue) Cancel(ctx context.Context, id MessageID) (CancelOutcome, error) {
	outcomes, err := q.CancelMany(ctx, []MessageID{id})
	if err != nil {
		return 0, err
	}
	return outcomes[0], nil
}

// CancelMany takes back messages that nobody has received yet, and returns for
// each whether it did, or why it was too late. After Cancelled nobody receives
// the message, and its deduplication ID is free again. Of a cancel and a
// receive at the same time exactly one gets the message.
func (q *Queue) CancelMany(ctx context.Context, ids []MessageID) (outcomes []CancelOutcome, err error) {
	const op = "cancel"
	if err := q.broker.profile.batch(len(ids)); err != nil {
		return nil, fail(op, q.name, err)
	}
	err = q.do(ctx, op, func(now time.Time) error {
		outcomes, err = q.broker.engine.Cancel(ctx, now, q.id, ids)
		return err
	})
	return outcomes, err
}

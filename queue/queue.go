package queue

import (
	"context"
	"iter"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/receipt"
)

// A Queue is one instance of a queue. After the queue is deleted every call
// returns [ErrNoQueue], also when another queue has its name by then. It is
// safe for concurrent use.
type Queue struct {
	broker *Broker
	id     QueueID
	name   string
	line   *line
}

// Name returns the queue's name.
func (q *Queue) Name() string { return q.name }

// ID returns the instance, which is used only once.
func (q *Queue) ID() QueueID { return q.id }

// MaxBatch returns how many entries a call of several may have, and how many
// messages a receive, by the broker's profile.
func (q *Queue) MaxBatch() int { return q.broker.profile.MaxBatch }

// Info returns the queue's attributes and times.
func (q *Queue) Info(ctx context.Context) (info QueueInfo, err error) {
	err = q.do(ctx, "get attributes", func(time.Time) error {
		info, err = q.broker.engine.Queue(ctx, q.id)
		return err
	})
	return info, err
}

// SetAttributes changes the attributes that the patch names, all of them or
// none, and leaves the others as they are. They apply at once, also to messages
// that are in the queue, except that delays and visibility timeouts that have
// begun stay as they are.
func (q *Queue) SetAttributes(ctx context.Context, patch Patch) error {
	const op = "set attributes"
	patch, err := q.broker.profile.patch(patch)
	if err != nil {
		return fail(op, q.name, err)
	}
	return q.do(ctx, op, func(now time.Time) error {
		_, err := q.broker.engine.SetAttributes(ctx, now, q.id, patch)
		return err
	})
}

// Purge removes all messages, those in flight too, and forgets all
// deduplication IDs. It returns how many messages it removed.
func (q *Queue) Purge(ctx context.Context) (removed int, err error) {
	err = q.do(ctx, "purge", func(now time.Time) error {
		removed, err = q.broker.engine.Purge(ctx, now, q.id)
		return err
	})
	return removed, err
}

// Stats counts the queue's messages by state. The counts are exact at one
// instant.
func (q *Queue) Stats(ctx context.Context) (stats Stats, err error) {
	err = q.do(ctx, "stats", func(now time.Time) error {
		stats, err = q.broker.engine.Stats(ctx, now, q.id)
		return err
	})
	return stats, err
}

// Send sends one message: [Queue.SendMany] of one. An *[InvalidError] or
// [ErrQueueFull] is in the error.
func (q *Queue) Send(ctx context.Context, m Message) (Sent, error) {
	results, err := q.SendMany(ctx, []Message{m})
	if err != nil {
		return Sent{}, err
	}
	return results[0].Sent, fail("send", q.name, results[0].Err)
}

// SendMany sends messages in their order, and returns one result for each. A
// message that is refused does not keep the others from being sent. Bodies and
// attributes are copied.
func (q *Queue) SendMany(ctx context.Context, messages []Message) ([]SendResult, error) {
	const op = "send"
	p := q.broker.profile
	if err := p.batch(len(messages)); err != nil {
		return nil, fail(op, q.name, err)
	}
	results := make([]SendResult, len(messages))
	for i := range messages {
		results[i].Err = p.message(&messages[i])
	}
	err := q.doAt(ctx, op, func(r reading) error {
		valid, places := q.sendable(messages, results, r)
		sent, err := q.broker.engine.Send(ctx, r.now, q.id, valid)
		for i, s := range sent {
			results[places[i]] = sendResult(s, &valid[i])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// sendable returns the messages that have no error in results, with instants in
// broker time, and their places.
func (q *Queue) sendable(messages []Message, results []SendResult, r reading) (valid []Message, places []int) {
	valid = make([]Message, 0, len(messages))
	places = make([]int, 0, len(messages))
	for i, m := range messages {
		if results[i].Err == nil && !m.At.IsZero() {
			results[i].Err = q.broker.profile.instant(m.At, r.wall)
			m.At = r.brokerTime(m.At)
		}
		if results[i].Err == nil {
			valid, places = append(valid, m), append(places, i)
		}
	}
	return valid, places
}

func sendResult(s driver.SendResult, m *Message) SendResult {
	switch s.Outcome {
	case driver.TooLarge:
		return SendResult{Err: driver.Invalid("message size", "%d bytes with attributes are above the queue's limit", m.Size())}
	case driver.QueueFull:
		return SendResult{Err: ErrQueueFull}
	}
	return SendResult{Sent: Sent{ID: s.ID, Sequence: s.Sequence, Duplicate: s.Outcome == driver.Duplicate}}
}

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

// Peek returns up to max messages that are visible now, in the order in which
// receives would return them. It changes nothing.
func (q *Queue) Peek(ctx context.Context, max int) (infos []Info, err error) {
	return q.look(ctx, "peek", max, func(now time.Time) ([]Info, error) {
		return q.broker.engine.Peek(ctx, now, q.id, max)
	})
}

// List returns up to max messages in all states, by sequence, beginning after
// the sequence given; zero is the start. It changes nothing. To go on, pass the
// sequence of the last one: a message that is there all the while is returned
// exactly once, whatever happens to others. [Queue.Messages] does that.
func (q *Queue) List(ctx context.Context, after uint64, max int) (infos []Info, err error) {
	return q.look(ctx, "list", max, func(now time.Time) ([]Info, error) {
		return q.broker.engine.List(ctx, now, q.id, after, max)
	})
}

func (q *Queue) look(ctx context.Context, op string, max int, f func(now time.Time) ([]Info, error)) (infos []Info, err error) {
	if max < 1 || max > maxListed {
		return nil, fail(op, q.name, driver.Invalid("number of messages", "%d is not between 1 and %d", max, maxListed))
	}
	err = q.do(ctx, op, func(now time.Time) error {
		infos, err = f(now)
		return err
	})
	return infos, err
}

// maxListed bounds what one Peek or List returns.
const maxListed = 10_000

// Messages returns all messages in all states, by sequence, while the queue
// goes on running. The last pair has an error if the listing could not be
// finished.
func (q *Queue) Messages(ctx context.Context) iter.Seq2[Info, error] {
	const page = 100
	return func(yield func(Info, error) bool) {
		for after := uint64(0); ; {
			infos, err := q.List(ctx, after, page)
			if err != nil {
				yield(Info{}, err)
				return
			}
			for _, info := range infos {
				if !yield(info, nil) {
					return
				}
				after = info.Sequence
			}
			if len(infos) < page {
				return
			}
		}
	}
}

// do runs f, an operation on the queue, and serves the receives that wait. What
// fell due for them before is done first, so that the answer does not depend on
// when a timer fired.
func (q *Queue) do(ctx context.Context, op string, f func(now time.Time) error) error {
	return q.doAt(ctx, op, func(r reading) error { return f(r.now) })
}

func (q *Queue) doAt(ctx context.Context, op string, f func(r reading) error) error {
	b := q.broker
	if q.line.waiting.Load() > 0 {
		b.lobby.catchUpOn(q.line, b.now().now)
	}
	err := b.call(ctx, f)
	if q.line.waiting.Load() > 0 {
		b.lobby.serve(q.line)
	}
	return fail(op, q.name, err)
}

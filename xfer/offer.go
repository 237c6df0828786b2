package xfer

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/redriveq/redrive/queue"
)

// An offer is one call of a target, in a goroutine of its own, so that one that
// blocks for ever blocks nobody else.
type offer struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the call has returned, and the rest is final

	results []Result
	err     error
}

var (
	errTimeout    = errors.New("the target did not answer in time")
	errNoProgress = errors.New("the target did nothing")
	errTooMany    = errors.New("the target returned more results than it was given records")
)

// begin offers the items to the lane's target.
func (l *lane) begin(items []*item) *offer {
	records := make([]Record, len(items))
	for i, it := range items {
		records[i] = newRecord(l.m.broker, l.m.node, &it.Delivery, &it.ledger)
	}
	l.m.mu.Lock()
	target := l.target
	l.m.mu.Unlock()
	ctx, cancel := context.WithCancel(l.m.ctx)
	o := &offer{cancel: cancel, done: make(chan struct{}), err: errors.New("the target ended its goroutine")}
	go o.send(ctx, target, records)
	return o
}

func (o *offer) send(ctx context.Context, target Target, records []Record) {
	defer close(o.done)
	defer func() {
		if v := recover(); v != nil {
			o.results, o.err = nil, fmt.Errorf("the target panicked: %v", v)
		}
	}()
	results, err := target.Send(ctx, records)
	if len(results) > len(records) {
		results, err = nil, errTooMany
	}
	o.results, o.err = results, err
}

// offer has the target look at the items, and does what follows for each. It
// reports whether anything became of any of them. An error means that it is no
// use to go on at once.
func (l *lane) offer(items []*item) (progress bool, err error) {
	o := l.begin(items)
	defer o.cancel()
	rung, stop := l.m.alarm(l.m.timeout)
	defer stop()
	select {
	case <-o.done:
		return l.settle(items, o)
	case <-rung:
		err = errTimeout
	case <-l.m.ctx.Done():
		err = ErrClosed
	}
	// What is not answered goes back, so that a cancel can put it home. Nothing more
	// is offered before the call has returned.
	o.cancel()
	l.giveBack(items)
	select {
	case <-o.done:
	case <-l.m.ctx.Done():
		return false, err
	}
	accepted, _, _, _ := o.sort(items)
	return l.sent(accepted) > 0, err
}

// settle does what follows from an answer.
func (l *lane) settle(items []*item, o *offer) (progress bool, err error) {
	accepted, refused, rest, err := o.sort(items)
	l.sent(accepted)
	l.takeHome(refused)
	l.giveBack(rest)
	progress = len(accepted)+len(refused) > 0
	if err == nil && !progress {
		err = errNoProgress
	}
	return progress, err
}

// sort tells by the results what was accepted, what was refused for good, and
// what neither.
func (o *offer) sort(items []*item) (accepted, refused, rest []*item, err error) {
	for i, r := range o.results {
		switch {
		case r.Err == nil:
			accepted = append(accepted, items[i])
		case errors.Is(r.Err, ErrRefused):
			items[i].refusal = r.Err
			refused = append(refused, items[i])
		default:
			return accepted, refused, items[i:], errors.Join(r.Err, o.err)
		}
	}
	return accepted, refused, items[len(o.results):], o.err
}

// sent deletes what the target has accepted, and returns how many messages that
// were still there.
func (l *lane) sent(items []*item) (deleted int) {
	_ = l.m.step(context.Background(), func() error {
		for chunk := range l.chunks(items) {
			deleted += l.deleteSent(chunk)
		}
		return nil
	})
	return deleted
}

func (l *lane) deleteSent(items []*item) (deleted int) {
	results, err := l.q.DeleteMany(context.Background(), receipts(items))
	if err != nil { // they come up again, and the target knows them
		l.warn("messages that were sent could not be deleted", items, err)
		return 0
	}
	var gone []*item
	for i, r := range results {
		if r.Outcome == queue.Deleted {
			gone = append(gone, items[i])
		} else {
			l.warn("a message was accepted by the target after it had left the transfer queue", items[i:i+1], r.Err())
		}
	}
	for run := range runs(gone) {
		l.left(run)
	}
	return len(gone)
}

// left counts and logs messages of one part that the target has accepted.
func (l *lane) left(items []*item) {
	reason := ""
	if p := items[0].part; p != nil {
		reason = p.task.order.Reason
		l.m.change(func() {
			for range items {
				p.leave(&p.transferred)
			}
		}, p)
	}
	ways := make([]queue.Rebind, len(items))
	for i, it := range items {
		ways[i] = l.rebind(it)
	}
	l.m.history.note(Sent, reason, ways)
}

// runs returns the items in pieces that have one part each.
func runs(items []*item) iter.Seq[[]*item] {
	return func(yield func([]*item) bool) {
		for len(items) > 0 {
			n := 1
			for n < len(items) && items[n].part == items[0].part {
				n++
			}
			if !yield(items[:n]) {
				return
			}
			items = items[n:]
		}
	}
}

// rebind is the way of a message to the target.
func (l *lane) rebind(it *item) queue.Rebind {
	return queue.Rebind{
		ID:   it.ID,
		From: queue.QueueRef{ID: l.q.ID(), Name: l.q.Name()},
		To:   queue.QueueRef{Name: l.to},
	}
}

package linear

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/redriveq/redrive/queue"
)

// A client makes calls, one after the other, and keeps what it got.
type client struct {
	run        *run
	number     int
	rng        *rand.Rand
	operations []porcupine.Operation
	receives   int
	empty      int
	err        error // the first answer that no call may get
}

// call makes one call. What cannot be done yet is a receive instead.
func (c *client) call() {
	receipt, received := c.run.pickReceipt(c.rng)
	id, sent := c.run.pickSent(c.rng)
	n := c.rng.IntN(100)
	switch {
	case n < 20 || !sent:
		c.send(c.rng.IntN(3) + 1)
	case n < 40 || !received:
		c.receive(c.rng.IntN(3)+1, c.timeout())
	case n < 65:
		c.delete(receipt)
	case n < 83:
		c.change(receipt, c.timeout())
	case n < 87:
		c.release(receipt)
	case n < 96 || !c.run.plan.Whole:
		c.cancel(id)
	case n < 97:
		c.purge()
	case n < 98:
		c.peek(c.rng.IntN(5) + 1)
	default:
		c.stats()
	}
}

// timeout is a few seconds, often none.
func (c *client) timeout() time.Duration { return max(0, time.Duration(c.rng.IntN(7)-1)) * time.Second }

// do makes one call between two stamps.
func (c *client) do(call Call, f func(ctx context.Context) (Answer, error)) {
	c.doFor(context.Background(), call, f)
}

// doFor is do for a call that may end with its context: then it is not kept.
func (c *client) doFor(ctx context.Context, call Call, f func(ctx context.Context) (Answer, error)) (answer Answer, kept bool) {
	call.At = c.run.at
	begin := c.run.stamps.Add(1)
	answer, err := f(ctx)
	end := c.run.stamps.Add(1)
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return answer, false
	case errors.Is(err, queue.ErrInFlightLimit):
		answer.AtLimit = true
	case err != nil:
		c.err = errors.Join(c.err, fmt.Errorf("%v: %w", call, err))
		return answer, false
	}
	c.operations = append(c.operations, porcupine.Operation{
		ClientId: c.number, Input: call, Call: begin, Output: answer, Return: end,
	})
	return answer, true
}

func (c *client) send(n int) {
	call := Call{Op: Send}
	messages := make([]queue.Message, n)
	for i := range messages {
		entry := Entry{Group: fmt.Sprint("g", c.rng.IntN(c.run.plan.Groups))}
		if c.rng.IntN(4) == 0 {
			entry.Timeout = c.timeout()
		}
		messages[i] = queue.Message{Group: entry.Group, Delay: new(entry.Timeout)}
		call.Entries = append(call.Entries, entry)
	}
	c.do(call, func(ctx context.Context) (answer Answer, err error) {
		results, err := c.run.queue.SendMany(ctx, messages)
		for i, r := range results {
			err = errors.Join(err, r.Err)
			call.Entries[i].ID = r.ID
			answer.Results = append(answer.Results, Result{ID: r.ID, Sequence: r.Sequence})
		}
		return answer, err
	})
	for _, e := range call.Entries {
		c.run.knowSent(e.ID)
	}
}

func (c *client) receive(n int, timeout time.Duration) (got int) {
	answer, kept := c.receiveFor(context.Background(), n, timeout, 0)
	if kept {
		c.receives++
		if len(answer.Results) == 0 {
			c.empty++
		}
	}
	return len(answer.Results)
}

// wait receives as soon as there is something.
func (c *client) wait(ctx context.Context) {
	c.receiveFor(ctx, c.rng.IntN(2)+1, c.timeout(), longest)
}

func (c *client) receiveFor(ctx context.Context, n int, timeout, wait time.Duration) (Answer, bool) {
	call := Call{Op: Receive, Max: n, Timeout: timeout}
	options := &queue.ReceiveOptions{Max: n, Visibility: &timeout, Wait: &wait}
	return c.doFor(ctx, call, func(ctx context.Context) (answer Answer, err error) {
		deliveries, err := c.run.queue.Receive(ctx, options)
		for _, d := range deliveries {
			c.run.knowReceipt(handle{id: d.ID, fence: d.Fence, receipt: d.Receipt})
			answer.Results = append(answer.Results, Result{
				ID: d.ID, Sequence: d.Sequence, Fence: d.Fence, Receives: d.ReceiveCount,
				VisibleAt: d.VisibleAt.Sub(time.Unix(0, 0)),
			})
		}
		return answer, err
	})
}

func (c *client) delete(h handle) {
	call := Call{Op: Delete, Entries: []Entry{{ID: h.id, Fence: h.fence}}}
	c.do(call, func(ctx context.Context) (answer Answer, err error) {
		results, err := c.run.queue.DeleteMany(ctx, []string{h.receipt})
		for _, r := range results {
			answer.Results = append(answer.Results, Result{ID: h.id, Outcome: uint8(r.Outcome), Standing: r.Standing})
		}
		return answer, err
	})
}

func (c *client) change(h handle, timeout time.Duration) {
	call := Call{Op: Change, Entries: []Entry{{ID: h.id, Fence: h.fence, Timeout: timeout}}}
	changes := []queue.VisibilityChange{{Receipt: h.receipt, Timeout: timeout}}
	c.do(call, func(ctx context.Context) (Answer, error) {
		return changed(h)(c.run.queue.ChangeVisibilityMany(ctx, changes))
	})
}

func (c *client) release(h handle) {
	call := Call{Op: Release, Entries: []Entry{{ID: h.id, Fence: h.fence}}}
	c.do(call, func(ctx context.Context) (Answer, error) {
		return changed(h)(c.run.queue.ReleaseMany(ctx, []string{h.receipt}))
	})
}

// changed is the answer of a change for one receipt.
func changed(h handle) func(results []queue.ChangeResult, err error) (Answer, error) {
	return func(results []queue.ChangeResult, err error) (answer Answer, _ error) {
		for _, r := range results {
			answer.Results = append(answer.Results, Result{ID: h.id, Outcome: uint8(r.Outcome)})
		}
		return answer, err
	}
}

func (c *client) cancel(id queue.MessageID) {
	call := Call{Op: Cancel, Entries: []Entry{{ID: id}}}
	c.do(call, func(ctx context.Context) (Answer, error) {
		outcome, err := c.run.queue.Cancel(ctx, id)
		return Answer{Results: []Result{{ID: id, Outcome: uint8(outcome)}}}, err
	})
}

func (c *client) purge() {
	c.do(Call{Op: Purge}, func(ctx context.Context) (Answer, error) {
		n, err := c.run.queue.Purge(ctx)
		return Answer{Count: n}, err
	})
}

func (c *client) stats() {
	c.do(Call{Op: Stats}, func(ctx context.Context) (Answer, error) {
		s, err := c.run.queue.Stats(ctx)
		return Answer{Stats: [3]int{s.Visible.Messages, s.Delayed.Messages, s.InFlight.Messages}}, err
	})
}

func (c *client) peek(n int) {
	c.do(Call{Op: Peek, Max: n}, func(ctx context.Context) (answer Answer, err error) {
		infos, err := c.run.queue.Peek(ctx, n)
		for _, info := range infos {
			answer.Results = append(answer.Results, Result{ID: info.ID})
		}
		return answer, err
	})
}

// drain receives and deletes what is left, alone and when all timeouts have
// ended. What it finds, and that it then finds nothing, is part of the history.
func (c *client) drain() {
	for c.drainOne() {
	}
	if c.run.plan.Whole {
		c.stats()
	}
}

func (c *client) drainOne() bool {
	got := c.receive(1, time.Second)
	if got == 0 {
		return false
	}
	last := len(c.run.receipts) - 1
	c.delete(c.run.receipts[last])
	return true
}

package batch

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
)

// A gatherer makes batches of single calls.
//
// A call stands in line until it is taken into a batch, and then has an outcome
// to come. Batches are under way one at a time, and each takes the calls at the
// head of the line, as many as the limits allow. The first call of a batch leads
// it: its goroutine makes the request and hands out the outcomes, and then lets
// the next batch start, which another goroutine leads. So nobody works for
// others longer than one request takes, and no goroutine is needed beside those
// of the callers. The simpler way, one goroutine that reads a channel, lost: it
// must be stopped, and what is to become of the calls in the channel then?
//
// Whatever happens (a call joins or leaves the line, a batch ends, a timer
// fires), next looks whether a batch may start. A batch may start if none is
// under way and either the line fills it, or its first call has waited for
// linger. A timer is set only while a line waits for that and nothing else, and
// belongs to the call at its head.
type gatherer[In, Out any] struct {
	request    func(context.Context, []In) ([]Out, error)
	maxEntries int
	maxBytes   int64
	linger     time.Duration
	clock      clock.Clock

	mu    sync.Mutex // guards all below, and what batches and calls say that it does
	line  list.List  // of *call, the first come first
	bytes int64      // the sizes of the calls in line
	busy  bool       // a batch is under way
}

// A call is one entry with its caller.
type call[In, Out any] struct {
	ctx  context.Context
	in   In
	size int64
	turn chan *batch[In, Out] // gets the batch to lead, if any; closed when out and err are final
	out  Out
	err  error

	// The gatherer's mutex guards these.
	place     *list.Element   // in the line; nil when taken or withdrawn
	batch     *batch[In, Out] // once taken
	arrivedAt time.Time       // only with linger
	timer     *clock.Timer    // set, at the head of the line, to when the call has waited for linger
	waited    bool            // it has
	left      bool            // its context ended after it was taken
}

// A batch is the calls that go with one request, the leader first.
type batch[In, Out any] struct {
	calls   []*call[In, Out]
	ctx     context.Context // of the request; ends when the contexts of all calls have
	cancel  context.CancelCauseFunc
	staying int // calls whose contexts have not ended; guarded by the gatherer
}

// do makes the call and returns its outcome. If the context ends before the call
// is taken into a batch, do returns its cause, and nothing was done.
func (g *gatherer[In, Out]) do(ctx context.Context, in In, size int) (Out, error) {
	c := &call[In, Out]{ctx: ctx, in: in, size: int64(size), turn: make(chan *batch[In, Out], 1)}
	g.join(c)
	select {
	case b := <-c.turn:
		g.lead(b)
	case <-ctx.Done():
		if g.withdraw(c) {
			return c.out, context.Cause(ctx)
		}
		g.lead(<-c.turn)
	}
	return c.out, c.err
}

func (g *gatherer[In, Out]) join(c *call[In, Out]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.linger > 0 {
		c.arrivedAt = g.clock.Now()
	}
	c.place = g.line.PushBack(c)
	g.bytes += c.size
	g.next()
}

// withdraw takes the call out of the line. It reports false for a call that was
// taken before, whose batch then goes on for the others.
func (g *gatherer[In, Out]) withdraw(c *call[In, Out]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.place == nil {
		g.leave(c)
		return false
	}
	g.remove(c)
	g.next()
	return true
}

func (g *gatherer[In, Out]) remove(c *call[In, Out]) {
	g.line.Remove(c.place)
	c.place = nil
	g.bytes -= c.size
	if c.timer != nil {
		c.timer.Stop()
	}
}

// leave notes that a call in a batch no longer wants its outcome. When none
// does, the request's context ends.
func (g *gatherer[In, Out]) leave(c *call[In, Out]) {
	if c.left {
		return
	}
	c.left = true
	if c.batch.staying--; c.batch.staying == 0 {
		c.batch.cancel(context.Cause(c.ctx))
	}
}

// next starts a batch if one may start, and otherwise sees to it that it is
// called again when one may.
func (g *gatherer[In, Out]) next() {
	front := g.line.Front()
	if g.busy || front == nil {
		return
	}
	first := front.Value.(*call[In, Out])
	if g.line.Len() < g.maxEntries && g.bytes < g.maxBytes && !first.waited {
		if wait := g.wait(first); wait > 0 {
			g.arm(first, wait)
			return
		}
	}
	g.busy = true
	first.turn <- g.take()
}

// wait returns for how long the call is still to wait for others. A clock that
// steps back does not make it longer than linger.
func (g *gatherer[In, Out]) wait(c *call[In, Out]) time.Duration {
	if g.linger <= 0 {
		return 0
	}
	return g.linger - max(0, g.clock.Now().Sub(c.arrivedAt))
}

func (g *gatherer[In, Out]) arm(c *call[In, Out], wait time.Duration) {
	if c.timer != nil {
		return
	}
	c.timer = g.clock.AfterFunc(wait, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		c.waited = true
		g.next()
	})
}

// take makes a batch of the calls at the head of the line, of one at least.
func (g *gatherer[In, Out]) take() *batch[In, Out] {
	b := &batch[In, Out]{calls: make([]*call[In, Out], 0, min(g.line.Len(), g.maxEntries))}
	for bytes := int64(0); len(b.calls) < cap(b.calls); {
		c := g.line.Front().Value.(*call[In, Out])
		bytes += c.size
		if bytes > g.maxBytes && len(b.calls) > 0 {
			break
		}
		g.remove(c)
		c.batch = b
		b.calls = append(b.calls, c)
	}
	b.staying = len(b.calls)
	b.ctx, b.cancel = b.calls[0].ctx, func(error) {}
	if b.staying > 1 {
		b.ctx, b.cancel = context.WithCancelCause(context.WithoutCancel(b.ctx))
	}
	return b
}

// lead makes the batch's request and hands out the outcomes. A nil batch is led
// by another call.
//
// A panic goes to the leader's caller only; the others do not know what the
// request has done.
func (g *gatherer[In, Out]) lead(b *batch[In, Out]) {
	if b == nil {
		return
	}
	var outs []Out
	err := queue.ErrUnknownOutcome
	defer func() { g.finish(b, outs, err) }()
	if leader := b.calls[0]; len(b.calls) > 1 {
		stop := context.AfterFunc(leader.ctx, func() { g.withdraw(leader) })
		defer stop()
	}
	ins := make([]In, len(b.calls))
	for i, c := range b.calls {
		ins[i] = c.in
	}
	outs, err = g.request(b.ctx, ins)
}

func (g *gatherer[In, Out]) finish(b *batch[In, Out], outs []Out, err error) {
	for i, c := range b.calls {
		if c.err = err; err == nil {
			c.out = outs[i]
		}
		close(c.turn)
	}
	b.cancel(nil)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy = false
	g.next()
}

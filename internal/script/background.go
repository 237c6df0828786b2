package script

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
)

// A background is a receive that runs on a goroutine of its own, because it may
// have to wait.
//
// It is known, and not guessed, when it waits and when it has ended, so that a
// script has the same answers every time. A receive that waits has asked its
// context for the channel that would end it, which it does when it stands in
// line. It has ended, or is about to, when the engine gave it an answer, when
// its wait is over by the clock, or when its queue, the broker or the script
// made it end.
type background struct {
	name     string
	numbered bool // the receipts have names that end in a number
	queue    *queue.Queue
	until    time.Time // the end of its wait, in the broker's time
	stop     context.CancelCauseFunc
	answered atomic.Bool
	ended    bool
	result   chan received // has room for the one result
}

type received struct {
	deliveries []queue.Delivery
	err        error
}

var (
	errInterrupted = errors.New("interrupted")
	errProbed      = errors.New("probed")
)

// receive receives, in the background if it has to wait.
func (p *Player) receive(b *background, o *queue.ReceiveOptions) error {
	if slices.ContainsFunc(p.waiting, func(w *background) bool { return w.name == b.name }) {
		return errors.New("a receive with that name is waiting")
	}
	b.until = p.now.Add(b.wait(o))
	r, mayWait := b.begin(o)
	if mayWait {
		// It may also be about to return. To end its context tells; if it did wait,
		// it begins anew, where it was: at the end of the line.
		b.stop(errProbed)
		if r = <-b.result; errors.Is(r.err, errProbed) {
			if r, mayWait = b.begin(o); mayWait {
				p.say("%s: waits", b.name)
				p.waiting = append(p.waiting, b)
				return nil
			}
		}
	}
	b.stop(nil)
	p.report(b, r)
	return nil
}

// begin starts the receive, and returns its result or that it may be waiting.
func (b *background) begin(o *queue.ReceiveOptions) (r received, mayWait bool) {
	b.result = make(chan received, 1)
	ctx, stop := context.WithCancelCause(context.Background())
	b.stop = stop
	watched := &watchedContext{Context: ctx, background: b, waits: make(chan struct{})}
	go func() {
		deliveries, err := b.queue.Receive(watched, o)
		b.result <- received{deliveries, err}
	}()
	select {
	case r = <-b.result:
		return r, false
	case <-watched.waits:
		return r, true
	}
}

// wait returns how long the receive waits, if it does.
func (b *background) wait(o *queue.ReceiveOptions) time.Duration {
	if o.Wait != nil {
		return *o.Wait
	}
	info, err := b.queue.Info(context.Background())
	if err != nil {
		return 0 // the receive has that error too
	}
	return info.Attributes.ReceiveWait
}

// hasEnded reports whether a receive that waited has its result, or is about to.
func (p *Player) hasEnded(b *background) bool {
	return b.ended || b.answered.Load() || !p.now.Before(b.until)
}

// settle reports the receives that have ended, in the order in which they began.
func (p *Player) settle() {
	p.waiting = slices.DeleteFunc(p.waiting, func(b *background) bool {
		if !p.hasEnded(b) {
			return false
		}
		r := <-b.result
		b.stop(nil)
		p.report(b, r)
		return true
	})
}

// endWaits notes that the receives for which f holds have been made to end.
func (p *Player) endWaits(f func(*background) bool) {
	for _, b := range p.waiting {
		b.ended = b.ended || f(b)
	}
}

// A watchedContext is the context of a receive in the background.
type watchedContext struct {
	context.Context
	background *background
	once       sync.Once
	waits      chan struct{} // closed when the receive waits
}

// Done notes that the receive waits.
func (c *watchedContext) Done() <-chan struct{} {
	c.once.Do(func() { close(c.waits) })
	return c.Context.Done()
}

type backgroundKey struct{}

// Value finds the receive by backgroundKey.
func (c *watchedContext) Value(key any) any {
	if key == (backgroundKey{}) {
		return c.background
	}
	return c.Context.Value(key)
}

// A watchedEngine notes which receives in the background got an answer.
type watchedEngine struct{ driver.Engine }

// Receive receives. A standard queue at its in-flight limit answers a receive
// that is waiting already as little as one without messages does.
func (e watchedEngine) Receive(ctx context.Context, now time.Time, id driver.QueueID, r driver.Receive) (driver.Received, error) {
	got, err := e.Engine.Receive(ctx, now, id, r)
	b, ok := ctx.Value(backgroundKey{}).(*background)
	if ok && (len(got.Deliveries) > 0 || err != nil && !errors.Is(err, driver.ErrInFlightLimit)) {
		b.answered.Store(true)
	}
	return got, err
}

package queue

import (
	"context"
	"iter"
	"log/slog"
	"sync"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
	"github.com/redriveq/redrive/receipt"
)

// Config configures a broker. The zero Config is a broker in memory on the real
// clock, with the Core profile, that logs nothing.
type Config struct {
	// Clock tells the time. Only Now and AfterFunc are used, and they must not
	// call the broker: it has locks when it calls them. Nil means the real clock.
	Clock clock.Clock

	// Engine keeps the messages. The broker owns it from then on, and closes it.
	// Nil means a new one in memory.
	Engine driver.Engine

	// Profile holds limits and defaults. Nil means [Core]. It must not change
	// afterwards.
	Profile *Profile

	// Logger gets what an operator should know, such as messages whose
	// dead-letter queue is missing. Bodies and receipts are never logged. Its
	// handler must not call the broker. Nil means to log nothing.
	Logger *slog.Logger
}

// A Broker holds queues. It is safe for concurrent use.
type Broker struct {
	engine  driver.Engine
	profile *Profile
	time    *timekeeper
	sealer  *receipt.Sealer
	node    string
	log     *slog.Logger
	lobby   lobby

	calls  sync.RWMutex // held for reading while the engine is called, so that Close can wait
	closed bool         // guarded by calls
}

// Open returns a broker. It must be closed. If the engine has schedules, what
// they have missed is published before Open returns, as their misfire policies
// say.
func Open(c Config) (*Broker, error) {
	b := &Broker{engine: c.Engine, profile: c.Profile, log: c.Logger}
	if c.Clock == nil {
		c.Clock = clock.New()
	}
	if b.engine == nil {
		b.engine = memqueue.New()
	}
	if b.profile == nil {
		b.profile = Core()
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	secrets := b.engine.Secrets()
	sealer, err := receipt.NewSealer(secrets[0], secrets[1:]...)
	if err != nil {
		return nil, fail("open", "", err)
	}
	b.sealer = sealer
	b.node = nodeOf(secrets)
	b.time = newTimekeeper(c.Clock)
	b.lobby.open(b)
	b.lobby.resume()
	return b, nil
}

// Close ends the broker: it waits for the calls that are under way, ends the
// receives that are waiting with [ErrClosed], and closes the engine. After
// Close no goroutine or timer of the broker is left, and every call returns
// ErrClosed. With the engine in memory, all messages are lost. A second Close
// does nothing and returns nil.
func (b *Broker) Close() error {
	b.calls.Lock()
	if b.closed {
		b.calls.Unlock()
		return nil
	}
	b.closed = true
	b.calls.Unlock()
	b.lobby.close()
	return fail("close", "", b.engine.Close())
}

// Profile returns the limits and defaults of the broker. They must not be
// changed.
func (b *Broker) Profile() *Profile { return b.profile }

// Clock returns the clock that the broker runs on.
func (b *Broker) Clock() clock.Clock { return b.time.clock }

// CreateQueue creates a queue: the profile's default attributes, with those of
// the patch set. If a queue of that name exists and has all that the patch
// says, that queue is returned; if it differs, the error is [ErrQueueExists].
//
// Where the profile marks FIFO queues by their names, the name decides and
// patch.FIFO can stay nil.
func (b *Broker) CreateQueue(ctx context.Context, name string, patch Patch) (*Queue, error) {
	const op = "create"
	if IsTransferQueue(name) {
		return nil, fail(op, name, driver.Invalid("queue name", "%q begins like that of a transfer queue", name))
	}
	stored, err := b.profile.queueName(name)
	if err != nil {
		return nil, fail(op, name, err)
	}
	patch, err = b.profile.patch(patch)
	if err != nil {
		return nil, fail(op, name, err)
	}
	if err := b.profile.kind(stored, &patch); err != nil {
		return nil, fail(op, name, err)
	}
	var info QueueInfo
	err = b.call(ctx, func(r reading) (err error) {
		base := b.profile.defaults(patch.FIFO != nil && *patch.FIFO)
		info, _, err = b.engine.CreateQueue(ctx, r.now, stored, base, patch)
		return err
	})
	if err != nil {
		return nil, fail(op, name, err)
	}
	return b.handle(info), nil
}

// Queue returns the queue that has the name now, or [ErrNoQueue].
func (b *Broker) Queue(ctx context.Context, name string) (*Queue, error) {
	info, err := b.lookup(ctx, name)
	if err != nil {
		return nil, fail("open", name, err)
	}
	return b.handle(info), nil
}

// Queues returns the queues whose names begin with prefix, in the order of
// their names. A queue that exists all the while is returned exactly once. The
// last pair has an error if the listing could not be finished.
func (b *Broker) Queues(ctx context.Context, prefix string) iter.Seq2[QueueInfo, error] {
	const page = 100
	return func(yield func(QueueInfo, error) bool) {
		for after := ""; ; {
			var infos []QueueInfo
			err := b.call(ctx, func(reading) (err error) {
				infos, err = b.engine.ListQueues(ctx, prefix, after, page)
				return err
			})
			if err != nil {
				yield(QueueInfo{}, fail("list queues", "", err))
				return
			}
			for _, info := range infos {
				if !yield(info, nil) {
					return
				}
				after = info.Name
			}
			if len(infos) < page {
				return
			}
		}
	}
}

// DeleteQueue deletes the queue that has the name now, with all its messages.
// Receives that wait on it end with [ErrNoQueue]. A queue that is created under
// the name later has nothing to do with it, and old receipts do not work there.
func (b *Broker) DeleteQueue(ctx context.Context, name string) error {
	info, err := b.lookup(ctx, name)
	if err == nil {
		b.lobby.catchUpAll(b.now().now)
		err = b.call(ctx, func(reading) error { return b.engine.DeleteQueue(ctx, info.ID) })
	}
	if err != nil {
		return fail("delete queue", name, err)
	}
	b.lobby.remove(info.ID)
	return nil
}

func (b *Broker) lookup(ctx context.Context, name string) (info QueueInfo, err error) {
	stored := name // those of transfer queues are the same in every profile
	if !IsTransferQueue(name) {
		if stored, err = b.profile.queueName(name); err != nil {
			return info, err
		}
	}
	err = b.call(ctx, func(reading) error {
		info, err = b.engine.LookupQueue(ctx, stored)
		return err
	})
	return info, err
}

func (b *Broker) handle(info QueueInfo) *Queue {
	line := b.lobby.line(QueueRef{ID: info.ID, Name: info.Name})
	return &Queue{broker: b, id: info.ID, name: info.Name, line: line}
}

var errNilContext = &InvalidError{Field: "context", Reason: "nil"}

// call reads the clock once and runs f while the broker is open.
func (b *Broker) call(ctx context.Context, f func(r reading) error) error {
	if ctx == nil {
		return errNilContext
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	b.calls.RLock()
	defer b.calls.RUnlock()
	if b.closed {
		return ErrClosed
	}
	return f(b.now())
}

// receive receives from the line's queue, without waiting.
func (b *Broker) receive(ctx context.Context, line *line, r driver.Receive) (got driver.Received, err error) {
	err = b.call(ctx, func(at reading) error {
		got, err = b.engine.Receive(ctx, at.now, line.queue.ID, r)
		return err
	})
	if got.Stranded > 0 {
		b.log.WarnContext(ctx, "dead-letter queue missing or full: messages delivered again",
			"queue", line.queue.Name, "messages", got.Stranded)
	}
	if got.DeadLettered > 0 {
		b.lobby.serveQueue(got.Target)
	}
	return got, err
}

// now reads the clock. After a step back the timer may be set too late.
func (b *Broker) now() reading {
	r := b.time.read()
	if r.back {
		b.lobby.arm(r.now)
	}
	return r
}

// kind sets patch.FIFO by the name, where the name tells.
func (p *Profile) kind(name string, patch *Patch) error {
	if !p.FIFOSuffix {
		return nil
	}
	fifo := len(name) > len(".fifo") && name[len(name)-len(".fifo"):] == ".fifo"
	if patch.FIFO == nil && fifo {
		patch.FIFO = new(true)
	}
	if patch.FIFO != nil && *patch.FIFO != fifo {
		return driver.Invalid("queue name", `the names of FIFO queues, and only theirs, end in ".fifo"`)
	}
	return nil
}

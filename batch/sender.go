package batch

import (
	"context"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
)

// Config configures a [Sender] or a [Deleter]. The zero Config gathers what
// comes while a batch is under way, within the limits of [Core].
type Config struct {
	// Limits bound one batch; MaxID has no meaning here. A message that is
	// larger than MaxBytes goes alone, and the queue decides about it. No batch
	// has more entries than the broker's profile allows.
	Limits Limits

	// Linger is how long a call waits for others, counted from when it was made.
	// The batch goes earlier if the limits are reached. Zero or less means not
	// to wait.
	Linger time.Duration

	// Clock measures Linger. Only Now and AfterFunc are used. Nil means the real
	// clock.
	Clock clock.Clock
}

func newGatherer[In, Out any](c Config, q *queue.Queue, request func(context.Context, []In) ([]Out, error)) gatherer[In, Out] {
	limits := c.Limits.orCore()
	if q != nil {
		limits.MaxEntries = min(limits.MaxEntries, q.MaxBatch())
	}
	if c.Clock == nil {
		c.Clock = clock.New()
	}
	return gatherer[In, Out]{
		request:    request,
		maxEntries: limits.MaxEntries,
		maxBytes:   int64(limits.MaxBytes),
		linger:     c.Linger,
		clock:      c.Clock,
	}
}

// A Sender sends the messages of many goroutines in batches: those that come
// while a batch is under way go together with the next one, in the order in
// which they came. It is safe for concurrent use, which is its only use.
//
// There is nothing to close. A Sender has no goroutine of its own, and a timer
// only while a call waits for Linger. Make one with [NewSender]; the zero Sender
// has no queue, and refuses every call.
type Sender struct {
	queue    *queue.Queue
	gatherer gatherer[queue.Message, queue.SendResult]
}

// NewSender returns a sender to the queue.
func NewSender(q *queue.Queue, c Config) *Sender {
	return &Sender{queue: q, gatherer: newGatherer(c, q, q.SendMany)}
}

// Send sends one message, and returns what [queue.Queue.Send] would: another
// message of the batch that is refused makes no difference. An error of the
// batch as a whole is returned by all of its calls.
//
// If the context ends before the message is taken into a batch, Send returns the
// context's cause and nothing was sent. After that Send returns what became of
// the message. The call of the engine then has a context of its own, with the
// values of the first caller's, which ends when the contexts of all callers have
// ended; one message alone goes with its caller's context.
//
// The message must not change while Send runs. If the engine panics, so does the
// call that came first, and the others of the batch return
// [queue.ErrUnknownOutcome].
func (s *Sender) Send(ctx context.Context, m queue.Message) (queue.Sent, error) {
	const op = "send"
	if err := checkCall(ctx, op, s.queue); err != nil {
		return queue.Sent{}, err
	}
	result, err := s.gatherer.do(ctx, m, m.Size())
	if err == nil {
		err = result.Err
	}
	return result.Sent, fail(op, s.queue, err)
}

// A Deleter deletes for many goroutines in batches, as a [Sender] sends. Make
// one with [NewDeleter]; the zero Deleter has no queue, and refuses every call.
type Deleter struct {
	queue    *queue.Queue
	gatherer gatherer[string, queue.DeleteResult]
}

// NewDeleter returns a deleter for the queue. MaxBytes has no meaning for it.
func NewDeleter(q *queue.Queue, c Config) *Deleter {
	return &Deleter{queue: q, gatherer: newGatherer(c, q, q.DeleteMany)}
}

// Delete deletes one message by receipt, and returns what [queue.Queue.Delete]
// would. What [Sender.Send] says of batches, contexts and panics holds here too.
func (d *Deleter) Delete(ctx context.Context, receipt string) error {
	const op = "delete"
	if err := checkCall(ctx, op, d.queue); err != nil {
		return err
	}
	result, err := d.gatherer.do(ctx, receipt, 0)
	if err == nil {
		err = result.Err()
	}
	return fail(op, d.queue, err)
}

// checkCall reports why a call cannot begin.
func checkCall(ctx context.Context, op string, q *queue.Queue) error {
	switch {
	case q == nil:
		return &queue.Error{Op: op, Err: errNilQueue}
	case ctx == nil:
		return fail(op, q, errNilContext)
	case ctx.Err() != nil:
		return fail(op, q, context.Cause(ctx))
	}
	return nil
}

var errNilContext error = &queue.InvalidError{Field: "context", Reason: "nil"}

// fail wraps err as the queue would, unless that has done it.
func fail(op string, q *queue.Queue, err error) error {
	if err == nil {
		return nil
	}
	if _, wrapped := err.(*queue.Error); wrapped {
		return err
	}
	return &queue.Error{Op: op, Queue: q.Name(), Err: err}
}

package batch

import (
	"context"
	"errors"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A SendEntry is one message of a request.
type SendEntry struct {
	ID      string
	Message queue.Message
}

// A DeleteEntry is one delete of a request.
type DeleteEntry struct {
	ID      string
	Receipt string
}

// A ChangeEntry is one change of visibility of a request.
type ChangeEntry struct {
	ID      string
	Receipt string
	Timeout time.Duration // from now on; zero makes the message visible at once
}

// A Result says what became of one entry.
type Result[T any] struct {
	ID    string // the entry's
	Value T      // what the operation answered for it
	Err   error  // why it failed, or nil
}

// Results say what became of each entry of a request, in the request's order:
// results[i] is of entries[i].
type Results[T any] []Result[T]

// Err returns nil if no entry failed, and otherwise the errors of those that
// did, each as an *[EntryError], joined in their order. The causes are there for
// errors.Is and errors.As.
func (r Results[T]) Err() error {
	var failed []error
	for i, result := range r {
		if result.Err != nil {
			failed = append(failed, &EntryError{Index: i, ID: result.ID, Err: result.Err})
		}
	}
	return errors.Join(failed...)
}

// Failed returns the results of the entries that failed, in their order, and
// nil if none did.
func (r Results[T]) Failed() Results[T] {
	var failed Results[T]
	for _, result := range r {
		if result.Err != nil {
			failed = append(failed, result)
		}
	}
	return failed
}

// Send sends the entries' messages in their order, as [queue.Queue.SendMany]
// does. The error of an entry is an *[queue.InvalidError] or
// [queue.ErrQueueFull], and its value is zero then.
//
// Send keeps no entry. The error is of the request as a whole: of the limits, or
// what SendMany returned.
func Send(ctx context.Context, q *queue.Queue, limits Limits, entries []SendEntry) (Results[queue.Sent], error) {
	ids := each(entries, func(e *SendEntry) string { return e.ID })
	messages := each(entries, func(e *SendEntry) queue.Message { return e.Message })
	if err := check("send", q, limits, ids, messages); err != nil {
		return nil, err
	}
	answers, err := q.SendMany(ctx, messages)
	return results(ids, answers, err, func(a queue.SendResult) (queue.Sent, error) { return a.Sent, a.Err })
}

// Delete deletes the entries' messages by receipt, in order, as
// [queue.Queue.DeleteMany] does. The error of an entry is that of its
// DeleteResult, and the value tells the outcome also where it failed.
//
// The error is of the request as a whole: of the limits, or what DeleteMany
// returned.
func Delete(ctx context.Context, q *queue.Queue, limits Limits, entries []DeleteEntry) (Results[queue.DeleteResult], error) {
	ids := each(entries, func(e *DeleteEntry) string { return e.ID })
	if err := check("delete", q, limits, ids, nil); err != nil {
		return nil, err
	}
	receipts := each(entries, func(e *DeleteEntry) string { return e.Receipt })
	answers, err := q.DeleteMany(ctx, receipts)
	return results(ids, answers, err, func(a queue.DeleteResult) (queue.DeleteResult, error) { return a, a.Err() })
}

// ChangeVisibility sets the entries' visibility timeouts, in order, as
// [queue.Queue.ChangeVisibilityMany] does. The error of an entry is that of its
// ChangeResult, and the value tells the outcome also where it failed.
//
// The error is of the request as a whole: of the limits, or what
// ChangeVisibilityMany returned.
func ChangeVisibility(ctx context.Context, q *queue.Queue, limits Limits, entries []ChangeEntry) (Results[queue.ChangeResult], error) {
	ids := each(entries, func(e *ChangeEntry) string { return e.ID })
	if err := check("change visibility", q, limits, ids, nil); err != nil {
		return nil, err
	}
	changes := each(entries, func(e *ChangeEntry) queue.VisibilityChange {
		return queue.VisibilityChange{Receipt: e.Receipt, Timeout: e.Timeout}
	})
	answers, err := q.ChangeVisibilityMany(ctx, changes)
	return results(ids, answers, err, func(a queue.ChangeResult) (queue.ChangeResult, error) { return a, a.Err() })
}

var errNilQueue error = &queue.InvalidError{Field: "queue", Reason: "nil"}

// check reports what is wrong with the request, whatever the state of the queue.
func check(op string, q *queue.Queue, limits Limits, ids []string, messages []queue.Message) error {
	if q == nil {
		return &queue.Error{Op: op, Err: errNilQueue}
	}
	return fail(op, q, limits.check(ids, messages))
}

func each[E, T any](entries []E, f func(*E) T) []T {
	all := make([]T, len(entries))
	for i := range entries {
		all[i] = f(&entries[i])
	}
	return all
}

// results puts IDs and answers together, unless err says that there are none.
func results[A, T any](ids []string, answers []A, err error, split func(A) (T, error)) (Results[T], error) {
	if err != nil {
		return nil, err
	}
	all := make(Results[T], len(ids))
	for i, id := range ids {
		value, err := split(answers[i])
		all[i] = Result[T]{ID: id, Value: value, Err: err}
	}
	return all, nil
}

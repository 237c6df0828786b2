package queue

import (
	"context"
	"time"
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

// do runs f, an operation on the queue, and serves the receives that wait. What
// fell due for them before is done first, so that the answer does not depend on
// when a timer fired.
func (q *Queue) do(ctx context.Context, op string, f func(now time.Time) error) error {
	return q.doAt(ctx, op, func(r reading) error { return f(r.now) })
}

func (q *Queue) doAt(ctx context.Context, op string, f func(r reading) error) error {
	b := q.broker
	if q.line.waiting.Load() > 0 || b.lobby.firing.pending.Load() {
		b.lobby.catchUpOn(q.line, b.now().now)
	}
	err := b.call(ctx, f)
	if q.line.waiting.Load() > 0 {
		b.lobby.serve(q.line)
	}
	return fail(op, q.name, err)
}

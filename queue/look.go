package queue

import (
	"context"
	"iter"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

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

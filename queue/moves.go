package queue

import (
	"context"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// StartMove records a move task, or with dryRun only answers what it would do.
// A task does nothing by itself: [Broker.StepMove] moves its messages, and
// package movetask runs tasks in the background, paced, and is what most programs
// want. A MaxDuration of zero means the profile's.
//
// The checks come in this order: [ErrNoQueue], [ErrNotDeadLetterQueue],
// [ErrNoDestination], an *[InvalidError] if the destination is the source or not
// of its kind, [ErrMoveActive], [ErrTooManyMoves].
func (b *Broker) StartMove(ctx context.Context, move Move, dryRun bool) (task MoveTask, err error) {
	const op = "start move task"
	if err := b.profile.move(&move); err != nil {
		return MoveTask{}, fail(op, "", err)
	}
	err = b.do(ctx, op, func(now time.Time) error {
		task, err = b.engine.StartMove(ctx, now, move, dryRun)
		return err
	})
	return task, err
}

// move completes a move and reports what is wrong with it, whatever the queues.
func (p *Profile) move(m *Move) error {
	switch {
	case m.Rate < 0:
		return driver.Invalid("rate", "%d messages a second", m.Rate)
	case p.MaxMoveRate > 0 && m.Rate > p.MaxMoveRate:
		return driver.Invalid("rate", "%d messages a second, the limit is %d", m.Rate, p.MaxMoveRate)
	case m.Limit < 0:
		return driver.Invalid("limit", "%d messages", m.Limit)
	case m.MaxDuration < 0:
		return driver.Invalid("duration", "%v is negative", m.MaxDuration)
	}
	if m.MaxDuration == 0 {
		m.MaxDuration = p.MaxMoveDuration
	}
	return nil
}

// moveLook is how many messages a step looks at for each that it may move, and
// at least, so that a filter that means few makes no long step.
const moveLook = 1000

// StepMove makes one step of a move task: up to max messages are moved, each
// from its queue to the other by one change, in the order of their arrival. It
// returns the task as it stands then; a task that has ended stays as it is. A
// step may move nothing and have looked at a thousand messages that the filter
// does not mean. The error is [ErrNoTask] for a task that is not known.
func (b *Broker) StepMove(ctx context.Context, id TaskID, max int) (MoveTask, error) {
	const op = "step move task"
	if max < 0 || max > maxListed {
		return MoveTask{}, fail(op, "", driver.Invalid("number of messages", "%d is not between 0 and %d", max, maxListed))
	}
	var step driver.MoveStep
	err := b.do(ctx, op, func(now time.Time) (err error) {
		step, err = b.engine.StepMove(ctx, now, id, max, max+moveLook)
		return err
	})
	for _, queue := range step.Arrived {
		b.lobby.serveQueue(queue)
	}
	return step.Task, err
}

// CancelMove cancels a running move task: after it has returned, no message is
// moved by the task, and Moved is final. The task is being cancelled until its
// worker has made the next step. If the task is not running the error is
// [ErrNotRunning], and the task that is returned says why; it is [ErrNoTask] for
// one that is not known.
func (b *Broker) CancelMove(ctx context.Context, id TaskID) (task MoveTask, err error) {
	err = b.do(ctx, "cancel move task", func(now time.Time) error {
		task, err = b.engine.CancelMove(ctx, now, id)
		return err
	})
	return task, err
}

// LookupMove returns a move task as it stands, or [ErrNoTask].
func (b *Broker) LookupMove(ctx context.Context, id TaskID) (task MoveTask, err error) {
	err = b.do(ctx, "look up move task", func(time.Time) error {
		task, err = b.engine.LookupMove(ctx, id)
		return err
	})
	return task, err
}

// Moves returns the latest move tasks whose source is the queue, the newest
// first. Ten are kept; when the queue is deleted they are forgotten.
func (q *Queue) Moves(ctx context.Context) (tasks []MoveTask, err error) {
	err = q.do(ctx, "list move tasks", func(time.Time) error {
		tasks, err = q.broker.engine.ListMoves(ctx, q.id, driver.MoveHistory)
		return err
	})
	return tasks, err
}

// ActiveMoves returns the move tasks of all queues that are running or being
// cancelled. Like every call of a broker that is about no one queue, it returns
// when all that is due by now has happened.
func (b *Broker) ActiveMoves(ctx context.Context) (tasks []MoveTask, err error) {
	err = b.do(ctx, "list move tasks", func(time.Time) error {
		tasks, err = b.engine.ActiveMoves(ctx)
		return err
	})
	return tasks, err
}

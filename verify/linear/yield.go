package linear

import (
	"context"
	"runtime"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A yielding engine lets other goroutines run before and after it decides, so
// that calls overlap also where there are few processors. It does not change
// what the engine decides.
type yielding struct{ driver.Engine }

func (e *yielding) Send(ctx context.Context, now time.Time, q driver.QueueID, m []driver.Message) ([]driver.SendResult, error) {
	defer yield()()
	return e.Engine.Send(ctx, now, q, m)
}

func (e *yielding) Receive(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, error) {
	defer yield()()
	return e.Engine.Receive(ctx, now, q, r)
}

func (e *yielding) Delete(ctx context.Context, now time.Time, q driver.QueueID, r []driver.Receipt) ([]driver.DeleteResult, error) {
	defer yield()()
	return e.Engine.Delete(ctx, now, q, r)
}

func (e *yielding) ChangeVisibility(ctx context.Context, now time.Time, q driver.QueueID, c []driver.Change) ([]driver.ChangeOutcome, error) {
	defer yield()()
	return e.Engine.ChangeVisibility(ctx, now, q, c)
}

func (e *yielding) Cancel(ctx context.Context, now time.Time, q driver.QueueID, ids []driver.MessageID) ([]driver.CancelOutcome, error) {
	defer yield()()
	return e.Engine.Cancel(ctx, now, q, ids)
}

func (e *yielding) StartMove(ctx context.Context, now time.Time, m driver.Move, dry bool) (driver.MoveTask, error) {
	defer yield()()
	return e.Engine.StartMove(ctx, now, m, dry)
}

func (e *yielding) StepMove(ctx context.Context, now time.Time, id driver.TaskID, max, look int) (driver.MoveStep, error) {
	defer yield()()
	return e.Engine.StepMove(ctx, now, id, max, look)
}

func (e *yielding) CancelMove(ctx context.Context, now time.Time, id driver.TaskID) (driver.MoveTask, error) {
	defer yield()()
	return e.Engine.CancelMove(ctx, now, id)
}

// yield yields, and returns what yields once more.
func yield() func() {
	runtime.Gosched()
	return runtime.Gosched
}

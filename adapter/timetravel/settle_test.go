package timetravel

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// A deaf clock is a mock clock whose timers never get to what they call, as on a
// machine that is too busy.
type deaf struct{ *clock.Mock }

func (c deaf) AfterFunc(_ time.Duration, f func()) *clock.Timer {
	return c.Mock.AfterFunc(100*MaxAdvance, f)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Everything that is due has happened even if no timer has got to it. The queues
// that are looked at here do not know themselves what is due elsewhere.
func TestAdvanceDoesNotCountOnTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		mock := clock.NewMock()
		broker := must(queue.Open(queue.Config{Clock: deaf{mock}}))
		defer broker.Close()
		moves := must(movetask.Open(broker, movetask.Config{}))
		defer moves.Close()
		create := func(name string, patch queue.Patch) *queue.Queue { return must(broker.CreateQueue(ctx, name, patch)) }
		messages := func(q *queue.Queue) int { return must(q.Stats(ctx)).Visible.Messages }

		dead := create("dead", queue.Patch{})
		orders := create("orders", queue.Patch{
			VisibilityTimeout: new(30 * time.Second),
			DeadLetter:        &queue.DeadLetter{Queue: "dead", MaxReceives: 1},
		})
		must(orders.Send(ctx, queue.Message{Body: []byte("tea")}))
		must(orders.Receive(ctx, nil))
		go orders.Receive(ctx, &queue.ReceiveOptions{Wait: new(time.Minute)})

		source, target := create("source", queue.Patch{}), create("target", queue.Patch{})
		for range 2 {
			must(source.Send(ctx, queue.Message{Body: []byte("coffee")}))
		}
		must(moves.Start(ctx, movetask.Options{Source: source, AnySource: true, Destination: target, Rate: 1}))
		synctest.Wait()

		h := &Handler{config: Config{Broker: broker, Moves: moves}, clock: mock}
		steps := []struct {
			advance     time.Duration
			dead, moved int
		}{{0, 0, 1}, {time.Second - 1, 0, 1}, {1, 0, 2}, {29*time.Second - 1, 0, 2}, {1, 1, 2}}
		for i, step := range steps {
			must(h.Advance(ctx, step.advance))
			if gotDead, gotMoved := messages(dead), messages(target); gotDead != step.dead || gotMoved != step.moved {
				t.Errorf("step %d: %d dead and %d moved, want %d and %d", i, gotDead, gotMoved, step.dead, step.moved)
			}
		}
	})
}

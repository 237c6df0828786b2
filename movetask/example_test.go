package movetask_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// must keeps the examples short.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// deadLetters returns a queue whose messages have all become dead letters, and
// the queue where they are.
func deadLetters(broker *queue.Broker, bodies ...string) (orders, dead *queue.Queue) {
	ctx := context.Background()
	dead = must(broker.CreateQueue(ctx, "dead", queue.Patch{}))
	orders = must(broker.CreateQueue(ctx, "orders", queue.Patch{
		DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: 1},
	}))
	for _, body := range bodies {
		must(orders.Send(ctx, queue.Message{Body: []byte(body)}))
	}
	for range 2 { // the second receive is one too many
		must(orders.Receive(ctx, &queue.ReceiveOptions{Max: len(bodies), Visibility: new(time.Duration(0))}))
	}
	return orders, dead
}

// After the fault in the consumer has been repaired, the dead letters go back to
// where they came from, at most two a second. The clock is one that the example
// moves.
func Example() {
	ctx, clock := context.Background(), clock.NewMock()
	broker := must(queue.Open(queue.Config{Clock: clock}))
	defer broker.Close()
	orders, dead := deadLetters(broker, "apples", "pears", "plums", "quinces")

	moves := must(movetask.Open(broker, movetask.Config{}))
	defer moves.Close()
	task := must(moves.Start(ctx, movetask.Options{Source: dead, Rate: 2}))
	for task.State.Active() {
		task = must(moves.Lookup(ctx, task.ID))
		fmt.Printf("%v: %d moved, %d to go\n", task.State, task.Moved, task.Remaining())
		clock.Add(time.Second / 2)
	}
	for _, d := range must(orders.Receive(ctx, &queue.ReceiveOptions{Max: 10})) {
		fmt.Printf("%s\n", d.Body)
	}
	// Output:
	// running: 1 moved, 3 to go
	// running: 2 moved, 2 to go
	// running: 3 moved, 1 to go
	// completed: 4 moved, 0 to go
	// apples
	// pears
	// plums
	// quinces
}

// A task that turns out to be a mistake is cancelled. What it has moved stays
// moved, and nothing else is.
func ExampleManager_Cancel() {
	ctx, clock := context.Background(), clock.NewMock()
	broker := must(queue.Open(queue.Config{Clock: clock}))
	defer broker.Close()
	orders, dead := deadLetters(broker, "apples", "pears", "plums", "quinces")

	moves := must(movetask.Open(broker, movetask.Config{}))
	defer moves.Close()
	task := must(moves.Start(ctx, movetask.Options{Source: dead, Rate: 1}))

	cancelled := must(moves.Cancel(ctx, task.ID))
	fmt.Println(cancelled.State, cancelled.Moved)
	final := must(moves.Wait(ctx, task.ID))
	fmt.Println(final.State, final.Moved)

	clock.Add(time.Hour)
	for m, err := range orders.Messages(ctx) {
		fmt.Printf("moved: %s\n", must(m, err).Body)
	}
	for m, err := range dead.Messages(ctx) {
		fmt.Printf("stayed: %s\n", must(m, err).Body)
	}
	// Output:
	// cancelling 1
	// cancelled 1
	// moved: apples
	// stayed: pears
	// stayed: plums
	// stayed: quinces
}

// A plan says how many messages a task would move, and whether it could be
// started.
func ExampleManager_Plan() {
	ctx := context.Background()
	broker := must(queue.Open(queue.Config{}))
	defer broker.Close()
	orders, dead := deadLetters(broker, "apples", "pears", "plums")

	moves := must(movetask.Open(broker, movetask.Config{}))
	defer moves.Close()
	plan := must(moves.Plan(ctx, movetask.Options{Source: dead, Limit: 2}))
	fmt.Println(plan.Total, "of", must(dead.Stats(ctx)).Visible.Messages)
	_, err := moves.Plan(ctx, movetask.Options{Source: orders, Destination: dead})
	fmt.Println(err)
	// Output:
	// 2 of 3
	// queue "orders": start move task: source is not a dead-letter queue
}

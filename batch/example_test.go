package batch_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redriveq/redrive/batch"
	"github.com/redriveq/redrive/queue"
)

// newQueue returns an empty queue that takes messages of up to 20 bytes.
func newQueue() (*queue.Queue, func() error) {
	broker, err := queue.Open(queue.Config{})
	if err != nil {
		panic(err)
	}
	orders, err := broker.CreateQueue(context.Background(), "orders", queue.Patch{MaxMessageBytes: new(20)})
	if err != nil {
		panic(err)
	}
	return orders, broker.Close
}

// A bad entry fails alone.
func ExampleSend() {
	orders, done := newQueue()
	defer done()

	results, err := batch.Send(context.Background(), orders, batch.SQS(), []batch.SendEntry{
		{ID: "margherita", Message: queue.Message{Body: []byte("one pizza")}},
		{ID: "buffet", Message: queue.Message{Body: []byte("everything that you have got")}},
		{ID: "water", Message: queue.Message{Body: []byte("one water")}},
	})
	if err != nil {
		fmt.Println("nothing was sent:", err)
		return
	}
	for _, r := range results {
		fmt.Println(r.ID, r.Err == nil)
	}
	fmt.Println(results.Err())
	// Output:
	// margherita true
	// buffet false
	// water true
	// entry "buffet": invalid message size: 28 bytes with attributes are above the queue's limit
}

// A request that breaks a limit is refused before anything is sent.
func ExampleSend_refused() {
	orders, done := newQueue()
	defer done()

	_, err := batch.Send(context.Background(), orders, batch.SQS(), []batch.SendEntry{
		{ID: "a", Message: queue.Message{Body: []byte("one pizza")}},
		{ID: "a", Message: queue.Message{Body: []byte("one water")}},
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, batch.ErrDuplicateID))
	stats, _ := orders.Stats(context.Background())
	fmt.Println(stats.Visible.Messages, "messages")
	// Output:
	// queue "orders": send: entry "a": invalid entry ID: used before in the batch
	// true
	// 0 messages
}

// Only the entries that failed are sent again, and of those only the ones that
// can succeed: results[i] is what became of entries[i].
func ExampleResults_Failed() {
	orders, done := newQueue()
	defer done()
	ctx := context.Background()
	if err := orders.SetAttributes(ctx, queue.Patch{MaxMessages: new(2)}); err != nil {
		fmt.Println(err)
		return
	}

	entries := []batch.SendEntry{{ID: "1"}, {ID: "2"}, {ID: "3"}, {ID: "4"}}
	for len(entries) > 0 {
		results, err := batch.Send(ctx, orders, batch.SQS(), entries)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("sent", len(results)-len(results.Failed()), "of", len(results))
		var again []batch.SendEntry
		for i, r := range results {
			if errors.Is(r.Err, queue.ErrQueueFull) {
				again = append(again, entries[i])
			}
		}
		entries = again
		work(ctx, orders)
	}
	// Output:
	// sent 2 of 4
	// sent 2 of 2
}

// work receives what is there and deletes it in a batch.
func work(ctx context.Context, q *queue.Queue) {
	got, err := q.Receive(ctx, &queue.ReceiveOptions{Max: 10, Wait: new(time.Duration(0))})
	if err != nil || len(got) == 0 {
		return
	}
	var entries []batch.DeleteEntry
	for i, d := range got {
		entries = append(entries, batch.DeleteEntry{ID: fmt.Sprint(i), Receipt: d.Receipt})
	}
	results, err := batch.Delete(ctx, q, batch.SQS(), entries)
	if err := errors.Join(err, results.Err()); err != nil {
		fmt.Println(err)
	}
}

// The goroutines of a server send one message each; those that send at the same
// time share a call of the engine.
func ExampleSender() {
	orders, done := newQueue()
	defer done()
	sender := batch.NewSender(orders, batch.Config{Limits: batch.SQS()})

	var requests sync.WaitGroup
	for table := range 8 {
		requests.Go(func() {
			body := fmt.Sprintf("pizza for table %d", table)
			if _, err := sender.Send(context.Background(), queue.Message{Body: []byte(body)}); err != nil {
				fmt.Println(err)
			}
		})
	}
	requests.Wait()

	_, err := sender.Send(context.Background(), queue.Message{Body: []byte("everything that you have got")})
	fmt.Println(err)
	stats, _ := orders.Stats(context.Background())
	fmt.Println(stats.Visible.Messages, "messages")
	// Output:
	// queue "orders": send: invalid message size: 28 bytes with attributes are above the queue's limit
	// 8 messages
}

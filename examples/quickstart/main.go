// Command quickstart sends two messages, one of them for later, and receives
// both. It is the program in the README.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/redriveq/redrive/queue"
)

func main() {
	ctx := context.Background()
	broker, err := queue.Open(queue.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	orders, err := broker.CreateQueue(ctx, "orders", queue.Patch{VisibilityTimeout: new(30 * time.Second)})
	if err != nil {
		log.Fatal(err)
	}
	_, err = orders.SendMany(ctx, []queue.Message{
		{Body: []byte("tea, in a second"), Delay: new(time.Second)},
		{Body: []byte("coffee")},
	})
	if err != nil {
		log.Fatal(err)
	}
	for d, err := range orders.Deliveries(ctx, &queue.ReceiveOptions{Wait: new(2 * time.Second)}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s (receive %d)\n", d.Body, d.ReceiveCount)
		if err := orders.Delete(ctx, d.Receipt); err != nil {
			log.Print(err) // too late: somebody else has it, or had it
		}
	}
}

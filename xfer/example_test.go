package xfer_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// unready is a target that is not yet up.
type unready struct{}

func (unready) Name() string { return "http://standby.example/" }

func (unready) Send(context.Context, []xfer.Record) ([]xfer.Result, error) {
	return nil, errors.New("connection refused")
}

// A broker is drained to another before it is shut down. The other one is not up,
// so the operator has a change of mind.
func Example() {
	ctx := context.Background()
	b, err := queue.Open(queue.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	orders, err := b.CreateQueue(ctx, "orders", queue.Patch{})
	if err != nil {
		log.Fatal(err)
	}
	for _, body := range []string{"tea", "coffee"} {
		if _, err := orders.Send(ctx, queue.Message{Body: []byte(body)}); err != nil {
			log.Fatal(err)
		}
	}

	m := xfer.Open(b, xfer.Config{})
	defer m.Close()
	drain, err := m.Start(ctx, xfer.Order{
		Selector: xfer.Selector{Everything: true},
		Target:   unready{}, // mostly from NewClient
		Reason:   "shutdown of the old machine",
	})
	if err != nil {
		log.Fatal(err)
	}
	stats, err := orders.Stats(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("drained:", drain.Total, "messages,", stats.Visible.Messages, "left")

	if _, err := m.Cancel(ctx, drain.ID, xfer.CancelOptions{Reason: "the new machine is not up"}); err != nil {
		log.Fatal(err)
	}
	drain, err = m.Wait(ctx, drain.ID) // until nothing is in the sender's hands
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("back:", drain.Restored, "messages,", drain.Transferred, "at the other broker")
	for info, err := range orders.Messages(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(info.Body))
	}
	// Output:
	// drained: 2 messages, 0 left
	// back: 2 messages, 0 at the other broker
	// tea
	// coffee
}

// The messages of one tenant go to a queue of their own, and back.
func ExampleManager_Start() {
	ctx := context.Background()
	b, err := queue.Open(queue.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	mail, err := b.CreateQueue(ctx, "mail", queue.Patch{})
	if err != nil {
		log.Fatal(err)
	}
	aside, err := b.CreateQueue(ctx, "aside", queue.Patch{})
	if err != nil {
		log.Fatal(err)
	}
	for _, tenant := range []string{"acme", "initech", "acme"} {
		if _, err := mail.Send(ctx, queue.Message{Group: tenant, Body: []byte("to " + tenant)}); err != nil {
			log.Fatal(err)
		}
	}

	m := xfer.Open(b, xfer.Config{})
	defer m.Close()
	order := xfer.Order{
		Selector: xfer.Selector{Filter: queue.Filter{Group: new("acme")}},
		To:       aside,
		Reason:   "acme floods the others",
	}
	plan, err := m.Plan(ctx, order)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("plan:", plan)
	task, err := m.Start(ctx, order)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.State, task.Transferred)

	back, err := m.Cancel(ctx, task.ID, xfer.CancelOptions{Reason: "the flood is over"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("back:", back.Restored)
	for entry := range m.Log() {
		fmt.Println(entry.Operation, entry.From, "->", entry.To+":", entry.Reason)
	}
	// Output:
	// plan: [{mail 2}]
	// done 2
	// back: 2
	// transferred mail -> aside: acme floods the others
	// transferred mail -> aside: acme floods the others
	// restored aside -> mail: the flood is over
	// restored aside -> mail: the flood is over
}

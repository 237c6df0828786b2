package model_test

import (
	"context"
	"fmt"
	"time"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// Time is an argument, so a test can ask for the very nanosecond at which a
// rule takes effect.
func Example() {
	ctx := context.Background()
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	e := model.New()
	orders, _, err := e.CreateQueue(ctx, noon, "orders", driver.Attributes{VisibilityTimeout: 30 * time.Second}, driver.Patch{})
	if err != nil {
		fmt.Println(err)
		return
	}
	e.Send(ctx, noon, orders.ID, []driver.Message{{Body: []byte("one pizza")}})
	received, _ := e.Receive(ctx, noon, orders.ID, driver.Receive{Max: 10})
	first := received.Deliveries[0]
	fmt.Printf("%s, hidden until %s\n", first.Body, first.VisibleAt.Format(time.TimeOnly))

	early, _ := e.Receive(ctx, first.VisibleAt.Add(-1), orders.ID, driver.Receive{Max: 10})
	again, _ := e.Receive(ctx, first.VisibleAt, orders.ID, driver.Receive{Max: 10})
	fmt.Println(len(early.Deliveries), "one nanosecond before,", len(again.Deliveries), "at the deadline")

	results, _ := e.Delete(ctx, first.VisibleAt, orders.ID, []driver.Receipt{first.Receipt})
	fmt.Println("first receipt refused:", results[0].Outcome == driver.DeleteRefusedSuperseded)
	// Output:
	// one pizza, hidden until 12:00:30
	// 0 one nanosecond before, 1 at the deadline
	// first receipt refused: true
}

// The author of an engine plays one history against the engine and against the
// model. What engines are free in, such as IDs, is left out of the comparison.
func ExampleEngine() {
	history := func(e driver.Engine) (log []string) {
		ctx := context.Background()
		now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
		q, _, _ := e.CreateQueue(ctx, now, "orders", driver.Attributes{VisibilityTimeout: time.Minute}, driver.Patch{})
		for _, group := range []string{"large", "large", "large", "small"} {
			e.Send(ctx, now, q.ID, []driver.Message{{Body: []byte(group), Group: group}})
		}
		for range 3 {
			now = now.Add(40 * time.Second)
			received, _ := e.Receive(ctx, now, q.ID, driver.Receive{Max: 2})
			for _, d := range received.Deliveries {
				log = append(log, fmt.Sprintf("%s: %s, receive %d", now.Format(time.TimeOnly), d.Body, d.ReceiveCount))
			}
		}
		return log
	}
	engine := model.New() // the engine under test
	want := history(model.New())
	for i, got := range history(engine) {
		fmt.Println(got, got == want[i])
	}
	// Output:
	// 12:00:40: large, receive 1 true
	// 12:00:40: small, receive 1 true
	// 12:01:20: large, receive 1 true
	// 12:01:20: large, receive 1 true
	// 12:02:00: large, receive 2 true
	// 12:02:00: small, receive 2 true
}

// Nobody fires for a year, and then one occurrence is claimed: the latest on the
// grid that the first one began.
func ExampleEngine_Fire() {
	ctx := context.Background()
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	e := model.New()
	reports, _, _ := e.CreateQueue(ctx, noon, "reports", driver.Attributes{}, driver.Patch{})
	e.Schedule(ctx, noon, noon, driver.Schedule{
		Queue:      reports.ID,
		Message:    driver.Message{Body: []byte("count the pizzas")},
		Recurrence: scheduler.Recurrence{First: noon, Every: 7 * time.Minute},
	})
	late := noon.AddDate(1, 0, 0)
	fired, _ := e.Fire(ctx, late, late, 10)
	for _, o := range fired.Occurrences {
		fmt.Println(o.NominalAt.Format(time.DateTime), o.Result.Outcome)
	}
	fmt.Println("next at", fired.NextAt.Format(time.DateTime))
	// Output:
	// 2027-07-01 11:55:00 sent
	// next at 2027-07-01 12:02:00
}

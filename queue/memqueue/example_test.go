package memqueue_test

import (
	"context"
	"fmt"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// An engine is told the time. Programs use a broker, which tells it.
func Example() {
	ctx := context.Background()
	noon := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

	engine := memqueue.New()
	orders, _, err := engine.CreateQueue(ctx, noon, "orders", driver.Attributes{VisibilityTimeout: time.Minute}, driver.Patch{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = engine.Send(ctx, noon, orders.ID, []driver.Message{{Body: []byte("tea")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, now := range []time.Time{noon, noon.Add(time.Minute - 1), noon.Add(time.Minute)} {
		got, err := engine.Receive(ctx, now, orders.ID, driver.Receive{Max: 1})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(now.Format("15:04:05.999999999"), len(got.Deliveries))
	}
	// Output:
	// 12:00:00 1
	// 12:00:59.999999999 0
	// 12:01:00 1
}

package timetravel_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/adapter/timetravel"
	"github.com/redriveq/redrive/queue"
)

// A test in any language lets an hour pass, and what was delayed is there.
func Example() {
	ctx := context.Background()
	mock := clock.NewMock()
	mock.Set(time.Date(2030, time.May, 17, 9, 0, 0, 0, time.UTC))
	broker, err := queue.Open(queue.Config{Clock: mock})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	orders, err := broker.CreateQueue(ctx, "orders", queue.Patch{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := orders.Send(ctx, queue.Message{Body: []byte("tea"), Delay: new(time.Hour)}); err != nil {
		log.Fatal(err)
	}
	handler, err := timetravel.NewHandler(timetravel.Config{Broker: broker})
	if err != nil {
		log.Fatal(err)
	}
	request := httptest.NewRequest("POST", "http://localhost"+timetravel.Path, strings.NewReader(`{"advance": "1h"}`))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	fmt.Println(strings.TrimSpace(answer.Body.String()))

	got, err := orders.Receive(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", got[0].Body)
	// Output:
	// {"now":"2030-05-17T10:00:00Z"}
	// tea
}

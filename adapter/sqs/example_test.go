package sqs_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/redriveq/redrive/adapter/sqs"
	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// must keeps the example short.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// A server for clients of Amazon SQS. An SDK needs its URL as the endpoint, and
// any credentials.
func Example() {
	broker := must(queue.Open(queue.Config{Profile: sqs.Profile()}))
	defer broker.Close()
	moves := must(movetask.Open(broker, movetask.Config{}))
	defer moves.Close()
	handler := must(sqs.NewHandler(sqs.Config{
		Broker:         broker,
		Moves:          moves,
		AllowAnonymous: true, // for tests and for loopback
	}))
	server := httptest.NewServer(handler)
	defer server.Close()

	call := func(operation, input string) string {
		request := must(http.NewRequest(http.MethodPost, server.URL, strings.NewReader(input)))
		request.Header.Set("Content-Type", "application/x-amz-json-1.0")
		request.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
		response := must(http.DefaultClient.Do(request))
		defer response.Body.Close()
		return string(must(io.ReadAll(response.Body)))
	}
	created := call("CreateQueue", `{"QueueName":"orders"}`)
	fmt.Println(strings.Replace(created, server.URL, "http://…", 1))
	call("SendMessage", `{"QueueUrl":"orders","MessageBody":"two apples"}`)
	fmt.Println(call("GetQueueAttributes", `{"QueueUrl":"orders","AttributeNames":["ApproximateNumberOfMessages"]}`))
	fmt.Println(call("ReceiveMessage", `{"QueueUrl":"basket"}`))
	// Output:
	// {"QueueUrl":"http://…/000000000000/orders"}
	// {"Attributes":{"ApproximateNumberOfMessages":"1"}}
	// {"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}
}

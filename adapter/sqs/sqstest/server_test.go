package sqstest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/adapter/sqs"
	"github.com/redriveq/redrive/adapter/sqs/sqstest"
)

// call calls an operation and returns the status and the body of the answer.
func call(t testing.TB, server *sqstest.Server, operation, in string) (status int, out string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// do calls an operation that must succeed.
func do(t testing.TB, server *sqstest.Server, operation, in string) string {
	t.Helper()
	status, out := call(t, server, operation, in)
	if status != http.StatusOK {
		t.Fatalf("%s: got %d %s", operation, status, out)
	}
	return out
}

// bodies returns the bodies of the messages of an answer, between commas.
func bodies(t testing.TB, answer string) string {
	t.Helper()
	var out struct{ Messages []struct{ Body string } }
	if err := json.Unmarshal([]byte(answer), &out); err != nil {
		t.Fatalf("answer %q: %v", answer, err)
	}
	var all []string
	for _, m := range out.Messages {
		all = append(all, m.Body)
	}
	return strings.Join(all, ",")
}

// The time is in the hand of the test, to the instant.
func TestAdvance(t *testing.T) {
	server := sqstest.NewServer(t, nil)
	do(t, server, "CreateQueue", `{"QueueName": "orders", "Attributes": {"VisibilityTimeout": "30"}}`)
	do(t, server, "SendMessage", `{"QueueUrl": "`+server.URL+`/000000000000/orders", "MessageBody": "tea", "DelaySeconds": 5}`)
	steps := []struct {
		advance time.Duration
		want    string
	}{{0, ""}, {5*time.Second - 1, ""}, {1, "tea"}, {30*time.Second - 1, ""}, {1, "tea"}}
	for i, step := range steps {
		server.Advance(step.advance)
		if got := bodies(t, do(t, server, "ReceiveMessage", `{"QueueUrl": "orders"}`)); got != step.want {
			t.Errorf("step %d: received %q, want %q", i, got, step.want)
		}
	}
}

// A receive that waits ends when the time comes, and not before.
func TestAdvanceEndsReceives(t *testing.T) {
	server := sqstest.NewServer(t, nil)
	do(t, server, "CreateQueue", `{"QueueName": "orders"}`)
	start := server.Broker.Clock().Now()
	answered := make(chan int, 1)
	go func() { answered <- receive(t, server, func() {}) }()
	for range 10_000 { // it begins to wait at some time
		select {
		case got := <-answered:
			if got != http.StatusOK {
				t.Errorf("answered with %d, want %d", got, http.StatusOK)
			}
			if passed := server.Broker.Clock().Now().Sub(start); passed < 20*time.Second {
				t.Errorf("answered after %v, want 20s or more", passed)
			}
			return
		default:
			server.Advance(time.Second)
		}
	}
	t.Error("the receive has not ended")
}

// The end of a test ends receives that wait for a time that does not come.
func TestEndOfTheTest(t *testing.T) {
	var server *sqstest.Server
	status := make(chan int, 1)
	t.Run("inner", func(inner *testing.T) {
		server = sqstest.NewServer(inner, nil)
		do(inner, server, "CreateQueue", `{"QueueName": "orders"}`)
		reading := make(chan struct{})
		go func() { status <- receive(t, server, func() { close(reading) }) }()
		<-reading
	})
	if got := <-status; got != http.StatusServiceUnavailable {
		t.Errorf("the receive was answered with %d, want %d", got, http.StatusServiceUnavailable)
	}
	if _, err := server.Broker.Queue(t.Context(), "orders"); err == nil {
		t.Error("the broker is open after the test")
	}
}

// receive waits for messages, calls reading when the server reads the request,
// and returns the status of the answer.
func receive(t testing.TB, server *sqstest.Server, reading func()) int {
	trace := &httptrace.ClientTrace{Got100Continue: reading}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace),
		http.MethodPost, server.URL, strings.NewReader(`{"QueueUrl": "orders", "WaitTimeSeconds": 20}`))
	if err != nil {
		t.Error(err)
		return 0
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "AmazonSQS.ReceiveMessage")
	request.Header.Set("Expect", "100-continue")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestServersAreApart(t *testing.T) {
	first, second := sqstest.NewServer(t, nil), sqstest.NewServer(t, nil)
	do(t, first, "CreateQueue", `{"QueueName": "orders"}`)
	if status, out := call(t, second, "GetQueueUrl", `{"QueueName": "orders"}`); status != http.StatusBadRequest {
		t.Errorf("got %d %s, want %d", status, out, http.StatusBadRequest)
	}
}

func TestOptions(t *testing.T) {
	server := sqstest.NewServer(t, &sqstest.Options{
		Profile: sqs.YandexProfile(), RealClock: true, Relaxed: true, Region: "ru-central1", Account: "folder",
	})
	if got, want := do(t, server, "CreateQueue", `{"QueueName": "orders"}`), `{"QueueUrl":"`+server.URL+`/folder/orders"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got := do(t, server, "GetQueueAttributes", `{"QueueUrl": "orders", "AttributeNames": ["QueueArn"]}`)
	if want := `{"Attributes":{"QueueArn":"arn:yc:ymq:ru-central1:folder:orders"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	do(t, server, "PurgeQueue", `{"QueueUrl": "orders"}`)
	do(t, server, "PurgeQueue", `{"QueueUrl": "orders"}`)
	before := server.Broker.Clock().Now()
	for !server.Broker.Clock().Now().After(before) {
		continue // it is the real one
	}
}

// A fatal is a test that may fail.
type fatal struct {
	*testing.T
	failed bool
}

func (f *fatal) Fatal(...any)          { f.failed = true; panic(f) }
func (f *fatal) Fatalf(string, ...any) { f.failed = true; panic(f) }

// fails runs what must fail the test.
func fails(t *testing.T, what string, run func(t testing.TB)) {
	t.Helper()
	f := &fatal{T: t}
	func() {
		defer func() { _ = recover() }()
		run(f)
	}()
	if !f.failed {
		t.Errorf("%s: the test has not failed", what)
	}
}

func TestMisuseFailsTheTest(t *testing.T) {
	fails(t, "an account that cannot be", func(t testing.TB) { sqstest.NewServer(t, &sqstest.Options{Account: "a/b"}) })
	fails(t, "Advance of the real clock", func(t testing.TB) {
		sqstest.NewServer(t, &sqstest.Options{RealClock: true}).Advance(time.Second)
	})
	fails(t, "Advance back", func(t testing.TB) { sqstest.NewServer(t, nil).Advance(-1) })
}

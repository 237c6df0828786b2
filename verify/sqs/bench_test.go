package sqs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	aws1 "github.com/aws/aws-sdk-go/aws"
	credentials1 "github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	sqs1 "github.com/aws/aws-sdk-go/service/sqs"

	"github.com/redriveq/redrive/adapter/sqs"
	"github.com/redriveq/redrive/queue"
)

// A cycler sends, receives and deletes one message.
type cycler func(ctx context.Context, body string) error

// BenchmarkCycle measures what the wire costs: a send, a receive and a delete in
// the process, by calls of the handler without a network, through HTTP on a
// connection that is kept, and through the SDKs: v2 speaks JSON, v1 Query. With REDRIVE_ENDPOINT set to the address of another
// server, all but the first two go there, so that both are measured with the same
// clients.
func BenchmarkCycle(b *testing.B) {
	broker := must(queue.Open(queue.Config{Profile: sqs.Profile()}))
	b.Cleanup(func() { broker.Close() })
	endpoint := os.Getenv("REDRIVE_ENDPOINT")
	if endpoint == "" {
		handler := must(sqs.NewHandler(sqs.Config{Broker: broker, AllowAnonymous: true}))
		server := httptest.NewServer(handler)
		b.Cleanup(server.Close)
		endpoint = server.URL
		b.Run("client=process", func(b *testing.B) { measure(b, inProcess(b, broker)) })
		b.Run("client=none", func(b *testing.B) { measure(b, overHTTP(b, endpoint, inMemory{handler})) })
	}
	b.Run("client=http", func(b *testing.B) { measure(b, overHTTP(b, endpoint, http.DefaultTransport)) })
	b.Run("client=sdk-v2", func(b *testing.B) { measure(b, throughSDK(b, endpoint)) })
	b.Run("client=sdk-v1", func(b *testing.B) { measure(b, throughSDK1(b, endpoint)) })
}

// measure reports cycles a second and how long half and nearly all of them take.
func measure(b *testing.B, cycle cycler) {
	body := strings.Repeat("x", 256)
	var took []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		begin := time.Now()
		if err := cycle(b.Context(), body); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
	b.ReportMetric(3*float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

func inProcess(b *testing.B, broker *queue.Broker) cycler {
	q := must(broker.CreateQueue(b.Context(), "process", queue.Patch{}))
	return func(ctx context.Context, body string) error {
		if _, err := q.Send(ctx, queue.Message{Body: []byte(body)}); err != nil {
			return err
		}
		got, err := q.Receive(ctx, nil)
		if err != nil || len(got) != 1 {
			return fmt.Errorf("received %d messages: %v", len(got), err)
		}
		return q.Delete(ctx, got[0].Receipt)
	}
}

// inMemory is a transport without a network.
type inMemory struct{ http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	m.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// overHTTP writes its JSON by hand and reads no more of the answer than it needs.
func overHTTP(b *testing.B, endpoint string, transport http.RoundTripper) cycler {
	client := http.Client{Transport: transport}
	do := func(ctx context.Context, operation string, in, out any) error {
		body := must(json.Marshal(in))
		r := must(http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(string(body))))
		r.Header.Set("Content-Type", "application/x-amz-json-1.0")
		r.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s, %s: %v", operation, answer.Status, text, err)
		}
		if out == nil {
			return nil
		}
		return json.Unmarshal(text, out)
	}
	type object map[string]any
	var created struct{ QueueUrl string }
	if err := do(b.Context(), "CreateQueue", object{"QueueName": "http"}, &created); err != nil {
		b.Fatal(err)
	}
	url := created.QueueUrl
	return func(ctx context.Context, body string) error {
		if err := do(ctx, "SendMessage", object{"QueueUrl": url, "MessageBody": body}, nil); err != nil {
			return err
		}
		var got struct {
			Messages []struct{ ReceiptHandle string }
		}
		if err := do(ctx, "ReceiveMessage", object{"QueueUrl": url}, &got); err != nil || len(got.Messages) != 1 {
			return fmt.Errorf("received %d messages: %v", len(got.Messages), err)
		}
		return do(ctx, "DeleteMessage", object{"QueueUrl": url, "ReceiptHandle": got.Messages[0].ReceiptHandle}, nil)
	}
}

func throughSDK(b *testing.B, endpoint string) cycler {
	client := awssqs.New(awssqs.Options{
		BaseEndpoint: &endpoint, Region: home,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "any", SecretAccessKey: "any"}, nil
		}),
	})
	created, err := client.CreateQueue(b.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("sdk")})
	if err != nil {
		b.Fatal(err)
	}
	url := created.QueueUrl
	return func(ctx context.Context, body string) error {
		if _, err := client.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: url, MessageBody: &body}); err != nil {
			return err
		}
		got, err := client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: url})
		if err != nil || len(got.Messages) != 1 {
			return fmt.Errorf("received %d messages: %v", len(got.Messages), err)
		}
		_, err = client.DeleteMessage(ctx, &awssqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: got.Messages[0].ReceiptHandle})
		return err
	}
}

func throughSDK1(b *testing.B, endpoint string) cycler {
	client := sqs1.New(session.Must(session.NewSession(&aws1.Config{
		Endpoint: &endpoint, Region: aws.String(home), Credentials: credentials1.NewStaticCredentials("any", "any", ""),
	})))
	created, err := client.CreateQueue(&sqs1.CreateQueueInput{QueueName: aws.String("sdk1")})
	if err != nil {
		b.Fatal(err)
	}
	url := created.QueueUrl
	return func(ctx context.Context, body string) error {
		if _, err := client.SendMessageWithContext(ctx, &sqs1.SendMessageInput{QueueUrl: url, MessageBody: &body}); err != nil {
			return err
		}
		got, err := client.ReceiveMessageWithContext(ctx, &sqs1.ReceiveMessageInput{QueueUrl: url})
		if err != nil || len(got.Messages) != 1 {
			return fmt.Errorf("received %d messages: %v", len(got.Messages), err)
		}
		_, err = client.DeleteMessageWithContext(ctx, &sqs1.DeleteMessageInput{QueueUrl: url, ReceiptHandle: got.Messages[0].ReceiptHandle})
		return err
	}
}

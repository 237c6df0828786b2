package sqs

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A discarder is a ResponseWriter that keeps its header alone.
type discarder struct{ header http.Header }

func (d *discarder) Header() http.Header            { return d.header }
func (d *discarder) WriteHeader(int)                {}
func (d *discarder) Write(data []byte) (int, error) { return len(data), nil }

func benchmarkInputs(size int) map[string]any {
	text := strings.Repeat("tea & <biscuits> ", 1+size/17)[:size]
	send := sendParameters{Body: &text, Attributes: map[string]attributeValue{
		"origin": {DataType: "String", StringValue: new("shop")},
		"count":  {DataType: "Number", StringValue: new("12")},
	}}
	batch := &sendMessageBatchInput{QueueURL: "http://localhost:9324/000000000000/orders"}
	for i := range 10 {
		batch.Entries = append(batch.Entries, sendEntry{ID: fmt.Sprint(i), sendParameters: sendParameters{Body: &text}})
	}
	return map[string]any{
		"SendMessage":      &sendMessageInput{QueueURL: batch.QueueURL, sendParameters: send},
		"SendMessageBatch": batch,
		"ReceiveMessage":   &receiveMessageInput{QueueURL: batch.QueueURL, Max: new(10), Wait: new(20), SystemAttributeNames: []string{"All"}},
	}
}

func BenchmarkDecode(b *testing.B) {
	const size = 1000
	for _, operation := range []string{"SendMessage", "SendMessageBatch", "ReceiveMessage"} {
		in := benchmarkInputs(size)[operation]
		form := asForm(in, 1)
		form.Set("Action", operation)
		for _, row := range []struct {
			protocol string
			body     string
			headers  []string
		}{
			{"json", string(asJSON(in)), []string{"Content-Type", jsonType, "X-Amz-Target", targetPrefix + operation}},
			{"query", form.Encode(), []string{"Content-Type", formType}},
		} {
			b.Run(fmt.Sprintf("operation=%s/protocol=%s/body=%d", operation, row.protocol, size), func(b *testing.B) {
				r, body := ask("POST", "/", row.body, row.headers...)
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					if err := decodeWhole(r, body); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkAnswer(b *testing.B) {
	text := strings.Repeat("tea & <biscuits> ", 59)[:1000]
	received := &receiveMessageOutput{}
	for range 10 {
		received.Messages = append(received.Messages, message{
			MessageID: "0a8b4d3e-5f0e-4d4a-9d0e-6d2f3f0b8f11", ReceiptHandle: strings.Repeat("h", 84), MD5OfBody: strings.Repeat("0", 32), Body: text,
			Attributes: map[string]string{"SenderId": "000000000000", "SentTimestamp": "1700000000000", "ApproximateReceiveCount": "1", "ApproximateFirstReceiveTimestamp": "1700000000001"},
		})
	}
	sent := &sendMessageOutput{sentMessage{MessageID: "0a8b4d3e-5f0e-4d4a-9d0e-6d2f3f0b8f11", MD5OfBody: strings.Repeat("0", 32)}}
	for _, row := range []struct {
		operation string
		out       any
	}{{"SendMessage", sent}, {"ReceiveMessage", received}} {
		for name, p := range map[string]protocol{"json": jsonProtocol, "query": queryProtocol} {
			b.Run(fmt.Sprintf("operation=%s/protocol=%s", row.operation, name), func(b *testing.B) {
				c := call{protocol: p, operation: row.operation, requestID: "0a8b4d3e-5f0e-4d4a-9d0e-6d2f3f0b8f11"}
				w := &discarder{http.Header{}}
				b.ReportAllocs()
				for b.Loop() {
					if err := c.answer(w, row.out); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

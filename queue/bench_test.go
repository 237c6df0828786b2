package queue_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// newBench returns an empty queue of a broker on the real clock.
func newBench(b testing.TB, patch queue.Patch) *queue.Queue {
	b.Helper()
	broker, err := queue.Open(queue.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { broker.Close() })
	q, err := broker.CreateQueue(b.Context(), "q", patch)
	if err != nil {
		b.Fatal(err)
	}
	return q
}

// benchBody is what a message of the benchmarks carries.
var benchBody = make([]byte, 256)

func fill(b testing.TB, q *queue.Queue, n int) {
	b.Helper()
	messages := make([]queue.Message, 1000)
	for i := range messages {
		messages[i].Body = benchBody
	}
	for n > 0 {
		batch := messages[:min(n, len(messages))]
		if _, err := q.SendMany(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		n -= len(batch)
	}
}

// cycle sends, receives and deletes n messages by one call each.
func cycle(b testing.TB, q *queue.Queue, messages []queue.Message, o *queue.ReceiveOptions, receipts []string) {
	if _, err := q.SendMany(b.Context(), messages); err != nil {
		b.Fatal(err)
	}
	got, err := q.Receive(b.Context(), o)
	if err != nil || len(got) != len(messages) {
		b.Fatalf("receive: got %d messages and error %v, want %d", len(got), err, len(messages))
	}
	for i, d := range got {
		receipts[i] = d.Receipt
	}
	results, err := q.DeleteMany(b.Context(), receipts)
	if err != nil || results[len(results)-1].Err() != nil {
		b.Fatalf("delete: got %+v and error %v, want deleted", results, err)
	}
}

// One message, or ten at a time, is sent, received and deleted, with none or
// many waiting to be received.
func BenchmarkCycle(b *testing.B) {
	for _, fifo := range []bool{false, true} {
		for _, backlog := range []int{0, 100_000} {
			for _, batch := range []int{1, 10} {
				b.Run(fmt.Sprintf("fifo=%v/backlog=%d/batch=%d", fifo, backlog, batch), func(b *testing.B) {
					q := newBench(b, queue.Patch{FIFO: &fifo})
					fill(b, q, backlog)
					messages := make([]queue.Message, batch)
					for i := range messages {
						messages[i] = queue.Message{Body: benchBody, Group: fmt.Sprint(i % 10)}
					}
					o := &queue.ReceiveOptions{Max: batch, Wait: noWait}
					receipts := make([]string, batch)
					b.ReportAllocs()
					for b.Loop() {
						cycle(b, q, messages, o, receipts)
					}
					b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "messages/s")
				})
			}
		}
	}
}

// A poll of an empty queue.
func BenchmarkPollOfNothing(b *testing.B) {
	q := newBench(b, queue.Patch{})
	b.ReportAllocs()
	for b.Loop() {
		if got, err := q.Receive(b.Context(), nil); err != nil || len(got) > 0 {
			b.Fatalf("receive: got %d messages and error %v, want none", len(got), err)
		}
	}
}

// From a send to the return of a receive that waited, with others in line
// behind it.
func BenchmarkHandOver(b *testing.B) {
	for _, waiting := range []int{1, 1000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			q := newBench(b, queue.Patch{})
			var all sync.WaitGroup
			defer all.Wait()
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			got := make(chan string, waiting)
			for range waiting {
				all.Go(func() {
					for d, err := range q.Deliveries(ctx, nil) {
						if err != nil {
							return
						}
						got <- d.Receipt
					}
				})
			}
			m := queue.Message{Body: benchBody}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := q.Send(b.Context(), m); err != nil {
					b.Fatal(err)
				}
				if err := q.Delete(b.Context(), <-got); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Eight producers and eight consumers on one queue.
func BenchmarkProducersAndConsumers(b *testing.B) {
	for _, batch := range []int{1, 10} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			const each = 8
			q := newBench(b, queue.Patch{MaxInFlight: new(0)})
			messages := make([]queue.Message, batch)
			for i := range messages {
				messages[i].Body = benchBody
			}
			b.ReportAllocs()
			sent := 0
			for b.Loop() { // a round of 1,000 calls for each producer
				const calls = 1000
				var all sync.WaitGroup
				left := make(chan struct{}, each*calls*batch)
				for range each {
					all.Go(func() {
						for range calls {
							if _, err := q.SendMany(b.Context(), messages); err != nil {
								b.Error(err)
							}
						}
					})
					all.Go(func() { consume(b, q, batch, left) })
				}
				all.Wait()
				sent += each * calls * batch
			}
			b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// consume receives and deletes until left is full.
func consume(b *testing.B, q *queue.Queue, batch int, left chan struct{}) {
	o := &queue.ReceiveOptions{Max: batch, Wait: new(time.Millisecond)}
	for len(left) < cap(left) {
		got, err := q.Receive(b.Context(), o)
		if err != nil {
			b.Error(err)
			return
		}
		receipts := make([]string, len(got))
		for i, d := range got {
			receipts[i] = d.Receipt
		}
		if _, err := q.DeleteMany(b.Context(), receipts); err != nil {
			b.Error(err)
			return
		}
		for range got {
			left <- struct{}{}
		}
	}
}

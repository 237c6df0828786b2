package batch_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/batch"
	"github.com/redriveq/redrive/queue"
)

// BenchmarkSend compares the ways to send; one operation is one message. The
// engine is in memory, alone or behind a store of which every call takes a while
// in which no other can run, as where each syncs a disk.
func BenchmarkSend(b *testing.B) {
	for _, store := range []time.Duration{0, time.Millisecond} {
		b.Run(fmt.Sprintf("store=%v", store), func(b *testing.B) {
			for _, goroutines := range []int{1, 8} {
				b.Run(fmt.Sprintf("single/goroutines=%d", goroutines), func(b *testing.B) {
					q := openStore(b, store)
					share(b, goroutines, func(m queue.Message) error {
						_, err := q.Send(b.Context(), m)
						return err
					})
				})
				b.Run(fmt.Sprintf("sender/goroutines=%d", goroutines), func(b *testing.B) {
					s := batch.NewSender(openStore(b, store), batch.Config{})
					share(b, goroutines, func(m queue.Message) error {
						_, err := s.Send(b.Context(), m)
						return err
					})
				})
			}
			b.Run("many=10", func(b *testing.B) {
				q := openStore(b, store)
				messages := make([]queue.Message, 10)
				for i := range messages {
					messages[i] = benchMessage
				}
				tens(b, func() error {
					_, err := q.SendMany(b.Context(), messages)
					return err
				})
			})
			b.Run("batch=10", func(b *testing.B) {
				q := openStore(b, store)
				entries := make([]batch.SendEntry, 10)
				for i := range entries {
					entries[i] = batch.SendEntry{ID: fmt.Sprint(i), Message: benchMessage}
				}
				tens(b, func() error {
					_, err := batch.Send(b.Context(), q, batch.SQS(), entries)
					return err
				})
			})
		})
	}
}

var benchMessage = queue.Message{Body: make([]byte, 100)}

// openStore opens a queue of whose engine every call takes a while.
func openStore(b *testing.B, while time.Duration) *queue.Queue {
	e, _, q := open(b, nil, queue.Patch{})
	if while > 0 {
		var mu sync.Mutex
		e.before = func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			time.Sleep(while)
			return nil
		}
	}
	e.silent = true
	b.ReportAllocs()
	b.ResetTimer()
	return q
}

// share divides the operations among goroutines.
func share(b *testing.B, goroutines int, send func(queue.Message) error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := send(benchMessage); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// tens makes a call for every ten operations.
func tens(b *testing.B, send func() error) {
	for i := 0; i < b.N; i += 10 {
		if err := send(); err != nil {
			b.Fatal(err)
		}
	}
}

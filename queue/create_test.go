package queue_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// TestConcurrentCreation: of many who create a queue at once, with two opinions
// about it, those of one opinion get the same queue and the others are told
// (trap F16).
func TestConcurrentCreation(t *testing.T) {
	for range 50 {
		b, err := queue.Open(queue.Config{})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		ids := map[queue.QueueID]int{}
		refused := 0
		for i := range 8 {
			patch := queue.Patch{VisibilityTimeout: new(time.Duration(1+i%2) * time.Minute)}
			wg.Go(func() {
				q, err := b.CreateQueue(t.Context(), "q", patch)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					ids[q.ID()]++
				case errors.Is(err, queue.ErrQueueExists):
					refused++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(ids) != 1 || refused != 4 {
			t.Errorf("got %d queues and %d refusals, want 1 and 4", len(ids), refused)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

package stress

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/verify/internal/scale"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// crowd is how many goroutines use a queue at the same time.
const crowd = 64

// open returns a queue of a new broker on the real clock.
func open(t *testing.T, name string, patch queue.Patch) (*queue.Broker, *queue.Queue) {
	t.Helper()
	b, err := queue.Open(queue.Config{})
	if err != nil {
		t.Fatalf("open: got error %v, want none", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: got error %v, want none", err)
		}
	})
	return b, create(t, b, name, patch)
}

func create(t *testing.T, b *queue.Broker, name string, patch queue.Patch) *queue.Queue {
	t.Helper()
	q, err := b.CreateQueue(context.Background(), name, patch)
	if err != nil {
		t.Fatalf("create %s: got error %v, want none", name, err)
	}
	return q
}

// now is a receive that does not wait.
func now(max int, visibility time.Duration) *queue.ReceiveOptions {
	return &queue.ReceiveOptions{Max: max, Visibility: &visibility, Wait: new(time.Duration)}
}

// everybody runs f in n goroutines that begin together, and waits for them.
func everybody(n int, f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}

func send(t *testing.T, q *queue.Queue) {
	if _, err := q.Send(t.Context(), queue.Message{}); err != nil {
		t.Errorf("send: got error %v, want none", err)
	}
}

// empty fails if anything is left in the queue.
func empty(t *testing.T, q *queue.Queue) {
	t.Helper()
	s, err := q.Stats(t.Context())
	if err != nil {
		t.Fatalf("stats: got error %v, want none", err)
	}
	if s.Visible.Messages+s.Delayed.Messages+s.InFlight.Messages != 0 || s.Bytes != 0 {
		t.Errorf("at the end: got %+v in %s, want nothing", s, q.Name())
	}
}

// report prints what a test did on one line.
func report(name string, begin time.Time, format string, args ...any) {
	fmt.Printf("L4: stress: %s: %s, %.1fs\n", name, fmt.Sprintf(format, args...), time.Since(begin).Seconds())
}

// count formats a number.
func count[T int | int64](n T) string { return scale.Count(int(n)) }

package batch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/batch"
	"github.com/redriveq/redrive/queue"
)

// Many goroutines send, some with contexts that end at any moment: what was
// reported sent is in the queue, in each goroutine's order, and nothing else is.
func TestSenderConcurrently(t *testing.T) {
	for name, c := range map[string]batch.Config{
		"gather": {Limits: batch.Limits{MaxEntries: 4}},
		"linger": {Limits: batch.Limits{MaxEntries: 4, MaxBytes: 20}, Linger: 50 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, q := open(t, nil, queue.Patch{})
			s := batch.NewSender(q, c)
			const goroutines, calls = 8, 100
			sent := make([][]string, goroutines)
			ids := make([]map[queue.MessageID]string, goroutines)
			var wg sync.WaitGroup
			for n := range goroutines {
				wg.Go(func() {
					ids[n] = map[queue.MessageID]string{}
					for i := range calls {
						body := fmt.Sprintf("%d-%03d", n, i)
						got, err := sendOrCancel(t, s, body, i%3 == 0)
						if err == nil {
							sent[n], ids[n][got.ID] = append(sent[n], body), body
						}
					}
				})
			}
			wg.Wait()
			there := make([][]string, goroutines)
			for info, err := range q.Messages(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				body, n := string(info.Body), int(info.Body[0]-'0')
				there[n] = append(there[n], body)
				if got := ids[n][info.ID]; got != body {
					t.Errorf("message %q: its ID was returned for %q", body, got)
				}
			}
			for n := range goroutines {
				if !slices.Equal(there[n], sent[n]) {
					t.Errorf("goroutine %d: got %q in the queue, want %q", n, there[n], sent[n])
				}
			}
		})
	}
}

func sendOrCancel(t *testing.T, s *batch.Sender, body string, cancelled bool) (queue.Sent, error) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if cancelled {
		timer := time.AfterFunc(time.Duration(rand.IntN(30))*time.Microsecond, cancel)
		defer timer.Stop()
	}
	got, err := s.Send(ctx, message(body))
	if err != nil && !(cancelled && errors.Is(err, context.Canceled)) {
		t.Errorf("send %q: %v", body, err)
	}
	return got, err
}

// Every receipt is used by two goroutines, and deletes for exactly one.
func TestDeleterConcurrently(t *testing.T) {
	_, _, q := open(t, nil, queue.Patch{})
	const n = 200
	if _, err := q.SendMany(t.Context(), make([]queue.Message, n)); err != nil {
		t.Fatal(err)
	}
	mine := receipts(t, q, n)
	d := batch.NewDeleter(q, batch.Config{})
	var deleted, gone atomic.Int64
	var wg sync.WaitGroup
	for part := range 8 {
		wg.Go(func() {
			for i := part / 2; i < n; i += 4 {
				switch err := d.Delete(t.Context(), mine[i]); {
				case err == nil:
					deleted.Add(1)
				case errors.Is(err, queue.ErrMessageGone):
					gone.Add(1)
				default:
					t.Errorf("delete %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	if deleted.Load() != n || gone.Load() != n {
		t.Errorf("got %d deleted and %d gone, want %d of each", deleted.Load(), gone.Load(), n)
	}
	if got := bodies(t, q); len(got) > 0 {
		t.Errorf("%d messages are left", len(got))
	}
}

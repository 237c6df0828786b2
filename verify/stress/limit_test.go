package stress

import (
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/verify/internal/scale"
)

// A peak is the highest of many observations.
type peak struct{ atomic.Int64 }

func (p *peak) see(n int64) {
	for {
		highest := p.Load()
		if n <= highest || p.CompareAndSwap(highest, n) {
			return
		}
	}
}

const (
	maxMessages = 50
	maxInFlight = 20
	maxBytes    = 25 * bodyBytes // half of the messages have a body
	bodyBytes   = 100
)

// TestLimits has senders and consumers that push a queue against its limits all
// the time, and one call in a few that looks.
func TestLimits(t *testing.T) {
	begin := time.Now()
	_, q := open(t, "limit", queue.Patch{
		MaxMessages: new(maxMessages), MaxInFlight: new(maxInFlight), MaxBytes: new(int64(maxBytes)),
		MaxMessageBytes: new(bodyBytes),
	})
	var messages, bytes, inFlight peak
	var operations, full, busy atomic.Int64
	everybody(crowd, func(i int) {
		rng := rand.New(rand.NewPCG(3, uint64(i)))
		for range scale.Of(4_000) {
			operations.Add(1)
			switch rng.IntN(5) {
			case 0, 1:
				_, err := q.Send(t.Context(), queue.Message{Body: make([]byte, bodyBytes*rng.IntN(2))})
				counted(t, "send", err, queue.ErrQueueFull, &full)
			case 2, 3:
				visibility := time.Duration(rng.IntN(300)) * time.Microsecond
				got, err := q.Receive(t.Context(), now(1+rng.IntN(3), visibility))
				counted(t, "receive", err, queue.ErrInFlightLimit, &busy)
				for _, d := range got {
					if rng.IntN(2) == 0 {
						_ = q.Delete(t.Context(), d.Receipt)
					}
				}
			case 4:
				s, err := q.Stats(t.Context())
				counted(t, "stats", err, nil, nil)
				messages.see(int64(s.Visible.Messages + s.InFlight.Messages))
				bytes.see(s.Bytes)
				inFlight.see(int64(s.InFlight.Messages))
			}
		}
	})
	for _, c := range []struct {
		what       string
		got, limit int64
	}{
		{"messages", messages.Load(), maxMessages},
		{"bytes", bytes.Load(), maxBytes},
		{"messages in flight", inFlight.Load(), maxInFlight},
	} {
		if c.got != c.limit {
			t.Errorf("%s: got at most %d, want the limit of %d reached and not exceeded", c.what, c.got, c.limit)
		}
	}
	refills(t, q)
	report("limit", begin, "%s operations, %s sends refused, %s receives refused",
		count(operations.Load()), count(full.Load()), count(busy.Load()))
}

// counted counts the one error that a call may return.
func counted(t *testing.T, op string, err, want error, n *atomic.Int64) {
	switch {
	case err == nil:
	case want != nil && errors.Is(err, want):
		n.Add(1)
	default:
		t.Errorf("%s: got error %v, want none or %v", op, err, want)
	}
}

// refills empties the queue and fails if it then does not take exactly as many
// messages as its limit says.
func refills(t *testing.T, q *queue.Queue) {
	t.Helper()
	if _, err := q.Purge(t.Context()); err != nil {
		t.Fatalf("purge: got error %v, want none", err)
	}
	empty(t, q)
	taken := 0
	for range 2 * maxMessages {
		if _, err := q.Send(t.Context(), queue.Message{}); err == nil {
			taken++
		}
	}
	if taken != maxMessages {
		t.Errorf("after the purge: got %d messages taken, want %d", taken, maxMessages)
	}
}

package queue_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A month is thirty simulated days of a queue that is used as services use one:
// messages for now and for later, of which some are cancelled, handlers that
// are quick, slow, fail once and fail always, and consumers that wait.
type month struct {
	*rig
	dead   *queue.Queue
	random *rand.Rand

	mu        sync.Mutex // guards all below
	due       map[queue.MessageID]time.Time
	sent      int
	handled   int
	cancelled int
	died      int
	late      time.Duration // that a first delivery was, at the most
}

const (
	quick  = "quick"
	slow   = "slow"
	flaky  = "flaky"
	poison = "poison"
)

// send sends a message for now, for later, or for an instant.
func (m *month) send() queue.MessageID {
	message := queue.Message{Body: []byte([]string{quick, quick, quick, quick, slow, flaky, poison}[m.random.IntN(7)])}
	due := m.clock.Now()
	switch m.random.IntN(3) {
	case 0:
		delay := time.Duration(m.random.Int64N(int64(2 * day)))
		message.Delay = &delay
		due = due.Add(delay)
	case 1:
		due = due.Add(time.Duration(m.random.Int64N(int64(2 * day))))
		message.At = due
	}
	m.mu.Lock() // so that no consumer sees the message before its due time is noted
	defer m.mu.Unlock()
	sent, err := m.q.Send(m.ctx(), message)
	m.must(err)
	m.due[sent.ID] = due
	m.sent++
	return sent.ID
}

// produce sends for a month, and takes back one message in ten.
func (m *month) produce() {
	for m.elapsed() < 30*day {
		m.pass(time.Duration(m.random.Int64N(int64(10 * time.Minute))))
		id := m.send()
		if m.random.IntN(10) > 0 {
			continue
		}
		m.pass(time.Duration(m.random.Int64N(int64(10 * time.Minute))))
		outcome, err := m.q.Cancel(m.ctx(), id)
		m.must(err)
		if outcome == queue.Cancelled {
			m.count(&m.cancelled)
		}
	}
}

// fine reports an error. It is for goroutines, which may not stop the test.
func (m *month) fine(err error) {
	if err != nil {
		m.t.Errorf("at %v: got error %v, want none", m.elapsed(), err)
	}
}

func (m *month) count(n *int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*n++
}

// consume handles messages until the context ends.
func (m *month) consume(ctx context.Context) {
	for d, err := range m.q.Deliveries(ctx, nil) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m.t.Errorf("deliveries: got error %v, want the context's", err)
			}
			return
		}
		m.handle(d)
	}
}

func (m *month) handle(d queue.Delivery) {
	if d.ReceiveCount == 1 {
		m.mu.Lock()
		m.late = max(m.late, m.clock.Now().Sub(m.due[d.ID]))
		m.mu.Unlock()
	}
	switch string(d.Body) {
	case slow:
		m.pass(50 * s)
	case flaky:
		if d.ReceiveCount == 1 {
			m.fine(m.q.ChangeVisibility(m.ctx(), d.Receipt, 10*time.Minute))
			return
		}
	case poison:
		return // comes back when its visibility timeout ends
	}
	m.fine(m.q.Delete(m.ctx(), d.Receipt))
	m.count(&m.handled)
}

// bury takes what comes to the dead-letter queue.
func (m *month) bury(ctx context.Context) {
	for d, err := range m.dead.Deliveries(ctx, nil) {
		if err != nil {
			return
		}
		if string(d.Body) != poison || d.ReceiveCount != 4 || d.Origin.Name != "q" {
			m.t.Errorf("dead letter: got %+v, want the fourth receive of a poisonous one from q", d.Info)
		}
		m.fine(m.dead.Delete(m.ctx(), d.Receipt))
		m.count(&m.died)
	}
}

func TestThirtyDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &month{
			rig:    newRig(t, queue.Config{}, queue.Patch{VisibilityTimeout: new(60 * s)}),
			random: rand.New(rand.NewPCG(30, 8)),
			due:    make(map[queue.MessageID]time.Time),
		}
		m.dead = m.create("dead", queue.Patch{})
		m.must(m.q.SetAttributes(m.ctx(), queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: 3}}))

		ctx, cancel := context.WithCancel(m.ctx())
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { m.consume(ctx) })
		}
		all.Go(func() { m.bury(ctx) })
		m.produce()
		m.pass(3 * day)
		cancel()
		all.Wait()

		t.Logf("%d sent, %d handled, %d cancelled, %d died, in %v", m.sent, m.handled, m.cancelled, m.died, m.elapsed())
		if m.sent != m.handled+m.cancelled+m.died || m.sent < 7000 || m.cancelled < 100 || m.died < 500 {
			t.Errorf("%d sent, %d handled, %d cancelled and %d died: want about 8,000, and no message missing", m.sent, m.handled, m.cancelled, m.died)
		}
		if m.late != 0 {
			t.Errorf("a first delivery was late by %v, want all at the very instant", m.late)
		}
		m.wantCounts(m.q, 0, 0, 0)
		m.wantCounts(m.dead, 0, 0, 0)
	})
}

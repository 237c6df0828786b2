package linear

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
)

// A Plan says what the clients of one history do. It is drawn from its seed;
// how their calls meet is up to the scheduler.
type Plan struct {
	Seed       uint64
	Attributes queue.Attributes // of the queue: its kind, policies, cap, retention and in-flight limit
	Clients    int
	Pollers    int  // further clients, that do nothing but wait for messages
	Phases     int  // the clock is advanced after each
	Calls      int  // of each client in each phase
	Groups     int  // message groups
	Whole      bool // also calls that only spec B understands: purge, stats, peek
}

// A run is a plan that is being carried out.
type run struct {
	plan   Plan
	mock   *clock.Mock
	queue  *queue.Queue
	stamps atomic.Int64
	at     time.Duration // since start; changed only while no client runs

	mu       sync.Mutex // guards what follows
	sent     []queue.MessageID
	receipts []handle
}

// A handle is a receipt, and whose it is.
type handle struct {
	id      queue.MessageID
	fence   uint64
	receipt string
}

// Run carries out the plan on a new broker over the engine, which it closes.
func (p Plan) Run(engine driver.Engine) (*History, error) {
	r := &run{plan: p, mock: clock.NewMock()}
	broker, err := queue.Open(queue.Config{Clock: r.mock, Engine: &yielding{Engine: engine}})
	if err != nil {
		return nil, err
	}
	defer broker.Close()
	if r.queue, err = broker.CreateQueue(context.Background(), "queue", patch(&p.Attributes)); err != nil {
		return nil, err
	}
	clients := make([]*client, p.Clients+p.Pollers)
	for i := range clients {
		clients[i] = &client{run: r, number: i, rng: rand.New(rand.NewPCG(p.Seed, uint64(i)))}
	}
	rng := rand.New(rand.NewPCG(p.Seed, 1<<32))
	for range p.Phases {
		r.phase(clients[:p.Clients], clients[p.Clients:])
		r.advance(time.Duration(rng.IntN(3)+1)*time.Second + time.Duration(rng.IntN(3)-1))
	}
	r.advance(longest)
	clients[0].drain()
	return r.history(clients)
}

// longest is more than any timeout of a plan.
const longest = time.Minute

// patch sets what the specifications know of.
func patch(a *queue.Attributes) queue.Patch {
	return queue.Patch{
		FIFO:              new(a.FIFO),
		VisibilityTimeout: new(time.Second),
		MaxVisibility:     new(a.MaxVisibility),
		Retention:         new(a.Retention),
		MaxInFlight:       new(a.MaxInFlight),
		ReceiptPolicy:     new(a.ReceiptPolicy),
		RefuseLateChange:  new(a.RefuseLateChange),
	}
}

func (r *run) advance(by time.Duration) {
	r.mock.Add(by)
	r.at += by
}

// phase lets all clients make their calls, and ends what still waits then.
func (r *run) phase(clients, pollers []*client) {
	ctx, cancel := context.WithCancel(context.Background())
	var working, waiting sync.WaitGroup
	start := make(chan struct{})
	for _, c := range clients {
		working.Go(func() {
			<-start
			for range r.plan.Calls {
				c.call()
			}
		})
	}
	for _, c := range pollers {
		waiting.Go(func() {
			<-start
			for range max(1, r.plan.Calls/4) {
				c.wait(ctx)
			}
		})
	}
	close(start)
	working.Wait()
	cancel()
	waiting.Wait()
}

func (r *run) history(clients []*client) (*History, error) {
	h := &History{Attributes: r.plan.Attributes}
	for _, c := range clients {
		if c.err != nil {
			return nil, fmt.Errorf("seed %d: %w", r.plan.Seed, c.err)
		}
		h.Operations = append(h.Operations, c.operations...)
		h.Receives += c.receives
		h.Empty += c.empty
	}
	return h, nil
}

func (r *run) knowSent(id queue.MessageID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, id)
}

func (r *run) knowReceipt(h handle) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.receipts = append(r.receipts, h)
}

// pickSent and pickReceipt choose mostly among the latest, so that clients want
// the same messages, and now and then among all.
func (r *run) pickSent(rng *rand.Rand) (id queue.MessageID, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return pick(r.sent, rng)
}

func (r *run) pickReceipt(rng *rand.Rand) (h handle, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return pick(r.receipts, rng)
}

func pick[T any](from []T, rng *rand.Rand) (picked T, ok bool) {
	if len(from) == 0 {
		return picked, false
	}
	among := len(from)
	if rng.IntN(8) > 0 {
		among = min(among, 3)
	}
	return from[len(from)-1-rng.IntN(among)], true
}

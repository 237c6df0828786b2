package stress

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/verify/internal/scale"
)

// fewMessages keeps the queues so short that all consumers want the same ones.
const fewMessages = 16

// TestOwners has consumers that never oversleep. Whoever receives a message
// owns it until the call that gives it up.
func TestOwners(t *testing.T) {
	begin := time.Now()
	_, q := open(t, "owners", queue.Patch{})
	var owners sync.Map // queue.MessageID -> *atomic.Int64, 0 or a consumer
	var deliveries atomic.Int64
	for range fewMessages {
		send(t, q)
	}
	everybody(crowd, func(i int) {
		me := int64(i + 1)
		for n := range scale.Of(4_000) {
			got, err := q.Receive(t.Context(), now(1, time.Hour))
			if err != nil {
				t.Errorf("receive: got error %v, want none", err)
			}
			for _, d := range got {
				deliveries.Add(1)
				entry, _ := owners.LoadOrStore(d.ID, new(atomic.Int64))
				owner := entry.(*atomic.Int64)
				if !owner.CompareAndSwap(0, me) {
					t.Errorf("message %v, fence %d: received by %d, while %d owns it", d.ID, d.Fence, me, owner.Load())
				}
				if !owner.CompareAndSwap(me, 0) {
					t.Errorf("message %v, fence %d: owned by %d, want %d", d.ID, d.Fence, owner.Load(), me)
				}
				giveUp(t, q, d, n%3)
			}
		}
	})
	report("owners", begin, "%s deliveries to %d consumers", count(deliveries.Load()), crowd)
}

// giveUp ends a delivery in force in one of three ways, and sees to it that the
// queue holds as many messages as before.
func giveUp(t *testing.T, q *queue.Queue, d queue.Delivery, way int) {
	var err error
	switch way {
	case 0:
		err = q.ChangeVisibility(t.Context(), d.Receipt, 0)
	case 1:
		_, err = q.ReleaseMany(t.Context(), []string{d.Receipt})
	case 2:
		err = q.Delete(t.Context(), d.Receipt)
		send(t, q)
	}
	if err != nil {
		t.Errorf("give up, way %d: got error %v, want none", way, err)
	}
}

// A tenure is one delivery: from the receive to an instant at which it was
// surely still in force, unless it was lost to nobody's fault.
type tenure struct {
	id           queue.MessageID
	fence        uint64
	begin, until time.Time
}

// TestTenures has consumers that oversleep, extend, give back and delete, and
// compares all tenures of a message afterwards.
func TestTenures(t *testing.T) {
	begin := time.Now()
	_, q := open(t, "tenures", queue.Patch{})
	var late atomic.Int64
	for range fewMessages {
		send(t, q)
	}
	var mu sync.Mutex // guards tenures
	var tenures []tenure
	everybody(crowd, func(i int) {
		c := &sleeper{t: t, queue: q, rng: rand.New(rand.NewPCG(1, uint64(i)))}
		for range scale.Of(4_000) {
			c.consume()
		}
		late.Add(c.late)
		mu.Lock()
		defer mu.Unlock()
		tenures = append(tenures, c.tenures...)
	})
	slices.SortFunc(tenures, func(a, b tenure) int {
		return cmp.Or(slices.Compare(a.id[:], b.id[:]), cmp.Compare(a.fence, b.fence))
	})
	for i, next := range tenures[1:] {
		if before := tenures[i]; before.id == next.id && before.until.After(next.begin) {
			t.Errorf("message %v: fence %d held until %v, fence %d from %v on, want one after the other",
				next.id, before.fence, before.until, next.fence, next.begin)
			break
		}
	}
	if late.Load() == 0 {
		t.Error("got no superseded receipt, want some: nobody overslept")
	}
	report("tenures", begin, "%s deliveries to %d consumers, %s receipts superseded",
		count(len(tenures)), crowd, count(late.Load()))
}

// A sleeper is a consumer with a very short visibility timeout.
type sleeper struct {
	t       *testing.T
	queue   *queue.Queue
	rng     *rand.Rand
	tenures []tenure
	late    int64
}

func (c *sleeper) consume() {
	visibility := time.Duration(c.rng.IntN(200)) * time.Microsecond
	got, err := c.queue.Receive(c.t.Context(), now(1, visibility))
	if err != nil {
		c.t.Errorf("receive: got error %v, want none", err)
	}
	for _, d := range got {
		for range c.rng.IntN(4) {
			runtime.Gosched() // so that some oversleep
		}
		held := tenure{id: d.ID, fence: d.Fence, begin: d.VisibleAt.Add(-visibility), until: d.VisibleAt}
		c.settle(d, &held)
		c.tenures = append(c.tenures, held)
	}
}

func (c *sleeper) settle(d queue.Delivery, held *tenure) {
	asked := time.Now().Round(0)
	var err error
	switch c.rng.IntN(5) {
	case 0, 1:
		held.end(asked)
		if err = c.queue.Delete(c.t.Context(), d.Receipt); err == nil {
			send(c.t, c.queue)
		}
	case 2:
		held.end(asked)
		err = c.queue.ChangeVisibility(c.t.Context(), d.Receipt, 0)
	case 3:
		const more = time.Millisecond
		err = c.queue.ChangeVisibility(c.t.Context(), d.Receipt, more)
		if err == nil { // nobody received the message in between, late or not
			held.until = asked.Add(more)
		}
	}
	switch {
	case errors.Is(err, queue.ErrReceiptSuperseded), errors.Is(err, queue.ErrMessageGone):
		c.late++
	case err != nil:
		c.t.Errorf("settle: got error %v, want none, superseded or gone", err)
	}
}

// end makes the tenure end not later than then.
func (n *tenure) end(at time.Time) {
	if at.Before(n.until) {
		n.until = at
	}
}

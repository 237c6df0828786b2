package queue_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// mayRace reports an answer that no call may give while the broker is being
// closed, or the queue deleted, beside it.
func mayRace(t *testing.T, name string, err error) {
	t.Helper()
	for _, fine := range []error{nil, queue.ErrClosed, queue.ErrNoQueue, queue.ErrMessageGone, queue.ErrReceiptSuperseded} {
		if errors.Is(err, fine) {
			return
		}
	}
	t.Errorf("%s beside Close: got error %v", name, err)
}

// I20: Close at a random moment under every kind of call. The bubble fails if a
// goroutine is left behind.
func TestCloseAtAnyMoment(t *testing.T) {
	const rounds = 1000
	for round := range rounds {
		random := rand.New(rand.NewPCG(1, uint64(round)))
		moment := func() time.Duration { return time.Duration(random.IntN(8)) * time.Millisecond / 2 }
		synctest.Test(t, func(t *testing.T) {
			var c clock.Clock
			if round%2 == 1 {
				c = clock.NewMock()
			}
			r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
			receipt, id := r.hold()
			var all sync.WaitGroup
			for range 2 {
				for _, call := range calls {
					at := moment()
					all.Go(func() {
						time.Sleep(at)
						mayRace(t, call.name, call.do(r.ctx(), r, receipt, id))
					})
				}
				at := moment()
				all.Go(func() {
					time.Sleep(at)
					_, err := r.q.Receive(r.ctx(), &queue.ReceiveOptions{Wait: new(100 * day)})
					mayRace(t, "Receive with a long wait", err)
				})
			}
			if m, ok := c.(*clock.Mock); ok {
				all.Go(func() {
					for range 4 {
						m.Add(time.Millisecond)
					}
				})
			}
			time.Sleep(moment())
			before := time.Now()
			all.Go(func() { mayRace(t, "Close", r.b.Close()) })
			mayRace(t, "Close", r.b.Close())
			if took := time.Since(before); took != 0 {
				t.Errorf("round %d: Close took %v, want no time", round, took)
			}
			all.Wait()
			for _, call := range calls {
				call.wantError(t, call.do(r.ctx(), r, receipt, id), queue.ErrClosed)
			}
		})
		if t.Failed() {
			t.Fatalf("failed in round %d", round)
		}
	}
}

// The same with real goroutines that call as fast as they can.
func TestCloseUnderLoad(t *testing.T) {
	const rounds = 200
	for round := range rounds {
		r := newRig(t, queue.Config{}, queue.Patch{})
		receipt, id := r.hold()
		var all sync.WaitGroup
		for _, call := range calls {
			if call.name == "DeleteQueue" {
				continue // it would leave the others little to do
			}
			all.Go(func() {
				for {
					err := call.do(r.ctx(), r, receipt, id)
					mayRace(t, call.name, err)
					if errors.Is(err, queue.ErrClosed) || t.Failed() {
						return
					}
					runtime.Gosched() // on one CPU, let the others have their turns
				}
			})
		}
		waited := r.create("waited", queue.Patch{})
		for range 2 {
			all.Go(func() {
				for {
					_, err := waited.Receive(r.ctx(), &queue.ReceiveOptions{Wait: new(day)})
					mayRace(t, "Receive with a long wait", err)
					if err != nil {
						return
					}
				}
			})
		}
		for range rand.IntN(100) {
			runtime.Gosched()
		}
		for range 2 {
			all.Go(func() { mayRace(t, "Close", r.b.Close()) })
		}
		all.Wait()
		if t.Failed() {
			t.Fatalf("failed in round %d", round)
		}
	}
}

func TestCloseEndsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		other := r.create("other", queue.Patch{})
		r.sendLater("a", 10*s)
		all := append(r.waitFor(r.q, 3, hour), r.waitFor(other, 2, hour)...)
		r.pass(1 * s)
		r.must(r.b.Close())
		synctest.Wait()
		all.want(t, "ErrClosed at 1s, ErrClosed at 1s, ErrClosed at 1s, ErrClosed at 1s, ErrClosed at 1s")
	})
}

// An engine that notices when it is closed too early, or twice.
type closeWatch struct {
	driver.Engine
	begun  chan struct{} // something is put in when a call begins
	mu     sync.Mutex    // guards all below
	closes int
	busy   int
	early  bool
}

func (e *closeWatch) Stats(ctx context.Context, now time.Time, id driver.QueueID) (driver.Stats, error) {
	e.mu.Lock()
	e.busy++
	e.mu.Unlock()
	select {
	case e.begun <- struct{}{}:
	default:
	}
	for range 50 { // long enough for a Close that does not wait
		runtime.Gosched()
	}
	stats, err := e.Engine.Stats(ctx, now, id)
	e.mu.Lock()
	e.busy--
	e.mu.Unlock()
	return stats, err
}

var errDisk = errors.New("disk on fire")

func (e *closeWatch) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closes++
	e.early = e.early || e.busy > 0
	return errDisk
}

// The engine is closed once, when no call is under way, and its error is told.
func TestCloseClosesEngine(t *testing.T) {
	for range 100 {
		e := &closeWatch{Engine: memqueue.New(), begun: make(chan struct{}, 1)}
		r := newRig(t, queue.Config{Engine: e}, queue.Patch{})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for {
					if _, err := r.q.Stats(r.ctx()); err != nil {
						return
					}
				}
			})
		}
		<-e.begun
		err := r.b.Close()
		all.Wait()
		if again := r.b.Close(); !errors.Is(err, errDisk) || again != nil {
			t.Fatalf("close: got errors %v and %v, want %v and none", err, again, errDisk)
		}
		if e.closes != 1 || e.early {
			t.Fatalf("the engine was closed %d times, beside a call: %v; want once and false", e.closes, e.early)
		}
	}
}

func TestOpenRefusesShortSecret(t *testing.T) {
	b, err := queue.Open(queue.Config{Engine: shortSecret{memqueue.New()}})
	if e, ok := errors.AsType[*queue.Error](err); b != nil || !ok || e.Op != "open" {
		t.Errorf("open: got %v and error %v, want an *Error for the operation open", b, err)
	}
}

type shortSecret struct{ driver.Engine }

func (shortSecret) Secrets() [][]byte { return [][]byte{make([]byte, 31)} }

// Traps B8 and R23: receives that wait end when their queue is deleted, and a
// queue of the same name has nothing to do with them.
func TestDeleteQueueEndsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		other := r.create("other", queue.Patch{})
		r.sendLater("late", 5*s)
		all := append(r.waitFor(r.q, 2, hour), r.waitFor(other, 1, 20*s)...)
		r.pass(1 * s)
		r.must(r.b.DeleteQueue(r.ctx(), "q"))
		synctest.Wait()
		all.want(t, "ErrNoQueue at 1s, ErrNoQueue at 1s, waits")

		old := r.q
		r.q = r.create("q", queue.Patch{})
		all = append(r.waitFor(old, 1, hour), r.waitFor(r.q, 1, hour)...)
		r.pass(1 * s)
		r.send("a")
		synctest.Wait()
		all.want(t, "ErrNoQueue at 1s, a at 2s")
		if got := all[1].delivery().ReceiveCount; got != 1 {
			t.Errorf("the message was received %d times, want once", got)
		}
	})
}

// A queue may be deleted at any moment.
func TestDeleteQueueAtAnyMoment(t *testing.T) {
	for round := range 300 {
		random := rand.New(rand.NewPCG(2, uint64(round)))
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, queue.Config{}, queue.Patch{})
			receipt, id := r.hold()
			var all sync.WaitGroup
			for _, call := range calls {
				at := time.Duration(random.IntN(4)) * time.Millisecond
				all.Go(func() {
					time.Sleep(at)
					mayRace(t, call.name, call.do(r.ctx(), r, receipt, id))
				})
			}
			for range 3 {
				all.Go(func() {
					_, err := r.q.Receive(r.ctx(), &queue.ReceiveOptions{Wait: new(hour)})
					mayRace(t, "Receive with a long wait", err)
				})
			}
			time.Sleep(time.Duration(random.IntN(4)) * time.Millisecond)
			mayRace(t, "DeleteQueue", r.b.DeleteQueue(r.ctx(), "q"))
			all.Wait()
			if took := r.elapsed(); took > 10*time.Millisecond {
				t.Errorf("round %d: the calls took %v, want no longer than the last began", round, took)
			}
		})
	}
}

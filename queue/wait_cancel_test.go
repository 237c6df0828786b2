package queue_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A tally counts what became of receives whose context ended when a message
// came.
type tally struct{ took, cancelled, left int }

// add checks one receive, and counts it: it has a message, or the error of its
// context and nothing.
func (c *tally) add(t *testing.T, w *wait) {
	t.Helper()
	<-w.done
	switch text := answer(w.got, w.err); {
	case text == "a" && w.err == nil:
		c.took++
	case (text == "Canceled" || text == "DeadlineExceeded") && len(w.got) == 0:
		c.cancelled++
	default:
		t.Fatalf("a receive got %s, with %d messages; want a, or the context's error and none", text, len(w.got))
	}
}

// clean takes what is left, which nobody has ever received, and empties the
// queue.
func (c *tally) clean(r *rig) {
	r.t.Helper()
	got, err := r.q.Receive(r.ctx(), &queue.ReceiveOptions{Max: 10, Wait: noWait})
	r.must(err)
	for _, d := range got {
		if d.ReceiveCount != 1 {
			r.t.Fatalf("a message that nobody got had been received %d times before", d.ReceiveCount-1)
		}
	}
	c.left += len(got)
	_, err = r.q.Purge(r.ctx())
	r.must(err)
}

// I18, and traps R24 and B6: a receive whose context ends has taken nothing,
// also if that is at the very instant at which a message comes for it.
func TestCancelledWaitTakesNothing(t *testing.T) {
	const receives, messages = 3, 2 // a round
	type round func(r *rig) waits
	endAt := func(r *rig, d time.Duration) (context.Context, context.CancelFunc) {
		return context.WithTimeout(r.ctx(), d)
	}
	begin := func(r *rig, ctx context.Context) (all waits) {
		for range receives {
			all = append(all, r.receive(ctx, r.q, queue.ReceiveOptions{Wait: new(hour)}))
		}
		return all
	}
	tests := []struct {
		name   string
		bubble bool
		rounds int
		play   round
	}{
		{"deadline and send", true, 1500, func(r *rig) waits {
			ctx, cancel := endAt(r, 1*s)
			defer cancel()
			all := begin(r, ctx)
			r.pass(1 * s)
			r.send("a", "a")
			synctest.Wait()
			return all
		}},
		{"deadline and the end of a delay", true, 1500, func(r *rig) waits {
			ctx, cancel := endAt(r, 1*s)
			defer cancel()
			for range messages {
				r.sendLater("a", 1*s)
			}
			all := begin(r, ctx)
			r.pass(2 * s)
			synctest.Wait()
			return all
		}},
		{"cancel beside send", true, 1500, func(r *rig) waits {
			ctx, cancel := context.WithCancel(r.ctx())
			all := begin(r, ctx)
			synctest.Wait()
			both := []func(){cancel, func() { r.send("a", "a") }}
			first := rand.IntN(2)
			go both[first]()
			go both[1-first]()
			synctest.Wait()
			return all
		}},
		{"real goroutines", false, 2200, func(r *rig) waits {
			ctx, cancel := context.WithCancel(r.ctx())
			all := begin(r, ctx)
			for range rand.IntN(10) {
				runtime.Gosched()
			}
			both := []func(){cancel, func() { r.send("a", "a") }}
			first := rand.IntN(2)
			var done sync.WaitGroup
			done.Go(both[first])
			done.Go(both[1-first])
			done.Wait()
			return all
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			play := func(t *testing.T) {
				var c tally
				r := newRig(t, queue.Config{}, queue.Patch{})
				for range test.rounds {
					for _, w := range test.play(r) {
						c.add(t, w)
					}
					if n := r.counts(r.q); n[0]+n[2] != messages || n[1] != 0 {
						t.Fatalf("visible, delayed and in flight are %v, want %d visible or in flight", n, messages)
					}
					c.clean(r)
				}
				t.Logf("%+v", c)
				if c.took+c.cancelled != test.rounds*receives || c.took+c.left != test.rounds*messages {
					t.Errorf("%+v of %d receives and %d messages: some are missing", c, test.rounds*receives, test.rounds*messages)
				}
				if c.took == 0 || c.left == 0 {
					t.Errorf("%+v: there was no race", c)
				}
			}
			if test.bubble {
				synctest.Test(t, play)
			} else {
				play(t)
			}
		})
	}
}

// A context that ends while the engine decides changes nothing: the receive
// returns what it was given, and no error.
func TestCancelDuringReceive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
		ctx, cancel := context.WithCancel(r.ctx())
		all := waits{r.receive(ctx, r.q, queue.ReceiveOptions{Wait: new(hour)})}
		synctest.Wait()
		all = append(all, r.waitFor(r.q, 1, hour)...)
		open := make(chan struct{})
		g.set(nil, func(n int) {
			if n == 1 {
				<-open
			}
		})
		go r.send("a")
		synctest.Wait()
		cancel()
		synctest.Wait()
		all.want(t, "waits, waits")
		close(open)
		synctest.Wait()
		all.want(t, "a at 0s, waits")
		r.wantCounts(r.q, 0, 0, 1)
	})
}

// If the engine has nothing, the context's error comes as soon as that is known.
func TestCancelDuringReceiveOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
		ctx, cancel := context.WithCancelCause(r.ctx())
		all := waits{r.receive(ctx, r.q, queue.ReceiveOptions{Wait: new(hour)})}
		synctest.Wait()
		open := make(chan struct{})
		g.set(nil, func(n int) {
			if n == 1 {
				<-open
			}
		})
		go r.sendLater("a", 10*s)
		synctest.Wait()
		cancel(queue.ErrQueueFull) // any error will do
		synctest.Wait()
		all.want(t, "waits")
		close(open)
		synctest.Wait()
		all.want(t, "ErrQueueFull at 0s")
		r.wantCounts(r.q, 0, 1, 0)
		r.pass(10 * s)
		r.wantCounts(r.q, 1, 0, 0)
	})
}

package queue_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
)

var noWait = new(time.Duration(0))

// A wait that nothing ends ends at its deadline, without an error.
func TestWaitEndsExactly(t *testing.T) {
	tests := []struct {
		name    string
		options *queue.ReceiveOptions
		want    string
	}{
		{"no options", nil, "- at 7s"}, // the queue's
		{"no wait of its own", &queue.ReceiveOptions{}, "- at 7s"},
		{"zero", &queue.ReceiveOptions{Wait: noWait}, "- at 0s"},
		{"a nanosecond", &queue.ReceiveOptions{Wait: new(time.Nanosecond)}, "- at 1ns"},
		{"20 seconds", &queue.ReceiveOptions{Wait: new(20 * s)}, "- at 20s"},
		{"a year and a bit", &queue.ReceiveOptions{Wait: new(365*day + 1)}, "- at 8760h0m0.000000001s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, queue.Config{}, queue.Patch{ReceiveWait: new(7 * s)})
				r.sendLater("late", 2*365*day)
				alone, err := r.q.Receive(r.ctx(), test.options)
				if got := answer(alone, err) + " at " + r.elapsed().String(); got != test.want {
					t.Errorf("alone: got %s, want %s", got, test.want)
				}
				r.start = r.clock.Now()
				r.waitFor(r.q, 1, 3*365*day)
				second, err := r.q.Receive(r.ctx(), test.options)
				if got := answer(second, err) + " at " + r.elapsed().String(); got != test.want {
					t.Errorf("behind another: got %s, want %s", got, test.want)
				}
			})
		})
	}
}

// Trap W5: a receive returns as soon as there is one message. What there is
// more goes to it too, up to what it asked for, and then to the next in line.
func TestWaitsTakeWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		var all waits
		for _, max := range []int{1, 10, 3, 1, 10} {
			all = append(all, r.receive(r.ctx(), r.q, queue.ReceiveOptions{Max: max, Wait: new(60 * s)}))
			synctest.Wait()
		}
		r.send("a")
		r.pass(1 * s)
		r.send("b")
		r.pass(1 * s)
		r.send("c", "d", "e", "f", "g")
		r.pass(100 * s)
		synctest.Wait()
		all.want(t, "a at 0s, b at 1s, c+d+e at 2s, f at 2s, g at 2s")
		r.wantCounts(r.q, 7, 0, 0) // their visibility timeouts have ended
	})
}

// A receive that comes later is served later, whether it waits or not.
func TestNewcomersStandBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
		all := r.waitFor(r.q, 2, 60*s)
		open := make(chan struct{})
		g.set(func(n int) {
			if n == 1 {
				<-open
			}
		}, nil)

		go r.send("a") // stops while it serves the first in line
		synctest.Wait()
		r.send("b", "c")
		all = append(all, r.receive(r.ctx(), r.q, queue.ReceiveOptions{Wait: noWait}))
		synctest.Wait()
		all = append(all, r.receive(r.ctx(), r.q, queue.ReceiveOptions{Wait: new(30 * s)}))
		synctest.Wait()
		all.want(t, "waits, waits, waits, waits")
		r.pass(5 * s)
		close(open)
		r.pass(100 * s)
		synctest.Wait()
		all.want(t, "a at 5s, b at 5s, c at 5s, - at 30s")
	})
}

// What is sent after the engine had nothing for the first in line, and before
// the line knows that, is not forgotten.
func TestSendWhileServing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
		all := r.waitFor(r.q, 1, 60*s)
		open := make(chan struct{})
		g.set(nil, func(n int) {
			if n == 1 {
				<-open
			}
		})
		go r.sendLater("late", hour)
		synctest.Wait()
		r.send("a")
		all.want(t, "waits")
		r.pass(5 * s)
		close(open)
		synctest.Wait()
		all.want(t, "a at 5s")
	})
}

// A receive that does not wait gets nothing while others wait for the same, and
// does not disturb them.
func TestPollsBesideWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		all := r.waitFor(r.q, 2, 60*s)
		for i := range 100 {
			got, err := r.q.Receive(r.ctx(), &queue.ReceiveOptions{Wait: noWait})
			if text := answer(got, err); text != "-" || r.elapsed() != 0 {
				t.Fatalf("poll %d: got %s at %v, want nothing at 0s", i, text, r.elapsed())
			}
		}
		r.send("a")
		got, err := r.q.Receive(r.ctx(), &queue.ReceiveOptions{Wait: noWait})
		if text := answer(got, err); text != "-" {
			t.Errorf("poll after the send: got %s, want nothing, for it came after the others", text)
		}
		r.send("b", "c")
		got, err = r.q.Receive(r.ctx(), &queue.ReceiveOptions{Wait: noWait})
		if text := answer(got, err); text != "c" {
			t.Errorf("poll after two more sends: got %s, want c", text)
		}
		synctest.Wait()
		all.want(t, "a at 0s, b at 0s")
	})
}

// At the in-flight limit a newcomer is told so at once, and those who wait
// already go on waiting.
func TestInFlightLimitOfNewcomers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{MaxInFlight: new(1)})
		all := r.waitFor(r.q, 2, 60*s)
		r.send("a", "b")
		r.pass(1 * s)
		all = append(all, r.waitFor(r.q, 1, 60*s)...)
		all = append(all, r.waitFor(r.q, 1, 0)...)
		all.want(t, "a at 0s, waits, ErrInFlightLimit at 1s, ErrInFlightLimit at 1s")
		r.delete(all[0].delivery())
		r.pass(100 * s)
		synctest.Wait()
		all.want(t, "a at 0s, b at 1s, ErrInFlightLimit at 1s, ErrInFlightLimit at 1s")
	})
}

// At the in-flight limit a wait that began below it ends at its deadline,
// without an error.
func TestWaitEndsAtInFlightLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{MaxInFlight: new(1)})
		all := r.waitFor(r.q, 2, 60*s)
		r.send("a", "b")
		r.pass(100 * s)
		synctest.Wait()
		all.want(t, "a at 0s, - at 1m0s")
		r.wantCounts(r.q, 1, 0, 1)
	})
}

// The same if it ends while the engine is asked.
func TestWaitEndsAtInFlightLimitDuringReceive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		r := newRig(t, queue.Config{Engine: g}, queue.Patch{MaxInFlight: new(1)})
		all := r.waitFor(r.q, 3, 60*s)
		r.send("a")
		open := make(chan struct{})
		g.set(nil, func(n int) {
			if n == 1 {
				<-open
			}
		})
		go r.send("b")
		r.pass(100 * s)
		all.want(t, "a at 0s, waits, waits")
		close(open)
		synctest.Wait()
		all.want(t, "a at 0s, - at 1m40s, - at 1m40s")
		r.wantCounts(r.q, 1, 0, 1)
	})
}

// A visibility timeout above the queue's cap is refused at once, also when it
// would be long until the engine sees it.
func TestVisibilityCapOfNewcomers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{MaxVisibility: new(hour)})
		all := r.waitFor(r.q, 1, 60*s)
		all = append(all, r.receive(r.ctx(), r.q, queue.ReceiveOptions{Wait: new(60 * s), Visibility: new(hour + 1)}))
		synctest.Wait()
		all.want(t, "waits, ErrInvalid at 0s")
		r.send("a", "b")
		synctest.Wait()
		all.want(t, "a at 0s, ErrInvalid at 0s")
		r.wantCounts(r.q, 1, 0, 1)
	})
}

// The cap may also come down during the wait: then that receive ends, and the
// message goes to the next.
func TestVisibilityCapComesDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		all := waits{
			r.receive(r.ctx(), r.q, queue.ReceiveOptions{Wait: new(60 * s), Visibility: new(2 * hour)}),
			r.receive(r.ctx(), r.q, queue.ReceiveOptions{Wait: new(60 * s), Visibility: new(2 * hour)}),
		}
		synctest.Wait()
		all = append(all, r.waitFor(r.q, 1, 60*s)...)
		r.pass(1 * s)
		r.must(r.q.SetAttributes(r.ctx(), queue.Patch{MaxVisibility: new(hour)}))
		r.pass(1 * s)
		r.send("a")
		synctest.Wait()
		all.want(t, "ErrInvalid at 1s, ErrInvalid at 1s, a at 2s")
	})
}

func TestMaxWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		profile := queue.Core()
		profile.MaxWaiters = 2
		r := newRig(t, queue.Config{Profile: profile}, queue.Patch{})
		all := r.waitFor(r.q, 1, 10*s)
		all = append(all, r.waitFor(r.q, 2, 60*s)...)
		all = append(all, r.waitFor(r.q, 1, 0)...) // does not wait, so it is none too many
		r.pass(11 * s)
		all = append(all, r.waitFor(r.q, 1, 60*s)...)
		other := r.waitFor(r.create("other", queue.Patch{}), 2, 60*s) // a queue each
		r.send("a", "b", "c")
		synctest.Wait()
		all.want(t, "- at 10s, a at 11s, ErrTooManyWaiters at 0s, - at 0s, b at 11s")
		other.want(t, "waits, waits")
		r.wantCounts(r.q, 1, 0, 2)
	})
}

// Trap W2: a receive that is gone passes its turn on.
func TestWaiterGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		ctx, cancel := context.WithCancel(r.ctx())
		all := waits{r.receive(ctx, r.q, queue.ReceiveOptions{Wait: new(60 * s)})}
		synctest.Wait()
		all = append(all, r.waitFor(r.q, 2, 60*s)...)
		r.pass(1 * s)
		cancel()
		r.send("a")
		synctest.Wait()
		all.want(t, "Canceled at 1s, a at 1s, waits")
	})
}

// I17: a wake-up costs the same with ten thousand waiting.
func TestWakeUpIsNoStampede(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const waiting = 10_000
		g := newGate()
		r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
		for range waiting {
			r.receive(r.ctx(), r.q, queue.ReceiveOptions{Wait: new(hour)})
		}
		synctest.Wait()
		g.set(nil, nil)
		r.send("a")
		synctest.Wait()
		// One receive for the first in line, and one that finds nothing more.
		if got := g.count(); got != 2 {
			t.Errorf("one send with %d receives waiting made %d receives from the engine, want 2", waiting, got)
		}
		r.wantCounts(r.q, 0, 0, 1)
	})
}

// An empty queue is asked once by a receive that does not wait.
func TestPollAsksOnce(t *testing.T) {
	g := newGate()
	r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
	got, err := r.q.Receive(r.ctx(), nil)
	if text := answer(got, err); text != "-" || g.count() != 1 {
		t.Errorf("got %s and %d receives from the engine, want nothing and 1", text, g.count())
	}
}

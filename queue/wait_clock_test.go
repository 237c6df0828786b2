package queue_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
)

// Whatever fell due before an operation has happened when the operation
// answers, in the order of the instants, whether a timer has fired or not.
func TestOperationsCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newStepping(noon)
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
		r.sendLater("a", 10*s)
		r.sendLater("b", 20*s)
		all := r.waitFor(r.q, 1, 5*s)
		all = append(all, r.waitFor(r.q, 1, 10*s)...) // ends when a falls due, and came first
		all = append(all, r.waitFor(r.q, 1, 11*s)...)
		all = append(all, r.waitFor(r.q, 1, 20*s+1)...)
		all = append(all, r.waitFor(r.q, 1, 19*s)...)
		all = append(all, r.waitFor(r.q, 1, 21*s)...)
		all.want(t, "waits, waits, waits, waits, waits, waits")
		r.pass(hour)
		synctest.Wait()
		all.want(t, "waits, waits, waits, waits, waits, waits") // nobody told the broker
		r.wantCounts(r.q, 0, 0, 2)
		synctest.Wait()
		const at = " at 1h0m0s"
		all.want(t, "-"+at+", -"+at+", a"+at+", b"+at+", -"+at+", -"+at)
	})
}

// A receive is an operation, too: it comes behind those who wait, but not behind
// one whose wait was over before.
func TestReceivesCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newStepping(noon)
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
		r.sendLater("a", 10*s)
		all := r.waitFor(r.q, 1, 9*s)
		r.pass(20 * s)
		all = append(all, r.waitFor(r.q, 1, 0)...)
		all.want(t, "- at 20s, a at 20s")
	})
}

// An operation does not overtake another that does what is due: its answer is
// that of a queue where it has been done.
func TestOperationsWaitForCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newStepping(noon)
		g := newGate()
		r := newRig(t, queue.Config{Clock: c, Engine: g}, queue.Patch{})
		r.sendLater("a", 5*s)
		all := r.waitFor(r.q, 1, 60*s)
		open := make(chan struct{})
		g.set(func(n int) {
			if n == 1 {
				<-open
			}
		}, nil)
		r.pass(20 * s)
		stats := make(chan queue.Stats, 2)
		for range cap(stats) {
			go func() {
				got, _ := r.q.Stats(r.ctx())
				stats <- got
			}()
			synctest.Wait()
		}
		close(open)
		synctest.Wait()
		for range cap(stats) {
			if got := <-stats; got.Visible.Messages != 0 || got.InFlight.Messages != 1 {
				t.Errorf("got %+v, want the one message in flight", got)
			}
		}
		all.want(t, "a at 20s")
	})
}

// So a message does not go to a receive whose wait was over when it was sent.
func TestSendWaitsForCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
		all := r.waitFor(r.q, 1, 10*s)
		open := make(chan struct{})
		g.set(func(n int) {
			if n == 1 {
				<-open
			}
		}, nil)
		go r.sendLater("late", hour)
		r.pass(20 * s)
		go r.send("a")
		synctest.Wait()
		all.want(t, "waits")
		close(open)
		synctest.Wait()
		all.want(t, "- at 20s")
		r.wantCounts(r.q, 1, 1, 0)
	})
}

// One operation may do what is due while another is at it already: then the
// end of a wait does not come before a message that fell due earlier.
func TestOperationsCatchUpTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newStepping(noon)
		g := newGate()
		r := newRig(t, queue.Config{Clock: c, Engine: g}, queue.Patch{})
		r.sendLater("a", 5*s)
		r.sendLater("b", 5*s)
		all := r.waitFor(r.q, 3, 10*s)
		open := make(chan struct{})
		g.set(func(n int) {
			if n == 1 {
				<-open
			}
		}, nil)
		r.pass(20 * s)
		go r.q.Stats(r.ctx()) // stops while it serves the first in line
		synctest.Wait()
		go r.q.Stats(r.ctx()) // waits for that
		synctest.Wait()
		close(open)
		synctest.Wait()
		all.want(t, "a at 20s, b at 20s, - at 20s")
		r.wantCounts(r.q, 0, 0, 2)
	})
}

// A wait that ends while its receive is being decided ends with what the engine
// has for it.
func TestWaitEndsDuringReceive(t *testing.T) {
	for _, sends := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := newGate()
			r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
			all := r.waitFor(r.q, 1, 10*s)
			all = append(all, r.waitFor(r.q, 1, 30*s)...)
			open := make(chan struct{})
			g.set(func(n int) {
				if n == 1 {
					<-open
				}
			}, nil)
			want := "- at 20s, - at 30s"
			if sends {
				go r.send("a")
				want = "a at 20s, - at 30s"
			} else {
				go r.sendLater("a", hour)
			}
			r.pass(20 * s)
			all.want(t, "waits, waits")
			close(open)
			r.pass(100 * s)
			synctest.Wait()
			all.want(t, want)
		})
	}
}

// The same for a receive that is being decided for the first time: a message
// that was sent before its wait was over is for it.
func TestWaitEndsDuringFirstReceive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
		open := make(chan struct{})
		g.set(nil, func(n int) {
			if n == 2 { // the one that it makes in line
				<-open
			}
		})
		all := r.waitFor(r.q, 1, 10*s)
		r.pass(9 * s)
		r.send("a")
		r.pass(11 * s)
		all.want(t, "waits")
		close(open)
		synctest.Wait()
		all.want(t, "a at 20s")
	})
}

// A hasty clock is the real one, with timers that fire at half time.
type hasty struct{ clock.Clock }

func (c hasty) AfterFunc(d time.Duration, f func()) *clock.Timer {
	return c.Clock.AfterFunc(d/2+1, f)
}

// A timer that fires too early is set again.
func TestEarlyTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{Clock: hasty{clock.New()}}, queue.Patch{})
		r.sendLater("a", 10*s)
		all := r.waitFor(r.q, 2, 60*s)
		time.Sleep(100 * s)
		synctest.Wait()
		all.want(t, "a at 10s, - at 1m0s")
	})
}

// A sluggish clock is the real one, with timers whose functions are held up.
type sluggish struct {
	clock.Clock
	open chan struct{}
}

func (c sluggish) AfterFunc(d time.Duration, f func()) *clock.Timer {
	return c.Clock.AfterFunc(d, func() { <-c.open; f() })
}

// A timer that fires too late does no harm, and Close waits for its function.
func TestLateTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sluggish{clock.New(), make(chan struct{})}
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
		r.sendLater("a", 10*s)
		all := r.waitFor(r.q, 2, 60*s)
		time.Sleep(20 * s)
		r.wantCounts(r.q, 0, 0, 1)
		synctest.Wait()
		all.want(t, "a at 20s, waits")
		closed := make(chan error, 1)
		go func() { closed <- r.b.Close() }()
		synctest.Wait()
		all.want(t, "a at 20s, ErrClosed at 20s")
		if len(closed) > 0 {
			t.Errorf("Close returned with a timer's function to come")
		}
		close(c.open)
		synctest.Wait()
		if len(closed) == 0 {
			t.Errorf("Close did not return when the timer's function had")
		}
	})
}

// Outside of a bubble, with a mock clock: when Add has returned and some call
// was made, all that fell due has happened.
func TestMockClockOutsideBubble(t *testing.T) {
	c := clock.NewMock()
	g := newGate()
	inLine := make(chan struct{})
	g.set(nil, func(n int) {
		if n%2 == 0 { // each receive asks once before it lines up, and once after
			inLine <- struct{}{}
		}
	})
	r := newRig(t, queue.Config{Clock: c, Engine: g}, queue.Patch{})
	first := r.receive(r.ctx(), r.q, queue.ReceiveOptions{Wait: new(hour), Visibility: new(10 * hour)})
	<-inLine
	g.set(nil, nil)

	r.sendLater("a", 10*s)
	c.Add(10*s - 1)
	r.wantCounts(r.q, 0, 1, 0)
	if first.returned() {
		t.Fatalf("a nanosecond early: got %v, want the receive to wait", first)
	}
	c.Add(1)
	r.wantCounts(r.q, 0, 0, 1)
	<-first.done
	if got, want := first.String(), "a at 10s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	// One step over everything.
	g.set(nil, func(n int) {
		if n == 2 {
			inLine <- struct{}{}
		}
	})
	second := r.receive(r.ctx(), r.q, queue.ReceiveOptions{Wait: new(2 * hour), Visibility: new(10 * hour)})
	<-inLine
	g.set(nil, nil)
	r.sendLater("b", hour)
	c.Add(3 * hour)
	r.wantCounts(r.q, 0, 0, 2)
	<-second.done
	if got := answer(second.got, second.err); got != "b" {
		t.Errorf("got %s, want b, which fell due before the wait was over", got)
	}
}

// A script of calls gives the same answers on the real clock in a bubble, on a
// mock clock that fires its timers, and on a clock that fires none.
func TestTimersMakeNoDifference(t *testing.T) {
	clocks := []func() clock.Clock{
		func() clock.Clock { return nil },
		func() clock.Clock { return clock.NewMock() },
		func() clock.Clock { return newStepping(noon) },
	}
	var logs []string
	for _, make := range clocks {
		synctest.Test(t, func(t *testing.T) {
			logs = append(logs, playScript(newRig(t, queue.Config{Clock: make()}, queue.Patch{FIFO: new(true), MaxInFlight: new(3)})))
		})
	}
	if len(slices.Compact(slices.Clone(logs))) != 1 {
		t.Errorf("the answers differ:\n%s", strings.Join(logs, "\n"))
	}
	const want = "1s 0+4+0 | 2s 0+3+1 | 3s 0+2+2 | 4s 0+1+2 | 5s 1+0+2 | 6s 1+0+2 | 7s 1+0+2 | 8s 1+0+2 | 9s 1+0+2 | 10s 1+0+2 | " +
		"A/1, B/1, A/2, -, B/1, A/2, -, -"
	if logs[0] != want {
		t.Errorf("the answers are\n got %s\nwant %s", logs[0], want)
	}
}

// playScript makes receives that wait, and asks for the counts each second.
func playScript(r *rig) string {
	var log strings.Builder
	for i, body := range []string{"A/1", "B/1", "A/2", "B/2"} {
		r.sendLater(body, time.Duration(2+i)*s)
	}
	var all waits
	for i := range 8 {
		wait := time.Duration(3+4*(i%3)) * s
		all = append(all, r.receive(r.ctx(), r.q, queue.ReceiveOptions{Wait: &wait, Visibility: new(time.Duration(2+i) * s)}))
		synctest.Wait()
	}
	for i := range 10 {
		r.pass(1 * s)
		synctest.Wait()
		n := r.counts(r.q)
		synctest.Wait()
		if i == 2 {
			r.delete(all[0].delivery())
		}
		log.WriteString(strings.Join([]string{r.elapsed().String(), fmt.Sprintf("%d+%d+%d", n[0], n[1], n[2])}, " ") + " | ")
	}
	for i, w := range all {
		if i > 0 {
			log.WriteString(", ")
		}
		if !w.returned() {
			log.WriteString("waits")
			continue
		}
		log.WriteString(answer(w.got, w.err))
	}
	return log.String()
}

// A message that is sent while the engine's answer to the first in line is under
// way, which is that there is nothing, is handed over as soon as the answer is
// there, and not only when something else happens.
func TestSendDuringReceiveOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		r := newRig(t, queue.Config{Engine: g}, queue.Patch{})
		open := make(chan struct{})
		g.set(nil, func(n int) {
			if n == 2 { // the one that it makes in line
				<-open
			}
		})
		all := r.waitFor(r.q, 1, hour)
		synctest.Wait()
		r.send("a")
		r.pass(5 * s)
		all.want(t, "waits")
		close(open)
		synctest.Wait()
		all.want(t, "a at 5s")
	})
}

package batch_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/batch"
	"github.com/redriveq/redrive/queue"
)

const (
	linger = 10 * time.Millisecond
	ms     = time.Millisecond
)

// A mock counts the timers that fired on a clock that the test advances.
type mock struct {
	*clock.Mock
	fired atomic.Int64
}

func (m *mock) AfterFunc(d time.Duration, f func()) *clock.Timer {
	return m.Mock.AfterFunc(d, func() {
		m.fired.Add(1)
		f()
	})
}

// advance waits also for what the timers did.
func (m *mock) advance(d time.Duration) {
	m.Add(d)
	synctest.Wait()
}

// lingering runs a test of a sender that waits for company by the mock.
func lingering(t *testing.T, limits batch.Limits, test func(t *testing.T, e *engine, m *mock, s *batch.Sender)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e, _, q := open(t, nil, queue.Patch{})
		m := &mock{Mock: clock.NewMock()}
		test(t, e, m, batch.NewSender(q, batch.Config{Limits: limits, Linger: linger, Clock: m}))
	})
}

func TestLingerEnds(t *testing.T) {
	lingering(t, batch.Limits{}, func(t *testing.T, e *engine, m *mock, s *batch.Sender) {
		first := send(t.Context(), s, "0")
		m.advance(4 * ms)
		second := send(t.Context(), s, "1")
		m.advance(linger - 4*ms - 1)
		wantSent(t, e, "just before")
		m.advance(1)
		wantAnswer(t, "first", first, nil)
		wantAnswer(t, "second", second, nil)
		wantSent(t, e, "first has waited long enough", "0 1")
		m.advance(time.Hour)
		if got := m.fired.Load(); got != 1 {
			t.Errorf("%d timers fired, want 1", got)
		}
	})
}

func TestLingerFullByEntries(t *testing.T) {
	lingering(t, batch.Limits{MaxEntries: 2}, func(t *testing.T, e *engine, m *mock, s *batch.Sender) {
		send(t.Context(), s, "0")
		wantSent(t, e, "one")
		send(t.Context(), s, "1")
		wantSent(t, e, "two", "0 1")
		send(t.Context(), s, "2")
		wantSent(t, e, "three", "0 1")
		m.advance(linger - 1)
		wantSent(t, e, "just before", "0 1")
		m.advance(1)
		wantSent(t, e, "end", "0 1", "2")
	})
}

// A call whose context has ended does not join the line, where it would fill the
// batch.
func TestLingerContextEndedBefore(t *testing.T) {
	lingering(t, batch.Limits{MaxEntries: 2}, func(t *testing.T, e *engine, m *mock, s *batch.Sender) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		first := send(t.Context(), s, "0")
		wantAnswer(t, "second", send(ctx, s, "1"), context.Canceled)
		wantWaiting(t, "first", first)
		m.advance(linger)
		wantSent(t, e, "end", "0")
	})
}

func TestLingerFullByBytes(t *testing.T) {
	lingering(t, batch.Limits{MaxBytes: 4}, func(t *testing.T, e *engine, m *mock, s *batch.Sender) {
		send(t.Context(), s, "aa")
		m.advance(3 * ms)
		send(t.Context(), s, "bbb")
		wantSent(t, e, "the second does not fit beside the first", "aa")
		m.advance(linger - 1)
		wantSent(t, e, "the second waits on", "aa")
		send(t.Context(), s, "c")
		wantSent(t, e, "the third fits exactly", "aa", "bbb c")
		send(t.Context(), s, "dddd")
		wantSent(t, e, "one that fills it alone", "aa", "bbb c", "dddd")
	})
}

// When the call at the head of the line goes, the next waits as long as if that
// had never been there, and when all have gone no timer is left.
func TestLingerWithdraws(t *testing.T) {
	lingering(t, batch.Limits{}, func(t *testing.T, e *engine, m *mock, s *batch.Sender) {
		ctx, cancel := context.WithCancel(t.Context())
		first := send(ctx, s, "0")
		m.advance(4 * ms)
		second := send(t.Context(), s, "1")
		cancel()
		synctest.Wait()
		wantAnswer(t, "first", first, context.Canceled)
		m.advance(linger - 1)
		wantSent(t, e, "just before")
		m.advance(1)
		wantAnswer(t, "second", second, nil)
		wantSent(t, e, "second has waited long enough", "1")

		ctx, cancel = context.WithCancel(t.Context())
		third, fourth := send(ctx, s, "2"), send(ctx, s, "3")
		cancel()
		synctest.Wait()
		wantAnswer(t, "third", third, context.Canceled)
		wantAnswer(t, "fourth", fourth, context.Canceled)
		m.advance(time.Hour)
		wantSent(t, e, "end", "1")
		if got := m.fired.Load(); got != 1 {
			t.Errorf("%d timers fired, want that of the second", got)
		}
	})
}

// The time for which a batch was under way counts.
func TestLingerCountsFromArrival(t *testing.T) {
	lingering(t, batch.Limits{MaxEntries: 2}, func(t *testing.T, e *engine, m *mock, s *batch.Sender) {
		g := hold(e)
		send(t.Context(), s, "0")
		send(t.Context(), s, "1")
		send(t.Context(), s, "2")
		m.advance(linger)
		wantSent(t, e, "under way", "0 1")
		g.open(nil)
		wantSent(t, e, "long enough", "0 1", "2")
		send(t.Context(), s, "3")
		m.advance(4 * ms)
		g.open(nil)
		wantSent(t, e, "not long enough", "0 1", "2")
		m.advance(linger - 4*ms - 1)
		wantSent(t, e, "just before", "0 1", "2")
		m.advance(1)
		wantSent(t, e, "end", "0 1", "2", "3")
		g.open(nil)
	})
}

// A step back of the clock makes nobody wait for longer than Linger.
func TestLingerClockStepsBack(t *testing.T) {
	lingering(t, batch.Limits{MaxEntries: 2}, func(t *testing.T, e *engine, m *mock, s *batch.Sender) {
		g := hold(e)
		m.advance(24 * time.Hour)
		send(t.Context(), s, "0")
		send(t.Context(), s, "1")
		send(t.Context(), s, "2")
		m.Set(m.Now().Add(-time.Hour))
		g.open(nil)
		m.advance(linger - 1)
		wantSent(t, e, "just before", "0 1")
		m.advance(1)
		wantSent(t, e, "end", "0 1", "2")
		g.open(nil)
	})
}

// If the clock has stepped back when the timer fires, that is the end all the
// same.
func TestLingerTimerDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, q := open(t, nil, queue.Patch{})
		c := &stoppedClock{Clock: clock.New(), now: time.Now()}
		s := batch.NewSender(q, batch.Config{Linger: linger, Clock: c})
		began := time.Now()
		if _, err := s.Send(t.Context(), message("0")); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(began); got != linger {
			t.Errorf("sent after %v, want %v", got, linger)
		}
		wantSent(t, e, "end", "0")
	})
}

// A stoppedClock always says the same, but its timers run.
type stoppedClock struct {
	clock.Clock
	now time.Time
}

func (c *stoppedClock) Now() time.Time { return c.now }

// Without a clock of its own a sender waits in real time, which a bubble runs.
func TestLingerRealClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, q := open(t, nil, queue.Patch{})
		for want, s := range map[time.Duration]*batch.Sender{
			linger: batch.NewSender(q, batch.Config{Linger: linger}),
			0:      batch.NewSender(q, batch.Config{Linger: -1}),
		} {
			began := time.Now()
			if _, err := s.Send(t.Context(), message("m")); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(began); got != want {
				t.Errorf("sent after %v, want %v", got, want)
			}
		}
	})
}

// The longest Linger does not overflow.
func TestLingerForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, q := open(t, nil, queue.Patch{})
		m := &mock{Mock: clock.NewMock()}
		s := batch.NewSender(q, batch.Config{Limits: batch.Limits{MaxEntries: 2}, Linger: 1<<63 - 1, Clock: m})
		first := send(t.Context(), s, "0")
		m.advance(time.Hour)
		wantWaiting(t, "first", first)
		second := send(t.Context(), s, "1")
		wantAnswer(t, "first", first, nil)
		wantAnswer(t, "second", second, nil)
		wantSent(t, e, "end", "0 1")
	})
}

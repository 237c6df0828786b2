package queue_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"pgregory.net/rapid"

	"github.com/redriveq/redrive/queue"
)

// brokerTime is what the broker takes the time for. It empties q.
func (r *rig) brokerTime() time.Time {
	r.t.Helper()
	_, err := r.q.Purge(r.ctx())
	r.must(err)
	r.sendLater("now", 0)
	infos, err := r.q.Peek(r.ctx(), 1)
	r.must(err)
	if len(infos) != 1 {
		r.t.Fatalf("at %v: peek: got %d messages, want the one that was sent", r.clock.Now(), len(infos))
	}
	return infos[0].SentAt
}

// I16: broker time advances by the positive steps of the clock, and by nothing
// else. It begins with the clock's first reading.
func TestBrokerTime(t *testing.T) {
	const year = 365 * day
	starts := []time.Time{
		noon,
		time.Unix(0, 0),
		{},
		time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		noon.In(time.FixedZone("far east", 14*3600)),
	}
	walks := [][]time.Duration{
		{0, 1, 1, hour},
		{-1, 1, -1, 1},
		{hour, -hour, hour, -hour, 1},       // forth and back: each way forth counts
		{-hour, 30 * time.Minute, 1, -hour}, // the clock is behind, and time goes on
		{400 * day, -400 * day, 1 * s},
		{math.MaxInt64, math.MaxInt64, -math.MaxInt64, -math.MaxInt64, 1}, // 584 years and back
		{math.MinInt64, 1, math.MaxInt64},
		{200 * year, 200 * year, -100 * year},
	}
	for _, start := range starts {
		for i, walk := range walks {
			c := newStepping(start)
			r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
			want := r.brokerTime()
			if off := want.Sub(start); off != 0 && !(start.IsZero() && off == 1) {
				t.Fatalf("start %v: broker time begins at %v", start, want)
			}
			for j, step := range walk {
				c.step(step)
				want = want.Add(max(step, 0))
				if got := r.brokerTime(); !got.Equal(want) || got.Location() != time.UTC {
					t.Fatalf("start %v, walk %d, step %d by %v: broker time is %v, want %v in UTC", start, i, j, step, got, want)
				}
			}
		}
	}
}

// Steps may be longer than a time.Duration.
func TestBrokerTimeOfLongSteps(t *testing.T) {
	first, last := time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	c := newStepping(first)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	c.set(last)
	if got := r.brokerTime(); !got.Equal(last) {
		t.Errorf("after a step of 9999 years, broker time is %v, want %v", got, last)
	}
	c.set(time.Time{})
	if got := r.brokerTime(); !got.Equal(last) {
		t.Errorf("after a step to the zero time, broker time is %v, want %v", got, last)
	}
	c.set(first)
	if got := r.brokerTime(); !got.Equal(last.Add(1)) {
		t.Errorf("after the first nanosecond, broker time is %v, want %v", got, last.Add(1))
	}
}

// The zero time stands for "never" in messages, so nothing happens at it.
func TestClockBeginsAtZeroTime(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(time.Time{})}, queue.Patch{Delay: new(5 * s)})
	sent, err := r.q.Send(r.ctx(), queue.Message{At: time.Time{}.Add(-hour)})
	r.must(err)
	r.wantCounts(r.q, 1, 0, 0) // an instant is set, so the queue's delay does not count
	if d := r.take(r.q, 0); d.FirstReceivedAt.IsZero() || d.SentAt.IsZero() {
		t.Errorf("received at %v, sent at %v; want other than the zero time", d.FirstReceivedAt, d.SentAt)
	}
	if outcome, err := r.q.Cancel(r.ctx(), sent.ID); err != nil || outcome != queue.CancelDelivered {
		t.Errorf("cancel: got %v and error %v, want %v", outcome, err, queue.CancelDelivered)
	}
}

// Clock readings lose their monotonic part at the edge.
func TestNoMonotonicReadings(t *testing.T) {
	r := newRig(t, queue.Config{}, queue.Patch{})
	_, err := r.q.Send(r.ctx(), queue.Message{At: time.Now()})
	r.must(err)
	r.sendLater("x", time.Millisecond)
	r.take(r.q, hour)
	info, err := r.q.Info(r.ctx())
	r.must(err)
	times := []time.Time{info.CreatedAt, info.ModifiedAt}
	for m, err := range r.q.Messages(r.ctx()) {
		r.must(err)
		times = append(times, m.SentAt, m.FirstReceivedAt, m.VisibleAt)
	}
	for i, at := range times {
		if strings.Contains(at.String(), "m=") || at.Location() != time.UTC {
			t.Errorf("instant %d is %v, want it in UTC and without a monotonic reading", i, at)
		}
	}
}

// A step back delays nothing that has begun; a step forward that is taken back
// may end things early, but what begins later takes its time.
func TestIntervalsOverSteps(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	r.send("a")
	r.sendLater("b", 10*s)
	r.take(r.q, 10*s)
	c.step(-hour)
	r.wantCounts(r.q, 0, 1, 1) // a step is known when the clock is read
	c.step(10*s - 1)
	r.wantCounts(r.q, 0, 1, 1)
	c.step(1)
	r.wantCounts(r.q, 2, 0, 0)

	d := r.take(r.q, hour)
	c.step(2 * hour)
	r.wantCounts(r.q, 2, 0, 0)
	c.step(-2 * hour)
	r.wantCounts(r.q, 2, 0, 0) // what has ended stays ended
	if err := r.q.ChangeVisibility(r.ctx(), d.Receipt, hour); err != nil {
		t.Errorf("change visibility: got error %v, want none", err)
	}
	c.step(hour - 1)
	r.wantCounts(r.q, 1, 0, 1)
	c.step(1)
	r.wantCounts(r.q, 2, 0, 0)
}

// An instant is read against the clock as it stands at the send; steps of
// before make no difference, and steps of afterwards do not move it.
func TestInstantsOverSteps(t *testing.T) {
	tests := []struct {
		name   string
		before []time.Duration // steps ahead of the send
		at     time.Duration   // from the clock's reading at the send
		after  []time.Duration // steps after which the message is about to be visible
	}{
		{"in an hour", nil, hour, []time.Duration{hour}},
		{"in an hour, the clock behind", []time.Duration{-day}, hour, []time.Duration{hour}},
		{"in an hour, the clock was ahead", []time.Duration{day, -day}, hour, []time.Duration{hour}},
		{"a step back after the send", nil, hour, []time.Duration{-day, hour}},
		{"a step forward after the send", nil, hour, []time.Duration{30 * time.Minute, -20 * time.Minute, 30 * time.Minute}},
		{"in 500 years", []time.Duration{-400 * day}, math.MaxInt64, []time.Duration{math.MaxInt64}},
	}
	for _, test := range tests {
		c := newStepping(noon)
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{Retention: new(time.Duration(0))})
		for _, step := range test.before {
			c.step(step)
			r.wantCounts(r.q, 0, 0, 0)
		}
		_, err := r.q.Send(r.ctx(), queue.Message{At: c.Now().Add(test.at)})
		r.must(err)
		last := len(test.after) - 1
		for _, step := range test.after[:last] {
			c.step(step)
			r.wantCounts(r.q, 0, 1, 0)
		}
		c.step(test.after[last] - 1)
		if got, want := r.counts(r.q), [3]int{0, 1, 0}; got != want {
			t.Errorf("%s: a nanosecond early the counts are %v, want %v", test.name, got, want)
		}
		c.step(1)
		if got, want := r.counts(r.q), [3]int{1, 0, 0}; got != want {
			t.Errorf("%s: at the instant the counts are %v, want %v", test.name, got, want)
		}
	}
}

// A step back does not keep those who wait from being woken in time.
func TestWaitsOverStepBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewMock()
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
		r.sendLater("a", 10*s)
		all := r.waitFor(r.q, 1, 20*s)
		all = append(all, r.waitFor(r.q, 1, 15*s)...)
		r.pass(4 * s)
		r.wantCounts(r.q, 0, 1, 0) // a step is known when the clock is read
		c.Set(r.start.Add(-hour))
		r.wantCounts(r.q, 0, 1, 0)
		r.start = c.Now()
		r.pass(6*s - 1)
		all.want(t, "waits, waits")
		r.pass(1)
		synctest.Wait()
		all.want(t, "a at 6s, waits")
		r.pass(5 * s)
		synctest.Wait()
		all.want(t, "a at 6s, - at 11s")
	})
}

// The same when the reading comes from a receive that serves another.
func TestWaitsOverStepBackWhileServing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewMock()
		g := newGate()
		r := newRig(t, queue.Config{Clock: c, Engine: g}, queue.Patch{})
		all := r.waitFor(r.q, 1, 20*s)
		r.pass(4 * s)
		g.set(nil, func(int) { c.Set(time.Unix(-3600, 0)) })
		r.sendLater("a", hour)
		g.set(nil, nil)
		r.start = c.Now()
		r.pass(16*s - 1)
		all.want(t, "waits")
		r.pass(1)
		synctest.Wait()
		all.want(t, "- at 16s")
	})
}

// A jump over 400 years does what fell due, and no more.
func TestFarJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newStepping(noon)
		g := newGate()
		r := newRig(t, queue.Config{Clock: c, Engine: g}, queue.Patch{Retention: new(time.Duration(0))})
		for i := range 1000 {
			r.sendLater("a", time.Duration(i+1)*s)
		}
		all := r.waitFor(r.q, 1, 500*s)
		all = append(all, r.waitFor(r.q, 2, 5*s)...)
		g.set(nil, nil)
		c.set(noon.AddDate(400, 0, 0))
		r.wantCounts(r.q, 999-2, 0, 3)
		if got := g.count(); got > 5 {
			t.Errorf("the jump took %d receives from the engine, want at most 5", got)
		}
		synctest.Wait()
		for i, w := range all {
			if got := answer(w.got, w.err); got != "a" {
				t.Errorf("receive %d got %s, want a, which fell due before its wait was over", i, got)
			}
		}
	})
}

// A counter is a clock that goes on by one nanosecond with each reading.
type counter struct {
	*clock.Mock
	readings atomic.Int64
}

func (c *counter) Now() time.Time { return noon.Add(time.Duration(c.readings.Add(1))) }

// However many read the clock at a time, no reading passes for a step back, and
// broker time is the clock's.
func TestConcurrentReadings(t *testing.T) {
	c := &counter{Mock: clock.NewMock()}
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 3000 {
				if _, err := r.q.Info(r.ctx()); err != nil {
					t.Errorf("info: got error %v, want none", err)
				}
			}
		})
	}
	all.Wait()
	before := time.Duration(c.readings.Load())
	got := r.brokerTime().Sub(noon)
	if after := time.Duration(c.readings.Load()); got <= before || got > after {
		t.Errorf("broker time went on by %d ns while the clock went from %d to %d", got, before, after)
	}
}

// Broker time, and what falls due by it, against a sum and a list.
func TestClockProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newStepping(noon)
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{Retention: new(time.Duration(0)), MaxVisibility: new(time.Duration(0))})
		steps := rapid.OneOf(
			rapid.Int64Range(-10, 10),
			rapid.Int64Range(-int64(2*hour), int64(2*hour)),
			rapid.Int64Range(-int64(400*day), int64(400*day)),
			rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}),
		)
		now := noon         // broker time
		var due []time.Time // of the messages, in broker time
		t.Repeat(map[string]func(*rapid.T){
			"step": func(t *rapid.T) {
				step := time.Duration(steps.Draw(t, "step"))
				c.step(step)
				now = now.Add(max(step, 0))
			},
			"set": func(t *rapid.T) {
				at := rapid.SampledFrom([]time.Time{{}, noon, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}).Draw(t, "clock")
				for c.Now().Before(at) { // in steps that a Duration can say
					step := at.Sub(c.Now())
					c.step(step)
					now = now.Add(step)
					r.counts(r.q)
				}
				c.set(at)
			},
			"send later": func(t *rapid.T) {
				delay := time.Duration(max(steps.Draw(t, "delay"), 0))
				r.sendLater("x", delay)
				due = append(due, now.Add(delay))
			},
			"send at": func(t *rapid.T) {
				in := time.Duration(steps.Draw(t, "in"))
				at := c.Now().Add(in)
				if at.IsZero() || at.Year() > 9999 {
					return
				}
				_, err := r.q.Send(r.ctx(), queue.Message{At: at})
				r.must(err)
				due = append(due, now.Add(max(in, 0)))
			},
			"": func(t *rapid.T) {
				var want [3]int
				for _, at := range due {
					if at.After(now) {
						want[1]++
					} else {
						want[0]++
					}
				}
				if got := r.counts(r.q); got != want {
					t.Fatalf("at %v by the clock, %v by the broker: the counts are %v, want %v; due: %s",
						c.Now(), now, got, want, fmt.Sprint(slices.SortedFunc(slices.Values(due), time.Time.Compare)))
				}
			},
		})
		if got := r.brokerTime(); !got.Equal(now) {
			t.Fatalf("broker time is %v, want %v", got, now)
		}
	})
}

package movetask

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2030, time.May, 17, 12, 0, 0, 0, time.UTC)

// rates are those at which something changes.
var rates = []int{1, 2, 3, 7, 49, 50, 51, 60, 99, 100, 101, 499, 500, 1000, 1999}

// A census is the instants at which messages were moved, in order.
type census []time.Time

// check reports the first half-open second that has more messages than the rate.
func (c census) check(t *rapid.T, rate int) {
	for i := rate; i < len(c); i++ {
		if span := c[i].Sub(c[i-rate]); span < time.Second {
			t.Fatalf("at %d/s: messages %d to %d, which are %d, were moved within %v", rate, i-rate, i, rate+1, span)
		}
	}
}

// Whatever the lateness of each step, how long it takes, and how many of the
// messages that were allowed it moves, no second has more than the rate.
func TestPaceCensus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.OneOf(rapid.SampledFrom(rates), rapid.IntRange(1, 2000)).Draw(t, "rate")
		p := newPace(rate)
		now := noon
		var moves census
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			now = now.Add(p.wait(now)).Add(span(t, "lateness"))
			n := p.allow(now)
			if n < 1 {
				t.Fatalf("at %d/s: %d messages are allowed when the wait is over", rate, n)
			}
			if rapid.IntRange(0, 5).Draw(t, "not all") == 0 {
				n = rapid.IntRange(0, n).Draw(t, "moved")
			}
			took := span(t, "took")
			for i := range n { // evenly, the first at once and the last at the end
				moves = append(moves, now.Add(took*time.Duration(i)/time.Duration(max(1, n-1))))
			}
			now = now.Add(took)
			p.moved(n, now)
		}
		moves.check(t, rate)
	})
}

// span draws a span of time that is mostly short.
func span(t *rapid.T, what string) time.Duration {
	return time.Duration(rapid.OneOf(
		rapid.Just(int64(0)),
		rapid.Int64Range(0, int64(time.Millisecond)),
		rapid.Int64Range(0, int64(50*time.Millisecond)),
		rapid.Int64Range(0, int64(3*time.Second)),
	).Draw(t, what))
}

// If nothing is late, each second has the rate, the first message comes at
// once, and the chunks are even and some milliseconds apart.
func TestPaceIsReached(t *testing.T) {
	for _, rate := range rates {
		p := newPace(rate)
		now, total, least, most := noon, 0, math.MaxInt, 0
		for now.Sub(noon) < 10*time.Second {
			n := p.allow(now)
			total, least, most = total+n, min(least, n), max(most, n)
			p.moved(n, now)
			gap := p.wait(now)
			if gap < 20*time.Millisecond {
				t.Errorf("at %d/s: the gap is %v, want at least 20ms", rate, gap)
			}
			now = now.Add(gap)
		}
		if want := 10 * rate; total != want {
			t.Errorf("at %d/s: %d messages in ten seconds, want %d", rate, total, want)
		}
		if most-least > 1 {
			t.Errorf("at %d/s: chunks of %d and of %d messages, want even ones", rate, least, most)
		}
	}
}

// A step that is late puts off those after it, and nothing is made up for.
func TestPaceLateness(t *testing.T) {
	for _, rate := range []int{1, 2, 50, 1000} {
		p := newPace(rate)
		now := noon
		p.moved(p.allow(now), now)
		gap := p.wait(now)
		now = now.Add(gap + time.Hour)
		n := p.allow(now)
		p.moved(n, now)
		if got := p.allow(now); n != rate/p.chunks || got != 0 || p.wait(now) != gap {
			t.Errorf("at %d/s, an hour late: %d messages at once, then %d and the next after %v, want %d, 0, %v",
				rate, n, got, p.wait(now), rate/p.chunks, gap)
		}
	}
}

// Ahead of its time, nothing is allowed; what was allowed and not moved is
// allowed still.
func TestPaceAllow(t *testing.T) {
	p := newPace(500)
	steps := []struct {
		after       time.Duration
		moved, want int // what is allowed then, and after those are moved
	}{
		{0, 10, 0},
		{19_999_999, 0, 0},
		{20 * time.Millisecond, 4, 6},
		{25 * time.Millisecond, 6, 0},
		{44_999_999, 0, 0},
		{45 * time.Millisecond, 0, 10},
	}
	for _, step := range steps {
		now := noon.Add(step.after)
		if n := p.allow(now); n < step.moved {
			t.Errorf("after %v: %d messages are allowed, want at least %d", step.after, n, step.moved)
		}
		p.moved(step.moved, now)
		if got := p.allow(now); got != step.want {
			t.Errorf("after %v and %d messages: %d are allowed, want %d", step.after, step.moved, got, step.want)
		}
	}
}

// Without a rate everything is allowed at once.
func TestPaceUnlimited(t *testing.T) {
	p := newPace(0)
	for range 3 {
		if n, wait := p.allow(noon), p.wait(noon); n != math.MaxInt || wait != 0 {
			t.Errorf("got %d messages after %v, want all at once", n, wait)
		}
		p.moved(1_000_000, noon)
	}
}

// A clock that steps back puts off a chunk for a second at most, and one that
// has seen nothing of the last second waits for one.
func TestPaceWaitsForASecond(t *testing.T) {
	p := newPace(10)
	p.moved(1, noon)
	back := noon.Add(-time.Hour)
	if n := p.allow(back); n != 0 || p.wait(back) != time.Second {
		t.Errorf("an hour back: %d messages allowed, the next after %v, want 0 and 1s", n, p.wait(back))
	}
	if n := p.allow(back.Add(time.Second)); n != 1 {
		t.Errorf("a second later: %d messages allowed, want 1", n)
	}
	p = resumedPace(10, noon)
	if n := p.allow(noon); n != 0 || p.wait(noon) != time.Second {
		t.Errorf("resumed: %d messages allowed, the next after %v, want 0 and 1s", n, p.wait(noon))
	}
	if p = resumedPace(0, noon); p.allow(noon) == 0 {
		t.Error("resumed without a rate: nothing is allowed, want all")
	}
}

// Rates of any size are safe.
func TestPaceHuge(t *testing.T) {
	for _, rate := range []int{math.MaxInt32, math.MaxInt} {
		p := newPace(rate)
		total, now := 0, noon
		for range p.chunks {
			n := p.allow(now)
			total += n
			p.moved(n, now)
			now = now.Add(p.wait(now))
		}
		if total != rate {
			t.Errorf("%d messages in the first second, want %d", total, rate)
		}
	}
}

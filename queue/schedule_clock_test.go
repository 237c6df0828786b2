package queue_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
)

// The instants of schedules are those of the wall clock: when it is set back, the
// next occurrence waits for its instant, the timer is set anew, and none comes
// twice. The retry of a delay of the same length is not put off.
func TestOccurrencesOverStepBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewMock()
		c.Set(noon)
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
		a := r.schedule(every("a", noon.Add(10*s), 10*s))
		all := r.waitFor(r.q, 4, 2*hour)
		r.pass(10 * s)
		synctest.Wait()
		all.want(t, "a at 10s, waits, waits, waits")
		r.delete(all[0].delivery())

		c.Set(noon.Add(-hour))
		r.sendLater("delayed", 10*s) // the broker notices the step
		r.pass(10*s - 1)
		synctest.Wait()
		all.want(t, "a at 10s, waits, waits, waits")
		r.pass(1)
		synctest.Wait()
		all.want(t, "a at 10s, delayed at -59m50s, waits, waits")
		r.delete(all[1].delivery())

		r.pass(hour + 10*s - 1)
		synctest.Wait()
		all.want(t, "a at 10s, delayed at -59m50s, waits, waits")
		r.pass(1)
		synctest.Wait()
		all.want(t, "a at 10s, delayed at -59m50s, a at 20s, waits")
		r.pass(10 * s)
		synctest.Wait()
		all.want(t, "a at 10s, delayed at -59m50s, a at 20s, a at 30s")
		for i, want := range map[int]time.Duration{0: 10 * s, 2: 20 * s, 3: 30 * s} {
			if got := all[i].delivery().NominalAt.Sub(noon); got != want {
				t.Errorf("receive %d got the occurrence of %v, want %v", i, got, want)
			}
		}
		r.wantStanding(a.ID, "active, 3 published, 0 skips, 0 refused")
	})
}

// Steps of all kinds: an occurrence comes when somebody looks and its instant is
// past, and never again.
func TestOccurrencesOverSteps(t *testing.T) {
	tests := []struct {
		name  string
		steps []time.Duration // the clock, which is looked at after each
		want  string          // the occurrences of 10 s, 20 s, …
	}{
		{"to the instant", []time.Duration{10*s - 1, 1}, "10s"},
		{"back before it", []time.Duration{9 * s, -hour, hour, 1*s - 1}, ""},
		{"back before it, and there", []time.Duration{9 * s, -hour, hour, 1 * s}, "10s"},
		{"back after it", []time.Duration{10 * s, -hour, hour, 10*s - 1}, "10s"},
		{"back after it, and on", []time.Duration{10 * s, -hour, hour, 10 * s}, "10s 20s"},
		{"back by a nanosecond", []time.Duration{10 * s, -1, 1, -1, 1}, "10s"},
		{"too far forward, and back", []time.Duration{25 * s, -20 * s, 5*s - 1, 1, 20*s - 1, 1}, "20s 30s"},
		{"forward in leaps", []time.Duration{10 * s, 20 * s, 30 * s}, "10s 30s 1m0s"},
		{"200 years forward, and back", []time.Duration{100 * 365 * day, 100 * 365 * day, -200 * 365 * day, hour}, "876000h0m0s 1752000h0m0s"},
	}
	for _, test := range tests {
		c := newStepping(noon)
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{Retention: new(time.Duration(0))})
		r.schedule(every("a", noon.Add(10*s), 10*s))
		for _, step := range test.steps {
			c.step(step)
			r.counts(r.q)
		}
		r.wantOccurrences(test.name, test.want)
	}
}

// I7, I16, and traps D22 and B13 of the museum: after any number of missed
// periods the policy says what is published, the next occurrence is on the grid,
// and the work does not grow with the number.
func TestMissedOccurrences(t *testing.T) {
	const period = 10 * time.Minute
	for _, missed := range []int{1, 2, 3, 99, 100, 101, 102, 1000, 1_000_000} {
		for _, late := range []time.Duration{0, 1, time.Minute, time.Minute + 1, period - 1} {
			for _, policy := range []queue.Misfire{queue.MisfireOnce, queue.MisfireSkip, queue.MisfireAll} {
				what := fmt.Sprintf("%d missed, %v late, %v", missed, late, policy)
				published := 1
				switch {
				case policy == queue.MisfireAll:
					published = min(missed, 100)
				case policy == queue.MisfireSkip && late > time.Minute:
					published = 0
				}
				skips := 0
				if published < missed {
					skips = 1
				}
				last := time.Duration(missed) * period
				var want []string
				for i := range published {
					want = append(want, (last - time.Duration(published-1-i)*period).String())
				}

				f := newFuse()
				c := newStepping(noon)
				r := newRig(t, queue.Config{Clock: c, Engine: f}, queue.Patch{Retention: new(time.Duration(0))})
				s := every("a", noon.Add(period), period)
				s.Misfire = policy
				info := r.schedule(s)
				f.set(nil, nil)
				c.step(last + late)
				r.wantOccurrences(what, strings.Join(want, " "))
				r.wantStanding(info.ID, fmt.Sprintf("active, %d published, %d skips, 0 refused", published, skips))
				if next := r.lookUp(info.ID).NextAt.Sub(noon); next != last+period {
					t.Errorf("%s: the next occurrence is at %v, want %v", what, next, last+period)
				}
				if n := f.count(); n > 2 {
					t.Errorf("%s: the engine was called %d times, want at most twice", what, n)
				}
				c.set(noon.Add(last + period))
				want = append(want, (last + period).String())
				r.wantOccurrences(what+", and the next", strings.Join(want, " "))
			}
		}
	}
}

// The cap is for each schedule, and more of them than one call publishes are
// published by several, before anything else is answered.
func TestMissedOccurrencesOfMany(t *testing.T) {
	f := newFuse()
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c, Engine: f}, queue.Patch{})
	for i := range 20 {
		s := every(fmt.Sprint(i), noon.Add(time.Duration(i+1)*time.Millisecond), 20*time.Millisecond)
		s.Misfire = queue.MisfireAll
		r.schedule(s)
	}
	f.set(nil, nil)
	c.step(hour)
	r.wantCounts(r.q, 2000, 0, 0)
	if got, want := f.count(), 2000/256+1; got != want {
		t.Errorf("the engine was called %d times, want %d", got, want)
	}
	c.step(20 * time.Millisecond)
	r.wantCounts(r.q, 2020, 0, 0)
}

// I7: the second of two occurrences that fell due while nobody looked is not
// lost with a clock that then is set back before both.
func TestMissedOneShotsOverStepBack(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	r.schedule(once("a", noon.Add(10*s)))
	r.schedule(once("b", noon.Add(20*s)))
	c.step(15 * s)
	r.wantOccurrences("at 15s", "10s")
	c.step(-15 * s)
	r.wantOccurrences("at 0s", "10s")
	c.step(20 * s)
	r.wantOccurrences("at 20s again", "10s 20s")
}

// A clock that was ahead when the schedule was made makes no difference.
func TestScheduleAfterStepBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewMock()
		c.Set(noon.Add(day))
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
		c.Set(noon)
		r.start = noon
		r.schedule(once("a", noon.Add(10*s)))
		r.schedule(every("b", time.Time{}, 20*s))
		all := r.waitFor(r.q, 3, hour)
		for range 20 {
			r.pass(1 * s)
		}
		synctest.Wait()
		all.want(t, "b at 0s, a at 10s, b at 20s")
	})
}

package script

import (
	"slices"
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// A virtualClock stands still until it is moved. A plain mock clock calls the
// functions of its timers on goroutines of their own, for which nobody can
// wait; here whoever moves the clock takes what is due, with due, and calls it.
type virtualClock struct {
	*clock.Mock

	mu     sync.Mutex // guards alarms
	alarms []alarm    // also those that were stopped
}

// An alarm is a timer with a function.
type alarm struct {
	at    time.Time
	timer *clock.Timer // of the mock clock, which never gets so far
	ring  func()
}

// never is further away than a script can get.
const never = time.Duration(1<<63 - 1)

func newVirtualClock(now time.Time) *virtualClock {
	c := &virtualClock{Mock: clock.NewMock()}
	c.Set(now)
	return c
}

// AfterFunc notes that f is due in d.
func (c *virtualClock) AfterFunc(d time.Duration, f func()) *clock.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	timer := c.Mock.AfterFunc(never, f)
	c.alarms = append(c.alarms, alarm{at: c.Now().Add(d), timer: timer, ring: f})
	return timer
}

// due takes the first alarm that is due until the limit, and was not stopped.
// The caller must ring it.
func (c *virtualClock) due(limit time.Time) (alarm, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortStableFunc(c.alarms, func(a, b alarm) int { return a.at.Compare(b.at) })
	for len(c.alarms) > 0 && !c.alarms[0].at.After(limit) {
		first := c.alarms[0]
		c.alarms = slices.Delete(c.alarms, 0, 1)
		if first.timer.Stop() {
			return first, true
		}
	}
	return alarm{}, false
}

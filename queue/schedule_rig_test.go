package queue_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// once is a schedule of one message.
func once(body string, at time.Time) queue.Schedule {
	return queue.Schedule{Message: message(body), Recurrence: queue.Recurrence{First: at}}
}

// every is a schedule of messages in a period.
func every(body string, first time.Time, period time.Duration) queue.Schedule {
	return queue.Schedule{Message: message(body), Recurrence: queue.Recurrence{First: first, Every: period}}
}

// schedule makes a schedule of messages to q.
func (r *rig) schedule(s queue.Schedule) queue.ScheduleInfo {
	r.t.Helper()
	info, err := r.q.Schedule(r.ctx(), s)
	r.must(err)
	return info
}

// named returns the schedule under a name.
func named(name string, s queue.Schedule) queue.Schedule {
	s.Name = name
	return s
}

func (r *rig) lookUp(id queue.ScheduleID) queue.ScheduleInfo {
	r.t.Helper()
	info, err := r.b.LookupSchedule(r.ctx(), id)
	r.must(err)
	return info
}

func (r *rig) schedules() (infos []queue.ScheduleInfo) {
	r.t.Helper()
	for info, err := range r.b.Schedules(r.ctx()) {
		r.must(err)
		infos = append(infos, info)
	}
	return infos
}

// occurrences is the nominal instants of the messages that are in q, by
// sequence, as spans since the start of the rig.
func (r *rig) occurrences() string {
	r.t.Helper()
	var texts []string
	for m, err := range r.q.Messages(r.ctx()) {
		r.must(err)
		texts = append(texts, m.NominalAt.Sub(r.start.Round(0)).String())
	}
	return strings.Join(texts, " ")
}

func (r *rig) wantOccurrences(step, want string) {
	r.t.Helper()
	if got := r.occurrences(); got != want {
		r.t.Errorf("%s: the occurrences in %q are\n got %q\nwant %q", step, r.q.Name(), got, want)
	}
}

// standing is a schedule's state and counts as text.
func standing(info queue.ScheduleInfo) string {
	text := fmt.Sprintf("%v, %d published, %d skips, %d refused", info.State, info.Published, info.Skips, info.Refused)
	if info.Failure != 0 {
		text += ": " + info.Failure.String()
	}
	return text
}

func (r *rig) wantStanding(id queue.ScheduleID, want string) {
	r.t.Helper()
	if got := standing(r.lookUp(id)); got != want {
		r.t.Errorf("at %v: the schedule is %q, want %q", r.elapsed(), got, want)
	}
}

// A fuse is an engine in memory whose Fire can be counted, stopped, and made to
// fail.
type fuse struct {
	driver.Engine
	scheduling func() // called ahead of each Schedule, if it is set

	mu     sync.Mutex
	fires  int
	before func(n int) error // called ahead of the nth Fire, which does not happen if it fails
	after  func(n int) error // called when the nth Fire has been decided
}

func newFuse() *fuse { return &fuse{Engine: memqueue.New()} }

func (f *fuse) Schedule(ctx context.Context, now, wall time.Time, s driver.Schedule) (driver.ScheduleInfo, bool, error) {
	if f.scheduling != nil {
		f.scheduling()
	}
	return f.Engine.Schedule(ctx, now, wall, s)
}

func (f *fuse) Fire(ctx context.Context, now, wall time.Time, max int) (driver.Fired, error) {
	f.mu.Lock()
	f.fires++
	n, before, after := f.fires, f.before, f.after
	f.mu.Unlock()
	if before != nil {
		if err := before(n); err != nil {
			return driver.Fired{}, err
		}
	}
	got, err := f.Engine.Fire(ctx, now, wall, max)
	if after != nil {
		if err := after(n); err != nil {
			return driver.Fired{}, err
		}
	}
	return got, err
}

// set counts anew from zero and sets what happens around each Fire.
func (f *fuse) set(before func(n int) error, after func(n int) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fires, f.before, f.after = 0, before, after
}

func (f *fuse) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fires
}

package queue_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A series is one schedule of the virtual year, with what is to come of it.
type series struct {
	name  string
	r     queue.Recurrence
	want  int
	fits  func(at time.Time) bool // whether it may occur at that instant
	count int                     // of occurrences, guarded by the year
}

// A year is a virtual one, of schedules whose occurrences are consumed by
// receives that wait.
type year struct {
	*rig
	mu     sync.Mutex // guards counts, late and last
	late   int
	last   map[queue.ScheduleID]time.Time
	series map[queue.ScheduleID]*series
}

// consume takes occurrences until the context ends. Each must come at its very
// instant, after the one before it.
func (y *year) consume(ctx context.Context) {
	for d, err := range y.q.Deliveries(ctx, &queue.ReceiveOptions{Max: 10}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				y.t.Errorf("deliveries: got error %v, want the context's", err)
			}
			return
		}
		y.take(d)
		if err := y.q.Delete(y.ctx(), d.Receipt); err != nil {
			y.t.Errorf("delete: got error %v, want none", err)
		}
	}
}

func (y *year) take(d queue.Delivery) {
	y.mu.Lock()
	defer y.mu.Unlock()
	s := y.series[d.Schedule]
	s.count++
	if !y.clock.Now().Equal(d.NominalAt) {
		y.late++
	}
	if !s.fits(d.NominalAt) || !d.NominalAt.After(y.last[d.Schedule]) {
		y.t.Errorf("%s occurred at %v, after %v", s.name, d.NominalAt, y.last[d.Schedule])
	}
	y.last[d.Schedule] = d.NominalAt
}

// Traps D12 and D24: a year of schedules misses nothing, doubles nothing, and
// leaves nothing behind. The year 2000 has 366 days.
func TestVirtualYear(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		y := &year{
			rig:    newRig(t, queue.Config{}, queue.Patch{}),
			last:   make(map[queue.ScheduleID]time.Time),
			series: make(map[queue.ScheduleID]*series),
		}
		start := y.start
		if want := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); !start.Equal(want) {
			t.Fatalf("the bubble begins at %v, want %v", start, want)
		}
		local := func(at time.Time) string { return at.In(berlin).Format("15:04") }
		onGrid := func(period time.Duration) func(time.Time) bool {
			return func(at time.Time) bool { return at.Sub(start)%period == 0 }
		}
		all := []*series{
			{name: "hourly", r: queue.Recurrence{Every: hour}, want: 366*24 + 1, fits: onGrid(hour)},
			{
				name: "every 90 s in June", want: 28_801, fits: onGrid(90 * s),
				r: queue.Recurrence{
					First: time.Date(2000, 6, 1, 0, 0, 0, 0, time.UTC),
					Every: 90 * s,
					Until: time.Date(2000, 7, 1, 0, 0, 0, 0, time.UTC),
				},
			},
			{
				// 2:30 is in the gap of the 26th of March, and twice in the overlap of the 29th of October.
				name: "daily in Berlin", want: 366, r: queue.Recurrence{Cron: "30 2 * * *", Zone: "Europe/Berlin"},
				fits: func(at time.Time) bool {
					return local(at) == "02:30" || at.Equal(time.Date(2000, 3, 26, 1, 0, 0, 0, time.UTC))
				},
			},
			{
				name: "every half hour of a Berlin night", want: 366 * 48, r: queue.Recurrence{Cron: "*/30 * * * *", Zone: "Europe/Berlin", Count: 366 * 48},
				fits: onGrid(hour / 2), // a rhythm goes on through the changes
			},
			{
				name: "working days", want: 260, r: queue.Recurrence{Cron: "0 9 * * MON-FRI", Zone: "America/New_York"},
				fits: func(at time.Time) bool { return at.Weekday() >= time.Monday && at.Weekday() <= time.Friday },
			},
			{
				name: "monthly", want: 13, r: queue.Recurrence{Cron: "@monthly"},
				fits: func(at time.Time) bool { return at.Day() == 1 && at.Hour() == 0 },
			},
			{
				name: "once", want: 1, r: queue.Recurrence{First: start.Add(366*day - 1)},
				fits: func(at time.Time) bool { return at.Equal(start.Add(366*day - 1)) },
			},
		}
		for _, one := range all {
			y.mu.Lock() // so that no consumer sees an occurrence before the series is noted
			info := y.schedule(queue.Schedule{Message: message(one.name), Recurrence: one.r})
			y.series[info.ID] = one
			y.mu.Unlock()
		}
		ctx, cancel := context.WithCancel(y.ctx())
		var consumers sync.WaitGroup
		for range 3 {
			consumers.Go(func() { y.consume(ctx) })
		}
		y.pass(366 * day)
		synctest.Wait()
		cancel()
		consumers.Wait()

		total := 0
		for id, one := range y.series {
			total += one.count
			info := y.lookUp(id)
			if one.count != one.want || info.Published != one.want || info.Skips != 0 {
				t.Errorf("%s: %d received, and the schedule is %q; want %d", one.name, one.count, standing(info), one.want)
			}
			if _, err := y.b.CancelSchedule(y.ctx(), id); err != nil && !errors.Is(err, queue.ErrScheduleEnded) {
				t.Errorf("%s: cancel: got error %v, want none", one.name, err)
			}
		}
		t.Logf("%d occurrences of %d schedules in %v", total, len(all), y.elapsed())
		if y.late > 0 {
			t.Errorf("%d occurrences came late, want all at the very instant", y.late)
		}
		stats, err := y.q.Stats(y.ctx())
		y.must(err)
		if stats.Bytes != 0 || stats.DeduplicationIDs > 20 {
			t.Errorf("left behind: %+v", stats)
		}
		y.pass(2 * day)
		y.wantCounts(y.q, 0, 0, 0)
	})
}

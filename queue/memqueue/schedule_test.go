package memqueue

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// A schedulePlayer has an engine with a queue, and tells it the time. The
// instants of its timelines are spans from epoch, by the wall clock; broker time
// is an hour ahead, so that one is not taken for the other.
type schedulePlayer struct {
	*testing.T
	engine *Engine
	queue  driver.QueueInfo
}

var epoch = time.Date(2031, 7, 1, 12, 0, 0, 0, time.UTC)

func wallAt(span time.Duration) time.Time { return epoch.Add(span) }
func nowAt(span time.Duration) time.Time  { return epoch.Add(time.Hour + span) }

func newSchedulePlayer(t *testing.T, attributes driver.Attributes) *schedulePlayer {
	t.Helper()
	p := &schedulePlayer{T: t, engine: New()}
	p.queue = p.createQueue("orders", attributes)
	return p
}

func (p *schedulePlayer) createQueue(name string, attributes driver.Attributes) driver.QueueInfo {
	p.Helper()
	info, _, err := p.engine.CreateQueue(p.Context(), nowAt(0), name, attributes, driver.Patch{})
	if err != nil {
		p.Fatal(err)
	}
	return info
}

// schedule makes a schedule for the queue, if it names none.
func (p *schedulePlayer) schedule(at time.Duration, s driver.Schedule) driver.ScheduleInfo {
	p.Helper()
	if s.Queue == 0 {
		s.Queue = p.queue.ID
	}
	info, created, err := p.engine.Schedule(p.Context(), nowAt(at), wallAt(at), s)
	if err != nil || !created {
		p.Fatalf("Schedule at %v: created %t, error %v", at, created, err)
	}
	return info
}

func (p *schedulePlayer) fire(at time.Duration, max int) driver.Fired {
	p.Helper()
	fired, err := p.engine.Fire(p.Context(), nowAt(at), wallAt(at), max)
	if err != nil {
		p.Fatalf("Fire at %v: %v", at, err)
	}
	checkSchedules(p, p.engine.schedules)
	return fired
}

func (p *schedulePlayer) lookup(id driver.ScheduleID) driver.ScheduleInfo {
	p.Helper()
	info, err := p.engine.LookupSchedule(p.Context(), id)
	if err != nil {
		p.Fatal(err)
	}
	return info
}

func (p *schedulePlayer) messages() []driver.Info {
	p.Helper()
	infos, err := p.engine.List(p.Context(), nowAt(0), p.queue.ID, 0, 1000)
	if err != nil {
		p.Fatal(err)
	}
	return infos
}

// spans returns the nominal instants as spans from epoch.
func spans(occurrences []driver.Occurrence) []time.Duration {
	var spans []time.Duration
	for _, o := range occurrences {
		spans = append(spans, o.NominalAt.Sub(epoch))
	}
	return spans
}

// span returns an instant as span from epoch, 0 for the zero time.
func span(at time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return at.Sub(epoch)
}

// series returns n spans from first on.
func series(first, period time.Duration, n int) []time.Duration {
	var spans []time.Duration
	for i := range n {
		spans = append(spans, first+time.Duration(i)*period)
	}
	return spans
}

func first(span time.Duration) scheduler.Recurrence {
	return scheduler.Recurrence{First: wallAt(span)}
}

func every(period, first time.Duration) scheduler.Recurrence {
	return scheduler.Recurrence{Every: period, First: wallAt(first)}
}

func until(r scheduler.Recurrence, span time.Duration) scheduler.Recurrence {
	r.Until = wallAt(span)
	return r
}

func times(count int, r scheduler.Recurrence) scheduler.Recurrence {
	r.Count = count
	return r
}

const (
	second = time.Second
	minute = time.Minute
	hour   = time.Hour
)

// A look is a Fire, and how the schedule stands after it.
type look struct {
	at    time.Duration
	max   int             // 0: as many as there are
	fired []time.Duration // what it published
	next  time.Duration   // 0: none
	skips int             // so far
}

var timelines = []struct {
	name       string
	made       time.Duration
	recurrence scheduler.Recurrence
	misfire    driver.Misfire
	next       time.Duration // once it is made
	looks      []look
}{
	{
		"one-shot: before it is due, when it is, and never again", 0, first(minute), 0, minute,
		[]look{
			{at: minute - 1, next: minute},
			{at: minute, fired: series(minute, 0, 1)},
			{at: 2 * minute},
		},
	},
	{
		"one-shot: late", 0, first(minute), 0, minute,
		[]look{{at: hour, fired: series(minute, 0, 1)}},
	},
	{
		"one-shot: its instant is past when it is made", 0, first(-hour), 0, -hour,
		[]look{{at: 0, fired: series(-hour, 0, 1)}, {at: 1}},
	},
	{
		"one-shot: without an instant it is due when it is made", second, scheduler.Recurrence{}, 0, second,
		[]look{{at: second, fired: series(second, 0, 1)}},
	},
	{
		"one-shot: skipped, since it is too late", 0, first(-hour), driver.MisfireSkip, -hour,
		[]look{{at: 0, skips: 1}, {at: 1, skips: 1}},
	},
	{
		"period: the first instant is past, and none before the making is published",
		10 * minute, every(hour, -90*minute), driver.MisfireAll, 30 * minute,
		[]look{
			{at: 30*minute - 1, next: 30 * minute},
			{at: 30 * minute, fired: series(30*minute, 0, 1), next: 90 * minute},
		},
	},
	{
		"period: the making is an instant of it", 30 * minute, every(hour, -30*minute), 0, 30 * minute,
		[]look{{at: 30 * minute, fired: series(30*minute, 0, 1), next: 90 * minute}},
	},
	{
		"period: without a first instant it begins when it is made",
		second, scheduler.Recurrence{Every: minute}, 0, second,
		[]look{{at: 30 * second, fired: series(second, 0, 1), next: minute + second}},
	},
	{
		"period: a late Fire leaves the grid as it is", 0, every(minute, minute), 0, minute,
		[]look{
			{at: 90 * second, fired: series(minute, 0, 1), next: 2 * minute},
			{at: 2*minute + 59*second, fired: series(2*minute, 0, 1), next: 3 * minute},
			{at: 3 * minute, fired: series(3*minute, 0, 1), next: 4 * minute},
		},
	},
	{
		"count: it ends with the third", 0, times(3, every(minute, minute)), driver.MisfireAll, minute,
		[]look{
			{at: 2 * minute, fired: series(minute, minute, 2), next: 3 * minute},
			{at: hour, fired: series(3*minute, 0, 1)},
			{at: 2 * hour},
		},
	},
	{
		"count: what is left out is not counted", 0, times(2, every(minute, minute)), 0, minute,
		[]look{
			{at: 5 * minute, fired: series(5*minute, 0, 1), next: 6 * minute, skips: 1},
			{at: 6 * minute, fired: series(6*minute, 0, 1), skips: 1},
		},
	},
	{
		"until: the last instant is among them", 0, until(every(minute, minute), 3*minute), 0, minute,
		[]look{
			{at: minute, fired: series(minute, 0, 1), next: 2 * minute},
			{at: 2 * minute, fired: series(2*minute, 0, 1), next: 3 * minute},
			{at: 3 * minute, fired: series(3*minute, 0, 1)},
		},
	},
	{
		"until: a nanosecond short", 0, until(every(minute, minute), 3*minute-1), driver.MisfireAll, minute,
		[]look{{at: hour, fired: series(minute, minute, 2)}},
	},
	{
		"until: over when it is looked at", 0, until(every(minute, minute), 3*minute), 0, minute,
		[]look{{at: hour, fired: series(3*minute, 0, 1), skips: 1}},
	},
	{
		"skip: the grace ends", 0, every(hour, hour), driver.MisfireSkip, hour,
		[]look{
			{at: hour + minute, fired: series(hour, 0, 1), next: 2 * hour},
			{at: 2*hour + minute + 1, next: 3 * hour, skips: 1},
			{at: 5*hour + minute, fired: series(5*hour, 0, 1), next: 6 * hour, skips: 2},
			{at: 8*hour + minute + 1, next: 9 * hour, skips: 3},
			{at: 9 * hour, fired: series(9*hour, 0, 1), next: 10 * hour, skips: 3},
		},
	},
	{
		"skip: the last ones are too late", 0, until(every(minute, minute), 5*minute), driver.MisfireSkip, minute,
		[]look{{at: hour, skips: 1}, {at: 2 * hour, skips: 1}},
	},
	{
		"all: little by little, and the cap holds for what is due by then", 0, every(second, second), driver.MisfireAll, second,
		[]look{
			{at: 150 * second, max: 1, fired: series(51*second, 0, 1), next: 52 * second, skips: 1},
			{at: 150 * second, max: 2, fired: series(52*second, second, 2), next: 54 * second, skips: 1},
			{at: 153 * second, max: 1, fired: series(54*second, 0, 1), next: 55 * second, skips: 1},
			{at: 155 * second, max: 1, fired: series(56*second, 0, 1), next: 57 * second, skips: 2},
			{at: 155 * second, fired: series(57*second, second, 99), next: 156 * second, skips: 2},
		},
	},
	{
		"the wall clock steps back: nothing is published twice", 0, every(minute, minute), driver.MisfireAll, minute,
		[]look{
			{at: 2 * minute, fired: series(minute, minute, 2), next: 3 * minute},
			{at: minute, next: 3 * minute},
			{at: 2 * minute, next: 3 * minute},
			{at: 3*minute - 1, next: 3 * minute},
			{at: 4 * minute, fired: series(3*minute, minute, 2), next: 5 * minute},
		},
	},
	{
		"the wall clock steps back: what the cap left out stays out", 0, every(second, second), driver.MisfireAll, second,
		[]look{
			{at: 150 * second, max: 1, fired: series(51*second, 0, 1), next: 52 * second, skips: 1},
			{at: 51 * second, next: 52 * second, skips: 1},
			{at: 52 * second, fired: series(52*second, 0, 1), next: 53 * second, skips: 1},
			{at: 154 * second, max: 1, fired: series(55*second, 0, 1), next: 56 * second, skips: 2},
		},
	},
}

func TestScheduleTimelines(t *testing.T) {
	for _, timeline := range timelines {
		t.Run(timeline.name, func(t *testing.T) {
			p := newSchedulePlayer(t, driver.Attributes{})
			made := p.schedule(timeline.made, driver.Schedule{Recurrence: timeline.recurrence, Misfire: timeline.misfire})
			if got := span(made.NextAt); got != timeline.next {
				t.Fatalf("made, NextAt = %v, want %v", got, timeline.next)
			}
			published := []time.Duration{}
			for i, look := range timeline.looks {
				fired := p.fire(look.at, cmp.Or(look.max, 1<<30))
				published = append(published, look.fired...)
				p.checkLook(fmt.Sprintf("look %d, at %v", i, look.at), look, fired, p.lookup(made.ID), published)
			}
		})
	}
}

// checkLook checks what a Fire answered, and how it left the only schedule.
func (p *schedulePlayer) checkLook(step string, want look, fired driver.Fired, info driver.ScheduleInfo, published []time.Duration) {
	p.Helper()
	if got := spans(fired.Occurrences); !slices.Equal(got, want.fired) {
		p.Fatalf("%s: published %v, want %v", step, got, want.fired)
	}
	if got := span(fired.NextAt); got != want.next {
		p.Fatalf("%s: Fired.NextAt = %v, want %v", step, got, want.next)
	}
	if got := span(info.NextAt); got != want.next {
		p.Fatalf("%s: NextAt = %v, want %v", step, got, want.next)
	}
	if info.Skips != want.skips || info.Published != len(published) || info.Refused != 0 {
		p.Fatalf("%s: %d skips, %d published, %d refused, want %d, %d, 0", step,
			info.Skips, info.Published, info.Refused, want.skips, len(published))
	}
	state := driver.ScheduleActive
	if want.next == 0 {
		state = driver.SchedulePublished
	}
	if info.State != state || info.Failure != 0 || info.EndedAt.IsZero() != (want.next != 0) {
		p.Fatalf("%s: %v, failure %q, ended at %v, want %v", step, info.State, info.Failure, info.EndedAt, state)
	}
	p.checkMessages(step, info, published)
}

// checkMessages checks that the queue has a message for each occurrence of the
// only schedule, and nothing else.
func (p *schedulePlayer) checkMessages(step string, info driver.ScheduleInfo, published []time.Duration) {
	p.Helper()
	messages := p.messages()
	if len(messages) != len(published) {
		p.Fatalf("%s: %d messages, want %d", step, len(messages), len(published))
	}
	for i, m := range messages {
		at := wallAt(published[i])
		id := info.ID.String() + "@" + at.Format(time.RFC3339Nano)
		if m.Schedule != info.ID || !m.NominalAt.Equal(at) || m.DeduplicationID != id {
			p.Fatalf("%s: message %d is of %v at %v with deduplication ID %q, want %v, %v, %q", step, i,
				m.Schedule, m.NominalAt, m.DeduplicationID, info.ID, at, id)
		}
	}
	if len(published) > 0 {
		last := messages[len(messages)-1]
		if info.LastID != last.ID || !info.LastAt.Equal(last.NominalAt) {
			p.Fatalf("%s: last is %v at %v, want %v at %v", step, info.LastID, info.LastAt, last.ID, last.NominalAt)
		}
	}
}

// TestMisfire lets a schedule of one second be looked at when many occurrences
// are due, a nanosecond before the next.
func TestMisfire(t *testing.T) {
	for _, due := range []int{0, 1, 2, 100, 101, 1e6} {
		kept := max(1, due-99)
		tests := []struct {
			misfire driver.Misfire
			fired   []time.Duration
			skipped bool
		}{
			{driver.MisfireOnce, series(time.Duration(due)*second, 0, min(due, 1)), due > 1},
			{driver.MisfireSkip, series(time.Duration(due)*second, 0, min(due, 1)), due > 1},
			{driver.MisfireAll, series(time.Duration(kept)*second, second, min(due, 100)), due > 100},
		}
		for _, test := range tests {
			t.Run(fmt.Sprintf("%v/due=%d", test.misfire, due), func(t *testing.T) {
				p := newSchedulePlayer(t, driver.Attributes{})
				made := p.schedule(0, driver.Schedule{Recurrence: every(second, second), Misfire: test.misfire})
				next := time.Duration(due+1) * second
				want := look{fired: test.fired, next: next}
				if test.skipped {
					want.skips = 1
				}
				fired := p.fire(next-1, 1e6)
				p.checkLook("fire", want, fired, p.lookup(made.ID), test.fired)
				want.fired = nil
				p.checkLook("fire again", want, p.fire(next-1, 1e6), p.lookup(made.ID), test.fired)
			})
		}
	}
}

// TestMisfireCron sees the cap hold where the occurrences are no arithmetic.
func TestMisfireCron(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	made := p.schedule(0, driver.Schedule{
		Recurrence: scheduler.Recurrence{Cron: "30 2 * * *", Zone: "Europe/Berlin"},
		Misfire:    driver.MisfireAll,
	})
	fired := p.fire(1000*24*hour, 1000)
	if len(fired.Occurrences) != driver.MisfireCap {
		t.Fatalf("%d occurrences, want %d", len(fired.Occurrences), driver.MisfireCap)
	}
	for i, o := range fired.Occurrences {
		if day := fired.Occurrences[0].NominalAt.AddDate(0, 0, i); o.NominalAt.Sub(day).Abs() > hour {
			t.Fatalf("occurrence %d is at %v, want about %v", i, o.NominalAt, day)
		}
	}
	last := fired.Occurrences[driver.MisfireCap-1].NominalAt
	if age := wallAt(1000 * 24 * hour).Sub(last); age < 0 || age >= 25*hour {
		t.Fatalf("the last occurrence is at %v, want the day before %v", last, wallAt(1000*24*hour))
	}
	if info := p.lookup(made.ID); info.Skips != 1 || info.Published != driver.MisfireCap {
		t.Fatalf("%d skips, %d published, want 1, %d", info.Skips, info.Published, driver.MisfireCap)
	}
}

// TestFireOrder sees the occurrences of several schedules come in the order of
// their instants, and then of the making of their schedules, however many a
// call may claim.
func TestFireOrder(t *testing.T) {
	for max := 1; max <= 10; max++ {
		p := newSchedulePlayer(t, driver.Attributes{})
		ids := map[driver.ScheduleID]string{}
		for i, r := range []scheduler.Recurrence{
			every(3*second, 3*second), every(2*second, 2*second), first(6 * second), first(7 * second), first(-hour),
		} {
			ids[p.schedule(0, driver.Schedule{Recurrence: r, Misfire: driver.MisfireAll}).ID] = string(rune('a' + i))
		}
		var got []string
		for {
			fired := p.fire(6*second, max)
			for _, o := range fired.Occurrences {
				got = append(got, fmt.Sprint(ids[o.Schedule], o.NominalAt.Sub(epoch)))
			}
			if len(fired.Occurrences) < max {
				if want := 7 * second; span(fired.NextAt) != want {
					t.Fatalf("max %d: NextAt = %v, want %v", max, span(fired.NextAt), want)
				}
				break
			}
			if want := 6 * second; len(got) < 7 && span(fired.NextAt) > want {
				t.Fatalf("max %d: NextAt = %v after %v, want one that is due", max, span(fired.NextAt), got)
			}
		}
		want := []string{"e-1h0m0s", "b2s", "a3s", "b4s", "a6s", "b6s", "c6s"}
		if !slices.Equal(got, want) {
			t.Fatalf("max %d: published %v, want %v", max, got, want)
		}
		for i, m := range p.messages() {
			if got := fmt.Sprint(ids[m.Schedule], m.NominalAt.Sub(epoch)); got != want[i] {
				t.Fatalf("max %d: message %d is %v, want %v", max, i, got, want[i])
			}
		}
	}
}

// TestFireNothing claims nothing where there is no room for it.
func TestFireNothing(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	if fired := p.fire(0, 10); len(fired.Occurrences) != 0 || !fired.NextAt.IsZero() {
		t.Fatalf("without schedules, Fire = %+v", fired)
	}
	p.schedule(0, driver.Schedule{Recurrence: first(-hour), Misfire: driver.MisfireSkip})
	if fired := p.fire(0, 0); len(fired.Occurrences) != 0 || span(fired.NextAt) != -hour {
		t.Fatalf("with no room, Fire = %+v, want none, and the next at %v", fired, wallAt(-hour))
	}
}

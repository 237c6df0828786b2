package memqueue

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// TestScheduleQueueFull has a queue with room for one message: what it refuses
// is lost, and a schedule fails with its last occurrence only.
func TestScheduleQueueFull(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{MaxMessages: 1})
	made := p.schedule(0, driver.Schedule{Recurrence: until(every(minute, minute), 4*minute), Misfire: driver.MisfireAll})
	steps := []struct {
		at       time.Duration
		purge    bool
		outcomes []driver.SendOutcome
		want     string
	}{
		{1 * minute, false, []driver.SendOutcome{driver.Sent}, `active "", 1 published, 0 refused, last 1m0s, next 2m0s`},
		{2 * minute, false, []driver.SendOutcome{driver.QueueFull}, `active "", 1 published, 1 refused, last 1m0s, next 3m0s`},
		{3 * minute, true, []driver.SendOutcome{driver.Sent}, `active "", 2 published, 1 refused, last 3m0s, next 4m0s`},
		{4 * minute, false, []driver.SendOutcome{driver.QueueFull}, `failed "queue full", 2 published, 2 refused, last 3m0s, next 0s`},
		{5 * minute, true, nil, `failed "queue full", 2 published, 2 refused, last 3m0s, next 0s`},
	}
	for i, step := range steps {
		if step.purge {
			p.purge()
		}
		p.checkRefusals(fmt.Sprint("step ", i), made.ID, p.fire(step.at, 10), step.outcomes, step.want)
	}
}

// TestScheduleTooLarge lowers the queue's limit below the message's size.
func TestScheduleTooLarge(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	made := p.schedule(0, driver.Schedule{
		Message:    driver.Message{Body: make([]byte, 100)},
		Recurrence: until(every(minute, minute), 2*minute),
	})
	p.checkRefusals("before", made.ID, p.fire(minute, 10), []driver.SendOutcome{driver.Sent},
		`active "", 1 published, 0 refused, last 1m0s, next 2m0s`)
	_, err := p.engine.SetAttributes(t.Context(), nowAt(minute), p.queue.ID, driver.Patch{MaxMessageBytes: new(99)})
	if err != nil {
		t.Fatal(err)
	}
	p.checkRefusals("after", made.ID, p.fire(2*minute, 10), []driver.SendOutcome{driver.TooLarge},
		`failed "message too large", 1 published, 1 refused, last 1m0s, next 0s`)
}

// TestScheduleRefusedIsNotCounted has a schedule that publishes twice: an
// occurrence that was refused is not one of them.
func TestScheduleRefusedIsNotCounted(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{MaxMessages: 1})
	made := p.schedule(0, driver.Schedule{Recurrence: times(2, every(minute, minute))})
	for i := range 2 {
		p.fire(time.Duration(i+1)*minute, 1)
	}
	p.purge()
	p.checkRefusals("third", made.ID, p.fire(3*minute, 10), []driver.SendOutcome{driver.Sent},
		`published "", 2 published, 1 refused, last 3m0s, next 0s`)
}

func (p *schedulePlayer) purge() {
	p.Helper()
	if _, err := p.engine.Purge(p.Context(), nowAt(0), p.queue.ID); err != nil {
		p.Fatal(err)
	}
}

func (p *schedulePlayer) checkRefusals(step string, id driver.ScheduleID, fired driver.Fired, outcomes []driver.SendOutcome, want string) {
	p.Helper()
	var got []driver.SendOutcome
	for _, o := range fired.Occurrences {
		got = append(got, o.Result.Outcome)
	}
	if !slices.Equal(got, outcomes) {
		p.Fatalf("%s: %v, want %v", step, got, outcomes)
	}
	info := p.lookup(id)
	stands := fmt.Sprintf("%v %q, %d published, %d refused, last %v, next %v", info.State, info.Failure,
		info.Published, info.Refused, span(info.LastAt), span(info.NextAt))
	if stands != want {
		p.Fatalf("%s: the schedule is %s, want %s", step, stands, want)
	}
}

// TestScheduleDeduplication publishes the same body to a FIFO queue that
// deduplicates by content, beside a sender of that body.
func TestScheduleDeduplication(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{FIFO: true, ContentDeduplication: true, DeduplicationWindow: hour})
	m := driver.Message{Body: []byte("tick"), Group: "g"}
	made := p.schedule(0, driver.Schedule{Message: m, Recurrence: every(minute, minute), Misfire: driver.MisfireAll})
	if _, err := p.engine.Send(t.Context(), nowAt(0), p.queue.ID, []driver.Message{m}); err != nil {
		t.Fatal(err)
	}
	p.fire(3*minute, 10)
	for i, message := range p.messages() {
		id, nominal := fmt.Sprintf("%s@2031-07-01T12:%02d:00Z", made.ID, i), wallAt(time.Duration(i)*minute)
		if i == 0 {
			id, nominal = message.DeduplicationID, time.Time{}
		}
		if message.DeduplicationID != id || !message.NominalAt.Equal(nominal) || string(message.Body) != "tick" || message.Group != "g" {
			t.Errorf("message %d is %+v, want deduplication ID %q, nominal instant %v", i, message, id, nominal)
		}
	}
	if n := len(p.messages()); n != 4 {
		t.Errorf("%d messages, want 4", n)
	}
}

// TestScheduleDelay sees the delay count from the Fire, and the queue's where
// the message has none.
func TestScheduleDelay(t *testing.T) {
	tests := []struct {
		delay *time.Duration
		want  time.Duration
	}{{nil, 5 * second}, {new(time.Duration(0)), 0}, {new(2 * second), 2 * second}}
	for _, test := range tests {
		p := newSchedulePlayer(t, driver.Attributes{Delay: 5 * second})
		p.schedule(0, driver.Schedule{Message: driver.Message{Delay: test.delay}, Recurrence: first(minute)})
		p.fire(2*minute, 1)
		m := p.messages()[0]
		if want := nowAt(2*minute + test.want); !m.VisibleAt.Equal(want) || !m.SentAt.Equal(nowAt(2*minute)) {
			t.Errorf("delay %v: sent at %v, visible at %v, want %v, %v", test.want, m.SentAt, m.VisibleAt, nowAt(2*minute), want)
		}
	}
}

// TestScheduleKeepsNothing changes what went in and what came out, and sees the
// schedule and its messages stay as they were.
func TestScheduleKeepsNothing(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	in := named(p.queue.ID)
	out := p.schedule(0, in)
	spoil(&in.Message)
	spoil(&out.Schedule.Message)
	found := p.lookup(out.ID)
	spoil(&found.Schedule.Message)
	listed := p.list(1)[0]
	spoil(&listed.Schedule.Message)
	if out.Schedule.Limit != 0 {
		t.Errorf("the limit is %d, want 0", out.Schedule.Limit)
	}
	p.fire(minute, 1)
	sent := p.messages()[0]
	spoil(&driver.Message{Body: sent.Body, Attributes: sent.Attributes, Delay: new(hour)})
	p.fire(2*minute, 1)
	stopped := p.cancel(2*minute, out.ID)[0].Info
	want := named(p.queue.ID)
	if !sameSchedule(&stopped.Schedule, &want) {
		t.Errorf("the schedule is %+v, want %+v", stopped.Schedule, want)
	}
	for i, m := range p.messages() {
		if string(m.Body) != "body" || m.Attributes["a"] != driver.String("1") || len(m.Attributes) != 1 || !m.VisibleAt.Equal(m.SentAt.Add(second)) {
			t.Errorf("message %d is %+v, want body, attributes and delay of %+v", i, m, want.Message)
		}
	}
}

func spoil(m *driver.Message) {
	m.Body[0] = 'x'
	m.Attributes["a"] = driver.String("x")
	m.Attributes["b"] = driver.String("x")
	*m.Delay = hour
}

// TestScheduleElsewhere lets an occurrence go to a dead-letter queue: it stays
// an occurrence.
func TestScheduleElsewhere(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	dead := p.createQueue("dead", driver.Attributes{})
	_, err := p.engine.SetAttributes(t.Context(), nowAt(0), p.queue.ID, driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 1}})
	if err != nil {
		t.Fatal(err)
	}
	made := p.schedule(0, driver.Schedule{Recurrence: first(minute)})
	p.fire(minute, 1)
	for i := range 2 {
		received, err := p.engine.Receive(t.Context(), nowAt(2*minute), p.queue.ID, driver.Receive{Max: 1, Visibility: new(time.Duration(0))})
		if err != nil || i == 0 && (len(received.Deliveries) != 1 || received.Deliveries[0].Schedule != made.ID) {
			t.Fatalf("receive %d = %+v, %v", i, received, err)
		}
	}
	p.queue = dead
	if m := p.messages(); len(m) != 1 || m[0].Schedule != made.ID || !m[0].NominalAt.Equal(wallAt(minute)) {
		t.Fatalf("dead letters are %+v, want the occurrence", m)
	}
}

func TestScheduleClosed(t *testing.T) {
	p := newSchedulePlayer(t, driver.Attributes{})
	made := p.schedule(0, driver.Schedule{Recurrence: first(0)})
	if err := p.engine.Close(); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{
		"Schedule": func() error {
			_, _, err := p.engine.Schedule(t.Context(), nowAt(0), wallAt(0), driver.Schedule{Recurrence: every(1, 0)})
			return err
		},
		"Fire": func() error {
			_, err := p.engine.Fire(t.Context(), nowAt(0), wallAt(0), 1)
			return err
		},
		"CancelSchedules": func() error {
			_, err := p.engine.CancelSchedules(t.Context(), nowAt(0), nil)
			return err
		},
		"LookupSchedule": func() error {
			_, err := p.engine.LookupSchedule(t.Context(), made.ID)
			return err
		},
		"ListSchedules": func() error {
			_, err := p.engine.ListSchedules(t.Context(), 0, 1)
			return err
		},
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, driver.ErrClosed) {
			t.Errorf("%s after Close: %v, want %v", name, err, driver.ErrClosed)
		}
	}
}

// TestScheduleConcurrently lets calls of Fire, cancels and the end of a queue
// race: every one-shot is published once, or cancelled, or its queue is gone.
func TestScheduleConcurrently(t *testing.T) {
	const n = 300
	p := newSchedulePlayer(t, driver.Attributes{})
	other := p.createQueue("other", driver.Attributes{})
	var ids []driver.ScheduleID
	for i := range n {
		queue := p.queue.ID
		if i%3 == 0 {
			queue = other.ID
		}
		ids = append(ids, p.schedule(0, driver.Schedule{Queue: queue, Recurrence: first(0)}).ID)
	}
	var (
		mu        sync.Mutex // guards published and stopped
		published = make(map[driver.ScheduleID]int)
		stopped   = make(map[driver.ScheduleID]int)
		wg        sync.WaitGroup
	)
	for range 3 {
		wg.Go(func() {
			for {
				fired, err := p.engine.Fire(t.Context(), nowAt(0), wallAt(0), 2)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, o := range fired.Occurrences {
					published[o.Schedule]++
				}
				mu.Unlock()
				if len(fired.Occurrences) == 0 {
					return
				}
			}
		})
		wg.Go(func() {
			for _, id := range slices.Backward(ids) {
				cancels, err := p.engine.CancelSchedules(t.Context(), nowAt(0), []driver.ScheduleID{id})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if cancels[0].Outcome == driver.ScheduleStopped {
					stopped[id]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Go(func() {
		if err := p.engine.DeleteQueue(t.Context(), other.ID); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	checkSchedules(t, p.engine.schedules)
	for i, id := range ids {
		info := p.lookup(id)
		gone := 0
		if info.Failure == driver.ScheduleQueueGone {
			gone = 1
		}
		if published[id]+stopped[id]+gone != 1 || info.Published != published[id] {
			t.Errorf("schedule %d: published %d times, stopped %d times, gone %d times, and says it is %v", i, published[id], stopped[id], gone, info.State)
		}
	}
}

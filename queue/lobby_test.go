package queue

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// However a wait ends, nothing of it stays behind: not in its line, not in the
// index, and not in the timer once that has fired.
func TestLobbyForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := Open(Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		q, err := b.CreateQueue(t.Context(), "q", Patch{})
		if err != nil {
			t.Fatal(err)
		}
		ends := map[string]func(cancel context.CancelFunc){
			"cancel":   func(cancel context.CancelFunc) { cancel() },
			"deadline": func(context.CancelFunc) { time.Sleep(100 * day) },
			"message":  func(context.CancelFunc) { q.SendMany(t.Context(), make([]Message, 3)) },
			"purge":    func(cancel context.CancelFunc) { q.Purge(t.Context()); cancel() },
			"delete":   func(context.CancelFunc) { b.DeleteQueue(t.Context(), "q") },
		}
		for _, how := range []string{"cancel", "deadline", "message", "purge", "delete"} {
			ctx, cancel := context.WithCancel(t.Context())
			q.Send(t.Context(), Message{Delay: new(200 * day)}) // something to wake up for
			for range 3 {
				go q.Receive(ctx, &ReceiveOptions{Wait: new(100 * day)})
				synctest.Wait()
			}
			l, line := &b.lobby, q.line
			l.mu.Lock()
			if n := l.events.Len(); n != 4 {
				t.Errorf("%s: %d events in the index, want 3 deadlines and a message", how, n)
			}
			l.mu.Unlock()
			ends[how](cancel)
			synctest.Wait()
			l.mu.Lock()
			if line.waiting.Load() != 0 || line.waiters.Len() != 0 || len(line.undecided) != 0 || line.hasNext || line.serving || line.owed {
				t.Errorf("%s: the line is left as %+v", how, line)
			}
			if l.events.Len() != 0 || len(l.byID) != 0 {
				t.Errorf("%s: %d events are left in the index, %d beside it", how, l.events.Len(), len(l.byID))
			}
			l.mu.Unlock()
			cancel()
			q.Purge(t.Context())
		}
		time.Sleep(300 * day)
		synctest.Wait()
		b.lobby.mu.Lock()
		defer b.lobby.mu.Unlock()
		if len(b.lobby.lines) != 0 {
			t.Errorf("%d lines are left of deleted queues", len(b.lobby.lines))
		}
		if b.lobby.alarm != nil {
			t.Errorf("the timer is set, and nobody waits")
		}
	})
}

// A blink is an engine that has nothing for the first receive, and then has.
type blink struct {
	driver.Engine
	receives atomic.Int64
}

func (e *blink) Receive(ctx context.Context, now time.Time, id QueueID, r driver.Receive) (driver.Received, error) {
	if e.receives.Add(1) == 1 {
		return driver.Received{}, nil
	}
	return e.Engine.Receive(ctx, now, id, r)
}

// A receive that lines up and is served at once leaves nothing behind either.
func TestLobbyForgetsAtOnce(t *testing.T) {
	b, err := Open(Config{Engine: &blink{Engine: memqueue.New()}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	q, err := b.CreateQueue(t.Context(), "q", Patch{})
	if err != nil {
		t.Fatal(err)
	}
	q.Send(t.Context(), Message{})
	got, err := q.Receive(t.Context(), &ReceiveOptions{Wait: new(time.Minute)})
	if err != nil || len(got) != 1 {
		t.Fatalf("receive: got %d messages and error %v, want one", len(got), err)
	}
	if n := len(q.line.undecided); n != 0 || b.lobby.events.Len() != 0 {
		t.Errorf("%d decisions and %d events are left", n, b.lobby.events.Len())
	}
}

// When the last occurrence of all schedules was published nothing of it stays
// behind, and the timer is not set.
func TestLobbyForgetsFirings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := Open(Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		q, err := b.CreateQueue(t.Context(), "q", Patch{})
		if err != nil {
			t.Fatal(err)
		}
		l := &b.lobby
		look := func(step string, events int) {
			t.Helper()
			synctest.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.events.Len() != events || len(l.byID) != events || (l.alarm != nil) != (events > 0) {
				t.Errorf("%s: %d events in the index, %d beside it, and the timer set %t; want %d", step, l.events.Len(), len(l.byID), l.alarm != nil, events)
			}
			if pending := l.firing.pending.Load(); pending != (events > 0) || pending == l.firing.at.IsZero() || l.firing.busy || l.owing != 0 {
				t.Errorf("%s: the firing is left as %+v, with %d lines owed", step, &l.firing, l.owing)
			}
		}
		look("no schedule", 0)
		first := time.Now().Add(time.Minute)
		info, err := q.Schedule(t.Context(), Schedule{Recurrence: Recurrence{First: first, Every: time.Hour, Count: 3}})
		if err != nil {
			t.Fatal(err)
		}
		look("made", 1)
		if _, err := q.Receive(t.Context(), &ReceiveOptions{Wait: new(day)}); err != nil {
			t.Fatal(err)
		}
		look("published once", 1)
		time.Sleep(day)
		look("published", 0)
		info, err = q.Schedule(t.Context(), Schedule{Recurrence: Recurrence{First: time.Now().Add(time.Minute), Every: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.CancelSchedule(t.Context(), info.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		look("cancelled", 0) // as soon as it would have been due
		if _, err := q.Schedule(t.Context(), Schedule{Recurrence: Recurrence{Every: time.Hour}}); err != nil {
			t.Fatal(err)
		}
		b.Close()
		look("closed", 0)
	})
}

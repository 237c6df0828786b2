package queue

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
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

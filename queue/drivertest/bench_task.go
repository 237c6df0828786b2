package drivertest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// another makes a second queue.
func (m *meter) another() driver.QueueID {
	info, _, err := m.engine.CreateQueue(m.b.Context(), m.now, "x", base(), driver.Patch{})
	m.must(err)
	return info.ID
}

// benchMove moves messages to another queue, and in the next iteration back.
func benchMove(b *testing.B, engine driver.Engine, batch int) {
	m := newMeter(b, engine, driver.Patch{})
	from, to := m.queue, m.another()
	m.fill(batch, unchanged)
	for b.Loop() {
		task, err := engine.StartMove(b.Context(), m.now, driver.Move{Source: from, Destination: to, AnySource: true}, false)
		m.must(err)
		step, err := engine.StepMove(b.Context(), m.now, task.ID, batch, batch)
		m.must(err)
		if step.Task.Moved != batch || step.Task.State != driver.MoveCompleted {
			b.Fatalf("got %d messages moved and the task %v, want all %d and completed", step.Task.Moved, step.Task.State, batch)
		}
		m.messages += batch
		from, to = to, from
	}
	m.report()
}

// benchTransfer transfers messages that are delayed, and restores them.
func benchTransfer(b *testing.B, engine driver.Engine, batch int) {
	m := newMeter(b, engine, driver.Patch{})
	to := m.another()
	m.fill(batch, dueInADay(rand.New(rand.NewPCG(1, 2))))
	for b.Loop() {
		_, err := engine.Transfer(b.Context(), m.now, driver.Transfer{Task: taskID("t"), From: m.queue, To: to, Max: batch, Look: batch})
		m.must(err)
		done, err := engine.Restore(b.Context(), m.now, driver.Restore{From: to, Max: batch, Look: batch})
		m.must(err)
		if len(done.Messages) != batch {
			b.Fatalf("got %d messages back, want all %d", len(done.Messages), batch)
		}
		m.messages += batch
	}
	m.report()
}

// benchFire claims one occurrence at a time. When a hundred thousand messages
// are there, it purges them.
func benchFire(b *testing.B, engine driver.Engine, schedules int) {
	m := newMeter(b, engine, driver.Patch{})
	message := bodies(1)[0]
	for i := range schedules {
		r := scheduler.Recurrence{First: m.now.Add(time.Duration(i+1) * ms), Every: time.Duration(schedules) * ms}
		_, _, err := engine.Schedule(b.Context(), m.now, m.now, driver.Schedule{Queue: m.queue, Message: message, Recurrence: r})
		m.must(err)
	}
	for b.Loop() {
		m.now = m.now.Add(ms)
		fired, err := engine.Fire(b.Context(), m.now, m.now, 1)
		m.must(err)
		if len(fired.Occurrences) != 1 {
			b.Fatalf("got %d occurrences, want 1", len(fired.Occurrences))
		}
		if m.messages++; m.messages%100_000 == 0 {
			_, err := engine.Purge(b.Context(), m.now, m.queue)
			m.must(err)
		}
	}
	m.report()
}

package memqueue

import (
	"context"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// activeSchedules is how many schedules the engines of the benchmarks have.
const activeSchedules = 1e6

// crowded returns an engine with many active schedules, one of which is due at
// each millisecond, and their IDs. The queue keeps its messages for a second, so
// that its size is not what is measured.
func crowded(b *testing.B) (*Engine, driver.QueueID, []driver.ScheduleID) {
	b.Helper()
	engine := New()
	queue, _, err := engine.CreateQueue(b.Context(), epoch, "orders", driver.Attributes{Retention: time.Second}, driver.Patch{})
	if err != nil {
		b.Fatal(err)
	}
	ids := make([]driver.ScheduleID, activeSchedules)
	for i := range ids {
		ids[i] = addSchedule(b, engine, queue.ID, i)
	}
	return engine, queue.ID, ids
}

// addSchedule makes a schedule whose period is as many milliseconds as there are
// schedules.
func addSchedule(b *testing.B, engine *Engine, queue driver.QueueID, i int) driver.ScheduleID {
	const spread = 7919 // scatters the instants
	info, _, err := engine.Schedule(context.Background(), epoch, epoch, driver.Schedule{
		Queue:      queue,
		Message:    driver.Message{Body: make([]byte, 100)},
		Recurrence: scheduler.Recurrence{First: wallAt(time.Duration(i*spread%activeSchedules) * time.Millisecond), Every: activeSchedules * time.Millisecond},
	})
	if err != nil {
		b.Fatal(err)
	}
	return info.ID
}

func BenchmarkSchedule(b *testing.B) {
	engine, queue, _ := crowded(b)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		addSchedule(b, engine, queue, i)
		i++
	}
}

// BenchmarkFire publishes an occurrence for each millisecond that passes.
func BenchmarkFire(b *testing.B) {
	engine, _, _ := crowded(b)
	b.ReportAllocs()
	at := epoch
	for b.Loop() {
		fired, err := engine.Fire(b.Context(), at, at, 100)
		if err != nil || len(fired.Occurrences) != 1 {
			b.Fatalf("Fire = %d occurrences, %v, want 1", len(fired.Occurrences), err)
		}
		at = at.Add(time.Millisecond)
	}
}

// BenchmarkFireNothing looks when nothing is due.
func BenchmarkFireNothing(b *testing.B) {
	engine, _, _ := crowded(b)
	b.ReportAllocs()
	for b.Loop() {
		if fired, err := engine.Fire(b.Context(), epoch, epoch.Add(-1), 100); err != nil || len(fired.Occurrences) != 0 {
			b.Fatalf("Fire = %d occurrences, %v, want none", len(fired.Occurrences), err)
		}
	}
}

// BenchmarkFireMissed publishes the latest of a million occurrences that are due,
// one or MisfireCap of them.
func BenchmarkFireMissed(b *testing.B) {
	for misfire, claimed := range map[driver.Misfire]int{driver.MisfireOnce: 1, driver.MisfireAll: driver.MisfireCap} {
		b.Run("misfire="+misfire.String(), func(b *testing.B) {
			engine := New()
			queue, _, err := engine.CreateQueue(b.Context(), epoch, "orders", driver.Attributes{Retention: time.Second}, driver.Patch{})
			if err != nil {
				b.Fatal(err)
			}
			_, _, err = engine.Schedule(b.Context(), epoch, epoch, driver.Schedule{
				Queue: queue.ID, Recurrence: scheduler.Recurrence{Every: time.Millisecond}, Misfire: misfire,
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			at := epoch
			for b.Loop() {
				at = at.Add(1000 * second) // a million periods
				if fired, err := engine.Fire(b.Context(), at, at, 1000); err != nil || len(fired.Occurrences) != claimed {
					b.Fatalf("Fire = %d occurrences, %v, want %d", len(fired.Occurrences), err, claimed)
				}
			}
		})
	}
}

// BenchmarkCancelSchedules cancels one schedule in each call, and makes another
// for each once all are cancelled.
func BenchmarkCancelSchedules(b *testing.B) {
	engine, queue, ids := crowded(b)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i == len(ids) {
			b.StopTimer()
			for i = range ids {
				ids[i] = addSchedule(b, engine, queue, i)
			}
			i = 0
			b.StartTimer()
		}
		cancels, err := engine.CancelSchedules(b.Context(), epoch, ids[i:i+1])
		if err != nil || cancels[0].Outcome != driver.ScheduleStopped {
			b.Fatalf("CancelSchedules = %v, %v", cancels, err)
		}
		i++
	}
}

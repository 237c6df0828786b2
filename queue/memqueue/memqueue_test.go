package memqueue_test

import (
	"sync"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/drivertest"
	"github.com/redriveq/redrive/queue/memqueue"
)

func open() driver.Engine { return memqueue.New() }

func TestEngine(t *testing.T) {
	drivertest.Run(t, func(testing.TB) driver.Engine { return open() })
}

// TestDrive is the short deterministic run that mutants are tried on; the
// verify module has the long one.
func TestDrive(t *testing.T) {
	var total drivertest.Report
	for seed := range uint64(300) {
		report, err := drivertest.Drive(seed, 300, open)
		if err != nil {
			t.Fatal(err)
		}
		total.Add(report)
	}
	t.Log(total)
}

func FuzzModel(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := drivertest.DriveBytes(data, open); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkEngine(b *testing.B) {
	drivertest.Bench(b, func(testing.TB) driver.Engine { return open() })
}

// TestMutualDeadLetters lets two queues that were each other's dead-letter queue
// in turn receive at once: the locks are taken in one order whatever the policy.
func TestMutualDeadLetters(t *testing.T) {
	engine := open()
	ctx, now := t.Context(), time.Unix(0, 0)
	var queues [2]driver.QueueID
	for i, name := range []string{"a", "b"} {
		info, _, err := engine.CreateQueue(ctx, now, name, driver.Attributes{}, driver.Patch{})
		if err != nil {
			t.Fatal(err)
		}
		queues[i] = info.ID
		if _, err := engine.Send(ctx, now, info.ID, make([]driver.Message, 100)); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for i, id := range queues {
		target := []string{"b", "a"}[i]
		wg.Go(func() {
			for range 500 {
				_, err := engine.SetAttributes(ctx, now, id, driver.Patch{DeadLetter: &driver.DeadLetter{Queue: target, MaxReceives: 1}})
				if err != nil {
					continue // the other one leads here at present
				}
				for range 5 {
					if _, err := engine.Receive(ctx, now, id, driver.Receive{Max: 3, Visibility: new(time.Duration(0))}); err != nil {
						t.Error(err)
					}
				}
				if _, err := engine.SetAttributes(ctx, now, id, driver.Patch{DeadLetter: &driver.DeadLetter{}}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 2000 {
				if _, err := engine.Receive(ctx, now, id, driver.Receive{Max: 2, Visibility: new(time.Duration(0))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	held := 0
	for _, id := range queues {
		stats, err := engine.Stats(ctx, now, id)
		if err != nil {
			t.Fatal(err)
		}
		held += stats.Visible.Messages
	}
	if held != 200 {
		t.Fatalf("%d messages in both queues, want 200", held)
	}
}

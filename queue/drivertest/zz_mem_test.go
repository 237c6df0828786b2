package drivertest

import (
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

func openMem(testing.TB) driver.Engine { return memqueue.New() }

func TestMemScenarios(t *testing.T) { runScenarios(t, openMem) }

func TestMemDrive(t *testing.T) {
	fails := 0
	var total Report
	begin := time.Now()
	for seed := range uint64(200) {
		r, err := Drive(seed, 500, func() driver.Engine { return memqueue.New() })
		if err != nil {
			fails++
			if fails < 8 {
				s := err.Error()
				t.Error(s)
			}
		}
		total.Add(r)
	}
	t.Log(fails, float64(total.Steps)/time.Since(begin).Seconds())
}

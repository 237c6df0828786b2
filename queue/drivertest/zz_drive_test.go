package drivertest

import (
	"testing"
	"time"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
)

func TestZDrive(t *testing.T) {
	var total Report
	begin := time.Now()
	for seed := range uint64(100) {
		r, err := Drive(seed, 500, func() driver.Engine { return model.New() })
		if err != nil {
			t.Fatal(err)
		}
		total.Add(r)
	}
	el := time.Since(begin)
	t.Log(total.String())
	t.Log(total.Check(100))
	t.Log(el, float64(total.Steps)/el.Seconds())
}

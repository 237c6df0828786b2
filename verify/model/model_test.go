package model

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/drivertest"
	"github.com/redriveq/redrive/queue/memqueue"
	"github.com/redriveq/redrive/verify/internal/scale"
)

func open() driver.Engine { return memqueue.New() }

// steps returns the length of a seed's run: 200 to 5,000, 500 in the mean. Few
// long runs reach what many short ones do not.
func steps(seed uint64) int {
	const least, most, mean = 200, 5000, 500
	rng := rand.New(rand.NewPCG(seed, 0))
	return min(least+int(rng.ExpFloat64()*(mean-least)), most)
}

// drive runs a seed; one in a hundred is run twice, and must be the same.
func drive(seed uint64) (drivertest.Report, error) {
	report, err := drivertest.Drive(seed, steps(seed), open)
	if err != nil {
		return report, fmt.Errorf("%w\nto repeat: REDRIVE_SEED=%d go test ./verify/model", err, seed)
	}
	if seed%100 != 0 {
		return report, nil
	}
	again, err := drivertest.Drive(seed, steps(seed), open)
	if err != nil || !reflect.DeepEqual(again, report) {
		return report, fmt.Errorf("seed %d: got error %v and report\n%vthe second time, want as the first time\n%v",
			seed, err, again.String(), report.String())
	}
	return report, nil
}

func TestSeeds(t *testing.T) {
	if text := os.Getenv("REDRIVE_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("REDRIVE_SEED: got error %v, want none", err)
		}
		report, err := drive(seed)
		if err != nil {
			t.Error(err)
		}
		t.Log(report.String())
		return
	}
	begin, seeds := time.Now(), scale.Seeds(500)
	total := driveAll(t, uint64(seeds))
	if t.Failed() {
		return
	}
	_, table, _ := strings.Cut(total.String(), "\n")
	fmt.Printf("L2: %s seeds, %s steps, %s receives of which %s not empty, %s deletes of which %s stale, %d twice, %.1fs\n%s",
		scale.Count(total.Runs), scale.Count(total.Steps), scale.Count(total.Receives), scale.Count(total.Served),
		scale.Count(total.Deletes), scale.Count(total.Stale), (seeds+99)/100, time.Since(begin).Seconds(), table)
	if err := total.Check(marks(seeds)); err != nil {
		t.Error(err)
	}
}

// marks is how often so many seeds must reach each rare state.
func marks(seeds int) int { return max(1, min(seeds/50, 100)) }

// driveAll runs the seeds from 0 on, on all processors.
func driveAll(t *testing.T, seeds uint64) (total drivertest.Report) {
	var mu sync.Mutex // guards total
	var next atomic.Uint64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := next.Add(1) - 1; seed < seeds && !t.Failed(); seed = next.Add(1) - 1 {
				report, err := drive(seed)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				total.Add(report)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return total
}

// TestLengths keeps the mixture of lengths as it is described.
func TestLengths(t *testing.T) {
	const seeds = 10_000
	shortest, longest, sum := steps(0), 0, 0
	for seed := range uint64(seeds) {
		n := steps(seed)
		shortest, longest, sum = min(shortest, n), max(longest, n), sum+n
	}
	if mean := sum / seeds; shortest < 200 || longest > 5000 || mean < 480 || mean > 520 {
		t.Errorf("got lengths from %d to %d with a mean of %d, want 200 to 5000 and about 500", shortest, longest, mean)
	}
}

package memqueue_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// many is the number of messages of a benchmark: a task or transfer of all of
// them is what operators wait for.
const many = 1_000_000

func perMessage(b *testing.B, elapsed time.Duration, messages int) {
	b.ReportMetric(float64(elapsed.Nanoseconds())/float64(messages), "ns/message")
	b.ReportMetric(float64(messages)/elapsed.Seconds(), "messages/s")
}

// BenchmarkMove moves a million messages from one queue to another and back, as
// fast as possible.
func BenchmarkMove(b *testing.B) {
	for _, keep := range []bool{false, true} {
		b.Run(fmt.Sprintf("keep=%v/messages=1e6", keep), func(b *testing.B) {
			d := newDepot(b, 2, driver.Attributes{})
			d.fill(0, many, plain)
			moved := 0
			b.ReportAllocs()
			for b.Loop() {
				moved += d.moveAll(driver.Move{Source: d.queues[0], AnySource: true, Destination: d.queues[1], KeepIdentity: keep})
				d.queues[0], d.queues[1] = d.queues[1], d.queues[0]
			}
			if want := b.N * many; moved != want {
				b.Fatalf("moved %d messages, want %d", moved, want)
			}
			perMessage(b, b.Elapsed(), moved)
		})
	}
}

// BenchmarkTransferAndRestore transfers a million scheduled messages to another
// queue and puts them back, before they are due or after.
func BenchmarkTransferAndRestore(b *testing.B) {
	for _, due := range []bool{false, true} {
		b.Run(fmt.Sprintf("due=%v/messages=1e6", due), func(b *testing.B) {
			d := newDepot(b, 2, driver.Attributes{})
			var there, back time.Duration
			messages := 0
			for b.Loop() {
				b.StopTimer()
				_, err := d.Purge(b.Context(), d.now, d.queues[0])
				d.must(err)
				d.fill(0, many, aDayLater())
				b.StartTimer()
				start := time.Now()
				messages += d.transferAll(driver.Transfer{From: d.queues[0], To: d.queues[1]})
				there += time.Since(start)
				if due {
					d.now = d.now.Add(24 * time.Hour)
					_, err := d.Stats(b.Context(), d.now, d.queues[1])
					d.must(err)
				}
				start = time.Now()
				if got := d.restoreAll(driver.Restore{From: d.queues[1]}); got != many {
					b.Fatalf("restored %d messages, want %d", got, many)
				}
				back += time.Since(start)
			}
			b.ReportMetric(float64(there.Nanoseconds())/float64(messages), "ns/transfer")
			b.ReportMetric(float64(back.Nanoseconds())/float64(messages), "ns/restore")
		})
	}
}

// BenchmarkCancel cancels one of a million scheduled messages, and sends
// another.
func BenchmarkCancel(b *testing.B) {
	d := newDepot(b, 1, driver.Attributes{})
	change := aDayLater()
	ids := d.fill(0, many, change)
	random := rand.New(rand.NewPCG(3, 4))
	b.ReportAllocs()
	for b.Loop() {
		i := random.IntN(many)
		outcomes, err := d.Cancel(b.Context(), d.now, d.queues[0], ids[i:i+1])
		d.must(err)
		if outcomes[0] != driver.Cancelled {
			b.Fatalf("got outcome %v, want cancelled", outcomes[0])
		}
		ids[i] = d.fill(0, 1, change)[0]
	}
}

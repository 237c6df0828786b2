package movetask_test

import (
	"fmt"
	"testing"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// A million messages are moved, as fast as it goes, from one queue to the other
// and back.
func BenchmarkMove(b *testing.B) {
	const n = 1_000_000
	for _, keep := range []bool{false, true} {
		b.Run(fmt.Sprintf("backlog=1e6/keepIdentity=%v", keep), func(b *testing.B) {
			r := newRig(b, queue.Config{})
			r.send(r.dead, n)
			o := movetask.Options{Source: r.dead, AnySource: true, Destination: r.a, KeepIdentity: keep}
			b.ReportAllocs()
			for b.Loop() {
				task := r.begin(o)
				if final := r.wait(task.ID); final.Moved != n {
					b.Fatalf("%d messages were moved, want %d", final.Moved, n)
				}
				o.Source, o.Destination = o.Destination, o.Source
			}
			b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// What a task costs that moves one message: the goroutine and the timers.
func BenchmarkMoveOne(b *testing.B) {
	r := newRig(b, queue.Config{})
	r.send(r.dead, 1)
	o := movetask.Options{Source: r.dead, AnySource: true, Destination: r.a}
	b.ReportAllocs()
	for b.Loop() {
		r.wait(r.begin(o).ID)
		o.Source, o.Destination = o.Destination, o.Source
	}
}

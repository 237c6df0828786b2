package xfer_test

import (
	"net/http/httptest"
	"testing"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// A million messages that are scheduled go to a transfer queue, and back home.
func BenchmarkTransferAndCancel(b *testing.B) {
	const n = 1_000_000
	r := newRig(b, xfer.Config{})
	home := r.create("q", queue.Patch{})
	r.fill(home, n)
	x := down("x")
	b.ReportAllocs()
	for b.Loop() {
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "benchmark"})
		r.cancel(task.ID, xfer.CancelOptions{})
		if _, err := r.m.Wait(r.ctx(), task.ID); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/message")
}

// A queue is drained to another broker over loopback HTTP.
func BenchmarkDrainHTTP(b *testing.B) {
	const n = 20_000
	r := newRig(b, xfer.Config{})
	other := openBroker(b)
	home, there := r.create("q", queue.Patch{}), create(b, other, "q", queue.Patch{})
	server := httptest.NewServer(newHandler(b, other, xfer.HandlerConfig{AllowAnonymous: true}))
	defer server.Close()
	x := newClient(b, server.URL, xfer.ClientConfig{})
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		if _, err := there.Purge(r.ctx()); err != nil {
			b.Fatal(err)
		}
		r.fill(home, n)
		b.StartTimer()
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "benchmark"})
		if _, err := r.m.Wait(r.ctx(), task.ID); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "messages/s")
}

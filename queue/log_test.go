package queue_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// TestStrandedIsLogged: a missing dead-letter queue is told to the log, once for
// each receive, on one line whatever the queue's name, and without the body or a
// receipt (traps Q3, T19).
func TestStrandedIsLogged(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, queue.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, queue.Patch{})
	r.create("dead", queue.Patch{})
	q := r.create("q \u2028 level=INFO", queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: 1}})
	if _, err := q.Send(r.ctx(), queue.Message{Body: []byte("secret")}); err != nil {
		t.Fatal(err)
	}
	if err := r.b.DeleteQueue(r.ctx(), "dead"); err != nil {
		t.Fatal(err)
	}
	var receipts []string
	for range 3 {
		got, err := q.Receive(r.ctx(), &queue.ReceiveOptions{Visibility: new(time.Duration(0))})
		if err != nil || len(got) != 1 {
			t.Fatalf("got %d messages, %v, want one", len(got), err)
		}
		receipts = append(receipts, got[0].Receipt)
	}
	lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("got %d lines, want 2, for the second receive and the third:\n%s", len(lines), log.String())
	}
	for _, line := range lines {
		if !strings.Contains(line, "level=WARN") || !strings.Contains(line, `queue="q \u2028 level=INFO"`) {
			t.Errorf("got line %q, want a warning that names the queue", line)
		}
	}
	for _, secret := range append(receipts, "secret") {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

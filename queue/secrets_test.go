package queue_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// rotated is an engine whose secrets are those given.
type rotated struct {
	driver.Engine
	secrets [][]byte
}

func (e rotated) Secrets() [][]byte { return e.secrets }

// TestRotatedSecrets: after a change of the engine's secret, receipts of the
// earlier one work as long as the engine names it.
func TestRotatedSecrets(t *testing.T) {
	before, after := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	for _, row := range []struct {
		secrets [][]byte
		want    error
	}{
		{[][]byte{after, before}, nil},
		{[][]byte{after}, queue.ErrReceiptMalformed},
	} {
		engine := memqueue.New()
		r := newRig(t, queue.Config{Engine: rotated{engine, [][]byte{before}}}, queue.Patch{})
		r.send("a")
		got, err := r.q.Receive(r.ctx(), nil)
		if err != nil || len(got) != 1 {
			t.Fatalf("got %d messages, %v, want one", len(got), err)
		}
		reopened, err := queue.Open(queue.Config{Engine: rotated{engine, row.secrets}})
		if err != nil {
			t.Fatal(err)
		}
		q, err := reopened.Queue(r.ctx(), "q")
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Delete(r.ctx(), got[0].Receipt); !errors.Is(err, row.want) {
			t.Errorf("with %d secrets: got %v, want %v", len(row.secrets), err, row.want)
		}
	}
}

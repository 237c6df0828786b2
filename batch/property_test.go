package batch_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"pgregory.net/rapid"

	"github.com/redriveq/redrive/batch"
	"github.com/redriveq/redrive/queue"
)

// A batch does what its entries do one by one. Two queues that are set alike get
// the same operations by the same clock, the one in batches and the other in
// single calls, and must answer the same and hold the same.
func TestBatchEqualsSingles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(t)
		defer p.broker.Close()
		t.Repeat(map[string]func(*rapid.T){
			"":                  p.compare,
			"send":              p.send,
			"receive":           p.receive,
			"delete":            p.delete,
			"change visibility": p.change,
			"advance": func(t *rapid.T) {
				p.clock.now = p.clock.now.Add(rapid.SampledFrom(spans).Draw(t, "span"))
			},
		})
	})
}

var spans = []time.Duration{0, 1, time.Second, 10 * time.Second, time.Minute}

// A pair is two queues of one broker. A receipt of the one stands for the one at
// the same place of the other.
type pair struct {
	ctx              context.Context
	clock            *stoppedClock
	broker           *queue.Broker
	batched, singles *queue.Queue
	receipts         [][2]string // for batched and for singles
	names            map[queue.MessageID]string
}

func newPair(t *rapid.T) *pair {
	p := &pair{
		ctx:      context.Background(),
		clock:    &stoppedClock{Clock: clock.New(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		receipts: [][2]string{{}, {"garbage", "garbage"}},
		names:    map[queue.MessageID]string{},
	}
	var err error
	if p.broker, err = queue.Open(queue.Config{Clock: p.clock}); err != nil {
		t.Fatal(err)
	}
	patch := queue.Patch{
		FIFO:                new(rapid.Bool().Draw(t, "fifo")),
		VisibilityTimeout:   new(10 * time.Second),
		MaxVisibility:       new(time.Minute),
		MaxMessageBytes:     new(20),
		MaxMessages:         new(rapid.SampledFrom([]int{0, 4}).Draw(t, "messages")),
		ReceiptPolicy:       new(rapid.SampledFrom([]queue.ReceiptPolicy{queue.Latest, queue.Strict, queue.Any}).Draw(t, "policy")),
		RefuseLateChange:    new(rapid.Bool().Draw(t, "refuse late change")),
		DeduplicationWindow: new(rapid.SampledFrom(spans).Draw(t, "window")),
	}
	for name, q := range map[string]**queue.Queue{"batched": &p.batched, "singles": &p.singles} {
		if *q, err = p.broker.CreateQueue(p.ctx, name, patch); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *pair) send(t *rapid.T) {
	entries := drawEntries(t, drawSend)
	results, err := batch.Send(p.ctx, p.batched, batch.SQS(), entries)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		sent, err := p.singles.Send(p.ctx, e.Message)
		wantSame(t, e.ID, results[i].ID, results[i].Err, err)
		if err == nil {
			p.wantSameMessage(t, e.ID, results[i].Value, sent)
		}
	}
}

// wantSameMessage checks that two sends answered with the same message, which
// has another ID in each queue.
func (p *pair) wantSameMessage(t *rapid.T, id string, batched, single queue.Sent) {
	if batched.Duplicate != single.Duplicate {
		t.Fatalf("entry %s: got duplicate %v in the batch, %v alone", id, batched.Duplicate, single.Duplicate)
	}
	if !batched.Duplicate {
		name := fmt.Sprint(len(p.names))
		p.names[batched.ID], p.names[single.ID] = name, name
	}
	if p.names[batched.ID] != p.names[single.ID] {
		t.Fatalf("entry %s: got message %s in the batch, %s alone", id, p.names[batched.ID], p.names[single.ID])
	}
}

func (p *pair) receive(t *rapid.T) {
	o := &queue.ReceiveOptions{Max: rapid.IntRange(1, 3).Draw(t, "max"), Wait: new(time.Duration(0))}
	batched, err := p.batched.Receive(p.ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	singles, err := p.singles.Receive(p.ctx, o)
	if err != nil || len(singles) != len(batched) {
		t.Fatalf("received %d messages that were sent alone, and %v; want %d", len(singles), err, len(batched))
	}
	for i := range batched {
		p.receipts = append(p.receipts, [2]string{batched[i].Receipt, singles[i].Receipt})
	}
}

func (p *pair) delete(t *rapid.T) {
	used := drawEntries(t, p.drawReceipts)
	var entries []batch.DeleteEntry
	for i, r := range used {
		entries = append(entries, batch.DeleteEntry{ID: fmt.Sprint(i), Receipt: r[0]})
	}
	results, err := batch.Delete(p.ctx, p.batched, batch.SQS(), entries)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range used {
		err := p.singles.Delete(p.ctx, r[1])
		wantSame(t, entries[i].ID, results[i].ID, results[i].Err, err)
	}
}

func (p *pair) change(t *rapid.T) {
	used := drawEntries(t, p.drawReceipts)
	var entries []batch.ChangeEntry
	for i, r := range used {
		timeout := rapid.SampledFrom([]time.Duration{-1, 0, time.Second, time.Minute, time.Hour}).Draw(t, "timeout")
		entries = append(entries, batch.ChangeEntry{ID: fmt.Sprint(i), Receipt: r[0], Timeout: timeout})
	}
	results, err := batch.ChangeVisibility(p.ctx, p.batched, batch.SQS(), entries)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range used {
		err := p.singles.ChangeVisibility(p.ctx, r[1], entries[i].Timeout)
		wantSame(t, entries[i].ID, results[i].ID, results[i].Err, err)
	}
}

// compare checks that the queues hold the same.
func (p *pair) compare(t *rapid.T) {
	got, want := p.contents(t, p.batched), p.contents(t, p.singles)
	if !slices.EqualFunc(got, want, func(a, b queue.Info) bool { return reflect.DeepEqual(a, b) }) {
		t.Fatalf("after batches the queue holds\n%+v\nafter single calls\n%+v", got, want)
	}
}

// contents returns the messages of the queue, without what differs by nature.
func (p *pair) contents(t *rapid.T, q *queue.Queue) []queue.Info {
	var all []queue.Info
	for info, err := range q.Messages(p.ctx) {
		if err != nil {
			t.Fatal(err)
		}
		info.Sequence = uint64(len(all))
		info.DeduplicationID += " " + p.names[info.ID]
		info.ID = queue.MessageID{}
		all = append(all, info)
	}
	return all
}

// wantSame checks that an entry failed in the batch as it did alone.
func wantSame(t *rapid.T, wantID, gotID string, batched, alone error) {
	if gotID != wantID {
		t.Fatalf("got a result for entry %s, want one for %s", gotID, wantID)
	}
	if e, ok := errors.AsType[*queue.Error](alone); ok {
		alone = e.Err
	}
	if fmt.Sprint(batched) != fmt.Sprint(alone) {
		t.Fatalf("entry %s: got error %v in the batch, %v alone", wantID, batched, alone)
	}
}

func drawEntries[T any](t *rapid.T, draw func(t *rapid.T, i int) T) []T {
	all := make([]T, rapid.IntRange(1, 6).Draw(t, "entries"))
	for i := range all {
		all[i] = draw(t, i)
	}
	return all
}

func (p *pair) drawReceipts(t *rapid.T, _ int) [2]string {
	return rapid.SampledFrom(p.receipts).Draw(t, "receipts")
}

func drawSend(t *rapid.T, i int) batch.SendEntry {
	m := queue.Message{
		Body:            []byte(rapid.SampledFrom([]string{"", "a", "b", "a body that is too large"}).Draw(t, "body")),
		Group:           rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "group"),
		DeduplicationID: rapid.SampledFrom([]string{"", "", "1", "2"}).Draw(t, "deduplication ID"),
	}
	if rapid.Bool().Draw(t, "has a delay") {
		m.Delay = new(rapid.SampledFrom([]time.Duration{-1, 0, time.Second}).Draw(t, "delay"))
	}
	return batch.SendEntry{ID: fmt.Sprint(i), Message: m}
}

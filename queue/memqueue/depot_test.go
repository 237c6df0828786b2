package memqueue_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// stepSize is how many messages one call moves. The queues are locked meanwhile.
const stepSize = 1000

// A depot is an engine with some queues.
type depot struct {
	testing.TB
	*memqueue.Engine
	now    time.Time
	queues []driver.QueueID
}

func newDepot(t testing.TB, queues int, attributes driver.Attributes) *depot {
	d := &depot{TB: t, Engine: memqueue.New(), now: noon}
	for i := range queues {
		info, _, err := d.CreateQueue(t.Context(), d.now, fmt.Sprint("q", i), attributes, driver.Patch{})
		d.must(err)
		d.queues = append(d.queues, info.ID)
	}
	return d
}

func (d *depot) must(err error) {
	if err != nil {
		d.Helper()
		d.Fatal(err)
	}
}

// fill sends n messages to a queue, each after change.
func (d *depot) fill(queue, n int, change func(i int, m *driver.Message)) (ids []driver.MessageID) {
	batch := make([]driver.Message, min(n, 1000))
	for sent := 0; sent < n; sent += len(batch) {
		batch = batch[:min(len(batch), n-sent)]
		for i := range batch {
			batch[i] = driver.Message{Body: make([]byte, 100)}
			change(sent+i, &batch[i])
		}
		d.now = d.now.Add(time.Microsecond)
		results, err := d.Send(d.Context(), d.now, d.queues[queue], batch)
		d.must(err)
		for _, r := range results {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func plain(int, *driver.Message) {}

// aDayLater spreads messages over the hours of a day, at random.
func aDayLater() func(int, *driver.Message) {
	random := rand.New(rand.NewPCG(1, 2))
	return func(_ int, m *driver.Message) {
		m.Delay = new(time.Hour + time.Duration(random.Int64N(int64(23*time.Hour))))
	}
}

// moveAll runs a move task to its end and returns how many messages it moved.
func (d *depot) moveAll(move driver.Move) int {
	task, err := d.StartMove(d.Context(), d.now, move, false)
	d.must(err)
	for task.State.Active() {
		step, err := d.StepMove(d.Context(), d.now, task.ID, stepSize, stepSize)
		d.must(err)
		task = step.Task
	}
	return task.Moved
}

func (d *depot) transferAll(t driver.Transfer) (moved int) {
	t.Task, t.Max, t.Look = driver.TaskID{1}, stepSize, stepSize
	for {
		got, err := d.Transfer(d.Context(), d.now, t)
		d.must(err)
		if moved += len(got.Messages); got.Done {
			return moved
		}
		t.After, t.UpTo = got.Last, got.UpTo
	}
}

func (d *depot) restoreAll(r driver.Restore) (restored int) {
	r.Max, r.Look = stepSize, stepSize
	for {
		got, err := d.Restore(d.Context(), d.now, r)
		d.must(err)
		if restored += len(got.Messages); got.Done {
			return restored
		}
		r.After, r.UpTo = got.Last, got.UpTo
	}
}

// list returns the messages of a queue.
func (d *depot) list(queue int) []driver.Info {
	infos, err := d.List(d.Context(), d.now, d.queues[queue], 0, 1<<30)
	d.must(err)
	return infos
}

package drivertest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// backlogs are how many messages wait in the queue that is measured.
var backlogs = []int{0, 100_000}

// Bench measures an engine. Besides the time of one iteration, each benchmark
// tells that of one message as "ns/message":
//
//	cycle/backlog=N        send, receive and delete one, while N others wait
//	batch/backlog=N        the same with ten in each call
//	delayed                send one that is due later
//	cancel/backlog=N       cancel one of N that are due later, and send another
//	fifo/groups=1000       a cycle in a FIFO queue in which a thousand groups wait
//	rotation/groups=1000   the same in a standard queue
//	move/batch=1000        start a move task for a thousand and make its only step
//	transfer/batch=1000    transfer a thousand that are due later, and restore them
//	fire/schedules=N       claim one occurrence, while N schedules are active
//
// Open is called once for each, and again when the testing package starts one
// again. Bench closes what it returns.
func Bench(b *testing.B, open func(testing.TB) driver.Engine) {
	for _, backlog := range backlogs {
		b.Run(fmt.Sprintf("cycle/backlog=%d", backlog), func(b *testing.B) { benchCycle(b, open(b), backlog, 1) })
		b.Run(fmt.Sprintf("batch/backlog=%d", backlog), func(b *testing.B) { benchCycle(b, open(b), backlog, 10) })
	}
	b.Run("delayed", func(b *testing.B) { benchDelayed(b, open(b)) })
	b.Run("cancel/backlog=100000", func(b *testing.B) { benchCancel(b, open(b), 100_000) })
	b.Run("fifo/groups=1000", func(b *testing.B) { benchGroups(b, open(b), true) })
	b.Run("rotation/groups=1000", func(b *testing.B) { benchGroups(b, open(b), false) })
	b.Run("move/batch=1000", func(b *testing.B) { benchMove(b, open(b), 1000) })
	b.Run("transfer/batch=1000", func(b *testing.B) { benchTransfer(b, open(b), 1000) })
	for _, schedules := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("fire/schedules=%d", schedules), func(b *testing.B) { benchFire(b, open(b), schedules) })
	}
}

// A meter is one queue of an engine that is measured.
type meter struct {
	b        *testing.B
	engine   driver.Engine
	queue    driver.QueueID
	now      time.Time
	messages int // that went through
	receipts []driver.Receipt
}

func newMeter(b *testing.B, engine driver.Engine, patch driver.Patch) *meter {
	m := &meter{b: b, engine: engine, now: start}
	info, _, err := engine.CreateQueue(b.Context(), m.now, "q", base(), patch)
	m.must(err)
	m.queue = info.ID
	b.Cleanup(func() { m.must(engine.Close()) })
	b.ReportAllocs()
	return m
}

func (m *meter) must(err error) {
	if err != nil {
		m.b.Fatal(err)
	}
}

// report ends the measurement.
func (m *meter) report() {
	m.b.StopTimer()
	m.b.ReportMetric(float64(m.b.Elapsed().Nanoseconds())/float64(max(1, m.messages)), "ns/message")
}

func (m *meter) send(messages []driver.Message) []driver.SendResult {
	m.now = m.now.Add(time.Microsecond)
	results, err := m.engine.Send(m.b.Context(), m.now, m.queue, messages)
	m.must(err)
	return results
}

// cycle sends messages, receives as many and deletes those.
func (m *meter) cycle(messages []driver.Message) {
	m.send(messages)
	received, err := m.engine.Receive(m.b.Context(), m.now, m.queue, driver.Receive{Max: len(messages)})
	m.must(err)
	m.receipts = m.receipts[:0]
	for i := range received.Deliveries {
		m.receipts = append(m.receipts, received.Deliveries[i].Receipt)
	}
	results, err := m.engine.Delete(m.b.Context(), m.now, m.queue, m.receipts)
	m.must(err)
	if len(results) != len(messages) {
		m.b.Fatalf("got %d messages, want %d", len(results), len(messages))
	}
	m.messages += len(messages)
}

// bodies are messages of 100 bytes.
func bodies(n int) []driver.Message {
	messages := make([]driver.Message, n)
	for i := range messages {
		messages[i].Body = make([]byte, 100)
	}
	return messages
}

// fill sends n messages, a thousand at a time, each after change.
func (m *meter) fill(n int, change func(*driver.Message)) (ids []driver.MessageID) {
	for n > 0 {
		batch := bodies(min(n, 1000))
		for i := range batch {
			change(&batch[i])
		}
		for _, r := range m.send(batch) {
			ids = append(ids, r.ID)
		}
		n -= len(batch)
	}
	return ids
}

// unchanged is for messages that are due at once.
func unchanged(*driver.Message) {}

// dueInADay sets a random delay of an hour up to a day.
func dueInADay(random *rand.Rand) func(*driver.Message) {
	return func(m *driver.Message) {
		if m.Delay == nil {
			m.Delay = new(time.Duration)
		}
		*m.Delay = hour + time.Duration(random.Int64N(int64(23*hour)))
	}
}

func benchCycle(b *testing.B, engine driver.Engine, backlog, batch int) {
	m := newMeter(b, engine, driver.Patch{})
	m.fill(backlog, unchanged)
	messages := bodies(batch)
	for b.Loop() {
		m.cycle(messages)
	}
	m.report()
}

// benchDelayed sends messages that are due later. When a million are there, it
// purges them.
func benchDelayed(b *testing.B, engine driver.Engine) {
	m := newMeter(b, engine, driver.Patch{})
	later := dueInADay(rand.New(rand.NewPCG(1, 2)))
	messages := bodies(1)
	for b.Loop() {
		later(&messages[0])
		m.send(messages)
		if m.messages++; m.messages%1_000_000 == 0 {
			_, err := engine.Purge(b.Context(), m.now, m.queue)
			m.must(err)
		}
	}
	m.report()
}

// benchCancel cancels a random message of many that are delayed, and sends
// another in its place.
func benchCancel(b *testing.B, engine driver.Engine, backlog int) {
	m := newMeter(b, engine, driver.Patch{})
	random := rand.New(rand.NewPCG(1, 2))
	later := dueInADay(random)
	ids := m.fill(backlog, later)
	messages := bodies(1)
	for b.Loop() {
		i := random.IntN(len(ids))
		outcomes, err := engine.Cancel(b.Context(), m.now, m.queue, ids[i:i+1])
		m.must(err)
		if outcomes[0] != driver.Cancelled {
			b.Fatalf("got outcome %d, want cancelled", outcomes[0])
		}
		later(&messages[0])
		ids[i] = m.send(messages)[0].ID
		m.messages++
	}
	m.report()
}

// benchGroups is a cycle in which a thousand groups have a message each.
func benchGroups(b *testing.B, engine driver.Engine, isFIFO bool) {
	m := newMeter(b, engine, driver.Patch{FIFO: &isFIFO})
	const groups = 1000
	all := bodies(groups)
	for i := range all {
		all[i].Group = fmt.Sprint("group-", i)
	}
	m.send(all)
	for b.Loop() {
		i := m.messages % groups
		m.cycle(all[i : i+1])
	}
	m.report()
}

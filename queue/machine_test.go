package queue_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/queue"
)

// A machine plays random histories on a queue and its dead-letter queue, with
// receives that wait beside it.
//
// It knows little of how a queue works, for what the engine answers is tested
// elsewhere, but all that the broker adds: who waits and for how long, that
// nobody waits beside a message that is there for him, and that of each message
// there is one, which one consumer has at a time.
type machine struct {
	*rig
	dead     *queue.Queue
	limit    int // of messages in flight in q
	fates    map[queue.MessageID]*fate
	ids      []queue.MessageID // of all messages, in the order of their sends
	receipts []held            // of all deliveries
	pollers  []*poller         // in the order in which they began
	marks    *marks
}

// A fate is what is known of a message.
type fate struct {
	sentAt time.Duration
	gone   bool          // deleted, cancelled or purged
	fence  uint64        // of the latest delivery
	until  time.Duration // when nobody has it any more
}

// A held is a delivery, and the queue that it came from.
type held struct {
	queue.Delivery
	from *queue.Queue
}

// A poller is a receive that waits.
type poller struct {
	*wait
	from      *queue.Queue
	since     time.Duration
	most      time.Duration // that it waits
	cancel    context.CancelFunc
	cancelled time.Duration // when, if ever
}

// marks count what happened in all histories, so that it is noticed if they do
// nothing of note.
type marks struct {
	delivered, woken, timedOut, stopped, refused          int
	deadLettered, expired, deleted, superseded, cancelled int
}

const (
	never     = -1
	retention = 5 * time.Minute
)

func newMachine(t *rapid.T, marks *marks) *machine {
	fifo := rapid.Bool().Draw(t, "fifo")
	patch := queue.Patch{FIFO: &fifo, Retention: new(retention), VisibilityTimeout: new(20 * s)}
	m := &machine{rig: newRig(t, queue.Config{}, patch), fates: make(map[queue.MessageID]*fate), marks: marks}
	m.dead = m.create("dead", patch)
	m.must(m.q.SetAttributes(m.ctx(), queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: 1}}))
	return m
}

func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"":            func(*rapid.T) { m.check() },
		"poll":        m.poll,
		"poll again":  m.poll,
		"stop":        m.stop,
		"send":        m.sendSome,
		"send again":  m.sendSome,
		"delete":      m.deleteSome,
		"change":      m.changeSome,
		"release":     m.releaseSome,
		"cancel":      m.cancelSome,
		"limit":       m.setLimit,
		"purge":       m.purge,
		"wait":        func(t *rapid.T) { m.pass(moment(t, "time")) },
		"wait longer": func(t *rapid.T) { m.pass(5 * moment(t, "time")) },
	}
}

// moment draws a time that often ends together with others.
func moment(t *rapid.T, what string) time.Duration {
	return rapid.SampledFrom([]time.Duration{0, 1, 1 * s, 2 * s, 10 * s, 20*s - 1, 20 * s, 20*s + 1, 60 * s}).Draw(t, what)
}

func (m *machine) poll(t *rapid.T) {
	if len(m.pollers) == 8 {
		return
	}
	ctx, cancel := context.WithCancel(m.ctx())
	p := &poller{
		from:      rapid.SampledFrom([]*queue.Queue{m.q, m.q, m.dead}).Draw(t, "queue"),
		since:     m.elapsed(),
		most:      rapid.SampledFrom([]time.Duration{0, 10 * s, 20 * s, 60 * s, 10 * time.Minute}).Draw(t, "wait"),
		cancel:    cancel,
		cancelled: never,
	}
	o := queue.ReceiveOptions{Max: rapid.IntRange(1, 3).Draw(t, "max"), Wait: &p.most}
	if rapid.Bool().Draw(t, "own visibility") {
		o.Visibility = new(moment(t, "visibility"))
	}
	p.wait = m.receive(ctx, p.from, o)
	m.pollers = append(m.pollers, p)
}

func (m *machine) stop(t *rapid.T) {
	if len(m.pollers) > 0 {
		p := rapid.SampledFrom(m.pollers).Draw(t, "poll")
		p.cancelled = m.elapsed()
		p.cancel()
	}
}

func (m *machine) sendSome(t *rapid.T) {
	messages := make([]queue.Message, rapid.IntRange(1, 3).Draw(t, "messages"))
	for i := range messages {
		messages[i].Group = rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "group")
		if rapid.IntRange(0, 2).Draw(t, "not delayed") == 0 {
			messages[i].Delay = new(moment(t, "delay"))
		}
	}
	results, err := m.q.SendMany(m.ctx(), messages)
	m.must(err)
	for _, result := range results {
		m.must(result.Err)
		m.ids = append(m.ids, result.ID)
		m.fates[result.ID] = &fate{sentAt: m.elapsed()}
	}
}

// drawReceipt draws a receipt, mostly of one of the latest deliveries, and says
// what must become of an operation with it.
func (m *machine) drawReceipt(t *rapid.T) (h held, f *fate, want error, ok bool) {
	n := len(m.receipts)
	if n == 0 {
		return h, nil, nil, false
	}
	back := min(n, rapid.SampledFrom([]int{1, 2, 3, 4, 20}).Draw(t, "deliveries ago"))
	h = m.receipts[n-back]
	f = m.fates[h.ID]
	switch {
	case !slices.ContainsFunc(m.list(h.from), func(i queue.Info) bool { return i.ID == h.ID }):
		return h, f, queue.ErrMessageGone, true
	case h.Fence != f.fence:
		m.marks.superseded++
		return h, f, queue.ErrReceiptSuperseded, true
	}
	return h, f, nil, true
}

func (m *machine) deleteSome(t *rapid.T) {
	h, f, want, ok := m.drawReceipt(t)
	if !ok {
		return
	}
	if err := h.from.Delete(m.ctx(), h.Receipt); !errors.Is(err, want) {
		m.t.Fatalf("delete: got error %v, want %v", err, want)
	}
	if want == nil {
		f.gone = true
		m.marks.deleted++
	}
}

func (m *machine) changeSome(t *rapid.T) {
	h, f, want, ok := m.drawReceipt(t)
	if !ok {
		return
	}
	timeout := moment(t, "timeout")
	err := h.from.ChangeVisibility(m.ctx(), h.Receipt, timeout)
	if errors.Is(err, queue.ErrInFlightLimit) && m.limit > 0 {
		return
	}
	if !errors.Is(err, want) {
		m.t.Fatalf("change visibility: got error %v, want %v", err, want)
	}
	if want == nil {
		f.until = m.elapsed() + timeout
	}
}

func (m *machine) releaseSome(t *rapid.T) {
	h, f, want, ok := m.drawReceipt(t)
	if !ok {
		return
	}
	results, err := h.from.ReleaseMany(m.ctx(), []string{h.Receipt})
	m.must(err)
	if err := results[0].Err(); !errors.Is(err, want) {
		m.t.Fatalf("release: got error %v, want %v", err, want)
	}
	if want == nil {
		f.until = m.elapsed()
	}
}

func (m *machine) cancelSome(t *rapid.T) {
	if len(m.ids) == 0 || rapid.IntRange(0, 2).Draw(t, "not now") > 0 {
		return
	}
	id := m.ids[len(m.ids)-min(len(m.ids), rapid.IntRange(1, 5).Draw(t, "sends ago"))]
	f := m.fates[id]
	here := slices.ContainsFunc(m.list(m.q), func(i queue.Info) bool { return i.ID == id })
	outcome, err := m.q.Cancel(m.ctx(), id)
	m.must(err)
	if want := here && f.fence == 0; want != (outcome == queue.Cancelled) {
		m.t.Fatalf("cancel: got outcome %v of a message that is in the queue: %v, was delivered: %v", outcome, here, f.fence > 0)
	}
	if outcome == queue.Cancelled {
		f.gone = true
		m.marks.cancelled++
	}
}

func (m *machine) setLimit(t *rapid.T) {
	m.limit = rapid.SampledFrom([]int{0, 0, 1, 2, 5}).Draw(t, "limit")
	m.must(m.q.SetAttributes(m.ctx(), queue.Patch{MaxInFlight: &m.limit}))
}

func (m *machine) purge(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "not now") > 0 {
		return
	}
	there := m.list(m.q)
	removed, err := m.q.Purge(m.ctx())
	m.must(err)
	if removed != len(there) {
		m.t.Fatalf("purge removed %d messages, want %d", removed, len(there))
	}
	for _, info := range there {
		m.fates[info.ID].gone = true
	}
}

// check looks at all receives that have returned, and then at the queues.
func (m *machine) check() {
	synctest.Wait()
	m.collect()
	looked := m.sleeping()
	m.checkMessages()
	m.checkNobodySleeps(m.q, m.limit)
	m.checkNobodySleeps(m.dead, 0)
	synctest.Wait()
	if now := m.sleeping(); now != looked {
		m.t.Fatalf("at %v: %d receives returned because somebody looked at the queue", m.elapsed(), looked-now)
	}
}

// sleeping counts the receives that wait.
func (m *machine) sleeping() int {
	n := 0
	for _, p := range m.pollers {
		if !p.returned() {
			n++
		}
	}
	return n
}

// collect takes the receives that have returned, and their deliveries in the
// order in which they were made.
func (m *machine) collect() {
	type delivery struct {
		by *poller
		queue.Delivery
	}
	var deliveries []delivery
	for i, p := range m.pollers {
		if !p.returned() {
			continue
		}
		p.cancel()
		m.checkReturn(p)
		for _, d := range p.got {
			deliveries = append(deliveries, delivery{by: p, Delivery: d})
		}
		for _, earlier := range m.pollers[:i] {
			if len(p.got) > 0 && earlier.from == p.from && (!earlier.returned() || earlier.at > p.at) {
				m.t.Fatalf("a receive that began at %v got messages before one that began at %v", p.since, earlier.since)
			}
		}
	}
	m.pollers = slices.DeleteFunc(m.pollers, func(p *poller) bool { return p.returned() })
	slices.SortStableFunc(deliveries, func(a, b delivery) int {
		return cmp.Or(cmp.Compare(a.by.at, b.by.at), cmp.Compare(a.Fence, b.Fence))
	})
	for _, d := range deliveries {
		m.deliver(d.by, d.Delivery)
	}
}

// checkReturn checks when and why the receive returned.
func (m *machine) checkReturn(p *poller) {
	switch {
	case errors.Is(p.err, context.Canceled):
		if p.at != p.cancelled || len(p.got) > 0 {
			m.t.Fatalf("a receive returned cancelled at %v with %d messages, and was cancelled at %v", p.at, len(p.got), p.cancelled)
		}
		m.marks.stopped++
	case errors.Is(p.err, queue.ErrInFlightLimit):
		if p.at != p.since || p.from != m.q {
			m.t.Fatalf("a receive that began at %v met the in-flight limit at %v", p.since, p.at)
		}
		m.marks.refused++
	case p.err != nil:
		m.t.Fatalf("receive: got error %v", p.err)
	case len(p.got) == 0:
		if p.at != p.since+p.most {
			m.t.Fatalf("a receive that began at %v to wait %v returned nothing at %v", p.since, p.most, p.at)
		}
		m.marks.timedOut++
	case p.at > p.since:
		m.marks.woken++
	}
}

// deliver notes a delivery, which must be the only one of its message.
func (m *machine) deliver(p *poller, d queue.Delivery) {
	f := m.fates[d.ID]
	if f == nil || f.gone || d.Fence <= f.fence || p.at < f.until {
		m.t.Fatalf("at %v: message %v was delivered with fence %d; it is %+v", p.at, d.ID, d.Fence, f)
	}
	if p.from == m.dead && d.Origin.Name != "q" {
		m.t.Fatalf("message %v came to the dead-letter queue from %q", d.ID, d.Origin.Name)
	}
	f.fence, f.until = d.Fence, d.VisibleAt.Sub(m.start)
	m.receipts = append(m.receipts, held{Delivery: d, from: p.from})
	m.marks.delivered++
	if p.from == m.dead {
		m.marks.deadLettered++
	}
}

func (m *machine) list(q *queue.Queue) []queue.Info {
	infos, err := q.List(m.ctx(), 0, 10_000)
	m.must(err)
	return infos
}

// checkMessages checks I1: every message is in one place, or gone for a reason.
func (m *machine) checkMessages() {
	places := make(map[queue.MessageID]int)
	for _, q := range []*queue.Queue{m.q, m.dead} {
		var recount [3]int
		for _, info := range m.list(q) {
			places[info.ID]++
			recount[map[queue.State]int{queue.Visible: 0, queue.Delayed: 1, queue.InFlight: 2}[info.State]]++
			if f := m.fates[info.ID]; f == nil || f.gone || info.State == queue.InFlight && info.VisibleAt.Sub(m.start) != f.until {
				m.t.Fatalf("at %v: %q holds %+v, which is %+v", m.elapsed(), q.Name(), info, f)
			}
		}
		if got := m.counts(q); got != recount {
			m.t.Fatalf("at %v: visible, delayed and in flight in %q are %v, counted again %v", m.elapsed(), q.Name(), got, recount)
		}
	}
	for id, f := range m.fates {
		switch {
		case places[id] > 1:
			m.t.Fatalf("at %v: message %v is in both queues", m.elapsed(), id)
		case places[id] == 0 && !f.gone:
			if m.elapsed()-f.sentAt < retention {
				m.t.Fatalf("at %v: message %v is lost, which is %+v", m.elapsed(), id, f)
			}
			f.gone = true
			m.marks.expired++
		}
	}
}

// checkNobodySleeps checks trap W1.
func (m *machine) checkNobodySleeps(q *queue.Queue, limit int) {
	visible, err := q.Peek(m.ctx(), 1)
	m.must(err)
	inFlight := m.counts(q)[2]
	for _, p := range m.pollers {
		if p.from == q && !p.returned() && len(visible) > 0 && (limit == 0 || inFlight < limit) {
			m.t.Fatalf("at %v: a receive that began at %v waits beside %+v, with %d in flight of %d", m.elapsed(), p.since, visible[0], inFlight, limit)
		}
	}
}

// I1, I2, I17 and I18 over random histories.
func TestMachine(t *testing.T) {
	var marks marks
	for part := range 4 {
		t.Run(fmt.Sprintf("part=%d", part), rapid.MakeCheck(func(t *rapid.T) {
			rapid.SyncTest(t, func(t *rapid.T) {
				m := newMachine(t, &marks)
				for range 2 { // twice as long as others
					t.Repeat(m.actions())
				}
				m.must(m.b.Close())
				synctest.Wait()
				if n := m.sleeping(); n > 0 {
					t.Fatalf("%d receives wait on a closed broker", n)
				}
			})
		}))
	}
	t.Logf("%+v", marks)
	for _, n := range []int{marks.delivered, marks.woken, marks.timedOut, marks.stopped, marks.refused,
		marks.deadLettered, marks.expired, marks.deleted, marks.superseded, marks.cancelled} {
		if n < 5 {
			t.Errorf("%+v: something hardly ever happened", marks)
			break
		}
	}
}

package stress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/verify/internal/scale"
)

// A fate is what became of one message, by the count of a shared clock of calls.
type fate struct {
	sent      bool
	delivered int64 // when the latest delivery's receive began, 0 if never
	ends      int   // how many calls took the message out for good
	endedAt   int64 // when such a call had returned
	cancelled bool
}

// A book holds the fates of all messages.
type book struct {
	calls atomic.Int64

	mu    sync.Mutex // guards fates
	fates map[queue.MessageID]*fate
}

func (b *book) note(id queue.MessageID, f func(*fate)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	entry := b.fates[id]
	if entry == nil {
		entry = &fate{}
		b.fates[id] = entry
	}
	f(entry)
}

func (b *book) ended(id queue.MessageID, cancelled bool) {
	at := b.calls.Add(1)
	b.note(id, func(f *fate) {
		f.ends++
		f.endedAt = at
		f.cancelled = f.cancelled || cancelled
	})
}

// audit fails for messages whose fate cannot be, and names one of each kind.
func (b *book) audit(t *testing.T) (sent, cancelled int) {
	t.Helper()
	wrong := make(map[string]int)
	for id, f := range b.fates {
		if fault := f.fault(); fault != "" {
			if wrong[fault]++; wrong[fault] == 1 {
				t.Errorf("message %v: %s", id, fault)
			}
		}
		sent++
		if f.cancelled {
			cancelled++
		}
	}
	if len(wrong) > 0 {
		t.Errorf("of %d messages: got %v, want none", sent, wrong)
	}
	return sent, cancelled
}

// fault says what cannot be, or nothing.
func (f *fate) fault() string {
	switch {
	case !f.sent:
		return "delivered but never sent"
	case f.ends == 0:
		return "lost"
	case f.ends > 1:
		return "taken out more than once"
	case f.cancelled && f.delivered > 0:
		return "cancelled and delivered"
	case f.delivered > f.endedAt:
		return "delivered by a receive that began after it was gone"
	}
	return ""
}

// An actor sends to a queue, and consumes it and its dead-letter queue.
type actor struct {
	t     *testing.T
	book  *book
	rng   *rand.Rand
	queue *queue.Queue
	dead  *queue.Queue
	sent  []queue.MessageID // the latest
}

func (a *actor) send() {
	m := queue.Message{Body: []byte("body"), Group: fmt.Sprint(a.rng.IntN(20))}
	if a.rng.IntN(4) == 0 {
		m.Delay = new(time.Duration(a.rng.IntN(3000)) * time.Microsecond)
	}
	sent, err := a.queue.Send(a.t.Context(), m)
	if err != nil {
		a.t.Errorf("send: got error %v, want none", err)
		return
	}
	a.book.note(sent.ID, func(f *fate) { f.sent = true })
	a.sent = append(a.sent[max(0, len(a.sent)-3):], sent.ID)
}

// cancel cancels one of the latest messages, wherever they are.
func (a *actor) cancel() {
	if len(a.sent) == 0 {
		return
	}
	id := a.sent[a.rng.IntN(len(a.sent))]
	outcome, err := a.queue.Cancel(a.t.Context(), id)
	if err != nil {
		a.t.Errorf("cancel: got error %v, want none", err)
	}
	if outcome == queue.Cancelled {
		a.book.ended(id, true)
	}
}

// consume receives some messages and does something with each.
func (a *actor) consume(q *queue.Queue) (received int) {
	began := a.book.calls.Add(1)
	got, err := q.Receive(a.t.Context(), now(1+a.rng.IntN(10), time.Duration(a.rng.IntN(20))*time.Millisecond))
	if err != nil {
		a.t.Errorf("receive: got error %v, want none", err)
	}
	for _, d := range got {
		a.book.note(d.ID, func(f *fate) { f.delivered = max(f.delivered, began) })
		a.settle(q, d)
	}
	return len(got)
}

func (a *actor) settle(q *queue.Queue, d queue.Delivery) {
	ctx := context.Background()
	switch a.rng.IntN(8) {
	case 0:
		_ = q.ChangeVisibility(ctx, d.Receipt, 0)
	case 1:
		_, _ = q.ReleaseMany(ctx, []string{d.Receipt})
	case 2: // forgets it
	default:
		err := q.Delete(ctx, d.Receipt)
		if err == nil {
			a.book.ended(d.ID, false)
		} else if !errors.Is(err, queue.ErrReceiptSuperseded) && !errors.Is(err, queue.ErrMessageGone) {
			a.t.Errorf("delete: got error %v, want none, superseded or gone", err)
		}
	}
}

func TestConservation(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		t.Run(fmt.Sprint("fifo=", fifo), func(t *testing.T) { conserve(t, fifo) })
	}
}

func conserve(t *testing.T, fifo bool) {
	begin := time.Now()
	b, dead := open(t, "dead", queue.Patch{FIFO: &fifo})
	q := create(t, b, "queue", queue.Patch{FIFO: &fifo, DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: 3}})
	books := &book{fates: make(map[queue.MessageID]*fate)}
	var dropped atomic.Int64
	everybody(crowd, func(i int) {
		a := &actor{t: t, book: books, rng: rand.New(rand.NewPCG(2, uint64(i))), queue: q, dead: dead}
		for range scale.Of(6_000) {
			switch a.rng.IntN(4) {
			case 0:
				a.send()
			case 1:
				a.consume(q)
			case 2:
				a.cancel()
			case 3:
				dropped.Add(int64(a.consume(dead)))
			}
		}
	})
	a := &actor{t: t, book: books, rng: rand.New(rand.NewPCG(2, crowd)), queue: q, dead: dead}
	a.drain(q)
	a.drain(dead)
	empty(t, q)
	empty(t, dead)
	sent, cancelled := books.audit(t)
	if cancelled == 0 || dropped.Load() == 0 {
		t.Errorf("got %d messages cancelled and %d deliveries of dead letters, want some of both", cancelled, dropped.Load())
	}
	report(fmt.Sprint("conservation, fifo=", fifo), begin, "%s messages, %s cancelled, %s deliveries of dead letters",
		count(sent), count(cancelled), count(dropped.Load()))
}

// drain consumes what is left, until nothing is.
func (a *actor) drain(q *queue.Queue) {
	const patience = 100
	for idle := 0; idle < patience; {
		s, err := q.Stats(a.t.Context())
		if err != nil {
			a.t.Fatalf("stats: got error %v, want none", err)
		}
		if s.Visible.Messages+s.Delayed.Messages+s.InFlight.Messages == 0 {
			return
		}
		wait := 100 * time.Millisecond
		got, err := q.Receive(a.t.Context(), &queue.ReceiveOptions{Max: 100, Wait: &wait})
		if err != nil {
			a.t.Fatalf("receive: got error %v, want none", err)
		}
		if len(got) == 0 {
			idle++
		}
		for _, d := range got {
			if err := q.Delete(a.t.Context(), d.Receipt); err != nil {
				a.t.Errorf("delete: got error %v, want none", err)
			}
			a.book.note(d.ID, func(f *fate) { f.delivered = max(f.delivered, 1) })
			a.book.ended(d.ID, false)
		}
	}
	a.t.Errorf("%s: got messages that nobody can receive, want none", q.Name())
}

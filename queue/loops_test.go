package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// With a wait of its own the loop ends when it has waited that long for
// nothing; each wait begins anew.
func TestDeliveriesUntilNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		r.send("a", "b")
		r.sendLater("c", 9*s)
		r.sendLater("d", 18*s)
		r.sendLater("e", 28*s)
		var got []string
		for d, err := range r.q.Deliveries(r.ctx(), &queue.ReceiveOptions{Max: 10, Wait: new(10 * s), Visibility: new(hour)}) {
			r.must(err)
			got = append(got, fmt.Sprintf("%s at %v", d.Body, r.elapsed()))
		}
		got = append(got, fmt.Sprintf("end at %v", r.elapsed()))
		if text, want := strings.Join(got, ", "), "a at 0s, b at 0s, c at 9s, d at 18s, end at 28s"; text != want {
			t.Errorf("the loop got\n     %s\nwant %s", text, want)
		}
	})
}

// With a wait of zero the loop drains what is there.
func TestDeliveriesDrain(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{ReceiveWait: new(20 * s)})
	r.send("a", "b", "c")
	r.sendLater("d", 1)
	n := 0
	for d, err := range r.q.Deliveries(r.ctx(), &queue.ReceiveOptions{Wait: noWait}) {
		r.must(err)
		r.delete(d)
		n++
	}
	if n != 3 {
		t.Errorf("the loop got %d messages, want 3", n)
	}
	r.wantCounts(r.q, 0, 1, 0)
}

// Without a wait of its own the loop goes on until the context ends, whatever
// the queue's wait and the profile's longest.
func TestDeliveriesUntilCancelled(t *testing.T) {
	for _, profile := range []*queue.Profile{queue.Core(), queue.SQS()} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, queue.Config{Profile: profile}, queue.Patch{ReceiveWait: new(1 * s)})
			ctx, cancel := context.WithCancelCause(r.ctx())
			cause := errors.New("enough")
			time.AfterFunc(hour, func() { cancel(cause) })
			r.sendLater("a", 15*time.Minute)
			var got []string
			for d, err := range r.q.Deliveries(ctx, nil) {
				if err != nil {
					got = append(got, fmt.Sprintf("error at %v", r.elapsed()))
					if e, ok := errors.AsType[*queue.Error](err); !errors.Is(err, cause) || !ok || e.Op != "receive" || d.Receipt != "" {
						t.Errorf("the last pair is %+v with error %v, want none and %v", d, err, cause)
					}
					continue
				}
				got = append(got, fmt.Sprintf("%s at %v", d.Body, r.elapsed()))
				r.delete(d)
			}
			if text, want := strings.Join(got, ", "), "a at 15m0s, error at 1h0m0s"; text != want {
				t.Errorf("the loop got\n     %s\nwant %s", text, want)
			}
		})
	}
}

// Trap S2: a loop that is left early gives back what it has not seen, in order
// and uncounted, also when its context has ended. The last one that it has seen
// is the caller's.
func TestDeliveriesLeftEarly(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	r.send("a", "b", "c", "d")
	ctx, cancel := context.WithCancel(r.ctx())
	defer cancel()
	seen := ""
	for d, err := range r.q.Deliveries(ctx, &queue.ReceiveOptions{Max: 10}) {
		r.must(err)
		seen += string(d.Body)
		if seen == "ab" {
			cancel()
			break
		}
	}
	var left []string
	for m, err := range r.q.Messages(r.ctx()) {
		r.must(err)
		left = append(left, fmt.Sprintf("%s %v %d", m.Body, m.State, m.ReceiveCount))
	}
	if text, want := strings.Join(left, ", "), "a in flight 1, b in flight 1, c visible 0, d visible 0"; text != want {
		t.Errorf("left are\n     %s\nwant %s", text, want)
	}
}

// Options belong to the caller, who may use them again and change them.
func TestDeliveriesKeepOptions(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	r.send("a", "b")
	o := &queue.ReceiveOptions{}
	for _, err := range r.q.Deliveries(r.ctx(), o) {
		r.must(err)
		break
	}
	if o.Wait != nil || o.Max != 0 || o.Visibility != nil {
		t.Errorf("the options have become %+v, want none set", *o)
	}
}

// Trap F20: lists go on in pages, and what is there all the while comes once.
func TestListsWhileThingsChange(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	const n = 250
	want := make(map[string]bool)
	for i := range n {
		r.create(fmt.Sprintf("list-%03d", i), queue.Patch{})
		want[fmt.Sprintf("list-%03d", i)] = i%2 == 1
	}
	last := ""
	for info, err := range r.b.Queues(r.ctx(), "list-") {
		r.must(err)
		if info.Name <= last || !strings.HasPrefix(info.Name, "list-") {
			t.Fatalf("%q came after %q", info.Name, last)
		}
		last = info.Name
		if want[last] {
			delete(want, last)
			continue
		}
		r.must(r.b.DeleteQueue(r.ctx(), last)) // the one that was just listed
		r.create(last+"-again", queue.Patch{})
	}
	for name, stays := range want {
		if stays {
			t.Errorf("queue %q was not listed", name)
		}
	}

	for range n {
		r.send("a")
	}
	odd := make(map[uint64]bool)
	var sequence uint64
	for m, err := range r.q.Messages(r.ctx()) {
		r.must(err)
		if m.Sequence <= sequence {
			t.Fatalf("sequence %d came after %d", m.Sequence, sequence)
		}
		sequence = m.Sequence
		if sequence > n {
			break // those that the loop has sent
		}
		if odd[sequence] = true; sequence%2 == 0 {
			_, err := r.q.Cancel(r.ctx(), m.ID)
			r.must(err)
			r.send("b")
		}
	}
	if len(odd) != n {
		t.Errorf("%d of %d messages were listed", len(odd), n)
	}
}

// Loops may be left at any moment.
func TestListsLeftEarly(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	r.send("a", "b")
	for info, err := range r.b.Queues(r.ctx(), "") {
		r.must(err)
		if info.Name != "q" {
			t.Errorf("got queue %q, want q", info.Name)
		}
		break
	}
	for m, err := range r.q.Messages(r.ctx()) {
		r.must(err)
		if string(m.Body) != "a" {
			t.Errorf("got message %q, want a", m.Body)
		}
		break
	}
}

// Trap Q3: when the dead-letter queue is gone the message stays, and the
// operator is told; bodies and receipts are not.
func TestMissingDeadLetterQueueIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRig(t, queue.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, queue.Patch{})
		r.create("dead", queue.Patch{})
		r.must(r.q.SetAttributes(r.ctx(), queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: 1}}))
		r.must(r.b.DeleteQueue(r.ctx(), "dead"))
		r.send("secret")
		r.take(r.q, 0)
		if log.Len() > 0 {
			t.Errorf("logged before anything was wrong: %s", log.String())
		}
		second := r.take(r.q, 5*s)
		all := r.waitFor(r.q, 1, 60*s) // it takes it a third time
		r.pass(5 * s)
		synctest.Wait()
		all.want(t, "secret at 5s")
		text := log.String()
		if n := strings.Count(text, "level=WARN"); n != 2 || !strings.Contains(text, "queue=q") || !strings.Contains(text, "messages=1") {
			t.Errorf("logged %d warnings, want 2 that name the queue and count one message each:\n%s", n, text)
		}
		if strings.Contains(text, "secret") || strings.Contains(text, second.Receipt) {
			t.Errorf("the log has a body or a receipt:\n%s", text)
		}
	})
}

// unsure is an engine that does what it is asked, and then does not know it.
type unsure struct{ driver.Engine }

func (e unsure) Send(ctx context.Context, now time.Time, id driver.QueueID, messages []driver.Message) ([]driver.SendResult, error) {
	_, err := e.Engine.Send(ctx, now, id, messages)
	return nil, errors.Join(err, driver.ErrUnknownOutcome)
}

// I15: an unknown outcome is told as that. A receive that waits gets what may
// have been sent.
func TestUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{Engine: unsure{memqueue.New()}}, queue.Patch{})
		all := r.waitFor(r.q, 1, 60*s)
		_, err := r.q.Send(r.ctx(), message("a"))
		if e, ok := errors.AsType[*queue.Error](err); !errors.Is(err, queue.ErrUnknownOutcome) || !ok || e.Op != "send" {
			t.Errorf("send: got error %v, want %v", err, queue.ErrUnknownOutcome)
		}
		synctest.Wait()
		all.want(t, "a at 0s")
	})
}

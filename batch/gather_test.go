package batch_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/batch"
	"github.com/redriveq/redrive/queue"
)

// An answer is what a call in its own goroutine came back with.
type answer struct {
	sent  queue.Sent
	err   error
	panic any
}

// start makes the call in a goroutine, and returns when everything in the bubble
// has come to a stop, so that calls arrive in the order of their starts.
func start(f func() (queue.Sent, error)) <-chan answer {
	answers := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			a.panic = recover()
			answers <- a
		}()
		a.sent, a.err = f()
	}()
	synctest.Wait()
	return answers
}

// send starts a send of one message.
func send(ctx context.Context, s *batch.Sender, body string) <-chan answer {
	return start(func() (queue.Sent, error) { return s.Send(ctx, message(body)) })
}

// A gate holds the engine's calls up, each until it is opened once more.
type gate chan error

// errPanic makes the engine's call panic with it.
var errPanic = errors.New("panic")

// hold makes the engine wait for the gate, or for the end of the request's
// context.
func hold(e *engine) gate {
	g := make(gate)
	e.before = func(ctx context.Context) error {
		select {
		case err := <-g:
			if err == errPanic {
				panic(err)
			}
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return g
}

// open lets one call of the engine go on, and waits for what comes of it. With
// an error, the call fails.
func (g gate) open(err error) {
	g <- err
	synctest.Wait()
}

func wantSent(t *testing.T, e *engine, step string, want ...string) {
	t.Helper()
	var got []string
	for _, bodies := range e.sent() {
		got = append(got, strings.Join(bodies, " "))
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: got batches %q, want %q", step, got, want)
	}
}

// wantAnswer fails the test if the call has not come back with the error.
func wantAnswer(t *testing.T, step string, answers <-chan answer, want error) queue.Sent {
	t.Helper()
	select {
	case got := <-answers:
		if !errors.Is(got.err, want) || (got.err == nil) != (want == nil) || got.panic != nil {
			t.Errorf("%s: got %+v, want error %v", step, got, want)
		}
		return got.sent
	default:
		t.Fatalf("%s: still waiting, want error %v", step, want)
	}
	panic("unreachable")
}

func wantWaiting(t *testing.T, step string, answers <-chan answer) {
	t.Helper()
	select {
	case got := <-answers:
		t.Fatalf("%s: got %+v, want it to wait", step, got)
	default:
	}
}

// bubble runs a test of a sender on an engine that is held up.
func bubble(t *testing.T, c batch.Config, test func(t *testing.T, e *engine, g gate, q *queue.Queue, s *batch.Sender)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e, _, q := open(t, nil, queue.Patch{MaxMessageBytes: new(100)})
		g := hold(e)
		test(t, e, g, q, batch.NewSender(q, c))
	})
}

// What comes while a batch is under way goes with the next ones, in order of
// arrival and within the limit.
func TestSenderGathers(t *testing.T) {
	bubble(t, batch.Config{Limits: batch.Limits{MaxEntries: 3}}, func(t *testing.T, e *engine, g gate, q *queue.Queue, s *batch.Sender) {
		var answers []<-chan answer
		for i := range 6 {
			answers = append(answers, send(t.Context(), s, fmt.Sprint(i)))
		}
		wantSent(t, e, "a lone call goes at once", "0")
		g.open(nil)
		first := wantAnswer(t, "first", answers[0], nil)
		wantSent(t, e, "then as many as the limit allows", "0", "1 2 3")
		wantWaiting(t, "second", answers[1])
		g.open(nil)
		wantSent(t, e, "then the rest", "0", "1 2 3", "4 5")
		wantWaiting(t, "fifth", answers[4])
		g.open(nil)
		for i, a := range answers[1:] {
			if got := wantAnswer(t, fmt.Sprint(i+1), a, nil); got.Sequence != first.Sequence+uint64(i)+1 {
				t.Errorf("call %d: got sequence %d, want %d", i+1, got.Sequence, first.Sequence+uint64(i)+1)
			}
		}
	})
}

// A batch is cut where the next message does not fit, and one that fits nowhere
// goes alone.
func TestSenderCutsByBytes(t *testing.T) {
	bubble(t, batch.Config{Limits: batch.Limits{MaxBytes: 4}}, func(t *testing.T, e *engine, g gate, q *queue.Queue, s *batch.Sender) {
		for _, body := range []string{"_", "aa", "bb", "c", "dddddddd", "e", "ffff", "gg"} {
			send(t.Context(), s, body)
		}
		for range 7 {
			g.open(nil)
		}
		wantSent(t, e, "end", "_", "aa bb", "c", "dddddddd", "e", "ffff", "gg")
	})
}

// Each call gets its own outcome, also beside one that is refused.
func TestSenderBadNeighbour(t *testing.T) {
	bubble(t, batch.Config{}, func(t *testing.T, e *engine, g gate, q *queue.Queue, s *batch.Sender) {
		blocker := send(t.Context(), s, "0")
		good := send(t.Context(), s, "good")
		large := send(t.Context(), s, strings.Repeat("x", 101))
		invalid := start(func() (queue.Sent, error) {
			return s.Send(t.Context(), queue.Message{Group: strings.Repeat("x", 1000)})
		})
		better := send(t.Context(), s, "better")
		g.open(nil)
		g.open(nil)
		wantAnswer(t, "blocker", blocker, nil)
		wantAnswer(t, "good", good, nil)
		wantAnswer(t, "large", large, queue.ErrInvalid)
		got := <-invalid
		if e, ok := errors.AsType[*queue.Error](got.err); !ok || e.Op != "send" || e.Queue != "orders" {
			t.Errorf("invalid: got %v, want an error that names the operation and the queue", got.err)
		}
		sent := wantAnswer(t, "better", better, nil)
		var found bool
		for info, err := range q.Messages(t.Context()) {
			found = found || err == nil && info.ID == sent.ID && string(info.Body) == "better"
		}
		if !found {
			t.Errorf("the ID %v is not that of the message", sent.ID)
		}
		if got := len(e.sent()); got != 2 {
			t.Errorf("got %d batches, want 2", got)
		}
	})
}

// A batch that fails gives its error to all in it, and nobody else.
func TestSenderFailedBatch(t *testing.T) {
	bubble(t, batch.Config{}, func(t *testing.T, e *engine, g gate, q *queue.Queue, s *batch.Sender) {
		broken := errors.New("disk broken")
		first := send(t.Context(), s, "0")
		second, third := send(t.Context(), s, "1"), send(t.Context(), s, "2")
		g.open(nil)
		fourth := send(t.Context(), s, "3")
		g.open(broken)
		wantAnswer(t, "first", first, nil)
		wantAnswer(t, "second", second, broken)
		wantAnswer(t, "third", third, broken)
		g.open(nil)
		wantAnswer(t, "fourth", fourth, nil)
		wantSent(t, e, "end", "0", "1 2", "3")
	})
}

// A panic of the engine goes to one caller; the others learn that the outcome is
// unknown, and the sender goes on.
func TestSenderPanic(t *testing.T) {
	bubble(t, batch.Config{}, func(t *testing.T, e *engine, g gate, q *queue.Queue, s *batch.Sender) {
		first, second, third := send(t.Context(), s, "0"), send(t.Context(), s, "1"), send(t.Context(), s, "2")
		g.open(nil)
		fourth := send(t.Context(), s, "3")
		g.open(errPanic)
		wantAnswer(t, "first", first, nil)
		if got := <-second; got.panic != errPanic {
			t.Errorf("second: got %+v, want a panic", got)
		}
		wantAnswer(t, "third", third, queue.ErrUnknownOutcome)
		g.open(nil)
		wantAnswer(t, "fourth", fourth, nil)
	})
}

// A call whose context ends while it stands in line is withdrawn.
func TestSenderWithdraws(t *testing.T) {
	bubble(t, batch.Config{Limits: batch.Limits{MaxEntries: 2}}, func(t *testing.T, e *engine, g gate, q *queue.Queue, s *batch.Sender) {
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		send(t.Context(), s, "0")
		first := send(ctx, s, "1")
		send(t.Context(), s, "2")
		middle := send(ctx, s, "3")
		send(t.Context(), s, "4")
		last := send(ctx, s, "5")
		cancel(gone)
		synctest.Wait()
		for i, a := range []<-chan answer{first, middle, last} {
			if got := wantAnswer(t, fmt.Sprint("withdrawn ", i), a, gone); got != (queue.Sent{}) {
				t.Errorf("withdrawn %d: got %+v beside an error", i, got)
			}
		}
		wantAnswer(t, "never joined", send(ctx, s, "6"), gone)
		g.open(nil)
		g.open(nil)
		wantSent(t, e, "end", "0", "2 4")
	})
}

// A call whose context ends when it is in a batch gets what became of it.
func TestSenderTakenIsNotWithdrawn(t *testing.T) {
	bubble(t, batch.Config{}, func(t *testing.T, e *engine, g gate, q *queue.Queue, s *batch.Sender) {
		leaderCtx, cancelLeader := context.WithCancel(t.Context())
		memberCtx, cancelMember := context.WithCancel(t.Context())
		send(t.Context(), s, "0")
		leader := send(leaderCtx, s, "1")
		member := send(memberCtx, s, "2")
		other := send(t.Context(), s, "3")
		g.open(nil)
		cancelLeader()
		cancelMember()
		synctest.Wait()
		wantWaiting(t, "leader", leader)
		wantWaiting(t, "member", member)
		g.open(nil)
		wantAnswer(t, "leader", leader, nil)
		wantAnswer(t, "member", member, nil)
		wantAnswer(t, "other", other, nil)
		wantSent(t, e, "end", "0", "1 2 3")
	})
}

// A context that ends at the very moment at which its call is taken counts once:
// the other call of the batch gets its outcome.
func TestSenderContextEndsWhenTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, q := open(t, nil, queue.Patch{})
		g, c := hold(e), &hourClock{Clock: clock.New()}
		s := batch.NewSender(q, batch.Config{Linger: 1, Clock: c})
		for round := range 50 {
			ctx, cancel := context.WithCancel(t.Context())
			send(t.Context(), s, "0")
			leader, member := send(ctx, s, "1"), send(t.Context(), s, "2")
			c.read = cancel // the sender looks at the clock before it takes them
			g.open(nil)
			c.read = nil
			g.open(nil)
			wantAnswer(t, fmt.Sprint("leader, round ", round), leader, nil)
			wantAnswer(t, fmt.Sprint("member, round ", round), member, nil)
		}
	})
}

// An hourClock goes an hour further with each reading.
type hourClock struct {
	clock.Clock
	hours time.Duration
	read  func() // called by Now; nil: nothing
}

func (c *hourClock) Now() time.Time {
	if c.read != nil {
		c.read()
	}
	c.hours++
	return time.Unix(0, 0).Add(c.hours * time.Hour)
}

// The engine's call ends when nobody wants its outcome any more, and not before.
func TestSenderAllContextsEnd(t *testing.T) {
	for _, last := range []int{0, 1, 2} {
		bubble(t, batch.Config{}, func(t *testing.T, e *engine, g gate, q *queue.Queue, s *batch.Sender) {
			send(t.Context(), s, "0")
			gone := errors.New("gone")
			var cancels []context.CancelCauseFunc
			var answers []<-chan answer
			for i := range 3 {
				ctx, cancel := context.WithCancelCause(t.Context())
				cancels, answers = append(cancels, cancel), append(answers, send(ctx, s, fmt.Sprint(i+1)))
			}
			g.open(nil)
			for i, cancel := range cancels {
				if i != last {
					cancel(errors.New("early"))
				}
			}
			synctest.Wait()
			for i, a := range answers {
				wantWaiting(t, fmt.Sprintf("all but %d, call %d", last, i), a)
			}
			cancels[last](gone)
			synctest.Wait()
			for i, a := range answers {
				wantAnswer(t, fmt.Sprintf("all, call %d", i), a, gone)
			}
			wantSent(t, e, "end", "0", "1 2 3")
		})
	}
}

// A call that goes alone goes with its caller's context.
func TestSenderAloneContextEnds(t *testing.T) {
	bubble(t, batch.Config{}, func(t *testing.T, e *engine, g gate, q *queue.Queue, s *batch.Sender) {
		ctx, cancel := context.WithCancelCause(t.Context())
		alone := send(ctx, s, "0")
		gone := errors.New("gone")
		cancel(gone)
		synctest.Wait()
		wantAnswer(t, "alone", alone, gone)
		next := send(t.Context(), s, "1")
		g.open(nil)
		wantAnswer(t, "next", next, nil)
	})
}

// The request of a batch has the values of its first caller's context, and that
// context ends with it.
func TestSenderContextValues(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		e, _, q := open(t, nil, queue.Patch{})
		g, s := hold(e), batch.NewSender(q, batch.Config{})
		wait := e.before
		var seen []any
		var last context.Context
		e.before = func(ctx context.Context) error {
			seen, last = append(seen, ctx.Value(key{})), ctx
			return wait(ctx)
		}
		for _, name := range []string{"a", "b", "c"} {
			send(context.WithValue(t.Context(), key{}, name), s, name)
		}
		g.open(nil)
		g.open(nil)
		if want := []any{"a", "b"}; !reflect.DeepEqual(seen, want) {
			t.Errorf("got values %v, want %v", seen, want)
		}
		if last.Err() == nil {
			t.Error("the context of a request that has ended has not")
		}
	})
}

// No batch is larger than the broker's profile allows.
func TestSenderAboveProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		profile := queue.Core()
		profile.MaxBatch = 1
		e, _, q := open(t, profile, queue.Patch{})
		g, s := hold(e), batch.NewSender(q, batch.Config{})
		first, second, third := send(t.Context(), s, "0"), send(t.Context(), s, "1"), send(t.Context(), s, "2")
		g.open(nil)
		g.open(nil)
		g.open(nil)
		wantAnswer(t, "first", first, nil)
		wantAnswer(t, "second", second, nil)
		wantAnswer(t, "third", third, nil)
		wantSent(t, e, "end", "0", "1", "2")
	})
}

func TestDeleterGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, b, q := open(t, nil, queue.Patch{})
		for range 3 {
			if _, err := q.Send(t.Context(), message("m")); err != nil {
				t.Fatal(err)
			}
		}
		mine := receipts(t, q, 3)
		g, d := hold(e), batch.NewDeleter(q, batch.Config{Limits: batch.Limits{MaxEntries: 3}})
		var answers []<-chan answer
		for _, receipt := range []string{mine[0], mine[1], "garbage", mine[1], mine[2]} {
			answers = append(answers, start(func() (queue.Sent, error) { return queue.Sent{}, d.Delete(t.Context(), receipt) }))
		}
		g.open(nil)
		g.open(nil)
		g.open(nil)
		for i, want := range []error{nil, nil, queue.ErrReceiptMalformed, queue.ErrMessageGone, nil} {
			wantAnswer(t, fmt.Sprint("delete ", i), answers[i], want)
		}
		// The broker does not pass the malformed one on.
		if want := []int{1, 2, 1}; !reflect.DeepEqual(e.deletes, want) {
			t.Errorf("got batches of %v, want %v", e.deletes, want)
		}
		if got := bodies(t, q); len(got) > 0 {
			t.Errorf("got messages %q, want none", got)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		got, want := d.Delete(t.Context(), mine[0]), q.Delete(t.Context(), mine[0])
		if !errors.Is(got, queue.ErrClosed) || got.Error() != want.Error() {
			t.Errorf("after Close: got %v, want %v", got, want)
		}
	})
}

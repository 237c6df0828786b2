package xfer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// Every way to misbehave: nothing is lost, and what a target has said that it
// accepted is offered no more.
func TestFaultyTargets(t *testing.T) {
	fault := errors.New("fault")
	faults := map[string]func(ctx context.Context, x *stub, records []xfer.Record) ([]xfer.Result, error){
		"fails": func(context.Context, *stub, []xfer.Record) ([]xfer.Result, error) { return nil, fault },
		"panics": func(context.Context, *stub, []xfer.Record) ([]xfer.Result, error) {
			panic(fault)
		},
		"ends its goroutine": func(context.Context, *stub, []xfer.Record) ([]xfer.Result, error) {
			runtime.Goexit()
			return nil, nil
		},
		"does nothing": func(context.Context, *stub, []xfer.Record) ([]xfer.Result, error) { return nil, nil },
		"blocks": func(ctx context.Context, _ *stub, _ []xfer.Record) ([]xfer.Result, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"blocks and does not heed its context": func(_ context.Context, x *stub, records []xfer.Record) ([]xfer.Result, error) {
			time.Sleep(20 * time.Minute)
			return nil, fault
		},
		"accepts when it has had its time": func(_ context.Context, x *stub, records []xfer.Record) ([]xfer.Result, error) {
			time.Sleep(20 * time.Minute)
			return x.accept(records), nil
		},
		"lies": func(_ context.Context, x *stub, records []xfer.Record) ([]xfer.Result, error) {
			x.accept(records)
			return nil, fault
		},
		"accepts a part and fails": func(_ context.Context, x *stub, records []xfer.Record) ([]xfer.Result, error) {
			return x.accept(records[:1]), fault
		},
		"accepts a part and panics": func(_ context.Context, x *stub, records []xfer.Record) ([]xfer.Result, error) {
			x.accept(records[:1])
			panic(fault)
		},
		"accepts a part": func(_ context.Context, x *stub, records []xfer.Record) ([]xfer.Result, error) {
			return x.accept(records[:1]), nil
		},
		"accepts no more now": func(_ context.Context, x *stub, records []xfer.Record) ([]xfer.Result, error) {
			return append(x.accept(records[:1]), xfer.Result{Err: fault}), nil
		},
		"returns too much": func(_ context.Context, _ *stub, records []xfer.Record) ([]xfer.Result, error) {
			return make([]xfer.Result, len(records)+1), nil
		},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				home := r.create("home", queue.Patch{Retention: new(time.Duration(0))})
				for i := range 10 {
					r.send(home, 0, fmt.Sprint(i))
				}
				x := &stub{name: "x"}
				x.send = func(ctx context.Context, call int, records []xfer.Record) ([]xfer.Result, error) {
					if call <= 3 {
						return fault(ctx, x, records)
					}
					return x.accept(records), nil
				}
				task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
				for range 100 {
					time.Sleep(time.Minute)
					r.task(task.ID)
				}
				ended, err := r.m.Wait(r.ctx(), task.ID)
				r.must(err)
				got := x.bodies()
				slices.Sort(got)
				if want := "0 1 2 3 4 5 6 7 8 9"; strings.Join(got, " ") != want {
					t.Errorf("accepted: got %q, want %s", got, want)
				}
				r.wantTask("at the end", task.ID, 0, 10, 0, 0)
				if x.overlaps > 0 {
					t.Errorf("%d calls were made while another one went on", x.overlaps)
				}
				if ended.State != xfer.StateDone {
					t.Errorf("at the end: got %+v, want it done", ended)
				}
			})
		})
	}
}

// What is refused for good goes home, and the others go on.
func TestRefused(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{FIFO: new(true)})
		r.send(home, 0, "A/1", "A/2", "B/3", "A/4")
		before := takeCensus(t, r.b)
		x := &stub{name: "x"}
		x.send = func(_ context.Context, _ int, records []xfer.Record) (results []xfer.Result, _ error) {
			for i, record := range records {
				if string(record.Body) == "A/2" {
					results = append(results, xfer.Result{Err: fmt.Errorf("no such thing: %w", xfer.ErrRefused)})
				} else {
					results = append(results, x.accept(records[i:i+1])...)
				}
			}
			return results, nil
		}
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "away with it"})
		_, err := r.m.Wait(r.ctx(), task.ID)
		r.must(err)
		r.wantTask("at the end", task.ID, 0, 3, 0, 1)
		r.wantBodies("at the end", home, "A/2")
		after := messages(t, home)[0]
		if want := before["home"][0][1]; after.Sequence != want.Sequence || after.ReceiveCount != 0 || !after.FirstReceivedAt.IsZero() {
			t.Errorf("refused: got %+v, want %+v", after, want)
		}
		var log []string
		for e := range r.m.Log() {
			if e.Message == after.ID {
				log = append(log, fmt.Sprintf("%s %s->%s %s", e.Operation, e.From, e.To, e.Reason))
			}
		}
		want := []string{"transferred home->xfer-fifo:x away with it", "refused xfer-fifo:x->home no such thing: refused"}
		if !slices.Equal(log, want) {
			t.Errorf("log: got %q, want %q", log, want)
		}
	})
}

// The pauses double, up to a minute, and begin anew after progress.
func TestPauses(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		r.send(home, 0, "1", "2")
		start := time.Now()
		var at []time.Duration
		x := &stub{name: "x"}
		x.send = func(_ context.Context, call int, records []xfer.Record) ([]xfer.Result, error) {
			at = append(at, time.Since(start))
			switch call {
			case 10:
				return x.accept(records[:1]), errors.New("failed")
			case 12:
				return x.accept(records), nil
			case 5:
				return nil, nil // it did nothing
			}
			return nil, errors.New("failed")
		}
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		_, err := r.m.Wait(r.ctx(), task.ID)
		r.must(err)
		var pauses []time.Duration
		for i := range len(at) - 1 {
			pauses = append(pauses, (at[i+1]-at[i])/s)
		}
		if want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60, 1, 2}; !slices.Equal(pauses, want) {
			t.Errorf("pauses: got %v, want %v", pauses, want)
		}
	})
}

// While a call has had its time and goes on, no other is made, and a cancel puts
// everything back.
func TestCancelBehindBlockedTarget(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		r.send(home, hour, "1", "2")
		before := takeCensus(t, r.b)
		free := make(chan bool)
		x := &stub{name: "x"}
		x.send = func(_ context.Context, _ int, records []xfer.Record) ([]xfer.Result, error) {
			<-free
			return x.accept(records), nil
		}
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		time.Sleep(time.Minute - 1)
		synctest.Wait()
		r.wantCancelled("in its time", r.cancel(task.ID, xfer.CancelOptions{}), xfer.Cancelled{Sending: 2})
		time.Sleep(2 * time.Nanosecond)
		synctest.Wait()
		r.wantCancelled("after its time", r.cancel(task.ID, xfer.CancelOptions{}), xfer.Cancelled{Restored: 2})
		takeCensus(t, r.b).check(t, "after cancel", before)
		free <- true // it says that it has accepted, too late
		synctest.Wait()
		takeCensus(t, r.b).check(t, "after a late answer", before)
		r.wantTask("after a late answer", task.ID, 0, 0, 2, 0)
		time.Sleep(hour)
		if got := x.called(); got != 1 {
			t.Errorf("the target was called %d times, want once", got)
		}
	})
}

// An answer that comes when the target has had its time still counts.
func TestLateAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		r.send(home, 0, "1", "2")
		x := &stub{name: "x"}
		x.send = func(_ context.Context, _ int, records []xfer.Record) ([]xfer.Result, error) {
			time.Sleep(20 * time.Minute)
			return x.accept(records), nil
		}
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		_, err := r.m.Wait(r.ctx(), task.ID)
		r.must(err)
		r.wantTask("at the end", task.ID, 0, 2, 0, 0)
		time.Sleep(hour)
		if got := x.called(); got != 1 {
			t.Errorf("the target was called %d times, want once", got)
		}
	})
}

// A batch has no more bytes than the target and the memory can take.
func TestBatchBytes(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		const n, size = 250, 100 << 10
		for range n {
			_, err := home.Send(r.ctx(), queue.Message{Body: make([]byte, size)})
			r.must(err)
		}
		x := &stub{name: "x"}
		largest := 0
		x.send = func(_ context.Context, _ int, records []xfer.Record) ([]xfer.Result, error) {
			largest = max(largest, len(records))
			return x.accept(records), nil
		}
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		_, err := r.m.Wait(r.ctx(), task.ID)
		r.must(err)
		if largest < 60 || largest*size > 8<<20 || x.called() > 5 {
			t.Errorf("%d calls of up to %d messages, want few of up to 8 MiB", x.called(), largest)
		}
	})
}

// Close does not wait for the pause of a sender whose target fails.
func TestCloseDuringPause(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		r.send(home, 0, "1")
		x := &stub{name: "x"}
		x.send = func(context.Context, int, []xfer.Record) ([]xfer.Result, error) {
			return nil, errors.New("failed")
		}
		r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		synctest.Wait()
		start := time.Now()
		r.m.Close()
		if got := time.Since(start); got != 0 {
			t.Errorf("close took %v, want no time", got)
		}
	})
}

// Close leaves what waits, and does not wait for a target that blocks.
func TestClose(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		r.send(home, 0, "1", "2")
		free := make(chan bool)
		x := &stub{name: "x"}
		x.send = func(_ context.Context, _ int, records []xfer.Record) ([]xfer.Result, error) {
			<-free
			return nil, nil
		}
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		synctest.Wait()
		waits := make(chan error)
		go func() {
			_, err := r.m.Wait(r.ctx(), task.ID)
			waits <- err
		}()
		synctest.Wait()
		r.m.Close()
		r.m.Close()
		if err := <-waits; !errors.Is(err, xfer.ErrClosed) {
			t.Errorf("wait: got error %v, want ErrClosed", err)
		}
		_, starts := r.m.Start(r.ctx(), xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		_, cancels := r.m.Cancel(r.ctx(), task.ID, xfer.CancelOptions{Reason: "test"})
		if !errors.Is(starts, xfer.ErrClosed) || !errors.Is(cancels, xfer.ErrClosed) {
			t.Errorf("start and cancel: got errors %v and %v, want ErrClosed", starts, cancels)
		}
		lane, err := r.b.TransferQueue(r.ctx(), "x", false)
		r.must(err)
		stats, err := lane.Stats(r.ctx())
		r.must(err)
		if stats.Visible.Messages != 2 || stats.UnderTransfer != 2 {
			t.Errorf("in the transfer queue: got %+v, want two visible under transfer", stats)
		}
		free <- true
	})
}

// Order of a FIFO queue, also if the target fails in the middle, accepts parts,
// refuses, or loses its answers.
func TestOrderAtTarget(t *testing.T) {
	for seed := range uint64(20) {
		bubble(t, func(t *testing.T, r *rig) {
			random := rand.New(rand.NewPCG(seed, 1))
			home := r.create("home", queue.Patch{FIFO: new(true)})
			const groups, each = 7, 60
			for i := range each {
				for g := range groups {
					r.send(home, 0, fmt.Sprintf("%c/%03d", 'A'+g, i))
				}
			}
			x := &stub{name: "x"}
			x.send = func(_ context.Context, _ int, records []xfer.Record) ([]xfer.Result, error) {
				n := random.IntN(len(records) + 1)
				switch random.IntN(4) {
				case 0:
					return nil, errors.New("failed")
				case 1:
					x.accept(records[:n])
					return nil, errors.New("answer lost")
				case 2:
					return x.accept(records[:n]), errors.New("failed in the middle")
				}
				return x.accept(records[:n]), nil
			}
			task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
			_, err := r.m.Wait(r.ctx(), task.ID)
			r.must(err)
			last := make(map[string]string)
			got := x.bodies()
			for _, body := range got {
				if group := body[:1]; body <= last[group] {
					t.Fatalf("seed %d: %s came after %s", seed, body, last[group])
				} else {
					last[group] = body
				}
			}
			if len(got) != groups*each {
				t.Errorf("seed %d: got %d messages, want %d", seed, len(got), groups*each)
			}
		})
	}
}

package xfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// What is refused is refused before any effect.
func TestOrders(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home, to := r.create("home", queue.Patch{}), r.create("to", queue.Patch{})
		fifo := r.create("fifo", queue.Patch{FIFO: new(true)})
		foreign := create(t, openBroker(t), "to", queue.Patch{})
		r.create("gone", queue.Patch{})
		gone, err := r.b.Queue(r.ctx(), "gone")
		r.must(err)
		r.must(r.b.DeleteQueue(r.ctx(), "gone"))
		lane, err := r.b.TransferQueue(r.ctx(), "x", false)
		r.must(err)
		r.send(home, 0, "1")
		r.send(fifo, 0, "2")
		all := xfer.Selector{Everything: true}
		rows := map[string]struct {
			order xfer.Order
			want  error
		}{
			"no reason":                 {xfer.Order{Selector: all, To: to}, queue.ErrInvalid},
			"no destination":            {xfer.Order{Selector: all, Reason: "r"}, queue.ErrInvalid},
			"two destinations":          {xfer.Order{Selector: all, To: to, Target: down("x"), Reason: "r"}, queue.ErrInvalid},
			"no selector":               {xfer.Order{To: to, Reason: "r"}, queue.ErrInvalid},
			"an empty list":             {xfer.Order{Selector: xfer.Selector{Queues: []string{}}, To: to, Reason: "r"}, queue.ErrInvalid},
			"everything and a list":     {xfer.Order{Selector: xfer.Selector{Queues: []string{"home"}, Everything: true}, To: to, Reason: "r"}, queue.ErrInvalid},
			"a queue that is missing":   {xfer.Order{Selector: xfer.Selector{Queues: []string{"home", "none"}}, To: to, Reason: "r"}, queue.ErrNoQueue},
			"a transfer queue missing":  {xfer.Order{Selector: xfer.Selector{Queues: []string{"xfer:"}}, To: to, Reason: "r"}, queue.ErrNoQueue},
			"a queue that is deleted":   {xfer.Order{Selector: all, To: gone, Reason: "r"}, queue.ErrNoDestination},
			"a queue to itself":         {xfer.Order{Selector: everythingOf(home, to), To: to, Reason: "r"}, queue.ErrInvalid},
			"another kind":              {xfer.Order{Selector: everythingOf(home, fifo), To: to, Reason: "r"}, queue.ErrInvalid},
			"another broker's queue":    {xfer.Order{Selector: all, To: foreign, Reason: "r"}, queue.ErrInvalid},
			"a transfer queue as To":    {xfer.Order{Selector: all, To: lane, Reason: "r"}, queue.ErrInvalid},
			"the target's own queue":    {xfer.Order{Selector: xfer.Selector{Queues: []string{"xfer:x"}}, Target: down("x"), Reason: "r"}, queue.ErrInvalid},
			"a target without name":     {xfer.Order{Selector: all, Target: down(""), Reason: "r"}, queue.ErrInvalid},
			"a target of two lines":     {xfer.Order{Selector: all, Target: down("a\nb"), Reason: "r"}, queue.ErrInvalid},
			"a target of a long name":   {xfer.Order{Selector: all, Target: down(strings.Repeat("x", 1025)), Reason: "r"}, queue.ErrInvalid},
			"a target that is no UTF-8": {xfer.Order{Selector: all, Target: down("\xff"), Reason: "r"}, queue.ErrInvalid},
		}
		for name, row := range rows {
			if task, err := r.m.Start(r.ctx(), row.order); !errors.Is(err, row.want) || !reflect.DeepEqual(task, xfer.Task{}) {
				t.Errorf("start, %s: got %+v and error %v, want none and %v", name, task, err, row.want)
			}
			if plan, err := r.m.Plan(r.ctx(), row.order); !errors.Is(err, row.want) || plan != nil {
				t.Errorf("plan, %s: got %v and error %v, want none and %v", name, plan, err, row.want)
			}
		}
		if got := r.m.Tasks(); len(got) != 0 {
			t.Errorf("tasks: got %+v, want none", got)
		}
		r.wantBodies("untouched", home, "1")
		_, err = r.m.Cancel(r.ctx(), queue.TaskID{1}, xfer.CancelOptions{Reason: "r"})
		if !errors.Is(err, queue.ErrNoTask) {
			t.Errorf("cancel of an unknown task: got error %v, want ErrNoTask", err)
		}
		task := r.start(xfer.Order{Selector: everythingOf(home), To: to, Reason: "r"})
		_, byTask := r.m.Cancel(r.ctx(), task.ID, xfer.CancelOptions{})
		_, byQueue := r.m.CancelQueue(r.ctx(), to, xfer.CancelOptions{})
		_, byForeign := r.m.CancelQueue(r.ctx(), foreign, xfer.CancelOptions{Reason: "r"})
		_, byGone := r.m.CancelQueue(r.ctx(), gone, xfer.CancelOptions{Reason: "r"})
		for i, err := range []error{byTask, byQueue, byForeign} {
			if !errors.Is(err, queue.ErrInvalid) {
				t.Errorf("cancel %d: got error %v, want ErrInvalid", i, err)
			}
		}
		if !errors.Is(byGone, queue.ErrNoQueue) {
			t.Errorf("cancel in a deleted queue: got error %v, want ErrNoQueue", byGone)
		}
		r.wantBodies("untouched", to, "1")
	})
}

// A plan counts what a start then transfers, and changes nothing.
func TestPlan(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		one, two := r.create("one", queue.Patch{}), r.create("two", queue.Patch{})
		fifo, to := r.create("fifo", queue.Patch{FIFO: new(true)}), r.create("to", queue.Patch{})
		r.fill(one, 1234)
		r.send(two, 0, "A/1", "B/2", "A/3")
		r.send(fifo, 0, "A/4")
		r.send(to, 0, "A/5")
		before := takeCensus(t, r.b)
		group := xfer.Selector{Filter: queue.Filter{Group: new("A")}}
		rows := []struct {
			selector xfer.Selector
			target   xfer.Target // or to the queue
			want     []xfer.Planned
		}{
			{everythingOf(two, one, two), nil, []xfer.Planned{{Queue: "two", Messages: 3}, {Queue: "one", Messages: 1234}}},
			{group, nil, []xfer.Planned{{Queue: "two", Messages: 2}}},
			{group, down("x"), []xfer.Planned{{Queue: "fifo", Messages: 1}, {Queue: "to", Messages: 1}, {Queue: "two", Messages: 2}}},
			{xfer.Selector{Queues: []string{"two"}, Filter: queue.Filter{Group: new("B")}}, nil, []xfer.Planned{{Queue: "two", Messages: 1}}},
			{xfer.Selector{Filter: queue.Filter{Group: new("none")}}, nil, nil},
		}
		for i, row := range rows {
			o := xfer.Order{Selector: row.selector, Target: row.target, Reason: "test"}
			if row.target == nil {
				o.To = to
			}
			got, err := r.m.Plan(r.ctx(), o)
			if err != nil || !slices.Equal(got, row.want) {
				t.Errorf("row %d: got %v and error %v, want %v", i, got, err, row.want)
			}
			takeCensus(t, r.b).check(t, "after a plan", before)
			total := 0
			for _, p := range row.want {
				total += p.Messages
			}
			task := r.start(o)
			if task.Total != total {
				t.Errorf("row %d: start got %+v, want %d messages", i, task, total)
			}
			time.Sleep(s / 2)
			r.cancel(task.ID, xfer.CancelOptions{})
			takeCensus(t, r.b).check(t, "after a cancel", before)
		}
	})
}

// A destination that is full stops the drain; what has come stays.
func TestFullDestination(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home, to := r.create("home", queue.Patch{}), r.create("to", queue.Patch{MaxMessages: new(2)})
		r.send(home, 0, "1", "2", "3")
		task := r.start(xfer.Order{Selector: everythingOf(home), To: to, Reason: "test"})
		if !errors.Is(task.Err, queue.ErrQueueFull) || task.Transferred != 2 || task.State != xfer.StateDone {
			t.Errorf("got %+v, want it done with two and ErrQueueFull", task)
		}
		r.wantBodies("full", to, "1", "2")
		r.wantBodies("full", home, "3")
		r.cancel(task.ID, xfer.CancelOptions{})
		r.wantBodies("after cancel", home, "1", "2", "3")
	})
}

// A context that ends does not end the transfer.
func TestStartContext(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home, to := r.create("home", queue.Patch{}), r.create("to", queue.Patch{})
		r.fill(home, 5000)
		ctx, cancel := context.WithCancel(r.ctx())
		first, started := true, make(chan bool)
		r.m.Close()
		r.m = xfer.Open(r.b, xfer.Config{Logger: slog.New(logHook{slog.NewTextHandler(new(bytes.Buffer), nil), func() {
			if first {
				first = false
				cancel()
				<-started
			}
		}})})
		defer func() { r.m.Close() }()
		task, err := r.m.Start(ctx, xfer.Order{Selector: everythingOf(home), To: to, Reason: "test"})
		r.must(err)
		if task.State != xfer.StateDraining {
			t.Errorf("start: got %+v, want it draining", task)
		}
		close(started)
		if _, err := r.m.Wait(r.ctx(), task.ID); err != nil {
			t.Fatalf("wait: got error %v, want none", err)
		}
		r.wantTask("at the end", task.ID, 0, 5000, 0, 0)
		_, err = r.m.Wait(ctx, task.ID)
		if _, unstarted := r.m.Start(ctx, xfer.Order{}); !errors.Is(err, context.Canceled) || !errors.Is(unstarted, context.Canceled) {
			t.Errorf("with an ended context: got errors %v and %v, want its cause", err, unstarted)
		}
	})
}

// Every change of queue stands in the log, which is bounded, and nothing else.
func TestLog(t *testing.T) {
	var text bytes.Buffer
	mock := clock.NewMock()
	b, err := queue.Open(queue.Config{Clock: mock})
	if err != nil {
		t.Fatalf("open: got error %v, want none", err)
	}
	defer b.Close()
	strip := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "message" {
			return slog.Attr{}
		}
		return a
	}
	r := &rig{t: t, b: b, m: xfer.Open(b, xfer.Config{LogSize: 3, Logger: slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: strip}))})}
	defer r.m.Close()
	home, to := r.create("home", queue.Patch{}), r.create("to", queue.Patch{})
	r.send(home, 0, "secret-1", "secret-2")
	task := r.start(xfer.Order{Selector: everythingOf(home), To: to, Reason: "one\nof \u2028 two"})
	mock.Add(time.Second)
	_, err = r.m.Cancel(r.ctx(), task.ID, xfer.CancelOptions{Reason: "back"})
	r.must(err)
	var got []string
	for e := range r.m.Log() {
		got = append(got, fmt.Sprint(e.At.Unix(), " ", e.Operation, " ", e.From, " ", e.To, " ", e.Reason))
	}
	want := []string{"0 transferred home to one\nof \u2028 two", "1 restored to home back", "1 restored to home back"}
	if !slices.Equal(got, want) || r.m.Dropped() != 1 {
		t.Errorf("log: got %q and %d dropped, want %q and 1", got, r.m.Dropped(), want)
	}
	for range r.m.Log() {
		break
	}
	line := `level=INFO msg="message transfer" operation=transferred from=home to=to reason="one\nof \u2028 two"` + "\n"
	back := `level=INFO msg="message transfer" operation=restored from=to to=home reason=back` + "\n"
	if got, want := text.String(), line+line+back+back; got != want {
		t.Errorf("written: got\n%swant\n%s", got, want)
	}
}

// The tasks are kept, the newest first, up to a bound; those with messages that
// wait are not forgotten.
func TestTasks(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home, to := r.create("home", queue.Patch{}), r.create("to", queue.Patch{})
		r.send(home, 0, "1")
		first := r.start(xfer.Order{Selector: everythingOf(home), Target: down("x"), Reason: "first"})
		second := r.start(xfer.Order{Selector: everythingOf(home), To: to, Reason: "second"})
		for range 1000 {
			r.start(xfer.Order{Selector: everythingOf(home), To: to, Reason: "another"})
		}
		tasks := r.m.Tasks()
		if n := len(tasks); n > 1001 || tasks[n-1].ID != first.ID || tasks[0].Reason != "another" {
			t.Errorf("got %d tasks, the oldest %+v, want about 1000 and the first", n, tasks[n-1])
		}
		if _, err := r.m.Task(second.ID); !errors.Is(err, queue.ErrNoTask) {
			t.Errorf("the second: got error %v, want ErrNoTask", err)
		}
		if _, err := r.m.Wait(r.ctx(), second.ID); !errors.Is(err, queue.ErrNoTask) {
			t.Errorf("wait for the second: got error %v, want ErrNoTask", err)
		}
		if c := r.cancel(first.ID, xfer.CancelOptions{}); c.Restored+c.Sending != 1 {
			t.Errorf("cancel of the first: got %+v, want one restored", c)
		}
	})
}

// A message that somebody sends to a transfer queue is not sent to the target,
// and keeps no other from it.
func TestStray(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		home := r.create("home", queue.Patch{})
		lane, err := r.b.TransferQueue(r.ctx(), "x", false)
		r.must(err)
		r.send(lane, 0, "stray")
		r.send(home, 0, "1")
		x := &stub{name: "x"}
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
		time.Sleep(hour)
		r.wantTask("at the end", task.ID, 0, 1, 0, 0)
		r.wantBodies("at the end", lane, "stray")
		if got := x.bodies(); !slices.Equal(got, []string{"1"}) {
			t.Errorf("sent: got %q, want 1", got)
		}
	})
}

func TestWords(t *testing.T) {
	for _, row := range []struct {
		got, want string
	}{
		{xfer.Transferred.String(), "transferred"}, {xfer.Sent.String(), "sent"}, {xfer.Refused.String(), "refused"},
		{xfer.Restored.String(), "restored"}, {xfer.Operation(9).String(), "invalid operation"},
		{xfer.StateDraining.String(), "draining"}, {xfer.StateSending.String(), "sending"}, {xfer.StateDone.String(), "done"},
		{xfer.StateCancelled.String(), "cancelled"}, {xfer.State(9).String(), "invalid state"},
	} {
		if row.got != row.want {
			t.Errorf("got %q, want %q", row.got, row.want)
		}
	}
}

package xfer_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

const (
	s    = time.Second
	hour = time.Hour
)

// A tester is a [testing.T], a [testing.B] or a [rapid.T].
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(f func())
	Context() context.Context
}

// A rig is a broker with its Manager. Its methods stop the test where a call
// fails that the test needs.
type rig struct {
	t tester
	b *queue.Broker
	m *xfer.Manager
}

func newRig(t tester, c xfer.Config) *rig {
	t.Helper()
	r := &rig{t: t, b: openBroker(t)}
	r.m = xfer.Open(r.b, c)
	t.Cleanup(r.m.Close)
	return r
}

func openBroker(t tester) *queue.Broker {
	t.Helper()
	b, err := queue.Open(queue.Config{})
	if err != nil {
		t.Fatalf("open: got error %v, want none", err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// bubble runs a test in a bubble, where time stands until all wait.
func bubble(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newRig(t, xfer.Config{})) })
}

func (r *rig) ctx() context.Context { return r.t.Context() }

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("got error %v, want none", err)
	}
}

func create(t tester, b *queue.Broker, name string, patch queue.Patch) *queue.Queue {
	t.Helper()
	q, err := b.CreateQueue(t.Context(), name, patch)
	if err != nil {
		t.Fatalf("create %s: got error %v, want none", name, err)
	}
	return q
}

func (r *rig) create(name string, patch queue.Patch) *queue.Queue {
	r.t.Helper()
	return create(r.t, r.b, name, patch)
}

// send sends messages that are due after the delay. A body of the form "A/1" is
// of the group A.
func (r *rig) send(q *queue.Queue, delay time.Duration, bodies ...string) {
	r.t.Helper()
	for _, body := range bodies {
		group, _, found := strings.Cut(body, "/")
		if !found {
			group = ""
		}
		_, err := q.Send(r.ctx(), queue.Message{Body: []byte(body), Group: group, Delay: &delay})
		r.must(err)
	}
}

// fill sends n messages that are due an hour from now.
func (r *rig) fill(q *queue.Queue, n int) {
	r.t.Helper()
	messages := make([]queue.Message, n)
	for i := range messages {
		messages[i] = queue.Message{Body: fmt.Appendf(nil, "%s %d", q.Name(), i), Delay: new(hour)}
	}
	for chunk := range slices.Chunk(messages, q.MaxBatch()) {
		_, err := q.SendMany(r.ctx(), chunk)
		r.must(err)
	}
}

func (r *rig) start(o xfer.Order) xfer.Task {
	r.t.Helper()
	task, err := r.m.Start(r.ctx(), o)
	r.must(err)
	return task
}

func (r *rig) cancel(id queue.TaskID, o xfer.CancelOptions) xfer.Cancelled {
	r.t.Helper()
	o.Reason = "test"
	c, err := r.m.Cancel(r.ctx(), id, o)
	r.must(err)
	return c
}

// task returns the task, whose counts must add up.
func (r *rig) task(id queue.TaskID) xfer.Task {
	r.t.Helper()
	task, err := r.m.Task(id)
	r.must(err)
	if sum := task.Waiting + task.Transferred + task.Restored + task.Failed; sum != task.Total {
		r.t.Fatalf("task %+v: counts add up to %d, want %d", task, sum, task.Total)
	}
	return task
}

// wantTask checks the counts of a task.
func (r *rig) wantTask(step string, id queue.TaskID, waiting, transferred, restored, failed int) {
	r.t.Helper()
	task := r.task(id)
	got := [4]int{task.Waiting, task.Transferred, task.Restored, task.Failed}
	if want := [4]int{waiting, transferred, restored, failed}; got != want {
		r.t.Fatalf("%s: got %v waiting, transferred, restored, failed, want %v", step, got, want)
	}
}

func (r *rig) wantCancelled(step string, got, want xfer.Cancelled) {
	r.t.Helper()
	if got != want {
		r.t.Fatalf("%s: cancel got %+v, want %+v", step, got, want)
	}
}

// messages returns all that is in a queue, by sequence.
func messages(t tester, q *queue.Queue) (infos []queue.Info) {
	t.Helper()
	for info, err := range q.Messages(t.Context()) {
		if err != nil {
			t.Fatalf("list %s: got error %v, want none", q.Name(), err)
		}
		infos = append(infos, info)
	}
	return infos
}

func bodies(t tester, q *queue.Queue) (bodies []string) {
	t.Helper()
	for _, info := range messages(t, q) {
		bodies = append(bodies, string(info.Body))
	}
	return bodies
}

func (r *rig) wantBodies(step string, q *queue.Queue, want ...string) {
	r.t.Helper()
	if got := bodies(r.t, q); !slices.Equal(got, want) {
		r.t.Fatalf("%s: queue %s got %q, want %q", step, q.Name(), got, want)
	}
}

// A census is all messages of all queues but the transfer queues, by sequence,
// and the visible ones by group and in the order in which they would be received.
// How the groups take turns is not part of it: a group that had nothing visible
// joins at the end.
type census map[string][2][]queue.Info

func takeCensus(t tester, b *queue.Broker) census {
	t.Helper()
	c := make(census)
	for info, err := range b.Queues(t.Context(), "") {
		if err != nil {
			t.Fatalf("list queues: got error %v, want none", err)
		}
		if queue.IsTransferQueue(info.Name) {
			continue
		}
		q, err := b.Queue(t.Context(), info.Name)
		if err != nil {
			t.Fatalf("open: got error %v, want none", err)
		}
		line, err := q.Peek(t.Context(), 10_000)
		if err != nil {
			t.Fatalf("peek: got error %v, want none", err)
		}
		slices.SortStableFunc(line, func(a, b queue.Info) int { return strings.Compare(a.Group, b.Group) })
		c[info.Name] = [2][]queue.Info{messages(t, q), line}
	}
	return c
}

func (c census) check(t tester, step string, want census) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		for i, what := range []string{"messages", "line"} {
			got, want := c[name][i], want[name][i]
			if len(got) != len(want) {
				t.Fatalf("%s: queue %s has %d %s, want %d", step, name, len(got), what, len(want))
			}
			for j := range got {
				if !reflect.DeepEqual(got[j], want[j]) {
					t.Fatalf("%s: %s of queue %s, place %d: got %+v, want %+v", step, what, name, j, got[j], want[j])
				}
			}
		}
	}
}

// A stub is a target that keeps what it accepts. It does nothing else unless it
// is told to.
type stub struct {
	name string
	send func(ctx context.Context, call int, records []xfer.Record) ([]xfer.Result, error) // nil: accept all

	mu       sync.Mutex // guards the rest
	calls    int
	active   int
	overlaps int           // calls that began before another had ended
	accepted []xfer.Record // the first time each
	ids      map[queue.MessageID]queue.MessageID
}

func (x *stub) Name() string { return x.name }

func (x *stub) Send(ctx context.Context, records []xfer.Record) ([]xfer.Result, error) {
	x.mu.Lock()
	x.calls++
	x.active++
	if x.active > 1 {
		x.overlaps++
	}
	call := x.calls
	x.mu.Unlock()
	defer func() {
		x.mu.Lock()
		x.active--
		x.mu.Unlock()
	}()
	if x.send != nil {
		return x.send(ctx, call, records)
	}
	return x.accept(records), nil
}

// accept accepts records, each once.
func (x *stub) accept(records []xfer.Record) (results []xfer.Result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ids == nil {
		x.ids = make(map[queue.MessageID]queue.MessageID)
	}
	for _, r := range records {
		id, known := x.ids[r.ID]
		if !known {
			id = queue.MessageID{0: 1, 15: byte(len(x.ids)), 14: byte(len(x.ids) >> 8)}
			x.ids[r.ID] = id
			x.accepted = append(x.accepted, r)
		}
		results = append(results, xfer.Result{ID: id})
	}
	return results
}

// called returns how often Send was called.
func (x *stub) called() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.calls
}

func (x *stub) bodies() (bodies []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, r := range x.accepted {
		bodies = append(bodies, string(r.Body))
	}
	return bodies
}

// down is a target that fails until the end.
func down(name string) *stub {
	return &stub{name: name, send: func(context.Context, int, []xfer.Record) ([]xfer.Result, error) {
		return nil, fmt.Errorf("down")
	}}
}

// everythingOf selects all messages of queues.
func everythingOf(queues ...*queue.Queue) (sel xfer.Selector) {
	for _, q := range queues {
		sel.Queues = append(sel.Queues, q.Name())
	}
	return sel
}

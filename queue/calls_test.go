package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A call is one entrance of the API, with arguments that are valid.
type call struct {
	name   string
	op     string // as errors call it
	global bool   // it concerns no one queue
	onName bool   // it goes by the queue's name, not by the instance
	do     func(ctx context.Context, r *rig, receipt string, id queue.MessageID) error
}

// calls are all entrances of the API.
var calls = []call{
	{name: "CreateQueue", op: "create", onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.b.CreateQueue(ctx, "q", queue.Patch{})
		return err
	}},
	{name: "Queue", op: "open", onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.b.Queue(ctx, "q")
		return err
	}},
	{name: "Queues", op: "list queues", global: true, onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) (last error) {
		for _, err := range r.b.Queues(ctx, "") {
			last = err
		}
		return last
	}},
	{name: "Info", op: "get attributes", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.Info(ctx)
		return err
	}},
	{name: "SetAttributes", op: "set attributes", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return r.q.SetAttributes(ctx, queue.Patch{MaxMessages: new(12345)})
	}},
	{name: "Stats", op: "stats", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.Stats(ctx)
		return err
	}},
	{name: "Peek", op: "peek", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.Peek(ctx, 10)
		return err
	}},
	{name: "List", op: "list", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.List(ctx, 0, 10)
		return err
	}},
	{name: "Messages", op: "list", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) (last error) {
		for _, err := range r.q.Messages(ctx) {
			last = err
		}
		return last
	}},
	{name: "Send", op: "send", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.Send(ctx, message("a"))
		return err
	}},
	{name: "SendMany", op: "send", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.SendMany(ctx, []queue.Message{message("a"), {Body: []byte("b"), Delay: new(time.Millisecond)}})
		return err
	}},
	{name: "SendMany of none", op: "send", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.SendMany(ctx, nil)
		return err
	}},
	{name: "Receive", op: "receive", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.Receive(ctx, nil)
		return err
	}},
	{name: "Receive with a wait", op: "receive", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.Receive(ctx, &queue.ReceiveOptions{Max: 3, Wait: new(2 * time.Millisecond), Visibility: new(time.Millisecond)})
		return err
	}},
	{name: "Deliveries", op: "receive", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) (last error) {
		for _, err := range r.q.Deliveries(ctx, &queue.ReceiveOptions{Max: 2, Wait: noWait}) {
			last = err
		}
		return last
	}},
	{name: "Delete", op: "delete", do: func(ctx context.Context, r *rig, receipt string, _ queue.MessageID) error {
		return r.q.Delete(ctx, receipt)
	}},
	{name: "DeleteMany of none", op: "delete", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.DeleteMany(ctx, nil)
		return err
	}},
	{name: "ChangeVisibility", op: "change visibility", do: func(ctx context.Context, r *rig, receipt string, _ queue.MessageID) error {
		return r.q.ChangeVisibility(ctx, receipt, time.Millisecond)
	}},
	{name: "ReleaseMany", op: "release", do: func(ctx context.Context, r *rig, receipt string, _ queue.MessageID) error {
		_, err := r.q.ReleaseMany(ctx, []string{receipt})
		return err
	}},
	{name: "Cancel", op: "cancel", do: func(ctx context.Context, r *rig, _ string, id queue.MessageID) error {
		_, err := r.q.Cancel(ctx, id)
		return err
	}},
	{name: "Purge", op: "purge", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.Purge(ctx)
		return err
	}},
	{name: "Schedule", op: "schedule", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, err := r.q.Schedule(ctx, every("a", time.Time{}, time.Millisecond))
		return err
	}},
	{name: "CancelSchedule", op: "cancel schedule", global: true, onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return except(queue.ErrNoSchedule, second(r.b.CancelSchedule(ctx, queue.ScheduleID{1})))
	}},
	{name: "CancelSchedules", op: "cancel schedule", global: true, onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return second(r.b.CancelSchedules(ctx, make([]queue.ScheduleID, 3)))
	}},
	{name: "LookupSchedule", op: "look up schedule", global: true, onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return except(queue.ErrNoSchedule, second(r.b.LookupSchedule(ctx, queue.ScheduleID{1})))
	}},
	{name: "Schedules", op: "list schedules", global: true, onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) (last error) {
		for _, err := range r.b.Schedules(ctx) {
			last = err
		}
		return last
	}},
	{name: "StartMove", op: "start move task", global: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return second(r.b.StartMove(ctx, queue.Move{Source: r.q.ID(), AnySource: true}, true))
	}},
	{name: "StepMove", op: "step move task", global: true, onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return except(queue.ErrNoTask, second(r.b.StepMove(ctx, queue.TaskID{1}, 10)))
	}},
	{name: "CancelMove", op: "cancel move task", global: true, onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return except(queue.ErrNoTask, second(r.b.CancelMove(ctx, queue.TaskID{1})))
	}},
	{name: "LookupMove", op: "look up move task", global: true, onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return except(queue.ErrNoTask, second(r.b.LookupMove(ctx, queue.TaskID{1})))
	}},
	{name: "Moves", op: "list move tasks", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return second(r.q.Moves(ctx))
	}},
	{name: "ActiveMoves", op: "list move tasks", global: true, onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return second(r.b.ActiveMoves(ctx))
	}},
	{name: "Transfer", op: "transfer", global: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return second(r.b.Transfer(ctx, queue.Transfer{Task: transferTask, From: r.q.ID(), Max: 10, Look: 10, DryRun: true}))
	}},
	{name: "Restore", op: "restore", global: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return second(r.b.Restore(ctx, queue.Restore{From: r.q.ID(), Max: 10, Look: 10}))
	}},
	{name: "ReceiveTransfers", op: "receive transfers", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		_, _, err := r.q.ReceiveTransfers(ctx, 10, time.Millisecond)
		return err
	}},
	{name: "Accept", op: "accept", do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return second(r.q.Accept(ctx, []queue.Arrival{arrival("a")}))
	}},
	{name: "DeleteQueue", op: "delete queue", onName: true, do: func(ctx context.Context, r *rig, _ string, _ queue.MessageID) error {
		return r.b.DeleteQueue(ctx, "q")
	}},
}

func second[T any](_ T, err error) error { return err }

// except returns err unless it is the one that is meant.
func except(fine, err error) error {
	if errors.Is(err, fine) {
		return nil
	}
	return err
}

// hold sends two messages to q, and returns the receipt of one of them and the
// ID of the other.
func (r *rig) hold() (receipt string, id queue.MessageID) {
	r.t.Helper()
	r.send("held")
	return r.take(r.q, hour).Receipt, r.sendLater("sent", hour)
}

// wantError reports an error that is not the wanted one, or does not say what
// was being done to which queue.
func (c call) wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", c.name, got, want)
		return
	}
	name, where := "q", `queue "q":`
	if c.global {
		name, where = "", "queue:"
	}
	e, ok := errors.AsType[*queue.Error](got)
	if !ok || e.Op != c.op || e.Queue != name {
		t.Errorf("%s: got error %#v, want an *Error with Op %q and Queue %q", c.name, e, c.op, name)
	}
	prefix := where + " " + c.op + ": "
	if text := got.Error(); !strings.HasPrefix(text, prefix) || strings.Count(text, where) != 1 {
		t.Errorf("%s: got the text %q, want one that begins with %q and says that once", c.name, text, prefix)
	}
}

// wantInvalid reports an error that does not name the field.
func wantInvalid(t tester, what string, got error, field string) {
	t.Helper()
	e, ok := errors.AsType[*queue.InvalidError](got)
	if !ok || !errors.Is(got, queue.ErrInvalid) || e.Field != field || e.Reason == "" {
		t.Errorf("%s: got error %v, want an *InvalidError for %q", what, got, field)
	}
}

// snapshot is all that can be seen of the rig's broker, as text.
func (r *rig) snapshot() string {
	r.t.Helper()
	var text strings.Builder
	for _, info := range r.schedules() {
		fmt.Fprintf(&text, "%s\n", showSchedule(info))
	}
	for info, err := range r.b.Queues(r.ctx(), "") {
		r.must(err)
		q, err := r.b.Queue(r.ctx(), info.Name)
		r.must(err)
		tasks, err := q.Moves(r.ctx())
		r.must(err)
		fmt.Fprintf(&text, "%+v\n", tasks)
		stats, err := q.Stats(r.ctx())
		r.must(err)
		fmt.Fprintf(&text, "%+v\n%+v\n", info, stats)
		for m, err := range q.Messages(r.ctx()) {
			r.must(err)
			fmt.Fprintf(&text, "%+v\n", m)
		}
	}
	return text.String()
}

// showSchedule is a schedule as text, without addresses.
func showSchedule(info queue.ScheduleInfo) string {
	delay := "the queue's"
	if m := &info.Schedule.Message; m.Delay != nil {
		delay, m.Delay = m.Delay.String(), nil
	}
	return fmt.Sprintf("%+v delay %s", info, delay)
}

// unchanged runs f and reports if it had an effect.
func (r *rig) unchanged(what string, f func()) {
	r.t.Helper()
	before := r.snapshot()
	f()
	if after := r.snapshot(); after != before {
		r.t.Errorf("%s had an effect:\nbefore\n%safter\n%s", what, before, after)
	}
}

func TestNilContext(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	receipt, id := r.hold()
	for _, c := range calls {
		r.unchanged(c.name, func() {
			err := c.do(nil, r, receipt, id)
			wantInvalid(t, c.name, err, "context")
			c.wantError(t, err, queue.ErrInvalid)
		})
	}
}

func TestCancelledContext(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	receipt, id := r.hold()
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(r.ctx())
	cancel(cause)
	for _, c := range calls {
		r.unchanged(c.name, func() { c.wantError(t, c.do(ctx, r, receipt, id), cause) })
	}
}

// The same with receives in line, where calls take other ways.
func TestContextBesideWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		receipt, id := r.hold()
		waits := r.waitFor(r.q, 2, hour/2)
		cause := errors.New("changed my mind")
		ctx, cancel := context.WithCancelCause(r.ctx())
		cancel(cause)
		for _, c := range calls {
			r.unchanged(c.name, func() {
				c.wantError(t, c.do(nil, r, receipt, id), queue.ErrInvalid)
				c.wantError(t, c.do(ctx, r, receipt, id), cause)
			})
		}
		waits.want(t, "waits, waits")
	})
}

func TestClosedBroker(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	receipt, id := r.hold()
	for i := range 3 {
		if err := r.b.Close(); err != nil {
			t.Errorf("close %d: got error %v, want none", i+1, err)
		}
	}
	for _, c := range calls {
		c.wantError(t, c.do(r.ctx(), r, receipt, id), queue.ErrClosed)
	}
}

func TestDeletedQueue(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	receipt, id := r.hold()
	r.must(r.b.DeleteQueue(r.ctx(), "q"))
	gone := func() {
		for _, c := range calls {
			if !c.onName {
				c.wantError(t, c.do(r.ctx(), r, receipt, id), queue.ErrNoQueue)
			}
		}
	}
	gone()
	for _, c := range calls {
		if c.name == "Queue" || c.name == "DeleteQueue" {
			c.wantError(t, c.do(r.ctx(), r, receipt, id), queue.ErrNoQueue)
		}
	}
	again := r.create("q", queue.Patch{})
	if again.ID() == r.q.ID() {
		t.Errorf("the queue created again has the ID %d of the deleted one", again.ID())
	}
	r.unchanged("a call on the deleted queue", gone)
}

// Info, Name and ID say which queue it is.
func TestQueueIdentity(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{Delay: new(5 * s)})
	found, err := r.b.Queue(r.ctx(), "q")
	r.must(err)
	same := r.create("q", queue.Patch{Delay: new(5 * s)})
	info, err := found.Info(r.ctx())
	r.must(err)
	if found.ID() != r.q.ID() || same.ID() != r.q.ID() || info.ID != r.q.ID() || found.ID() == 0 {
		t.Errorf("IDs of one queue: %d, %d, %d and %d", r.q.ID(), found.ID(), same.ID(), info.ID)
	}
	if found.Name() != "q" || info.Name != "q" || info.Attributes.Delay != 5*s {
		t.Errorf("got the names %q and %q and the delay %v, want q, q and 5s", found.Name(), info.Name, info.Attributes.Delay)
	}
	_, err = r.b.CreateQueue(r.ctx(), "q", queue.Patch{Delay: new(6 * s)})
	calls[0].wantError(t, err, queue.ErrQueueExists)
}

// A queue that is created without attributes has the profile's.
func TestDefaults(t *testing.T) {
	base := queue.Attributes{
		VisibilityTimeout: 30 * s, MaxVisibility: 12 * hour, Retention: 4 * day, MaxMessageBytes: 1 << 20,
		MaxMessages: 100_000_000, MaxBytes: 16 << 30, MaxInFlight: 10_000_000, DeduplicationWindow: 5 * time.Minute,
	}
	fifo := queue.Patch{FIFO: new(true)}
	tests := []struct {
		profile        *queue.Profile
		standard, fifo queue.Patch // what differs
	}{
		{queue.Core(), queue.Patch{}, fifo},
		{
			queue.SQS(),
			queue.Patch{MaxInFlight: new(120_000), RetainFromSend: new(true)},
			queue.Patch{FIFO: new(true), MaxInFlight: new(120_000), ReceiptPolicy: new(queue.Strict)},
		},
		{
			queue.YMQ(),
			queue.Patch{MaxInFlight: new(120_000), RetainFromSend: new(true), MaxMessageBytes: new(256 << 10), RefuseLateChange: new(true), ReceiptPolicy: new(queue.Any)},
			queue.Patch{FIFO: new(true), MaxInFlight: new(20_000), MaxMessageBytes: new(256 << 10), RefuseLateChange: new(true)},
		},
		{
			queue.CMQ(),
			queue.Patch{MaxMessageBytes: new(64 << 10), ReceiptPolicy: new(queue.Strict)},
			queue.Patch{FIFO: new(true), MaxMessageBytes: new(64 << 10), ReceiptPolicy: new(queue.Strict)},
		},
	}
	for _, test := range tests {
		r := newRig(t, queue.Config{Profile: test.profile}, queue.Patch{})
		name := "f"
		if test.profile.FIFOSuffix {
			name = "f.fifo"
		}
		for _, x := range []struct {
			queue *queue.Queue
			want  queue.Attributes
		}{{r.q, test.standard.Apply(base)}, {r.create(name, fifo), test.fifo.Apply(base)}} {
			info, err := x.queue.Info(r.ctx())
			r.must(err)
			if !info.Attributes.Equal(x.want) {
				t.Errorf("%s: a new queue has the attributes\n     %+v\nwant %+v", test.profile.Name, info.Attributes, x.want)
			}
		}
	}
}

// A send says which message it has made, or which was there first.
func TestSent(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	m := queue.Message{Body: []byte("a"), DeduplicationID: "x"}
	results, err := r.q.SendMany(r.ctx(), []queue.Message{m, {}, m, {}})
	r.must(err)
	infos, err := r.q.List(r.ctx(), 0, 10)
	r.must(err)
	if len(infos) != 3 || len(results) != 4 {
		t.Fatalf("%d messages of %d results, want 3 of 4", len(infos), len(results))
	}
	for i, info := range []queue.Info{infos[0], infos[1], infos[0], infos[2]} {
		want := queue.Sent{ID: info.ID, Sequence: info.Sequence, Duplicate: i == 2}
		if got := results[i]; got.Sent != want || got.Err != nil {
			t.Errorf("result %d: got %+v, want %+v and no error", i, got, want)
		}
	}
}

package model_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
)

const (
	ns = time.Nanosecond
	s  = time.Second
	m  = time.Minute
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A step is one row of a timeline: so long after the start, the call gives that
// answer.
type step struct {
	at   time.Duration
	do   call
	want string
}

// A call is one call of the engine, with its answer as text.
type call func(*rig) string

// A rig is an engine with queues known by name and messages known by body.
type rig struct {
	*model.Engine
	queues   map[string]driver.QueueID
	messages map[string]driver.MessageID
	receipts map[string][]driver.Receipt // the deliveries of each message
	tasks    map[string]driver.TaskID
	plans    map[string]driver.ScheduleID // schedules
	start    time.Time
	now      time.Time
	queue    string
}

func newRig(start time.Time) *rig {
	return &rig{
		Engine:   model.New(),
		queues:   make(map[string]driver.QueueID),
		messages: make(map[string]driver.MessageID),
		receipts: make(map[string][]driver.Receipt),
		tasks:    make(map[string]driver.TaskID),
		plans:    make(map[string]driver.ScheduleID),
		start:    start,
		now:      start,
	}
}

// play runs a timeline from the usual start. The queue of a row is "q", unless
// the call says another with [in].
func play(t *testing.T, steps []step) {
	t.Helper()
	playFrom(t, start, steps)
}

func playFrom(t *testing.T, start time.Time, steps []step) {
	t.Helper()
	r := newRig(start)
	for i, step := range steps {
		r.now, r.queue = start.Add(step.at), "q"
		if got := step.do(r); got != step.want {
			t.Errorf("step %d at %v:\n got %s\nwant %s", i, step.at, got, step.want)
		}
	}
}

// in makes the call on another queue.
func in(queue string, do call) call {
	return func(r *rig) string {
		r.queue = queue
		return do(r)
	}
}

func (r *rig) id() driver.QueueID { return r.queues[r.queue] }

// base is what the queues of a timeline have that say nothing else.
func base() driver.Attributes {
	return driver.Attributes{VisibilityTimeout: 10 * s, MaxMessageBytes: 100, ReceiveWait: 7 * s}
}

func create(patch driver.Patch) call {
	return func(r *rig) string {
		info, created, err := r.CreateQueue(context.Background(), r.now, r.queue, base(), patch)
		if err != nil {
			return text(err)
		}
		r.queues[r.queue] = info.ID
		if !created {
			return "found"
		}
		return "created"
	}
}

func set(patch driver.Patch) call {
	return func(r *rig) string {
		_, err := r.SetAttributes(context.Background(), r.now, r.id(), patch)
		return text(err)
	}
}

func drop() call {
	return func(r *rig) string { return text(r.DeleteQueue(context.Background(), r.id())) }
}

// send sends messages in one call. The body names the message; what stands
// before a slash is its group.
func send(bodies ...string) call {
	var messages []driver.Message
	for _, body := range bodies {
		messages = append(messages, message(body))
	}
	return sendAll(messages...)
}

// delayed sends one message with a delay.
func delayed(body string, delay time.Duration) call {
	msg := message(body)
	msg.Delay = &delay
	return sendAll(msg)
}

// sendID sends one message with a deduplication ID.
func sendID(body, id string) call {
	msg := message(body)
	msg.DeduplicationID = id
	return sendAll(msg)
}

func message(body string) driver.Message {
	group, _, found := strings.Cut(body, "/")
	if !found {
		group = ""
	}
	return driver.Message{Body: []byte(body), Group: group}
}

// sendAll answers "sent", with the body of the original for a duplicate.
func sendAll(messages ...driver.Message) call {
	return func(r *rig) string {
		results, err := r.Send(context.Background(), r.now, r.id(), messages)
		if err != nil {
			return text(err)
		}
		var words []string
		for i, result := range results {
			words = append(words, r.sent(string(messages[i].Body), result))
		}
		return strings.Join(words, " ")
	}
}

func (r *rig) sent(body string, result driver.SendResult) string {
	switch result.Outcome {
	case driver.Sent:
		r.messages[body] = result.ID
		return "sent"
	case driver.Duplicate:
		for name, id := range r.messages {
			if id == result.ID {
				return "duplicate:" + name
			}
		}
	case driver.TooLarge:
		return "large" + zero(result.ID, result.Sequence)
	case driver.QueueFull:
		return "full" + zero(result.ID, result.Sequence)
	}
	return fmt.Sprint(result)
}

// zero is empty if a message that was not sent has neither ID nor sequence.
func zero(id driver.MessageID, sequence uint64) string {
	if id == (driver.MessageID{}) && sequence == 0 {
		return ""
	}
	return fmt.Sprintf(" with ID %v and sequence %d", id, sequence)
}

// receive receives with the queue's visibility timeout.
func receive(most int) call { return receiveAs(driver.Receive{Max: most}) }

// receiveFor receives with a visibility timeout of its own.
func receiveFor(most int, visibility time.Duration) call {
	return receiveAs(driver.Receive{Max: most, Visibility: &visibility})
}

// receiveAs answers the bodies with their receive counts.
func receiveAs(ask driver.Receive) call {
	return func(r *rig) string {
		received, err := r.Receive(context.Background(), r.now, r.id(), ask)
		if err != nil {
			return text(err)
		}
		var words []string
		for _, d := range received.Deliveries {
			body := string(d.Body)
			r.receipts[body] = append(r.receipts[body], d.Receipt)
			words = append(words, fmt.Sprintf("%s#%d", body, d.ReceiveCount))
		}
		if received.DeadLettered > 0 {
			words = append(words, fmt.Sprintf("dead-lettered:%d", received.DeadLettered))
		}
		if received.Stranded > 0 {
			words = append(words, fmt.Sprintf("stranded:%d", received.Stranded))
		}
		return strings.Join(words, " ")
	}
}

// next answers when the queue says that something falls due, after the start.
func next() call {
	return func(r *rig) string {
		received, err := r.Receive(context.Background(), r.now, r.id(), driver.Receive{})
		if err != nil {
			return text(err)
		}
		if received.NextAt.IsZero() {
			return "never"
		}
		return received.NextAt.Sub(r.start).String()
	}
}

// receipt finds the receipt of a message's nth delivery, from 1; 0 is the last.
func (r *rig) receipt(body string, n int) driver.Receipt {
	all := r.receipts[body]
	if n == 0 {
		n = len(all)
	}
	return all[n-1]
}

// remove deletes by the receipts of the last deliveries.
func remove(bodies ...string) call {
	return func(r *rig) string {
		var words []string
		for _, body := range bodies {
			words = append(words, removeNth(body, 0)(r))
		}
		return strings.Join(words, " ")
	}
}

// removeNth deletes by the receipt of the nth delivery.
func removeNth(body string, n int) call {
	return func(r *rig) string {
		results, err := r.Delete(context.Background(), r.now, r.id(), []driver.Receipt{r.receipt(body, n)})
		if err != nil {
			return text(err)
		}
		return deleteOutcomes[results[0].Outcome] + standings[results[0].Standing]
	}
}

// change changes the visibility timeout by the receipt of the last delivery.
func change(body string, timeout time.Duration) call { return changeNth(body, 0, timeout) }

func changeNth(body string, n int, timeout time.Duration) call {
	return changeAs(body, n, driver.Change{Timeout: timeout})
}

func uncount(body string) call { return changeAs(body, 0, driver.Change{Uncount: true}) }

func changeAs(body string, n int, c driver.Change) call {
	return func(r *rig) string {
		c.Receipt = r.receipt(body, n)
		outcomes, err := r.ChangeVisibility(context.Background(), r.now, r.id(), []driver.Change{c})
		if err != nil {
			return text(err)
		}
		return changeOutcomes[outcomes[0]]
	}
}

func cancel(bodies ...string) call {
	return func(r *rig) string {
		var ids []driver.MessageID
		for _, body := range bodies {
			ids = append(ids, r.messages[body])
		}
		outcomes, err := r.Cancel(context.Background(), r.now, r.id(), ids)
		if err != nil {
			return text(err)
		}
		var words []string
		for _, outcome := range outcomes {
			words = append(words, cancelOutcomes[outcome])
		}
		return strings.Join(words, " ")
	}
}

func purge() call {
	return func(r *rig) string {
		removed, err := r.Purge(context.Background(), r.now, r.id())
		if err != nil {
			return text(err)
		}
		return fmt.Sprint(removed)
	}
}

func peek(most int) call {
	return func(r *rig) string {
		infos, err := r.Peek(context.Background(), r.now, r.id(), most)
		if err != nil {
			return text(err)
		}
		var words []string
		for _, info := range infos {
			words = append(words, string(info.Body))
		}
		return strings.Join(words, " ")
	}
}

// list answers each body with its state and when that ends or began.
func list() call {
	return func(r *rig) string {
		infos, err := r.List(context.Background(), r.now, r.id(), 0, 1000)
		if err != nil {
			return text(err)
		}
		var words []string
		for _, info := range infos {
			words = append(words, fmt.Sprintf("%s %v %v", info.Body, info.State, info.VisibleAt.Sub(r.start)))
		}
		return strings.Join(words, ", ")
	}
}

// stats answers the counts of visible, delayed and in flight, the bytes, and
// the deduplication IDs.
func stats() call {
	return func(r *rig) string {
		c, err := r.Stats(context.Background(), r.now, r.id())
		if err != nil {
			return text(err)
		}
		return fmt.Sprintf("%d+%d+%d %dB %did", c.Visible.Messages, c.Delayed.Messages, c.InFlight.Messages, c.Bytes, c.DeduplicationIDs)
	}
}

func text(err error) string {
	for name, target := range map[string]error{
		"closed": driver.ErrClosed, "no queue": driver.ErrNoQueue, "exists": driver.ErrQueueExists,
		"invalid": driver.ErrInvalid, "refused": driver.ErrDeadLetterPolicy, "in-flight limit": driver.ErrInFlightLimit,
		"no task": driver.ErrNoTask, "not running": driver.ErrNotRunning, "active": driver.ErrMoveActive,
		"too many moves": driver.ErrTooManyMoves, "not a dead-letter queue": driver.ErrNotDeadLetterQueue,
		"no destination": driver.ErrNoDestination, "no schedule": driver.ErrNoSchedule, "too many schedules": driver.ErrTooManySchedules,
	} {
		if errors.Is(err, target) {
			return name
		}
	}
	return fmt.Sprint(err)
}

const ok = "<nil>"

var (
	deleteOutcomes = map[driver.DeleteOutcome]string{
		driver.Deleted: "deleted", driver.AlreadyGone: "gone",
		driver.DeleteRefusedLate: "refused", driver.DeleteRefusedSuperseded: "refused",
	}
	standings = map[driver.Standing]string{
		driver.Current: " current", driver.Late: " late", driver.Superseded: " superseded",
	}
	changeOutcomes = map[driver.ChangeOutcome]string{
		driver.Changed: "changed", driver.ChangeGone: "gone", driver.ChangeRefusedLate: "late",
		driver.ChangeRefusedSuperseded: "superseded", driver.ChangeAboveCap: "above cap", driver.ChangeInFlightLimit: "in-flight limit",
	}
	cancelOutcomes = map[driver.CancelOutcome]string{
		driver.Cancelled: "cancelled", driver.CancelInFlight: "in flight", driver.CancelDelivered: "delivered",
		driver.CancelGone: "gone", driver.CancelUnknown: "unknown",
	}
)

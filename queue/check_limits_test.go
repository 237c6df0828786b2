package queue_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// profiles are the profiles in the order in which limits stand in tables.
var profiles = []struct {
	name string
	make func() *queue.Profile
}{
	{"core", queue.Core},
	{"sqs", queue.SQS},
	{"ymq", queue.YMQ},
	{"cmq", queue.CMQ},
}

// A span is a range of values that are accepted, both ends included.
type span struct{ least, most int64 }

const (
	seconds = int64(time.Second)
	days    = int64(day)
	century = 36_500 * days
	forever = math.MaxInt64
)

// everywhere is one range for all profiles.
func everywhere(least, most int64) [4]span {
	return [4]span{{least, most}, {least, most}, {least, most}, {least, most}}
}

// A limit is one input of one call with its ranges: core, sqs, ymq, cmq. The
// figures are the vendors', written out once more, so that one that changes in
// profile.go is noticed.
type limit struct {
	op, field string // as the error names them
	spans     [4]span
	length    bool // the value is a length, and there is none below zero
	try       func(r *rig, receipt string, v int64) error
}

var limits = []limit{
	{op: "create", field: "queue name", length: true, spans: [4]span{{1, 256}, {1, 80}, {1, 80}, {1, 64}},
		try: func(r *rig, _ string, v int64) error {
			_, err := r.b.CreateQueue(r.ctx(), repeat(v), queue.Patch{})
			return err
		}},
	{op: "receive", field: "number of messages", spans: batchSpans,
		try: receiveWith(func(v int64) queue.ReceiveOptions { return queue.ReceiveOptions{Max: int(v)} })},
	{op: "receive", field: "wait", spans: [4]span{{0, century}, {0, 20 * seconds}, {0, 20 * seconds}, {0, 30 * seconds}},
		try: receiveWith(func(v int64) queue.ReceiveOptions { return queue.ReceiveOptions{Wait: new(time.Duration(v))} })},
	{op: "receive", field: "visibility timeout", spans: visibilitySpans,
		try: receiveWith(func(v int64) queue.ReceiveOptions { return queue.ReceiveOptions{Visibility: new(time.Duration(v))} })},
	{op: "change visibility", field: "visibility timeout", spans: [4]span{{0, century}, {0, 43_200 * seconds}, {0, 43_200 * seconds}, {0, 43_200 * seconds}},
		try: func(r *rig, receipt string, v int64) error {
			return r.q.ChangeVisibility(r.ctx(), receipt, time.Duration(v))
		}},
	{op: "send", field: "delay", spans: delaySpans,
		try: sendWith(func(v int64) queue.Message { return queue.Message{Delay: new(time.Duration(v))} })},
	{op: "send", field: "attributes", length: true, spans: [4]span{{0, 100}, {0, 10}, {0, 10}, {0, 100}},
		try: sendWith(func(v int64) queue.Message {
			m := queue.Message{Attributes: map[string]queue.Value{}}
			for i := range v {
				m.Attributes[fmt.Sprint(i)] = queue.String("")
			}
			return m
		})},
	{op: "send", field: "message group", length: true, spans: groupSpans,
		try: sendWith(func(v int64) queue.Message { return queue.Message{Group: repeat(v)} })},
	{op: "send", field: "deduplication ID", length: true, spans: groupSpans,
		try: sendWith(func(v int64) queue.Message { return queue.Message{DeduplicationID: repeat(v)} })},
	{op: "peek", field: "number of messages", spans: everywhere(1, 10_000),
		try: func(r *rig, _ string, v int64) error {
			_, err := r.q.Peek(r.ctx(), int(v))
			return err
		}},
	{op: "list", field: "number of messages", spans: everywhere(1, 10_000),
		try: func(r *rig, _ string, v int64) error {
			_, err := r.q.List(r.ctx(), 0, int(v))
			return err
		}},
	batch("send", func(r *rig, _ string, n int64) (int, error) {
		messages := make([]queue.Message, n)
		for i := range messages {
			messages[i].Body = []byte("x")
		}
		results, err := r.q.SendMany(r.ctx(), messages)
		return len(results), err
	}),
	batch("delete", func(r *rig, receipt string, n int64) (int, error) {
		results, err := r.q.DeleteMany(r.ctx(), receipts(receipt, n))
		return len(results), err
	}),
	batch("change visibility", func(r *rig, receipt string, n int64) (int, error) {
		changes := make([]queue.VisibilityChange, n)
		for i := range changes {
			changes[i].Receipt = receipt
		}
		results, err := r.q.ChangeVisibilityMany(r.ctx(), changes)
		return len(results), err
	}),
	batch("release", func(r *rig, receipt string, n int64) (int, error) {
		results, err := r.q.ReleaseMany(r.ctx(), receipts(receipt, n))
		return len(results), err
	}),
	batch("cancel", func(r *rig, _ string, n int64) (int, error) {
		outcomes, err := r.q.CancelMany(r.ctx(), make([]queue.MessageID, n))
		return len(outcomes), err
	}),
}

var (
	batchSpans      = [4]span{{0, 10_000}, {0, 10}, {0, 10}, {0, 16}}
	visibilitySpans = [4]span{{0, century}, {0, 43_200 * seconds}, {0, 43_200 * seconds}, {1 * seconds, 43_200 * seconds}}
	capSpans        = [4]span{{0, century}, {0, 43_200 * seconds}, {0, 43_200 * seconds}, {0, 43_200 * seconds}}
	delaySpans      = [4]span{{0, forever}, {0, 900 * seconds}, {0, 900 * seconds}, {0, 3600 * seconds}}
	retentionSpans  = [4]span{{0, century}, {60 * seconds, 14 * days}, {60 * seconds, 14 * days}, {60 * seconds, 15 * days}}
	waitSpans       = [4]span{{0, century}, {0, 20 * seconds}, {0, 20 * seconds}, {0, 30 * seconds}}
	windowSpans     = [4]span{{0, century}, {0, 14 * days}, {0, 14 * days}, {0, 15 * days}}
	sizeSpans       = [4]span{{0, 1 << 30}, {1 << 10, 1 << 20}, {1, 256 << 10}, {1 << 10, 64 << 10}}
	receivesSpans   = [4]span{{1, 1_000_000}, {1, 1000}, {1, 1000}, {1, 1000}}
	groupSpans      = [4]span{{0, 256}, {0, 128}, {0, 128}, {0, 256}}
)

// attributeLimits are the limits of attributes, which have two entrances.
var attributeLimits = []struct {
	field string
	spans [4]span
	patch func(v int64) queue.Patch
}{
	{"delay", delaySpans, func(v int64) queue.Patch { return queue.Patch{Delay: new(time.Duration(v))} }},
	{"visibility timeout", visibilitySpans, func(v int64) queue.Patch {
		return queue.Patch{VisibilityTimeout: new(time.Duration(v)), MaxVisibility: new(time.Duration(0))}
	}},
	{"visibility cap", capSpans, func(v int64) queue.Patch { return queue.Patch{MaxVisibility: new(time.Duration(v))} }},
	{"retention", retentionSpans, func(v int64) queue.Patch { return queue.Patch{Retention: new(time.Duration(v))} }},
	{"receive wait", waitSpans, func(v int64) queue.Patch { return queue.Patch{ReceiveWait: new(time.Duration(v))} }},
	{"deduplication window", windowSpans, func(v int64) queue.Patch { return queue.Patch{DeduplicationWindow: new(time.Duration(v))} }},
	{"message size limit", sizeSpans, func(v int64) queue.Patch { return queue.Patch{MaxMessageBytes: new(int(v))} }},
	{"message limit", everywhere(0, forever), func(v int64) queue.Patch { return queue.Patch{MaxMessages: new(int(v))} }},
	{"byte limit", everywhere(0, forever), func(v int64) queue.Patch { return queue.Patch{MaxBytes: &v} }},
	{"in-flight limit", everywhere(0, forever), func(v int64) queue.Patch { return queue.Patch{MaxInFlight: new(int(v))} }},
	{"dead-letter policy", receivesSpans, func(v int64) queue.Patch {
		return queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: int(v)}}
	}},
}

func receiveWith(options func(v int64) queue.ReceiveOptions) func(*rig, string, int64) error {
	return func(r *rig, _ string, v int64) error {
		o := options(v)
		_, err := r.q.Receive(r.ctx(), &o)
		return err
	}
}

func sendWith(m func(v int64) queue.Message) func(*rig, string, int64) error {
	return func(r *rig, _ string, v int64) error {
		message := m(v)
		message.Body = []byte("x")
		_, err := r.q.Send(r.ctx(), message)
		return err
	}
}

// batch is the limit of a call that takes many inputs, and must return as many
// results.
func batch(op string, try func(r *rig, receipt string, n int64) (int, error)) limit {
	return limit{op: op, field: "batch", spans: batchSpans, length: true,
		try: func(r *rig, receipt string, v int64) error {
			n, err := try(r, receipt, v)
			if err == nil && int64(n) != v {
				return fmt.Errorf("%d results for %d inputs", n, v)
			}
			return err
		}}
}

func repeat(n int64) string { return strings.Repeat("x", int(n)) }

func receipts(receipt string, n int64) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = receipt
	}
	return all
}

// check tries the ends of the range and what is just outside, each on a broker
// of its own.
func (l limit) check(t *testing.T, profile *queue.Profile, s span) {
	accepted, refused := []int64{s.least, s.most}, []int64{s.least - 1}
	if s.most < forever {
		refused = append(refused, s.most+1)
	}
	if !l.length {
		refused = append(refused, math.MinInt64)
		if s.most < forever {
			refused = append(refused, math.MaxInt64)
		}
	}
	begin := func() (*rig, string) {
		r := newRig(t, queue.Config{Clock: newStepping(noon), Profile: profile}, queue.Patch{MaxVisibility: new(time.Duration(0))})
		r.create("dead", queue.Patch{})
		r.send("held", "x")
		return r, r.take(r.q, hour).Receipt
	}
	for _, v := range accepted {
		r, receipt := begin()
		if err := l.try(r, receipt, v); err != nil {
			t.Errorf("%s with %s %d: got error %v, want none", l.op, l.field, v, err)
		}
	}
	for _, v := range refused {
		if l.length && v < 0 {
			continue
		}
		r, receipt := begin()
		what := fmt.Sprintf("%s with %s %d", l.op, l.field, v)
		r.unchanged(what, func() {
			err := l.try(r, receipt, v)
			wantInvalid(t, what, err, l.field)
			if e, ok := errors.AsType[*queue.Error](err); !ok || e.Op != l.op {
				t.Errorf("%s: got error %v, want an *Error with that operation", what, err)
			}
		})
	}
}

// Trap R14: every number is checked at every entrance. At the ends of its range
// it is accepted; what is outside is refused, and has no effect.
func TestLimits(t *testing.T) {
	for i, p := range profiles {
		for _, l := range limits {
			t.Run(p.name+"/"+l.op+"/"+l.field, func(t *testing.T) { l.check(t, p.make(), l.spans[i]) })
		}
	}
}

func TestAttributeLimits(t *testing.T) {
	for i, p := range profiles {
		for _, a := range attributeLimits {
			set := limit{op: "set attributes", field: a.field, try: func(r *rig, _ string, v int64) error {
				if err := r.q.SetAttributes(r.ctx(), a.patch(v)); err != nil {
					return err
				}
				return kept(r, r.q, a.patch(v))
			}}
			create := limit{op: "create", field: a.field, try: func(r *rig, _ string, v int64) error {
				q, err := r.b.CreateQueue(r.ctx(), "new", a.patch(v))
				if err != nil {
					return err
				}
				return kept(r, q, a.patch(v))
			}}
			t.Run(p.name+"/"+a.field, func(t *testing.T) {
				set.check(t, p.make(), a.spans[i])
				create.check(t, p.make(), a.spans[i])
			})
		}
	}
}

// kept returns an error if the queue's attributes are not what the patch says.
func kept(r *rig, q *queue.Queue, patch queue.Patch) error {
	info, err := q.Info(r.ctx())
	if err == nil && !patch.Apply(info.Attributes).Equal(info.Attributes) {
		err = fmt.Errorf("the attributes are %+v", info.Attributes)
	}
	return err
}

// The values that are not numbers are checked as well.
func TestAttributeChoices(t *testing.T) {
	tests := []struct {
		field string
		patch queue.Patch
		fine  bool
	}{
		{"receipt policy", queue.Patch{ReceiptPolicy: new(queue.Any)}, true},
		{"receipt policy", queue.Patch{ReceiptPolicy: new(queue.Any + 1)}, false},
		{"deduplication scope", queue.Patch{DeduplicationScope: new(queue.ScopeGroup)}, true},
		{"deduplication scope", queue.Patch{DeduplicationScope: new(queue.ScopeGroup + 1)}, false},
		{"dead-letter sources", queue.Patch{DeadLetterSources: &queue.DeadLetterSources{Mode: queue.AllowNone}}, true},
		{"dead-letter sources", queue.Patch{DeadLetterSources: &queue.DeadLetterSources{Mode: queue.AllowNone + 1}}, false},
		{"dead-letter sources", queue.Patch{DeadLetterSources: &queue.DeadLetterSources{Mode: queue.AllowListed, Queues: []string{"a"}}}, true},
		{"dead-letter sources", queue.Patch{DeadLetterSources: &queue.DeadLetterSources{Mode: queue.AllowListed}}, false},
		{"dead-letter sources", queue.Patch{DeadLetterSources: &queue.DeadLetterSources{Queues: []string{"a"}}}, false},
		{"dead-letter sources", queue.Patch{DeadLetterSources: &queue.DeadLetterSources{Mode: queue.AllowListed, Queues: []string{"a", ""}}}, false},
		{"dead-letter policy", queue.Patch{DeadLetter: &queue.DeadLetter{}}, true},
		{"dead-letter policy", queue.Patch{DeadLetter: &queue.DeadLetter{MaxReceives: 3}}, false},
		{"dead-letter policy", queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "\x00", MaxReceives: 3}}, false},
		{"visibility timeout", queue.Patch{VisibilityTimeout: new(hour), MaxVisibility: new(hour)}, true},
		{"visibility timeout", queue.Patch{VisibilityTimeout: new(hour + 1), MaxVisibility: new(hour)}, false},
		{"visibility timeout", queue.Patch{MaxVisibility: new(30*s - 1)}, false}, // below the default timeout
	}
	for _, p := range profiles {
		for i, test := range tests {
			t.Run(fmt.Sprintf("%s/%d/%s", p.name, i, test.field), func(t *testing.T) {
				r := newRig(t, queue.Config{Clock: newStepping(noon), Profile: p.make()}, queue.Patch{})
				if test.fine {
					r.must(r.q.SetAttributes(r.ctx(), test.patch))
					r.must(kept(r, r.q, test.patch))
					r.must(kept(r, r.create("new", test.patch), test.patch))
					return
				}
				r.unchanged("the patch", func() {
					wantInvalid(t, "set attributes", r.q.SetAttributes(r.ctx(), test.patch), test.field)
					_, err := r.b.CreateQueue(r.ctx(), "new", test.patch)
					wantInvalid(t, "create", err, test.field)
				})
			})
		}
	}
}

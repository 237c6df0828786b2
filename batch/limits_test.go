package batch_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redriveq/redrive/batch"
	"github.com/redriveq/redrive/queue"
)

// numbered returns n IDs that differ.
func numbered(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint("id-", i)
	}
	return all
}

// A request that breaks a limit is refused by all three operations with the same
// error, and nothing reaches the engine.
func TestRequestFaults(t *testing.T) {
	letters := func(n int) string { return strings.Repeat("x", n) }
	for _, test := range []struct {
		name   string
		limits batch.Limits
		ids    []string
		want   error // nil: accepted
		index  int   // of the EntryError; -1: none
	}{
		{"none", batch.SQS(), nil, batch.ErrEmpty, -1},
		{"empty", batch.Core(), []string{}, batch.ErrEmpty, -1},
		{"sqs 10", batch.SQS(), numbered(10), nil, -1},
		{"sqs 11", batch.SQS(), numbered(11), batch.ErrTooManyEntries, -1},
		{"ymq 10", batch.YMQ(), numbered(10), nil, -1},
		{"ymq 11", batch.YMQ(), numbered(11), batch.ErrTooManyEntries, -1},
		{"cmq 16", batch.CMQ(), numbered(16), nil, -1},
		{"cmq 17", batch.CMQ(), numbered(17), batch.ErrTooManyEntries, -1},
		{"core 10000", batch.Core(), numbered(10_000), nil, -1},
		{"core 10001", batch.Core(), numbered(10_001), batch.ErrTooManyEntries, -1},
		{"zero 10000", batch.Limits{}, numbered(10_000), nil, -1},
		{"zero 10001", batch.Limits{}, numbered(10_001), batch.ErrTooManyEntries, -1},
		{"negative", batch.Limits{MaxEntries: -1, MaxBytes: -1, MaxID: -1}, numbered(10_000), nil, -1},
		{"own", batch.Limits{MaxEntries: 2}, numbered(3), batch.ErrTooManyEntries, -1},
		{"all characters", batch.SQS(), []string{"azAZ09-_"}, nil, -1},
		{"same but for case", batch.SQS(), []string{"a", "A"}, nil, -1},
		{"80 letters", batch.SQS(), []string{letters(80)}, nil, -1},
		{"81 letters", batch.SQS(), []string{letters(81)}, batch.ErrInvalidID, 0},
		{"256 letters", batch.Limits{}, []string{letters(256)}, nil, -1},
		{"257 letters", batch.Limits{}, []string{letters(257)}, batch.ErrInvalidID, 0},
		{"no ID", batch.SQS(), []string{"a", ""}, batch.ErrInvalidID, 1},
		{"space", batch.SQS(), []string{"a", "b", "a b"}, batch.ErrInvalidID, 2},
		{"dot", batch.SQS(), []string{"a.b"}, batch.ErrInvalidID, 0},
		{"letter outside ASCII", batch.SQS(), []string{"é"}, batch.ErrInvalidID, 0},
		{"no UTF-8", batch.SQS(), []string{"\xff"}, batch.ErrInvalidID, 0},
		{"duplicate", batch.SQS(), []string{"a", "b", "a"}, batch.ErrDuplicateID, 2},
		{"number before IDs", batch.Limits{MaxEntries: 1}, []string{"a", "a"}, batch.ErrTooManyEntries, -1},
		{"first of two", batch.SQS(), []string{"a", "a", ""}, batch.ErrDuplicateID, 1},
		{"first of two, other", batch.SQS(), []string{"a", "", "a"}, batch.ErrInvalidID, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, _, q := open(t, nil, queue.Patch{})
			sends := make([]batch.SendEntry, len(test.ids))
			deletes := make([]batch.DeleteEntry, len(test.ids))
			changes := make([]batch.ChangeEntry, len(test.ids))
			for i, id := range test.ids {
				sends[i].ID, deletes[i].ID, changes[i].ID = id, id, id
			}
			sent, sendErr := batch.Send(t.Context(), q, test.limits, sends)
			deleted, deleteErr := batch.Delete(t.Context(), q, test.limits, deletes)
			changed, changeErr := batch.ChangeVisibility(t.Context(), q, test.limits, changes)
			for op, err := range map[string]error{"send": sendErr, "delete": deleteErr, "change visibility": changeErr} {
				wantFault(t, op, err, test.want, test.index)
			}
			if results := len(sent) + len(deleted) + len(changed); test.want != nil && results > 0 {
				t.Errorf("got %d results beside errors, want none", results)
			}
			if calls := len(e.sent()) + len(e.deletes); test.want != nil && calls > 0 {
				t.Errorf("the engine was called %d times", calls)
			}
		})
	}
}

func wantFault(t *testing.T, op string, err, want error, index int) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%s: got %v, want %v", op, err, want)
	}
	if want == nil {
		return
	}
	if !errors.Is(err, queue.ErrInvalid) {
		t.Errorf("%s: %v is not %v", op, err, queue.ErrInvalid)
	}
	if _, ok := errors.AsType[*queue.InvalidError](err); !ok {
		t.Errorf("%s: no *InvalidError in %v", op, err)
	}
	if e, ok := errors.AsType[*queue.Error](err); !ok || e.Op != op || e.Queue != "orders" {
		t.Errorf("%s: got %+v, want it to name the operation and the queue", op, e)
	}
	got := -1
	if e, ok := errors.AsType[*batch.EntryError](err); ok {
		got = e.Index
	}
	if got != index {
		t.Errorf("%s: %v is about entry %d, want %d", op, err, got, index)
	}
}

// The faults are five different errors.
func TestFaultsDiffer(t *testing.T) {
	all := []error{batch.ErrEmpty, batch.ErrTooManyEntries, batch.ErrTooLarge, batch.ErrInvalidID, batch.ErrDuplicateID}
	for i, a := range all {
		for j, b := range all {
			if errors.Is(a, b) != (i == j) {
				t.Errorf("errors.Is(%v, %v) is %v", a, b, i != j)
			}
		}
	}
}

// Bodies and attributes of all messages count together, to the byte.
func TestRequestSize(t *testing.T) {
	for _, test := range []struct {
		limits   batch.Limits
		messages []queue.Message
		want     error
	}{
		{batch.Limits{MaxBytes: 10}, []queue.Message{message("01234"), message("56789")}, nil},
		{batch.Limits{MaxBytes: 10}, []queue.Message{message("01234"), message("567890")}, batch.ErrTooLarge},
		{batch.Limits{MaxBytes: 10}, []queue.Message{message("01234567890")}, batch.ErrTooLarge},
		{batch.Limits{MaxBytes: 10}, []queue.Message{attribute("n", "v"), message("01")}, nil},
		{batch.Limits{MaxBytes: 10}, []queue.Message{attribute("n", "v"), message("012")}, batch.ErrTooLarge},
		{batch.SQS(), []queue.Message{message(strings.Repeat("x", 1<<20))}, nil},
		{batch.SQS(), []queue.Message{message(strings.Repeat("x", 1<<20-1)), message("xx")}, batch.ErrTooLarge},
		{batch.YMQ(), []queue.Message{message(strings.Repeat("x", 256<<10))}, nil},
		{batch.YMQ(), []queue.Message{message(strings.Repeat("x", 256<<10)), message("x")}, batch.ErrTooLarge},
		{batch.CMQ(), []queue.Message{message(strings.Repeat("x", 64<<10))}, nil},
		{batch.CMQ(), []queue.Message{message(strings.Repeat("x", 64<<10)), message("x")}, batch.ErrTooLarge},
	} {
		e, _, q := open(t, nil, queue.Patch{})
		entries := make([]batch.SendEntry, len(test.messages))
		size := 0
		for i, m := range test.messages {
			entries[i] = batch.SendEntry{ID: fmt.Sprint(i), Message: m}
			size += m.Size()
		}
		results, err := batch.Send(t.Context(), q, test.limits, entries)
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%+v, %d bytes: got %v, want %v", test.limits, size, err, test.want)
		}
		if results.Err() != nil {
			t.Errorf("%+v, %d bytes: %v", test.limits, size, results.Err())
		}
		if calls := len(e.sent()); test.want != nil && calls > 0 {
			t.Errorf("%+v, %d bytes: the engine was called", test.limits, size)
		}
	}
}

// attribute returns a message of 8 bytes, for names and values of one: the kind
// counts too.
func attribute(name, value string) queue.Message {
	return queue.Message{Attributes: map[string]queue.Value{name: queue.String(value)}}
}

// The profile limits a request too, and it is not split.
func TestProfileBelowLimits(t *testing.T) {
	e, _, q := open(t, queue.SQS(), queue.Patch{})
	var entries []batch.SendEntry
	for _, id := range numbered(11) {
		entries = append(entries, batch.SendEntry{ID: id, Message: message("m")})
	}
	results, err := batch.Send(t.Context(), q, batch.Core(), entries)
	if !errors.Is(err, queue.ErrInvalid) || results != nil {
		t.Errorf("got %v and %v, want %v", results, err, queue.ErrInvalid)
	}
	if got := e.sent(); len(got) > 0 {
		t.Errorf("the engine was called with %q", got)
	}
}

func TestNil(t *testing.T) {
	_, _, q := open(t, nil, queue.Patch{})
	_, err := batch.Send(t.Context(), nil, batch.Core(), []batch.SendEntry{{ID: "a"}})
	if !errors.Is(err, queue.ErrInvalid) {
		t.Errorf("nil queue: got %v, want %v", err, queue.ErrInvalid)
	}
	//lint:ignore SA1012 a nil context must be refused
	_, err = batch.Delete(nil, q, batch.Core(), []batch.DeleteEntry{{ID: "a"}})
	if !errors.Is(err, queue.ErrInvalid) {
		t.Errorf("nil context: got %v, want %v", err, queue.ErrInvalid)
	}
	for name, s := range map[string]*batch.Sender{"zero": {}, "nil queue": batch.NewSender(nil, batch.Config{})} {
		if _, err := s.Send(t.Context(), queue.Message{}); !errors.Is(err, queue.ErrInvalid) {
			t.Errorf("%s sender: got %v, want %v", name, err, queue.ErrInvalid)
		}
	}
	for name, d := range map[string]*batch.Deleter{"zero": {}, "nil queue": batch.NewDeleter(nil, batch.Config{})} {
		if err := d.Delete(t.Context(), ""); !errors.Is(err, queue.ErrInvalid) {
			t.Errorf("%s deleter: got %v, want %v", name, err, queue.ErrInvalid)
		}
	}
	//lint:ignore SA1012 a nil context must be refused
	if _, err := batch.NewSender(q, batch.Config{}).Send(nil, message("m")); !errors.Is(err, queue.ErrInvalid) {
		t.Errorf("nil context: got %v, want %v", err, queue.ErrInvalid)
	}
	if got := bodies(t, q); len(got) > 0 {
		t.Errorf("got messages %q, want none", got)
	}
}

package batch_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/batch"
	"github.com/redriveq/redrive/queue"
)

func TestSendOneOutcomePerEntry(t *testing.T) {
	_, _, q := open(t, nil, queue.Patch{
		FIFO:            new(true),
		MaxMessageBytes: new(10),
		MaxMessages:     new(4),
	})
	var tooEarly time.Duration = -1
	results, err := batch.Send(t.Context(), q, batch.Core(), []batch.SendEntry{
		{ID: "good", Message: queue.Message{Body: []byte("a"), DeduplicationID: "x"}},
		{ID: "large", Message: message("01234567890")},
		{ID: "again", Message: queue.Message{Body: []byte("b"), DeduplicationID: "x"}},
		{ID: "delay", Message: queue.Message{Body: []byte("c"), Delay: &tooEarly}},
		{ID: "empty"},
		{ID: "d", Message: message("d")},
		{ID: "e", Message: message("e")},
		{ID: "full", Message: message("f")},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantIDs := []string{"good", "large", "again", "delay", "empty", "d", "e", "full"}
	if got := ids(results); !slices.Equal(got, wantIDs) {
		t.Errorf("got results for %q, want %q", got, wantIDs)
	}
	wantErrors(t, failures(results), []error{nil, queue.ErrInvalid, nil, queue.ErrInvalid, nil, nil, nil, queue.ErrQueueFull})
	if first, again := results[0].Value, results[2].Value; first.Duplicate || !again.Duplicate || again.ID != first.ID {
		t.Errorf("got %+v and then %+v, want a duplicate of the first", first, again)
	}
	if got, want := bodies(t, q), []string{"a", "", "d", "e"}; !slices.Equal(got, want) {
		t.Errorf("got messages %q, want %q", got, want)
	}
	for _, i := range []int{1, 3, 7} {
		if results[i].Value != (queue.Sent{}) {
			t.Errorf("entry %d: got %+v beside an error, want the zero value", i, results[i].Value)
		}
	}
}

func TestDeleteOneOutcomePerEntry(t *testing.T) {
	_, b, q := open(t, nil, queue.Patch{})
	other, err := b.CreateQueue(t.Context(), "other", queue.Patch{})
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range []*queue.Queue{q, q, other} {
		if _, err := each.Send(t.Context(), message("m")); err != nil {
			t.Fatal(err)
		}
	}
	mine, foreign := receipts(t, q, 2), receipts(t, other, 1)
	results, err := batch.Delete(t.Context(), q, batch.SQS(), []batch.DeleteEntry{
		{ID: "1", Receipt: mine[0]},
		{ID: "2", Receipt: "garbage"},
		{ID: "3", Receipt: mine[0]},
		{ID: "4", Receipt: foreign[0]},
		{ID: "5", Receipt: mine[1]},
		{ID: "6"},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantErrors(t, failures(results), []error{
		nil, queue.ErrReceiptMalformed, queue.ErrMessageGone, queue.ErrWrongQueue, nil, queue.ErrReceiptMalformed,
	})
	want := queue.DeleteResult{Outcome: queue.Deleted, Standing: queue.Current}
	if got := results[4].Value; got != want {
		t.Errorf("entry 5: got %+v, want %+v", got, want)
	}
	if got := results[2].Value.Outcome; got != queue.AlreadyGone {
		t.Errorf("entry 3: got outcome %v beside the error, want %v", got, queue.AlreadyGone)
	}
	if got := bodies(t, q); len(got) > 0 {
		t.Errorf("got messages %q, want none", got)
	}
	if got := bodies(t, other); len(got) != 1 {
		t.Errorf("got %q in the other queue, want its message", got)
	}
}

func TestChangeVisibilityOneOutcomePerEntry(t *testing.T) {
	_, _, q := open(t, nil, queue.Patch{MaxVisibility: new(time.Hour)})
	for range 2 {
		if _, err := q.Send(t.Context(), message("m")); err != nil {
			t.Fatal(err)
		}
	}
	mine := receipts(t, q, 2)
	results, err := batch.ChangeVisibility(t.Context(), q, batch.YMQ(), []batch.ChangeEntry{
		{ID: "a", Receipt: mine[0], Timeout: 2 * time.Hour},
		{ID: "b", Receipt: mine[0], Timeout: -1},
		{ID: "c", Receipt: "garbage", Timeout: time.Minute},
		{ID: "d", Receipt: mine[1]},
		{ID: "e", Receipt: mine[0], Timeout: 10 * time.Minute},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantErrors(t, failures(results), []error{
		queue.ErrVisibilityCap, queue.ErrInvalid, queue.ErrReceiptMalformed, nil, nil,
	})
	if got := results[0].Value.Outcome; got != queue.ChangeAboveCap {
		t.Errorf("entry a: got outcome %v beside the error, want %v", got, queue.ChangeAboveCap)
	}
	stats, err := q.Stats(t.Context())
	if err != nil || stats.Visible.Messages != 1 || stats.InFlight.Messages != 1 {
		t.Errorf("got %+v and %v, want one message visible and one in flight", stats, err)
	}
}

func TestResultsErr(t *testing.T) {
	full := &queue.InvalidError{Field: "body", Reason: "1 bytes"}
	results := batch.Results[int]{{ID: "a", Value: 1}, {ID: "b", Err: full}, {ID: "c", Err: queue.ErrQueueFull}, {ID: "d"}}

	err := results.Err()
	if got, want := fmt.Sprint(err), "entry \"b\": invalid body: 1 bytes\nentry \"c\": queue full"; got != want {
		t.Errorf("got error %q, want %q", got, want)
	}
	if !errors.Is(err, queue.ErrQueueFull) || !errors.Is(err, queue.ErrInvalid) {
		t.Errorf("%v hides its causes from errors.Is", err)
	}
	if got, ok := errors.AsType[*queue.InvalidError](err); !ok || got != full {
		t.Errorf("errors.As: got %v, want %v", got, full)
	}
	entry, ok := errors.AsType[*batch.EntryError](err)
	if !ok || entry.Index != 1 || entry.ID != "b" {
		t.Errorf("errors.As: got %+v, want that of entry b at 1", entry)
	}
	if got, want := results.Failed(), results[1:3]; !reflect.DeepEqual(got, want) {
		t.Errorf("failed: got %v, want %v", got, want)
	}
	for _, good := range []batch.Results[int]{nil, {}, {{ID: "a"}}} {
		if err, failed := good.Err(), good.Failed(); err != nil || failed != nil {
			t.Errorf("%v: got %v and %v, want nothing failed", good, err, failed)
		}
	}
}

func TestEntryErrorCutsID(t *testing.T) {
	err := &batch.EntryError{ID: strings.Repeat("é\n", 1<<20), Err: batch.ErrInvalidID}
	if got := len(err.Error()); got > 2000 {
		t.Errorf("got an error of %d bytes for a long ID, want a short one", got)
	}
}

// Errors of the queue are of the request as a whole.
func TestQueueErrors(t *testing.T) {
	_, b, q := open(t, nil, queue.Patch{})
	if err := b.DeleteQueue(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	results, err := batch.Send(t.Context(), q, batch.Core(), []batch.SendEntry{{ID: "a"}})
	if !errors.Is(err, queue.ErrNoQueue) || results != nil {
		t.Errorf("send: got %v and %v, want %v", results, err, queue.ErrNoQueue)
	}
	deleted, err := batch.Delete(t.Context(), q, batch.Core(), []batch.DeleteEntry{{ID: "a"}})
	if !errors.Is(err, queue.ErrNoQueue) || deleted != nil {
		t.Errorf("delete: got %v and %v, want %v", deleted, err, queue.ErrNoQueue)
	}
	changed, err := batch.ChangeVisibility(t.Context(), q, batch.Core(), []batch.ChangeEntry{{ID: "a"}})
	if !errors.Is(err, queue.ErrNoQueue) || changed != nil {
		t.Errorf("change visibility: got %v and %v, want %v", changed, err, queue.ErrNoQueue)
	}
}

// The work on top of the queue's own does not allocate for each entry.
func TestSendAllocations(t *testing.T) {
	_, _, q := open(t, nil, queue.Patch{MaxMessages: new(1)})
	for _, n := range []int{1, 10, 1000} {
		entries := make([]batch.SendEntry, n)
		messages := make([]queue.Message, n)
		for i := range entries {
			entries[i].ID = fmt.Sprint(i)
		}
		bare := testing.AllocsPerRun(20, func() { _, _ = q.SendMany(t.Context(), messages) })
		full := testing.AllocsPerRun(20, func() { _, _ = batch.Send(t.Context(), q, batch.Core(), entries) })
		if extra := full - bare; extra > 20 {
			t.Errorf("%d entries: got %v allocations above SendMany's %v, want at most 20", n, extra, bare)
		}
	}
}

func ids[T any](results batch.Results[T]) []string {
	all := make([]string, len(results))
	for i, r := range results {
		all[i] = r.ID
	}
	return all
}

func failures[T any](results batch.Results[T]) []error {
	all := make([]error, len(results))
	for i, r := range results {
		all[i] = r.Err
	}
	return all
}

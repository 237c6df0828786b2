package sqs

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/redriveq/redrive/queue"
)

// Deletes and changes of visibility: what became of a receipt, and what the
// services say of it.

func deleteMessage(ctx context.Context, s *session, in *deleteMessageInput) (*nothing, error) {
	errs, err := s.delete(ctx, in.QueueURL, []*string{in.ReceiptHandle})
	if err == nil {
		err = errs[0]
	}
	return &nothing{}, err
}

func deleteMessageBatch(ctx context.Context, s *session, in *deleteMessageBatchInput) (*deleteMessageBatchOutput, error) {
	handles := make([]*string, len(in.Entries))
	for i := range in.Entries {
		handles[i] = in.Entries[i].ReceiptHandle
	}
	id := func(i int) string { return in.Entries[i].ID }
	done, failed, err := s.receiptBatch(ctx, in.QueueURL, "DeleteMessageBatchRequestEntry", len(handles), id, func() ([]error, error) {
		return s.delete(ctx, in.QueueURL, handles)
	})
	return &deleteMessageBatchOutput{Successful: done, Failed: failed}, err
}

// receiptBatch checks a batch of entries with receipts, does it, and sorts the
// entries by what became of them.
func (s *session) receiptBatch(
	ctx context.Context, queueURL, name string, entries int, id func(i int) string, do func() ([]error, error),
) (done []doneEntry, failed []failedEntry, err error) {
	if _, _, err := s.find(ctx, queueURL); err != nil {
		return nil, nil, err
	}
	if err := s.checkBatch(name, entries, id); err != nil {
		return nil, nil, err
	}
	errs, err := do()
	if err != nil {
		return nil, nil, err
	}
	done = []doneEntry{}
	for i, err := range errs {
		if err != nil {
			failed = append(failed, s.failure(ctx, id(i), err))
			continue
		}
		done = append(done, doneEntry{ID: id(i)})
	}
	return done, failed, nil
}

// delete deletes messages and returns what to tell of each: nil where the
// service says that it is done.
func (s *session) delete(ctx context.Context, queueURL string, handles []*string) ([]error, error) {
	q, n, err := s.find(ctx, queueURL)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(handles))
	var receipts []string
	var places []int
	for i, handle := range handles {
		if handle == nil || *handle == "" {
			errs[i] = missingParameter("ReceiptHandle")
			continue
		}
		receipts, places = append(receipts, *handle), append(places, i)
	}
	results, err := q.DeleteMany(ctx, receipts)
	for i, r := range results {
		errs[places[i]] = s.deleteFault(n, receipts[i], r.Outcome)
	}
	return errs, err
}

// deleteFault returns what to tell of a delete. A message that is gone counts as
// deleted, and so does, but in FIFO queues of Amazon SQS, one that somebody else
// has received.
func (s *session) deleteFault(n queueName, handle string, outcome queue.DeleteOutcome) error {
	switch outcome {
	case queue.DeleteWrongQueue:
		return s.badReceipt(receiptOfAnotherQueue(handle))
	case queue.DeleteMalformed:
		return s.badReceipt(receiptInvalid(handle))
	case queue.DeleteRefusedLate, queue.DeleteRefusedSuperseded:
		if n.fifo() && !s.yandex() {
			return receiptExpired(handle)
		}
	}
	return nil
}

// badReceipt returns the error, or what Yandex says instead.
func (s *session) badReceipt(e *apiError) *apiError {
	if s.yandex() {
		return common("ReceiptHandleIsInvalid", http.StatusBadRequest, "The specified receipt handle isn't valid.")
	}
	return e
}

func changeMessageVisibility(ctx context.Context, s *session, in *changeMessageVisibilityInput) (*nothing, error) {
	errs, err := s.change(ctx, in.QueueURL, []visibilityEntry{{ReceiptHandle: in.ReceiptHandle, VisibilityTimeout: in.VisibilityTimeout}}, messageGone)
	if err == nil {
		err = errs[0]
	}
	return &nothing{}, err
}

func changeMessageVisibilityBatch(ctx context.Context, s *session, in *changeMessageVisibilityBatchInput) (*changeMessageVisibilityBatchOutput, error) {
	id := func(i int) string { return in.Entries[i].ID }
	done, failed, err := s.receiptBatch(ctx, in.QueueURL, "ChangeMessageVisibilityBatchRequestEntry", len(in.Entries), id, func() ([]error, error) {
		return s.change(ctx, in.QueueURL, in.Entries, entryGone)
	})
	return &changeMessageVisibilityBatchOutput{Successful: done, Failed: failed}, err
}

// change changes visibility timeouts and returns what to tell of each; gone tells
// of a message that is not there.
func (s *session) change(ctx context.Context, queueURL string, entries []visibilityEntry, gone func(handle string) *apiError) ([]error, error) {
	q, _, err := s.find(ctx, queueURL)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(entries))
	var changes []queue.VisibilityChange
	var places []int
	for i := range entries {
		if errs[i] = s.checkChange(&entries[i]); errs[i] != nil {
			continue
		}
		timeout := time.Duration(*entries[i].VisibilityTimeout) * time.Second
		changes = append(changes, queue.VisibilityChange{Receipt: *entries[i].ReceiptHandle, Timeout: timeout})
		places = append(places, i)
	}
	results, err := q.ChangeVisibilityMany(ctx, changes)
	for i, r := range results {
		errs[places[i]] = s.changeFault(&changes[i], r, gone)
	}
	return errs, err
}

func (s *session) checkChange(entry *visibilityEntry) error {
	most := int(s.profile.MaxVisibility / time.Second)
	switch {
	case entry.ReceiptHandle == nil || *entry.ReceiptHandle == "":
		return missingParameter("ReceiptHandle")
	case entry.VisibilityTimeout == nil:
		return missingParameter("VisibilityTimeout")
	case *entry.VisibilityTimeout < 0 || *entry.VisibilityTimeout > most:
		return invalidValue(*entry.VisibilityTimeout, "VisibilityTimeout", fmt.Sprintf("Must be between 0 and %d, if provided.", most))
	}
	return nil
}

// changeFault returns what to tell of a change of visibility.
func (s *session) changeFault(change *queue.VisibilityChange, r queue.ChangeResult, gone func(handle string) *apiError) error {
	switch r.Outcome {
	case queue.ChangeWrongQueue:
		return s.badReceipt(receiptOfAnotherQueue(change.Receipt))
	case queue.ChangeMalformed:
		return s.badReceipt(receiptInvalid(change.Receipt))
	case queue.ChangeGone:
		if s.yandex() {
			return invalidParameter("No such message.")
		}
		return gone(change.Receipt)
	case queue.ChangeRefusedLate, queue.ChangeRefusedSuperseded:
		if s.yandex() {
			return messageNotInFlight()
		}
		return gone(change.Receipt)
	case queue.ChangeAboveCap:
		return visibilityCap(int(change.Timeout / time.Second))
	}
	return r.Err()
}

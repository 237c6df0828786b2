package sqs

import (
	"context"

	"github.com/redriveq/redrive/queue"
)

// A batch is of entries that succeed and fail one by one; what is wrong with it
// as a whole is found before anything is done.

// checkBatch reports what is wrong with the number and the IDs of the entries,
// which the API calls by that name.
func (s *session) checkBatch(name string, entries int, id func(i int) string) error {
	switch most := s.profile.MaxBatch; {
	case entries == 0:
		return emptyBatch(name)
	case entries > most:
		return tooManyEntries(entries)
	}
	seen := make(map[string]bool, entries)
	for i := range entries {
		id := id(i)
		if id == "" || len(id) > 80 || !every(id, isWordByte) {
			return invalidEntryID()
		}
		if seen[id] {
			return entryIDsNotDistinct(id)
		}
		seen[id] = true
	}
	return nil
}

// failure is the answer for an entry that was refused.
func (s *session) failure(ctx context.Context, id string, err error) failedEntry {
	e := s.tell(ctx, err)
	return failedEntry{ID: id, SenderFault: !e.Receiver, Code: e.Code, Message: e.Message}
}

func sendMessageBatch(ctx context.Context, s *session, in *sendMessageBatchInput) (*sendMessageBatchOutput, error) {
	d, err := s.destination(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := d.checkSendBatch(in.Entries); err != nil {
		return nil, err
	}
	out := &sendMessageBatchOutput{Successful: []sentEntry{}}
	var messages []queue.Message
	var sendable []*sendEntry
	for i := range in.Entries {
		entry := &in.Entries[i]
		m, err := d.message(&entry.sendParameters)
		if err != nil {
			out.Failed = append(out.Failed, s.failure(ctx, entry.ID, err))
			continue
		}
		messages, sendable = append(messages, m), append(sendable, entry)
	}
	results, err := d.queue.SendMany(ctx, messages)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		entry := sendable[i]
		if r.Err != nil {
			out.Failed = append(out.Failed, s.failure(ctx, entry.ID, d.refused(&messages[i], r.Err)))
			continue
		}
		out.Successful = append(out.Successful, sentEntry{entry.ID, d.sent(&entry.sendParameters, r.Sent)})
	}
	return out, nil
}

func (d *destination) checkSendBatch(entries []sendEntry) error {
	if err := d.checkBatch("SendMessageBatchRequestEntry", len(entries), func(i int) string { return entries[i].ID }); err != nil {
		return err
	}
	size := 0
	for i := range entries {
		in := &entries[i].sendParameters
		if err := d.checkBatchGroup(in); err != nil {
			return err
		}
		if in.Body != nil {
			size += in.size()
		}
	}
	if most := d.profile.MaxMessageBytes; size > most {
		return batchTooLong(most, size)
	}
	return nil
}

// checkBatchGroup is checkGroup with the other code that a batch gets, and in
// its order.
func (d *destination) checkBatchGroup(in *sendParameters) error {
	err := d.checkGroup(in)
	if d.attributes.FIFO && (in.GroupID == nil || *in.GroupID == "") {
		return invalidParameter("The request must contain the parameter MessageGroupId.")
	}
	return err
}

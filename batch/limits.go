package batch

import (
	"fmt"

	"github.com/redriveq/redrive/queue"
)

// Limits bound one request. A field that is zero or less means what [Core]
// says, so the zero Limits are Core's.
type Limits struct {
	// MaxEntries is how many entries a request can have.
	MaxEntries int

	// MaxBytes is how large the messages of a request can be together: the sum
	// of their Size, which counts bodies and attributes. Requests without
	// messages have no size.
	MaxBytes int

	// MaxID is how many bytes an entry's ID can have.
	MaxID int
}

// Core returns the default limits, which go with the profile [queue.Core].
func Core() Limits { return Limits{MaxEntries: 10_000, MaxBytes: 1 << 30, MaxID: 256} }

// SQS returns the limits of Amazon SQS, by its API Reference
// (SendMessageBatch).
func SQS() Limits { return Limits{MaxEntries: 10, MaxBytes: 1 << 20, MaxID: 80} }

// YMQ returns the limits of Yandex Message Queue, by its page "Quotas and
// limits".
func YMQ() Limits { return Limits{MaxEntries: 10, MaxBytes: 256 << 10, MaxID: 80} }

// CMQ returns the limits of Tencent Cloud CMQ, by its pages "BatchSendMessage"
// and "BatchDeleteMessage". Its entries have numbers or receipts in the place of
// IDs, so MaxID has room for a receipt.
func CMQ() Limits { return Limits{MaxEntries: 16, MaxBytes: 64 << 10, MaxID: 256} }

func (l Limits) orCore() Limits {
	core := Core()
	if l.MaxEntries <= 0 {
		l.MaxEntries = core.MaxEntries
	}
	if l.MaxBytes <= 0 {
		l.MaxBytes = core.MaxBytes
	}
	if l.MaxID <= 0 {
		l.MaxID = core.MaxID
	}
	return l
}

// Errors of a request that was refused as a whole: nothing was sent, deleted or
// changed. They come wrapped in a *[queue.Error], and those of an ID in an
// *[EntryError] too. All of them are [queue.ErrInvalid] to errors.Is, and an
// *[queue.InvalidError] to errors.As.
var (
	// ErrEmpty is returned for a request without entries.
	ErrEmpty error = &queue.InvalidError{Field: "batch", Reason: "no entries"}

	// ErrTooManyEntries is returned for more entries than MaxEntries.
	ErrTooManyEntries error = &queue.InvalidError{Field: "batch", Reason: "too many entries"}

	// ErrTooLarge is returned for messages that are larger together than
	// MaxBytes, also where each could have been sent by itself.
	ErrTooLarge error = &queue.InvalidError{Field: "batch", Reason: "too many bytes"}

	// ErrInvalidID is returned for an entry whose ID is not 1 to MaxID letters,
	// digits, "-" and "_" of ASCII.
	ErrInvalidID error = &queue.InvalidError{Field: "entry ID", Reason: `not of letters, digits, "-" and "_", empty or too long`}

	// ErrDuplicateID is returned for an entry whose ID an earlier one has.
	ErrDuplicateID error = &queue.InvalidError{Field: "entry ID", Reason: "used before in the batch"}
)

// An EntryError says which entry of a request Err is about.
type EntryError struct {
	Index int    // its place in the request, from 0
	ID    string // as the caller gave it, which may be invalid
	Err   error
}

// Error returns `entry "id": …`, with the ID cut where no ID is so long.
func (e *EntryError) Error() string { return fmt.Sprintf("entry %.256q: %v", e.ID, e.Err) }

// Unwrap returns Err.
func (e *EntryError) Unwrap() error { return e.Err }

// check reports the first fault of a request: of its number of entries, then of
// their IDs in order, then of the size of the messages together. A request
// without messages passes nil. It takes O(n) time for n entries.
func (l Limits) check(ids []string, messages []queue.Message) error {
	l = l.orCore()
	switch {
	case len(ids) == 0:
		return ErrEmpty
	case len(ids) > l.MaxEntries:
		return fmt.Errorf("%w: %d, the limit is %d", ErrTooManyEntries, len(ids), l.MaxEntries)
	}
	if err := l.checkIDs(ids); err != nil {
		return err
	}
	return l.checkSize(messages)
}

func (l Limits) checkIDs(ids []string) error {
	seen := make(map[string]bool, len(ids))
	for i, id := range ids {
		switch {
		case !l.validID(id):
			return &EntryError{Index: i, ID: id, Err: ErrInvalidID}
		case seen[id]:
			return &EntryError{Index: i, ID: id, Err: ErrDuplicateID}
		}
		seen[id] = true
	}
	return nil
}

func (l Limits) validID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return 0 < len(id) && len(id) <= l.MaxID
}

func (l Limits) checkSize(messages []queue.Message) error {
	var total int64 // an int may be too small: messages can share one body
	for i := range messages {
		total += int64(messages[i].Size())
	}
	if total > int64(l.MaxBytes) {
		return fmt.Errorf("%w: %d, the limit is %d", ErrTooLarge, total, l.MaxBytes)
	}
	return nil
}

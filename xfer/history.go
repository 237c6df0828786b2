package xfer

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/redriveq/redrive/queue"
)

// An Entry says that a message changed queues, or was sent away.
type Entry struct {
	At        time.Time // of the wall clock
	Message   queue.MessageID
	From, To  string // names of queues; To is that of the target if it was sent away
	Operation Operation

	// Reason is what the order or the cancel said, or why the target refused.
	Reason string
}

// An Operation is a kind of [Entry].
type Operation uint8

// The operations.
const (
	Transferred Operation = iota + 1 // it waits in another queue
	Sent                             // the target has accepted it, and it is gone here
	Refused                          // the target refused it, and it is back home
	Restored                         // a cancel has put it back home, or a transfer to its home
)

// String returns the operation in one lower-case word.
func (o Operation) String() string {
	switch o {
	case Transferred:
		return "transferred"
	case Sent:
		return "sent"
	case Refused:
		return "refused"
	case Restored:
		return "restored"
	}
	return "invalid operation"
}

// A history keeps the latest entries and logs all of them.
type history struct {
	log *slog.Logger
	now func() time.Time

	mu      sync.Mutex // guards the rest
	entries []Entry    // a ring
	size    int        // its length at the most
	count   int        // of all entries ever; the next one stands at count modulo size
}

// note keeps and logs an entry for each message.
func (h *history) note(op Operation, reason string, messages []queue.Rebind) {
	if len(messages) == 0 {
		return
	}
	at := h.now().Round(0).UTC()
	entries := make([]Entry, len(messages))
	for i, m := range messages {
		entries[i] = Entry{At: at, Message: m.ID, From: m.From.Name, To: m.To.Name, Operation: op, Reason: reason}
		if m.Home && op == Transferred {
			entries[i].Operation = Restored
		}
	}
	h.keep(entries)
	h.write(entries)
}

func (h *history) keep(entries []Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range entries {
		if len(h.entries) < h.size {
			h.entries = append(h.entries, e)
		} else {
			h.entries[h.count%h.size] = e
		}
		h.count++
	}
}

func (h *history) write(entries []Entry) {
	ctx := context.Background()
	if !h.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	for _, e := range entries {
		h.log.LogAttrs(ctx, slog.LevelInfo, "message transfer",
			slog.String("operation", e.Operation.String()),
			slog.Any("message", e.Message),
			slog.String("from", e.From),
			slog.String("to", e.To),
			slog.String("reason", e.Reason))
	}
}

// dropped returns how many entries are no longer kept.
func (h *history) dropped() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count - len(h.entries)
}

// all returns the entries that are kept when the loop begins, the oldest first.
func (h *history) all() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		h.mu.Lock()
		kept := slices.Clone(h.entries)
		oldest := 0
		if len(kept) == h.size {
			oldest = h.count % h.size
		}
		h.mu.Unlock()
		for i := range kept {
			if !yield(kept[(oldest+i)%len(kept)]) {
				return
			}
		}
	}
}

package memqueue

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// A memory is what a queue remembers of deduplication IDs, or of the keys of
// arrivals. An entry lives until its window ends, whatever becomes of its
// message.
type memory struct {
	entries map[dedupKey]dedupEntry
	ends    scheduler.Index // when entries end; the sequence is a key of keys
	keys    map[uint64]dedupKey
}

// A dedupKey says what must not repeat. In ScopeQueue, group is empty.
type dedupKey struct {
	scope driver.DeduplicationScope
	group string
	id    string
}

type dedupEntry struct {
	id       driver.MessageID
	sequence uint64 // of the message, which no other entry has
	end      scheduler.Key
}

func newMemory() memory {
	return memory{entries: make(map[dedupKey]dedupEntry), keys: make(map[uint64]dedupKey)}
}

func keyOf(scope driver.DeduplicationScope, group, id string) dedupKey {
	if scope == driver.ScopeQueue {
		group = ""
	}
	return dedupKey{scope: scope, group: group, id: id}
}

func (m *memory) remember(key dedupKey, id driver.MessageID, sequence uint64, until time.Time) {
	entry := dedupEntry{id: id, sequence: sequence, end: scheduler.NewKey(until, sequence, 0)}
	m.entries[key] = entry
	m.keys[sequence] = key
	m.ends.Insert(entry.end)
}

// forget drops the entry that the message made, if it is still there.
func (m *memory) forget(sequence uint64) {
	key, ok := m.keys[sequence]
	if !ok {
		return
	}
	m.ends.Delete(m.entries[key].end)
	delete(m.entries, key)
	delete(m.keys, sequence)
}

// settle drops the entries whose windows have ended.
func (m *memory) settle(now time.Time) {
	for {
		end, ok := m.ends.PopDue(now)
		if !ok {
			return
		}
		delete(m.entries, m.keys[end.Sequence()])
		delete(m.keys, end.Sequence())
	}
}

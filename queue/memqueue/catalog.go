package memqueue

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/btree"

	"github.com/redriveq/redrive/queue/driver"
)

// A catalog holds the queues of an engine. Whoever changes it, or the
// attributes of a queue, holds the engine's lock alone; so a queue's
// attributes can be read under the shared lock.
type catalog struct {
	byID   map[driver.QueueID]*queue
	byName map[string]*queue
	names  *btree.BTreeG[string]
	lastID driver.QueueID
}

type queue struct {
	mu    sync.Mutex // guards state, except its attributes and times
	state *state
}

func newCatalog() catalog {
	return catalog{
		byID:   make(map[driver.QueueID]*queue),
		byName: make(map[string]*queue),
		names:  btree.NewOrderedG[string](degree),
	}
}

func (c *catalog) add(name string, attributes driver.Attributes, ids ids, now time.Time) *queue {
	c.lastID++
	q := &queue{state: newState(driver.QueueRef{ID: c.lastID, Name: name}, attributes, ids, now)}
	c.byID[c.lastID] = q
	c.byName[name] = q
	c.names.ReplaceOrInsert(name)
	return q
}

func (c *catalog) remove(q *queue) {
	delete(c.byID, q.state.ref.ID)
	delete(c.byName, q.state.ref.Name)
	c.names.Delete(q.state.ref.Name)
}

func (c *catalog) list(prefix, after string, limit int) []driver.QueueInfo {
	var infos []driver.QueueInfo
	c.names.AscendGreaterOrEqual(max(prefix, after), func(name string) bool {
		if len(infos) == limit || !strings.HasPrefix(name, prefix) {
			return false
		}
		if name > after {
			infos = append(infos, c.byName[name].state.info())
		}
		return true
	})
	return infos
}

// checkChange reports why q cannot have the attributes.
func (c *catalog) checkChange(q *queue, a driver.Attributes, patch driver.Patch) error {
	if patch.DeadLetter == nil {
		return a.Check()
	}
	return c.check(q.state.ref.Name, a)
}

// check reports why a queue of that name cannot have the attributes.
func (c *catalog) check(name string, a driver.Attributes) error {
	if err := a.Check(); err != nil {
		return err
	}
	if a.DeadLetter == (driver.DeadLetter{}) {
		return nil
	}
	target := c.byName[a.DeadLetter.Queue]
	refused := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", driver.ErrDeadLetterPolicy, fmt.Sprintf(format, args...))
	}
	switch {
	case a.DeadLetter.Queue == name:
		return refused("the queue is its own dead-letter queue")
	case target == nil:
		return refused("no queue %q", a.DeadLetter.Queue)
	case target.state.attributes.FIFO != a.FIFO:
		return refused("%q is not of the same kind, FIFO or standard", a.DeadLetter.Queue)
	case !target.state.attributes.DeadLetterSources.Allows(name):
		return refused("%q does not allow this source", a.DeadLetter.Queue)
	case c.leadsTo(target, name):
		return refused("%q leads back to this queue", a.DeadLetter.Queue)
	}
	return nil
}

// leadsTo reports whether dead letters of q, and theirs, can get to that name.
// Policies form no cycle, so the walk ends.
func (c *catalog) leadsTo(q *queue, name string) bool {
	for q != nil {
		next := q.state.deadLetterName()
		if next == name {
			return true
		}
		q = c.byName[next]
	}
	return false
}

// isDeadLetterQueue reports whether the policy of some queue names q.
func (c *catalog) isDeadLetterQueue(q *queue) bool {
	for _, source := range c.byID {
		if source.state.deadLetterName() == q.state.ref.Name {
			return true
		}
	}
	return false
}

// deadLetterName returns the name of the dead-letter queue, or "".
func (s *state) deadLetterName() string { return s.attributes.DeadLetter.Queue }

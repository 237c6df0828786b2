package memqueue

import (
	"sync"

	"github.com/redriveq/redrive/queue/driver"
)

// Tasks finds the move tasks that are kept, and counts those that are active,
// all over an engine. The tasks themselves stand with their sources.
type tasks struct {
	mu      sync.Mutex // guards the fields below; after every other lock
	sources map[driver.TaskID]*queue
	active  int
}

func newTasks() *tasks { return &tasks{sources: make(map[driver.TaskID]*queue)} }

// begin counts one more active task, unless there are too many.
func (x *tasks) begin() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.active >= driver.MaxActiveMoves {
		return false
	}
	x.active++
	return true
}

// end says that an active task is final.
func (x *tasks) end() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.active--
}

// add takes in a task that has begun, and takes out a final one that is no
// longer kept, if there is one.
func (x *tasks) add(t *task, source *queue, forgotten *task) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.sources[t.ID] = source
	if forgotten != nil {
		delete(x.sources, forgotten.ID)
	}
}

// drop takes out all tasks of a source, which is deleted.
func (x *tasks) drop(source *queue) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, t := range source.state.tasks {
		delete(x.sources, t.ID)
		if t.State.Active() {
			x.active--
		}
	}
}

// source returns the source of the task, or nil.
func (x *tasks) source(id driver.TaskID) *queue {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sources[id]
}

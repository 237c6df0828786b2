package memqueue

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/google/btree"

	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/scheduler"
)

// A schedules holds the schedules of an engine. It has no lock and no clock, and
// sends nothing: it says what to claim, and is told what became of it.
//
//	kept      number -> schedule, active and ended ones
//	due       (next nominal instant, number) of the active ones
//	ended     the last ScheduleHistory that ended, in a ring
//
// A schedule begins by insert and ends by end, at an instant in the time of its
// queue. An active one costs its place in due until its instant has come.
type schedules struct {
	ids    ids
	number uint64 // of the last schedule

	kept    *btree.BTreeG[numbered]
	due     scheduler.Index
	byName  map[string]*schedule                      // active ones with a name
	byQueue map[driver.QueueID]map[*schedule]struct{} // active ones

	ended  []*schedule
	oldest int // in ended, once that is full
}

// A numbered is a schedule in order of its number.
type numbered struct {
	number   uint64
	schedule *schedule
}

func newSchedules(ids ids) *schedules {
	return &schedules{
		ids:     ids,
		kept:    btree.NewG(degree, func(a, b numbered) bool { return a.number < b.number }),
		byName:  make(map[string]*schedule),
		byQueue: make(map[driver.QueueID]map[*schedule]struct{}),
	}
}

// Schedule IDs are sealed like message IDs, as those of a queue that does not
// exist, and in a slot that no record has.
const (
	scheduleInstance = 0
	scheduleSlot     = ^slot(0)
)

// find returns the schedule, or nil.
func (x *schedules) find(id driver.ScheduleID) *schedule {
	instance, n, number := x.ids.open(driver.MessageID(id))
	if instance != scheduleInstance || n != scheduleSlot {
		return nil
	}
	return x.at(number)
}

func (x *schedules) at(number uint64) *schedule {
	found, _ := x.kept.Get(numbered{number: number})
	return found.schedule
}

// place says where a new schedule goes: nowhere, if it is the same as the active
// one that has its name, and otherwise in the place of that one, if there is one.
func (x *schedules) place(s *driver.Schedule) (named *schedule, same bool, err error) {
	named = x.byName[s.Name]
	others := x.due.Len()
	if named != nil {
		others--
	}
	switch {
	case named != nil && sameSchedule(&named.info.Schedule, s):
		return named, true, nil
	case s.Limit > 0 && others >= s.Limit:
		return nil, false, driver.ErrTooManySchedules
	}
	return named, false, nil
}

// insert adds a schedule with its first occurrence.
func (x *schedules) insert(said *driver.Schedule, queue driver.QueueRef, table *scheduler.Timetable, first, at time.Time) *schedule {
	x.number++
	s := &schedule{table: table, cappedAt: first}
	s.info = driver.ScheduleInfo{
		ID:        driver.ScheduleID(x.ids.seal(scheduleInstance, scheduleSlot, x.number)),
		Number:    x.number,
		Schedule:  *said,
		Queue:     queue,
		State:     driver.ScheduleActive,
		CreatedAt: at,
		NextAt:    first.UTC(),
	}
	s.info.Schedule.Limit = 0
	s.info.Schedule.Message = cloneMessage(said.Message)

	x.kept.ReplaceOrInsert(numbered{x.number, s})
	x.due.Insert(s.key())
	if said.Name != "" {
		x.byName[said.Name] = s
	}
	if x.byQueue[queue.ID] == nil {
		x.byQueue[queue.ID] = make(map[*schedule]struct{})
	}
	x.byQueue[queue.ID][s] = struct{}{}
	return s
}

// claim returns what is to be claimed next at wall. It reports false if nothing
// is due. What became of the claim must be told to settle before anything else.
func (x *schedules) claim(wall time.Time) (claim, bool) {
	key, ok := x.due.Min()
	if !ok || !key.DueBy(wall) {
		return claim{}, false
	}
	return x.at(key.Sequence()).claim(wall), true
}

// settle counts a claim and what became of it, the zero result if nothing was to
// be sent, and advances its schedule past it. It reports false if there is no
// further occurrence: the schedule is to end then, by end.
func (x *schedules) settle(c claim, result driver.SendResult) bool {
	c.count(result)
	next, ok := c.following()
	if ok {
		x.due.Delete(c.schedule.key())
		c.schedule.info.NextAt = next.UTC()
		x.due.Insert(c.schedule.key())
	}
	return ok
}

// nextAt returns the instant of the next occurrence of all schedules, or the
// zero time.
func (x *schedules) nextAt() time.Time {
	if key, ok := x.due.Min(); ok {
		return key.At()
	}
	return time.Time{}
}

// failQueue fails the schedules of a queue that is gone, in their order.
func (x *schedules) failQueue(queue driver.QueueID, at time.Time) {
	byNumber := func(a, b *schedule) int { return cmp.Compare(a.info.Number, b.info.Number) }
	for _, s := range slices.SortedFunc(maps.Keys(x.byQueue[queue]), byNumber) {
		x.end(s, ending{driver.ScheduleFailed, driver.ScheduleQueueGone}, at)
	}
}

// end ends an active schedule, and forgets the one that ended first if too many
// have.
func (x *schedules) end(s *schedule, how ending, at time.Time) {
	x.due.Delete(s.key())
	delete(x.byName, s.info.Schedule.Name)
	delete(x.byQueue[s.info.Queue.ID], s)
	if len(x.byQueue[s.info.Queue.ID]) == 0 {
		delete(x.byQueue, s.info.Queue.ID)
	}
	s.table = nil
	s.info.State, s.info.Failure = how.state, how.failure
	s.info.NextAt, s.info.EndedAt = time.Time{}, at

	if len(x.ended) < driver.ScheduleHistory {
		x.ended = append(x.ended, s)
		return
	}
	x.kept.Delete(numbered{number: x.ended[x.oldest].info.Number})
	x.ended[x.oldest] = s
	x.oldest = (x.oldest + 1) % driver.ScheduleHistory
}

// list returns up to max schedules after that number.
func (x *schedules) list(after uint64, max int) []driver.ScheduleInfo {
	var infos []driver.ScheduleInfo
	x.kept.AscendGreaterOrEqual(numbered{number: after}, func(n numbered) bool {
		if len(infos) >= max {
			return false
		}
		if n.number > after {
			infos = append(infos, n.schedule.view())
		}
		return true
	})
	return infos
}

package drivertest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A mover says what a move task of a scenario is to do, with queues by their
// names. Its source may be any queue, unless strict is set.
type mover struct {
	from, to string // to is empty if each message goes to its origin
	strict   bool
	filter   driver.Filter
	limit    int
	keep     bool
	rate     int
	longest  time.Duration
}

// gone is the name of a queue that there never was.
const gone = "gone"

func (m mover) move(p *play) driver.Move {
	move := driver.Move{
		Source: p.queue(m.from), AnySource: !m.strict, Filter: m.filter, Limit: m.limit,
		KeepIdentity: m.keep, Rate: m.rate, MaxDuration: m.longest,
	}
	switch m.to {
	case "":
	case gone:
		move.Destination = 1 << 62
	default:
		move.Destination = p.queue(m.to)
	}
	return move
}

// startMove starts a task and answers like move.
func startMove(name string, m mover) action { return starting(name, m, false) }

// dryMove answers with what a task would be.
func dryMove(m mover) action { return starting("dry run", m, true) }

func starting(name string, m mover, dryRun bool) action {
	return action{fmt.Sprintf("start move %s from %s to %s", name, m.from, m.to), func(p *play) string {
		task, err := p.engine.StartMove(p.t.Context(), p.now, m.move(p), dryRun)
		if err != nil {
			return failure(err)
		}
		switch {
		case dryRun && task.ID != (driver.TaskID{}):
			return "a dry run with an ID"
		case dryRun:
		case p.taskName(task.ID) != "":
			return "a task with the ID of " + p.taskName(task.ID)
		default:
			p.tasks[name] = task.ID
		}
		return p.taskText(task)
	}}
}

func (p *play) taskName(id driver.TaskID) string {
	for name, other := range p.tasks {
		if other == id {
			return name
		}
	}
	return ""
}

// taskText tells the state of a task, and how many of how many were moved.
func (p *play) taskText(t driver.MoveTask) string {
	text := t.State.String()
	if t.State == driver.MoveFailed || t.Failure != 0 {
		text += ": " + t.Failure.String()
	}
	if t.State.Active() != t.EndedAt.IsZero() {
		text += ", ended " + p.instant(t.EndedAt)
	}
	return fmt.Sprintf("%s %d/%d", text, t.Moved, t.Total)
}

// stepMove makes a step and answers with how the task stands, and the queues in
// which messages arrived.
func stepMove(name string, limit, look int) action {
	return action{fmt.Sprintf("step %s, at most %d, look at %d", name, limit, look), func(p *play) string {
		step, err := p.engine.StepMove(p.t.Context(), p.now, p.tasks[name], limit, look)
		if err != nil {
			return failure(err)
		}
		text := p.taskText(step.Task)
		if len(step.Arrived) == 0 {
			return text
		}
		var names []string
		for _, id := range step.Arrived {
			names = append(names, p.queueName(id))
			p.learnAll(id)
		}
		slices.Sort(names)
		return text + " to " + words(names)
	}}
}

// learnAll names the messages of a queue that have no name yet.
func (p *play) learnAll(id driver.QueueID) {
	infos, err := p.engine.List(p.t.Context(), p.now, id, 0, 1000)
	p.must(err)
	for _, info := range infos {
		if _, ok := p.names[info.ID]; !ok {
			p.learn(string(info.Body), info.ID)
		}
	}
}

// moved makes one step of a task that moves everything.
func moved(name string) action { return stepMove(name, 1000, 1000) }

// cancelMove answers like move; beside an error it tells the task too.
func cancelMove(name string) action {
	return action{"cancel move " + name, func(p *play) string {
		task, err := p.engine.CancelMove(p.t.Context(), p.now, p.tasks[name])
		switch {
		case err != nil && task.ID != (driver.TaskID{}):
			return failure(err) + ", " + p.taskText(task)
		case err != nil:
			return failure(err)
		}
		return p.taskText(task)
	}}
}

// move tells how a task stands.
func move(name string) action {
	return taskOf(name, func(p *play, t driver.MoveTask) string { return p.taskText(t) })
}

// times tells when a task started and ended.
func times(name string) action {
	return taskOf(name, func(p *play, t driver.MoveTask) string {
		return "started " + p.instant(t.StartedAt) + " ended " + p.instant(t.EndedAt)
	})
}

// orderOf tells what a task was asked to do.
func orderOf(name string) action {
	return taskOf(name, func(p *play, t driver.MoveTask) string {
		if t.Move.Source != t.Source.ID || t.Move.Destination != t.Destination.ID {
			return fmt.Sprintf("a move from %d to %d of a task from %v to %v", t.Move.Source, t.Move.Destination, t.Source, t.Destination)
		}
		text := "from " + t.Source.Name
		if t.Destination != (driver.QueueRef{}) {
			text += " to " + t.Destination.Name
		}
		f := t.Move.Filter
		if f.Group != nil {
			text += " group " + *f.Group
		}
		for _, value := range f.Attributes {
			text += " attribute " + value.Data
		}
		return fmt.Sprintf("%s origin %q limit %d keep %t rate %d longest %v any %t",
			text, f.Origin, t.Move.Limit, t.Move.KeepIdentity, t.Move.Rate, t.Move.MaxDuration, t.Move.AnySource)
	})
}

func taskOf(name string, tell func(*play, driver.MoveTask) string) action {
	return action{"look up move " + name, func(p *play) string {
		task, err := p.engine.LookupMove(p.t.Context(), p.tasks[name])
		if err != nil {
			return failure(err)
		}
		return tell(p, task)
	}}
}

// tasksOf lists the tasks of a queue: "t2:running t1:completed".
func tasksOf(q string, limit int) action {
	return action{fmt.Sprintf("list %d moves of %s", limit, q), func(p *play) string {
		tasks, err := p.engine.ListMoves(p.t.Context(), p.queue(q), limit)
		if err != nil {
			return failure(err)
		}
		return words(p.taskNames(tasks))
	}}
}

// activeTasks lists the active tasks by name.
func activeTasks() action {
	return action{"list active moves", func(p *play) string {
		tasks, err := p.engine.ActiveMoves(p.t.Context())
		if err != nil {
			return failure(err)
		}
		names := p.taskNames(tasks)
		slices.Sort(names)
		return words(names)
	}}
}

func (p *play) taskNames(tasks []driver.MoveTask) (names []string) {
	for _, t := range tasks {
		state := strings.ReplaceAll(t.State.String(), " ", "-")
		names = append(names, p.taskName(t.ID)+":"+state)
	}
	return names
}

// contents tells the bodies of a queue's messages by sequence, whatever their
// names.
func contents(q string) action {
	return action{"bodies in " + q, func(p *play) string {
		infos, err := p.engine.List(p.t.Context(), p.now, p.queue(q), 0, 1000)
		if err != nil {
			return failure(err)
		}
		var bodies []string
		for _, info := range infos {
			bodies = append(bodies, string(info.Body))
		}
		return words(bodies)
	}}
}

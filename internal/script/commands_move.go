package script

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redriveq/redrive/queue"
)

// filter takes the options that say which messages are meant.
func (a *arguments) filter() queue.Filter {
	f := queue.Filter{Attributes: a.values(), Origin: a.text("origin")}
	if _, set := a.options["group"]; set {
		f.Group = new(a.text("group"))
	}
	return f
}

func (p *Player) playStartMove(a *arguments) error {
	name, to := a.word("queue"), a.text("to")
	m := queue.Move{
		AnySource:    orElse(take(a, "any", strconv.ParseBool), false),
		Filter:       a.filter(),
		Limit:        orElse(a.number("limit"), 0),
		KeepIdentity: orElse(take(a, "keep", strconv.ParseBool), false),
		Rate:         orElse(a.number("rate"), 0),
		MaxDuration:  orElse(a.span("for"), time.Duration(0)),
	}
	as, dryRun := a.text("as"), orElse(take(a, "dry", strconv.ParseBool), false)
	if as == "" {
		as = "t"
	}
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		m.Source = q.ID()
		if to != "" {
			destination, err := p.queue(to)
			if err != nil {
				return err
			}
			m.Destination = destination.ID()
		}
		task, err := p.broker.StartMove(ctx, m, dryRun)
		switch {
		case err != nil:
			return err
		case dryRun:
			p.say("would move %d", task.Total)
		default:
			p.tasks[as], p.taskNames[task.ID] = task.ID, as
			p.say("%s: %s", as, showMove(task))
		}
		return nil
	})
}

func showMove(t queue.MoveTask) string {
	text := fmt.Sprintf("%v, moved %d of %d", t.State, t.Moved, t.Total)
	if t.Failure != 0 {
		text += ": " + t.Failure.String()
	}
	return text
}

// task takes the name of a move task or transfer, or its ID.
func (p *Player) task(a *arguments) queue.TaskID {
	word := a.word("task")
	id, ok := p.tasks[word]
	if !ok {
		var err error
		if id, err = queue.ParseTaskID(word); err != nil {
			a.note(fmt.Errorf("%q is no name and no ID of a task", word))
		}
	}
	return id
}

// taskName returns the name of a task, or its ID.
func (p *Player) taskName(id queue.TaskID) string {
	if name := p.taskNames[id]; name != "" {
		return name
	}
	return id.String()
}

func (p *Player) playStepMove(a *arguments) error {
	id, most := p.task(a), orElse(a.number("max"), 1)
	if err := a.end(); err != nil {
		return err
	}
	b, err := p.open()
	if err != nil {
		return err
	}
	task, err := b.StepMove(context.Background(), id, most)
	if err == nil {
		p.say("%s: %s", p.taskName(id), showMove(task))
	}
	return err
}

func (p *Player) playCancelMove(a *arguments) error {
	id := p.task(a)
	if err := a.end(); err != nil {
		return err
	}
	b, err := p.open()
	if err != nil {
		return err
	}
	task, err := b.CancelMove(context.Background(), id)
	if task.ID == id { // also beside the error that it is not running
		p.say("%s: %s", p.taskName(id), showMove(task))
	}
	return err
}

func (p *Player) playMoves(a *arguments) error {
	name := a.word("queue")
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		tasks, err := q.Moves(ctx)
		for _, task := range tasks {
			p.say("%s: %s", p.taskName(task.ID), showMove(task))
		}
		if len(tasks) == 0 && err == nil {
			p.say("nothing")
		}
		return err
	})
}

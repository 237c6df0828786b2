package model_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// name returns the name of a queue by its ID.
func (r *rig) name(id driver.QueueID) string {
	for name, known := range r.queues {
		if known == id {
			return name
		}
	}
	return "none"
}

// since returns an instant as the time after the start.
func (r *rig) since(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Sub(r.start).String()
}

// startMove starts the task of that name. The destination "" is the origin of
// each message.
func startMove(task, destination string, m driver.Move) call {
	return func(r *rig) string {
		m.Source, m.Destination = r.id(), r.queues[destination]
		started, err := r.StartMove(context.Background(), r.now, m, false)
		if err != nil {
			return text(err)
		}
		r.tasks[task] = started.ID
		return r.task(started)
	}
}

// anyMove starts a task whose source need not be a dead-letter queue.
func anyMove(task, destination string) call {
	return startMove(task, destination, driver.Move{AnySource: true})
}

func dryMove(destination string, m driver.Move) call {
	return func(r *rig) string {
		m.Source, m.Destination = r.id(), r.queues[destination]
		task, err := r.StartMove(context.Background(), r.now, m, true)
		if err != nil {
			return text(err)
		}
		return r.task(task)
	}
}

// task answers the state with the reason of a failure, the counts, and when it
// ended.
func (r *rig) task(t driver.MoveTask) string {
	words := []string{t.State.String()}
	if t.Failure != 0 {
		words = append(words, t.Failure.String())
	}
	words = append(words, fmt.Sprintf("%d/%d", t.Moved, t.Total))
	if !t.EndedAt.IsZero() {
		words = append(words, "at "+r.since(t.EndedAt))
	}
	return strings.Join(words, " ")
}

// takeStep answers the task and where messages arrived.
func takeStep(task string, most, look int) call {
	return func(r *rig) string {
		step, err := r.StepMove(context.Background(), r.now, r.tasks[task], most, look)
		if err != nil {
			return text(err)
		}
		answer := r.task(step.Task)
		for _, id := range step.Arrived {
			answer += " >" + r.name(id)
		}
		return answer
	}
}

// run takes a step without a bound.
func run(task string) call { return takeStep(task, 1000, 1000) }

func cancelMove(task string) call {
	return func(r *rig) string {
		cancelled, err := r.CancelMove(context.Background(), r.now, r.tasks[task])
		answer := text(err)
		if cancelled.ID != (driver.TaskID{}) {
			answer += ": " + r.task(cancelled)
		}
		return answer
	}
}

func lookupMove(task string) call {
	return func(r *rig) string {
		found, err := r.LookupMove(context.Background(), r.tasks[task])
		if err != nil {
			return text(err)
		}
		return r.task(found)
	}
}

func listMoves(most int) call {
	return func(r *rig) string {
		tasks, err := r.ListMoves(context.Background(), r.id(), most)
		if err != nil {
			return text(err)
		}
		return r.taskNames(tasks)
	}
}

func activeMoves() call {
	return func(r *rig) string {
		tasks, err := r.ActiveMoves(context.Background())
		if err != nil {
			return text(err)
		}
		return r.taskNames(tasks)
	}
}

func (r *rig) taskNames(tasks []driver.MoveTask) string {
	var words []string
	for _, task := range tasks {
		for name, id := range r.tasks {
			if id == task.ID {
				words = append(words, name)
			}
		}
	}
	return strings.Join(words, " ")
}

// details answers all that is known of a message of the queue, beside its
// content and sequence.
func details(body string) call {
	return func(r *rig) string {
		infos, err := r.List(context.Background(), r.now, r.id(), 0, 1000)
		if err != nil {
			return text(err)
		}
		for _, info := range infos {
			if string(info.Body) == body {
				return r.details(info)
			}
		}
		return "not here"
	}
}

func (r *rig) details(info driver.Info) string {
	identity := "new"
	if info.ID == r.messages[string(info.Body)] {
		identity = "same"
	}
	words := []string{
		identity, "sent " + r.since(info.SentAt), "received " + r.since(info.FirstReceivedAt),
		info.State.String() + " " + r.since(info.VisibleAt), fmt.Sprintf("#%d", info.ReceiveCount),
	}
	if info.Origin != (driver.QueueRef{}) {
		words = append(words, "from "+info.Origin.Name)
	}
	return strings.Join(words, ", ")
}

// learn takes the ID of a message of the queue for the one of that body.
func learn(body string) call {
	return func(r *rig) string {
		infos, err := r.List(context.Background(), r.now, r.id(), 0, 1000)
		for _, info := range infos {
			if string(info.Body) == body {
				r.messages[body] = info.ID
				return "new ID"
			}
		}
		return text(err)
	}
}

// generations answers whether those of a message's deliveries grew.
func generations(body string) call {
	return func(r *rig) string {
		all := r.receipts[body]
		for i := 1; i < len(all); i++ {
			if all[i].Generation <= all[i-1].Generation+1 {
				return fmt.Sprintf("%d after %d", all[i].Generation, all[i-1].Generation)
			}
		}
		return fmt.Sprintf("%d grew by more than one", len(all))
	}
}

// holds answers the bodies in the queue, by sequence.
func holds() call {
	return func(r *rig) string {
		infos, err := r.List(context.Background(), r.now, r.id(), 0, 1000)
		if err != nil {
			return text(err)
		}
		var words []string
		for _, info := range infos {
			words = append(words, string(info.Body))
		}
		return strings.Join(words, " ")
	}
}

package sqs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// A taskHandle is what the handle of a move task holds. It is no secret: whoever
// may use the source may cancel the task, and the task ID cannot be guessed.
type taskHandle struct {
	TaskID    string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

func (h *handler) handleOf(task *queue.MoveTask) string {
	handle := taskHandle{TaskID: task.ID.String(), SourceARN: h.arnOf(task.Source.Name)}
	return base64.StdEncoding.EncodeToString([]byte(marshal(handle)))
}

func parseTaskHandle(text string) (handle taskHandle, ok bool) {
	if strings.ContainsAny(text, "\r\n") { // which a decoder would skip
		return handle, false
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || !unmarshal(string(data), &handle) {
		return handle, false
	}
	return handle, handle.TaskID != "" && handle.SourceARN != ""
}

func (s *session) moves() (*movetask.Manager, error) {
	if s.config.Moves == nil {
		return nil, unsupportedOperation("Move tasks are not available here.")
	}
	return s.config.Moves, nil
}

// resource returns the queue that a parameter names by its ARN.
func (s *session) resource(ctx context.Context, parameter, arn string) (*queue.Queue, error) {
	n, ok := s.parseARN(arn)
	if !ok {
		return nil, malformedARN(parameter)
	}
	if err := s.access(n); err != nil {
		return nil, err
	}
	if n.region != s.region {
		return nil, noResource(parameter)
	}
	q, err := s.config.Broker.Queue(ctx, s.stored(n))
	if errors.Is(err, queue.ErrNoQueue) {
		return nil, noResource(parameter)
	}
	return q, err
}

func startMessageMoveTask(ctx context.Context, s *session, in *startMessageMoveTaskInput) (*startMessageMoveTaskOutput, error) {
	moves, err := s.moves()
	if err != nil {
		return nil, err
	}
	if in.SourceARN == "" {
		return nil, missingParameter("SourceArn")
	}
	o, err := s.moveOptions(ctx, in)
	if err != nil {
		return nil, err
	}
	task, err := moves.Start(ctx, *o)
	if err != nil {
		return nil, startFault(err)
	}
	return &startMessageMoveTaskOutput{TaskHandle: s.handleOf(&task)}, nil
}

// moveOptions checks the parameters in the service's order: the source, its
// being a dead-letter queue, the destination.
func (s *session) moveOptions(ctx context.Context, in *startMessageMoveTaskInput) (*movetask.Options, error) {
	o := new(movetask.Options)
	if most := s.profile.MaxMoveRate; in.Rate != nil {
		if *in.Rate < 1 || *in.Rate > most {
			return nil, invalidValue(*in.Rate, "MaxNumberOfMessagesPerSecond", fmt.Sprintf("Must be between 1 and %d, if provided.", most))
		}
		o.Rate = *in.Rate
	}
	var err error
	if o.Source, err = s.resource(ctx, "SourceArn", in.SourceARN); err != nil || in.DestinationARN == "" {
		return o, err
	}
	if _, err := s.config.Moves.Plan(ctx, *o); err != nil {
		return nil, startFault(err)
	}
	o.Destination, err = s.resource(ctx, "DestinationArn", in.DestinationARN)
	return o, err
}

// startFault returns what to tell of a task that was not started.
func startFault(err error) error {
	invalid, ok := errors.AsType[*queue.InvalidError](err)
	switch {
	case errors.Is(err, queue.ErrNoQueue):
		return noResource("SourceArn")
	case ok:
		return invalidParameter("The destination must be another queue than the source and of the same type: %s.", invalid.Reason)
	}
	return err
}

func cancelMessageMoveTask(ctx context.Context, s *session, in *cancelMessageMoveTaskInput) (*cancelMessageMoveTaskOutput, error) {
	moves, err := s.moves()
	if err != nil {
		return nil, err
	}
	if in.TaskHandle == "" {
		return nil, missingParameter("TaskHandle")
	}
	id, err := s.task(ctx, in.TaskHandle)
	if err != nil {
		return nil, err
	}
	task, err := moves.Cancel(ctx, id)
	if errors.Is(err, queue.ErrNotRunning) {
		return nil, unsupportedOperation("The task is " + statuses[task.State] + " and cannot be cancelled: only a task that is RUNNING can.")
	}
	if err != nil {
		return nil, err
	}
	return &cancelMessageMoveTaskOutput{Moved: task.Moved}, nil
}

// task returns the ID of the task that a handle names. The task is one of the
// queue that the handle names, which the caller may use.
func (s *session) task(ctx context.Context, handle string) (id queue.TaskID, err error) {
	h, ok := parseTaskHandle(handle)
	if !ok {
		return id, invalidTaskHandle()
	}
	if _, ok := s.parseARN(h.SourceARN); !ok {
		return id, noResource("SourceArn")
	}
	source, err := s.resource(ctx, "SourceArn", h.SourceARN)
	if err != nil {
		return id, err
	}
	if id, err = queue.ParseTaskID(h.TaskID); err != nil {
		return id, queue.ErrNoTask
	}
	task, err := s.config.Moves.Lookup(ctx, id)
	if err == nil && task.Source.ID != source.ID() {
		err = queue.ErrNoTask
	}
	return id, err
}

// maxTasks is how many tasks can be listed.
const maxTasks = 10

func listMessageMoveTasks(ctx context.Context, s *session, in *listMessageMoveTasksInput) (*listMessageMoveTasksOutput, error) {
	moves, err := s.moves()
	if err != nil {
		return nil, err
	}
	if in.SourceARN == "" {
		return nil, missingParameter("SourceArn")
	}
	max := 1
	if in.MaxResults != nil {
		if max = *in.MaxResults; max < 1 || max > maxTasks {
			return nil, invalidValue(max, "MaxResults", "Must be between 1 and 10, if provided.")
		}
	}
	source, err := s.resource(ctx, "SourceArn", in.SourceARN)
	if err != nil {
		return nil, err
	}
	tasks, err := moves.List(ctx, source, max)
	out := new(listMessageMoveTasksOutput)
	for i := range tasks {
		out.Results = append(out.Results, s.moveTask(&tasks[i]))
	}
	return out, err
}

var statuses = map[queue.MoveState]string{
	queue.MoveRunning:    "RUNNING",
	queue.MoveCancelling: "CANCELLING",
	queue.MoveCancelled:  "CANCELLED",
	queue.MoveCompleted:  "COMPLETED",
	queue.MoveFailed:     "FAILED",
}

// failureReasons are what is answered for a task that failed. Only the first one
// was ever seen at the service.
var failureReasons = map[queue.MoveFailure]string{
	queue.MoveDestinationGone: "AWS.SimpleQueueService.NonExistentQueue",
	queue.MoveDestinationFull: "OverLimit",
	queue.MoveNoOrigin:        "CouldNotDetermineMessageSource",
	queue.MoveTimedOut:        "TimedOut",
	queue.MoveSourceGone:      "AWS.SimpleQueueService.NonExistentQueue",
}

func (s *session) moveTask(t *queue.MoveTask) moveTask {
	m := moveTask{
		Status:         statuses[t.State],
		SourceARN:      s.arnOf(t.Source.Name),
		DestinationARN: s.arnOf(t.Destination.Name),
		Rate:           t.Move.Rate,
		Moved:          t.Moved,
		ToMove:         t.Total,
		FailureReason:  failureReasons[t.Failure],
		Started:        s.config.Broker.WallTime(t.StartedAt).UnixMilli(),
	}
	if t.State == queue.MoveRunning {
		m.TaskHandle = s.handleOf(t)
	}
	return m
}

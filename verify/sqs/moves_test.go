package sqs

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/redriveq/redrive/queue"
)

// A redrive is a queue with a dead-letter queue, into which messages went.
type redrive struct {
	url, dead       string // the queues' URLs
	source, deadARN string // of the queue and of the dead-letter queue
}

// newRedrive makes queues and lets that many messages die.
func newRedrive(c *client, messages int) *redrive {
	c.t.Helper()
	r := &redrive{dead: c.create("dead")}
	r.deadARN = c.arn(r.dead)
	r.url = c.create("orders", "RedrivePolicy", fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"1"}`, r.deadARN))
	r.source = c.arn(r.url)
	for i := range messages {
		c.send(r.url, fmt.Sprint("m", i))
		c.changeVisibility(r.url, c.receiveOne(r.url), 0)
		if got := c.receive(r.url, 1); len(got) != 0 {
			c.t.Fatalf("received %q beyond the limit", bodies(got))
		}
	}
	return r
}

// tasks returns the move tasks of the dead-letter queue, the newest first.
func (r *redrive) tasks(c *client) []types.ListMessageMoveTasksResultEntry {
	c.t.Helper()
	return do[sqs.ListMessageMoveTasksOutput](c, &sqs.ListMessageMoveTasksInput{SourceArn: &r.deadARN, MaxResults: new(int32(10))}).Results
}

// ended returns the newest task when it has ended.
func (r *redrive) ended(c *client) types.ListMessageMoveTasksResultEntry {
	c.t.Helper()
	for {
		task := r.tasks(c)[0]
		switch status := aws.ToString(task.Status); status {
		case "RUNNING", "CANCELLING":
			if c.t.Context().Err() != nil {
				c.t.Fatalf("the task is still %s", status)
			}
		default:
			return task
		}
	}
}

// Messages that were received too often go to the dead-letter queue, and a task
// moves them back.
func deadLetters(t *testing.T, c *client) {
	r := newRedrive(c, 2)
	sources := do[sqs.ListDeadLetterSourceQueuesOutput](c, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &r.dead}).QueueUrls
	check(t, "sources", fmt.Sprint(sources), fmt.Sprint([]string{r.url}))
	got := c.receive(r.dead, 1)
	check(t, "received of the dead", bodies(got), "m0")
	check(t, "source of the dead", got[0].Attributes["DeadLetterQueueSourceArn"], r.source)
	check(t, "receive count of the dead", got[0].Attributes["ApproximateReceiveCount"], "2")
	c.changeVisibility(r.dead, got[0], 0)

	do[sqs.StartMessageMoveTaskOutput](c, &sqs.StartMessageMoveTaskInput{SourceArn: &r.deadARN})
	task := r.ended(c)
	check(t, "status", aws.ToString(task.Status), "COMPLETED")
	check(t, "moved", task.ApproximateNumberOfMessagesMoved, 2)
	check(t, "to move", aws.ToInt64(task.ApproximateNumberOfMessagesToMove), 2)
	check(t, "start", task.StartedTimestamp, c.broker.Clock().Now().UnixMilli())
	check(t, "handle, destination and rate of a task without", aws.ToString(task.TaskHandle)+aws.ToString(task.DestinationArn), "")
	back := c.receive(r.url, 10)
	check(t, "moved back", bodies(back), "m0 m1")
	check(t, "receive count after the move", back[0].Attributes["ApproximateReceiveCount"], "1")
	check(t, "another message ID", aws.ToString(back[0].MessageId) != aws.ToString(got[0].MessageId), true)
}

// A task is listed and cancelled while it runs; what it has moved stays moved.
func cancelledMove(t *testing.T, c *client) {
	r := newRedrive(c, 4)
	target := c.create("target")
	targetARN := c.arn(target)
	start := &sqs.StartMessageMoveTaskInput{SourceArn: &r.deadARN, DestinationArn: &targetARN, MaxNumberOfMessagesPerSecond: new(int32(1))}
	handle := do[sqs.StartMessageMoveTaskOutput](c, start).TaskHandle
	c.fails(start, 400, "InvalidParameterValue",
		"There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	c.advance(t, time.Second)
	running := r.tasks(c)[0]
	check(t, "status", aws.ToString(running.Status), "RUNNING")
	check(t, "handle", aws.ToString(running.TaskHandle), aws.ToString(handle))
	check(t, "destination", aws.ToString(running.DestinationArn), targetARN)
	check(t, "rate", aws.ToInt32(running.MaxNumberOfMessagesPerSecond), 1)
	check(t, "moved of four", fmt.Sprint(running.ApproximateNumberOfMessagesMoved, aws.ToInt64(running.ApproximateNumberOfMessagesToMove)), "2 4")

	cancelled := do[sqs.CancelMessageMoveTaskOutput](c, &sqs.CancelMessageMoveTaskInput{TaskHandle: handle})
	check(t, "moved before the cancel", cancelled.ApproximateNumberOfMessagesMoved, 2)
	task := r.ended(c)
	check(t, "status after the cancel", aws.ToString(task.Status), "CANCELLED")
	check(t, "moved in the end", task.ApproximateNumberOfMessagesMoved, 2)
	check(t, "handle of a task that has ended", task.TaskHandle == nil, true)
	c.fails(&sqs.CancelMessageMoveTaskInput{TaskHandle: handle}, 400, "AWS.SimpleQueueService.UnsupportedOperation",
		"The task is CANCELLED and cannot be cancelled: only a task that is RUNNING can.")
	check(t, "moved messages", bodies(c.receive(target, 10)), "m0 m1")
	check(t, "messages that stayed", bodies(c.receive(r.dead, 10)), "m2 m3")
	check(t, "tasks", len(r.tasks(c)), 1)
	cancelling(t, c, r)
}

// A task is being cancelled until its worker has taken note; this one has none.
func cancelling(t *testing.T, c *client, r *redrive) {
	c.send(r.dead, "m4")
	source := must(c.broker.Queue(t.Context(), "dead"))
	destination := must(c.broker.Queue(t.Context(), "target"))
	task := must(c.broker.StartMove(t.Context(), queue.Move{Source: source.ID(), Destination: destination.ID()}, false))
	listed := r.tasks(c)[0]
	check(t, "status without a worker", aws.ToString(listed.Status), "RUNNING")
	must(c.broker.CancelMove(t.Context(), task.ID))
	check(t, "status without a worker, after the cancel", aws.ToString(r.tasks(c)[0].Status), "CANCELLING")
	check(t, "handle without a worker, after the cancel", r.tasks(c)[0].TaskHandle == nil, true)
	c.fails(&sqs.CancelMessageMoveTaskInput{TaskHandle: listed.TaskHandle}, 400, "AWS.SimpleQueueService.UnsupportedOperation",
		"The task is CANCELLING and cannot be cancelled: only a task that is RUNNING can.")
	must(c.broker.StepMove(t.Context(), task.ID, 1))
	check(t, "status after a step", aws.ToString(r.tasks(c)[0].Status), "CANCELLED")
}

// A task whose destination is deleted fails, and says why.
func failedMove(t *testing.T, c *client) {
	r := newRedrive(c, 3)
	target := c.create("target")
	targetARN := c.arn(target)
	do[sqs.StartMessageMoveTaskOutput](c, &sqs.StartMessageMoveTaskInput{
		SourceArn: &r.deadARN, DestinationArn: &targetARN, MaxNumberOfMessagesPerSecond: new(int32(1)),
	})
	do[sqs.DeleteQueueOutput](c, &sqs.DeleteQueueInput{QueueUrl: &target})
	c.advance(t, time.Second)
	task := r.ended(c)
	check(t, "status", aws.ToString(task.Status), "FAILED")
	check(t, "reason", aws.ToString(task.FailureReason), "AWS.SimpleQueueService.NonExistentQueue")
	check(t, "moved", task.ApproximateNumberOfMessagesMoved, 1)
}

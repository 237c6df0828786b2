package sqs

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// failsWith is fails without a look at the message.
func (c *client) failsWith(in any, status int, code string) {
	c.t.Helper()
	_, err := c.try(in)
	f, ok := errors.AsType[*fault](err)
	if !ok || f.status != status || f.code != code {
		c.t.Errorf("%s: got error %v, want %d %s", operationOf(in), err, status, code)
	}
}

// A refusal is a request with what the service says to it. Whoever answers is the
// same for both clients: a code, a status and a text; the newer one has types for
// most of the errors besides.
type refusal struct {
	in      any
	code    string
	status  int
	message string
	typed   error // of aws-sdk-go-v2; nil if it has none
}

const (
	prefix      = "AWS.SimpleQueueService."
	invalid     = "InvalidParameterValue"
	noSource    = "The resource that you specified for the SourceArn parameter doesn't exist."
	noQueueText = "The specified queue does not exist."
)

// noTask is the ID of no task.
const noTask = "00000000-0000-4000-8000-000000000000"

// taskHandle returns the handle of a task, as the service would make it.
func taskHandle(arn, id string) *string {
	return new(base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"taskId":%q,"sourceArn":%q}`, id, arn)))
}

// Both clients are told what the service tells.
func faults(t *testing.T, c *client) {
	for _, row := range append(refusalsOfQueues(c), refusalsOfMessages(c)...) {
		message := row.message
		if message == noQueueText && c.kind.protocol == "query" {
			message = "The specified queue does not exist for this wsdl version."
		}
		c.fails(row.in, row.status, row.code, message)
		if row.typed == nil || c.kind.protocol != "json" {
			continue
		}
		_, err := c.try(row.in)
		if target := reflect.New(reflect.TypeOf(row.typed)); !errors.As(err, target.Interface()) {
			t.Errorf("%s: got an error of type %T, want %T in it", operationOf(row.in), err, row.typed)
		}
	}
}

// refusalsOfQueues are about queues and move tasks.
func refusalsOfQueues(c *client) []refusal {
	plain := c.create("plain")
	r := newRedrive(c, 0)
	none := c.url + "/111111111111/none"
	noARN := "arn:aws:sqs:us-east-1:111111111111:none"
	return []refusal{
		{&sqs.GetQueueUrlInput{QueueName: new("none")}, prefix + "NonExistentQueue", 400, noQueueText, new(types.QueueDoesNotExist)},
		{&sqs.DeleteQueueInput{QueueUrl: &none}, prefix + "NonExistentQueue", 400, noQueueText, new(types.QueueDoesNotExist)},
		{&sqs.SendMessageInput{QueueUrl: &none, MessageBody: new("tea")}, prefix + "NonExistentQueue", 400, noQueueText, new(types.QueueDoesNotExist)},
		{&sqs.CreateQueueInput{QueueName: new("plain"), Attributes: map[string]string{"VisibilityTimeout": "31"}}, "QueueAlreadyExists", 400,
			"A queue already exists with the same name and a different value for attribute VisibilityTimeout", new(types.QueueNameExists)},
		{&sqs.CreateQueueInput{QueueName: new("a b")}, invalid, 400,
			"Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length", nil},
		{&sqs.SetQueueAttributesInput{QueueUrl: &plain, Attributes: map[string]string{"Colour": "red"}}, "InvalidAttributeName", 400,
			"Unknown Attribute Colour.", new(types.InvalidAttributeName)},
		{&sqs.SetQueueAttributesInput{QueueUrl: &plain, Attributes: map[string]string{"VisibilityTimeout": "43201"}}, "InvalidAttributeValue", 400,
			"Invalid value for the parameter VisibilityTimeout.", new(types.InvalidAttributeValue)},
		{&sqs.ListQueuesInput{MaxResults: new(int32(1001))}, invalid, 400,
			"Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.", nil},

		{&sqs.StartMessageMoveTaskInput{SourceArn: &noARN}, "ResourceNotFoundException", 404, noSource, new(types.ResourceNotFoundException)},
		{&sqs.StartMessageMoveTaskInput{SourceArn: new(c.arn(plain))}, invalid, 400,
			"Source queue must be configured as a Dead Letter Queue.", nil},
		{&sqs.StartMessageMoveTaskInput{SourceArn: &r.deadARN, DestinationArn: &noARN}, "ResourceNotFoundException", 404,
			"The resource that you specified for the DestinationArn parameter doesn't exist.", new(types.ResourceNotFoundException)},
		{&sqs.ListMessageMoveTasksInput{SourceArn: &noARN}, "ResourceNotFoundException", 404, noSource, new(types.ResourceNotFoundException)},
		{&sqs.ListMessageMoveTasksInput{SourceArn: new("dead")}, invalid, 400,
			"You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>", nil},
		{&sqs.CancelMessageMoveTaskInput{TaskHandle: new("garbage")}, invalid, 400, "Value for parameter TaskHandle is invalid.", nil},
		{&sqs.CancelMessageMoveTaskInput{TaskHandle: taskHandle(noARN, noTask)}, "ResourceNotFoundException", 404, noSource, new(types.ResourceNotFoundException)},
		{&sqs.CancelMessageMoveTaskInput{TaskHandle: taskHandle(r.deadARN, noTask)}, "ResourceNotFoundException", 404, "Task does not exist.", new(types.ResourceNotFoundException)},
	}
}

// refusalsOfMessages are about messages and receipts.
func refusalsOfMessages(c *client) []refusal {
	url, other, fifo := c.create("cups"), c.create("plates"), c.create("cups.fifo", "FifoQueue", "true")
	c.send(other, "foreign")
	foreign := c.receiveOne(other).ReceiptHandle
	sends := make([]types.SendMessageBatchRequestEntry, 11)
	for i := range sends {
		sends[i] = types.SendMessageBatchRequestEntry{Id: new(fmt.Sprint(i)), MessageBody: new(strings.Repeat("x", 200_000))}
	}
	batch := func(ids ...string) *sqs.DeleteMessageBatchInput {
		in := &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []types.DeleteMessageBatchRequestEntry{}}
		for _, id := range ids {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: &id, ReceiptHandle: foreign})
		}
		return in
	}
	return []refusal{
		{&sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: new("garbage")}, "ReceiptHandleIsInvalid", 404,
			`The input receipt handle "garbage" is not a valid receipt handle.`, new(types.ReceiptHandleIsInvalid)},
		{&sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: foreign}, "ReceiptHandleIsInvalid", 404,
			`The input receipt handle "` + *foreign + `" is not valid for this queue.`, new(types.ReceiptHandleIsInvalid)},
		{&sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: new("garbage")}, "ReceiptHandleIsInvalid", 404,
			`The input receipt handle "garbage" is not a valid receipt handle.`, new(types.ReceiptHandleIsInvalid)},
		{&sqs.ChangeMessageVisibilityInput{QueueUrl: &other, ReceiptHandle: foreign, VisibilityTimeout: 43_201}, invalid, 400,
			"Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200, if provided.", nil},
		{&sqs.SendMessageInput{QueueUrl: &url, MessageBody: new("\x01")}, "InvalidMessageContents", 400,
			"The message contains characters outside the allowed set: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.", new(types.InvalidMessageContents)},
		{&sqs.SendMessageInput{QueueUrl: &url, MessageBody: new("tea"), DelaySeconds: 901}, invalid, 400,
			"Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", nil},
		{&sqs.SendMessageInput{QueueUrl: &fifo, MessageBody: new("tea")}, "MissingParameter", 400,
			"The request must contain the parameter MessageGroupId.", nil},
		{&sqs.SendMessageInput{QueueUrl: &fifo, MessageBody: new("tea"), MessageGroupId: new("a")}, invalid, 400,
			"The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly", nil},
		{&sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 11}, invalid, 400,
			"Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", nil},
		{&sqs.SendMessageBatchInput{QueueUrl: &url, Entries: sends}, prefix + "TooManyEntriesInBatchRequest", 400,
			"Maximum number of entries per request are 10. You have sent 11.", new(types.TooManyEntriesInBatchRequest)},
		{&sqs.SendMessageBatchInput{QueueUrl: &url, Entries: sends[:6]}, prefix + "BatchRequestTooLong", 400,
			"Batch requests cannot be longer than 1048576 bytes. You have sent 1200000 bytes.", new(types.BatchRequestTooLong)},
		{batch("a b"), prefix + "InvalidBatchEntryId", 400,
			"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.", new(types.InvalidBatchEntryId)},
		{batch("a", "a"), prefix + "BatchEntryIdsNotDistinct", 400, "Id a repeated.", new(types.BatchEntryIdsNotDistinct)},
		{batch(), prefix + "EmptyBatchRequest", 400,
			"There should be at least one DeleteMessageBatchRequestEntry in the request.", new(types.EmptyBatchRequest)},
	}
}

package sqs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
)

// Type, code and status of every error, after the model of the API and recorded
// answers of the service.
func TestErrors(t *testing.T) {
	for _, row := range []struct {
		err    *apiError
		kind   string // as in the JSON protocol, with its namespace
		code   string
		status int
		text   string
	}{
		{unknownOperation(404), "com.amazon.coral.service#UnknownOperationException", "UnknownOperationException", 404, ""},
		{serialization("x %d", 1), "com.amazon.coral.service#SerializationException", "SerializationException", 400, "x 1"},
		{malformedInput("x %d", 1), "com.amazonaws.sqs#MalformedInput", "MalformedInput", 400, "x 1"},
		{malformedQuery("x"), "com.amazonaws.sqs#MalformedQueryString", "MalformedQueryString", 404, "x"},
		{invalidAction("X"), "com.amazonaws.sqs#InvalidAction", "InvalidAction", 400, "The action X is not valid for this endpoint."},
		{invalidVersion("X", "1"), "com.amazonaws.sqs#InvalidAction", "InvalidAction", 400, "Could not find operation X for version 1"},
		{missingAction(), "com.amazonaws.sqs#MissingAction", "MissingAction", 400, "The request must contain the parameter Action."},
		{wrongMethod(), "com.amazonaws.sqs#InvalidAction", "InvalidAction", 405, "This request must be sent by POST."},
		{tooLarge(7), "com.amazonaws.sqs#RequestEntityTooLarge", "RequestEntityTooLarge", 413, "The request is larger than 7 bytes."},
		{accessDenied("x"), "com.amazon.coral.service#AccessDeniedException", "AccessDenied", 403, "x"},
		{missingToken(), "com.amazon.coral.service#MissingAuthenticationTokenException", "MissingAuthenticationToken", 403, "Request is missing Authentication Token"},
		{incompleteSignature("x"), "com.amazon.coral.service#IncompleteSignatureException", "IncompleteSignature", 400, "x"},
		{unknownKey(), "com.amazon.coral.service#UnrecognizedClientException", "InvalidClientTokenId", 403, "The security token included in the request is invalid."},
		{signatureMismatch(), "com.amazon.coral.service#InvalidSignatureException", "SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided."},
		{invalidParameter("x %d", 1), "com.amazonaws.sqs#InvalidParameterValueException", "InvalidParameterValue", 400, "x 1"},
		{invalidValue(2, "P", "Because."), "com.amazonaws.sqs#InvalidParameterValueException", "InvalidParameterValue", 400, "Value 2 for parameter P is invalid. Reason: Because."},
		{missingParameter("P"), "com.amazonaws.sqs#MissingRequiredParameterException", "MissingParameter", 400, "The request must contain the parameter P."},
		{unknownAttribute("Foobar"), "com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName", 400, "Unknown Attribute Foobar."},
		{invalidAttribute("A"), "com.amazonaws.sqs#InvalidAttributeValue", "InvalidAttributeValue", 400, "Invalid value for the parameter A."},
		{invalidMessageContents(), "com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents", 400, "The message contains characters outside the allowed set: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF."},
		{unsupportedOperation("x"), "com.amazonaws.sqs#UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400, "x"},
		{noQueue(), "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400, "The specified queue does not exist."},
		{queueExists("DelaySeconds"), "com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists", 400, "A queue already exists with the same name and a different value for attribute DelaySeconds"},
		{queueDeletedRecently(), "com.amazonaws.sqs#QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400, "You must wait 60 seconds after deleting a queue before you can create another with the same name."},
		{purgeInProgress("q"), "com.amazonaws.sqs#PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 403, "Only one PurgeQueue operation on q is allowed every 60 seconds."},
		{overLimit("x %d", 1), "com.amazonaws.sqs#OverLimit", "OverLimit", 403, "x 1"},
		{requestThrottled("x"), "com.amazonaws.sqs#RequestThrottled", "RequestThrottled", 403, "x"},
		{emptyBatch("SendMessageBatchRequestEntry"), "com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400, "There should be at least one SendMessageBatchRequestEntry in the request."},
		{tooManyEntries(11), "com.amazonaws.sqs#TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400, "Maximum number of entries per request are 10. You have sent 11."},
		{entryIDsNotDistinct("a"), "com.amazonaws.sqs#BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400, "Id a repeated."},
		{invalidEntryID(), "com.amazonaws.sqs#InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400, "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."},
		{batchTooLong(2, 3), "com.amazonaws.sqs#BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400, "Batch requests cannot be longer than 2 bytes. You have sent 3 bytes."},
		{receiptInvalid("garbage"), "com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404, `The input receipt handle "garbage" is not a valid receipt handle.`},
		{receiptOfAnotherQueue("h"), "com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404, `The input receipt handle "h" is not valid for this queue.`},
		{receiptExpired("h"), "com.amazonaws.sqs#InvalidParameterValueException", "InvalidParameterValue", 400, "Value h for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."},
		{messageGone("h"), "com.amazonaws.sqs#InvalidParameterValueException", "InvalidParameterValue", 400, "Value h for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."},
		{messageNotInFlight(), "com.amazonaws.sqs#MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400, "The specified message isn't in flight."},
		{visibilityCap(43200), "com.amazonaws.sqs#InvalidParameterValueException", "InvalidParameterValue", 400, "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"},
		{noResource("SourceArn"), "com.amazonaws.sqs#ResourceNotFoundException", "ResourceNotFoundException", 404, "The resource that you specified for the SourceArn parameter doesn't exist."},
		{invalidTaskHandle(), "com.amazonaws.sqs#InvalidParameterValueException", "InvalidParameterValue", 400, "Value for parameter TaskHandle is invalid."},
		{malformedARN("SourceArn"), "com.amazonaws.sqs#InvalidParameterValueException", "InvalidParameterValue", 400, "You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>"},
	} {
		got := row.err
		if got.namespace()+got.Type != row.kind || got.Code != row.code || got.Status != row.status || got.Message != row.text || got.Receiver {
			t.Errorf("got %s%s, %d %s %q, receiver %t\nwant %s, %d %s %q", got.namespace(), got.Type, got.Status, got.Code, got.Message, got.Receiver, row.kind, row.status, row.code, row.text)
		}
	}
	for status, err := range map[int]*apiError{500: internalFailure(), 503: serviceUnavailable()} {
		if err.Status != status || !err.Receiver || err.fault() != "Receiver" {
			t.Errorf("%s: got %d, fault of the %s, want %d, Receiver", err.Code, err.Status, err.fault(), status)
		}
	}
}

// What the broker says, the API tells, however often it was wrapped.
func TestErrorsOfTheBroker(t *testing.T) {
	for _, row := range []struct {
		err  error
		want *apiError
	}{
		{noQueue(), noQueue()},
		{queue.ErrNoQueue, noQueue()},
		{queue.ErrQueueExists, queueExists("")},
		{queue.ErrDeadLetterPolicy, invalidParameter("The dead-letter queue must exist, be of the same type, and allow this queue as a source.")},
		{queue.ErrInFlightLimit, overLimit("The maximum number of in flight messages is reached.")},
		{queue.ErrQueueFull, overLimit("The maximum number of messages in the queue is reached.")},
		{queue.ErrTooManyWaiters, requestThrottled("Too many receives are waiting.")},
		{queue.ErrNotDeadLetterQueue, invalidParameter("Source queue must be configured as a Dead Letter Queue.")},
		{queue.ErrNoDestination, noResource("DestinationArn")},
		{queue.ErrMoveActive, invalidParameter("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")},
		{queue.ErrTooManyMoves, overLimit("The maximum number of active message move tasks is reached.")},
		{queue.ErrNoTask, resourceNotFound("Task does not exist.")},
		{queue.ErrNotRunning, unsupportedOperation("The task is not running.")},
		{queue.ErrClosed, serviceUnavailable()},
		{movetask.ErrClosed, serviceUnavailable()},
		{context.Canceled, serviceUnavailable()},
		{context.DeadlineExceeded, serviceUnavailable()},
		{driver.Invalid("delay", "must be at most %d s", 900), invalidParameter("Invalid delay. Reason: must be at most 900 s.")},
		{queue.ErrUnknownOutcome, internalFailure()},
		{errors.New("/var/secret: no space"), internalFailure()},
	} {
		for _, err := range []error{row.err, &queue.Error{Op: "send", Queue: "q", Err: fmt.Errorf("wrapped: %w", row.err)}} {
			if got := toAPIError(err); *got != *row.want {
				t.Errorf("%v: got %+v, want %+v", err, *got, *row.want)
			}
		}
	}
	if got := toAPIError(errors.New("/var/secret")).Error(); strings.Contains(got, "secret") {
		t.Errorf("got %q, want nothing of the error within", got)
	}
}

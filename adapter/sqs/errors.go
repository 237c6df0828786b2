package sqs

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// An apiError is an error as the API tells it.
type apiError struct {
	Type     string // of the JSON protocol, without its namespace: "QueueDoesNotExist"
	Code     string // of the Query protocol, and of x-amzn-query-error
	Status   int
	Message  string
	Receiver bool // the service is at fault, not the sender
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// namespace returns the namespace of the error's type in the JSON protocol:
// errors of the framework have another one than those of the service.
func (e *apiError) namespace() string {
	switch e.Type {
	case "SerializationException", "UnknownOperationException", "InternalFailure", "ServiceUnavailable",
		"AccessDeniedException", "MissingAuthenticationTokenException", "IncompleteSignatureException",
		"UnrecognizedClientException", "InvalidSignatureException":
		return "com.amazon.coral.service#"
	}
	return "com.amazonaws.sqs#"
}

// fault returns who is at fault, in the words of the API.
func (e *apiError) fault() string {
	if e.Receiver {
		return "Receiver"
	}
	return "Sender"
}

// modelled is an error that has one name in both protocols, except that the
// Query protocol puts a prefix to it.
func modelled(name string, status int, message string) *apiError {
	return &apiError{Type: name, Code: "AWS.SimpleQueueService." + name, Status: status, Message: message}
}

// common is an error that has one name in both protocols.
func common(name string, status int, message string) *apiError {
	return &apiError{Type: name, Code: name, Status: status, Message: message}
}

// Errors of a request as such.

// unknownOperation is the error for a target that names no operation, and for
// a request that asks nothing at all.
func unknownOperation(status int) *apiError { return common("UnknownOperationException", status, "") }

// serialization is the error for a JSON body that is not one, or not of the
// right shape.
func serialization(format string, args ...any) *apiError {
	return common("SerializationException", http.StatusBadRequest, fmt.Sprintf(format, args...))
}

// malformedInput is the error for parameters of the Query protocol that are not
// of the right shape.
func malformedInput(format string, args ...any) *apiError {
	return common("MalformedInput", http.StatusBadRequest, fmt.Sprintf(format, args...))
}

// malformedQuery is the error for a form that is none.
func malformedQuery(message string) *apiError {
	return common("MalformedQueryString", http.StatusNotFound, message)
}

func invalidAction(action string) *apiError {
	return common("InvalidAction", http.StatusBadRequest, "The action "+action+" is not valid for this endpoint.")
}

// invalidVersion is the error for a version of the API that there is not.
func invalidVersion(action, version string) *apiError {
	return common("InvalidAction", http.StatusBadRequest, "Could not find operation "+action+" for version "+version)
}

func missingAction() *apiError {
	return common("MissingAction", http.StatusBadRequest, "The request must contain the parameter Action.")
}

// wrongMethod is the error for a request that has to be sent by POST.
func wrongMethod() *apiError {
	return common("InvalidAction", http.StatusMethodNotAllowed, "This request must be sent by POST.")
}

func tooLarge(limit int64) *apiError {
	return common("RequestEntityTooLarge", http.StatusRequestEntityTooLarge, fmt.Sprintf("The request is larger than %d bytes.", limit))
}

// Errors of who asks.

func accessDenied(message string) *apiError {
	return &apiError{Type: "AccessDeniedException", Code: "AccessDenied", Status: http.StatusForbidden, Message: message}
}

func missingToken() *apiError {
	return &apiError{Type: "MissingAuthenticationTokenException", Code: "MissingAuthenticationToken", Status: http.StatusForbidden, Message: "Request is missing Authentication Token"}
}

func incompleteSignature(message string) *apiError {
	return &apiError{Type: "IncompleteSignatureException", Code: "IncompleteSignature", Status: http.StatusBadRequest, Message: message}
}

func unknownKey() *apiError {
	return &apiError{Type: "UnrecognizedClientException", Code: "InvalidClientTokenId", Status: http.StatusForbidden, Message: "The security token included in the request is invalid."}
}

func signatureMismatch() *apiError {
	return &apiError{Type: "InvalidSignatureException", Code: "SignatureDoesNotMatch", Status: http.StatusForbidden, Message: "The request signature we calculated does not match the signature you provided."}
}

// Errors of parameters.

// invalidParameter is the error for a value that is not allowed; it is not
// modelled in the JSON protocol.
func invalidParameter(format string, args ...any) *apiError {
	return &apiError{Type: "InvalidParameterValueException", Code: "InvalidParameterValue", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

// invalidValue is invalidParameter in the service's usual words.
func invalidValue(value any, parameter, reason string) *apiError {
	return invalidParameter("Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason)
}

func missingParameter(name string) *apiError {
	return &apiError{Type: "MissingRequiredParameterException", Code: "MissingParameter", Status: http.StatusBadRequest, Message: "The request must contain the parameter " + name + "."}
}

func invalidAttributeName(format string, args ...any) *apiError {
	return common("InvalidAttributeName", http.StatusBadRequest, fmt.Sprintf(format, args...))
}

// unknownAttribute is the error for an attribute that queues do not have.
func unknownAttribute(name string) *apiError {
	return invalidAttributeName("Unknown Attribute %s.", name)
}

func invalidAttributeValue(format string, args ...any) *apiError {
	return common("InvalidAttributeValue", http.StatusBadRequest, fmt.Sprintf(format, args...))
}

// invalidAttribute is invalidAttributeValue in the service's usual words.
func invalidAttribute(name string) *apiError {
	return invalidAttributeValue("Invalid value for the parameter %s.", name)
}

// invalidMessageContents is the error for a body with characters that messages
// may not have.
func invalidMessageContents() *apiError {
	return common("InvalidMessageContents", http.StatusBadRequest, "The message contains characters outside the allowed set: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.")
}

func unsupportedOperation(message string) *apiError {
	return modelled("UnsupportedOperation", http.StatusBadRequest, message)
}

// Errors of queues.

// noQueue is the error for a queue that does not exist. The Query protocol adds
// " for this wsdl version" to its text.
func noQueue() *apiError {
	return &apiError{Type: "QueueDoesNotExist", Code: "AWS.SimpleQueueService.NonExistentQueue", Status: http.StatusBadRequest, Message: noQueueMessage}
}

const (
	noQueueMessage      = "The specified queue does not exist."
	noQueueQueryMessage = "The specified queue does not exist for this wsdl version."
)

// queueExists is the error for the creation of a queue that is there with
// another value of the attribute. An empty name tells of none.
func queueExists(attribute string) *apiError {
	message := "A queue already exists with the same name and a different value for attribute " + attribute
	if attribute == "" {
		message = "A queue already exists with the same name and different attributes."
	}
	return &apiError{Type: "QueueNameExists", Code: "QueueAlreadyExists", Status: http.StatusBadRequest, Message: message}
}

func queueDeletedRecently() *apiError {
	return modelled("QueueDeletedRecently", http.StatusBadRequest, "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
}

func purgeInProgress(queue string) *apiError {
	return modelled("PurgeQueueInProgress", http.StatusForbidden, "Only one PurgeQueue operation on "+queue+" is allowed every 60 seconds.")
}

func overLimit(format string, args ...any) *apiError {
	return common("OverLimit", http.StatusForbidden, fmt.Sprintf(format, args...))
}

func requestThrottled(message string) *apiError {
	return common("RequestThrottled", http.StatusForbidden, message)
}

// Errors of batches.

func emptyBatch(entry string) *apiError {
	return modelled("EmptyBatchRequest", http.StatusBadRequest, "There should be at least one "+entry+" in the request.")
}

func tooManyEntries(entries int) *apiError {
	return modelled("TooManyEntriesInBatchRequest", http.StatusBadRequest, fmt.Sprintf("Maximum number of entries per request are 10. You have sent %d.", entries))
}

func entryIDsNotDistinct(id string) *apiError {
	return modelled("BatchEntryIdsNotDistinct", http.StatusBadRequest, "Id "+id+" repeated.")
}

func invalidEntryID() *apiError {
	return modelled("InvalidBatchEntryId", http.StatusBadRequest, "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
}

func batchTooLong(limit, size int) *apiError {
	return modelled("BatchRequestTooLong", http.StatusBadRequest, fmt.Sprintf("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", limit, size))
}

// Errors of receipts.

func receiptInvalid(handle string) *apiError {
	return common("ReceiptHandleIsInvalid", http.StatusNotFound, `The input receipt handle "`+handle+`" is not a valid receipt handle.`)
}

func receiptOfAnotherQueue(handle string) *apiError {
	return common("ReceiptHandleIsInvalid", http.StatusNotFound, `The input receipt handle "`+handle+`" is not valid for this queue.`)
}

func receiptExpired(handle string) *apiError {
	return invalidValue(handle, "ReceiptHandle", "The receipt handle has expired.")
}

// messageGone is the error for a change of the visibility of a message that is
// not there.
func messageGone(handle string) *apiError {
	return invalidValue(handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
}

// entryGone is messageGone with what the service tells of an entry of a batch
// instead.
func entryGone(string) *apiError {
	return common("ReceiptHandleIsInvalid", http.StatusNotFound, "Message does not exist or is not available for visibility timeout change")
}

func messageNotInFlight() *apiError {
	return modelled("MessageNotInflight", http.StatusBadRequest, "The specified message isn't in flight.")
}

func visibilityCap(seconds int) *apiError {
	return invalidValue(seconds, "VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
}

// Errors of move tasks.

func resourceNotFound(message string) *apiError {
	return common("ResourceNotFoundException", http.StatusNotFound, message)
}

// noResource is the error for a queue that a parameter of a move task names.
func noResource(parameter string) *apiError {
	return resourceNotFound("The resource that you specified for the " + parameter + " parameter doesn't exist.")
}

func invalidTaskHandle() *apiError {
	return invalidParameter("Value for parameter TaskHandle is invalid.")
}

func malformedARN(parameter string) *apiError {
	return invalidParameter("You must use this format to specify the %s: arn:<partition>:<service>:<region>:<account-id>:<resource-id>", parameter)
}

// Errors of the service.

// internalFailure is the error for what is nobody's business but the operator's.
func internalFailure() *apiError {
	return &apiError{Type: "InternalFailure", Code: "InternalFailure", Status: http.StatusInternalServerError, Message: "The request processing has failed because of an unknown error.", Receiver: true}
}

func serviceUnavailable() *apiError {
	return &apiError{Type: "ServiceUnavailable", Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable, Message: "The request has failed due to a temporary failure of the server.", Receiver: true}
}

// told are the errors of the broker that have a counterpart whatever the
// operation. Those of receipts need the handle and are not among them.
var told = []struct {
	err  error
	tell func() *apiError
}{
	{queue.ErrNoQueue, noQueue},
	{queue.ErrQueueExists, func() *apiError { return queueExists("") }},
	{queue.ErrDeadLetterPolicy, func() *apiError {
		return invalidParameter("The dead-letter queue must exist, be of the same type, and allow this queue as a source.")
	}},
	{queue.ErrInFlightLimit, func() *apiError {
		return overLimit("The maximum number of in flight messages is reached.")
	}},
	{queue.ErrQueueFull, func() *apiError { return overLimit("The maximum number of messages in the queue is reached.") }},
	{queue.ErrTooManyWaiters, func() *apiError { return requestThrottled("Too many receives are waiting.") }},
	{queue.ErrNotDeadLetterQueue, func() *apiError {
		return invalidParameter("Source queue must be configured as a Dead Letter Queue.")
	}},
	{queue.ErrNoDestination, func() *apiError { return noResource("DestinationArn") }},
	{queue.ErrMoveActive, func() *apiError {
		return invalidParameter("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}},
	{queue.ErrTooManyMoves, func() *apiError { return overLimit("The maximum number of active message move tasks is reached.") }},
	{queue.ErrNoTask, func() *apiError { return resourceNotFound("Task does not exist.") }},
	{queue.ErrNotRunning, func() *apiError { return unsupportedOperation("The task is not running.") }},
	{queue.ErrClosed, serviceUnavailable},
	{movetask.ErrClosed, serviceUnavailable},
	{context.Canceled, serviceUnavailable},
	{context.DeadlineExceeded, serviceUnavailable},
}

// toAPIError returns what the API tells of an error: itself if it is an
// *apiError. What has no counterpart is an InternalFailure and tells nothing:
// the caller should log it.
func toAPIError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	for _, row := range told {
		if errors.Is(err, row.err) {
			return row.tell()
		}
	}
	if e, ok := errors.AsType[*queue.InvalidError](err); ok {
		return invalidParameter("Invalid %s. Reason: %s.", e.Field, e.Reason)
	}
	return internalFailure()
}

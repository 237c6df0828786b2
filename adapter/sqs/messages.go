package sqs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redriveq/redrive/queue"
)

// traceAttribute is the message attribute in which the trace header of a message
// is kept. Clients cannot name one so.
const traceAttribute = "AWS.TraceHeader"

const traceHeader = "AWSTraceHeader"

// A destination is a queue that is sent to.
type destination struct {
	*session
	queue      *queue.Queue
	attributes queue.Attributes
}

func (s *session) destination(ctx context.Context, queueURL string) (*destination, error) {
	q, _, err := s.find(ctx, queueURL)
	if err != nil {
		return nil, err
	}
	info, err := q.Info(ctx)
	return &destination{s, q, info.Attributes}, err
}

func sendMessage(ctx context.Context, s *session, in *sendMessageInput) (*sendMessageOutput, error) {
	d, err := s.destination(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := d.checkGroup(&in.sendParameters); err != nil {
		return nil, err
	}
	m, err := d.message(&in.sendParameters)
	if err != nil {
		return nil, err
	}
	sent, err := d.queue.Send(ctx, m)
	if err != nil {
		return nil, d.refused(&m, err)
	}
	return &sendMessageOutput{d.sent(&in.sendParameters, sent)}, nil
}

// sent is the answer for a message that is in the queue.
func (d *destination) sent(in *sendParameters, sent queue.Sent) sentMessage {
	out := sentMessage{
		MessageID:             sent.ID.String(),
		MD5OfBody:             md5OfBody(*in.Body),
		MD5OfAttributes:       md5OfAttributes(in.Attributes),
		MD5OfSystemAttributes: md5OfAttributes(in.SystemAttributes),
	}
	if d.attributes.FIFO {
		out.SequenceNumber = sequenceNumber(sent.Sequence)
	}
	return out
}

// sequenceNumber returns the number with the 20 digits that the service gives,
// so that comparing the texts compares the numbers.
func sequenceNumber(n uint64) string { return fmt.Sprintf("%020d", n) }

// refused is the error for a message that the broker did not take.
func (d *destination) refused(m *queue.Message, err error) error {
	if limit := d.attributes.MaxMessageBytes; errors.Is(err, queue.ErrInvalid) && m.Size() > limit && limit > 0 {
		return messageTooLong(limit)
	}
	return err
}

// checkGroup reports a parameter that a FIFO queue needs and that is missing.
func (d *destination) checkGroup(in *sendParameters) error {
	switch {
	case !d.attributes.FIFO:
		return nil
	case in.GroupID == nil || *in.GroupID == "":
		return missingParameter("MessageGroupId")
	case !d.attributes.ContentDeduplication && (in.DeduplicationID == nil || *in.DeduplicationID == ""):
		return invalidParameter("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	return nil
}

// message returns the message to send, or what is wrong with the parameters.
func (d *destination) message(in *sendParameters) (m queue.Message, err error) {
	switch limit := d.attributes.MaxMessageBytes; {
	case in.Body == nil || *in.Body == "":
		return m, missingParameter("MessageBody")
	case limit > 0 && in.size() > limit:
		return m, messageTooLong(limit)
	case !validText(*in.Body):
		return m, invalidMessageContents()
	}
	if err := checkAttributes(in.Attributes); err != nil {
		return m, err
	}
	trace, err := traceOf(in.SystemAttributes)
	if err != nil {
		return m, err
	}
	m.Body = []byte(*in.Body)
	m.Attributes = valuesOf(in.Attributes)
	if trace != "" {
		m.Attributes[traceAttribute] = queue.String(trace)
	}
	if m.Group, err = checkID("MessageGroupId", in.GroupID); err != nil {
		return m, err
	}
	if m.DeduplicationID, err = d.deduplicationID(in.DeduplicationID); err != nil {
		return m, err
	}
	m.Delay, err = d.delay(in.DelaySeconds)
	return m, err
}

// size returns the bytes that count against a queue's limit.
func (in *sendParameters) size() int {
	size := len(*in.Body)
	for name, value := range in.Attributes {
		size += len(name) + len(value.DataType) + len(value.BinaryValue)
		if value.StringValue != nil {
			size += len(*value.StringValue)
		}
	}
	return size
}

func (d *destination) deduplicationID(id *string) (string, error) {
	if id != nil && !d.attributes.FIFO {
		return "", invalidValue(*id, "MessageDeduplicationId", "The request includes a parameter that is not valid for this queue type.")
	}
	return checkID("MessageDeduplicationId", id)
}

// checkID returns a group or a deduplication ID.
func checkID(parameter string, id *string) (string, error) {
	switch {
	case id == nil:
		return "", nil
	case *id == "" || len(*id) > 128 || !every(*id, func(c byte) bool { return '!' <= c && c <= '~' }):
		return "", invalidValue(*id, parameter, parameter+" can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
	return *id, nil
}

// delay returns the delay of a message. In FIFO queues all have that of the
// queue, and zero says nothing else.
func (d *destination) delay(seconds *int) (*time.Duration, error) {
	most := d.profile.MaxDelay
	switch {
	case seconds == nil:
		return nil, nil
	case *seconds < 0 || *seconds > int(most/time.Second):
		return nil, invalidValue(*seconds, "DelaySeconds", fmt.Sprintf("DelaySeconds must be >= 0 and <= %d.", int(most/time.Second)))
	case !d.attributes.FIFO:
		return new(time.Duration(*seconds) * time.Second), nil
	case *seconds > 0:
		return nil, invalidValue(*seconds, "DelaySeconds", "The request include parameter that is not valid for this queue type.")
	}
	return nil, nil
}

// traceOf returns the trace header among the system attributes, which is the
// only one that can be sent.
func traceOf(attributes map[string]attributeValue) (string, error) {
	for name, value := range attributes {
		if name != traceHeader {
			return "", invalidParameter("Message system attribute name '%s' is invalid.", name)
		}
		if value.DataType != "String" || value.StringValue == nil || *value.StringValue == "" || !validText(*value.StringValue) {
			return "", invalidParameter("Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.")
		}
		return *value.StringValue, nil
	}
	return "", nil
}

func messageTooLong(limit int) *apiError {
	return invalidParameter("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", limit)
}

package sqs

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue"
)

func receiveMessage(ctx context.Context, s *session, in *receiveMessageInput) (*receiveMessageOutput, error) {
	q, n, err := s.find(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	o, err := s.receiveOptions(in)
	if err != nil {
		return nil, err
	}
	names := slices.Concat(in.AttributeNames, in.SystemAttributeNames)
	if err := checkSystemNames(names); err != nil {
		return nil, err
	}
	if in.AttemptID != "" {
		if err := checkAttempt(n, in.AttemptID); err != nil {
			return nil, err
		}
	}
	deliveries, err := s.waits.receive(ctx, q, o)
	if err != nil {
		return nil, err
	}
	if deliveries, err = s.expressible(ctx, q, deliveries); err != nil {
		return nil, err
	}
	out := new(receiveMessageOutput)
	for i := range deliveries {
		d := &deliveries[i]
		m := message{
			MessageID:     d.ID.String(),
			ReceiptHandle: d.Receipt,
			MD5OfBody:     md5OfBody(d.Body),
			Body:          string(d.Body),
			Attributes:    s.systemAttributes(n, &d.Info, names),
		}
		m.MessageAttributes = selectAttributes(d.Attributes, in.MessageAttributes)
		m.MD5OfAttributes = md5OfAttributes(m.MessageAttributes)
		out.Messages = append(out.Messages, m)
	}
	return out, nil
}

// expressible returns the deliveries that every transport can carry. Others,
// which the program has sent itself, are given back as if they had not been
// received; if there are only such, that is an error.
func (s *session) expressible(ctx context.Context, q *queue.Queue, deliveries []queue.Delivery) ([]queue.Delivery, error) {
	var fit, others []queue.Delivery
	for _, d := range deliveries {
		if isTextual(&d.Info) {
			fit = append(fit, d)
		} else {
			others = append(others, d)
		}
	}
	if len(others) == 0 {
		return fit, nil
	}
	giveBack(context.WithoutCancel(ctx), q, others)
	s.log.ErrorContext(ctx, "messages that the protocol cannot carry were not handed out", "queue", q.Name(), "messages", len(others))
	if len(fit) == 0 {
		return nil, internalFailure()
	}
	return fit, nil
}

func isTextual(info *queue.Info) bool {
	if !validText(string(info.Body)) {
		return false
	}
	for _, v := range info.Attributes {
		if v.Kind != queue.KindBinary && !validText(v.Data) {
			return false
		}
	}
	return true
}

func (s *session) receiveOptions(in *receiveMessageInput) (*queue.ReceiveOptions, error) {
	o := new(queue.ReceiveOptions)
	p := s.profile
	if in.Max != nil {
		if *in.Max < 1 || *in.Max > p.MaxBatch {
			return nil, invalidValue(*in.Max, "MaxNumberOfMessages", fmt.Sprintf("Must be between 1 and %d, if provided.", p.MaxBatch))
		}
		o.Max = *in.Max
	}
	for _, span := range []struct {
		name  string
		value *int
		most  time.Duration
		field **time.Duration
	}{
		{"VisibilityTimeout", in.Visibility, p.MaxVisibility, &o.Visibility},
		{"WaitTimeSeconds", in.Wait, p.MaxWait, &o.Wait},
	} {
		if span.value == nil {
			continue
		}
		if most := int(span.most / time.Second); *span.value < 0 || *span.value > most {
			return nil, invalidValue(*span.value, span.name, fmt.Sprintf("Must be >= 0 and <= %d, if provided.", most))
		}
		*span.field = new(time.Duration(*span.value) * time.Second)
	}
	return o, nil
}

// checkAttempt checks the ID of an attempt to receive, which is accepted and
// otherwise not looked at: an attempt that is made again is another one.
func checkAttempt(n queueName, id string) error {
	if !n.fifo() {
		return invalidValue(id, "ReceiveRequestAttemptId", "The request include parameter that is not valid for this queue type.")
	}
	_, err := checkID("ReceiveRequestAttemptId", &id)
	return err
}

// systemAttributes are the attributes that the service gives to messages, each
// with what it is read from; "" is not answered.
var systemAttributes = map[string]func(s *session, n queueName, info *queue.Info) string{
	"SenderId":                func(_ *session, n queueName, _ *queue.Info) string { return n.account },
	"SentTimestamp":           func(s *session, _ queueName, info *queue.Info) string { return s.millis(info.SentAt) },
	"ApproximateReceiveCount": func(_ *session, _ queueName, info *queue.Info) string { return strconv.Itoa(info.ReceiveCount) },
	"ApproximateFirstReceiveTimestamp": func(s *session, _ queueName, info *queue.Info) string {
		return s.millis(info.FirstReceivedAt)
	},
	"SequenceNumber": func(_ *session, n queueName, info *queue.Info) string {
		if !n.fifo() {
			return ""
		}
		return sequenceNumber(info.Sequence)
	},
	"MessageGroupId":           func(_ *session, _ queueName, info *queue.Info) string { return info.Group },
	"MessageDeduplicationId":   func(_ *session, _ queueName, info *queue.Info) string { return info.DeduplicationID },
	"DeadLetterQueueSourceArn": func(s *session, _ queueName, info *queue.Info) string { return s.arnOf(info.Origin.Name) },
	traceHeader:                func(_ *session, _ queueName, info *queue.Info) string { return info.Attributes[traceAttribute].Data },
}

// millis returns an instant of the broker in milliseconds since 1970.
func (h *handler) millis(at time.Time) string {
	return strconv.FormatInt(h.config.Broker.WallTime(at).UnixMilli(), 10)
}

const allNames = "All"

// checkSystemNames refuses names that are none. Those of attributes of queues
// are in the API's list too, and nothing is answered for them.
func checkSystemNames(names []string) error {
	for _, name := range names {
		_, ofMessage := systemAttributes[name]
		_, ofQueue := queueAttributes[name]
		if !ofMessage && !ofQueue && name != allNames {
			return unknownAttribute(name)
		}
	}
	return nil
}

func (s *session) systemAttributes(n queueName, info *queue.Info, names []string) map[string]string {
	all := slices.Contains(names, allNames)
	var attributes map[string]string
	for name, read := range systemAttributes {
		if !all && !slices.Contains(names, name) {
			continue
		}
		if value := read(s, n, info); value != "" {
			if attributes == nil {
				attributes = make(map[string]string)
			}
			attributes[name] = value
		}
	}
	return attributes
}

// selectAttributes returns the attributes that the names mean: all for "All" and
// ".*", those with a prefix for "prefix.*".
func selectAttributes(values map[string]queue.Value, names []string) map[string]attributeValue {
	var selected map[string]attributeValue
	for name, value := range values {
		if name == traceAttribute || !slices.ContainsFunc(names, func(pattern string) bool { return matches(pattern, name) }) {
			continue
		}
		if selected == nil {
			selected = make(map[string]attributeValue)
		}
		selected[name] = attributeOf(value)
	}
	return selected
}

func matches(pattern, name string) bool {
	prefix, isPrefix := strings.CutSuffix(pattern, ".*")
	return pattern == allNames || pattern == name || isPrefix && strings.HasPrefix(name, prefix)
}

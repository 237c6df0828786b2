package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/redriveq/redrive/queue"
)

// A redrivePolicy is the attribute RedrivePolicy as it is answered.
type redrivePolicy struct {
	Target      string `json:"deadLetterTargetArn"`
	MaxReceives int    `json:"maxReceiveCount"`
}

func showRedrive(v *view) string {
	d := v.info.Attributes.DeadLetter
	if d == (queue.DeadLetter{}) {
		return ""
	}
	return marshal(redrivePolicy{v.arnOf(d.Queue), d.MaxReceives})
}

func setRedrive(c *change, name, value string) error {
	if value == "" {
		c.patch.DeadLetter = new(queue.DeadLetter)
		return nil
	}
	invalid := func(format string, args ...any) error {
		return invalidValue(value, name, fmt.Sprintf(format, args...))
	}
	policy, ok := parseObject(value)
	if !ok {
		return invalidParameter("Invalid value for the parameter %s. Reason: Redrive policy is not a valid JSON map.", name)
	}
	for _, key := range []string{"maxReceiveCount", "deadLetterTargetArn"} {
		if _, ok := policy[key]; !ok {
			return invalid("Redrive policy does not contain mandatory attribute: %s.", key)
		}
	}
	if len(policy) > 2 {
		return invalid("Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].")
	}
	arn, _ := policy["deadLetterTargetArn"].(string)
	target, ok := c.parseARN(arn)
	if !ok {
		return invalid("Invalid value for deadLetterTargetArn.")
	}
	// A number, or a text with one.
	count := fmt.Sprint(policy["maxReceiveCount"])
	receives, ok := parseNumber(count)
	if most := c.profile.MaxReceives; !ok || receives < 1 || receives > most {
		return invalid("Invalid value for maxReceiveCount: %s, valid values are from 1 to %d both inclusive.", count, most)
	}
	if target.account != c.name.account || target.region != c.name.region {
		return invalid("Dead-letter target owner should be same as the source.")
	}
	if target.fifo() != c.name.fifo() {
		return invalid("Dead-letter queue must be same type of queue as the source.")
	}
	c.patch.DeadLetter = &queue.DeadLetter{Queue: c.stored(target), MaxReceives: receives}
	return nil
}

// deadLetterFault turns a refusal of the broker into the API's, given the
// attributes that were to be set.
func (h *handler) deadLetterFault(ctx context.Context, patch queue.Patch, value string, err error) error {
	if !errors.Is(err, queue.ErrDeadLetterPolicy) || patch.DeadLetter == nil {
		return err
	}
	reason := "The dead-letter queue does not allow this source queue, or leads back to it."
	if _, missing := h.config.Broker.Queue(ctx, patch.DeadLetter.Queue); errors.Is(missing, queue.ErrNoQueue) {
		reason = "Dead letter target does not exist."
	}
	return invalidValue(value, attrRedrive, reason)
}

// An allowPolicy is the attribute RedriveAllowPolicy.
type allowPolicy struct {
	Permission string   `json:"redrivePermission"`
	Sources    []string `json:"sourceQueueArns,omitempty"`
}

const (
	allowAll    = "allowAll"
	allowByName = "byQueue"
	denyAll     = "denyAll"

	maxAllowed = 10
)

func showAllow(v *view) string {
	switch sources := v.info.Attributes.DeadLetterSources; sources.Mode {
	case queue.AllowNone:
		return marshal(allowPolicy{Permission: denyAll})
	case queue.AllowListed:
		policy := allowPolicy{Permission: allowByName}
		for _, name := range sources.Queues {
			policy.Sources = append(policy.Sources, v.arnOf(name))
		}
		return marshal(policy)
	}
	return v.label(attrAllow) // allowAll, where a request said so
}

func setAllow(c *change, name, value string) error {
	c.keep(name, "")
	c.patch.DeadLetterSources = new(queue.DeadLetterSources)
	if value == "" {
		return nil
	}
	var policy allowPolicy
	if !unmarshal(value, &policy) {
		return attributeRefused(name, "Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.")
	}
	invalid := func(reason string) error {
		return invalidValue(value, name, "Amazon SQS can't create the redrive allow policy. "+reason)
	}
	if policy.Permission != allowByName && len(policy.Sources) > 0 {
		return invalid("To specify one or more source queue ARNs, you must set redrivePermission to byQueue.")
	}
	switch policy.Permission {
	case allowAll:
		c.keep(name, marshal(policy))
	case denyAll:
		c.patch.DeadLetterSources.Mode = queue.AllowNone
	case allowByName:
		return c.allowListed(policy.Sources, invalid)
	default:
		return invalid("The redrivePermission must be allowAll, byQueue or denyAll.")
	}
	return nil
}

func (c *change) allowListed(arns []string, invalid func(reason string) error) error {
	switch {
	case len(arns) == 0:
		return invalid("When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.")
	case len(arns) > maxAllowed:
		return invalid("The maximum number of source queue ARNs you can specify is 10.")
	}
	sources := &queue.DeadLetterSources{Mode: queue.AllowListed}
	for _, arn := range arns {
		source, ok := c.parseARN(arn)
		if !ok || source.account != c.name.account || source.region != c.name.region {
			return invalid("A source queue ARN is not one of a queue of this account and region.")
		}
		sources.Queues = append(sources.Queues, c.stored(source))
	}
	c.patch.DeadLetterSources = sources
	return nil
}

// marshal returns the JSON of a value that has one.
func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// unmarshal reads one JSON object with known members only.
func unmarshal(text string, v any) bool {
	d := json.NewDecoder(bytes.NewBufferString(text))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return false
	}
	_, err := d.Token()
	return err == io.EOF
}

func parseObject(text string) (map[string]any, bool) {
	var object map[string]any
	ok := unmarshal(text, &object)
	return object, ok && object != nil
}

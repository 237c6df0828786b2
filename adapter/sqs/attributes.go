package sqs

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue"
)

// What the broker has no word for is kept in the labels of a queue.
const (
	attributeLabel = "sqs:attribute:" // and the name of an attribute of the queue
	tagLabel       = "sqs:tag:"       // and the key of a tag
)

// A view is what the attributes of a queue are read from.
type view struct {
	*handler
	name  queueName
	info  queue.QueueInfo
	stats queue.Stats
}

func (v *view) label(attribute string) string {
	return v.info.Attributes.Labels[attributeLabel+attribute]
}

// A change is what a request sets in the settings of a queue.
type change struct {
	*handler
	name   queueName
	now    queue.Attributes  // as they are; what the profile says for a new queue
	patch  queue.Patch       // without the labels
	labels map[string]string // all of them, as they are to be
}

func (h *handler) newChange(n queueName, now queue.Attributes) *change {
	labels := maps.Clone(now.Labels)
	if labels == nil {
		labels = make(map[string]string)
	}
	return &change{handler: h, name: n, now: now, labels: labels}
}

// done returns all that is to change.
func (c *change) done() queue.Patch {
	patch := c.patch
	if !maps.Equal(c.labels, c.now.Labels) {
		patch.Labels = &c.labels
	}
	return patch
}

// keep stores the value of an attribute in a label, or removes it if it is empty.
func (c *change) keep(attribute, value string) {
	if value == "" {
		delete(c.labels, attributeLabel+attribute)
		return
	}
	c.labels[attributeLabel+attribute] = value
}

// set sets attributes by their names in the API.
func (c *change) set(attributes map[string]string) error {
	if attributes[attrKMSKey] != "" && isTrue(attributes[attrSSE]) {
		return invalidAttributeName("You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := c.setOne(name, attributes[name]); err != nil {
			return err
		}
	}
	after := c.patch.Apply(c.now)
	if c.labels[attributeLabel+attrThroughput] == perGroup && after.DeduplicationScope != queue.ScopeGroup {
		return attributeRefused(attrThroughput, "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.")
	}
	return nil
}

// attributeRefused is invalidAttribute with a reason.
func attributeRefused(name, reason string) *apiError {
	return invalidAttributeValue("Invalid value for the parameter %s. Reason: %s", name, reason)
}

func (c *change) setOne(name, value string) error {
	a, ok := queueAttributes[name]
	switch {
	case !ok || a.set == nil:
		return unknownAttribute(name)
	case a.kind == fifoNamed && !c.name.fifo():
		return invalidAttributeName("You can specify the %s only when FifoQueue is set to true.", name)
	case a.kind == fifoHidden && !c.name.fifo():
		return unknownAttribute(name)
	}
	return a.set(c, name, value)
}

// The names of attributes of which the code speaks.
const (
	attrFIFO       = "FifoQueue"
	attrScope      = "DeduplicationScope"
	attrThroughput = "FifoThroughputLimit"
	attrKMSKey     = "KmsMasterKeyId"
	attrKMSPeriod  = "KmsDataKeyReusePeriodSeconds"
	attrSSE        = "SqsManagedSseEnabled"
	attrRedrive    = "RedrivePolicy"
	attrAllow      = "RedriveAllowPolicy"
	attrPolicy     = "Policy"
)

// An attributeKind says of which queues an attribute is.
type attributeKind int

const (
	anyQueue   attributeKind = iota
	fifoNamed                // of FIFO queues, and the error elsewhere says so
	fifoHidden               // of FIFO queues, and elsewhere it is unknown
)

// A queueAttribute is one attribute of queues in the API.
type queueAttribute struct {
	kind attributeKind
	show func(v *view) string                      // "" if there is nothing to answer
	set  func(c *change, name, value string) error // nil: it cannot be set
}

var queueAttributes = map[string]queueAttribute{
	"QueueArn":                              {show: func(v *view) string { return v.arn(v.name) }},
	"ApproximateNumberOfMessages":           {show: func(v *view) string { return strconv.Itoa(v.stats.Visible.Messages) }},
	"ApproximateNumberOfMessagesNotVisible": {show: func(v *view) string { return strconv.Itoa(v.stats.InFlight.Messages) }},
	"ApproximateNumberOfMessagesDelayed":    {show: func(v *view) string { return strconv.Itoa(v.stats.Delayed.Messages) }},
	"CreatedTimestamp":                      {show: func(v *view) string { return v.seconds(v.info.CreatedAt) }},
	"LastModifiedTimestamp":                 {show: func(v *view) string { return v.seconds(v.info.ModifiedAt) }},

	"DelaySeconds": span(func(a *queue.Attributes) time.Duration { return a.Delay },
		func(p *queue.Profile) (least, most time.Duration) { return 0, p.MaxDelay },
		func(p *queue.Patch, d time.Duration) { p.Delay = &d }),
	"VisibilityTimeout": span(func(a *queue.Attributes) time.Duration { return a.VisibilityTimeout },
		func(p *queue.Profile) (least, most time.Duration) { return p.MinVisibility, p.MaxVisibility },
		func(p *queue.Patch, d time.Duration) { p.VisibilityTimeout = &d }),
	"MessageRetentionPeriod": span(func(a *queue.Attributes) time.Duration { return a.Retention },
		func(p *queue.Profile) (least, most time.Duration) { return p.MinRetention, p.MaxRetention },
		func(p *queue.Patch, d time.Duration) { p.Retention = &d }),
	"ReceiveMessageWaitTimeSeconds": span(func(a *queue.Attributes) time.Duration { return a.ReceiveWait },
		func(p *queue.Profile) (least, most time.Duration) { return 0, p.MaxWait },
		func(p *queue.Patch, d time.Duration) { p.ReceiveWait = &d }),
	"MaximumMessageSize": {show: showMessageSize, set: setMessageSize},

	attrFIFO:                    {kind: fifoHidden, show: showFIFO, set: setFIFO},
	"ContentBasedDeduplication": {kind: fifoHidden, show: showContent, set: setContent},
	attrScope:                   {kind: fifoNamed, show: showScope, set: setScope},
	attrThroughput:              {kind: fifoNamed, show: showThroughput, set: setThroughput},

	attrRedrive:   {show: showRedrive, set: setRedrive},
	attrAllow:     {show: showAllow, set: setAllow},
	attrPolicy:    {show: func(v *view) string { return v.label(attrPolicy) }, set: setPolicy},
	attrKMSKey:    {show: func(v *view) string { return v.label(attrKMSKey) }, set: setKMSKey},
	attrKMSPeriod: {show: showKMSPeriod, set: setKMSPeriod},
	attrSSE:       {show: showSSE, set: setSSE},
}

// seconds returns an instant of the broker as the API tells it.
func (h *handler) seconds(at time.Time) string {
	return strconv.FormatInt(h.config.Broker.WallTime(at).Unix(), 10)
}

// span makes an attribute of whole seconds.
func span(
	get func(a *queue.Attributes) time.Duration,
	limits func(p *queue.Profile) (least, most time.Duration),
	put func(p *queue.Patch, d time.Duration),
) queueAttribute {
	return queueAttribute{
		show: func(v *view) string {
			return strconv.FormatInt(int64(get(&v.info.Attributes)/time.Second), 10)
		},
		set: func(c *change, name, value string) error {
			n, ok := parseNumber(value)
			least, most := limits(c.profile)
			if d := time.Duration(n) * time.Second; ok && least <= d && d <= most {
				put(&c.patch, d)
				return nil
			}
			return invalidAttribute(name)
		},
	}
}

// parseNumber returns a number of digits alone.
func parseNumber(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && len(s) <= 9 && every(s, func(c byte) bool { return '0' <= c && c <= '9' })
}

func isTrue(value string) bool { return strings.EqualFold(value, "true") }

// parseBool returns a truth value, which clients write in either case.
func parseBool(s string) (value, ok bool) {
	return isTrue(s), isTrue(s) || strings.EqualFold(s, "false")
}

func showMessageSize(v *view) string { return strconv.Itoa(v.info.Attributes.MaxMessageBytes) }

func setMessageSize(c *change, name, value string) error {
	n, ok := parseNumber(value)
	if !ok || n < c.profile.MinMessageBytes || n > c.profile.MaxMessageBytes {
		return invalidAttribute(name)
	}
	c.patch.MaxMessageBytes = &n
	return nil
}

func showFIFO(v *view) string {
	if !v.info.Attributes.FIFO {
		return ""
	}
	return "true"
}

func setFIFO(c *change, _, value string) error {
	if !isTrue(value) {
		return attributeRefused(attrFIFO, "Modifying queue type is not supported.")
	}
	return nil // the name decides
}

func showContent(v *view) string {
	if !v.info.Attributes.FIFO {
		return ""
	}
	return strconv.FormatBool(v.info.Attributes.ContentDeduplication)
}

func setContent(c *change, name, value string) error {
	on, ok := parseBool(value)
	if !ok {
		return invalidAttribute(name)
	}
	c.patch.ContentDeduplication = &on
	return nil
}

const (
	scopeGroup = "messageGroup"
	scopeQueue = "queue"
	perGroup   = "perMessageGroupId"
	perQueue   = "perQueue"
)

func showScope(v *view) string {
	switch {
	case !v.info.Attributes.FIFO || v.yandex():
		return ""
	case v.info.Attributes.DeduplicationScope == queue.ScopeGroup:
		return scopeGroup
	}
	return scopeQueue
}

func setScope(c *change, name, value string) error {
	scopes := map[string]queue.DeduplicationScope{scopeQueue: queue.ScopeQueue, scopeGroup: queue.ScopeGroup}
	scope, ok := scopes[value]
	if !ok {
		return invalidAttribute(name)
	}
	c.patch.DeduplicationScope = &scope
	return nil
}

func showThroughput(v *view) string {
	limit := v.label(attrThroughput)
	if limit == "" && v.info.Attributes.FIFO && !v.yandex() {
		return perQueue
	}
	return limit
}

func setThroughput(c *change, name, value string) error {
	if value != perQueue && value != perGroup {
		return invalidAttribute(name)
	}
	c.keep(name, value)
	return nil
}

func setKMSKey(c *change, name, value string) error {
	if len(value) > 2048 {
		return invalidAttribute(name)
	}
	c.keep(name, value)
	if value != "" {
		c.keep(attrSSE, "false")
	}
	return nil
}

func showKMSPeriod(v *view) string {
	period := v.label(attrKMSPeriod)
	if period == "" && v.label(attrKMSKey) != "" {
		return "300"
	}
	return period
}

func setKMSPeriod(c *change, name, value string) error {
	if n, ok := parseNumber(value); !ok || n < 60 || n > 86_400 {
		return invalidAttribute(name)
	}
	c.keep(name, value)
	return nil
}

func showSSE(v *view) string {
	on := v.label(attrSSE)
	if on == "" && !v.yandex() {
		return "true"
	}
	return on
}

func setSSE(c *change, name, value string) error {
	on, ok := parseBool(value)
	if !ok {
		return invalidAttribute(name)
	}
	c.keep(name, strconv.FormatBool(on))
	if on {
		c.keep(attrKMSKey, "")
		c.keep(attrKMSPeriod, "")
	}
	return nil
}

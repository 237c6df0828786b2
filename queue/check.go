package queue

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redriveq/redrive/queue/driver"
)

// queueName returns the name as the engine keeps it, or what is wrong with it.
func (p *Profile) queueName(name string) (string, error) {
	const field = "queue name"
	switch {
	case name == "":
		return "", driver.Invalid(field, "empty")
	case len(name) > p.MaxName:
		return "", driver.Invalid(field, "%d bytes, the limit is %d", len(name), p.MaxName)
	case p.LetterFirst && !isLetter(name[0]):
		return "", driver.Invalid(field, "%q does not begin with a letter", name)
	}
	if p.AnyName {
		if !utf8.ValidString(name) || strings.ContainsFunc(name, isControl) {
			return "", driver.Invalid(field, "%q has control characters or is no UTF-8", name)
		}
		return name, nil
	}
	base := name
	if p.FIFOSuffix {
		base = strings.TrimSuffix(name, ".fifo")
	}
	if base == "" || !all(base, isNameByte) {
		return "", driver.Invalid(field, `%q is not of letters, digits, "-" and "_"`, name)
	}
	if p.FoldCase {
		name = strings.ToLower(name)
	}
	return name, nil
}

// patch returns what the engine is to apply, with queue names as it keeps them,
// or what is wrong with the patch.
func (p *Profile) patch(patch Patch) (Patch, error) {
	spans := []struct {
		field    string
		value    *time.Duration
		min, max time.Duration
	}{
		{"delay", patch.Delay, 0, p.maxDelay()},
		{"visibility timeout", patch.VisibilityTimeout, p.MinVisibility, p.MaxVisibility},
		{"visibility cap", patch.MaxVisibility, 0, p.MaxVisibility},
		{"retention", patch.Retention, p.MinRetention, p.MaxRetention},
		{"receive wait", patch.ReceiveWait, 0, p.MaxWait},
		{"deduplication window", patch.DeduplicationWindow, 0, p.MaxRetention},
	}
	for _, s := range spans {
		if s.value != nil && (*s.value < s.min || *s.value > s.max) {
			return patch, driver.Invalid(s.field, "%v is not between %v and %v", *s.value, s.min, s.max)
		}
	}
	if n := patch.MaxMessageBytes; n != nil && (*n < p.MinMessageBytes || *n > p.MaxMessageBytes) {
		return patch, driver.Invalid("message size limit", "%d is not between %d and %d", *n, p.MinMessageBytes, p.MaxMessageBytes)
	}
	if n := patch.MaxMessages; n != nil && *n < 0 {
		return patch, driver.Invalid("message limit", "%d is negative", *n)
	}
	if n := patch.MaxBytes; n != nil && *n < 0 {
		return patch, driver.Invalid("byte limit", "%d is negative", *n)
	}
	if n := patch.MaxInFlight; n != nil && *n < 0 {
		return patch, driver.Invalid("in-flight limit", "%d is negative", *n)
	}
	if v := patch.ReceiptPolicy; v != nil && *v > Any {
		return patch, driver.Invalid("receipt policy", "%d is none", *v)
	}
	if v := patch.DeduplicationScope; v != nil && *v > ScopeGroup {
		return patch, driver.Invalid("deduplication scope", "%d is none", *v)
	}
	if err := labels(patch.Labels); err != nil {
		return patch, err
	}
	return p.deadLetters(patch)
}

// maxLabels and maxLabelBytes bound what is kept with a queue, names and values
// together.
const (
	maxLabels     = 256
	maxLabelBytes = 256 << 10
)

func labels(l *map[string]string) error {
	if l == nil {
		return nil
	}
	size := 0
	for name, value := range *l {
		size += len(name) + len(value)
	}
	if len(*l) > maxLabels || size > maxLabelBytes {
		return driver.Invalid("labels", "%d of %d bytes, the limit is %d of %d", len(*l), size, maxLabels, maxLabelBytes)
	}
	return nil
}

func (p *Profile) deadLetters(patch Patch) (Patch, error) {
	if d := patch.DeadLetter; d != nil && *d != (DeadLetter{}) {
		name, err := p.queueName(d.Queue)
		if err != nil {
			return patch, driver.Invalid("dead-letter policy", "%v", err)
		}
		if d.MaxReceives < 1 || d.MaxReceives > p.MaxReceives {
			return patch, driver.Invalid("dead-letter policy", "%d receives is not between 1 and %d", d.MaxReceives, p.MaxReceives)
		}
		patch.DeadLetter = &DeadLetter{Queue: name, MaxReceives: d.MaxReceives}
	}
	if s := patch.DeadLetterSources; s != nil {
		if s.Mode > AllowNone {
			return patch, driver.Invalid("dead-letter sources", "%d is no mode", s.Mode)
		}
		names := make([]string, len(s.Queues))
		for i, name := range s.Queues {
			var err error
			if names[i], err = p.queueName(name); err != nil {
				return patch, driver.Invalid("dead-letter sources", "%v", err)
			}
		}
		patch.DeadLetterSources = &DeadLetterSources{Mode: s.Mode, Queues: names}
	}
	return patch, nil
}

// message reports what is wrong with a message, whatever queue it goes to.
func (p *Profile) message(m *Message) error {
	switch {
	case len(m.Body) < p.MinBody:
		return driver.Invalid("body", "%d bytes, the least is %d", len(m.Body), p.MinBody)
	case p.TextOnly && !isXMLText(string(m.Body)):
		return driver.Invalid("body", "not text that every transport can carry")
	case m.Delay != nil && !m.At.IsZero():
		return driver.Invalid("delay", "set together with an instant")
	case m.Delay != nil && *m.Delay < 0:
		return driver.Invalid("delay", "%v is negative", *m.Delay)
	case m.Delay != nil && *m.Delay > p.maxDelay():
		return driver.Invalid("delay", "%v, the limit is %v", *m.Delay, p.maxDelay())
	case m.At.After(lastInstant):
		return driver.Invalid("instant", "after the year 9999")
	case len(m.Attributes) > p.MaxAttributes:
		return driver.Invalid("attributes", "%d of them, the limit is %d", len(m.Attributes), p.MaxAttributes)
	}
	if err := p.id("message group", m.Group); err != nil {
		return err
	}
	if err := p.id("deduplication ID", m.DeduplicationID); err != nil {
		return err
	}
	for name, value := range m.Attributes {
		if reason := p.attribute(name, value); reason != "" {
			return driver.Invalid(fmt.Sprintf("attribute %q", name), "%s", reason)
		}
	}
	return nil
}

// lastInstant is the last one that RFC 3339, and so JSON, can carry.
var lastInstant = time.Date(9999, time.December, 31, 23, 59, 59, 999_999_999, time.UTC)

// instant reports whether a message due at that instant keeps to MaxDelay,
// counted from now by the same clock.
func (p *Profile) instant(at, now time.Time) error {
	if p.MaxDelay > 0 && at.After(now.Add(p.MaxDelay)) {
		return driver.Invalid("instant", "more than %v from now", p.MaxDelay)
	}
	return nil
}

func (p *Profile) maxDelay() time.Duration {
	if p.MaxDelay == 0 {
		return 1<<63 - 1
	}
	return p.MaxDelay
}

func (p *Profile) id(field, id string) error {
	if len(id) > p.MaxGroup {
		return driver.Invalid(field, "%d bytes, the limit is %d", len(id), p.MaxGroup)
	}
	if p.TextOnly && !all(id, isPrintable) {
		return driver.Invalid(field, "%q is not of printable ASCII without spaces", id)
	}
	return nil
}

func (p *Profile) attribute(name string, v Value) string {
	switch {
	case name == "" || len(name) > 256:
		return "the name is not 1 to 256 bytes long"
	case !all(name, func(c byte) bool { return isNameByte(c) || c == '.' }):
		return `the name is not of letters, digits, "_", "-" and "."`
	case name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, ".."):
		return "the name has a dot at an end, or two in a row"
	case len(v.Label) > 256 || !all(v.Label, isPrintable):
		return "the label is not up to 256 printable characters"
	}
	switch v.Kind {
	case KindBinary:
		return ""
	case KindNumber:
		if !isNumber(v.Data) {
			return "not a decimal number of at most 38 digits"
		}
	case KindString:
		if !utf8.ValidString(v.Data) || p.TextOnly && !isXMLText(v.Data) {
			return "the value is not text"
		}
	default:
		return "the value has no kind"
	}
	return ""
}

// receive returns what to ask the engine for, or what is wrong with o.
func (p *Profile) receive(o *ReceiveOptions) (driver.Receive, error) {
	r := driver.Receive{Max: 1}
	if o == nil {
		return r, nil
	}
	switch {
	case o.Max < 0 || o.Max > p.MaxBatch:
		return r, driver.Invalid("number of messages", "%d is not between 1 and %d", o.Max, p.MaxBatch)
	case o.Wait != nil && (*o.Wait < 0 || *o.Wait > p.MaxWait):
		return r, driver.Invalid("wait", "%v is not between 0 and %v", *o.Wait, p.MaxWait)
	}
	if o.Visibility != nil {
		if err := p.visibility(*o.Visibility, p.MinVisibility); err != nil {
			return r, err
		}
		r.Visibility = new(*o.Visibility)
	}
	if o.Max > 0 {
		r.Max = o.Max
	}
	return r, nil
}

func (p *Profile) visibility(d, least time.Duration) error {
	if d < least || d > p.MaxVisibility {
		return driver.Invalid("visibility timeout", "%v is not between %v and %v", d, least, p.MaxVisibility)
	}
	return nil
}

func (p *Profile) batch(entries int) error {
	if entries > p.MaxBatch {
		return driver.Invalid("batch", "%d entries, the limit is %d", entries, p.MaxBatch)
	}
	return nil
}

func all(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool    { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isNameByte(c byte) bool  { return isLetter(c) || isDigit(c) || c == '-' || c == '_' }
func isPrintable(c byte) bool { return '!' <= c && c <= '~' }
func isControl(r rune) bool   { return r < ' ' || 0x7f <= r && r < 0xa0 }

// isNumber reports whether s is a decimal number: a sign, up to 38 digits with
// or without a point, and an exponent of up to three digits.
func isNumber(s string) bool {
	mantissa, exponent, hasExponent := cutExponent(trimSign(s))
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := len(whole) + len(fraction)
	if digits == 0 || digits > 38 || !all(whole, isDigit) || !all(fraction, isDigit) {
		return false
	}
	if !hasExponent {
		return true
	}
	exponent = trimSign(exponent)
	return exponent != "" && len(exponent) <= 3 && all(exponent, isDigit)
}

func cutExponent(s string) (mantissa, exponent string, found bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func trimSign(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

// isXMLText reports whether s is UTF-8 of characters that XML 1.0 can carry,
// which are those that Amazon SQS accepts.
func isXMLText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		ok := r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xd7ff || 0xe000 <= r && r <= 0xfffd || 0x10000 <= r
		if !ok {
			return false
		}
	}
	return true
}

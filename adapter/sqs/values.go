package sqs

import (
	"maps"
	"slices"
	"strings"

	"github.com/redriveq/redrive/queue"
)

// Message attributes: the API's form of their values, and the broker's.

// checkAttributes reports what is wrong with the message attributes of a send.
func checkAttributes(attributes map[string]attributeValue) error {
	if n := len(attributes); n > maxMessageAttributes {
		return invalidParameter("Number of message attributes [%d] exceeds the allowed maximum [%d].", n, maxMessageAttributes)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		value := attributes[name]
		if err := checkValue(name, &value); err != nil {
			return err
		}
	}
	return nil
}

func checkAttributeName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "" || len(name) > 256:
		return invalidParameter("Message (user) attribute names must be between 1 and 256 characters long.")
	case !every(name, func(c byte) bool { return isWordByte(c) || c == '.' }):
		return invalidParameter("Message (user) attribute names can only contain alphanumeric characters, underscores, hyphens and periods, but was: %s", name)
	case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") || name[0] == '.' || strings.HasSuffix(name, "."):
		return invalidParameter("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'.")
	case strings.Contains(name, ".."):
		return invalidParameter("Message (user) attribute names can't have successive periods, but was: %s", name)
	}
	return nil
}

// kinds are the types of values in the API.
var kinds = map[string]queue.Kind{"String": queue.KindString, "Number": queue.KindNumber, "Binary": queue.KindBinary}

// kindOf returns the kind of a data type, and the label after its point.
func kindOf(dataType string) (kind queue.Kind, label string, ok bool) {
	name, label, _ := strings.Cut(dataType, ".")
	kind, ok = kinds[name]
	return kind, label, ok
}

func checkValue(name string, v *attributeValue) error {
	kind, label, ok := kindOf(v.DataType)
	switch {
	case v.DataType == "":
		return invalidParameter("The message attribute '%s' must contain a non-empty message attribute type.", name)
	case len(v.DataType) > 256 || !every(label, func(c byte) bool { return '!' <= c && c <= '~' }):
		return invalidParameter("The message attribute '%s' has a type that is not up to 256 printable characters.", name)
	case !ok:
		return invalidParameter("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0:
		return invalidParameter("Message attribute list values in SendMessage operation are not supported.")
	case v.StringValue != nil && v.BinaryValue != nil:
		return invalidParameter("Message (user) attribute '%s' must contain a value of one type.", name)
	}
	if kind == queue.KindBinary {
		if len(v.BinaryValue) == 0 {
			return emptyValue(name, kind)
		}
		return nil
	}
	if v.StringValue == nil || *v.StringValue == "" {
		return emptyValue(name, kind)
	}
	if !validText(*v.StringValue) {
		return invalidParameter("%s", invalidMessageContents().Message)
	}
	if kind == queue.KindNumber && !isNumber(*v.StringValue) {
		return invalidParameter("Can't cast the value of message (user) attribute '%s' to a number.", name)
	}
	return nil
}

func emptyValue(name string, kind queue.Kind) error {
	return invalidParameter("Message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, kind)
}

// isNumber reports whether s is a decimal number of at most 38 digits, with a
// sign and an exponent or without.
func isNumber(s string) bool {
	mantissa, exponent, scientific := s, "0", false
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent, scientific = s[:i], s[i+1:], true
	}
	digits := strings.Replace(trimSign(mantissa), ".", "", 1)
	exponent = trimSign(exponent)
	return isDigits(digits, 38) && (!scientific || isDigits(exponent, 3))
}

func isDigits(s string, most int) bool {
	return s != "" && len(s) <= most && every(s, func(c byte) bool { return '0' <= c && c <= '9' })
}

func trimSign(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

// valuesOf returns checked attributes as the broker has them.
func valuesOf(attributes map[string]attributeValue) map[string]queue.Value {
	values := make(map[string]queue.Value, len(attributes))
	for name, v := range attributes {
		kind, label, _ := kindOf(v.DataType)
		value := queue.Value{Kind: kind, Label: label, Data: string(v.BinaryValue)}
		if v.StringValue != nil {
			value.Data = *v.StringValue
		}
		values[name] = value
	}
	return values
}

// attributeOf returns a value as the API has it.
func attributeOf(v queue.Value) attributeValue {
	a := attributeValue{DataType: v.Kind.String()}
	if v.Label != "" {
		a.DataType += "." + v.Label
	}
	if v.Kind == queue.KindBinary {
		a.BinaryValue = []byte(v.Data)
	} else {
		a.StringValue = &v.Data
	}
	return a
}

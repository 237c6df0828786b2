package sqs

import (
	"reflect"
	"strings"
	"testing"
)

func TestFormIsReadStrictly(t *testing.T) {
	for _, row := range []struct{ form, code, want string }{
		{"MessageBody=%", "MalformedQueryString", "The query string contains a syntax error."},
		{"%zz=1", "MalformedQueryString", "The query string contains a syntax error."},
		{"MessageBody=%FF", "MalformedQueryString", "The query string is not valid UTF-8."},
		{"%FF=1", "MalformedQueryString", "The query string is not valid UTF-8."},
		{"MessageBody=a&MessageBody=a", "MalformedInput", "The parameter MessageBody stands twice."},
		{"Other=a&X=1&Other=a", "MalformedInput", "The parameter Other stands twice."},
		{"messagebody=a", "MalformedInput", "The parameter messagebody differs from a known one by its case."},
		{"MessageBody.1=a", "MalformedInput", "The parameter MessageBody has no members."},
		{"MessageBody=a&MessageBody.1=a", "MalformedInput", "The parameter MessageBody has no members."},
		{"DelaySeconds=", "InvalidParameterValue", "Value  for parameter DelaySeconds is invalid. Reason: Must be an integer."},
		{"DelaySeconds=%2B1", "InvalidParameterValue", "Value +1 for parameter DelaySeconds is invalid. Reason: Must be an integer."},
		{"DelaySeconds=01", "InvalidParameterValue", "Value 01 for parameter DelaySeconds is invalid. Reason: Must be an integer."},
		{"DelaySeconds=1.0", "InvalidParameterValue", "Value 1.0 for parameter DelaySeconds is invalid. Reason: Must be an integer."},
		{"DelaySeconds=2147483648", "InvalidParameterValue", "Value 2147483648 for parameter DelaySeconds is invalid. Reason: Must be an integer."},
		{"DelaySeconds.1=1", "MalformedInput", "The parameter DelaySeconds has no members."},
		{"MessageAttribute=a", "MalformedInput", "The parameter MessageAttribute must have an index."},
		{"MessageAttribute.0.Name=a", "MalformedInput", "0 is not a valid index"},
		{"MessageAttribute.01.Name=a", "MalformedInput", "01 is not a valid index"},
		{"MessageAttribute.10001.Name=a", "MalformedInput", "10001 is not a valid index"},
		{"MessageAttribute.entry.1.Name=a", "MalformedInput", "entry is not a valid index"},
		{"MessageAttribute.=a", "MalformedInput", " is not a valid index"},
		{"MessageAttribute.1=a", "MalformedInput", "The parameter MessageAttribute.1 must have members."},
		{"MessageAttribute.1.Value.DataType=a", "MissingParameter", "The request must contain the parameter MessageAttribute.1.Name."},
		{"MessageAttribute.1.Name=a&MessageAttribute.1.Value=a", "MalformedInput", "The parameter MessageAttribute.1.Value must have members."},
		{"MessageAttribute.1.Name.X=a", "MalformedInput", "The parameter MessageAttribute.1.Name has no members."},
		{"MessageAttribute.1.Name=a&MessageAttribute.2.Name=a", "MalformedInput", `The key "a" stands twice.`},
		{"MessageAttribute.Name=a&MessageAttribute.1.Name=b", "MalformedInput", "Name is not a valid index"},
		{"MessageAttribute.1.Name=a&MessageAttribute.1.Value.BinaryValue=YQ", "InvalidParameterValue", "The value of parameter MessageAttribute.1.Value.BinaryValue is invalid. Reason: Must be base64."},
		{"MessageAttribute.1.Name=a&MessageAttribute.1.Value.BinaryValue.1=", "MalformedInput", "The parameter MessageAttribute.1.Value.BinaryValue has no members."},
		{"MessageAttribute.1.Name=a&MessageAttribute.1.Value.StringListValue.x=", "MalformedInput", "x is not a valid index"},
		{"MessageAttribute.1.Name=a&MessageAttribute.1.Value.StringListValue=&MessageAttribute.1.Value.StringListValue.1=", "MalformedInput", "The parameter MessageAttribute.1.Value.StringListValue must have an index."},
		{strings.Repeat("&", maxItems), "MalformedQueryString", "The request has too many parameters."},
	} {
		err, ok := parseForm(row.form, new(sendMessageInput)).(*apiError)
		if !ok {
			t.Errorf("%s: got no error, want %s %q", row.form, row.code, row.want)
			continue
		}
		if err.Code != row.code || err.Message != row.want {
			t.Errorf("%s: got %s %q, want %s %q", row.form, err.Code, err.Message, row.code, row.want)
		}
	}
	const lost = "Attribute.3.Name=DelaySeconds"
	if err, ok := parseForm(lost, new(setQueueAttributesInput)).(*apiError); !ok || err.Message != "The request must contain the parameter Attribute.3.Value." {
		t.Errorf("%s: got error %v, want one that misses the value", lost, err)
	}
}

func TestFormThatIsRead(t *testing.T) {
	for _, row := range []struct {
		form string
		want any
	}{
		{"", &receiveMessageInput{}},
		{"&&Action=ReceiveMessage&New.1.X=1&QueueUrl=http%3A%2F%2Fh%2Fq+1&", &receiveMessageInput{QueueURL: "http://h/q 1"}},
		{"QueueUrl", &receiveMessageInput{}},
		{"WaitTimeSeconds=-1&QueueUrl=a;b=c", &receiveMessageInput{QueueURL: "a;b=c", Wait: new(-1)}},
		{"AttributeName=All", &receiveMessageInput{AttributeNames: []string{"All"}}},
		{"AttributeName=", &receiveMessageInput{AttributeNames: []string{}}},
		{"AttributeName.10=c&AttributeName.9=b&AttributeName.2=a&AttributeName.10000=d", &receiveMessageInput{AttributeNames: []string{"a", "b", "c", "d"}}},
		{"MessageBody=", &sendMessageInput{sendParameters: sendParameters{Body: new("")}}},
		{"MessageAttribute=", &sendMessageInput{sendParameters: sendParameters{Attributes: map[string]attributeValue{}}}},
		{"MessageAttribute.7.Name=a.1", &sendMessageInput{sendParameters: sendParameters{Attributes: map[string]attributeValue{"a.1": {}}}}},
		{"MessageAttribute.Name=a&MessageAttribute.Value.DataType=b", &sendMessageInput{sendParameters: sendParameters{Attributes: map[string]attributeValue{"a": {DataType: "b"}}}}},
		{"Attribute.Name=DelaySeconds&Attribute.Value=45", &setQueueAttributesInput{Attributes: map[string]string{"DelaySeconds": "45"}}},
		{"Attribute.1.Name=a&Attribute.1.Value=&Attribute.2.Value=d&Attribute.2.Name=c", &setQueueAttributesInput{Attributes: map[string]string{"a": "", "c": "d"}}},
		{"Tag.1.Key=a&Tag.1.Value=b", &tagQueueInput{Tags: map[string]string{"a": "b"}}},
		{"SendMessageBatchRequestEntry=", &sendMessageBatchInput{Entries: []sendEntry{}}},
		{"SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.1.Id=a", &sendMessageBatchInput{Entries: []sendEntry{{ID: "a"}, {ID: "b"}}}},
	} {
		got := reflect.New(reflect.TypeOf(row.want).Elem()).Interface()
		if err := parseForm(row.form, got); err != nil {
			t.Errorf("%s: got error %v, want none", row.form, err)
		} else if !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %s, want %s", row.form, asJSON(got), asJSON(row.want))
		}
	}
}

// Sorting needs an order: names of all kinds must not go round in circles.
func TestOrderOfNames(t *testing.T) {
	ordered := []string{"A", "A.1", "A.1.", "A.1.A", "A.2", "A.10", "A.10000", "A.", "A.0", "A.01", "A.10001", "A.1x", "A.2x", "A.N", "AB", "B"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got, want := sign(compareNames(a, b)), sign(i-j); got != want {
				t.Errorf("compareNames(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func sign(n int) int { return max(-1, min(1, n)) }

package sqs

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
)

// FuzzJSON (F8): a body is refused, or it is JSON and means the same when it is
// written again.
func FuzzJSON(f *testing.F) {
	for _, body := range []string{
		`{"QueueUrl":"http://h/1/q","MessageBody":"a\u00e9\ud83d\ude00\n","DelaySeconds":-1,"MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"AQ=="}}}`,
		`{"QueueUrl":null,"Entries":[{"Id":"a","MessageBody":"b"},{"Id":"b","ReceiptHandle":"c","VisibilityTimeout":0}]}`,
		`{"Attributes":{"a":"b"},"tags":{},"Tags":{"k":"v"},"AttributeNames":["All"],"X":[1.5e+7,{"y":null}]}`,
		`{"MessageBody":"a","messageBody":"a","MessageBody":"a"}`, `{"MaxResults":2147483648}`, "[[[[", `{"a":"\ud800"}`, "{}{}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for operation, input := range inputs {
			in := input()
			if decodeJSON(body, in) != nil {
				continue
			}
			if !json.Valid(body) {
				t.Fatalf("%s: got %q accepted, which is no JSON", operation, body)
			}
			again := input()
			if err := decodeJSON(asJSON(in), again); err != nil || !reflect.DeepEqual(again, in) {
				t.Fatalf("%s: %q: got %s on the way back, error %v, want %s", operation, body, asJSON(again), err, asJSON(in))
			}
		}
	})
}

// FuzzQuery (F9): a form is refused, or it means the same when it is written
// again, whatever the order of its parameters was, also in JSON.
func FuzzQuery(f *testing.F) {
	for _, form := range []string{
		"Action=SendMessage&QueueUrl=http%3A%2F%2Fh%2F1%2Fq&MessageBody=a+%C3%A9%0A&DelaySeconds=-1&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=Binary&MessageAttribute.1.Value.BinaryValue=AQ%3D%3D",
		"SendMessageBatchRequestEntry.10.Id=b&SendMessageBatchRequestEntry.9.Id=a&DeleteMessageBatchRequestEntry.1.ReceiptHandle=c",
		"Attribute.Name=a&Attribute.Value=b&Tag.1.Key=k&Tag.1.Value=v&AttributeName=All&TagKey.2=a&TagKey.1=b",
		"AttributeName=&TagKey.0=a", "QueueUrl=a&QueueUrl=b", "%zz=%FF", "Tag.1.Key.1=a&Tag.1=b", "MessageBody.=1&.=",
	} {
		f.Add(form)
	}
	f.Fuzz(func(t *testing.T, form string) {
		parameters, err := readForm(nil, form)
		if err != nil || sortForm(parameters) != nil {
			return
		}
		slices.Reverse(parameters)
		if err := sortForm(parameters); err != nil {
			t.Fatalf("%q: got error %v of the reverse, want none", form, err)
		}
		for operation, input := range inputs {
			in := input()
			if decodeForm(parameters, in) != nil {
				continue
			}
			fromForm, fromJSON := input(), input()
			if err := parseForm(asForm(in, 1).Encode(), fromForm); err != nil || !reflect.DeepEqual(fromForm, in) {
				t.Fatalf("%s: %q: got %s on the way back, error %v, want %s", operation, form, asJSON(fromForm), err, asJSON(in))
			}
			if err := decodeJSON(asJSON(in), fromJSON); err != nil || !reflect.DeepEqual(fromJSON, in) {
				t.Fatalf("%s: %q: got %s by JSON, error %v, want %s", operation, form, asJSON(fromJSON), err, asJSON(in))
			}
		}
	})
}

// FuzzXML (F10): a text comes out of an answer as it went in, in both protocols,
// or it is refused, and messages may not have it.
func FuzzXML(f *testing.F) {
	for _, text := range []string{"a", "<&>\"']]>", "\r\n\t \r", "\x00", "\uFFFE\uFFFF", "\uFFFD", "\xff", "\xed\xa0\x80", "é😀\u2028\u0085"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkXMLText(t, text)
		data, err := appendJSON(nil, &createQueueOutput{QueueURL: text})
		if err != nil {
			if validText(text) {
				t.Fatalf("%q: got error %v, want none", text, err)
			}
			return
		}
		var got struct{ QueueUrl string }
		if err := json.Unmarshal(data, &got); err != nil || got.QueueUrl != text {
			t.Fatalf("got %q after JSON, error %v, want %q", got.QueueUrl, err, text)
		}
	})
}

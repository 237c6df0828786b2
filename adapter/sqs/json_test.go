package sqs

import (
	"reflect"
	"strings"
	"testing"
)

func TestJSONIsReadStrictly(t *testing.T) {
	deep := strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)
	for _, row := range []struct{ body, want string }{
		{``, "The request is not valid JSON at byte 0."},
		{` `, "The request is not valid JSON at byte 1."},
		{`{`, "The request is not valid JSON at byte 1."},
		{`{}{}`, "The request is not valid JSON at byte 2."},
		{`{} x`, "The request is not valid JSON at byte 3."},
		{"\uFEFF{}", "The request is not valid JSON at byte 0."},
		{`{"MessageBody":"a",}`, "The request is not valid JSON at byte 19."},
		{`{"MessageBody" "a"}`, "The request is not valid JSON at byte 15."},
		{`{MessageBody:"a"}`, "The request is not valid JSON at byte 1."},
		{`{"MessageBody":"a`, "The request is not valid JSON at byte 17."},
		{`{"MessageBody":"a\`, "The request is not valid JSON at byte 18."},
		{"{\"MessageBody\":\"a\nb\"}", "The request is not valid JSON at byte 17."},
		{`{"MessageBody":"\x"}`, "The request is not valid JSON at byte 19."},
		{`{"MessageBody":"\u12"}`, "The request is not valid JSON at byte 21."},
		{`{"MessageBody":"\u12:4"}`, "The request is not valid JSON at byte 23."},
		{`{"MessageBody":"\ud800"}`, "The request is not valid JSON at byte 23."},
		{`{"MessageBody":"\udc00\ud800"}`, "The request is not valid JSON at byte 29."},
		{`{"MessageBody":"\ud800\u0041"}`, "The request is not valid JSON at byte 29."},
		{"{\"MessageBody\":\"\xff\"}", "The request is not valid UTF-8."},
		{"{\"X\":\"\xed\xa0\x80\"}", "The request is not valid UTF-8."},
		{`[]`, "Start of list found where not expected"},
		{`"a"`, "Expected null"},
		{`{"MessageBody":1}`, "NUMBER_VALUE can not be converted to a String"},
		{`{"MessageBody":true}`, "TRUE_VALUE can not be converted to a String"},
		{`{"MessageBody":[]}`, "Start of list found where not expected"},
		{`{"MessageBody":{}}`, "Start of structure or map found where not expected."},
		{`{"DelaySeconds":"1"}`, "STRING_VALUE can not be converted to an Integer"},
		{`{"DelaySeconds":false}`, "FALSE_VALUE can not be converted to an Integer"},
		{`{"DelaySeconds":1.0}`, "NUMBER_VALUE can not be converted to an Integer"},
		{`{"DelaySeconds":1e3}`, "NUMBER_VALUE can not be converted to an Integer"},
		{`{"DelaySeconds":2147483648}`, "NUMBER_VALUE can not be converted to an Integer"},
		{`{"DelaySeconds":01}`, "The request is not valid JSON at byte 18."},
		{`{"DelaySeconds":-}`, "The request is not valid JSON at byte 17."},
		{`{"DelaySeconds":1.}`, "The request is not valid JSON at byte 18."},
		{`{"DelaySeconds":1e}`, "The request is not valid JSON at byte 18."},
		{`{"DelaySeconds":nil}`, "The request is not valid JSON at byte 16."},
		{`{"MessageAttributes":1}`, "Expected map or null"},
		{`{"MessageAttributes":{"a":1}}`, "Expected null"},
		{`{"MessageAttributes":{"a":null}}`, "Expected null"},
		{`{"MessageAttributes":{"a":{"StringListValues":"x"}}}`, "Expected list or null"},
		{`{"MessageAttributes":{"a":{"StringListValues":[null]}}}`, "NULL_VALUE can not be converted to a String"},
		{`{"MessageAttributes":{"a":{"BinaryValue":1}}}`, "NUMBER_VALUE can not be converted to a Blob"},
		{`{"MessageAttributes":{"a":{"BinaryValue":"YQ"}}}`, "The value is not valid base64."},
		{`{"MessageAttributes":{"a":{"BinaryValue":"YR=="}}}`, "The value is not valid base64."},
		{`{"MessageAttributes":{"a":{"BinaryValue":"YQ==\n"}}}`, "The value is not valid base64."},
		{`{"MessageAttributes":{"a":{},"a":{}}}`, `The key "a" stands twice.`},
		{`{"MessageBody":"a","MessageBody":"a"}`, `The member "MessageBody" stands twice.`},
		{`{"MessageBody":null,"MessageBody":"a"}`, `The member "MessageBody" stands twice.`},
		{`{"MessageBody":"a","Message\u0042ody":"b"}`, `The member "MessageBody" stands twice.`},
		{`{"messageBody":"a"}`, `The member "messageBody" differs from a known one by its case.`},
		{`{"X":` + deep + `}`, "The request is nested too deeply."},
		{`{"X":[1,]}`, "The request is not valid JSON at byte 8."},
		{`{"X":tru}`, "The request is not valid JSON at byte 5."},
		{`{"X":}`, "The request is not valid JSON at byte 5."},
	} {
		err, ok := decodeJSON([]byte(row.body), new(sendMessageInput)).(*apiError)
		if !ok {
			t.Errorf("%s: got no error, want %q", row.body, row.want)
			continue
		}
		if err.Message != row.want || err.Type != "SerializationException" || err.Status != 400 {
			t.Errorf("%s: got %d %s %q, want 400 SerializationException %q", row.body, err.Status, err.Type, err.Message, row.want)
		}
	}
}

func TestJSONThatIsRead(t *testing.T) {
	for _, row := range []struct {
		body string
		want sendMessageInput
	}{
		{" { } ", sendMessageInput{}},
		{`{"MessageBody":null,"DelaySeconds":null,"MessageAttributes":null}`, sendMessageInput{}},
		{`{"MessageBody":""}`, sendMessageInput{sendParameters: sendParameters{Body: new("")}}},
		{`{"MessageBody":"\"\\\/\b\f\n\r\t\u00E9\uD83D\ude00\u0000 ü"}`, sendMessageInput{sendParameters: sendParameters{Body: new("\"\\/\b\f\n\r\té😀\x00 ü")}}},
		{`{"Message\u0042ody":"a"}`, sendMessageInput{sendParameters: sendParameters{Body: new("a")}}},
		{`{"DelaySeconds":-2147483648}`, sendMessageInput{sendParameters: sendParameters{DelaySeconds: new(-2147483648)}}},
		{`{"DelaySeconds":-0}`, sendMessageInput{sendParameters: sendParameters{DelaySeconds: new(0)}}},
		{`{"MessageAttributes":{}}`, sendMessageInput{sendParameters: sendParameters{Attributes: map[string]attributeValue{}}}},
		{`{"MessageAttributes":{"a":{"BinaryValue":""}}}`, sendMessageInput{sendParameters: sendParameters{Attributes: map[string]attributeValue{"a": {BinaryValue: []byte{}}}}}},
		{`{"New":[` + strings.Repeat(`{},[],{"a":[]},`, maxDepth) + `0]}`, sendMessageInput{}},
		{`{"New":{"a":[1.5e-7,true,false,null,"\n"],"a":{}},"MessageGroupId":"g","New":0}`, sendMessageInput{sendParameters: sendParameters{GroupID: new("g")}}},
	} {
		var got sendMessageInput
		if err := decodeJSON([]byte(row.body), &got); err != nil {
			t.Errorf("%s: got error %v, want none", row.body, err)
		} else if !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %s, want %s", row.body, asJSON(&got), asJSON(&row.want))
		}
	}
}

func TestJSONAnswers(t *testing.T) {
	for _, row := range []struct {
		out  any
		want string
	}{
		{new(nothing), `{}`},
		{new(receiveMessageOutput), `{}`},
		{new(listQueuesOutput), `{}`},
		{new(listDeadLetterSourceQueuesOutput), `{"queueUrls":[]}`},
		{new(sendMessageBatchOutput), `{"Successful":[]}`},
		{&createQueueOutput{QueueURL: "http://h/<&>/é\u2028"}, "{\"QueueUrl\":\"http://h/<&>/é\u2028\"}"},
		{&getQueueAttributesOutput{Attributes: map[string]string{"b": "\x00\x1f\"\\\n\r\t", "a": "1"}}, `{"Attributes":{"a":"1","b":"\u0000\u001f\"\\\n\r\t"}}`},
		{&deleteMessageBatchOutput{Successful: []doneEntry{{"a"}}, Failed: []failedEntry{{ID: "b", SenderFault: true, Code: "c"}}},
			`{"Successful":[{"Id":"a"}],"Failed":[{"Id":"b","SenderFault":true,"Code":"c"}]}`},
		{&receiveMessageOutput{Messages: []message{{MessageID: "m", MessageAttributes: map[string]attributeValue{
			"s": {DataType: "String", StringValue: new("")}, "b": {DataType: "Binary", BinaryValue: []byte{1}}}}}},
			`{"Messages":[{"MessageId":"m","ReceiptHandle":"","MD5OfBody":"","Body":"","MessageAttributes":{"b":{"DataType":"Binary","BinaryValue":"AQ=="},"s":{"DataType":"String","StringValue":""}}}]}`},
		{&sendMessageOutput{sentMessage{MessageID: "m", MD5OfBody: "d", SequenceNumber: "1"}}, `{"MessageId":"m","MD5OfMessageBody":"d","SequenceNumber":"1"}`},
		{&listMessageMoveTasksOutput{Results: []moveTask{{Status: "COMPLETED", SourceARN: "s", Moved: 1, Started: 1 << 40}}},
			`{"Results":[{"Status":"COMPLETED","SourceArn":"s","ApproximateNumberOfMessagesMoved":1,"ApproximateNumberOfMessagesToMove":0,"StartedTimestamp":1099511627776}]}`},
	} {
		if got, err := appendJSON(nil, row.out); string(got) != row.want || err != nil {
			t.Errorf("%T: got %s, error %v, want %s", row.out, got, err, row.want)
		}
	}
	if _, err := appendJSON(nil, &createQueueOutput{QueueURL: "\xff"}); err != errInexpressible {
		t.Errorf("invalid UTF-8: got error %v, want %v", err, errInexpressible)
	}
}

package sqs

import (
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestXMLAnswers(t *testing.T) {
	const end = `<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>`
	for _, row := range []struct {
		operation string
		out       any
		want      string
	}{
		{"DeleteMessage", new(nothing), ``},
		{"ReceiveMessage", new(receiveMessageOutput), `<ReceiveMessageResult/>`},
		{"SendMessageBatch", new(sendMessageBatchOutput), `<SendMessageBatchResult/>`},
		{"ListQueues", &listQueuesOutput{QueueURLs: []string{"a", "b"}, NextToken: "n"},
			`<ListQueuesResult><QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl><NextToken>n</NextToken></ListQueuesResult>`},
		{"GetQueueAttributes", &getQueueAttributesOutput{Attributes: map[string]string{"b": "<&>\"'\r\n\t\uFFFD", "a": ""}},
			`<GetQueueAttributesResult><Attribute><Name>a</Name><Value></Value></Attribute><Attribute><Name>b</Name><Value>&lt;&amp;&gt;&quot;'&#xD;&#xA;&#x9;` + "\uFFFD" + `</Value></Attribute></GetQueueAttributesResult>`},
		{"ListQueueTags", &listQueueTagsOutput{Tags: map[string]string{"k": "v"}},
			`<ListQueueTagsResult><Tag><Key>k</Key><Value>v</Value></Tag></ListQueueTagsResult>`},
		{"DeleteMessageBatch", &deleteMessageBatchOutput{Successful: []doneEntry{{"a"}}, Failed: []failedEntry{{ID: "b", Code: "c", Message: "m"}}},
			`<DeleteMessageBatchResult><DeleteMessageBatchResultEntry><Id>a</Id></DeleteMessageBatchResultEntry><BatchResultErrorEntry><Id>b</Id><SenderFault>false</SenderFault><Code>c</Code><Message>m</Message></BatchResultErrorEntry></DeleteMessageBatchResult>`},
		{"ReceiveMessage", &receiveMessageOutput{Messages: []message{{MessageID: "m", ReceiptHandle: "h", MD5OfBody: "d", Body: "b",
			Attributes: map[string]string{"SenderId": "s"}, MessageAttributes: map[string]attributeValue{
				"s": {DataType: "String", StringValue: new("v")}, "b": {DataType: "Binary", BinaryValue: []byte{1}}}}}},
			`<ReceiveMessageResult><Message><MessageId>m</MessageId><ReceiptHandle>h</ReceiptHandle><MD5OfBody>d</MD5OfBody><Body>b</Body>` +
				`<Attribute><Name>SenderId</Name><Value>s</Value></Attribute>` +
				`<MessageAttribute><Name>b</Name><Value><DataType>Binary</DataType><BinaryValue>AQ==</BinaryValue></Value></MessageAttribute>` +
				`<MessageAttribute><Name>s</Name><Value><DataType>String</DataType><StringValue>v</StringValue></Value></MessageAttribute></Message></ReceiveMessageResult>`},
		{"ListMessageMoveTasks", &listMessageMoveTasksOutput{Results: []moveTask{{Status: "COMPLETED", Started: 1 << 40}}},
			`<ListMessageMoveTasksResult><ListMessageMoveTasksResultEntry><Status>COMPLETED</Status><SourceArn></SourceArn><ApproximateNumberOfMessagesMoved>0</ApproximateNumberOfMessagesMoved><ApproximateNumberOfMessagesToMove>0</ApproximateNumberOfMessagesToMove><StartedTimestamp>1099511627776</StartedTimestamp></ListMessageMoveTasksResultEntry></ListMessageMoveTasksResult>`},
	} {
		want := xmlHeader + "<" + row.operation + `Response xmlns="http://queue.amazonaws.com/doc/2012-11-05/">` + row.want + end + "</" + row.operation + "Response>"
		if got, err := appendXML(nil, row.operation, "r", row.out); string(got) != want || err != nil {
			t.Errorf("%s: got %s, error %v\nwant %s", row.operation, got, err, want)
		}
	}
}

// T12: a text is told as it is, or not at all.
func TestXMLText(t *testing.T) {
	for _, text := range []string{"\x00", "\x0B", "\x1F", "\uFFFE", "\uFFFF", "\xff", "a\xed\xa0\x80"} {
		if validText(text) {
			t.Errorf("%q: got a valid text, want an invalid one", text)
		}
		if got, err := appendXML(nil, "CreateQueue", "r", &createQueueOutput{QueueURL: text}); err != errInexpressible {
			t.Errorf("%q: got %s, error %v, want %v", text, got, err, errInexpressible)
		}
	}
	for _, text := range []string{"", "\t\n\r ", "\x7F\u0085\u2028", "\uD7FF\uE000\uFFFD", "\U00010000\U0010FFFF", "]]>", "\r\n", " a "} {
		if !validText(text) {
			t.Errorf("%q: got an invalid text, want a valid one", text)
		}
		checkXMLText(t, text)
	}
	rapid.Check(t, func(t *rapid.T) { checkXMLText(t, rapid.String().Draw(t, "text")) })
}

// checkXMLText checks that a text, wherever it stands in an answer, comes out of
// it unaltered, or that it is refused and messages may not have it.
func checkXMLText(t interface{ Errorf(string, ...any) }, text string) {
	out := &receiveMessageOutput{Messages: []message{{
		Body:              text,
		Attributes:        map[string]string{text: text},
		MessageAttributes: map[string]attributeValue{"a": {StringValue: &text}},
	}}}
	data, err := appendXML(nil, "ReceiveMessage", "r", out)
	if err != nil {
		if validText(text) {
			t.Errorf("%q: got error %v, want none", text, err)
		}
		return
	}
	var got struct {
		Body      string `xml:"ReceiveMessageResult>Message>Body"`
		Name      string `xml:"ReceiveMessageResult>Message>Attribute>Name"`
		Value     string `xml:"ReceiveMessageResult>Message>Attribute>Value"`
		Attribute string `xml:"ReceiveMessageResult>Message>MessageAttribute>Value>StringValue"`
	}
	if err := xml.Unmarshal(data, &got); err != nil {
		t.Errorf("%q: got %s, which is no XML: %v", text, data, err)
	}
	for _, part := range []string{got.Body, got.Name, got.Value, got.Attribute} {
		if part != text {
			t.Errorf("got %q after XML, want %q", part, text)
		}
	}
}

// An error tells as much of a text as XML can.
func TestXMLErrorsAreXML(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		var got struct {
			Type      string `xml:"Error>Type"`
			Code      string `xml:"Error>Code"`
			Message   string `xml:"Error>Message"`
			RequestID string `xml:"RequestId"`
		}
		data := appendErrorXML(nil, "r", invalidParameter("%s", text))
		if err := xml.Unmarshal(data, &got); err != nil {
			t.Fatalf("%q: got %s, which is no XML: %v", text, data, err)
		}
		if got.Type != "Sender" || got.Code != "InvalidParameterValue" || got.RequestID != "r" {
			t.Errorf("%q: got %+v, want Sender, InvalidParameterValue and r", text, got)
		}
		if validText(text) && got.Message != text || utf8.RuneCountInString(got.Message) != utf8.RuneCountInString(text) {
			t.Errorf("%q: got message %q, want the same but for what XML lacks", text, got.Message)
		}
		if strings.ContainsAny(got.Message, "\x00\x1f") {
			t.Errorf("%q: got message %q, want no control characters", text, got.Message)
		}
	})
}

package sqs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func textValue(value string) attributeValue {
	return attributeValue{DataType: "String", StringValue: &value}
}

func numberValue(value string) attributeValue {
	return attributeValue{DataType: "Number.int", StringValue: &value}
}

func bytesValue(value string) attributeValue {
	return attributeValue{DataType: "Binary", BinaryValue: []byte(value)}
}

var yes = map[string]string{"FifoQueue": "true"}

func TestSendAndReceive(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		url := c.create("a", nil)
		sent := map[string]attributeValue{"Hello": textValue("There"), "n": numberValue("7"), "b": bytesValue("\x00\xff")}
		in := sendMessageInput{QueueURL: url, sendParameters: sendParameters{
			Body:             new("a <body> & \"more\"\r\n\t€"),
			Attributes:       sent,
			SystemAttributes: map[string]attributeValue{"AWSTraceHeader": textValue("Root=1")},
		}}
		var out sendMessageOutput
		c.do("SendMessage", in, &out)
		if out.MD5OfBody != md5OfBody(*in.Body) || out.MD5OfAttributes != md5OfAttributes(sent) ||
			out.MD5OfSystemAttributes != md5OfAttributes(in.SystemAttributes) || out.SequenceNumber != "" {
			t.Errorf("sent: got %+v, want the digests, and no sequence number", out)
		}
		c.clock.Add(2 * time.Second)
		m := c.receiveOne(url, 30)
		if m.Body != *in.Body || m.MD5OfBody != out.MD5OfBody || m.MessageID != out.MessageID || m.MD5OfAttributes != out.MD5OfAttributes {
			t.Errorf("received %+v, want what was sent", m)
		}
		if got, want := fmt.Sprint(describe(m.MessageAttributes)), fmt.Sprint(describe(sent)); got != want {
			t.Errorf("attributes: got %s, want %s", got, want)
		}
		want := map[string]string{
			"SenderId": "000000000000", "SentTimestamp": "1893553445678", "AWSTraceHeader": "Root=1",
			"ApproximateReceiveCount": "1", "ApproximateFirstReceiveTimestamp": "1893553447678",
		}
		if !maps.Equal(m.Attributes, want) {
			t.Errorf("system attributes:\ngot  %v\nwant %v", m.Attributes, want)
		}
	})
}

// describe makes attributes comparable.
func describe(attributes map[string]attributeValue) map[string]string {
	texts := make(map[string]string)
	for name, v := range attributes {
		texts[name] = fmt.Sprintf("%s %q", v.DataType, v.BinaryValue)
		if v.StringValue != nil {
			texts[name] = fmt.Sprintf("%s %q", v.DataType, *v.StringValue)
		}
	}
	return texts
}

func TestSendIsChecked(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	standard := c.create("a", map[string]string{"MaximumMessageSize": "1024"})
	fifo := c.create("a.fifo", yes)
	attribute := func(name string, v attributeValue) sendParameters {
		return sendParameters{Body: new("x"), Attributes: map[string]attributeValue{name: v}}
	}
	many := make(map[string]attributeValue)
	for i := range 11 {
		many[fmt.Sprint("a", i)] = textValue("x")
	}
	const invalid, missing = "InvalidParameterValue", "MissingParameter"
	const tooLong = "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
	const reserved = "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'."
	const noDeduplication = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
	for _, row := range []struct {
		url           string
		in            sendParameters
		code, message string
	}{
		{standard, sendParameters{}, missing, "The request must contain the parameter MessageBody."},
		{standard, sendParameters{Body: new("")}, missing, "The request must contain the parameter MessageBody."},
		{standard, sendParameters{Body: new(strings.Repeat("x", 1025))}, invalid, tooLong},
		{standard, sendParameters{Body: new(strings.Repeat("x", 1024-10)), Attributes: map[string]attributeValue{"abc": textValue("de")}}, invalid, tooLong},
		{standard, sendParameters{Body: new("a\x00b")}, "InvalidMessageContents", invalidMessageContents().Message},
		{standard, sendParameters{Body: new("\uffff")}, "InvalidMessageContents", invalidMessageContents().Message},
		{standard, sendParameters{Body: new("x"), DelaySeconds: new(-1)}, invalid, "Value -1 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
		{standard, sendParameters{Body: new("x"), DelaySeconds: new(901)}, invalid, "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
		{standard, sendParameters{Body: new("x"), DeduplicationID: new("d")}, invalid, "Value d for parameter MessageDeduplicationId is invalid. Reason: The request includes a parameter that is not valid for this queue type."},
		{standard, sendParameters{Body: new("x"), GroupID: new("a b")}, invalid, "Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."},
		{standard, sendParameters{Body: new("x"), Attributes: many}, invalid, "Number of message attributes [11] exceeds the allowed maximum [10]."},
		{standard, attribute("AWS.x", textValue("x")), invalid, reserved},
		{standard, attribute("amazon.x", textValue("x")), invalid, reserved},
		{standard, attribute(".x", textValue("x")), invalid, reserved},
		{standard, attribute("x.", textValue("x")), invalid, reserved},
		{standard, attribute("x..y", textValue("x")), invalid, "Message (user) attribute names can't have successive periods, but was: x..y"},
		{standard, attribute("x y", textValue("x")), invalid, "Message (user) attribute names can only contain alphanumeric characters, underscores, hyphens and periods, but was: x y"},
		{standard, attribute(strings.Repeat("x", 257), textValue("x")), invalid, "Message (user) attribute names must be between 1 and 256 characters long."},
		{standard, attribute("ErrorDetails", textValue("")), invalid, "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'."},
		{standard, attribute("a", bytesValue("")), invalid, "Message (user) attribute 'a' must contain a non-empty value of type 'Binary'."},
		{standard, attribute("a", numberValue("")), invalid, "Message (user) attribute 'a' must contain a non-empty value of type 'Number'."},
		{standard, attribute("a", numberValue("1.2.3")), invalid, "Can't cast the value of message (user) attribute 'a' to a number."},
		{standard, attribute("a", numberValue("0x1")), invalid, "Can't cast the value of message (user) attribute 'a' to a number."},
		{standard, attribute("a", numberValue("1e")), invalid, "Can't cast the value of message (user) attribute 'a' to a number."},
		{standard, attribute("a", textValue("\x01")), invalid, invalidMessageContents().Message},
		{standard, attribute("a", attributeValue{StringValue: new("x")}), invalid, "The message attribute 'a' must contain a non-empty message attribute type."},
		{standard, attribute("a", attributeValue{DataType: "Text", StringValue: new("x")}), invalid, "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."},
		{standard, attribute("a", attributeValue{DataType: "String.a b", StringValue: new("x")}), invalid, "The message attribute 'a' has a type that is not up to 256 printable characters."},
		{standard, attribute("a", attributeValue{DataType: "String", StringListValues: []string{"x"}}), invalid, "Message attribute list values in SendMessage operation are not supported."},
		{standard, attribute("a", attributeValue{DataType: "String", StringValue: new("x"), BinaryValue: []byte("y")}), invalid, "Message (user) attribute 'a' must contain a value of one type."},
		{standard, sendParameters{Body: new("x"), SystemAttributes: map[string]attributeValue{"x": textValue("y")}}, invalid, "Message system attribute name 'x' is invalid."},
		{standard, sendParameters{Body: new("x"), SystemAttributes: map[string]attributeValue{"AWSTraceHeader": numberValue("1")}}, invalid, "Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'."},
		{fifo, sendParameters{Body: new("x"), DeduplicationID: new("d")}, missing, "The request must contain the parameter MessageGroupId."},
		{fifo, sendParameters{Body: new("x"), GroupID: new("g")}, invalid, noDeduplication},
		{fifo, sendParameters{Body: new("x"), GroupID: new("g"), DeduplicationID: new(strings.Repeat("d", 129))}, invalid, "Value " + strings.Repeat("d", 129) + " for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length."},
		{fifo, sendParameters{Body: new("x"), GroupID: new("g"), DeduplicationID: new("d"), DelaySeconds: new(2)}, invalid, "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type."},
	} {
		c.refuse("SendMessage", sendMessageInput{row.url, row.in}, row.code, row.message)
	}
	for _, url := range []string{standard, fifo} {
		if got := c.waiting(url); got != 0 {
			t.Errorf("%d messages in %s, want 0", got, url)
		}
	}
}

// What passes as a number passes in the broker too.
func TestNumbers(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	url := c.create("a", nil)
	for _, row := range []struct {
		number string
		ok     bool
	}{
		{"0", true}, {"-1.5e3", true}, {"+7", true}, {"1.", true}, {".5", true}, {"1E-9", true}, {"00", true},
		{strings.Repeat("9", 38), true}, {strings.Repeat("9", 39), false}, {"1e999", true}, {"1e1000", false},
		{".", false}, {"-", false}, {"1 ", false}, {"e5", false}, {"1e5e5", false}, {"--1", false}, {"NaN", false}, {"Inf", false}, {"1_000", false}, {"١", false},
	} {
		in := sendParameters{Body: new("x"), Attributes: map[string]attributeValue{"n": numberValue(row.number)}}
		if err := c.try("SendMessage", sendMessageInput{url, in}, new(sendMessageOutput)); (err == nil) != row.ok {
			t.Errorf("%q: got %v, want passed %v", row.number, err, row.ok)
		}
	}
}

// A message of exactly the limit passes, with all that counts; the trace header
// does not need a place among the ten attributes.
func TestLargestMessages(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	url := c.create("a", nil)
	in := sendMessageInput{QueueURL: url, sendParameters: sendParameters{Body: new(strings.Repeat("x", 1<<20))}}
	c.do("SendMessage", in, new(sendMessageOutput))
	in.Attributes = make(map[string]attributeValue)
	size := 0
	for i := range 10 {
		name := fmt.Sprint("a", i)
		in.Attributes[name] = textValue("x")
		size += len(name) + len("String") + len("x")
	}
	in.Body = new(strings.Repeat("x", 1<<20-size))
	c.do("SendMessage", in, new(sendMessageOutput))
	in.Body = new("x")
	in.SystemAttributes = map[string]attributeValue{"AWSTraceHeader": textValue("Root=1")}
	c.do("SendMessage", in, new(sendMessageOutput))
}

func TestFIFO(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		url := c.create("a.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
		send := func(body, group string, id *string) (out sendMessageOutput) {
			c.do("SendMessage", sendMessageInput{url, sendParameters{Body: &body, GroupID: &group, DeduplicationID: id, DelaySeconds: new(0)}}, &out)
			return out
		}
		first := send("one", "g", nil)
		if again := send("one", "h", nil); again.MessageID != first.MessageID || again.SequenceNumber != first.SequenceNumber {
			t.Errorf("the same body again: got %+v, want %+v", again, first)
		}
		second := send("two", "g", new("id"))
		third := send("three", "h", new("other"))
		if len(first.SequenceNumber) != 20 || first.SequenceNumber >= second.SequenceNumber || second.SequenceNumber >= third.SequenceNumber {
			t.Errorf("sequence numbers %q, %q, %q: want 20 digits, growing", first.SequenceNumber, second.SequenceNumber, third.SequenceNumber)
		}
		got := c.receiveAll(url, nil)
		if len(got) != 3 {
			t.Fatalf("received %d messages, want 3", len(got))
		}
		for i, want := range []map[string]string{
			{"MessageGroupId": "g", "SequenceNumber": first.SequenceNumber, "MessageDeduplicationId": "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"},
			{"MessageGroupId": "g", "SequenceNumber": second.SequenceNumber, "MessageDeduplicationId": "id"},
			{"MessageGroupId": "h", "SequenceNumber": third.SequenceNumber, "MessageDeduplicationId": "other"},
		} {
			for name, value := range want {
				if got[i].Attributes[name] != value {
					t.Errorf("message %d, %s: got %q, want %q", i, name, got[i].Attributes[name], value)
				}
			}
		}
		if left := c.receiveAll(url, nil); len(left) != 0 {
			t.Errorf("received %v from groups that are in flight", left)
		}
	})
}

// A delay of zero overrides the queue's in a standard queue, and is nothing in a
// FIFO queue.
func TestDelays(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	for _, row := range []struct {
		name  string
		delay *int
		want  []int // messages at 0 s, 5 s and 10 s
	}{
		{"a", nil, []int{0, 0, 1}},
		{"b", new(0), []int{1, 1, 1}},
		{"c", new(5), []int{0, 1, 1}},
		{"d.fifo", nil, []int{0, 0, 1}},
		{"e.fifo", new(0), []int{0, 0, 1}},
	} {
		attributes := map[string]string{"DelaySeconds": "10"}
		in := sendParameters{Body: new("x"), DelaySeconds: row.delay}
		if strings.HasSuffix(row.name, fifoSuffix) {
			attributes["FifoQueue"], in.GroupID, in.DeduplicationID = "true", new("g"), new("d")
		}
		url := c.create(row.name, attributes)
		c.do("SendMessage", sendMessageInput{url, in}, new(sendMessageOutput))
		var got []int
		for range 3 {
			got = append(got, len(c.receiveAll(url, new(0))))
			c.clock.Add(5 * time.Second)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v messages, want %v", row.name, got, row.want)
		}
	}
}

func TestReceiveIsChecked(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	url := c.create("a", nil)
	const invalid = "InvalidParameterValue"
	for _, row := range []struct {
		in            receiveMessageInput
		code, message string
	}{
		{receiveMessageInput{Max: new(0)}, invalid, "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{receiveMessageInput{Max: new(11)}, invalid, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{receiveMessageInput{Wait: new(21)}, invalid, "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{receiveMessageInput{Visibility: new(43201)}, invalid, "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{receiveMessageInput{Visibility: new(-1)}, invalid, "Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{receiveMessageInput{AttemptID: "x"}, invalid, "Value x for parameter ReceiveRequestAttemptId is invalid. Reason: The request include parameter that is not valid for this queue type."},
		{receiveMessageInput{AttributeNames: []string{"Size"}}, "InvalidAttributeName", "Unknown Attribute Size."},
	} {
		row.in.QueueURL = url
		c.refuse("ReceiveMessage", row.in, row.code, row.message)
	}
	c.do("ReceiveMessage", receiveMessageInput{QueueURL: url, AttributeNames: []string{"Policy"}}, new(receiveMessageOutput))
	c.do("ReceiveMessage", receiveMessageInput{QueueURL: c.create("a.fifo", yes), AttemptID: "x"}, new(receiveMessageOutput))
}

// Which attributes a receive answers is what its names mean.
func TestAttributesAreSelected(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		url := c.create("a", nil)
		all := map[string]attributeValue{"Hello": textValue("There"), "General": textValue("Kenobi"), "Help.Me": textValue("Me")}
		c.do("SendMessage", sendMessageInput{url, sendParameters{Body: new("x"), Attributes: all,
			SystemAttributes: map[string]attributeValue{"AWSTraceHeader": textValue("Root=1")}}}, new(sendMessageOutput))
		for _, row := range []struct{ names, want []string }{
			{nil, nil},
			{[]string{"All"}, []string{"General", "Hello", "Help.Me"}},
			{[]string{".*"}, []string{"General", "Hello", "Help.Me"}},
			{[]string{"Foo"}, nil},
			{[]string{"Hello", "General"}, []string{"General", "Hello"}},
			{[]string{"Hello", "Foo"}, []string{"Hello"}},
			{[]string{"Hel.*"}, []string{"Hello", "Help.Me"}},
			{[]string{"AWS.TraceHeader", "AWS.*", "."}, nil},
		} {
			var out receiveMessageOutput
			c.do("ReceiveMessage", receiveMessageInput{QueueURL: url, Visibility: new(0), MessageAttributes: row.names}, &out)
			m := out.Messages[0]
			want := maps.Clone(all)
			maps.DeleteFunc(want, func(name string, _ attributeValue) bool { return !slices.Contains(row.want, name) })
			if got := slices.Sorted(maps.Keys(m.MessageAttributes)); !slices.Equal(got, row.want) || m.MD5OfAttributes != md5OfAttributes(want) {
				t.Errorf("%v: got %v with digest %q, want %v", row.names, got, m.MD5OfAttributes, row.want)
			}
		}
		for _, row := range []struct {
			deprecated, names []string
			want              []string
		}{
			{nil, nil, nil},
			{[]string{"SenderId", "SequenceNumber"}, nil, []string{"SenderId"}},
			{nil, []string{"SentTimestamp"}, []string{"SentTimestamp"}},
			{[]string{"SenderId"}, []string{"AWSTraceHeader"}, []string{"AWSTraceHeader", "SenderId"}},
		} {
			var out receiveMessageOutput
			c.do("ReceiveMessage", receiveMessageInput{QueueURL: url, Visibility: new(0), AttributeNames: row.deprecated, SystemAttributeNames: row.names}, &out)
			if got := slices.Sorted(maps.Keys(out.Messages[0].Attributes)); !slices.Equal(got, row.want) {
				t.Errorf("%v and %v: got %v, want %v", row.deprecated, row.names, got, row.want)
			}
		}
	})
}

// A standard queue refuses receives at its in-flight limit, a FIFO queue finds
// nothing.
func TestInFlightLimit(t *testing.T) {
	p := Profile()
	p.Standard.MaxInFlight, p.FIFO.MaxInFlight = 1, 1
	c := newRigOf(t, setup{profile: p}).client(t, jsonProtocol)
	for _, url := range []string{c.create("a", nil), c.create("a.fifo", yes)} {
		c.sendBody(url, "one")
		c.sendBody(url, "two")
		if got := c.receiveAll(url, nil); len(got) != 1 {
			t.Fatalf("%s: received %d messages, want 1", url, len(got))
		}
	}
	c.refuse("ReceiveMessage", receiveMessageInput{QueueURL: accountURL + "a"}, "OverLimit", "The maximum number of in flight messages is reached.")
	if got := c.receiveAll(accountURL+"a.fifo", nil); len(got) != 0 {
		t.Errorf("FIFO: received %v", got)
	}
}

func TestSendMessageBatch(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		url := c.create("a", nil)
		in := sendMessageBatchInput{QueueURL: url, Entries: []sendEntry{
			{"1", sendParameters{Body: new("one"), Attributes: map[string]attributeValue{"a": textValue("b")}}},
			{"2", sendParameters{Body: new("a\x01")}},
			{"3", sendParameters{Body: new("three")}},
			{"4", sendParameters{Body: new("four"), DelaySeconds: new(901)}},
		}}
		if c.protocol == queryProtocol {
			in.Entries[1].Body = new("")
		}
		var out sendMessageBatchOutput
		c.do("SendMessageBatch", in, &out)
		var got []string
		for _, e := range out.Successful {
			got = append(got, e.ID)
			if e.MD5OfBody != md5OfBody(*in.Entries[e.ID[0]-'1'].Body) || e.MessageID == "" {
				t.Errorf("entry %+v: want the digest of its body, and an ID", e)
			}
		}
		for _, e := range out.Failed {
			got = append(got, fmt.Sprint(e.ID, " ", e.Code, " ", e.SenderFault))
		}
		want := []string{"1", "3", "2 InvalidMessageContents true", "4 InvalidParameterValue true"}
		if c.protocol == queryProtocol {
			want[2] = "2 MissingParameter true"
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if n := c.waiting(url); n != 2 {
			t.Errorf("%d messages, want 2", n)
		}
	})
}

func TestBatchesAreChecked(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	standard, fifo := c.create("a", map[string]string{"MaximumMessageSize": "1024"}), c.create("a.fifo", yes)
	entries := func(ids ...string) (entries []sendEntry) {
		for _, id := range ids {
			entries = append(entries, sendEntry{id, sendParameters{Body: new("x")}})
		}
		return entries
	}
	eleven := strings.Split("1 2 3 4 5 6 7 8 9 10 11", " ")
	const prefix = "AWS.SimpleQueueService."
	const badID = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
	for _, row := range []struct {
		ids           []string
		code, message string
	}{
		{nil, prefix + "EmptyBatchRequest", "There should be at least one %s in the request."},
		{eleven, prefix + "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11."},
		{[]string{"1", "2", "1"}, prefix + "BatchEntryIdsNotDistinct", "Id 1 repeated."},
		{[]string{""}, prefix + "InvalidBatchEntryId", badID},
		{[]string{"invalid:id"}, prefix + "InvalidBatchEntryId", badID},
		{[]string{strings.Repeat("a", 81)}, prefix + "InvalidBatchEntryId", badID},
	} {
		message := func(name string) string { return strings.ReplaceAll(row.message, "%s", name) }
		c.refuse("SendMessageBatch", sendMessageBatchInput{standard, entries(row.ids...)}, row.code, message("SendMessageBatchRequestEntry"))
		var deletes []deleteEntry
		var changes []visibilityEntry
		for _, id := range row.ids {
			deletes, changes = append(deletes, deleteEntry{id, new("x")}), append(changes, visibilityEntry{id, new("x"), new(1)})
		}
		c.refuse("DeleteMessageBatch", deleteMessageBatchInput{standard, deletes}, row.code, message("DeleteMessageBatchRequestEntry"))
		c.refuse("ChangeMessageVisibilityBatch", changeMessageVisibilityBatchInput{standard, changes}, row.code, message("ChangeMessageVisibilityBatchRequestEntry"))
	}
	c.refuse("SendMessageBatch", sendMessageBatchInput{fifo, entries("1")}, "InvalidParameterValue", "The request must contain the parameter MessageGroupId.")
	grouped := entries("1")
	grouped[0].GroupID = new("g")
	c.refuse("SendMessageBatch", sendMessageBatchInput{fifo, grouped}, "InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")

	large := entries("1", "2")
	large[0].Body, large[1].Body = new(strings.Repeat("x", 1<<19)), new(strings.Repeat("x", 1<<19+1-len("abcStringde")))
	large[1].Attributes = map[string]attributeValue{"abc": textValue("de")}
	c.refuse("SendMessageBatch", sendMessageBatchInput{standard, large}, prefix+"BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")
	if got := c.waiting(standard) + c.waiting(fifo); got != 0 {
		t.Errorf("%d messages, want 0", got)
	}
}

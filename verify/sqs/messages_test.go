package sqs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func (c *client) send(url, body string) *sqs.SendMessageOutput {
	c.t.Helper()
	return do[sqs.SendMessageOutput](c, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body})
}

// receive receives messages with all that they have, and does not wait.
func (c *client) receive(url string, max int32) []types.Message {
	c.t.Helper()
	return do[sqs.ReceiveMessageOutput](c, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: max,
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	}).Messages
}

// receiveOne is receive for the one message that there must be.
func (c *client) receiveOne(url string) types.Message {
	c.t.Helper()
	got := c.receive(url, 10)
	if len(got) != 1 {
		c.t.Fatalf("received %q, want one message", bodies(got))
	}
	return got[0]
}

func (c *client) delete(url string, messages ...types.Message) {
	c.t.Helper()
	for _, m := range messages {
		do[sqs.DeleteMessageOutput](c, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
	}
}

func (c *client) changeVisibility(url string, m types.Message, seconds int32) {
	c.t.Helper()
	do[sqs.ChangeMessageVisibilityOutput](c, &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
}

// bodies returns the bodies of messages, with spaces between.
func bodies(messages []types.Message) string {
	var all []string
	for _, m := range messages {
		all = append(all, aws.ToString(m.Body))
	}
	return strings.Join(all, " ")
}

func text(value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: new("String"), StringValue: &value}
}

// A message comes as it was sent, again when it is made visible, and not after it
// was deleted.
func messages(t *testing.T, c *client) {
	url := c.create("orders")
	body := "two apples & <três> peras\t\n\"€\" \U0001F34E"
	sent := do[sqs.SendMessageOutput](c, &sqs.SendMessageInput{
		QueueUrl: &url, MessageBody: &body,
		MessageAttributes: map[string]types.MessageAttributeValue{
			"name":   text("Ann & Bo"),
			"weight": {DataType: new("Number.kg"), StringValue: new("1.50")},
			"photo":  {DataType: new("Binary"), BinaryValue: []byte{0, 1, 254, 255}},
		},
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: new("String"), StringValue: new("Root=1-2-3")},
		},
	})
	got := c.receiveOne(url)
	check(t, "body", aws.ToString(got.Body), body)
	check(t, "message ID", aws.ToString(got.MessageId), aws.ToString(sent.MessageId))
	check(t, "digest of the attributes", aws.ToString(got.MD5OfMessageAttributes), aws.ToString(sent.MD5OfMessageAttributes))
	check(t, "attributes", len(got.MessageAttributes), 3)
	check(t, "name", aws.ToString(got.MessageAttributes["name"].StringValue), "Ann & Bo")
	weight := got.MessageAttributes["weight"]
	check(t, "weight", aws.ToString(weight.DataType)+" "+aws.ToString(weight.StringValue), "Number.kg 1.50")
	check(t, "photo", fmt.Sprint(got.MessageAttributes["photo"].BinaryValue), "[0 1 254 255]")
	check(t, "trace header", got.Attributes["AWSTraceHeader"], "Root=1-2-3")
	check(t, "sender", got.Attributes["SenderId"], "111111111111")
	now := c.broker.Clock().Now().UnixMilli()
	check(t, "time of the send", number(t, got.Attributes["SentTimestamp"]), now)
	check(t, "time of the first receive", number(t, got.Attributes["ApproximateFirstReceiveTimestamp"]), now)

	check(t, "bodies in flight", bodies(c.receive(url, 10)), "")
	c.changeVisibility(url, got, 0)
	again := c.receiveOne(url)
	check(t, "receive count", again.Attributes["ApproximateReceiveCount"], "2")
	c.delete(url, again, again)
	check(t, "messages", c.attributes(url)["ApproximateNumberOfMessagesNotVisible"], "0")
	some := do[sqs.ReceiveMessageOutput](c, &sqs.ReceiveMessageInput{QueueUrl: &url})
	check(t, "bodies after the delete", bodies(some.Messages), "")
}

// A receive hands out the attributes that it names.
func selection(t *testing.T, c *client, url string) {
	do[sqs.SendMessageOutput](c, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: new("tea"), MessageAttributes: map[string]types.MessageAttributeValue{
		"a.x": text("1"), "a.y": text("2"), "b": text("3"),
	}})
	got := do[sqs.ReceiveMessageOutput](c, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MessageAttributeNames: []string{"a.*"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"SentTimestamp"},
	}).Messages
	if len(got) != 1 {
		t.Fatalf("received %q, want one message", bodies(got))
	}
	_, other := got[0].MessageAttributes["b"]
	check(t, "attributes named", len(got[0].MessageAttributes), 2)
	check(t, "another attribute", other, false)
	check(t, "system attributes named", len(got[0].Attributes), 1)
	c.delete(url, got...)
}

// Delays and visibility timeouts end to the instant.
func timeouts(t *testing.T, c *client) {
	url := c.create("orders", "VisibilityTimeout", "20")
	selection(t, c, url)
	do[sqs.SendMessageOutput](c, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: new("tea"), DelaySeconds: 5})
	for i, step := range []struct {
		advance time.Duration
		want    string
	}{
		{5*time.Second - 1, ""}, {1, "tea"}, {20*time.Second - 1, ""}, {1, "tea"},
	} {
		c.advance(t, step.advance)
		check(t, fmt.Sprintf("step %d: bodies", i), bodies(c.receive(url, 1)), step.want)
	}
	c.advance(t, 20*time.Second)
	short := do[sqs.ReceiveMessageOutput](c, &sqs.ReceiveMessageInput{QueueUrl: &url, VisibilityTimeout: 1}).Messages
	check(t, "received for a second", bodies(short), "tea")
	c.changeVisibility(url, short[0], 30)
	c.advance(t, 30*time.Second-1)
	check(t, "before the timeout that was changed", bodies(c.receive(url, 1)), "")
	c.advance(t, 1)
	c.delete(url, short[0]) // late, and nobody else has received it
	check(t, "after a late delete", bodies(c.receive(url, 1)), "")
}

// Entries of batches succeed and fail one by one.
func batches(t *testing.T, c *client) {
	url := c.create("orders")
	in := &sqs.SendMessageBatchInput{QueueUrl: &url}
	for i := range 9 {
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: new(fmt.Sprint("e", i)), MessageBody: new(fmt.Sprint(i))})
	}
	in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: new("bad"), MessageBody: new("\x01")})
	in.Entries[3].MessageAttributes = map[string]types.MessageAttributeValue{"name": text("Ann")}
	sent := do[sqs.SendMessageBatchOutput](c, in)
	check(t, "sent", len(sent.Successful), 9)
	check(t, "refused sends", failures(sent.Failed), "[bad InvalidMessageContents sender=true]")

	got := c.receive(url, 10)
	if len(got) != 9 {
		t.Fatalf("received %q, want 9 messages", bodies(got))
	}
	change := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
		{Id: new("a"), ReceiptHandle: got[0].ReceiptHandle, VisibilityTimeout: 0},
		{Id: new("b"), ReceiptHandle: got[1].ReceiptHandle, VisibilityTimeout: 99_999},
		{Id: new("c"), ReceiptHandle: new("garbage"), VisibilityTimeout: 1},
	}}
	changed := do[sqs.ChangeMessageVisibilityBatchOutput](c, change)
	check(t, "changed", len(changed.Successful), 1)
	check(t, "refused changes", failures(changed.Failed), "[b InvalidParameterValue sender=true c ReceiptHandleIsInvalid sender=true]")
	check(t, "bodies visible again", bodies(c.receive(url, 10)), aws.ToString(got[0].Body))

	remove := &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []types.DeleteMessageBatchRequestEntry{{Id: new("x"), ReceiptHandle: new("garbage")}}}
	for i, m := range got[1:] {
		remove.Entries = append(remove.Entries, types.DeleteMessageBatchRequestEntry{Id: new(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
	}
	deleted := do[sqs.DeleteMessageBatchOutput](c, remove)
	check(t, "deleted", len(deleted.Successful), 8)
	check(t, "refused deletes", failures(deleted.Failed), "[x ReceiptHandleIsInvalid sender=true]")
	gone := do[sqs.ChangeMessageVisibilityBatchOutput](c, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
		{Id: new("a"), ReceiptHandle: got[1].ReceiptHandle, VisibilityTimeout: 1},
	}})
	check(t, "refused change of a message that is gone", failures(gone.Failed), "[a ReceiptHandleIsInvalid sender=true]")
	check(t, "messages left", c.attributes(url)["ApproximateNumberOfMessagesNotVisible"], "1")
}

func failures(entries []types.BatchResultErrorEntry) string {
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprintf("%s %s sender=%v", aws.ToString(e.Id), aws.ToString(e.Code), e.SenderFault))
	}
	slices.Sort(all)
	return fmt.Sprint(all)
}

// A receive waits for a message, and ends when its time has passed.
func longPolls(t *testing.T, c *client) {
	url := c.create("orders")
	poll := func() <-chan string {
		select {
		case <-c.arrived:
		default:
		}
		got := make(chan string, 1)
		go func() {
			out, err := c.try(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
			if err != nil {
				got <- err.Error()
				return
			}
			got <- bodies(out.(*sqs.ReceiveMessageOutput).Messages)
		}()
		<-c.arrived
		return got
	}
	got := poll()
	c.send(url, "tea")
	check(t, "received by a receive that waited", <-got, "tea")

	start := c.broker.Clock().Now()
	for got = poll(); ; c.advance(t, time.Second) {
		select {
		case bodies := <-got:
			passed := c.broker.Clock().Now().Sub(start)
			check(t, "received after the wait", bodies, "")
			check(t, "the wait was as long as was asked", passed >= 20*time.Second, true)
			return
		default:
		}
		if t.Context().Err() != nil {
			t.Fatal("the receive has not ended")
		}
	}
}

const (
	md5OfTea    = "7239ea2b5dc943f61f3c0a0276c20974"
	md5OfCoffee = "ffffffffffffffffffffffffffffffff"
)

// The clients compare the digest of what they send and receive: an answer with
// another one is an error.
func digests(t *testing.T, c *client) {
	url := c.create("orders")
	sent := c.send(url, "tea")
	check(t, "digest", aws.ToString(sent.MD5OfMessageBody), md5OfTea)
	c.forgeMD5.Store(true)
	for _, in := range []any{
		&sqs.SendMessageInput{QueueUrl: &url, MessageBody: new("tea")},
		&sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []types.SendMessageBatchRequestEntry{{Id: new("a"), MessageBody: new("tea")}}},
		&sqs.ReceiveMessageInput{QueueUrl: &url},
	} {
		if _, err := c.try(in); err == nil {
			t.Errorf("%s: the client has not looked at the digest", operationOf(in))
		}
	}
}

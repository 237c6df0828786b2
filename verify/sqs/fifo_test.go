package sqs

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// sendTo sends a message to a group. An empty ID leaves deduplication to the
// body.
func (c *client) sendTo(url, group, id, body string) *sqs.SendMessageOutput {
	c.t.Helper()
	in := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body, MessageGroupId: &group}
	if id != "" {
		in.MessageDeduplicationId = &id
	}
	return do[sqs.SendMessageOutput](c, in)
}

// Messages of a group come in the order in which they were sent, and none while
// one before it is in flight.
func order(t *testing.T, c *client) {
	url := c.create("orders.fifo", "FifoQueue", "true")
	last := ""
	for i, group := range []string{"a", "a", "b", "a"} {
		sent := c.sendTo(url, group, fmt.Sprint(i), fmt.Sprint(group, i))
		n := aws.ToString(sent.SequenceNumber)
		check(t, "digits of the sequence number", len(n), 20)
		check(t, "sequence numbers rise", n > last, true)
		last = n
	}
	first := c.receive(url, 2)
	check(t, "received first", bodies(first), "a0 a1")
	check(t, "group", first[0].Attributes["MessageGroupId"], "a")
	check(t, "deduplication ID", first[1].Attributes["MessageDeduplicationId"], "1")
	check(t, "received of other groups", bodies(c.receive(url, 10)), "b2")
	c.delete(url, first[0])
	check(t, "received while one is in flight", bodies(c.receive(url, 10)), "")
	c.changeVisibility(url, first[1], 0)
	check(t, "received again, and what follows", bodies(c.receive(url, 10)), "a1 a3")
}

// A message is not sent twice within five minutes, whatever became of it.
func deduplication(t *testing.T, c *client) {
	url := c.create("orders.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	sent := c.sendTo(url, "a", "", "tea")
	c.delete(url, c.receiveOne(url))
	same := c.sendTo(url, "a", "", "tea")
	check(t, "message ID of the second", aws.ToString(same.MessageId), aws.ToString(sent.MessageId))
	check(t, "sequence number of the second", aws.ToString(same.SequenceNumber), aws.ToString(sent.SequenceNumber))
	c.sendTo(url, "a", "cup", "tea")
	c.advance(t, 5*time.Minute-1)
	c.sendTo(url, "a", "", "tea")
	check(t, "received within the window", bodies(c.receive(url, 10)), "tea")
	c.advance(t, time.Minute)
	c.delete(url, c.receiveOne(url))
	c.sendTo(url, "a", "", "tea")
	check(t, "received after the window", bodies(c.receive(url, 10)), "tea")
}

// Receipts that are late are refused in FIFO queues, and not elsewhere.
func lateReceipts(t *testing.T, c *client) {
	fifo := c.create("orders.fifo", "FifoQueue", "true")
	c.sendTo(fifo, "a", "1", "tea")
	late := c.receiveOne(fifo)
	c.advance(t, 30*time.Second)
	expired := fmt.Sprintf("Value %s for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.", *late.ReceiptHandle)
	remove := &sqs.DeleteMessageInput{QueueUrl: &fifo, ReceiptHandle: late.ReceiptHandle}
	c.fails(remove, 400, "InvalidParameterValue", expired)
	holder := c.receiveOne(fifo)
	c.fails(remove, 400, "InvalidParameterValue", expired)
	c.delete(fifo, holder)
	c.delete(fifo, holder)

	standard := c.create("orders")
	c.send(standard, "tea")
	superseded := c.receiveOne(standard)
	c.advance(t, 30*time.Second)
	c.changeVisibility(standard, superseded, 0)
	holder = c.receiveOne(standard)
	c.delete(standard, superseded)
	check(t, "in flight after a delete with the receipt of another receive", c.attributes(standard)["ApproximateNumberOfMessagesNotVisible"], "1")
	c.delete(standard, holder)
	c.fails(&sqs.ChangeMessageVisibilityInput{QueueUrl: &standard, ReceiptHandle: holder.ReceiptHandle, VisibilityTimeout: 1}, 400, "InvalidParameterValue",
		fmt.Sprintf("Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", *holder.ReceiptHandle))
}

package sqs

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	adapter "github.com/redriveq/redrive/adapter/sqs"
)

// Yandex Message Queue is used by the same clients, and differs in names, limits
// and what becomes of receipts.
func TestYandex(t *testing.T) {
	counts.reset()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			folder := alice
			folder.region = "ru-central1"
			yandex(t, newClient(t, newRig(t, adapter.YandexProfile()), k, folder))
		})
	}
}

func yandex(t *testing.T, c *client) {
	url := c.create("orders")
	check(t, "ARN", c.arn(url), "arn:yc:ymq:ru-central1:111111111111:orders")
	check(t, "maximum size", c.attributes(url)["MaximumMessageSize"], "262144")
	c.fails(&sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: new("garbage")}, 400, "ReceiptHandleIsInvalid",
		"The specified receipt handle isn't valid.")

	c.send(url, "tea")
	superseded := c.receiveOne(url)
	c.advance(t, 30*time.Second)
	c.failsWith(&sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: superseded.ReceiptHandle, VisibilityTimeout: 1}, 400,
		"AWS.SimpleQueueService.MessageNotInflight") // aws-sdk-go-v2 knows no text of it
	c.receiveOne(url)
	c.delete(url, superseded)
	check(t, "messages after a delete with the receipt of another receive", c.attributes(url)["ApproximateNumberOfMessagesNotVisible"], "0")

	fifo := c.create("orders.fifo", "FifoQueue", "true")
	c.sendTo(fifo, "a", "1", "tea")
	superseded = c.receiveOne(fifo)
	c.advance(t, 30*time.Second)
	holder := c.receiveOne(fifo)
	c.delete(fifo, superseded) // a success that does nothing
	check(t, "messages after the same in a FIFO queue", c.attributes(fifo)["ApproximateNumberOfMessagesNotVisible"], "1")
	c.delete(fifo, holder)
}

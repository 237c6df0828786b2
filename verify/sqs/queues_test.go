package sqs

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// create creates a queue and returns its URL. The attributes are names and
// values in turn.
func (c *client) create(name string, attributes ...string) string {
	c.t.Helper()
	in := &sqs.CreateQueueInput{QueueName: &name}
	for pair := range slices.Chunk(attributes, 2) {
		if in.Attributes == nil {
			in.Attributes = make(map[string]string)
		}
		in.Attributes[pair[0]] = pair[1]
	}
	return aws.ToString(do[sqs.CreateQueueOutput](c, in).QueueUrl)
}

// attributes returns attributes of a queue: all, if no names are given.
func (c *client) attributes(url string, names ...types.QueueAttributeName) map[string]string {
	c.t.Helper()
	if names == nil {
		names = []types.QueueAttributeName{types.QueueAttributeNameAll}
	}
	return do[sqs.GetQueueAttributesOutput](c, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: names}).Attributes
}

// arn returns the ARN of a queue.
func (c *client) arn(url string) string {
	c.t.Helper()
	return c.attributes(url, types.QueueAttributeNameQueueArn)["QueueArn"]
}

// Queues are made, found, changed, tagged and deleted.
func queues(t *testing.T, c *client) {
	url := c.create("orders", "VisibilityTimeout", "45")
	check(t, "URL", url, c.url+"/111111111111/orders")
	check(t, "URL of the same queue", c.create("orders", "VisibilityTimeout", "45"), url)
	check(t, "URL by name", aws.ToString(do[sqs.GetQueueUrlOutput](c, &sqs.GetQueueUrlInput{QueueName: new("orders")}).QueueUrl), url)
	check(t, "ARN", c.arn(url), "arn:aws:sqs:us-east-1:111111111111:orders")

	do[sqs.SetQueueAttributesOutput](c, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"DelaySeconds": "3"}})
	all := c.attributes(url)
	for name, want := range map[string]string{
		"VisibilityTimeout": "45", "DelaySeconds": "3", "MessageRetentionPeriod": "345600", "MaximumMessageSize": "1048576",
		"ReceiveMessageWaitTimeSeconds": "0", "ApproximateNumberOfMessages": "0", "SqsManagedSseEnabled": "true",
	} {
		check(t, name, all[name], want)
	}

	do[sqs.TagQueueOutput](c, &sqs.TagQueueInput{QueueUrl: &url, Tags: map[string]string{"team": "red & blue", "cost": ""}})
	do[sqs.UntagQueueOutput](c, &sqs.UntagQueueInput{QueueUrl: &url, TagKeys: []string{"cost"}})
	tags := do[sqs.ListQueueTagsOutput](c, &sqs.ListQueueTagsInput{QueueUrl: &url}).Tags
	check(t, "tags", fmt.Sprint(tags), fmt.Sprint(map[string]string{"team": "red & blue"}))

	do[sqs.DeleteQueueOutput](c, &sqs.DeleteQueueInput{QueueUrl: &url})
	again := &sqs.CreateQueueInput{QueueName: new("orders"), Tags: map[string]string{"team": "green"}}
	c.fails(again, 400, "AWS.SimpleQueueService.QueueDeletedRecently",
		"You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	c.advance(t, time.Minute)
	check(t, "URL of a new queue", aws.ToString(do[sqs.CreateQueueOutput](c, again).QueueUrl), url)
	tags = do[sqs.ListQueueTagsOutput](c, &sqs.ListQueueTagsInput{QueueUrl: &url}).Tags
	check(t, "tags of a new queue", fmt.Sprint(tags), fmt.Sprint(again.Tags))
}

// Listings come whole, or in pages.
func pages(t *testing.T, c *client) {
	var want []string
	for i := range 5 {
		want = append(want, c.create(fmt.Sprintf("orders-%d", i)))
	}
	c.create("payments")
	check(t, "list", fmt.Sprint(c.list(&sqs.ListQueuesInput{QueueNamePrefix: new("orders-")})), fmt.Sprint([][]string{want}))
	check(t, "pages", fmt.Sprint(c.list(&sqs.ListQueuesInput{QueueNamePrefix: new("orders-"), MaxResults: new(int32(2))})),
		fmt.Sprint([][]string{want[:2], want[2:4], want[4:]}))
	check(t, "empty list", fmt.Sprint(c.list(&sqs.ListQueuesInput{QueueNamePrefix: new("none")})), fmt.Sprint([][]string{nil}))
}

// list returns the pages of a listing.
func (c *client) list(in *sqs.ListQueuesInput) (pages [][]string) {
	c.t.Helper()
	for {
		out := do[sqs.ListQueuesOutput](c, in)
		pages = append(pages, out.QueueUrls)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return pages
		}
	}
}

// Permissions are statements of the policy.
func permissions(t *testing.T, c *client) {
	url := c.create("orders")
	for _, label := range []string{"read", "write"} {
		do[sqs.AddPermissionOutput](c, &sqs.AddPermissionInput{
			QueueUrl: &url, Label: &label, AWSAccountIds: []string{"333333333333"}, Actions: []string{"ReceiveMessage", "DeleteMessage"},
		})
	}
	do[sqs.RemovePermissionOutput](c, &sqs.RemovePermissionInput{QueueUrl: &url, Label: new("read")})
	var policy struct {
		Statement []struct {
			Sid, Effect, Resource string
			Action                []string
		}
	}
	if err := json.Unmarshal([]byte(c.attributes(url)["Policy"]), &policy); err != nil {
		t.Fatalf("policy: %v", err)
	}
	check(t, "statements", fmt.Sprint(policy.Statement),
		"[{write Allow arn:aws:sqs:us-east-1:111111111111:orders [SQS:ReceiveMessage SQS:DeleteMessage]}]")
	c.fails(&sqs.RemovePermissionInput{QueueUrl: &url, Label: new("read")}, 400, "InvalidParameterValue",
		"Value read for parameter Label is invalid. Reason: can't find label.")
}

// A purge removes all messages, and the next one must wait.
func purge(t *testing.T, c *client) {
	url := c.create("orders")
	c.send(url, "waiting")
	do[sqs.SendMessageOutput](c, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: new("delayed"), DelaySeconds: 60})
	received := c.receive(url, 1)
	do[sqs.PurgeQueueOutput](c, &sqs.PurgeQueueInput{QueueUrl: &url})
	c.delete(url, received...)
	c.fails(&sqs.PurgeQueueInput{QueueUrl: &url}, 403, "AWS.SimpleQueueService.PurgeQueueInProgress",
		"Only one PurgeQueue operation on orders is allowed every 60 seconds.")
	c.advance(t, time.Minute)
	check(t, "bodies", bodies(c.receive(url, 10)), "")
	c.send(url, "later")
	do[sqs.PurgeQueueOutput](c, &sqs.PurgeQueueInput{QueueUrl: &url})
	counts := c.attributes(url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
	check(t, "counts", fmt.Sprint(slices.Sorted(maps.Values(counts))), "[0 0 0]")
}

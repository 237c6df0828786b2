package sqs

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/redriveq/redrive/queue"
)

// Two regions have queues of the same names and never see each other's.
func TestRegionsAreApart(t *testing.T) {
	bothProtocols(t, Config{Relaxed: true}, func(t *testing.T, c *client) {
		home, away := *c, *c
		home.region, away.region = "us-east-1", "eu-west-1"
		var arns []string
		for _, tenant := range []*client{&home, &away} {
			tenant.deadLetters("a", 2)
			tenant.create("b", nil)
			arns = append(arns, tenant.arn(accountURL+"dead"))
		}
		if want := []string{"arn:aws:sqs:us-east-1:000000000000:dead", "arn:aws:sqs:eu-west-1:000000000000:dead"}; !slices.Equal(arns, want) {
			t.Fatalf("ARNs: got %v, want %v", arns, want)
		}
		state := func(tenant *client) (state []int) {
			for _, name := range []string{"a", "b", "dead"} {
				state = append(state, tenant.waiting(accountURL+name))
			}
			return append(state, len(tenant.tags(accountURL+"a")), len(tenant.attributes(accountURL+"a", "All")))
		}
		before := state(&home)
		handle := home.start(startMessageMoveTaskInput{SourceARN: arns[0], Rate: new(1)})
		moved := home.latest(arns[0])

		away.refuse("CancelMessageMoveTask", cancelMessageMoveTaskInput{handle}, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.")
		away.refuse("ListMessageMoveTasks", listMessageMoveTasksInput{SourceARN: arns[0]}, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.")
		away.start(startMessageMoveTaskInput{SourceARN: arns[1]})
		away.do("TagQueue", tagQueueInput{accountURL + "a", map[string]string{"k": "v"}}, new(nothing))
		away.do("SetQueueAttributes", setQueueAttributesInput{accountURL + "a", map[string]string{"DelaySeconds": "5", "Policy": "{}"}}, new(nothing))
		away.do("PurgeQueue", queueInput{accountURL + "a"}, new(nothing))
		away.sendBody(accountURL+"b", "one")
		m := away.receiveOne(accountURL+"b", 30)
		if err := home.deleteHandle(accountURL+"b", m.ReceiptHandle); err == nil || err.Code != "ReceiptHandleIsInvalid" {
			t.Errorf("a receipt of the other region: got %v, want ReceiptHandleIsInvalid", err)
		}
		for _, tenant := range []*client{&home, &away} {
			var list listQueuesOutput
			tenant.do("ListQueues", listQueuesInput{}, &list)
			var sources listDeadLetterSourceQueuesOutput
			tenant.do("ListDeadLetterSourceQueues", listDeadLetterSourceQueuesInput{QueueURL: accountURL + "dead"}, &sources)
			if want := []string{accountURL + "a", accountURL + "b", accountURL + "dead"}; !slices.Equal(list.QueueURLs, want) {
				t.Errorf("%s lists %v, want %v", tenant.region, list.QueueURLs, want)
			}
			if want := []string{accountURL + "a"}; !slices.Equal(sources.QueueURLs, want) {
				t.Errorf("%s lists the sources %v, want %v", tenant.region, sources.QueueURLs, want)
			}
		}
		away.do("DeleteQueue", queueInput{accountURL + "a"}, new(nothing))
		away.do("DeleteQueue", queueInput{accountURL + "dead"}, new(nothing))

		after := state(&home)
		before[0], before[2] = before[0]+moved.Moved, before[2]-moved.Moved
		if !slices.Equal(after, before) {
			t.Errorf("the home region: got %v, want %v", after, before)
		}
	})
}

// Where there is no authentication, the account is the one in the URL.
func TestAccountsByURL(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	q := must(c.broker.CreateQueue(t.Context(), "us-east-1/111111111111/a", queue.Patch{}))
	must(c.broker.CreateQueue(t.Context(), "us-east-1/000000000000/hidden", queue.Patch{})) // no tenant's
	must(c.broker.CreateQueue(t.Context(), "not a name", queue.Patch{}))
	other := "http://localhost:9324/111111111111/a"
	var found getQueueURLOutput
	if c.do("GetQueueUrl", getQueueURLInput{QueueName: "a", OwnerID: "111111111111"}, &found); found.QueueURL != other {
		t.Errorf("found %q, want %q", found.QueueURL, other)
	}
	c.sendBody(other, "one")
	if got := must(q.Stats(t.Context())).Visible.Messages; got != 1 {
		t.Errorf("%d messages, want 1", got)
	}
	c.refuse("GetQueueUrl", getQueueURLInput{QueueName: "a"}, "AWS.SimpleQueueService.NonExistentQueue", noQueueMessage)
	c.refuse("GetQueueUrl", getQueueURLInput{QueueName: "hidden", OwnerID: "us-east-1/000000000000"}, "AWS.SimpleQueueService.NonExistentQueue", noQueueMessage)
	var list listQueuesOutput
	if c.do("ListQueues", listQueuesInput{}, &list); len(list.QueueURLs) != 0 {
		t.Errorf("listed %v, want none", list.QueueURLs)
	}
}

// With authentication, whatever is of another account is denied, whether or not
// it is there.
func TestAccountsAreApart(t *testing.T) {
	r := newRig(t, Config{Credentials: func(context.Context, string) (string, string, bool) { return "", "", false }})
	h := r.handler.(*handler)
	do := func(account, operation string, in any) error {
		s := &session{handler: h, region: "us-east-1", account: account, endpoint: "http://localhost:9324", path: "/"}
		c := &client{protocol: jsonProtocol}
		body := new(strings.Builder)
		must(io.Copy(body, c.request("/", operation, in).Body))
		_, err := operations[operation](t.Context(), s, func(in any) error { return decodeJSON([]byte(body.String()), in) })
		return err
	}
	if err := do("111111111111", "CreateQueue", createQueueInput{QueueName: "a"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		url, arn := "http://localhost:9324/111111111111/"+name, "arn:aws:sqs:us-east-1:111111111111:"+name
		for operation, in := range map[string]any{
			"AddPermission":                addPermissionInput{url, "l", []string{"222222222222"}, []string{"*"}},
			"ChangeMessageVisibility":      changeMessageVisibilityInput{url, new("x"), new(1)},
			"ChangeMessageVisibilityBatch": changeMessageVisibilityBatchInput{url, nil},
			"DeleteMessage":                deleteMessageInput{url, new("x")},
			"DeleteMessageBatch":           deleteMessageBatchInput{url, nil},
			"DeleteQueue":                  queueInput{url},
			"GetQueueAttributes":           getQueueAttributesInput{QueueURL: url},
			"GetQueueUrl":                  getQueueURLInput{name, "111111111111"},
			"ListDeadLetterSourceQueues":   listDeadLetterSourceQueuesInput{QueueURL: url},
			"ListMessageMoveTasks":         listMessageMoveTasksInput{SourceARN: arn},
			"ListQueueTags":                queueInput{url},
			"PurgeQueue":                   queueInput{url},
			"ReceiveMessage":               receiveMessageInput{QueueURL: url},
			"RemovePermission":             removePermissionInput{url, "l"},
			"SendMessage":                  sendMessageInput{url, sendParameters{Body: new("x")}},
			"SendMessageBatch":             sendMessageBatchInput{url, nil},
			"SetQueueAttributes":           setQueueAttributesInput{url, map[string]string{"DelaySeconds": "1"}},
			"StartMessageMoveTask":         startMessageMoveTaskInput{SourceARN: arn},
			"TagQueue":                     tagQueueInput{url, map[string]string{"a": "b"}},
			"UntagQueue":                   untagQueueInput{url, []string{"a"}},
		} {
			want := "AccessDenied: Access to the resource " + url + " is denied."
			if e, ok := errors.AsType[*apiError](do("222222222222", operation, in)); !ok || e.Error() != want || e.Status != 403 {
				t.Errorf("%s of %s: got %v, want %s", operation, name, e, want)
			}
		}
	}
}

func (c *client) tags(url string) map[string]string {
	c.t.Helper()
	var out listQueueTagsOutput
	c.do("ListQueueTags", queueInput{url}, &out)
	return out.Tags
}

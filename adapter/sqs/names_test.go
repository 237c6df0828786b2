package sqs

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	h := &handler{profile: Profile(), config: Config{Region: "us-east-1", Account: "0"}}
	for _, row := range []struct {
		name        queueName
		stored, arn string
	}{
		{queueName{"us-east-1", "0", "a"}, "a", "arn:aws:sqs:us-east-1:0:a"},
		{queueName{"us-east-1", "0", "a.fifo"}, "a.fifo", "arn:aws:sqs:us-east-1:0:a.fifo"},
		{queueName{"us-east-1", "1", "a"}, "us-east-1/1/a", "arn:aws:sqs:us-east-1:1:a"},
		{queueName{"cn-north-1", "0", "a"}, "cn-north-1/0/a", "arn:aws-cn:sqs:cn-north-1:0:a"},
		{queueName{"us-gov-east-1", "0", "a"}, "us-gov-east-1/0/a", "arn:aws-us-gov:sqs:us-gov-east-1:0:a"},
	} {
		if got := h.stored(row.name); got != row.stored {
			t.Errorf("%v is stored as %q, want %q", row.name, got, row.stored)
		}
		if got, ok := h.named(row.stored); got != row.name || !ok {
			t.Errorf("%q is named %v, %v, want %v", row.stored, got, ok, row.name)
		}
		if got, ok := h.parseARN(row.arn); got != row.name || !ok || h.arn(got) != row.arn {
			t.Errorf("%q names %v, %v, want %v", row.arn, got, ok, row.name)
		}
	}
	for _, stored := range []string{"", "a b", "a/b", "a/b/c/d", "us-east-1/0/a", "/0/a", "us-east-1//a", "us-east-1/1/", "xfer:a", strings.Repeat("a", 81)} {
		if got, ok := h.named(stored); ok {
			t.Errorf("%q is named %v, want none", stored, got)
		}
	}
	for _, arn := range []string{"", "a", "arn:aws:sqs:us-east-1:0", "arn:aws:sqs:us-east-1:0:a:b", "arn:aws:sns:us-east-1:0:a", "arn:aws:sqs:us-east-1:0:a/b", "arn:aws:sqs::0:a", "arn:aws:sqs:cn-north-1:0:a", "ARN:aws:sqs:us-east-1:0:a"} {
		if got, ok := h.parseARN(arn); ok {
			t.Errorf("ARN %q names %v, want none", arn, got)
		}
	}
}

// The broker takes the longest name that there is.
func TestLongestName(t *testing.T) {
	c := newRig(t, Config{Account: strings.Repeat("1", maxPart)}).client(t, jsonProtocol)
	c.region = strings.Repeat("r", 32)
	name := strings.Repeat("a", maxName)
	if url := c.create(name, nil); c.arn(url) != "arn:aws:sqs:"+c.region+":"+strings.Repeat("1", maxPart)+":"+name {
		t.Errorf("got %q", c.arn(url))
	}
}

// What is different at Yandex, but for receipts.
func TestYandex(t *testing.T) {
	bothProtocolsOf(t, setup{Config{Region: "ru-central1", Account: "b1g"}, YandexProfile()}, func(t *testing.T, c *client) {
		url := c.create("a", nil)
		got := c.attributes(url, "All")
		for name, want := range map[string]string{
			"QueueArn": "arn:yc:ymq:ru-central1:b1g:a", "MaximumMessageSize": "262144", "MessageRetentionPeriod": "345600", "SqsManagedSseEnabled": "",
		} {
			if got[name] != want {
				t.Errorf("%s: got %q, want %q", name, got[name], want)
			}
		}
		c.refuse("SetQueueAttributes", setQueueAttributesInput{url, map[string]string{"MaximumMessageSize": "262145"}},
			"InvalidAttributeValue", "Invalid value for the parameter MaximumMessageSize.")
		c.do("SetQueueAttributes", setQueueAttributesInput{url, map[string]string{"MaximumMessageSize": "1"}}, new(nothing))
		body := strings.Repeat("x", 262145)
		b := c.create("b", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"arn:yc:ymq:ru-central1:b1g:a","maxReceiveCount":1}`})
		c.refuse("SendMessage", sendMessageInput{b, sendParameters{Body: &body}}, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.")
	})
}

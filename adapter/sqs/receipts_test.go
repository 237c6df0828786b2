package sqs

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A service is a profile and a kind of queue, which together decide what
// receipts may do.
type service struct {
	name       string
	profile    func() *queue.Profile
	queue      string
	attributes map[string]string
}

func services() []service {
	return []service{
		{"sqs", Profile, "a", nil},
		{"sqs.fifo", Profile, "a.fifo", yes},
		{"ymq", YandexProfile, "a", nil},
		{"ymq.fifo", YandexProfile, "a.fifo", yes},
	}
}

// eachService runs the test for each service in both protocols, with a queue
// that has one message.
func eachService(t *testing.T, test func(t *testing.T, c *client, s service, url string)) {
	for _, s := range services() {
		t.Run(s.name, func(t *testing.T) {
			bothProtocolsOf(t, setup{profile: s.profile()}, func(t *testing.T, c *client) {
				url := c.create(s.queue, s.attributes)
				c.sendBody(url, "one")
				test(t, c, s, url)
			})
		})
	}
}

// say describes an error with the receipt left out.
func say(err *apiError, handle string) string {
	if err == nil {
		return "200"
	}
	return strings.ReplaceAll(fmt.Sprint(err.Status, " ", err), handle, "H")
}

const expired = "400 InvalidParameterValue: Value H for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."

func TestDeleteAroundTheDeadline(t *testing.T) {
	want := map[string]struct {
		answer string
		left   int
	}{"sqs": {"200", 0}, "sqs.fifo": {expired, 1}, "ymq": {"200", 0}, "ymq.fifo": {"200", 0}}
	eachService(t, func(t *testing.T, c *client, s service, url string) {
		m := c.receiveOne(url, 30)
		c.clock.Add(30 * time.Second)
		if got := say(c.deleteHandle(url, m.ReceiptHandle), m.ReceiptHandle); got != want[s.name].answer {
			t.Errorf("at the deadline: got %s, want %s", got, want[s.name].answer)
		}
		if got := c.waiting(url); got != want[s.name].left {
			t.Errorf("at the deadline: %d messages left, want %d", got, want[s.name].left)
		}
		c.sendBody(url, "two")
		m = c.receiveAll(url, new(30))[0]
		before := c.waiting(url)
		c.clock.Add(30*time.Second - 1)
		if got := say(c.deleteHandle(url, m.ReceiptHandle), m.ReceiptHandle); got != "200" {
			t.Errorf("before the deadline: got %s, want 200", got)
		}
		if got := c.waiting(url); got != before-1 {
			t.Errorf("before the deadline: %d messages left, want %d", got, before-1)
		}
	})
}

// A receives, its visibility timeout ends, B receives, A deletes, B deletes.
func TestTwoConsumers(t *testing.T) {
	want := map[string][]string{
		"sqs":      {"200", "1", "200", "0"},
		"sqs.fifo": {expired, "1", "200", "0"},
		"ymq":      {"200", "0", "200", "0"},
		"ymq.fifo": {"200", "1", "200", "0"},
	}
	eachService(t, func(t *testing.T, c *client, s service, url string) {
		a := c.receiveOne(url, 30)
		c.clock.Add(30 * time.Second)
		b := c.receiveOne(url, 30)
		if b.Attributes["ApproximateReceiveCount"] != "2" || b.MessageID != a.MessageID {
			t.Errorf("B received %+v, want the second receive of %s", b, a.MessageID)
		}
		var got []string
		for _, handle := range []string{a.ReceiptHandle, b.ReceiptHandle} {
			got = append(got, say(c.deleteHandle(url, handle), handle), fmt.Sprint(c.waiting(url)))
		}
		if !slices.Equal(got, want[s.name]) {
			t.Errorf("got  %q\nwant %q", got, want[s.name])
		}
	})
}

// A receipt that was used deletes nothing more and is no error, twice in one
// batch and in several requests at once.
func TestDeleteTwice(t *testing.T) {
	eachService(t, func(t *testing.T, c *client, _ service, url string) {
		m := c.receiveOne(url, 30)
		var out deleteMessageBatchOutput
		c.do("DeleteMessageBatch", deleteMessageBatchInput{url, []deleteEntry{{"a", &m.ReceiptHandle}, {"b", &m.ReceiptHandle}, {"c", new("x")}, {"d", nil}}}, &out)
		var got []string
		for _, e := range out.Successful {
			got = append(got, e.ID)
		}
		for _, e := range out.Failed {
			got = append(got, fmt.Sprint(e.ID, " ", e.Code, " ", e.SenderFault))
		}
		if want := []string{"a", "b", "c ReceiptHandleIsInvalid true", "d MissingParameter true"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := say(c.deleteHandle(url, m.ReceiptHandle), m.ReceiptHandle); got != "200" {
			t.Errorf("again: got %s, want 200", got)
		}
		c.sendBody(url, "two")
		m = c.receiveOne(url, 30)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if err := c.deleteHandle(url, m.ReceiptHandle); err != nil {
					t.Errorf("at once: got %v, want 200", err)
				}
			})
		}
		group.Wait()
		if got := c.waiting(url); got != 0 {
			t.Errorf("%d messages left, want 0", got)
		}
	})
}

const (
	notInFlight = "400 AWS.SimpleQueueService.MessageNotInflight: The specified message isn't in flight."
	notThere    = "400 InvalidParameterValue: Value H for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."
	noMessage   = "400 InvalidParameterValue: No such message."
)

// changed changes the visibility timeout by a receipt.
func (c *client) changed(url, handle string, seconds int) string {
	c.t.Helper()
	err := c.try("ChangeMessageVisibility", changeMessageVisibilityInput{url, &handle, &seconds}, new(nothing))
	return say(err, handle)
}

func TestChangeVisibility(t *testing.T) {
	want := map[string][]string{ // late, superseded, deleted
		"sqs":      {"200", notThere, notThere},
		"sqs.fifo": {notThere, notThere, notThere},
		"ymq":      {notInFlight, notInFlight, noMessage},
		"ymq.fifo": {notInFlight, notInFlight, noMessage},
	}
	eachService(t, func(t *testing.T, c *client, s service, url string) {
		m := c.receiveOne(url, 30)
		for _, step := range []struct {
			seconds int
			want    string
		}{
			{60, "200"},
			{43201, "400 InvalidParameterValue: Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200, if provided."},
			{-1, "400 InvalidParameterValue: Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200, if provided."},
		} {
			if got := c.changed(url, m.ReceiptHandle, step.seconds); got != step.want {
				t.Errorf("to %d: got %s, want %s", step.seconds, got, step.want)
			}
		}
		c.clock.Add(time.Minute - 1)
		const beyond = "400 InvalidParameterValue: Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
		if got := c.changed(url, m.ReceiptHandle, 43200); got != beyond {
			t.Errorf("above the cap: got %s, want %s", got, beyond)
		}
		if got := c.receiveAll(url, nil); len(got) != 0 {
			t.Fatalf("received %v within the extended timeout", got)
		}
		c.clock.Add(1)
		got := []string{c.changed(url, m.ReceiptHandle, 0)}
		second := c.receiveOne(url, 30)
		got = append(got, c.changed(url, m.ReceiptHandle, 10))
		if err := c.deleteHandle(url, second.ReceiptHandle); err != nil {
			t.Fatal(err)
		}
		if got = append(got, c.changed(url, second.ReceiptHandle, 10)); !slices.Equal(got, want[s.name]) {
			t.Errorf("late, superseded, deleted:\ngot  %q\nwant %q", got, want[s.name])
		}
		c.sendBody(url, "two")
		m = c.receiveOne(url, 30)
		var out changeMessageVisibilityBatchOutput
		c.do("ChangeMessageVisibilityBatch", changeMessageVisibilityBatchInput{url, []visibilityEntry{
			{"a", &m.ReceiptHandle, new(0)}, {"b", new("x"), new(1)}, {"c", &m.ReceiptHandle, nil},
		}}, &out)
		if len(out.Successful) != 1 || len(out.Failed) != 2 || out.Failed[0].Code != "ReceiptHandleIsInvalid" || out.Failed[1].Code != "MissingParameter" {
			t.Errorf("batch: got %+v", out)
		}
		c.receiveOne(url, 30)
	})
}

// Receipts of another queue, of an earlier queue of the same name, and what are
// none.
func TestForeignReceipts(t *testing.T) {
	want := map[bool][2]string{
		false: {`404 ReceiptHandleIsInvalid: The input receipt handle "H" is not valid for this queue.`, `404 ReceiptHandleIsInvalid: The input receipt handle "H" is not a valid receipt handle.`},
		true:  {"400 ReceiptHandleIsInvalid: The specified receipt handle isn't valid.", "400 ReceiptHandleIsInvalid: The specified receipt handle isn't valid."},
	}
	eachService(t, func(t *testing.T, c *client, s service, url string) {
		want := want[strings.HasPrefix(s.name, "ymq")]
		check := func(what, url, handle, want string) {
			t.Helper()
			if got := say(c.deleteHandle(url, handle), handle); got != want {
				t.Errorf("delete with %s: got %s, want %s", what, got, want)
			}
			if got := c.changed(url, handle, 1); got != want {
				t.Errorf("change with %s: got %s, want %s", what, got, want)
			}
		}
		m := c.receiveOne(url, 30)
		other := c.create("other-"+s.queue, s.attributes)
		check("a receipt of another queue", other, m.ReceiptHandle, want[0])
		check("garbage", url, "garbage", want[1])
		check("a receipt that is cut", url, m.ReceiptHandle[1:], want[1])
		c.do("DeleteQueue", queueInput{url}, new(nothing))
		c.clock.Add(time.Minute)
		c.create(s.queue, s.attributes)
		check("a receipt of an earlier queue", url, m.ReceiptHandle, want[0])
		c.refuse("DeleteMessage", deleteMessageInput{QueueURL: url}, "MissingParameter", "The request must contain the parameter ReceiptHandle.")
	})
}

// No receipt with another character is one.
func TestAlteredReceipts(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	url := c.create("a", nil)
	c.sendBody(url, "one")
	c.sendBody(url, "two")
	handle := c.receiveAll(url, nil)[0].ReceiptHandle
	for i := range handle {
		for _, to := range []byte{'A', 'B', '_', '=', '\n'} {
			altered := []byte(handle)
			if altered[i] == to {
				continue
			}
			altered[i] = to
			if err := c.deleteHandle(url, string(altered)); err == nil || err.Code != "ReceiptHandleIsInvalid" {
				t.Fatalf("character %d as %q: got %v, want ReceiptHandleIsInvalid", i, to, err)
			}
		}
	}
	if got := c.waiting(url); got != 2 {
		t.Errorf("%d messages, want 2", got)
	}
}

package sqs

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// deadLetters makes a queue whose n messages have all become dead letters, and
// returns its URL. The dead-letter queue is "dead".
func (c *client) deadLetters(name string, n int) string {
	c.t.Helper()
	dead := c.create("dead", nil)
	url := c.create(name, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + c.arn(dead) + `","maxReceiveCount":1}`})
	for i := range n {
		c.sendBody(url, fmt.Sprint(name, " ", i))
	}
	for c.attributes(url, "ApproximateNumberOfMessages")["ApproximateNumberOfMessages"] != "0" {
		c.receiveAll(url, new(0))
	}
	return url
}

func (c *client) start(in startMessageMoveTaskInput) string {
	c.t.Helper()
	var out startMessageMoveTaskOutput
	c.do("StartMessageMoveTask", in, &out)
	return out.TaskHandle
}

// latest returns the latest task of a source.
func (c *client) latest(arn string) moveTask {
	c.t.Helper()
	var out listMessageMoveTasksOutput
	c.do("ListMessageMoveTasks", listMessageMoveTasksInput{SourceARN: arn}, &out)
	if len(out.Results) != 1 {
		c.t.Fatalf("listed %d tasks, want 1", len(out.Results))
	}
	return out.Results[0]
}

func TestMoveBack(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		a, b := c.deadLetters("a", 2), c.deadLetters("b", 3)
		dead := c.arn(accountURL + "dead")
		letter := c.receiveOneOf(accountURL + "dead")
		if got, want := letter.Attributes["DeadLetterQueueSourceArn"], c.arn(accountURL+letter.Body[:1]); got != want {
			t.Errorf("source of the dead letter: got %q, want %q", got, want)
		}
		handle := c.start(startMessageMoveTaskInput{SourceARN: dead})
		text := string(must(base64.StdEncoding.DecodeString(handle)))
		if !strings.HasPrefix(text, `{"taskId":"`) || !strings.HasSuffix(text, `","sourceArn":"`+dead+`"}`) {
			t.Errorf("task handle holds %s", text)
		}
		want := moveTask{Status: "COMPLETED", SourceARN: dead, Moved: 5, ToMove: 5, Started: c.clock.Now().UnixMilli()}
		if got := c.latest(dead); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		if got := c.waiting(a)*10 + c.waiting(b); got != 23 {
			t.Errorf("messages came back as %d, want 2 and 3", got)
		}
		for _, m := range c.receiveAll(a, nil) {
			if m.Attributes["ApproximateReceiveCount"] != "1" || m.Attributes["DeadLetterQueueSourceArn"] != "" || m.Body[0] != 'a' {
				t.Errorf("moved message: got %+v, want one of a that is new", m)
			}
		}
	})
}

// receiveOneOf receives one of several messages, and leaves it visible.
func (c *client) receiveOneOf(url string) message {
	c.t.Helper()
	var out receiveMessageOutput
	c.do("ReceiveMessage", receiveMessageInput{QueueURL: url, Visibility: new(0), AttributeNames: []string{"All"}}, &out)
	return out.Messages[0]
}

// Ten messages at one a second, cancelled after two.
func TestCancelMove(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		url := c.deadLetters("a", 10)
		deadURL, target := accountURL+"dead", c.create("target", nil)
		dead := c.arn(deadURL)
		handle := c.start(startMessageMoveTaskInput{SourceARN: dead, DestinationARN: c.arn(target), Rate: new(1)})
		c.clock.Add(time.Second)
		running := c.latest(dead)
		want := moveTask{TaskHandle: handle, Status: "RUNNING", SourceARN: dead, DestinationARN: c.arn(target), Rate: 1, Moved: 2, ToMove: 10, Started: running.Started}
		if running != want {
			t.Errorf("running:\ngot  %+v\nwant %+v", running, want)
		}
		again := startMessageMoveTaskInput{SourceARN: dead}
		c.refuse("StartMessageMoveTask", again, "InvalidParameterValue", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		var out cancelMessageMoveTaskOutput
		c.do("CancelMessageMoveTask", cancelMessageMoveTaskInput{handle}, &out)
		if out.Moved != 2 {
			t.Errorf("cancel: got %d moved, want 2", out.Moved)
		}
		err := c.try("CancelMessageMoveTask", cancelMessageMoveTaskInput{handle}, new(cancelMessageMoveTaskOutput))
		if err == nil || err.Status != 400 || err.Code != "AWS.SimpleQueueService.UnsupportedOperation" || !strings.Contains(err.Message, "CANCELL") {
			t.Errorf("second cancel: got %+v, want UnsupportedOperation that tells the status", err)
		}
		c.waitFor(dead, "CANCELLED")
		want.Status, want.TaskHandle = "CANCELLED", ""
		if got := c.latest(dead); got != want {
			t.Errorf("cancelled:\ngot  %+v\nwant %+v", got, want)
		}
		c.clock.Add(time.Hour)
		if got := [3]int{c.waiting(deadURL), c.waiting(target), c.waiting(url)}; got != [3]int{8, 2, 0} {
			t.Errorf("messages in source, destination, origin: got %v, want 8, 2, 0", got)
		}
		c.start(again)
		if got := c.waiting(url); got != 8 {
			t.Errorf("%d messages moved by the next task, want 8", got)
		}
	})
}

// waitFor waits until the latest task of a source has that status, which its
// worker gives it.
func (c *client) waitFor(arn, status string) {
	c.t.Helper()
	for range 1_000_000 {
		if c.latest(arn).Status == status {
			return
		}
	}
	c.t.Fatalf("the task is %s, want %s", c.latest(arn).Status, status)
}

// A task fails, and loses nothing, when a queue goes away to which it moves.
func TestMoveToQueueThatIsDeleted(t *testing.T) {
	for _, toOrigin := range []bool{true, false} {
		t.Run(fmt.Sprint("to the origin ", toOrigin), func(t *testing.T) {
			c := newRig(t, Config{}).client(t, jsonProtocol)
			target := c.deadLetters("a", 10)
			dead := c.arn(accountURL + "dead")
			in := startMessageMoveTaskInput{SourceARN: dead, Rate: new(1)}
			if !toOrigin {
				target = c.create("target", nil)
				in.DestinationARN = c.arn(target)
			}
			c.start(in)
			c.clock.Add(2 * time.Second)
			if got := c.latest(dead).Moved; got != 3 {
				t.Fatalf("%d messages moved, want 3", got)
			}
			c.do("DeleteQueue", queueInput{target}, new(nothing))
			c.clock.Add(time.Second)
			got := c.latest(dead)
			if got.Status != "FAILED" || got.FailureReason != "AWS.SimpleQueueService.NonExistentQueue" || got.Moved != 3 || got.ToMove != 10 {
				t.Errorf("got %+v, want FAILED with 3 of 10 moved", got)
			}
			if got := c.waiting(accountURL + "dead"); got != 7 {
				t.Errorf("%d messages left, want 7", got)
			}
		})
	}
}

// A message that was sent to the dead-letter queue by hand has nowhere to go.
func TestMoveWithoutOrigin(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	c.deadLetters("a", 0)
	c.sendBody(accountURL+"dead", "by hand")
	dead := c.arn(accountURL + "dead")
	c.start(startMessageMoveTaskInput{SourceARN: dead})
	if got := c.latest(dead); got.Status != "FAILED" || got.FailureReason != "CouldNotDetermineMessageSource" {
		t.Errorf("got %+v, want FAILED", got)
	}
	if got := c.waiting(accountURL + "dead"); got != 1 {
		t.Errorf("%d messages left, want 1", got)
	}
}

func TestMovesAreChecked(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		c.deadLetters("a", 1)
		dead, a, fifo := c.arn(accountURL+"dead"), c.arn(accountURL+"a"), c.arn(c.create("f.fifo", yes))
		handle := func(id, arn string) string {
			return base64.StdEncoding.EncodeToString([]byte(`{"taskId":"` + id + `","sourceArn":"` + arn + `"}`))
		}
		id := queue.TaskID{1}.String()
		const invalid, none = "InvalidParameterValue", "ResourceNotFoundException"
		noSource := "The resource that you specified for the SourceArn parameter doesn't exist."
		format := func(name string) string {
			return "You must use this format to specify the " + name + ": arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
		}
		start := func(source, destination string, rate *int) startMessageMoveTaskInput {
			return startMessageMoveTaskInput{source, destination, rate}
		}
		for _, row := range []struct {
			operation     string
			in            any
			code, message string
		}{
			{"StartMessageMoveTask", start("", "", nil), "MissingParameter", "The request must contain the parameter SourceArn."},
			{"StartMessageMoveTask", start("x", "", nil), invalid, format("SourceArn")},
			{"StartMessageMoveTask", start(dead+"x", "", nil), none, noSource},
			{"StartMessageMoveTask", start(a, "", nil), invalid, "Source queue must be configured as a Dead Letter Queue."},
			{"StartMessageMoveTask", start(a, dead+"x", nil), invalid, "Source queue must be configured as a Dead Letter Queue."},
			{"StartMessageMoveTask", start(dead, "x", nil), invalid, format("DestinationArn")},
			{"StartMessageMoveTask", start(dead, dead+"x", nil), none, "The resource that you specified for the DestinationArn parameter doesn't exist."},
			{"StartMessageMoveTask", start(dead, "", new(0)), invalid, "Value 0 for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500, if provided."},
			{"StartMessageMoveTask", start(dead, "", new(501)), invalid, "Value 501 for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500, if provided."},
			{"ListMessageMoveTasks", listMessageMoveTasksInput{}, "MissingParameter", "The request must contain the parameter SourceArn."},
			{"ListMessageMoveTasks", listMessageMoveTasksInput{SourceARN: "x"}, invalid, format("SourceArn")},
			{"ListMessageMoveTasks", listMessageMoveTasksInput{SourceARN: dead + "x"}, none, noSource},
			{"ListMessageMoveTasks", listMessageMoveTasksInput{dead, new(0)}, invalid, "Value 0 for parameter MaxResults is invalid. Reason: Must be between 1 and 10, if provided."},
			{"ListMessageMoveTasks", listMessageMoveTasksInput{dead, new(11)}, invalid, "Value 11 for parameter MaxResults is invalid. Reason: Must be between 1 and 10, if provided."},
			{"CancelMessageMoveTask", cancelMessageMoveTaskInput{}, "MissingParameter", "The request must contain the parameter TaskHandle."},
			{"CancelMessageMoveTask", cancelMessageMoveTaskInput{"foobar"}, invalid, "Value for parameter TaskHandle is invalid."},
			{"CancelMessageMoveTask", cancelMessageMoveTaskInput{handle(id, dead) + "\n"}, invalid, "Value for parameter TaskHandle is invalid."},
			{"CancelMessageMoveTask", cancelMessageMoveTaskInput{handle("", dead)}, invalid, "Value for parameter TaskHandle is invalid."},
			{"CancelMessageMoveTask", cancelMessageMoveTaskInput{handle(id, "invalid")}, none, noSource},
			{"CancelMessageMoveTask", cancelMessageMoveTaskInput{handle(id, dead+"x")}, none, noSource},
			{"CancelMessageMoveTask", cancelMessageMoveTaskInput{handle(id, dead)}, none, "Task does not exist."},
			{"CancelMessageMoveTask", cancelMessageMoveTaskInput{handle("invalid", dead)}, none, "Task does not exist."},
		} {
			c.refuse(row.operation, row.in, row.code, row.message)
		}
		for _, destination := range []string{dead, fifo} {
			err := c.try("StartMessageMoveTask", start(dead, destination, nil), new(startMessageMoveTaskOutput))
			if err == nil || err.Code != invalid {
				t.Errorf("to %s: got %v, want %s", destination, err, invalid)
			}
		}
		var out listMessageMoveTasksOutput
		if c.do("ListMessageMoveTasks", listMessageMoveTasksInput{dead, new(10)}, &out); len(out.Results) != 0 {
			t.Errorf("tasks were started: %v", out.Results)
		}
	})
}

// A task is cancelled by a handle that names its own source.
func TestTaskHandleOfAnotherSource(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	c.deadLetters("a", 5)
	dead, a := c.arn(accountURL+"dead"), c.arn(accountURL+"a")
	handle := c.start(startMessageMoveTaskInput{SourceARN: dead, Rate: new(1)})
	text := string(must(base64.StdEncoding.DecodeString(handle)))
	other := base64.StdEncoding.EncodeToString([]byte(strings.Replace(text, dead, a, 1)))
	c.refuse("CancelMessageMoveTask", cancelMessageMoveTaskInput{other}, "ResourceNotFoundException", "Task does not exist.")
	if got := c.latest(dead).Status; got != "RUNNING" {
		t.Errorf("the task is %s, want RUNNING", got)
	}
}

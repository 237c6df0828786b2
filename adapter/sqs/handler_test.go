package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
)

func TestConfigIsChecked(t *testing.T) {
	broker := must(queue.Open(queue.Config{Profile: Profile()}))
	defer broker.Close()
	credentials := func(context.Context, string) (string, string, bool) { return "", "", false }
	for _, row := range []struct {
		config Config
		want   string
	}{
		{Config{}, "sqs: no broker"},
		{Config{AllowAnonymous: true}, "sqs: no broker"},
		{Config{Broker: broker}, "sqs: neither Credentials nor AllowAnonymous"},
		{Config{Broker: broker, Credentials: credentials, AllowAnonymous: true}, "sqs: both Credentials and AllowAnonymous"},
		{Config{Broker: broker, AllowAnonymous: true, Region: "a/b"}, `sqs: "a/b" cannot be a region`},
		{Config{Broker: broker, AllowAnonymous: true, Account: "a/b"}, `sqs: "a/b" cannot be an account`},
		{Config{Broker: broker, AllowAnonymous: true, MaxWaits: -1}, "sqs: MaxWaits is -1"},
		{Config{Broker: broker, AllowAnonymous: true}, ""},
		{Config{Broker: broker, Credentials: credentials}, ""},
	} {
		h, err := NewHandler(row.config)
		if got := err != nil; got != (row.want != "") || got && (err.Error() != row.want || h != nil) {
			t.Errorf("got %v, want %q", err, row.want)
		}
	}
}

func TestOperationsAreThoseThatAreRead(t *testing.T) {
	got, want := slices.Sorted(maps.Keys(operations)), slices.Sorted(maps.Keys(readsOnly))
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A panic ends its request and nothing else.
func TestPanic(t *testing.T) {
	log := new(bytes.Buffer)
	r := newRig(t, Config{
		Credentials: func(context.Context, string) (string, string, bool) { panic("in\nthe callback") },
		Logger:      slog.New(slog.NewJSONHandler(log, nil)),
	})
	c := r.client(t, jsonProtocol)
	c.region = "us-east-1"
	err := c.try("ListQueues", listQueuesInput{}, new(listQueuesOutput))
	if err == nil || err.Status != 500 || err.Code != "InternalFailure" || !err.Receiver || strings.Contains(err.Message, "callback") {
		t.Errorf("got %+v, want an InternalFailure that tells nothing", err)
	}
	var line struct{ Level, Reason string }
	if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Reason != "in\nthe callback" || line.Level != "ERROR" {
		t.Errorf("logged %s, %v", log, err)
	}
}

// What the program itself must see to is logged, and not told.
func TestInternalErrorsAreNotTold(t *testing.T) {
	log := new(bytes.Buffer)
	r := newRig(t, Config{Logger: slog.New(slog.NewTextHandler(log, nil))})
	c := r.client(t, jsonProtocol)
	c.create("a", nil)
	r.broker.Close()
	err := c.try("GetQueueUrl", getQueueURLInput{QueueName: "a"}, new(getQueueURLOutput))
	if err == nil || err.Status != 503 || !err.Receiver || strings.Contains(err.Message, "closed") {
		t.Errorf("got %+v, want 503", err)
	}
	if !strings.Contains(log.String(), "broker closed") {
		t.Errorf("logged %q, want the reason", log)
	}
}

// Requests that are refused before they are read.
func TestGuards(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	for _, row := range []struct {
		name   string
		change func(r *http.Request)
		want   int
	}{
		{"nothing", func(*http.Request) {}, 200},
		{"another host", func(r *http.Request) { r.Host = "evil.example" }, 403},
		{"another origin", func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403},
		{"a forged proxy header", func(r *http.Request) { r.Header.Set("X-Forwarded-Host", "evil.example") }, 200},
		{"a body that is said to be too large", func(r *http.Request) { r.ContentLength = 1 << 30 }, 413},
	} {
		r := c.request("/", "ListQueues", listQueuesInput{})
		row.change(r)
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		if w.Code != row.want {
			t.Errorf("%s: got %d, want %d", row.name, w.Code, row.want)
		}
	}
}

// Queue URLs begin as this client has named the server.
func TestEndpoint(t *testing.T) {
	c := newRig(t, Config{Hosts: []string{"queue.example"}}).client(t, jsonProtocol)
	r := c.request("/", "CreateQueue", createQueueInput{QueueName: "a"})
	r.Host = "queue.example:8443"
	r.Header.Set("X-Forwarded-Proto", "ftp")
	var out createQueueOutput
	if err := c.send(r, &out); err != nil || out.QueueURL != "http://queue.example:8443/000000000000/a" {
		t.Errorf("got %q, %v", out.QueueURL, err)
	}
}

// A receive waits for as long as it says or as its queue says, and for a message.
func TestLongPoll(t *testing.T) {
	for _, row := range []struct {
		name  string
		queue string // ReceiveMessageWaitTimeSeconds
		wait  *int
		send  time.Duration // after which a message is sent; 0: none is
		want  time.Duration
		got   int
	}{
		{"as the request says", "20", new(3), 0, 3 * time.Second, 0},
		{"as the queue says", "5", nil, 0, 5 * time.Second, 0},
		{"not at all", "5", new(0), 0, 0, 0},
		{"until there is a message", "20", nil, 2 * time.Second, 2 * time.Second, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broker := must(queue.Open(queue.Config{Profile: Profile()}))
				defer broker.Close()
				r := &rig{broker: broker, handler: must(NewHandler(Config{Broker: broker, AllowAnonymous: true}))}
				c := r.client(t, jsonProtocol)
				url := c.create("a", map[string]string{"ReceiveMessageWaitTimeSeconds": row.queue})
				if row.send > 0 {
					time.AfterFunc(row.send, func() { c.sendBody(url, "one") })
				}
				start := time.Now()
				var out receiveMessageOutput
				c.do("ReceiveMessage", receiveMessageInput{QueueURL: url, Wait: row.wait}, &out)
				if got := time.Since(start); got != row.want || len(out.Messages) != row.got {
					t.Errorf("got %d messages after %v, want %d after %v", len(out.Messages), got, row.got, row.want)
				}
			})
		})
	}
}

// A client that is gone takes no message, nor does it count as a receive.
func TestClientThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := must(queue.Open(queue.Config{Profile: Profile()}))
		defer broker.Close()
		r := &rig{broker: broker, handler: must(NewHandler(Config{Broker: broker, AllowAnonymous: true}))}
		c := r.client(t, jsonProtocol)
		url := c.create("a", nil)
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			request := c.request("/", "ReceiveMessage", receiveMessageInput{QueueURL: url, Wait: new(20)})
			c.handler.ServeHTTP(httptest.NewRecorder(), request.WithContext(ctx))
			close(done)
		}()
		synctest.Wait()
		leave()
		<-done
		c.sendBody(url, "one")
		if m := c.receiveOne(url, 30); m.Attributes["ApproximateReceiveCount"] != "1" {
			t.Errorf("receive count %s, want 1", m.Attributes["ApproximateReceiveCount"])
		}
	})
}

// A message that the program itself has sent and that no transport can carry is
// not handed out; the others are.
func TestMessageThatIsNoText(t *testing.T) {
	p := Profile()
	p.TextOnly = false
	bothProtocolsOf(t, setup{profile: p}, func(t *testing.T, c *client) {
		url := c.create("a", nil)
		q := must(c.broker.Queue(t.Context(), "a"))
		must(q.Send(t.Context(), queue.Message{Body: []byte("\xff")}))
		c.sendBody(url, "one")
		if got := c.receiveAll(url, nil); len(got) != 1 || got[0].Body != "one" {
			t.Errorf("received %v, want the one that is text", got)
		}
		err := c.try("ReceiveMessage", receiveMessageInput{QueueURL: url}, new(receiveMessageOutput))
		if err == nil || err.Status != 500 {
			t.Errorf("got %v, want 500", err)
		}
		if infos := must(q.Peek(t.Context(), 10)); len(infos) != 1 || infos[0].ReceiveCount != 0 {
			t.Errorf("visible: %+v, want the one that is no text, not received", infos)
		}
	})
}

package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asCommand makes the test binary the command.
const asCommand = "REDRIVE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// A child is the command as a process of its own, which serves.
type child struct {
	t        *testing.T
	cmd      *exec.Cmd
	stdout   *bufio.Reader
	stderr   bytes.Buffer
	banner   string // the first line
	endpoint string
}

// start starts the command on a free port, with variables of the environment and
// flags, and returns when it has said where it is.
func start(t *testing.T, env []string, args ...string) *child {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: exec.CommandContext(t.Context(), executable, args...)}
	c.cmd.Env = append(append(os.Environ(), asCommand+"=true", "REDRIVE_ADDR=127.0.0.1:0"), env...)
	c.cmd.Stderr = &c.stderr
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.cmd.Process.Kill(); c.cmd.Wait() })
	c.stdout = bufio.NewReader(stdout)
	c.banner = c.line()
	if _, rest, found := strings.Cut(c.banner, " on "); found {
		c.endpoint, _, _ = strings.Cut(rest, " ")
	}
	if !strings.HasPrefix(c.endpoint, "http://") {
		c.cmd.Wait()
		t.Fatalf("it printed %q, and to stderr %q", c.banner, c.stderr.String())
	}
	return c
}

// line returns the next line that it prints.
func (c *child) line() string {
	line, _ := c.stdout.ReadString('\n')
	return strings.TrimSuffix(line, "\n")
}

// until reads what it prints up to a line that holds the text.
func (c *child) until(text string) {
	c.t.Helper()
	for {
		line, err := c.stdout.ReadString('\n')
		if strings.Contains(line, text) {
			return
		}
		if err != nil {
			c.t.Fatalf("it ended without printing %q; stderr %q", text, c.stderr.String())
		}
	}
}

// signal sends a signal.
func (c *child) signal(s os.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// exit waits for the end and expects the result.
func (c *child) exit(want int) {
	c.t.Helper()
	io.Copy(io.Discard, c.stdout)
	c.cmd.Wait()
	if got := c.cmd.ProcessState.ExitCode(); got != want {
		c.t.Errorf("exited with %d (%v), want %d; stderr %q", got, c.cmd.ProcessState, want, c.stderr.String())
	}
}

// get expects the status of a GET.
func (c *child) get(path string, want int) {
	c.t.Helper()
	response, err := http.Get(c.endpoint + path)
	if err != nil {
		c.t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != want {
		c.t.Errorf("GET %s: got %d, want %d", path, response.StatusCode, want)
	}
}

// request makes the request of an operation.
func (c *child) request(operation, in string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, c.endpoint+"/", strings.NewReader(in))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	return r
}

// post sends a request and returns the answer.
func (c *child) post(r *http.Request) (status int, body string) {
	c.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Error(err)
	}
	return response.StatusCode, string(text)
}

// do calls an operation, which must succeed.
func (c *child) do(operation, in string) string {
	c.t.Helper()
	status, out := c.post(c.request(operation, in))
	if status != http.StatusOK {
		c.t.Errorf("%s %s: got %d %s", operation, in, status, out)
	}
	return out
}

// An outcome is how a receive was answered.
type outcome struct {
	status int
	body   string
}

// poll begins a receive, and returns when the server has begun to read it.
func (c *child) poll(in string) <-chan outcome {
	reading, answered := make(chan struct{}), make(chan outcome, 1)
	r := c.request("ReceiveMessage", in)
	r.Header.Set("Expect", "100-continue")
	trace := &httptrace.ClientTrace{Got100Continue: func() { close(reading) }}
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), trace))
	go func() {
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			answered <- outcome{0, err.Error()}
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answered <- outcome{response.StatusCode, string(body)}
	}()
	<-reading
	return answered
}

func TestItServes(t *testing.T) {
	c := start(t, nil)
	if want := "Amazon SQS on " + c.endpoint + " for anybody who reaches it"; c.banner != want {
		t.Errorf("got %q, want %q", c.banner, want)
	}
	c.until("aws sqs create-queue --queue-name orders --endpoint-url " + c.endpoint + " --region us-east-1 --no-sign-request")
	c.until("sqs.New(sqs.Options{BaseEndpoint: aws.String(\"" + c.endpoint + "\")")
	c.get("/health", 200)
	c.get("/ready", 200)
	c.get("/_redrive/clock", 404)
	if got, want := c.do("CreateQueue", `{"QueueName": "orders"}`), `{"QueueUrl":"`+c.endpoint+`/000000000000/orders"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c.do("SendMessage", `{"QueueUrl": "orders", "MessageBody": "tea"}`)
	if got := c.do("ReceiveMessage", `{"QueueUrl": "orders"}`); !strings.Contains(got, `"Body":"tea"`) {
		t.Errorf("received %s, want tea", got)
	}
	c.signal(syscall.SIGTERM)
	c.exit(ok)
}

// A receive that waits when the signal comes ends as it would.
func TestSignalsLetReceivesEnd(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		c := start(t, nil)
		c.do("CreateQueue", `{"QueueName": "orders"}`)
		answered := c.poll(`{"QueueUrl": "orders", "WaitTimeSeconds": 1}`)
		c.signal(s)
		c.until("stopping")
		if got := <-answered; got.status != 200 {
			t.Errorf("%v: the receive was answered with %d %s", s, got.status, got.body)
		}
		c.exit(ok)
		if _, err := http.Get(c.endpoint + "/health"); err == nil {
			t.Errorf("%v: it serves after its end", s)
		}
	}
}

func TestSecondSignal(t *testing.T) {
	c := start(t, nil)
	c.do("CreateQueue", `{"QueueName": "orders"}`)
	answered := c.poll(`{"QueueUrl": "orders", "WaitTimeSeconds": 20}`)
	begin := time.Now()
	c.signal(syscall.SIGTERM)
	c.until("stopping")
	c.signal(syscall.SIGTERM)
	c.exit(failed)
	if passed := time.Since(begin); passed > pollTime {
		t.Errorf("it took %v", passed)
	}
	if got := <-answered; got.status != 0 {
		t.Errorf("the receive was answered with %d %s", got.status, got.body)
	}
}

func TestMockClock(t *testing.T) {
	c := start(t, nil, "-mock-clock")
	c.until("curl")
	c.get("/_redrive/clock", 200)
	c.do("CreateQueue", `{"QueueName": "orders"}`)
	c.do("SendMessage", `{"QueueUrl": "orders", "MessageBody": "tea", "DelaySeconds": 900}`)
	for _, step := range []struct{ advance, want string }{{"14m59s", ""}, {"1s", `"Body":"tea"`}} {
		r := c.request("", `{"advance": "`+step.advance+`"}`)
		r.URL.Path = "/_redrive/clock"
		r.Header.Set("Content-Type", "application/json")
		if status, body := c.post(r); status != 200 {
			t.Errorf("advance %s: got %d %s", step.advance, status, body)
		}
		got := c.do("ReceiveMessage", `{"QueueUrl": "orders"}`)
		if found := strings.Contains(got, `"Body":"tea"`); found != (step.want != "") {
			t.Errorf("after %s: received %s, want %s", step.advance, got, step.want)
		}
	}
}

func TestQueuesOfAFile(t *testing.T) {
	c := start(t, []string{"REDRIVE_QUEUES=" + file(t, `[
		{"name": "orders", "tags": {"team": "tea"}, "attributes": {
			"DelaySeconds": "7",
			"RedrivePolicy": "{\"deadLetterTargetArn\": \"arn:aws:sqs:eu-west-1:42:dead\", \"maxReceiveCount\": 3}"}},
		{"name": "dead"},
		{"name": "steps.fifo", "attributes": {"FifoQueue": "true"}}
	]`)}, "-region", "eu-west-1", "-account", "42")
	got := c.do("ListQueues", `{}`)
	for _, name := range []string{"dead", "orders", "steps.fifo"} {
		if !strings.Contains(got, `"`+c.endpoint+`/42/`+name+`"`) {
			t.Errorf("queues %s, want %s among them", got, name)
		}
	}
	got = c.do("GetQueueAttributes", `{"QueueUrl": "orders", "AttributeNames": ["DelaySeconds", "RedrivePolicy"]}`)
	want := `{"Attributes":{"DelaySeconds":"7","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:42:dead\",\"maxReceiveCount\":3}"}}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := c.do("ListQueueTags", `{"QueueUrl": "orders"}`), `{"Tags":{"team":"tea"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestProfileOfTheEnvironment(t *testing.T) {
	c := start(t, []string{"REDRIVE_PROFILE=ymq", "REDRIVE_RELAXED=true"})
	if !strings.HasPrefix(c.banner, "Yandex Message Queue on ") {
		t.Errorf("got %q, want Yandex Message Queue", c.banner)
	}
	c.do("CreateQueue", `{"QueueName": "orders"}`)
	c.do("PurgeQueue", `{"QueueUrl": "orders"}`)
	c.do("PurgeQueue", `{"QueueUrl": "orders"}`)
}

func TestBeyondLoopbackIfAllowed(t *testing.T) {
	c := start(t, nil, "-addr", "0.0.0.0:0", "-allow-anonymous", "-hosts", "localhost")
	if !strings.HasPrefix(c.endpoint, "http://localhost:") {
		t.Errorf("the endpoint is %s, want http://localhost:…", c.endpoint)
	}
	c.do("ListQueues", `{}`)
	r := c.request("ListQueues", `{}`)
	r.Host = "127.0.0.1"
	if status, body := c.post(r); status != 403 {
		t.Errorf("another host: got %d %s, want 403", status, body)
	}
}

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// open opens a server on a free port, which does not serve yet.
func open(t *testing.T, args ...string) *server {
	t.Helper()
	s, err := parseSettings(append([]string{"-addr", "127.0.0.1:0"}, args...), environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	srv, err := openServer(s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.close)
	return srv
}

// client is a child without a process.
func client(t *testing.T, s *server) *child { return &child{t: t, endpoint: s.endpoint()} }

// The end does not wait for receives that wait for longer than it has time.
func TestStopEndsReceives(t *testing.T) {
	s := open(t)
	served := make(chan error, 1)
	go func() { served <- s.serve() }()
	c := client(t, s)
	c.do("CreateQueue", `{"QueueName": "orders"}`)
	answered := c.poll(`{"QueueUrl": "orders", "WaitTimeSeconds": 20}`)
	begin := time.Now()
	s.stop(time.Millisecond, time.Minute)
	if got := <-answered; got.status != 503 || !strings.Contains(got.body, "ServiceUnavailable") {
		t.Errorf("the receive was answered with %d %s, want 503 ServiceUnavailable", got.status, got.body)
	}
	if passed := time.Since(begin); passed > 15*time.Second {
		t.Errorf("it took %v", passed)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

// A request that never ends does not keep the server beyond the grace.
func TestStopClosesConnections(t *testing.T) {
	s := open(t)
	go s.serve()
	conn, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := client(t, s)
	c.get("/health", 200) // so it has accepted the connection before
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
	if _, err := conn.Read(make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	s.stop(time.Millisecond, 50*time.Millisecond)
	if rest, err := io.ReadAll(conn); len(rest) > 0 && !strings.Contains(string(rest), "HTTP/1.1 4") {
		t.Errorf("the connection ended with %q, %v", rest, err)
	}
	if passed := time.Since(begin); passed > 10*time.Second {
		t.Errorf("it took %v", passed)
	}
}

func TestReady(t *testing.T) {
	s := open(t)
	steps := []struct {
		name   string
		do     func()
		status int
		body   string
	}{
		{"opened", func() {}, 503, "not ready\n"},
		{"serving", func() { s.ready.Store(true) }, 200, "ready\n"},
		{"stopping", func() { s.stop(time.Minute, time.Minute) }, 503, "not ready\n"},
	}
	for _, step := range steps {
		step.do()
		if got := ask(s, http.MethodGet, "/ready"); got.Code != step.status || got.Body.String() != step.body {
			t.Errorf("%s: got %d %q, want %d %q", step.name, got.Code, got.Body, step.status, step.body)
		}
		if got := ask(s, http.MethodGet, "/health"); got.Code != 200 || got.Body.String() != "ok\n" {
			t.Errorf("%s: health: got %d %q", step.name, got.Code, got.Body)
		}
	}
}

func ask(s *server, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, "http://localhost"+path, nil))
	return w
}

// What is not for the command goes to the protocol as it came.
func TestPathsAreLeftAsTheyAre(t *testing.T) {
	s := open(t)
	for _, path := range []string{"/health", "/ready", "/_redrive/clock", "//42//orders", "/a/../b"} {
		if got := ask(s, http.MethodPost, path); got.Header().Get("X-Amzn-Requestid") == "" {
			t.Errorf("POST %s: got %d %q, want an answer of the protocol", path, got.Code, got.Body)
		}
	}
}

func TestCloseEndsAll(t *testing.T) {
	s := open(t)
	s.close()
	if _, err := s.broker.Queue(t.Context(), "orders"); err == nil || !strings.Contains(err.Error(), queue.ErrClosed.Error()) {
		t.Errorf("the broker: got %v, want %v", err, queue.ErrClosed)
	}
	if _, err := net.Dial("tcp", s.listener.Addr().String()); err == nil {
		t.Error("it listens after its end")
	}
}

func TestRefusals(t *testing.T) {
	const hint = "\nredrive -h lists the commands and the flags\n"
	public := file(t, "AKIA secret")
	if err := os.Chmod(public, 0o644); err != nil {
		t.Fatal(err)
	}
	broken, circle, wrong := file(t, "["), file(t, `[
		{"name": "a", "attributes": {"RedrivePolicy": "{\"deadLetterTargetArn\": \"arn:aws:sqs:us-east-1:000000000000:b\", \"maxReceiveCount\": 3}"}},
		{"name": "b", "attributes": {"RedrivePolicy": "{\"deadLetterTargetArn\": \"arn:aws:sqs:us-east-1:000000000000:a\", \"maxReceiveCount\": 3}"}}
	]`), file(t, `[{"name": "a", "attributes": {"DelaySeconds": "901"}}]`)
	busy := open(t).listener.Addr().String()
	rows := []struct {
		args   string
		result int
		stderr string // the beginning
	}{
		{"-addr 0.0.0.0:0", misuse, "redrive: -addr: 0.0.0.0:0 is not on the loopback interface, so anybody could use the queues: set -credentials, or -allow-anonymous" + hint},
		{"-addr :0", misuse, "redrive: -addr: :0 is not on the loopback interface"},
		{"-addr [::]:0", misuse, "redrive: -addr: [::]:0 is not on the loopback interface"},
		{"-addr 192.0.2.1:0", misuse, "redrive: -addr: 192.0.2.1:0 is not on the loopback interface"},
		{"-addr 127.0.0.1:http9", misuse, "redrive: -addr: lookup tcp/http9: unknown port" + hint},
		{"-addr " + busy, failed, "redrive: -addr: listen tcp " + busy + ": bind: address already in use\n"},
		{"-region US-EAST-1", misuse, `redrive: -region: sqs: "US-EAST-1" cannot be a region` + hint},
		{"-credentials " + public, misuse, "redrive: -credentials: " + public + ": its mode is -rw-r--r--: everybody can get at the secrets; chmod 600 it" + hint},
		{"-credentials testdata/nothing", misuse, "redrive: -credentials: open testdata/nothing: no such file or directory" + hint},
		{"-queues testdata/nothing", misuse, "redrive: -queues: open testdata/nothing: no such file or directory" + hint},
		{"-queues " + broken, misuse, "redrive: -queues: " + broken + ": unexpected EOF" + hint},
		{"-queues " + circle, misuse, "redrive: -queues: " + circle + `: queue "b": Value {`},
		{"-queues " + wrong, misuse, "redrive: -queues: " + wrong + `: queue "a": Invalid value for the parameter DelaySeconds.` + hint},
		{"-profile cmq", misuse, `redrive: -profile: "cmq" is neither sqs nor ymq` + hint},
	}
	for _, row := range rows {
		var stdout, stderr strings.Builder
		p := process{nil, &stdout, &stderr, environment(map[string]string{"REDRIVE_ADDR": "127.0.0.1:0"}), func() <-chan os.Signal {
			t.Errorf("%s: it serves", row.args)
			signals := make(chan os.Signal, 1)
			signals <- os.Interrupt
			return signals
		}}
		result := p.run(strings.Fields(row.args))
		if result != row.result || !strings.HasPrefix(stderr.String(), row.stderr) || stdout.String() != "" {
			t.Errorf("redrive %s:\n got %d, on stderr %q, on stdout %q\nwant %d, on stderr %q",
				row.args, result, stderr.String(), stdout.String(), row.result, row.stderr)
		}
	}
}

// A listener that fails ends the process.
func TestListenerFails(t *testing.T) {
	var stdout, stderr strings.Builder
	p := process{nil, &stdout, &stderr, environment(nil), func() <-chan os.Signal { return nil }}
	s := open(t)
	s.listener.Close()
	if got := p.untilSignal(s); got != failed || !strings.Contains(stderr.String(), "use of closed network connection") {
		t.Errorf("got %d, on stderr %q", got, stderr.String())
	}
}

func TestSignedRequests(t *testing.T) {
	keys := file(t, "AKIA tea-and-coffee 42\nAKIB milk")
	c := start(t, nil, "-credentials", keys, "-queues", file(t, `[{"name": "orders"}]`))
	if want := "Amazon SQS on " + c.endpoint + " for those who sign with a key of " + keys; c.banner != want {
		t.Errorf("got %q, want %q", c.banner, want)
	}
	rows := []struct {
		name, accessKey, secret string
		status                  int
		answer                  string
	}{
		{"another account", "AKIA", "tea-and-coffee", 200, `{}`},
		{"the account of the queues", "AKIB", "milk", 200, `{"QueueUrls":["` + c.endpoint + `/000000000000/orders"]}`},
		{"a wrong secret", "AKIA", "milk", 403, "InvalidSignatureException"},
		{"an unknown key", "AKIC", "milk", 403, "UnrecognizedClientException"},
		{"no signature", "", "", 403, "MissingAuthenticationTokenException"},
	}
	for _, row := range rows {
		r := c.request("ListQueues", `{}`)
		if row.accessKey != "" {
			sign(r, `{}`, row.accessKey, row.secret)
		}
		if status, body := c.post(r); status != row.status || !strings.Contains(body, row.answer) {
			t.Errorf("%s: got %d %s, want %d %s", row.name, status, body, row.status, row.answer)
		}
	}
	c.get("/health", 200)
	c.get("/ready", 200)
}

// sign signs a request to the root by AWS Signature Version 4.
func sign(r *http.Request, body, accessKey, secret string) {
	now := time.Now().UTC()
	date := now.Format("20060102T150405Z")
	scope := date[:8] + "/us-east-1/sqs/aws4_request"
	const signed = "content-type;host;x-amz-date;x-amz-target"
	r.Header.Set("X-Amz-Date", date)
	canonical := strings.Join([]string{
		r.Method, "/", "",
		"content-type:" + r.Header.Get("Content-Type"),
		"host:" + r.Host,
		"x-amz-date:" + date,
		"x-amz-target:" + r.Header.Get("X-Amz-Target"),
		"", signed, hexOfSum(body),
	}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range append(strings.Split(scope, "/"), "AWS4-HMAC-SHA256\n"+date+"\n"+scope+"\n"+hexOfSum(canonical)) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x", accessKey, scope, signed, key))
}

func hexOfSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

package sqs

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// A rig is a handler over a broker on a mock clock.
type rig struct {
	handler http.Handler
	broker  *queue.Broker
	clock   *clock.Mock
}

// A setup is a configuration and the profile of its broker, by default Profile().
type setup struct {
	Config
	profile *queue.Profile
}

func newRig(t *testing.T, c Config) *rig { return newRigOf(t, setup{Config: c}) }

func newRigOf(t *testing.T, c setup) *rig {
	t.Helper()
	r := &rig{clock: clock.NewMock()}
	r.clock.Set(time.Date(2030, time.January, 2, 3, 4, 5, 678e6, time.UTC))
	if c.profile == nil {
		c.profile = Profile()
	}
	r.broker = must(queue.Open(queue.Config{Clock: r.clock, Profile: c.profile}))
	t.Cleanup(func() { r.broker.Close() })
	moves := must(movetask.Open(r.broker, movetask.Config{}))
	t.Cleanup(func() { moves.Close() })
	c.Broker, c.Moves = r.broker, moves
	if c.Credentials == nil {
		c.AllowAnonymous = true
	}
	r.handler = must(NewHandler(c.Config))
	return r
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A client speaks one protocol, from one region.
type client struct {
	*rig
	t        *testing.T
	protocol protocol
	region   string // "" sends no signature
}

func (r *rig) client(t *testing.T, p protocol) *client { return &client{rig: r, t: t, protocol: p} }

// bothProtocols runs the test over each protocol, with a rig of its own.
func bothProtocols(t *testing.T, c Config, test func(t *testing.T, c *client)) {
	bothProtocolsOf(t, setup{Config: c}, test)
}

func bothProtocolsOf(t *testing.T, c setup, test func(t *testing.T, c *client)) {
	for name, p := range map[string]protocol{"json": jsonProtocol, "query": queryProtocol} {
		t.Run(name, func(t *testing.T) { test(t, newRigOf(t, c).client(t, p)) })
	}
}

// request makes the request of an operation.
func (c *client) request(path, operation string, in any) *http.Request {
	pointer := reflect.New(reflect.TypeOf(in))
	pointer.Elem().Set(reflect.ValueOf(in))
	in = pointer.Interface()
	var r *http.Request
	if c.protocol == jsonProtocol {
		r = httptest.NewRequest(http.MethodPost, "http://localhost:9324"+path, bytes.NewReader(asJSON(in)))
		r.Header.Set("Content-Type", jsonType)
		r.Header.Set("X-Amz-Target", targetPrefix+operation)
	} else {
		form := asForm(in, 1)
		form.Set("Action", operation)
		form.Set("Version", apiVersion)
		r = httptest.NewRequest(http.MethodPost, "http://localhost:9324"+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", formType)
	}
	if c.region != "" {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=KEY/20300102/"+c.region+"/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64))
	}
	return r
}

// try does an operation, and returns the error that the answer tells.
func (c *client) try(operation string, in, out any) *apiError {
	c.t.Helper()
	return c.send(c.request("/", operation, in), out)
}

// send sends a request and decodes its answer.
func (c *client) send(r *http.Request, out any) *apiError {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	if w.Header().Get("X-Amzn-Requestid") == "" {
		c.t.Fatalf("answer %d without a request ID: %s", w.Code, w.Body)
	}
	if w.Code != http.StatusOK {
		return c.errorOf(w)
	}
	if c.protocol == jsonProtocol {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			c.t.Fatalf("answer %s: %v", w.Body, err)
		}
		return nil
	}
	var answer node
	if err := xml.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		c.t.Fatalf("answer %s: %v", w.Body, err)
	}
	if len(answer.Nodes) > 0 {
		answer.Nodes[0].decode(reflect.ValueOf(out).Elem())
	}
	return nil
}

func (c *client) errorOf(w *httptest.ResponseRecorder) *apiError {
	c.t.Helper()
	e := &apiError{Status: w.Code}
	if c.protocol == queryProtocol {
		var answer struct {
			Error struct{ Type, Code, Message string }
		}
		if err := xml.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			c.t.Fatalf("answer %s: %v", w.Body, err)
		}
		e.Code, e.Message, e.Receiver = answer.Error.Code, answer.Error.Message, answer.Error.Type == "Receiver"
		return e
	}
	var answer struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		c.t.Fatalf("answer %s: %v", w.Body, err)
	}
	_, e.Type, _ = strings.Cut(answer.Type, "#")
	code, fault, _ := strings.Cut(w.Header().Get("X-Amzn-Query-Error"), ";")
	e.Code, e.Message, e.Receiver = code, answer.Message, fault == "Receiver"
	return e
}

// do does an operation that must succeed.
func (c *client) do(operation string, in, out any) {
	c.t.Helper()
	if err := c.try(operation, in, out); err != nil {
		c.t.Fatalf("%s %+v: got %v, want success", operation, in, err)
	}
}

// refuse does an operation that must fail so.
func (c *client) refuse(operation string, in any, code, message string) {
	c.t.Helper()
	err := c.try(operation, in, new(map[string]any))
	if err == nil || err.Code != code || err.Message != message {
		c.t.Errorf("%s %+v:\ngot  %v\nwant %s: %s", operation, in, err, code, message)
	}
}

// A node is an element of an XML answer.
type node struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
	Nodes   []node `xml:",any"`
}

// decode sets a value of an output from the element.
func (n *node) decode(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		n.decode(v.Elem())
	case reflect.String:
		v.SetString(n.Text)
	case reflect.Bool:
		v.SetBool(n.Text == "true")
	case reflect.Int, reflect.Int64:
		v.SetInt(must(strconv.ParseInt(n.Text, 10, 64)))
	case reflect.Slice:
		v.SetBytes(must(parseBase64(n.Text)))
	case reflect.Struct:
		n.decodeStruct(v)
	}
}

func (n *node) decodeStruct(v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		target := v.FieldByIndex(f.index)
		for i := range n.Nodes {
			if child := &n.Nodes[i]; child.XMLName.Local == f.xml {
				child.decodeMember(target, &f)
			}
		}
	}
}

func (n *node) decodeMember(target reflect.Value, f *field) {
	switch {
	case target.Kind() == reflect.Map:
		if target.IsNil() {
			target.Set(reflect.MakeMap(target.Type()))
		}
		key, value := reflect.New(target.Type().Key()).Elem(), reflect.New(target.Type().Elem()).Elem()
		for i := range n.Nodes {
			switch n.Nodes[i].XMLName.Local {
			case f.key:
				n.Nodes[i].decode(key)
			case f.value:
				n.Nodes[i].decode(value)
			}
		}
		target.SetMapIndex(key, value)
	case target.Kind() == reflect.Slice && target.Type().Elem().Kind() != reflect.Uint8:
		element := reflect.New(target.Type().Elem()).Elem()
		n.decode(element)
		target.Set(reflect.Append(target, element))
	default:
		n.decode(target)
	}
}

func parseBase64(text string) ([]byte, error) {
	var data []byte
	err := json.Unmarshal([]byte(`"`+text+`"`), &data)
	return data, err
}

// create creates a queue and returns its URL.
func (c *client) create(name string, attributes map[string]string) string {
	c.t.Helper()
	var out createQueueOutput
	c.do("CreateQueue", createQueueInput{QueueName: name, Attributes: attributes}, &out)
	return out.QueueURL
}

// attributes returns attributes of a queue.
func (c *client) attributes(url string, names ...string) map[string]string {
	c.t.Helper()
	var out getQueueAttributesOutput
	c.do("GetQueueAttributes", getQueueAttributesInput{QueueURL: url, Names: names}, &out)
	return out.Attributes
}

func (c *client) arn(url string) string { return c.attributes(url, "QueueArn")["QueueArn"] }

// sendBody sends a message, to a FIFO queue in group g with the body as
// deduplication ID.
func (c *client) sendBody(url, body string) sentMessage {
	c.t.Helper()
	in := sendMessageInput{QueueURL: url, sendParameters: sendParameters{Body: &body}}
	if strings.HasSuffix(url, fifoSuffix) {
		in.GroupID, in.DeduplicationID = new("g"), &body
	}
	var out sendMessageOutput
	c.do("SendMessage", in, &out)
	return out.sentMessage
}

// receiveAll receives up to ten messages, with all their attributes.
func (c *client) receiveAll(url string, visibility *int) []message {
	c.t.Helper()
	var out receiveMessageOutput
	c.do("ReceiveMessage", receiveMessageInput{
		QueueURL: url, Max: new(10), Visibility: visibility, Wait: new(0),
		AttributeNames: []string{"All"}, MessageAttributes: []string{"All"},
	}, &out)
	return out.Messages
}

// receiveOne receives the one message that there must be.
func (c *client) receiveOne(url string, visibility int) message {
	c.t.Helper()
	messages := c.receiveAll(url, &visibility)
	if len(messages) != 1 {
		c.t.Fatalf("received %d messages, want 1", len(messages))
	}
	return messages[0]
}

// deleteHandle deletes by a receipt and returns the error that is told.
func (c *client) deleteHandle(url, handle string) *apiError {
	c.t.Helper()
	return c.try("DeleteMessage", deleteMessageInput{QueueURL: url, ReceiptHandle: &handle}, new(nothing))
}

// waiting returns how many messages are in a queue, in any state.
func (c *client) waiting(url string) int {
	c.t.Helper()
	n := 0
	for name, value := range c.attributes(url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed") {
		count, err := strconv.Atoi(value)
		if err != nil {
			c.t.Fatalf("attribute %s is %q", name, value)
		}
		n += count
	}
	return n
}

package sqs

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// ask returns a request with the headers given as pairs.
func ask(method, target, body string, headers ...string) (*http.Request, []byte) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r, []byte(body)
}

func TestReadCall(t *testing.T) {
	const target = "X-Amz-Target"
	const kind = "Content-Type"
	for _, row := range []struct {
		name, method, address, body string
		headers                     []string
		protocol                    protocol
		want                        string // the operation, or the status and the code
	}{
		{"JSON", "POST", "/", "{}", []string{kind, jsonType, target, "AmazonSQS.SendMessage"}, jsonProtocol, "SendMessage"},
		{"JSON of another spelling", "POST", "/1/q", "{}", []string{kind, "application/json; charset=UTF-8", target, "AmazonSQS.ListQueues"}, jsonProtocol, "ListQueues"},
		{"JSON by GET", "GET", "/", "", []string{kind, jsonType, target, "AmazonSQS.ListQueues"}, jsonProtocol, "405 InvalidAction"},
		{"JSON without a type", "POST", "/", "{}", []string{target, "AmazonSQS.ListQueues"}, jsonProtocol, "400 SerializationException"},
		{"JSON sent as a form", "POST", "/", "{}", []string{kind, formType, target, "AmazonSQS.ListQueues"}, jsonProtocol, "400 SerializationException"},
		{"JSON beside an action", "POST", "/?Action=PurgeQueue", "{}", []string{kind, jsonType, target, "AmazonSQS.ListQueues"}, jsonProtocol, "ListQueues"},
		{"two targets", "POST", "/", "{}", []string{kind, jsonType, target, "AmazonSQS.ListQueues", target, "AmazonSQS.PurgeQueue"}, jsonProtocol, "400 UnknownOperationException"},
		{"no target", "POST", "/", "{}", []string{kind, jsonType}, jsonProtocol, "400 UnknownOperationException"},
		{"empty target", "POST", "/", "{}", []string{kind, jsonType, target, ""}, jsonProtocol, "400 UnknownOperationException"},
		{"unknown target", "POST", "/", "{}", []string{kind, jsonType, target, "AmazonSQS.Send"}, jsonProtocol, "400 UnknownOperationException"},
		{"target in another case", "POST", "/", "{}", []string{kind, jsonType, target, "AmazonSQS.sendMessage"}, jsonProtocol, "400 UnknownOperationException"},
		{"target of another service", "POST", "/", "{}", []string{kind, jsonType, target, "AmazonSNS.ListQueues"}, jsonProtocol, "400 UnknownOperationException"},
		{"target without a service", "POST", "/", "{}", []string{kind, jsonType, target, "ListQueues"}, jsonProtocol, "400 UnknownOperationException"},
		{"form", "POST", "/", "Action=SendMessage&Version=2012-11-05", []string{kind, formType + "; charset=utf-8"}, queryProtocol, "SendMessage"},
		{"form in the address", "POST", "/q?Action=DeleteQueue", "", nil, queryProtocol, "DeleteQueue"},
		{"form in both places", "POST", "/q?Action=DeleteQueue", "QueueUrl=a", []string{kind, formType}, queryProtocol, "DeleteQueue"},
		{"a name in both places", "POST", "/q?Action=DeleteQueue", "Action=DeleteQueue", []string{kind, formType}, queryProtocol, "400 MalformedInput"},
		{"form as text", "POST", "/", "Action=SendMessage", []string{kind, "text/plain"}, queryProtocol, "400 MalformedInput"},
		{"form of many parts", "POST", "/", "Action=SendMessage", []string{kind, "multipart/form-data; boundary=x"}, queryProtocol, "400 MalformedInput"},
		{"read by GET", "GET", "/q?Action=GetQueueAttributes&AttributeName.1=All", "", nil, queryProtocol, "GetQueueAttributes"},
		{"read by GET with a body", "GET", "/q?Action=ListQueues", "a=b", []string{kind, formType}, queryProtocol, "400 MalformedInput"},
		{"change by GET", "GET", "/q?Action=PurgeQueue", "", nil, queryProtocol, "405 InvalidAction"},
		{"receive by GET", "GET", "/q?Action=ReceiveMessage", "", nil, queryProtocol, "405 InvalidAction"},
		{"change by PUT", "PUT", "/q?Action=PurgeQueue", "", nil, queryProtocol, "405 InvalidAction"},
		{"read by HEAD", "HEAD", "/q?Action=ListQueues", "", nil, queryProtocol, "405 InvalidAction"},
		{"nothing by GET", "GET", "/q", "", nil, queryProtocol, "404 UnknownOperationException"},
		{"nothing by POST", "POST", "/q", "", nil, queryProtocol, "400 MissingAction"},
		{"no action", "POST", "/q?Version=2012-11-05", "", nil, queryProtocol, "400 MissingAction"},
		{"unknown action", "POST", "/q?Action=FooBar", "", nil, queryProtocol, "400 InvalidAction"},
		{"action in another case", "POST", "/q?Action=sendMessage", "", nil, queryProtocol, "400 InvalidAction"},
		{"another version", "POST", "/q?Action=SendMessage&Version=2009-02-01", "", nil, queryProtocol, "400 InvalidAction"},
		{"syntax error", "POST", "/q?Action=SendMessage&a=%zz", "", nil, queryProtocol, "404 MalformedQueryString"},
		{"syntax error in the body", "POST", "/q", "Action=%", []string{kind, formType}, queryProtocol, "404 MalformedQueryString"},
	} {
		r, body := ask(row.method, row.address, row.body, row.headers...)
		c, err := readCall(r, body, "id")
		got := c.operation
		if err != nil {
			e := toAPIError(err)
			got = fmt.Sprint(e.Status, " ", e.Code)
		}
		if got != row.want || c.protocol != row.protocol || c.requestID != "id" {
			t.Errorf("%s: got %s in protocol %d, ID %q, want %s in protocol %d, ID \"id\"", row.name, got, c.protocol, c.requestID, row.want, row.protocol)
		}
	}
}

func TestCallDecodes(t *testing.T) {
	for _, row := range []struct {
		body, kind, target string
	}{
		{`{"QueueUrl":"q","DelaySeconds":3}`, jsonType, "AmazonSQS.SendMessage"},
		{"Action=SendMessage&QueueUrl=q&DelaySeconds=3", formType, ""},
	} {
		r, body := ask("POST", "/", row.body, "Content-Type", row.kind)
		if row.target != "" {
			r.Header.Set("X-Amz-Target", row.target)
		}
		c, err := readCall(r, body, "id")
		if err != nil {
			t.Fatalf("%s: got error %v, want none", row.body, err)
		}
		var in sendMessageInput
		if err := c.decode(&in); err != nil || in.QueueURL != "q" || in.DelaySeconds == nil || *in.DelaySeconds != 3 {
			t.Errorf("%s: got %s, error %v, want queue q and 3 seconds", row.body, asJSON(&in), err)
		}
	}
}

func TestAnswersOnTheWire(t *testing.T) {
	out := &createQueueOutput{QueueURL: "http://h/1/q"}
	for _, row := range []struct {
		name    string
		c       call
		write   func(c *call, w http.ResponseWriter) error
		status  int
		headers map[string]string
		body    string
	}{
		{"JSON", call{protocol: jsonProtocol, operation: "CreateQueue", requestID: "r"},
			func(c *call, w http.ResponseWriter) error { return c.answer(w, out) }, 200,
			map[string]string{"Content-Type": jsonType, "X-Amzn-RequestId": "r", "Content-Length": "27", "X-Amzn-Query-Error": ""},
			`{"QueueUrl":"http://h/1/q"}`},
		{"XML", call{protocol: queryProtocol, operation: "CreateQueue", requestID: "r"},
			func(c *call, w http.ResponseWriter) error { return c.answer(w, out) }, 200,
			map[string]string{"Content-Type": "text/xml", "X-Amzn-RequestId": "r"},
			`<?xml version="1.0"?><CreateQueueResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><CreateQueueResult><QueueUrl>http://h/1/q</QueueUrl></CreateQueueResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></CreateQueueResponse>`},
		{"error in JSON", call{protocol: jsonProtocol, requestID: "r"},
			func(c *call, w http.ResponseWriter) error { return c.fail(w, noQueue()) }, 400,
			map[string]string{"Content-Type": jsonType, "X-Amzn-RequestId": "r", "X-Amzn-Query-Error": "AWS.SimpleQueueService.NonExistentQueue;Sender"},
			`{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}`},
		{"error in XML", call{protocol: queryProtocol, requestID: "r"},
			func(c *call, w http.ResponseWriter) error { return c.fail(w, noQueue()) }, 400,
			map[string]string{"Content-Type": "text/xml", "X-Amzn-RequestId": "r", "X-Amzn-Query-Error": ""},
			`<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does not exist for this wsdl version.</Message><Detail/></Error><RequestId>r</RequestId></ErrorResponse>`},
		{"fault of the service", call{protocol: jsonProtocol, requestID: "r"},
			func(c *call, w http.ResponseWriter) error { return c.fail(w, internalFailure()) }, 500,
			map[string]string{"X-Amzn-Query-Error": "InternalFailure;Receiver"},
			`{"__type":"com.amazon.coral.service#InternalFailure","message":"The request processing has failed because of an unknown error."}`},
		{"hostile text in JSON", call{protocol: jsonProtocol},
			func(c *call, w http.ResponseWriter) error { return c.fail(w, receiptInvalid("\xff\x00\"<")) }, 404,
			map[string]string{"X-Amzn-Query-Error": "ReceiptHandleIsInvalid;Sender"},
			`{"__type":"com.amazonaws.sqs#ReceiptHandleIsInvalid","message":"The input receipt handle \"` + "\uFFFD" + `\u0000\"<\" is not a valid receipt handle."}`},
		{"hostile text in XML", call{protocol: queryProtocol},
			func(c *call, w http.ResponseWriter) error { return c.fail(w, invalidAction("\xff\x00\"<")) }, 400, nil,
			`<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>The action ` + "\uFFFD\uFFFD" + `&quot;&lt; is not valid for this endpoint.</Message><Detail/></Error><RequestId></RequestId></ErrorResponse>`},
		{"nothing asked", call{protocol: queryProtocol},
			func(c *call, w http.ResponseWriter) error { return c.fail(w, unknownOperation(404)) }, 404, nil,
			"<UnknownOperationException/>\n"},
		{"wrong method", call{protocol: queryProtocol},
			func(c *call, w http.ResponseWriter) error { return c.fail(w, wrongMethod()) }, 405,
			map[string]string{"Allow": "POST"},
			`<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>This request must be sent by POST.</Message><Detail/></Error><RequestId></RequestId></ErrorResponse>`},
	} {
		w := httptest.NewRecorder()
		if err := row.write(&row.c, w); err != nil {
			t.Errorf("%s: got error %v, want none", row.name, err)
		}
		if w.Code != row.status || w.Body.String() != row.body {
			t.Errorf("%s: got %d %s\nwant %d %s", row.name, w.Code, w.Body, row.status, row.body)
		}
		for name, want := range row.headers {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: got header %s: %q, want %q", row.name, name, got, want)
			}
		}
	}
}

// An answer that cannot be told leaves the call free to fail.
func TestInexpressibleAnswers(t *testing.T) {
	for _, p := range []protocol{jsonProtocol, queryProtocol} {
		c := call{protocol: p, operation: "CreateQueue"}
		w := httptest.NewRecorder()
		if err := c.answer(w, &createQueueOutput{QueueURL: "\xff"}); err != errInexpressible || w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("protocol %d: got error %v, body %q, headers %v, want %v and nothing written", p, err, w.Body, w.Header(), errInexpressible)
		}
	}
}

// T7, T8: what is too much is refused before it costs much.
func TestAbuse(t *testing.T) {
	const most = 10 << 20
	const longest = 500 * time.Millisecond // ten times what it should take: tests share the machine
	const send, batch = "AmazonSQS.SendMessage", "AmazonSQS.SendMessageBatch"
	for _, row := range []struct{ name, address, target, body string }{
		{"100,000 entries", "/", batch, `{"Entries":[{}` + strings.Repeat(`,{}`, 99_999) + `]}`},
		{"100,000 names", "/", "AmazonSQS.ReceiveMessage", `{"AttributeNames":[""` + strings.Repeat(`,""`, 99_999) + `]}`},
		{"10,001 values, all in all", "/", batch, `{"Entries":[` + strings.Repeat(`{"MessageAttributes":{"a":{},"b":{},"c":{}}},`, 2500) + `{}]}`},
		{"nested lists", "/", batch, `{"Entries":` + nested("[", "]") + `}`},
		{"nested objects", "/", send, `{"MessageAttributes":` + nested(`{"a":`, "}") + `}`},
		{"nested lists that nobody asked for", "/", send, `{"X":` + nested("[", "]") + `}`},
		{"nested objects that nobody asked for", "/", send, `{"X":` + nested(`{"a":`, "}") + `}`},
		{"only openings", "/", send, `{"X":` + strings.Repeat("[", 1<<20)},
		{"1,000,000 parameters", "/", "", "Action=SendMessage" + strings.Repeat("&a=1", 1_000_000)},
		{"1,000,000 separators", "/", "", "Action=SendMessage" + strings.Repeat("&", 1_000_000)},
		{"10,001 parameters, all in all", "/?Action=SendMessage" + many("a", 5000), "", "b=1" + many("b", 4999)},
		{"many parts of a name", "/", "", "Action=SendMessage&MessageAttribute" + strings.Repeat(".1", 1<<20) + "=1"},
		{"many long names", "/", "", "Action=SendMessage" + many("MessageAttribute.1.Value.StringListValue."+strings.Repeat("1.", 30), 9998)},
	} {
		r, body := ask("POST", row.address, row.body, "Content-Type", formType)
		if row.target != "" {
			r.Header.Set("Content-Type", jsonType)
			r.Header.Set("X-Amz-Target", row.target)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		err := decodeWhole(r, body)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if err == nil || toAPIError(err).Status/100 != 4 {
			t.Errorf("%s: got error %v, want a 4xx", row.name, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got >= most {
			t.Errorf("%s: got %d bytes allocated, want less than %d", row.name, got, most)
		}
		if took >= longest {
			t.Errorf("%s: got %v, want less than %v", row.name, took, longest)
		}
	}
}

// nested returns 10,001 values in one another.
func nested(opening, closing string) string {
	return strings.Repeat(opening, 10_001) + "0" + strings.Repeat(closing, 10_001)
}

// many returns so many parameters with distinct names.
func many(name string, n int) string {
	var form strings.Builder
	for i := range n {
		fmt.Fprintf(&form, "&%s%d=1", name, i+1)
	}
	return form.String()
}

// decodeWhole reads a request and its input.
func decodeWhole(r *http.Request, body []byte) error {
	c, err := readCall(r, body, "id")
	if err != nil {
		return err
	}
	return c.decode(inputs[c.operation]())
}

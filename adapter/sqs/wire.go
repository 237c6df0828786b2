package sqs

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// A protocol is one of the two that the API has.
type protocol int

const (
	jsonProtocol protocol = iota
	queryProtocol
)

const (
	apiVersion   = "2012-11-05"
	targetPrefix = "AmazonSQS."
	jsonType     = "application/x-amz-json-1.0"
	formType     = "application/x-www-form-urlencoded"
)

// maxItems is how much a request can hold: parameters in Query, list elements and
// map entries in JSON. Each takes memory, however short it is.
const maxItems = 10_000

// readsOnly are the operations of the API, and whether they change nothing, so
// that they can be asked for by GET. ReceiveMessage changes what it hands out.
var readsOnly = map[string]bool{
	"AddPermission":                false,
	"CancelMessageMoveTask":        false,
	"ChangeMessageVisibility":      false,
	"ChangeMessageVisibilityBatch": false,
	"CreateQueue":                  false,
	"DeleteMessage":                false,
	"DeleteMessageBatch":           false,
	"DeleteQueue":                  false,
	"GetQueueAttributes":           true,
	"GetQueueUrl":                  true,
	"ListDeadLetterSourceQueues":   true,
	"ListMessageMoveTasks":         true,
	"ListQueueTags":                true,
	"ListQueues":                   true,
	"PurgeQueue":                   false,
	"ReceiveMessage":               false,
	"RemovePermission":             false,
	"SendMessage":                  false,
	"SendMessageBatch":             false,
	"SetQueueAttributes":           false,
	"StartMessageMoveTask":         false,
	"TagQueue":                     false,
	"UntagQueue":                   false,
}

// A call is a request as it came over the wire.
type call struct {
	protocol  protocol
	operation string // one of readsOnly
	requestID string
	decode    func(in any) error // sets the fields of an input of api.go; its error is an *apiError
}

// readCall finds out what is asked. The body was read, within its limit, and the
// signature was verified before.
//
// The call is never nil: with an error, which is an *apiError, it can only fail.
func readCall(r *http.Request, body []byte, requestID string) (*call, error) {
	c := &call{protocol: protocolOf(r), requestID: requestID}
	if c.protocol == jsonProtocol {
		return c, c.readJSON(r, body)
	}
	return c, c.readQuery(r, body)
}

// protocolOf tells the protocol by the target, which is signed where anything
// is. Without one the operation is named by a parameter, except that whoever
// sends JSON is told in JSON that a target is needed.
func protocolOf(r *http.Request) protocol {
	if len(r.Header.Values("X-Amz-Target")) > 0 || isJSON(mediaType(r)) {
		return jsonProtocol
	}
	return queryProtocol
}

func mediaType(r *http.Request) string {
	header := r.Header.Get("Content-Type")
	if header == jsonType || header == formType {
		return header // as most are
	}
	name, _, err := mime.ParseMediaType(header)
	if err != nil {
		return ""
	}
	return name
}

func isJSON(mediaType string) bool { return mediaType == jsonType || mediaType == "application/json" }

// readJSON reads a request in AWS JSON 1.0.
func (c *call) readJSON(r *http.Request, body []byte) error {
	if r.Method != http.MethodPost {
		return wrongMethod()
	}
	if !isJSON(mediaType(r)) {
		return serialization("The content type must be %s.", jsonType)
	}
	targets := r.Header.Values("X-Amz-Target")
	if len(targets) != 1 {
		return unknownOperation(http.StatusBadRequest)
	}
	operation, ours := strings.CutPrefix(targets[0], targetPrefix)
	if _, known := readsOnly[operation]; !ours || !known {
		return unknownOperation(http.StatusBadRequest)
	}
	c.operation = operation
	c.decode = func(in any) error { return decodeJSON(body, in) }
	return nil
}

// readQuery reads a request in the Query protocol, whose parameters may stand in
// the address, in the body, or some here and some there.
func (c *call) readQuery(r *http.Request, body []byte) error {
	parameters, err := readParameters(r, body)
	if err != nil {
		return err
	}
	if len(parameters) == 0 && r.Method == http.MethodGet {
		return unknownOperation(http.StatusNotFound)
	}
	action := valueOf(parameters, "Action")
	if action == "" {
		return missingAction()
	}
	read, known := readsOnly[action]
	if !known {
		return invalidAction(action)
	}
	if version := valueOf(parameters, "Version"); version != "" && version != apiVersion {
		return invalidVersion(action, version)
	}
	if r.Method == http.MethodGet && !read {
		return wrongMethod()
	}
	c.operation = action
	c.decode = func(in any) error { return decodeForm(parameters, in) }
	return nil
}

// readParameters returns the sorted parameters of a request.
func readParameters(r *http.Request, body []byte) ([]parameter, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return nil, wrongMethod()
	}
	if len(body) > 0 && (r.Method == http.MethodGet || mediaType(r) != formType) {
		return nil, malformedInput("A body must be sent by POST, with the content type %s.", formType)
	}
	parameters, err := readForm(make([]parameter, 0, 16), r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if parameters, err = readForm(parameters, string(body)); err != nil {
		return nil, err
	}
	return parameters, sortForm(parameters)
}

func valueOf(parameters []parameter, name string) string {
	for i := range parameters {
		if parameters[i].name == name {
			return parameters[i].value
		}
	}
	return ""
}

// answer writes an output of api.go. If the output cannot be expressed in the
// call's protocol, nothing was written and the error is errInexpressible: the
// call can still fail.
func (c *call) answer(w http.ResponseWriter, out any) error {
	buffer := buffers.Get().(*[]byte)
	defer keep(buffer)
	data, err := c.appendAnswer((*buffer)[:0], out)
	*buffer = data
	if err != nil {
		return err
	}
	return c.write(w, http.StatusOK, data)
}

func (c *call) appendAnswer(data []byte, out any) ([]byte, error) {
	if c.protocol == jsonProtocol {
		return appendJSON(data, out)
	}
	return appendXML(data, c.operation, c.requestID, out)
}

// buffers hold answers while they are written.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// keep gives a buffer back, unless an unusual answer has made it large.
func keep(buffer *[]byte) {
	if cap(*buffer) <= 64<<10 {
		buffers.Put(buffer)
	}
}

// fail writes an error.
func (c *call) fail(w http.ResponseWriter, err *apiError) error {
	if err.Status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	if c.protocol == jsonProtocol {
		w.Header().Set("X-Amzn-Query-Error", err.Code+";"+err.fault())
		return c.write(w, err.Status, appendErrorJSON(nil, err))
	}
	if err.Type == "UnknownOperationException" { // what the service says to a request that asks nothing
		return c.write(w, err.Status, []byte("<UnknownOperationException/>\n"))
	}
	return c.write(w, err.Status, appendErrorXML(nil, c.requestID, err))
}

func appendErrorJSON(data []byte, err *apiError) []byte {
	data = append(data, `{"__type":`...)
	data = appendQuoted(data, err.namespace()+err.Type)
	data = append(data, `,"message":`...)
	data = appendQuoted(data, strings.ToValidUTF8(err.Message, "\uFFFD"))
	return append(data, '}')
}

func (c *call) write(w http.ResponseWriter, status int, body []byte) error {
	h := w.Header()
	h.Set("X-Amzn-Requestid", c.requestID)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if c.protocol == jsonProtocol {
		h.Set("Content-Type", jsonType)
	} else {
		h.Set("Content-Type", "text/xml")
	}
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

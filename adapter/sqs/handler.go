package sqs

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// Config configures a handler.
type Config struct {
	// Broker holds the queues. Open it with [Profile] or [YandexProfile]: the
	// handler speaks by its profile, as Yandex Message Queue if the name of that is
	// "ymq".
	Broker *queue.Broker

	// Moves runs the move tasks of the broker. Nil: the operations on move tasks
	// answer UnsupportedOperation.
	Moves *movetask.Manager

	// Credentials returns the secret of an access key, and the account that it
	// belongs to. It is called by many goroutines. Nil needs AllowAnonymous.
	Credentials func(ctx context.Context, accessKey string) (secret, account string, ok bool)

	// AllowAnonymous accepts every request: signatures are not looked at, except
	// that the region is taken from the one that is there. It is for tests and
	// for loopback. It excludes Credentials.
	AllowAnonymous bool

	// Region and Account are those of requests that name none. Empty means
	// "us-east-1" and "000000000000". A queue of that region and account has its
	// plain name in the broker; others have "REGION/ACCOUNT/" in front.
	Region, Account string

	// Hosts are the names, without port, by which the handler may be addressed:
	// a request with another Host is refused, which keeps web pages from reaching
	// it by a name of their own. Nil means any IP address, "localhost" and names
	// below it.
	Hosts []string

	// Relaxed switches off the two waits of the service that tests suffer from:
	// a queue can be purged again, and created again under the name of a deleted
	// one, at once instead of after 60 seconds.
	Relaxed bool

	// MaxWaits limits the receives that wait at a time, over all queues; above it
	// a receive answers at once. Zero means 10,000.
	MaxWaits int

	// Logger gets what an operator should know. Nil means to log nothing.
	Logger *slog.Logger
}

// A handler is the HTTP face of a broker.
//
//	ServeHTTP                                      handler.go
//	  admit     who asks, and with what body       guard.go, body.go, package sigv4
//	  readCall  which operation, in what protocol  wire.go
//	  operation decides nothing: calls the broker  queues.go, messages.go, …
//	  answer    in the protocol of the request     wire.go
type handler struct {
	config  Config         // with the defaults filled in
	profile *queue.Profile // of the broker
	log     *slog.Logger
	waits   waits

	deleted recent[string]        // names in the broker of queues that were deleted
	purged  recent[queue.QueueID] // queues that were purged

	// settings is held while the settings of a queue are read and written back:
	// the broker sets all labels of a queue at once, and two requests must not
	// lose each other's.
	settings sync.Mutex
}

// NewHandler returns a handler that speaks the protocol of Amazon SQS, or of
// Yandex Message Queue if the broker has its profile. It answers requests to any path.
// It starts nothing, and all that it keeps of its own are the queues that were
// deleted or purged in the latest minute. The error says what is wrong with the
// configuration.
func NewHandler(c Config) (http.Handler, error) {
	c.Region, c.Account = cmp.Or(c.Region, "us-east-1"), cmp.Or(c.Account, "000000000000")
	switch {
	case c.Broker == nil:
		return nil, errors.New("sqs: no broker")
	case c.Credentials == nil && !c.AllowAnonymous:
		return nil, errors.New("sqs: neither Credentials nor AllowAnonymous")
	case c.Credentials != nil && c.AllowAnonymous:
		return nil, errors.New("sqs: both Credentials and AllowAnonymous")
	case !isRegion(c.Region):
		return nil, fmt.Errorf("sqs: %q cannot be a region", c.Region)
	case !isPart(c.Account):
		return nil, fmt.Errorf("sqs: %q cannot be an account", c.Account)
	case c.MaxWaits < 0:
		return nil, fmt.Errorf("sqs: MaxWaits is %d", c.MaxWaits)
	}
	log := c.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &handler{config: c, profile: c.Broker.Profile(), log: log, waits: newWaits(c.MaxWaits)}, nil
}

// yandex reports whether the handler speaks as Yandex Message Queue.
func (h *handler) yandex() bool { return h.profile.Name == "ymq" }

// now reads the broker's clock.
func (h *handler) now() time.Time { return h.config.Broker.Clock().Now() }

// maxBody is how many bytes a request can have: the messages of a batch, which
// together are not larger than one may be, each byte escaped in six (\u0001), and
// the parameters beside them.
func (h *handler) maxBody() int64 { return 6*int64(h.profile.MaxMessageBytes) + 64<<10 }

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{protocol: protocolOf(r), requestID: newRequestID()}
	defer func() { h.contain(w, r, c, recover()) }()
	s, body, err := h.admit(w, r)
	if err == nil {
		c, err = readCall(r, body, c.requestID)
	}
	var out any
	if err == nil {
		out, err = operations[c.operation](r.Context(), s, c.decode)
	}
	h.answer(w, r, c, out, err)
}

// admit guards the request, reads its body and finds out who asks.
func (h *handler) admit(w http.ResponseWriter, r *http.Request) (*session, []byte, error) {
	if refused := guardRequest(&h.config, r); refused != nil {
		return nil, nil, refused
	}
	body, refused := readBody(w, r, h.maxBody())
	if refused != nil {
		return nil, nil, refused
	}
	id, refused := authenticate(r.Context(), &h.config, r, body, h.now())
	if refused != nil {
		return nil, nil, refused
	}
	if !isPart(id.account) {
		return nil, nil, fmt.Errorf("sqs: %q cannot be an account", id.account)
	}
	return &session{handler: h, region: id.region, account: id.account, endpoint: endpointOf(r), path: r.URL.Path}, body, nil
}

// answer writes the output, or the error. That a client is gone is no concern.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, c *call, out any, err error) {
	answerWithin(w)
	if err == nil {
		if err = c.answer(w, out); !errors.Is(err, errInexpressible) {
			return
		}
	}
	_ = c.fail(w, h.tell(r.Context(), err))
}

// contain keeps a panic from ending the program; the client is told, unless an
// answer is under way. A nil reason is that of no panic.
func (h *handler) contain(w http.ResponseWriter, r *http.Request, c *call, reason any) {
	switch reason {
	case nil:
		return
	case http.ErrAbortHandler:
		panic(reason)
	}
	h.log.ErrorContext(r.Context(), "panic", "operation", c.operation, "requestID", c.requestID, "reason", fmt.Sprint(reason), "stack", string(debug.Stack()))
	_ = c.fail(w, internalFailure())
}

// tell returns what to tell the client of an error, and logs what it is not told.
func (h *handler) tell(ctx context.Context, err error) *apiError {
	e := toAPIError(err)
	if e.Receiver && ctx.Err() == nil {
		h.log.ErrorContext(ctx, "request failed", "error", err.Error())
	}
	return e
}

// endpointOf returns the scheme and the host by which the client has named the
// server.
func endpointOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// newRequestID returns a new ID, in the form of a UUID.
func newRequestID() string {
	var id queue.MessageID
	rand.Read(id[:])
	return id.String()
}

// A session is one request under way: who asks, for which region, and by which
// address.
type session struct {
	*handler
	region, account string
	endpoint        string // scheme and host as the client named them, without a path
	path            string // of the request: a queue's URL may have been the address
}

// An operation decodes its input, does its work and returns its output.
type operation func(ctx context.Context, s *session, decode func(in any) error) (out any, err error)

// op makes an operation of a function on its input and output types.
func op[In, Out any](do func(ctx context.Context, s *session, in *In) (*Out, error)) operation {
	return func(ctx context.Context, s *session, decode func(in any) error) (any, error) {
		in := new(In)
		if err := decode(in); err != nil {
			return nil, err
		}
		out, err := do(ctx, s, in)
		if err != nil {
			return nil, err
		}
		return out, nil
	}
}

// operations are those of the API.
var operations = map[string]operation{
	"AddPermission":                op(addPermission),
	"CancelMessageMoveTask":        op(cancelMessageMoveTask),
	"ChangeMessageVisibility":      op(changeMessageVisibility),
	"ChangeMessageVisibilityBatch": op(changeMessageVisibilityBatch),
	"CreateQueue":                  op(createQueue),
	"DeleteMessage":                op(deleteMessage),
	"DeleteMessageBatch":           op(deleteMessageBatch),
	"DeleteQueue":                  op(deleteQueue),
	"GetQueueAttributes":           op(getQueueAttributes),
	"GetQueueUrl":                  op(getQueueURL),
	"ListDeadLetterSourceQueues":   op(listDeadLetterSourceQueues),
	"ListMessageMoveTasks":         op(listMessageMoveTasks),
	"ListQueueTags":                op(listQueueTags),
	"ListQueues":                   op(listQueues),
	"PurgeQueue":                   op(purgeQueue),
	"ReceiveMessage":               op(receiveMessage),
	"RemovePermission":             op(removePermission),
	"SendMessage":                  op(sendMessage),
	"SendMessageBatch":             op(sendMessageBatch),
	"SetQueueAttributes":           op(setQueueAttributes),
	"StartMessageMoveTask":         op(startMessageMoveTask),
	"TagQueue":                     op(tagQueue),
	"UntagQueue":                   op(untagQueue),
}

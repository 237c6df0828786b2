package xfer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue"
)

// HandlerConfig configures a handler. The zero HandlerConfig is refused.
type HandlerConfig struct {
	// Authorize says who may send: a request for which it returns an error is
	// answered 403, and the error is logged and not told. It must not read the body.
	Authorize func(*http.Request) error

	// AllowAnonymous lets everybody who can reach the handler send. One of the two
	// must be set.
	AllowAnonymous bool

	// Logger gets a warning for each request that is refused. Nil means to log
	// nothing.
	Logger *slog.Logger

	// MaxBytes is how many bytes a request may have, compressed or not. It bounds
	// the memory that a request takes, to a few times that. Zero means 32 MiB.
	MaxBytes int64
}

// requestTime is how long a request may take to come in, and its answer to go.
const requestTime = time.Minute

// NewHandler returns a handler that takes in, for the broker, what a [Client]
// sends, by POST to [Path]. It is safe for concurrent use.
//
// Before anything is done it answers:
//
//	404  another path          405  another method        403  cross-origin, or not authorized
//	415  another content type, version or encoding        413  too many bytes or records
//	400  not gzip, or a line that is no record            408  it did not come in time
//
// A request that is answered so has had no effect. Otherwise the answer is 200
// and has a result for each record, in order; or, if the broker accepted only
// some, for those, and why it accepted no more; or, if it accepted none, 503.
//
// Requests from pages of other origins are refused as [http.CrossOriginProtection]
// does. Addresses decide nothing.
func NewHandler(b *queue.Broker, c HandlerConfig) (http.Handler, error) {
	if (c.Authorize == nil) == !c.AllowAnonymous {
		return nil, fail("new handler", "", invalid("authorization", "want a function, or to allow everybody, and not both"))
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 32 << 20
	}
	return &handler{broker: b, config: c, origins: http.NewCrossOriginProtection()}, nil
}

type handler struct {
	broker  *queue.Broker
	config  HandlerConfig
	origins *http.CrossOriginProtection
}

// A refusedRequest is a status, what the caller is told, and what only the log is.
type refusedRequest struct {
	status int
	text   string
	err    error
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	records, refused := h.read(w, r)
	if refused == nil {
		refused = h.answer(w, r, records)
	}
	if refused == nil {
		return
	}
	h.config.Logger.WarnContext(r.Context(), "transfer refused", "status", refused.status, "reason", refused.text, "error", refused.err)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.Error(w, refused.text, refused.status)
}

// read returns the records of a request.
func (h *handler) read(w http.ResponseWriter, r *http.Request) ([]Record, *refusedRequest) {
	if refused := h.admit(w, r); refused != nil {
		return nil, refused
	}
	control := http.NewResponseController(w)
	// A connection's deadlines are in real time, whatever clock the broker goes by.
	_ = control.SetReadDeadline(time.Now().Add(requestTime)) // where there is a connection
	text, err := h.unpack(w, r)
	_ = control.SetReadDeadline(time.Time{})
	switch _, tooLarge := errors.AsType[*http.MaxBytesError](err); {
	case tooLarge, errors.Is(err, errTooLarge):
		return nil, &refusedRequest{http.StatusRequestEntityTooLarge, "too many bytes", err}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusedRequest{http.StatusRequestTimeout, "too slow", err}
	case err != nil:
		return nil, &refusedRequest{http.StatusBadRequest, "not compressed by gzip, or cut off", err}
	case len(text) == 0:
		return nil, &refusedRequest{http.StatusBadRequest, "no records", nil}
	case bytes.Count(text, []byte("\n")) > maxRecords:
		return nil, &refusedRequest{http.StatusRequestEntityTooLarge, "too many records", nil}
	}
	records, err := decodeRecords(text)
	if err != nil {
		return nil, &refusedRequest{http.StatusBadRequest, err.Error(), nil}
	}
	return records, nil
}

// admit looks at all but the body.
func (h *handler) admit(w http.ResponseWriter, r *http.Request) *refusedRequest {
	if r.URL.Path != Path {
		return &refusedRequest{http.StatusNotFound, "not found", nil}
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return &refusedRequest{http.StatusMethodNotAllowed, "POST only", nil}
	}
	if err := h.origins.Check(r); err != nil {
		return &refusedRequest{http.StatusForbidden, "cross-origin request", err}
	}
	if h.config.Authorize != nil {
		if err := h.config.Authorize(r); err != nil {
			return &refusedRequest{http.StatusForbidden, "not authorized", err}
		}
	}
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != recordsType || parameters["version"] != version {
		return &refusedRequest{http.StatusUnsupportedMediaType, "want " + recordsType + "; version=" + version, err}
	}
	if encodings := r.Header.Values("Content-Encoding"); len(encodings) != 1 || !strings.EqualFold(encodings[0], "gzip") {
		w.Header().Set("Accept-Encoding", "gzip")
		return &refusedRequest{http.StatusUnsupportedMediaType, "want one content encoding, gzip", nil}
	}
	if r.ContentLength > h.config.MaxBytes {
		return &refusedRequest{http.StatusRequestEntityTooLarge, "too many bytes", nil}
	}
	return nil
}

// unpack returns the body, which must be gzip and nothing after it.
func (h *handler) unpack(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body := bufio.NewReader(http.MaxBytesReader(w, r.Body, h.config.MaxBytes))
	z, err := gzip.NewReader(body)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	text, err := io.ReadAll(io.LimitReader(z, h.config.MaxBytes+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(text)) > h.config.MaxBytes:
		return nil, errTooLarge
	}
	if _, err := body.ReadByte(); err != io.EOF {
		return nil, errors.Join(errTrailing, err)
	}
	return text, nil
}

var errTrailing = errors.New("something stands after the compressed data")

// answer takes the records in and says what became of them.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, records []Record) *refusedRequest {
	results, err := accept(r.Context(), h.broker, records)
	later := ""
	if err != nil {
		later = "not available"
		if errors.Is(err, queue.ErrQueueFull) {
			later = "queue full"
		}
	}
	if err != nil && len(results) == 0 {
		w.Header().Set("Retry-After", "1")
		return &refusedRequest{http.StatusServiceUnavailable, later, err}
	}
	if err != nil {
		h.config.Logger.WarnContext(r.Context(), "records not accepted now", "records", len(records)-len(results), "error", err)
	}
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(requestTime))
	w.Header().Set("Content-Type", resultsType+"; version="+version)
	_, _ = w.Write(encodeResults(records, results, later)) // who does not hear it asks again
	_ = control.Flush()
	_ = control.SetWriteDeadline(time.Time{})
	return nil
}

// maxReason bounds what is told of why a record is refused.
const maxReason = 200

func encodeResults(records []Record, results []Result, later string) []byte {
	var b bytes.Buffer
	lines := json.NewEncoder(&b) // it ends each line, and a buffer takes everything
	for i, r := range results {
		w := wireResult{Message: records[i].ID.String(), ID: r.ID.String()}
		if r.Err != nil {
			reason := strings.TrimPrefix(r.Err.Error(), ErrRefused.Error()+": ")
			w.ID, w.Refused = "", reason[:min(len(reason), maxReason)]
		}
		_ = lines.Encode(&w)
	}
	if later != "" {
		_ = lines.Encode(&wireResult{Later: later})
	}
	return b.Bytes()
}

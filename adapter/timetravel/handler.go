package timetravel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// Path is where programs look for the handler, below the endpoint of the queues.
const Path = "/_redrive/clock"

// MaxAdvance is how far the time goes in one request, or one call of Advance, at
// most.
const MaxAdvance = 366 * 24 * time.Hour

const (
	maxBody = 1 << 10        // bytes of a request
	maxStep = 24 * time.Hour // how far the time goes before it is asked whether to go on
)

// Config configures a handler.
type Config struct {
	// Broker is the one whose clock is moved. It was opened with a mock clock.
	Broker *queue.Broker

	// Moves runs the move tasks of the broker. Nil means that nobody does.
	Moves *movetask.Manager

	// Hosts are the names, without port, by which the handler may be addressed:
	// a request with another Host is refused, which keeps web pages from reaching
	// it by a name of their own. Nil means any IP address, "localhost" and names
	// below it.
	Hosts []string
}

// A Handler moves the clock of a broker. It is safe for concurrent use, and the
// only one that moves the clock.
type Handler struct {
	config Config

	mu    sync.Mutex // held while the time goes; guards the steps of clock
	clock *clock.Mock
}

// NewHandler returns a handler. The error says what is wrong with the
// configuration.
func NewHandler(c Config) (*Handler, error) {
	if c.Broker == nil {
		return nil, errors.New("timetravel: no broker")
	}
	mock, ok := c.Broker.Clock().(*clock.Mock)
	if !ok {
		return nil, fmt.Errorf("timetravel: the broker's clock is a %T, not a mock clock", c.Broker.Clock())
	}
	return &Handler{config: c, clock: mock}, nil
}

// Advance moves the clock forward by d, which may be zero, and returns the time
// afterwards; see the package comment for what has happened then. If the context
// ends on the way, the clock stands where it came to, and the error wraps the
// context's cause. Otherwise an error means that d is out of range, or that the
// broker is closed.
func (h *Handler) Advance(ctx context.Context, d time.Duration) (now time.Time, err error) {
	return h.travel(ctx, func(now time.Time) time.Time { return now.Add(d) })
}

// errRange is the error for an instant that is not within MaxAdvance from now.
var errRange = fmt.Errorf("timetravel: time goes forward, and by %v at most", MaxAdvance)

// travel moves the clock to the instant that target returns, given the time.
func (h *Handler) travel(ctx context.Context, target func(now time.Time) time.Time) (now time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now = h.clock.Now()
	to := target(now)
	if to.Before(now) || to.Sub(now) > MaxAdvance {
		return now, errRange
	}
	for {
		if ctx.Err() != nil {
			return now, context.Cause(ctx)
		}
		h.clock.Add(min(to.Sub(now), maxStep))
		now = h.clock.Now()
		if err := h.settle(ctx); err != nil || !now.Before(to) {
			return now, err
		}
	}
}

// settle makes everything happen that is due. That a timer has fired says little:
// what it calls may not have begun. But a call of the broker that is about no one
// queue first does what is due in all of them, and a look at a move task makes the
// step that is due.
func (h *Handler) settle(ctx context.Context) error {
	tasks, err := h.config.Broker.ActiveMoves(ctx)
	if err != nil || h.config.Moves == nil {
		return err
	}
	for _, task := range tasks {
		if _, err := h.config.Moves.Lookup(ctx, task.ID); err != nil && !errors.Is(err, queue.ErrNoTask) {
			return err
		}
	}
	return nil
}

// ServeHTTP implements [http.Handler]. The path of the request does not matter.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if reason := refusal(h.config.Hosts, r); reason != "" {
		refuse(w, http.StatusForbidden, reason)
		return
	}
	switch r.Method {
	case http.MethodGet:
		answer(w, http.StatusOK, "now", h.clock.Now().UTC().Format(time.RFC3339Nano))
	case http.MethodPost:
		h.post(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		refuse(w, http.StatusMethodNotAllowed, "the method must be GET or POST")
	}
}

func (h *Handler) post(w http.ResponseWriter, r *http.Request) {
	if name, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || name != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "the content type must be application/json")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the request is larger than %d bytes", maxBody))
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "the body ended early")
		return
	}
	target, err := parse(body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	now, err := h.travel(r.Context(), target)
	switch {
	case errors.Is(err, errRange):
		refuse(w, http.StatusBadRequest, fmt.Sprintf("time goes forward, and by %v at most; it is %s", MaxAdvance, now.UTC().Format(time.RFC3339Nano)))
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, "the server is stopping")
	default:
		answer(w, http.StatusOK, "now", now.UTC().Format(time.RFC3339Nano))
	}
}

// parse reads the body of a POST, which is an object with one member, and
// returns the instant to go to as a function of the time.
func parse(body []byte) (target func(now time.Time) time.Time, err error) {
	const shape = `the body must be {"advance": "1h30m"} or {"to": "2030-01-02T03:04:05Z"}`
	var tokens [4]json.Token // {, name, value, }
	d := json.NewDecoder(bytes.NewReader(body))
	for i := range tokens {
		if tokens[i], err = d.Token(); err != nil {
			return nil, errors.New(shape)
		}
	}
	_, err = d.Token()
	value, isText := tokens[2].(string)
	if err != io.EOF || tokens[0] != json.Delim('{') || tokens[3] != json.Delim('}') || !isText {
		return nil, errors.New(shape)
	}
	switch tokens[1] {
	case "advance":
		span, err := time.ParseDuration(value)
		if err != nil {
			return nil, errors.New(`advance must be a span like "1h30m"`)
		}
		return func(now time.Time) time.Time { return now.Add(span) }, nil
	case "to":
		to, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return nil, errors.New(`to must be an instant like "2030-01-02T03:04:05Z"`)
		}
		return func(time.Time) time.Time { return to }, nil
	}
	return nil, errors.New(shape)
}

func refuse(w http.ResponseWriter, status int, reason string) { answer(w, status, "error", reason) }

// answer writes an object with one member.
func answer(w http.ResponseWriter, status int, name, value string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{name: value}) // the client is gone
}

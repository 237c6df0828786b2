package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
)

const (
	visibility  = 30 * time.Second // of a delivery; extended while the work goes on
	longest     = 10 * time.Minute // that a delivery can keep an order, with all extensions
	maxReceives = 5                // after which an order goes to the dead-letter queue
	maxOrder    = 64 << 10         // bytes of a request
)

// An Order is what customers send.
type Order struct {
	Customer string `json:"customer"`
	Item     string `json:"item"`
}

// Config configures a [Service].
type Config struct {
	// Work does what an order asks for. An order for which it returns an error
	// is worked on again later. It may be called again for an order that was
	// worked on before, and from several goroutines at once.
	//
	// Its context ends when the service stops, when the work has taken too long,
	// and when the order was lost to somebody else; the cause says which.
	Work func(ctx context.Context, o Order) error

	Workers int           // how many orders are worked on at a time
	Engine  driver.Engine // keeps the orders; nil: in memory
	Logger  *slog.Logger
}

// A Service accepts orders and works on them.
type Service struct {
	Config
	broker *queue.Broker
	orders *queue.Queue
	failed *queue.Queue // the dead-letter queue of orders
}

// Open returns a service. It must be closed.
func Open(ctx context.Context, c Config) (*Service, error) {
	broker, err := queue.Open(queue.Config{Engine: c.Engine, Logger: c.Logger})
	if err != nil {
		return nil, err
	}
	s := &Service{Config: c, broker: broker}
	if err := s.createQueues(ctx); err != nil {
		return nil, errors.Join(err, broker.Close())
	}
	return s, nil
}

func (s *Service) createQueues(ctx context.Context) (err error) {
	if s.failed, err = s.broker.CreateQueue(ctx, "orders-failed", queue.Patch{}); err != nil {
		return err
	}
	s.orders, err = s.broker.CreateQueue(ctx, "orders", queue.Patch{
		VisibilityTimeout: new(visibility),
		MaxVisibility:     new(longest),
		MaxMessages:       new(100_000),
		DeadLetter:        &queue.DeadLetter{Queue: "orders-failed", MaxReceives: maxReceives},
	})
	return err
}

// Close closes the queues. [Service.Consume] must have returned.
func (s *Service) Close() error { return s.broker.Close() }

// Handler returns the HTTP interface: POST /orders.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", s.accept)
	return mux
}

// accept puts an order in the queue. The customers are message groups, which
// take turns, so that nobody waits behind all orders of somebody else. A
// request that repeats an Idempotency-Key gets the answer of the first.
func (s *Service) accept(w http.ResponseWriter, r *http.Request) {
	var o Order
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
	if err == nil {
		err = json.Unmarshal(body, &o)
	}
	if err != nil {
		http.Error(w, "no order: "+err.Error(), http.StatusBadRequest)
		return
	}
	sent, err := s.orders.Send(r.Context(), queue.Message{
		Body:            body,
		Group:           o.Customer,
		DeduplicationID: r.Header.Get("Idempotency-Key"),
	})
	switch {
	case errors.Is(err, queue.ErrInvalid):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case err != nil: // the queue is full, or closed
		w.Header().Set("Retry-After", "10")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]any{"id": sent.ID})
	}
}

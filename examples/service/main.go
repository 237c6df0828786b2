// Command service is a small service with a queue inside: it accepts orders
// over HTTP and works on them in the background.
//
//	curl -d '{"customer": "anna", "item": "tea"}' localhost:8080/orders
//
// The queue is in memory, so the orders that wait are lost when the process
// ends. With another Config.Engine they are kept, and nothing else changes.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, "localhost:8080"); err != nil {
		slog.Error("service failed", "error", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, and then stops in an order that drops nothing: the
// requests, the work, the queue.
func run(ctx context.Context, address string) error {
	s, err := Open(ctx, Config{Work: prepare, Workers: 4, Logger: slog.Default()})
	if err != nil {
		return err
	}
	defer s.Close()

	consuming, stopConsuming := context.WithCancel(context.WithoutCancel(ctx))
	var consumers sync.WaitGroup
	consumers.Go(func() { s.Consume(consuming) })
	defer consumers.Wait()
	defer stopConsuming()

	server := &http.Server{Addr: address, Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second}
	serving := make(chan error, 1)
	go func() { serving <- server.ListenAndServe() }()
	select {
	case err := <-serving:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(grace)
}

// prepare stands for the real work: it takes its time, and stops when told to.
func prepare(ctx context.Context, o Order) error {
	select {
	case <-time.After(5 * time.Second):
		slog.Info("prepared", "customer", o.Customer, "item", o.Item)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

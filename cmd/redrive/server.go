package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/adapter/sqs"
	"github.com/redriveq/redrive/adapter/timetravel"
	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// How long requests may take after the signal to end, in the world's time.
const (
	pollTime  = 8 * time.Second  // then receives that wait are ended
	graceTime = 10 * time.Second // then connections are closed
)

// A server is a broker with all that serves it.
type server struct {
	settings *settings
	log      *slog.Logger
	broker   *queue.Broker
	moves    *movetask.Manager
	api      http.Handler
	travel   http.Handler // nil with the real clock
	http     *http.Server
	listener net.Listener

	ready       atomic.Bool        // it takes requests
	endRequests context.CancelFunc // ends the contexts of those under way
}

// openServer opens all that the settings say, and listens. It serves nothing yet.
func openServer(s *settings, log *slog.Logger) (_ *server, err error) {
	srv := &server{settings: s, log: log}
	defer func() {
		if err != nil {
			srv.close()
		}
	}()
	addr, err := net.ResolveTCPAddr("tcp", s.addr)
	if err != nil {
		return nil, &settingError{"addr", err}
	}
	if err := s.checkReach(addr); err != nil {
		return nil, err
	}
	config, err := srv.openBroker()
	if err != nil {
		return nil, err
	}
	if err := srv.createQueues(*config); err != nil {
		return nil, err
	}
	if srv.api, err = sqs.NewHandler(*config); err != nil {
		return nil, err
	}
	if srv.listener, err = net.ListenTCP("tcp", addr); err != nil {
		return nil, fmt.Errorf("-addr: %w", err)
	}
	srv.http = sqs.NewServer(srv)
	ctx, cancel := context.WithCancel(context.Background())
	srv.endRequests = cancel
	srv.http.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.http.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	return srv, nil
}

// openBroker opens the broker and returns the configuration of the handler, with
// its credentials.
func (s *server) openBroker() (config *sqs.Config, err error) {
	config = &sqs.Config{
		Region:  s.settings.region,
		Account: s.settings.account,
		Hosts:   s.settings.hosts,
		Relaxed: s.settings.relaxed,
		Logger:  s.log,
	}
	profile := sqs.Profile()
	if s.settings.profile == "ymq" {
		profile = sqs.YandexProfile()
	}
	if config.AllowAnonymous = s.settings.credentials == ""; !config.AllowAnonymous {
		keys, err := readCredentials(s.settings.credentials)
		if err != nil {
			return nil, &settingError{"credentials", err}
		}
		config.Credentials = keys.lookup
	}
	if s.broker, err = queue.Open(queue.Config{Clock: newClock(s.settings.mockClock), Profile: profile, Logger: s.log}); err != nil {
		return nil, err
	}
	if s.moves, err = movetask.Open(s.broker, movetask.Config{Logger: s.log}); err != nil {
		return nil, err
	}
	config.Broker, config.Moves = s.broker, s.moves
	if s.settings.mockClock {
		s.travel, err = timetravel.NewHandler(timetravel.Config{Broker: s.broker, Moves: s.moves, Hosts: s.settings.hosts})
	}
	return config, err
}

// newClock returns the real clock, or one that stands where the real one is.
func newClock(standing bool) clock.Clock {
	if !standing {
		return clock.New()
	}
	mock := clock.NewMock()
	mock.Set(time.Now().Round(0)) // it has no monotonic part to go by
	return mock
}

// createQueues creates the queues of the file, by a handler that asks nobody for
// a signature and that nobody else reaches.
func (s *server) createQueues(config sqs.Config) error {
	config.Credentials, config.AllowAnonymous, config.Hosts = nil, true, nil
	api, err := sqs.NewHandler(config)
	if err != nil {
		return &settingError{"region", err} // the rest is as it should be
	}
	if s.settings.queues == "" {
		return nil
	}
	queues, err := readQueues(s.settings.queues)
	if err != nil {
		return &settingError{"queues", err}
	}
	for _, q := range queues {
		if err := q.create(api); err != nil {
			return &settingError{"queues", fmt.Errorf("%s: queue %q: %w", s.settings.queues, q.Name, err)}
		}
	}
	return nil
}

// ServeHTTP implements [http.Handler]. It is no http.ServeMux, which would send
// clients whose paths it would write otherwise away: what a path means is a matter
// of the protocol.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case read && r.URL.Path == "/health":
		tell(w, http.StatusOK, "ok")
	case read && r.URL.Path == "/ready" && s.ready.Load():
		tell(w, http.StatusOK, "ready")
	case read && r.URL.Path == "/ready":
		tell(w, http.StatusServiceUnavailable, "not ready")
	case s.travel != nil && r.URL.Path == timetravel.Path:
		s.travel.ServeHTTP(w, r)
	default:
		s.api.ServeHTTP(w, r)
	}
}

func tell(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // the client is gone
}

// serve serves until stop is called, or the listener fails.
func (s *server) serve() error {
	s.ready.Store(true)
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// stop takes no more requests and waits for those under way. After a while it ends
// receives that wait, which their clients are told as a temporary failure; and
// after the grace the connections.
func (s *server) stop(poll, grace time.Duration) {
	s.ready.Store(false)
	defer time.AfterFunc(poll, s.endRequests).Stop()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		s.log.Warn("requests were under way at the end", "error", err.Error())
		_ = s.http.Close()
	}
}

// close closes what was opened.
func (s *server) close() {
	if s.listener != nil {
		s.listener.Close()
	}
	if s.endRequests != nil {
		s.endRequests()
	}
	if s.moves != nil {
		s.moves.Close()
	}
	if s.broker != nil {
		s.broker.Close()
	}
}

// Package sqstest has a server for tests of programs that use Amazon SQS, in the
// manner of [net/http/httptest]: each test starts its own, with queues of its own
// and time in its hand.
//
//	func TestReminderIsSentAgain(t *testing.T) {
//		server := sqstest.NewServer(t, nil)
//		client := sqs.New(sqs.Options{ // of github.com/aws/aws-sdk-go-v2/service/sqs
//			BaseEndpoint: &server.URL,
//			Region:       "us-east-1",
//			Credentials:  credentials.NewStaticCredentialsProvider("any", "any", ""),
//		})
//		created, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("reminders")})
//		…
//		server.Advance(30 * time.Second) // the visibility timeout has ended
//		…
//	}
//
// Other SDKs need the same: the endpoint, any region and any credentials. A
// program under test that builds its own client takes the endpoint from the
// environment, if it does nothing else about it:
//
//	t.Setenv("AWS_ENDPOINT_URL_SQS", server.URL)
//	t.Setenv("AWS_REGION", "us-east-1")
//	t.Setenv("AWS_ACCESS_KEY_ID", "any")
//	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
package sqstest

import (
	"context"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/adapter/sqs"
	"github.com/redriveq/redrive/adapter/timetravel"
	"github.com/redriveq/redrive/movetask"
	"github.com/redriveq/redrive/queue"
)

// Options are those of a server.
type Options struct {
	// Profile is sqs.Profile() or sqs.YandexProfile(), or one of them with other
	// limits. Nil means the first.
	Profile *queue.Profile

	// RealClock lets the time pass by itself. Without it, time stands still but
	// for Advance.
	RealClock bool

	// Relaxed switches off the two waits of 60 seconds of the service: between
	// purges of a queue, and before a name is used again.
	Relaxed bool

	// Region and Account are those of requests that name none; see [sqs.Config].
	Region, Account string
}

// A Server serves queues in memory on a port of the loopback interface. Signatures
// are not looked at, except for the region.
type Server struct {
	// URL is the endpoint, of the form http://127.0.0.1:PORT.
	URL string

	// Broker holds the queues, for what a test wants to do or see beside the
	// protocol. A queue of the default region and account has its plain name
	// there. The broker's clock tells the time of the server.
	Broker *queue.Broker

	t      testing.TB
	travel *timetravel.Handler // nil with the real clock
}

// NewServer starts a server. It ends with the test: receives that still wait then
// are ended, and the queues are gone. With the mock clock its time begins at the
// real one. Nil options are the defaults. If it cannot start, the test has failed.
func NewServer(t testing.TB, o *Options) *Server {
	t.Helper()
	if o == nil {
		o = new(Options)
	}
	s := &Server{t: t}
	if err := s.start(o); err != nil {
		t.Fatalf("sqstest: %v", err)
	}
	return s
}

func (s *Server) start(o *Options) (err error) {
	config := sqs.Config{
		AllowAnonymous: true,
		Region:         o.Region,
		Account:        o.Account,
		Relaxed:        o.Relaxed,
	}
	profile := o.Profile
	if profile == nil {
		profile = sqs.Profile()
	}
	if s.Broker, err = queue.Open(queue.Config{Clock: newClock(o.RealClock), Profile: profile}); err != nil {
		return err
	}
	s.t.Cleanup(func() { s.Broker.Close() })
	if config.Moves, err = movetask.Open(s.Broker, movetask.Config{}); err != nil {
		return err
	}
	s.t.Cleanup(func() { config.Moves.Close() })
	config.Broker = s.Broker
	if !o.RealClock {
		if s.travel, err = timetravel.NewHandler(timetravel.Config{Broker: s.Broker, Moves: config.Moves}); err != nil {
			return err
		}
	}
	return s.listen(config)
}

func newClock(realClock bool) clock.Clock {
	if realClock {
		return clock.New()
	}
	mock := clock.NewMock()
	mock.Set(time.Now().Round(0)) // it has no monotonic part to go by
	return mock
}

func (s *Server) listen(config sqs.Config) error {
	handler, err := sqs.NewHandler(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewUnstartedServer(nil)
	server.Config = sqs.NewServer(handler)
	server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	server.Start()
	s.t.Cleanup(func() {
		cancel() // or receives would wait for a time that does not come
		server.Close()
	})
	s.URL = server.URL
	return nil
}

// Advance moves the time forward by d. When it returns, everything that was due
// has happened, and receives that got messages by it are about to be answered;
// see package [timetravel]. It must be called by the goroutine of the test, which
// has failed if the server has the real clock, or d is out of range.
func (s *Server) Advance(d time.Duration) {
	s.t.Helper()
	if s.travel == nil {
		s.t.Fatal("sqstest: a server with the real clock cannot Advance")
	}
	if _, err := s.travel.Advance(context.Background(), d); err != nil {
		s.t.Fatalf("sqstest: Advance(%v): %v", d, err)
	}
}

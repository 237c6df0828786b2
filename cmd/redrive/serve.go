package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"strconv"

	"github.com/redriveq/redrive/adapter/timetravel"
)

// serve is the command that serves queues.
func (p *process) serve(args []string) (result int) {
	s, err := parseSettings(args, p.env)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(p.stdout, usage)
		return ok
	case err != nil:
		return p.misused(err)
	case s.version:
		fmt.Fprintln(p.stdout, "redrive", buildVersion())
		return ok
	}
	srv, err := openServer(s, slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: s.logLevel})))
	if _, isSetting := errors.AsType[*settingError](err); isSetting {
		return p.misused(err)
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "redrive: %v\n", err)
		return failed
	}
	return p.untilSignal(srv)
}

// untilSignal serves until a signal has ended it.
func (p *process) untilSignal(s *server) (result int) {
	signals := p.signals()
	serving := make(chan error, 1)
	go func() { serving <- s.serve() }()
	s.introduce(p)
	select {
	case err := <-serving:
		s.close()
		fmt.Fprintf(p.stderr, "redrive: %v\n", err)
		return failed
	case <-signals:
	}
	fmt.Fprintln(p.stdout, "stopping; once more to stop at once")
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.stop(pollTime, graceTime)
		s.close()
	}()
	select {
	case <-stopped:
		return ok
	case <-signals:
		return failed
	}
}

// introduce says where the server is, and how to try it.
func (s *server) introduce(p *process) {
	service, who := "Amazon SQS", "anybody who reaches it"
	if s.settings.profile == "ymq" {
		service = "Yandex Message Queue"
	}
	credentials, unsigned := `credentials.NewStaticCredentialsProvider("any", "any", "")`, " --no-sign-request"
	if s.settings.credentials != "" {
		who = "those who sign with a key of " + s.settings.credentials
		credentials, unsigned = "yours", ""
	}
	endpoint, region := s.endpoint(), s.settings.region
	fmt.Fprintf(p.stdout, "%s on %s for %s\n\n", service, endpoint, who)
	fmt.Fprintf(p.stdout, "  aws sqs create-queue --queue-name orders --endpoint-url %s --region %s%s\n", endpoint, region, unsigned)
	fmt.Fprintf(p.stdout, "  client := sqs.New(sqs.Options{BaseEndpoint: aws.String(%q), Region: %q, Credentials: %s})\n", endpoint, region, credentials)
	if s.travel != nil {
		fmt.Fprintf(p.stdout, "  curl -H 'Content-Type: application/json' -d '{\"advance\": \"30s\"}' %s\n", endpoint+timetravel.Path)
	}
	fmt.Fprintln(p.stdout)
}

// endpoint returns an address by which clients on this machine, or those that
// -hosts is for, can reach the server.
func (s *server) endpoint() string {
	addr := s.listener.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "localhost"
	}
	if len(s.settings.hosts) > 0 {
		host = s.settings.hosts[0]
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(addr.Port))
}

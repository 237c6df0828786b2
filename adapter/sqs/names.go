package sqs

import (
	"net/url"
	"strings"
)

const (
	maxName = 80 // bytes of a queue's name, as the service counts
	maxPart = 80 // bytes of a region and of an account
)

// A queueName is what identifies a queue at the service. Two tenants are two
// regions, or two accounts; each has its own queues, whatever their names.
type queueName struct {
	region, account, name string
}

// stored returns the queue's name in the broker: the plain name in the region
// and account of the configuration, and "REGION/ACCOUNT/NAME" elsewhere. No part
// has a "/", so no two queues share a name.
func (h *handler) stored(n queueName) string {
	return h.storedPrefix(n.region, n.account) + n.name
}

func (h *handler) storedPrefix(region, account string) string {
	if region == h.config.Region && account == h.config.Account {
		return ""
	}
	return region + "/" + account + "/"
}

// named is the reverse of stored. It reports false for a queue that has another
// name than the service would give it; such a queue is out of the handler's reach.
func (h *handler) named(stored string) (queueName, bool) {
	n := queueName{h.config.Region, h.config.Account, stored}
	if parts := strings.Split(stored, "/"); len(parts) == 3 {
		n = queueName{parts[0], parts[1], parts[2]}
	}
	return n, n.valid() && h.stored(n) == stored
}

func (n queueName) valid() bool { return isPart(n.region) && isPart(n.account) && isName(n.name) }

// fifo reports whether the name is one of a FIFO queue.
func (n queueName) fifo() bool { return strings.HasSuffix(n.name, fifoSuffix) }

const fifoSuffix = ".fifo"

// isName reports whether a queue can have the name.
func isName(name string) bool {
	base := strings.TrimSuffix(name, fifoSuffix)
	return base != "" && len(name) <= maxName && every(base, isWordByte)
}

// isPart reports whether s can be a region or an account.
func isPart(s string) bool {
	return s != "" && len(s) <= maxPart && every(s, isWordByte)
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

func every(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

// arn returns the queue's Amazon Resource Name.
func (h *handler) arn(n queueName) string {
	partition, service := "aws", "sqs"
	switch {
	case h.yandex():
		partition, service = "yc", "ymq"
	case strings.HasPrefix(n.region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(n.region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return strings.Join([]string{"arn", partition, service, n.region, n.account, n.name}, ":")
}

// arnOf returns the ARN of the queue with that name in the broker, or "" if it
// is none that the service could have.
func (h *handler) arnOf(stored string) string {
	n, ok := h.named(stored)
	if !ok {
		return ""
	}
	return h.arn(n)
}

// parseARN returns the queue that an ARN names. It reports false for anything
// but what arn returns.
func (h *handler) parseARN(arn string) (queueName, bool) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 {
		return queueName{}, false
	}
	n := queueName{parts[3], parts[4], parts[5]}
	return n, n.valid() && h.arn(n) == arn
}

// url returns the queue's URL: the endpoint as this client named it, and a path.
func (s *session) url(n queueName) string {
	return s.endpoint + "/" + n.account + "/" + n.name
}

// address returns the queue that a request is about: by the parameter QueueUrl,
// which may be a queue's URL with any host, the path of one, or a name; without
// it, by the path of the request. The caller may use that queue.
func (s *session) address(queueURL string) (queueName, error) {
	path := s.path
	if queueURL != "" {
		u, err := url.Parse(queueURL)
		if err != nil {
			return queueName{}, noQueue()
		}
		path = u.Path
	} else if strings.Count(strings.Trim(path, "/"), "/") == 0 {
		return queueName{}, missingParameter("QueueUrl")
	}
	n := queueName{region: s.region, account: s.account}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	n.name = parts[len(parts)-1]
	if len(parts) > 1 {
		n.account = parts[len(parts)-2]
	}
	return n, s.access(n)
}

// access returns an error if the caller may not know of the queue, which is the
// same whether or not it exists.
func (s *session) access(n queueName) error {
	switch {
	case n.account != s.account && !s.config.AllowAnonymous:
		return accessDenied("Access to the resource " + s.url(n) + " is denied.")
	case !n.valid():
		return noQueue()
	}
	return nil
}

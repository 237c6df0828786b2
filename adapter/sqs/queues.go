package sqs

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/redriveq/redrive/queue"
)

// find returns the queue that a request is about.
func (s *session) find(ctx context.Context, queueURL string) (*queue.Queue, queueName, error) {
	n, err := s.address(queueURL)
	if err != nil {
		return nil, n, err
	}
	q, err := s.config.Broker.Queue(ctx, s.stored(n))
	return q, n, err
}

// createQueue makes a queue, or returns the one that is there if it has all that
// the request says; tags are not compared.
func createQueue(ctx context.Context, s *session, in *createQueueInput) (*createQueueOutput, error) {
	n := queueName{s.region, s.account, in.QueueName}
	if err := checkNewName(in.QueueName, isTrue(in.Attributes[attrFIFO])); err != nil {
		return nil, err
	}
	if value, ok := in.Attributes[attrFIFO]; ok && !isTrue(value) {
		return nil, unknownAttribute(attrFIFO)
	}
	for range 2 { // another may create, or delete, it at the same time
		err := s.makeOrCompare(ctx, n, in)
		if errors.Is(err, queue.ErrQueueExists) || errors.Is(err, queue.ErrNoQueue) {
			continue
		}
		return &createQueueOutput{QueueURL: s.url(n)}, err
	}
	return nil, queueExists("")
}

func (s *session) makeOrCompare(ctx context.Context, n queueName, in *createQueueInput) error {
	q, err := s.config.Broker.Queue(ctx, s.stored(n))
	switch {
	case errors.Is(err, queue.ErrNoQueue):
		return s.makeQueue(ctx, n, in)
	case err != nil:
		return err
	}
	return s.sameQueue(ctx, q, n, in.Attributes)
}

func checkNewName(name string, fifo bool) error {
	switch {
	case name == "":
		return invalidParameter("Value for parameter QueueName is invalid. Reason: Must specify a queue name.")
	case fifo && !(isName(name) && strings.HasSuffix(name, fifoSuffix)):
		return invalidParameter("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	case !fifo && (!isName(name) || strings.HasSuffix(name, fifoSuffix)):
		return invalidParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return nil
}

func (s *session) makeQueue(ctx context.Context, n queueName, in *createQueueInput) error {
	if !s.config.Relaxed && s.deleted.has(s.now(), s.stored(n)) {
		return queueDeletedRecently()
	}
	base := s.profile.Standard
	if n.fifo() {
		base = s.profile.FIFO
	}
	c := s.newChange(n, base)
	if err := c.set(in.Attributes); err != nil {
		return err
	}
	if err := c.tag(in.Tags); err != nil {
		return err
	}
	patch := c.done()
	_, err := s.config.Broker.CreateQueue(ctx, s.stored(n), patch)
	return s.deadLetterFault(ctx, patch, in.Attributes[attrRedrive], err)
}

// sameQueue returns an error that names an attribute which the queue has with
// another value.
func (s *session) sameQueue(ctx context.Context, q *queue.Queue, n queueName, attributes map[string]string) error {
	info, err := q.Info(ctx)
	if err != nil {
		return err
	}
	before := &view{handler: s.handler, name: n, info: info}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		c := s.newChange(n, info.Attributes)
		if err := c.setOne(name, attributes[name]); err != nil {
			return err
		}
		after := *before
		after.info.Attributes = c.done().Apply(info.Attributes)
		if show := queueAttributes[name].show; show(&after) != show(before) {
			return queueExists(name)
		}
	}
	return nil
}

func deleteQueue(ctx context.Context, s *session, in *queueInput) (*nothing, error) {
	n, err := s.address(in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := s.config.Broker.DeleteQueue(ctx, s.stored(n)); err != nil {
		return nil, err
	}
	s.deleted.note(s.now(), s.stored(n))
	return &nothing{}, nil
}

func purgeQueue(ctx context.Context, s *session, in *queueInput) (*nothing, error) {
	q, n, err := s.find(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if !s.purged.first(s.now(), q.ID()) && !s.config.Relaxed {
		return nil, purgeInProgress(n.name)
	}
	_, err = q.Purge(ctx)
	return &nothing{}, err
}

func getQueueURL(ctx context.Context, s *session, in *getQueueURLInput) (*getQueueURLOutput, error) {
	if in.QueueName == "" {
		return nil, invalidParameter("Value for parameter QueueName is invalid. Reason: Must specify a queue name.")
	}
	n := queueName{s.region, s.account, in.QueueName}
	if in.OwnerID != "" {
		n.account = in.OwnerID
	}
	if err := s.access(n); err != nil {
		return nil, err
	}
	if _, err := s.config.Broker.Queue(ctx, s.stored(n)); err != nil {
		return nil, err
	}
	return &getQueueURLOutput{QueueURL: s.url(n)}, nil
}

func getQueueAttributes(ctx context.Context, s *session, in *getQueueAttributesInput) (*getQueueAttributesOutput, error) {
	q, n, err := s.find(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	names := in.Names
	if slices.Contains(names, "All") {
		names = slices.Collect(maps.Keys(queueAttributes))
	}
	for _, name := range names {
		if _, ok := queueAttributes[name]; !ok {
			return nil, unknownAttribute(name)
		}
	}
	v := &view{handler: s.handler, name: n}
	if v.info, err = q.Info(ctx); err != nil {
		return nil, err
	}
	if v.stats, err = q.Stats(ctx); err != nil {
		return nil, err
	}
	out := &getQueueAttributesOutput{Attributes: make(map[string]string)}
	for _, name := range names {
		if value := queueAttributes[name].show(v); value != "" {
			out.Attributes[name] = value
		}
	}
	return out, nil
}

func setQueueAttributes(ctx context.Context, s *session, in *setQueueAttributesInput) (*nothing, error) {
	if in.Attributes == nil {
		return nil, missingParameter("Attributes")
	}
	return s.update(ctx, in.QueueURL, in.Attributes[attrRedrive], func(c *change) error { return c.set(in.Attributes) })
}

// update changes the settings of a queue. redrive is the redrive policy that is
// to be set, for the text of an error.
func (s *session) update(ctx context.Context, queueURL, redrive string, f func(c *change) error) (*nothing, error) {
	q, n, err := s.find(ctx, queueURL)
	if err != nil {
		return nil, err
	}
	s.settings.Lock()
	defer s.settings.Unlock()
	info, err := q.Info(ctx)
	if err != nil {
		return nil, err
	}
	c := s.newChange(n, info.Attributes)
	if err := f(c); err != nil {
		return nil, err
	}
	patch := c.done()
	if err := q.SetAttributes(ctx, patch); err != nil {
		return nil, s.deadLetterFault(ctx, patch, redrive, err)
	}
	return &nothing{}, nil
}

const maxListed = 1000

func listQueues(ctx context.Context, s *session, in *listQueuesInput) (*listQueuesOutput, error) {
	p, err := newPage("queues", in.Prefix, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	urls, next, err := s.list(ctx, p, in.Prefix, func(queue.QueueInfo) bool { return true })
	return &listQueuesOutput{QueueURLs: urls, NextToken: next}, err
}

func listDeadLetterSourceQueues(ctx context.Context, s *session, in *listDeadLetterSourceQueuesInput) (*listDeadLetterSourceQueuesOutput, error) {
	q, n, err := s.find(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	p, err := newPage("sources", n.name, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	owner := *s
	owner.account = n.account
	urls, next, err := owner.list(ctx, p, "", func(info queue.QueueInfo) bool {
		return info.Attributes.DeadLetter.Queue == q.Name()
	})
	if urls == nil {
		urls = []string{}
	}
	return &listDeadLetterSourceQueuesOutput{QueueURLs: urls, NextToken: next}, err
}

// list returns a page of the URLs of the tenant's queues that are meant, and the
// token of the next page, if there is one and the request is one by pages.
func (s *session) list(ctx context.Context, p *page, prefix string, meant func(queue.QueueInfo) bool) (urls []string, next string, err error) {
	last := ""
	for info, err := range s.config.Broker.Queues(ctx, s.storedPrefix(s.region, s.account)+prefix) {
		if err != nil {
			return nil, "", err
		}
		n, ok := s.named(info.Name)
		if !ok || n.region != s.region || n.account != s.account || n.name <= p.After || !meant(info) {
			continue
		}
		if len(urls) == p.max {
			return urls, p.next(last), nil
		}
		urls, last = append(urls, s.url(n)), n.name
	}
	return urls, "", nil
}

// A page is one of several parts of a listing. Its token holds where it begins,
// and for what listing it is; it gives its holder nothing that the listing does
// not give.
type page struct {
	Listing string `json:"l"` // what is listed
	Of      string `json:"o"` // the prefix, or the queue
	After   string `json:"a"` // the name of the last queue of the page before

	max   int
	paged bool
}

func newPage(listing, of, token string, max *int) (*page, error) {
	p := &page{Listing: listing, Of: of, max: maxListed, paged: max != nil}
	if max != nil {
		if *max < 1 || *max > maxListed {
			return nil, invalidParameter("Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.")
		}
		p.max = *max
	}
	if token == "" {
		return p, nil
	}
	if max == nil {
		return nil, invalidParameter("MaxResults is a mandatory parameter when you provide a value for NextToken.")
	}
	var from page
	text, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || !unmarshal(string(text), &from) || !isName(from.After) {
		return nil, invalidParameter("Invalid or expired next token.")
	}
	if from.Listing != listing || from.Of != of {
		return nil, invalidParameter("Invalid NextToken value. If you are passing in NextToken, you must not change the other request parameters.")
	}
	p.After = from.After
	return p, nil
}

// next returns the token of the page after the one that ends with that name.
func (p *page) next(last string) string {
	if !p.paged {
		return ""
	}
	following := page{Listing: p.Listing, Of: p.Of, After: last}
	return base64.RawURLEncoding.EncodeToString([]byte(marshal(following)))
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// A queueSpec is a queue to create, in the words of CreateQueue.
type queueSpec struct {
	Name       string            `json:"name"`
	Attributes map[string]string `json:"attributes"`
	Tags       map[string]string `json:"tags"`
}

// readQueues reads a file of queues, and returns them in an order in which they
// can be created.
func readQueues(name string) ([]queueSpec, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	queues, err := parseQueues(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return deadLettersFirst(queues), nil
}

func parseQueues(text []byte) (queues []queueSpec, err error) {
	if err := decodeStrictly(text, &queues); err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	for i, q := range queues {
		switch {
		case q.Name == "":
			return nil, fmt.Errorf("queue %d has no name", i+1)
		case seen[q.Name]:
			return nil, fmt.Errorf("queue %q is there twice", q.Name)
		}
		seen[q.Name] = true
	}
	return queues, nil
}

// deadLettersFirst puts each queue behind its dead-letter queue, and leaves the
// order as it is otherwise. Where that goes round in a circle, the creation of one
// of them will fail.
func deadLettersFirst(queues []queueSpec) []queueSpec {
	byName := make(map[string]*queueSpec)
	for i := range queues {
		byName[queues[i].Name] = &queues[i]
	}
	ordered := make([]queueSpec, 0, len(queues))
	placed := make(map[string]bool)
	var place func(q *queueSpec)
	place = func(q *queueSpec) {
		if placed[q.Name] {
			return
		}
		placed[q.Name] = true
		if target := byName[q.deadLetters()]; target != nil {
			place(target)
		}
		ordered = append(ordered, *q)
	}
	for i := range queues {
		place(&queues[i])
	}
	return ordered
}

// deadLetters returns the name of the dead-letter queue, or "".
func (q *queueSpec) deadLetters() string {
	var policy struct {
		Target string `json:"deadLetterTargetArn"`
	}
	if json.Unmarshal([]byte(q.Attributes["RedrivePolicy"]), &policy) != nil {
		return "" // or it is wrong, which the creation will tell
	}
	return policy.Target[strings.LastIndex(policy.Target, ":")+1:]
}

// create creates the queue as a client would. The handler accepts anonymous
// requests.
func (q *queueSpec) create(api http.Handler) error {
	body, err := json.Marshal(struct {
		Name       string            `json:"QueueName"`
		Attributes map[string]string `json:"Attributes,omitempty"`
		Tags       map[string]string `json:"tags,omitempty"`
	}(*q))
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodPost, "http://localhost/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AmazonSQS.CreateQueue")
	var w recorder
	api.ServeHTTP(&w, r)
	if w.status == http.StatusOK {
		return nil
	}
	var refusal struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(w.body.Bytes(), &refusal) != nil || refusal.Message == "" {
		return errors.New(http.StatusText(w.status))
	}
	return errors.New(refusal.Message)
}

// A recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header {
	if w.header == nil {
		w.header = make(http.Header)
	}
	return w.header
}

func (w *recorder) WriteHeader(status int) { w.status = status }

func (w *recorder) Write(data []byte) (int, error) { return w.body.Write(data) }

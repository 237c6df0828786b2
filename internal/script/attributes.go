package script

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue"
)

// patch takes the options that name attributes of a queue.
func (a *arguments) patch() queue.Patch {
	return queue.Patch{
		FIFO:                 take(a, "fifo", strconv.ParseBool),
		Delay:                a.span("delay"),
		VisibilityTimeout:    a.span("visibility"),
		MaxVisibility:        a.span("cap"),
		Retention:            a.span("retention"),
		RetainFromSend:       take(a, "retain-from-send", strconv.ParseBool),
		ReceiveWait:          a.span("wait"),
		MaxMessageBytes:      a.number("max-size"),
		MaxMessages:          a.number("max-messages"),
		MaxBytes:             take(a, "max-bytes", parseInt64),
		MaxInFlight:          a.number("max-in-flight"),
		ReceiptPolicy:        take(a, "policy", parsePolicy),
		RefuseLateChange:     take(a, "refuse-late-change", strconv.ParseBool),
		DeadLetter:           take(a, "dead", parseDeadLetter),
		DeadLetterSources:    take(a, "sources", parseSources),
		DeduplicationWindow:  a.span("window"),
		DeduplicationScope:   take(a, "scope", parseScope),
		ContentDeduplication: take(a, "content-deduplication", strconv.ParseBool),
	}
}

// showAttributes returns the attributes that are not zero, as patch takes them.
func showAttributes(a queue.Attributes) string {
	all := []string{
		show("fifo", a.FIFO, strconv.FormatBool),
		show("delay", a.Delay, showSpan),
		show("visibility", a.VisibilityTimeout, showSpan),
		show("cap", a.MaxVisibility, showSpan),
		show("retention", a.Retention, showSpan),
		show("retain-from-send", a.RetainFromSend, strconv.FormatBool),
		show("wait", a.ReceiveWait, showSpan),
		show("max-size", a.MaxMessageBytes, strconv.Itoa),
		show("max-messages", a.MaxMessages, strconv.Itoa),
		show("max-bytes", a.MaxBytes, formatInt64),
		show("max-in-flight", a.MaxInFlight, strconv.Itoa),
		show("policy", a.ReceiptPolicy, queue.ReceiptPolicy.String),
		show("refuse-late-change", a.RefuseLateChange, strconv.FormatBool),
		show("dead", a.DeadLetter, showDeadLetter),
		showSources(a.DeadLetterSources),
		show("window", a.DeduplicationWindow, showSpan),
		show("scope", a.DeduplicationScope, showScope),
		show("content-deduplication", a.ContentDeduplication, strconv.FormatBool),
	}
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), " ")
}

func show[T comparable](option string, value T, format func(T) string) string {
	if value == *new(T) {
		return ""
	}
	return option + "=" + format(value)
}

// showSpan returns 96h for what a duration prints as 96h0m0s.
func showSpan(d time.Duration) string {
	text := d.String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}

func parseInt64(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }
func formatInt64(n int64) string            { return strconv.FormatInt(n, 10) }

func parsePolicy(text string) (queue.ReceiptPolicy, error) {
	for _, policy := range []queue.ReceiptPolicy{queue.Latest, queue.Strict, queue.Any} {
		if policy.String() == text {
			return policy, nil
		}
	}
	return 0, errors.New("want latest, strict or any")
}

// parseDeadLetter reads QUEUE:RECEIVES, or none.
func parseDeadLetter(text string) (queue.DeadLetter, error) {
	if text == "none" {
		return queue.DeadLetter{}, nil
	}
	colon := strings.LastIndexByte(text, ':')
	receives, err := strconv.Atoi(text[colon+1:])
	if colon < 0 || err != nil {
		return queue.DeadLetter{}, errors.New("want QUEUE:RECEIVES or none")
	}
	return queue.DeadLetter{Queue: text[:colon], MaxReceives: receives}, nil
}

func showDeadLetter(d queue.DeadLetter) string { return fmt.Sprintf("%s:%d", d.Queue, d.MaxReceives) }

// parseSources reads all, none, or the names of queues.
func parseSources(text string) (queue.DeadLetterSources, error) {
	switch text {
	case "all":
		return queue.DeadLetterSources{Mode: queue.AllowAll}, nil
	case "none":
		return queue.DeadLetterSources{Mode: queue.AllowNone}, nil
	}
	return queue.DeadLetterSources{Mode: queue.AllowListed, Queues: strings.Split(text, ",")}, nil
}

func showSources(s queue.DeadLetterSources) string {
	switch s.Mode {
	case queue.AllowListed:
		return "sources=" + strings.Join(s.Queues, ",")
	case queue.AllowNone:
		return "sources=none"
	}
	return ""
}

func parseScope(text string) (queue.DeduplicationScope, error) {
	switch text {
	case "queue":
		return queue.ScopeQueue, nil
	case "group":
		return queue.ScopeGroup, nil
	}
	return 0, errors.New("want queue or group")
}

func showScope(s queue.DeduplicationScope) string {
	if s == queue.ScopeGroup {
		return "group"
	}
	return "queue"
}

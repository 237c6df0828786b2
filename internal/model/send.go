package model

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A deduplicationKey is what a deduplication ID is remembered under. The scope
// is part of it: what was remembered under one scope says nothing under the
// other.
type deduplicationKey struct {
	scope driver.DeduplicationScope
	group string // empty if the scope is the queue
	id    string
}

// An original is the message that was sent with a deduplication ID first, or
// that arrived with a key.
type original struct {
	id       driver.MessageID
	sequence uint64
	until    time.Time // it is remembered before this instant
}

func (q *queue) send(in driver.Message) driver.SendResult {
	result, _ := q.sendMessage(in)
	return result
}

// sendMessage sends, and returns the message too if it was sent.
func (q *queue) sendMessage(in driver.Message) (driver.SendResult, *message) {
	o, seen := q.recall(in)
	if result := q.refusal(in, o, seen); result.Outcome != 0 {
		return result, nil
	}
	m := &message{Info: q.newInfo(in), size: in.Size()}
	result := q.add(m, q.now)
	q.remember(in, m)
	return result, m
}

// refusal returns the first reason against a message, which duplicates o if
// that was seen before; or the zero result.
func (q *queue) refusal(in driver.Message, o original, seen bool) driver.SendResult {
	size, limit := in.Size(), q.attributes.MaxMessageBytes
	switch {
	case limit > 0 && size > limit:
		return driver.SendResult{Outcome: driver.TooLarge}
	case seen:
		return driver.SendResult{Outcome: driver.Duplicate, ID: o.id, Sequence: o.sequence}
	case !q.fits(size):
		return driver.SendResult{Outcome: driver.QueueFull}
	}
	return driver.SendResult{}
}

// add puts a new message into the queue, visible at once if it is due.
func (q *queue) add(m *message, retainedFrom time.Time) driver.SendResult {
	q.known[m.ID] = true
	q.arrive(m, retainedFrom)
	if !m.VisibleAt.After(q.now) {
		q.show(m, q.now)
	}
	return driver.SendResult{Outcome: driver.Sent, ID: m.ID, Sequence: m.Sequence}
}

// newInfo returns a copy of what was sent, as a message that is delayed.
func (q *queue) newInfo(in driver.Message) driver.Info {
	info := driver.Info{
		ID:              q.engine.nextMessageID(),
		Body:            in.Body,
		Group:           in.Group,
		DeduplicationID: q.deduplicationID(in),
		State:           driver.Delayed,
		SentAt:          q.now,
		VisibleAt:       q.hiddenUntil(in),
	}
	if len(in.Attributes) > 0 {
		info.Attributes = in.Attributes
	}
	return info.Clone()
}

// hiddenUntil returns when the message becomes visible; that may be past.
func (q *queue) hiddenUntil(in driver.Message) time.Time {
	switch {
	case !in.At.IsZero():
		return in.At
	case in.Delay != nil:
		return q.now.Add(*in.Delay)
	}
	return q.now.Add(q.attributes.Delay)
}

// deduplicationID returns the message's own ID, or the one that the queue makes
// from the body, in hexadecimal.
func (q *queue) deduplicationID(in driver.Message) string {
	if in.DeduplicationID != "" || !q.attributes.ContentDeduplication {
		return in.DeduplicationID
	}
	sum := sha256.Sum256(in.Body)
	return hex.EncodeToString(sum[:])
}

// key returns what the message's deduplication ID is remembered under, if it
// has one and the queue deduplicates at present.
func (q *queue) key(in driver.Message) (key deduplicationKey, ok bool) {
	key = deduplicationKey{scope: q.attributes.DeduplicationScope, id: q.deduplicationID(in)}
	if key.scope == driver.ScopeGroup {
		key.group = in.Group
	}
	return key, key.id != "" && q.attributes.DeduplicationWindow != 0
}

// recall returns the message that in duplicates, if it does.
func (q *queue) recall(in driver.Message) (original, bool) {
	key, ok := q.key(in)
	if !ok {
		return original{}, false
	}
	o, ok := q.remembered[key]
	return o, ok
}

// remember keeps the deduplication ID that m was sent with for the window that
// is in force now.
func (q *queue) remember(in driver.Message, m *message) {
	if key, ok := q.key(in); ok {
		q.remembered[key] = original{m.ID, m.Sequence, q.now.Add(q.attributes.DeduplicationWindow)}
	}
}

// forget forgets the deduplication ID that the message was sent with.
func (q *queue) forget(id driver.MessageID) {
	maps.DeleteFunc(q.remembered, func(_ deduplicationKey, o original) bool { return o.id == id })
}

func (q *queue) cancel(id driver.MessageID) driver.CancelOutcome {
	m := q.find(id)
	switch {
	case m == nil && q.known[id]:
		return driver.CancelGone
	case m == nil:
		return driver.CancelUnknown
	case m.State == driver.InFlight:
		return driver.CancelInFlight
	case m.delivered:
		return driver.CancelDelivered
	}
	q.remove(m)
	for _, sentTo := range q.engine.queues { // another one than q if it was transferred
		sentTo.forget(id)
	}
	return driver.Cancelled
}

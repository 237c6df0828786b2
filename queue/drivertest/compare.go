package drivertest

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"

	"github.com/redriveq/redrive/queue/driver"
)

// sameQueue compares two descriptions of a queue but for its ID.
func sameQueue(got, want driver.QueueInfo) bool {
	return got.Name == want.Name &&
		got.CreatedAt.Equal(want.CreatedAt) &&
		got.ModifiedAt.Equal(want.ModifiedAt) &&
		got.Attributes.Equal(want.Attributes)
}

// touched compares the counts of the queues that a step may have changed.
func (w *world) touched(queues ...*instance) error {
	for _, q := range queues {
		if q == nil || !w.isLive(q) {
			continue
		}
		got, gotErr := w.got.Stats(w.ctx, w.now, q.got)
		want, wantErr := w.want.Stats(w.ctx, w.now, q.want)
		if done, err := w.failed(gotErr, wantErr); done {
			return err
		}
		w.tells(q)
		q.stats = want
		if got != want {
			return w.differ("stats of "+q.name, got, want)
		}
	}
	return nil
}

// all compares everything that is in every queue.
func (w *world) all() error {
	for _, q := range w.live {
		if q == nil {
			continue
		}
		if err := w.sameLists(q); err != nil {
			return err
		}
		got, gotErr := w.got.Queue(w.ctx, q.got)
		want, wantErr := w.want.Queue(w.ctx, q.want)
		if done, err := w.failed(gotErr, wantErr); done {
			return err
		}
		if err := w.sameInstance(q, got, want); err != nil {
			return err
		}
		if err := w.touched(q); err != nil {
			return err
		}
	}
	return w.sameQueues("", "", len(queueNames))
}

// sameLists compares what is listed, in one page and in several, and peeked at.
func (w *world) sameLists(q *instance) error {
	want, err := w.want.List(w.ctx, w.now, q.want, 0, everything)
	if err != nil {
		return err
	}
	page := []int{2 * liveLimit, 7, 1}[w.src.Intn(3)]
	var got []driver.Info
	for cursor := uint64(0); ; {
		infos, err := w.got.List(w.ctx, w.now, q.got, cursor, page)
		if err != nil {
			return w.differ("list of "+q.name, err, nil)
		}
		got = append(got, infos...)
		if len(infos) < page || len(got) > len(want) {
			break
		}
		if last := infos[len(infos)-1].Sequence; last > cursor {
			cursor = last
			continue
		}
		return w.differ("sequences in the list of "+q.name, infos, "ones above the cursor")
	}
	if err := w.sameMessages("list of "+q.name, q, got, want); err != nil {
		return err
	}
	limit := []int{2 * liveLimit, 5}[w.src.Intn(2)]
	want, err = w.want.Peek(w.ctx, w.now, q.want, limit)
	if err != nil {
		return err
	}
	got, err = w.got.Peek(w.ctx, w.now, q.got, limit)
	if err != nil {
		return w.differ("peek at "+q.name, err, nil)
	}
	return w.sameMessages("peek at "+q.name, q, got, want)
}

func (w *world) sameMessages(what string, q *instance, got, want []driver.Info) error {
	if len(got) != len(want) {
		return w.differ(what, w.namesOf(got, w.gotIDs), w.namesOf(want, w.wantIDs))
	}
	for i := range want {
		if w.gotIDs[got[i].ID] != w.wantIDs[want[i].ID] {
			return w.differ(what, w.namesOf(got, w.gotIDs), w.namesOf(want, w.wantIDs))
		}
		if err := w.sameMessage(q, &got[i], &want[i]); err != nil {
			return err
		}
		if want[i].State == driver.InFlight && q.attributes.Retention > 0 && want[i].Origin == (driver.QueueRef{}) &&
			!q.now.Before(want[i].SentAt.Add(q.attributes.Retention)) {
			w.mark(pastRetentionInFlight)
		}
	}
	return nil
}

func (w *world) namesOf(infos []driver.Info, ids map[driver.MessageID]int) string {
	var text []byte
	for i := range infos {
		if n, ok := ids[infos[i].ID]; ok {
			text = fmt.Appendf(text, "m%d ", n)
		} else {
			text = fmt.Appendf(text, "unknown %v ", infos[i].ID)
		}
	}
	return string(text)
}

// sameMessage compares what two engines tell of one message, follows where it
// is, and overwrites what the engine under test gave away.
func (w *world) sameMessage(q *instance, got, want *driver.Info) error {
	n, ok := w.gotIDs[got.ID]
	if !ok || n != w.wantIDs[want.ID] {
		return w.differ("message", w.gotName(got.ID), fmt.Sprint("m", w.wantIDs[want.ID]))
	}
	if field, g, x := w.difference(got, want); field != "" {
		return w.differ(fmt.Sprintf("%s of m%d in %s", field, n, q.name), g, x)
	}
	m := &w.tracked[n]
	if m.home == q && m.sequence != 0 && got.Sequence != m.sequence {
		return w.differ(fmt.Sprintf("sequence of m%d in %s", n, q.name), got.Sequence, m.sequence)
	}
	m.seenIn(q, got.Sequence)
	for i := range got.Body {
		got.Body[i] = '#'
	}
	clear(got.Attributes)
	return nil
}

// difference names the first field in which two messages differ.
func (w *world) difference(got, want *driver.Info) (field string, g, x any) {
	switch {
	case got.DeduplicationID != w.deduplicationID(want):
		return "deduplication ID", got.DeduplicationID, w.deduplicationID(want)
	case got.Schedule != w.scheduleID(want.Schedule):
		return "schedule", got.Schedule, w.scheduleID(want.Schedule)
	case got.Origin != w.gotRef(want.Origin):
		return "origin", got.Origin, w.gotRef(want.Origin)
	}
	return contentDifference(got, want)
}

// infoDifference is the same for one engine that tells of a message twice.
func infoDifference(got, want *driver.Info) (field string, g, x any) {
	switch {
	case got.ID != want.ID:
		return "ID", got.ID, want.ID
	case got.Sequence != want.Sequence:
		return "sequence", got.Sequence, want.Sequence
	case got.DeduplicationID != want.DeduplicationID:
		return "deduplication ID", got.DeduplicationID, want.DeduplicationID
	case got.Schedule != want.Schedule:
		return "schedule", got.Schedule, want.Schedule
	case got.Origin != want.Origin:
		return "origin", got.Origin, want.Origin
	}
	return contentDifference(got, want)
}

// contentDifference compares the fields in which nothing has an ID.
func contentDifference(got, want *driver.Info) (field string, g, x any) {
	switch {
	case !bytes.Equal(got.Body, want.Body):
		return "body", got.Body, want.Body
	case !maps.Equal(got.Attributes, want.Attributes) || (got.Attributes == nil) != (want.Attributes == nil):
		return "attributes", got.Attributes, want.Attributes
	case got.Group != want.Group:
		return "group", got.Group, want.Group
	case got.State != want.State:
		return "state", got.State, want.State
	case got.ReceiveCount != want.ReceiveCount:
		return "receive count", got.ReceiveCount, want.ReceiveCount
	case !got.SentAt.Equal(want.SentAt):
		return "send time", got.SentAt, want.SentAt
	case !got.FirstReceivedAt.Equal(want.FirstReceivedAt):
		return "time of the first receive", got.FirstReceivedAt, want.FirstReceivedAt
	case !got.VisibleAt.Equal(want.VisibleAt):
		return "time of becoming visible", got.VisibleAt, want.VisibleAt
	case !got.NominalAt.Equal(want.NominalAt):
		return "nominal instant", got.NominalAt, want.NominalAt
	}
	return "", nil, nil
}

// gotRef is what the engine under test calls a queue of the model.
func (w *world) gotRef(want driver.QueueRef) driver.QueueRef {
	if q := w.byWant(want.ID); q != nil && q.name == want.Name {
		return driver.QueueRef{ID: q.got, Name: q.name}
	}
	return driver.QueueRef{}
}

// gotID is what the engine under test calls the queue that the model calls by
// that ID; 0 if there is none.
func (w *world) gotID(want driver.QueueID) driver.QueueID {
	if q := w.byWant(want); q != nil {
		return q.got
	}
	return 0
}

// appendPatch adds the fields that a patch sets to text.
func appendPatch(text []byte, p driver.Patch) []byte {
	fields := reflect.ValueOf(p)
	for i := range fields.NumField() {
		if field := fields.Field(i); !field.IsNil() {
			text = fmt.Appendf(text, " %s=%v", fields.Type().Field(i).Name, field.Elem().Interface())
		}
	}
	return text
}

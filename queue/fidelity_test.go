package queue_test

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/queue"
)

// contents are messages that something along the way might spoil.
func contents() []queue.Message {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	return []queue.Message{
		{},
		{Body: []byte{}},
		{Body: []byte{0}},
		{Body: every},
		{Body: []byte("line\r\nends\r and\n more\r\n")},
		{Body: []byte("\ufeff\ufffe\uffff\u2028")},
		{Body: []byte("\xed\xa0\x80\xff\xfe\xf0\x9f")},
		{Body: []byte(" spaces \t around ")},
		{Body: bytes.Repeat([]byte{0xa5}, 1<<20)},
		{Body: []byte("x"), Group: "\x00\xff\r\n é", DeduplicationID: "\xff\x00/id"},
		{Body: []byte("x"), Attributes: map[string]queue.Value{
			"A": queue.String("upper"), "a": queue.String("lower"), "a.b-c_d.9": queue.String(""),
			"n": queue.Number("-001.50e+00"), "m": {Kind: queue.KindNumber, Label: "int", Data: "0"},
			"b": queue.Binary(every), "e": queue.Binary(nil), "t": queue.String("\x00\r\n\u2028\ufffe é"),
		}},
		{Body: []byte("x"), Attributes: map[string]queue.Value{}},
	}
}

// wantContent reports where what came out is not what went in.
func wantContent(t tester, how string, got queue.Info, want queue.Message) {
	t.Helper()
	if !bytes.Equal(got.Body, want.Body) {
		t.Errorf("%s: got the body %.60q of %d bytes, want %.60q of %d", how, got.Body, len(got.Body), want.Body, len(want.Body))
	}
	if !maps.Equal(got.Attributes, want.Attributes) || len(want.Attributes) == 0 && got.Attributes != nil {
		t.Errorf("%s: got the attributes %q, want %q, and nil for none", how, got.Attributes, want.Attributes)
	}
	if got.Group != want.Group || got.DeduplicationID != want.DeduplicationID {
		t.Errorf("%s: got group %q and deduplication ID %q, want %q and %q", how, got.Group, got.DeduplicationID, want.Group, want.DeduplicationID)
	}
}

// looks are all the ways to see the one message of a queue.
var looks = []struct {
	how string
	see func(r *rig, q *queue.Queue) []queue.Info
}{
	{"peek", func(r *rig, q *queue.Queue) []queue.Info {
		infos, err := q.Peek(r.ctx(), 10)
		r.must(err)
		return infos
	}},
	{"list", func(r *rig, q *queue.Queue) []queue.Info {
		infos, err := q.List(r.ctx(), 0, 10)
		r.must(err)
		return infos
	}},
	{"messages", func(r *rig, q *queue.Queue) (infos []queue.Info) {
		for info, err := range q.Messages(r.ctx()) {
			r.must(err)
			infos = append(infos, info)
		}
		return infos
	}},
	{"receive", func(r *rig, q *queue.Queue) []queue.Info { return []queue.Info{r.take(q, 0).Info} }},
	{"receive again", func(r *rig, q *queue.Queue) []queue.Info { return []queue.Info{r.take(q, 0).Info} }},
	{"deliveries", func(r *rig, q *queue.Queue) (infos []queue.Info) {
		for d, err := range q.Deliveries(r.ctx(), &queue.ReceiveOptions{Wait: noWait}) {
			r.must(err)
			infos = append(infos, d.Info)
			r.must(q.ChangeVisibility(r.ctx(), d.Receipt, 0))
			break
		}
		return infos
	}},
}

// follow sends the message and looks at it in all ways, before and after it has
// gone to the dead-letter queue.
func (r *rig) follow(m queue.Message) {
	r.t.Helper()
	dead, err := r.b.Queue(r.ctx(), "dead")
	r.must(err)
	sent, err := r.q.Send(r.ctx(), m)
	r.must(err)
	for _, q := range []*queue.Queue{r.q, dead} {
		for _, look := range looks {
			infos := look.see(r, q)
			if len(infos) != 1 || infos[0].ID != sent.ID {
				r.t.Fatalf("%s in %q: got %+v, want the message %v", look.how, q.Name(), infos, sent.ID)
			}
			wantContent(r.t, look.how+" in "+q.Name(), infos[0], m)
		}
		_, err := q.Receive(r.ctx(), nil) // dead-letters it
		r.must(err)
	}
	_, err = dead.Purge(r.ctx())
	r.must(err)
}

// newFidelity is a rig whose messages go to "dead" after three receives.
func newFidelity(t tester, fifo bool) *rig {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{FIFO: &fifo})
	r.create("dead", queue.Patch{FIFO: &fifo})
	r.must(r.q.SetAttributes(r.ctx(), queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: 3}}))
	return r
}

// I25: what goes in comes out, byte for byte, however one looks at it.
func TestFidelity(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		for i, m := range contents() {
			t.Run(fmt.Sprintf("fifo=%v/%d", fifo, i), func(t *testing.T) { newFidelity(t, fifo).follow(m) })
		}
	}
}

func TestFidelityOfAnything(t *testing.T) {
	r := newFidelity(t, false)
	name := rapid.StringMatching(`[A-Za-z0-9_-]{1,6}(\.[A-Za-z0-9_-]{1,6}){0,2}`)
	value := rapid.Custom(func(t *rapid.T) queue.Value {
		label := rapid.StringMatching(`[!-~]{0,8}`).Draw(t, "label")
		switch rapid.SampledFrom([]queue.Kind{queue.KindString, queue.KindNumber, queue.KindBinary}).Draw(t, "kind") {
		case queue.KindNumber:
			return queue.Value{Kind: queue.KindNumber, Label: label, Data: rapid.StringMatching(`[+-]?[0-9]{1,19}\.?[0-9]{0,19}([eE][+-]?[0-9]{1,3})?`).Draw(t, "number")}
		case queue.KindBinary:
			return queue.Value{Kind: queue.KindBinary, Label: label, Data: string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))}
		}
		return queue.Value{Kind: queue.KindString, Label: label, Data: strings.ToValidUTF8(rapid.String().Draw(t, "text"), "?")}
	})
	ids := 0
	rapid.Check(t, func(t *rapid.T) {
		ids++
		m := queue.Message{
			Body:            rapid.SliceOf(rapid.Byte()).Draw(t, "body"),
			Group:           string(rapid.SliceOfN(rapid.Byte(), 0, 256).Draw(t, "group")),
			DeduplicationID: fmt.Sprintf("%d %s", ids, rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "deduplication ID")),
			Attributes:      rapid.MapOfN(name, value, 0, 10).Draw(t, "attributes"),
		}
		inner := *r
		inner.t = t
		inner.follow(m)
	})
}

// Traps D9 and D10: nothing that a caller does with its memory changes what the
// broker keeps, and nothing is shared between those who look.
func TestNoSharedMemory(t *testing.T) {
	spoil := func(body []byte, attributes map[string]queue.Value) {
		for i := range body {
			body[i] = '!'
		}
		clear(attributes)
		if attributes != nil {
			attributes["spoilt"] = queue.String("!")
		}
	}
	r := newFidelity(t, false)
	dead, err := r.b.Queue(r.ctx(), "dead")
	r.must(err)
	binary := []byte("binary")
	want := queue.Message{Body: []byte("body"), Attributes: map[string]queue.Value{"a": queue.String("1"), "b": queue.Binary(binary)}}
	messages := []queue.Message{{Body: bytes.Clone(want.Body), Attributes: maps.Clone(want.Attributes)}}
	copy(binary, "!!!!!!")
	_, err = r.q.SendMany(r.ctx(), messages)
	r.must(err)
	spoil(messages[0].Body, messages[0].Attributes)
	messages[0] = queue.Message{}

	for _, q := range []*queue.Queue{r.q, dead} {
		for range 2 { // each look after each other
			for _, look := range looks[:3] {
				info := look.see(r, q)[0]
				wantContent(t, look.how+" in "+q.Name(), info, want)
				spoil(info.Body, info.Attributes)
			}
		}
		for _, look := range looks[3:] {
			info := look.see(r, q)[0]
			wantContent(t, look.how+" in "+q.Name(), info, want)
			spoil(info.Body, info.Attributes)
		}
		_, err := q.Receive(r.ctx(), nil)
		r.must(err)
	}
}

// The same for attributes of queues.
func TestNoSharedAttributes(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	delay, sources := 5*s, &queue.DeadLetterSources{Mode: queue.AllowListed, Queues: []string{"a", "b"}}
	patch := queue.Patch{Delay: &delay, DeadLetterSources: sources}
	want := patch.Apply(queue.Core().Standard)
	check := func(how string, q *queue.Queue) {
		t.Helper()
		info, err := q.Info(r.ctx())
		r.must(err)
		if !info.Attributes.Equal(want) {
			t.Errorf("%s: got the attributes %+v, want %+v", how, info.Attributes, want)
		}
		info.Attributes.DeadLetterSources.Queues[0] = "!"
	}
	r.must(r.q.SetAttributes(r.ctx(), patch))
	created := r.create("created", patch)
	delay, sources.Queues[0] = hour, "!"
	for range 2 {
		check("set", r.q)
		check("created", created)
	}
	for info, err := range r.b.Queues(r.ctx(), "") {
		r.must(err)
		info.Attributes.DeadLetterSources.Queues[1] = "!"
	}
	check("set, after the list", r.q)
	check("created, after the list", created)
}

// Trap R17: what a receive does not change is the same in every delivery.
func TestDeliveriesOfOneMessage(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	r.sendLater("A/1", 5*s)
	c.step(10 * s)
	var last queue.Delivery
	for i := range 5 {
		d := r.take(r.q, 10*s)
		want := queue.Info{
			ID: d.ID, Sequence: 1, Body: []byte("A/1"), Group: "A", State: queue.InFlight,
			SentAt: noon, FirstReceivedAt: noon.Add(10 * s), VisibleAt: c.Now().Add(10 * s), ReceiveCount: i + 1,
		}
		if got := fmt.Sprintf("%+v", d.Info); got != fmt.Sprintf("%+v", want) {
			t.Errorf("delivery %d:\n got %s\nwant %+v", i+1, got, want)
		}
		if i > 0 && (d.ID != last.ID || d.Receipt == last.Receipt || d.Fence <= last.Fence) {
			t.Errorf("delivery %d: message %v with fence %d comes after message %v with fence %d", i+1, d.ID, d.Fence, last.ID, last.Fence)
		}
		last = d
		c.step(10 * s)
	}
}

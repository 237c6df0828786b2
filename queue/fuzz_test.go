package queue_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/redriveq/redrive/queue"
)

var nameForms = map[string]*regexp.Regexp{
	"sqs": regexp.MustCompile(`^([A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$`),
	"ymq": regexp.MustCompile(`^([A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$`),
	"cmq": regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`),
}

// isQueueName says with a regular expression what the profile says with loops.
func isQueueName(profile, name string) bool {
	if form := nameForms[profile]; form != nil {
		return form.MatchString(name) && !strings.HasSuffix(name, "\n")
	}
	return name != "" && len(name) <= 256 && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// A queue name is refused, or the queue is found under it.
func FuzzQueueName(f *testing.F) {
	f.Fuzz(func(t *testing.T, name string) {
		for _, p := range profiles {
			b, err := queue.Open(queue.Config{Profile: p.make()})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			q, err := b.CreateQueue(t.Context(), name, queue.Patch{})
			if !isQueueName(p.name, name) {
				wantInvalid(t, p.name, err, "queue name")
				_, err = b.Queue(t.Context(), name)
				wantInvalid(t, p.name, err, "queue name")
				continue
			}
			if err != nil {
				t.Fatalf("%s: create: got error %v, want none", p.name, err)
			}
			if want := name; q.Name() != want && (p.name != "cmq" || q.Name() != strings.ToLower(want)) {
				t.Errorf("%s: got the name %q, want %q", p.name, q.Name(), want)
			}
			found, err := b.Queue(t.Context(), name)
			if err != nil || found.ID() != q.ID() {
				t.Errorf("%s: open: got error %v, want the queue that was created", p.name, err)
			}
			for info, err := range b.Queues(t.Context(), q.Name()) {
				if err != nil || info.ID != q.ID() || info.Name != q.Name() {
					t.Errorf("%s: list: got %q and error %v, want %q", p.name, info.Name, err, q.Name())
				}
			}
		}
	})
}

var (
	attributeName = regexp.MustCompile(`\A[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\z`)
	label         = regexp.MustCompile(`\A[!-~]{0,256}\z`)
	number        = regexp.MustCompile(`\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\z`)
	noXML         = regexp.MustCompile("[^\t\n\r -\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
)

// isAttribute says with regular expressions what the check says with loops.
func isAttribute(profile, name string, v queue.Value) bool {
	if len(name) > 256 || !attributeName.MatchString(name) || !label.MatchString(v.Label) {
		return false
	}
	switch v.Kind {
	case queue.KindBinary:
		return true
	case queue.KindNumber:
		mantissa, _, _ := strings.Cut(strings.ToLower(v.Data), "e")
		digits := strings.Trim(strings.ReplaceAll(mantissa, ".", ""), "+-")
		return number.MatchString(v.Data) && len(digits) <= 38
	case queue.KindString:
		return utf8.ValidString(v.Data) && (profile == "core" || !noXML.MatchString(v.Data))
	}
	return false
}

// An attribute is refused, or comes out as it went in.
func FuzzAttribute(f *testing.F) {
	f.Fuzz(func(t *testing.T, name string, kind byte, label, data string) {
		for _, p := range profiles {
			b, err := queue.Open(queue.Config{Profile: p.make()})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			q, err := b.CreateQueue(t.Context(), "q", queue.Patch{})
			if err != nil {
				t.Fatal(err)
			}
			value := queue.Value{Kind: queue.Kind(kind), Label: label, Data: data}
			m := queue.Message{Body: []byte("x"), Attributes: map[string]queue.Value{name: value}}
			_, err = q.Send(t.Context(), m)
			if !isAttribute(p.name, name, value) {
				if e, ok := errors.AsType[*queue.InvalidError](err); !ok || !strings.HasPrefix(e.Field, "attribute ") {
					t.Errorf("%s: got error %v, want an *InvalidError for the attribute", p.name, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s: send: got error %v, want none", p.name, err)
			}
			infos, err := q.Peek(t.Context(), 1)
			if err != nil || len(infos) != 1 {
				t.Fatalf("%s: peek: got %d messages and error %v, want one", p.name, len(infos), err)
			}
			if got, ok := infos[0].Attributes[name]; len(infos[0].Attributes) != 1 || !ok || got != value {
				t.Errorf("%s: got the attributes %+v, want %q as %+v", p.name, infos[0].Attributes, name, value)
			}
			stats, err := q.Stats(t.Context())
			if err != nil || stats.Bytes != int64(m.Size()) {
				t.Errorf("%s: the queue holds %d bytes (error %v), want %d", p.name, stats.Bytes, err, m.Size())
			}
		}
	})
}

// A message ID is refused, or is the only one with that spelling.
func FuzzMessageID(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		id, err := queue.ParseMessageID(text)
		if err != nil {
			wantInvalid(t, "parse", err, "message ID")
			if id != (queue.MessageID{}) {
				t.Errorf("refused, and yet parsed as %v", id)
			}
			var kept = queue.MessageID{1}
			if err := kept.UnmarshalText([]byte(text)); err == nil || kept != (queue.MessageID{1}) {
				t.Errorf("unmarshal: got %v and error %v, want an error and nothing changed", kept, err)
			}
			return
		}
		if got := id.String(); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
		marshalled, err := id.MarshalText()
		if err != nil || !bytes.Equal(marshalled, []byte(text)) {
			t.Errorf("marshal: got %q and error %v, want %q", marshalled, err, text)
		}
	})
}

// Every ID that the broker makes can be parsed.
func TestMessageIDs(t *testing.T) {
	r := newRig(t, queue.Config{}, queue.Patch{})
	for range 1000 {
		sent := r.sendLater("a", hour)
		if got, err := queue.ParseMessageID(sent.String()); err != nil || got != sent {
			t.Fatalf("parse %v: got %v and error %v, want the same", sent, got, err)
		}
		if outcome, err := r.q.Cancel(r.ctx(), sent); err != nil || outcome != queue.Cancelled {
			t.Fatalf("cancel %v: got %v and error %v, want %v", sent, outcome, err, queue.Cancelled)
		}
	}
}

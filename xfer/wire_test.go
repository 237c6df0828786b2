package xfer

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

const (
	someID   = "00112233-4455-6677-8899-aabbccddeeff"
	someNode = "0123456789abcdef0123456789abcdef"
	least    = `{"id":"` + someID + `","node":"` + someNode + `","queue":"q","hops":1}`
)

func full() Record {
	at := time.Date(2030, time.May, 17, 12, 0, 0, 123456789, time.UTC)
	return Record{
		ID:    queue.MessageID{1, 2, 3, 15: 255},
		Node:  someNode,
		Queue: "a \"queue\" <&> \\ud800 \u2028 \U0001f600",
		Body:  []byte("\x00\xff\r\n body"),
		Attributes: map[string]queue.Value{
			"text":   queue.String("a\u2028b\x00"),
			"number": {Kind: queue.KindNumber, Label: "int", Data: "-1.5e3"},
			"binary": queue.Binary([]byte{0xff, 0, '\n'}),
			"empty":  queue.String(""),
		},
		Group:           "\xffgroup\n",
		DeduplicationID: "\x00\xfe",
		SentAt:          at,
		FirstReceivedAt: at.Add(1),
		VisibleAt:       time.Date(9999, time.December, 31, 23, 59, 59, 999_999_999, time.UTC),
		RetainFrom:      at.Add(-time.Hour),
		ReceiveCount:    7,
		Hops:            16,
	}
}

func TestRecordRoundTrip(t *testing.T) {
	var text []byte
	want := []Record{full(), {ID: queue.MessageID{9}, Node: someNode, Queue: "q", Hops: 1}, full()}
	for i := range want {
		line, err := encodeRecord(&want[i])
		if err != nil {
			t.Fatalf("encode %d: got error %v, want none", i, err)
		}
		text = append(text, line...)
	}
	got, err := decodeRecords(text)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v and error %v, want %+v", got, err, want)
	}
}

func TestEncodeRefusesYear(t *testing.T) {
	r := full()
	r.SentAt = time.Date(10_000, time.January, 1, 0, 0, 0, 0, time.UTC)
	if line, err := encodeRecord(&r); err == nil {
		t.Errorf("got %s and no error, want one", line)
	}
}

func TestDecodeRefuses(t *testing.T) {
	with := func(field string) string { return strings.TrimSuffix(least, "}") + "," + field + "}\n" }
	for name, text := range map[string]string{
		"no line feed":            least,
		"an empty line":           "\n",
		"two in a line":           least + least + "\n",
		"data after it":           least + " x\n",
		"a byte order mark":       "\ufeff" + least + "\n",
		"an array":                "[" + least + "]\n",
		"text":                    `"x"` + "\n",
		"cut off":                 least[:40] + "\n",
		"cut off, and another":    least[:40] + "\n" + least + "\n",
		"an unknown field":        with(`"priority":1`),
		"another case":            with(`"Body":"eA=="`),
		"a key twice":             with(`"hops":2`),
		"a null":                  with(`"body":null`),
		"an object for a scalar":  with(`"body":{}`),
		"true":                    with(`"receiveCount":true`),
		"bytes that are no UTF-8": with("\"group\":\"\xff\""),
		"half a surrogate":        strings.Replace(least, `"q"`, `"\ud800"`, 1) + "\n",
		"half a surrogate, upper": strings.Replace(least, `"q"`, `"\\\uDC00"`, 1) + "\n",
		"no base64":               with(`"body":"%"`),
		"no number":               with(`"receiveCount":"1"`),
		"a fraction":              with(`"receiveCount":1.5`),
		"a negative count":        with(`"receiveCount":-1`),
		"a huge count":            with(`"receiveCount":99999999999999999999`),
		"no instant":              with(`"sentAt":"yesterday"`),
		"attributes as object":    with(`"attributes":{}`),
		"attribute without kind":  with(`"attributes":[{"name":"a"}]`),
		"attribute of other kind": with(`"attributes":[{"name":"a","kind":"string"}]`),
		"attribute twice":         with(`"attributes":[{"name":"a","kind":"String"},{"name":"a","kind":"String"}]`),
		"unknown attribute field": with(`"attributes":[{"name":"a","kind":"String","value":"x"}]`),
		"attribute key twice":     with(`"attributes":[{"name":"a","kind":"String","kind":"String"}]`),
		"nested attributes":       with(`"attributes":[{"name":[]}]`),
		"depth":                   with(`"attributes":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)),
		"no ID":                   strings.Replace(least, someID, "", 1) + "\n",
		"an upper-case ID":        strings.Replace(least, someID, strings.ToUpper(someID), 1) + "\n",
		"a short node":            strings.Replace(least, someNode, "0123", 1) + "\n",
		"a node that is not hex":  strings.Replace(least, someNode, strings.Repeat("G", 32), 1) + "\n",
		"no queue":                strings.Replace(least, `"q"`, `""`, 1) + "\n",
		"no hops":                 strings.Replace(least, `"hops":1`, `"hops":0`, 1) + "\n",
	} {
		got, err := decodeRecords([]byte(text))
		if got != nil || !errors.Is(err, queue.ErrInvalid) {
			t.Errorf("%s: got %+v and error %v, want ErrInvalid", name, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), "xfer.") || len(err.Error()) > 200) {
			t.Errorf("%s: the error tells too much: %v", name, err)
		}
	}
	if _, err := decodeRecords([]byte(least + "\n" + with(`"body":"eA=="`))); err != nil {
		t.Errorf("least record: got error %v, want none", err)
	}
}

func TestSpans(t *testing.T) {
	var a, b part
	var s spans
	s.add(&a, 10, 20)
	s.add(&a, 20, 25)
	s.add(&b, 25, 30)
	s.add(&a, 35, 40)
	if len(s) != 5 {
		t.Errorf("got %d spans, want 5: before, a, b, between, a", len(s))
	}
	for _, row := range []struct {
		after, limit uint64
		owner        *part
		upTo         uint64
	}{
		{0, 100, nil, 10}, {9, 100, nil, 10}, {10, 100, &a, 25}, {10, 15, &a, 15}, {24, 100, &a, 25},
		{25, 100, &b, 30}, {30, 100, nil, 35}, {39, 100, &a, 40}, {40, 100, nil, 100},
	} {
		if owner, upTo := s.find(row.after, row.limit); owner != row.owner || upTo != row.upTo {
			t.Errorf("after %d up to %d: got %p up to %d, want %p up to %d", row.after, row.limit, owner, upTo, row.owner, row.upTo)
		}
	}
}

// Whatever is taken for records says exactly one thing: it can be written, and
// read again as the same.
func FuzzDecodeRecords(f *testing.F) {
	r := full()
	line, err := encodeRecord(&r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(least + "\n"))
	f.Add([]byte(least + "\n" + least + "\n"))
	f.Add([]byte(`{"attributes":[{"name":"a","kind":"Binary","data":"/w=="}]}` + "\n"))
	f.Add([]byte("{\"queue\":\"\\ud83d\\ude00\"}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decodeRecords(text)
		if err != nil {
			if !errors.Is(err, queue.ErrInvalid) || got != nil {
				t.Fatalf("got %+v and error %v, want ErrInvalid", got, err)
			}
			return
		}
		if want := bytes.Count(text, []byte("\n")); len(got) != want {
			t.Fatalf("got %d records, want %d", len(got), want)
		}
		for i := range got {
			line, err := encodeRecord(&got[i])
			if err != nil {
				continue // a year that a zone puts after 9999
			}
			again, err := decodeRecords(line)
			if err != nil || !reflect.DeepEqual(again[0], got[i]) {
				t.Fatalf("record %d: got %+v and error %v, want %+v", i, again, err, got[i])
			}
		}
	})
}

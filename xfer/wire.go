package xfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue"
)

// What goes over HTTP. A request is one line of JSON for each record, each ended
// by a line feed, all of them compressed with gzip. The answer is one line for
// each result, and one more with "later" if the rest was not accepted now.
const (
	// Path is where the handler is, below where it is mounted, and where a Client
	// looks for it.
	Path = "/transfers/v1"

	recordsType = "application/vnd.redrive.records+jsonl"
	resultsType = "application/vnd.redrive.results+jsonl"
	version     = "1"

	// maxRecords is how many records a request can have.
	maxRecords = 1000
)

// A wireRecord is a Record as a line. What may be any bytes is in base64.
type wireRecord struct {
	ID              string          `json:"id"`
	Node            string          `json:"node"`
	Queue           string          `json:"queue"`
	Body            []byte          `json:"body,omitempty"`
	Attributes      []wireAttribute `json:"attributes,omitempty"`
	Group           []byte          `json:"group,omitempty"`
	DeduplicationID []byte          `json:"deduplicationId,omitempty"`
	SentAt          time.Time       `json:"sentAt,omitzero"`
	FirstReceivedAt time.Time       `json:"firstReceivedAt,omitzero"`
	VisibleAt       time.Time       `json:"visibleAt,omitzero"`
	RetainFrom      time.Time       `json:"retainFrom,omitzero"`
	ReceiveCount    int             `json:"receiveCount,omitempty"`
	Hops            int             `json:"hops"`
}

type wireAttribute struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Label string `json:"label,omitempty"`
	Data  []byte `json:"data,omitempty"`
}

var wireKinds = []queue.Kind{queue.KindString, queue.KindNumber, queue.KindBinary}

// encodeRecord returns the record as a line.
func encodeRecord(r *Record) ([]byte, error) {
	w := wireRecord{
		ID:              r.ID.String(),
		Node:            r.Node,
		Queue:           r.Queue,
		Body:            r.Body,
		Group:           []byte(r.Group),
		DeduplicationID: []byte(r.DeduplicationID),
		SentAt:          r.SentAt.UTC(),
		FirstReceivedAt: r.FirstReceivedAt.UTC(),
		VisibleAt:       r.VisibleAt.UTC(),
		RetainFrom:      r.RetainFrom.UTC(),
		ReceiveCount:    r.ReceiveCount,
		Hops:            r.Hops,
	}
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		v := r.Attributes[name]
		w.Attributes = append(w.Attributes, wireAttribute{Name: name, Kind: v.Kind.String(), Label: v.Label, Data: []byte(v.Data)})
	}
	line, err := json.Marshal(&w)
	return append(line, '\n'), err
}

// decodeRecords returns the records of a request. The error is an
// *[queue.InvalidError] that names the line.
func decodeRecords(text []byte) ([]Record, error) {
	records := make([]Record, 0, bytes.Count(text, []byte("\n")))
	for len(text) > 0 {
		line, rest, found := bytes.Cut(text, []byte("\n"))
		field := fmt.Sprintf("line %d", len(records)+1)
		if !found {
			return nil, invalid(field, "it is not ended by a line feed")
		}
		r, err := decodeRecord(line)
		if err != nil {
			return nil, invalid(field, "%v", err)
		}
		records, text = append(records, r), rest
	}
	return records, nil
}

// decodeRecord is strict: a line that could mean two things to two readers is
// refused, since encoding/json takes keys in any case, the last one of several,
// and replaces what is no text.
func decodeRecord(line []byte) (r Record, err error) {
	if err := checkText(line); err != nil {
		return r, err
	}
	if err := checkKeys(line); err != nil {
		return r, err
	}
	var w wireRecord
	if err := json.Unmarshal(line, &w); err != nil {
		return r, plain(err)
	}
	return w.record()
}

func (w *wireRecord) record() (r Record, err error) {
	r = Record{
		Node:            w.Node,
		Queue:           w.Queue,
		Body:            w.Body,
		Group:           string(w.Group),
		DeduplicationID: string(w.DeduplicationID),
		SentAt:          w.SentAt.UTC(),
		FirstReceivedAt: w.FirstReceivedAt.UTC(),
		VisibleAt:       w.VisibleAt.UTC(),
		RetainFrom:      w.RetainFrom.UTC(),
		ReceiveCount:    w.ReceiveCount,
		Hops:            w.Hops,
	}
	switch {
	case len(w.Node) != 32 || strings.Trim(w.Node, "0123456789abcdef") != "":
		return r, errors.New("node: not 32 hexadecimal digits")
	case w.Queue == "":
		return r, errors.New("queue: empty")
	case w.ReceiveCount < 0:
		return r, errors.New("receiveCount: negative")
	case w.Hops < 1:
		return r, errors.New("hops: below one")
	}
	if r.Attributes, err = w.attributes(); err != nil {
		return r, err
	}
	r.ID, err = queue.ParseMessageID(w.ID)
	return r, err
}

func (w *wireRecord) attributes() (map[string]queue.Value, error) {
	if len(w.Attributes) == 0 {
		return nil, nil
	}
	attributes := make(map[string]queue.Value, len(w.Attributes))
	for _, a := range w.Attributes {
		i := slices.IndexFunc(wireKinds, func(k queue.Kind) bool { return k.String() == a.Kind })
		if i < 0 {
			return nil, errors.New("attributes: not a kind")
		}
		if _, twice := attributes[a.Name]; twice {
			return nil, errors.New("attributes: one name twice")
		}
		attributes[a.Name] = queue.Value{Kind: wireKinds[i], Label: a.Label, Data: string(a.Data)}
	}
	return attributes, nil
}

// A wireResult is a Result as a line.
type wireResult struct {
	Message string `json:"message,omitempty"` // whose result it is
	ID      string `json:"id,omitempty"`      // accepted, under this ID
	Refused string `json:"refused,omitempty"` // for good, and why
	Later   string `json:"later,omitempty"`   // why those after the others are not accepted now
}

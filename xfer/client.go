package xfer

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/redriveq/redrive/queue"
)

// ClientConfig configures a [Client]. The zero ClientConfig sends no credentials.
type ClientConfig struct {
	// HTTP makes the requests. Redirects are not followed. Nil means one like
	// [http.DefaultClient]; the context of each request has a deadline.
	HTTP *http.Client

	// Authorize adds credentials to a request, mostly a header. An error fails the
	// call. Nil means none.
	Authorize func(*http.Request) error

	// MaxBatch is how many records go with one request, at most 1000; zero means 500.
	// MaxBytes is how many bytes they may have before compression; zero means 8 MiB.
	// A record that is larger goes alone.
	MaxBatch int
	MaxBytes int
}

// A Client is a [Target] that is another broker, behind a handler of [NewHandler].
// It is safe for concurrent use.
type Client struct {
	config ClientConfig
	http   http.Client
	base   *url.URL
	name   string
}

// NewClient returns a client of the handler that is at that URL: "http" or
// "https", the host, and the path below which the handler is mounted, if it is
// not the root. The URL must not have a user or a query: it is the client's name,
// and stands in logs.
func NewClient(target string, c ClientConfig) (*Client, error) {
	const op = "new client"
	u, err := url.Parse(target)
	switch {
	case err != nil:
		return nil, fail(op, "", invalid("URL", "it cannot be parsed"))
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fail(op, "", invalid("URL", "want http or https, and a host"))
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fail(op, "", invalid("URL", "it has a user, a query or a fragment"))
	case c.MaxBatch < 0 || c.MaxBatch > maxRecords:
		return nil, fail(op, "", invalid("batch", "%d records are not between 1 and %d", c.MaxBatch, maxRecords))
	}
	base := u.JoinPath("/") // every URL has one name
	x := &Client{config: c, base: base, name: base.String()}
	if c.HTTP != nil {
		x.http = *c.HTTP
	}
	x.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if c.MaxBatch == 0 {
		x.config.MaxBatch = 500
	}
	if c.MaxBytes <= 0 {
		x.config.MaxBytes = 8 << 20
	}
	return x, nil
}

// Name returns the URL, which ends in a slash.
func (c *Client) Name() string { return c.name }

// Send offers the records in one request, or a prefix of them if they are too
// many for one. A record that the receiver says is too large, alone, is refused.
func (c *Client) Send(ctx context.Context, records []Record) ([]Result, error) {
	lines, err := c.encode(records)
	if len(lines) == 0 {
		return []Result{{Err: refusal("it cannot be written: %v", err)}}, nil
	}
	for {
		results, err := c.post(ctx, records[:len(lines)], lines)
		switch {
		case !errors.Is(err, errTooLarge):
			return results, err
		case len(lines) == 1:
			return []Result{{Err: refusal("the receiver says that it is too large")}}, nil
		}
		lines = lines[:len(lines)/2]
	}
}

// encode returns the lines of as many records as go with one request. The error
// is that of the record after them.
func (c *Client) encode(records []Record) (lines [][]byte, err error) {
	bytes := 0
	for i := range records[:min(len(records), c.config.MaxBatch)] {
		line, err := encodeRecord(&records[i])
		if err != nil {
			return lines, err
		}
		if bytes += len(line); bytes > c.config.MaxBytes && i > 0 {
			break
		}
		lines = append(lines, line)
	}
	return lines, nil
}

var errTooLarge = errors.New("request too large")

func (c *Client) post(ctx context.Context, records []Record, lines [][]byte) ([]Result, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath(Path).String(), bytes.NewReader(pack(lines)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", recordsType+"; version="+version)
	request.Header.Set("Content-Encoding", "gzip")
	request.Header.Set("Accept", resultsType)
	if c.config.Authorize != nil {
		if err := c.config.Authorize(request); err != nil {
			return nil, fmt.Errorf("authorize: %w", err)
		}
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusRequestEntityTooLarge {
		return nil, errTooLarge
	}
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.StatusCode != http.StatusOK || err != nil || kind != resultsType {
		return nil, fmt.Errorf("the receiver answered %s of type %q", response.Status, kind)
	}
	return readResults(response.Body, records)
}

// pack returns the lines compressed.
func pack(lines [][]byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is known
	for _, line := range lines {
		_, _ = z.Write(line) // a buffer takes everything
	}
	_ = z.Close()
	return b.Bytes()
}

// maxAnswer is how many bytes of an answer are read for each record.
const maxAnswer = 512

// readResults returns the results that an answer has in whole lines, also if it
// breaks off: those lines are true. If a line is not the next record's, it and
// all that follows are not believed.
func readResults(body io.Reader, records []Record) (results []Result, err error) {
	text, err := io.ReadAll(io.LimitReader(body, int64(len(records)+1)*maxAnswer))
	for {
		line, rest, found := bytes.Cut(text, []byte("\n"))
		if !found {
			break
		}
		text = rest
		var w wireResult
		if err := json.Unmarshal(line, &w); err != nil {
			return results, errNotResult
		}
		if w.Later != "" {
			return results, fmt.Errorf("the receiver says: %s", w.Later)
		}
		if len(results) == len(records) || w.Message != records[len(results)].ID.String() {
			return results, errNotResult
		}
		r, err := w.result()
		if err != nil {
			return results, err
		}
		results = append(results, r)
	}
	switch {
	case len(results) == len(records):
		return results, nil
	case err == nil:
		err = io.ErrUnexpectedEOF
	}
	return results, err
}

var errNotResult = errors.New("the receiver's answer does not fit the request")

func (w *wireResult) result() (Result, error) {
	if w.Refused != "" {
		return Result{Err: refusal("%s", w.Refused)}, nil
	}
	id, err := queue.ParseMessageID(w.ID)
	if err != nil {
		return Result{}, errNotResult
	}
	return Result{ID: id}, nil
}

package sigv4

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"testing"
	"time"
)

const (
	testKey     = "AKIDEXAMPLE"
	testSecret  = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	testRegion  = "us-east-1"
	testService = "service"
)

var testDate = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

// A signer signs as the published algorithm says, step by step and without the
// code under test. Fields that are empty take the values above.
type signer struct {
	key, secret, region, service, date, scopeDate string
	headers                                       []string // nil: all but User-Agent
}

// sign sets the Authorization header.
func (s signer) sign(r *http.Request, body []byte) {
	s = s.withDefaults(r)
	headers := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		var trimmed []string
		for _, v := range values {
			trimmed = append(trimmed, strings.Join(strings.Fields(v), " "))
		}
		headers[strings.ToLower(name)] = strings.Join(trimmed, ",")
	}
	delete(headers, "user-agent")
	delete(headers, "authorization")
	names := s.headers
	if names == nil {
		for name := range headers {
			names = append(names, name)
		}
		sort.Strings(names)
	}
	canonical := r.Method + "\n" + peerPath(r) + "\n" + peerQuery(r.URL.RawQuery) + "\n"
	for _, name := range names {
		canonical += name + ":" + headers[name] + "\n"
	}
	canonical += "\n" + strings.Join(names, ";") + "\n" + fmt.Sprintf("%x", sha256.Sum256(body))

	scope := s.scopeDate + "/" + s.region + "/" + s.service + "/aws4_request"
	text := "AWS4-HMAC-SHA256\n" + s.date + "\n" + scope + "\n" + fmt.Sprintf("%x", sha256.Sum256([]byte(canonical)))
	key := peerMAC([]byte("AWS4"+s.secret), s.scopeDate)
	key = peerMAC(peerMAC(peerMAC(key, s.region), s.service), "aws4_request")
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x",
		s.key, scope, strings.Join(names, ";"), peerMAC(key, text)))
}

func (s signer) withDefaults(r *http.Request) signer {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&s.key, testKey)
	set(&s.secret, testSecret)
	set(&s.region, testRegion)
	set(&s.service, testService)
	set(&s.date, r.Header.Get("X-Amz-Date"))
	set(&s.scopeDate, (s.date + "00000000")[:8])
	return s
}

func peerMAC(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text)
	return h.Sum(nil)
}

func peerPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		segments[i] = peerEscape(segment)
	}
	return strings.Join(segments, "/")
}

func peerQuery(raw string) string {
	values, _ := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
	escaped := map[string]string{}
	var names []string
	for name := range values {
		escaped[peerEscape(name)] = peerEscape(values.Get(name))
		names = append(names, peerEscape(name))
	}
	sort.Strings(names)
	for i, name := range names {
		names[i] = name + "=" + escaped[name]
	}
	return strings.Join(names, "&")
}

// peerEscape is the escaping of RFC 3986, made from that of package url.
func peerEscape(text string) string {
	return strings.NewReplacer("+", "%20", "%7E", "~").Replace(url.QueryEscape(text))
}

// read makes a request as a server would.
func read(t testing.TB, text string) (*http.Request, []byte) {
	t.Helper()
	r, body, err := tryRead(text)
	if err != nil {
		t.Fatalf("got %v for %q, want a request", err, text)
	}
	return r, body
}

// tryRead reads the head of a request, lines ending in \n, up to an empty line.
// The rest is the body.
func tryRead(text string) (*http.Request, []byte, error) {
	head, body, _ := strings.Cut(text, "\n\n")
	head = strings.ReplaceAll(head, "\n", "\r\n")
	r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(head+"\r\n\r\n"), bytes.NewReader([]byte(body)))))
	return r, []byte(body), err
}

// kindOf returns the kind of an error of this package, and 0 for no error.
func kindOf(t testing.TB, err error) Kind {
	t.Helper()
	if err == nil {
		return 0
	}
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("got error %v of type %T, want *Error", err, err)
	}
	return e.Kind
}

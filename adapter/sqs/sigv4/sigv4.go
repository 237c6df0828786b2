// Package sigv4 verifies AWS Signature Version 4 on requests to a service.
//
// A signature stands in the Authorization header and covers
//
//	method, path, query    in their canonical forms
//	signed headers         those that SignedHeaders names
//	body                   by its SHA-256, which is always computed from what came
//
// What a request can mean must not depend on anything unsigned. So these headers
// must be signed: host, x-amz-date (or date, if that is absent), content-type
// where there is one, and each header that begins with x-amz-. None of them may
// stand in the request twice, and no query parameter either. Other signed headers
// are joined with commas, as the algorithm says.
//
// Paths are taken as they came over the wire and escaped once more, as services
// other than S3 do. They are not normalised: a path that holds "//" or "/./" is
// what was signed, or is refused.
//
// Not accepted are signatures in the query (presigned URLs), bodies that are
// declared unsigned or signed in chunks, and algorithms other than
// AWS4-HMAC-SHA256.
//
// A signature is good for fifteen minutes before and after its date. It can be
// used again in that time: nothing here remembers signatures.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// MaxSkew is how far the date of a request may be from now, either way.
const MaxSkew = 15 * time.Minute

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	basicTime  = "20060102T150405Z"
)

// A Scope is what a signature says of itself: whose key it was made with, and
// for what. It is not to be believed before it was verified.
type Scope struct {
	AccessKey string
	Date      string // YYYYMMDD
	Region    string
	Service   string
}

// ParseScope returns the scope of a request's Authorization header. It reports
// false if there is none, or it is malformed.
func ParseScope(r *http.Request) (Scope, bool) {
	a, err := parse(r.Header["Authorization"])
	if err != nil {
		return Scope{}, false
	}
	return a.Scope, true
}

// Verify checks that the request was signed with the secret: see the package
// comment for what must be signed. The body is given beside the request; now is
// the time to compare the request's date with.
//
// The error is an [*Error]. The secret is used last, and only its use can give
// [Mismatch]: to hide which access keys exist, call Verify with any secret for
// one that does not, and answer a Mismatch, or nil, by saying so.
//
// Verify changes nothing and is safe for concurrent use.
func Verify(r *http.Request, body []byte, service, secret string, now time.Time) error {
	a, err := parse(r.Header["Authorization"])
	if err != nil {
		return err
	}
	date, err := requestDate(r, now)
	if err != nil {
		return err
	}
	if err := a.checkCover(r); err != nil {
		return err
	}
	if err := a.checkScope(service, date); err != nil {
		return err
	}
	canonical, err := canonicalRequest(r, a.signed, body)
	if err != nil {
		return err
	}
	if !hmac.Equal(sign(secret, a.Scope, date, canonical), a.signature) {
		return &Error{Mismatch, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
	}
	return nil
}

// requestDate returns the date that the signature was made at, in the basic
// format of ISO 8601, and checks it against now.
func requestDate(r *http.Request, now time.Time) (string, error) {
	t, err := parseDate(r.Header)
	if err != nil {
		return "", err
	}
	date := t.Format(basicTime)
	now = now.UTC()
	if earliest := now.Add(-MaxSkew); t.Before(earliest) {
		return "", &Error{Expired, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 15 min.)",
			date, earliest.Format(basicTime), now.Format(basicTime))}
	}
	if latest := now.Add(MaxSkew); t.After(latest) {
		return "", &Error{Expired, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 15 min.)",
			date, latest.Format(basicTime), now.Format(basicTime))}
	}
	return date, nil
}

// parseDate reads X-Amz-Date or, where that is absent, Date.
func parseDate(h http.Header) (time.Time, error) {
	values, fallback := h["X-Amz-Date"], false
	if len(values) == 0 {
		values, fallback = h["Date"], true
	}
	if len(values) == 0 {
		return time.Time{}, &Error{Incomplete, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."}
	}
	t, err := time.Parse(basicTime, values[0])
	if err != nil && fallback {
		t, err = http.ParseTime(values[0])
	}
	if err != nil {
		return time.Time{}, &Error{Incomplete, "Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601"}
	}
	return t.UTC(), nil
}

// sign computes the signature of a canonical request.
func sign(secret string, s Scope, date string, canonical []byte) []byte {
	hash := sha256.Sum256(canonical)
	text := strings.Join([]string{
		algorithm,
		date,
		strings.Join([]string{s.Date, s.Region, s.Service, terminator}, "/"),
		hex.EncodeToString(hash[:]),
	}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.Date, s.Region, s.Service, terminator, text} {
		key = mac(key, part)
	}
	return key
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

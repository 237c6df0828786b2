package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest returns the text whose hash is signed:
//
//	METHOD \n PATH \n QUERY \n NAME:VALUE \n … \n \n SIGNED \n HASH
func canonicalRequest(r *http.Request, signed []string, body []byte) ([]byte, error) {
	hash, err := payloadHash(r, body)
	if err != nil {
		return nil, err
	}
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	text := make([]byte, 0, 1024)
	text = append(text, r.Method...)
	text = append(text, '\n')
	text = escape(text, wirePath(r), true)
	text = append(text, '\n')
	text = append(text, query...)
	text = append(text, '\n')
	for _, name := range signed {
		values := headerValues(r, name)
		if len(values) == 0 {
			return nil, &Error{Refused, "A header that is named in 'SignedHeaders' is not in the request."}
		}
		text = append(text, name...)
		text = append(text, ':')
		text = appendValues(text, values)
		text = append(text, '\n')
	}
	text = append(text, '\n')
	text = append(text, strings.Join(signed, ";")...)
	text = append(text, '\n')
	return append(text, hash...), nil
}

// payloadHash returns the hash of the body in hexadecimal digits. A header that
// states another one, or that the body is not signed, is refused.
func payloadHash(r *http.Request, body []byte) (string, error) {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	for _, stated := range r.Header["X-Amz-Content-Sha256"] {
		if stated != hash {
			return "", &Error{Refused, "The provided 'x-amz-content-sha256' header does not match what was computed."}
		}
	}
	return hash, nil
}

// wirePath returns the path as it came over the wire. A handler that has removed
// a prefix from the URL's path does not change what was signed.
func wirePath(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		return path
	}
	if path := r.URL.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

// canonicalQuery sorts the parameters and escapes them in the one way that the
// algorithm knows.
func canonicalQuery(raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	var pairs []string
	names := make(map[string]bool)
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil || names[name] {
			return "", &Error{Malformed, "The query string contains a syntax error, or a parameter twice."}
		}
		names[name] = true
		pair := append(escape(nil, name, false), '=')
		pairs = append(pairs, string(escape(pair, value, false)))
	}
	slices.SortFunc(pairs, comparePairs)
	return strings.Join(pairs, "&"), nil
}

// comparePairs orders NAME=VALUE by name: "=" would come after digits.
func comparePairs(a, b string) int {
	nameA, _, _ := strings.Cut(a, "=")
	nameB, _, _ := strings.Cut(b, "=")
	return strings.Compare(nameA, nameB)
}

// escape appends the text with each byte escaped that is not unreserved in RFC
// 3986, and not a slash that is to be kept.
func escape(to []byte, text string, slashes bool) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/' && slashes:
			to = append(to, c)
		default:
			to = append(to, '%', digits[c>>4], digits[c&15])
		}
	}
	return to
}

// headerValues returns the values of a header by its name in lower case. Package
// net/http keeps two of them in fields of the request.
func headerValues(r *http.Request, name string) []string {
	if name == "host" {
		return []string{r.Host}
	}
	values := r.Header[http.CanonicalHeaderKey(name)]
	if name == "content-length" && len(values) == 0 && r.ContentLength >= 0 {
		return []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	return values
}

// appendValues appends the values, joined with commas, and with the white space
// in each reduced to single spaces.
func appendValues(to []byte, values []string) []byte {
	for i, value := range values {
		if i > 0 {
			to = append(to, ',')
		}
		for j, word := range slices.Collect(strings.FieldsFuncSeq(value, isSpace)) {
			if j > 0 {
				to = append(to, ' ')
			}
			to = append(to, word...)
		}
	}
	return to
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' }

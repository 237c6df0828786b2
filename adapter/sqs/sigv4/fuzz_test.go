package sigv4

import (
	"bytes"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// FuzzCanonical signs a request with the independent signer, verifies it, changes
// one thing, and expects that to be noticed.
func FuzzCanonical(f *testing.F) {
	f.Add("POST", "/0/q", "a=1&b=%20", "v", []byte("body"), byte(0), "x")
	f.Add("GET", "/%41/../ሴ", "b&a=+&%E1%88%B4=2", "  a   b ", []byte{}, byte(1), "y")
	f.Add("PUT", "//", "a=1&a=2", "", []byte{0}, byte(2), "&c=3")
	f.Add("POST", "/", "a-b=1&a=2&a.=3", "a,b", []byte("{}"), byte(3), "?")
	f.Add("POST", "/", "%", "\t", []byte("{}"), byte(4), "z")
	f.Add("POST", "/q", ";", "é", []byte("{}"), byte(5), "0")
	f.Fuzz(func(t *testing.T, method, path, query, header string, body []byte, what byte, change string) {
		text := method + " " + path + "?" + query + " HTTP/1.1\nHost: localhost\nX-Amz-Date: 20150830T123600Z\nX-Amz-Target: t" + header + "\n\n"
		r, _, err := tryRead(text)
		if err != nil || !strings.HasPrefix(r.RequestURI, "/") || strings.ContainsAny(header, "\r\n\v\f\u0085\u00a0") || len(header) > 0 && hasOddSpace(header) {
			return
		}
		signer{}.sign(r, body)
		err = Verify(r, body, testService, testSecret, testDate)
		if !readable(r.URL.RawQuery) {
			if kindOf(t, err) != Malformed {
				t.Fatalf("query %q: got %v, want Malformed", r.URL.RawQuery, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: got %v, want nil", text, err)
		}
		if !alter(r, &body, what, change) {
			return
		}
		if err := Verify(r, body, testService, testSecret, testDate); err == nil {
			t.Fatalf("%q with change %d of %q: got nil, want an error", text, what%7, change)
		}
	})
}

// hasOddSpace reports white space other than what HTTP knows, which the signer
// of the tests trims.
func hasOddSpace(text string) bool {
	return slices.Compare(strings.Fields(text), strings.FieldsFunc(text, isSpace)) != 0
}

// readable reports whether a query can be parsed and has each parameter once.
func readable(raw string) bool {
	for part := range strings.SplitSeq(raw, "&") { // package url refuses semicolons
		if _, err := url.ParseQuery(strings.ReplaceAll(part, ";", "%3B")); err != nil {
			return false
		}
	}
	values, _ := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
	for _, all := range values {
		if len(all) != 1 {
			return false
		}
	}
	return true
}

// alter changes one thing, and reports whether that is another request.
func alter(r *http.Request, body *[]byte, what byte, change string) bool {
	switch what % 7 {
	case 0:
		r.Method += change
		return change != ""
	case 1:
		path, _, _ := strings.Cut(r.RequestURI, "?")
		r.RequestURI = "/" + change
		altered, _, _ := strings.Cut(r.RequestURI, "?")
		return altered != path
	case 2:
		before, _ := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B"))
		after, err := url.ParseQuery(strings.ReplaceAll(change, ";", "%3B"))
		r.URL.RawQuery = change
		return err != nil || !reflect.DeepEqual(before, after)
	case 3:
		before := strings.FieldsFunc(r.Header.Get("X-Amz-Target"), isSpace)
		r.Header.Set("X-Amz-Target", change)
		return !slices.Equal(before, strings.FieldsFunc(change, isSpace))
	case 4:
		before := *body
		*body = []byte(change)
		return !bytes.Equal(before, *body)
	case 5:
		r.Header.Set("X-Amz-Date", change)
		return change != "20150830T123600Z"
	default:
		r.Host += change
		return len(strings.FieldsFunc(change, isSpace)) > 0
	}
}

package sigv4

import (
	"cmp"
	"net/http"
	"strings"
	"testing"
	"time"
)

// sample is a request as the SDKs send it.
const sample = "POST /000000000000/orders?a=1&b=2 HTTP/1.1\n" +
	"Host: localhost:9324\n" +
	"X-Amz-Date: 20150830T123600Z\n" +
	"X-Amz-Target: AmazonSQS.SendMessage\n" +
	"Content-Type: application/x-amz-json-1.0\n" +
	"Content-Length: 14\n" +
	"User-Agent: test\n\n" +
	`{"MessageBody"`

func signed(t *testing.T, s signer) (*http.Request, []byte) {
	t.Helper()
	r, body := read(t, sample)
	s.sign(r, body)
	return r, body
}

func TestVerify(t *testing.T) {
	r, body := signed(t, signer{})
	if err := Verify(r, body, testService, testSecret, testDate); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	scope, ok := ParseScope(r)
	if want := (Scope{testKey, "20150830", testRegion, testService}); scope != want || !ok {
		t.Errorf("ParseScope: got %v, %v, want %v, true", scope, ok, want)
	}
}

// TestStrippedPrefix: what a handler in front has removed from the path was
// signed all the same.
func TestStrippedPrefix(t *testing.T) {
	r, body := signed(t, signer{})
	r.URL.Path = "/orders"
	if err := Verify(r, body, testService, testSecret, testDate); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

// TestUnsentRequest verifies a request as a client has made it, which has some
// things in other places than one that came to a server.
func TestUnsentRequest(t *testing.T) {
	const body = "{}"
	for _, path := range []string{"", "/", "/a%20b"} {
		sent, _ := read(t, "POST "+cmp.Or(path, "/")+" HTTP/1.1\nHost: localhost\nX-Amz-Date: 20150830T123600Z\nContent-Length: 2\n\n"+body)
		signer{}.sign(sent, []byte(body))
		r, err := http.NewRequest("POST", "http://localhost"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = sent.Header.Clone()
		r.Header.Del("Content-Length")
		if err := Verify(r, []byte(body), testService, testSecret, testDate); err != nil {
			t.Errorf("path %q: got %v, want nil", path, err)
		}
	}
}

// TestChanges changes one thing of a signed request at a time.
func TestChanges(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *http.Request, body *[]byte)
		want   Kind
	}{
		{"method", func(r *http.Request, _ *[]byte) { r.Method = "GET" }, Mismatch},
		{"path", func(r *http.Request, _ *[]byte) { r.RequestURI = "/000000000000/others?a=1&b=2" }, Mismatch},
		{"case of the path", func(r *http.Request, _ *[]byte) { r.RequestURI = "/000000000000/Orders?a=1&b=2" }, Mismatch},
		{"escaped path", func(r *http.Request, _ *[]byte) { r.RequestURI = "/000000000000/%6frders" }, Mismatch},
		{"slash in path", func(r *http.Request, _ *[]byte) { r.RequestURI = "/000000000000//orders" }, Mismatch},
		{"query value", func(r *http.Request, _ *[]byte) { r.URL.RawQuery = "a=1&b=3" }, Mismatch},
		{"query name", func(r *http.Request, _ *[]byte) { r.URL.RawQuery = "a=1&c=2" }, Mismatch},
		{"query parameter added", func(r *http.Request, _ *[]byte) { r.URL.RawQuery += "&Action=PurgeQueue" }, Mismatch},
		{"query parameter repeated", func(r *http.Request, _ *[]byte) { r.URL.RawQuery += "&b=2" }, Malformed},
		{"query not to be unescaped", func(r *http.Request, _ *[]byte) { r.URL.RawQuery = "a=1&b=%2" }, Malformed},
		{"query order", func(r *http.Request, _ *[]byte) { r.URL.RawQuery = "b=2&a=1" }, 0},
		{"empty query parameters", func(r *http.Request, _ *[]byte) { r.URL.RawQuery = "a=1&&b=2&" }, 0},
		{"host", func(r *http.Request, _ *[]byte) { r.Host = "localhost:9325" }, Mismatch},
		{"target", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Amz-Target", "AmazonSQS.PurgeQueue") }, Mismatch},
		{"target repeated", func(r *http.Request, _ *[]byte) { r.Header.Add("X-Amz-Target", "AmazonSQS.PurgeQueue") }, Refused},
		{"target removed", func(r *http.Request, _ *[]byte) { r.Header.Del("X-Amz-Target") }, Refused},
		{"content type", func(r *http.Request, _ *[]byte) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, Mismatch},
		{"content type repeated", func(r *http.Request, _ *[]byte) { r.Header.Add("Content-Type", "text/plain") }, Refused},
		{"x-amz header added", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Amz-Security-Token", "t") }, Refused},
		{"other header added", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Amzn-Trace-Id", "t") }, 0},
		{"unsigned header", func(r *http.Request, _ *[]byte) { r.Header.Set("User-Agent", "other") }, 0},
		{"date added in another header", func(r *http.Request, _ *[]byte) { r.Header.Set("Date", "Sun, 30 Aug 2015 12:36:00 GMT") }, 0},
		{"body", func(_ *http.Request, body *[]byte) { (*body)[0]++ }, Mismatch},
		{"body shorter", func(_ *http.Request, body *[]byte) { *body = (*body)[1:] }, Mismatch},
		{"date", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Amz-Date", "20150830T123601Z") }, Mismatch},
		{"date of another day", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Amz-Date", "20150831T123600Z") }, Expired},
		{"date unreadable", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Amz-Date", "yesterday") }, Incomplete},
		{"date repeated", func(r *http.Request, _ *[]byte) { r.Header.Add("X-Amz-Date", "20150830T123600Z") }, Refused},
		{"date removed", func(r *http.Request, _ *[]byte) { r.Header.Del("X-Amz-Date") }, Incomplete},
		{"authorization repeated", func(r *http.Request, _ *[]byte) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }, Incomplete},
		{"authorization removed", func(r *http.Request, _ *[]byte) { r.Header.Del("Authorization") }, Missing},
		{"region", edit("us-east-1", "us-east-2"), Mismatch},
		{"service", edit("/service/", "/sqs/"), Refused},
		{"scope date", edit("/20150830/", "/20150829/"), Refused},
		{"signature", func(r *http.Request, _ *[]byte) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:len(a)-64]+strings.Repeat("0", 64))
		}, Mismatch},
		{"signed header dropped", edit("x-amz-target", "x-amz-targex"), Refused},
	}
	for _, test := range tests {
		r, body := signed(t, signer{})
		test.change(r, &body)
		if got := kindOf(t, Verify(r, body, testService, testSecret, testDate)); got != test.want {
			t.Errorf("%s changed: got %v, want %v", test.name, got, test.want)
		}
	}
}

// edit returns a change of the Authorization header.
func edit(from, to string) func(*http.Request, *[]byte) {
	return func(r *http.Request, _ *[]byte) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
	}
}

// TestCover signs all but one header of those that must be signed.
func TestCover(t *testing.T) {
	all := []string{"content-type", "host", "x-amz-date", "x-amz-target"}
	for i, name := range all {
		r, body := signed(t, signer{headers: append(append([]string{}, all[:i]...), all[i+1:]...)})
		if got := kindOf(t, Verify(r, body, testService, testSecret, testDate)); got != Refused {
			t.Errorf("without %s: got %v, want %v", name, got, Refused)
		}
	}
	r, body := signed(t, signer{headers: all})
	if err := Verify(r, body, testService, testSecret, testDate); err != nil {
		t.Errorf("with all: got %v, want nil", err)
	}
}

// TestSkew goes to the last instant at which a signature is good, and one second
// beyond.
func TestSkew(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		want  Kind
	}{{0, 0}, {MaxSkew, 0}, {MaxSkew + time.Second, Expired}, {-MaxSkew, 0}, {-MaxSkew - time.Second, Expired}} {
		r, body := signed(t, signer{})
		now := testDate.Add(test.after).In(time.FixedZone("", 3600))
		if got := kindOf(t, Verify(r, body, testService, testSecret, now)); got != test.want {
			t.Errorf("%v after the date: got %v, want %v", test.after, got, test.want)
		}
	}
}

// TestDate uses the Date header, which then must be signed.
func TestDate(t *testing.T) {
	for _, date := range []string{"20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT"} {
		for _, names := range [][]string{{"content-type", "date", "host", "x-amz-target"}, {"content-type", "host", "x-amz-target"}} {
			r, body := read(t, sample)
			r.Header.Del("X-Amz-Date")
			r.Header.Set("Date", date)
			signer{date: "20150830T123600Z", headers: names}.sign(r, body)
			want := Kind(0)
			if len(names) == 3 {
				want = Refused
			}
			if got := kindOf(t, Verify(r, body, testService, testSecret, testDate)); got != want {
				t.Errorf("Date: %s, signed %v: got %v, want %v", date, names, got, want)
			}
		}
	}
}

// TestPayload: the header about the body must be true.
func TestPayload(t *testing.T) {
	for _, test := range []struct {
		stated string
		want   Kind
	}{
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 0},
		{"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", Refused},
		{"UNSIGNED-PAYLOAD", Refused},
		{"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", Refused},
		{"", Refused},
	} {
		r, _ := read(t, sample)
		r.Header.Set("X-Amz-Content-Sha256", test.stated)
		signer{}.sign(r, nil)
		if got := kindOf(t, Verify(r, nil, testService, testSecret, testDate)); got != test.want {
			t.Errorf("x-amz-content-sha256 %q: got %v, want %v", test.stated, got, test.want)
		}
	}
}

// TestMismatchLast: a wrong secret is noticed after everything else, so an
// answer other than Mismatch says nothing about the key.
func TestMismatchLast(t *testing.T) {
	r, body := signed(t, signer{})
	r.Header.Set("X-Amz-Content-Sha256", "0")
	for _, secret := range []string{testSecret, "", "other"} {
		if got := kindOf(t, Verify(r, body, testService, secret, testDate)); got != Refused {
			t.Errorf("secret %q: got %v, want %v", secret, got, Refused)
		}
	}
	r, body = signed(t, signer{})
	if got := kindOf(t, Verify(r, body, testService, "other", testDate)); got != Mismatch {
		t.Errorf("wrong secret: got %v, want %v", got, Mismatch)
	}
}

func TestAuthorization(t *testing.T) {
	const (
		credential = "Credential=AKID/20150830/us-east-1/sqs/aws4_request"
		names      = "SignedHeaders=host;x-amz-date"
		signature  = "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	)
	tests := []struct {
		header string
		want   Kind
	}{
		{"AWS4-HMAC-SHA256 " + credential + ", " + names + ", " + signature, 0},
		{"AWS4-HMAC-SHA256 " + credential + "," + names + "," + signature, 0},
		{"AWS4-HMAC-SHA256 " + signature + ",  " + names + "," + credential, 0},
		{"", Missing},
		{"Bearer abc", Missing},
		{"AWS AKID:abc", Missing},
		{"AWS4-HMAC-SHA256", Incomplete},
		{"AWS4-HMAC-SHA512 " + credential + ", " + names + ", " + signature, Incomplete},
		{"AWS4-ECDSA-P256-SHA256 " + credential + ", " + names + ", " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 " + names + ", " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", " + names, Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", " + names + ", " + names + ", " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", " + names + ", " + signature + ", Extra=1", Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", " + names + ", " + signature + ", Extra", Incomplete},
		{"AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/sqs, " + names + ", " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 Credential=AKID/20150830//sqs/aws4_request, " + names + ", " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/sqs/aws5_request, " + names + ", " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=x-amz-date;host, " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host;host, " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=Host;x-amz-date, " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host;, " + signature, Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", " + names + ", Signature=0123", Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", " + names + ", " + strings.Replace(signature, "abc", "ABC", 1), Incomplete},
		{"AWS4-HMAC-SHA256 " + credential + ", " + names + ", " + strings.Replace(signature, "abc", "abg", 1), Incomplete},
	}
	for _, test := range tests {
		r := &http.Request{Header: http.Header{"Authorization": {test.header}}}
		_, err := parse(r.Header["Authorization"])
		if got := kindOf(t, err); got != test.want {
			t.Errorf("%q: got %v, want %v", test.header, got, test.want)
		}
		if _, ok := ParseScope(r); ok != (test.want == 0) {
			t.Errorf("ParseScope of %q: got %v, want %v", test.header, ok, test.want == 0)
		}
	}
}

func TestCodes(t *testing.T) {
	want := []string{"MissingAuthenticationToken", "IncompleteSignature", "MalformedQueryString", "RequestExpired", "SignatureDoesNotMatch", "SignatureDoesNotMatch"}
	for i, code := range want {
		if got := Kind(i + 1).Code(); got != code {
			t.Errorf("kind %d: got %s, want %s", i+1, got, code)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	r, body := read(b, sample)
	signer{}.sign(r, body)
	b.ReportAllocs()
	for b.Loop() {
		if err := Verify(r, body, testService, testSecret, testDate); err != nil {
			b.Fatal(err)
		}
	}
}

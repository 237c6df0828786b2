package sqs

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

const bodyLimit = 1<<20 + 64<<10

// zeros has bytes without end, and counts those that were read.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	z.n += int64(len(p))
	return len(p), nil
}

func TestReadBody(t *testing.T) {
	for _, size := range []int{0, 1, 8 << 10, 8<<10 + 1, 100_000, bodyLimit} {
		for _, declared := range []bool{true, false} {
			body := strings.Repeat("x", size)
			r := httptest.NewRequest("POST", "/", iotest.HalfReader(strings.NewReader(body)))
			if r.ContentLength = -1; declared {
				r.ContentLength = int64(size)
			}
			got, err := readBody(httptest.NewRecorder(), r, bodyLimit)
			if string(got) != body || err != nil {
				t.Errorf("%d bytes, declared %v: got %d, %v", size, declared, len(got), err)
			}
		}
	}
}

// TestBodyRefused: a body that is too large, or ends early, costs no more than
// what had come.
func TestBodyRefused(t *testing.T) {
	tests := []struct {
		name     string
		declared int64
		body     io.Reader
		want     string
		read     int64 // of zeros, at most
		memory   uint64
	}{
		{"endless", -1, new(zeros), "413 RequestEntityTooLarge", bodyLimit + 1, 2 << 20},
		{"declared too large", bodyLimit + 1, new(zeros), "413 RequestEntityTooLarge", 0, 8 << 10},
		{"cut", bodyLimit, io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(io.ErrUnexpectedEOF)), "400 IncompleteBody", 0, 16 << 10},
		{"cut late", bodyLimit, io.MultiReader(strings.NewReader(strings.Repeat("x", 100_000)), iotest.ErrReader(io.ErrUnexpectedEOF)), "400 IncompleteBody", 0, 256 << 10},
		{"broken", -1, io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(errors.New("reset"))), "400 IncompleteBody", 0, 16 << 10},
	}
	for _, test := range tests {
		r := httptest.NewRequest("POST", "/", test.body)
		r.ContentLength = test.declared
		w := httptest.NewRecorder()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readBody(w, r, bodyLimit)
		runtime.ReadMemStats(&after)
		if codeOf(err) != test.want {
			t.Errorf("%s: got %q, want %q", test.name, codeOf(err), test.want)
		}
		if z, ok := test.body.(*zeros); ok && z.n > test.read {
			t.Errorf("%s: got %d bytes read, want at most %d", test.name, z.n, test.read)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > test.memory {
			t.Errorf("%s: got %d bytes allocated, want at most %d", test.name, got, test.memory)
		}
		if got := w.Header().Get("Connection"); got != "close" {
			t.Errorf("%s: got Connection: %q, want close", test.name, got)
		}
	}
}

// TestEndlessUpload: a server stops a client that goes on sending.
func TestEndlessUpload(t *testing.T) {
	s := httptest.NewUnstartedServer(nil)
	s.Config = NewServer(http.HandlerFunc(echo))
	s.Start()
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", 1<<30)
	sent, err := io.CopyN(conn, new(zeros), 1<<30)
	if err == nil || sent > 64<<20 {
		t.Errorf("got %d bytes taken, %v, want an error after few", sent, err)
	}
}

// echo answers with the body, or with the code of the error.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r, bodyLimit)
	answerWithin(w)
	if err != nil {
		http.Error(w, err.Code, err.Status)
		return
	}
	w.Write(body)
}

// A pipeListener accepts connections in memory, so that servers work in a bubble.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	l.conns <- server
	return client
}

// serve runs a server in a bubble.
func serve(t *testing.T, h http.HandlerFunc, test func(l *pipeListener, s *http.Server)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		s, l := NewServer(h), &pipeListener{make(chan net.Conn), make(chan struct{})}
		go s.Serve(l)
		test(l, s)
		s.Close()
		time.Sleep(time.Second) // of the bubble: the server closes some connections late
	})
}

// TestSlowClients: a thousand clients that send a byte every ten seconds keep
// nobody from being served, and are gone after a while.
func TestSlowClients(t *testing.T) {
	const header = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
	serve(t, echo, func(l *pipeListener, _ *http.Server) {
		start := time.Now()
		var gone atomic.Int64
		for i := range 1000 {
			conn := l.dial()
			go io.Copy(io.Discard, conn)
			go func() {
				defer conn.Close()
				if i%2 == 0 {
					io.WriteString(conn, header)
				}
				for _, b := range []byte(header) {
					if _, err := conn.Write([]byte{b}); err != nil {
						gone.Add(1)
						return
					}
					time.Sleep(10 * time.Second)
				}
			}()
		}
		synctest.Wait()
		healthy := l.dial()
		defer healthy.Close()
		if got := exchange(healthy, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"); !strings.HasSuffix(got, "\r\n\r\nhi") {
			t.Errorf("beside slow clients: got %q, want an answer", got)
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("beside slow clients: got an answer after %v, want it at once", waited)
		}
		time.Sleep(time.Minute)
		if got := gone.Load(); got != 1000 {
			t.Errorf("got %d slow clients gone after a minute, want 1000", got)
		}
	})
}

// TestSlowHeader: a header must be there in headerTime.
func TestSlowHeader(t *testing.T) {
	serve(t, echo, func(l *pipeListener, _ *http.Server) {
		start := time.Now()
		conn := l.dial()
		defer conn.Close()
		exchange(conn, "POST / HTTP/1.1\r\nHost:")
		if waited := time.Since(start); waited != headerTime {
			t.Errorf("got the connection closed after %v, want %v", waited, headerTime)
		}
	})
}

// TestSlowBody: the handler limits the time of a body where the server does not.
func TestSlowBody(t *testing.T) {
	serve(t, echo, func(l *pipeListener, s *http.Server) {
		s.ReadTimeout, s.WriteTimeout = 0, 0
		start := time.Now()
		conn := l.dial()
		defer conn.Close()
		got := exchange(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nslow")
		if !strings.HasPrefix(got, "HTTP/1.1 408 ") || !strings.Contains(got, "\r\nConnection: close\r\n") {
			t.Errorf("got %q, want 408 and the connection closed", got)
		}
		if waited := time.Since(start); waited != bodyTime {
			t.Errorf("got an answer after %v, want %v", waited, bodyTime)
		}
	})
}

// exchange sends a request and returns what comes at once.
func exchange(conn net.Conn, request string) string {
	io.WriteString(conn, request)
	answer := make([]byte, 4096)
	n, _ := conn.Read(answer)
	return string(answer[:n])
}

// waiting answers after ten minutes, longer than any time that the server gives.
func waiting(w http.ResponseWriter, r *http.Request) {
	if _, err := readBody(w, r, bodyLimit); err != nil {
		return
	}
	select {
	case <-time.After(10 * time.Minute):
		answerWithin(w)
		io.WriteString(w, "hi")
	case <-r.Context().Done():
	}
}

const waitingRequest = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"

// TestLongWait: no time of the server ends a receive that waits, and the
// connection can be used again.
func TestLongWait(t *testing.T) {
	serve(t, waiting, func(l *pipeListener, _ *http.Server) {
		conn := l.dial()
		defer conn.Close()
		for i := range 2 {
			if got := exchange(conn, waitingRequest); !strings.HasSuffix(got, "\r\n\r\nhi") {
				t.Errorf("request %d: got %q, want an answer", i, got)
			}
		}
	})
}

// TestDeafClient: a client that does not take its answer is given answerTime.
func TestDeafClient(t *testing.T) {
	serve(t, waiting, func(l *pipeListener, s *http.Server) {
		closed := make(chan time.Time, 1)
		s.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				closed <- time.Now()
			}
		}
		start := time.Now()
		conn := l.dial()
		defer conn.Close()
		io.WriteString(conn, waitingRequest)
		if got, want := (<-closed).Sub(start), 10*time.Minute+answerTime; got != want {
			t.Errorf("got the connection closed after %v, want %v", got, want)
		}
	})
}

// TestLargeHeader: the server limits headers.
func TestLargeHeader(t *testing.T) {
	serve(t, echo, func(l *pipeListener, _ *http.Server) {
		conn := l.dial()
		defer conn.Close()
		go io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 2*maxHeader))
		answer := make([]byte, 4096)
		if n, _ := conn.Read(answer); !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 431 ") {
			t.Errorf("got %q, want 431", answer[:n])
		}
	})
}

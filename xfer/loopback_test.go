package xfer_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// scale multiplies the size of a test: REDRIVE_SCALE.
func scale(t testing.TB) int {
	text := os.Getenv("REDRIVE_SCALE")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("REDRIVE_SCALE is %q, want a number of at least 1", text)
	}
	return n
}

// A cutter is a proxy that cuts most connections after a random number of bytes,
// in either direction.
type cutter struct {
	net.Listener
	to    string
	conns sync.WaitGroup

	mu     sync.Mutex // guards the rest
	random *rand.Rand
	cuts   int
}

func newCutter(t testing.TB, to string, seed uint64) *cutter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: got error %v, want none", err)
	}
	p := &cutter{Listener: l, to: to, random: rand.New(rand.NewPCG(seed, 2))}
	p.conns.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.conns.Wait()
	})
	return p
}

func (p *cutter) accept() {
	for {
		in, err := p.Accept()
		if err != nil {
			return
		}
		p.conns.Go(func() { p.pipe(in) })
	}
}

// pipe joins two connections until one ends or is cut.
func (p *cutter) pipe(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer out.Close()
	var both sync.WaitGroup
	copyUpTo := func(to, from net.Conn, limit int64) {
		n, _ := io.CopyN(to, from, limit)
		if n == limit {
			p.mu.Lock()
			p.cuts++
			p.mu.Unlock()
		}
		in.Close()
		out.Close()
	}
	there, back := p.limits()
	both.Go(func() { copyUpTo(out, in, there) })
	both.Go(func() { copyUpTo(in, out, back) })
	both.Wait()
}

func (p *cutter) limits() (there, back int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return 1 + p.random.Int64N(15_000), 1 + p.random.Int64N(60_000)
}

// A hurried clock has short timers, so that a test on the real clock need not wait
// for the pauses of a sender.
type hurried struct{ clock.Clock }

func (h hurried) AfterFunc(d time.Duration, f func()) *clock.Timer {
	return h.Clock.AfterFunc(d/1000+1, f)
}

// Two brokers over loopback HTTP, with connections cut at random bytes: nothing
// is lost, nothing is doubled, due times are kept.
func TestCutConnections(t *testing.T) {
	n := 5000 * scale(t)
	here, err := queue.Open(queue.Config{Clock: hurried{clock.New()}})
	if err != nil {
		t.Fatalf("open: got error %v, want none", err)
	}
	defer here.Close()
	there := openBroker(t)
	m := xfer.Open(here, xfer.Config{SendTimeout: 24 * hour})
	defer m.Close()
	r := &rig{t: t, b: here, m: m}
	home, away := r.create("q", queue.Patch{Retention: new(72 * hour)}), create(t, there, "q", queue.Patch{})
	r.fill(home, n)
	due := make(map[string]time.Time)
	for _, info := range messages(t, home) {
		due[string(info.Body)] = info.VisibleAt
	}

	requests := new(atomic.Int64)
	h := newHandler(t, there, xfer.HandlerConfig{AllowAnonymous: true})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	p := newCutter(t, server.Listener.Addr().String(), uint64(n))
	x := newClient(t, "http://"+p.Addr().String(), xfer.ClientConfig{HTTP: &http.Client{Transport: &http.Transport{}}, MaxBatch: 200})

	task := r.start(xfer.Order{Selector: everythingOf(home), Target: x, Reason: "test"})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	_, err = m.Wait(ctx, task.ID)
	r.must(err)
	r.wantTask("at the end", task.ID, 0, n, 0, 0)
	for _, info := range messages(t, away) {
		if want := due[string(info.Body)]; !info.VisibleAt.Equal(want) {
			t.Fatalf("%s is due at %v, want %v", info.Body, info.VisibleAt, want)
		}
	}
	wantOnce(t, bodies(t, away), "q", n)
	p.mu.Lock()
	cuts := p.cuts
	p.mu.Unlock()
	t.Logf("%d messages, %d cuts, %d requests reached the broker", n, cuts, requests.Load())
	if cuts < 5 {
		t.Errorf("%d connections were cut, too few", cuts)
	}
}

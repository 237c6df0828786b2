package queue_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// arrival is one with that key.
func arrival(key string) queue.Arrival {
	return queue.Arrival{Message: message(key), Key: key, Remember: hour}
}

func (r *rig) accept(arrivals ...queue.Arrival) []queue.SendResult {
	r.t.Helper()
	results, err := r.q.Accept(r.ctx(), arrivals)
	r.must(err)
	return results
}

// The instants of an arrival are of the wall clock, and those of broker time come
// out as such with WallTime, whichever way the clock was set.
func TestArrivalsOverSteps(t *testing.T) {
	for _, steps := range [][]time.Duration{nil, {-hour}, {hour, -hour}, {-hour, hour}, {day, -300 * day, 7}} {
		c := newStepping(noon)
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{Retention: new(20 * day)})
		for _, step := range steps {
			c.step(step)
			r.counts(r.q)
		}
		wall := c.Now()
		a := arrival("a")
		a.At = wall.Add(10 * s).In(time.FixedZone("far east", 14*3600))
		a.SentAt = wall.Add(-5 * day)
		a.FirstReceivedAt = wall.Add(-4 * day)
		a.RetainFrom = wall.Add(-19 * day)
		a.ReceiveCount = 7
		for _, result := range r.accept(a, arrival("b")) {
			r.must(result.Err)
		}
		c.step(10*s - 1)
		if got, want := r.counts(r.q), [3]int{1, 1, 0}; got != want {
			t.Errorf("after steps %v: a nanosecond early the counts are %v, want %v", steps, got, want)
		}
		c.step(1)
		if got, want := r.counts(r.q), [3]int{2, 0, 0}; got != want {
			t.Errorf("after steps %v: at the instant the counts are %v, want %v", steps, got, want)
		}
		infos := mustList(r)
		for i, want := range [][3]time.Time{{a.At, a.SentAt, a.FirstReceivedAt}, {wall, wall, {}}} {
			got := [3]time.Time{r.b.WallTime(infos[i].VisibleAt), r.b.WallTime(infos[i].SentAt), r.b.WallTime(infos[i].FirstReceivedAt)}
			for j := range got {
				if !got[j].Equal(want[j]) || got[j].Location() != time.UTC {
					t.Errorf("after steps %v: instant %d of message %d is %v by the wall clock, want %v in UTC", steps, j, i, got[j], want[j])
				}
			}
		}
		if infos[0].ReceiveCount != 7 {
			t.Errorf("the arrival has %d receives, want 7", infos[0].ReceiveCount)
		}
		c.step(day - 10*s)
		if got, want := r.counts(r.q)[0], 1; got != want { // retention counts from where it counted
			t.Errorf("after steps %v: %d messages are left after a day, want %d", steps, got, want)
		}
	}
}

// WallTime is the inverse of what a send does with an instant, and leaves the
// zero time alone.
func TestWallTime(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	for _, step := range []time.Duration{0, hour, -2 * hour, -300 * day, 1} {
		c.step(step)
		for _, span := range []time.Duration{0, 1, hour, 1000 * day} {
			_, err := r.q.Purge(r.ctx())
			r.must(err)
			at := c.Now().Add(span)
			_, err = r.q.Send(r.ctx(), queue.Message{At: at})
			r.must(err)
			if got := r.b.WallTime(mustList(r)[0].VisibleAt); !got.Equal(at) {
				t.Errorf("step %v, span %v: the instant comes out as %v, want %v", step, span, got, at)
			}
		}
	}
	if got := r.b.WallTime(time.Time{}); !got.IsZero() {
		t.Errorf("WallTime of the zero time is %v", got)
	}
}

// An arrival with a key that was accepted before is a duplicate, whatever became
// of the first; and so within one call.
func TestArrivalsOnce(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	results := r.accept(arrival("a"), arrival("b"), arrival("a"))
	if results[0].Duplicate || results[1].Duplicate || !results[2].Duplicate || results[2].ID != results[0].ID {
		t.Errorf("got %+v, want the third to be the first", results)
	}
	r.delete(r.take(r.q, hour))
	_, err := r.q.Purge(r.ctx())
	r.must(err)
	c.step(hour - 1)
	if again := r.accept(arrival("a"))[0]; !again.Duplicate || again.ID != results[0].ID {
		t.Errorf("within the hour: got %+v, want a duplicate of %v", again, results[0].ID)
	}
	c.step(1)
	if again := r.accept(arrival("a"))[0]; again.Duplicate || again.ID == results[0].ID {
		t.Errorf("after the hour: got %+v, want a message of its own", again)
	}
}

// An arrival wakes those who wait for it.
func TestArrivalsWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{}, queue.Patch{})
		all := r.waitFor(r.q, 3, hour)
		r.pass(1 * s)
		later := arrival("b")
		later.At = r.clock.Now().Add(5 * s)
		r.accept(arrival("a"), later)
		r.pass(10 * s)
		synctest.Wait()
		all.want(t, "a at 1s, b at 6s, waits")
	})
}

// An arrival that is refused does not keep the others out; a call of too many is
// refused as a whole.
func TestRefusedArrivals(t *testing.T) {
	after9999 := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		field  string
		change func(a *queue.Arrival)
	}{
		{"key", func(a *queue.Arrival) { a.Key = "" }},
		{"key", func(a *queue.Arrival) { a.Key = strings.Repeat("k", 257) }},
		{"remembered", func(a *queue.Arrival) { a.Remember = 0 }},
		{"remembered", func(a *queue.Arrival) { a.Remember = -1 }},
		{"delay", func(a *queue.Arrival) { a.Delay = new(time.Duration(0)) }},
		{"counts", func(a *queue.Arrival) { a.ReceiveCount = -1 }},
		{"counts", func(a *queue.Arrival) { a.Hops = -1 }},
		{"instant", func(a *queue.Arrival) { a.At = after9999 }},
		{"instant", func(a *queue.Arrival) { a.SentAt = after9999 }},
		{"instant", func(a *queue.Arrival) { a.FirstReceivedAt = after9999 }},
		{"instant", func(a *queue.Arrival) { a.RetainFrom = after9999 }},
		{"message group", func(a *queue.Arrival) { a.Group = strings.Repeat("g", 257) }},
		{`attribute "a b"`, func(a *queue.Arrival) { a.Attributes = map[string]queue.Value{"a b": queue.String("x")} }},
		{"message size", func(a *queue.Arrival) { a.Body = make([]byte, 1<<20+1) }},
	}
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	for i, test := range tests {
		wrong := arrival("wrong")
		test.change(&wrong)
		results := r.accept(arrival(fmt.Sprint("a", i)), wrong, arrival(fmt.Sprint("b", i)))
		wantInvalid(t, fmt.Sprint("arrival ", i), results[1].Err, test.field)
		if results[0].Err != nil || results[2].Err != nil || results[1].ID != (queue.MessageID{}) {
			t.Errorf("arrival %d: got %+v, want the others to be accepted", i, results)
		}
	}
	r.wantCounts(r.q, 2*len(tests), 0, 0)
	r.unchanged("10,001 arrivals", func() {
		_, err := r.q.Accept(r.ctx(), make([]queue.Arrival, 10_001))
		wantInvalid(t, "10,001 arrivals", err, "number of messages")
	})
	longest := arrival(strings.Repeat("k", 256))
	longest.Message.Body = nil
	longest.DeduplicationID = "kept"
	if result := r.accept(longest)[0]; result.Err != nil {
		t.Errorf("a key of 256 bytes: got error %v, want none", result.Err)
	}
	if got := mustList(r)[2*len(tests)].DeduplicationID; got != "kept" {
		t.Errorf("the deduplication ID is %q, want it kept", got)
	}
}

// keys is an engine with other secrets.
type keys struct {
	driver.Engine
	secrets [][]byte
}

func (k keys) Secrets() [][]byte { return k.secrets }

// A node is that of the store: the same for each broker that opens it, also after
// its key was changed, and another for each store.
func TestNode(t *testing.T) {
	node := func(e driver.Engine) string {
		t.Helper()
		r := newRig(t, queue.Config{Engine: e}, queue.Patch{})
		node := r.b.Node()
		if len(node) != 32 || strings.Trim(node, "0123456789abcdef") != "" {
			t.Errorf("the node is %q, want 32 hexadecimal digits", node)
		}
		r.must(r.b.Close())
		if again := r.b.Node(); again != node {
			t.Errorf("the node of the closed broker is %q, want %q", again, node)
		}
		return node
	}
	engine := store{memqueue.New()}
	first := node(engine)
	secret := engine.Secrets()[0]
	if again := node(engine); again != first {
		t.Errorf("the node was %q and is %q, of one store", first, again)
	}
	if rotated := node(keys{memqueue.New(), [][]byte{[]byte(strings.Repeat("k", 32)), secret}}); rotated != first {
		t.Errorf("the node was %q and is %q after the key was changed", first, rotated)
	}
	if other := node(memqueue.New()); other == first {
		t.Errorf("two stores have the node %q", other)
	}
	if strings.Contains(first, fmt.Sprintf("%x", secret[:8])) {
		t.Errorf("the node shows the secret")
	}
}

// The clock of the sending broker may be ahead: nothing has happened later than
// now, or a message would be kept for longer than its queue says.
func TestArrivalsFromTheFuture(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{Retention: new(day)})
	a := arrival("a")
	a.SentAt, a.FirstReceivedAt, a.RetainFrom = noon.Add(1), noon.Add(s), noon.Add(hour)
	r.must(r.accept(a)[0].Err)
	info := mustList(r)[0]
	for what, at := range map[string]time.Time{"sent": info.SentAt, "first received": info.FirstReceivedAt} {
		if !at.Equal(noon) {
			t.Errorf("%s at %v, want %v", what, at, noon)
		}
	}
	c.step(day)
	if got := r.counts(r.q)[0]; got != 0 {
		t.Errorf("%d messages are left when the retention is over, want none", got)
	}
}

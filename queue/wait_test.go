package queue_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
)

// A cause is something that makes messages receivable while receives wait.
type cause struct {
	name    string
	patch   queue.Patch
	prepare func(r *rig) // at 0, before anybody waits
	happen  func(r *rig) // at 1 s, while five receives wait until 60 s
	want    string       // what they return, and when
}

// I17, and traps W1, W3, W4, W6 and B7: whatever makes a message receivable
// wakes exactly one receive at exactly that instant, the one that has waited
// the longest.
var causes = []cause{
	{
		name:   "send",
		happen: func(r *rig) { r.send("a", "b") },
		want:   "a at 1s, b at 1s, - at 1m0s, - at 1m0s, - at 1m0s",
	},
	{
		name: "sends one after the other",
		happen: func(r *rig) {
			r.send("a")
			r.pass(2 * s)
			r.send("b")
		},
		want: "a at 1s, b at 3s, - at 1m0s, - at 1m0s, - at 1m0s",
	},
	{
		name:    "a delay from before the wait ends",
		prepare: func(r *rig) { r.sendLater("a", 5*s) },
		want:    "a at 5s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
	},
	{
		name: "delays end, the later one sent first",
		happen: func(r *rig) {
			r.sendLater("a", 20*s)
			r.sendLater("b", 2*s)
			r.sendLater("c", 2*s+1)
		},
		want: "b at 3s, c at 3.000000001s, a at 21s, - at 1m0s, - at 1m0s",
	},
	{
		name: "an instant comes",
		happen: func(r *rig) {
			_, err := r.q.Send(r.ctx(), queue.Message{Body: []byte("a"), At: r.start.Add(30 * s)})
			r.must(err)
		},
		want: "a at 30s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
	},
	{
		name: "the earliest delayed message is cancelled",
		prepare: func(r *rig) {
			id := r.sendLater("a", 10*s)
			r.sendLater("b", 20*s)
			outcome, err := r.q.Cancel(r.ctx(), id)
			r.must(err)
			if outcome != queue.Cancelled {
				r.t.Fatalf("cancel: got %v, want Cancelled", outcome)
			}
		},
		want: "b at 20s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
	},
	{
		name:    "a visibility timeout ends",
		prepare: func(r *rig) { r.send("a"); r.take(r.q, 10*s) },
		want:    "a at 10s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
	},
	causeOfChange("change to zero", 0, "a at 1s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s"),
	causeOfChange("change to less", 3*s, "a at 4s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s"),
	causeOfChange("change to more", 30*s, "a at 31s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s"),
	causeOfHeld("release", queue.Patch{}, []string{"a"}, func(r *rig, a queue.Delivery) {
		_, err := r.q.ReleaseMany(r.ctx(), []string{a.Receipt})
		r.must(err)
	}, "a at 1s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s"),
	causeOfHeld("delete frees a group", queue.Patch{FIFO: new(true)}, []string{"G/1", "G/2", "G/3"}, (*rig).delete,
		"G/2 at 1s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s"),
	causeOfHeld("change to zero frees a group", queue.Patch{FIFO: new(true)}, []string{"G/1", "G/2"}, func(r *rig, d queue.Delivery) {
		r.must(r.q.ChangeVisibility(r.ctx(), d.Receipt, 0))
	}, "G/1 at 1s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s"),
	{
		name:  "a visibility timeout ends in a group",
		patch: queue.Patch{FIFO: new(true)},
		prepare: func(r *rig) {
			r.send("G/1", "G/2", "H/1")
			r.take(r.q, 10*s)
			r.take(r.q, 20*s)
		},
		want: "G/1 at 10s, H/1 at 20s, - at 1m0s, - at 1m0s, - at 1m0s",
	},
	{
		// G/1 is past its retention when its timeout ends, so it is dropped then.
		name:  "expiry frees a group",
		patch: queue.Patch{FIFO: new(true), Retention: new(5 * s)},
		prepare: func(r *rig) {
			r.send("G/1")
			r.take(r.q, 10*s)
			r.pass(6 * s)
			r.send("G/2")
		},
		want: "G/2 at 10s, - at 1m6s, - at 1m6s, - at 1m6s, - at 1m6s",
	},
	{
		name:  "dead-lettering frees a group",
		patch: queue.Patch{FIFO: new(true)},
		prepare: func(r *rig) {
			r.create("dead", queue.Patch{FIFO: new(true)})
			r.must(r.q.SetAttributes(r.ctx(), queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "dead", MaxReceives: 1}}))
			r.send("G/1", "G/2", "G/3")
			r.take(r.q, 10*s)
		},
		want: "G/2 at 10s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
	},
	causeOfDeath("dead-lettering by a receive", func(r *rig, source *queue.Queue) {
		got, err := source.Receive(r.ctx(), nil)
		if answer(got, err) != "-" {
			r.t.Errorf("receive from the source: got %s, want nothing", answer(got, err))
		}
	}, "a at 1s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s"),
	causeOfDeath("dead-lettering by a receive that waits", func(r *rig, source *queue.Queue) {
		r.receive(r.ctx(), source, queue.ReceiveOptions{Wait: new(90 * s)})
		synctest.Wait()
	}, "a at 1s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s"),
	{
		name:  "a delete frees the in-flight quota",
		patch: queue.Patch{MaxInFlight: new(1)},
		happen: func(r *rig) {
			r.send("a", "b", "c")
			r.pass(2 * s)
			r.delete(r.waits[0].delivery())
			r.pass(3 * s)
			r.delete(r.waits[1].delivery())
		},
		want: "a at 1s, b at 3s, c at 6s, - at 1m0s, - at 1m0s",
	},
	{
		name:  "the end of a visibility timeout frees the in-flight quota",
		patch: queue.Patch{MaxInFlight: new(1), FIFO: new(true)},
		prepare: func(r *rig) {
			r.send("G/1", "H/1")
			r.take(r.q, 10*s)
		},
		want: "G/1 at 10s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
	},
	causeOfHeld("a delete frees the in-flight quota of a FIFO queue", queue.Patch{MaxInFlight: new(1), FIFO: new(true)},
		[]string{"G/1", "H/1", "I/1"}, (*rig).delete,
		"H/1 at 1s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s"),
	causeOfHeld("the in-flight quota is raised", queue.Patch{MaxInFlight: new(1), FIFO: new(true)},
		[]string{"G/1", "H/1", "I/1", "J/1"}, func(r *rig, _ queue.Delivery) {
			r.must(r.q.SetAttributes(r.ctx(), queue.Patch{MaxInFlight: new(3)}))
		}, "H/1 at 1s, I/1 at 1s, - at 1m0s, - at 1m0s, - at 1m0s"),
	{
		name:  "the in-flight quota of a standard queue is raised",
		patch: queue.Patch{MaxInFlight: new(1)},
		happen: func(r *rig) {
			r.send("a", "b", "c", "d")
			r.pass(1 * s)
			r.must(r.q.SetAttributes(r.ctx(), queue.Patch{MaxInFlight: new(3)}))
		},
		want: "a at 1s, b at 2s, c at 2s, - at 1m0s, - at 1m0s",
	},
	{
		name:    "nothing",
		prepare: func(r *rig) { r.sendLater("a", 2*hour) },
		happen: func(r *rig) {
			_, err := r.q.Purge(r.ctx())
			r.must(err)
		},
		want: "- at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
	},
}

// causeOfHeld is a cause where the first of some messages is in flight for an
// hour, and something is done with it.
func causeOfHeld(name string, patch queue.Patch, bodies []string, do func(*rig, queue.Delivery), want string) cause {
	var held queue.Delivery
	return cause{
		name:  name,
		patch: patch,
		prepare: func(r *rig) {
			r.send(bodies...)
			held = r.take(r.q, hour)
		},
		happen: func(r *rig) { do(r, held) },
		want:   want,
	}
}

func causeOfChange(name string, timeout time.Duration, want string) cause {
	return causeOfHeld(name, queue.Patch{}, []string{"a"}, func(r *rig, a queue.Delivery) {
		r.must(r.q.ChangeVisibility(r.ctx(), a.Receipt, timeout))
	}, want)
}

// causeOfDeath is a cause where q is the dead-letter queue of a source, whose
// one message has been received as often as it may.
func causeOfDeath(name string, do func(*rig, *queue.Queue), want string) cause {
	var source *queue.Queue
	return cause{
		name: name,
		prepare: func(r *rig) {
			source = r.create("source", queue.Patch{DeadLetter: &queue.DeadLetter{Queue: "q", MaxReceives: 1}})
			_, err := source.Send(r.ctx(), message("a"))
			r.must(err)
			r.take(source, 0)
		},
		happen: func(r *rig) { do(r, source) },
		want:   want,
	}
}

func TestWakeUps(t *testing.T) {
	clocks := []struct {
		name string
		make func() clock.Clock
	}{
		{"real", func() clock.Clock { return nil }},
		{"mock", func() clock.Clock { return clock.NewMock() }},
	}
	for _, c := range clocks {
		for _, cause := range causes {
			t.Run("clock="+c.name+"/"+cause.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { cause.play(t, c.make()) })
			})
		}
	}
}

func (c cause) play(t *testing.T, clock clock.Clock) {
	r := newRig(t, queue.Config{Clock: clock}, c.patch)
	if c.prepare != nil {
		c.prepare(r)
	}
	r.waits = r.waitFor(r.q, 5, 60*s)
	r.pass(1 * s)
	if c.happen != nil {
		c.happen(r)
	}
	r.pass(100 * s)
	synctest.Wait()
	r.waits.want(t, c.want)
}

package queue_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
)

// I17: an occurrence wakes exactly one receive at exactly its instant, the one
// that has waited the longest.
func TestOccurrencesWake(t *testing.T) {
	tests := []struct {
		name   string
		patch  queue.Patch
		before func(r *rig) // at 0, before anybody waits
		after  func(r *rig) // at 1 s, while five receives wait until 60 s
		want   string
	}{
		{
			name:  "one-shot",
			after: func(r *rig) { r.schedule(once("a", r.start.Add(5*s))) },
			want:  "a at 5s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
		},
		{
			name:   "made before anybody waits",
			before: func(r *rig) { r.schedule(once("a", r.start.Add(5*s))) },
			want:   "a at 5s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
		},
		{
			name:  "period",
			after: func(r *rig) { r.schedule(every("a", r.start.Add(10*s), 20*s+1)) },
			want:  "a at 10s, a at 30.000000001s, a at 50.000000002s, - at 1m0s, - at 1m0s",
		},
		{
			name:  "from now on",
			after: func(r *rig) { r.schedule(every("a", time.Time{}, 20*s)) },
			want:  "a at 1s, a at 21s, a at 41s, - at 1m0s, - at 1m0s",
		},
		{
			name: "a count",
			after: func(r *rig) {
				counted := every("a", r.start.Add(10*s), 10*s)
				counted.Recurrence.Count = 2
				r.schedule(counted)
			},
			want: "a at 10s, a at 20s, - at 1m0s, - at 1m0s, - at 1m0s",
		},
		{
			name: "an end, which is included",
			after: func(r *rig) {
				ended := every("a", r.start.Add(10*s), 10*s)
				ended.Recurrence.Until = r.start.Add(30 * s)
				r.schedule(ended)
			},
			want: "a at 10s, a at 20s, a at 30s, - at 1m0s, - at 1m0s",
		},
		{
			name: "the later one made first",
			after: func(r *rig) {
				r.schedule(once("c", r.start.Add(30*s)))
				r.schedule(once("a", r.start.Add(10*s)))
				r.schedule(once("b", r.start.Add(20*s)))
			},
			want: "a at 10s, b at 20s, c at 30s, - at 1m0s, - at 1m0s",
		},
		{
			name: "two at an instant, in the order in which they were made",
			after: func(r *rig) {
				r.schedule(once("a", r.start.Add(10*s)))
				r.schedule(once("b", r.start.Add(10*s)))
			},
			want: "a at 10s, b at 10s, - at 1m0s, - at 1m0s, - at 1m0s",
		},
		{
			name:  "with a delay of its own",
			patch: queue.Patch{Delay: new(30 * s)},
			after: func(r *rig) {
				later := once("a", r.start.Add(10*s))
				later.Message.Delay = new(7 * s)
				r.schedule(later)
			},
			want: "a at 17s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
		},
		{
			// Trap D25: an occurrence is sent like any other message.
			name:  "with the queue's delay",
			patch: queue.Patch{Delay: new(30 * s)},
			after: func(r *rig) { r.schedule(once("a", r.start.Add(10*s))) },
			want:  "a at 40s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
		},
		{
			name:  "a group of a FIFO queue",
			patch: queue.Patch{FIFO: new(true)},
			after: func(r *rig) {
				r.schedule(every("G/1", r.start.Add(10*s), 10*s)) // blocked by the first, which is in flight for an hour
				r.schedule(once("H/1", r.start.Add(25*s)))
			},
			want: "G/1 at 10s, H/1 at 25s, - at 1m0s, - at 1m0s, - at 1m0s",
		},
		{
			name: "another queue's",
			after: func(r *rig) {
				other := r.create("other", queue.Patch{})
				_, err := other.Schedule(r.ctx(), once("a", r.start.Add(10*s)))
				r.must(err)
			},
			want: "- at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s, - at 1m0s",
		},
		{
			name: "cancelled",
			after: func(r *rig) {
				info := r.schedule(every("a", r.start.Add(10*s), 10*s))
				r.pass(24 * s)
				_, err := r.b.CancelSchedule(r.ctx(), info.ID)
				r.must(err)
			},
			want: "a at 10s, a at 20s, - at 1m0s, - at 1m0s, - at 1m0s",
		},
	}
	clocks := map[string]func() clock.Clock{
		"real": func() clock.Clock { return nil },
		"mock": func() clock.Clock { return clock.NewMock() },
	}
	for name, make := range clocks {
		for _, test := range tests {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, queue.Config{Clock: make()}, test.patch)
				if test.before != nil {
					test.before(r)
				}
				all := r.waitFor(r.q, 5, 60*s)
				r.pass(1 * s)
				if test.after != nil {
					test.after(r)
				}
				for r.elapsed() < 60*s {
					r.pass(1 * s)
					synctest.Wait()
				}
				if got := all.String(); got != test.want {
					t.Errorf("%s clock, %s:\n got %s\nwant %s", name, test.name, got, test.want)
				}
			})
		}
	}
}

// Half-open: at the instant at which it ends, a wait has ended, and what occurs
// then is not for it. That is so whichever was there first, the wait or the
// schedule, whether a timer fires for each, and after a jump over both.
func TestOrderOfOccurrenceAndDeadline(t *testing.T) {
	spans := []time.Duration{10*s - 1, 10 * s, 10*s + 1}
	for _, scheduleFirst := range []bool{false, true} {
		for _, jump := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var c clock.Clock
				if jump {
					c = newStepping(noon)
				}
				r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
				other := r.create("other", queue.Patch{})
				if scheduleFirst {
					r.schedule(once("a", r.start.Add(10*s)))
				}
				var all waits
				for _, span := range spans {
					all = append(all, r.waitFor(r.q, 1, span)...)
				}
				if !scheduleFirst {
					r.schedule(once("a", r.start.Add(10*s)))
				}
				want := "- at 9.999999999s, - at 10s, a at 10s"
				r.pass(20 * s)
				if jump {
					all.want(t, "waits, waits, waits")
					r.wantCounts(other, 0, 0, 0)
					want = "- at 20s, - at 20s, a at 20s"
				}
				synctest.Wait()
				if got := all.String(); got != want {
					t.Errorf("schedule first %t, jump %t:\n got %s\nwant %s", scheduleFirst, jump, got, want)
				}
			})
		}
	}
}

// Every operation, on whatever queue, comes after what occurred before it,
// though no timer has fired.
func TestOperationsCatchUpOnOccurrences(t *testing.T) {
	for _, c := range calls {
		if c.name == "CreateQueue" || c.name == "Queue" || c.name == "Queues" {
			continue // these see no messages
		}
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
			other := r.create("other", queue.Patch{})
			_, err := other.Schedule(r.ctx(), once("a", noon.Add(10*s)))
			r.must(err)
			receipt, id := r.hold()
			all := r.waitFor(other, 1, hour)
			r.pass(10*s - 1)
			r.wantCounts(other, 0, 0, 0)
			r.pass(1)
			go func() {
				if err := c.do(r.ctx(), r, receipt, id); err != nil && !errors.Is(err, queue.ErrClosed) { // a receive waits until then
					t.Errorf("%s: got error %v, want none", c.name, err)
				}
			}()
			synctest.Wait()
			if got, want := all.String(), "a at 10s"; got != want {
				t.Errorf("%s: the receive returned %s, want %s", c.name, got, want)
			}
		})
	}
}

// The same for what is asked about schedules, and for the queue itself.
func TestLooksCatchUpOnOccurrences(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	a := r.schedule(every("a", noon.Add(10*s), 10*s))
	r.pass(10 * s)
	r.wantStanding(a.ID, "active, 1 published, 0 skips, 0 refused")
	r.pass(10 * s)
	if got := r.schedules(); len(got) != 1 || got[0].Published != 2 {
		t.Errorf("listed %+v, want the one schedule, published twice", got)
	}
	r.pass(10 * s)
	r.wantCounts(r.q, 3, 0, 0)
	r.pass(10 * s)
	if got := r.take(r.q, hour); !got.NominalAt.Equal(noon.Add(10 * s)) {
		t.Errorf("received the occurrence of %v, want that of %v", got.NominalAt, noon.Add(10*s))
	}
	r.wantCounts(r.q, 3, 0, 1)
	r.pass(10 * s)
	info, err := r.b.CancelSchedule(r.ctx(), a.ID)
	r.must(err)
	if got, want := standing(info), "cancelled, 5 published, 0 skips, 0 refused"; got != want {
		t.Errorf("the cancelled schedule is %q, want %q", got, want)
	}
	b := r.schedule(once("b", noon.Add(60*s)))
	r.pass(10 * s)
	r.must(r.b.DeleteQueue(r.ctx(), "q")) // what is due is published first, to share its queue's fate
	r.wantStanding(b.ID, "published, 1 published, 0 skips, 0 refused")
}

// A one-shot whose instant is past is published within the call.
func TestPastInstants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
		all := r.waitFor(r.q, 2, hour)
		r.schedule(once("a", noon))
		synctest.Wait()
		all.want(t, "a at 0s, waits")
		info := r.schedule(once("b", noon.AddDate(-400, 0, 0)))
		synctest.Wait()
		all.want(t, "a at 0s, b at 0s")
		if got := all[1].delivery(); !got.NominalAt.Equal(noon.AddDate(-400, 0, 0)) || !got.SentAt.Equal(noon) {
			t.Errorf("got %+v, want it nominally 400 years ago and sent now", got.Info)
		}
		if !info.NextAt.Equal(noon.AddDate(-400, 0, 0)) || info.State != queue.ScheduleActive {
			t.Errorf("Schedule returned %+v, want the schedule as it was made", info)
		}
		r.wantStanding(info.ID, "published, 1 published, 0 skips, 0 refused")

		// In a period, the past has no occurrences.
		r.schedule(every("c", noon.Add(-25*s), 10*s))
		r.wantCounts(r.q, 0, 0, 2)
		r.pass(5*s - 1)
		r.wantCounts(r.q, 0, 0, 2)
		r.pass(1)
		r.wantCounts(r.q, 1, 0, 2)
	})
}

// Trap D20: an occurrence is an ordinary message of its own, and says of which
// schedule and of what instant it is. Trap D10: what the caller does to the
// message afterwards makes no difference.
func TestOccurrencesAreMessages(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	m := queue.Message{
		Body:       []byte("body"),
		Group:      "G",
		Attributes: map[string]queue.Value{"color": queue.String("red")},
	}
	first := noon.Add(10 * s).In(time.FixedZone("far east", 14*3600))
	info := r.schedule(queue.Schedule{Message: m, Recurrence: queue.Recurrence{First: first, Every: 10 * s}})
	copy(m.Body, "ydob")
	m.Attributes["color"] = queue.String("blue")
	var last queue.Delivery
	for i := range 3 {
		r.pass(10 * s)
		d := r.take(r.q, hour)
		want := noon.Add(time.Duration(i+1) * 10 * s)
		if !bytes.Equal(d.Body, []byte("body")) || d.Group != "G" || d.Attributes["color"] != queue.String("red") {
			t.Errorf("occurrence %d is %+v, want the message as it was scheduled", i, d.Info)
		}
		if d.Schedule != info.ID || !d.NominalAt.Equal(want) || d.NominalAt.Location() != time.UTC {
			t.Errorf("occurrence %d is of schedule %v at %v, want %v at %v in UTC", i, d.Schedule, d.NominalAt, info.ID, want)
		}
		if !d.SentAt.Equal(want) || d.ReceiveCount != 1 || d.ID == last.ID {
			t.Errorf("occurrence %d was sent at %v and received %d times, want a message of its own sent at %v", i, d.SentAt, d.ReceiveCount, want)
		}
		d.Body[0] = 'x'
		d.Attributes["color"] = queue.String("green")
		last = d
	}
	got := r.lookUp(info.ID)
	if got.LastID != last.ID || !got.LastAt.Equal(last.NominalAt) || !got.NextAt.Equal(noon.Add(40*s)) {
		t.Errorf("the schedule is %+v, want the last occurrence to be %v and the next in 10s", got, last.ID)
	}
	if string(got.Schedule.Message.Body) != "body" || got.Queue != (queue.QueueRef{ID: r.q.ID(), Name: "q"}) || got.Schedule.Queue != r.q.ID() {
		t.Errorf("the schedule is %+v, want the message as it was scheduled, to q", got)
	}
	got.Schedule.Message.Body[0] = 'x'
	if again := r.lookUp(info.ID); string(again.Schedule.Message.Body) != "body" {
		t.Errorf("the message of the schedule is now %q", again.Schedule.Message.Body)
	}
	parsed, err := queue.ParseScheduleID(info.ID.String())
	if err != nil || parsed != info.ID {
		t.Errorf("parsed %v to %v and error %v", info.ID, parsed, err)
	}
}

// Trap D18: each occurrence has an identity of its own, the schedule and the
// nominal instant, so a queue that deduplicates by content does not take the
// second one for the first, nor for a message of the same body.
func TestOccurrencesAreNoDuplicates(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{FIFO: new(true), ContentDeduplication: new(true)})
	info := r.schedule(every("a", noon.Add(10*s), 10*s))
	r.send("a")
	r.pass(10 * s)
	r.pass(0)
	r.wantCounts(r.q, 2, 0, 0)
	r.pass(10 * s)
	infos, err := r.q.List(r.ctx(), 0, 10)
	r.must(err)
	if len(infos) != 3 {
		t.Fatalf("%d messages, want 3", len(infos))
	}
	for i, m := range infos[1:] {
		want := fmt.Sprintf("%v@2030-05-17T12:00:%d0Z", info.ID, i+1)
		if m.DeduplicationID != want {
			t.Errorf("occurrence %d has the deduplication ID %q, want %q", i, m.DeduplicationID, want)
		}
	}
}

// The listing is in the order in which schedules were made, over many pages,
// and can be left at any time.
func TestSchedules(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	var want []queue.ScheduleID
	for i := range 250 {
		want = append(want, r.schedule(once("a", noon.Add(time.Duration(250-i)*s))).ID)
	}
	_, err := r.b.CancelSchedule(r.ctx(), want[100])
	r.must(err)
	var got []queue.ScheduleID
	for _, info := range r.schedules() {
		got = append(got, info.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %d schedules, want all %d in order", len(got), len(want))
	}
	n := 0
	for range r.b.Schedules(r.ctx()) {
		if n++; n == 120 {
			break
		}
	}
	if n != 120 {
		t.Errorf("the listing went on to %d, want 120", n)
	}
}

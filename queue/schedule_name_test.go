package queue_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// Trap D19: to declare the same under a name again changes nothing, whatever has
// been published meanwhile: not the next instant, not the count.
func TestSameNameSameSchedule(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	s := named("n", every("a", noon.Add(10*s), 10*s))
	s.Recurrence.Count = 3
	s.Message.Attributes = map[string]queue.Value{"x": queue.Number("1")}
	s.Message.Delay = new(time.Duration(0))
	first := r.schedule(s)
	for range 5 {
		c.step(5 * time.Second)
		r.counts(r.q)
		s.Message.Body = []byte("a")
		s.Message.Attributes = map[string]queue.Value{"x": queue.Number("1")}
		s.Message.Delay = new(time.Duration(0))
		s.Recurrence.First = s.Recurrence.First.In(time.FixedZone("far east", 14*3600))
		r.unchanged("the same again", func() {
			if again := r.schedule(s); again.ID != first.ID || again.Number != first.Number {
				t.Errorf("the same again is schedule %v, want %v", again.ID, first.ID)
			}
		})
	}
	c.step(time.Minute)
	r.wantStanding(first.ID, "published, 3 published, 1 skips, 0 refused")
	if again := r.schedule(s); again.ID == first.ID {
		t.Errorf("the same again is the schedule that has ended")
	}
}

// Something else under the name replaces the schedule in one step: nothing of
// the old one occurs any more, and of the new one nothing from before.
func TestSameNameOtherSchedule(t *testing.T) {
	base := named("n", every("a", noon.Add(10*s), 10*s))
	tests := map[string]func(s *queue.Schedule){
		"body":       func(s *queue.Schedule) { s.Message.Body = []byte("b") },
		"attributes": func(s *queue.Schedule) { s.Message.Attributes = map[string]queue.Value{"x": queue.Number("1")} },
		"group":      func(s *queue.Schedule) { s.Message.Group = "G" },
		"delay":      func(s *queue.Schedule) { s.Message.Delay = new(time.Duration(0)) },
		"first":      func(s *queue.Schedule) { s.Recurrence.First = noon.Add(20 * time.Second) },
		"every":      func(s *queue.Schedule) { s.Recurrence.Every = 20 * time.Second },
		"cron":       func(s *queue.Schedule) { s.Recurrence = queue.Recurrence{Cron: "* * * * *"} },
		"until":      func(s *queue.Schedule) { s.Recurrence.Until = noon.Add(hour) },
		"count":      func(s *queue.Schedule) { s.Recurrence.Count = 5 },
		"misfire":    func(s *queue.Schedule) { s.Misfire = queue.MisfireAll },
	}
	for what, change := range tests {
		c := newStepping(noon)
		r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
		old := r.schedule(base)
		changed := base
		change(&changed)
		c.step(15 * time.Second)
		now := r.schedule(changed)
		if now.ID == old.ID || now.Number <= old.Number {
			t.Errorf("with another %s, the schedule is %v of number %d, want a new one", what, now.ID, now.Number)
		}
		r.wantStanding(old.ID, "cancelled, 1 published, 0 skips, 0 refused")
		c.step(45 * time.Second)
		for _, m := range mustList(r) {
			if m.Schedule == old.ID && m.NominalAt.After(noon.Add(10*time.Second)) || m.Schedule == now.ID && m.NominalAt.Before(noon.Add(20*time.Second)) {
				t.Errorf("with another %s, the occurrence of %v is there", what, m.NominalAt)
			}
		}
		if got := r.lookUp(now.ID); got.Published == 0 {
			t.Errorf("with another %s, the new schedule is %s, want some published", what, standing(got))
		}
	}
}

func mustList(r *rig) []queue.Info {
	r.t.Helper()
	infos, err := r.q.List(r.ctx(), 0, 100)
	r.must(err)
	return infos
}

// A name is one of the broker, not of a queue; other spellings are others, and
// no name is no name.
func TestNamesOfSchedules(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	other := r.create("other", queue.Patch{})
	s := every("a", noon.Add(hour), hour)
	first := r.schedule(named("n", s))
	for _, name := range []string{"N", "n ", "", "", strings.Repeat("é", 128), "n\x00"} {
		r.schedule(named(name, s))
	}
	r.wantStanding(first.ID, "active, 0 published, 0 skips, 0 refused")
	if got := len(r.schedules()); got != 7 {
		t.Errorf("%d schedules, want 7", got)
	}
	moved, err := other.Schedule(r.ctx(), named("n", s))
	r.must(err)
	r.wantStanding(first.ID, "cancelled, 0 published, 0 skips, 0 refused")
	if moved.Queue != (queue.QueueRef{ID: other.ID(), Name: "other"}) {
		t.Errorf("the schedule is for %+v, want other", moved.Queue)
	}
}

// Museum B12: a schedule that is cancelled and made again under its name
// publishes nothing that was missed in between.
func TestRecreatedScheduleStartsAnew(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	s := named("n", every("a", noon.Add(10*s), 10*s))
	s.Misfire = queue.MisfireAll
	old := r.schedule(s)
	c.step(10 * time.Second)
	_, err := r.b.CancelSchedule(r.ctx(), old.ID)
	r.must(err)
	c.step(hour)
	now := r.schedule(s)
	r.wantStanding(now.ID, "active, 1 published, 0 skips, 0 refused") // the instant itself is on the grid
	c.step(10 * time.Second)
	r.wantOccurrences("after an hour", "10s 1h0m10s 1h0m20s")

	// Trap D29: the cancel of the old one does nothing to the new one.
	if _, err := r.b.CancelSchedule(r.ctx(), old.ID); errorName(err) != "ErrScheduleCancelled" {
		t.Errorf("cancel of the old schedule: got error %v, want %v", err, queue.ErrScheduleCancelled)
	}
	r.wantStanding(now.ID, "active, 2 published, 0 skips, 0 refused")
}

// The same for its queue: schedules of a queue that was deleted have failed, and
// one of the same name has none.
func TestRecreatedQueueHasNoSchedules(t *testing.T) {
	c := newStepping(noon)
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{})
	old := r.schedule(named("n", every("a", noon.Add(10*s), 10*s)))
	r.must(r.b.DeleteQueue(r.ctx(), "q"))
	r.q = r.create("q", queue.Patch{})
	c.step(hour)
	r.wantCounts(r.q, 0, 0, 0)
	r.wantStanding(old.ID, "failed, 0 published, 0 skips, 0 refused: queue gone")
	r.schedule(named("n", every("a", noon.Add(10*s), 10*s)))
	r.wantCounts(r.q, 1, 0, 0)
}

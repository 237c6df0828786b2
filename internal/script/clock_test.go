package script

import (
	"slices"
	"testing"
	"time"
)

func TestAlarmsAreDueInOrder(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	c := newVirtualClock(start)
	var rung []string
	ring := func(name string) func() { return func() { rung = append(rung, name) } }
	c.AfterFunc(3*time.Second, ring("third"))
	c.AfterFunc(time.Second, ring("first"))
	stopped := c.AfterFunc(2*time.Second, ring("stopped"))
	c.AfterFunc(time.Second, ring("second"))
	late := c.AfterFunc(4*time.Second, ring("late"))
	if !stopped.Stop() {
		t.Error("Stop() = false for an alarm that was set")
	}
	var at []time.Duration
	for {
		a, ok := c.due(start.Add(4*time.Second - 1))
		if !ok {
			break
		}
		if a.timer.Stop() {
			t.Error("Stop() = true for an alarm that was taken")
		}
		at = append(at, a.at.Sub(start))
		a.ring()
	}
	if want := []string{"first", "second", "third"}; !slices.Equal(rung, want) {
		t.Errorf("rung %v, want %v", rung, want)
	}
	if want := []time.Duration{time.Second, time.Second, 3 * time.Second}; !slices.Equal(at, want) {
		t.Errorf("due at %v, want %v", at, want)
	}
	if !late.Stop() {
		t.Error("Stop() = false for an alarm that is not due")
	}
}

func TestMovingTheClockRingsNothing(t *testing.T) {
	c := newVirtualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	rung := make(chan struct{})
	c.AfterFunc(time.Second, func() { close(rung) })
	c.Set(c.Now().Add(24 * 365 * time.Hour))
	a, ok := c.due(c.Now())
	if !ok {
		t.Fatal("nothing is due")
	}
	a.ring()
	<-rung // a second ring would panic
}

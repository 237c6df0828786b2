package drivertest

import (
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
)

func newModel() driver.Engine { return model.New() }

// A seed always makes the same run.
func TestDriveIsDeterministic(t *testing.T) {
	for seed := range uint64(5) {
		var runs [2]*world
		for i := range runs {
			src := newSeeded(seed)
			runs[i] = newWorld(src, drawSwarm(src), newModel())
			if err := runs[i].run(func(step int) bool { return step < 300 }); err != nil {
				t.Fatalf("seed %d: got error %v, want none", seed, err)
			}
		}
		if got, want := runs[1].told(), runs[0].told(); got != want || want == "" {
			t.Errorf("seed %d: got the latest steps\n%s\nin the second run, want as in the first\n%s", seed, got, want)
		}
		if got, want := runs[1].finish(), runs[0].finish(); !reflect.DeepEqual(got, want) {
			t.Errorf("seed %d: got report %v in the second run, want %v", seed, got, want)
		}
	}
}

// A fault is reported at the same step each time.
func TestDriveReproducesFaults(t *testing.T) {
	open := func() driver.Engine { return zeroIsAbsent{model.New()} }
	for seed := range uint64(50) {
		first, want := Drive(seed, 400, open)
		second, got := Drive(seed, 400, open)
		if want == nil && got == nil {
			continue
		}
		if want == nil || got == nil || got.Error() != want.Error() || first.Steps != second.Steps {
			t.Errorf("seed %d: got %v the second time, want as the first time %v", seed, got, want)
		}
	}
}

// Bytes drive as seeds do, and a run ends with them.
func TestDriveBytes(t *testing.T) {
	src := newSeeded(7)
	data := make([]byte, 20_000)
	for i := range data {
		data[i] = byte(src.Intn(256))
	}
	for _, size := range []int{0, 1, 100, len(data)} {
		if err := DriveBytes(data[:size], newModel); err != nil {
			t.Errorf("%d bytes: got error %v, want none", size, err)
		}
	}
	var found *mismatch
	if err := DriveBytes(data, func() driver.Engine { return zeroIsAbsent{model.New()} }); !errors.As(err, &found) {
		t.Errorf("a faulty engine: got error %v, want a mismatch", err)
	}
}

func TestByteSource(t *testing.T) {
	s := &byteSource{[]byte{5, 255, 3, 1}}
	for i, step := range []struct{ n, want int }{{1, 0}, {3, 2}, {256, 255}, {1000, 259}, {10, 0}, {1000, 0}} {
		if got := s.Intn(step.n); got != step.want {
			t.Errorf("draw %d of %d: got %d, want %d", i, step.n, got, step.want)
		}
	}
}

// A report that is too tame is refused, and says why.
func TestReportCheck(t *testing.T) {
	good := func() Report {
		r := Report{Receives: 100, Served: 60, Deletes: 100, Stale: 5, Marks: map[string]int{}}
		for _, name := range markNames {
			r.Marks[name] = 3
		}
		return r
	}
	for _, row := range []struct {
		name  string
		spoil func(*Report)
		marks int
		want  string // in the error; empty for none
	}{
		{"as wanted", func(*Report) {}, 3, ""},
		{"few served", func(r *Report) { r.Served-- }, 3, "59 of 100 receives"},
		{"few stale", func(r *Report) { r.Stale-- }, 3, "4 of 100 deletes"},
		{"nothing received", func(r *Report) { r.Receives, r.Served = 0, 0 }, 3, "0 of 0 receives"},
		{"nothing deleted", func(r *Report) { r.Deletes, r.Stale = 0, 0 }, 3, "0 of 0 deletes"},
		{"a rare state missing", func(r *Report) { delete(r.Marks, markNames[strandedFull]) }, 1, "stranded: dead-letter queue full"},
		{"too rare", func(*Report) {}, 4, "late delete"},
	} {
		r := good()
		row.spoil(&r)
		err := r.Check(row.marks)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got error %v, want %q", row.name, err, row.want)
		}
	}
}

func TestReportAdd(t *testing.T) {
	one := Report{Runs: 1, Steps: 2, Receives: 3, Served: 4, Deletes: 5, Stale: 6, Operations: map[string]int{"a": 1}, Marks: map[string]int{"b": 2}}
	var total Report
	total.Add(one)
	total.Add(one)
	want := Report{Runs: 2, Steps: 4, Receives: 6, Served: 8, Deletes: 10, Stale: 12, Operations: map[string]int{"a": 2}, Marks: map[string]int{"b": 4}}
	if !reflect.DeepEqual(total, want) {
		t.Errorf("got %+v, want %+v", total, want)
	}
	if !maps.Equal(one.Operations, map[string]int{"a": 1}) {
		t.Errorf("got %v in what was added, want it unchanged", one.Operations)
	}
}

// Every mark and every operation has a name of its own.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range markNames {
		if name == "" || seen[name] {
			t.Errorf("got %q again, or empty, want a name for each mark", name)
		}
		seen[name] = true
	}
	scenarios := map[string]bool{}
	for _, subject := range subjects {
		for _, s := range subject.scenarios {
			if s.name == "" || s.says == "" || scenarios[subject.name+s.name] || s.steps == nil && s.play == nil {
				t.Errorf("scenario %s/%s: want a name of its own, the sentence that it proves, and steps", subject.name, s.name)
			}
			scenarios[subject.name+s.name] = true
		}
	}
}

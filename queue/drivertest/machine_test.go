package drivertest

import (
	"flag"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
)

// The machine finds a fault and shrinks it to the few steps that it takes: a
// message is sent, received with a visibility timeout of zero, looked at.
func TestMachineShrinks(t *testing.T) {
	t.Chdir(t.TempDir()) // where rapid writes how to reproduce the failure
	seed := flag.Lookup("rapid.seed")
	defer flag.Set(seed.Name, seed.Value.String())
	flag.Set(seed.Name, "15")
	r := &recorder{name: t.Name()}
	r.check(func(t *rapid.T) {
		Machine(t, func() driver.Engine { return zeroIsAbsent{model.New()} })
	})
	if !r.failed {
		t.Fatal("got a machine that found nothing, want the fault found")
	}
	found := regexp.MustCompile(`failed after \d+ tests: step (\d+)`).FindStringSubmatch(r.text.String())
	if found == nil {
		t.Fatalf("got %s\nwant a mismatch with its step", r.text.String())
	}
	if steps, err := strconv.Atoi(found[1]); err != nil || steps > 5 {
		t.Errorf("got %s steps, want at most 5:\n%s", found[1], r.text.String())
	}
}

// A recorder is a test that is meant to fail.
type recorder struct {
	name   string
	text   strings.Builder
	failed bool
}

// stopped is what FailNow panics with.
type stopped struct{}

func (r *recorder) check(property func(*rapid.T)) {
	defer func() {
		if p := recover(); p != nil && p != (stopped{}) {
			panic(p)
		}
	}()
	rapid.Check(r, property)
}

func (r *recorder) Helper()                         {}
func (r *recorder) Name() string                    { return r.name }
func (r *recorder) Logf(format string, args ...any) { fmt.Fprintf(&r.text, format+"\n", args...) }
func (r *recorder) Log(args ...any)                 { fmt.Fprintln(&r.text, args...) }
func (r *recorder) Skipf(string, ...any)            {}
func (r *recorder) Skip(...any)                     {}
func (r *recorder) SkipNow()                        {}
func (r *recorder) Fail()                           { r.failed = true }
func (r *recorder) Failed() bool                    { return r.failed }

func (r *recorder) Errorf(format string, args ...any) {
	r.Logf(format, args...)
	r.Fail()
}

func (r *recorder) Error(args ...any) {
	r.Log(args...)
	r.Fail()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	r.FailNow()
}

func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	r.FailNow()
}

func (r *recorder) FailNow() {
	r.Fail()
	panic(stopped{})
}

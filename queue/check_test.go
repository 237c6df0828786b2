package queue_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue"
)

// only reports whether the profile is one of those.
func only(names ...string) func(profile string) bool {
	return func(profile string) bool { return slices.Contains(names, profile) }
}

func everybody(string) bool { return true }
func nobody(string) bool    { return false }

func TestQueueNames(t *testing.T) {
	tests := []struct {
		name   string
		accept func(profile string) bool
	}{
		{"", nobody},
		{"q1", everybody},
		{"a-b_C9", everybody},
		{"a", everybody},
		{"z", everybody},
		{"A", everybody},
		{"Z", everybody},
		{"`a", only("core")},
		{"{a", only("core")},
		{"@a", only("core")},
		{"[a", only("core")},
		{"9a", only("core", "sqs", "ymq")},
		{"-a", only("core", "sqs", "ymq")},
		{"_", only("core", "sqs", "ymq")},
		{"a b", only("core")},
		{"a/b:c", only("core")},
		{"naïve 队列 🚀", only("core")},
		{".", only("core")},
		{"a.fifo", only("core", "sqs", "ymq")},
		{".fifo", only("core")},
		{"a.fifo.fifo", only("core")},
		{"a.FIFO", only("core")},
		{strings.Repeat("a", 75) + ".fifo", only("core", "sqs", "ymq")},
		{strings.Repeat("a", 76) + ".fifo", only("core")},
		{strings.Repeat("é", 128), only("core")},
		{strings.Repeat("é", 128) + "a", nobody},
		{"a\nb", nobody},
		{"a\x00", nobody},
		{"a\x7f", nobody},
		{"a\u0085", nobody},
		{"a\u00a0", only("core")},
		{"a\xff", nobody},
		{"a\xed\xa0\x80", nobody}, // a surrogate
	}
	for _, p := range profiles {
		r := newRig(t, queue.Config{Clock: newStepping(noon), Profile: p.make()}, queue.Patch{})
		for _, test := range tests {
			if test.accept(p.name) {
				q := r.create(test.name, queue.Patch{})
				found, err := r.b.Queue(r.ctx(), test.name)
				r.must(err)
				if found.ID() != q.ID() {
					t.Errorf("%s: the queue %q is found as %d, want %d", p.name, test.name, found.ID(), q.ID())
				}
				continue
			}
			r.unchanged(fmt.Sprintf("%s: the name %q", p.name, test.name), func() {
				_, err := r.b.CreateQueue(r.ctx(), test.name, queue.Patch{})
				wantInvalid(t, fmt.Sprintf("%s: create %q", p.name, test.name), err, "queue name")
				_, err = r.b.Queue(r.ctx(), test.name)
				wantInvalid(t, fmt.Sprintf("%s: open %q", p.name, test.name), err, "queue name")
				err = r.b.DeleteQueue(r.ctx(), test.name)
				wantInvalid(t, fmt.Sprintf("%s: delete %q", p.name, test.name), err, "queue name")
			})
		}
	}
}

// Where the profile folds case, two spellings are one queue, whose name is the
// one in lower case.
func TestQueueNameCase(t *testing.T) {
	for _, p := range profiles {
		r := newRig(t, queue.Config{Profile: p.make()}, queue.Patch{})
		r.create("Dead", queue.Patch{})
		target := map[bool]string{true: "DEAD", false: "Dead"}[p.name == "cmq"]
		upper := r.create("Orders", queue.Patch{DeadLetter: &queue.DeadLetter{Queue: target, MaxReceives: 5}})
		_, err := r.b.Queue(r.ctx(), "oRDERS")
		if p.name != "cmq" {
			if upper.Name() != "Orders" || !errors.Is(err, queue.ErrNoQueue) {
				t.Errorf("%s: created %q, and another spelling gives error %v; want Orders and %v", p.name, upper.Name(), err, queue.ErrNoQueue)
			}
			continue
		}
		if upper.Name() != "orders" || err != nil {
			t.Errorf("%s: created %q, and another spelling gives error %v; want orders and none", p.name, upper.Name(), err)
		}
		r.must(r.b.DeleteQueue(r.ctx(), "ORDERS"))
	}
}

// Where the profile marks FIFO queues by name, the name decides.
func TestFIFONames(t *testing.T) {
	for _, p := range profiles {
		suffix := p.name == "sqs" || p.name == "ymq"
		tests := []struct {
			name string
			fifo *bool
			want string
		}{
			{"a", nil, "standard"},
			{"b", new(false), "standard"},
			{"c", new(true), map[bool]string{true: "ErrInvalid", false: "FIFO"}[suffix]},
		}
		if p.name != "cmq" {
			tests = append(tests, []struct {
				name string
				fifo *bool
				want string
			}{
				{"d.fifo", nil, map[bool]string{true: "FIFO", false: "standard"}[suffix]},
				{"e.fifo", new(true), "FIFO"},
				{"f.fifo", new(false), map[bool]string{true: "ErrInvalid", false: "standard"}[suffix]},
			}...)
		}
		r := newRig(t, queue.Config{Profile: p.make()}, queue.Patch{})
		for _, test := range tests {
			if got := r.kind(test.name, test.fifo); got != test.want {
				t.Errorf("%s: creating %q got %s, want %s", p.name, test.name, got, test.want)
			}
		}
	}
}

// kind creates a queue and returns its kind, or the error.
func (r *rig) kind(name string, fifo *bool) string {
	r.t.Helper()
	q, err := r.b.CreateQueue(r.ctx(), name, queue.Patch{FIFO: fifo})
	if err != nil {
		return errorName(err)
	}
	info, err := q.Info(r.ctx())
	r.must(err)
	if info.Attributes.FIFO {
		return "FIFO"
	}
	return "standard"
}

// The kind of a queue is fixed.
func TestFIFOIsFixed(t *testing.T) {
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	r.must(r.q.SetAttributes(r.ctx(), queue.Patch{FIFO: new(false)}))
	r.unchanged("a change of kind", func() {
		err := r.q.SetAttributes(r.ctx(), queue.Patch{FIFO: new(true), Delay: new(5 * s)})
		wantInvalid(t, "set attributes", err, "FIFO")
	})
}

var texts = []struct {
	name   string
	text   string
	asBody func(profile string) bool
	asText func(profile string) bool // a string value
	asID   func(profile string) bool // a group or deduplication ID
}{
	{"empty", "", only("core"), everybody, everybody},
	{"letters", "abc", everybody, everybody, everybody},
	{"all printable ASCII", printable(), everybody, everybody, everybody},
	{"a space", "a b", everybody, everybody, only("core")},
	{"tab and line ends", "\t\r\n", everybody, everybody, only("core")},
	{"letters beyond ASCII", "é队🚀\u00a0\u0085\ud7ff\ue000\ufffd\U00010000", everybody, everybody, only("core")},
	{"the last character", "\U0010ffff", everybody, everybody, only("core")},
	{"a null", "a\x00", only("core"), only("core"), only("core")},
	{"a control character", "\x1b", only("core"), only("core"), only("core")},
	{"delete", "\x7f", everybody, everybody, only("core")},
	{"U+FFFE", "\ufffe", only("core"), only("core"), only("core")},
	{"U+FFFF", "\uffff", only("core"), only("core"), only("core")},
	{"a surrogate", "\xed\xa0\x80", only("core"), nobody, only("core")},
	{"no UTF-8", "\xff", only("core"), nobody, only("core")},
	{"half a character", "\xf0\x9f\x9a", only("core"), nobody, only("core")},
	{"an overlong slash", "\xc0\xaf", only("core"), nobody, only("core")},
}

func printable() string {
	var text strings.Builder
	for c := byte('!'); c <= '~'; c++ {
		text.WriteByte(c)
	}
	return text.String()
}

func TestTexts(t *testing.T) {
	for _, p := range profiles {
		r := newRig(t, queue.Config{Clock: newStepping(noon), Profile: p.make()}, queue.Patch{})
		for _, x := range texts {
			body := []byte("x")
			r.wantSend(p.name+", body: "+x.name, queue.Message{Body: []byte(x.text)}, x.asBody(p.name), "body")
			r.wantSend(p.name+", value: "+x.name, queue.Message{Body: body, Attributes: map[string]queue.Value{"a.b": queue.String(x.text)}}, x.asText(p.name), `attribute "a.b"`)
			r.wantSend(p.name+", group: "+x.name, queue.Message{Body: body, Group: x.text}, x.asID(p.name), "message group")
			r.wantSend(p.name+", deduplication ID: "+x.name, queue.Message{Body: body, DeduplicationID: x.text}, x.asID(p.name), "deduplication ID")
			r.wantSend(p.name+", binary: "+x.name, queue.Message{Body: body, Attributes: map[string]queue.Value{"a": queue.Binary([]byte(x.text))}}, true, "")
		}
	}
}

// wantSend sends a message, alone and in the middle of others, and checks that
// it is accepted, or refused with an error that names the field. The others are
// sent in any case.
func (r *rig) wantSend(what string, m queue.Message, accept bool, field string) {
	r.t.Helper()
	before := r.counts(r.q)
	_, err := r.q.Send(r.ctx(), m)
	if m.DeduplicationID != "" {
		m.DeduplicationID += "2" // so that it is no duplicate
	}
	good := queue.Message{Body: []byte("good")}
	results, errs := r.q.SendMany(r.ctx(), []queue.Message{good, m, good})
	r.must(errs)
	r.must(results[0].Err)
	r.must(results[2].Err)
	sent := 2
	if accept {
		sent = 4
		if err != nil || results[1].Err != nil {
			r.t.Errorf("%s: got errors %v and %v, want none", what, err, results[1].Err)
		}
	} else {
		wantInvalid(r.t, what, err, field)
		wantInvalid(r.t, what+" among others", results[1].Err, field)
		if (results[1].Sent != queue.Sent{}) {
			r.t.Errorf("%s: refused, and yet sent as %+v", what, results[1].Sent)
		}
	}
	after := r.counts(r.q)
	if got := after[0] + after[1] - before[0] - before[1]; got != sent {
		r.t.Errorf("%s: %d messages were sent, want %d", what, got, sent)
	}
}

func TestMessageAttributes(t *testing.T) {
	long := strings.Repeat("n", 256)
	tests := []struct {
		name   string
		value  queue.Value
		accept bool
	}{
		{"a", queue.String("x"), true},
		{"A-b_c.9", queue.String("x"), true},
		{long, queue.String("x"), true},
		{long + "n", queue.String("x"), false},
		{"", queue.String("x"), false},
		{".a", queue.String("x"), false},
		{"a.", queue.String("x"), false},
		{".", queue.String("x"), false},
		{"a..b", queue.String("x"), false},
		{"a b", queue.String("x"), false},
		{"a\x00", queue.String("x"), false},
		{"é", queue.String("x"), false},
		{"label", queue.Value{Kind: queue.KindNumber, Label: "int", Data: "1"}, true},
		{"label", queue.Value{Kind: queue.KindBinary, Label: printable(), Data: "\xff"}, true},
		{"label", queue.Value{Kind: queue.KindString, Label: long}, true},
		{"label", queue.Value{Kind: queue.KindString, Label: long + "n"}, false},
		{"label", queue.Value{Kind: queue.KindString, Label: "a b"}, false},
		{"label", queue.Value{Kind: queue.KindString, Label: "é"}, false},
		{"kind", queue.Value{}, false},
		{"kind", queue.Value{Data: "x"}, false},
		{"kind", queue.Value{Kind: queue.KindBinary + 1, Data: "x"}, false},
	}
	digits := strings.Repeat("9", 38)
	for _, number := range []string{"0", "-0", "+1", "12.50", "1.", ".5", "-1.5e3", "1E+999", "007", digits, "." + digits, "-" + digits[1:] + ".9e-999"} {
		tests = append(tests, struct {
			name   string
			value  queue.Value
			accept bool
		}{"number." + fmt.Sprint(len(tests)), queue.Number(number), true})
	}
	for _, number := range []string{"", "-", ".", "1,5", "0x10", "1_000", " 1", "1 ", "--1", "1e", "1e+", "1e1000", "1e1.5", "e5", ".e5", "NaN", "Inf", "١", "1.2.3", "1e5e5", digits + "9", "0" + digits, digits + ".0", "1\n"} {
		tests = append(tests, struct {
			name   string
			value  queue.Value
			accept bool
		}{"number." + fmt.Sprint(len(tests)), queue.Number(number), false})
	}
	for _, p := range profiles {
		r := newRig(t, queue.Config{Clock: newStepping(noon), Profile: p.make()}, queue.Patch{})
		for _, test := range tests {
			m := queue.Message{Body: []byte("x"), Attributes: map[string]queue.Value{test.name: test.value, "good": queue.Number("1")}}
			r.wantSend(fmt.Sprintf("%s: attribute %.20q = %.20q", p.name, test.name, test.value), m, test.accept, fmt.Sprintf("attribute %q", test.name))
		}
	}
}

// Trap F14: names, kinds, labels and values of attributes count.
func TestMessageSize(t *testing.T) {
	limits := map[string]int{"core": 1 << 20, "sqs": 1 << 20, "ymq": 256 << 10, "cmq": 64 << 10}
	for _, p := range profiles {
		r := newRig(t, queue.Config{Clock: newStepping(noon), Profile: p.make()}, queue.Patch{})
		for _, size := range []int{limits[p.name], 2048} { // the profile's own, and one of the queue
			r.must(r.q.SetAttributes(r.ctx(), queue.Patch{MaxMessageBytes: &size}))
			const extra = len("key" + "Number" + "." + "int" + "12" + "k" + "Binary" + "\x00")
			attributes := map[string]queue.Value{
				"key": {Kind: queue.KindNumber, Label: "int", Data: "12"},
				"k":   queue.Binary([]byte{0}),
			}
			for d := -1; d <= 1; d++ {
				what := fmt.Sprintf("%s: a message %d bytes above %d", p.name, d, size)
				r.wantSend(what, queue.Message{Body: []byte(repeat(int64(size + d)))}, d <= 0, "message size")
				m := queue.Message{Body: []byte(repeat(int64(size + d - extra))), Attributes: attributes}
				r.wantSend(what+" with attributes", m, d <= 0, "message size")
			}
		}
	}
}

// An instant is held against the profile's longest delay and the last year that
// can be written with four digits. How long one is past makes no difference.
func TestInstants(t *testing.T) {
	most := map[string]time.Duration{"sqs": 900 * s, "ymq": 900 * s, "cmq": hour}
	lastYear := time.Date(9999, time.December, 31, 23, 59, 59, 999_999_999, time.UTC)
	for _, p := range profiles {
		r := newRig(t, queue.Config{Clock: newStepping(noon), Profile: p.make()}, queue.Patch{Delay: new(5 * s)})
		send := func(what string, at time.Time, accept bool) {
			r.wantSend(p.name+": "+what, queue.Message{Body: []byte("x"), At: at}, accept, "instant")
		}
		if limit, ok := most[p.name]; ok {
			send("the longest delay", noon.Add(limit), true)
			send("the longest delay in another zone", noon.Add(limit).In(time.FixedZone("", -12*3600)), true)
			send("a nanosecond more", noon.Add(limit+1), false)
			send("the last year", lastYear, false)
		} else {
			send("the last year", lastYear, true)
		}
		send("after the last year", lastYear.Add(1), false)
		send("after all years", time.Unix(1<<60, 0), false)
		for _, past := range []time.Time{noon, noon.Add(-1), noon.AddDate(-400, 0, 0), {}, time.Time{}.Add(-1), time.Unix(-1<<62, 0)} {
			if past.IsZero() {
				continue // no instant at all
			}
			_, err := r.q.Purge(r.ctx())
			r.must(err)
			_, err = r.q.Send(r.ctx(), queue.Message{Body: []byte("x"), At: past})
			r.must(err)
			r.wantCounts(r.q, 1, 0, 0)
		}
		both := queue.Message{Body: []byte("x"), At: noon.Add(1 * s), Delay: new(1 * s)}
		r.wantSend(p.name+": an instant beside a delay", both, false, "delay")
	}
}

// A dead-letter policy that cannot be set is refused, and what it is set
// together with.
func TestDeadLetterPolicies(t *testing.T) {
	to := func(name string) queue.Patch {
		return queue.Patch{Delay: new(7 * s), DeadLetter: &queue.DeadLetter{Queue: name, MaxReceives: 3}}
	}
	r := newRig(t, queue.Config{Clock: newStepping(noon)}, queue.Patch{})
	r.create("fifo", queue.Patch{FIFO: new(true)})
	r.create("closed", queue.Patch{DeadLetterSources: &queue.DeadLetterSources{Mode: queue.AllowNone}})
	r.create("choosy", queue.Patch{DeadLetterSources: &queue.DeadLetterSources{Mode: queue.AllowListed, Queues: []string{"friend"}}})
	r.create("second", to("q"))
	r.create("first", to("second"))
	for _, name := range []string{"missing", "q", "fifo", "closed", "choosy", "second", "first"} {
		r.unchanged("the policy", func() {
			if err := r.q.SetAttributes(r.ctx(), to(name)); !errors.Is(err, queue.ErrDeadLetterPolicy) {
				t.Errorf("dead letters to %q: got error %v, want %v", name, err, queue.ErrDeadLetterPolicy)
			}
		})
	}
	for _, name := range []string{"missing", "fifo", "closed", "choosy", "new"} {
		r.unchanged("the creation", func() {
			if _, err := r.b.CreateQueue(r.ctx(), "new", to(name)); !errors.Is(err, queue.ErrDeadLetterPolicy) {
				t.Errorf("creation with dead letters to %q: got error %v, want %v", name, err, queue.ErrDeadLetterPolicy)
			}
		})
	}
	r.create("friend", to("choosy"))
}

// Overflow of the clock's arithmetic is no way around a limit.
func TestLongestDelays(t *testing.T) {
	c := newStepping(time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC))
	r := newRig(t, queue.Config{Clock: c}, queue.Patch{MaxVisibility: new(time.Duration(0)), Retention: new(time.Duration(0)), Delay: new(time.Duration(math.MaxInt64))})
	r.send("queue's delay")
	r.sendLater("own delay", math.MaxInt64)
	r.sendLater("now", 0)
	d := r.take(r.q, 36_500*day)
	r.must(r.q.ChangeVisibility(r.ctx(), d.Receipt, 36_500*day))
	r.wantCounts(r.q, 0, 2, 1)
	c.step(36_500*day - 1)
	r.wantCounts(r.q, 0, 2, 1)
	c.step(1)
	r.wantCounts(r.q, 1, 2, 0)
	c.step(math.MaxInt64 - 36_500*day - 1)
	r.wantCounts(r.q, 1, 2, 0)
	c.step(1)
	r.wantCounts(r.q, 3, 0, 0)
}

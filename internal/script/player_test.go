package script

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCheckReportsWrongAnswers(t *testing.T) {
	const script = `# A comment.
create orders
    created
send orders a
    sequence 2
receive orders
peek orders
    nothing
`
	got, err := Check(strings.NewReader(script))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"line 2: create orders\n  got:\n  want:\n    created\n",
		"line 4: send orders a\n  got:\n    sequence 1\n  want:\n    sequence 2\n",
		"line 6: receive orders\n  got:\n    r: \"a\" receives 1 fence 1 visible 00:00:30\n  want:\n",
	}
	for i, d := range got {
		if i >= len(want) || d.String() != want[i] {
			t.Errorf("difference %d is\n%v", i, d)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d differences, want %d", len(got), len(want))
	}
}

func TestRunWritesTheAnswersOfTheBroker(t *testing.T) {
	var b strings.Builder
	err := Run(&b, strings.NewReader("create orders\nsend orders a\n    wrong\n    answers\n\n# The end."))
	const want = "create orders\nsend orders a\n    sequence 1\n\n# The end.\n"
	if err != nil || b.String() != want {
		t.Errorf("Run wrote %q, %v, want %q", b.String(), err, want)
	}
}

func TestMistakesNameTheLine(t *testing.T) {
	tests := []struct{ script, want string }{
		{"create orders\nenlist orders", `line 2: no command "enlist"`},
		{"create=orders", `line 1: no command "orders"`},
		{"    r: nothing", "line 1: an answer without a command"},
		{"# Comment.\n    r: nothing", "line 2: an answer without a command"},
		{"create orders\n  stray", "line 2: answers are indented by four spaces"},
		{"create orders\n\tstray", "line 2: answers are indented by four spaces"},
		{"create", "line 1: the queue is missing"},
		{"create orders more", `line 1: "more" is too much`},
		{"create orders speed=1", "line 1: no option speed="},
		{"create orders delay=5", "line 1: delay=5: time: missing unit in duration \"5\""},
		{"create orders delay=1s delay=2s", "line 1: delay= stands twice"},
		{"create orders policy=kind", "line 1: policy=kind: want latest, strict or any"},
		{"create orders scope=all", "line 1: scope=all: want queue or group"},
		{"create orders dead=dead", "line 1: dead=dead: want QUEUE:RECEIVES or none"},
		{`send orders "a`, "line 1: a quote without its end"},
		{"send orders", "line 1: the body is missing"},
		{"send orders a at=noon", "line 1: at=noon: want an instant like 2030-01-01T00:00:05Z, or 00:00:05"},
		{"create orders\ncancel orders m", `line 2: "m" is no name and no ID of a message`},
		{"change orders r", "line 1: timeout= is missing"},
		{"create orders\nlist orders after=-1", "line 2: after= is a sequence"},
		{"create orders\nclock 2030-01-01T00:00:00Z", "line 2: only before the broker is in use"},
		{"create orders\nprofile sqs", "line 2: only before the broker is in use"},
		{"profile aws", "line 1: want core, sqs, ymq or cmq"},
		{"advance", "line 1: the span is missing"},
		{"advance -1s", "line 1: a negative span"},
		{"back 1s 2s", `line 1: "2s" is too much`},
		{"schedule orders", "line 1: the body is missing"},
		{"schedule orders a misfire=never", "line 1: misfire=never: want once, skip or all"},
		{"schedule orders a first=noon", "line 1: first=noon: want an instant like 2030-01-01T00:00:05Z, or 00:00:05"},
		{"cancel-schedule", "line 1: the schedule is missing"},
		{"cancel-schedule s", `line 1: "s" is no name and no ID of a schedule`},
		{"schedules all", `line 1: "all" is too much`},
		{"create orders\nstart-move orders keep=always", "line 2: keep=always: strconv.ParseBool: parsing \"always\": invalid syntax"},
		{"step-move t", `line 1: "t" is no name and no ID of a task`},
		{"cancel-move", "line 1: the task is missing"},
		{"moves", "line 1: the queue is missing"},
		{"transfer orders", "line 1: the destination is missing"},
		{"create orders\nrestore orders m", `line 2: "m" is no name of a message`},
		{"create orders\nrestore orders task=x", `line 2: "x" is no name of a transfer`},
		{"create orders\nrestore orders due=later", "line 2: due=later: want now, or no due="},
		{"interrupt r", "line 1: no receive with that name is waiting"},
		{"create q\nreceive q wait=1s\nreceive q", "line 3: a receive with that name is waiting"},
	}
	for _, test := range tests {
		differences, err := Check(strings.NewReader(test.script))
		if err == nil || err.Error() != test.want {
			t.Errorf("Check(%q) = %v, %v, want the error %s", test.script, differences, err, test.want)
		}
	}
}

func TestAMistakeDoesNothing(t *testing.T) {
	p := NewPlayer()
	defer p.Close()
	for _, step := range []struct {
		line    string
		want    []string
		mistake bool
	}{
		{"create orders", nil, false},
		{"send orders a b nap=5s", nil, true},
		{"list orders", []string{"nothing"}, false},
		{"", nil, false},
		{"# Nothing happens, \"not even a mistake.", nil, false},
		{"    create answers", nil, false},
		{"queues", []string{"orders"}, false},
		{"send orders a as=m", []string{"m: sequence 1"}, false},
		{"cancel orders m n", nil, true},
		{"cancel orders m", []string{"m: cancelled"}, false},
	} {
		got, err := p.Do(step.line)
		if (err != nil) != step.mistake || !slices.Equal(got, step.want) {
			t.Errorf("Do(%q) = %q, %v, want %q, mistake: %t", step.line, got, err, step.want, step.mistake)
		}
	}
}

func TestHelpListsAllCommands(t *testing.T) {
	p := NewPlayer()
	defer p.Close()
	got, err := p.Do("help")
	if err != nil || len(got) != len(commands()) {
		t.Errorf("Do(help) = %d lines, %v, want one for each of %d commands", len(got), err, len(commands()))
	}
}

func TestPlayerTellsTheTime(t *testing.T) {
	p := NewPlayer()
	defer p.Close()
	for _, line := range []string{"clock 2031-02-03T04:05:06+01:00", "create orders", "advance 1h", "back 1s"} {
		if _, err := p.Do(line); err != nil {
			t.Fatalf("Do(%q) = %v", line, err)
		}
	}
	if want := time.Date(2031, 2, 3, 4, 5, 5, 0, time.UTC); !p.Now().Equal(want) {
		t.Errorf("Now() = %v, want %v", p.Now(), want)
	}
}

func TestClosingEndsTheReceivesThatWait(t *testing.T) {
	p := NewPlayer()
	for _, line := range []string{"create orders", "receive orders wait=1h as=p", "receive orders wait=2h as=q"} {
		if _, err := p.Do(line); err != nil {
			t.Fatalf("Do(%q) = %v", line, err)
		}
	}
	p.Close()
	if len(p.waiting) > 0 {
		t.Errorf("%d receives wait after Close", len(p.waiting))
	}
	p.Close()
}

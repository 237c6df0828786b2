package drivertest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// The units of the timelines. A day is always 24 hours.
const (
	ns   = time.Nanosecond
	ms   = time.Millisecond
	sec  = time.Second
	hour = time.Hour
	day  = 24 * hour
)

// start is the instant that timelines count from.
var start = time.Date(2030, time.May, 17, 9, 30, 0, 123_456_789, time.UTC)

// base is what the queues of the scenarios begin with.
func base() driver.Attributes {
	return driver.Attributes{VisibilityTimeout: 30 * sec, MaxMessageBytes: 1 << 20}
}

// A scenario proves one sentence of the contract.
type scenario struct {
	name  string // the rule in a few words
	says  string // the sentence of the contract
	steps timeline
	play  func(p *play) // instead of steps, or after them
}

// A timeline is a list of calls at fixed instants with the answers they must get.
type timeline []step

// A step is one call.
type step struct {
	at   time.Duration // since start
	do   action
	want string
}

// An action makes one call and returns its answer as text. Messages go by the
// text of their bodies, and the receipt of the second delivery of the message
// "a" is "a#2".
type action struct {
	text string
	do   func(p *play) string
}

// A play is one engine during one scenario, with the names of everything in it.
type play struct {
	t         *testing.T
	engine    driver.Engine
	says      string
	start     time.Time
	now       time.Time
	step      int
	queues    map[string][]driver.QueueID // the instances that had the name, oldest first
	ids       map[string]driver.MessageID
	names     map[driver.MessageID]string
	receipts  map[string][]driver.Receipt // of a message, one for each delivery
	tasks     map[string]driver.TaskID
	schedules map[string]driver.ScheduleID
	memories  map[string]memory // of queues
	received  driver.Received   // by the latest receive
	progress  driver.Progress   // of the latest transfer or restore
	closed    bool
}

func newPlay(t *testing.T, says string, open func(testing.TB) driver.Engine) *play {
	p := &play{
		t: t, engine: open(t), says: says, start: start, now: start,
		queues:    map[string][]driver.QueueID{},
		ids:       map[string]driver.MessageID{},
		names:     map[driver.MessageID]string{},
		receipts:  map[string][]driver.Receipt{},
		tasks:     map[string]driver.TaskID{},
		schedules: map[string]driver.ScheduleID{},
		memories:  map[string]memory{},
	}
	t.Cleanup(func() {
		if !p.closed {
			p.close()
		}
	})
	return p
}

func (p *play) close() {
	p.closed = true
	if err := p.engine.Close(); err != nil {
		p.t.Errorf("close: got error %v, want none", err)
	}
}

// run plays the steps and stops at the first wrong answer.
func (p *play) run(steps timeline) {
	p.t.Helper()
	for _, s := range steps {
		p.check(s.at, s.do, s.want)
	}
}

// check plays one step.
func (p *play) check(at time.Duration, do action, want string) {
	p.t.Helper()
	p.step++
	p.now = p.start.Add(at)
	if got := do.do(p); got != want {
		p.t.Fatalf("step %d at %v: %s\n got %s\nwant %s\ncontract: %s", p.step, at, do.text, got, want, p.says)
	}
}

// fail reports what a scenario found without a step.
func (p *play) fail(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("after step %d: %s\ncontract: %s", p.step, fmt.Sprintf(format, args...), p.says)
}

// must is for calls that a scenario needs and does not test.
func (p *play) must(err error) {
	p.t.Helper()
	if err != nil {
		p.fail("got error %v, want none", err)
	}
}

// queue finds an instance: "q" is the latest of the name, "q@1" the first. One
// that was never created is 0, which is no queue.
func (p *play) queue(ref string) driver.QueueID {
	name, number, exact := strings.Cut(ref, "@")
	instances := p.queues[name]
	if !exact {
		number = strconv.Itoa(len(instances))
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(instances) {
		return 0
	}
	return instances[n-1]
}

// queueName is the inverse of queue.
func (p *play) queueName(id driver.QueueID) string {
	for name, instances := range p.queues {
		for n, instance := range instances {
			switch {
			case instance != id:
			case n == len(instances)-1:
				return name
			default:
				return fmt.Sprintf("%s@%d", name, n+1)
			}
		}
	}
	return fmt.Sprintf("unknown queue %d", id)
}

// receipt finds a receipt: "a#2" is that of the second delivery of "a".
func (p *play) receipt(ref string) driver.Receipt {
	p.t.Helper()
	name, number, _ := strings.Cut(ref, "#")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(p.receipts[name]) {
		p.t.Fatalf("step %d: the scenario has no receipt %q", p.step, ref)
	}
	return p.receipts[name][n-1]
}

// id finds a message. One that was never sent has an ID that no engine gives.
func (p *play) id(name string) driver.MessageID {
	if id, ok := p.ids[name]; ok {
		return id
	}
	return driver.MessageID{0: 0xfe, 15: 0x01}
}

func (p *play) nameOf(id driver.MessageID) string {
	if name, ok := p.names[id]; ok {
		return name
	}
	return "unknown message " + id.String()
}

// learn names a message that was sent; a second message with the same body gets
// a prime.
func (p *play) learn(name string, id driver.MessageID) string {
	for p.ids[name] != (driver.MessageID{}) {
		name += "'"
	}
	p.ids[name], p.names[id] = id, name
	return name
}

// delivered names a delivery and keeps its receipt.
func (p *play) delivered(d driver.Delivery) string {
	name := p.nameOf(d.Info.ID)
	p.receipts[name] = append(p.receipts[name], d.Receipt)
	return fmt.Sprintf("%s#%d", name, len(p.receipts[name]))
}

// instant tells a time as the span since start.
func (p *play) instant(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Sub(p.start).String()
}

// failure is the text of an error: the name of what errors.Is finds.
func failure(err error) string {
	sentinels := map[string]error{
		"ErrClosed":             driver.ErrClosed,
		"ErrNoQueue":            driver.ErrNoQueue,
		"ErrQueueExists":        driver.ErrQueueExists,
		"ErrInvalid":            driver.ErrInvalid,
		"ErrDeadLetterPolicy":   driver.ErrDeadLetterPolicy,
		"ErrInFlightLimit":      driver.ErrInFlightLimit,
		"ErrUnknownOutcome":     driver.ErrUnknownOutcome,
		"ErrNoTask":             driver.ErrNoTask,
		"ErrNotRunning":         driver.ErrNotRunning,
		"ErrMoveActive":         driver.ErrMoveActive,
		"ErrTooManyMoves":       driver.ErrTooManyMoves,
		"ErrNotDeadLetterQueue": driver.ErrNotDeadLetterQueue,
		"ErrNoDestination":      driver.ErrNoDestination,
		"ErrNoSchedule":         driver.ErrNoSchedule,
		"ErrTooManySchedules":   driver.ErrTooManySchedules,
	}
	var found []string
	for name, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			found = append(found, name)
		}
	}
	var invalid *driver.InvalidError
	switch {
	case len(found) != 1:
		return "an error that is none of the driver's, or several: " + err.Error()
	case found[0] == "ErrInvalid" && !errors.As(err, &invalid):
		return "ErrInvalid without an *InvalidError"
	}
	return found[0]
}

// words joins answers, and writes a dash where there are none.
func words(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, " ")
}

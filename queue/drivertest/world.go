package drivertest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
)

// queueNames are the names of the queues of a run.
var queueNames = [...]string{"q0", "q1", "q2", "q3"}

// A world is an engine and the model, going through the same calls, with the
// tables that map what they call by different IDs.
type world struct {
	swarm
	src       source
	ctx       context.Context
	got, want driver.Engine
	closed    bool // got

	latest  time.Time     // the furthest that the clock went
	now     time.Time     // what the next call is told: latest, or earlier
	ends    [32]time.Time // instants at which something ends, the latest seen
	nextEnd int

	instances []*instance // every queue ever
	live      []*instance // by name; nil where no queue has it
	tracked   []tracked   // every message ever
	gotIDs    map[driver.MessageID]int
	wantIDs   map[driver.MessageID]int
	receipts  []issued // every receipt ever
	tasks     tasks
	plans     plans
	away      []int         // messages that were transferred, the latest last
	transfers uint64        // how many IDs of transfers were given
	skew      time.Duration // how far the wall clock is ahead of now
	born      int           // messages that were sent, accepted or published
	gone      int           // of those, the ones deleted, cancelled, purged or deleted with their queue

	step    int
	history [20]entry // the latest steps
	counts  [operations]int
	marks   [marks]int
	report  Report
	scratch scratch
}

// An instance is a queue in both engines.
type instance struct {
	slot       int
	name       string
	got, want  driver.QueueID
	attributes driver.Attributes
	now        time.Time // the latest that it was told
	stats      driver.Stats
	gotLast    uint64 // the highest sequence that a send got
	wantLast   uint64
	sent       []int                // messages that were sent to it
	held       []int                // receipts that it gave and that did not delete, the latest last
	windows    map[string]time.Time // when deduplication IDs are forgotten
	keys       map[string]time.Time // when keys of arrivals are forgotten
	freed      map[string]mark      // what freed a group that was in flight
	moves      []int                // tasks whose source it is
	cursor     cursor               // where the latest transfer from it ended
}

// A tracked message is one message in both engines.
type tracked struct {
	got, want       driver.MessageID
	sentTo          *instance
	sentAs, wantAs  uint64    // its sequences there
	home            *instance // where it was seen last
	sequence        uint64    // in home, in the engine under test; 0 is not known
	changes         int       // of queues since the latest delivery, as far as seen
	generation      uint64    // of the latest delivery, by the engine under test
	nonce           uint64
	group           string
	deduplicationID string
	dueAt           time.Time // when its delay ends
	travel          travel
}

// An issued receipt is one delivery by both engines.
type issued struct {
	message   int
	from      *instance
	got, want driver.Receipt
	at        time.Time // of the receive
	until     time.Time // when its visibility timeout ends
}

// An entry is one step, for the report of a failure.
type entry struct {
	step int
	now  time.Time
	text []byte
}

func newWorld(src source, s swarm, engine driver.Engine) *world {
	w := &world{
		swarm: s, src: src, ctx: context.Background(), got: engine, want: model.New(),
		latest: s.begin, now: s.begin,
		live:     make([]*instance, len(s.fifo)),
		tracked:  make([]tracked, 0, 64),
		receipts: make([]issued, 0, 64),
		gotIDs:   make(map[driver.MessageID]int, 64),
		wantIDs:  make(map[driver.MessageID]int, 64),
		tasks:    newTasks(),
		plans:    newPlans(),
	}
	w.report.Runs = 1
	return w
}

func (w *world) mark(m mark) { w.marks[m]++ }

// finish returns the report with the counts by name.
func (w *world) finish() Report {
	w.report.Steps = w.step
	w.report.Operations = make(map[string]int)
	for i, count := range w.counts {
		w.report.Operations[table[i].name] += count
	}
	w.report.Marks = make(map[string]int)
	for i, count := range w.marks {
		w.report.Marks[markNames[i]] += count
	}
	return w.report
}

// begins opens the entry of a step.
func (w *world) begins(operation string) {
	e := w.entry()
	e.step, e.now = w.step, w.now
	e.text = append(e.text[:0], operation...)
}

func (w *world) entry() *entry { return &w.history[w.step%len(w.history)] }

// say adds text to the entry of the step.
func (w *world) say(text string) {
	e := w.entry()
	e.text = append(e.text, text...)
}

func (w *world) sayInt(text string, n int) {
	e := w.entry()
	e.text = strconv.AppendInt(append(e.text, text...), int64(n), 10)
}

func (w *world) saySpan(text string, d time.Duration) {
	e := w.entry()
	e.text = append(append(e.text, text...), d.String()...)
}

// A mismatch is where an engine and the model part.
type mismatch struct {
	what      string
	got, want string
	history   string
}

func (m *mismatch) Error() string {
	return fmt.Sprintf("%s\n got %s\nwant %s\nthe latest steps:\n%s", m.what, m.got, m.want, m.history)
}

// differ reports that got is not want.
func (w *world) differ(what string, got, want any) error {
	e := w.entry()
	return &mismatch{
		what:    fmt.Sprintf("step %d at %s: %s: %s", w.step, w.instant(e.now), e.text, what),
		got:     w.text(got),
		want:    w.text(want),
		history: w.told(),
	}
}

func (w *world) text(value any) string {
	if at, ok := value.(time.Time); ok {
		return w.instant(at)
	}
	return fmt.Sprintf("%+v", value)
}

func (w *world) told() string {
	var text strings.Builder
	for i := range w.history {
		e := &w.history[(w.step+1+i)%len(w.history)]
		if e.text != nil {
			fmt.Fprintf(&text, "%6d %s %s\n", e.step, w.instant(e.now), e.text)
		}
	}
	return text.String()
}

// instant tells a time as the span since the begin of the run, or, where that
// is too long for a duration, as a date.
func (w *world) instant(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	if d := at.Sub(w.begin); at.Equal(w.begin.Add(d)) {
		return d.String()
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// sentinels are what the errors of a call are compared by.
var sentinels = []error{
	driver.ErrClosed, driver.ErrNoQueue, driver.ErrQueueExists, driver.ErrInvalid,
	driver.ErrDeadLetterPolicy, driver.ErrInFlightLimit, driver.ErrUnknownOutcome,
	driver.ErrNoTask, driver.ErrNotRunning, driver.ErrMoveActive, driver.ErrTooManyMoves,
	driver.ErrNotDeadLetterQueue, driver.ErrNoDestination,
	driver.ErrNoSchedule, driver.ErrTooManySchedules,
}

// failed compares the errors of a call. It returns done if there is nothing
// more to compare.
func (w *world) failed(got, want error) (done bool, err error) {
	if got == nil && want == nil {
		return false, nil
	}
	if kind(got) != kind(want) {
		return true, w.differ("error", got, want)
	}
	w.say(" -> ")
	w.say(want.Error())
	return true, nil
}

// kind is the driver's error in an error.
func kind(err error) error {
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			return sentinel
		}
	}
	return err
}

// tells notes that a call told the queue the time.
func (w *world) tells(q *instance) {
	if w.now.After(q.now) {
		q.now = w.now
	}
}

// total is the number of messages in all queues, as far as known.
func (w *world) total() int {
	total := 0
	for _, q := range w.live {
		if q != nil {
			total += q.size()
		}
	}
	return total
}

func (q *instance) size() int {
	return q.stats.Visible.Messages + q.stats.Delayed.Messages + q.stats.InFlight.Messages
}

// isLive reports whether the queue is still there.
func (w *world) isLive(q *instance) bool { return w.live[q.slot] == q }
